"""The durable part: one SQLite file with counters, settings and replies beside the tables of its vendor."""

from __future__ import annotations

import json
import queue
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TABLES = """
create table if not exists counters(name text primary key, value integer not null) without rowid;
create table if not exists settings(name text primary key, value text not null) without rowid;
create table if not exists reply(n integer primary key, case_id text not null, text text not null,
  private integer not null, state text not null, says text not null, url text not null);
"""


class Database:
    """One file; many readers, one writer at a time. A write block commits to disk before it returns."""

    def __init__(self, path: Path, tables: str) -> None:
        self._path = path
        self._writing = threading.Lock()
        self._idle: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        with self.write() as tx:
            for statement in (TABLES + tables).split(";\n"):
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


def load_setting(tx: sqlite3.Connection, name: str, default: Any) -> Any:
    row = tx.execute("select value from settings where name = ?", (name,)).fetchone()
    return default if row is None else json.loads(row[0])


def save_setting(tx: sqlite3.Connection, name: str, value: Any) -> None:
    tx.execute("insert or replace into settings values (?, ?)", (name, json.dumps(value)))


def empty(tx: sqlite3.Connection, tables: Iterable[str]) -> None:
    """Remove every row of these tables, and all replies."""
    for table in ("reply", *tables):
        tx.execute(f"delete from {table}")
