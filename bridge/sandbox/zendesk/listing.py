"""Lists in pages: by cursor (`page[size]`), or by offset (`page`, `per_page`). Pure.

https://developer.zendesk.com/api-reference/introduction/pagination/
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from bridge.sandbox.zendesk import refusals

MOST = 100
DEEPEST = 10_000


def paged(name: str, found: Sequence[dict[str, Any]], url: str, query: Mapping[str, str]) -> dict[str, Any]:
    """One page of what was found, which is in the order of its ids, with what leads on."""
    if _descending(query):
        found = found[::-1]
    if any(key.startswith("page[") for key in query):
        return _by_cursor(name, found, url, query)
    return _by_offset(name, found, url, query)


def _descending(query: Mapping[str, str]) -> bool:
    return query.get("sort", "").startswith("-") or query.get("sort_order", "").lower() == "desc"


def _by_cursor(name: str, found: Sequence[dict[str, Any]], url: str, query: Mapping[str, str]) -> dict[str, Any]:
    size = _number(query.get("page[size]", str(MOST)), "page[size]", MOST)
    ids = [str(one["id"]) for one in found]
    start = 0
    if "page[after]" in query:
        start = _place(ids, query["page[after]"], "page[after]") + 1
    elif "page[before]" in query:
        start = max(0, _place(ids, query["page[before]"], "page[before]") - size)
    page = found[start : start + size]
    after, before = (_cursor(page[-1]["id"]), _cursor(page[0]["id"])) if page else (None, None)
    more = start + size < len(found)
    kept = {key: value for key, value in query.items() if not key.startswith("page[")} | {"page[size]": str(size)}
    following = f"{url}?{urlencode({**kept, 'page[after]': after})}" if more else None
    previous = f"{url}?{urlencode({**kept, 'page[before]': before})}" if start > 0 and page else None
    return {
        name: list(page),
        "meta": {"has_more": more, "after_cursor": after, "before_cursor": before},
        "links": {"prev": previous, "next": following},
    }


def place(query: Mapping[str, str]) -> tuple[int, int]:
    """Which page is asked for, and how many a page holds."""
    number = _number(query.get("page", "1"), "page", DEEPEST)
    return number, min(MOST, _number(query.get("per_page", str(MOST)), "per_page", DEEPEST))


def _by_offset(name: str, found: Sequence[dict[str, Any]], url: str, query: Mapping[str, str]) -> dict[str, Any]:
    number, size = place(query)
    if number * size > DEEPEST:
        text = f"Number of records requested is greater than the {DEEPEST} that offset pagination reaches"
        raise refusals.bad_page("InvalidPaginationDepth", text)

    def link(page: int) -> str:
        return f"{url}?{urlencode({**query, 'page': str(page)})}"

    return {
        name: list(found[(number - 1) * size : number * size]),
        "next_page": link(number + 1) if number * size < len(found) else None,
        "previous_page": link(number - 1) if number > 1 else None,
        "count": len(found),
    }


def _number(text: str, name: str, most: int) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= most):
        raise refusals.bad_page("InvalidPaginationParameter", f"{name} must be from 1 to {most}")
    return int(text)


def _cursor(own: int | str) -> str:
    return base64.urlsafe_b64encode(f"id:{own}".encode()).decode()


def _place(ids: Sequence[str], cursor: str, name: str) -> int:
    try:
        return ids.index(base64.urlsafe_b64decode(cursor).removeprefix(b"id:").decode())
    except ValueError:
        raise refusals.bad_page("InvalidPaginationParameter", f"{name} is not a valid cursor") from None
