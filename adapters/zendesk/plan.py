"""What one filing needs next, decided from what Zendesk said so far. Pure: no call, no clock.

A filing goes through in single steps, one call or one reading each; after each the next is decided anew. So a
ticket that turns out to be closed, gone or already there needs no way of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from adapters.zendesk import notes, text, tickets
from adapters.zendesk.steps import Look, Place, Redact, Search, Segment, Step, Write, joined
from adapters.zendesk.tickets import Ticket
from bridge.errors import Rejected, RetryLater, Unsure
from bridge.fitting import size
from bridge.ports import Filing, Part, Value

MOST_TEXTS = 50  #: in one comment
KEY_HOLDS = timedelta(minutes=100)
"""How long a POST is safely repeated: Zendesk forgets an Idempotency-Key after two hours.

https://developer.zendesk.com/api-reference/ticketing/introduction/#idempotency
"""


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
    candidates: dict[str, list[str]] = field(default_factory=dict)  #: key -> tickets that were found to carry it
    key_refused: bool = False  #: the Idempotency-Key stands for another request
    blackened: set[str] = field(default_factory=set)  #: deletions whose texts are seen to
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


def step(plan: Plan, *, now: datetime, latest_commit: timedelta) -> Step | RetryLater | None:
    """Say what is to be done next. RetryLater: nothing yet, all that is not settled waits; None: it is done."""
    while (part := _first(plan)) is not None:
        wanted = _asked_before(plan) or _for(plan, part, now)
        if wanted is not None:
            return _held_back(plan, wanted, now, latest_commit) or wanted
    return None


def _first(plan: Plan) -> Part | None:
    settled = plan.settled
    return next((part for part in plan.filing.parts if part.key not in settled), None)


def _asked_before(plan: Plan) -> Look | Search | None:
    """After a lost attempt nothing is decided before the tickets that it may have met were looked at."""
    filing = plan.filing
    if filing.unsure_since is None and not plan.key_refused:
        return None
    known = plan.tickets.get(filing.known.case_id)
    following = filing.key_at(filing.known.episode + 1)
    opening = filing.opener and filing.opener not in plan.settled
    if known and known.reopened and opening and following not in plan.candidates:
        return Search(key=following)  # the lost attempt may have met it solved, and opened the next one
    unseen = (ticket for ticket in plan.tickets if ticket not in plan.looked)
    return next((Look(ticket=ticket) for ticket in unseen), None)


def _held_back(plan: Plan, wanted: Step, now: datetime, latest_commit: timedelta) -> RetryLater | None:
    """After a lost attempt ask nothing before Zendesk can no longer do what it gave no answer to.

    Then what was found is told first, so that the rest is stored as a new attempt; that ends, because each round
    settles a part. Where none is settled there is nothing to tell, and what is missing is sent: the store moves
    `unsure_last` on whenever an attempt may have arrived, so none is still on its way. A POST needs no such wait
    while its key holds, nor does what goes into a ticket that was made just now.
    """
    filing = plan.filing
    if filing.unsure_since is None:
        return None
    wait = timedelta(0)
    if isinstance(wanted, Look | Search):
        wait = (filing.unsure_last or filing.unsure_since) + latest_commit - now
        if wait <= timedelta(0):
            return None
    elif not (plan.found and plan.settled):
        return None
    return RetryLater(
        "an earlier attempt got no answer, and Zendesk may still carry it out; then what is missing is sent",
        after=wait,
    )


# --- one part -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Onto:
    """A comment on a ticket that is there."""

    ticket: Ticket
    fields: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Opens:
    """A new ticket. follows: the closed one before it."""

    episode: int
    follows: Ticket | None = None


@dataclass(frozen=True, slots=True)
class Dropped:
    """The mapping, or the rule for echoes, wants none of it."""

    reason: str


Goes = Onto | Opens | Dropped | Rejected


def goes(plan: Plan, part: Part, ticket: Ticket | None) -> Goes:
    """Say where a text goes. ticket: the conversation's, as it will be by then."""
    if part.case_id:
        own = plan.tickets.get(part.case_id)
        if own is None:
            return Rejected(f"the ticket {part.case_id!r} that this belongs to was deleted in Zendesk")
        if own.status != "closed":
            return Onto(ticket=own)
        if ticket is None or ticket.over:
            return Rejected(f"the ticket {own.id!r} that this belongs to is closed for good in Zendesk")
        return Onto(ticket=ticket)
    if ticket and not ticket.over:
        answered = part.opens and ticket.status in ("pending", "hold")
        return Onto(ticket=ticket, fields={"status": "open"} if answered else {})
    if not part.opens:
        return Dropped("echo")
    return _goes_to_ended(plan, part, ticket) if ticket else Opens(plan.episode)


