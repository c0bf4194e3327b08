"""The tables of webhooks and of what was sent through them, and how the sandbox sends. Durable.

https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks/
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from bridge.sandbox.local import is_local

TABLES = """
create table if not exists webhooks(id text primary key, body text not null, secret text not null) without rowid;
create table if not exists invocations(
  n integer primary key, id text not null unique, webhook text not null, event text not null, made real not null,
  due real, status text not null, code integer, completed real, body text not null, attempts text not null
);
create index if not exists invocations_due on invocations(due) where due is not null;
create index if not exists invocations_of_webhook on invocations(webhook, n);
"""
EMPTIED_BY_RESET = ("webhooks", "invocations")
BY_TRIGGER = "conditional_ticket_events"  #: the subscription of a webhook that triggers call
KEPT = 7 * 86_400  # seconds that invocations are shown
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """One webhook. `body`: what the API shows; `credentials` stand in it, and are not shown."""

    id: str
    body: dict[str, Any]
    secret: str

    @property
    def active(self) -> bool:
        return bool(self.body["status"] == "active")

    @property
    def subscriptions(self) -> Sequence[str]:
        """Event types, or BY_TRIGGER alone."""
        return tuple(self.body["subscriptions"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One call that a webhook makes, with the attempts to make it."""

    id: str
    webhook: str
    event: str  #: its type; "" = a trigger's
    made: float  #: on the account's clock, like all times here
    body: str
    due: float | None = None  #: when it is tried next; None = it is over
    status: str = "accepted"
    code: int | None = None  #: of the latest answer
    completed: float | None = None
    attempts: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """Where calls go, and how well."""

    url: str = ""  #: of this machine, in the place of endpoints that are elsewhere; "" = those are not called
    patience: float = 10.0  #: seconds of this machine's clock for one request
    twice: bool = False  #: each is delivered two times
    shuffle: bool = False  #: in any order
    drop: int = 0  #: each of so many is lost without a trace; 0 = none


def outgoing(spec: Mapping[str, Any], first: Outgoing) -> Outgoing:
    """Read how to send; what is not said is as in `first`. Raises ValueError, one sentence."""
    values: dict[str, Any] = {name: getattr(first, name) for name in Outgoing.__slots__}
    for name, value in spec.items():
        if name not in values:
            raise ValueError(f"{name!r} is no key of webhooks; allowed are {', '.join(values)}")
        kinds = int | float if name == "patience" else type(values[name])
        if not isinstance(value, kinds) or (isinstance(value, bool) and type(values[name]) is not bool):
            raise ValueError(f"{name}: {value!r} is no {type(values[name]).__name__}")
        values[name] = value
    if values["url"] and not is_local(values["url"]):
        raise ValueError("url: send http://127.0.0.1:…, an address of this machine")
    if not 0 < values["patience"] <= 60 or values["drop"] < 0:
        raise ValueError("patience must be over 0 and at most 60 seconds, drop not under 0")
    return Outgoing(**values)


def place(endpoint: str, url: str) -> str:
    """Where a webhook's call really goes; "" = nowhere, as only this machine is called.

    url: stands for another machine, with its own path if it has one, else with the endpoint's.
    """
    if is_local(endpoint):
        return endpoint
    if not url:
        return ""
    here, there = urlsplit(url), urlsplit(endpoint)
    path = here.path if here.path.strip("/") else there.path
    return urlunsplit((here.scheme, here.netloc, path, there.query, ""))


def ulid(now: float) -> str:
    """An id that sorts by its time: 26 letters and digits."""
    number = int(now * 1000) << 80 | secrets.randbits(80)
    return "".join(ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


def exact_time(now: float) -> str:
    """A time as webhooks write it: 2026-11-21T20:00:00.123456000Z."""
    when = datetime.fromtimestamp(now, tz=UTC)
    return f"{when:%Y-%m-%dT%H:%M:%S}.{when.microsecond:06d}000Z"


# --- webhooks


def save_webhook(tx: sqlite3.Connection, hook: Webhook) -> None:
    tx.execute("insert or replace into webhooks values (?, ?, ?)", (hook.id, json.dumps(hook.body), hook.secret))


def drop_webhook(tx: sqlite3.Connection, own: str) -> None:
    """Remove a webhook, and what it has still to send."""
    tx.execute("delete from webhooks where id = ?", (own,))
    tx.execute("delete from invocations where webhook = ?", (own,))


def webhooks(tx: sqlite3.Connection) -> list[Webhook]:
    """All webhooks, oldest first."""
    rows = tx.execute("select id, body, secret from webhooks order by id")
    return [Webhook(id=row[0], body=json.loads(row[1]), secret=row[2]) for row in rows]


def webhook(tx: sqlite3.Connection, own: str) -> Webhook | None:
    """The webhook of that id; None = there is none."""
    return next((one for one in webhooks(tx) if one.id == own), None)


# --- invocations


def queue(tx: sqlite3.Connection, hook: Webhook, event: str, body: str, now: float) -> None:
    """Have a webhook called at once. event: the type; "" = a trigger calls it."""
    values = (ulid(now), hook.id, event, now, now, "accepted", body, "[]")
    tx.execute(
        """insert into invocations (id, webhook, event, made, due, status, body, attempts)
           values (?, ?, ?, ?, ?, ?, ?, ?)""",
        values,
    )


def due(tx: sqlite3.Connection, now: float) -> list[Invocation]:
    """What is to be sent now, oldest first."""
    return [_invocation(row) for row in tx.execute(f"{SELECT} where due <= ? order by n", (now,))]


def invocations(tx: sqlite3.Connection, hook: str, now: float) -> list[Invocation]:
    """Those of one webhook in the last seven days, oldest first."""
    rows = tx.execute(f"{SELECT} where webhook = ? and made >= ? order by n", (hook, now - KEPT))
    return [_invocation(row) for row in rows]


def waiting(tx: sqlite3.Connection) -> int:
    """How many are still to be sent, or sent again."""
    return int(tx.execute("select count(*) from invocations where due is not null").fetchone()[0])


def made(tx: sqlite3.Connection, since: float) -> int:
    """How many were really called since then."""
    statement = "select count(*) from invocations where completed >= ? and code is not null"
    return int(tx.execute(statement, (since,)).fetchone()[0])


def settle(tx: sqlite3.Connection, one: Invocation) -> None:
    """Store what became of it."""
    values = (one.due, one.status, one.code, one.completed, json.dumps(one.attempts), one.id)
    statement = "update invocations set due = ?, status = ?, code = ?, completed = ?, attempts = ? where id = ?"
    tx.execute(statement, values)


def lose(tx: sqlite3.Connection, own: str) -> None:
    """Forget that it ever was to be sent."""
    tx.execute("delete from invocations where id = ?", (own,))


SELECT = "select id, webhook, event, made, body, due, status, code, completed, attempts from invocations"


def _invocation(row: tuple[Any, ...]) -> Invocation:
    own, hook, event, made, body, due_at, status, code, completed, attempts = row
    return Invocation(
        id=own,
        webhook=hook,
        event=event,
        made=made,
        body=body,
        due=due_at,
        status=status,
        code=code,
        completed=completed,
        attempts=tuple(json.loads(attempts)),
    )
