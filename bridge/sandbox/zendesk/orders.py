"""What judges and admins command of this vendor alone: people's comments, webhooks' calls, codes for logins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, jsonify

from bridge.sandbox import commands
from bridge.sandbox.zendesk import agents, grants, login, outbox, user_fields
from bridge.sandbox.zendesk.account import Account

Spec = Mapping[str, Any]


def blueprint(account: Account) -> Blueprint:
    """The paths of these commands, beside those of bridge.sandbox.commands."""
    orders = Blueprint("orders", __name__, url_prefix="/sandbox")
    orders.before_request(commands.only_local_pages)
    known: Mapping[str, Callable[[Spec], None]] = {
        "user_fields": lambda spec: _add_user_field(account, spec),
        "comment": lambda spec: agents.comment(account, spec),
        "webhooks": account.send_webhooks,
    }

    @orders.post("/<any(comment, user_fields, webhooks):name>")
    def command(name: str) -> tuple[Response, int]:
        return commands.commanded(known[name])

    @orders.get("/webhooks")
    def webhooks() -> Response:
        with account.database.read() as tx:
            waiting = outbox.waiting(tx)
        return jsonify(url=account.outgoing.url, waiting=waiting, told=dict(account.told))

    @orders.post("/codes")
    def authorize() -> tuple[Response, int]:
        made: list[str] = []
        answer, status = commands.commanded(lambda spec: made.append(_code(account, spec)))
        return (jsonify(code=made[0]), 200) if made else (answer, status)

    return orders


def _add_user_field(account: Account, spec: Spec) -> None:
    with account.database.write() as tx:
        user_fields.add(tx, spec)


def _code(account: Account, spec: Spec) -> str:
    with account.database.write() as tx:
        return grants.authorize(tx, spec, login.SCOPES, account.now().timestamp())
