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
from bridge.reading import child

Found = str | int | float | bool | datetime | tuple[Attachment, ...] | tuple[str, ...] | None
"""What a path leads to. None = missing; "" and () are missing too, so they never come out."""

Type = Literal["text", "number", "truth", "time", "attachments", "any"]

NOBODY = PersonFound()
NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the inbox knows beside the message itself. None = unknown."""

    recent_messages: int | None = None  #: of the author to this account in the last 30 days, this one included
    revision: int | None = None  #: of the mapping set that decides
    opened_at: datetime | None = None  #: the case's first filing
    first_reply_at: datetime | None = None  #: our first public answer on the platform


NO_FACTS = Facts()
NO_PERSON: Mapping[str, str] = {
    "person-too-early": "the customer's record is looked up later",
    "no-contact": "this mapping has no contact section",
}
"""Code -> why person.… cannot be read in some place."""


class Scope:
    """What one message's placeholders and conditions read: the message, the person found, decided names."""

    __slots__ = ("_raw", "decided", "facts", "folded", "lines", "message", "person", "pieces")

    def __init__(
        self,
        message: Message,
        person: PersonFound = NOBODY,
        *,
        decided: Mapping[str, str] = NOTHING,
        lines: Mapping[str, str] = NOTHING,
        facts: Facts = NO_FACTS,
    ) -> None:
        self.message, self.person, self.facts = message, person, facts
        self.decided, self.lines = decided, lines  #: `decide` fills them while it goes
        self.folded: dict[str, str] = {}  #: path -> text made ready for word search: several rules ask for it
        self.pieces: dict[str, frozenset[str]] = {}  #: path -> the pieces of that text
        self._raw: Any = _UNREAD

    def raw(self, parts: tuple[str, ...]) -> Found:
        """What a dotted path into the item's JSON leads to; None = nothing, or an object."""
        if self._raw is _UNREAD:
            self._raw = _json(self.message.raw)
        value = self._raw
        for part in parts:
            value = child(value, part)
        return scalar(value)


@dataclass(frozen=True, slots=True)
class Path:
    """A word that can be read. uses: the message's properties that it shows, for redaction."""

    name: str
    type: Type
    read: Callable[[Scope], Found]
    uses: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Unknown:
    """Why a word cannot be read here. code: one of CODES."""

    code: str
    reason: str
    allowed: str = ""
    suggestion: str = ""


