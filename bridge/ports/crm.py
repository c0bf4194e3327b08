"""From us to a CRM: what an adapter of a system of record takes and gives. It is built as `Adapter(settings)`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Literal

from bridge.errors import Rejected, RetryLater, Unsure
from bridge.message import Attachment, Message
from bridge.ports.channel import Answer, Callback
from bridge.ports.replies import Reply, Rung
from bridge.ports.schema import Schema
from bridge.ports.upkeep import Finding

Value = str | int | float | bool | tuple[str, ...] | None
"""What goes into a CRM field. None = leave the field out; "" = empty it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonMatch:
    """How to find the customer's record for one author."""

    author: str  #: channel:author.id
    object: str  #: Contact
    rules: tuple[Mapping[str, str], ...]  #: field -> value; the first rule that finds anything decides
    fetch: tuple[str, ...] = ()  #: fields whose values come back with it
    create: Mapping[str, Value] = field(default_factory=dict)  #: of a new record where none is found
    fill: Mapping[str, Value] = field(default_factory=dict)  #: written where the record that is found has nothing
    new: bool = False  #: nobody has asked for this author before, so there is hardly a record yet
    job: str = ""  #: Pending.job of the last answer; "" = it was another


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFound:
    """What was found. id "" = none; `several` = the candidates' ids when one rule found more than one."""

    id: str = ""
    several: tuple[str, ...] = ()
    values: Mapping[str, Value] = field(default_factory=dict)  #: fetched field -> value, absent = empty there
    says: str = ""  #: why the record could not be made; a whole sentence, which the case tells


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A record that a job of the CRM's is making; it is asked for again, with the job."""

    job: str  #: by what the CRM can be asked what became of it
    after: timedelta


Found = PersonFound | Pending | RetryLater | Rejected
"""The answer about one person. RetryLater: it was not their turn; Rejected: the rule or the record is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A record that a mapping calls by the name that people know: a queue, a user, a record type, a brand."""

    object: str  #: of the case: Case, Lead, ticket
    field: str  #: what it goes into: OwnerId, RecordTypeId, group_id
    name: str


Identified = str | RetryLater | Rejected
"""The id of a record that was asked for by its name. Rejected: there is none, or several; a whole sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the bridge knows of a case, kept per (crm, object, key) and handed back with every filing."""

    case_id: str = ""  #: "" = none yet
    episode: int = 1  #: the number of the case under this key: 2 = the second, its key ends in ~2
    status: Literal["", "open", "closed"] = ""  #: as the CRM said last; "" = nobody can tell
    notes: Mapping[str, str] = field(default_factory=dict)  #: the adapter's own, opaque, at most 1 kB


