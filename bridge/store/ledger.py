"""The books: whether every message that was received is accounted for; what is dead goes again, or is given up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, func, select, update

from bridge.message import clean
from bridge.protecting import Protection
from bridge.steps import Item
from bridge.store import items, masking, people, queues
from bridge.store.engine import bytewise, now
from bridge.store.tables import (
    LATEST,
    OPEN,
    SETTLED,
    STATES,
    WAITING,
    beat,
    case_row,
    filing,
    item,
    lane,
    reply,
    skipped,
    talk,
    target,
)

DISCARDED = "discarded"  #: begins the reason of what an admin gave up


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """One moment of the ledger."""

    received: int  #: distinct messages, counted at ingest apart from their state
    states: Mapping[str, int]  #: state -> items
    skipped: Mapping[tuple[str, str, str], int]  #: connection, reason, event -> times
    paused: Mapping[str, str]  #: CRM connection -> why it rests
    counters: tuple[int, int, int, int]  #: open of lanes, undecided items, open of case rows, placed items
    unsent: int = 0  #: items that are being sent, but without a stored filing
    idle: int = 0  #: lanes, case rows and talks with something open that nobody will look at
    replies: Mapping[str, int] = field(default_factory=dict)  #: state -> agents' replies
    talking: int = 0  #: open of talks

    @property
    def waiting(self) -> int:
        """Messages that are on their way."""
        return sum(self.states.get(s, 0) for s in WAITING)

    def faults(self) -> list[str]:
        """What does not add up, in whole sentences; [] = nothing was lost or made up."""
        found = [f"{n} items are in the unknown state {s!r}" for s, n in self.states.items() if s not in STATES]
        accounted = self.waiting + sum(self.states.get(s, 0) for s in SETTLED)
        if accounted != self.received:
            found.append(
                f"{self.received} messages were received, but filed + dropped + waiting + dead are {accounted}"
            )
        lane_open, undecided, case_open, placed = self.counters
        if lane_open != undecided:
            found.append(f"the lanes count {lane_open} open items, but {undecided} are undecided")
        if case_open != placed:
            found.append(f"the case rows count {case_open} open items, but {placed} are placed and waiting")
        if self.unsent:
            found.append(f"{self.unsent} items are being sent, but no filing is stored for them")
        answering = sum(self.replies.get(state, 0) for state in OPEN)
        if self.talking != answering:
            found.append(f"the talks count {self.talking} open replies, but {answering} are waiting")
        if self.idle:
            found.append(
                f"{self.idle} lanes, cases or talks have something open, but no time at which they are due"
            )
        return found


def read(c: Connection) -> Books:
    """The books as they stand in this snapshot."""
    waiting = item.c.state.in_(WAITING)
    return Books(
        received=_sum(c, select(func.sum(lane.c.received))),
        states={
            r.state: r.n for r in c.execute(select(item.c.state, func.count().label("n")).group_by(item.c.state))
        },
        skipped={
            (r.connection, r.reason, r.event): r.n
            for r in c.execute(
                select(skipped.c.connection, skipped.c.reason, skipped.c.event, func.sum(skipped.c.n).label("n"))
                .group_by(skipped.c.connection, skipped.c.reason, skipped.c.event)
                .order_by(skipped.c.connection, skipped.c.reason, skipped.c.event)
            ).all()
        },
        paused={
            r.id: r.reason
            for r in c.execute(select(target.c.id, target.c.reason).where(target.c.paused_until > now())).all()
        },
        counters=(
            _sum(c, select(func.sum(lane.c.open))),
            _sum(c, select(func.count()).select_from(item).where(waiting, item.c.case_id.is_(None))),
            _sum(c, select(func.sum(case_row.c.open))),
            _sum(c, select(func.count()).select_from(item).where(waiting, item.c.case_id.isnot(None))),
        ),
        unsent=_sum(
            c,
            select(func.count())
            .select_from(item.outerjoin(filing, filing.c.case_id == item.c.case_id))
            .where(item.c.state.in_(["sending", "unknown"]), filing.c.case_id.is_(None)),
        ),
        replies={
            row.state: row.n
            for row in c.execute(
                select(reply.c.state, func.count().label("n")).where(LATEST).group_by(reply.c.state)
            ).all()
        },
        talking=_sum(c, select(func.sum(talk.c.open))),
        idle=sum(
            _sum(c, select(func.count()).select_from(queue).where(queue.c.open > 0, queue.c.due_at.is_(None)))
            for queue in (lane, case_row, talk)
        ),
    )


def _sum(c: Connection, statement: Any) -> int:
    return int(c.execute(statement).scalar() or 0)


def dead(c: Connection) -> list[Item]:
    """The dead items, oldest first."""
    return items.read(c, items.query().where(item.c.state == "dead").order_by(item.c.id))


def replay(c: Connection, wanted: Sequence[Item]) -> int:
    """Send dead items on their road again, as if they had just come; how many went.

    They are decided and rendered anew with the current mapping, and their authors are looked up again. What may
    have been applied stays marked so, with its case: there the CRM is asked first. An unreadable item cannot go.
    """
    ready = [one for one in wanted if one.body]
    _hold(c, ready)
    undecided: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    for one in ready:
        known = one.case_id if one.unsure_since is not None else None
        again = {"state": "ready", "reason": "", "settled_at": None, "masked": False, "frozen_at": None}
        anew = {"case_id": None, "mapping": "", "decision": "{}", "revision": 0, "placed_at": None}
        anew = {} if known else anew
        dead = update(item).where(item.c.id == one.id, item.c.state == "dead")
        if c.execute(dead.values(**again, **anew)).rowcount:
            (asked if known else undecided)[known or one.lane] += 1
    people.forget(c, ready)
    queues.enqueue(c, lane, undecided, wait=timedelta(0))
    queues.enqueue(c, case_row, asked, wait=timedelta(0))
    return undecided.total() + asked.total()


def discard(c: Connection, wanted: Sequence[Item], protection: Protection, because: str = "") -> int:
    """Give dead items up: they are dropped, and masked as what is dropped is; how many were dead still.

    What nobody could read is not kept any longer. What may be in the CRM stays there as it is.
    """
    _hold(c, wanted)
    ids = sorted(one.id for one in wanted)
    reason = f"{DISCARDED}: {clean(because)}" if because else DISCARDED
    dropped = {"state": "dropped", "reason": reason, "settled_at": now(), "sealed": None}
    dead = update(item).where(item.c.id.in_(ids), item.c.state == "dead")
    went = c.execute(dead.values(dropped).returning(item.c.id)).scalars().all()
    masking.settled(c, item.c.id.in_(went), protection)
    return len(went)


def _hold(c: Connection, wanted: Sequence[Item]) -> None:
    """Lock the queue rows of items, in the order in which everybody does."""
    lanes, rows = {one.lane for one in wanted}, {one.case_id for one in wanted if one.case_id}
    for queue, ids in ((lane, lanes), (case_row, rows)):
        held = select(queue.c.id).where(queue.c.id.in_(sorted(ids))).order_by(bytewise(queue.c.id))
        c.execute(held.with_for_update(key_share=True))


def sealed(c: Connection, name: str) -> bytes | None:
    """What came of a dead item, encrypted, by its key or what the key ends in; None = it is not kept."""
    named = (item.c.key == name) | (item.c.message_id == name)
    return c.execute(select(item.c.sealed).where(item.c.state == "dead", named)).scalars().first()


def mark(c: Connection) -> None:
    """Write something, so that a commit is tried."""
    if not c.execute(update(beat).where(beat.c.id == 1).values(at=now())).rowcount:
        c.execute(beat.insert().values(id=1, at=now()))