def _goes_to_ended(plan: Plan, part: Part, ticket: Ticket) -> Goes:
    """A closed ticket takes nothing any more, whatever the mapping says: a follow-up stands for it."""
    reopen = plan.filing.reopen
    onto = reopen.onto(ticket.closed_at, part.received_at)
    if onto == "drop":
        return Dropped(reopen.line or "if_closed")
    if ticket.status == "closed":
        return Opens(plan.episode + 1, follows=ticket)
    if onto == "new_case":
        return Opens(plan.episode + 1)
    return Onto(ticket=ticket, fields=(reopen.set or {"status": "open"}) if onto == "reopen" else {})


def _for(plan: Plan, part: Part, now: datetime) -> Step | None:
    """Say what a part needs; None = it is settled now, or something was found that decides anew."""
    if plan.anew and part.key not in _begun(plan):
        plan.anew.add(part.key)  # behind one that waits for its own ticket
        return None
    if part.act == "delete":
        return _deletion(plan, part)
    match goes(plan, part, plan.ticket):
        case Onto(ticket=ticket, fields=fields):
            return _bundle(plan, part, ticket, fields, _author(part))
        case Opens(episode=episode, follows=follows):
            return _opening(plan, part, episode, follows, now)
        case Dropped(reason=reason):
            plan.dropped[part.key] = reason
        case Rejected() as refused:
            plan.failed[part.key] = refused
    return None


def _begun(plan: Plan) -> set[str]:
    """The parts of which a piece is in."""
    return {p.key for p in plan.filing.parts if any(s.mark in plan.places for s in plan.texts[p.key])}


def _opening(plan: Plan, part: Part, episode: int, follows: Ticket | None, now: datetime) -> Step | None:
    filing = plan.filing
    if part.key != filing.opener:
        plan.anew.add(part.key)  # `create` holds another message's words
        return None
    key = filing.key_at(episode)
    if key not in plan.candidates and (plan.key_refused or not _repeats(filing, now)):
        return Search(key=key)
    write = _bundle(plan, part, Ticket(), {}, _author(part) or str(filing.create.get("requester_id") or ""))
    return replace(write, episode=episode, follows=follows)


def _repeats(filing: Filing, now: datetime) -> bool:
    """Whether a POST creates no second ticket: none was sent before, or its key still stands for that one."""
    if filing.unsure_since is None:
        return True
    return bool(filing.op) and filing.same_op and now - filing.unsure_since < KEY_HOLDS


def requester(filing: Filing, follows: Ticket | None) -> str:
    """Return who asks in a new ticket; a follow-up would otherwise be the token's user's."""
    given = filing.create.get("requester_id") or (follows.values.get("requester_id") if follows else "")
    return str(given or "")


# --- comments -------------------------------------------------------------------------------------------------


