"""Stored messages go through mappings once more, by the worker's own steps: into a database in memory, onto paper.

They come one by one, in the ledger's order, and the database's clock shows the time at which each of them came:
so what goes by time is as it was, whenever the rehearsal is held.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine, Table, event, insert, select

from bridge import decided, deciding, protecting
from bridge import mapping as language
from bridge.filing import file_some
from bridge.flow import decide_some
from bridge.mapping.targets import Targets
from bridge.message import Message
from bridge.parts import Bridge
from bridge.plan.paper import Case, Paper
from bridge.ports import Named, PersonFound, PersonMatch
from bridge.revising import Mappings
from bridge.steps import Item
from bridge.store import Store, connect, history, inbox, items, people, queues, records
from bridge.store.engine import stamp
from bridge.store.history import Entry
from bridge.store.inbox import Arrival
from bridge.store.tables import case_row, item, lane, metadata

IN_MEMORY = "sqlite:///:memory:"
EPOCH = 2440587.5  #: 1970 as SQLite's julianday counts
LEASE = timedelta(hours=1)  #: nobody else takes anything


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What became of one message."""

    state: str  #: filed, dropped, dead; waits = for a message that has not come
    reason: str = ""  #: as the ledger's: of what was dropped a mapping's line or a word; why it is dead
    mapping: str = ""  #: that has it
    case: str = ""  #: crm/object/key, with the number of its episode
    values: Mapping[str, str] = field(default_factory=dict)  #: decided name -> value
    lines: Mapping[str, str] = field(default_factory=dict)  #: decided name -> file:line


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What mappings made of messages."""

    endings: Mapping[int, Ending]  #: by the item's number in the ledger
    cases: Mapping[str, Case]  #: by crm/object/key, in the order in which they were opened
    strangers: frozenset[str] = frozenset()  #: authors of whom nobody knows here who they are in the CRM


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What is gone through."""

    now: datetime  #: what waits until then waits
    last: Sequence[Entry]  #: those that are told of
    before: Sequence[Entry] = ()  #: older ones that they point at
    earlier: Sequence[tuple[str, int]] = ()  #: lane and time of what their authors wrote before that
    left_out: Mapping[str, int] = field(default_factory=dict)  #: why -> how many of the last ones

    @property
    def entries(self) -> Sequence[Entry]:
        """All, in the ledger's order."""
        return [*self.before, *self.last]


def program(store: Store, most: int) -> Program:
    """The last messages of the inbox, at most so many, as far as they can be gone through again."""
    with store.read() as c:
        found = history.last(c, most, deciding.pointed_at)
        why = {one.item.id: _lost(one.item) for one in (*found.last, *found.before)}
        last = [one for one in found.last if not why[one.item.id]]
        before = [one for one in found.before if not why[one.item.id]]
        earlier = history.written_before(c, [*before, *last])
    lost = {(reason, one.item.points_at) for one in found.last if (reason := why[one.item.id])}
    left_out = dict(sorted(Counter(reason for reason, _ in lost).items()))
    return Program(now=store.now(), last=last, before=before, earlier=earlier, left_out=left_out)


def _lost(one: Item) -> str:
    """Why a message cannot be gone through again: a word; "" = it can."""
    if one.readable is None:
        return "unreadable"
    if one.deleted or one.change == "deleted":  # with the deletion the words were gone
        return "deleted"
    return "our_reply" if one.reason == "our_reply" else ""


# --- what is known of the CRMs --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What the bridge remembers of CRMs: they are not asked."""

    store: Store
    decided: Mapping[tuple[str, str], PersonFound]  #: by CRM and digest of the match: who wrote stored messages

    def person(self, crm: str, match: PersonMatch) -> PersonFound | None:
        """Who an author is, as the CRM said last; None = it was never asked, or it is forgotten."""
        with self.store.read() as c:
            known = people.last_known(c, crm, match)
        return known or self.decided.get((crm, people.digest(match)))

    def lacks(self, crm: str, named: Named) -> bool:
        """Whether the CRM had no record of this name when it was asked last."""
        with self.store.read() as c:
            return records.was_missing(c, crm, named)


def memory(store: Store, told: Program, decided_by: Callable[[int], Mappings | None]) -> Memory:
    """What the database remembers, and what was decided of these messages.

    decided_by: the mappings of a revision; None = they are gone.
    """
    known: dict[tuple[str, str], PersonFound] = {}
    for one in told.entries:
        mapping = (decided_by(one.item.revision) or {}).get(one.item.mapping)
        match = language.person_match(mapping, one.item.message) if mapping else None
        if mapping and match:
            known[mapping.target, people.digest(match)] = decided.load(one.item.decision).person
    return Memory(store=store, decided=known)


