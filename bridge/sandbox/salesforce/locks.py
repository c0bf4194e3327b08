"""Row locks that are held for a time: a second request that needs the same record meanwhile is refused."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable


class Locks:
    """The locks of one org, in memory: a killed sandbox lets go of all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._request = threading.local()
        self._held: dict[str, tuple[object, float]] = {}
        self.hold = 0.0  #: seconds that each request keeps its locks after its work; 0 = it locks nothing

    def begin(self) -> None:
        """A new request begins in this thread: what it locks until the next one is its own."""
        self._request.owner = object()

    def take(self, records: Iterable[str]) -> str:
        """Lock these records for this request; the first that another one holds instead, "" = they are ours."""
        now, owner = time.monotonic(), getattr(self._request, "owner", None)
        with self._lock:
            for record in records:
                holder, until = self._held.get(record, (owner, 0.0))
                if holder is not owner and until > now:
                    return record
                if self.hold:
                    self._held[record] = (owner, now + self.hold)
        return ""

    def keep(self, record: str, seconds: float) -> None:
        """Lock one record against everybody, as somebody's long transaction would."""
        with self._lock:
            self._held[record] = (self, time.monotonic() + seconds)

    def clear(self) -> None:
        with self._lock:
            self._held.clear()
            self.hold = 0.0
