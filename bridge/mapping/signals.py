"""Signals: words and phrases by which customers show that they are angry, in a hurry …, by language. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from bridge import languages
from bridge.mapping.document import Document, Fault, Node
from bridge.mapping.hours import MOST_FAULTS
from bridge.mapping.words import folded, found, pieces, unfit

ANY = "any"  #: what stands in the place of a language where phrases count in all of them

Phrases = Mapping[str, tuple[str, ...]]
"""Folded phrases by one piece of each. A text is asked only for those one of whose pieces it has."""


@dataclass(frozen=True, slots=True)
class Signal:
    """What one file of signal words says. lists: language, in one spelling, or any -> its phrases."""

    lists: Mapping[str, Phrases]

    def fires(self, text: str, of_text: Collection[str], language: str) -> bool:
        """Whether one of its phrases stands in a folded text.

        of_text: the pieces of that text. language: phrases of this one count, and those for all languages; when it
        is unknown, those of every language.
        """
        wanted = languages.wider(language)
        lists = [self.lists[one] for one in (*wanted, ANY) if one in self.lists] if wanted else self.lists.values()
        return any(found(one, text) for phrases in lists for piece in of_text for one in phrases.get(piece, ()))


def signal(document: Document) -> tuple[Signal, list[Fault]]:
    """The signal of a file, and the first things that are wrong in it."""
    reader = _Reader(document)
    lists = reader.lists(document.root)
    return Signal({language: indexed(phrases) for language, phrases in lists.items()}), reader.faults[:MOST_FAULTS]


def indexed(phrases: Collection[str]) -> Phrases:
    """Folded phrases, each under that piece of its own which the fewest have."""
    parts = {phrase: pieces(phrase) for phrase in phrases}
    often = Counter(piece for of_one in parts.values() for piece in of_one)
    index: dict[str, list[str]] = {}
    for phrase, of_one in parts.items():
        index.setdefault(min(sorted(of_one), key=often.__getitem__), []).append(phrase)
    return {piece: tuple(found) for piece, found in index.items()}


class _Reader:
    """Reads the lists of one file, and keeps what is wrong with them."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.faults: list[Fault] = []

    def lists(self, root: Node) -> dict[str, Collection[str]]:
        if not root.entries:
            self.refuse(root, "not-a-map", "a map of languages is expected here: {en: [furious, worst service]}")
        lists: dict[str, Collection[str]] = {}
        for name, node in root.entries.items():
            language = languages.spelled(name)
            if language != ANY and not languages.known(language):
                allowed = "any, and codes of languages such as de, en or pt-BR"
                self.refuse(node, "unknown-language", f"there is no language {name!r}", key=True, allowed=allowed)
            elif language in lists:
                self.refuse(node, "duplicate-key", f"{name!r} stands here twice, in another spelling", key=True)
            else:
                lists[language] = self.phrases(node)
        return lists

    def phrases(self, node: Node) -> Collection[str]:
        """The folded phrases of one language, in their order."""
        if not node.items:
            reason = "a list of words and phrases is expected here: [furious, worst service]"
            self.refuse(node, "not-a-list", reason)
        lines: dict[str, int] = {}
        for item in node.items:
            if item.text is None:
                self.refuse(item, "not-a-text", "one word or phrase is expected here, not a list or a map")
                continue
            phrase = folded(item.text)
            if wrong := unfit(item.text, phrase):
                self.refuse(item, *wrong)
            elif phrase in lines:
                reason = f"{item.text!r} is looked for already: it stands on line {lines[phrase]}"
                self.refuse(item, "same-phrase", reason)
            else:
                lines[phrase] = item.line
        return lines

    def refuse(self, node: Node, code: str, reason: str, *, key: bool = False, allowed: str = "") -> None:
        self.faults.append(self.document.fault(node, code, reason, key=key, allowed=allowed))
