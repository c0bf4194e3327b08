"""The tables of one account: tickets, audits (with the comments in them), users, records, files, tokens."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bridge.sandbox.file import next_number

TABLES = """
create table if not exists tickets(
  id integer primary key, external_id blob, deleted integer not null, body text not null, notes text not null
);
create index if not exists tickets_by_external_id on tickets(external_id);
create table if not exists audits(id integer primary key, ticket_id integer not null, body text not null);
create index if not exists audits_of_ticket on audits(ticket_id, id);
create table if not exists users(
  id integer primary key, external_id blob unique, email blob unique, body text not null
);
create table if not exists records(
  kind text not null, id integer not null, body text not null, primary key (kind, id)
) without rowid;
create table if not exists uploads(
  token text primary key, expires real not null, files text not null
) without rowid;
create table if not exists files(id integer primary key, body text not null, content blob not null);
create table if not exists tokens(
  token text primary key, scopes text not null, expires real not null
) without rowid;
create table if not exists answers(
  key text primary key, digest text not null, made real not null, body text not null, location text not null
) without rowid;
"""
EMPTIED_BY_RESET = (
    "tickets", "audits", "users", "identities", "records", "uploads", "files", "answers", "jobs", "job_items",
    "counters", "settings",
)  # fmt: skip
MOST_BITS = 63  #: of a number that the file can hold
CLOSES_AFTER = timedelta(hours=96)


@dataclass(slots=True, kw_only=True)
class Ticket:
    """One ticket. `fields`: what the API shows; `notes`: what it shows elsewhere, or knows of itself."""

    id: int
    fields: dict[str, Any]
    notes: dict[str, Any]
    deleted: bool = False


def new_id(tx: sqlite3.Connection) -> int:
    """An id for anything but tickets: 13 digits, never the same twice."""
    return next_number(tx, "id", first=6_130_000_000_001)


def new_ticket_id(tx: sqlite3.Connection) -> int:
    """An id for a ticket: small, growing, and now and then one is left out."""
    number = next_number(tx, "ticket")
    return next_number(tx, "ticket") if number % 5 == 4 else number


def save_ticket(tx: sqlite3.Connection, ticket: Ticket) -> None:
    row = (ticket.id, _key(ticket.fields["external_id"]), ticket.deleted)
    values = (*row, json.dumps(ticket.fields), json.dumps(ticket.notes))
    tx.execute("insert or replace into tickets values (?, ?, ?, ?, ?)", values)


def ticket(tx: sqlite3.Connection, number: int) -> Ticket | None:
    """The ticket of that id, deleted or not; None = there never was one."""
    if number.bit_length() > MOST_BITS:
        return None
    row = tx.execute("select * from tickets where id = ?", (number,)).fetchone()
    return None if row is None else _ticket(row)


def tickets(tx: sqlite3.Connection, *, external_id: str | None = None) -> Iterator[Ticket]:
    """All tickets, deleted ones too, oldest first; external_id: only those that have it."""
    where = "" if external_id is None else "where external_id = ?"
    given = () if external_id is None else (_key(external_id),)
    return map(_ticket, tx.execute(f"select * from tickets {where} order by id", given).fetchall())


def _ticket(row: tuple[Any, ...]) -> Ticket:
    return Ticket(id=row[0], deleted=bool(row[2]), fields=json.loads(row[3]), notes=json.loads(row[4]))


def close_solved(tx: sqlite3.Connection, now: datetime) -> list[tuple[Ticket, dict[str, Any]]]:
    """Close every ticket that has been solved for 96 hours: these, each with the audit that tells of it."""
    closed = []
    for found in list(tickets(tx)):
        if found.deleted or found.fields["status"] != "solved":
            continue
        due = datetime.fromisoformat(found.notes["solved_at"]) + CLOSES_AFTER
        if due <= now:
            at = due.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            found.fields |= {"status": "closed", "updated_at": at}
            found.notes["status_updated_at"] = at
            save_ticket(tx, found)
            audit = _closing(tx, found.id, at)
            save_audit(tx, audit)
            closed.append((found, audit))
    return closed


def _closing(tx: sqlite3.Connection, ticket_id: int, at: str) -> dict[str, Any]:
    event = {"id": new_id(tx), "type": "Change", "value": "closed", "field_name": "status"}
    rule = {
        "channel": "rule",
        "source": {"from": {"title": "Close ticket 4 days after solved"}, "to": {}, "rel": "automation"},
    }
    return {
        "id": new_id(tx),
        "ticket_id": ticket_id,
        "created_at": at,
        "author_id": -1,
        "metadata": {"system": {}, "custom": {}},
        "events": [{**event, "previous_value": "solved"}],
        "via": rule,
    }


# --- audits


def save_audit(tx: sqlite3.Connection, audit: Mapping[str, Any]) -> None:
    row = (audit["id"], audit["ticket_id"], json.dumps(audit))
    tx.execute("insert or replace into audits values (?, ?, ?)", row)


def audits(tx: sqlite3.Connection, ticket_id: int) -> list[dict[str, Any]]:
    """All audits of a ticket, oldest first."""
    rows = tx.execute("select body from audits where ticket_id = ? order by id", (ticket_id,))
    return [json.loads(row[0]) for row in rows]


def comments(of: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], dict[str, Any]]]:
    """The Comment events of some audits, each behind its audit."""
    return ((audit, event) for audit in of for event in audit["events"] if event["type"] == "Comment")


# --- users


def save_user(tx: sqlite3.Connection, user: Mapping[str, Any]) -> None:
    row = (user["id"], _key(user["external_id"], folded=True), _key(user["email"], folded=True), json.dumps(user))
    tx.execute("insert or replace into users values (?, ?, ?, ?)", row)


def user(tx: sqlite3.Connection, number: int) -> dict[str, Any] | None:
    """The user of that id; None = there is none."""
    found = users(tx, "id", [number])
    return found[0] if found else None


def users(tx: sqlite3.Connection, column: str, values: Collection[Any]) -> list[dict[str, Any]]:
    """The users with one of these ids, external ids or e-mail addresses (both blind to case), oldest first."""
    keys = [value if column == "id" else _key(value, folded=True) for value in values]
    marks = ", ".join("?" * len(keys))
    rows = tx.execute(f"select body from users where {column} in ({marks}) order by id", keys)
    return [json.loads(row[0]) for row in rows]


def all_users(tx: sqlite3.Connection) -> list[dict[str, Any]]:
    """Everybody, oldest first."""
    return [json.loads(row[0]) for row in tx.execute("select body from users order by id")]


def customers(tx: sqlite3.Connection) -> list[dict[str, Any]]:
    """Everybody who is no agent, oldest first."""
    return [one for one in all_users(tx) if one["role"] == "end-user"]


# --- groups, brands and forms; files


def save_record(tx: sqlite3.Connection, kind: str, record: Mapping[str, Any]) -> None:
    tx.execute("insert or replace into records values (?, ?, ?)", (kind, record["id"], json.dumps(record)))


def drop_record(tx: sqlite3.Connection, kind: str, number: int) -> None:
    tx.execute("delete from records where kind = ? and id = ?", (kind, number))


def records(tx: sqlite3.Connection, kind: str) -> list[dict[str, Any]]:
    """All records of a kind, oldest first."""
    found = tx.execute("select body from records where kind = ? order by id", (kind,))
    return [json.loads(row[0]) for row in found]


def save_upload(tx: sqlite3.Connection, token: str, expires: float, files: Collection[int]) -> None:
    tx.execute("insert or replace into uploads values (?, ?, ?)", (token, expires, json.dumps(list(files))))


def upload(tx: sqlite3.Connection, token: str) -> tuple[float, list[int]] | None:
    """When a token runs out, and the ids of the files under it; None = there is no such token."""
    row = tx.execute("select expires, files from uploads where token = ?", (token,)).fetchone()
    return None if row is None else (row[0], json.loads(row[1]))


def drop_upload(tx: sqlite3.Connection, token: str) -> None:
    tx.execute("delete from uploads where token = ?", (token,))


def save_file(tx: sqlite3.Connection, attachment: Mapping[str, Any], content: bytes) -> None:
    row = (attachment["id"], json.dumps(attachment), content)
    tx.execute("insert or replace into files values (?, ?, ?)", row)


def file(tx: sqlite3.Connection, number: int) -> dict[str, Any] | None:
    """A file as it is shown; None = there is none."""
    row = tx.execute("select body from files where id = ?", (number,)).fetchone()
    return None if row is None else json.loads(row[0])


def content(tx: sqlite3.Connection, number: int) -> bytes:
    """What is in a file; b"" = nothing, or there is none."""
    row = tx.execute("select content from files where id = ?", (number,)).fetchone()
    return b"" if row is None else row[0]


def _key(value: str | None, *, folded: bool = False) -> bytes | None:
    return None if value is None else (value.lower() if folded else value).encode()
