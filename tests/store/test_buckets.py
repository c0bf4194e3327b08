"""The limits of a CRM are counted once for all workers: none of them overdraws, and what the CRM says counts."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from heart import column
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, update

from bridge import metrics
from bridge.errors import RetryLater
from bridge.metering import Metering, says_new
from bridge.ports import Bucket, Reading, Spent, Usage
from bridge.store import Store, buckets, connect, health
from bridge.store.buckets import Count
from bridge.store.engine import now
from bridge.store.tables import bucket

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
ACCOUNT = Bucket(name="account", most=20, span=MINUTE)
UPDATES = Bucket(name="tickets-update", most=10, span=MINUTE)
TICKET = Bucket(name="per-ticket-updates/7", most=5, span=10 * MINUTE)


def said(one: Bucket, *, left: int, resets: float = 60, most: int = 0) -> Reading:
    return Reading(name=one.name, most=most or one.most, left=left, resets=timedelta(seconds=resets))


def take(meters: Metering, *wanted: Bucket, times: int = 1, reserve: bool = True) -> list[Spent | None]:
    return [meters.take(wanted, reserve=reserve) for _ in range(times)]


def used(store: Store) -> dict[str, int]:
    return column(store, bucket, "used", ids="name")


def pass_minutes(store: Store, minutes: float) -> None:
    with store.write() as c:
        c.execute(update(bucket).values(resets_at=bucket.c.resets_at - round(minutes * 60_000)))


@pytest.fixture
def meters(store: Store) -> Metering:
    return Metering(store, "crm")


def test_a_call_is_taken_from_each_of_its_limits(store: Store, meters: Metering) -> None:
    assert take(meters, ACCOUNT, UPDATES) + take(meters, ACCOUNT) == [None, None]

    assert used(store) == {"account": 2, "tickets-update": 1}


def test_one_that_is_spent_is_named_and_nothing_is_taken(store: Store, meters: Metering) -> None:
    take(meters, ACCOUNT, TICKET, times=5)

    [spent] = take(meters, ACCOUNT, UPDATES, TICKET)

    assert spent is not None
    assert (spent.name, timedelta(minutes=9) < spent.after <= timedelta(minutes=10)) == (TICKET.name, True)
    assert used(store) == {"account": 5, "tickets-update": 0, "per-ticket-updates/7": 5}


def test_the_first_in_the_order_of_the_call_is_named(meters: Metering) -> None:
    small = Bucket(name="account", most=1, span=MINUTE)
    take(meters, small, Bucket(name="a", most=1, span=MINUTE))

    [spent] = take(meters, small, Bucket(name="a", most=1, span=MINUTE))

    assert spent is not None
    assert spent.name == "account"


def test_the_last_tenth_is_kept_for_what_is_urgent(meters: Metering) -> None:
    ordinary = take(meters, ACCOUNT, times=19, reserve=False)
    urgent = take(meters, ACCOUNT, times=3, reserve=True)

    assert [one is None for one in ordinary] == [True] * 18 + [False]
    assert [one is None for one in urgent] == [True, True, False]


def test_the_next_window_begins_with_nothing_used(store: Store, meters: Metering) -> None:
    take(meters, UPDATES, times=10)
    pass_minutes(store, 1.1)

    assert take(meters, UPDATES) == [None]
    assert used(store) == {"tickets-update": 1}


def test_each_crm_has_limits_of_its_own(store: Store, meters: Metering) -> None:
    take(meters, UPDATES, times=10)

    assert take(Metering(store, "another"), UPDATES) == [None]


def test_workers_together_never_overdraw(store: Store) -> None:
    barrier = threading.Barrier(6)
    orders: Sequence[Sequence[Bucket]] = [(ACCOUNT, UPDATES), (UPDATES, ACCOUNT, TICKET), (ACCOUNT,)] * 2

    def work(wanted: Sequence[Bucket]) -> int:
        meters = Metering(store, "crm")
        barrier.wait(10)
        return sum(meters.take(wanted, reserve=True) is None for _ in range(6))

    with ThreadPoolExecutor(6) as threads:
        taken = sum(threads.map(work, orders))

    assert taken <= 20
    assert used(store)["account"] == taken
    assert used(store)["tickets-update"] <= 10
    assert used(store)["per-ticket-updates/7"] <= 5


# --- what the CRM says ---


def test_what_the_crm_says_of_its_limit_counts_from_then_on(store: Store, meters: Metering) -> None:
    take(meters, UPDATES)

    meters.tell([said(UPDATES, most=2, left=1)])

    assert [one is None for one in take(meters, UPDATES, times=2)] == [True, False]
    assert meters.known() == {"tickets-update": 2}
    assert Metering(store, "another").known() == {}


def test_calls_of_others_are_taken_too(store: Store, meters: Metering) -> None:
    take(meters, UPDATES)

    meters.tell([said(UPDATES, left=0)])

    assert used(store) == {"tickets-update": 10}


def test_calls_that_are_on_their_way_stay_taken(store: Store, meters: Metering) -> None:
    take(meters, UPDATES, times=7)

    Metering(store, "crm").tell([said(UPDATES, left=9, resets=59)])

    assert used(store) == {"tickets-update": 7}


def test_of_another_window_the_crm_is_believed(store: Store, meters: Metering) -> None:
    take(meters, UPDATES, times=7)

    meters.tell([said(UPDATES, left=9, resets=17)])
    pass_minutes(store, 0.3)

    assert used(store) == {"tickets-update": 1}
    assert take(meters, UPDATES) == [None]
    assert used(store) == {"tickets-update": 1}


def test_a_limit_that_was_refused_stops_every_worker_until_it_resets(store: Store, meters: Metering) -> None:
    take(meters, UPDATES)

    meters.tell([said(UPDATES, left=0, resets=30)])
    [spent] = take(Metering(store, "crm"), UPDATES)
    pass_minutes(store, 0.51)

    assert spent is not None
    assert timedelta(seconds=28) < spent.after <= timedelta(seconds=30)
    assert take(Metering(store, "crm"), UPDATES) == [None]


def test_no_window_lasts_beyond_sense(meters: Metering) -> None:
    meters.tell([said(UPDATES, left=0, resets=999_999)])

    [spent] = take(meters, UPDATES)

    assert spent is not None
    assert spent.after <= timedelta(minutes=15)


def test_a_clock_that_is_set_back_stops_nobody(store: Store, meters: Metering) -> None:
    take(meters, UPDATES, times=10)
    pass_minutes(store, -60)

    assert take(meters, UPDATES) == [None]


# --- what it costs ---


def statements(store: Store) -> list[str]:
    """What is sent to the database from now on."""
    sent: list[str] = []
    event.listen(store.engine, "before_cursor_execute", lambda _c, _cursor, sql, *_rest: sent.append(sql))
    return sent


def test_a_call_costs_two_statements_and_what_was_foreseen_none(store: Store, meters: Metering) -> None:
    take(meters, ACCOUNT, UPDATES, TICKET)
    meters.tell([said(ACCOUNT, left=18, resets=17)])
    sent = statements(store)

    take(meters, ACCOUNT, UPDATES, TICKET)
    meters.tell([said(ACCOUNT, left=18, resets=17), said(UPDATES, left=8), said(TICKET, left=4, resets=300)])

    assert len([sql for sql in sent if not sql.startswith("BEGIN")]) == 2


COUNT = Count(most=100, used=40, resets_at=60_000, at=30_000)


@pytest.mark.parametrize(
    ("count", "reading", "new"),
    [
        (COUNT, said(UPDATES, most=100, left=60, resets=29), False),
        (COUNT, said(UPDATES, most=100, left=55, resets=29), False),
        (COUNT, said(UPDATES, most=100, left=54, resets=29), True),
        (COUNT, said(UPDATES, most=100, left=99, resets=29), False),
        (COUNT, said(UPDATES, most=20, left=20, resets=29), True),
        (COUNT, said(UPDATES, most=100, left=60, resets=58), True),
        (COUNT, said(UPDATES, most=100, left=60, resets=7), False),
        (Count(most=100, used=51, resets_at=60_000, at=30_000), said(UPDATES, most=100, left=60, resets=7), True),
        (None, said(UPDATES, left=10), True),
    ],
)
def test_only_what_matters_is_noted(count: Count | None, reading: Reading, new: bool) -> None:
    assert says_new(reading, count, SECOND) == new


@settings(max_examples=100, deadline=None)
@given(
    most=st.integers(0, 50),
    used=st.integers(0, 60),
    left=st.integers(0, 50),
    ends=st.integers(-100_000, 100_000),
    resets=st.integers(0, 10**7),
)
def test_what_is_told_is_never_less_than_the_crm_counted(
    most: int, used: int, left: int, ends: int, resets: int
) -> None:
    before = Count(most=most, used=used, resets_at=1_000_000 + ends, at=1_000_000)

    after = before.told(Reading(name="x", most=50, left=left, resets=timedelta(seconds=resets)))

    assert after.most == 50
    assert after.used >= 50 - left
    assert after.used in (50 - left, used)
    assert timedelta(0) <= after.left <= buckets.LONGEST


# --- around it ---


def test_a_database_that_does_not_answer_lets_nothing_be_sent(tmp_path: Path) -> None:
    store = connect(f"sqlite:///{tmp_path / 'without_tables.db'}")
    meters = Metering(store, "crm")

    with pytest.raises(RetryLater, match="the limits of crm could not be counted"):
        take(meters, UPDATES)
    meters.tell([said(UPDATES, left=1)])  # a call that was made stays made

    store.engine.dispose()


def test_limits_that_nobody_uses_any_more_are_forgotten(store: Store, meters: Metering) -> None:
    take(meters, ACCOUNT, TICKET)
    with store.write() as c:
        c.execute(update(bucket).where(bucket.c.name == TICKET.name).values(resets_at=now() - 90_000_000))

    with store.write() as c:
        buckets.tidy(c)

    assert list(used(store)) == ["account"]


def test_limits_of_whole_crms_are_shown_and_those_of_records_are_not(store: Store, meters: Metering) -> None:
    take(meters, ACCOUNT, TICKET, times=2)
    take(meters, UPDATES)
    with store.write() as c:
        c.execute(update(bucket).where(bucket.c.name == UPDATES.name).values(resets_at=now() - 1))

    with store.read() as c:
        found = health.read(c)

    assert found.limits == {
        ("crm", "account"): Usage(used=2, most=20),
        ("crm", "tickets-update"): Usage(used=0, most=10),
    }
    assert [line for line in metrics.text(found).splitlines() if line.startswith("casebridge_crm_limit")] == [
        'casebridge_crm_limit_used{crm="crm",limit="account"} 2',
        'casebridge_crm_limit_used{crm="crm",limit="tickets-update"} 0',
        'casebridge_crm_limit_most{crm="crm",limit="account"} 20',
        'casebridge_crm_limit_most{crm="crm",limit="tickets-update"} 10',
    ]
