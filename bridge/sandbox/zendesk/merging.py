"""Merge tickets into one, as agents do: the others say so and are closed. Raises Refusal.

https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#merge-tickets-into-target-ticket
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.sandbox.zendesk import bodies, refusals, ringing, rows, tickets
from bridge.sandbox.zendesk.comments import Work

CLOSED_BY_MERGE = "closed_by_merge"  #: the tag of a ticket that was merged into another


def merge(work: Work, given: Mapping[str, Any]) -> int:
    """Merge `ids` into `target`; the target's id."""
    number, ids = bodies.need(given, "target", int), bodies.need(given, "ids", list)
    target = tickets.living(work, number)
    if target.fields["status"] == "closed":
        raise refusals.closed()
    tags = list(target.fields["tags"])
    for source in ids:
        if not isinstance(source, int) or source == number:
            raise refusals.invalid_attribute("ids", "ids must be those of other tickets")
        tags += _give_up(work, source, number, given)
    shown = ", ".join(f"#{source}" for source in ids)
    text = bodies.optional(given, "target_comment", str) or f"Request {shown} was closed and merged here."
    public = bool(bodies.optional(given, "target_comment_is_public", bool))
    change = {"comment": {"body": text, "public": public}, "tags": list(dict.fromkeys(tags))}
    tickets.update(work, number, change)
    return int(number)


def _give_up(work: Work, source: int, target: int, given: Mapping[str, Any]) -> list[str]:
    """Close one ticket for another; its tags, which the other takes over."""
    tags = list(tickets.living(work, source).fields["tags"])
    text = bodies.optional(given, "source_comment", str) or f"This request was merged into request #{target}."
    public = bool(bodies.optional(given, "source_comment_is_public", bool))
    change = {"comment": {"body": text, "public": public}, "status": "solved", "tags": [*tags, CLOSED_BY_MERGE]}
    ticket, _ = tickets.update(work, source, change)
    ticket.fields["status"] = "closed"
    rows.save_ticket(work.tx, ticket)
    event = {"target_ticket_id": str(target)}
    ringing.happened(work.tx, ticket, "merged", event, actor=work.actor, now=work.now)
    return tags
