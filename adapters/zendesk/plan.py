"""What one filing needs next, decided from what Zendesk said so far. Pure: no call, no clock.

A filing goes through in single steps, one call or one reading each; after each the next is decided anew. So a
ticket that turns out to be closed, gone or already there needs no way of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from adapters.zendesk import changes, notes, text, tickets
from adapters.zendesk.progress import Plan, files_mark, settle
from adapters.zendesk.steps import Copy, Look, Read, Redact, Search, Step, Write, joined
from adapters.zendesk.tickets import Ticket
from bridge.errors import Rejected, RetryLater
from bridge.fitting import size
from bridge.ports import Filing, Part, Value

MOST_TEXTS = 50  #: in one comment
MOST_SINGLE = 5
"""Cases that are written one by one; where more are due at once, Zendesk gets them as jobs."""

KEY_HOLDS = timedelta(minutes=100)
"""How long a POST is safely repeated: Zendesk forgets an Idempotency-Key after two hours.

https://developer.zendesk.com/api-reference/ticketing/introduction/#idempotency
"""


def step(plan: Plan, *, now: datetime, latest_commit: timedelta) -> Step | RetryLater | None:
    """Say what is to be done next. RetryLater: nothing yet, all that is not settled waits; None: it is done."""
    if plan.stale:
        return Read(ticket=min(plan.stale))
    if plan.overtaken and (mending := _mending(plan)):
        return mending
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
    opening = filing.opener and filing.opener not in plan.settled | _begun(plan)
    if known and known.reopened and opening and following not in plan.candidates:
        return Search(key=following)  # the lost attempt may have met it solved, and opened the next one
    unseen = (ticket for ticket in plan.tickets if ticket not in plan.looked)
    return next((Look(ticket=ticket) for ticket in unseen), None)


def _held_back(plan: Plan, wanted: Step, now: datetime, latest_commit: timedelta) -> RetryLater | None:
    """After a lost attempt ask nothing before Zendesk can no longer do what it gave no answer to.

    Then what was found is told first, so that the rest is stored as a new attempt; that ends, because each round
    settles a part. Where none is settled there is nothing to tell, and what is missing is sent: the store moves
    `unsure_last` on whenever an attempt may have arrived, so none is still on its way. A POST needs no such wait
    while its key holds, nor does what goes into a ticket that was made just now, nor files,
    which belong to a text that is in.
    """
    filing = plan.filing
    if filing.unsure_since is None or isinstance(wanted, Copy):
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


def as_job(plan: Plan, *, ticket: str, episode: int) -> Write:
    """Return the write that a job has carried out for this filing. ticket: "" = a new one, with this episode."""
    first = plan.filing.parts[0]
    author = _author(first) if ticket else opens_as(plan.filing, first)
    return Write(
        ticket=Ticket(id=ticket, presumed=True),
        segments=tuple(s for part in plan.filing.parts for s in plan.texts[part.key]),
        public=_shown(first, author),
        author=author,
        episode=episode,
    )


def _mending(plan: Plan) -> Write | None:
    """Return what a ticket needs that was solved or set to pending as a message went there; None = nothing."""
    part = next(p for p in plan.filing.parts if p.key == plan.overtaken)
    match goes(plan, part, plan.ticket):
        case Onto(ticket=ticket, fields=fields) if fields:
            return Write(ticket=ticket, segments=(), public=False, fields=fields)
        case Opens() if plan.ticket:  # too late for a new one: the message stands there, and must be seen
            return Write(ticket=plan.ticket, segments=(), public=False, fields={"status": "open"})
    plan.overtaken = ""
    return None


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
    if plan.is_in(part):
        return _afterwards(plan, part)
    if part.act != "add":
        return _rewriting(plan, part)
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
    write = _bundle(plan, part, Ticket(), {}, opens_as(filing, part))
    return replace(write, episode=episode, follows=follows)


def _repeats(filing: Filing, now: datetime) -> bool:
    """Whether a POST creates no second ticket: none was sent before, or its key still stands for that one.

    A job's tickets have no keys, and what was stored with many others may have gone out in one.
    """
    if filing.unsure_since is None:
        return True
    return bool(filing.op) and filing.same_op and not in_crowd(filing) and now - filing.unsure_since < KEY_HOLDS


def in_crowd(filing: Filing) -> bool:
    """Whether a filing may go out in a job."""
    return filing.together > MOST_SINGLE


def fits_job(plan: Plan, write: Write) -> bool:
    """Whether a write is all that its filing needs, so that one item of a job can stand for it."""
    parts = plan.filing.parts
    plain = all(part.act == "add" and not part.files for part in parts) and write.follows is None
    return plain and [s for part in parts for s in plan.texts[part.key]] == list(write.segments)


def opens_as(filing: Filing, part: Part) -> str:
    """Return who speaks in the first comment of a new ticket; "" = the token's user."""
    return _author(part) or str(filing.create.get("requester_id") or "")


