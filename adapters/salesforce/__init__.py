"""Salesforce as the system of record: cases, their comments, and the contacts behind the authors."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from adapters.salesforce import persons
from adapters.salesforce.flush import Flush, finish, read
from adapters.salesforce.org import Org
from adapters.salesforce.settings import Settings
from bridge.ports import Crm, Filing, Outcome, PersonFound, PersonMatch, Shape

__all__ = ["Salesforce", "Settings"]


class Salesforce(Crm):
    """One org. Keeps nothing but its token."""

    case = Shape(object="Case")

    def __init__(self, settings: Settings) -> None:
        self._org = Org(settings)
        self._url = settings.url or f"https://{settings.domain}.lightning.force.com"
        self._latest_commit = settings.latest_commit
        self.patience = timedelta(seconds=self._org.patience)

    def find(self, people: Sequence[PersonMatch]) -> list[PersonFound]:
        """See Crm."""
        rows = finish(read(self._org, persons.queries(people), until=time.monotonic() + self._org.patience / 5))
        return [persons.found(person, rows) for person in people]

    def file(self, filings: Sequence[Filing], *, now: datetime) -> Iterator[list[tuple[int, Outcome]]]:
        """See Crm. One call for any number of new cases up to 200; two for comments on known ones."""
        return Flush(self._org, filings, url=self._url, now=now, latest_commit=self._latest_commit).run()

    def look(self, filings: Sequence[Filing]) -> list[frozenset[str]]:
        """See Crm."""
        return Flush(self._org, filings, url=self._url, now=datetime.now(UTC)).look()
