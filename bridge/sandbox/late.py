"""Late commits: what is carried out some time after the connection was cut."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Late:
    """What is still to come, in memory: a killed sandbox forgets it."""

    def __init__(self) -> None:
        self._timers: set[threading.Timer] = set()

    def __len__(self) -> int:
        return len(self._timers)

    def put_off(self, seconds: float, act: Callable[[], object]) -> None:
        """Do it so much later, in a thread of its own."""

        def perform() -> None:
            try:
                act()
            finally:
                self._timers.discard(timer)

        timer = threading.Timer(seconds, perform)
        timer.daemon = True
        self._timers.add(timer)
        timer.start()
