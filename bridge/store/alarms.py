"""What is wrong and somebody was told of: when it began, when it was told last, when it was over."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, delete, func, select, update

from bridge.store.engine import bytewise, moment, now, upsert
from bridge.store.queues import milliseconds
from bridge.store.tables import alarm

State = Literal["begins", "lasts", "over"]

AGAIN = timedelta(days=1)  #: how often it is said that an alarm lasts
RETRIED = timedelta(minutes=1)  #: after which a POST that failed is made again
KEPT = timedelta(days=7)  #: for which an alarm that is over can still be told


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One alarm, as it is to be told."""

    name: str  #: connection/account: what it is about
    says: str
    do: str
    state: State
    since: datetime
    told_at: int  #: which telling it is, for `posted`


def stands(c: Connection, name: str, says: str, do: str) -> bool:
    """Whether this very alarm was raised and is not over: a plain read."""
    same = (alarm.c.name == name) & (alarm.c.says == says) & (alarm.c.do == do) & alarm.c.over_at.is_(None)
    return c.execute(select(1).where(same)).scalar() is not None


def begin(c: Connection, name: str, says: str, do: str) -> bool:
    """Raise an alarm; False = it was raised before and is not over, so nobody need be told."""
    lasting = update(alarm).where(alarm.c.name == name, alarm.c.over_at.is_(None))
    if c.execute(lasting.values(says=says, do=do)).rowcount:
        return False
    insert = upsert(c, alarm).values(
        name=name, says=says, do=do, state="begins", since=now(), told_at=now(), post_at=now(), over_at=None
    )
    fresh = {column.name: insert.excluded[column.name] for column in alarm.c if column.name != "name"}
    over = alarm.c.over_at.isnot(None)  # somebody else may have raised it just now
    raised = insert.on_conflict_do_update(index_elements=["name"], set_=fresh, where=over)
    return c.execute(raised.returning(alarm.c.name)).scalar() is not None


def end(c: Connection, connection: str, *, besides: Collection[str], only: str = "") -> list[str]:
    """End the alarms of a connection that are not among these; the names of those that are over now.

    only: the one alarm that may end; "" = any of the connection's.
    """
    theirs = (alarm.c.name == only) if only else _of(connection)
    gone = theirs & alarm.c.over_at.is_(None) & alarm.c.name.not_in(sorted(besides))
    return [one.name for one in _write(c, gone, state="over", told_at=now(), post_at=now(), over_at=now())]


def remind(c: Connection) -> list[Alarm]:
    """The alarms that have lasted for another day, each once a day; those long over are forgotten."""
    c.execute(delete(alarm).where(alarm.c.over_at < now() - milliseconds(KEPT)))
    stale = alarm.c.over_at.is_(None) & (alarm.c.told_at <= now() - milliseconds(AGAIN))
    return _write(c, stale, state="lasts", told_at=now(), post_at=now())


def to_post(c: Connection) -> list[Alarm]:
    """What ALERT_URL is to be told; whoever gets it tells it alone for a minute."""
    return _write(c, alarm.c.post_at <= now(), post_at=now() + milliseconds(RETRIED))


def posted(c: Connection, told: Alarm) -> None:
    """ALERT_URL knows, unless there is more to tell since."""
    same = (alarm.c.name == told.name) & (alarm.c.told_at == told.told_at)
    c.execute(update(alarm).where(same).values(post_at=None))


def anything_to_post(c: Connection) -> bool:
    """Whether ALERT_URL is to be told something: a plain read."""
    return c.execute(select(1).where(alarm.c.post_at <= now()).limit(1)).scalar() is not None


def lasting(c: Connection) -> list[str]:
    """The names of the alarms that are not over."""
    names = select(alarm.c.name).where(alarm.c.over_at.is_(None)).order_by(bytewise(alarm.c.name))
    return list(c.execute(names).scalars())


def _of(connection: str) -> Any:
    """A name begins with its connection, which holds neither / nor : itself. LIKE would ignore case in SQLite."""
    return func.substr(alarm.c.name, 1, len(connection) + 1).in_([f"{connection}/", f"{connection}:"])


def _write(c: Connection, where: Any, **values: Any) -> list[Alarm]:
    """Change alarms, locked in the order of their names; those that somebody else is just changing are left."""
    names = select(alarm.c.name).where(where).order_by(bytewise(alarm.c.name)).with_for_update(skip_locked=True)
    mine = list(c.execute(names).scalars())
    rows = c.execute(update(alarm).where(alarm.c.name.in_(mine)).values(**values).returning(*alarm.c)).all()
    return sorted(map(_read, rows), key=lambda one: one.name)


def _read(row: Any) -> Alarm:
    since = moment(row.since)
    assert since is not None
    return Alarm(name=row.name, says=row.says, do=row.do, state=row.state, since=since, told_at=row.told_at)
