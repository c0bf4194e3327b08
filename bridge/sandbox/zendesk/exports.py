"""Incremental exports: all that changed since a time, except in the account's latest minute.

https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bridge.sandbox.wire import Answer
from bridge.sandbox.zendesk import refusals, shapes
from bridge.sandbox.zendesk.refusals import JSON, Refusal
from bridge.sandbox.zendesk.request import Request
from bridge.sandbox.zendesk.rows import Ticket

MOST = 1_000  #: rows of one answer
EXCLUDED = 60  #: seconds
LATEST = datetime(9999, 1, 1, tzinfo=UTC).timestamp()


def ticket_events(request: Request) -> Answer:
    """Audits in the order of their times; pages overlap, as the next begins at the last second of this one."""
    start, end = _start(request), _end(request)
    statement = """select body from audits where json_extract(body, '$.created_at') between ? and ?
                   order by json_extract(body, '$.created_at'), id limit ?"""
    with request.reading() as work:
        rows = work.tx.execute(statement, (_shown(start), _shown(end), MOST + 1)).fetchall()
    found = [json.loads(row[0]) for row in rows[:MOST]]
    shown = [_event(one, whole="comment_events" in request.included()) for one in found]
    last = shown[-1]["timestamp"] if shown else None
    query = "".join(f"&include={one}" for one in request.included() if one)
    url = f"{request.root}/incremental/ticket_events.json?start_time={last}{query}"
    body = {
        "ticket_events": shown,
        "next_page": url if shown else None,
        "count": len(shown),
        "end_of_stream": len(rows) <= MOST,
        **(
            {"end_time": last} if shown else {}
        ),  # unsure: may be null; the vendor's description knows a number only
    }
    return Answer(body=body, type=JSON)


def tickets(request: Request) -> Answer:
    """Tickets in the order of their latest change, deleted ones too; the cursor leads on, at the end as well."""
    since, number = _cursor(request)
    size = _size(request.call.query.get("per_page", str(MOST)))
    place = "json_extract(body, '$.updated_at')"
    statement = f"""select id, external_id, deleted, body, notes from tickets
                    where ({place} > :since or ({place} = :since and id > :number)) and {place} <= :end
                    order by {place}, id limit :most"""
    given = {"since": since, "number": number, "end": _shown(_end(request)), "most": size + 1}
    with request.reading() as work:
        found = [_ticket(row) for row in work.tx.execute(statement, given).fetchall()]
    page = found[:size]
    after = _written(page[-1].fields["updated_at"], page[-1].id) if page else _written(since, number)
    shown = [
        shapes.ticket(request.root, one, request.account.fields) | ({"status": "deleted"} if one.deleted else {})
        for one in page
    ]
    body = {
        "tickets": shown,
        "after_url": f"{request.root}/incremental/tickets/cursor.json?cursor={after}",
        "before_url": None,
        "after_cursor": after,
        "before_cursor": None,
        "end_of_stream": len(found) <= size,
    }
    return Answer(body=body, type=JSON)


def _ticket(row: tuple[Any, ...]) -> Ticket:
    return Ticket(id=row[0], deleted=bool(row[2]), fields=json.loads(row[3]), notes=json.loads(row[4]))


# --- where to begin


def _start(request: Request) -> float:
    """Seconds since 1970 of `start_time`. Raises Refusal: missing, no number, or in the latest minute."""
    text = request.call.query.get("start_time", "")
    if not text.isascii() or not text.isdigit() or not float(text) < LATEST:
        raise refusals.bad_page("InvalidValue", "start_time must be a Unix time")
    if float(text) > _end(request):
        raise _too_recent()
    return float(text)


def _end(request: Request) -> float:
    return (request.account.now() - timedelta(seconds=EXCLUDED)).timestamp()


def _cursor(request: Request) -> tuple[str, int]:
    if "cursor" not in request.call.query:
        return _shown(_start(request)), -1
    try:
        since, number = json.loads(base64.urlsafe_b64decode(request.call.query["cursor"]))
        return str(since), int(number)
    except (ValueError, TypeError):
        raise refusals.bad_page("InvalidPaginationParameter", "cursor is not a valid cursor") from None


def _written(since: str, number: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([since, number]).encode()).decode()


def _size(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST):
        raise refusals.bad_page("InvalidPaginationParameter", f"per_page must be from 1 to {MOST}")
    return int(text)


def _shown(moment: float) -> str:
    return shapes.shown_time(datetime.fromtimestamp(moment, tz=UTC))


def _too_recent() -> Refusal:
    text = f"Too recent start_time. Use a start_time older than {EXCLUDED} seconds"
    return Refusal(422, {"error": "InvalidValue", "description": text})


# --- one audit as an event


def _event(audit: Mapping[str, Any], *, whole: bool) -> dict[str, Any]:
    """whole: comments with their texts (`include=comment_events`)."""
    made = shapes.parsed_time(audit["created_at"])
    return {
        "id": audit["id"],
        "ticket_id": audit["ticket_id"],
        "timestamp": int(made.timestamp()),
        "created_at": audit["created_at"],
        "updater_id": audit["author_id"],
        "via": VIA.get(audit["via"]["channel"], audit["via"]["channel"]),
        "system": audit["metadata"]["system"],
        "metadata": audit["metadata"],
        "event_type": "Audit",
        "child_events": [_child(audit, event, whole=whole) for event in audit["events"]],
    }


VIA: Mapping[str, str] = {"api": "Web service", "web": "Web form", "rule": "Rule"}


def _child(audit: Mapping[str, Any], event: Mapping[str, Any], *, whole: bool) -> dict[str, Any]:
    via = VIA.get(audit["via"]["channel"], audit["via"]["channel"])
    head = {"id": event["id"], "via": via, "via_reference_id": None, "event_type": event["type"]}
    if event["type"] == "Comment":
        told = {"comment_present": True, "comment_public": event["public"]}
        more = {"via": audit["via"], "created_at": audit["created_at"], "metadata": audit["metadata"]}
        return {**head, **told, **({**event, **more} if whole else {})}
    if event["type"] in ("Create", "Change"):
        previous = {"previous_value": event["previous_value"]} if event["type"] == "Change" else {}
        return {**head, event["field_name"]: event["value"], **previous}
    return {**head, **event}
