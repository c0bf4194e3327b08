"""What later messages change of a ticket that is there: a field is raised, an owner given anew. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from adapters.zendesk import memory, tickets
from adapters.zendesk.progress import Plan
from adapters.zendesk.tickets import Ticket
from bridge.ports import Part, Value
from bridge.written import NOTES_ROOM, digest, stands


def beside(plan: Plan, ticket: Ticket, parts: Iterable[Part], fields: Mapping[str, Value]) -> Mapping[str, Value]:
    """Return the fields that a comment with these parts writes: the given ones, and once a filing what rises.

    An owner is given only where the mapping's answer is another than the last time: agents may have moved the
    ticket since.
    """
    if not ticket.id or not any(map(_counts, parts)) or _heard(plan, ticket.id):
        return fields
    if plan.created and ticket.id == plan.home:
        return fields  # it was opened with all that
    filing = plan.filing
    now = {**ticket.values, **fields}
    raised = {name: given.value for name, given in filing.raises.items() if given.over(now.get(name))}
    notes = filing.known.notes if ticket.id == filing.known.case_id else {}
    owner = {
        name: value
        for name, value in filing.assign.items()
        if value not in (None, "") and not stands(notes, name, value) and digest(now.get(name)) != digest(value)
    }
    return {**fields, **raised, **owner}


def noted(plan: Plan, notes: Mapping[str, str]) -> dict[str, str]:
    """Return what to remember of the ticket: whose we made it, how we left it, and what fits of the notes."""
    filing = plan.filing
    given: Mapping[str, Value] = {}
    if plan.created:
        given = {name: filing.create.get(name) for name in tickets.OWNER}
    elif _heard(plan, plan.home):
        given = filing.assign
    owner = {f"w:{name}": digest(value) for name, value in sorted(given.items()) if value not in (None, "")}
    left = memory.of(plan.ticket, (*filing.raises, *filing.assign))
    kept = owner | left | {n: v for n, v in notes.items() if n not in owner and not memory.holds(n)}
    while len(json.dumps(kept).encode()) > NOTES_ROOM:
        kept.popitem()
    return kept


def _counts(part: Part) -> bool:
    return part.act == "add" and part.opens and not part.case_id


def _heard(plan: Plan, ticket: str) -> bool:
    """Whether the ticket has a comment of this filing already, and with it what was to change."""
    marks = {s.mark for part in plan.filing.parts if _counts(part) for s in plan.texts[part.key]}
    return any(plan.places[mark].ticket == ticket for mark in marks & plan.places.keys())
