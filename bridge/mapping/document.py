"""YAML text becomes a tree in which every scalar is text and knows where it stands. Pure.

`NO` stays NO and `17:00` stays 17:00: the schema gives each scalar its type, YAML none. What makes YAML
surprising (anchors, tags, merge keys, duplicate keys, several documents) is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Literal

import yaml

from bridge.errors import ConfigError
from bridge.mapping.codes import CODES
from bridge.message import UNSTORABLE

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # some builds of PyYAML lack libyaml

DEEPEST = 30
MOST_NODES = 20_000
MOST_BYTES = 200_000
UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

MEND = (
    "text that begins with @ or %, or has {placeholders}, ': ' or '#' in it, is written in \"quotes\"; lines that "
    "belong together begin in the same column"
)
SEVERAL = 'this stands alone behind a comma: several values are written in [brackets], and text in "quotes"'
NO_TABS = "this is a tab: indent with spaces"

Plain = str | list["Plain"] | dict[str, "Plain"]


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a YAML file: text, a list of nodes, or a map of nodes.

    line, column: 1-based, where it begins. span: where its source stands in the file, in characters.
    key_at: line and column of its key when it stands in a map.
    """

    value: str | tuple[Node, ...] | Mapping[str, Node]
    line: int
    column: int
    span: tuple[int, int]
    key_at: tuple[int, int] | None = None

    @property
    def entries(self) -> Mapping[str, Node]:
        """The keys and values of a map; {} for anything else."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> tuple[Node, ...]:
        """The values of a list; () for anything else."""
        return self.value if isinstance(self.value, tuple) else ()

    @property
    def text(self) -> str | None:
        """The text of a scalar; None for a list or a map."""
        return self.value if isinstance(self.value, str) else None


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to mend in a file. str() is what the admin reads.

    line 0: it is about the file as a whole. code: one of CODES, its place in the reference. shown: the line,
    "" = do not show it. level: a warning leaves the file as good as it is.
    """

    file: str
    line: int
    column: int
    code: str
    reason: str
    shown: str = ""
    allowed: str = ""
    suggestion: str = ""
    level: Literal["error", "warning"] = "error"

    def __post_init__(self) -> None:
        if self.code not in CODES:
            raise ValueError(f"a fault has no code {self.code!r}: explain it in CODES")

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        first, *rest = self.reason.split("\n")
        told = [f"{place} {self.level}: {first} [{self.code}]", *rest]
        if self.shown.strip():
            told += self._excerpt()
        if self.allowed:
            told.append(f"    -> allowed: {self.allowed}")
        if self.suggestion:
            told.append(f"    -> did you mean {self.suggestion!r}?")
        return "\n".join(told)

    def _excerpt(self) -> list[str]:
        indent = len(self.shown) - len(self.shown.lstrip())
        begin = max(indent, self.column - 1 - 80)
        excerpt = UNPRINTABLE.sub("\ufffd", self.shown[begin : begin + 110]).replace("\t", " ").rstrip()
        return [f"    {excerpt}", f"    {' ' * max(0, self.column - 1 - begin)}^"]


