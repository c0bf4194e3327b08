"""An alarm is told of once when it begins, once a day while it lasts, and once when it is over."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from sqlalchemy import select, update
from stub import Call, Said, Stub, running

from bridge.alarms import Alarms
from bridge.ports import Finding
from bridge.store import Store, alarms
from bridge.store.engine import moment
from bridge.store.tables import alarm

DEAD = Finding(level="fault", account="page-1", about="token", says="It is dead.", do="Get one.")
SOON = Finding(level="warning", about="lease", says="It ends.")
FINE = Finding(level="ok", account="page-1", about="token", says="It is good.")


@pytest.fixture
def receiver() -> Iterator[Stub]:
    with running(lambda _: Said()) as stub:
        yield stub


def states(stub: Stub) -> list[tuple[str, str]]:
    """What was posted: name and state."""
    return [(call.json["name"], call.json["state"]) for call in stub.calls]


def a_day_passes(store: Store) -> None:
    with store.write() as c:
        c.execute(update(alarm).values(told_at=alarm.c.told_at - 86_400_000, since=alarm.c.since - 86_400_000))


def a_minute_passes(store: Store) -> None:
    with store.write() as c:
        c.execute(update(alarm).values(post_at=alarm.c.post_at - 60_000))


def lasting(store: Store) -> list[str]:
    with store.read() as c:
        return alarms.lasting(c)


def test_an_alarm_begins_lasts_and_is_over_once_each(
    store: Store, receiver: Stub, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "casebridge")
    told = Alarms(store, receiver.url)

    for _ in range(3):
        told.settle("fb", [DEAD])
        told.remind()
        told.post()
    a_day_passes(store)
    for _ in range(3):
        told.settle("fb", [DEAD])
        told.remind()
        told.post()
    for _ in range(3):
        told.settle("fb", [FINE])
        told.remind()
        told.post()

    name = "fb/page-1: token"
    assert states(receiver) == [(name, "begins"), (name, "lasts"), (name, "over")]
    assert [record.getMessage().partition(" since")[0].partition(": fb")[0] for record in caplog.records] == [
        "alarm",
        "alarm lasts",
        "alarm over",
    ]
    assert lasting(store) == []


def test_what_is_posted_is_the_whole_alarm_and_nothing_else(store: Store, receiver: Stub) -> None:
    told = Alarms(store, receiver.url)
    told.settle("fb", [DEAD])

    told.post()

    (call,) = receiver.calls
    with store.read() as c:
        since = c.execute(select(alarm.c.since)).scalar_one()
    assert (call.method, call.headers["content-type"]) == ("POST", "application/json")
    assert call.json == {
        "name": "fb/page-1: token",
        "says": "It is dead.",
        "do": "Get one.",
        "since": _iso(since),
        "state": "begins",
    }


def _iso(milliseconds: int) -> str:
    when = moment(milliseconds)
    assert when is not None
    return when.isoformat()


def test_what_alert_url_did_not_take_is_told_again_in_a_minute(store: Store, receiver: Stub) -> None:
    receiver.plan.extend([Said(status=500), "before"])
    told = Alarms(store, receiver.url)
    told.settle("fb", [DEAD])

    for _ in range(3):
        told.post()
        told.post()
        a_minute_passes(store)

    assert states(receiver) == [("fb/page-1: token", "begins")] * 3


def test_one_alarm_that_alert_url_refuses_keeps_it_from_no_other(store: Store, receiver: Stub) -> None:
    receiver.plan.append(Said(status=400))
    told = Alarms(store, receiver.url)
    told.settle("fb", [DEAD, SOON])

    told.post()

    assert states(receiver) == [("fb/page-1: token", "begins"), ("fb: lease", "begins")]
    with store.read() as c:
        assert c.execute(select(alarm.c.name).where(alarm.c.post_at.isnot(None))).scalars().all() == [
            "fb/page-1: token"
        ]


def test_an_alert_url_that_is_away_is_not_tried_for_each_alarm(store: Store, receiver: Stub) -> None:
    receiver.plan.append("before")
    told = Alarms(store, receiver.url)
    told.settle("fb", [DEAD, SOON])

    told.post()

    assert len(receiver.calls) == 1


def test_nothing_of_alert_url_is_logged(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "casebridge")
    with running(lambda _: Said(status=500)) as refuses:
        addresses = [f"{refuses.url}/hook?key=s3cret", "http://127.0.0.1:9/hook?key=s3cret"]
        for address in addresses:
            told = Alarms(store, address)
            told.settle("fb", [DEAD])
            told.post()
            a_minute_passes(store)

    assert caplog.text.count("ALERT_URL cannot be told of fb/page-1: token") == 2
    assert not any(part in caplog.text for part in ("s3cret", "hook", "127.0.0.1"))


def test_a_redirect_is_not_followed(store: Store) -> None:
    with running(lambda _: Said()) as elsewhere:

        def moved(_: Call) -> Said:
            return Said(status=307, headers={"Location": elsewhere.url})

        with running(moved) as first:
            told = Alarms(store, first.url)
            told.settle("fb", [DEAD])
            told.post()

            assert (len(first.calls), elsewhere.calls) == (1, [])


def test_without_alert_url_an_alarm_is_a_row_and_a_line(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    told = Alarms(store)

    told.settle("fb", [DEAD, SOON])
    told.post()

    assert lasting(store) == ["fb/page-1: token", "fb: lease"]
    assert [record.getMessage() for record in caplog.records] == [
        "alarm: fb/page-1: token: It is dead. Get one.",
        "alarm: fb: lease: It ends.",
    ]


def test_a_connection_ends_its_own_alarms_only(store: Store) -> None:
    told = Alarms(store)
    told.settle("fb", [DEAD, SOON])
    told.settle("fb-2", [DEAD, SOON])

    told.settle("fb", [])

    assert lasting(store) == ["fb-2/page-1: token", "fb-2: lease"]


def test_a_connection_that_is_called_as_we_are_ends_none_of_our_own_alarms(store: Store) -> None:
    told = Alarms(store)
    told.settle("Casebridge", [SOON])
    told.settle("casebridge", [SOON])

    told.settle("casebridge", [])

    assert lasting(store) == ["Casebridge: lease"]


@pytest.mark.parametrize("account", ["x" * 600, "a  b", "a\u202eb", "50%_"])
def test_an_alarm_lasts_whatever_its_account_is_called(store: Store, account: str) -> None:
    told = Alarms(store)
    named = Finding(level="fault", account=account, about="token", says="It is dead.")
    other = Finding(level="fault", account=account, about="hub", says="It is away.")
    told.settle("fb", [named, other])
    before = lasting(store)

    told.settle("fb", [named, other])
    told.settle("fb", [other], only=f"fb/{account}: hub")
    told.token(f"fb/{account}", "It is dead.")

    assert (len(before), lasting(store)) == (2, before)


def test_the_alarms_of_a_connection_that_is_there_no_more_are_over(store: Store) -> None:
    told = Alarms(store)
    for connection in ("fb", "fb-2", "old"):
        told.settle(connection, [DEAD, SOON])

    told.retire(["fb", "fb-2", "new"])

    assert lasting(store) == ["fb-2/page-1: token", "fb-2: lease", "fb/page-1: token", "fb: lease"]


def test_looking_into_one_thing_ends_nothing_else(store: Store) -> None:
    told = Alarms(store)
    told.settle("fb", [DEAD, SOON])

    told.settle("fb", [], only="fb: lease")

    assert lasting(store) == ["fb/page-1: token"]


def test_of_two_findings_about_one_thing_the_worse_is_told(store: Store) -> None:
    told = Alarms(store)

    told.settle("fb", [DEAD, Finding(level="warning", account="page-1", about="token", says="It is old.")])

    with store.read() as c:
        assert c.execute(select(alarm.c.says)).scalars().all() == ["It is dead."]


def test_a_worker_whose_token_is_dead_raises_the_alarm_of_the_days_examination(store: Store) -> None:
    told = Alarms(store)

    for _ in range(2):
        told.token("fb/page-1", "The platform does not know it.")
    told.settle("fb", [FINE])

    assert lasting(store) == []


def test_an_alarm_whose_words_change_is_not_told_anew(store: Store, receiver: Stub) -> None:
    told = Alarms(store, receiver.url)

    for days in (7, 6):
        told.settle("fb", [Finding(level="warning", about="token", says=f"It ends in {days} days.")])
        told.post()

    assert states(receiver) == [("fb: token", "begins")]
    with store.read() as c:
        assert c.execute(select(alarm.c.says)).scalars().all() == ["It ends in 6 days."]


def test_a_database_that_is_away_never_stops_a_worker(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    with store.write() as c:
        alarm.drop(c)

    Alarms(store).token("fb/page-1", "The platform does not know it.")

    with store.write() as c:
        alarm.create(c)
    assert "nobody can be told: The platform does not know it." in caplog.text


def test_hostile_words_of_a_platform_stay_on_one_line(store: Store) -> None:
    told = Alarms(store)

    told.settle(
        "fb", [Finding(level="fault", about="token", says="Bad\r\n\x1b[31mERROR all\u202e is lost" + "x" * 900)]
    )

    with store.read() as c:
        says = c.execute(select(alarm.c.says)).scalar_one()
    assert (says[:32], len(says)) == ("Bad [31mERROR all is lostxxxxxxx", 500)


def test_an_alarm_that_was_over_before_anybody_was_told_is_told_as_over(store: Store, receiver: Stub) -> None:
    told = Alarms(store, receiver.url)
    told.settle("fb", [DEAD])
    told.settle("fb", [])

    told.post()

    assert states(receiver) == [("fb/page-1: token", "over")]


def test_an_alarm_that_comes_back_begins_anew(store: Store, receiver: Stub) -> None:
    told = Alarms(store, receiver.url)
    for findings in ([DEAD], [], [DEAD]):
        told.settle("fb", findings)
        told.post()

    assert [state for _, state in states(receiver)] == ["begins", "over", "begins"]
    assert lasting(store) == ["fb/page-1: token"]
