"""How much of each of its limits a CRM has left that counts by the minute: one count for all workers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """One limit that a call counts against: so many calls in each window."""

    name: str  #: account, tickets-update, per-ticket-updates/35436
    most: int  #: until the CRM says otherwise
    span: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the CRM said of one limit."""

    name: str
    most: int
    left: int
    resets: timedelta  #: until all of it is there again


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """A limit that leaves no room for a call."""

    name: str
    after: timedelta  #: until there is some


class Meters(Protocol):
    """The count. Each call to the CRM is taken from it before it is made."""

    def take(self, buckets: Sequence[Bucket], *, reserve: bool) -> Spent | None:
        """Take one call from each of them, or from none; the first that is spent, None = it may be made.

        reserve: the last tenth may be used too, which is kept for replies and urgent cases.
        Raises RetryLater where nobody can count.
        """

    def tell(self, readings: Sequence[Reading]) -> None:
        """Note what the CRM says, who also counts the calls of others. It never raises."""

    def known(self) -> Mapping[str, int]:
        """The limits as they were noted last, by name -> calls in each window; {} = nobody has told yet."""
