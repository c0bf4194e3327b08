"""What is answered under users: one made, changed, shown, listed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.sandbox.wire import Answer
from bridge.sandbox.zendesk import bodies, identities, listing, refusals, rows, shapes, user_fields, users
from bridge.sandbox.zendesk.account import BRIDGE_USER
from bridge.sandbox.zendesk.refusals import JSON
from bridge.sandbox.zendesk.request import Request, numbers_of

Body = Mapping[str, Any]


def index(request: Request) -> Answer:
    with request.reading() as work:
        named = request.call.query.get("external_id")
        given = rows.all_users(work.tx) if named is None else rows.users(work.tx, "external_id", [named])
        found = [shapes.user(request.root, one) for one in given]
    # both roles come under one name, of which a call keeps the first: it means staff here
    staff = any(name in request.call.query for name in ("role", "role[]"))
    shown = [one for one in found if not staff or one["role"] != "end-user"]
    return Answer(body=listing.paged("users", shown, f"{request.root}/users.json", request.call.query), type=JSON)


def create(request: Request) -> Answer:
    given = bodies.root(bodies.read(request.call), "user")
    with request.writing() as work:
        user = users.create(work, given)
    return _answered(request, user, given, status=201, action="create")


def update(request: Request) -> Answer:
    given = bodies.root(bodies.read(request.call), "user")
    with request.writing() as work:
        user = users.update(work, request.numbers[0], given)
    return _answered(request, user, given, status=200, action="update")


def create_or_update(request: Request) -> Answer:
    given = bodies.root(bodies.read(request.call), "user")
    with request.writing() as work:
        user, new = users.create_or_update(work, given)
    return _answered(request, user, given, status=201 if new else 200, action="create_or_update")


def _answered(request: Request, user: Body, given: Body, *, status: int, action: str) -> Answer:
    shown = shapes.user(request.root, user)
    headers = bodies.warning("users", action, users.unknown_keys(given))
    if status == 201:
        headers["Location"] = shown["url"]
    return Answer(status=status, body={"user": shown}, type=JSON, headers=headers)


def show(request: Request) -> Answer:
    return _one(request, request.numbers[0])


def show_me(request: Request) -> Answer:
    return _one(request, BRIDGE_USER)


def _one(request: Request, number: int) -> Answer:
    with request.reading() as work:
        found = rows.user(work.tx, number)
    if found is None:
        raise refusals.not_found()
    return Answer(body={"user": shapes.user(request.root, found)}, type=JSON)


def show_many(request: Request) -> Answer:
    column = "external_id" if "external_ids" in request.call.query else "id"
    wanted = request.listed(f"{column}s")
    keys = wanted if column == "external_id" else numbers_of(wanted)
    with request.reading() as work:
        found = [shapes.user(request.root, one) for one in rows.users(work.tx, column, keys)]
    body = {"users": found, "next_page": None, "previous_page": None, "count": len(found)}
    return Answer(body=body, type=JSON)


def list_fields(request: Request) -> Answer:
    made = request.account.made
    with request.reading() as work:
        found = [
            user_fields.shown(request.root, one, place, made)
            for place, one in enumerate(user_fields.every(work.tx))
        ]
    url = f"{request.root}/user_fields.json"
    return Answer(body=listing.paged("user_fields", found, url, request.call.query), type=JSON)


# --- identities


def list_identities(request: Request) -> Answer:
    number = request.numbers[0]
    with request.reading() as work:
        user = rows.user(work.tx, number)
        if user is None:
            raise refusals.not_found()
        found = [_identity(request, one) for one in identities.of_user(work.tx, user)]
    url = f"{request.root}/users/{number}/identities.json"
    return Answer(body=listing.paged("identities", found, url, request.call.query), type=JSON)


def add_identity(request: Request) -> Answer:
    given = bodies.root(bodies.read(request.call), "identity")
    with request.writing() as work:
        made = _identity(request, identities.add(work, request.numbers[0], given))
    headers = bodies.warning("user_identities", "create", identities.unknown_keys(given))
    return Answer(status=201, body={"identity": made}, type=JSON, headers={"Location": made["url"], **headers})


def _identity(request: Request, found: Body) -> dict[str, Any]:
    return {"url": f"{request.root}/users/{found['user_id']}/identities/{found['id']}.json", **found}
