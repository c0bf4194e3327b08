"""Where an item of a callback came in. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bridge.message import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Where an item came in: what its message takes from the callback and the entry around it."""

    account: Account
    connection: str
    received_at: datetime
    time: str  #: entry.time as digits; "" = unknown
    ours: frozenset[str]  #: the ids of all our Pages that call here: each may answer on another's posts