def in_order(faults: Iterable[Fault]) -> list[Fault]:
    """The faults file by file, from top to bottom."""
    return sorted(faults, key=lambda fault: (fault.file, fault.line, fault.column))


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: its tree, and its source for showing where something is wrong.

    secret: the file may hold secrets, so faults show neither its lines nor its values.
    """

    file: str
    source: str
    root: Node
    secret: bool = False

    def fault(
        self,
        node: Node,
        code: str,
        reason: str,
        *,
        inside: str = "",
        nth: int = 0,
        key: bool = False,
        allowed: str = "",
        suggestion: str = "",
    ) -> Fault:
        """What is wrong at a node.

        code: one of CODES.
        inside: point at the nth place of this text within the node's source, where it is found there.
        key: point at the node's key, not at its value.
        """
        line, column = node.key_at if key and node.key_at else (node.line, node.column)
        if inside:
            begin, end = node.span
            at = begin - 1
            for _ in range(nth + 1):
                at = self.source.find(inside, at + 1, end)
                if at < 0:
                    break
            else:
                line, column = _line_and_column(self.source, at)
        shown = "" if self.secret else _line(self.source, line)
        return Fault(self.file, line, column, code, reason, shown, allowed, suggestion)

    def warning(self, node: Node, code: str, reason: str, *, inside: str = "", key: bool = False) -> Fault:
        """What should be looked at, at a node; the file is as good as it is. See `fault`."""
        return replace(self.fault(node, code, reason, inside=inside, key=key), level="warning")

    def where(self, node: Node) -> str:
        """`file:line` of a node: how receipts and dropped messages name a line."""
        return f"{self.file}:{(node.key_at or (node.line,))[0]}"

    def at(self, loc: Sequence[str | int]) -> Node:
        """The node that a path of keys and indexes leads to, or the last one on the way that exists."""
        node = self.root
        for part in loc:
            if isinstance(part, int) and part < len(node.items):
                node = node.items[part]
            elif isinstance(part, str) and part in node.entries:
                node = node.entries[part]
        return node


def parse(text: str, file: str, *, secret: bool = False) -> Document:
    """Read one YAML document.

    file: how faults call it. secret: it may hold secrets, so faults show neither lines nor values.
    Raises ConfigError with every fault that is found: syntax, duplicate keys, anchors, tags, merge keys,
    several documents, keys that are not text, over 200 kB, 20,000 nodes or 30 levels.
    """
    builder = _Builder(file, text.removeprefix("\ufeff"), secret=secret)
    root = builder.build()
    if root is None or builder.faults:
        raise ConfigError(in_order(builder.faults))
    return Document(file, builder.source, root, secret)


def plain(node: Node) -> Plain:
    """The node without its positions: text, lists and dicts."""
    if isinstance(node.value, str):
        return node.value
    if isinstance(node.value, tuple):
        return [plain(item) for item in node.value]
    return {key: plain(value) for key, value in node.value.items()}


def near(word: str, choices: Sequence[str]) -> str:
    """The one choice that is spelled almost like the word; "" = none is close."""
    lower = {choice.lower(): choice for choice in choices}
    found = get_close_matches(word.lower(), list(lower), n=1, cutoff=0.75)
    return lower[found[0]] if found else ""


class _Builder:
    """Builds the tree from YAML's events; compose() would follow aliases and forget explicit tags."""

    def __init__(self, file: str, source: str, *, secret: bool) -> None:
        self.file, self.source, self.secret = file, source, secret
        self.faults: list[Fault] = []
        self.count = 0
        self.events: Iterator[Any] = iter(())

    def build(self) -> Node | None:
        """The root; None = nothing that could be read, and `faults` says why."""
        if self.too_large_or_unprintable():
            return None
        self.events = yaml.parse(self.source, Loader=LOADER)
        try:
            return self.document()
        except _TooBig as error:
            self.refuse(error.at, error.code, str(error))
        except yaml.MarkedYAMLError as error:
            mark: Any = error.problem_mark or error.context_mark
            at = min(mark.index, len(self.source)) if mark else 0
            told = f"this is not valid YAML: {error.problem or error.context}{_begun(error)}"
            tab = self.source[at : at + 1] == "\t"
            self.refuse(at, "invalid-yaml", f"{told}; {NO_TABS if tab else MEND}")
        except (yaml.YAMLError, ValueError, OverflowError) as error:  # odd escapes, without libyaml
            self.refuse(0, "invalid-yaml", f"this is not valid YAML: {error}")
        return None

    def too_large_or_unprintable(self) -> bool:
        if len(self.source.encode(errors="replace")) > MOST_BYTES:
            self.refuse(0, "too-large", f"the file is larger than {MOST_BYTES // 1000} kB")
        elif found := UNPRINTABLE.search(self.source):
            shown = f"the file contains the unprintable character {found.group()!r}"
            self.refuse(found.start(), "unprintable-character", shown)
        return bool(self.faults)

    def document(self) -> Node | None:
        root = None
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    reason = "a file holds one document: remove this '---'"
                    self.refuse(_at(event.start_mark), "second-document", reason)
                root = self.node(next(self.events), depth=1)
        if root is None:
            self.refuse(0, "empty-file", "the file is empty")
        return root

    def node(self, event: Any, *, depth: int) -> Node:
        begin = _at(event.start_mark)
        self.count += 1
        if depth > DEEPEST:
            raise _TooBig(begin, "too-deep", f"lists and maps are nested deeper than {DEEPEST} levels")
        if self.count > MOST_NODES:
            raise _TooBig(begin, "too-many-values", f"the file holds more than {MOST_NODES} values")
        if isinstance(event, yaml.AliasEvent):
            alias = self.shown("*", event.anchor)
            self.refuse(begin, "yaml-alias", f"a YAML alias{alias} cannot be used: write the value out")
            return self.at("", begin, _at(event.end_mark))
        if event.anchor is not None:
            anchor = self.shown("&", event.anchor)
            self.refuse(begin, "yaml-anchor", f"a YAML anchor{anchor} cannot be used: remove it")
        if event.tag is not None:
            tag = self.shown("", event.tag)
            self.refuse(begin, "yaml-tag", f"a YAML tag{tag} cannot be used: remove it")
        if isinstance(event, yaml.SequenceStartEvent):
            return self.list(begin, depth=depth)
        if isinstance(event, yaml.MappingStartEvent):
            return self.map(event, depth=depth)
        if UNSTORABLE.search(event.value):
            reason = "no database stores NUL or half a character (\\0, \\ud800): remove it"
            self.refuse(begin, "unstorable-character", reason)
        return self.at(event.value, begin, _at(event.end_mark))

    def list(self, begin: int, *, depth: int) -> Node:
        items = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self.node(event, depth=depth + 1))
        return self.at(tuple(items), begin, _at(event.end_mark))

    def map(self, start: Any, *, depth: int) -> Node:
        entries: dict[str, Node] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.node(event, depth=depth + 1)
            event = next(self.events)
            value = self.node(event, depth=depth + 1)
            nothing = value.span[0] == value.span[1] and ":" not in self.source[key.span[1] : value.span[0]]
            bare = start.flow_style and nothing
            if name := self.key(key, entries, bare=bare):
                key_at = (key.line, key.column)
                entries[name] = Node(value.value, value.line, value.column, value.span, key_at)
        return self.at(entries, _at(start.start_mark), _at(event.end_mark))

    def key(self, key: Node, entries: Mapping[str, Node], *, bare: bool) -> str:
        """The key's text; "" when it is refused."""
        begin, end = key.span
        if bare or not isinstance(key.value, str):
            shown = "" if self.secret else f" {{{self.source[begin:end][:60]}}}"
            reason = f'braces without quotes are a YAML map: write{shown} in "quotes"'
            self.refuse(begin, "missing-quotes", SEVERAL if bare and entries else reason)
        elif key.value == "<<":
            self.refuse(begin, "yaml-merge-key", "a YAML merge key '<<' cannot be used: write the keys out")
        elif key.value in entries:
            first = (entries[key.value].key_at or (0,))[0]
            self.refuse(begin, "duplicate-key", f"{key.value!r} stands here twice: first on line {first}")
        elif not key.value:
            self.refuse(begin, "empty-key", "a key is missing before ':'")
        else:
            return key.value
        return ""

    def shown(self, sign: str, name: object) -> str:
        """What stands there, for a fault; a password may begin with * or & or !."""
        return "" if self.secret else f" '{sign}{name}'"

    def at(self, value: str | tuple[Node, ...] | Mapping[str, Node], begin: int, end: int) -> Node:
        return Node(value, *_line_and_column(self.source, begin), (begin, end))

    def refuse(self, at: int, code: str, reason: str) -> None:
        line, column = _line_and_column(self.source, at)
        shown = "" if self.secret else _line(self.source, line)
        self.faults.append(Fault(self.file, line, column, code, reason, shown))


def _begun(error: yaml.MarkedYAMLError) -> str:
    """Where the list, map or text began that goes wrong on a later line."""
    begun, noticed = error.context_mark, error.problem_mark
    if begun is None or noticed is None or begun.line == noticed.line:
        return ""
    return f", in what begins on line {begun.line + 1}"


def _at(mark: Any) -> int:
    """A mark's place in characters. The stubs say that a mark may be None; a parser's never is."""
    return int(mark.index)


class _TooBig(Exception):
    def __init__(self, at: int, code: str, reason: str) -> None:
        super().__init__(reason)
        self.at, self.code = at, code


def _line_and_column(source: str, at: int) -> tuple[int, int]:
    return source.count("\n", 0, at) + 1, at - source.rfind("\n", 0, at)


def _line(source: str, number: int) -> str:
    return source.split("\n", number)[number - 1].rstrip("\r")
