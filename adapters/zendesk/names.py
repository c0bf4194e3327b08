"""Which groups, agents, brands and ticket forms a mapping means by the names that people know them by."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from adapters.zendesk.account import Account
from adapters.zendesk.answers import Json
from adapters.zendesk.classify import Refusal
from adapters.zendesk.describing import Rows, usable
from bridge.errors import Rejected, RetryLater
from bridge.ports import Identified, Named

LATER = RetryLater("other names took all the time; this one is next", after=timedelta(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of record: where Zendesk lists it, and what people call one by."""

    list: str
    called: str  #: in sentences
    names: tuple[str, ...]
    only: Mapping[str, Sequence[str]] = field(default_factory=dict)  #: query parameters of the list
    paged: bool = True
    everywhere: bool = True  #: False: only some plans have it


KINDS: Mapping[str, Kind] = {
    "group_id": Kind(list="groups", called="group", names=("name",)),
    "assignee_id": Kind(
        list="users", called="agent", names=("email", "name"), only={"role[]": ("agent", "admin")}
    ),
    "brand_id": Kind(list="brands", called="brand", names=("name", "subdomain")),
    "ticket_form_id": Kind(
        list="ticket_forms", called="ticket form", names=("name",), paged=False, everywhere=False
    ),
}
"""Field of a ticket -> what its ids stand for.

https://developer.zendesk.com/api-reference/ticketing/groups/groups/
https://developer.zendesk.com/api-reference/ticketing/users/users/#list-users
https://developer.zendesk.com/api-reference/ticketing/account-configuration/brands/
https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_forms/
"""


def identify(account: Account, records: Sequence[Named]) -> list[Identified]:
    """See Crm.identify. One list for each kind of record that is asked for."""
    until = time.monotonic() + account.patience / 5
    asked = dict.fromkeys(record.field for record in records if _kind(record))
    there = {name: _listed(account, KINDS[name], until, alone=i == 0) for i, name in enumerate(asked)}
    return [_identified(record, there) for record in records]


def _kind(record: Named) -> Kind | None:
    return KINDS.get(record.field) if record.object == "ticket" else None


def _listed(account: Account, kind: Kind, until: float, *, alone: bool) -> Rows | RetryLater | Rejected:
    """Read a whole list: whether a name is borne once only shows at its end.

    alone: it has all the time there is. When that is too short, no message may wait for more.
    """
    rows: list[Json] = []
    after: str | None = ""
    while after is not None:
        if time.monotonic() > until and alone and rows:
            return Rejected(f"Zendesk lists too many {kind.called}s to find a name in time: write the id instead")
        if time.monotonic() > until:
            return LATER
        answer = account.listed(kind.list, kind.only, after, paged=kind.paged, everywhere=kind.everywhere)
        if isinstance(answer, Refusal):
            return Rejected(f"{answer}: the account's plan has no {kind.called}s, so none can be named")
        found, after = answer
        rows += found
    return rows


def _identified(record: Named, there: Mapping[str, Rows | RetryLater | Rejected]) -> Identified:
    kind = _kind(record)
    if kind is None:
        return Rejected(
            f"{record.field} of {record.object} is not filled by a name in Zendesk; only {', '.join(KINDS)} of "
            "ticket are",
            field=record.field,
        )
    rows = there[record.field]
    if isinstance(rows, Rejected):
        return Rejected(str(rows), field=record.field)
    if isinstance(rows, RetryLater):
        return rows
    wanted = _plain(record.name)
    ids = [str(row["id"]) for row in rows if usable(row) and wanted in {_plain(row.get(n)) for n in kind.names}]
    if len(ids) == 1:
        return ids[0]
    if not ids or not wanted:
        why = f"there is no {kind.called} called {record.name!r} in Zendesk"
    else:
        why = f"{len(ids)} {kind.called}s in Zendesk are called {record.name!r}: {', '.join(ids)}"
    return Rejected(why, field=record.field)


def _plain(name: object) -> str:
    return " ".join(name.split()).casefold() if isinstance(name, str) else ""
