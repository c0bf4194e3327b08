"""Whether a fixed value suits a field of a CRM. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bridge.mapping.document import near
from bridge.mapping.given import Constant
from bridge.ports import FieldFacts

LISTED = 30  #: of a picklist's values, in a message

NUMBER = (r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", "a number, such as 12.5")
TYPES: Mapping[str, tuple[str, str]] = {
    "int": (r"[+-]?\d+", "a whole number"),
    "long": (r"[+-]?\d+", "a whole number"),
    "double": NUMBER,
    "currency": NUMBER,
    "percent": NUMBER,
    "date": (r"\d{4}-\d\d-\d\d", "a date, such as 2026-11-21"),
    "datetime": (
        r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)",
        "a time with its zone, such as 2026-11-21T20:00:00Z",
    ),
    "time": (r"\d\d:\d\d:\d\d(\.\d+)?Z?", "a time of day, such as 20:00:00Z"),
    "email": (r"[^@\s]+@[^@\s]+\.[^@\s]+", "an e-mail address"),
    "reference": (
        r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?",
        "the id of a record, or {named: its name} where that is possible",
    ),
}
"""A field's type -> what a text for it looks like, and how that is called. Other types take any text."""

CHOICES = frozenset(("picklist", "multipicklist"))
TEXTS = frozenset(("string", "textarea", "email", "phone", "url", "combobox", "encryptedstring"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsuited:
    """Why it does not. warning: the CRM takes it all the same."""

    code: Literal["not-a-choice", "text-too-long", "wrong-type"]
    reason: str
    allowed: str = ""
    suggestion: str = ""
    warning: bool = False


def unsuited(
    value: Constant, field: FieldFacts, choices: Sequence[str] | None = None, *, name: str, cut: bool = False
) -> Unsuited | None:
    """Say why a value does not suit a field; None = it does, or nobody can tell. "" empties any field.

    choices: the values of the record type that the case gets; None = the field's. name: what to call the field.
    cut: a text that is too long is shortened.
    """
    if value == "":
        return None
    if isinstance(value, bool) or field.type == "boolean":
        return _truth(value, field, name)
    if field.type in CHOICES:
        return _choice(value, field, field.values if choices is None else choices, name)
    pattern, wanted = TYPES.get(field.type, ("(?s:.*)", ""))
    if not re.fullmatch(pattern, value, re.ASCII):
        return Unsuited(code="wrong-type", reason=f"{name} takes {wanted}, not {value!r}")
    if field.type in TEXTS and 0 < field.length < len(value):
        then = "so it will be shortened" if cut else "so nothing could be filed"
        reason = f"{name} holds {field.length} characters, and this has {len(value)}: {then}"
        return Unsuited(code="text-too-long", reason=reason, warning=cut)
    return None


def _truth(value: Constant, field: FieldFacts, name: str) -> Unsuited | None:
    if isinstance(value, bool) and field.type == "boolean":
        return None
    if isinstance(value, bool):
        reason = f"{name} is no check box but of the type {field.type}: write this in quotes"
    else:
        reason = f"{name} is a check box: write true or false, without quotes, in its own line under case"
    return Unsuited(code="wrong-type", reason=reason)


def _choice(value: str, field: FieldFacts, choices: Sequence[str], name: str) -> Unsuited | None:
    taken = {choice.casefold() for choice in choices}
    wrong = [one for one in _several(value, field) if one.casefold() not in taken]
    if not wrong:
        return None
    if field.restricted:
        reason = f"{name} does not take {wrong[0]!r}"
    else:
        reason = f"{wrong[0]!r} is not among the values of {name}, which takes it all the same"
    return Unsuited(
        code="not-a-choice",
        reason=reason,
        allowed=listed(choices),
        suggestion=near(wrong[0], choices),
        warning=not field.restricted,
    )


def _several(value: str, field: FieldFacts) -> list[str]:
    return [one.strip() for one in value.split(";")] if field.type == "multipicklist" else [value]


def listed(names: Collection[str]) -> str:
    """The first of these names, for a message."""
    some = list(names)[:LISTED]
    return ", ".join([*some, "…"] if len(names) > LISTED else some)
