"""What the clock does now and then: each chore is taken by one clock at a time, however many run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from sqlalchemy import Connection, select, update

from bridge.store.engine import now, upsert
from bridge.store.queues import milliseconds
from bridge.store.tables import chore


def known(c: Connection) -> set[str]:
    """All chores that were ever planned here. A plain read."""
    return set(c.execute(select(chore.c.name)).scalars())


def plan(c: Connection, firsts: Mapping[str, timedelta]) -> None:
    """Plan chores, each for the first time after so long; those that are planned already stay as they are."""
    for name, first in sorted(firsts.items()):
        insert = upsert(c, chore).values(name=name, due_at=now() + milliseconds(first))
        c.execute(insert.on_conflict_do_nothing(index_elements=["name"]))


def due(c: Connection, names: Iterable[str]) -> list[str]:
    """Which of these chores are due, in their order. A plain read."""
    ready = set(c.execute(select(chore.c.name).where(chore.c.due_at <= now())).scalars())
    return [name for name in names if name in ready]


def take(c: Connection, name: str, *, lease: timedelta) -> int | None:
    """Take a chore that is due; None = somebody else has it.

    Whoever gets it has it for so long: then it comes back by itself. The number is for `finish`.
    """
    mine = update(chore).where(chore.c.name == name, chore.c.due_at <= now())
    taken: int | None = c.execute(
        mine.values(due_at=now() + milliseconds(lease)).returning(chore.c.due_at)
    ).scalar()
    return taken


def finish(c: Connection, name: str, taken: int, *, after: timedelta) -> None:
    """It is done, and due again after so long; a chore that came back meanwhile is left alone."""
    mine = update(chore).where(chore.c.name == name, chore.c.due_at == taken)
    c.execute(mine.values(due_at=now() + milliseconds(after)))


def overdue(c: Connection, name: str) -> timedelta | None:
    """For how long a chore has been waiting for a clock; None = no clock has ever run here."""
    waited = c.execute(select(now() - chore.c.due_at).where(chore.c.name == name)).scalar()
    return None if waited is None else timedelta(milliseconds=max(0, waited))
