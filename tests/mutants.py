"""Ways to build the bridge wrongly, each of which loses, doubles or misorders: the tests must go red with them.

Each function rewires one function of a module, or two that go together. `rewire` is pytest's monkeypatch.setattr
where it must be undone; a process that is started to be wrong uses the default.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection, Table, case, delete, exists, select, update

from bridge import outcomes
from bridge.errors import RetryLater, Unsure
from bridge.frozen import Frozen
from bridge.outcomes import History
from bridge.steps import Settled
from bridge.store import cases, inbox, queues
from bridge.store.engine import now
from bridge.store.queues import Release
from bridge.store.tables import filing, item, lane

Rewire = Callable[[object, str, object], None]


def thaw(rewire: Rewire = setattr) -> None:
    """What was not settled is ready again, to be rendered anew, instead of being repeated exactly."""

    def keep(c: Connection, case_id: str, s: Settled, stored: Frozen) -> None:
        c.execute(delete(filing).where(filing.c.case_id == case_id))
        c.execute(update(item).where(item.c.key.in_(sorted(s.left))).values(state="ready"))

    rewire(cases, "_keep", keep)


def new_op(rewire: Rewire = setattr) -> None:
    """Every attempt has an op of its own, so the CRM cannot know it again."""
    real = cases._keep

    def keep(c: Connection, case_id: str, s: Settled, stored: Frozen) -> None:
        real(c, case_id, replace(s, receipt=True), stored)

    rewire(cases, "_keep", keep)


def same_op(rewire: Rewire = setattr) -> None:
    """A receipt does not end the op, so the CRM takes the rest for what it has answered already."""
    real = cases._keep

    def keep(c: Connection, case_id: str, s: Settled, stored: Frozen) -> None:
        real(c, case_id, replace(s, receipt=False), stored)

    rewire(cases, "_keep", keep)


def owner_blind(rewire: Rewire = setattr) -> None:
    """Whoever once held a row may write it, though its lease went to another."""

    def hold(c: Connection, queue: Table, ids: Collection[str], token: str) -> set[str]:
        return set(c.execute(select(queue.c.id).where(queue.c.id.in_(sorted(ids)))).scalars())

    rewire(queues, "hold", hold)


def blind(rewire: Rewire = setattr) -> None:
    """What may have been applied is sent anew, and the CRM is not asked for it."""
    real = outcomes._left

    def left(answer: Settled, rest: dict[str, RetryLater | Unsure], history: History, jitter: float) -> Settled:
        if any(isinstance(why, Unsure) for why in rest.values()):
            return replace(answer, ready=frozenset(rest), after=timedelta(0))
        return real(answer, rest, history, jitter)

    rewire(outcomes, "_left", left)


def unsorted_locks(rewire: Rewire = setattr) -> None:
    """Every second callback locks its lanes from the other end."""
    real, backwards = inbox._lock_lanes, itertools.cycle([False, True])

    def lock(c: Connection, connection: str, lanes: Collection[str]) -> None:
        for one in sorted(lanes, reverse=next(backwards)):
            real(c, connection, [one])

    rewire(inbox, "_lock_lanes", lock)


def uncounted(rewire: Rewire = setattr) -> None:
    """What comes makes its lane due, but is not added up on it."""
    real = inbox._count_in

    def count_in(c: Connection, received: Mapping[str, int], waiting: Mapping[str, int]) -> None:
        real(c, received, waiting)
        c.execute(update(lane).where(lane.c.id.in_(sorted(received))).values(open=0))

    rewire(inbox, "_count_in", count_in)


def looked_for(rewire: Rewire = setattr) -> None:
    """A lane is given back by one statement that looks for open items, instead of counting them.

    Nothing has locked the row before it, so on PostgreSQL it looks at what was there when it began to wait.
    """
    real = queues.release

    def hold(c: Connection, queue: Table, ids: Collection[str], token: str) -> set[str]:
        mine = queue.c.id.in_(sorted(ids)) & (queue.c.owner == token)
        return set(c.execute(select(queue.c.id).where(mine)).scalars())

    def release(
        c: Connection, queue: Table, releases: Mapping[str, Release], *, rhythm: timedelta = timedelta(0)
    ) -> None:
        if queue is not lane:
            real(c, queue, releases, rhythm=rhythm)
            return
        undecided = exists().where(item.c.lane == lane.c.id, item.c.state == "ready", item.c.case_id.is_(None))
        for one, given in sorted(releases.items()):
            due = {"owner": None, "open": lane.c.open - given.settled, "due_at": case((undecided, now()))}
            c.execute(update(lane).where(lane.c.id == one).values(due))

    rewire(queues, "hold", hold)
    rewire(queues, "release", release)


MUTANTS: dict[str, Callable[[Rewire], None]] = {
    one.__name__: one for one in (thaw, new_op, same_op, owner_blind, blind, unsorted_locks, uncounted, looked_for)
}
