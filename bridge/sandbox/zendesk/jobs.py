"""Jobs: bulk work that is taken in at once and done later, item by item, in no order.

https://developer.zendesk.com/api-reference/ticketing/ticket-management/job_statuses/
"""

from __future__ import annotations

import json
import random
import secrets
import sqlite3
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bridge.sandbox.file import Database, next_number
from bridge.sandbox.zendesk import bulk, refusals, shapes
from bridge.sandbox.zendesk.bulk import KINDS
from bridge.sandbox.zendesk.comments import Work

TABLES = """
create table if not exists jobs(
  n integer primary key, id text not null unique, kind text not null, made real not null, begins real not null,
  total integer not null, actor integer not null, client text not null, failed integer not null,
  gone integer not null
);
create table if not exists job_items(
  job integer not null, place integer not null, turn integer not null, due real not null, body text not null,
  version integer not null, error text not null, result text, primary key (job, place)
) without rowid;
create index if not exists job_items_to_do on job_items(due) where result is null;
"""
MOST_WAITING = 30  #: jobs of an account that are not done
KEPT = 24 * 3600  #: seconds that a job can be asked for
LEAST = 0.2  #: of the time of 100 items, what the smallest job takes
QUEUED = 0.1  #: of a job's time, how long nothing is done yet
NEVER = float("inf")
RETRY_AFTER = 10  #: seconds
COLUMNS = "n, id, kind, begins, total, failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Harm:
    """What a commanded fault does to a job."""

    failed: bool = False  #: the whole job; nothing is applied
    gone: bool = False  #: it cannot be asked for
    items: Collection[int] = field(default_factory=tuple)  #: those that fail
    error: str = ""  #: what their error is called; "" = as any other


NO_HARM = Harm()


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Bulk work as it comes in."""

    kind: str
    items: Sequence[Mapping[str, Any]]
    made: float  #: the account's clock
    seconds: float  #: that 100 updates take
    harm: Harm = NO_HARM


class Jobs:
    """The jobs of one account. Nothing is done by itself: `advance` does what has come due."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._advancing = threading.Lock()
        self._next = NEVER  #: when something is due; written only while the file is held for writing

    def load(self, tx: sqlite3.Connection) -> None:
        """Begin with what the file has."""
        first = tx.execute("select min(due) from job_items where result is null").fetchone()[0]
        self._next = NEVER if first is None else first

    def take(self, work: Work, order: Order) -> dict[str, Any]:
        """Store a job; it as it is answered at once, without url. Raises Refusal: 30 are waiting."""
        tx, kind, total = work.tx, KINDS[order.kind], len(order.items)
        waiting = tx.execute("select count(distinct job) from job_items where result is null").fetchone()[0]
        if waiting >= MOST_WAITING:
            raise refusals.too_many_jobs(RETRY_AFTER)
        number, seconds = next_number(tx, "job"), order.seconds * kind.pace * max(LEAST, total / 100)
        name, begins = f"V3-{secrets.token_hex(16)}", order.made + seconds * QUEUED
        harmed = (order.harm.failed, order.harm.gone)
        row = (number, name, order.kind, order.made, begins, total, work.actor, work.client, *harmed)
        tx.execute("insert into jobs values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        places = list(range(total))
        random.Random(number).shuffle(places)
        for turn, place in enumerate(places, 1):
            item, due = order.items[place], begins + (order.made + seconds - begins) * turn / total
            error = (order.harm.error or kind.failed) if place in order.harm.items else ""
            values = (number, place, turn, due, json.dumps(item), bulk.version(tx, kind, item), error)
            tx.execute("insert into job_items values (?, ?, ?, ?, ?, ?, ?, null)", values)
            self._next = min(self._next, due)
        return _told(name, order.kind, total, status="queued")

    def advance(self, now: float, fields: Mapping[int, Mapping[str, Any]]) -> None:
        """Do what has come due by now on the account's clock, each item as of its own time."""
        with self._advancing:  # whoever comes meanwhile is to see all of it
            if now >= self._next:
                self._do(now, fields)

    def _do(self, now: float, fields: Mapping[int, Mapping[str, Any]]) -> None:
        with self._database.write() as tx:
            found = tx.execute(
                """select job, place, due, body, version, error, kind, actor, client, failed
                   from job_items join jobs on n = job where result is null and due <= ?
                   order by due, job, turn""",
                (now,),
            ).fetchall()
            for job, place, due, body, version, error, kind, actor, client, failed in found:
                at = shapes.shown_time(datetime.fromtimestamp(due, tz=UTC))
                work = Work(tx=tx, fields=fields, now=at, actor=actor, client=client)
                item = bulk.Item(
                    kind=KINDS[kind], place=place, body=json.loads(body), version=version, error=error
                )
                result = {} if failed else bulk.carry_out(work, item)
                where = (json.dumps(result), job, place)
                tx.execute("update job_items set result = ? where job = ? and place = ?", where)
            self.load(tx)


# --- what is answered


def of_ids(tx: sqlite3.Connection, ids: Sequence[str], now: float) -> list[dict[str, Any]]:
    """These jobs as they are answered, without url; those that are no more, or never were, are left out."""
    return _found(tx, f"and id in ({', '.join('?' * len(ids))})", ids, now)


def latest(tx: sqlite3.Connection, now: float) -> list[dict[str, Any]]:
    """All jobs that can be asked for, without url, the latest first."""
    return _found(tx, "", (), now)[::-1]


def _found(tx: sqlite3.Connection, where: str, values: Sequence[str], now: float) -> list[dict[str, Any]]:
    select = f"select {COLUMNS} from jobs where not gone and made > ? {where} order by n"
    return [_shown(tx, row, now) for row in tx.execute(select, (now - KEPT, *values)).fetchall()]


def _shown(tx: sqlite3.Connection, row: tuple[Any, ...], now: float) -> dict[str, Any]:
    number, name, kind, begins, total, failed = row
    select = "select place, due, result from job_items where job = ? order by turn"
    items = [(place, due, result) for place, due, result in tx.execute(select, (number,)) if result is not None]
    if now < begins:
        return _told(name, kind, total, status="queued")
    if len(items) < total:
        message = f"{KINDS[kind].doing} #{len(items)}"
        return _told(name, kind, total, status="working", progress=len(items), message=message)
    if failed:  # unsure: nobody has recorded one
        return _told(name, kind, total, status="failed", message="The job could not be carried out")
    ended = datetime.fromtimestamp(max(due for _, due, _ in items), tz=UTC)
    message = f"Completed at {ended:%Y-%m-%d %H:%M:%S} +0000"
    if KINDS[kind].indexed:
        items.sort()
    results = [json.loads(result) for _, _, result in items]
    return _told(name, kind, total, status="completed", progress=total, message=message, results=results)


def _told(name: str, kind: str, total: int, *, status: str, **more: Any) -> dict[str, Any]:
    """A job in the vendor's order, without url."""
    return {
        "id": name, "job_type": KINDS[kind].type, "total": total, "progress": more.get("progress"),
        "status": status, "message": more.get("message"), "results": more.get("results"),
    }  # fmt: skip
