"""The fields of a case as Salesforce takes them: keys, cut texts, and what an agent has changed since. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from bridge.ports import Value

LENGTHS: Mapping[str, int] = {
    "Subject": 255,
    "Description": 32_000,
    "SuppliedName": 80,
    "SuppliedEmail": 80,
    "SuppliedPhone": 40,
    "SuppliedCompany": 80,
}
"""Characters of the standard fields; other lengths are learnt from the org's refusal.

https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_case.htm
"""

NOTES_ROOM = 1_000
"""Bytes of JSON for what is remembered of a case; the bridge keeps 1 kB."""


def key_of(key: str, episode: int) -> str:
    """Return the value of the key field: the second case under one key ends in ~2."""
    return key if episode == 1 else f"{key}~{episode}"


def folded(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row by field names in lower case: Salesforce takes any spelling and answers in its own."""
    return {name.casefold(): value for name, value in row.items()}


def shorten(text: str, longest: int) -> str:
    """Cut visibly."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def fields_of(given: Mapping[str, Value], lengths: Mapping[str, int]) -> tuple[dict[str, Any], list[str]]:
    """Return fields as JSON carries them, and a warning for each text that was cut.

    None is left out, "" empties the field, several values become one text with semicolons.
    """
    fields: dict[str, Any] = {}
    warnings = []
    for name, value in given.items():
        if value is None:
            continue
        plain = ";".join(value) if isinstance(value, tuple) else value
        if isinstance(plain, str) and len(plain) > lengths.get(name, len(plain)):
            plain = shorten(plain, lengths[name])
            warnings.append(f"{name} was shortened to {lengths[name]} characters.")
        fields[name] = None if plain == "" else plain
    return fields, warnings


def digest(text: object) -> str:
    """Return 8 hex digits of a text, blind to white space: Salesforce trims and changes line ends."""
    return hashlib.sha256(" ".join(str(text).split()).encode()).hexdigest()[:8]


def notes_of(fields: Mapping[str, Any]) -> dict[str, str]:
    """Return what to remember of texts as written, `w:Field` -> digest, the longest first, as far as it goes.

    The longest are those that hold a customer's words; a later deletion must know whether they still stand.
    """
    notes: dict[str, str] = {}
    texts = [(name, value) for name, value in fields.items() if isinstance(value, str)]
    for name, value in sorted(texts, key=lambda item: -len(item[1])):
        more = notes | {f"w:{name}": digest(value)}
        if len(json.dumps(more).encode()) > NOTES_ROOM:
            break
        notes = more
    return notes
