"""A ticket as Zendesk shows it, and its fields as Zendesk takes them. Pure.

https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from adapters.zendesk.answers import each
from adapters.zendesk.text import harmless
from bridge.errors import Rejected
from bridge.fitting import shorten
from bridge.ports import Filing, Value
from bridge.written import digest

NUMBERS = frozenset(
    (
        "requester_id", "assignee_id", "group_id", "organization_id", "brand_id", "ticket_form_id",
        "custom_status_id", "problem_id",
    )
)  # fmt: skip
TEXTS = frozenset(
    ("description", "subject", "priority", "status", "type", "tags", "assignee_email", "due_at", "recipient")
)
FIELDS = NUMBERS | TEXTS
OWNER = frozenset(("group_id", "assignee_id"))
OURS = "casebridge"  #: the tag of each ticket that we make: triggers know ours by it
CUSTOM = "custom_field_[0-9]{1,18}"
ID = re.compile(r"[1-9][0-9]{0,18}")
LENGTHS: Mapping[str, int] = {"subject": 255}
"""Characters. Unsure: Zendesk documents none; what a database column of that kind takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A ticket as it stands. id "" = the one that this filing is about to open."""

    id: str = ""
    key: str = ""  #: external_id
    status: str = "new"
    closed_at: datetime | None = None  #: when it was solved; None = it is not, or nobody knows
    reopened: bool = False  #: it was solved once
    stamp: str = ""  #: updated_at, in Zendesk's own writing
    presumed: bool = False  #: nobody looked: it is as we left it unless `stamp` is another by now
    values: Mapping[str, Any] = field(default_factory=dict)  #: by the names that mappings use

    @property
    def over(self) -> bool:
        return self.status in ("solved", "closed")


def seen(row: Mapping[str, Any], metrics: Mapping[str, Any]) -> Ticket:
    """Read a ticket and its metric set; {} = it came without."""
    status = str(row.get("status"))
    solved = metrics.get("solved_at")
    return Ticket(
        id=str(row.get("id")),
        key=str(row.get("external_id") or ""),
        status=status,
        closed_at=_time(solved or row.get("updated_at")) if status in ("solved", "closed") else None,
        reopened=bool(solved or metrics.get("reopens")),
        stamp=str(row.get("updated_at") or ""),
        values=values_of(row),
    )


def by_id(answer: Mapping[str, Any]) -> dict[str, Ticket]:
    """Read all tickets of an answer that were not deleted."""
    sets = {str(s.get("ticket_id")): s for s in each(answer.get("metric_sets"))}
    rows = {str(row.get("id")): row for row in each(answer.get("tickets")) if row.get("status") != "deleted"}
    return {ticket_id: seen(row, sets.get(ticket_id, {})) for ticket_id, row in rows.items()}


def _time(given: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(given))
    except ValueError:
        return None
    return found if found.tzinfo else None


def values_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a ticket's values by the names that mappings use: custom fields as custom_field_123."""
    own = {f"custom_field_{f.get('id')}": f.get("value") for f in each(row.get("custom_fields"))}
    return {**{name: row.get(name) for name in FIELDS if name in row}, **own}


def fault(filing: Filing) -> Rejected | None:
    """Say why this filing cannot be sent at all; None = it can."""
    if filing.object != "ticket":
        return Rejected(f"Zendesk files into ticket, not into {filing.object!r}; correct `object` in the mapping")
    if filing.key_field != "external_id":
        return Rejected(
            f"Zendesk's key is external_id, not {filing.key_field!r}; correct the mapping", field=filing.key_field
        )
    raised = {name: given.value for name, given in filing.raises.items()}
    rows = (part.row for part in filing.parts)
    for given in (filing.create, filing.reopen.set, filing.assign, raised, *rows):
        for name, value in given.items():
            if no := no_id(name, value):
                return no
    return None


def no_id(name: str, value: Value) -> Rejected | None:
    """Say that a field takes an id, and has been given something else; the value may be a customer's words."""
    if name not in NUMBERS or value in (None, "") or ID.fullmatch(str(value)):
        return None
    return Rejected(f"{name} takes an id of Zendesk's, which is digits alone; correct the mapping", field=name)


def written(given: Mapping[str, Value], *, cut: bool) -> tuple[dict[str, Any], list[str]]:
    """Return fields as JSON carries them, and a warning for each text that was cut.

    None is left out, "" empties a text. The description is no field: it is the first comment.
    """
    fields: dict[str, Any] = {}
    custom: list[dict[str, Any]] = []
    warnings = []
    for name, value in given.items():
        if value is None or name == "description" or (name in NUMBERS and value == ""):
            continue
        plain = _fitted(name, value, cut=cut)
        if plain != plain_of(name, value):
            warnings.append(f"{name} was shortened to {LENGTHS[name]} characters.")
        if re.fullmatch(CUSTOM, name):
            custom.append({"id": int(name.rpartition("_")[2]), "value": None if plain == "" else plain})
        else:
            fields[name] = plain
    return fields | ({"custom_fields": custom} if custom else {}), warnings


def holds(current: object, name: str, value: Value, *, cut: bool) -> bool:
    """Whether a field shows this value already; None and "" are the same."""
    if value in (None, "") or current in (None, ""):
        return value in (None, "") and current in (None, "")
    return digest(current) == digest(_fitted(name, value, cut=cut))


def _fitted(name: str, value: Value, *, cut: bool) -> Any:
    plain = plain_of(name, value)
    return shorten(plain, LENGTHS[name]) if cut and isinstance(plain, str) and name in LENGTHS else plain


def plain_of(name: str, value: Value) -> Any:
    """Return one value as JSON carries it: ids as numbers, tags as a list, texts without placeholders."""
    if name in NUMBERS:
        return int(str(value))
    if name == "tags":
        words = value if isinstance(value, tuple) else re.split(r"[\s,]+", str(value))
        return [harmless(word) for word in words if word]
    if isinstance(value, tuple):
        return [harmless(one) for one in value]
    return harmless(value) if isinstance(value, str) else value
