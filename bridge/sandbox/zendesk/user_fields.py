"""Fields of users that admins have made: set up, shown, and kept with each user.

https://developer.zendesk.com/api-reference/ticketing/users/user_fields/
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from typing import Any

from bridge.sandbox import file
from bridge.sandbox.zendesk import fields, rows, values

Spec = Mapping[str, Any]
KINDS = ("text", "textarea", "integer", "decimal", "checkbox", "date", "dropdown", "multiselect", "regexp")
LISTS = ("dropdown", "multiselect")
KEYS: Mapping[str, type] = {
    "key": str, "title": str, "type": str, "options": list, "regexp": str, "active": bool,
}  # fmt: skip
KEY = re.compile("[a-z0-9_]{1,80}")
SETTING = "user_fields"


def every(tx: sqlite3.Connection) -> list[dict[str, Any]]:
    """All of them as they are kept, oldest first."""
    return list(file.load_setting(tx, SETTING, []))


def add(tx: sqlite3.Connection, spec: Spec) -> None:
    """Add or change the field of that key. Raises ValueError, one sentence."""
    fits = {"key", "title", "type"} <= set(spec) <= set(KEYS)
    if not fits or not all(isinstance(value, KEYS[name]) for name, value in spec.items()):
        raise ValueError("send a key, a title, a type and, where it is a list, options; also regexp and active")
    if not KEY.fullmatch(spec["key"]) or spec["type"] not in KINDS:
        raise ValueError(f"send a key of small letters, digits and _, and a type out of {', '.join(KINDS)}")
    fields.readable(spec)
    there = every(tx)
    before = next((one for one in there if one["key"] == spec["key"]), None)
    made = {"id": before["id"] if before else rows.new_id(tx), **spec}
    file.save_setting(tx, SETTING, [*(one for one in there if one is not before), made])


def settled(tx: sqlite3.Connection, before: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """A user's values after a change, null where there is none; unknown keys are passed over. Raises Refusal."""
    specs = {one["key"]: one for one in every(tx) if one.get("active", True)}
    changed = {key: _value(specs[key], value) for key, value in given.items() if key in specs}
    return {**dict.fromkeys(specs), **before, **changed}


def _value(spec: Spec, value: Any) -> Any:
    kind = "tagger" if spec["type"] == "dropdown" else spec["type"]
    return values.custom_value({**spec, "type": kind}, value)


def shown(root: str, spec: Spec, position: int, now: str) -> dict[str, Any]:
    """A field in the vendor's order."""
    title = spec["title"]
    field = {
        "url": f"{root}/user_fields/{spec['id']}.json", "id": spec["id"], "type": spec["type"],
        "key": spec["key"], "title": title, "description": "", "raw_title": title, "raw_description": "",
        "position": position, "active": spec.get("active", True), "system": False,
        "regexp_for_validation": spec.get("regexp"), "created_at": now, "updated_at": now,
    }  # fmt: skip
    if spec["type"] in LISTS:
        options = enumerate(spec.get("options", []), spec["id"] + 10**12)
        field["custom_field_options"] = [
            {"id": number, "name": value, "raw_name": value, "value": value} for number, value in options
        ]
    return field
