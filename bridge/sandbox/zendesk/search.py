"""What the search index finds, by type, external id, status, tags, requester and words. Pure.

https://developer.zendesk.com/api-reference/ticketing/ticket-management/search/
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from bridge.sandbox.zendesk import refusals

DEEPEST = 1_000  #: results that a search reaches
Row = Mapping[str, Any]


def found(query: str, tickets: Sequence[Row], users: Sequence[Row], latest: str) -> list[dict[str, Any]]:
    """The tickets and users, as shown, that suit the query and were last changed before `latest`."""
    terms = list(_terms(query))
    kinds = {value for name, value in terms if name == "type"} or {"ticket", "user"}
    told = {"ticket": tickets, "user": users}
    return [
        {**row, "result_type": kind}
        for kind in ("ticket", "user")
        if kind in kinds
        for row in told[kind]
        if row["updated_at"] <= latest and all(_suits(row, *term) for term in terms if term[0] != "type")
    ]


def reachable(page: int, size: int) -> None:
    """Raise Refusal where a page lies beyond what a search reaches."""
    if page * size > DEEPEST:
        text = f"Invalid search: the number of results is limited to {DEEPEST}"
        raise refusals.invalid_search(text)


def _terms(query: str) -> Iterator[tuple[str, str]]:
    try:
        words = shlex.split(query, posix=True)
    except ValueError:  # a quotation mark is open
        words = query.replace('"', " ").replace("'", " ").split()
    for word in words:
        name, colon, value = word.partition(":")
        yield (name.lower(), value.lower()) if colon and name.lower() in TERMS else ("", word.lower())


def _suits(row: Row, name: str, value: str) -> bool:
    return TERMS[name](row, value)


def _holds(row: Row, value: str) -> bool:
    texts = (row.get(name) for name in ("subject", "description", "name", "email", "external_id"))
    return any(value in str(text).lower() for text in texts if text is not None)


def _same(name: str) -> Callable[[Row, str], bool]:
    return lambda row, value: str(row.get(name) or "").lower() == value


TERMS: Mapping[str, Callable[[Row, str], bool]] = {
    "type": lambda *_: True,
    "external_id": _same("external_id"),
    "status": _same("status"),
    "email": _same("email"),
    "role": _same("role"),
    "requester": _same("requester_id"),
    "tags": lambda row, value: value in row.get("tags", []),
    "name": lambda row, value: value in str(row.get("name", "")).lower(),
    "": _holds,
}
