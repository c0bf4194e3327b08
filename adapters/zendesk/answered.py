"""Which comments of a ticket are agents' answers to the customer. Pure.

https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_comments/
https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/#incremental-ticket-event-export
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from adapters.zendesk.answers import Json, each
from bridge.ports import Reply

MARK = "casebridge"  #: begins every key in the metadata of what we write
LONG_AGO = datetime(2004, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A public comment, as Zendesk shows it."""

    id: str
    ticket: str
    author: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """A user of the account."""

    staff: bool
    name: str


def of_ticket(rows: object, ticket: str) -> list[Said]:
    """Return the public comments of a page that we did not write."""
    return [
        said
        for row in each(rows)
        if not _marked(row.get("metadata")) and (said := _said(row, ticket, row.get("created_at"))) is not None
    ]


def of_export(rows: object, us: str) -> list[Said]:
    """Return the public comments among exported events, without those that we wrote."""
    found = []
    for event in each(rows):
        if str(event.get("updater_id")) == us:
            continue
        ticket, at = str(event.get("ticket_id") or ""), event.get("created_at")
        children = (one for one in each(event.get("child_events")) if one.get("event_type") == "Comment")
        found += [
            said for one in children if (said := _said(one, ticket, one.get("created_at") or at)) is not None
        ]
    return found


def _said(row: Json, ticket: str, at: object) -> Said | None:
    """Return a comment; None = the customer does not see it."""
    number, text = str(row.get("id") or ""), row.get("body")
    if row.get("public") is not True or not number.isdecimal() or not ticket.isdecimal() or _merged(row):
        return None
    return Said(
        id=number,
        ticket=ticket,
        author=str(row.get("author_id") or ""),
        text=text.strip() if isinstance(text, str) else "",
        at=_time(at),
    )


def _merged(row: Json) -> bool:
    """Return whether Zendesk itself wrote it about two tickets that were merged. Unsure: it is not documented."""
    via = row.get("via")
    source = via.get("source") if isinstance(via, Mapping) else None
    return isinstance(source, Mapping) and source.get("rel") == "merge"


def _marked(metadata: object) -> bool:
    custom = metadata.get("custom") if isinstance(metadata, Mapping) else None
    return isinstance(custom, Mapping) and any(str(name).startswith(MARK) for name in custom)


def people(rows: object) -> dict[str, Who]:
    """Read users: id -> who it is."""
    return {
        str(row["id"]): Who(staff=row.get("role") in ("agent", "admin"), name=str(row.get("name") or ""))
        for row in each(rows)
        if row.get("id")
    }


def requesters(rows: object) -> dict[str, str]:
    """Read tickets: id -> the requester's id."""
    return {str(row["id"]): str(row.get("requester_id") or "") for row in each(rows) if row.get("id")}


def answers(found: Iterable[Said], *, us: str, who: Mapping[str, Who], asked: Mapping[str, str]) -> list[Reply]:
    """Return what agents say to customers. asked: ticket -> its requester; those of other tickets are left out."""
    return [
        Reply(id=one.id, case_id=one.ticket, text=one.text, agent=who[one.author].name, meant=False)
        for one in found
        if one.author in who and who[one.author].staff
        if one.author != us and one.ticket in asked and one.author != asked[one.ticket]
    ]


def _time(given: object) -> datetime:
    try:
        found = datetime.fromisoformat(given) if isinstance(given, str) else LONG_AGO
    except ValueError:
        return LONG_AGO
    return found if found.tzinfo else found.replace(tzinfo=UTC)
