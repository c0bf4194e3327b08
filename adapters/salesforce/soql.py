"""SOQL, written safely: names are checked, values are escaped, a query fits into a URL. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus

from simple_salesforce.format import format_soql

ROOM = 12_000
"""Encoded bytes of one query. Salesforce takes about 16,000 of URL and headers, then answers 414 or 431."""

LONGEST = 255
"""Characters of the longest field that can stand in a WHERE: a longer value matches nothing."""

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}")

Match = Mapping[str, str]  #: field -> value; all of them must hold


def name(text: str) -> str:
    """Return the name of an object or field as it is. Raises ValueError if it could be anything else."""
    if not NAME.fullmatch(text):
        raise ValueError(
            f"{text!r} is no API name in Salesforce: letters, digits and _ only; "
            "see Setup, Object Manager, Fields & Relationships"
        )
    return text


def object_of(row: Mapping[str, Any]) -> str:
    """Return the object that a row of an answer belongs to; "" = not said."""
    attributes = row.get("attributes")
    return str(attributes.get("type")) if isinstance(attributes, Mapping) else ""


def queries(
    fields: Iterable[str],
    kind: str,
    matches: Sequence[Match],
    *,
    since: datetime | None = None,
    room: int = ROOM,
) -> list[str]:
    """Write the fewest queries, each short enough to send, that find whatever any of `matches` describes.

    kind: the object. [] when there is nothing to look for. Raises ValueError for a bad name.
    """
    distinct = {f.casefold(): name(f) for f in fields}.values()  # Salesforce refuses a field that stands twice
    head = " ".join(("SELECT", ", ".join(distinct), "FROM", name(kind), "WHERE"))
    tail = format_soql(" AND CreatedDate >= {}", since) if since else ""
    fitting = [m for m in matches if m and all(0 < len(value) <= LONGEST for value in m.values())]
    left = room - len(quote_plus(head + " ()" + tail))
    return [f"{head} ({_any_of(chunk)}){tail}" for chunk in _chunks(fitting, left)]


def _chunks(matches: Sequence[Match], room: int) -> list[list[Match]]:
    """Cut into runs whose conditions fit; a match that is too big for any run stands alone."""
    chunks: list[list[Match]] = []
    left = 0
    for match in matches:
        cost = len(quote_plus(" OR " + _any_of([match])))
        if not chunks or cost > left:
            chunks.append([])
            left = room
        chunks[-1].append(match)
        left -= cost
    return chunks


def _any_of(matches: Sequence[Match]) -> str:
    """Join with OR; values of one field go into one IN list, which Salesforce plans better than many ORs."""
    lists: dict[str, list[str]] = {}
    joint: list[str] = []
    for match in matches:
        if len(match) == 1:
            [(field, value)] = match.items()
            lists.setdefault(field, []).append(value)
        else:
            joint.append("(" + " AND ".join(format_soql(name(f) + " = {}", v) for f, v in match.items()) + ")")
    singles = [format_soql(name(field) + " IN {}", list(dict.fromkeys(values))) for field, values in lists.items()]
    return " OR ".join(singles + joint)