# --- the rehearsal --------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Clock:
    """What time it is for a database."""

    at: float = 0.0  #: milliseconds since 1970

    def rule(self, connection: Any, _: object) -> None:
        """Make it the time of a new connection to SQLite."""
        connection.create_function("julianday", 1, self._julian)

    def _julian(self, _: object) -> float:
        return (self.at + 0.5) / 86_400_000 + EPOCH  # else it were cut down to the millisecond before


def rehearse(told: Program, mappings: Mappings, targets: Targets, known: Memory) -> Rehearsal:
    """Send messages through mappings. targets: the CRM connections."""
    stage = _stage(mappings, targets, known)
    numbers: dict[int, int] = {}  #: in the memory -> in the ledger
    try:
        stage.set(told.earlier)
        for one in told.entries:
            stage.wait(one.at)
            numbers |= dict.fromkeys(stage.hear(one.item.message, one.at), one.item.id)
        stage.wait(told.now)
        with stage.bridge.store.read() as c:
            ends = {numbers[one.id]: _ending(one) for one in items.read(c, items.query()) if one.id in numbers}
    finally:
        stage.bridge.store.engine.dispose()
    last = {one.item.id for one in told.last}
    return Rehearsal(
        endings={number: end for number, end in ends.items() if number in last},
        cases={f"{crm}/{name}": one for crm, paper in stage.papers.items() for name, one in paper.cases.items()},
        strangers=frozenset(author for paper in stage.papers.values() for author in paper.strangers),
    )


class Scratch(Store):
    """A database of which nothing is to last: all goes through one transaction, which is never committed."""

    def __init__(self, engine: Engine) -> None:
        """Create the tables."""
        super().__init__(engine)
        self._c = engine.connect()
        metadata.create_all(self._c)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """See and change what is there by now."""
        yield self._c

    read = write


def _stage(mappings: Mappings, targets: Targets, known: Memory) -> _Stage:
    clock = Clock()
    engine = connect(IN_MEMORY).engine
    event.listen(engine, "connect", clock.rule)
    papers = {
        name: Paper(
            mute={shape.object for shape in crm.objects if not shape.comments},
            person=partial(known.person, name),
            lacks=partial(known.lacks, name),
        )
        for name, crm in targets.items()
    }
    bridge = Bridge(
        store=Scratch(engine),
        mappings=mappings,
        crms=papers,
        gather=timedelta(0),
        lease=LEASE,
        protection=protecting.protection(mappings.values()),
    )
    return _Stage(bridge=bridge, papers=papers, clock=clock)


@dataclass(slots=True, kw_only=True)
class _Stage:
    """A bridge in which nothing is real but its code."""

    bridge: Bridge
    papers: Mapping[str, Paper]
    clock: Clock

    def set(self, earlier: Collection[tuple[str, int]]) -> None:
        """Put in what authors wrote before, of which nothing is left to do."""
        if not earlier:
            return
        blank = {"channel": "", "account": "", "message_id": "", "change": "created", "body": "{}", "raw": b""}
        with self.bridge.store.write() as c:
            c.execute(insert(lane), [{"id": name, "connection": ""} for name in sorted({n for n, _ in earlier})])
            rows = [
                {**blank, "key": f"earlier:{i}", "lane": name, "ingested_at": at, "state": "dropped"}
                for i, (name, at) in enumerate(earlier)
            ]
            c.execute(insert(item), rows)

    def hear(self, message: Message, at: datetime) -> list[int]:
        """Store a message as if it came just now, and do everything that follows; the item's number here."""
        message = self.bridge.protection.stored(message)
        with self.bridge.store.write() as c:
            arrival = Arrival(connection=message.connection, received_at=at, messages=[message])
            same = select(item.c.id).where(item.c.key == message.key)
            new = c.execute(same).scalars().all() if inbox.ingest(c, arrival) else []
        self._work()
        return [*new]

    def wait(self, until: datetime) -> None:
        """Let time pass, and do what has become due."""
        self.clock.at = stamp(until)
        self._work()

    def _work(self) -> None:
        """Work until nothing is due."""
        while self._step(decide_some, lane) | self._step(file_some, case_row):
            pass

    def _step(self, step: Callable[[Bridge, str], bool], queue: Table) -> bool:
        """Do what is due in a queue; False = nothing was."""
        with self.bridge.store.read() as c:
            due = queues.groups_due(c, queue)
        for name in sorted(due):
            step(self.bridge, name)
        return bool(due)


def _ending(one: Item) -> Ending:
    state = "waits" if one.state == "ready" else one.state
    if state != "filed":
        return Ending(state=state, reason=one.reason)
    what = decided.load(one.decision)
    return Ending(
        state=state,
        mapping=one.mapping,
        case=f"{(one.case_id or '').partition('/')[0]}/{one.crm_case}",
        values=what.values,
        lines=what.lines,
    )
