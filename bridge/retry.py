"""When to try again, and when to give up. Pure.

Throttles, pauses and outages spend no attempt and never exhaust a filing. What is the row's own fault waits
1, 2, 4, 8 … seconds, an hour at most, and is dead after 8 attempts and 72 hours, whichever comes last: a
weekend without anybody at work loses nothing.
"""

from __future__ import annotations

from datetime import timedelta

ATTEMPTS = 8
HORIZON = timedelta(hours=72)
LONGEST = timedelta(hours=1)


def backoff(attempt: int, *, jitter: float) -> timedelta:
    """The wait after the attempt-th counted failure (1, 2, …); jitter 0 to 1 takes away up to half of it."""
    whole = min(LONGEST, timedelta(seconds=2 ** min(attempt - 1, 20)))
    return whole * (1 - jitter / 2)


def exhausted(attempts: int, failing_for: timedelta) -> bool:
    """Whether a filing has failed often enough and for long enough to be given up."""
    return attempts >= ATTEMPTS and failing_for >= HORIZON
