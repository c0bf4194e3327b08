"""Reads a platform's JSON for adapters: what must not be guessed is refused, an ornament is left out. Pure.

Words, ids and flags are strict, since a wrong guess would lose a customer's words or mix up two people: a value of
another type raises Unfit, and its item alone is unreadable. Names, addresses and times are ornaments: a message is
worth more than its permalink, so an unusable one is unknown. null is absent everywhere.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from operator import attrgetter

from bridge.fitting import size
from bridge.message import clean

Json = Mapping[str, object]

DEEPEST = 64
"""Levels of lists and objects in one item. Meta needs 8; whoever reads `raw` again must not run out of stack."""

LONGEST_ID = 512
"""Bytes of UTF-8. The longest known are Messenger's mids, about 140; an id must fit an index of the database."""

LONGEST_EVENT = 80

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST = datetime(2004, 1, 1, tzinfo=UTC)  # Facebook's first year
LATEST = datetime(2100, 1, 1, tzinfo=UTC)

COUNTED = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?")
ZONE = re.compile(r" (?:UTC|GMT|Z|([+-][0-9]{2}:?[0-9]{2}))\Z")
LONGEST_TIME = 64
ISO = ""
FORMS = (ISO, "%a %b %d %H:%M:%S %z %Y", "%a, %d %b %Y %H:%M:%S%z", "%d %b %Y %H:%M:%S%z")
"""How times are written: ISO 8601, as X's legacy API does, and as e-mails do (RFC 2822)."""

WHOLE = "."
"""The path of a value itself."""