@dataclass(frozen=True, slots=True)
class Decided:
    """A name that decide gives. values: all it can be, None = anything; uses: what its values show.

    lines: fixed value -> file:line of the rule that gives it.
    """

    values: frozenset[str] | None = None
    uses: frozenset[str] = frozenset()
    lines: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The words that may stand in one place of the form."""

    decided: Mapping[str, Decided] = field(default_factory=dict)  #: what stands above this place
    below: Mapping[str, int] = field(default_factory=dict)  #: decided later: name -> line
    no_person: str = ""  #: why person.… cannot be read here, a code of NO_PERSON; "" = it can
    fetched: tuple[str, ...] = ()
    of_case: bool = False  #: case.… can be read here

    def resolve(self, word: str) -> Path | Unknown:
        """How to read a word, or why that is not possible here."""
        if word in PATHS:
            return PATHS[word]
        if word in self.decided:
            return Path(word, "text", lambda scope: scope.decided.get(word) or None, self.decided[word].uses)
        if word in self.below:
            reason = f"{word!r} is decided below, on line {self.below[word]}: move it above its first use"
            return Unknown("decided-below", reason)
        prefix, _, rest = word.partition(".")
        if prefix in OPEN and rest:
            return OPEN[prefix](self, word, rest)
        return self.unknown(word)

    def unknown(self, word: str) -> Unknown:
        """That there is no such word, and what may be meant."""
        suggestion = self.near(word)
        allowed = "" if suggestion else ", ".join(self.known())
        return Unknown("unknown-word", f"unknown word {word!r}", allowed, suggestion)

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
        reason = f"{word!r} has an empty part: write raw.one.two, with 0 for the first of a list"
        return Unknown("empty-path-part", reason)
    return Path(word, "any", lambda scope: scope.raw(parts), frozenset({"raw"}))


def _person(names: Names, word: str, rest: str) -> Path | Unknown:
    if names.no_person:
        return Unknown(names.no_person, f"{word!r} cannot be used here: {NO_PERSON[names.no_person]}")
    if rest == "id":
        return Path(word, "text", lambda scope: scope.person.id or None)
    if rest not in names.fetched:
        reason = f"{word!r} is not fetched: add {rest} to contact.fetch"
        return Unknown("not-fetched", reason, suggestion=names.near(word))
    return Path(word, "any", lambda scope: scalar(scope.person.values.get(rest)))


def _why(names: Names, word: str, rest: str) -> Path | Unknown:
    if rest in names.decided:
        return Path(word, "text", lambda scope: scope.lines.get(rest) or None)
    known = [f"why.{name}" for name in names.decided]
    reason = f"{word!r} is the line that decided {rest!r}, which no rule above decides"
    return Unknown("why-undecided", reason, ", ".join(known), near(word, known))


def _of_case(names: Names, word: str, rest: str) -> Path | Unknown:
    if not names.of_case:
        return Unknown("case-too-early", f"{word!r} can only be used in update.comment: before, there is no case")
    known = [f"case.{name}" for name in CASE_TIMES]
    if rest not in CASE_TIMES:
        return Unknown("unknown-word", f"unknown word {word!r}", ", ".join(known), near(word, known))
    read = attrgetter(f"facts.{rest}")
    return Path(word, "time", read)


CASE_TIMES: Mapping[str, str] = {
    "opened_at": "When the case was filed. Only in update.comment.",
    "first_reply_at": "When we first answered in public on the platform. Only in update.comment.",
}
"""What is read as case.…, and what it is."""

ABOUT = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
OPEN: Mapping[str, Callable[[Names, str, str], Path | Unknown]] = {
    "account": _account,
    "raw": _raw,
    "person": _person,
    "why": _why,
    "case": _of_case,
}
"""The beginnings that any rest may follow."""

OPENED: Mapping[str, tuple[Type, str]] = {
    "account.NAME": ("text", "What stands under `about` of our account in connections.yaml: `account.queue`."),
    "person.id": ("text", "The id of the customer's record that was found."),
    "person.FIELD": ("any", "A field of that record; it must stand under `contact.fetch`."),
    "raw.PATH": (
        "any",
        "Anything in the platform's own message: `raw.order.id`; `raw.tags.0` is the first of a list.",
    ),
    "why.NAME": ("text", "The line that decided NAME, one of your own names: `care.yaml:30`."),
    **{f"case.{name}": ("time", told) for name, told in CASE_TIMES.items()},
}
"""How these are written -> type, and what they are."""


def _of_message(name: str, kind: Type) -> Path:
    get = attrgetter(name)

    def read(scope: Scope) -> Found:
        value: Found = get(scope.message)
        return None if value in ("", ()) else value

    return Path(name, kind, read, frozenset({name}))


WORDS: Mapping[str, tuple[Type, str]] = {
    "channel": ("text", "The platform: facebook, messenger, x …"),
    "connection": ("text", "The name in connections.yaml that it came through."),
    "kind": ("text", "What kind of message it is: comment, direct, review …"),
    "change": ("text", "What happened to it: created, edited …"),
    "id": ("text", "The platform's id of the message."),
    "thread": ("text", "The platform's id of the conversation or post that it belongs to."),
    "reply_to": ("text", "The id of the message that it answers."),
    "text": ("text", "What was written."),
    "language": ("text", "Its language, where the platform tells it or it was found out: de, en-GB …"),
    "url": ("text", "The address where a person can read it."),
    "account.id": ("text", "The platform's id of our page, number or handle."),
    "author.id": ("text", "The platform's id of who wrote."),
    "author.name": ("text", "The name of who wrote."),
    "author.handle": ("text", "Their handle, without @."),
    "author.avatar": ("text", "The address of their picture."),
    "author.phone": ("text", "Their telephone number."),
    "author.email": ("text", "Their e-mail address."),
    "rating": ("number", "1 to 5 stars, of a review."),
    "author.followers": ("number", "How many follow who wrote."),
    "public": ("truth", "Whether everybody can read it."),
    "author.verified": ("truth", "Whether the platform vouches for who wrote."),
    "author.is_self": ("truth", "Whether we wrote it ourselves."),
    "sent_at": ("time", "When it was written, by the platform's clock."),
    "received_at": ("time", "When it reached us, by our clock."),
    "attachments": ("attachments", "Pictures, films and files; in text their addresses, one a line."),
}
"""What a message says: word -> type, and what it is."""

RECENT = "author.recent_messages"
INBOX: Mapping[str, tuple[Type, str]] = {
    RECENT: (
        "number",
        "How many messages the author sent to this account in the last 30 days, this one included.",
    ),
    "revision": ("number", "The number of the published mapping set that decided."),
}
"""What the inbox knows beside the message: word -> type, and what it is."""
PATHS: Mapping[str, Path] = {
    **{name: _of_message(name, kind) for name, (kind, _) in WORDS.items()},
    RECENT: Path(RECENT, "number", lambda scope: scope.facts.recent_messages),
    "revision": Path("revision", "number", lambda scope: scope.facts.revision),
}
"""What a message says, and what the inbox knows beside it."""

_UNREAD: Any = object()


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw, parse_constant=lambda _: None)  # NaN and Infinity are no JSON
    except (ValueError, RecursionError):
        return None


def scalar(value: Any) -> Found:
    """Text, number or truth as it is; a list of them as texts; anything else is missing."""
    if isinstance(value, (list, tuple)):
        return (
            tuple(clean(str(item)) for item in value if isinstance(item, (str, int, float)) and item != "") or None
        )
    if isinstance(value, str):
        return clean(value) or None
    return value if isinstance(value, (int, float)) else None
