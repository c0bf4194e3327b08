"""What people do in the account's own pages: agents and customers who comment on a ticket there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from bridge.sandbox import commands, replies
from bridge.sandbox.zendesk import refusals, rows, shapes, tickets
from bridge.sandbox.zendesk.account import AGENT, Account
from bridge.sandbox.zendesk.comments import Work
from bridge.sandbox.zendesk.limits import Asked, Bucket, buckets
from bridge.sandbox.zendesk.refusals import Refusal

KEYS = frozenset({"ticket", "html_body", "body", "public", "author", "status", "uploads"})
WAITING = frozenset({"pending", "hold", "solved"})  #: what a customer's comment opens again
CLIENT = "A browser"


def blueprint(account: Account) -> Blueprint:
    """The path of the comment box on a ticket's page."""
    box = Blueprint("agents", __name__, url_prefix="/sandbox")
    box.before_request(commands.only_local_pages)

    @box.post("/tickets/<int:number>/comments")
    def write(number: int) -> Response:
        if replies.from_elsewhere():
            return Response("another site may not write here", status=403)
        spec: dict[str, Any] = {
            "ticket": number,
            "body": request.form.get("text", "")[: replies.LONGEST],
            "public": request.form.get("private") != "yes",
        }
        if status := request.form.get("status"):
            spec["status"] = status
        try:
            comment(account, spec)
        except ValueError as error:
            return Response(str(error), status=400, content_type="text/plain; charset=utf-8")
        return replies.back()

    return box


def comment(account: Account, spec: Mapping[str, Any]) -> None:
    """Write a comment as an agent or customer would. Raises ValueError, one sentence.

    spec: {"ticket", "body" or "html_body", "public", "author": "agent" or a user's id, "status", "uploads"}.
    """
    if unknown := sorted(set(spec) - KEYS):
        raise ValueError(f"{unknown[0]!r} is no key of a comment; allowed are {', '.join(sorted(KEYS))}")
    author = AGENT if spec.get("author", "agent") == "agent" else spec["author"]
    if not _number(spec.get("ticket")) or not _number(author):
        raise ValueError("send the number of a ticket, and as author agent or the number of a user")
    account.limits.take(_updates(account), account.now().timestamp())
    with account.database.write() as tx:
        work = Work(
            tx=tx,
            fields=account.fields,
            now=shapes.shown_time(account.now()),
            actor=author,
            client=CLIENT,
            channel="web",
        )
        try:
            tickets.update(work, spec["ticket"], _change(work, spec))
        except Refusal as refusal:
            raise ValueError(f"{refusal.status}: {refusal.body}") from None


def _change(work: Work, spec: Mapping[str, Any]) -> dict[str, Any]:
    user, ticket = rows.user(work.tx, work.actor), tickets.living(work, spec["ticket"])
    if user is None:
        raise refusals.not_found()
    words = {name: spec[name] for name in ("html_body", "body", "uploads") if name in spec}
    customer = user["role"] == "end-user"
    public = True if customer else spec.get("public", True)
    change: dict[str, Any] = {"comment": {**words, "public": public, "author_id": work.actor}}
    if "status" in spec:
        change["status"] = spec["status"]
    elif customer and ticket.fields["status"] in WAITING:
        change["status"] = "open"
    return change


def _updates(account: Account) -> list[Bucket]:
    """The limit on updates of tickets, against which those in the account's own pages count, too."""
    asked = Asked(operation="PUT tickets/{id}")
    return [one for one in buckets(asked, account.plan()) if one.name == "tickets-update"]


def _number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63
