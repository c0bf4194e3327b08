"""Counts every call against the account's limits before it is made, and heeds what the answers say of them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from adapters.zendesk import classify, limits
from adapters.zendesk.classify import Refusal
from bridge.ports import Bucket, Meters, Spent

log = logging.getLogger("casebridge")


class Full(Exception):
    """A limit leaves no room: nothing was sent."""

    def __init__(self, spent: Spent) -> None:
        super().__init__(spent.name)
        self.spent = spent

    @property
    def refused(self) -> Refusal:
        """What Zendesk would have answered."""
        after = min(self.spent.after, classify.LONGEST_WAIT)
        own = limits.of_record(self.spent.name)
        return Refusal(status=429, code=self.spent.name.partition("/")[0], after=after, per_ticket=own)


class Counting:
    """The limits of one account. Safe to share between threads, each of which makes one call at a time."""

    def __init__(self, meters: Meters | None) -> None:
        """meters: None = nobody counts, and every call is made."""
        self._meters = meters
        self._most: dict[str, int] = {}  #: what answers in this process said

    @property
    def most(self) -> Mapping[str, int]:
        """How much each limit of the whole account is, by name, as far as any worker was told."""
        known = self._meters.known() if self._meters else {}
        return {name: n for name, n in {**known, **self._most}.items() if not limits.of_record(name)}

    def take(self, method: str, path: str, *, urgent: bool) -> Sequence[Bucket]:
        """Return the limits that a call counts against, once it is counted. Raises Full, or RetryLater."""
        asked = limits.buckets(method, path)
        if asked and self._meters:
            spent = self._meters.take(asked, reserve=urgent)
            if spent is not None:
                raise Full(spent)
        return asked

    def told(self, asked: Sequence[Bucket], status: int, headers: Mapping[str, str]) -> None:
        """Note what an answer says of the limits that its call was counted against."""
        told = limits.readings(headers, asked)
        self._remember({one.name: one.most for one in told if not limits.of_record(one.name)})
        if status == 429 and asked:
            told = limits.spent(headers, asked, classify.asked_wait(headers, datetime.now(UTC)))
        if told and self._meters:
            self._meters.tell(told)

    def _remember(self, most: Mapping[str, int]) -> None:
        if limits.tried_out(most) and not limits.tried_out(self._most):
            log.warning(limits.SAYS_TRIED_OUT.format(most[limits.UPDATES]))
        self._most |= most
