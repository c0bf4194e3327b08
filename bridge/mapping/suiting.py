"""Whether a fixed value suits a field of a CRM. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import re2

from bridge.mapping.document import near
from bridge.mapping.given import Constant
from bridge.ports import FieldFacts

LISTED = 30  #: of a picklist's values, in a message

NUMBERED = "number_of_record"
"""The type of a field that takes a record's id where ids are numbers; it may know which there are."""
NUMBER = (r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", "a number, such as 12.5")
TYPES: Mapping[str, tuple[str, str]] = {
    "int": (r"[+-]?\d+", "a whole number"),
    "long": (r"[+-]?\d+", "a whole number"),
    "decimal": (r"[+-]?\d*[.,]?\d+", NUMBER[1]),
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
    NUMBERED: (
        r"[1-9]\d{0,18}",
        "the id of a record, which is digits alone, or {named: its name} where that is possible",
    ),
}
"""A field's type -> what a text for it looks like, and how that is called. Other types take any text."""

DAYS = frozenset(("date", "datetime"))
CHOICES = frozenset(("picklist", "multipicklist"))
WORDS = "words"
"""The type of a field that takes single words, with white space or commas between them."""
TEXTS = frozenset(("string", "textarea", "email", "phone", "url", "combobox", "encryptedstring"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsuited:
    """Why it does not. warning: the CRM takes it all the same."""

    code: Literal["no-such-record", "not-a-choice", "text-too-long", "wrong-type"]
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
    if field.type == WORDS:
        return _words(value, name)
    if wanted := _unlike(value, field):
        return Unsuited(code="wrong-type", reason=f"{name} takes {wanted}, not {value!r}")
    if field.type == NUMBERED and field.restricted and value not in field.values:
        return _record(value, field, name)
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


def _unlike(value: str, field: FieldFacts) -> str:
    """What a field takes, where this is nothing of the kind; "" = it is."""
    if field.pattern:
        return "" if _found(field.pattern, value) else f"what is like {field.pattern!r}"
    pattern, wanted = TYPES.get(field.type, ("(?s:.*)", ""))
    like = re.fullmatch(pattern, value, re.ASCII) and (field.type not in DAYS or _is_day(value[:10]))
    return "" if like else wanted


def _is_day(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def _found(pattern: str, value: str) -> bool:
    """Whether the CRM's own pattern is found; one that we cannot read is taken to be."""
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern.encode(), options).search(value.encode()) is not None
    except re2.error:
        return True


def _words(value: str, name: str) -> Unsuited | None:
    """Commas mean that white space was not to part anything."""
    items = [one.split() for one in value.split(",")]
    parted = [" ".join(one) for one in items if len(one) > 1]
    if len(items) == 1 or not parted:
        return None
    reason = f"{name} takes single words, so {parted[0]!r} becomes {len(parted[0].split())} of them"
    return Unsuited(code="wrong-type", reason=reason, suggestion=parted[0].replace(" ", "_"), warning=True)


def _record(value: str, field: FieldFacts, name: str) -> Unsuited:
    close = near(value, field.values)
    reason = f"there is no record with the id {value!r} that {name} can name"
    return Unsuited(code="no-such-record", reason=reason, allowed=_called(field, field.values), suggestion=close)


def _choice(value: str, field: FieldFacts, choices: Sequence[str], name: str) -> Unsuited | None:
    def folded(text: str) -> str:
        return text if field.case_sensitive else text.casefold()

    taken = {folded(choice) for choice in choices}
    wrong = [one for one in _several(value, field) if folded(one) not in taken]
    if not wrong:
        return None
    if field.restricted:
        reason = f"{name} does not take {wrong[0]!r}"
    else:
        reason = f"{wrong[0]!r} is not among the values of {name}, which takes it all the same"
    return Unsuited(
        code="not-a-choice",
        reason=reason,
        allowed=_called(field, choices),
        suggestion=_near(wrong[0], field, choices),
        warning=not field.restricted,
    )


def _several(value: str, field: FieldFacts) -> list[str]:
    return [one.strip() for one in value.split(";")] if field.type == "multipicklist" else [value]


def _called(field: FieldFacts, values: Sequence[str]) -> str:
    """These values, each with what people call it."""
    labels = dict(zip(field.values, field.labels, strict=False))
    return listed([called(value, labels.get(value, "")) for value in values])


def _near(value: str, field: FieldFacts, choices: Sequence[str]) -> str:
    """What was meant: who writes a value as people call it means that one."""
    labels = {label.casefold(): one for one, label in zip(field.values, field.labels, strict=False)}
    meant = labels.get(value.casefold(), "")
    return meant if meant in choices else near(value, choices)


def called(name: str, label: str) -> str:
    """A name, with what people call it where that is another."""
    return f"{name} ({label})" if label and label.casefold() != name.casefold() else name


def listed(names: Collection[str]) -> str:
    """The first of these names, for a message."""
    some = list(names)[:LISTED]
    return ", ".join([*some, "…"] if len(names) > LISTED else some)
