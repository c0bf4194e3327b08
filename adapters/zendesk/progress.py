"""How far one filing is: what Zendesk has shown of it, and which of its messages are settled. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from adapters.zendesk import notes, text, tickets
from adapters.zendesk.steps import Place, Segment
from adapters.zendesk.tickets import Ticket
from bridge.errors import Rejected, RetryLater, Unsure
from bridge.ports import Filing, Part

EDITED = "Edited by its author:\n"


@dataclass(slots=True, kw_only=True)
class Plan:
    """How far a filing is. The calls' results are written into it."""

    filing: Filing
    home: str = ""  #: the ticket where the conversation goes on; "" = nowhere yet
    episode: int
    tickets: dict[str, Ticket]  #: those that were asked for and are there
    texts: Mapping[str, Sequence[Segment]]  #: part key -> what carries it
    places: dict[str, Place] = field(default_factory=dict)  #: mark -> where its text stands
    looked: set[str] = field(default_factory=set)  #: tickets whose audits were read, or that were made just now
    stale: set[str] = field(default_factory=set)  #: tickets that are not as they were presumed to be
    overtaken: str = ""  #: part that went onto a ticket whose status an agent had changed unseen
    candidates: dict[str, list[str]] = field(default_factory=dict)  #: key -> tickets that were found to carry it
    key_refused: bool = False  #: the Idempotency-Key stands for another request
    nameless: bool = False  #: the customer's user is suspended, so that it goes in under our own name
    blackened: set[str] = field(default_factory=set)  #: deletions and edits whose old texts are seen to
    black: set[str] = field(default_factory=set)  #: those of them whose old texts are all gone
    rewritten: dict[str, set[str]] = field(default_factory=dict)  #: edit -> fields of the ticket written with it
    copied: set[str] = field(default_factory=set)  #: parts whose files are seen to
    found: bool = False  #: an earlier attempt came through, in part at least
    created: bool = False  #: the ticket is this filing's, made now or by an attempt whose answer was lost
    standing: Mapping[str, Any] = field(default_factory=dict)  #: what such a ticket held when it was made
    refs: dict[str, str] = field(default_factory=dict)
    cases: dict[str, str] = field(default_factory=dict)
    dropped: dict[str, str] = field(default_factory=dict)
    anew: set[str] = field(default_factory=set)
    failed: dict[str, RetryLater | Unsure | Rejected] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    @property
    def ticket(self) -> Ticket | None:
        return self.tickets.get(self.home)

    @property
    def settled(self) -> set[str]:
        """The keys of the parts whose fate is known."""
        return self.refs.keys() | self.dropped.keys() | self.failed.keys() | self.anew

    def warn(self, *warnings: str) -> None:
        """Tell something, once."""
        self.warnings += [warning for warning in dict.fromkeys(warnings) if warning not in self.warnings]

    def is_in(self, part: Part) -> bool:
        """Whether all the texts of a part are in."""
        return all(segment.mark in self.places for segment in self.texts[part.key])


def start(filing: Filing, there: Mapping[str, Ticket]) -> Plan:
    """Begin with what Zendesk shows of the tickets that `ids_to_ask` named."""
    known = filing.known
    plan = Plan(
        filing=filing,
        home=known.case_id,
        episode=known.episode,
        tickets={i: there[i] for i in ids_to_ask(filing) if i in there},
        texts={part.key: segments(filing, part) for part in filing.parts},
    )
    if known.case_id not in there:
        gone(plan, known.case_id)
    return plan


def gone(plan: Plan, ticket: str) -> None:
    """Go on without a ticket that was deleted."""
    plan.tickets.pop(ticket, None)
    if ticket and plan.home == ticket:
        plan.home, plan.episode = "", plan.episode + 1


def closed(plan: Plan, ticket: str, now: datetime) -> None:
    """Go on with a ticket that was closed since it was read."""
    there = plan.tickets[ticket]
    plan.tickets[ticket] = replace(there, status="closed", closed_at=there.closed_at or now)


def ids_to_ask(filing: Filing) -> list[str]:
    """Return the ids of the tickets whose state this filing needs."""
    ids = [filing.known.case_id, *(part.case_id for part in filing.parts)]
    return list(dict.fromkeys(i for i in ids if tickets.ID.fullmatch(i)))


def segments(filing: Filing, part: Part) -> list[Segment]:
    """Return the texts that carry a part. The opening message's stands in `create`."""
    if part.act == "delete":
        return [Segment(part=part.key, mark=text.mark(part.key), html=text.markup(notes.of_deletion(part)))]
    said = filing.create.get("description") if part.key == filing.opener else None
    shown = f"{EDITED if part.act == 'edit' else ''}{part.text if said is None else said}"
    html = text.pieces(shown)
    return [Segment(part=part.key, mark=text.mark(part.key, i), html=piece) for i, piece in enumerate(html)]


def files_mark(part: Part) -> str:
    """Return by what the comment with a part's files is found again."""
    return text.mark(f"{part.key}#files")


# --- what came back -------------------------------------------------------------------------------------------


def take(plan: Plan, found: Mapping[str, Place]) -> None:
    """Settle the parts of which all is in. A text that stands twice counts where it was found first."""
    twice = {m for m, place in found.items() if plan.places.get(m, place).ticket != place.ticket}
    if twice:
        plan.warn("The same message stands in several tickets; the oldest one is taken.")
    plan.places = {**found, **plan.places}
    for part in plan.filing.parts:
        places = _places(plan, part)
        if part.key in plan.settled or not places:
            continue
        if places[0].opens and part.key == plan.filing.opener:
            _opened_by(plan, places[0].ticket)
        if plan.is_in(part) and not _more(plan, part):
            settle(plan, part)


def _more(plan: Plan, part: Part) -> bool:
    """Whether a part whose text is in needs something else."""
    return part.act == "edit" or bool(part.files and files_mark(part) not in plan.places)


def settle(plan: Plan, part: Part) -> None:
    """Tell where a part stands that needs nothing any more."""
    places = _places(plan, part)
    opened = places[0].opens and part.key == plan.filing.opener
    refs = [places[0].ticket if opened else places[0].ref, *(p.ref for p in places[1:])]
    if copy := plan.places.get(files_mark(part)):
        refs.append(notes.of_files(copy.ref))
    if part.act == "edit":
        old = part.ref.split(",")
        refs = [*(ref for ref in old if part.key not in plan.black or not notes.REF.fullmatch(ref)), *refs]
    plan.refs[part.key] = ",".join(dict.fromkeys(ref for ref in refs if ref))
    plan.cases[part.key] = places[0].ticket


def _places(plan: Plan, part: Part) -> list[Place]:
    """Where a part's texts are; more of them than the text needs now, if it was blanked after it was sent."""
    most = len(plan.texts[part.key]) + len(plan.places)
    found = (plan.places.get(text.mark(part.key, i)) for i in range(most))
    return [place for place in found if place]


def _opened_by(plan: Plan, ticket: str) -> None:
    """Go on in a ticket that this filing has opened."""
    filing = plan.filing
    if plan.home != ticket:
        episodes = (filing.known.episode + n for n in (0, 1))
        found = (n for n in episodes if ticket in plan.candidates.get(filing.key_at(n), ()))
        plan.home, plan.episode, plan.created = ticket, next(found, plan.episode), True
