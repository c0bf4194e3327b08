"""The statuses that tickets can have: one for each category at first, admins add others. Raises Refusal.

https://developer.zendesk.com/api-reference/ticketing/tickets/custom_ticket_statuses/
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from bridge.sandbox.zendesk import refusals, rows, shapes

KIND = "custom_statuses"
CATEGORIES = tuple(name for name in shapes.STATUSES if name != "closed")
KEYS = frozenset({"kind", "name", "category", "active"})


def every(tx: sqlite3.Connection, made: str) -> list[dict[str, Any]]:
    """All of them without url, those of the account's beginning first. made: when that was."""
    first = [
        _record(shapes.STATUSES[name], name, LABELS.get(name, name.capitalize()), made) for name in CATEGORIES
    ]
    return [{**one, "default": True} for one in first] + rows.records(tx, KIND)


def add(tx: sqlite3.Connection, spec: Mapping[str, Any], now: str) -> None:
    """Add one: {"kind": "custom_statuses", "name": "On the phone", "category": "pending"}. Raises ValueError."""
    name, category, active = spec.get("name"), spec.get("category"), spec.get("active", True)
    if set(spec) - KEYS or not isinstance(name, str) or not name.strip() or not isinstance(active, bool):
        raise ValueError("send a name, a category and, where it is switched off, active: false")
    if category not in CATEGORIES:
        raise ValueError(f"category: {category!r} is none of {', '.join(CATEGORIES)}")
    rows.save_record(tx, KIND, {**_record(rows.new_id(tx), category, name, now), "active": active})


def chosen(tx: sqlite3.Connection, before: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """What a change makes of `status` and `custom_status_id`; unsure: a category that does not fit wins."""
    category, number = changes.get("status"), changes.get("custom_status_id")
    if number is not None:
        found = next((one for one in every(tx, "") if one["id"] == number and one["active"]), None)
        if found is None:
            raise refusals.invalid_record({"custom_status_id": ["Custom status: is invalid"]})
        if category in (None, found["status_category"]):
            return {"status": found["status_category"], "custom_status_id": number}
    if category is None or category == before["status"]:
        return {"custom_status_id": before["custom_status_id"]}
    return {"custom_status_id": shapes.STATUSES[category]}


LABELS: Mapping[str, str] = {"hold": "On-hold"}


def _record(number: int, category: str, label: str, now: str) -> dict[str, Any]:
    """A status in the vendor's order."""
    told = f"Ticket is {label.lower()}"
    return {
        "id": number, "status_category": category, "agent_label": label, "raw_agent_label": label,
        "end_user_label": label, "raw_end_user_label": label, "description": told, "raw_description": told,
        "end_user_description": told, "raw_end_user_description": told, "active": True, "default": False,
        "created_at": now, "updated_at": now,
    }  # fmt: skip
