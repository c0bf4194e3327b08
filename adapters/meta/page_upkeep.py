"""Looks after Facebook Pages, with Messenger: their tokens, and whether the app hears of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from adapters.meta import page_history, tokens
from adapters.meta.graph import Graph, path, token_of
from adapters.meta.history import Gap
from adapters.meta.subscriptions import Letting, let_in
from adapters.meta.surface import Product
from bridge.message import Account
from bridge.ports import Credentials, Event, Finding, Upkeep

FIELDS = (
    "feed",
    "mention",
    "ratings",
    "messages",
    "message_edits",
    "message_echoes",
    "messaging_postbacks",
)

SCOPES = (
    "pages_messaging",
    "pages_manage_metadata",
    "pages_manage_engagement",
    "pages_read_engagement",
    "pages_read_user_content",
)

INSTALL = "Run casebridge subscribe. If the account is no Page, say under products what it is."


class Pages(Product):
    """Facebook Pages."""

    topic = "page"

    def __init__(self, graph: Graph, accounts: Mapping[str, Account], *, reactions: bool) -> None:
        self._graph, self._accounts = graph, accounts
        self.fields: Collection[str] = (*FIELDS, "message_reactions") if reactions else FIELDS

    def examine(self, account: str, upkeep: Upkeep, *, mend: bool) -> list[Finding]:
        """Return what is wrong with a Page's token, and with what the app hears of the Page."""
        known = tokens.examine(
            self._graph, account, upkeep.credentials.get(account), upkeep.now, scopes=SCOPES, own=True
        )
        if not known.token:
            return list(known.findings)
        wanted = Letting(
            account=account,
            who="The Page",
            path=path(account, "subscribed_apps"),
            fields=self.fields,
            do=INSTALL,
        )
        return [*known.findings, let_in(self._graph, wanted, known, mend=mend)]

    def backfill(self, account: str, credentials: Credentials, since: datetime) -> Iterator[list[Event]]:
        """Yield posts and comments, then private messages."""
        gap = Gap(
            graph=self._graph,
            accounts=self._accounts,
            account=account,
            token=token_of(credentials),
            since=since,
        )
        return page_history.read(gap)
