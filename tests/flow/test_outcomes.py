"""What an answer means for each part, and when to try again: the pure rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from heart import (
    NOON,
)

from bridge import retry
from bridge.errors import Rejected, RetryLater, Unsure
from bridge.outcomes import History, settled
from bridge.ports import Filing, Known, Part, Receipt, Reopen
from bridge.steps import Settled

PARTS = tuple(
    Part(key=key, act="add", text=key, public=True, sent_at=None, received_at=NOON) for key in ("a", "b", "c")
)
FILING = Filing(
    key="k",
    key_field="Key__c",
    object="Case",
    parts=PARTS,
    create={"S": "a"},
    opener="a",
    reopen=Reopen(),
    too_long="refuse",
)
SECOND = timedelta(seconds=1)
LATER, LOCKED = RetryLater("busy", after=SECOND), RetryLater("locked", after=SECOND, counts=True)
MAYBE = Unsure("cut off", after=SECOND)
TAKEN = Receipt(known=Known(case_id="c1"), link="l")


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (LATER, Settled(left=frozenset("abc"), why="busy", after=SECOND)),
        (LOCKED, Settled(left=frozenset("abc"), why="locked", counts=True, after=SECOND)),
        (
            MAYBE,
            Settled(left=frozenset("abc"), why="cut off", unsure=True, after=SECOND),
        ),
        (
            Unsure("in a job", after=SECOND, job="V3-a"),
            Settled(left=frozenset("abc"), why="in a job", unsure=True, job="V3-a", after=SECOND),
        ),
        (
            RetryLater("the job did not do it", after=SECOND, clears=True),
            Settled(left=frozenset("abc"), why="the job did not do it", clears=True, after=SECOND),
        ),
        (Rejected("no", field="S"), Settled(dead={"a": "S: no"}, ready=frozenset("bc"))),
        (
            TAKEN,
            Settled(known=TAKEN.known, opened=True, receipt=True, filed={"a": "", "b": "", "c": ""}, link="l"),
        ),
        (
            Receipt(
                known=TAKEN.known,
                link="l",
                refs={"a": "c1"},
                failed={"b": Rejected("no")},
                dropped={"c": "care.yaml:3"},
                warnings=("w",) * 30,
            ),
            Settled(
                known=TAKEN.known,
                opened=True,
                receipt=True,
                filed={"a": "c1"},
                link="l",
                warnings=("w",) * 20,
                dropped={"c": "care.yaml:3"},
                dead={"b": "no"},
            ),
        ),
        (
            Receipt(known=TAKEN.known, link="l", failed={"b": MAYBE, "c": LATER}),
            Settled(
                known=TAKEN.known,
                opened=True,
                receipt=True,
                filed={"a": ""},
                link="l",
                left=frozenset("bc"),
                why="cut off",
                unsure=True,
                after=SECOND,
            ),
        ),
    ],
)
def test_every_part_of_an_outcome_ends_in_exactly_one_place(
    outcome: Receipt | RetryLater | Unsure | Rejected, expected: Settled
) -> None:
    assert settled(FILING, outcome, History(), jitter=0) == expected


def test_jitter_takes_away_up_to_half_of_a_wait_that_doubles_up_to_an_hour() -> None:
    waits = [retry.backoff(n, jitter=0).total_seconds() for n in (1, 2, 3, 12, 13, 1000)]

    assert waits == [1, 2, 4, 2048, 3600, 3600]
    assert retry.backoff(3, jitter=1) == timedelta(seconds=2)


def test_a_weekend_without_anybody_loses_nothing() -> None:
    assert not retry.exhausted(100, timedelta(hours=71.9))
    assert not retry.exhausted(7, timedelta(days=30))
    assert retry.exhausted(8, timedelta(hours=72))


@pytest.mark.parametrize(
    ("before", "now", "opened"),
    [
        (Known(), Known(case_id="c1"), True),
        (Known(case_id="c1"), Known(case_id="c1"), False),
        (Known(case_id="c1"), Known(case_id="c2", episode=2), True),
        (Known(case_id="c1"), Known(case_id="c2"), False),
    ],
    ids=["the first", "the same", "the next episode", "merged into another"],
)
def test_a_case_is_opened_but_by_no_merge(before: Known, now: Known, *, opened: bool) -> None:
    receipt = Receipt(known=now, link="l")

    assert settled(replace(FILING, known=before), receipt, History(), jitter=0).opened is opened
