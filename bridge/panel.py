"""What our app in a CRM calls: an agent's sidebar reads a case, and has a failed reply sent again."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, request

from bridge import answering, showing
from bridge.errors import Forged, Rejected
from bridge.ports import Callback, Channel, Crm, Way
from bridge.store import Store, threads
from bridge.store.threads import Asked

log = logging.getLogger("casebridge")

NO_APP = "No app may ask here: compare its settings with connections.yaml."
OFF = "This connection is switched off in connections.yaml."
NO_CASE = "Casebridge has filed no message here."
NO_REPLY = "Casebridge knows no such reply here."
NO_RETRY = "This reply cannot be sent again now: it has not failed, some of it was sent, or it is on its way."


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """The parts that it needs."""

    store: Store
    channels: Mapping[str, Channel | None]  #: connection name -> its adapter; None = switched off
    crms: Mapping[str, Crm | None]  #: alike


def routes(panel: Panel) -> Blueprint:
    """/app/<connection>/cases/<case>/…, each only for whom the CRM's adapter admits.

    The CRM's own proxy calls, and no browser: OPTIONS is refused, and no other site may read an answer.
    """
    found = Blueprint("app", __name__, url_prefix="/app/<connection>/cases/<case_id>")

    @found.get("/thread", provide_automatic_options=False)
    def thread(connection: str, case_id: str) -> Response:
        return _refused(panel, connection, case_id) or _thread(panel, connection, case_id)

    @found.post("/replies/<reply_id>/retry", provide_automatic_options=False)
    def retry(connection: str, case_id: str, reply_id: str) -> Response:
        return _refused(panel, connection, case_id) or _retry(panel, connection, case_id, reply_id)

    return found


def _refused(panel: Panel, connection: str, case_id: str) -> Response | None:
    """The answer to whoever may not ask; None = they may."""
    if connection not in panel.crms:
        return _error(404, NO_APP)
    crm = panel.crms[connection]
    if crm is None:
        return _error(503, OFF)
    if not crm.app:
        return _error(404, NO_APP)
    try:
        crm.admit(_callback(connection), case_id)
    except Forged as why:
        log.warning("refused a request of the app of %s: %s", connection, why)
        return _error(why.status, str(why))
    return None


def _callback(connection: str) -> Callback:
    return Callback(
        connection=connection,
        method=request.method,
        url=request.url,
        query=request.args.to_dict(),
        headers={name.lower(): value for name, value in request.headers},
        body=b"",
        received_at=datetime.now(UTC),
    )


def _thread(panel: Panel, connection: str, case_id: str) -> Response:
    with panel.store.read() as c:
        found = threads.read(c, connection, case_id)
    if found is None:
        return _error(404, NO_CASE)
    return _json(200, showing.thread(found, _way(panel, found.asked)))


def _way(panel: Panel, asked: Asked | None) -> Way | Rejected | None:
    """How a reply would go out that an agent wrote now."""
    channel = None if asked is None else panel.channels.get(asked.message.connection)
    if asked is None or channel is None:
        return None
    if asked.deleted:
        return Rejected(answering.DELETED)
    return channel.way(asked.message, private=False, heard_at=asked.heard_at)


def _retry(panel: Panel, connection: str, case_id: str, reply_id: str) -> Response:
    with panel.store.write() as c:
        became = threads.retry(c, connection, case_id, reply_id)
    match became:
        case "unknown":
            return _error(404, NO_REPLY)
        case "refused":
            return _error(409, NO_RETRY)
        case "asked":
            return _json(200, {})


def _error(status: int, says: str) -> Response:
    return _json(status, {"error": says})


def _json(status: int, body: Mapping[str, Any]) -> Response:
    response = Response(json.dumps(body), status=status, content_type="application/json; charset=utf-8")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response
