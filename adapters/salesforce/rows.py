"""The fields of a record as Salesforce takes them: names folded, texts cut. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.fitting import shorten
from bridge.ports import FieldFacts, ObjectFacts, Value

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
"""Characters of the standard fields, for where the org's own description is not at hand.

https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_case.htm
"""

CUT = frozenset(("string", "textarea", "encryptedstring", "combobox"))
"""Types of fields whose text says the same when its end is missing; a link or an address does not."""


def lengths(kind: str, facts: ObjectFacts | None = None) -> dict[str, int]:
    """Return how many characters the fields of an object hold, by name in lower case."""
    standard = {name.casefold(): most for name, most in LENGTHS.get(kind, {}).items()}
    told = facts.fields.items() if facts else ()
    return standard | {name: one.length for name, one in told if one.length and one.type in CUT}


STAND_INS: Mapping[str, Value] = {
    **dict.fromkeys(("string", "textarea", "phone"), "unknown"),
    **dict.fromkeys(("int", "double", "currency", "percent"), 0),
}
"""What a field of this type can hold where nobody knows better; a date or a record cannot be made up."""


def stand_in(facts: FieldFacts) -> Value:
    """Return what can stand in a field that must hold something; None = nothing can."""
    return facts.values[0] if facts.values else STAND_INS.get(facts.type)


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
        most = lengths.get(name.casefold())
        if isinstance(plain, str) and most is not None and len(plain) > most:
            plain = shorten(plain, most)
            warnings.append(f"{name} was shortened to {most} characters.")
        fields[name] = None if plain == "" else plain
    return fields, warnings
