"""The words that a mapping may read, `author.name` or `raw.entry.0.id`, and how each is read. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any, Literal

from bridge.mapping.document import near
from bridge.message import Attachment, Message, clean
from bridge.ports import PersonFound

Found = str | int | float | bool | datetime | tuple[Attachment, ...] | tuple[str, ...] | None
"""What a path leads to. None = missing; "" and () are missing too, so they never come out."""

Type = Literal["text", "number", "truth", "time", "attachments", "any"]

NOBODY = PersonFound()


class Scope:
    """What one message's placeholders and conditions read: the message, the person found, decided names."""

    __slots__ = ("_raw", "decided", "folded", "message", "person")

    def __init__(
        self, message: Message, person: PersonFound = NOBODY, decided: Mapping[str, str] | None = None
    ) -> None:
        self.message, self.person = message, person
        self.decided = {} if decided is None else decided  #: `decide` fills it while it goes
        self.folded: dict[str, str] = {}  #: path -> text made ready for word search: several rules ask for it
        self._raw: Any = _UNREAD

    def raw(self, parts: tuple[str, ...]) -> Found:
        """What a dotted path into the item's JSON leads to; None = nothing, or an object."""
        if self._raw is _UNREAD:
            self._raw = _json(self.message.raw)
        value = self._raw
        for part in parts:
            value = _child(value, part)
        return _scalar(value)


@dataclass(frozen=True, slots=True)
class Path:
    """A word that can be read. uses: the message's properties that it shows, for redaction."""

    name: str
    type: Type
    read: Callable[[Scope], Found]
    uses: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Unknown:
    """Why a word cannot be read here."""

    reason: str
    allowed: str = ""
    suggestion: str = ""


@dataclass(frozen=True, slots=True)
class Decided:
    """A name that decide gives. values: all it can be, None = anything; uses: what its values show."""

    values: frozenset[str] | None = None
    uses: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The words that may stand in one place of the form."""

    decided: Mapping[str, Decided] = field(default_factory=dict)  #: what stands above this place
    below: Mapping[str, int] = field(default_factory=dict)  #: decided later: name -> line
    no_person: str = ""  #: why person.… cannot be read here; "" = it can
    fetched: tuple[str, ...] = ()

    def resolve(self, word: str) -> Path | Unknown:
        """How to read a word, or why that is not possible here."""
        if word in PATHS:
            return PATHS[word]
        if word in self.decided:
            return Path(word, "text", lambda scope: scope.decided.get(word) or None, self.decided[word].uses)
        if word in self.below:
            return Unknown(f"{word!r} is decided below, on line {self.below[word]}: move it above its first use")
        prefix, _, rest = word.partition(".")
        if prefix in OPEN and rest:
            return OPEN[prefix](self, word, rest)
        return self.unknown(word)

    def unknown(self, word: str) -> Unknown:
        """That there is no such word, and what may be meant."""
        suggestion = self.near(word)
        return Unknown(f"unknown word {word!r}", "" if suggestion else ", ".join(self.known()), suggestion)

    def near(self, word: str) -> str:
        """The word that is spelled almost alike; "" = none."""
        return near(word, self.known())

    def known(self) -> list[str]:
        """The words that can be listed; account.… and raw.… are open."""
        people = [f"person.{name}" for name in ("id", *self.fetched)] if not self.no_person else []
        return [*PATHS, *self.decided, *people]


def _account(names: Names, word: str, rest: str) -> Path | Unknown:
    if not ABOUT.fullmatch(rest):
        return names.unknown(word)
    return Path(word, "text", lambda scope: scope.message.account.about.get(rest) or None)


def _raw(_: Names, word: str, rest: str) -> Path | Unknown:
    parts = tuple(rest.split("."))
    if not all(parts):
        return Unknown(f"{word!r} has an empty part: write raw.one.two, with 0 for the first of a list")
    return Path(word, "any", lambda scope: scope.raw(parts), frozenset({"raw"}))


def _person(names: Names, word: str, rest: str) -> Path | Unknown:
    if names.no_person:
        return Unknown(f"{word!r} cannot be used here: {names.no_person}")
    if rest == "id":
        return Path(word, "text", lambda scope: scope.person.id or None)
    if rest not in names.fetched:
        return Unknown(f"{word!r} is not fetched: add {rest} to contact.fetch", suggestion=names.near(word))
    return Path(word, "any", lambda scope: _scalar(scope.person.values.get(rest)))


def _why(_: Names, word: str, _rest: str) -> Unknown:
    return Unknown(f"{word!r} is not yet supported")


ABOUT = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
OPEN: Mapping[str, Callable[[Names, str, str], Path | Unknown]] = {
    "account": _account,
    "raw": _raw,
    "person": _person,
    "why": _why,
}
"""The beginnings that any rest may follow."""


def _of_message(name: str, kind: Type) -> Path:
    get = attrgetter(name)

    def read(scope: Scope) -> Found:
        value: Found = get(scope.message)
        return None if value in ("", ()) else value

    return Path(name, kind, read, frozenset({name}))


TYPES: Mapping[Type, str] = {
    "text": "channel connection kind change id thread reply_to text language url account.id author.id "
    "author.name author.handle author.avatar author.phone author.email",
    "number": "rating author.followers",
    "truth": "public author.verified author.is_self",
    "time": "sent_at received_at",
    "attachments": "attachments",
}
PATHS: Mapping[str, Path] = {
    name: _of_message(name, kind) for kind, names in TYPES.items() for name in names.split()
}

_UNREAD: Any = object()


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw, parse_constant=lambda _: None)  # NaN and Infinity are no JSON
    except (ValueError, RecursionError):
        return None


def _child(value: Any, part: str) -> Any:
    if isinstance(value, dict):
        return value.get(part)
    if isinstance(value, list) and part.isascii() and part.isdecimal() and len(part) < 7:
        return value[int(part)] if int(part) < len(value) else None
    return None


def _scalar(value: Any) -> Found:
    """Text, number or truth as it is; a list of them as texts; anything else is missing."""
    if isinstance(value, (list, tuple)):
        return (
            tuple(clean(str(item)) for item in value if isinstance(item, (str, int, float)) and item != "") or None
        )
    if isinstance(value, str):
        return clean(value) or None
    return value if isinstance(value, (int, float)) else None
