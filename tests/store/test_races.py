"""Transactions beside each other: nothing is lost, nobody waits for ever, and no row is worked on twice.

Where the order of two transactions decides, a third holds a row that they need until the server says that they
wait for it. SQLite has one writer at a time, so such orders are PostgreSQL's alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TypeVar
from urllib.parse import quote

import mutants
import postgres
import pytest
from case_rows import KNOWN, ONE, ROW, claimed, placed, sent, settle
from heart import (
    CARE,
    LEASE,
    NOON,
    PAGE,
    Clock,
    bridge,
    clocks,
    count,
    deleted,
    drain,
    expire,
    hear,
    ledger_of,
    row_of,
    said,
    states,
)
from logbook import Logbook
from mutants import Rewire
from road import until
from sqlalchemy import ColumnElement, Table, literal, select, text
from wall import desk

from bridge import protecting
from bridge.flow import decide_some
from bridge.mapping import read
from bridge.ports import PersonFound, PersonMatch, Reply, Undelivered
from bridge.steps import Settled
from bridge.store import Store, cases, connect, echoes, inbox, people, queues, replies
from bridge.store.inbox import Arrival
from bridge.store.tables import case_row, lane, person, talk

T = TypeVar("T")
PATIENCE = 10.0  #: seconds; all that is waited for here takes milliseconds
ANA, BO, CY = (f"facebook:{PAGE}:{by}" for by in ("ana", "bo", "cy"))


@pytest.fixture
def shared(cluster: postgres.Cluster) -> Iterator[Store]:
    """An empty store on PostgreSQL, in whose sessions a busy machine ends nobody's wait."""
    patient = quote(
        "-c lock_timeout=60000 -c idle_in_transaction_session_timeout=60000 -c statement_timeout=60000"
    )
    with cluster.fresh() as url:
        found = connect(f"{url}?options={patient}")
        yield found
        found.engine.dispose()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    """Threads that have ended when the test has."""
    with ThreadPoolExecutor(8) as found:
        yield found


def at_once(threads: ThreadPoolExecutor, acts: Sequence[Callable[[], T]]) -> list[T]:
    """Begin everything at the same moment; what came of each."""
    barrier = threading.Barrier(len(acts), timeout=PATIENCE)

    def begin(act: Callable[[], T]) -> T:
        barrier.wait()
        return act()

    return list(threads.map(begin, acts))


@contextmanager
def held(store: Store, which: ColumnElement[bool]) -> Iterator[None]:
    """Another session holds this row."""
    with store.write() as c:
        assert c.execute(select(literal(1)).where(which).with_for_update()).all()
        yield


def free(store: Store, table: Table) -> set[str]:
    """The rows that no session holds."""
    with store.write() as c:
        return set(c.execute(select(table.c.id).with_for_update(skip_locked=True)).scalars())


def waits(store: Store, *, sessions: int = 1) -> None:
    """Return when so many sessions wait for somebody's lock."""
    waiting = text(
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    )

    def found() -> bool:
        with store.read() as c:
            return bool(c.execute(waiting).scalar_one() >= sessions)

    until(found, f"{sessions} sessions wait for a lock", within=PATIENCE)


# --- callbacks ---


def test_callbacks_that_share_lanes_in_opposite_order_are_all_stored(
    store: Store, threads: ThreadPoolExecutor
) -> None:
    def call_back(one: int) -> int:
        by = ["ana", "bo", "cy"] if one % 2 else ["cy", "bo", "ana"]
        return sum(hear(store, *(said(f"{one} {n} {b}", by=b) for b in by)) for n in range(10))

    new = at_once(threads, [partial(call_back, one) for one in range(6)])

    assert new == [30] * 6
    assert ledger_of(store).received == 180
    assert {i: c.open for i, c in clocks(store, lane).items()} == {ANA: 60, BO: 60, CY: 60}
    assert ledger_of(store).faults() == []


def test_a_callback_that_comes_many_times_at_once_is_stored_once(
    store: Store, threads: ThreadPoolExecutor
) -> None:
    heard = [said("one"), said("two", by="bo"), deleted(said("three"))]

    new = at_once(threads, [lambda: hear(store, *heard)] * 8)

    assert sorted(new) == [0] * 7 + [3]
    assert ledger_of(store).received == 3
    assert ledger_of(store).faults() == []


