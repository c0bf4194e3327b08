"""After a long silence of the customer a new case begins, whatever became of the one before."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from heart import CARE, NOON, bridge, case_of, drain, dying, edited, hear, hidden, ledger_of, ours, said, states
from hypothesis import given
from hypothesis import strategies as st
from logbook import Logbook
from silence_steps import composed

from bridge.composing import compose
from bridge.mapping.paths import Scope
from bridge.mapping.placeholders import Template
from bridge.message import Message
from bridge.store import Store, ledger

SILENT = CARE.replace("case:\n", "case:\n  new_after_silence: 30 days\n", 1)
DAY = timedelta(days=1)
FIRST, SECOND = case_of(), f"{case_of()}~2"


def after(days: float, text: str) -> Message:
    return said(text, received_at=NOON + days * DAY)


def test_a_message_after_the_silence_opens_a_new_case(store: Store, crm: Logbook) -> None:
    made = bridge(store, crm, SILENT)

    for days, text in ((0, "one"), (30, "two"), (60.1, "three")):
        hear(store, after(days, text))
        drain(made)

    assert list(crm.cases()) == [FIRST, SECOND]
    assert [crm.texts(FIRST), crm.texts(SECOND)] == [["one", "two"], ["three"]]


def test_messages_that_waited_long_are_no_silence(store: Store, crm: Logbook) -> None:
    """The worker was down for two months; the customer was not."""
    made = bridge(store, crm, SILENT)

    hear(store, *(after(days, f"day {days}") for days in range(0, 60, 20)))
    drain(made)

    assert list(crm.cases()) == [FIRST]


def test_a_silence_within_one_batch_divides_it(store: Store, crm: Logbook) -> None:
    made = bridge(store, crm, SILENT)

    hear(store, *(after(days, f"day {days}") for days in (0, 10, 50, 60, 100)))
    drain(made)

    assert {key: crm.texts(key) for key in crm.cases()} == {
        FIRST: ["day 0", "day 10"],
        SECOND: ["day 50", "day 60"],
        f"{case_of()}~3": ["day 100"],
    }


def test_our_own_words_do_not_break_the_silence_and_stay_with_the_old_case(store: Store, crm: Logbook) -> None:
    made = bridge(store, crm, SILENT)
    one = after(0, "one")
    hear(store, one)
    drain(made)

    hear(store, ours("sorry", to=one.id, received_at=NOON + 31 * DAY), after(32, "two"))
    drain(made)

    assert [crm.texts(FIRST)[0], crm.texts(SECOND)] == ["one", ["two"]]
    assert crm.texts(FIRST)[1].endswith("sorry")


def test_edits_and_hidings_of_the_old_message_stay_with_the_old_case(store: Store, crm: Logbook) -> None:
    made = bridge(store, crm, SILENT)
    one = after(0, "one")
    hear(store, one)
    drain(made)

    hear(store, after(40, "two"))
    drain(made)
    hear(store, edited(one, "new words"), hidden(one))
    drain(made)

    assert len(crm.texts(FIRST)) == 3
    assert crm.texts(SECOND) == ["two"]


@pytest.mark.parametrize("point", ["work.claimed", "work.frozen", "work.sent", "work.settled"])
def test_a_death_at_any_point_begins_the_new_case_once(store: Store, crm: Logbook, point: str) -> None:
    hear(store, after(0, "one"))
    drain(bridge(store, crm, SILENT))

    hear(store, after(40, "two"))
    drain(bridge(store, crm, SILENT, at=dying(point, times=2)))

    assert {key: crm.texts(key) for key in crm.cases()} == {FIRST: ["one"], SECOND: ["two"]}


def test_an_old_message_that_is_replayed_does_not_turn_the_clock_back(store: Store, crm: Logbook) -> None:
    made = bridge(store, crm, SILENT)
    for days, text in ((0, "zero"), (1, "REFUSE old"), (20, "one"), (45, "two")):
        hear(store, after(days, text))
        drain(made)
    with store.write() as c:
        assert ledger.replay(c, ledger.dead(c)) == 1
    drain(made)

    hear(store, after(50, "three"))
    drain(made)

    assert list(crm.cases()) == [FIRST]


@pytest.mark.parametrize("together", [True, False])
def test_an_edit_is_no_new_message_however_it_comes(store: Store, crm: Logbook, together: bool) -> None:
    made = bridge(store, crm, SILENT)
    one = after(0, "one")
    hear(store, one)
    if not together:
        drain(made)

    hear(store, edited(one, "one!", received_at=NOON + 20 * DAY))
    drain(made)
    hear(store, after(40, "two"))
    drain(made)

    assert crm.texts(SECOND) == ["two"]


def test_an_opening_message_that_cannot_be_rendered_takes_nobody_with_it(store: Store, crm: Logbook) -> None:
    """The rest is composed anew, and may be divided by a silence."""
    made = bridge(store, crm, SILENT)
    one = after(0, "one")
    hear(store, one)
    drain(made)
    care = made.mappings["care"]
    faulty = {**care.create, "Subject": Template((_bad,), frozenset({"text"}))}
    broken = replace(made, mappings={"care": replace(care, create=faulty)})

    hear(store, after(20, "BAD"), ours("sorry", to=one.id, received_at=NOON + 20 * DAY), after(40, "two"))
    drain(broken)

    assert sorted(text.splitlines()[-1] for text in crm.texts()) == ["one", "sorry", "two"]
    assert Counter(states(store).values())["filed"] == 3
    assert ledger_of(store).faults() == []


def _bad(scope: Scope) -> str:
    if "BAD" in scope.message.text:
        raise ZeroDivisionError
    return scope.message.text


def test_without_the_key_no_silence_is_too_long(store: Store, crm: Logbook) -> None:
    made = bridge(store, crm)

    for days in (0, 4000):
        hear(store, after(days, f"day {days}"))
        drain(made)

    assert list(crm.cases()) == [FIRST]
    assert set(states(store).values()) == {"filed"}


def oracle(days: list[int]) -> list[list[int]]:
    """The messages of each case: a new one after more than 30 days."""
    cases = [[days[0]]]
    for before, day in pairwise(days):
        if day - before > 30:
            cases.append([])
        cases[-1].append(day)
    return cases


@given(st.lists(st.integers(0, 45), min_size=1, max_size=12))
def test_however_they_are_batched_cases_begin_where_the_silences_are(gaps: list[int]) -> None:
    """Composing one claim after the other divides the messages like counting by hand."""
    days = [sum(gaps[: i + 1]) for i in range(len(gaps))]

    assert composed(compose, SILENT, days) == oracle(days)
