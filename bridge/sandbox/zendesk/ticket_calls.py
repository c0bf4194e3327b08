"""What is answered under tickets: one made, changed, deleted, shown, listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bridge.sandbox.wire import Answer
from bridge.sandbox.zendesk import bodies, idempotency, job_calls, listing, refusals, rows, shapes, tickets, values
from bridge.sandbox.zendesk.comments import Work
from bridge.sandbox.zendesk.refusals import JSON
from bridge.sandbox.zendesk.request import Request, numbers_of
from bridge.sandbox.zendesk.rows import Ticket


def create(request: Request) -> Answer:
    if request.call.query.get("async") == "true":
        return job_calls.create_ticket(request)
    body, key = bodies.read(request.call), request.call.headers.get("idempotency-key", "")
    if not key:
        with request.writing() as work:
            return _created(request, work, body)
    if request.account.switches["idempotency_in_progress"]:
        raise refusals.in_progress()
    digest, now = idempotency.digest(body), request.account.now().timestamp()
    with request.writing() as work:
        answer = idempotency.kept(work.tx, key, digest, now)
        if answer is None:
            answer = _created(request, work, body)
            answer = replace(answer, headers={**answer.headers, "x-idempotency-lookup": "miss"})
            idempotency.keep(work.tx, key, digest, now, answer)
        return answer


def _created(request: Request, work: Work, body: Mapping[str, Any]) -> Answer:
    given = bodies.root(body, "ticket")
    ticket, audit = tickets.create(work, given)
    shown = shapes.ticket(request.root, ticket, request.account.fields)
    headers = {"Location": shown["url"], **bodies.warning("tickets", "create", values.unknown_keys(given))}
    return Answer(status=201, body={"ticket": shown, "audit": audit}, type=JSON, headers=headers)


def update(request: Request) -> Answer:
    given = bodies.root(bodies.read(request.call), "ticket")
    with request.writing() as work:
        ticket, audit = tickets.update(work, request.numbers[0], given)
    shown = shapes.ticket(request.root, ticket, request.account.fields)
    headers = bodies.warning("tickets", "update", values.unknown_keys(given))
    return Answer(body={"ticket": shown, "audit": audit}, type=JSON, headers=headers)


def delete(request: Request) -> Answer:
    with request.writing() as work:
        tickets.delete(work, request.numbers[0])
    return Answer(status=204, type=JSON)


def show(request: Request) -> Answer:
    with request.reading() as work:
        found = tickets.living(work, request.numbers[0])
    body = {"ticket": shapes.ticket(request.root, found, request.account.fields)}
    return Answer(body=body | _metrics(request, [found]), type=JSON)


def show_many(request: Request) -> Answer:
    ids = request.listed("ids")
    with request.reading() as work:
        given = (rows.ticket(work.tx, one) for one in numbers_of(ids))
        found = [ticket for ticket in given if ticket is not None and not ticket.deleted]
    shown = [shapes.ticket(request.root, ticket, request.account.fields) for ticket in found]
    body = {"tickets": shown, "next_page": None, "previous_page": None, "count": len(shown)}
    return Answer(body=body | _metrics(request, found), type=JSON)


def index(request: Request) -> Answer:
    with request.reading() as work:
        found = rows.tickets(work.tx, external_id=request.call.query.get("external_id"))
        living = [one for one in found if not one.deleted]
    shown = [shapes.ticket(request.root, one, request.account.fields, listed=True) for one in living]
    body = listing.paged("tickets", shown, f"{request.root}/tickets.json", request.call.query)
    return Answer(body=body | _metrics(request, living), type=JSON)


def _metrics(request: Request, found: Sequence[Ticket]) -> dict[str, Any]:
    if "metric_sets" not in request.included():
        return {}
    return {"metric_sets": [shapes.metric_set(request.root, ticket) for ticket in found]}
