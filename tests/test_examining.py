"""What the checks of several platforms come to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bridge.examining import clock
from bridge.ports import Finding, Level

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def away(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize("seconds", [-60, 0, 60])
def test_a_clock_within_a_minute_is_good_enough(seconds: float) -> None:
    found = clock("Acme", [away(seconds)], NOW)

    assert found == [Finding(level="ok", about="clock", says="This machine's clock and Acme's agree.")]


@pytest.mark.parametrize(
    ("seconds", "level"),
    [(61, "warning"), (-61, "warning"), (300, "warning"), (301, "fault"), (-301, "fault")],
)
def test_a_clock_that_is_off_is_a_warning_and_then_a_fault(seconds: float, level: Level) -> None:
    says = f"This machine's clock and Acme's differ by {abs(seconds)} seconds."
    do = "Let the machine take its time from a time server."

    assert clock("Acme", [away(seconds)], NOW) == [Finding(level=level, about="clock", says=says, do=do)]


def test_of_several_answers_the_nearest_counts() -> None:
    (found,) = clock("Acme", [away(-400), None, away(9), away(70)], NOW)

    assert found.level == "ok"


@pytest.mark.parametrize("told", [[], [None]])
def test_a_platform_that_does_not_tell_the_time_is_no_finding(told: list[datetime | None]) -> None:
    assert clock("Acme", told, NOW) == []
