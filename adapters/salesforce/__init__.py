"""Salesforce as the system of record: cases, leads and tasks, and the persons behind the authors."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from adapters.salesforce import examining, named, outbound, telling
from adapters.salesforce.describing import Describing
from adapters.salesforce.desk import ReplyDesk
from adapters.salesforce.finding import People
from adapters.salesforce.flush import Fetch, Flush
from adapters.salesforce.org import Org
from adapters.salesforce.reading import finish, read
from adapters.salesforce.rows import LENGTHS
from adapters.salesforce.settings import Settings
from bridge import fetching
from bridge.errors import Rejected, RetryLater
from bridge.ports import (
    Callback,
    Crm,
    Delivery,
    Filing,
    Finding,
    Found,
    Heard,
    Identified,
    Named,
    Outcome,
    PersonMatch,
    Polled,
    Rung,
    Schema,
    Shape,
    Usage,
)

__all__ = ["Salesforce", "Settings"]

NAMED, OWNER = frozenset({"OwnerId", "RecordTypeId"}), frozenset({"OwnerId"})
CASE = Shape(object="Case", named=NAMED, owner=OWNER, text="Description", lengths=LENGTHS["Case"])
LEAD = Shape(object="Lead", named=NAMED, owner=OWNER, text="Description", comments=False, lengths=LENGTHS["Lead"])
TASK = Shape(object="Task", named=NAMED, owner=OWNER, text="Description", comments=False, lengths=LENGTHS["Task"])


class Salesforce(Crm):
    """One org. Keeps nothing but its token, and what it says of its objects."""

    objects = (CASE, LEAD, TASK)
    known = tuple(Shape(object=name, lengths=LENGTHS[name]) for name in ("Contact", "Lead"))
    calls: ClassVar[bool] = True
    desk: ClassVar[bool] = True
    describes: ClassVar[bool] = True

    def __init__(self, settings: Settings, *, fetch: Fetch = fetching.fetch) -> None:
        self._fetch = fetch
        self._settings, self._org = settings, Org(settings)
        self._url = settings.url or f"https://{settings.domain}.lightning.force.com"
        self._latest_commit = settings.latest_commit
        self._describing = Describing(self._org)
        self._people = People(self._org, self._describing)
        self._replies = ReplyDesk(self._org, poll=settings.poll)
        self._secrets = [one.get_secret_value() for one in settings.outbound_secret or ()]
        self._organization = settings.organization_id
        self.patience = timedelta(seconds=self._org.patience)

    def examine(self, keys: Mapping[str, str], now: datetime, url: str = "") -> list[Finding]:  # noqa: ARG002
        """See Crm. One call for the login, one for the limits, and one for all objects."""
        return examining.examine(self._org, self._settings, keys, now)

    def schema(self, objects: Sequence[str]) -> Schema:
        """See Crm. One call for all objects, and one for each of their record types."""
        return telling.schema(self._org, self._describing, objects, messages=self._settings.messages)

    def find(self, people: Sequence[PersonMatch]) -> list[Found]:
        """See Crm. One call for known persons and for newcomers, one more to fill, and to make the others."""
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
        """See Crm. With the plugin mostly one call for up to 200 filings; comments need up to two more."""
        return self._flush(filings, now).run()

    def look(self, filings: Sequence[Filing]) -> list[frozenset[str]]:
        """See Crm."""
        return self._flush(filings, datetime.now(UTC)).look()

    @property
    def usage(self) -> Usage | None:
        """See Crm."""
        return self._org.usage

    @property
    def pause_at(self) -> int:
        """See Crm."""
        return self._settings.pause_at

    def hear(self, callback: Callback) -> Heard:
        """See Crm: an outbound message."""
        return outbound.hear(callback, secrets=self._secrets, organization=self._organization)

    @property
    def every(self) -> timedelta:
        """See Desk."""
        return self._replies.every

    def poll(self, cursor: str, rung: Sequence[Rung] = ()) -> Polled:  # noqa: ARG002 - all that waits is read
        """See Desk. One call for 2,000 replies, fewer where they are long."""
        return self._replies.poll(cursor)

    def report(self, deliveries: Sequence[Delivery]) -> Mapping[str, RetryLater]:
        """See Desk. One call for up to 200 replies."""
        return self._replies.report(deliveries)

    def _flush(self, filings: Sequence[Filing], now: datetime) -> Flush:
        return Flush(
            self._org,
            filings,
            describing=self._describing,
            messages=self._settings.messages,
            url=self._url,
            now=now,
            latest_commit=self._latest_commit,
            fetch=self._fetch,
            tells_no_replies=not self._settings.url,
        )

    def _soon(self) -> float:
        """By when the last call of `find` or `identify` must have begun, on the monotonic clock."""
        return time.monotonic() + self._org.patience / 5
