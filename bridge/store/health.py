"""Counts by which people and machines see how the bridge is: plain reads, mostly cheap beside a large ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, literal_column, select

from bridge.ports import Usage
from bridge.store import alarms, buckets, meters
from bridge.store.engine import moment, now
from bridge.store.queues import milliseconds
from bridge.store.tables import LATEST, OPEN, case_row, filing, item, lane, reply, skipped, target

READY = item.c.state == literal_column("'ready'")  # a literal, so that an index of these rows alone is used
DEAD = item.c.state == literal_column("'dead'")
UNSENT = ("failed", "unsure")


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """One moment of the bridge."""

    received: int  #: distinct messages
    waiting: int
    dead: int
    oldest: timedelta  #: how long the oldest waiting message has waited; 0 = none waits
    replies: Mapping[str, int]  #: state -> replies
    skipped: Mapping[tuple[str, str], int]  #: connection, reason -> times
    paused: Mapping[str, str]  #: CRM connection, or connection/account -> why it rests
    alarms: Sequence[str]  #: the names of those that are not over
    usage: Mapping[str, Usage] = field(default_factory=dict)  #: CRM connection -> what it told within a day
    limits: Mapping[tuple[str, str], Usage] = field(default_factory=dict)  #: CRM connection, limit -> this window

    @property
    def settled(self) -> int:
        """Messages that were filed or dropped."""
        return self.received - self.waiting - self.dead


def read(c: Connection) -> Health:
    """How the bridge is in this snapshot. The queues' counters spare a count over all messages."""
    return Health(
        received=_one(c, select(func.sum(lane.c.received))),
        waiting=_one(c, select(func.sum(lane.c.open))) + _one(c, select(func.sum(case_row.c.open))),
        dead=_one(c, select(func.count()).select_from(item).where(DEAD)),
        oldest=_oldest(c),
        replies={row.state: row.n for row in c.execute(_counted(reply.c.state).where(LATEST))},
        skipped=_skipped(c),
        paused=paused(c),
        alarms=alarms.lasting(c),
        usage=meters.fresh(c),
        limits=buckets.shown(c),
    )


def paused(c: Connection) -> dict[str, str]:
    """What rests, and why."""
    rests = select(target.c.id, target.c.reason).where(target.c.paused_until > now()).order_by(target.c.id)
    return {row.id: row.reason for row in c.execute(rests)}


def unsent(c: Connection, *, since: timedelta) -> dict[str, int]:
    """How many of the latest replies failed, or may not have arrived: state -> replies."""
    recent = LATEST & (reply.c.taken_at > now() - milliseconds(since)) & reply.c.state.in_(UNSENT)
    return {row.state: row.n for row in c.execute(_counted(reply.c.state).where(recent))}


def last_events(c: Connection) -> dict[tuple[str, str], datetime]:
    """When each connection last brought something for an account: connection, account -> when.

    For no account it is what was skipped, as the day that it came on, or could not be read. Every message is
    looked at, which takes a second for some 300,000: for a look each day, and not for /metrics.
    """
    latest = select(lane.c.connection, item.c.account, func.max(item.c.ingested_at).label("at"))
    rows = c.execute(latest.join(lane, lane.c.id == item.c.lane).group_by(lane.c.connection, item.c.account))
    found = {(row.connection, row.account): when for row in rows if (when := moment(row.at))}
    days = select(skipped.c.connection, func.max(skipped.c.day).label("day")).group_by(skipped.c.connection)
    for row in c.execute(days):
        when = datetime.fromisoformat(f"{row.day}T00:00:00+00:00")
        found[row.connection, ""] = max(when, found.get((row.connection, ""), when))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsent:
    """A reply that has not arrived, or of which nobody knows."""

    crm: str
    case: str
    id: str
    state: str
    age: timedelta
    reason: str


def replies(c: Connection) -> list[Unsent]:
    """The replies that wait, failed or are unsure, oldest first; without what they say."""
    open_ = LATEST & reply.c.state.in_([*OPEN, *UNSENT])
    rows = c.execute(select(reply, (now() - reply.c.taken_at).label("age")).where(open_).order_by(reply.c.id))
    return [
        Unsent(
            crm=row.crm,
            case=row.crm_case,
            id=row.crm_id,
            state=row.state,
            age=timedelta(milliseconds=max(0, row.age)),
            reason=row.reason,
        )
        for row in rows
    ]


def _oldest(c: Connection) -> timedelta:
    ready = select(now() - func.min(item.c.ingested_at)).where(READY)
    sent = select(now() - func.min(filing.c.op_at))
    return timedelta(milliseconds=max(0, _one(c, ready), _one(c, sent)))


def _skipped(c: Connection) -> dict[tuple[str, str], int]:
    key = (skipped.c.connection, skipped.c.reason)
    rows = c.execute(select(*key, func.sum(skipped.c.n).label("n")).group_by(*key).order_by(*key))
    return {(row.connection, row.reason): row.n for row in rows}


def _counted(column: Any) -> Any:
    return select(column, func.count().label("n")).group_by(column).order_by(column)


def _one(c: Connection, statement: Any) -> int:
    return int(c.execute(statement).scalar() or 0)
