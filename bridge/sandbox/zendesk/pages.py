"""Pages to look at: the list of tickets, and one ticket with its comments. No script, everything escaped."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping

from flask import Blueprint, Response, abort, render_template, request

from bridge.sandbox import replies, serving
from bridge.sandbox.zendesk import outbox, rows, shapes
from bridge.sandbox.zendesk.account import Account
from bridge.sandbox.zendesk.rows import Ticket

STEP = 200
Shown = Mapping[str, object]


def blueprint(account: Account) -> Blueprint:
    """The pages of one account."""
    pages = Blueprint("pages", __name__)

    @pages.get("/")
    def tickets() -> Response:
        skip = max(0, request.args.get("skip", 0, type=int))
        with account.database.read() as tx:
            living = [one for one in rows.tickets(tx) if not one.deleted][::-1]
            shown = [_row(tx, one) for one in living[skip : skip + STEP]]
        return serving.page(
            render_template("tickets.html", tickets=shown, total=len(living), skip=skip, step=STEP)
        )

    @pages.get("/agent/tickets/<int:number>")
    def ticket(number: int) -> Response:
        with account.database.read() as tx:
            found = rows.ticket(tx, number) if number < 2**63 else None
            if found is None:
                abort(404)
            comments = [_comment(tx, *pair) for pair in rows.comments(rows.audits(tx, number))]
            written = replies.of_case(tx, str(number))
            heard = any(hook.active for hook in outbox.webhooks(tx))
        fields = [(name, _text(value)) for name, value in shapes.ticket("", found, account.fields).items()]
        html = render_template(
            "ticket.html",
            id=number,
            deleted=found.deleted,
            fields=fields,
            comments=comments,
            replies=None if heard else written,
            back=request.path,
        )
        return serving.page(html)

    return pages


def _row(tx: sqlite3.Connection, ticket: Ticket) -> dict[str, object]:
    names = ("subject", "status", "priority")
    return {
        "id": ticket.id,
        **{name: _text(ticket.fields[name]) for name in names},
        "requester": _name(tx, ticket.fields["requester_id"]),
        "created": ticket.fields["created_at"],
        "comments": ticket.notes["comments"],
    }


def _comment(tx: sqlite3.Connection, audit: Shown, event: Shown) -> dict[str, object]:
    return {
        "id": event["id"],
        "author": _name(tx, event["author_id"]),
        "created": audit["created_at"],
        "public": event["public"],
        "text": event["plain_body"],
        "files": event["attachments"],
    }


def _name(tx: sqlite3.Connection, number: object) -> str:
    found = rows.user(tx, number) if isinstance(number, int) else None
    return found["name"] if found else ""


def _text(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False)