def callbacks_in_opposite_order_do_not_deadlock(store: Store, _crm: Logbook) -> None:
    hear(store, said("zero", by="bo"))

    with ThreadPoolExecutor() as threads:
        with held(store, lane.c.id == BO):  # each has locked its first lane and waits here, or behind the other
            one = threads.submit(hear, store, *(said(f"to {by}", by=by) for by in ("ana", "bo", "cy")))
            other = threads.submit(hear, store, *(said(f"fro {by}", by=by) for by in ("cy", "bo", "ana")))
            waits(store, sessions=2)
        ended = [one.exception(), other.exception()]

    assert ended == [None, None]
    assert ledger_of(store).received == 7


def test_two_callbacks_that_share_lanes_in_opposite_order_do_not_deadlock(shared: Store, crm: Logbook) -> None:
    callbacks_in_opposite_order_do_not_deadlock(shared, crm)


def test_deletions_in_one_callback_lock_their_cases_in_sorted_order(
    shared: Store, threads: ThreadPoolExecutor
) -> None:
    first, second = said("first", thread="a"), said("second", thread="b")
    placed(shared, first, second)

    with held(shared, case_row.c.id == row_of(thread="a")):
        deleting = threads.submit(hear, shared, deleted(second), deleted(first))
        waits(shared)
        others = free(shared, case_row)

    assert deleting.result() == 2
    assert others == {row_of(thread="b")}


def test_what_is_masked_as_it_settles_waits_for_nobody_who_holds_its_lane(
    shared: Store, threads: ThreadPoolExecutor
) -> None:
    claim, _ = sent(shared, "one")
    hear(shared, said("two"))
    masks = protecting.protection([read(f"{CARE}protect: {{mask: {{card_number: our_copies}}}}\n", "care.yaml")])
    filed = Settled(known=KNOWN, receipt=True, filed={ONE: "c1"})

    with shared.write() as c:
        held_lanes = queues.claim(c, lane, "fb", token="other", lease=LEASE, suspects_first=False)
        threads.submit(settle, shared, claim, filed, protection=masks).result(PATIENCE)

    assert set(held_lanes.rows) == {ANA}
    assert states(shared) == {"m-one:created": "filed", "m-two:created": "ready"}


# --- claims ---


def test_many_workers_never_claim_one_row_twice(store: Store, threads: ThreadPoolExecutor) -> None:
    ids = [f"r{n:04}" for n in range(900)]
    with store.write() as c:
        c.execute(case_row.insert(), [{"id": i, "target": "crm", "due_at": 1, "open": 1} for i in ids])

    def claim_all(token: str) -> list[str]:
        found: list[str] = []
        for n in range(10):
            with store.write() as c:
                claim = queues.claim(
                    c, case_row, "crm", token=f"{token}-{n}", lease=LEASE, suspects_first=bool(n % 2)
                )
            found += claim.rows
        return found

    found = at_once(threads, [partial(claim_all, f"worker-{one}") for one in range(8)])

    assert sorted(row for rows in found for row in rows) == ids


def test_an_owner_whose_row_is_claimed_while_it_waits_writes_nothing(
    shared: Store, threads: ThreadPoolExecutor
) -> None:
    late, _ = sent(shared, "one")
    expire(shared, case_row)

    with shared.write() as c:
        queues.claim(c, case_row, "crm", token="next", lease=LEASE, suspects_first=True)
        settling = threads.submit(settle, shared, late, Settled(known=KNOWN, receipt=True, filed={ONE: "c1"}))
        waits(shared)
    settling.result()

    assert states(shared) == {"m-one:created": "sending"}
    assert clocks(shared, case_row) == {ROW: Clock(owner="next", open=1, crashes=1)}


def test_rows_are_locked_in_pythons_order_whatever_language_the_database_sorts_by(
    shared: Store, threads: ThreadPoolExecutor
) -> None:
    with shared.write() as c:
        c.execute(case_row.insert(), [{"id": i, "target": "crm", "owner": "t", "due_at": 1} for i in ("a", "B")])
        sorted_by_language = c.execute(select(case_row.c.id).order_by(case_row.c.id)).scalars().all()

    def hold() -> set[str]:
        with shared.write() as c:
            return queues.hold(c, case_row, ["a", "B"], "t")

    with held(shared, case_row.c.id == "a"):
        holding = threads.submit(hold)
        waits(shared)
        others = free(shared, case_row)

    assert (sorted_by_language, sorted(["a", "B"])) == (["a", "B"], ["B", "a"])
    assert others == set()
    assert holding.result() == {"a", "B"}


# --- releases ---


def newcomer_to_a_claimed_lane_is_filed(store: Store, crm: Logbook) -> None:
    hear(store, said("one"))
    newcomers = [said("two")]

    def at(point: str) -> None:
        if point == "lane.claimed" and newcomers:
            hear(store, newcomers.pop())

    drain(bridge(store, crm, at=at))

    assert crm.texts() == ["one", "two"]


