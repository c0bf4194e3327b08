"""What judges and admins command of this vendor alone: merging, rules, locks, rights, outbound messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, jsonify

from bridge.sandbox import commands
from bridge.sandbox.salesforce import merging
from bridge.sandbox.salesforce.org import Org
from bridge.sandbox.salesforce.outbound import ACTIONS
from bridge.sandbox.salesforce.sender import Sender

Spec = Mapping[str, Any]
LONGEST_LOCK = 600  # seconds, as long as the vendor's longest call


def blueprint(org: Org, sender: Sender) -> Blueprint:
    """The paths of these commands, beside those of bridge.sandbox.commands."""
    orders = Blueprint("orders", __name__, url_prefix="/sandbox")
    orders.before_request(commands.only_local_pages)
    known: Mapping[str, Callable[[Spec], None]] = {
        "merge": lambda spec: merging.merge(org, spec),
        "undelete": lambda spec: merging.undelete(org, spec),
        "rules": lambda spec: org.set_rules(_rules(spec)),
        "locks": lambda spec: _lock(org, spec),
        "outbound": org.set_outbound,
        "rights": org.set_rights,
        "picklists": org.narrow,
    }

    @orders.post("/<any(merge, undelete, rules, locks, outbound, rights, picklists):name>")
    def command(name: str) -> tuple[Response, int]:
        return commands.commanded(known[name])

    @orders.get("/outbound")
    def outbound() -> Response:
        target = org.outbound
        return jsonify(
            url=target.url,
            actions=[{"name": name, "id": ACTIONS[name].id} for name in target.actions],
            waiting=sender.waiting(),
            told=dict(org.told),
        )

    return orders


def _rules(spec: Spec) -> list[Any]:
    if set(spec) != {"rules"} or not isinstance(spec["rules"], list):
        raise ValueError('send {"rules": [{"kind", "object", …}, …]}; they take the place of all others')
    return list(spec["rules"])


def _lock(org: Org, spec: Spec) -> None:
    """Lock one record for some seconds, or let every request keep its own locks for so long after its work."""
    seconds = spec.get("seconds")
    fits = isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 <= seconds <= LONGEST_LOCK
    if set(spec) - {"record"} != {"seconds"} or not fits:
        raise ValueError(f'send {{"seconds": 0 to {LONGEST_LOCK}}}, with "record": an id to lock that one only')
    if "record" in spec:
        org.locks.keep(merging.known_id(spec["record"]), float(seconds or 0))
    else:
        org.locks.hold = float(seconds or 0)
