"""What a customer wrote, in one shape for every platform. Pure; a half-formed message cannot exist.

Absent is "" or () for text and lists, None for numbers, truth values and times: unknown, never 0.
Ids are opaque strings, even where a platform sends numbers.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from pydantic import TypeAdapter

Kind = Literal[
    "post", "comment", "mention", "reply", "quote", "direct", "review", "story_reply", "story_mention",
    "postback", "reaction",
]  # fmt: skip
Change = Literal["created", "edited", "deleted", "hidden", "unhidden"]

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def clean(text: str) -> str:
    """The text with NUL and lone surrogates as U+FFFD: no database stores those. All else stays literal."""
    return UNSTORABLE.sub("\ufffd", text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Our page, number or handle that was written to."""

    id: str
    about: Mapping[str, str] = field(default_factory=dict)  #: from connections.yaml: brand, queue …


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who wrote. Everything but `id` may be unknown, and the id too (Facebook removals and mentions)."""

    id: str = ""
    name: str = ""
    handle: str = ""
    followers: int | None = None
    verified: bool | None = None
    avatar: str = ""  #: address of a picture
    phone: str = ""
    email: str = ""
    is_self: bool = False  #: our own page or number wrote it


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A picture, film, file or link that came with a message. Platform addresses usually expire."""

    kind: str  #: image, video, audio, file, link, sticker, location …, as the platform calls it
    url: str = ""
    name: str = ""
    id: str = ""  #: the platform's id of the file, where only an API call turns that into an address


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message, or what happened to one: an edit, a deletion, hiding.

    `id` is the platform's id of the message itself, for edits and deletions too; `change` says what
    happened to it, and `version` tells two edits of one message apart.
    """

    channel: str  #: facebook, messenger, x …
    connection: str  #: the name in connections.yaml it came through
    account: Account
    id: str
    kind: Kind
    change: Change = "created"
    version: str = ""  #: edits: the platform's own number or event time; hidden, unhidden: the event's time
    author: Person = field(default_factory=Person)
    thread: str = ""  #: Facebook: the post; Messenger: the customer's id
    reply_to: str = ""  #: id of the message that this one answers
    text: str = ""
    language: str = ""  #: as the platform said, or as it was found out from the text: de, en-GB …
    rating: int | None = None  #: 1 to 5
    url: str = ""  #: where a person can read it
    attachments: tuple[Attachment, ...] = ()
    sent_at: datetime | None = None  #: aware; the platform's clock
    received_at: datetime  #: aware; our clock
    public: bool
    mark: str = ""  #: our own words: what we had sent along with them, where the platform hands it back
    notes: Mapping[str, str] = field(default_factory=dict)
    """The adapter's own, to complete or to answer the message: ids and the like, nobody's words."""
    completed: bool = False  #: what the callback lacked has been fetched, or was given up
    lacking: tuple[str, ...] = ()  #: whole sentences: what could not be fetched, and why
    raw: bytes = b""  #: the item as it came, re-serialised JSON, for `raw.<path>` in mappings; b"" where not kept

    def __post_init__(self) -> None:
        missing = [n for n in ("channel", "connection", "id") if not getattr(self, n)]
        if not self.account.id:
            missing.append("account.id")
        if missing:
            raise ValueError(f"a message needs {', '.join(missing)}")
        for when in (self.sent_at, self.received_at):
            if when is not None and when.tzinfo is None:
                raise ValueError(f"a time needs a zone: {when.isoformat()}")

    @property
    def key(self) -> str:
        """What makes it the same message again: channel:account:id:change, so that a redelivery is harmless.

        An edit adds its version, or a hash of the text where the platform numbers nothing; hidden and
        unhidden add the event's time, or A → B → A → B would lose the last B. With the longest ids it is at most
        2,400 bytes, and so fits an index of the database.
        """
        key = f"{self.channel}:{self.account.id}:{self.id.translate(ESCAPED)}:{self.change}"
        version = self.version if len(self.version) <= LONGEST_VERSION else _short(self.version)
        if self.change == "edited":
            return f"{key}:{version.translate(ESCAPED) or _short(self.text)}"
        return f"{key}:{version.translate(ESCAPED)}" if self.change in ("hidden", "unhidden") else key

    @property
    def side(self) -> str:
        """The customer's id: the author, or whom we wrote to in a direct conversation; "" = unknown."""
        if not self.author.is_self:
            return self.author.id
        return self.thread if self.kind == "direct" else ""


ESCAPED = str.maketrans({"%": "%25", ":": "%3A", "#": "%23"})
"""How ids stand in a key, where : divides its parts and # begins what we add to it."""

LONGEST_VERSION = 64  #: characters; of a longer one a hash stands in the key


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


DELETED_TEXT = "[deleted by its author]"


def redacted(message: Message) -> Message:
    """The message after its author deleted it: who it was stays only as an id, what was said not at all."""
    author = Person(id=message.author.id, is_self=message.author.is_self)
    return replace(message, text=DELETED_TEXT, url="", attachments=(), raw=b"", author=author, lacking=())


_JSON = TypeAdapter(Message)


def dump(message: Message) -> str:
    """A message as the inbox keeps it: JSON without raw, which has its own column."""
    return _JSON.dump_json(message, exclude={"raw"}).decode()


def load(body: str, raw: bytes) -> Message:
    """The message that `dump` wrote. Raises ValueError if this version cannot read it."""
    return replace(_JSON.validate_json(body), raw=raw)
