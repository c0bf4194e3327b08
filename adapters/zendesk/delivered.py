"""What agents read of their answers on a ticket: an internal note, a field, and the status. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.zendesk import text
from adapters.zendesk.answers import Json, each
from bridge.ports import Delivery

KEY = "casebridge_reply"
"""Of the metadata of a note: by it a note is found again whose answer was lost."""

VALUES: Mapping[str, str] = {
    "sent": "casebridge_sent",
    "failed": "casebridge_failed",
    "unsure": "casebridge_unsure",
}
"""Delivery.state -> the option of the drop-down field, which is a tag of the ticket too."""

SAYS: Mapping[str, str] = {
    "sent": "The reply was sent to the customer.",
    "failed": "The reply was NOT sent to the customer.",
    "unsure": "Nobody knows whether the customer has the reply.",
}
WAITS = frozenset({"new", "open"})  #: statuses in which an agent looks after a ticket


def update(ticket: Json, told: Sequence[Delivery], field: str) -> dict[str, Any]:
    """Return the change of a ticket that tells these, the latest last. field: the drop-down's id; "" = none.

    It is refused if somebody has changed the ticket since it was read, so that no agent's choice is undone.
    """
    change: dict[str, Any] = {
        **note(told),
        "safe_update": True,
        "updated_stamp": ticket.get("updated_at"),
    }
    if field:
        change["custom_fields"] = [{"id": int(field), "value": VALUES[told[-1].state]}]
    if any(one.state != "sent" for one in told) and ticket.get("status") not in WAITS:
        change["status"] = "open"
    return change


def note(told: Sequence[Delivery]) -> dict[str, Any]:
    """Return the change that only adds the internal note."""
    return {
        "comment": {"html_body": "".join(f"<p>{_line(one)}</p>" for one in told), "public": False},
        "metadata": {KEY: ",".join(map(mark, told))},
    }


def _line(one: Delivery) -> str:
    link = text.markup(one.url)
    shown = f'<a href="{link}">{link}</a>' if one.url.startswith(("https://", "http://")) else link
    return " ".join(part for part in (SAYS[one.state], text.markup(one.says), shown) if part)


def mark(one: Delivery) -> str:
    """Return by what the news of a reply is known."""
    return f"{one.reply}:{one.state}"


def marks(audits: object) -> set[str]:
    """Return the news that these audits hold."""
    found: set[str] = set()
    for audit in each(audits):
        metadata = audit.get("metadata")
        custom = metadata.get("custom") if isinstance(metadata, Mapping) else None
        given = custom.get(KEY) if isinstance(custom, Mapping) else None
        found |= set(given.split(",")) if isinstance(given, str) else set()
    return found


def field_in(fields: object) -> Json | None:
    """Return the drop-down field that shows what became of a reply: it is known by its options."""
    return next((one for one in each(fields) if set(VALUES.values()) & options(one)), None)


def options(field: Json) -> set[str]:
    """Return the values of a drop-down field."""
    return {str(one.get("value")) for one in each(field.get("custom_field_options"))}


def usable(field: Json | None) -> str:
    """Return the id of the field; "" = nothing can be written there."""
    whole = field is not None and field.get("active") is True and options(field) >= set(VALUES.values())
    return str(field["id"]) if field is not None and whole else ""
