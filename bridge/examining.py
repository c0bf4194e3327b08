"""What the checks of several platforms come to, in the same words. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from bridge.ports import Finding

SLOW, WRONG = timedelta(seconds=60), timedelta(seconds=300)


def clock(platform: str, told: Iterable[datetime | None], now: datetime) -> list[Finding]:
    """Return how far this machine's clock is from a platform's; [] = it has not told.

    told: when it gave its answers, by its own clock. The nearest counts: an answer may be slow in coming.
    """
    off = min((abs(when - now) for when in told if when is not None), default=None)
    if off is None:
        return []
    if off <= SLOW:
        return [Finding(level="ok", about="clock", says=f"This machine's clock and {platform}'s agree.")]
    return [
        Finding(
            level="fault" if off > WRONG else "warning",
            about="clock",
            says=f"This machine's clock and {platform}'s differ by {off.total_seconds():.0f} seconds.",
            do="Let the machine take its time from a time server.",
        )
    ]
