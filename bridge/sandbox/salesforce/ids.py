"""Record ids: 15 case-sensitive characters, or those and a 3-character checksum of their capitals. Pure."""

from __future__ import annotations

import string

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
CHECKSUM = string.ascii_uppercase + "012345"
INSTANCE = "Sb0"


def make(prefix: str, number: int) -> str:
    """Compose the 15-character id of an object's n-th record: key prefix, instance, base-62 number."""
    digits = ""
    for _ in range(9):
        number, digit = divmod(number, 62)
        digits = BASE62[digit] + digits
    return prefix + INSTANCE + digits


def long_form(short: str) -> str:
    """Append the checksum: one character for each five, a bit for each capital letter."""
    tail = ""
    for start in (0, 5, 10):
        chunk = short[start : start + 5]
        tail += CHECKSUM[sum(1 << n for n, letter in enumerate(chunk) if letter in string.ascii_uppercase)]
    return short + tail


def canonical(value: str) -> str:
    """Give the 18-character form of an id in either form; "" when it is none (length, letters or checksum)."""
    short = value[:15]
    if len(value) not in (15, 18) or not all(letter in BASE62 for letter in value):
        return ""
    full = long_form(short)
    return full if len(value) == 15 or value == full else ""
