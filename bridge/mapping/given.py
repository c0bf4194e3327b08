"""What a field of a mapping can get, as far as its file says: fixed texts, tables, what is decided. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bridge.mapping.document import Document, Node
from bridge.mapping.fields import truth_of
from bridge.mapping.sections import ALONE, below

Constant = str | bool
BRACES = re.compile(r"\{\{|\}\}")


@dataclass(frozen=True, slots=True)
class Given:
    """One value that a field can get, and where that stands."""

    value: Constant
    node: Node
    document: Document


@dataclass(frozen=True, slots=True)
class Words:
    """The decided names of a mapping: the rules of each, and the file they stand in, which may be its base."""

    rules: Mapping[str, tuple[Node, Document]]

    def given(self, node: Node, document: Document) -> Iterator[Given]:
        """All fixed values that a field can get; what has placeholders in it nobody can know."""
        if node.entries:
            for result in results(node):
                yield from self.given(result, document)
        elif (truth := truth_of(node, document)) is not None:
            yield Given(truth, node, document)
        else:
            yield from self._texts(node, document)

    def _texts(self, node: Node, document: Document) -> Iterator[Given]:
        """A decided value is always text, true and false too."""
        text = node.text or ""
        word = ALONE.fullmatch(text)
        if word and word[1] in self.rules:
            rules, file = self.rules[word[1]]
            others = Words({name: found for name, found in self.rules.items() if name != word[1]})
            for result in results(rules):
                yield from others._texts(result, file)
        elif text and not set("{}") & set(BRACES.sub("", text)):
            yield Given(BRACES.sub(lambda found: found[0][0], text), node, document)


def words(document: Document, base: Document | None) -> Words:
    """The decided names of a mapping and of the file that it is based on."""
    files = [base, document] if base else [document]
    return Words({name: (node, file) for file in files for name, node in below(file.root, "decide").items()})


def results(node: Node) -> list[Node]:
    """Return what stands in a translation, or behind the rules of a decided name."""
    table = list(below(node, "translate").values())
    last = [node.entries["otherwise"]] if "otherwise" in node.entries else []
    rules = [rule.entries[key] for rule in node.items for key in ("use", "otherwise") if key in rule.entries]
    return [*table, *last, *rules]
