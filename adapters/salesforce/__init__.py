"""Salesforce as the system of record: cases, leads and tasks, and the persons behind the authors."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.salesforce import examining, named
from adapters.salesforce.finding import People
from adapters.salesforce.flush import Fetch, Flush
from adapters.salesforce.org import Org
from adapters.salesforce.reading import finish, read
from adapters.salesforce.settings import Settings
from bridge import fetching
from bridge.errors import Rejected
from bridge.ports import Crm, Filing, Finding, Found, Identified, Named, Outcome, PersonMatch, Shape

__all__ = ["Salesforce", "Settings"]

NAMED, OWNER = frozenset({"OwnerId", "RecordTypeId"}), frozenset({"OwnerId"})
CASE = Shape(object="Case", named=NAMED, owner=OWNER, text="Description")
LEAD = Shape(object="Lead", named=NAMED, owner=OWNER, text="Description", comments=False)
TASK = Shape(object="Task", named=NAMED, owner=OWNER, text="Description", comments=False)


class Salesforce(Crm):
    """One org. Keeps nothing but its token, and which fields of persons are unique."""

    objects = (CASE, LEAD, TASK)

    def __init__(self, settings: Settings, *, fetch: Fetch = fetching.fetch) -> None:
        self._fetch = fetch
        self._org = Org(settings)
        self._url = settings.url or f"https://{settings.domain}.lightning.force.com"
        self._latest_commit = settings.latest_commit
        self._people = People(self._org)
        self.patience = timedelta(seconds=self._org.patience)

    def examine(self, keys: Mapping[str, str], now: datetime) -> list[Finding]:
        """See Crm. One call for the login, one for the limits, and one for each object."""
        return examining.examine(self._org, keys, now)

    def find(self, people: Sequence[PersonMatch]) -> list[Found]:
        """See Crm. One call for known persons, one more to fill, and to make those whom nobody knows."""
        return self._people.find(people, until=self._soon())

    def identify(self, records: Sequence[Named]) -> list[Identified]:
        """See Crm. One call for each of queues, users and record types."""
        rows: list[dict[str, Any]] = []
        try:
            rows = finish(read(self._org, named.queries(records), until=self._soon()))
        except Rejected as error:
            return [error for _ in records]
        return [named.identified(record, rows) for record in records]

    def file(self, filings: Sequence[Filing], *, now: datetime) -> Iterator[list[tuple[int, Outcome]]]:
        """See Crm. One call for any number of new cases up to 200; two for comments on known ones."""
        return self._flush(filings, now).run()

    def look(self, filings: Sequence[Filing]) -> list[frozenset[str]]:
        """See Crm."""
        return self._flush(filings, datetime.now(UTC)).look()

    def _flush(self, filings: Sequence[Filing], now: datetime) -> Flush:
        return Flush(
            self._org, filings, url=self._url, now=now, latest_commit=self._latest_commit, fetch=self._fetch
        )

    def _soon(self) -> float:
        """By when the last call of `find` or `identify` must have begun, on the monotonic clock."""
        return time.monotonic() + self._org.patience / 5
