"""Text with {placeholders}: compiled once at load, filled once, the result never looked at again. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from bridge.mapping.document import Document, Fault, Node, near
from bridge.mapping.filters import FILTERS, MOST, BadArgument, Filter, as_text
from bridge.mapping.paths import Found, Names, Path, Scope
from bridge.mapping.surroundings import NOTHING_AROUND, Surroundings
from bridge.ports import Value

Read = Callable[[Scope], Found]

MOST_FILTERS = 20  #: of one placeholder; each calls the one in front of it


@dataclass(frozen=True, slots=True)
class Template:
    """A text with its placeholders. uses: the message's properties it shows, also through decided names."""

    pieces: tuple[str | Read, ...]
    uses: frozenset[str] = frozenset()

    @property
    def constant(self) -> str | None:
        """The text when it has no placeholder; None when it has one."""
        return None if any(callable(piece) for piece in self.pieces) else "".join(map(str, self.pieces))

    def text(self, scope: Scope) -> str:
        """The text filled in; what is missing is empty. At most 200,000 characters."""
        return _together(p if isinstance(p, str) else as_text(p(scope)) for p in self.pieces)

    def value(self, scope: Scope) -> Value:
        """What goes into a field: a placeholder alone keeps its type, and a missing one gives None."""
        if len(self.pieces) != 1 or isinstance(self.pieces[0], str):
            return self.text(scope)
        found = self.pieces[0](scope)
        if isinstance(found, (bool, int, float)):
            return found
        if isinstance(found, tuple) and isinstance(found[0], str):
            return tuple(str(item) for item in found)
        return as_text(found) or None

    def complete(self, scope: Scope) -> str | None:
        """The text filled in; None when any placeholder is missing: half a value must match nobody."""
        found = [piece if isinstance(piece, str) else as_text(piece(scope)) for piece in self.pieces]
        return _together(found) if all(found) else None


EMPTY = Template(())


def _together(texts: Iterable[str]) -> str:
    """The texts one behind the other. It stops at 200,000 characters, however many placeholders are left."""
    kept, room = list[str](), MOST
    for text in texts:
        kept.append(text[:room])
        room -= len(kept[-1])
        if not room:
            break
    return "".join(kept)


@dataclass(slots=True)
class Check:
    """The faults of a document as they are found. around: the lists and hours that it may name."""

    document: Document
    faults: list[Fault] = field(default_factory=list)
    around: Surroundings = NOTHING_AROUND

    def refuse(
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
    ) -> None:
        """Add a fault at a node; the arguments are those of Document.fault."""
        self.faults.append(
            self.document.fault(
                node, code, reason, inside=inside, nth=nth, key=key, allowed=allowed, suggestion=suggestion
            )
        )


def template(node: Node, names: Names, check: Check) -> Template:
    """Compile the text of a node. Its faults go to `check`; a node that is no text gives an empty template."""
    return _Compiler(node, names, check).compile() if node.text is not None else EMPTY


