"""Reads single values out of Meta's JSON: what must not be guessed is refused, an ornament is left out. Pure.

Words, ids and flags are strict, since a wrong guess would lose a customer's words or mix up two people: a value of
another type raises Unfit, and its item alone is unreadable. Names, addresses and times are ornaments: a message is
worth more than its permalink, so an unusable one is unknown. null is absent everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bridge.message import Account, clean

Json = Mapping[str, object]

LONGEST_ID = 512
"""Characters. Meta's longest are Messenger's mids, about 140; an id must fit an index of the database."""

LONGEST_EVENT = 80

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST = datetime(2004, 1, 1, tzinfo=UTC)  # Facebook's first year
LATEST = datetime(2100, 1, 1, tzinfo=UTC)


class Unfit(ValueError):
    """This item cannot be read. The message says which value and why, without the content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Where an item came in: what its message takes from the callback and the entry around it."""

    account: Account
    connection: str
    received_at: datetime
    time: str  #: entry.time as digits; "" = unknown


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
    """Return the id under `name`; "" = absent. Meta writes one id now as text, now as a number.

    Raises Unfit for truth values, fractions, lists and objects, and for what is too long to be an id.
    """
    value = of.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise _unfit(name, value, "text or a whole number")
    if len(str(value)) > LONGEST_ID:
        raise Unfit(f"{name} is {len(str(value))} characters long, an id has at most {LONGEST_ID}")
    return clean(str(value))


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

    Meta mixes seconds (feed) and milliseconds (Messenger), and has sent each in the other's place, so the size
    decides: https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/messages
    """
    number = digits(of, name)
    when = _counted(int(number)) if number else _written(ornament(of, name))
    return when if when is not None and EARLIEST <= when <= LATEST else None


def event_name(*names: str) -> str:
    """Return the platform's name for an event, as it is counted: `feed:video:block`."""
    return clean(":".join(names))[:LONGEST_EVENT]


def _counted(number: int) -> datetime:
    if number >= 10**17:
        micros = number // 1000
    elif number >= 10**14:
        micros = number
    elif number >= 10**11:
        micros = number * 1000
    else:
        micros = number * 1_000_000
    return EPOCH + timedelta(microseconds=micros)  # 20 digits at most: the year 5138


def _written(text: str) -> datetime | None:
    try:
        when = datetime.fromisoformat(text)
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _unfit(name: str, value: object, wanted: str) -> Unfit:
    found = {
        dict: "an object",
        list: "a list",
        bool: "true or false",
        float: "a fraction",
        int: "a number",
        str: "text",
    }
    return Unfit(f"{name} is {found[type(value)]}, expected {wanted}")
