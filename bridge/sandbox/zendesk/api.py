"""The REST API under /api/v2: who may call, which path does what, and what is answered."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from bridge.sandbox.wire import Answer, Call
from bridge.sandbox.zendesk import (
    bodies,
    comments,
    idempotency,
    listing,
    records,
    refusals,
    rows,
    shapes,
    tickets,
    uploads,
    users,
    values,
)
from bridge.sandbox.zendesk.account import BRIDGE_USER, Account
from bridge.sandbox.zendesk.comments import Work
from bridge.sandbox.zendesk.refusals import JSON, Refusal
from bridge.sandbox.zendesk.rows import Ticket

PREFIX = "/api/v2/"
Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A call whose path is understood."""

    call: Call
    root: str  #: https://acme.zendesk.com/api/v2
    numbers: tuple[int, ...]  #: the ids in the path


class Api:
    """The API of one account. Safe to call from several threads."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.calls: Counter[str] = Counter()  #: "PUT tickets/{id}" -> how often
        self.keys = idempotency.Keys()
        self._lock = threading.Lock()

    def admit(self, call: Call) -> frozenset[str]:
        """Let a call in: what its token may do. Raises Refusal 401."""
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise refusals.no_credentials()
        scopes = self.account.scopes(token.strip())
        if scopes is None:
            raise refusals.invalid_token()
        return scopes

    def count(self, call: Call) -> None:
        """Count a call under its method and kind of path."""
        with self._lock:
            self.calls[f"{call.method} {kind(call)}"] += 1

    def begin(self, call: Call, scopes: frozenset[str]) -> Callable[[], Answer]:
        """Take a call in; what comes back carries it out, committed to disk when it returns.

        From now until then its Idempotency-Key is busy. Raises Refusal where it is already.
        """
        key = key_of(call)
        self.keys.enter(key)

        def act() -> Answer:
            try:
                return self._route(call, scopes)
            except Refusal as refusal:
                return refusal.answer()
            except RecursionError:  # what was just readable may be nested too deeply to be stored
                return refusals.bad_json().answer()
            finally:
                self.keys.leave(key)

        return act

    def _route(self, call: Call, scopes: frozenset[str]) -> Answer:
        rest = _rest(call)
        for pattern, methods in ROUTES:
            found = re.fullmatch(pattern, rest)
            if found and call.method in methods:
                handler, needed = methods[call.method]
                if not scopes & set(needed):
                    raise refusals.forbidden()
                numbers = tuple(int(text) for text in found.groups())
                return handler(self, Request(call=call, root=root(call), numbers=numbers))
        raise refusals.no_endpoint()

    # --- tickets

    def create_ticket(self, request: Request) -> Answer:
        body, key = bodies.read(request.call), key_of(request.call)
        if not key:
            with self._writing(request) as work:
                return self._created(request, work, body)
        if self.account.switches["idempotency_in_progress"]:
            raise refusals.in_progress()
        digest, now = idempotency.digest(body), self.account.now().timestamp()
        with self._writing(request) as work:
            answer = idempotency.kept(work.tx, key, digest, now)
            if answer is None:
                answer = self._created(request, work, body)
                answer = replace(answer, headers={**answer.headers, "x-idempotency-lookup": "miss"})
                idempotency.keep(work.tx, key, digest, now, answer)
            return answer

    def _created(self, request: Request, work: Work, body: Body) -> Answer:
        given = bodies.root(body, "ticket")
        ticket, audit = tickets.create(work, given)
        shown = shapes.ticket(request.root, ticket, self.account.fields)
        headers = {"Location": shown["url"], **bodies.warning("tickets", "create", values.unknown_keys(given))}
        return Answer(status=201, body={"ticket": shown, "audit": audit}, type=JSON, headers=headers)

    def update_ticket(self, request: Request) -> Answer:
        given = bodies.root(bodies.read(request.call), "ticket")
        with self._writing(request) as work:
            ticket, audit = tickets.update(work, request.numbers[0], given)
        shown = shapes.ticket(request.root, ticket, self.account.fields)
        headers = bodies.warning("tickets", "update", values.unknown_keys(given))
        return Answer(body={"ticket": shown, "audit": audit}, type=JSON, headers=headers)

    def delete_ticket(self, request: Request) -> Answer:
        with self._writing(request) as work:
            tickets.delete(work, request.numbers[0])
        return Answer(status=204, type=JSON)

    def show_ticket(self, request: Request) -> Answer:
        with self._reading(request) as work:
            found = tickets.living(work, request.numbers[0])
        body = {"ticket": shapes.ticket(request.root, found, self.account.fields)}
        return Answer(body=body | _metrics(request, [found]), type=JSON)

    def show_tickets(self, request: Request) -> Answer:
        ids = _values(request, "ids")
        with self._reading(request) as work:
            given = (
                rows.ticket(work.tx, int(one)) for one in dict.fromkeys(ids) if one.isdecimal() and len(one) < 19
            )
            found = [ticket for ticket in given if ticket is not None and not ticket.deleted]
        shown = [shapes.ticket(request.root, ticket, self.account.fields) for ticket in found]
        body = {"tickets": shown, "next_page": None, "previous_page": None, "count": len(shown)}
        return Answer(body=body | _metrics(request, found), type=JSON)

    def list_tickets(self, request: Request) -> Answer:
        with self._reading(request) as work:
            found = rows.tickets(work.tx, external_id=request.call.query.get("external_id"))
            living = [one for one in found if not one.deleted]
        shown = [shapes.ticket(request.root, one, self.account.fields, listed=True) for one in living]
        body = listing.paged("tickets", shown, f"{request.root}/tickets.json", request.call.query)
        return Answer(body=body | _metrics(request, living), type=JSON)

    def audits(self, request: Request) -> Answer:
        with self._reading(request) as work:
            number = tickets.living(work, request.numbers[0]).id
            found = rows.audits(work.tx, number)
        url = f"{request.root}/tickets/{number}/audits.json"
        return Answer(body=listing.paged("audits", found, url, request.call.query), type=JSON)

    def comments(self, request: Request) -> Answer:
        with self._reading(request) as work:
            number = tickets.living(work, request.numbers[0]).id
            found = [shapes.comment(*pair) for pair in rows.comments(rows.audits(work.tx, number))]
        url = f"{request.root}/tickets/{number}/comments.json"
        return Answer(body=listing.paged("comments", found, url, request.call.query), type=JSON)

    def redact(self, request: Request) -> Answer:
        body = bodies.read(request.call)
        ticket_id, html = bodies.need(body, "ticket_id", int), bodies.need(body, "html_body", str)
        if not self.account.switches["redaction"]:
            raise refusals.forbidden()
        with self._writing(request) as work:
            comment = comments.redact(work, tickets.living(work, ticket_id), request.numbers[0], html)
        return Answer(body={"comment": comment}, type=JSON)

    def make_private(self, request: Request) -> Answer:
        with self._writing(request) as work:
            comments.make_private(work, tickets.living(work, request.numbers[0]), request.numbers[1])
        return Answer(text="null", type=JSON)

    def redact_file(self, request: Request) -> Answer:
        if not self.account.switches["redaction"]:
            raise refusals.forbidden()
        number, comment, file = request.numbers
        with self._writing(request) as work:
            found = comments.redact_file(work, tickets.living(work, number), comment, file)
        return Answer(body={"attachment": found}, type=JSON)

    def upload(self, request: Request) -> Answer:
        call, now = request.call, self.account.now()
        given = {"name": call.query.get("filename", ""), "token": call.query.get("token", "")}
        with self._writing(request) as work:
            body = uploads.upload(work.tx, request.root, kind=call.media_type, content=call.body, now=now, **given)
        return Answer(status=201, body=body, type="text/plain; charset=utf-8")  # so it has been seen

    # --- groups, brands, forms

    def list_records(self, request: Request) -> Answer:
        name = kind(request.call)
        if name == "ticket_forms" and not self.account.switches["ticket_forms"]:
            raise refusals.forbidden()
        with self._reading(request) as work:
            found = [records.shown(request.root, name, one) for one in rows.records(work.tx, name)]
        return Answer(
            body=listing.paged(name, found, f"{request.root}/{name}.json", request.call.query), type=JSON
        )

    # --- users

    def list_users(self, request: Request) -> Answer:
        with self._reading(request) as work:
            found = [shapes.user(request.root, one) for one in rows.all_users(work.tx)]
        # both roles come under one name, of which a call keeps the first: it means staff here
        staff = any(name in request.call.query for name in ("role", "role[]"))
        shown = [one for one in found if not staff or one["role"] != "end-user"]
        return Answer(
            body=listing.paged("users", shown, f"{request.root}/users.json", request.call.query), type=JSON
        )

    def update_users(self, request: Request) -> Answer:
        given = bodies.need(bodies.read(request.call), "users", list)
        if len(given) > 100:
            raise refusals.too_many_values()
        with self._writing(request) as work:
            job = users.update_many(work, given)
        return Answer(body={"job_status": job}, type=JSON)

    def create_user(self, request: Request) -> Answer:
        given = bodies.root(bodies.read(request.call), "user")
        with self._writing(request) as work:
            user = users.create(work, given)
        return _user(request, user, given, status=201, action="create")

    def update_user(self, request: Request) -> Answer:
        given = bodies.root(bodies.read(request.call), "user")
        with self._writing(request) as work:
            user = users.update(work, request.numbers[0], given)
        return _user(request, user, given, status=200, action="update")

    def create_or_update_user(self, request: Request) -> Answer:
        given = bodies.root(bodies.read(request.call), "user")
        with self._writing(request) as work:
            user, new = users.create_or_update(work, given)
        return _user(request, user, given, status=201 if new else 200, action="create_or_update")

    def show_user(self, request: Request) -> Answer:
        return self._one_user(request, request.numbers[0])

    def show_me(self, request: Request) -> Answer:
        return self._one_user(request, BRIDGE_USER)

    def show_users(self, request: Request) -> Answer:
        column = "external_id" if "external_ids" in request.call.query else "id"
        wanted = _values(request, f"{column}s")
        keys = (
            wanted
            if column == "external_id"
            else [int(one) for one in wanted if one.isdecimal() and len(one) < 19]
        )
        with self._reading(request) as work:
            found = [shapes.user(request.root, one) for one in rows.users(work.tx, column, keys)]
        body = {"users": found, "next_page": None, "previous_page": None, "count": len(found)}
        return Answer(body=body, type=JSON)

    def _one_user(self, request: Request, number: int) -> Answer:
        with self._reading(request) as work:
            found = rows.user(work.tx, number)
        if found is None:
            raise refusals.not_found()
        return Answer(body={"user": shapes.user(request.root, found)}, type=JSON)

    @contextmanager
    def _writing(self, request: Request) -> Iterator[Work]:
        with self.account.database.write() as tx:
            yield self._work(request, tx)

    @contextmanager
    def _reading(self, request: Request) -> Iterator[Work]:
        with self.account.database.read() as tx:
            yield self._work(request, tx)

    def _work(self, request: Request, tx: sqlite3.Connection) -> Work:
        now = shapes.shown_time(self.account.now())
        client = request.call.headers.get("user-agent", "")
        return Work(tx=tx, fields=self.account.fields, now=now, actor=BRIDGE_USER, client=client)


READ_TICKETS, READ_USERS = ("read", "tickets:read"), ("read", "users:read")
WRITE_TICKETS, WRITE_USERS = ("write", "tickets:write"), ("write", "users:write")
Handler = Callable[[Api, Request], Answer]
ID = r"(\d{1,18})"
ROUTES: tuple[tuple[str, Mapping[str, tuple[Handler, Sequence[str]]]], ...] = (
    ("tickets", {"POST": (Api.create_ticket, WRITE_TICKETS), "GET": (Api.list_tickets, READ_TICKETS)}),
    ("tickets/show_many", {"GET": (Api.show_tickets, READ_TICKETS)}),
    (
        f"tickets/{ID}",
        {
            "GET": (Api.show_ticket, READ_TICKETS),
            "PUT": (Api.update_ticket, WRITE_TICKETS),
            "DELETE": (Api.delete_ticket, WRITE_TICKETS),
        },
    ),
    (f"tickets/{ID}/audits", {"GET": (Api.audits, ("read",))}),
    (f"tickets/{ID}/comments", {"GET": (Api.comments, READ_TICKETS)}),
    (f"tickets/{ID}/comments/{ID}/make_private", {"PUT": (Api.make_private, WRITE_TICKETS)}),
    (f"comment_redactions/{ID}", {"PUT": (Api.redact, WRITE_TICKETS)}),
    (
        f"tickets/{ID}/comments/{ID}/attachments/{ID}/redact",
        {"PUT": (Api.redact_file, WRITE_TICKETS)},
    ),
    ("uploads", {"POST": (Api.upload, WRITE_TICKETS)}),
    *((name, {"GET": (Api.list_records, ("read",))}) for name in records.SEEDED),
    ("users", {"POST": (Api.create_user, WRITE_USERS), "GET": (Api.list_users, READ_USERS)}),
    ("users/update_many", {"PUT": (Api.update_users, WRITE_USERS)}),
    ("users/me", {"GET": (Api.show_me, READ_USERS)}),
    ("users/show_many", {"GET": (Api.show_users, READ_USERS)}),
    ("users/create_or_update", {"POST": (Api.create_or_update_user, WRITE_USERS)}),
    (f"users/{ID}", {"GET": (Api.show_user, READ_USERS), "PUT": (Api.update_user, WRITE_USERS)}),
)


def kind(call: Call) -> str:
    """The path with its ids left out: tickets/{id}/comments."""
    return re.sub(r"(?<=/)\d+(?=/|$)", "{id}", _rest(call))


def key_of(call: Call) -> str:
    """The Idempotency-Key of a new ticket; "" = there is none, or nothing looks at it."""
    return call.headers.get("idempotency-key", "") if (call.method, _rest(call)) == ("POST", "tickets") else ""


def root(call: Call) -> str:
    """Where the API is, as the caller names it."""
    host = call.headers.get("host", "")
    return f"{'https' if host.endswith('.zendesk.com') else 'http'}://{host}{PREFIX.rstrip('/')}"


def _rest(call: Call) -> str:
    return call.path.removeprefix(PREFIX).removesuffix(".json").strip("/")


def _values(request: Request, name: str) -> list[str]:
    found = [one for one in request.call.query.get(name, "").split(",") if one]
    if len(found) > 100:
        raise refusals.too_many_values()
    return found


def _metrics(request: Request, found: Sequence[Ticket]) -> dict[str, Any]:
    if "metric_sets" not in request.call.query.get("include", "").split(","):
        return {}
    return {"metric_sets": [shapes.metric_set(request.root, ticket) for ticket in found]}


def _user(request: Request, user: Body, given: Body, *, status: int, action: str) -> Answer:
    shown = shapes.user(request.root, user)
    headers = bodies.warning("users", action, users.unknown_keys(given))
    if status == 201:
        headers["Location"] = shown["url"]
    return Answer(status=status, body={"user": shown}, type=JSON, headers=headers)
