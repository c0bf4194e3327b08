"""What is answered to searches."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bridge.sandbox.wire import Answer
from bridge.sandbox.zendesk import listing, refusals, rows, search, shapes
from bridge.sandbox.zendesk.refusals import JSON
from bridge.sandbox.zendesk.request import Request


def results(request: Request) -> Answer:
    page = listing.paged("results", _found(request), f"{request.root}/search.json", request.call.query)
    search.reachable(*listing.place(request.call.query))
    return Answer(body={**page, "facets": None}, type=JSON)


def count(request: Request) -> Answer:
    return Answer(body={"count": len(_found(request))}, type=JSON)


def users(request: Request) -> Answer:
    """Users by a query, which lags, or by their external id, which does not."""
    query = request.call.query
    if "external_id" in query:
        with request.reading() as work:
            shown = [
                shapes.user(request.root, one)
                for one in rows.users(work.tx, "external_id", [query["external_id"]])
            ]
    else:
        shown = [
            {name: value for name, value in one.items() if name != "result_type"}
            for one in _found(request, "type:user ")
        ]
    return Answer(body=listing.paged("users", shown, f"{request.root}/users/search.json", query), type=JSON)


def _found(request: Request, before: str = "") -> list[dict[str, Any]]:
    query = request.call.query.get("query", "")
    if not query.strip():
        raise refusals.invalid_search("Invalid search: query is required")
    account = request.account
    with request.reading() as work:
        tickets = [
            shapes.ticket(request.root, one, account.fields) for one in rows.tickets(work.tx) if not one.deleted
        ]
        users = [shapes.user(request.root, one) for one in rows.all_users(work.tx)]
    latest = shapes.shown_time(account.now() - timedelta(seconds=account.switches["search_seconds"]))
    return search.found(before + query, tickets, users, latest)
