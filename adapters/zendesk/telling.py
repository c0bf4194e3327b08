"""What the account says of tickets and users, so that mappings can be checked against it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from adapters.zendesk import describing, limits
from adapters.zendesk.account import Account
from adapters.zendesk.answers import Json
from adapters.zendesk.classify import Refusal
from adapters.zendesk.describing import Rows
from adapters.zendesk.names import KINDS, Kind
from bridge.ports import ObjectFacts, Schema

FIELDS = Kind(list="ticket_fields", called="ticket field", names=("title",))
USER_FIELDS = Kind(list="user_fields", called="user field", names=("key",), everywhere=False)
COST = (
    "API calls: 1 for the messages of one conversation that wait together, and 1 more for a new author; fewer "
    "where many conversations wait together."
)


def schema(account: Account, objects: Sequence[str]) -> Schema:
    """Read what is known of these objects: one call for each list, one more for each further 100 of it.

    Raises RetryLater or Paused.
    """
    found = {name: READS[name](account) for name in dict.fromkeys(map(str.casefold, objects)) if name in READS}
    return Schema(objects=found, remarks=(*(one.says for one in limits.findings(account.limits)), COST))


def _tickets(account: Account) -> ObjectFacts:
    lists = {name: _listed(account, kind) for name, kind in KINDS.items()}
    records = {name: rows for name, rows in lists.items() if rows is not None}
    return describing.of_tickets(_listed(account, FIELDS) or [], records)


def _users(account: Account) -> ObjectFacts:
    return describing.of_users(_listed(account, USER_FIELDS) or [])


READS: Mapping[str, Callable[[Account], ObjectFacts]] = {"ticket": _tickets, "user": _users}


def _listed(account: Account, kind: Kind) -> Rows | None:
    """Read a whole list; None = the account's plan has none such."""
    rows: list[Json] = []
    after: str | None = ""
    while after is not None:
        answer = account.listed(kind.list, kind.only, after, paged=kind.paged, everywhere=kind.everywhere)
        if isinstance(answer, Refusal):
            return None
        found, after = answer
        rows += found
    return rows
