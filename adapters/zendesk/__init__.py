"""Zendesk as the system of record: tickets, their comments, and the users behind the authors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from adapters.zendesk import examining, names, persons, tickets, users
from adapters.zendesk.account import Account
from adapters.zendesk.copying import Fetch
from adapters.zendesk.flush import Flush
from adapters.zendesk.settings import Settings
from bridge import fetching
from bridge.ports import Crm, Filing, Finding, Found, Identified, Named, Outcome, PersonMatch, Shape

__all__ = ["Settings", "Zendesk"]


class Zendesk(Crm):
    """One account. Keeps nothing but its token."""

    objects = (
        Shape(
            object="ticket",
            fields=tickets.FIELDS,
            custom=tickets.CUSTOM,
            named=frozenset(names.KINDS),
            owner=tickets.OWNER,
            text="description",
        ),
    )
    key_field = "external_id"
    person = Shape(object="user", fields=users.FIELDS, custom=users.CUSTOM, matched=users.MATCHED)

    def __init__(self, settings: Settings, *, fetch: Fetch = fetching.fetch) -> None:
        self._account, self._fetch = Account(settings), fetch
        self._url = settings.url or self._account.home
        self._latest_commit = settings.latest_commit
        self.patience = timedelta(seconds=self._account.patience)

    def examine(self, keys: Mapping[str, str], now: datetime) -> list[Finding]:  # noqa: ARG002 - every ticket has it
        """See Crm. One call for the login, whose answer names the scopes, and one that reads."""
        return examining.examine(self._account, now)

    def find(self, people: Sequence[PersonMatch]) -> list[Found]:
        """See Crm. One call for 100 known users, and one more for each who is made."""
        return persons.find(self._account, people)

    def identify(self, records: Sequence[Named]) -> list[Identified]:
        """See Crm. One call for each kind of record, and one more for each further 100 of it."""
        return names.identify(self._account, records)

    def file(self, filings: Sequence[Filing], *, now: datetime) -> Iterator[list[tuple[int, Outcome]]]:
        """See Crm. One call for 100 known tickets, and one for each new one or each author's run of comments."""
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
