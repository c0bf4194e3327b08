"""An agent has a failed reply sent again: once, only where the customer surely has nothing of it, and for real."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from app_calls import App, app, client, token
from heart import NOON, drain, hear
from logbook import Logbook
from sqlalchemy import select, update
from wall import ANY_LENGTH, Desk, Inkwell, desk, echo, pass_time, settle, states

from bridge.errors import Rejected, RetryLater, Unsure
from bridge.panel import NO_REPLY, NO_RETRY
from bridge.ports import Polled, Rung, Undelivered, Way
from bridge.replying import poll_some, report_some, send_some
from bridge.store import Store, health, inbox, ledger
from bridge.store.engine import now
from bridge.store.inbox import Arrival
from bridge.store.tables import cursor, reply, rung

BY_THREE = Way(most=3, unit="characters", split=True)
BAD_WORDS = Rejected("The platform does not take these words.")
GONE = Undelivered(account="page-1", id="p1", reason="The number does not use it. (error 131026)")

DONE, REFUSED, UNKNOWN = (200, ""), (409, NO_RETRY), (404, NO_REPLY)


@dataclass(slots=True)
class Rereading(Inkwell):
    """A reply box that gives a reply once more where it is asked for that very one, unless it was taken away."""

    gone: set[str] = field(default_factory=set)

    def poll(self, cursor: str, rung: Sequence[Rung] = ()) -> Polled:
        """Give what is new, and what is asked for."""
        fresh = Inkwell.poll(self, cursor, rung)
        anew = [
            one
            for ring in rung
            for one in self.written
            if (one.case_id, one.id) == (ring.case_id, ring.reply) and one.id not in self.gone
        ]
        return replace(fresh, replies=[*fresh.replies, *anew])


@pytest.fixture
def road(store: Store, crm: Logbook) -> Desk:
    found = desk(store, crm)
    found.ink = Rereading()
    found.made = replace(found.made, desks={"crm": found.ink})
    return found


def fails(road: Desk, text: str = "Done", why: Rejected = BAD_WORDS) -> App:
    """Have an agent's reply fail, and the platform take the next one; the app that shows it."""
    road.wall.plan.append(why)
    road.answer(text)
    return app(road)


def rings(store: Store) -> list[tuple[str, str]]:
    with store.read() as c:
        return [(row.crm_case, row.reply) for row in c.execute(select(rung))]


def news(road: Desk, one: Undelivered) -> None:
    with road.store.write() as c:
        inbox.ingest(c, Arrival(connection="fb", received_at=NOON, undelivered=[one]))
    settle(road.made)


# --- it is sent again ---


def test_a_failed_reply_is_read_anew_and_sent(road: Desk) -> None:
    at = fails(road)
    before = at.replies()

    answered = at.retry("r1")
    waiting = at.replies()
    settle(road.made)

    assert (before, answered) == ({"r1": ("failed", True)}, DONE)
    assert (waiting, at.replies()) == ({"r1": ("ready", False)}, {"r1": ("sent", False)})
    assert (road.wall.texts, road.ink.last) == (["Done"], {"r1": ("sent", "")})


def test_while_it_waits_it_shows_no_reason(road: Desk) -> None:
    at = fails(road)

    at.retry("r1")

    (one,) = at.thread()["replies"]
    assert (one["state"], one["reason"]) == ("ready", "")


def test_one_that_fails_again_can_be_sent_again(road: Desk) -> None:
    at = fails(road)
    for _ in range(2):
        road.wall.plan.append(BAD_WORDS)
        assert at.retry("r1") == DONE
        settle(road.made)

    assert at.retry("r1") == DONE
    settle(road.made)

    failed = ("failed", str(BAD_WORDS))
    assert states(road.store) == {"r1~1": failed, "r1~2": failed, "r1~3": failed, "r1": ("sent", "")}
    assert at.replies() == {"r1": ("sent", False)}


