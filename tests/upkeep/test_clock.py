"""The clock looks after connections by itself, each chore once however many clocks run, and stops when told."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from beacon import ACCOUNT, Beacon, Plain, Platform, care, clock, held
from heart import hear, said
from sqlalchemy import select, update
from stub import Said, Stub, running

from bridge import clock as ticking
from bridge import upkeep
from bridge.alarms import Alarms
from bridge.clock import Clock
from bridge.ports import Credentials, Finding, Renewed, Upkeep
from bridge.store import Store, alarms, chores, handshakes
from bridge.store.engine import now
from bridge.store.tables import chore

ONCE = threading.Event()


@pytest.fixture
def platform() -> Platform:
    return Platform(serial=1)


@pytest.fixture
def stub(platform: Platform) -> Iterator[Stub]:
    with running(platform.answer) as found:
        yield found


def lasting(store: Store) -> list[str]:
    """The alarms about connections that are not over."""
    with store.read() as c:
        return [name for name in alarms.lasting(c) if not name.startswith("Casebridge")]


def time_passes(store: Store, span: timedelta) -> None:
    with store.write() as c:
        c.execute(update(chore).values(due_at=chore.c.due_at - round(span.total_seconds() * 1000)))


def left(store: Store, name: str) -> timedelta:
    """How long it takes until a chore is done again, to the minute."""
    with store.read() as c:
        due = c.execute(select(chore.c.due_at - now()).where(chore.c.name == name)).scalar_one()
    return timedelta(minutes=round(due / 60_000))


def well(store: Store) -> None:
    """Nothing is wrong but what the test plants."""
    hear(store, said("Help"))
    with store.write() as c:
        handshakes.remember(c, "fb", {})


def test_what_is_found_raises_its_alarm_and_what_is_gone_ends_it(
    store: Store, stub: Stub, platform: Platform
) -> None:
    well(store)
    made = clock(care(store, {"fb": Beacon(stub.url)}, keys=()))
    made.step(ONCE)
    before = lasting(store)
    platform.serial = 0  # the token is good again
    time_passes(store, timedelta(days=1))

    made.step(ONCE)

    assert before == ["fb/page-1: token", "fb/page-1: token renewal"]
    assert lasting(store) == ["fb/page-1: token renewal"]


@pytest.mark.parametrize("about", ["reach", "platform", "examination"])
def test_a_look_that_failed_ends_no_alarm_and_is_tried_again_soon(
    store: Store, stub: Stub, platform: Platform, about: str
) -> None:
    class Away(Beacon):
        def examine(self, upkeep: Upkeep) -> list[Finding]:
            if about == "examination":
                raise ZeroDivisionError
            return [Finding(level="fault", about=about, says="It is away.", do="Wait.")]

    well(store)
    clock(care(store, {"fb": Beacon(stub.url)})).step(ONCE)
    before = lasting(store)
    time_passes(store, timedelta(days=1))

    clock(care(store, {"fb": Away(stub.url)})).step(ONCE)

    assert before == ["fb/page-1: token", "fb/page-1: token renewal"]
    assert lasting(store) == [*before, f"fb: {about}"]
    assert left(store, "examine fb") == timedelta(hours=1)


def test_the_alarms_of_a_connection_that_was_taken_out_are_over(store: Store, stub: Stub) -> None:
    Alarms(store).settle("old", [Finding(level="fault", account="1", about="token", says="It is dead.")])

    clock(care(store, {"fb": Plain(stub.url)})).step(ONCE)

    assert lasting(store) == ["fb/page-1: events"]


def test_a_connection_is_looked_at_once_a_day(store: Store, stub: Stub, platform: Platform) -> None:
    platform.serial = 0
    made = clock(care(store, {"fb": Plain(stub.url)}))

    for hours in range(49):
        made.step(ONCE)
        time_passes(store, timedelta(hours=1))
        assert left(store, "examine fb") == timedelta(hours=23 - hours % 24)


def test_what_is_new_is_looked_at_after_an_hour_but_its_tokens_are_renewed_at_once(
    store: Store, stub: Stub, platform: Platform
) -> None:
    platform.serial = 0
    care_ = care(store, {"fb": Beacon(stub.url)})

    Clock(care=care_, alarms=Alarms(store)).step(ONCE)

    assert [call.path for call in stub.calls] == ["/renew"]
    assert left(store, "examine fb") == timedelta(hours=1)


def test_any_number_of_clocks_do_a_chore_once(store: Store) -> None:
    looks = list[str]()

    class Counts(Plain):
        def examine(self, upkeep: Upkeep) -> list[Finding]:
            looks.append(upkeep.url)
            return []

    clocks = [clock(care(store, {"fb": Counts("http://127.0.0.1:9")})) for _ in range(6)]

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda one: one.step(ONCE), clocks))

    assert looks == ["https://hooks.example.com/in/fb"]


def test_an_error_in_one_chore_leaves_the_others_alone(store: Store, stub: Stub) -> None:
    class Broken(Beacon):
        def renew(self, account: str, credentials: object, now: datetime) -> None:
            raise ZeroDivisionError

    made = clock(care(store, {"a": Broken(stub.url), "b": Plain(stub.url)}))

    made.step(ONCE)

    assert left(store, "renew a/page-1") == timedelta(minutes=10)
    assert left(store, "examine b") == timedelta(days=1)


def test_a_chore_whose_clock_died_comes_back(store: Store) -> None:
    with store.write() as c:
        chores.plan(c, {"examine": timedelta(0)})
        first = chores.take(c, "examine", lease=timedelta(minutes=10))
        second = chores.take(c, "examine", lease=timedelta(minutes=10))
    time_passes(store, timedelta(minutes=10))
    with store.write() as c:
        third = chores.take(c, "examine", lease=timedelta(minutes=10))
        assert first is not None
        chores.finish(c, "examine", first, after=timedelta(days=1))  # the dead one wakes up again

    assert (second, third is None) == (None, False)
    assert left(store, "examine") == timedelta(minutes=10)


def test_a_subscription_that_is_about_to_end_is_renewed(store: Store, stub: Stub, platform: Platform) -> None:
    well(store)
    platform.serial, platform.lease = 0, (datetime.now(UTC) + timedelta(hours=20)).isoformat()
    made = clock(care(store, {"fb": Beacon(stub.url)}, keys=()))

    made.step(ONCE)

    assert [call.path for call in stub.writes] == ["/hook"]
    assert left(store, "examine fb") == timedelta(hours=1)
    assert lasting(store) == ["fb/page-1: token renewal"]


def test_a_subscription_that_could_not_be_renewed_raises_its_alarm(
    store: Store, stub: Stub, platform: Platform
) -> None:
    class Refused(Beacon):
        def subscribe(self, upkeep: Upkeep) -> list[Finding]:
            return [Finding(level="fault", account=ACCOUNT, about="lease", says="The hub refuses it.")]

    well(store)
    platform.serial, platform.lease = 0, (datetime.now(UTC) + timedelta(hours=20)).isoformat()

    clock(care(store, {"fb": Refused(stub.url)}, keys=())).step(ONCE)

    assert "fb/page-1: lease" in lasting(store)


def test_a_subscription_that_nobody_could_renew_is_an_alarm_for_whatever_reason(
    store: Store, stub: Stub, platform: Platform
) -> None:
    class Refused(Beacon):
        def subscribe(self, upkeep: Upkeep) -> list[Finding]:
            return [
                Finding(level="fault", account="a", about="hub", says="The hub refuses it."),
                Finding(level="done", account="b", about="lease", says="The hub was asked."),
            ]

    well(store)
    platform.serial, platform.lease = 0, (datetime.now(UTC) + timedelta(hours=20)).isoformat()

    clock(care(store, {"fb": Refused(stub.url)}, accounts=("a", "b"), keys=())).step(ONCE)

    assert [name for name in lasting(store) if "hub" in name or "lease" in name] == ["fb/a: hub", "fb/a: lease"]


@pytest.mark.parametrize(("days", "hours"), [(1.5, 18), (10, 24)])
def test_a_subscription_that_ends_soon_is_looked_at_sooner(
    store: Store, stub: Stub, platform: Platform, days: float, hours: int
) -> None:
    platform.serial, platform.lease = 0, (datetime.now(UTC) + timedelta(days=days)).isoformat()

    clock(care(store, {"fb": Beacon(stub.url)})).step(ONCE)

    assert left(store, "examine fb") == timedelta(hours=hours)


def test_the_clock_has_more_time_than_whoever_waits_for_doctor_and_less_than_its_lease() -> None:
    assert upkeep.PATIENCE < 2 * ticking.LOOK < ticking.LEASE.total_seconds()


def test_alarms_are_posted_by_the_clock(store: Store, stub: Stub) -> None:
    with running(lambda _: Said()) as receiver:
        clock(care(store, {"fb": Plain(stub.url)}), url=receiver.url).step(ONCE)

        told = {call.json["name"] for call in receiver.calls}
    assert told == {"fb/page-1: events"} | {name for name in told if name.startswith("Casebridge: ")}


def test_a_clock_that_is_told_to_stop_begins_nothing_more(store: Store, stub: Stub) -> None:
    stop = threading.Event()
    stop.set()

    clock(care(store, {"fb": Plain(stub.url)})).step(stop)

    assert (stub.calls, lasting(store)) == ([], [])


def test_a_token_that_is_being_renewed_when_the_clock_is_told_to_stop_is_stored(
    store: Store, stub: Stub, platform: Platform
) -> None:
    platform.serial = 0
    asked, answers, stop = threading.Event(), threading.Event(), threading.Event()

    class Slow(Beacon):
        def renew(self, account: str, credentials: Credentials, now: datetime) -> Renewed | None:
            asked.set()
            answers.wait(20)
            return super().renew(account, credentials, now)

    made = clock(care(store, {"fb": Slow(stub.url)}))
    running_clock = threading.Thread(target=ticking.run, args=(made, stop), daemon=True)
    running_clock.start()
    asked.wait(20)

    stop.set()
    answers.set()
    running_clock.join(20)

    assert not running_clock.is_alive()
    assert held(made.care.tokens.credentials("fb", ACCOUNT)) == "t1"
    assert [call.path for call in stub.calls] == ["/renew"]


def test_a_clock_stops_in_the_middle_of_its_sleep(store: Store, stub: Stub) -> None:
    stop = threading.Event()
    made = clock(care(store, {"fb": Plain(stub.url)}))
    running_clock = threading.Thread(
        target=ticking.run, args=(made, stop), kwargs={"poll": timedelta(hours=1)}, daemon=True
    )
    running_clock.start()
    deadline = time.monotonic() + 20
    while not lasting(store) and time.monotonic() < deadline:
        time.sleep(0.02)

    stop.set()
    running_clock.join(20)

    assert not running_clock.is_alive()