Onto = Literal["comment", "reopen", "new_case", "drop"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopen:
    """if_closed: what to do when the case is closed."""

    within: timedelta = timedelta(0)  #: reopen when the message came within this time of the closing
    set: Mapping[str, Value] = field(default_factory=dict)  #: fields that reopen it
    after: Literal["new_case", "comment_only", "drop"] = "new_case"
    line: str = ""  #: file:line of after_that, named when a part is dropped by it
    grace: timedelta = timedelta(seconds=60)  #: so soon after closing it is a comment, no reopening

    def onto(self, closed_at: datetime | None, received_at: datetime) -> Onto:
        """What a message does that meets a closed case. closed_at: None = nobody knows, so long ago."""
        age = received_at - (closed_at or datetime.min.replace(tzinfo=UTC))
        if timedelta(0) <= age <= self.grace:
            return "comment"
        if age <= self.within:  # also what came before the closing, which the agent has not seen
            return "reopen"
        return "comment" if self.after == "comment_only" else self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class Raise:
    """A field of a case that is there, which later messages may raise and never lower."""

    value: str
    order: tuple[str, ...]  #: from the lowest to the highest; what is not in it is nobody's to change

    def over(self, current: object) -> bool:
        """Whether the value stands above what the case has now. An empty field is below all."""
        ranks = {value.casefold(): rank for rank, value in enumerate(self.order)}
        now = -1 if current in (None, "") else ranks.get(str(current).casefold(), len(ranks))
        return ranks.get(self.value.casefold(), -1) > now


@dataclass(frozen=True, slots=True, kw_only=True)
class Answerable:
    """How an agent can answer a message, as far as that is known when it is filed."""

    until: datetime | None = None  #: when the platform takes no more; None = it always does
    most: int = 0  #: the longest text in what the platform counts, roughly characters; 0 = not known
    says: str = ""  #: why it cannot be answered at all; a whole sentence, "" = it can


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One message within a filing.

    add: a comment with `text`. delete: what `ref` names is to be redacted. edit: what `ref` names is to show
    `text` instead, and the case that it opened `row`; what the CRM does not let us change stays, and `text` is
    added as a comment.
    """

    key: str  #: the message's key; a note of ours has key + "#note"
    act: Literal["add", "edit", "delete"]
    text: str
    public: bool
    sent_at: datetime | None
    received_at: datetime
    person: str = ""  #: the CRM's id of the customer who wrote it; "" = not known, or we wrote it
    ours: bool = False  #: our own public answer on the platform
    opens: bool = True  #: may open or reopen a case; False (echoes, notes): onto an open one, else dropped "echo"
    case_id: str = ""  #: the case it belongs to whatever its status (an edit's target's); "" = the filing's
    ref: str = ""  #: edit, delete: the CRM ids concerned, comma-separated: comments, or the case that it opened
    row: Mapping[str, Value] = field(default_factory=dict)  #: the same, of an opening text: the case's fields anew
    notes: Mapping[str, str] = field(default_factory=dict)  #: the same: Known.notes as they were when it opened
    files: tuple[Attachment, ...] = ()  #: to be copied onto the case once the text is there
    said: Message | None = None  #: the message itself, without `raw`, of which `text` tells; None = a note of ours
    answer: Answerable | None = None  #: of a customer's message; None = nobody said


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """One case and its waiting messages, in order. Stored before it is sent, then repeated exactly."""

    key: str  #: without the episode's suffix: the adapter appends ~n for n > 1
    key_field: str
    object: str
    parts: tuple[Part, ...]
    create: Mapping[str, Value]  #: fields of a new case, rendered from the opener; {} = no part opens one
    opener: str = ""  #: key of the part that stands in `create` and so gets no comment when a case is made
    raises: Mapping[str, Raise] = field(default_factory=dict)  #: field -> what a case that is there is raised to
    assign: Mapping[str, Value] = field(default_factory=dict)  #: whose a case that is there becomes: owner, group
    reopen: Reopen
    line: str = ""  #: file:line of the mapping's `object`, named when a part is dropped that it cannot take
    too_long: Literal["shorten", "refuse"]
    op: str = ""  #: random, stored before sending; only a Receipt ends it
    known: Known = field(default_factory=Known)  #: not frozen: from the case row each time
    unsure_since: datetime | None = None  #: the first attempt that may have been applied; None = none
    unsure_last: datetime | None = None  #: the latest such attempt
    same_op: bool = False  #: all those attempts were made with this op: what it stands for may be sent again
    together: int = 1  #: how many were due with it before it was ever sent, itself included; 0 = it goes by itself
    job: str = ""  #: Unsure.job of the latest attempt of this op that may have been applied; "" = it had none

    def key_at(self, episode: int) -> str:
        """The key in the CRM: the second case under one key ends in ~2."""
        return self.key if episode == 1 else f"{self.key}~{episode}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the CRM took. Parts named in none of `failed`, `dropped` and `anew` are filed."""

    known: Known
    link: str  #: where an agent reads the case
    refs: Mapping[str, str] = field(default_factory=dict)  #: part key -> CRM ids; of the opening part: the case's
    failed: Mapping[str, RetryLater | Unsure | Rejected] = field(default_factory=dict)  #: part key -> why not
    dropped: Mapping[str, str] = field(default_factory=dict)  #: part key -> reason or mapping line
    anew: frozenset[str] = frozenset()  #: part keys to be rendered anew: they need a case that `create` is not for
    notes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  #: part key -> Part.notes from now on
    cases: Mapping[str, str] = field(default_factory=dict)  #: part key -> its case, where not known.case_id
    left_out: bool = False  #: a field was refused and left out: its person or named record may be gone
    warnings: tuple[str, ...] = ()  #: whole sentences; shown by `casebridge explain`


Outcome = Receipt | RetryLater | Unsure | Rejected


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """An object of a CRM as mappings may name it: what `casebridge check` knows without asking the CRM."""

    object: str  #: Case, Lead, ticket
    fields: frozenset[str] = frozenset()  #: what may be written or matched; empty = each org has its own
    custom: str = ""  #: pattern of the names of fields that each account has of its own; "" = none
    matched: frozenset[str] = frozenset()  #: by what a record can be looked up; empty = by any field
    named: frozenset[str] = frozenset()  #: what can be filled by a record's name: {named: Social DE}
    owner: frozenset[str] = frozenset()  #: whose it is: what `reassign` writes
    text: str = ""  #: the field with the opening message, where links to its attachments go
    comments: bool = True  #: False: it takes no comments and is never closed, so only its fields can be written
    lengths: Mapping[str, int] = field(default_factory=dict)  #: characters that its standard fields hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How much of its API a CRM has let us use in its current window, by all who use it."""

    used: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseChange:
    """What a CRM says of a case without being asked. It may be late, out of order, or forged: only a hint."""

    case_id: str
    closed: bool
    at: datetime  #: of the change, on the CRM's clock: an older one does not undo a newer one


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """When conversations come thick and fast, they go to a CRM together: it takes many in one call."""

    most: int  #: conversations that wrote `within` so long; from one more on it is a crowd
    within: timedelta
    span: timedelta  #: while it lasts, look-ups and cases go out together, once in this time
    enough: int  #: so many that are ready together need not wait for more


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a CRM's call told."""

    replies: bool = False  #: agents have written something: poll
    said: tuple[Reply, ...] = ()  #: what they have written, where the call itself tells
    rung: tuple[Rung, ...] = ()  #: where they have written, to be read in the next poll
    cases: tuple[CaseChange, ...] = ()
    answer: Answer  #: once all is stored


class Crm(ABC):
    """A system of record. All its calls are I/O with timeouts; the bridge calls it in batches."""

    calls: ClassVar[bool] = False  #: it calls /in/<connection>, or that with a secret behind it: `hear`
    desk: ClassVar[bool] = False  #: agents reply in it: it is a Desk too
    describes: ClassVar[bool] = False  #: it tells what objects and fields it has: `schema`
    subscribes: ClassVar[bool] = False  #: what it tells us of can be set up through its API: `subscribe`
    meters: ClassVar[bool] = False  #: its limits count by the minute: it is built with `meters` where work is done
    app: ClassVar[bool] = False  #: an app of ours there shows conversations and asks us: `admit`; with `calls`
    crowd: ClassVar[Crowd | None] = None  #: None = what is due goes out at once

    objects: ClassVar[tuple[Shape, ...]]  #: what a mapping may file into, the usual one first
    key_field: ClassVar[str] = ""  #: the one field that can carry the key; "" = the mapping names the org's own
    person: ClassVar[Shape | None] = None  #: None = any object can be matched
    known: ClassVar[tuple[Shape, ...]] = ()  #: where any can: those of which something is sure in every account

    patience: timedelta  #: the longest that one call on the wire may take, with a re-login

    @property
    def longest_find(self) -> timedelta:
        """How long `find` may take: the calls that it begins in a fifth of `patience`, to their end."""
        return self.patience * 1.2

    def examine(self, keys: Mapping[str, str], now: datetime, url: str = "") -> list[Finding]:  # noqa: ARG002
        """Look, with calls that change nothing, whether cases can be filed: the login, the API, the clock.

        keys: the objects that mappings file into -> the field with the key there. url: what the CRM is to call,
        https://host/in/<connection>; "" = not known. What cannot be reached is a finding too: it never raises.
        """
        return []

    def subscribe(self, url: str) -> list[Finding]:
        """Set up what the CRM needs to tell us of agents' replies, and say what was found and done there.

        Twice is as good as once. url: as for `examine`. It never raises for what the CRM answers.
        Only where `subscribes`.
        """
        raise NotImplementedError

    def admit(self, callback: Callback, case_id: str) -> None:
        """See that it is our app at an agent's, and that it asks for this case. Pure. Only where `app`.

        Raises Forged, whose message may be shown to the agent.
        """
        raise NotImplementedError

    @property
    def usage(self) -> Usage | None:
        """As its latest answer in this process said; None = it has said nothing yet, or never does.

        Each answer makes a new one, also where it says the same.
        """
        return None

    @property
    def remarks(self) -> list[str]:
        """What an admin should hear when a worker begins; whole sentences. It makes no call."""
        return []

    @property
    def pause_at(self) -> int:
        """At how many percent of its API calls it is to rest, so that others can go on; 100 = never."""
        return 100

    def hear(self, callback: Callback) -> Heard:
        """Read a call of the CRM's. Pure. Only where `calls`.

        Raises Forged, or Malformed when nothing in it can be read.
        """
        raise NotImplementedError

    def schema(self, objects: Sequence[str]) -> Schema:
        """What the org says of these objects, and what an admin should know besides, in few calls. Reads only.

        An object that is not there, or that may not be seen, is left out. Raises RetryLater or Paused.
        Only where `describes`.
        """
        raise NotImplementedError

    @abstractmethod
    def find(self, people: Sequence[PersonMatch]) -> Sequence[Found]:
        """Who these authors are, in the same order. One read for all of them; those to be made are made.

        Of a record that is found the fields of `fill` are written where they are empty, and never else.

        It may be asked for the same persons again at any time, so a record is made only where the CRM's own
        unique key keeps it single. No lease is renewed meanwhile, so it begins no call after a fifth of
        `patience`; who was not reached by then is RetryLater.
        Raises RetryLater, Paused, or Rejected when a rule names what the CRM does not have.
        """

    @abstractmethod
    def identify(self, records: Sequence[Named]) -> Sequence[Identified]:
        """The CRM's ids of records that a mapping names, in the same order. Reads only; in few calls.

        Case makes no difference. It begins no call after a fifth of `patience`, like `find`.
        Raises RetryLater or Paused.
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
    def look(self, filings: Sequence[Filing]) -> Sequence[Collection[str]]:
        """Which parts of each filing the CRM already has: their keys. Reads only.

        Asked when a filing has killed its workers. Raises RetryLater or Paused.
        """
