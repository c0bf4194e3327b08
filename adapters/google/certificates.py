"""Fetches the certificates that Google signs its tokens with, and keeps them as long as Google says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from threading import Lock

from bridge.calling import Api, Unanswered
from bridge.errors import Unready

HOST = "https://www.googleapis.com"
PATH = "/oauth2/v1/certs"

PATIENCE = timedelta(seconds=5)
"""For a fetch, while a push waits: Pub/Sub waits for 10 at least."""

AGAIN = timedelta(seconds=10)
"""After a failed fetch, so that the next pushes do not wait as well."""

UNSAID = timedelta(hours=1)
LONGEST = timedelta(days=1)

MAX_AGE = re.compile(r"max-age=([0-9]{1,9})(?![0-9])", re.IGNORECASE)
NEVER = datetime.min.replace(tzinfo=UTC)


class Certificates:
    """Google's certificates. Safe to share between threads: one of them fetches, the others wait for it."""

    def __init__(self, sandbox: str = "") -> None:
        """sandbox: the address of a server on this machine that stands for Google's; "" = Google's."""
        self._google = Api(HOST, sandbox=sandbox, patience=PATIENCE)
        self._lock = Lock()
        self._kept: Mapping[str, str] = {}
        self._until = self._rest_until = NEVER

    def at(self, now: datetime) -> Mapping[str, str]:
        """Return the certificates that hold now: key id -> PEM. What has run out is never used.

        Raises Unready when they cannot be fetched; Pub/Sub then pushes again.
        """
        with self._lock:
            if now < self._until:
                return self._kept
            if now < self._rest_until:
                raise Unready("Google's certificates could not be fetched a moment ago")
            try:
                self._kept, lifetime = self._fetch()
            except Unready:
                self._rest_until = now + AGAIN
                raise
            self._until = now + lifetime
            return self._kept

    def _fetch(self) -> tuple[Mapping[str, str], timedelta]:
        try:
            answer = self._google.call("GET", PATH)
        except Unanswered as lost:
            raise Unready(f"{HOST}{PATH} cannot be read, {lost}: can this machine reach it?") from None
        found = {name: pem for name, pem in answer.json.items() if isinstance(pem, str)}
        if answer.status != 200 or not found:
            raise Unready(f"{HOST}{PATH} gave no certificates, but {answer.status}: is it really Google's?")
        return found, _lifetime(answer.headers)


def _lifetime(headers: Mapping[str, str]) -> timedelta:
    """How long an answer may be kept: its max-age, less the age that it came with."""
    said = MAX_AGE.search(headers.get("cache-control", ""))
    if said is None:
        return UNSAID
    age = headers.get("age", "")
    spent = int(age) if age.isascii() and age.isdecimal() and len(age) < 10 else 0
    return min(timedelta(seconds=max(int(said[1]) - spent, 0)), LONGEST)
