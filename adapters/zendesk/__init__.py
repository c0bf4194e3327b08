"""Zendesk as the system of record: tickets, their comments, and the users behind the authors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from adapters.zendesk import admitting, events, examining, login, names, persons, telling, tickets, users
from adapters.zendesk.account import Account
from adapters.zendesk.copying import Fetch
from adapters.zendesk.desk import ReplyDesk
from adapters.zendesk.flush import Flush
from adapters.zendesk.settings import Settings
from adapters.zendesk.subscribing import Subscriber
from bridge import fetching
from bridge.errors import RetryLater
from bridge.ports import (
    Callback,
    Crm,
    Crowd,
    Delivery,
    Filing,
    Finding,
    Found,
    Heard,
    Identified,
    Meters,
    Named,
    Outcome,
    PersonMatch,
    Polled,
    Rung,
    Schema,
    Shape,
)

__all__ = ["Settings", "Zendesk"]


class Zendesk(Crm):
    """One account. What it keeps, its token first of all, any other process would find out anew."""

    calls = True
    desk = True
    subscribes = True
    describes = True
    meters = True
    app = True
    objects = (
        Shape(
            object="ticket",
            fields=tickets.FIELDS,
            custom=tickets.CUSTOM,
            named=frozenset(names.KINDS),
            owner=tickets.OWNER,
            text="description",
            lengths=tickets.LENGTHS,
        ),
    )
    crowd = Crowd(most=3, within=timedelta(seconds=2), span=timedelta(seconds=30), enough=100)
    key_field = "external_id"
    person = Shape(object="user", fields=users.FIELDS, custom=users.CUSTOM, matched=users.MATCHED)

    def __init__(self, settings: Settings, *, fetch: Fetch = fetching.fetch, meters: Meters | None = None) -> None:
        self._account, self._fetch = Account(settings, meters), fetch
        self._login = login.findings(settings, ())
        self._people = persons.People(self._account, bulk=settings.bulk_users == "auto")
        self._url = settings.url or self._account.home
        self._latest_commit = settings.latest_commit
        self._hears = settings.hears_comments
        self._secrets = [one.get_secret_value() for one in settings.webhook_secret or ()] if self._hears else []
        self._replies = ReplyDesk(self._account, poll=settings.poll)
        self._app_secrets = [one.get_secret_value() for one in settings.app_secret or ()]
        self._app_installation = settings.app_installation
        self.patience = timedelta(seconds=self._account.patience)

    def examine(self, keys: Mapping[str, str], now: datetime, url: str = "") -> list[Finding]:  # noqa: ARG002
        """See Crm. One call for the login, whose answer names the scopes, one that reads, a few for replies."""
        return examining.examine(self._account, self._subscriber(url, mend=False), now)

    def subscribe(self, url: str) -> list[Finding]:
        """See Crm. About six calls that read, and one for each thing that is missing."""
        subscriber = self._subscriber(url, mend=True)
        return subscriber.look() if subscriber else [examining.SILENT]

    def _subscriber(self, url: str, *, mend: bool) -> Subscriber | None:
        """None = it is not for us to see to what Zendesk tells: nobody answers there, or nobody can call us."""
        if not self._hears or (not url and not mend):
            return None
        return Subscriber(account=self._account, url=url, secrets=self._secrets, mend=mend)

    @property
    def remarks(self) -> list[str]:
        """See Crm."""
        return [one.says for one in self._login]

    def find(self, people: Sequence[PersonMatch]) -> list[Found]:
        """See Crm. One call for 100 known users, one for each who is made, or for 100 where Zendesk allows it."""
        return self._people.find(people)

    def identify(self, records: Sequence[Named]) -> list[Identified]:
        """See Crm. One call for each kind of record, and one more for each further 100 of it."""
        return names.identify(self._account, records)

    def hear(self, callback: Callback) -> Heard:
        """See Crm: a webhook's call."""
        return events.hear(callback, self._secrets)

    @property
    def every(self) -> timedelta:
        """See Desk."""
        return self._replies.every

    def poll(self, cursor: str, rung: Sequence[Rung] = ()) -> Polled:
        """See Desk. One call for each ticket that rang and one for all of them, and now and then an export."""
        return self._replies.poll(cursor, rung)

    def report(self, deliveries: Sequence[Delivery]) -> Mapping[str, RetryLater]:
        """See Desk. One call for 100 tickets, and one for each."""
        return self._replies.report(deliveries)

    def admit(self, callback: Callback, case_id: str) -> None:
        """See Crm."""
        admitting.admit(callback, case_id, secrets=self._app_secrets, installation=self._app_installation)

    def schema(self, objects: Sequence[str]) -> Schema:
        """See Crm. One call for each list of fields and records, and one more for each further 100 of it."""
        return telling.schema(self._account, objects)

    def file(self, filings: Sequence[Filing], *, now: datetime) -> Iterator[list[tuple[int, Outcome]]]:
        """See Crm. One call for a ticket that nobody has touched since; where many are due, a few for all."""
        flush = Flush(
            self._account,
            filings,
            url=self._url,
            now=now,
            latest_commit=self._latest_commit,
            fetch=self._fetch,
        )
        return flush.run()

    def look(self, filings: Sequence[Filing]) -> list[frozenset[str]]:
        """See Crm."""
        return Flush(self._account, filings, url=self._url, now=datetime.now(UTC)).look()
