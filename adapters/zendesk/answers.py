"""Reads Zendesk's answers: what was refused, what was found, and what was written. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import requests

from adapters.zendesk import classify
from adapters.zendesk.classify import Refusal
from bridge.errors import RetryLater, Unsure

Json = Mapping[str, Any]


def each(given: object) -> list[Json]:
    """Return the objects of a list; what is none is left out."""
    return [one for one in given if isinstance(one, Mapping)] if isinstance(given, list) else []


def refused(response: requests.Response) -> Refusal:
    """Return what an answer that is none of success says."""
    try:
        body = response.json()
    except ValueError:
        body = response.text
    return classify.refusal(response.status_code, response.headers, body, now=datetime.now(UTC))


def read(response: requests.Response, *, write: bool) -> Json:
    """Return an answer of success, with the keys that Zendesk says it ignored.

    Raises Unsure for a write, or RetryLater, where it is not JSON.
    """
    try:
        body = response.json() or {} if response.status_code != 204 else {}  # some answers are null
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise classify.lost("Zendesk answered with something else than it documents", write=write)
    return {
        **body,
        "ignored": classify.warned(response.headers),
        "repeated": response.headers.get("x-idempotency-lookup", "").lower() != "miss",
    }


def listing(answer: Json, name: str) -> Json:
    """See that a read's answer has its rows: what is not in it is taken to be gone. Raises RetryLater."""
    rows = answer.get(name)
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) and row.get("id") for row in rows):
        raise RetryLater(f"Zendesk answered without {name}", after=classify.BUSY_AGAIN)
    return answer


def whole(answer: Json, *names: str) -> Json:
    """See that a write's answer names what it wrote. Raises Unsure."""
    for name in names:
        given = answer.get(name)
        if not isinstance(given, Mapping) or not isinstance(given.get("id"), int):
            raise Unsure(f"Zendesk's answer to a write names no {name}", after=classify.LOST_AGAIN)
    return answer
