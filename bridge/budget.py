"""How sparingly a CRM's API is used, by how much of it is used up. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bridge.ports import Usage

RHYTHM = (
    (90, timedelta(seconds=60)),
    (75, timedelta(seconds=10)),
    (50, timedelta(seconds=2)),
)
"""From so many percent on cases go out together, once in this time: the fewer are left, the fewer are made."""

REST = timedelta(minutes=5)
"""How long a CRM rests that is nearly used up. Room comes back bit by bit, and whoever asked for it each minute
would use up what is left to others."""

EPOCH = datetime.fromtimestamp(0, UTC)
ALL = 100  #: percent: nothing is left for others


def rhythm(usage: Usage) -> timedelta:
    """Return the time in which cases go out together once; 0 = each goes when it is due."""
    return next((span for percent, span in RHYTHM if _reaches(usage, percent)), timedelta(0))


def turn(now: datetime, span: timedelta, age: timedelta) -> timedelta:
    """Return how long what has waited for `age` waits for its turn, which comes once in `span`; 0 = it is now.

    It comes at the next multiple of `span`, for all that came before it.
    """
    since = (now - EPOCH) % span
    return timedelta(0) if age > since else span - since


def spent(usage: Usage | None, pause_at: int) -> str:
    """Say why the CRM must rest; "" = it need not. pause_at: percent; 100 = it never must."""
    if usage is None or pause_at >= ALL or not _reaches(usage, pause_at):
        return ""
    return (
        f"{usage.used:,} of its {usage.most:,} API calls are used ({100 * usage.used // usage.most} %); "
        f"it goes on below {pause_at} % (pause_at)"
    )


def _reaches(usage: Usage, percent: int) -> bool:
    return usage.most > 0 and 100 * usage.used >= percent * usage.most
