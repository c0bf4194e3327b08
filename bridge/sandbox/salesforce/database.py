"""The tables of one org: records of every object, their look-up entries, and tokens."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bridge.sandbox.file import next_number
from bridge.sandbox.salesforce import ids
from bridge.sandbox.salesforce.schema import SObject
from bridge.sandbox.salesforce.values import folded

TABLES = """
create table if not exists records(
  id text primary key, object text not null, number integer not null, deleted integer not null, body text not null
) without rowid;
create index if not exists records_in_order on records(object, number);
create table if not exists entries(
  object text not null, field text not null, value blob not null, id text not null,
  primary key (object, field, value, id)
) without rowid;
create index if not exists entries_of_record on entries(id);
create table if not exists tokens(token text primary key) without rowid;
create table if not exists notifications(
  id text primary key, action text not null, record text not null, made real not null, due real not null,
  tries integer not null
) without rowid;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record as stored. `values` holds every field that is not empty, under canonical names."""

    id: str
    object: str
    deleted: bool
    values: Mapping[str, Any]

    def get(self, field: str) -> Any:
        if field == "Id":
            return self.id
        return self.deleted if field == "IsDeleted" else self.values.get(field)


def insert(tx: sqlite3.Connection, sobject: SObject, values: Mapping[str, Any]) -> str:
    """Store a new record; its 18-character id."""
    number = next_number(tx, f"id:{sobject.name}")
    record_id = ids.long_form(ids.make(sobject.prefix, number))
    tx.execute("insert into records values (?, ?, ?, 0, ?)", (record_id, sobject.name, number, _json(values)))
    _index(tx, sobject, record_id, values)
    return record_id


def replace(tx: sqlite3.Connection, sobject: SObject, record_id: str, values: Mapping[str, Any]) -> None:
    """Store all values of a record anew."""
    tx.execute("update records set body = ? where id = ?", (_json(values), record_id))
    tx.execute("delete from entries where id = ?", (record_id,))
    _index(tx, sobject, record_id, values)


def mark_deleted(tx: sqlite3.Connection, record_id: str, *, deleted: bool = True) -> None:
    """Put a record into the recycle bin: queries pass over it, and its unique values are free again. Or back."""
    tx.execute("update records set deleted = ? where id = ?", (deleted, record_id))


def fetch(tx: sqlite3.Connection, record_id: str) -> Record | None:
    """The record of that 18-character id, deleted or not; None = there never was one."""
    row = tx.execute("select id, object, deleted, body from records where id = ?", (record_id,)).fetchone()
    return None if row is None else _record(row)


def scan(tx: sqlite3.Connection, sobject: SObject) -> Iterator[Record]:
    """Every record of an object, deleted ones too, oldest first."""
    rows = tx.execute(
        "select id, object, deleted, body from records where object = ? order by number", (sobject.name,)
    )
    return map(_record, rows)


def look_up(tx: sqlite3.Connection, sobject: SObject, field: str, values: Collection[Any]) -> list[Record]:
    """The records whose Id or indexed field has one of these (folded) values, oldest first."""
    found: dict[str, tuple[Any, ...]] = {}
    for value in values:
        for row in tx.execute(*_by_value(sobject, field, value)):
            found[row[0]] = row
    return [_record(row) for row in sorted(found.values(), key=lambda row: int(row[4]))]


def _by_value(sobject: SObject, field: str, value: Any) -> tuple[str, tuple[Any, ...]]:
    columns = "select r.id, r.object, r.deleted, r.body, r.number from records r"
    if field == "Id":
        return f"{columns} where r.id = ? and r.object = ?", (value, sobject.name)
    where = "join entries e on e.id = r.id where e.object = ? and e.field = ? and e.value = ?"
    return f"{columns} {where}", (sobject.name, field, _key(value))


def _index(tx: sqlite3.Connection, sobject: SObject, record_id: str, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        field = sobject.fields[name]
        if field.indexed and value is not None:
            key = _key(folded(field, value))
            tx.execute("insert into entries values (?, ?, ?, ?)", (sobject.name, name, key, record_id))


def forget(tx: sqlite3.Connection, sobject: SObject, field: str) -> None:
    """Drop a field's value from every record, as the field is deleted."""
    for record in list(scan(tx, sobject)):
        if field in record.values:
            replace(tx, sobject, record.id, {name: v for name, v in record.values.items() if name != field})


def reindex(tx: sqlite3.Connection, sobject: SObject) -> None:
    """Write the look-up entries of an object anew, after its fields have changed."""
    records = list(scan(tx, sobject))
    tx.execute("delete from entries where object = ?", (sobject.name,))
    for record in records:
        _index(tx, sobject, record.id, record.values)


def _record(row: tuple[Any, ...]) -> Record:
    return Record(id=row[0], object=row[1], deleted=bool(row[2]), values=json.loads(row[3]))


def _json(values: Mapping[str, Any]) -> str:
    # ASCII only, so that NUL and lone surrogates come back exactly as they came
    return json.dumps({name: value for name, value in values.items() if value is not None})


def _key(value: Any) -> bytes:
    return str(value).encode("utf-8", "surrogatepass")
