"""What a change sets off, in the transaction of the change: calls of the webhooks that are to hear of it."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from bridge.sandbox.zendesk import conditions, events, outbox, rows, shapes
from bridge.sandbox.zendesk.outbox import BY_TRIGGER, Webhook
from bridge.sandbox.zendesk.rows import Ticket

TRIGGERS = "triggers"  #: the kind of record that a trigger is
ACTION = "notification_webhook"


def changed(tx: sqlite3.Connection, ticket: Ticket, audit: Mapping[str, Any]) -> None:
    """Have called whoever is to hear of what an audit tells."""
    hooks = _listening(tx)
    if not hooks:
        return
    writers = {event["author_id"] for event in audit["events"] if event["type"] == "Comment"}
    people = {number: found for number in {*writers, audit["author_id"]} if (found := rows.user(tx, number))}
    for name, event in events.of_audit(audit, people):
        _tell(tx, hooks, name, event, ticket, actor=audit["author_id"], now=audit["created_at"])
    role = people[audit["author_id"]]["role"] if audit["author_id"] in people else ""
    change = conditions.of_audit(audit, ticket, role={"end-user": "end_user", "": "system"}.get(role, "agent"))
    for hook, text in _fired(rows.records(tx, TRIGGERS), hooks, change):
        outbox.queue(tx, hook, "", text, shapes.parsed_time(audit["created_at"]).timestamp())


def happened(
    tx: sqlite3.Connection, ticket: Ticket, name: str, event: Mapping[str, Any], *, actor: int, now: str
) -> None:
    """Have told what no audit tells: merged {"target_ticket_id"}, soft_deleted {}. name: without its prefix."""
    _tell(tx, _listening(tx), name, event, ticket, actor=actor, now=now)


def _listening(tx: sqlite3.Connection) -> list[Webhook]:
    return [hook for hook in outbox.webhooks(tx) if hook.active]


def _tell(
    tx: sqlite3.Connection,
    hooks: Sequence[Webhook],
    name: str,
    event: Mapping[str, Any],
    ticket: Ticket,
    *,
    actor: int,
    now: str,
) -> None:
    moment = shapes.parsed_time(now).timestamp()
    mine = [hook for hook in hooks if events.PREFIX + name in hook.subscriptions]
    own, at = str(uuid.uuid4()), outbox.exact_time(moment)
    for hook in mine:
        body = events.envelope(name, event, ticket, own=own, actor=actor, at=at)
        outbox.queue(tx, hook, events.PREFIX + name, body, moment)


def _fired(
    triggers: Sequence[Mapping[str, Any]], hooks: Sequence[Webhook], change: conditions.Change
) -> list[tuple[Webhook, str]]:
    """The webhooks that triggers call because of a change, each with what it is to carry."""
    known = {hook.id: hook for hook in hooks if BY_TRIGGER in hook.subscriptions}
    fired = [one for one in triggers if one["active"] and conditions.holds(one["conditions"], change)]
    called = [action["value"] for one in fired for action in one["actions"] if action["field"] == ACTION]
    return [(known[hook], conditions.filled(text, change)) for hook, text in called if hook in known]
