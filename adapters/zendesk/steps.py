"""The steps that a filing goes through, and where its texts stand. Pure values."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from adapters.zendesk import text
from adapters.zendesk.tickets import Ticket
from bridge.ports import Part, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a text stands in Zendesk."""

    ticket: str
    ref: str  #: comment, or "a" and the audit, text.FIRST, or text.BY_MARK and a mark:number of the text:how many
    opens: bool = False  #: the ticket was made with it


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One text of a comment, or a piece of a long one."""

    part: str
    mark: str
    html: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Read a ticket's audits: is something of ours in?"""

    ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """Read a ticket anew: it is not as it was thought to be."""

    ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Read which tickets carry a key."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One comment, with what changes beside it. ticket.id "" = a new ticket is made with it.

    Without segments it changes fields alone.
    """

    ticket: Ticket
    segments: tuple[Segment, ...]
    public: bool
    author: str = ""  #: "" = the token's own user
    fields: Mapping[str, Value] = field(default_factory=dict)
    guarded: bool = False  #: an agent's change since the reading stops it: the fields were chosen by what was read
    episode: int = 0  #: of a new ticket
    follows: Ticket | None = None  #: the closed ticket that a new one follows up

    @property
    def parts(self) -> set[str]:
        return {segment.part for segment in self.segments}


@dataclass(frozen=True, slots=True, kw_only=True)
class Redact:
    """Black out what a customer deleted or edited."""

    part: Part
    ticket: Ticket
    texts: Mapping[str, Mapping[int, int]]  #: number of the text -> how many there are
    files: Collection[str]  #: comments whose files go
    first: Mapping[int, int]  #: the same, of the ticket's first comment


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """Fetch a part's files, and attach them in a private comment of their own."""

    part: Part
    ticket: Ticket


Step = Read | Look | Search | Write | Redact | Copy


def joined(of: Sequence[Segment]) -> str:
    """Return a comment's HTML."""
    return text.LINE.join(segment.html for segment in of)
