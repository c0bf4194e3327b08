"""Whether a record holds what was written into it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any


def changed(sent: Mapping[str, Any], there: Mapping[str, Any]) -> list[str]:
    """Return the fields that hold something else than was sent. there: by name in lower case, as it was read.

    What could not be read is passed over. Salesforce trims texts, changes line ends, sorts what can be chosen
    several times, and writes ids and times its own way.
    """
    read = {name: there[name.casefold()] for name in sent if name.casefold() in there}
    return [name for name, value in read.items() if not same(sent[name], value)]


def same(sent: Any, there: Any) -> bool:
    """Compare one value as it was sent with what was read."""
    if sent in (None, "") or there in (None, ""):
        return sent in (None, "", False) and there in (None, "", False)
    if isinstance(sent, bool) or isinstance(there, bool):
        return str(sent).casefold() == str(there).casefold()
    one, other = " ".join(str(sent).split()), " ".join(str(there).split())
    return (
        one == other
        or _chosen(one) == _chosen(other)
        or _id(one, other)
        or _number(one, other)
        or _time(one, other)
    )


def _chosen(text: str) -> list[str]:
    return sorted(part.strip() for part in text.split(";"))


def _id(one: str, other: str) -> bool:
    return {len(one), len(other)} == {15, 18} and one[:15] == other[:15]


def _number(one: str, other: str) -> bool:
    try:
        return float(one) == float(other)
    except ValueError:
        return False


def _time(one: str, other: str) -> bool:
    for kind in (datetime, date):
        try:
            return kind.fromisoformat(one) == kind.fromisoformat(other)
        except (ValueError, TypeError):
            continue
    return False
