"""How sparingly a CRM's API is used, by how much of it is used up and how many write at once. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bridge.ports import Crowd, Usage

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


GLANCE = timedelta(seconds=5)
"""How often whoever waits for others is looked at: the crowd may be over, or enough may have come together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How the look-ups and the cases of one CRM go out."""

    span: timedelta = timedelta(0)  #: together, once in this time; 0 = each when it is due
    enough: int = 0  #: so many that are ready together wait for no turn; 0 = all do

    def holds(self, ready: int) -> bool:
        """Whether so many that are ready together wait for their turn."""
        return bool(self.span) and not (self.enough and ready >= self.enough)

    def waits(self, now: datetime, age: timedelta) -> timedelta:
        """Return how long those wait that are held, of whom the oldest has waited for `age`; 0 = they go."""
        left = turn(now, self.span, age)
        return min(left, turn(now, GLANCE, timedelta(0))) if self.enough and left else left


FREE = Rhythm()


def together(usage: Usage | None, crowd: Crowd | None = None) -> Rhythm:
    """Return how a CRM's look-ups and cases go out. crowd: how it takes the one there is; None = there is none.

    Where calls are scarce nothing goes before its turn, however many are ready.
    """
    scarce = rhythm(usage) if usage else timedelta(0)
    if crowd is not None and crowd.span > scarce:
        return Rhythm(span=crowd.span, enough=crowd.enough)
    return Rhythm(span=scarce)


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
