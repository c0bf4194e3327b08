"""How sparingly a CRM's API is used."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge import budget
from bridge.budget import FREE, Rhythm
from bridge.ports import Crowd, Usage

used = st.integers(0, 200_000)


@pytest.mark.parametrize(
    ("calls", "seconds"),
    [(0, 0), (499, 0), (500, 2), (749, 2), (750, 10), (899, 10), (900, 60), (949, 60), (1000, 60), (1200, 60)],
)
def test_the_less_is_left_the_longer_cases_are_gathered(calls: int, seconds: int) -> None:
    assert budget.rhythm(Usage(used=calls, most=1000)) == timedelta(seconds=seconds)


@given(st.tuples(used, used), st.integers(1, 150_000))
def test_more_calls_never_make_it_faster(calls: tuple[int, int], most: int) -> None:
    less, more = (budget.rhythm(Usage(used=one, most=most)) for one in sorted(calls))

    assert less <= more


def test_at_the_share_that_was_set_it_rests_and_tells_the_numbers() -> None:
    assert budget.spent(Usage(used=14_302, most=15_000), 95) == (
        "14,302 of its 15,000 API calls are used (95 %); it goes on below 95 % (pause_at)"
    )


@given(used, st.integers(1, 150_000), st.integers(1, 99))
def test_it_rests_from_that_share_on(calls: int, most: int, pause_at: int) -> None:
    assert bool(budget.spent(Usage(used=calls, most=most), pause_at)) == (calls * 100 >= most * pause_at)


@pytest.mark.parametrize(
    ("usage", "pause_at"), [(None, 1), (Usage(used=9, most=9), 100), (Usage(used=5, most=0), 50)]
)
def test_nobody_rests_who_never_must_or_says_nothing(usage: Usage | None, pause_at: int) -> None:
    assert budget.spent(usage, pause_at) == ""


NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(("at", "age", "waits"), [(0, 1, 0), (1, 2, 0), (1, 0.5, 59), (59, 58, 1), (59, 60, 0)])
def test_the_turn_comes_for_all_that_came_before_it(at: float, age: float, waits: float) -> None:
    assert budget.turn(NOON + at * SECOND, 60 * SECOND, age * SECOND) == waits * SECOND


@given(st.integers(0, 10**6), st.sampled_from([2, 10, 60]))
def test_whoever_has_waited_for_the_turn_has_it(milliseconds: int, span: int) -> None:
    came = NOON + timedelta(milliseconds=milliseconds)
    waits = budget.turn(came, span * SECOND, timedelta(0))

    later = waits + timedelta(milliseconds=1)

    assert timedelta(0) < waits <= span * SECOND
    assert budget.turn(came + later, span * SECOND, later) == timedelta(0)


def test_a_meter_without_a_most_slows_nothing_down() -> None:
    assert budget.rhythm(Usage(used=5, most=0)) == timedelta(0)


CROWD = Crowd(most=4, within=2 * SECOND, span=25 * SECOND, enough=60)


@pytest.mark.parametrize(
    ("calls", "crowd", "found"),
    [
        (None, None, FREE),
        (499, None, FREE),
        (None, CROWD, Rhythm(span=25 * SECOND, enough=60)),
        (750, None, Rhythm(span=10 * SECOND)),
        (750, CROWD, Rhythm(span=25 * SECOND, enough=60)),
        (900, CROWD, Rhythm(span=60 * SECOND)),
    ],
)
def test_the_longer_of_the_two_reasons_to_go_together_decides(
    calls: int | None, crowd: Crowd | None, found: Rhythm
) -> None:
    assert budget.together(Usage(used=calls, most=1000) if calls else None, crowd) == found


@pytest.mark.parametrize(
    ("rhythm", "ready", "holds"),
    [
        (FREE, 1, False),
        (Rhythm(span=SECOND), 999, True),
        (Rhythm(span=SECOND, enough=60), 59, True),
        (Rhythm(span=SECOND, enough=60), 60, False),
    ],
)
def test_enough_that_are_ready_wait_for_no_turn_where_calls_are_not_scarce(
    rhythm: Rhythm, ready: int, holds: bool
) -> None:
    assert rhythm.holds(ready) == holds


@pytest.mark.parametrize(
    ("at", "age", "waits"), [(1, 0, 4), (7, 3, 3), (24, 0, 1), (26, 0, 4), (26, 2, 0), (25, 26, 0)]
)
def test_a_crowd_is_looked_at_every_five_seconds(at: float, age: float, waits: float) -> None:
    began = datetime.fromtimestamp(1_800_000_000, UTC)

    found = Rhythm(span=25 * SECOND, enough=60).waits(began + at * SECOND, age * SECOND)

    assert found == waits * SECOND


def test_where_calls_are_scarce_nobody_looks_before_the_turn() -> None:
    assert Rhythm(span=60 * SECOND).waits(NOON + SECOND, timedelta(0)) == 59 * SECOND
