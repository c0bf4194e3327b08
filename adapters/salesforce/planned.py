"""What is known of one filing, and what there is to do for it: cases, comments, changes. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bridge.errors import Rejected, RetryLater, Unsure
from bridge.ports import Part, Value

COMMENT_PREFIX = "00a"
FILE_PREFIX = "068"
MESSAGE_PREFIX = "a"
"""What the ids of CaseComments, ContentVersions and of the plugin's messages begin with; other ids in a ref are
those of the records that messages opened. The prefix of a custom object differs from org to org, but for its a."""

TEXT = "Description"
"""The field with a case's opening text."""

MESSAGE = "Social_Message__c"
"""The plugin's object: one record for each message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case, lead or task as it stands in the org. id "" = the one that this filing is about to open."""

    id: str
    closed: bool = False
    closed_at: datetime | None = None
    made: datetime | None = None
    gone: bool = False  #: a converted lead: it is there and can no longer be changed
    values: Mapping[str, Any] = field(default_factory=dict)  #: by field, in lower case: the org spells its own way


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A comment as it stands in the org."""

    body: str
    parent: str
    ours: bool  #: nobody has changed it but us


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the org was asked about one filing."""

    ids: Mapping[str, Case] = field(default_factory=dict)  #: an id that was asked for and is not here is gone
    keys: Mapping[str, Case] = field(default_factory=dict)  #: by the key field, with the episode
    markers: Mapping[str, str] = field(default_factory=dict)  #: marker -> id of the comment or message there
    parents: Mapping[str, str] = field(default_factory=dict)  #: id of such a one -> its case; "" = none any more
    fresh: frozenset[str] = frozenset()  #: ids of those that came in when nobody had looked at their case yet
    standing: Mapping[str, Standing] = field(default_factory=dict)  #: the comments that edits are about, by id
    lengths: Mapping[str, int] = field(default_factory=dict)  #: of the object's fields, by name in lower case
    plugin: bool = False  #: messages become records of their own; else comments
    silent: frozenset[str] = frozenset()  #: keys of cases that hold no text although `create` gives one


@dataclass(slots=True, kw_only=True)
class Comment:
    """The comments that carry one part, or the message. parent "" = the case that this filing opens."""

    part: Part
    parent: str
    bodies: list[str]
    public: bool
    ids: dict[int, str]  #: piece -> id, of those that are in
    message: bool = False  #: a record of the plugin's; it has one piece
    there: str = ""  #: the id of a message that is in, and belongs to another case now
    also: tuple[str, ...] = ()  #: where else words of this message stand
    left_out: dict[str, str] = field(default_factory=dict)  #: field of a message -> why the org refuses it
    trouble: RetryLater | Unsure | Rejected | None = None

    @property
    def missing(self) -> list[int]:
        return [i for i in range(len(self.bodies)) if i not in self.ids]

    @property
    def ref(self) -> str:
        return ",".join(dict.fromkeys((*self.also, *(self.ids[i] for i in sorted(self.ids)))))


@dataclass(slots=True, kw_only=True)
class Change:
    """New values for a record that is there. parts: the keys of those that fail when it does."""

    kind: str = ""  #: the object; "" = the filing's
    fields: dict[str, Value] = field(default_factory=dict)
    parts: list[str] = field(default_factory=list)
    reopens: bool = False
    refs: dict[str, str] = field(default_factory=dict)  #: part key -> ref, of those that are done with it
    carried: dict[str, Value] = field(default_factory=dict)  #: raised and assigned; refused, the rest goes alone
    bearers: list[str] = field(default_factory=list)  #: the keys of the parts that brought `carried`
    assigned: dict[str, Value] = field(default_factory=dict)  #: of these, what is to be remembered
    done: bool = False

    @property
    def waited_for(self) -> list[str]:
        """The keys of the parts that are not filed before it is written."""
        return self.parts + (self.bearers if self.carried else [])


@dataclass(slots=True, kw_only=True)
class Redaction:
    """Comments whose author deleted the message. parent: where a note can stand; "" = nowhere."""

    part: Part
    ids: list[str]
    parent: str
    refused: list[str] = field(default_factory=list)
    blanked: set[str] = field(default_factory=set)  #: ids that were tried
    hidden: set[str] = field(default_factory=set)  #: of those that were refused, the ones tried again
    told: bool = False