class Unfit(ValueError):
    """This item cannot be read. The message says which value and why, without the content."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """Stands where JSON holds what two readers could understand differently; the item around it is not fit."""

    why: str
    held: object  #: the same as JSON can hold it: the text of a number, the pairs of an object


def document(body: bytes) -> object:
    """Return the JSON of a body. Raises ValueError, or RecursionError when it is nested past what Python reads.

    What two readers could understand differently is a Flaw where it stands: one key twice, NaN, a number that
    overflows. Unfit is raised only if that is the body itself: its other items are as good as ever.
    """
    found = json.loads(
        body.decode(), object_pairs_hook=_object, parse_constant=_constant, parse_float=_finite, parse_int=_whole
    )
    if isinstance(found, Flaw):
        raise Unfit(found.why)
    return found


def compact(value: object) -> bytes:
    """Return the value as compact JSON, in ASCII: a lone surrogate, which UTF-8 cannot hold, stays escaped."""
    return json.dumps(value, separators=(",", ":"), default=attrgetter("held")).encode("ascii")


def as_object(value: object) -> Json:
    """Return the object. Raises Unfit if it is none; what stands in it may be a Flaw."""
    if isinstance(value, Flaw):
        raise Unfit(value.why)
    if not isinstance(value, dict):
        raise Unfit("it is not an object")
    return value


def fit(item: object) -> Json:
    """Return the item. Raises Unfit if it is no object, holds a Flaw, or is nested deeper than DEEPEST levels."""
    found = as_object(item)
    level: list[object] = [found]
    for _ in range(DEEPEST):
        level = [inner for outer in level for inner in _within(outer)]
        for one in level:
            if isinstance(one, Flaw):
                raise Unfit(one.why)
    if level:
        raise Unfit(f"it is nested deeper than {DEEPEST} levels")
    return found


def _object(pairs: list[tuple[str, object]]) -> dict[str, object] | Flaw:
    found = dict(pairs)
    return found if len(found) == len(pairs) else Flaw("an object has one key twice", pairs)


def _constant(name: str) -> Flaw:
    return Flaw(f"{name} is not JSON", name)


def _finite(digits: str) -> float | Flaw:
    number = float(digits)
    return Flaw("a number is too large", digits) if math.isinf(number) else number


def _whole(digits: str) -> int | Flaw:
    try:
        return int(digits)
    except ValueError:  # Python reads 4,300 digits
        return Flaw("a number is too large", digits)


def at(value: object, path: str) -> object:
    """Return what a dotted path leads to, as in data.tags.0; None = nothing."""
    for part in () if path == WHOLE else path.split("."):
        value = child(value, part)
    return value


def child(value: object, part: str) -> object:
    """Return what stands under one part of a path; None = nothing."""
    if isinstance(value, dict):
        return value.get(part)
    if isinstance(value, list) and part.isascii() and part.isdecimal() and len(part) < 7:
        return value[int(part)] if int(part) < len(value) else None
    return None


def _within(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def part(of: Json, name: str) -> Json:
    """Return the object under `name`; {} = absent. Raises Unfit for anything else."""
    value = of.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _unfit(name, value, "an object")
    return value


def parts(of: Json, name: str) -> list[object]:
    """Return the list under `name`; [] = absent. Raises Unfit for anything else."""
    value = of.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise _unfit(name, value, "a list")
    return value


def ident(of: Json, name: str) -> str:
    """Return the id under `name`; "" = absent. Platforms write one id now as text, now as a number.

    Raises Unfit for truth values, fractions, lists and objects, and for what is too long to be an id.
    """
    value = of.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise _unfit(name, value, "text or a whole number")
    found = clean(str(value))
    if size(found) > LONGEST_ID:
        raise Unfit(f"{name} is {size(found)} bytes long, an id has at most {LONGEST_ID}")
    return found


def words(of: Json, name: str) -> str:
    """Return the text under `name`, storable and else literal; "" = absent. Raises Unfit for anything else."""
    value = of.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _unfit(name, value, "text")
    return clean(value)


def flag(of: Json, name: str) -> bool:
    """Return the truth value under `name`; False = absent. Raises Unfit for anything else."""
    value = of.get(name)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise _unfit(name, value, "true or false")
    return value


def need(value: str, name: str) -> str:
    """Return the value; raises Unfit if it is empty: without it the item is not what it says."""
    if not value:
        raise Unfit(f"{name} is missing")
    return value


def ornament(of: Json, name: str) -> str:
    """Return the text under `name`; "" = absent or of no use."""
    value = of.get(name)
    return clean(value) if isinstance(value, str) else ""


def digits(of: Json, name: str) -> str:
    """Return a count or time as its digits, to tell two events apart; "" = absent or of no use."""
    value = of.get(name)
    text = str(value) if isinstance(value, str | int) else ""
    return text if text.isascii() and text.isdecimal() and len(text) <= 20 else ""


def moment(of: Json, name: str) -> datetime | None:
    """Return the time under `name`, in UTC; None = absent, of no use, or outside 2004 to 2100.

    Platforms mix seconds and milliseconds, Meta even within one product, so the size decides:
    https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/messages
    """
    value = of.get(name)
    text = str(value) if isinstance(value, str | int | float) else ""
    when = _counted(Decimal(text)) if COUNTED.fullmatch(text) else _written(text)
    return when if when is not None and EARLIEST <= when <= LATEST else None


def event_name(*names: str) -> str:
    """Return the platform's name for an event, as it is counted: `feed:video:block`."""
    return clean(":".join(names))[:LONGEST_EVENT]


def _counted(number: Decimal) -> datetime:
    if number >= 10**17:
        micros = number / 1000
    elif number >= 10**14:
        micros = number
    elif number >= 10**11:
        micros = number * 1000
    else:
        micros = number * 1_000_000
    return EPOCH + timedelta(microseconds=int(micros))  # 20 digits at most: the year 5138


def _written(text: str) -> datetime | None:
    if len(text) > LONGEST_TIME:
        return None
    zoned = ZONE.sub(lambda zone: zone[1] or "+00:00", text)
    return next((when for form in FORMS if (when := _by(form, zoned))), None)


def _by(form: str, text: str) -> datetime | None:
    try:
        if form != ISO:
            return datetime.strptime(text, form).astimezone(UTC)
        when = datetime.fromisoformat(text)
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _unfit(name: str, value: object, wanted: str) -> Unfit:
    if isinstance(value, Flaw):
        return Unfit(f"{name}: {value.why}")
    found = {
        dict: "an object",
        list: "a list",
        bool: "true or false",
        float: "a fraction",
        int: "a number",
        str: "text",
    }
    return Unfit(f"{name} is {found[type(value)]}, expected {wanted}")