def requester(filing: Filing, follows: Ticket | None) -> str:
    """Return who asks in a new ticket; a follow-up would otherwise be the token's user's."""
    given = filing.create.get("requester_id") or (follows.values.get("requester_id") if follows else "")
    return str(given or "")


# --- comments -------------------------------------------------------------------------------------------------


def _author(part: Part) -> str:
    return part.person if tickets.ID.fullmatch(part.person) else ""


def _shown(part: Part, author: str) -> bool:
    """Whether the customer sees it: without an author it is our agent's, and would count as a public reply."""
    return part.public and bool(author)


def _bundle(plan: Plan, first: Part, ticket: Ticket, fields: Mapping[str, Value], author: str) -> Write:
    """Return the comment that a part goes in, with all that changes beside it."""
    write = _joined(plan, first, ticket, fields, author)
    parts = (part for part in plan.filing.parts if part.key in write.parts)
    given = changes.beside(plan, ticket, parts, fields)
    return replace(write, fields=given, guarded=given != fields or (first.act == "edit" and bool(fields)))


def _joined(plan: Plan, first: Part, ticket: Ticket, fields: Mapping[str, Value], author: str) -> Write:
    """Join what follows in one comment as long as it goes to the same place, from the same author, and fits."""
    filing = plan.filing
    write = Write(ticket=ticket, segments=(), public=_shown(first, author), author=author, fields=fields)
    after = plan.ticket if first.case_id else ticket
    if fields or not ticket.id:
        after = replace(ticket, status="open")
    waiting = [p for p in filing.parts if p.key not in plan.settled]
    for part in waiting[waiting.index(first) :]:
        if part is not first and not (first.act == "add" and _joins(plan, part, write, after)):
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


# --- edits and deletions --------------------------------------------------------------------------------------


def _rewriting(plan: Plan, part: Part) -> Step | None:
    """Say what an edit or a deletion needs that agents have not been told of yet."""
    ticket = _own(plan, part)
    if not part.ref:
        plan.dropped[part.key] = "target_unknown"
    elif ticket is None:
        plan.refs[part.key] = part.ref
        plan.warn(f"The ticket of {notes.SAID[part.act].message} is no longer in Zendesk.")
    else:
        return _edit(plan, part, ticket) if part.act == "edit" else _deletion(plan, part, ticket)
    return None


def _own(plan: Plan, part: Part) -> Ticket | None:
    """The ticket in which the message stands that was edited or deleted."""
    return plan.tickets.get(part.case_id or plan.filing.known.case_id)


def _deletion(plan: Plan, part: Part, ticket: Ticket) -> Step | None:
    if part.key not in plan.blackened:
        return _redaction(part, ticket)
    fields = _rewritten(plan, part, ticket)
    if ticket.status == "closed":
        plan.refs[part.key] = part.ref
        return None
    return Write(ticket=ticket, segments=tuple(plan.texts[part.key]), public=False, fields=fields)


def _edit(plan: Plan, part: Part, ticket: Ticket) -> Write | None:
    """The new text comes first, then the old one goes: so there is always one."""
    onto = plan.ticket if ticket.status == "closed" else ticket
    if onto is None or onto.status == "closed":
        plan.refs[part.key] = part.ref
        plan.warn(f"Ticket {ticket.id} is closed: the text there is from before its author's edit.")
        return None
    return _bundle(plan, part, onto, _rewritten(plan, part, ticket), _author(part))


def _rewritten(plan: Plan, part: Part, ticket: Ticket) -> dict[str, Value]:
    """Return the fields of a ticket to write anew with the note of a deletion, or the text of an edit."""
    fields, changed = notes.to_rewrite(part, ticket, cut=plan.filing.too_long == "shorten")
    stays = notes.SAID[part.act].stays
    if ticket.status == "closed":
        if fields:
            plan.warn(f"Ticket {ticket.id} is closed: its subject and fields keep {stays}.")
        return {}
    plan.warn(
        *(f"{name} of ticket {ticket.id} was changed in Zendesk; {stays} may stand there." for name in changed)
    )
    return fields


def _redaction(part: Part, ticket: Ticket) -> Redact:
    refs = part.ref.split(",")
    texts = notes.texts_of(refs)
    first = texts.pop(text.FIRST, {}) | ({0: 0} if ticket.id in refs else {})
    return Redact(
        part=part,
        ticket=ticket,
        texts=texts,
        files=notes.files_of(refs) if part.act == "delete" else frozenset(),
        first=first,
    )


def _afterwards(plan: Plan, part: Part) -> Step | None:
    """Say what a part needs whose text is in; None = it is settled now."""
    own = _own(plan, part)
    if part.act == "edit" and own and part.key not in plan.blackened:
        return _redaction(part, own)
    onto = plan.tickets.get(plan.places[plan.texts[part.key][0].mark].ticket)
    if part.files and onto and files_mark(part) not in plan.places and part.key not in plan.copied:
        return Copy(part=part, ticket=onto)
    settle(plan, part)
    return None
