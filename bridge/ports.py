"""What an adapter must do: a Channel for each platform, a Crm for each system of record.

A channel is built as `Adapter(settings, accounts)`, a CRM as `Adapter(settings)`. Neither keeps state: what it
must remember comes in with the request and goes back with the receipt. It imports this module, message, errors
and its vendor's library, nothing else of ours.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from bridge.errors import Rejected, RetryLater, Unsure
from bridge.message import Message

Value = str | int | float | bool | tuple[str, ...] | None
"""What goes into a CRM field. None = leave the field out; "" = empty it."""


# --- from a platform to us ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """One HTTP request to /in/<connection>, as the web edge hands it on."""

    connection: str  #: name in connections.yaml
    method: str  #: GET or POST
    url: str  #: as the platform called it: PUBLIC_URL or the proxy's headers honoured
    query: Mapping[str, str]
    headers: Mapping[str, str]  #: names in lower case
    body: bytes  #: untouched: signatures are over these very bytes
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What to answer a platform."""

    status: int = 200
    body: str = ""
    type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Something that is not a message. Counted per connection and day; it has no row of its own."""

    reason: Literal["receipt", "typing", "reaction", "system", "other_app", "unknown_account", "unknown_event"]
    event: str  #: the platform's name for it, at most 80 characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """One item of a callback that parse could not read; its neighbours were. Becomes one dead item."""

    item: bytes
    error: str  #: what was wrong, without the content


Event = Message | Skipped | Unreadable


class Channel(ABC):
    """A platform that calls us. verify and parse are pure."""

    @abstractmethod
    def verify(self, callback: Callback) -> Answer | None:
        """None: the request is the platform's. An Answer ends the request here: a handshake.

        Raises Forged (403) or Malformed (400).
        """

    @abstractmethod
    def parse(self, callback: Callback) -> list[Event]:
        """Every item of a verified callback, in the platform's order; [] = nothing in it.

        Content never makes it raise: an item that cannot be read is an Unreadable among its neighbours.
        """

    @abstractmethod
    def sign(self, body: bytes) -> Mapping[str, str]:
        """The headers with which the platform would send this body: for `casebridge send` and the tests."""

    def accepted(self) -> Answer:
        """The answer once everything is stored."""
        return Answer()


# --- from us to a CRM -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonMatch:
    """How to find the customer's record for one author."""

    author: str  #: channel:author.id
    object: str  #: Contact
    rules: tuple[Mapping[str, str], ...]  #: field -> value; the first rule that finds anything decides
    fetch: tuple[str, ...] = ()  #: fields whose values come back with it


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFound:
    """What was found. id "" = none; `several` = the candidates' ids when one rule found more than one."""

    id: str = ""
    several: tuple[str, ...] = ()
    values: Mapping[str, Value] = field(default_factory=dict)  #: fetched field -> value, absent = empty there


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the bridge knows of a case, kept per (crm, object, key) and handed back with every filing."""

    case_id: str = ""  #: "" = none yet
    episode: int = 1  #: the number of the case under this key: 2 = the second, its key ends in ~2
    notes: Mapping[str, str] = field(default_factory=dict)  #: the adapter's own, opaque, at most 1 kB


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopen:
    """if_closed: what to do when the case is closed."""

    within: timedelta = timedelta(0)  #: reopen when the message came within this time of the closing
    set: Mapping[str, Value] = field(default_factory=dict)  #: fields that reopen it
    after: Literal["new_case", "comment_only", "drop"] = "new_case"
    line: str = ""  #: file:line of after_that, named when a part is dropped by it
    grace: timedelta = timedelta(seconds=60)  #: so soon after closing it is a comment, no reopening


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One message within a filing."""

    key: str  #: the message's key; a note of ours has key + "#note"
    act: Literal["add", "delete"]  #: add: a comment with `text`; delete: `ref` is to be redacted
    text: str
    public: bool
    sent_at: datetime | None
    received_at: datetime
    opens: bool = True  #: may open or reopen a case; False (echoes, notes): onto an open one, else dropped "echo"
    case_id: str = ""  #: the case it belongs to whatever its status (an edit's target's); "" = the filing's
    ref: str = ""  #: delete: the CRM ids to redact, comma-separated: comments, or the case that it opened
    row: Mapping[str, Value] = field(default_factory=dict)  #: delete of an opening text: the case's fields anew
    notes: Mapping[str, str] = field(default_factory=dict)  #: the same: Known.notes as they were when it opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """One case and its waiting messages, in order. Stored before it is sent, then repeated exactly."""

    key: str  #: without the episode's suffix: the adapter appends ~n for n > 1
    key_field: str
    object: str
    parts: tuple[Part, ...]
    create: Mapping[str, Value]  #: fields of a new case, rendered from the opener; {} = no part opens one
    opener: str = ""  #: key of the part that stands in `create` and so gets no comment when a case is made
    reopen: Reopen
    too_long: Literal["shorten", "refuse"]
    op: str = ""  #: random, stored before sending; only a Receipt ends it
    known: Known = field(default_factory=Known)  #: not frozen: from the case row each time
    unsure_since: datetime | None = None  #: the first attempt that may have been applied; None = none
    unsure_last: datetime | None = None  #: the latest such attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the CRM took. Parts named in none of `failed`, `dropped` and `anew` are filed."""

    known: Known
    link: str  #: where an agent reads the case
    refs: Mapping[str, str] = field(default_factory=dict)  #: part key -> CRM ids; of the opening part: the case's
    failed: Mapping[str, RetryLater | Unsure | Rejected] = field(default_factory=dict)  #: part key -> why not
    dropped: Mapping[str, str] = field(default_factory=dict)  #: part key -> reason or mapping line
    anew: frozenset[str] = frozenset()  #: part keys to be rendered anew: they need a case that `create` is not for
    cases: Mapping[str, str] = field(default_factory=dict)  #: part key -> its case, where not known.case_id
    warnings: tuple[str, ...] = ()  #: whole sentences; shown by `casebridge explain`


Outcome = Receipt | RetryLater | Unsure | Rejected


class Crm(ABC):
    """A system of record. All its calls are I/O with timeouts; the bridge calls it in batches."""

    patience: timedelta  #: the longest that one call on the wire may take, with a re-login

    @abstractmethod
    def find(self, people: Sequence[PersonMatch]) -> list[PersonFound]:
        """Who these authors are, in the same order. One read for all of them.

        Raises RetryLater, Paused, or Rejected when a rule names what the CRM does not have.
        """

    @abstractmethod
    def file(self, filings: Sequence[Filing], *, now: datetime) -> Iterator[list[tuple[int, Outcome]]]:
        """Send filings; yield (index, outcome) pairs, one list per answer of the CRM; [] = none is decided yet.

        Between two yields there is at most one call on the wire: the worker renews its leases at each.
        Parts of a filing are applied in order: after the first RetryLater or Unsure no later part of that
        filing may be applied by a later call; Rejected does not block. `now` is the database's clock, on
        which `unsure_since` and `unsure_last` stand. Each index is yielded once at most. When it raises
        RetryLater or Paused, what it has not yielded was not applied; any other exception: unsure.
        """

    @abstractmethod
    def look(self, filings: Sequence[Filing]) -> list[Mapping[str, str]]:
        """What the CRM already has of each filing: part key -> its ids there, as in Receipt.refs. Reads only.

        Of an opener it is the case's id, unless `known` names another case already.
        Asked when a filing has killed its workers. Raises RetryLater or Paused.
        """