def segments(filing: Filing, part: Part) -> list[Segment]:
    """Return the texts that carry a part. The opening message's stands in `create`."""
    if part.act == "delete":
        return [Segment(part=part.key, mark=text.mark(part.key), html=text.markup(notes.of_deletion(part)))]
    said = filing.create.get("description") if part.key == filing.opener else None
    html = text.pieces(part.text if said is None else str(said))
    return [Segment(part=part.key, mark=text.mark(part.key, i), html=piece) for i, piece in enumerate(html)]


def _author(part: Part) -> str:
    return part.person if tickets.ID.fullmatch(part.person) else ""


def _shown(part: Part, author: str) -> bool:
    """Whether the customer sees it: without an author it is our agent's, and would count as a public reply."""
    return part.public and bool(author)


def _bundle(plan: Plan, first: Part, ticket: Ticket, fields: Mapping[str, Value], author: str) -> Write:
    """Join what follows in one comment as long as it goes to the same place, from the same author, and fits."""
    filing = plan.filing
    write = Write(ticket=ticket, segments=(), public=_shown(first, author), author=author, fields=fields)
    after = plan.ticket if first.case_id else ticket
    if fields or not ticket.id:
        after = replace(ticket, status="open")
    waiting = [p for p in filing.parts if p.key not in plan.settled]
    for part in waiting[waiting.index(first) :]:
        if part is not first and not _joins(plan, part, write, after):
            break
        for segment in plan.texts[part.key]:
            if segment.mark in plan.places:
                continue
            more = (*write.segments, segment)
            if write.segments and (len(more) > MOST_TEXTS or size(joined(more)) > text.LIMIT):
                return write
            write = replace(write, segments=more)
    return write


def _joins(plan: Plan, part: Part, write: Write, after: Ticket | None) -> bool:
    author = _author(part)
    if part.act != "add" or (_shown(part, author), author) != (write.public, write.author):
        return False
    to = goes(plan, part, after)
    return isinstance(to, Onto) and to.ticket.id == write.ticket.id and not to.fields


# --- deletions ------------------------------------------------------------------------------------------------


def _deletion(plan: Plan, part: Part) -> Step | None:
    refs = [ref for ref in part.ref.split(",") if ref]
    ticket = plan.tickets.get(part.case_id or plan.filing.known.case_id)
    if not refs:
        plan.dropped[part.key] = "target_unknown"
    elif ticket is None:
        plan.refs[part.key] = part.ref
        plan.warnings.append("The ticket of a deleted message is no longer in Zendesk.")
    elif part.key not in plan.blackened:
        return Redact(part=part, ticket=ticket, texts=notes.texts_of(refs), opening=ticket.id in refs)
    elif ticket.status == "closed":
        plan.refs[part.key] = part.ref
        if notes.to_blank(part, ticket)[0]:
            plan.warnings.append(f"Ticket {ticket.id} is closed: its subject and fields keep the deleted text.")
    else:
        fields, warnings = notes.to_blank(part, ticket)
        plan.warnings += warnings
        return Write(ticket=ticket, segments=tuple(plan.texts[part.key]), public=False, fields=fields)
    return None


# --- what came back -------------------------------------------------------------------------------------------


def take(plan: Plan, found: Mapping[str, Place]) -> None:
    """Settle the parts whose texts are all in. A text that stands twice counts where it was found first."""
    twice = {m for m, place in found.items() if plan.places.get(m, place).ticket != place.ticket}
    if twice:
        plan.warnings.append("The same message stands in several tickets; the oldest one is taken.")
    plan.places = {**found, **plan.places}
    for part in plan.filing.parts:
        places = _places(plan, part)
        if part.key in plan.settled or not places:
            continue
        if places[0].opens and part.key == plan.filing.opener:
            _opened_by(plan, places[0].ticket)
        if all(s.mark in plan.places for s in plan.texts[part.key]):
            opened = places[0].opens and part.key == plan.filing.opener
            refs = [places[0].ticket if opened else places[0].ref, *(p.ref for p in places[1:])]
            plan.refs[part.key] = ",".join(ref for ref in refs if ref)
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
