"""Claim, hold and release: the same for lanes, case rows and talks.

A claim leases rows to an owner: a token new with every claim, so it is fence and owner in one. Everything
that writes on behalf of an owner begins with `hold`; ids that are missing there have gone to somebody else,
and their results are thrown away. A dead worker's rows come back by themselves when the lease runs out.

Rows are locked FOR NO KEY UPDATE: PostgreSQL locks the row that a foreign key names (KEY SHARE) when an item is
written twice in a transaction, and whoever writes items of a case holds their lanes not.

A row whose owner died is a suspect: it is claimed with others of its crash level in batches of 200, 25, 3
and then alone, so that one poisonous message cannot take its neighbours down for long.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, Integer, Table, bindparam, case, func, select, update

from bridge.store.engine import bytewise, now
from bridge.store.tables import case_row, filing, lane, talk, target

BATCH = 200
ALONE = 3  #: from this crash level on a row is claimed by itself
DEADLY = ALONE + 5  #: five deaths alone: the message itself is dead
BEGINS = 0.4  #: of a lease: so long calls to platforms begin; the rest is for the last one's end


def milliseconds(span: timedelta) -> int:
    """The span as the queues count it."""
    return round(span.total_seconds() * 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Rows leased to `token`: id -> crash level (0 = its last owner did not die)."""

    token: str
    rows: Mapping[str, int]


def claim(
    c: Connection,
    queue: Table,
    group: str,
    *,
    token: str,
    lease: timedelta,
    suspects_first: bool,
    most: int = BATCH,
) -> Claim:
    """Lease what is due in one group (a lane's connection, a case row's target, a talk's account); {} = nothing.

    Clean rows and suspects take turns, so neither starves the other.
    """
    turns = (suspects_first, not suspects_first)
    rows = next((due for turn in turns if (due := _due(c, queue, group, suspects=turn, most=most))), {})
    if rows:
        _lease(c, queue, rows, token, lease)
    return Claim(token=token, rows=rows)


def probe(c: Connection, group: str, *, token: str, lease: timedelta) -> Claim:
    """Lease one case row of a target that rests with no end known: one attempt a minute shows when it is back."""
    mine = c.execute(
        update(target)
        .where(target.c.id == group, target.c.paused_until > now(), target.c.probe_at <= now())
        .values(probe_at=now() + 60_000)
    )
    rows: dict[str, int] = {}
    if mine.rowcount:
        level = _level(case_row)
        found = c.execute(
            select(case_row.c.id, level)
            .where(case_row.c.target == group, case_row.c.due_at <= now())
            .order_by(case_row.c.due_at)
            .limit(1)
            .with_for_update(skip_locked=True, key_share=True)
        ).all()
        rows = {row.id: row.level for row in found}
        if rows:
            _lease(c, case_row, rows, token, lease)
    return Claim(token=token, rows=rows)


def anything_due(c: Connection, queue: Table, groups: Collection[str]) -> bool:
    """Whether a claim in one of these groups could find something: a plain read, so idle workers block nobody."""
    due = _group(queue).in_(sorted(groups)) & (queue.c.due_at <= now())
    return c.execute(select(1).where(due).limit(1)).scalar() is not None


def due(c: Connection, queue: Table, group: str) -> int:
    """How many rows of a group are due, and nobody's."""
    waiting = (_group(queue) == group) & (queue.c.due_at <= now()) & queue.c.owner.is_(None)
    return int(c.execute(select(func.count()).select_from(queue).where(waiting)).scalar_one())


def groups_due(c: Connection, queue: Table) -> set[str]:
    """The groups that have something due and do not rest: a plain read."""
    return set(c.execute(_groups_due(queue)).scalars())


@cache
def _groups_due(queue: Table) -> Any:
    """The statement: to build it takes longer than to run it."""
    rests = select(1).where(target.c.id == _group(queue), target.c.paused_until > now()).exists()
    return select(_group(queue)).where(queue.c.due_at <= now(), ~rests).distinct()


def groups_waiting(c: Connection, queue: Table) -> set[str]:
    """The connections of lanes, targets of case rows or accounts of talks that have something open."""
    return set(c.execute(select(_group(queue)).where(queue.c.open > 0).distinct()).scalars())


def hold(c: Connection, queue: Table, ids: Collection[str], token: str) -> set[str]:
    """Lock, in sorted order, those rows that are still this owner's."""
    return set(
        c.execute(
            select(queue.c.id)
            .where(queue.c.id.in_(sorted(ids)), queue.c.owner == token)
            .order_by(bytewise(queue.c.id))
            .with_for_update(key_share=True)
        ).scalars()
    )


