"""What is answered about ticket fields, ticket statuses and the tags of a ticket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bridge.sandbox.wire import Answer
from bridge.sandbox.zendesk import bodies, fields, listing, refusals, rows, statuses, tickets, values
from bridge.sandbox.zendesk.refusals import JSON
from bridge.sandbox.zendesk.request import Request


def index(request: Request) -> Answer:
    return Answer(body=_page(request, "ticket_fields", _all(request)), type=JSON)


def list_statuses(request: Request) -> Answer:
    return Answer(body=_page(request, "custom_statuses", _statuses(request)), type=JSON)


def _statuses(request: Request) -> list[dict[str, Any]]:
    with request.reading() as work:
        found = statuses.every(work.tx, request.account.made)
    return [{"url": f"{request.root}/custom_statuses/{one['id']}.json", **one} for one in found]


def show(request: Request) -> Answer:
    found = next((one for one in _all(request) if one["id"] == request.numbers[0]), None)
    if found is None:
        raise refusals.not_found()
    return Answer(body={"ticket_field": found}, type=JSON)


def create(request: Request) -> Answer:
    given = bodies.root(bodies.read(request.call), "ticket_field")
    with request.writing() as work:
        spec = fields.made(rows.new_id(work.tx), given)
    return _saved(request, spec, given, status=201, action="create")


def update(request: Request) -> Answer:
    given = bodies.root(bodies.read(request.call), "ticket_field")
    found = request.account.fields.get(request.numbers[0])
    if found is None:
        raise refusals.not_found()
    return _saved(request, fields.changed(found, given), given, status=200, action="update")


def _saved(
    request: Request, spec: Mapping[str, Any], given: Mapping[str, Any], *, status: int, action: str
) -> Answer:
    request.account.add_field(spec)
    shown = fields.shown(request.root, spec, request.account.made)
    headers = bodies.warning("ticket_fields", action, fields.unknown_keys(given))
    return Answer(status=status, body={"ticket_field": shown}, type=JSON, headers=headers)


def _all(request: Request) -> list[dict[str, Any]]:
    account = request.account
    return fields.all_shown(request.root, account.fields.values(), _statuses(request), account.made)


def _page(request: Request, name: str, found: list[dict[str, Any]]) -> dict[str, Any]:
    return listing.paged(name, found, f"{request.root}/{name}.json", request.call.query)


# --- tags


def tags(request: Request) -> Answer:
    with request.reading() as work:
        found = tickets.living(work, request.numbers[0]).fields["tags"]
    return Answer(body={"tags": found}, type=JSON)


def set_tags(request: Request) -> Answer:
    return _tagged(request, "tags", status=201)


def add_tags(request: Request) -> Answer:
    return _tagged(request, "additional_tags", status=200)


def remove_tags(request: Request) -> Answer:
    return _tagged(request, "remove_tags", status=200)


def _tagged(request: Request, way: str, *, status: int) -> Answer:
    body = bodies.read(request.call)
    given: Sequence[str] = values.words(body, "tags")
    safe: dict[str, Any] = {name: body[name] for name in ("safe_update", "updated_stamp") if name in body}
    with request.writing() as work:
        ticket, _ = tickets.update(work, request.numbers[0], {way: given, **safe}, adds_tags=True)
    return Answer(status=status, body={"tags": ticket.fields["tags"]}, type=JSON)
