"""Conversations that come thick and fast go to the CRM together, and none of them waits for long.

The database's clock is the tests' own here: SQLite asks the function that it is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from heart import CARE, NOON, WITH_CONTACT, all_items, bridge, due_in, hear, said, worker
from logbook import Logbook
from postgres import Databases
from sqlalchemy import event

from bridge.flow import decide_some
from bridge.message import Message
from bridge.ports import Crowd, Filing, Found, Outcome, Pending, PersonFound, PersonMatch
from bridge.store import Store, connect, inbox
from bridge.store.inbox import Arrival
from bridge.store.tables import case_row, lane

SECOND = timedelta(seconds=1)
SPAN, GATHER, JOB, TICK = 25.0, 0.5, 10.0, 0.25  #: seconds
FEW = 10  #: persons that are made at once
ENOUGH = 60
BEGAN = 1_800_000_000  #: at the turn, by the clock of 1970

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True, scope="session")


class Clock:
    """Seconds since the test began."""

    now = 0.0

    def julian_day(self, _now: str) -> float:
        """What SQLite's julianday('now') says."""
        return 2440587.5 + (BEGAN + self.now) / 86_400


class Counting(Logbook):
    """A CRM that takes many in one call, and makes many persons in a job; it notes when it is asked."""

    crowd = Crowd(most=4, within=2 * SECOND, span=SPAN * SECOND, enough=ENOUGH)

    def __init__(self, file: Path, clock: Clock) -> None:
        super().__init__(file)
        self.clock = clock
        self.finds: list[tuple[float, int]] = []  #: when, how many persons
        self.flushes: list[tuple[float, int]] = []  #: when, how many cases
        self.asked_at: dict[str, float] = {}  #: author -> when they were asked for first
        self.there_at: dict[str, float] = {}  #: author -> when their record is there
        self.filed_at: dict[str, float] = {}  #: text -> when

    def find(self, people: Sequence[PersonMatch]) -> list[Found]:  # type: ignore[override]
        self.finds.append((self.clock.now, len(people)))
        new = [one.author for one in people if one.author not in self.there_at]
        self.asked_at |= dict.fromkeys(new, self.clock.now)
        self.there_at |= dict.fromkeys(new, self.clock.now + (JOB if len(new) > FEW else 0))
        assert {one.author for one in people if one.job} == {one.author for one in people} - {*new}
        return [self._answer(one.author) for one in people]

    def _answer(self, author: str) -> PersonFound | Pending:
        if self.there_at[author] <= self.clock.now:
            return PersonFound(id=author)
        return Pending(job=f"made {author}", after=JOB * SECOND)

    def file(self, filings: Sequence[Filing], *, now: datetime) -> Iterator[list[tuple[int, Outcome]]]:
        self.flushes.append((self.clock.now, len(filings)))
        for filing in filings:
            self.filed_at |= dict.fromkeys((part.text for part in filing.parts), self.clock.now)
        return super().file(filings, now=now)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def crm(tmp_path: Path, clock: Clock) -> Counting:
    return Counting(tmp_path / "counting.db", clock)


@pytest.fixture
def store(databases: Databases, clock: Clock) -> Iterator[Store]:
    """An empty store that goes by the test's clock."""
    with databases() as url:
        found = connect(url)
        event.listen(found.engine, "connect", lambda db, _: db.create_function("julianday", 1, clock.julian_day))
        yield found
        found.engine.dispose()


def storm(messages: int, *, seconds: float, conversations: int, authors: int, begins: float) -> dict[str, float]:
    """When each message comes, by its text: number/conversation/author, the conversations in turn."""
    return {
        f"{n}/{n * 37 % conversations}/{n * 37 % conversations % authors}": begins + n * seconds / messages
        for n in range(messages)
    }


def message_of(text: str) -> Message:
    _, conversation, author = text.split("/")
    return said(text, thread=f"post-{conversation}", by=f"author-{author}")


def play(store: Store, crm: Counting, came: Mapping[str, float], *, until: float) -> None:
    """Let the messages come and a worker run; it looks again at each tick."""
    one = worker(bridge(store, crm, WITH_CONTACT, gather=GATHER * SECOND))
    coming = sorted(came, key=came.__getitem__)
    while crm.clock.now < until:
        while coming and came[coming[0]] <= crm.clock.now:
            hear(store, message_of(coming.pop(0)))
        while one.step():
            pass
        crm.clock.now += TICK


def someone(n: int) -> Message:
    """A message in a conversation of its own."""
    return message_of(f"{n}/{n}/{n}")


# --- whole storms ---


def test_a_crowd_is_held_together_and_no_message_waits_longer_than_its_two_turns(
    store: Store, crm: Counting
) -> None:
    came = storm(400, seconds=40, conversations=120, authors=80, begins=7)

    play(store, crm, came, until=85)

    assert sorted(crm.texts()) == sorted(came)
    assert (len(crm.finds) <= 6, len(crm.flushes) <= 10) == (True, True), (crm.finds, crm.flushes)
    first: dict[str, float] = {}
    for text, at in came.items():
        first.setdefault(message_of(text).author.id, at)
    look_ups = [crm.asked_at[f"facebook:{author}"] - at for author, at in first.items()]
    known = {text: crm.there_at[f"facebook:{message_of(text).author.id}"] for text in came}
    cases = [crm.filed_at[text] - max(at, known[text]) for text, at in came.items()]
    assert (max(look_ups) <= SPAN + 2 * TICK, max(cases) <= SPAN + GATHER + 3 * TICK) == (True, True)