def test_an_attempt_that_made_way_is_no_failure_any_more(road: Desk) -> None:
    at = fails(road)

    at.retry("r1")
    settle(road.made)

    with road.store.read() as c:
        assert (health.read(c).replies, ledger.read(c).replies) == ({"sent": 1}, {"sent": 1})
        assert (health.unsent(c, since=timedelta(days=7)), health.replies(c)) == ({}, [])


def test_only_that_reply_is_sent_again(road: Desk) -> None:
    fails(road, "First")
    at = fails(road, "Second")

    at.retry("r2")
    settle(road.made)

    assert road.wall.texts == ["Second"]
    assert at.replies() == {"r1": ("failed", True), "r2": ("sent", False)}


def test_the_replies_are_read_in_a_second(road: Desk) -> None:
    road.ink.every = timedelta(minutes=5)
    at = fails(road)

    at.retry("r1")

    with road.store.read() as c:
        (due_in,) = c.execute(select(cursor.c.due_at - now())).scalars()
    assert due_in <= 1000


def test_a_reply_that_is_gone_from_the_crm_stays_failed_and_can_be_asked_for_again(road: Desk) -> None:
    at = fails(road)
    road.made.desks["crm"].gone.add("r1")  # type: ignore[attr-defined]
    at.retry("r1")
    settle(road.made)

    shown = at.replies()
    road.made.desks["crm"].gone.clear()  # type: ignore[attr-defined]
    answered = at.retry("r1")
    settle(road.made)

    assert (shown, answered) == ({"r1": ("failed", True)}, DONE)
    assert states(road.store) == {"r1~1": ("failed", str(BAD_WORDS)), "r1": ("sent", "")}


def test_one_that_answered_nobody_may_have_somebody_to_answer_by_now(road: Desk) -> None:
    road.answer("Hello?", case_id="c2")
    at = App(client(road), "c1")
    with road.store.write() as c:  # agents merged the case into Ana's
        c.execute(update(reply).values(crm_case="c1"))
    road.ink.written[0] = replace(road.ink.written[0], case_id="c1")

    answered = at.retry("r1")
    settle(road.made)

    assert (answered, road.wall.texts) == (DONE, ["Hello?"])


def test_what_the_platform_never_delivered_can_be_sent_again(road: Desk) -> None:
    road.answer("Hello")
    news(road, GONE)
    at = app(road)

    answered = at.retry("r1")
    settle(road.made)
    news(road, GONE)  # told twice

    assert (answered, road.wall.texts) == (DONE, ["Hello", "Hello"])
    assert (at.replies(), road.ink.last) == ({"r1": ("sent", False)}, {"r1": ("sent", "")})


def test_an_echo_of_the_same_words_does_not_count_for_the_attempt_that_failed(road: Desk) -> None:
    at = fails(road)
    at.retry("r1")
    settle(road.made)

    hear(road.store, echo(replace(road.wall.posts[0], id="as-the-echo-calls-it")))
    drain(road.made)
    settle(road.made)

    assert states(road.store) == {"r1~1": ("failed", str(BAD_WORDS)), "r1": ("sent", "")}


# --- it is not ---


def test_what_was_sent_is_not_sent_again(road: Desk) -> None:
    road.answer("Done")
    at = app(road)

    assert (at.replies(), at.retry("r1"), rings(road.store)) == ({"r1": ("sent", False)}, REFUSED, [])


def test_what_nobody_knows_of_is_not_sent_again(road: Desk) -> None:
    road.wall.doubts = "ask"
    road.wall.plan.append(Unsure("the line broke", after=timedelta(0)))
    road.answer("Done")
    at = app(road)

    assert (at.replies(), at.retry("r1"), rings(road.store)) == ({"r1": ("unsure", False)}, REFUSED, [])


