"""The durable part: records, their look-up entries, counters, tokens and settings in one SQLite file."""

from __future__ import annotations

import json
import queue
import sqlite3
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
create table if not exists counters(name text primary key, value integer not null) without rowid;
create table if not exists tokens(token text primary key) without rowid;
create table if not exists settings(name text primary key, value text not null) without rowid;
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


class Database:
    """One file; many readers, one writer at a time. A write block commits to disk before it returns."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writing = threading.Lock()
        self._idle: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        with self.write() as tx:
            for statement in TABLES.split(";\n"):
                tx.execute(statement)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=30)
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = full")
        return connection

    @contextmanager
    def _borrow(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._idle.get_nowait()
        except queue.Empty:
            connection = self._connect()
        try:
            yield connection
        finally:
            self._idle.put(connection)

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction that is committed at the end of the block, rolled back if it raises."""
        with self._writing, self._borrow() as connection:
            connection.execute("begin immediate")
            try:
                yield connection
            except BaseException:
                connection.execute("rollback")
                raise
            connection.execute("commit")

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A snapshot: everything read in the block is of one moment."""
        with self._borrow() as connection:
            connection.execute("begin")
            try:
                yield connection
            finally:
                connection.execute("rollback")

    def close(self) -> None:
        """Close what no thread uses any more."""
        while not self._idle.empty():
            self._idle.get_nowait().close()


def next_number(tx: sqlite3.Connection, name: str, *, first: int = 1) -> int:
    """Count on: the first number, then one more each time."""
    statement = """insert into counters values (:name, :first)
                   on conflict(name) do update set value = value + 1 returning value"""
    rows = tx.execute(statement, {"name": name, "first": first}).fetchall()
    return int(rows[0][0])


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


def mark_deleted(tx: sqlite3.Connection, record_id: str) -> None:
    """Put a record into the recycle bin: queries pass over it, and its unique values are free again."""
    tx.execute("update records set deleted = 1 where id = ?", (record_id,))


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


def load_setting(tx: sqlite3.Connection, name: str, default: Any) -> Any:
    row = tx.execute("select value from settings where name = ?", (name,)).fetchone()
    return default if row is None else json.loads(row[0])


def save_setting(tx: sqlite3.Connection, name: str, value: Any) -> None:
    tx.execute("insert or replace into settings values (?, ?)", (name, json.dumps(value)))


def empty(tx: sqlite3.Connection, tables: Iterable[str]) -> None:
    """Remove every row of these tables."""
    for table in tables:
        tx.execute(f"delete from {table}")
