"""What was missed comes in by the same door as callbacks: once, masked, and as far as the platform lets us."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from beacon import ACCOUNT, CONFIGURED, Beacon, Platform
from heart import CARE, NOON, all_items, column
from hypothesis import given
from hypothesis import strategies as st
from stub import Stub, running

from bridge import backfilling, flow, protecting, report
from bridge.backfilling import Fetched
from bridge.flow import Keeping
from bridge.mapping import read
from bridge.message import load
from bridge.ports import Callback
from bridge.store import Store, ledger
from bridge.store.tables import item

PAGES = [
    [{"text": "one"}, {"event": "read"}, {"text": "two"}],
    [{"odd": ""}, {"text": "three"}],
    [{"text": "four"}],
]
MASKED = CARE + "protect: {mask: {card_number: everywhere}}\n"
AGAIN = "Run it again: what was stored stays."


@pytest.fixture
def platform() -> Platform:
    return Platform(history=PAGES)


@pytest.fixture
def stub(platform: Platform) -> Iterator[Stub]:
    with running(platform.answer) as found:
        yield found


def fetch(store: Store, stub: Stub, **more: Any) -> Fetched:
    given: dict[str, Any] = {"since": NOON, "store": store, "keeping": Keeping(), **more}
    return backfilling.backfill(Beacon(stub.url), "fb", ACCOUNT, CONFIGURED, **given)


def texts(store: Store) -> list[str]:
    return [load(one.body, one.raw).text for one in all_items(store) if one.body]


def test_everything_comes_in_and_is_counted(store: Store, stub: Stub) -> None:
    fetched = fetch(store, stub)

    assert fetched == Fetched(account=ACCOUNT, seen=5, new=5, skipped=1)
    assert texts(store) == ["one", "two", "three", "four"]


def test_twice_is_harmless(store: Store, stub: Stub) -> None:
    fetch(store, stub)
    with store.read() as c:
        before = ledger.read(c)

    again = fetch(store, stub)

    assert (again.seen, again.new, again.here) == (5, 0, 5)
    with store.read() as c:
        assert ledger.read(c) == before


def test_what_had_come_by_callback_is_here_already(store: Store, stub: Stub) -> None:
    body = json.dumps([{"text": "two"}]).encode()
    callback = Callback(
        connection="fb", method="POST", url="", query={}, headers={}, body=body, received_at=datetime.now(UTC)
    )
    flow.receive(callback, Beacon(stub.url), store)

    fetched = fetch(store, stub)

    assert (fetched.new, fetched.here) == (4, 1)
    assert [*column(store, item, "fetched").values()] == [False, True, True, True, True]


def test_what_comes_by_callback_at_the_same_time_is_stored_once(
    store: Store, platform: Platform, stub: Stub
) -> None:
    words = [{"text": f"card 4111 1111 1111 1111, {n}", "id": f"m-{n}"} for n in range(20)]
    platform.history = [[one] for one in words]
    keeping = Keeping(protection=protecting.protection([read(MASKED, "care.yaml")]))

    def call(one: dict[str, str]) -> None:
        body = json.dumps([one]).encode()
        callback = Callback(
            connection="fb", method="POST", url="", query={}, headers={}, body=body, received_at=datetime.now(UTC)
        )
        flow.receive(callback, Beacon(stub.url), store, keeping=keeping)

    with ThreadPoolExecutor(3) as threads:
        fetches = [threads.submit(fetch, store, stub, keeping=keeping) for _ in range(2)]
        list(threads.map(call, words))
        fetched = [one.result() for one in fetches]

    kept = [load(one.body, one.raw) for one in all_items(store)]
    assert sorted(one.id for one in kept) == sorted(one["id"] for one in words)
    assert not any("4111" in one.text or b"4111" in one.raw for one in kept)
    assert [one.seen for one in fetched] == [20, 20]
    assert sum(one.new for one in fetched) <= 20


def test_messages_get_our_connection_and_our_clock(store: Store, stub: Stub) -> None:
    started = datetime.now(UTC)

    fetch(store, stub)

    kept = [load(one.body, one.raw) for one in all_items(store) if one.body]
    assert {one.connection for one in kept} == {"fb"}
    assert all(started <= one.received_at <= datetime.now(UTC) for one in kept)


def test_what_is_masked_everywhere_is_masked_before_it_is_stored(
    store: Store, platform: Platform, stub: Stub
) -> None:
    platform.history = [[{"text": "My card is 4111 1111 1111 1111"}]]
    protection = protecting.protection([read(MASKED, "care.yaml")])

    fetch(store, stub, keeping=Keeping(protection=protection))

    assert [text.partition("4111")[1] for text in texts(store)] == [""]


def test_a_platform_that_goes_away_in_the_middle_leaves_what_was_stored(
    store: Store, platform: Platform, stub: Stub
) -> None:
    platform.breaks = 1
    first = fetch(store, stub)
    platform.breaks = -1

    second = fetch(store, stub)

    assert (first.seen, first.new, first.again, first.stopped) == (2, 2, True, "the platform answered 503")
    assert (second.seen, second.new, second.stopped) == (5, 3, "")


def test_what_was_fetched_is_told_in_a_line() -> None:
    whole = Fetched(account="1", seen=5, new=3, skipped=1)
    part = Fetched(account="1", seen=2, new=2, skipped=0, stopped="the platform\nis away", again=True)
    never = Fetched(account="1", seen=0, new=0, skipped=0, stopped="It has none.")

    assert [report.fetched("fb", one) for one in (whole, part, never)] == [
        "fb / 1: 5 seen, 3 new, 2 already here, 1 skipped",
        f"fb / 1: 2 seen, 2 new, 0 already here, 0 skipped\n    stopped: the platform is away. {AGAIN}",
        "fb / 1: 0 seen, 0 new, 0 already here, 0 skipped\n    stopped: It has none.",
    ]


# --- since when ---


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2 days", NOON - timedelta(days=2)),
        ("1 day", NOON - timedelta(days=1)),
        ("6 hours", NOON - timedelta(hours=6)),
        ("90 minutes", NOON - timedelta(minutes=90)),
        (" 1 week ", NOON - timedelta(weeks=1)),
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
        ("2026-11-20T18:30", datetime(2026, 11, 20, 18, 30, tzinfo=UTC)),
        ("2026-11-20T18:30+01:00", datetime(2026, 11, 20, 17, 30, tzinfo=UTC)),
    ],
)
def test_a_time_or_a_span_says_since_when(text: str, moment: datetime) -> None:
    assert backfilling.moment(text, NOON) == moment


@pytest.mark.parametrize(
    "text",
    [
        *("", "0 days", "2 months", "yesterday", "-2 days", "99999 days", "2026-11-22", "20:00"),
        *("0001-01-01T00:00+23:59", "9999-12-31T23:59-23:59"),
    ],
)
def test_what_is_no_time_that_is_over_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^'.*' is (no time|not over yet)\n    -> allowed: "):
        backfilling.moment(text, NOON)


@given(st.text(max_size=40))
def test_any_text_is_a_time_before_now_or_refused(text: str) -> None:
    try:
        found = backfilling.moment(text, NOON)
    except ValueError:
        return

    assert found < NOON