@dataclass(slots=True, kw_only=True)
class Edit:
    """A message that now reads otherwise."""

    part: Part
    parent: str  #: the case
    refs: list[str]  #: where its words stand
    bodies: list[str]  #: what its comments are to be, as far as there are comments; longer: the rest is added
    more: dict[int, str]  #: piece -> id, of those that an earlier attempt added
    added: dict[int, str]  #: the same, of the comments that say it anew where it cannot be rewritten
    notes: dict[str, str] = field(default_factory=dict)  #: of the case's fields, once they are written
    stuck: bool = False  #: some of it cannot be rewritten
    refusal: str = ""  #: the org's reason for that; "" = someone else has changed it


@dataclass(slots=True, kw_only=True)
class Rewrite:
    """New values for one record, as edits want them; the last one's word counts."""

    kind: str  #: the object
    fields: dict[str, Any] = field(default_factory=dict)
    edits: list[Edit] = field(default_factory=list)
    done: bool = False


@dataclass(slots=True, kw_only=True)
class Plan:
    """What there is to do, and what is settled already. The calls' results are written into it."""

    case: Case | None  #: where the conversation goes on; None = nowhere yet
    episode: int
    inserts: bool = False  #: a new case is to be made
    opener: str = ""  #: the part that the new case itself carries
    created: bool = False  #: the case is this filing's, made now or by an attempt whose answer was lost
    standing: Mapping[str, Any] | None = (
        None  #: what a case that a lost attempt opened holds, if nobody touched it
    )
    changes: dict[str, Change] = field(default_factory=dict)  #: by case id
    redactions: list[Redaction] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    rewrites: dict[str, Rewrite] = field(default_factory=dict)  #: by the record's id
    comments: list[Comment] = field(default_factory=list)
    mute: list[Part] = field(default_factory=list)  #: for a record that takes no comments
    assigned: dict[str, Value] = field(default_factory=dict)  #: what the case was given: remembered in its notes
    refs: dict[str, str] = field(default_factory=dict)
    cases: dict[str, str] = field(default_factory=dict)  #: part key -> the case its comment goes to or is in
    dropped: dict[str, str] = field(default_factory=dict)
    anew: set[str] = field(default_factory=set)  #: parts that need a case which `create` is not for
    failed: dict[str, RetryLater | Unsure | Rejected] = field(default_factory=dict)
    notes: dict[str, dict[str, str]] = field(default_factory=dict)  #: part key -> what its next edit must know
    warnings: list[str] = field(default_factory=list)

    @property
    def settled(self) -> set[str]:
        """The keys of the parts whose fate is known."""
        return self.refs.keys() | self.dropped.keys() | self.failed.keys() | self.anew

    @property
    def rewriting(self) -> bool:
        """Whether edited texts are still to be written."""
        return not all(rewrite.done for rewrite in self.rewrites.values())

    @property
    def redacting(self) -> bool:
        """Whether comments of deleted messages are still to be changed."""
        return any(
            set(one.ids) - one.blanked or set(one.refused) - one.hidden
            for one in self.redactions
            if one.part.key not in self.failed
        )

    @property
    def pending(self) -> bool:
        """Whether records that are there are still to be changed."""
        return self.rewriting or self.redacting or not all(change.done for change in self.changes.values())


def records_in(part: Part) -> list[str]:
    """Return the ids of cases, leads and tasks in a part's ref."""
    others = (COMMENT_PREFIX, FILE_PREFIX, MESSAGE_PREFIX)
    return [ref for ref in part.ref.split(",") if ref and not ref.startswith(others)]


def comments_in(part: Part) -> list[str]:
    """Return the ids of comments in a part's ref."""
    return [ref for ref in part.ref.split(",") if ref.startswith(COMMENT_PREFIX)]


def messages_in(part: Part) -> list[str]:
    """Return the ids of the plugin's messages in a part's ref."""
    return [ref for ref in part.ref.split(",") if ref.startswith(MESSAGE_PREFIX)]


def files_in(part: Part) -> list[str]:
    """Return the ids of copied files, of their versions, in a part's ref."""
    return [ref for ref in part.ref.split(",") if ref.startswith(FILE_PREFIX)]
