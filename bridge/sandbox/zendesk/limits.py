"""Rate limits: fixed windows on the account's clock, and the headers that tell of them.

https://developer.zendesk.com/api-reference/introduction/rate-limits/
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

ACCOUNT: Mapping[str, int] = {
    "team": 200,
    "growth": 400,
    "enterprise": 700,
    "enterprise_plus": 2500,
    "sandbox": 400,
    "trial": 200,
}  #: plan -> calls a minute
UPDATES: Mapping[str, int] = {"sandbox": 20, "trial": 20}  #: plan -> PUTs of tickets a minute, where not 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """One limit: so many calls in each window."""

    name: str  #: in the header
    total: int
    seconds: int = 60
    of: str = ""  #: whom it is counted for; "" = the account


Windows = Mapping[Bucket, tuple[int, int]]
"""Bucket -> calls that are left, seconds until they are given anew."""


class Limits:
    """The counts, in memory. Safe to call from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[Bucket, tuple[int, int]] = {}  #: (window, calls in it)

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
                self._counts[bucket] = (int(now // bucket.seconds), counts[bucket])
            return {b: (max(0, b.total - counts[b]), resets[b]) for b in buckets}, max(waits, default=0)

    def _count(self, bucket: Bucket, now: float) -> int:
        window, count = self._counts.get(bucket, (0, 0))
        return count if window == int(now // bucket.seconds) else 0


def buckets(method: str, kind: str, subject: str, plan: str) -> list[Bucket]:
    """The limits that a call of this kind (tickets/{id}) counts against; subject: whom its own cap is for."""
    account = Bucket(name="account", total=ACCOUNT[plan])
    updates = Bucket(name="tickets-update", total=UPDATES.get(plan, 100))
    one_ticket = Bucket(name="per-ticket-updates", total=30, seconds=600, of=subject)
    own: Mapping[str, list[Bucket]] = {
        "POST tickets": [Bucket(name="ticket-request-create-by-user-and-ip", total=300)],
        "GET tickets": [Bucket(name="tickets-index", total=100)],
        "PUT tickets/{id}": [updates, one_ticket],
        "PUT tickets/{id}/comments/{id}/make_private": [one_ticket],
        "PUT tickets/{id}/comments/{id}/attachments/{id}/redact": [one_ticket],
        "PUT comment_redactions/{id}": [one_ticket],
        "POST users/create_or_update": _one_user("users-create-or-update", subject),
        "PUT users/{id}": _one_user("users-update", subject),
    }
    return [account, *own.get(f"{method} {kind}", [])]


def _one_user(name: str, subject: str) -> list[Bucket]:
    return [Bucket(name=name, total=1, seconds=1), Bucket(name=f"{name}-per-user", total=5, of=subject)]


def headers(windows: Windows) -> dict[str, str]:
    """What an answer says of them: the account's in both spellings, then each endpoint's own."""
    told: dict[str, str] = {}
    for bucket, (left, resets) in windows.items():
        if bucket.name == "account":
            told |= {"x-rate-limit": str(bucket.total), "x-rate-limit-remaining": str(left)}
            told |= {"ratelimit-limit": str(bucket.total), "ratelimit-remaining": str(left)}
            told["ratelimit-reset"] = str(resets)
        else:
            told[f"zendesk-ratelimit-{bucket.name}"] = f"total={bucket.total}; remaining={left}; resets={resets}"
    return told
