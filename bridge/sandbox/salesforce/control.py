"""What judges and admins command under /sandbox: state, faults, chaos, switches, fields, the clock."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, jsonify, request

from bridge.sandbox.salesforce import database, records
from bridge.sandbox.salesforce.database import Record
from bridge.sandbox.salesforce.delivery import Delivery
from bridge.sandbox.salesforce.faults import FAULTS
from bridge.sandbox.salesforce.org import Org

LOCAL = frozenset({"127.0.0.1", "localhost", "[::1]"})
KEY = "Social_Conversation_Key__c"


def blueprint(delivery: Delivery) -> Blueprint:
    """The control paths of one sandbox."""
    org, faults, api = delivery.org, delivery.faults, delivery.api
    control = Blueprint("control", __name__, url_prefix="/sandbox")

    @control.before_request
    def only_local_pages() -> tuple[Response, int] | None:
        # a page in the admin's browser must not reach this through a rebound name
        host = request.host.rsplit(":", 1)[0] if not request.host.endswith("]") else request.host
        if host not in LOCAL:
            return jsonify(error=f"the host {host!r} is not this machine; call 127.0.0.1"), 403
        return None

    @control.get("/state")
    def state() -> Response:
        with org.database.read() as tx:
            return jsonify(cases=_cases(org, tx), contacts=_contacts(org, tx), calls=dict(api.calls))

    @control.get("/faults")
    def waiting() -> Response:
        return jsonify(waiting=faults.waiting(), late=len(delivery.late), known=dict(FAULTS))

    @control.post("/faults")
    def add_fault() -> tuple[Response, int]:
        return _commanded(faults.command)

    @control.delete("/faults")
    def clear_faults() -> Response:
        faults.clear()
        return jsonify(ok=True)

    @control.get("/chaos")
    def chaos() -> Response:
        return jsonify(**faults.chaos(), late=len(delivery.late))

    @control.post("/chaos")
    def set_chaos() -> tuple[Response, int]:
        return _commanded(faults.set_chaos)

    @control.get("/switches")
    def switches() -> Response:
        return jsonify(org.switches)

    @control.post("/switches")
    def set_switches() -> tuple[Response, int]:
        return _commanded(org.switch)

    @control.post("/fields")
    def add_field() -> tuple[Response, int]:
        return _commanded(org.add_field)

    @control.post("/clock")
    def set_clock() -> tuple[Response, int]:
        return _commanded(lambda spec: _set_clock(org, spec))

    @control.post("/reset")
    def reset() -> Response:
        org.reset()
        faults.clear()
        api.calls.clear()
        return jsonify(ok=True)

    return control


def _commanded(act: Callable[[Mapping[str, Any]], None]) -> tuple[Response, int]:
    if not request.is_json:
        return jsonify(error="send JSON with Content-Type: application/json"), 415
    spec = request.get_json(silent=True)
    if not isinstance(spec, dict):
        return jsonify(error="the body must be one JSON object"), 400
    try:
        act(spec)
    except ValueError as error:
        return jsonify(error=str(error)), 400
    return jsonify(ok=True), 200


def _set_clock(org: Org, spec: Mapping[str, Any]) -> None:
    offset = spec.get("offset_seconds")
    if set(spec) != {"offset_seconds"} or isinstance(offset, bool) or not isinstance(offset, int | float):
        raise ValueError('send {"offset_seconds": a number}')
    if abs(offset) > 10 * 365 * 86400:
        raise ValueError(f"offset_seconds: {offset!r} is over ten years")
    org.set_clock(float(offset))


def _cases(org: Org, tx: sqlite3.Connection) -> list[dict[str, Any]]:
    comments: dict[str, list[dict[str, Any]]] = {}
    for comment in database.scan(tx, org.objects["CaseComment"]):
        comments.setdefault(str(comment.get("ParentId")), []).append(shown_comment(comment))
    return [
        {
            "Id": case.id,
            "CaseNumber": case.get("CaseNumber"),
            "key": case.get(KEY),
            "fields": _fields(org, case),
            "deleted": case.deleted,
            "comments": comments.get(case.id, []),
        }
        for case in database.scan(tx, org.objects["Case"])
    ]


def _contacts(org: Org, tx: sqlite3.Connection) -> list[dict[str, Any]]:
    contacts = database.scan(tx, org.objects["Contact"])
    return [{"Id": one.id, "fields": _fields(org, one), "deleted": one.deleted} for one in contacts]


def shown_comment(comment: Record) -> dict[str, Any]:
    """A comment for people and judges; body "" = empty."""
    return {
        "Id": comment.id,
        "body": comment.get("CommentBody") or "",
        "published": bool(comment.get("IsPublished")),
        "created": comment.get("CreatedDate"),
        "deleted": comment.deleted,
    }


def _fields(org: Org, record: Record) -> dict[str, Any]:
    fields = org.objects[record.object].fields.values()
    return {field.name: records.shown(record, field) for field in fields}
