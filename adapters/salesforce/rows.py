"""The fields of a record as Salesforce takes them: names folded, texts cut. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.fitting import shorten
from bridge.ports import Value

PERSON = {"FirstName": 40, "LastName": 80, "Title": 128, "Email": 80, "Phone": 40, "MobilePhone": 40}
LENGTHS: Mapping[str, Mapping[str, int]] = {
    "Case": {
        "Subject": 255,
        "Description": 32_000,
        "SuppliedName": 80,
        "SuppliedEmail": 80,
        "SuppliedPhone": 40,
        "SuppliedCompany": 80,
    },
    "Lead": {**PERSON, "Company": 255, "Description": 32_000},
    "Task": {"Subject": 255, "Description": 32_000},
    "Contact": {**PERSON, "Description": 32_000},
}
"""Characters of the standard fields; other lengths are learnt from the org's refusal.

https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_case.htm
"""


def lengths(kind: str) -> Mapping[str, int]:
    """Return the lengths of an object's standard fields."""
    return LENGTHS.get(kind, {})


def folded(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row by field names in lower case: Salesforce takes any spelling and answers in its own."""
    return {name.casefold(): value for name, value in row.items()}


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