@dataclass(frozen=True, slots=True)
class Word:
    """A word inside a placeholder, or a text in quotes there. at: where it begins in the template."""

    text: str
    at: int
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A placeholder as it is written: its words, and where it ends; whether it does."""

    words: tuple[Word, ...]
    begin: int
    end: int
    closed: bool

    def parts(self) -> list[Sequence[Word]]:
        """What stands between its bars: the path, then each filter with what is behind it."""
        bars = [i for i, word in enumerate(self.words) if word.text == "|" and not word.quoted]
        return [self.words[left + 1 : right] for left, right in pairwise([-1, *bars, len(self.words)])]


WORD = re.compile(r"""\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bar>\|)|(?P<word>[^\s|{}"']+))""")
LITERAL = re.compile(r"(?:[^{}]|\{\{|\}\}?)+")


def scan(source: str) -> Iterator[str | Placeholder]:
    """A template's text and placeholders, in their order."""
    at = 0
    while at < len(source):
        if literal := LITERAL.match(source, at):
            yield literal.group().replace("{{", "{").replace("}}", "}")
            at = literal.end()
        else:
            yield (found := _placeholder(source, at))
            at = found.end


def _placeholder(source: str, begin: int) -> Placeholder:
    words, at = list[Word](), begin + 1
    while found := WORD.match(source, at):
        group = found.lastgroup or ""
        words.append(Word(found[group], found.start(group), group in ("double", "single")))
        at = found.end()
    while at < len(source) and source[at].isspace():
        at += 1
    closed = source[at : at + 1] == "}"
    return Placeholder(tuple(words), begin, at + 1 if closed else len(source), closed)


class _Compiler:
    def __init__(self, node: Node, names: Names, check: Check) -> None:
        self.node, self.names, self.check = node, names, check
        self.source = node.text or ""
        self.uses: set[str] = set()

    def compile(self) -> Template:
        pieces = tuple(one if isinstance(one, str) else self.read(one) for one in scan(self.source))
        return Template(pieces, frozenset(self.uses))

    def read(self, found: Placeholder) -> Read:
        if not found.closed:
            reason = "'{' is never closed: write {text}, or {{ for the brace itself"
            self.refuse("open-brace", reason, Word("{", found.begin))
            return _nothing
        parts = found.parts()
        if not all(parts):
            reason = "a placeholder is {word} or {word | filter}: a word is missing here"
            self.refuse("empty-placeholder", reason, Word("{", found.begin))
            return _nothing
        if len(parts) > MOST_FILTERS + 1:
            reason = f"a placeholder has at most {MOST_FILTERS} filters"
            self.refuse("too-many-filters", reason, parts[MOST_FILTERS + 1][0])
            return _nothing
        read = self.path(parts[0])
        for name, *arguments in parts[1:]:
            read = self.filtered(read, name, arguments)
        return read

    def path(self, words: Sequence[Word]) -> Read:
        if len(words) > 1:
            self.refuse("not-a-filter", "only a filter can follow here, after '|'", words[1])
        word = words[0]
        if word.quoted:
            reason = "a placeholder begins with a word such as text or author.name, not with quotes"
            self.refuse("quoted-word", reason, word)
            return _nothing
        path = self.names.resolve(word.text)
        if not isinstance(path, Path):
            self.refuse(path.code, path.reason, word, allowed=path.allowed, suggestion=path.suggestion)
            return _nothing
        self.uses |= path.uses
        return path.read

    def filtered(self, read: Read, name: Word, arguments: Sequence[Word]) -> Read:
        if name.text == "default" and not name.quoted:
            return self.default(read, name, arguments)
        if name.text not in FILTERS or name.quoted:
            known = [*FILTERS, "default"]
            allowed, close = ", ".join(known), near(name.text, known)
            self.refuse("unknown-filter", f"unknown filter {name.text!r}", name, allowed=allowed, suggestion=close)
            return read
        try:
            apply = FILTERS[name.text]([word.text for word in arguments])
        except BadArgument as error:
            wrong = next((word for word in arguments if word.text == error.word), name)
            self.refuse(error.code, str(error), wrong, suggestion=error.suggestion)
            return read
        return _applied(read, apply)

    def default(self, read: Read, name: Word, arguments: Sequence[Word]) -> Read:
        if len(arguments) != 1:
            reason = "'default' needs one word or one quoted text: default author.handle"
            self.refuse("default-needs-one", reason, name)
            return read
        text = arguments[0].text
        instead = (lambda _: text or None) if arguments[0].quoted else self.path(arguments)
        return lambda scope: instead(scope) if (found := read(scope)) is None else found

    def refuse(self, code: str, reason: str, word: Word, *, allowed: str = "", suggestion: str = "") -> None:
        nth = self.source.count(word.text, 0, word.at) if word.text else 0
        self.check.refuse(
            self.node, code, reason, inside=word.text, nth=nth, allowed=allowed, suggestion=suggestion
        )


def _applied(read: Read, apply: Filter) -> Read:
    def filtered(scope: Scope) -> Found:
        found = read(scope)
        if found is None or (result := apply(found)) == "":
            return None
        return result[:MOST] if isinstance(result, str) else result

    return filtered


def _nothing(_: Scope) -> Found:
    return None
