"""The values that pass between the store and what decides: an item, a verdict, a filing's fate. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bridge.frozen import Frozen
from bridge.mapping import NO_FACTS, Facts
from bridge.message import Message, load
from bridge.ports import Known

Id = tuple[str, str, str]  #: channel, account, message id: what an edit, a deletion or a reply points at


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One row of the inbox."""

    id: int  #: the ledger's order
    key: str
    lane: str
    points_at: Id  #: channel, account, message id
    change: str
    state: str
    deleted: bool
    age: timedelta  #: since ingest, by the database's clock
    mapping: str
    decision: str  #: JSON
    case_id: str | None
    reason: str
    crm_case: str
    crm_ref: str
    crm_notes: str  #: JSON: what the adapter noted of the case that it opened; "" = it opened none
    unsure_since: int | None
    unsure_last: int | None
    body: str
    raw: bytes
    revision: int = 0  #: of the mapping set that decided it; 0 = nobody knows

    @property
    def message(self) -> Message:
        """The message itself. Raises ValueError if an older version stored what this one cannot read."""
        return load(self.body, self.raw)

    @property
    def readable(self) -> Message | None:
        """The message itself; None = nobody could read it, or an older version stored it."""
        try:
            return self.message
        except ValueError:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The item goes to a case row."""

    case_id: str
    target: str
    mapping: str
    decision: str  #: JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """The item ends here: dropped by a reason or mapping line, or dead."""

    state: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """The item stays, and with it everything behind it in its lane."""

    after: timedelta
    why: str = ""  #: a whole sentence of whoever gave no answer; "" = it is only not its turn


Verdict = Place | Settle | Wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What one claimed case row has to do: a stored filing to repeat, or items to render."""

    known: Known
    frozen: Frozen | None = None  #: with op, known and the unsure times filled in
    attempts: int = 0  #: counted ones
    failing_for: timedelta = timedelta(0)  #: since the first counted one
    heard_at: datetime | None = None  #: the latest message of a customer that was filed or is being filed
    facts: Facts = NO_FACTS  #: when its case was opened and first answered
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What became of a case row's waiting items: one filing, and those that end here."""

    items: tuple[Item, ...]  #: all that were looked at
    frozen: Frozen | None  #: None = nothing to send
    ended: Mapping[int, Settle] = field(default_factory=dict)
    known: Known | None = None  #: a new episode begins with it; None = as it was
    heard_at: datetime | None = None  #: the latest message of a customer in it; None = none is


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What one CRM answer means for one filing, part keys in every set."""

    known: Known | None = None  #: None = as it was
    opened: bool = False  #: known.case_id is another case than before
    replied_at: datetime | None = None  #: the first answer of ours that was filed; None = none was
    receipt: bool = False  #: the op has ended: what is left gets a new one
    filed: Mapping[str, str] = field(default_factory=dict)  #: key -> CRM refs
    cases: Mapping[str, str] = field(default_factory=dict)  #: key -> its case, where not known.case_id
    notes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  #: key -> of an opening text rewritten
    link: str = ""
    left_out: bool = False  #: see Receipt
    warnings: tuple[str, ...] = ()
    dropped: Mapping[str, str] = field(default_factory=dict)
    dead: Mapping[str, str] = field(default_factory=dict)
    partly: frozenset[str] = frozenset()  #: the dead of which a part is in the CRM: a replay asks first
    ready: frozenset[str] = frozenset()  #: to be rendered anew: the filing they were in was refused
    left: frozenset[str] = frozenset()  #: stay in the stored filing
    why: str = ""  #: something is left
    unsure: bool = False  #: what is left may have been applied
    job: str = ""  #: by what the CRM can be asked about that
    clears: bool = False  #: nothing of what is left was ever applied
    counts: bool = False  #: this attempt was the row's own fault
    after: timedelta | None = None
    crashes: int = 0  #: a suspect stays one until it was really tried
