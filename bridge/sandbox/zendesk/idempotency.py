"""Idempotency-Key of new tickets: the same answer again for two hours, and no second ticket meanwhile.

https://developer.zendesk.com/api-reference/ticketing/introduction/#idempotency
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Mapping
from typing import Any

from bridge.sandbox.wire import Answer
from bridge.sandbox.zendesk import refusals

KEPT = 2 * 3600  # seconds
LONGEST = 255  # characters


class Keys:
    """The keys of requests that are being carried out, in memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._busy: set[str] = set()

    def enter(self, key: str) -> None:
        """Begin with a key, "" = there is none. Raises Refusal 409 while another request has it, 400: too long."""
        if len(key) > LONGEST:
            raise refusals.long_key()
        with self._lock:
            if key in self._busy:
                raise refusals.in_progress()
            if key:
                self._busy.add(key)

    def leave(self, key: str) -> None:
        """Be done with a key."""
        with self._lock:
            self._busy.discard(key)


def digest(body: Mapping[str, Any]) -> str:
    """What tells whether the parameters are the same."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def kept(tx: sqlite3.Connection, key: str, wanted: str, now: float) -> Answer | None:
    """The answer that this key has had; None = none within two hours. Raises Refusal: other parameters."""
    row = tx.execute("select digest, made, body, location from answers where key = ?", (key,)).fetchone()
    if row is None or row[1] + KEPT <= now:
        return None
    if row[0] != wanted:
        raise refusals.other_params()
    headers = {"Location": row[3], "x-idempotency-lookup": "hit"}
    return Answer(status=201, text=row[2], type=refusals.JSON, headers=headers)


def keep(tx: sqlite3.Connection, key: str, wanted: str, now: float, answer: Answer) -> None:
    """Remember an answer."""
    row = (key, wanted, now, answer.payload.decode(), answer.headers["Location"])
    tx.execute("insert or replace into answers values (?, ?, ?, ?, ?)", row)