def renew(c: Connection, queue: Table, ids: Collection[str], lease: timedelta) -> None:
    """Lease rows that are held for as long again."""
    if ids:
        c.execute(update(queue).where(queue.c.id.in_(sorted(ids))).values(due_at=now() + milliseconds(lease)))


def enqueue(
    c: Connection, queue: Table, counts: Mapping[str, int], *, wait: timedelta, rhythm: timedelta = timedelta(0)
) -> None:
    """Count new items in and make their rows due, without pushing any clock back or breaking a lease.

    rhythm: after `wait` they become due with all others at the next multiple of it; 0 = each by itself.
    """
    if counts:
        n = bindparam("b_n", type_=Integer)
        due = _turn(now() + milliseconds(wait), rhythm)
        c.execute(
            update(queue)
            .where(queue.c.id == bindparam("b_id"))
            .values(open=queue.c.open + n, due_at=func.coalesce(queue.c.due_at, due)),
            [{"b_id": i, "b_n": counts[i]} for i in sorted(counts)],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """How a row is given back: how many items left it, and how long it rests if any remain."""

    settled: int = 0
    after: timedelta | None = None  #: None: due at once if items are open, else idle
    among: timedelta = timedelta(
        0
    )  #: `after` ends with that of others, at the next multiple of this; 0 = by itself
    crashes: int = 0


def _turn(when: Any, rhythm: timedelta) -> Any:
    """The next multiple of the rhythm after some time; 0 = that very time."""
    span = milliseconds(rhythm)
    return (when + span) // span * span if span else when


def release(
    c: Connection, queue: Table, releases: Mapping[str, Release], *, rhythm: timedelta = timedelta(0)
) -> None:
    """Give rows back that are held. rhythm: as for `enqueue`, of items that stay open and wait for nothing.

    The next clock is decided from the `open` counter on the row: a statement that looked for open items
    would use its own old snapshot on PostgreSQL and strand what came in beside it.
    """
    if not releases:
        return
    n, after, among = (bindparam(name, type_=Integer) for name in ("b_n", "b_after", "b_among"))
    rested: Any = (now() + after + among - 1) // among * among
    c.execute(
        update(queue)
        .where(queue.c.id == bindparam("b_id"))
        .values(
            open=queue.c.open - n,
            owner=None,
            crashes=bindparam("b_crashes", type_=Integer),
            due_at=case((after >= 0, rested), (queue.c.open - n > 0, _turn(now(), rhythm)), else_=None),
        ),
        [
            {
                "b_id": i,
                "b_n": r.settled,
                "b_after": -1 if r.after is None else milliseconds(r.after),
                "b_among": max(1, milliseconds(r.among)),
                "b_crashes": r.crashes,
            }
            for i, r in sorted(releases.items())
        ],
    )


def _group(queue: Table) -> Any:
    return {lane: lane.c.connection, case_row: case_row.c.target, talk: talk.c.account}[queue]


def _level(queue: Table) -> Any:
    return (queue.c.crashes + case((queue.c.owner.isnot(None), 1), else_=0)).label("level")


def _due(c: Connection, queue: Table, group: str, *, suspects: bool, most: int) -> dict[str, int]:
    level = _level(queue)
    due = (_group(queue) == group) & (queue.c.due_at <= now())
    if queue is not lane:
        due &= ~select(1).where(target.c.id == group, target.c.paused_until > now()).exists()
    found = c.execute(
        select(queue.c.id, level)
        .where(due, level > 0 if suspects else level == 0)
        .order_by(queue.c.due_at)
        .limit(most)
        .with_for_update(skip_locked=True, key_share=True)
    ).all()
    return _batch(found)


def _batch(found: Sequence[Any]) -> dict[str, int]:
    """Rows of the first one's crash level: 200 clean ones, then 25, 3, 1."""
    if not found:
        return {}
    level = found[0].level
    size = max(1, BATCH >> (3 * level))
    return {row.id: row.level for row in [r for r in found if r.level == level][:size]}


def _lease(c: Connection, queue: Table, rows: Mapping[str, int], token: str, lease: timedelta) -> None:
    ids = sorted(rows)
    died = queue.c.id.in_(ids) & queue.c.owner.isnot(None)
    if queue is case_row:  # the last owner died with a stored filing: perhaps it was sent
        died_ids = c.execute(select(queue.c.id).where(died)).scalars().all()
        c.execute(
            update(filing)
            .where(filing.c.case_id.in_(died_ids))
            .values(unsure_since=func.coalesce(filing.c.unsure_since, filing.c.op_at), unsure_last=now())
        )
    level = next(iter(rows.values()))
    c.execute(
        update(queue)
        .where(queue.c.id.in_(ids))
        .values(owner=token, due_at=now() + milliseconds(lease), crashes=level)
    )
