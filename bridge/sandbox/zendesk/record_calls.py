"""What is answered about that which tickets are given to: groups, brands, ticket forms."""

from __future__ import annotations

from bridge.sandbox.wire import Answer
from bridge.sandbox.zendesk import listing, records, refusals, rows
from bridge.sandbox.zendesk.refusals import JSON
from bridge.sandbox.zendesk.request import Request, kind


def index(request: Request) -> Answer:
    name = kind(request.call)
    if name == "ticket_forms" and not request.account.switches["ticket_forms"]:
        raise refusals.forbidden()
    with request.reading() as work:
        numbers = request.account.fields.keys()
        found = [records.shown(request.root, name, one, numbers) for one in rows.records(work.tx, name)]
    return Answer(body=listing.paged(name, found, f"{request.root}/{name}.json", request.call.query), type=JSON)