def newcomer_that_commits_during_a_release_is_filed(store: Store, crm: Logbook) -> None:
    hear(store, said("one"))
    claimed, stored = threading.Event(), threading.Event()

    def at(point: str) -> None:
        if point == "lane.claimed":
            claimed.set()
            assert stored.wait(PATIENCE)

    with ThreadPoolExecutor() as threads:
        deciding = threads.submit(decide_some, bridge(store, crm, at=at), "fb")
        assert claimed.wait(PATIENCE)
        with store.write() as c:
            inbox.ingest(c, Arrival(connection="fb", received_at=NOON, messages=[said("two")]))
            stored.set()
            waits(store)  # the lane is given back, but for this transaction
        deciding.result()
    drain(bridge(store, crm))

    assert crm.texts() == ["one", "two"]


def test_what_comes_while_its_lane_is_claimed_is_filed(store: Store, crm: Logbook) -> None:
    newcomer_to_a_claimed_lane_is_filed(store, crm)


def test_what_is_committed_during_the_release_of_its_lane_is_filed(shared: Store, crm: Logbook) -> None:
    newcomer_that_commits_during_a_release_is_filed(shared, crm)


def test_callbacks_among_releases_strand_nothing(store: Store, crm: Logbook, threads: ThreadPoolExecutor) -> None:
    def call_back() -> None:
        for n in range(40):
            hear(store, said(f"{n} by ana"), said(f"{n} by bo", by="bo"))

    def work() -> None:
        made = bridge(store, crm)
        for _ in range(30):
            decide_some(made, "fb")

    at_once(threads, [call_back, work, work])

    assert ledger_of(store).idle == 0
    assert ledger_of(store).faults() == []


# --- persons ---


def test_settlements_that_share_persons_do_not_deadlock(shared: Store, threads: ThreadPoolExecutor) -> None:
    there, back = {"1": "ana", "2": "bo", "3": "cy"}, {"4": "cy", "5": "bo", "6": "ana"}
    placed(shared, *(said(thread, by=by, thread=thread) for thread, by in {**there, **back}.items()))
    claim, _ = claimed(shared)
    known = [PersonMatch(author=f"facebook:{by}", object="Contact", rules=()) for by in there.values()]
    with shared.write() as c:
        people.remember(c, "crm", {people.digest(one): (one, PersonFound(id="p")) for one in known})

    def refuse(of: Mapping[str, str]) -> None:
        refused = {said(thread, by=by).key: row_of(by, thread) for thread, by in of.items()}
        with shared.write() as c:
            cases.settle(c, claim, {row: Settled(dead={key: "no"}) for key, row in refused.items()}, lease=LEASE)

    with held(shared, person.c.author == "facebook:bo"):
        settling = [threads.submit(refuse, one) for one in (there, back)]
        waits(shared, sessions=2)
    ended = [one.exception() for one in settling]

    assert ended == [None, None]
    assert set(states(shared).values()) == {"dead: no"}
    assert count(shared, person) == 0


def test_reading_replies_and_news_of_them_do_not_deadlock(
    shared: Store, crm: Logbook, threads: ThreadPoolExecutor
) -> None:
    road = desk(shared, crm)
    road.answer("We are on it")
    both = [Reply(id=name, case_id=road.case, text="And") for name in ("r1", "r2")]

    def read() -> int:
        with shared.write() as c:
            return replies.take(c, "crm", both)

    with shared.write() as c:
        c.execute(select(talk.c.id).with_for_update()).all()
        reading = threads.submit(read)
        waits(shared)
        gone = Undelivered(account=PAGE, id=road.wall.posts[0].id, reply="", reason="It never arrived.")
        echoes.news(c, "fb", [gone])

    assert reading.result() == 1


# --- the harness can fail ---


@pytest.mark.parametrize(
    ("mutant", "scenario"),
    [
        (mutants.unsorted_locks, callbacks_in_opposite_order_do_not_deadlock),
        (mutants.looked_for, newcomer_that_commits_during_a_release_is_filed),
    ],
)
def test_a_race_is_lost_with_its_mutant(
    shared: Store,
    crm: Logbook,
    monkeypatch: pytest.MonkeyPatch,
    mutant: Callable[[Rewire], None],
    scenario: Callable[[Store, Logbook], None],
) -> None:
    mutant(monkeypatch.setattr)

    with pytest.raises(AssertionError):
        scenario(shared, crm)


def test_a_newcomer_that_is_not_counted_is_stranded(
    store: Store, crm: Logbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutants.uncounted(monkeypatch.setattr)

    with pytest.raises(AssertionError):
        newcomer_to_a_claimed_lane_is_filed(store, crm)
