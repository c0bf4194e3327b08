"""What a CRM tells of its own accord: kept once, in the order of its clock, and trusted only while it tells."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from case_rows import KNOWN, ONE, ROW, claimed, known, placed, sent, settle
from heart import column, count, said
from sqlalchemy import select, update

from bridge.ports import Answer, CaseChange, Heard, Known
from bridge.steps import Settled
from bridge.store import Store, cases, hearing, replies
from bridge.store.engine import now
from bridge.store.tables import case_row, cursor, learned

CLOSED = CaseChange(case_id="c1", closed=True, at=datetime(2026, 11, 21, 12, tzinfo=UTC))
OPENED = replace(CLOSED, closed=False, at=CLOSED.at + timedelta(minutes=1))
FILED = Settled(known=KNOWN, receipt=True, opened=True, filed={ONE: "c1"}, link="https://crm.example/c1")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def tell(store: Store, *changes: CaseChange, rings: bool = False, crm: str = "crm") -> None:
    with store.write() as c:
        hearing.hear(c, crm, Heard(replies=rings, cases=changes, answer=Answer()))


def filed(store: Store, **more: Any) -> None:
    """Have the first message open c1."""
    claim, _ = sent(store, "one")
    settle(store, claim, replace(FILED, **more))


def status(store: Store) -> str:
    found: str = column(store, case_row, "status")[ROW]
    return found


def loaded(store: Store) -> Known:
    """What a worker gets to know when the next message is filed."""
    placed(store, said("two"))
    _, waiting = claimed(store, "later")
    return waiting[ROW].known


def pass_time(store: Store, span: timedelta) -> None:
    """Let that long pass since the CRM called."""
    with store.write() as c:
        c.execute(update(learned).values(at=learned.c.at - round(span.total_seconds() * 1000)))


# --- the status of a case ---


def test_a_case_row_learns_that_its_case_was_closed(store: Store) -> None:
    filed(store)

    tell(store, CLOSED)

    assert (status(store), loaded(store)) == ("closed", replace(KNOWN, status="closed"))


def test_the_same_told_again_changes_nothing(store: Store) -> None:
    filed(store)
    tell(store, CLOSED, rings=True)
    before = column(store, case_row, "status_at")

    tell(store, CLOSED, rings=True)

    assert (column(store, case_row, "status_at"), status(store)) == (before, "closed")
    assert (count(store, cursor), count(store, learned)) == (1, 2)


@pytest.mark.parametrize("together", [True, False])
def test_an_older_event_does_not_undo_a_newer_one(store: Store, together: bool) -> None:
    filed(store)

    for told in [(OPENED, CLOSED)] if together else [(OPENED,), (CLOSED,)]:
        tell(store, *told)

    assert status(store) == "open"


def test_events_of_other_cases_and_other_crms_touch_nothing(store: Store) -> None:
    filed(store)

    tell(store, replace(CLOSED, case_id="c2"), replace(CLOSED, case_id="nobody's\0"))
    tell(store, CLOSED, crm="cr")

    assert status(store) == ""


def test_a_case_of_an_earlier_episode_is_not_the_rows_case_any_more(store: Store) -> None:
    filed(store)
    with store.write() as c:
        values = {"known": '{"case_id":"c12","episode":2,"notes":{}}'}
        c.execute(update(case_row).values(**values))

    tell(store, CLOSED)

    assert status(store) == ""


# --- whom to trust ---


def test_a_status_is_forgotten_when_the_crm_tells_of_no_case_for_a_day(store: Store) -> None:
    filed(store)
    tell(store, OPENED)
    pass_time(store, DAY)

    assert loaded(store) == KNOWN


def test_replies_alone_do_not_show_that_cases_are_told_of(store: Store) -> None:
    filed(store, known=replace(KNOWN, status="open"))
    tell(store, rings=True)

    assert (status(store), loaded(store)) == ("open", KNOWN)


def test_a_receipts_status_is_believed_while_the_crm_tells(store: Store) -> None:
    filed(store, known=replace(KNOWN, status="open"))
    tell(store, replace(CLOSED, case_id="c9"))

    assert loaded(store) == replace(KNOWN, status="open")


# --- answers and events at the same time ---


def recent(change: CaseChange, store: Store, ago: timedelta) -> CaseChange:
    return replace(change, at=store.now() - ago)


def answered(store: Store, told: Any, **ago: Any) -> str:
    """The status after an event and then an answer about the second message."""
    filed(store)
    placed(store, said("two"))
    claim, waiting = claimed(store, "later")
    with store.write() as c:
        cases.freeze(c, claim, {})
    tell(store, recent(CLOSED, store, **ago))
    settle(store, claim, Settled(known=replace(waiting[ROW].known, status=told), receipt=True, after=HOUR))
    return status(store)


def test_nobody_can_tell_when_an_answer_and_a_young_event_disagree(store: Store) -> None:
    assert answered(store, "open", ago=timedelta(seconds=2)) == ""


def test_an_answer_that_agrees_with_a_young_event_stands(store: Store) -> None:
    assert answered(store, "closed", ago=timedelta(seconds=2)) == "closed"


def test_an_answer_is_newer_than_an_old_event(store: Store) -> None:
    assert answered(store, "open", ago=HOUR) == "open"


def test_an_answer_that_cannot_tell_is_believed_too(store: Store) -> None:
    assert answered(store, "", ago=HOUR) == ""


def test_a_new_case_begins_with_its_own_status(store: Store) -> None:
    filed(store)
    tell(store, recent(CLOSED, store, timedelta(seconds=2)))
    placed(store, said("two"))
    claim, _ = claimed(store, "later")
    anew = Known(case_id="c2", episode=2, status="open")

    settle(store, claim, Settled(known=anew, receipt=True, opened=True, after=HOUR))

    assert (status(store), column(store, case_row, "status_at")[ROW]) == ("open", None)
    assert known(store) == replace(anew, status="")


# --- the bell ---


def due(store: Store) -> float:
    """In how many seconds replies are read."""
    with store.read() as c:
        at = c.execute(select((cursor.c.due_at - now()).label("at"))).scalar_one()
    return float(at) / 1000


def test_a_bell_has_replies_read_within_a_second(store: Store) -> None:
    with store.write() as c:
        replies.position(c, "crm", every=HOUR)

    tell(store, rings=True)

    assert due(store) <= 1


def test_a_storm_of_bells_does_not_put_the_reading_off(store: Store) -> None:
    tell(store, rings=True)
    with store.write() as c:
        c.execute(update(cursor).values(due_at=now() - 10))

    tell(store, rings=True)

    assert due(store) < 0


def test_a_storm_of_bells_makes_one_reading_a_second(store: Store) -> None:
    tell(store, rings=True)
    with store.write() as c:
        c.execute(update(cursor).values(due_at=now() - 10))
        read = replies.position(c, "crm", every=HOUR)

    tell(store, rings=True)
    tell(store, rings=True)

    with store.write() as c:
        assert (read, replies.position(c, "crm", every=HOUR)) == ("", None)
    assert 0 < due(store) <= 1


def test_a_bell_during_a_reading_is_not_lost(store: Store) -> None:
    with store.write() as c:
        replies.position(c, "crm", every=HOUR)
    tell(store, rings=True)

    with store.write() as c:
        replies.move(c, "crm", "7", every=HOUR)

    assert due(store) <= 1


def test_a_desk_that_is_to_be_read_more_often_is_not_waited_for_as_before(store: Store) -> None:
    with store.write() as c:
        replies.position(c, "crm", every=DAY)
        replies.move(c, "crm", "7", every=HOUR)

    assert HOUR.total_seconds() - 5 < due(store) <= HOUR.total_seconds()


def test_when_a_crm_called_last_is_known(store: Store) -> None:
    with store.read() as c:
        before = hearing.last_call(c, "crm")

    tell(store)

    with store.read() as c:
        last = hearing.last_call(c, "crm")
        assert (before, hearing.last_call(c, "other")) == (None, None)
    assert last is not None
    assert store.now() - last < timedelta(minutes=1)
