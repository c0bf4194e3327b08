"""Single values: what a field takes in a request, and the form in which it is stored and answered. Pure."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from bridge.sandbox.salesforce import ids, refusals
from bridge.sandbox.salesforce.schema import NUMBERS, TEXTS, Field

EMAIL = re.compile(r"[^\s@,;<>()]+@[^\s@,;<>()]+\.[^\s@,;<>().]+")
TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?(?:\.\d{1,9})?)(Z|[+-]\d\d:?\d\d)?", re.ASCII)


def stored(field: Field, value: Any) -> Any:
    """Check a value from a request and give the stored form; None = empty, as "" is in this CRM.

    Raises Refusal in the vendor's words.
    """
    if value is None or value == "":
        return None
    if field.type in TEXTS:
        return _text(field, value)
    if field.type in NUMBERS:
        return _number(field, value)
    return OTHERS[field.type](field, value)


def _text(field: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise refusals.cannot_deserialize("string", _found(value))
    size, limit = len(value), field.length
    if field.max_bytes:
        size, limit = len(value.encode("utf-8", "surrogatepass")), field.max_bytes
    if limit and size > limit:
        raise refusals.too_long(field.label, field.name, value, limit)
    if field.type == "email" and not EMAIL.fullmatch(value):
        raise refusals.bad_email(field.label, field.name, value)
    if field.restricted:
        chosen = value.split(";") if field.type == "multipicklist" else [value]
        for one in chosen:
            if one not in field.values:
                raise refusals.bad_choice(field.label, field.name, one)
    return value


def _number(field: Field, value: Any) -> int | float:
    whole = field.type == "int"
    if isinstance(value, bool) or not isinstance(value, int | float) or (whole and isinstance(value, float)):
        raise refusals.cannot_deserialize(field.type, _found(value))
    most: int = 2**31 if whole else 10 ** ((field.precision or 18) - field.scale)
    number: int | float = round(value, field.scale) if field.precision and not math.isinf(value) else value
    if not abs(number) < most:
        raise refusals.out_of_range(field.label, field.name, str(value))
    return number


def _boolean(field: Field, value: Any) -> bool:
    if not isinstance(value, bool):
        raise refusals.cannot_deserialize(field.type, _found(value))
    return value


def _reference(field: Field, value: Any) -> str:
    full = ids.canonical(value) if isinstance(value, str) else ""
    if not full:
        raise refusals.bad_reference(field.label, field.name, str(value))
    return full


def _datetime(field: Field, value: Any) -> str:
    when = parsed_time(value) if isinstance(value, str) else None
    if when is None:
        raise refusals.cannot_deserialize(field.type, _found(value))
    return shown_time(when)


def _date(field: Field, value: Any) -> str:
    try:
        return date.fromisoformat(value[:10] if parsed_time(value) else value).isoformat()
    except (TypeError, ValueError):
        raise refusals.cannot_deserialize(field.type, _found(value)) from None


def _base64(_field: Field, value: Any) -> str:
    try:
        base64.b64decode(value, validate=True)
    except (TypeError, ValueError):
        raise refusals.cannot_deserialize("base64Binary", "VALUE_STRING") from None
    return str(value)


OTHERS: dict[str, Callable[[Field, Any], Any]] = {
    "boolean": _boolean,
    "reference": _reference,
    "id": _reference,
    "datetime": _datetime,
    "date": _date,
    "base64": _base64,
}


def parsed_time(text: Any) -> datetime | None:
    """An aware time in UTC from ISO text (Z, +0000 or +00:00; none = UTC); None = it is no time."""
    match = TIME.fullmatch(text) if isinstance(text, str) else None
    if not match:
        return None
    zone = "+00:00" if match[2] in (None, "Z") else match[2]
    try:
        return datetime.fromisoformat(match[1] + zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def shown_time(when: datetime) -> str:
    """A time as the vendor writes it: whole seconds, 2026-11-21T20:00:00.000+0000. Sorts as text."""
    return when.astimezone(UTC).replace(microsecond=0).strftime("%Y-%m-%dT%H:%M:%S") + ".000+0000"


def folded(field: Field, value: Any) -> Any:
    """The form in which two values of a field are equal: text blind to case unless the field is not."""
    if isinstance(value, str) and field.type in TEXTS and not field.case_sensitive:
        return value.lower()
    return value


def _found(value: Any) -> str:
    match value:
        case bool():
            return f"VALUE_{str(value).upper()}"
        case int():
            return f"VALUE_NUMBER_INT value {value}"
        case float():
            return f"VALUE_NUMBER_FLOAT value {value}"
        case str():
            return f"VALUE_STRING value {value}"
        case dict():
            return "START_OBJECT"
        case _:
            return "START_ARRAY"