def test_a_calm_stream_is_not_held(store: Store, crm: Counting) -> None:
    came = storm(40, seconds=40, conversations=10, authors=10, begins=7)

    play(store, crm, came, until=50)

    assert max(crm.filed_at[text] - at for text, at in came.items()) <= GATHER + 2 * TICK
    assert [n for _, n in crm.finds] == [1] * 10
    assert [n for _, n in crm.flushes] == [1] * 40


def test_who_writes_after_the_crowd_waits_for_nobody(store: Store, crm: Counting) -> None:
    came = {f"{n}/{n}/{n}": 1.0 for n in range(20)} | {"late/late/late": 8.0}

    play(store, crm, came, until=12)

    assert crm.filed_at["late/late/late"] <= 8 + GATHER + 2 * TICK


# --- one turn ---


def decide(store: Store, crm: Counting, mapping: str = WITH_CONTACT, gather: float = GATHER) -> None:
    decide_some(bridge(store, crm, mapping, gather=gather * SECOND), "fb")


def test_once_the_crowd_is_over_the_look_ups_that_wait_go_at_the_next_glance(
    store: Store, crm: Counting, clock: Clock
) -> None:
    clock.now = 1
    hear(store, *map(someone, range(5)))
    decide(store, crm)
    held = list(crm.finds)

    clock.now = 5.1
    decide(store, crm)

    assert (held, crm.finds) == ([], [(5.1, 5)])


def test_whose_job_is_due_waits_for_no_crowd(store: Store, crm: Counting, clock: Clock) -> None:
    clock.now = 1
    hear(store, *map(someone, range(ENOUGH)))
    decide(store, crm)

    clock.now = 1 + JOB + TICK
    hear(store, *map(someone, range(ENOUGH, ENOUGH + 5)))
    decide(store, crm)

    assert crm.finds == [(1, ENOUGH), (1 + JOB + TICK, ENOUGH)]
    waiting = [one.lane for one in all_items(store) if one.case_id is None]
    assert len(waiting) == 5
    assert [due_in(store, lane)[one] for one in waiting] == pytest.approx([15 - clock.now] * 5, abs=0.01)


def test_nobody_asks_for_a_person_before_the_job_has_had_its_time(
    store: Store, crm: Counting, clock: Clock
) -> None:
    clock.now = 1
    hear(store, *map(someone, range(ENOUGH)))
    decide(store, crm)

    clock.now = 4
    hear(store, said("elsewhere", by="author-7", id="again", thread="post-8"))
    decide(store, crm)

    assert crm.finds == [(1, ENOUGH)]


def test_cases_of_a_crowd_go_at_the_next_turn(store: Store, crm: Counting, clock: Clock) -> None:
    clock.now = 1
    hear(store, *map(someone, range(5)))

    decide(store, crm, CARE)

    assert list(due_in(store, case_row).values()) == pytest.approx([SPAN - 1] * 5, abs=0.01)


def test_enough_cases_together_wait_for_no_turn(store: Store, crm: Counting, clock: Clock) -> None:
    clock.now = 1
    hear(store, *map(someone, range(ENOUGH)))

    decide(store, crm, CARE)

    assert list(due_in(store, case_row).values()) == pytest.approx([GATHER] * ENOUGH, abs=0.01)


def test_few_cases_go_with_many_that_are_due(store: Store, crm: Counting, clock: Clock) -> None:
    clock.now = 1
    hear(store, *map(someone, range(ENOUGH - 5)))
    decide(store, crm, CARE)
    clock.now = SPAN + 1
    hear(store, *map(someone, range(ENOUGH, ENOUGH + 5)))

    decide(store, crm, CARE)

    assert max(filter(None, due_in(store, case_row).values())) == pytest.approx(GATHER, abs=0.01)


@pytest.mark.parametrize(("source", "seconds"), [("any", SPAN - 1), ("[elsewhere]", GATHER)])
def test_only_a_crowd_whose_messages_may_go_there_counts(
    store: Store, crm: Counting, clock: Clock, source: str, seconds: float
) -> None:
    clock.now = 1
    alone = replace(someone(99), connection="elsewhere")
    hear(store, *map(someone, range(20)))
    with store.write() as c:
        inbox.ingest(c, Arrival(connection="elsewhere", received_at=NOON, messages=[alone]))

    made = bridge(store, crm, CARE.replace("source: any", f"source: {source}"), gather=GATHER * SECOND)
    decide_some(made, "elsewhere")

    assert list(due_in(store, case_row).values()) == pytest.approx([seconds], abs=0.01)


def test_where_nothing_is_gathered_no_crowd_is_held(store: Store, crm: Counting, clock: Clock) -> None:
    clock.now = 1
    hear(store, *map(someone, range(5)))

    decide(store, crm, gather=0)

    assert crm.finds == [(1, 5)]
    assert list(due_in(store, case_row).values()) == pytest.approx([0] * 5, abs=0.01)
