"""A CRM rings: what agents wrote is read at once, and a desk in trouble is left alone for as long as it says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from logbook import Logbook
from sqlalchemy import select, update
from wall import ACCOUNT, Desk, desk, rounds, settle

from bridge import replying
from bridge.errors import Paused, RetryLater, Trouble
from bridge.ports import Answer, Heard
from bridge.store import Store, hearing
from bridge.store.engine import now
from bridge.store.tables import cursor, reply

HOUR = timedelta(hours=1)


@pytest.fixture
def road(store: Store, crm: Logbook) -> Desk:
    """A desk that is read once an hour, and has just been."""
    made = desk(store, crm)
    made.ink.every = HOUR
    replying.poll_some(made.road, "crm")
    return made


def ring(road: Desk) -> None:
    with road.store.write() as c:
        hearing.hear(c, "crm", Heard(replies=True, answer=Answer()))


def read_in(road: Desk) -> float:
    """In how many seconds the desk is read."""
    with road.store.read() as c:
        return float(c.execute(select((cursor.c.due_at - now()).label("in"))).scalar_one()) / 1000


def wait(road: Desk) -> None:
    """Let the second pass."""
    with road.store.write() as c:
        c.execute(update(cursor).where(cursor.c.due_at <= now() + 1000).values(due_at=now()))


def test_without_a_bell_a_reply_waits_for_the_next_look(road: Desk) -> None:
    road.write("We are on it")

    assert [step() for step in rounds(road.road)] == []
    assert read_in(road) > HOUR.total_seconds() - 60


def test_a_bell_sends_what_an_agent_wrote(road: Desk) -> None:
    road.write("We are on it")

    ring(road)
    wait(road)
    settle(road.made)

    assert (road.wall.texts, road.ink.last) == (["We are on it"], {"r1": ("sent", "")})


def test_a_bell_that_rings_again_sends_nothing_again(road: Desk) -> None:
    road.write("We are on it")

    for _ in range(3):
        ring(road)
        wait(road)
        settle(road.made)

    assert road.wall.texts == ["We are on it"]


@pytest.mark.parametrize(
    ("trouble", "least", "most"),
    [
        (RetryLater("busy", after=timedelta(seconds=20)), 10, 20),
        (RetryLater("busy", after=timedelta(0)), 0, 1),
        (Paused("no login"), HOUR.total_seconds() - 60, HOUR.total_seconds()),
    ],
)
def test_a_desk_in_trouble_is_read_again_when_it_says_so(
    road: Desk, trouble: Trouble, least: float, most: float
) -> None:
    road.write("We are on it")
    road.ink.troubles.append(trouble)
    ring(road)
    wait(road)

    read = replying.poll_some(road.road, "crm")

    assert (read, road.wall.sends) == (False, [])
    assert least < read_in(road) <= most


@pytest.mark.parametrize(("minutes", "rests"), [(None, 1), (0, 1), (5, 5)])
def test_agents_are_told_once_their_crm_has_rested(road: Desk, minutes: int | None, rests: int) -> None:
    road.write("We are on it")
    ring(road)
    wait(road)
    replying.poll_some(road.road, "crm")
    for _ in range(2):  # it is cut, then sent
        replying.send_some(road.road, ACCOUNT)
    until = None if minutes is None else road.store.now() + timedelta(minutes=minutes)
    road.ink.troubles.append(Paused("no login", until=until))

    told = replying.report_some(road.road, "crm")

    assert not told
    with road.store.read() as c:
        again = float(c.execute(select((reply.c.report_at - now()).label("in"))).scalar_one()) / 1000
    assert 60 * rests - 10 < again <= 60 * rests
