"""What the words of a payload map read: one item of a tool's JSON, and the body around it. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bridge.mapping.paths import Found, Names, Path, Scope, Unknown, scalar
from bridge.reading import WHOLE, Flaw, at

BODY = "body"


class Item(Scope):
    """One item of a callback. There is no message yet: the words are paths into the JSON."""

    __slots__ = ("body", "item", "unread")

    def __init__(self, item: object, body: object) -> None:
        self.item, self.body = item, body
        self.folded = {}
        self.unread: list[str] = []  #: words that led to an object or what holds one: no text can show those

    def read(self, word: str, *, of_body: bool = False) -> Found:
        """What a word leads to; None = nothing that text can show."""
        value = at(self.body if of_body else self.item, word)
        if _has_objects(value):
            self.unread.append(word)
            return None  # a list without its objects could lack the very words that matter
        return scalar(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemNames(Names):
    """The words of a payload map: any path. around: `body.` leads into the whole body."""

    around: bool = False

    def resolve(self, word: str) -> Path | Unknown:
        """How to read a word, or why that is not possible."""
        prefix, _, rest = word.partition(".")
        of_body = self.around and prefix == BODY and bool(rest)
        path = rest if of_body else word
        if not is_path(path):
            reason = f"{word!r} has an empty part: write one.two, with 0 for the first of a list"
            return Unknown("empty-path-part", reason)
        # Called as mappings call it: the words `kind` or `language` of a tool are not those of a message.
        return Path(f"raw.{word}", "any", _reader(path, of_body=of_body))


def is_path(word: str) -> bool:
    """Whether a word can lead into JSON."""
    return word == WHOLE or all(word.split("."))


def _has_objects(value: object) -> bool:
    held = value if isinstance(value, list) else [value]
    return any(one and isinstance(one, dict | list | Flaw) for one in held)


def _reader(word: str, *, of_body: bool) -> Callable[[Scope], Found]:
    def read(scope: Scope) -> Found:
        assert isinstance(scope, Item)
        return scope.read(word, of_body=of_body)

    return read
