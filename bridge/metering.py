"""Counts the calls to one CRM in SQL, together with all other workers."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from bridge.errors import RetryLater
from bridge.ports import Bucket, Reading, Spent
from bridge.store import Store, buckets
from bridge.store.buckets import Count

log = logging.getLogger("casebridge")

AGAIN = timedelta(seconds=10)  #: after a count that the database did not take
DRIFT = 20  #: what a CRM says is noted when it has counted more than we by one call in so many


class Metering:
    """The `Meters` of one CRM. Safe to share between threads."""

    def __init__(self, store: Store, crm: str) -> None:
        self._store, self._crm = store, crm
        self._local = threading.local()

    def take(self, wanted: Sequence[Bucket], *, reserve: bool) -> Spent | None:
        """See Meters. One short transaction."""
        try:
            with self._store.write() as c:
                spent, self._local.counts = buckets.take(c, self._crm, wanted, reserve=reserve)
        except SQLAlchemyError as error:
            raise RetryLater(
                f"the limits of {self._crm} could not be counted ({type(error).__name__}); nothing was applied",
                after=AGAIN,
            ) from None
        self._local.at = time.monotonic()
        return spent

    def tell(self, readings: Sequence[Reading]) -> None:
        """See Meters. What the thread's latest count has foreseen costs nothing."""
        counts: Mapping[str, Count] = getattr(self._local, "counts", {})
        since = timedelta(seconds=time.monotonic() - getattr(self._local, "at", 0.0))
        new = [one for one in readings if says_new(one, counts.get(one.name), since)]
        if not new:
            return
        try:
            with self._store.write() as c:
                buckets.tell(c, self._crm, new)
        except SQLAlchemyError as error:  # the call itself may have been made
            log.warning("what %s says of its limits was not noted: %s", self._crm, type(error).__name__)

    def known(self) -> Mapping[str, int]:
        """See Meters."""
        with self._store.read() as c:
            return buckets.known(c, self._crm)


def says_new(said: Reading, count: Count | None, since: timedelta) -> bool:
    """Whether a CRM says other than we counted, so that it matters. since: how long ago that was.

    A window that ends sooner than we thought matters only when much of it is used: until then nobody waits for it.
    """
    if count is None or said.most != count.most:
        return True
    sooner = (count.left - since) - said.resets
    return (
        said.most - said.left > count.used + count.most // DRIFT
        or sooner < -buckets.SAME
        or (sooner > buckets.SAME and count.used > count.most // 2)
    )
