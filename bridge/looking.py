"""Where a platform is asked whether a reply went out: what is too old to be it."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from bridge.calling import Answered
from bridge.ports import Sending

APART = timedelta(seconds=5)
"""A reply's time at the platform and our first attempt, once the clocks are compared."""


def earliest(sending: Sending, answer: Answered, began: float) -> datetime:
    """Return when the first attempt can have reached the platform, by the platform's clock.

    began: when we began to ask, on the monotonic clock: that we waited for an answer sets no clock ahead.
    """
    now = sending.now + timedelta(seconds=time.monotonic() - began)
    ahead = (answer.clock or now) - now
    return (sending.tried_at or sending.now) + ahead - APART


def is_late(sent_at: datetime | None, earliest: datetime) -> bool:
    """Whether it is no older; what has no time may be ours, and a second one would be worse than none."""
    return sent_at is None or sent_at >= earliest