def test_what_waits_is_not_sent_again(road: Desk) -> None:
    road.write("Done")
    poll_some(road.road, "crm")
    at = app(road)
    ready = at.replies(), at.retry("r1")
    road.wall.plan.append(RetryLater("too many calls", after=timedelta(hours=1)))
    for _ in range(2):
        send_some(road.road, "fb/page-1")

    assert ready == ({"r1": ("ready", False)}, REFUSED)
    assert (at.replies(), at.retry("r1")) == ({"r1": ("sending", False)}, REFUSED)


def test_what_was_sent_in_part_is_not_sent_again(road: Desk) -> None:
    road.wall.ways = BY_THREE
    road.wall.plan.append("")
    at = fails(road, "one two")
    road.wall.ways = ANY_LENGTH

    assert (at.replies(), at.retry("r1")) == ({"r1": ("failed", False)}, REFUSED)
    assert road.wall.texts == ["one"]


def test_of_several_texts_one_that_never_arrived_is_not_sent_again(road: Desk) -> None:
    road.wall.ways = BY_THREE
    road.answer("one two")
    news(road, GONE)
    at = app(road)

    assert (at.replies(), at.retry("r1")) == ({"r1": ("failed", False)}, REFUSED)


def test_twice_at_once_is_once(road: Desk) -> None:
    at = fails(road)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(at.retry, ["r1"] * 4))
    settle(road.made)

    assert sorted(answers) == [DONE, *[REFUSED] * 3]
    assert (road.wall.texts, rings(road.store)) == (["Done"], [])


@pytest.mark.parametrize("name", ["r2", "r1~1", "r1~", "r%25", "r_", "%00", "'", "r1%0a", "R1", "~", "r" * 999])
def test_a_reply_that_is_not_there_is_not_found(road: Desk, name: str) -> None:
    at = fails(road)
    at.retry("r1")
    settle(road.made)

    assert (at.retry(name), rings(road.store)) == (UNKNOWN, [])


def test_a_reply_of_another_case_is_not_found(road: Desk, crm: Logbook) -> None:
    fails(road)

    assert App(client(road), "c2").retry("r1") == UNKNOWN


def test_a_stranger_changes_nothing(road: Desk) -> None:
    at = fails(road)
    before = states(road.store)
    strangers: list[dict[str, Any]] = [{}, {"Authorization": f"Bearer {token('c2')}"}]

    answers = [at.to.post("/app/crm/cases/c1/replies/r1/retry", headers=one).status_code for one in strangers]

    assert (answers, states(road.store), rings(road.store)) == ([403, 403], before, [])


def test_a_connection_that_is_switched_off_sends_nothing_again(road: Desk) -> None:
    fails(road)

    answer = client(road, resting=None).post("/app/resting/cases/c1/replies/r1/retry")

    assert (answer.status_code, rings(road.store)) == (503, [])


# --- what the agents are told ---


def test_a_failure_that_nobody_was_told_of_yet_is_told_no_more(road: Desk) -> None:
    road.write("Done")
    poll_some(road.road, "crm")
    road.wall.plan.append(BAD_WORDS)
    for _ in range(2):
        send_some(road.road, "fb/page-1")
    at = app(road)

    at.retry("r1")
    settle(road.made)

    assert [(one.reply, one.state) for one in road.ink.told] == [("r1", "sent")]


def test_while_the_agents_are_being_told_it_is_not_sent_again(road: Desk) -> None:
    road.write("Done")
    poll_some(road.road, "crm")
    road.wall.plan.append(BAD_WORDS)
    for _ in range(2):
        send_some(road.road, "fb/page-1")
    road.ink.troubles.append(RetryLater("too many calls", after=timedelta(minutes=1)))
    report_some(road.road, "crm")
    at = app(road)
    meanwhile = at.replies(), at.retry("r1")
    pass_time(road.store)

    told = report_some(road.road, "crm")

    assert (meanwhile, told) == (({"r1": ("failed", False)}, REFUSED), True)
    assert (at.replies(), at.retry("r1")) == ({"r1": ("failed", True)}, DONE)
