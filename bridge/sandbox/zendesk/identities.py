"""What a user is known by beside the name: handles, numbers, addresses; each is one user's only. Raises Refusal.

https://developer.zendesk.com/api-reference/ticketing/users/user_identities/
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from bridge.sandbox.zendesk import bodies, refusals, rows
from bridge.sandbox.zendesk.comments import Work

TABLES = """
create table if not exists identities(
  id integer primary key, user_id integer not null, kind text not null, value text not null, body text not null,
  unique (kind, value)
);
"""
KINDS = ("email", "twitter", "facebook", "google", "phone_number", "agent_forwarding")
METHODS = ("none", "low")
UNUSED = frozenset({"skip_verify_email", "primary"})  #: allowed, and of no effect here
KEYS = frozenset({"type", "value", "verified", "verification_method"})


def unknown_keys(given: Mapping[str, Any]) -> list[str]:
    """The keys that the vendor ignores, as it names them."""
    return [f"identity.{key}" for key in sorted(set(given) - KEYS - UNUSED)]


def add(work: Work, user_id: int, given: Mapping[str, Any]) -> dict[str, Any]:
    """Give a user an identity; it without url."""
    if rows.user(work.tx, user_id) is None:
        raise refusals.not_found()
    kind, value = bodies.need(given, "type", str), bodies.need(given, "value", str).strip()
    method = bodies.optional(given, "verification_method", str) or "none"
    if kind not in KINDS or method not in METHODS or not value:
        raise refusals.invalid_record({"type": ["Type: is not a valid value"]})
    taken = work.tx.execute("select user_id from identities where kind = ? and value = ?", (kind, value.lower()))
    if taken.fetchone() is not None or (kind == "email" and rows.users(work.tx, "email", [value])):
        text = f"Value: {value} is already being used by another user"
        raise refusals.invalid_record({"value": [text]}, error="DuplicateValue")
    number, verified = rows.new_id(work.tx), bool(bodies.optional(given, "verified", bool))
    made = _identity(number, user_id, kind, value, work.now) | {
        "verified": verified,
        "verification_method": method,
    }
    row = (number, user_id, kind, value.lower(), json.dumps(made))
    work.tx.execute("insert into identities values (?, ?, ?, ?, ?)", row)
    return made


def of_user(tx: sqlite3.Connection, user: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All of a user, the e-mail address first; without url."""
    found = tx.execute("select body from identities where user_id = ? order by id", (user["id"],))
    given = [json.loads(row[0]) for row in found]
    if user["email"] is None:
        return given
    address = _identity(user["id"] + 10**12, user["id"], "email", user["email"], user["created_at"])
    return [{**address, "primary": True, "undeliverable_count": 0, "deliverable_state": "deliverable"}, *given]


def _identity(number: int, user_id: int, kind: str, value: str, now: str) -> dict[str, Any]:
    return {
        "id": number, "user_id": user_id, "type": kind, "value": value, "verified": False, "primary": False,
        "verified_at": None, "verification_method": "none", "created_at": now, "updated_at": now,
    }  # fmt: skip
