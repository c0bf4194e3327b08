"""What tickets are given to: groups, brands, ticket forms. An account begins with some, admins add others.

https://developer.zendesk.com/api-reference/ticketing/groups/groups/
https://developer.zendesk.com/api-reference/ticketing/account-configuration/brands/
https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_forms/
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from bridge.sandbox.zendesk import fields, rows, shapes, statuses

SEEDED: Mapping[str, Sequence[tuple[int, str]]] = {
    "groups": [(shapes.GROUP, "Support"), (shapes.GROUP + 1, "Social Care"), (shapes.GROUP + 2, "Billing")],
    "brands": [(shapes.BRAND, "Acme"), (shapes.BRAND + 1, "Acme Outlet")],
    "ticket_forms": [(shapes.FORM, "Default Ticket Form"), (shapes.FORM + 1, "Social")],
}


def seed(tx: sqlite3.Connection, now: str) -> None:
    """Give an account that has no records what it begins with."""
    for kind, given in SEEDED.items() if not rows.records(tx, "groups") else ():
        for number, name in given:
            rows.save_record(tx, kind, _record(kind, number, name, now))


def add(tx: sqlite3.Connection, spec: Mapping[str, Any], now: str) -> None:
    """Add a record: {"kind": "groups", "name": "Night Desk"}. Raises ValueError, one sentence."""
    kind, name = spec.get("kind"), spec.get("name")
    if kind == statuses.KIND:
        statuses.add(tx, spec, now)
        return
    fits = isinstance(kind, str) and kind in SEEDED and isinstance(name, str) and name.strip()
    numbers = spec.get("ticket_field_ids", [])
    listed = isinstance(numbers, list) and all(isinstance(one, int) for one in numbers)
    allowed = {"ticket_field_ids"} if kind == "ticket_forms" else set()
    if set(spec) - allowed != {"kind", "name"} or not fits or not listed:
        kinds = ", ".join((*SEEDED, statuses.KIND))
        raise ValueError(f"send a kind out of {kinds}, a name and, of a form, ticket_field_ids")
    made = _record(str(kind), rows.new_id(tx), str(name), now)
    if kind == "ticket_forms":
        made["ticket_field_ids"] = numbers
    rows.save_record(tx, str(kind), made)


def shown(root: str, kind: str, record: Mapping[str, Any], numbers: Collection[int]) -> dict[str, Any]:
    """A record as it is listed; numbers: ids of the account's own ticket fields, all of them in the first form."""
    found = {"url": f"{root}/{kind}/{record['id']}.json", **record}
    if kind == "ticket_forms":
        own = numbers if record["default"] else record["ticket_field_ids"]
        found["ticket_field_ids"] = [*fields.SYSTEM_IDS, *own]
    return found


def _record(kind: str, number: int, name: str, now: str) -> dict[str, Any]:
    """A record in the vendor's order, without url."""
    times = {"created_at": now, "updated_at": now}
    first = number in (shapes.GROUP, shapes.BRAND, shapes.FORM)
    match kind:
        case "groups":
            own = {"is_public": True, "description": "", "default": first, "deleted": False}
            return {"id": number, "name": name, **own, **times}
        case "brands":
            subdomain = re.sub("[^a-z0-9]+", "", name.lower())
            own = {
                "brand_url": f"https://{subdomain}.zendesk.com", "subdomain": subdomain, "has_help_center": False,
                "help_center_state": "disabled", "active": True, "default": first, "is_deleted": False,
                "ticket_form_ids": [shapes.FORM], "signature_template": "{{agent.signature}}",
            }  # fmt: skip
            return {"id": number, "name": name, **own, **times}
    own = {
        "raw_name": name, "display_name": name, "raw_display_name": name, "end_user_visible": True, "position": 1,
        "ticket_field_ids": [], "active": True, "default": first, "in_all_brands": True,
        "restricted_brand_ids": [], "end_user_conditions": [], "agent_conditions": [],
    }  # fmt: skip
    return {"id": number, "name": name, **own, **times}
