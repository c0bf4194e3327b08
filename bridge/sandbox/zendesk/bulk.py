"""What one item of a job does: a ticket or user made or changed, tickets merged. A refusal fails that item alone.

https://developer.zendesk.com/api-reference/ticketing/ticket-management/job_statuses/#results
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bridge.sandbox.zendesk import bodies, merging, refusals, rows, shapes, tickets, users
from bridge.sandbox.zendesk.comments import Work
from bridge.sandbox.zendesk.refusals import Refusal

Result = dict[str, Any]
NAMED: Mapping[str, str] = {"UpdateConflict": "UpdateConflict", "RecordNotFound": "RecordNotFound"}
"""Errors that keep their name in a job's results. Unsure: only `<Kind>Failed` has been recorded."""
CLOSED = "closed prevents ticket update"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of bulk work."""

    type: str
    doing: str  #: with the number of items done: its message
    failed: str  #: what the error of an item is called where it has no other name
    act: Callable[[Work, Mapping[str, Any]], Result]
    pace: float = 1.0  #: how long it takes, beside an update
    indexed: bool = False  #: its results are in the items' order and tell their index
    safe: bool = False  #: an item fails whose ticket was changed since it was queued


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item as it was queued."""

    kind: Kind
    place: int
    body: Mapping[str, Any]
    version: int  #: of the ticket that it changes, when it was queued; 0 = there is none
    error: str  #: fails with this on command; "" = it does not


def version(tx: sqlite3.Connection, kind: Kind, body: Mapping[str, Any]) -> int:
    """The latest change of the ticket that a safe item names: sharper than updated_at. 0 = none is named."""
    number = body.get("id")
    if not kind.safe or not isinstance(number, int) or number.bit_length() > rows.MOST_BITS:
        return 0
    return int(tx.execute("select coalesce(max(id), 0) from audits where ticket_id = ?", (number,)).fetchone()[0])


def carry_out(work: Work, item: Item) -> Result:
    """Do one item: its result. A refused one leaves nothing behind."""
    failed: Result = {"index": item.place, "error": item.error or item.kind.failed}
    if isinstance(item.body.get("id"), int):
        failed["id"] = item.body["id"]
    if item.error:
        return {**failed, "details": "On command"}
    work.tx.execute("savepoint item")
    try:
        if item.version != version(work.tx, item.kind, item.body):
            raise refusals.update_conflict()
        result = item.kind.act(work, item.body)
    except Refusal as refusal:
        work.tx.execute("rollback to item")
        return {**failed, **_said(refusal, item.kind.failed)}
    finally:
        work.tx.execute("release item")
    return {"index": item.place, **result} if item.kind.indexed else result


def _said(refusal: Refusal, failed: str) -> Result:
    """A refusal as an item's error and details."""
    body = refusal.body if isinstance(refusal.body, dict) else {}
    error = body.get("error")
    if isinstance(error, dict):
        return {"error": failed, "details": error.get("message", "")}
    sentences = [one["description"] for found in body.get("details", {}).values() for one in found]
    details = " ".join(sentences) or body.get("description", "")
    return {"error": "ClosedTicket" if CLOSED in details else NAMED.get(str(error), failed), "details": details}


def _create_ticket(work: Work, body: Mapping[str, Any]) -> Result:
    ticket, _ = tickets.create(work, body)
    return {"id": ticket.id, "account_id": shapes.ACCOUNT}


def _create_promised(work: Work, body: Mapping[str, Any]) -> Result:
    tickets.create(work, body["ticket"], number=body["id"])
    return {"id": body["id"], "account_id": shapes.ACCOUNT}


def _update_ticket(work: Work, body: Mapping[str, Any]) -> Result:
    number = bodies.need(body, "id", int)
    tickets.update(work, number, body, adds_tags=True)
    return _updated(number)


def _create_user(work: Work, body: Mapping[str, Any]) -> Result:
    return {"id": users.create(work, body)["id"], "status": "Created"}


def _create_or_update_user(work: Work, body: Mapping[str, Any]) -> Result:
    user, new = users.create_or_update(work, body)
    return {"id": user["id"], "status": "Created" if new else "Updated"}


def _update_user(work: Work, body: Mapping[str, Any]) -> Result:
    number = bodies.need(body, "id", int)
    users.update(work, number, body)
    return _updated(number)


def _merge(work: Work, body: Mapping[str, Any]) -> Result:
    return _updated(merging.merge(work, body))


def _updated(number: int) -> Result:
    return {"action": "update", "status": "Updated", "success": True, "id": number}


KINDS: Mapping[str, Kind] = {
    "create_tickets": Kind(
        type="Bulk Create Ticket",
        doing="Creating ticket",
        failed="TicketCreateFailed",
        act=_create_ticket,
        pace=1.5,
        indexed=True,
    ),
    "create_ticket": Kind(
        type="Create Ticket",
        doing="Creating ticket",
        failed="TicketCreateFailed",
        act=_create_promised,
        indexed=True,
    ),
    "update_tickets": Kind(
        type="Bulk Update Ticket",
        doing="Updating ticket",
        failed="TicketUpdateFailed",
        act=_update_ticket,
        safe=True,
    ),
    "create_users": Kind(
        type="Bulk Create User", doing="Creating User", failed="UserCreateFailed", act=_create_user
    ),
    "create_or_update_users": Kind(
        type="Bulk Create User", doing="Creating User", failed="UserCreateFailed", act=_create_or_update_user
    ),
    "update_users": Kind(
        type="Bulk Update User", doing="Updating user", failed="UserUpdateFailed", act=_update_user
    ),
    "merge_tickets": Kind(type="Ticket Merge", doing="Merging ticket", failed="TicketMergeFailed", act=_merge),
}
