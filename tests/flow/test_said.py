"""A CRM's call itself tells what an agent wrote, or where: taken once, and never what is ours or nobody's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from heart import NOON, Killed, column, count, drain, dying, hear, said
from logbook import Logbook
from sqlalchemy import select, update
from wall import Desk, desk, settle

from bridge import replying
from bridge.answering import NOBODY
from bridge.errors import RetryLater
from bridge.filing import file_some
from bridge.flow import decide_some
from bridge.ports import Answer, Delivery, Heard, Reply, Rung
from bridge.store import Store, hearing, rung
from bridge.store.engine import now
from bridge.store.rung import AT_ONCE
from bridge.store.tables import cursor, item, reply
from bridge.store.tables import rung as rung_table

HOUR = timedelta(hours=1)
US, ANNA = "900", "700"


@pytest.fixture
def road(store: Store, crm: Logbook) -> Desk:
    """A desk that is read once an hour, has just been, and knows who we are."""
    made = desk(store, crm)
    made.ink.every, made.ink.us = HOUR, US
    replying.poll_some(made.road, "crm")
    return made


def one(road: Desk, text: str = "We are on it", **more: Any) -> Reply:
    return Reply(**{"id": "31", "case_id": road.case, "text": text, "meant": False, "by": ANNA, **more})


def tell(road: Desk, *said: Reply, rang: Sequence[Rung] = ()) -> None:
    with road.store.write() as c:
        hearing.hear(c, "crm", Heard(said=said, rung=tuple(rang), answer=Answer()))


def ring(road: Desk, case_id: str = "", **more: Any) -> None:
    tell(road, rang=[Rung(**{"case_id": case_id or road.case, "at": NOON, "by": ANNA, **more})])


def wait(road: Desk) -> None:
    """Let the time to the next look pass."""
    with road.store.write() as c:
        c.execute(update(cursor).values(due_at=0))


def poll(road: Desk) -> None:
    """Read the replies, as if it were time."""
    wait(road)
    replying.poll_some(road.road, "crm")


def rings_left(store: Store) -> list[str]:
    """The cases that have rung and were not read, whosever they are."""
    with store.read() as c:
        return list(c.execute(select(rung_table.c.crm_case)).scalars())


def rings(store: Store) -> list[Rung]:
    with store.read() as c:
        return rung.waiting(c, "crm")


def replies(store: Store) -> list[tuple[str, str]]:
    with store.read() as c:
        return [(row.crm_id, row.state) for row in c.execute(select(reply).order_by(reply.c.id))]


# --- what the call itself tells ---


def test_what_an_agent_said_is_sent_without_a_look(road: Desk) -> None:
    tell(road, one(road))
    settle(road.made)

    assert (road.wall.texts, road.ink.last, road.ink.rung) == (["We are on it"], {"31": ("sent", "")}, [])


def test_what_is_told_again_is_neither_sent_nor_reported_again(road: Desk) -> None:
    tell(road, one(road))
    settle(road.made)

    tell(road, one(road))
    settle(road.made)

    assert (road.wall.texts, len(road.ink.told)) == (["We are on it"], 1)


def test_what_a_later_look_finds_again_is_not_reported_again(road: Desk) -> None:
    said = one(road)
    tell(road, said)
    settle(road.made)
    road.ink.always = [said]

    wait(road)
    settle(road.made)

    assert (road.wall.texts, len(road.ink.told)) == (["We are on it"], 1)


def test_what_agents_say_in_cases_of_others_is_passed_over(road: Desk) -> None:
    tell(road, one(road, case_id="not-ours"))
    settle(road.made)

    assert (replies(road.store), road.wall.texts, road.ink.told) == ([], [], [])


def test_what_we_wrote_ourselves_is_no_reply(road: Desk) -> None:
    tell(road, one(road, by=US))
    settle(road.made)

    assert (replies(road.store), road.wall.texts) == ([], [])


@pytest.mark.parametrize("refs", ["31", "30,31:0:2", "31:1:2,f31"])
def test_what_a_message_was_filed_as_is_no_reply(road: Desk, refs: str) -> None:
    with road.store.write() as c:
        c.execute(update(item).values(crm_ref=refs))

    tell(road, one(road))

    assert replies(road.store) == []


@pytest.mark.parametrize("refs", ["131", "310:31:2", "a31:0:1", "f31"])
def test_a_reply_whose_number_is_a_part_of_another_is_a_reply(road: Desk, refs: str) -> None:
    with road.store.write() as c:
        c.execute(update(item).values(crm_ref=refs))

    tell(road, one(road))

    assert replies(road.store) == [("31", "ready")]


def test_in_a_case_of_ours_in_which_nobody_can_be_answered_the_agent_is_told(road: Desk) -> None:
    with road.store.write() as c:
        c.execute(update(item).values(body=""))

    tell(road, one(road))
    settle(road.made)

    assert road.ink.told == [Delivery(reply="31", case_id=road.case, state="failed", says=NOBODY)]


# --- while nobody knows who we are there ---


@pytest.fixture
def stranger(store: Store, crm: Logbook) -> Desk:
    """A desk that has never been read."""
    return desk(store, crm)


def test_before_it_is_known_who_we_are_a_reply_is_read_again(stranger: Desk) -> None:
    tell(stranger, one(stranger))

    assert replies(stranger.store) == []
    assert [(ring.case_id, ring.reply) for ring in rings(stranger.store)] == [(stranger.case, "31")]

    stranger.ink.us = US
    wait(stranger)
    replying.poll_some(stranger.road, "crm")
    tell(stranger, one(stranger))

    assert [ring.reply for ring in stranger.ink.rung] == ["31"]
    assert (replies(stranger.store), rings(stranger.store)) == ([("31", "ready")], [])


def test_in_cases_of_others_it_is_not_even_read(stranger: Desk) -> None:
    tell(stranger, one(stranger, case_id="not-ours"))

    assert rings(stranger.store) == []


def test_a_crm_that_names_no_writers_needs_not_know_who_we_are(stranger: Desk) -> None:
    tell(stranger, one(stranger, by=""))

    assert replies(stranger.store) == [("31", "ready")]


# --- bells ---


def test_a_case_that_rang_is_handed_to_the_desk_once(road: Desk) -> None:
    ring(road)
    ring(road, reply="31")
    wait(road)
    replying.poll_some(road.road, "crm")

    asked = [(one.case_id, one.reply) for one in road.ink.rung]

    wait(road)
    replying.poll_some(road.road, "crm")
    assert sorted(asked) == [(road.case, ""), (road.case, "31")]
    assert (len(road.ink.rung), rings(road.store)) == (2, [])


def test_a_case_of_others_that_rang_is_none_of_ours(road: Desk) -> None:
    before = column(road.store, cursor, "due_at", "crm")

    ring(road, "not-ours")

    assert (rings(road.store), column(road.store, cursor, "due_at", "crm")) == ([], before)


def test_what_we_did_ourselves_is_not_read(road: Desk) -> None:
    ring(road, by=US)

    assert rings(road.store) == []


def test_what_could_not_be_read_rings_on(road: Desk) -> None:
    ring(road)
    road.ink.troubles.append(RetryLater("busy", after=timedelta(seconds=5)))
    wait(road)

    replying.poll_some(road.road, "crm")

    assert [one.case_id for one in rings(road.store)] == [road.case]


def test_what_rings_again_while_it_is_read_is_read_once_more(road: Desk) -> None:
    ring(road)
    wait(road)
    road.ink.meanwhile = lambda: ring(road)

    replying.poll_some(road.road, "crm")

    [left] = rings(road.store)
    assert (left.case_id, left.at < NOON) == (road.case, True)


def test_the_earliest_time_that_rang_counts(road: Desk) -> None:
    with road.store.write() as c:
        early = Rung(case_id=road.case, at=NOON)
        rung.ring(c, "crm", [replace(early, at=NOON + HOUR)])
        rung.ring(c, "crm", [early])
        rung.ring(c, "crm", [replace(early, at=NOON + HOUR)])

    assert rings(road.store) == [replace(early, at=NOON - timedelta(milliseconds=1))]


def test_many_that_rang_are_read_in_turns_without_waiting_for_the_hour(road: Desk) -> None:
    with road.store.write() as c:
        rung.ring(c, "crm", [Rung(case_id=road.case, at=NOON, reply=f"{n}") for n in range(AT_ONCE + 1)])
        rung.ring(c, "other", [Rung(case_id="1", at=NOON)])
    wait(road)

    replying.poll_some(road.road, "crm")

    assert (len(road.ink.rung), len(rings(road.store)), count(road.store, rung_table)) == (AT_ONCE, 1, 2)
    with road.store.read() as c:
        assert c.execute(select(cursor.c.due_at <= now() + 1000)).scalar_one()


# --- in a case that is not known yet ---


@pytest.fixture
def unsettled(road: Desk) -> str:
    """The id of a second case, which is in the CRM already, but whose worker died before it noted that."""
    hear(road.store, said("Me too", by="bo"))
    decide_some(road.made, "fb")
    with pytest.raises(Killed):
        file_some(replace(road.made, at=dying("work.sent")), "crm")
    return "c2"


@pytest.mark.parametrize("rings", [False, True], ids=["said", "rang"])
def test_what_is_said_in_a_case_before_it_is_known_as_ours_is_read_then(
    road: Desk, unsettled: str, rings: bool
) -> None:
    if rings:
        ring(road, unsettled)
    else:
        tell(road, one(road, case_id=unsettled))
    poll(road)
    early = list(road.ink.rung)

    drain(road.made)
    poll(road)

    assert early == []
    assert [(one.case_id, one.reply) for one in road.ink.rung] == [(unsettled, "" if rings else "31")]
    assert rings_left(road.store) == []


def test_what_a_look_finds_in_a_case_before_it_is_known_as_ours_is_read_then(road: Desk, unsettled: str) -> None:
    road.ink.always = [one(road, case_id=unsettled)]
    poll(road)
    road.ink.always = []

    drain(road.made)
    poll(road)

    assert [(one.case_id, one.reply) for one in road.ink.rung] == [(unsettled, "31")]


def test_what_turns_out_to_be_in_a_case_of_others_is_forgotten(road: Desk, unsettled: str) -> None:
    tell(road, one(road, case_id="not-ours"))
    drain(road.made)

    poll(road)

    assert (unsettled, road.ink.rung, rings_left(road.store)) == ("c2", [], [])


# --- back to the agents ---


def test_an_agent_who_could_not_be_told_is_told_later_and_the_others_once(road: Desk) -> None:
    tell(road, one(road, "first"), one(road, "second", id="32"))
    road.ink.untold["31"] = RetryLater("the ticket is locked", after=timedelta(seconds=1))

    settle(road.made)
    settle(road.made)

    assert [one.reply for one in road.ink.told] == ["32", "31"]
