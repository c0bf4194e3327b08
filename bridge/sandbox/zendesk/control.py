"""The account as judges see it: every ticket with its comments, every customer, deleted tickets too."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response

from bridge.sandbox import commands
from bridge.sandbox.zendesk import rows, shapes
from bridge.sandbox.zendesk.account import Account
from bridge.sandbox.zendesk.delivery import Delivery
from bridge.sandbox.zendesk.rows import Ticket

COMMENT = ("id", "html_body", "plain_body", "public", "author_id")


def blueprint(delivery: Delivery) -> Blueprint:
    """The control paths of one sandbox."""
    account = delivery.account

    def state() -> dict[str, Any]:
        with account.database.read() as tx:
            tickets = [_ticket(tx, account, one, rows.audits(tx, one.id)) for one in rows.tickets(tx)]
            return {"tickets": tickets, "users": rows.customers(tx), "refused": dict(delivery.api.refused)}

    control = commands.blueprint(
        account, state, faults=delivery.faults, late=delivery.late, calls=delivery.api.calls
    )

    @control.post("/records")
    def add_record() -> tuple[Response, int]:
        return commands.commanded(account.add_record)

    return control


def _ticket(
    tx: sqlite3.Connection, account: Account, ticket: Ticket, audits: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "id": ticket.id,
        "external_id": ticket.fields["external_id"],
        "fields": shapes.ticket("", ticket, account.fields) | {"solved_at": ticket.notes["solved_at"]},
        "deleted": ticket.deleted,
        "comments": [shown_comment(*pair) for pair in rows.comments(audits)],
        "files": [
            {
                "comment": event["id"],
                "name": file["file_name"],
                "type": file["content_type"],
                "sha256": _digest(tx, file),
            }
            for _, event in rows.comments(audits)
            for file in event["attachments"]
        ],
        "audits": len(audits),
    }


def _digest(tx: sqlite3.Connection, file: Mapping[str, Any]) -> str:
    return hashlib.sha256(rows.content(tx, file["id"])).hexdigest()


def shown_comment(audit: Mapping[str, Any], event: Mapping[str, Any]) -> dict[str, Any]:
    """A comment for judges, with the custom metadata of its audit."""
    more = {"created_at": audit["created_at"], "metadata": audit["metadata"]["custom"]}
    return {**{name: event[name] for name in COMMENT}, **more}
