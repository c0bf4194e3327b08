"""Rate limits: fixed windows on the account's clock, and the headers that tell of them.

https://developer.zendesk.com/api-reference/introduction/rate-limits/
https://developer.zendesk.com/api-reference/ticketing/account-configuration/usage_limits/
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

ACCOUNT: Mapping[str, int] = {
    "essential": 10,
    "team": 200,
    "growth": 400,
    "professional": 400,
    "enterprise": 700,
    "enterprise_plus": 2500,
    "sandbox": 400,
    "trial": 200,
}  #: plan -> calls a minute
SMALL = frozenset({"sandbox", "trial"})  #: plans whose tickets are updated 20 times a minute, not 100
HIGH_VOLUME = 2500  #: calls a minute with the add-on
DEEP = 500  #: pages of a list beyond which fewer are given
PER_TICKET = ("comments/{id}/make_private", "comments/{id}/attachments/{id}/redact")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """One limit: so many calls in each window."""

    name: str  #: in the header
    total: int
    seconds: int = 60
    of: str = ""  #: whom it is counted for; "" = the account
    others: int = 0  #: calls that others make in every window


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A call as the limits see it."""

    operation: str  #: PUT tickets/{id}
    subjects: tuple[str, ...] = ("",)  #: the tickets or the user whose own caps it counts against
    page: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the account has paid for, and what else is going on in it."""

    name: str
    high_volume: bool = False  #: the add-on
    other_calls: int = 0  #: a minute, by other integrations
    other_updates: int = 0  #: of tickets a minute, by agents in their own pages
    jobs_count: bool = False  #: an item of a job counts as an update of its ticket


Windows = Mapping[Bucket, tuple[int, int]]
"""Bucket -> calls that are left, seconds until they are given anew."""


class Limits:
    """The counts, in memory. Safe to call from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str], tuple[int, int]] = {}  #: name and whom of -> window, calls in it

    def clear(self) -> None:
        """Count from nothing."""
        with self._lock:
            self._counts.clear()

    def take(self, buckets: list[Bucket], now: float) -> tuple[Windows, int]:
        """Count one call in each bucket. Second: seconds to wait, and nothing is counted; 0 = none."""
        with self._lock:
            counts = {bucket: self._count(bucket, now) for bucket in buckets}
            resets = {bucket: max(1, bucket.seconds - int(now % bucket.seconds)) for bucket in buckets}
            waits = [resets[bucket] for bucket in buckets if counts[bucket] >= bucket.total]
            for bucket in buckets if not waits else []:
                counts[bucket] += 1
                window = int(now // bucket.seconds), counts[bucket] - bucket.others
                self._counts[bucket.name, bucket.of] = window
            return {b: (max(0, b.total - counts[b]), resets[b]) for b in buckets}, max(waits, default=0)

    def _count(self, bucket: Bucket, now: float) -> int:
        window, count = self._counts.get((bucket.name, bucket.of), (0, 0))
        return bucket.others + (count if window == int(now // bucket.seconds) else 0)


def buckets(asked: Asked, plan: Plan) -> list[Bucket]:
    """The limits that a call counts against. Unsure: the names of those that nobody has recorded a header of."""
    most = max(ACCOUNT[plan.name], HIGH_VOLUME) if plan.high_volume else ACCOUNT[plan.name]
    account = Bucket(name="account", total=most, others=plan.other_calls)
    return [account, *_of_endpoint(asked, plan)]


def _of_endpoint(asked: Asked, plan: Plan) -> list[Bucket]:
    more = plan.high_volume
    (small, large) = (20, 100) if plan.name in SMALL else (100, 300)
    updates = Bucket(name="tickets-update", total=large if more else small, others=plan.other_updates)
    tickets = [Bucket(name="per-ticket-updates", total=30, seconds=600, of=one) for one in asked.subjects]
    index = Bucket(name="tickets-index", total=300 if more else 100)
    deep = [Bucket(name="tickets-index-deep", total=50)] if asked.page > DEEP else []
    exports = Bucket(name="incremental-exports", total=30 if more else 10)
    own: Mapping[str, list[Bucket]] = {
        "POST tickets": [Bucket(name="ticket-request-create-by-user-and-ip", total=300)],
        "GET tickets": [index, *deep],
        "DELETE tickets/{id}": [Bucket(name="tickets-delete", total=400)],
        "GET tickets/{id}/audits": [Bucket(name="ticket-audits-index", total=500)],
        "GET search": [Bucket(name="search-index", total=2500)],
        "GET incremental/tickets/cursor": [exports],
        "GET incremental/ticket_events": [exports],
        "PUT tickets/{id}": [updates, *tickets],
        "PUT tickets/{id}/tags": [updates, *tickets],
        "PUT tickets/update_many": tickets if plan.jobs_count else [],
        **dict.fromkeys((f"PUT tickets/{{id}}/{path}" for path in PER_TICKET), tickets),
        "PUT comment_redactions/{id}": tickets,
        "POST users/create_or_update": _one_user("users-create-or-update", asked.subjects[0]),
        "PUT users/{id}": _one_user("users-update", asked.subjects[0]),
    }
    return own.get(asked.operation, [])


def _one_user(name: str, subject: str) -> list[Bucket]:
    return [Bucket(name=name, total=1, seconds=1), Bucket(name=f"{name}-per-user", total=5, of=subject)]


def headers(windows: Windows, *, older: bool = False) -> dict[str, str]:
    """What an answer says of them: the account's in two spellings, then each endpoint's own.

    older: as accounts answered until 2023. Of several tickets the one with the fewest calls left is told of.
    """
    family, endpoint = ("rate-limit", "zendesk-rate-limit") if older else ("ratelimit", "zendesk-ratelimit")
    told: dict[str, str] = {}
    for bucket, (left, resets) in sorted(windows.items(), key=lambda one: -one[1][0]):
        if bucket.name == "account":
            told |= {"x-rate-limit": str(bucket.total), "x-rate-limit-remaining": str(left)}
            told |= {family if older else f"{family}-limit": str(bucket.total)}
            told |= {f"{family}-remaining": str(left), f"{family}-reset": str(resets)}
        else:
            told[f"{endpoint}-{bucket.name}"] = f"total={bucket.total}; remaining={left}; resets={resets}"
    return told
