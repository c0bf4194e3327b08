"""What is answered about bulk work: it is taken in as a job, and the job is asked for later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bridge.sandbox.wire import Answer
from bridge.sandbox.zendesk import bodies, jobs, listing, refusals, rows, users, values
from bridge.sandbox.zendesk.jobs import Order
from bridge.sandbox.zendesk.refusals import JSON, Refusal
from bridge.sandbox.zendesk.request import MOST, Request, numbers_of

Items = Sequence[Mapping[str, Any]]


def create_tickets(request: Request) -> Answer:
    given = _items(request, "tickets")
    unknown = (key for one in given for key in values.unknown_keys(one, "tickets"))
    return _taken(request, "create_tickets", given, _warning("tickets", "create_many", unknown))


def create_ticket(request: Request) -> Answer:
    """What ?async=true asks for: the id at once, and the ticket later. Unsure: no Idempotency-Key is looked at."""
    given = bodies.root(bodies.read(request.call), "ticket")
    bodies.need(given, "comment", dict)
    with request.writing() as work:
        number = rows.new_ticket_id(work.tx)
        job = request.account.jobs.take(work, _order(request, "create_ticket", [{"id": number, "ticket": given}]))
    headers = bodies.warning("tickets", "create", values.unknown_keys(given))
    return Answer(status=202, body={"ticket": {"id": number}, "job_status": _shown(request, job)}, type=JSON,
                  headers=headers)  # fmt: skip


def update_tickets(request: Request) -> Answer:
    """Both forms: `ids` with one change for all of them, or `tickets`, each with its id."""
    if "ids" in request.call.query:
        change = bodies.root(bodies.read(request.call), "ticket")
        given: Items = [{**change, "id": number} for number in numbers_of(request.listed("ids"))]
        root = "ticket"
    else:
        given, root = _items(request, "tickets"), "tickets"
    allowed = {f"{root}.{key}" for key in values.BULK}
    unknown = (key for one in given for key in values.unknown_keys(one, root) if key not in allowed)
    return _taken(request, "update_tickets", given, _warning("tickets", "update_many", unknown))


def create_users(request: Request) -> Answer:
    return _import(request, "create_users", "create_many")


def create_or_update_users(request: Request) -> Answer:
    return _import(request, "create_or_update_users", "create_or_update_many")


def _import(request: Request, kind: str, action: str) -> Answer:
    if not request.account.switches["bulk_users"]:
        raise refusals.forbidden()
    return _users(request, kind, action, refusals.too_many_users())


def update_users(request: Request) -> Answer:
    return _users(request, "update_users", "update_many", refusals.too_many_values())


def _users(request: Request, kind: str, action: str, too_many: Refusal) -> Answer:
    given = _items(request, "users", too_many)
    unknown = (key for one in given for key in users.unknown_keys(one, "users") if key != "users.id")
    return _taken(request, kind, given, _warning("users", action, unknown))


def merge(request: Request) -> Answer:
    body = bodies.read(request.call)
    bodies.need(body, "ids", list)
    return _taken(request, "merge_tickets", [{**body, "target": request.numbers[0]}], {})


def _items(request: Request, name: str, too_many: Refusal | None = None) -> Items:
    given = bodies.need(bodies.read(request.call), name, list)
    if len(given) > MOST:
        raise too_many or refusals.too_many_values()
    if not all(isinstance(one, dict) for one in given):
        raise refusals.invalid_attribute(name, f"{name} must be an array of objects")
    return list(given)


def _warning(controller: str, action: str, unknown: Iterable[str]) -> Mapping[str, str]:
    return bodies.warning(controller, action, dict.fromkeys(unknown))


def _taken(request: Request, kind: str, given: Items, headers: Mapping[str, str]) -> Answer:
    if not given:
        raise refusals.invalid_attribute("ids", "at least one must be given")
    with request.writing() as work:
        job = request.account.jobs.take(work, _order(request, kind, given))
    return Answer(body={"job_status": _shown(request, job)}, type=JSON, headers=headers)


def _order(request: Request, kind: str, given: Items) -> Order:
    made, seconds = request.account.now().timestamp(), request.account.switches["job_seconds"]
    return Order(kind=kind, items=given, made=made, seconds=seconds, harm=request.harm)


# --- asked for later


def show(request: Request) -> Answer:
    found = _of(request, request.names)
    if not found:
        raise refusals.not_found()
    return Answer(body={"job_status": found[0]}, type=JSON)


def show_many(request: Request) -> Answer:
    return Answer(body={"job_statuses": _of(request, request.listed("ids"))}, type=JSON)


def index(request: Request) -> Answer:
    with request.reading() as work:
        found = [_shown(request, job) for job in jobs.latest(work.tx, request.account.now().timestamp())]
    url = f"{request.root}/job_statuses.json"
    return Answer(body=listing.paged("job_statuses", found, url, request.call.query), type=JSON)


def _of(request: Request, ids: Sequence[str]) -> list[dict[str, Any]]:
    with request.reading() as work:
        found = jobs.of_ids(work.tx, ids, request.account.now().timestamp())
    return [_shown(request, job) for job in found]


def _shown(request: Request, job: dict[str, Any]) -> dict[str, Any]:
    name, kind = job.pop("id"), job.pop("job_type")
    return {"id": name, "job_type": kind, "url": f"{request.root}/job_statuses/{name}.json", **job}
