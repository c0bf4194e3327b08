"""Reading a request's JSON and answering a refusal, in the vendor's form. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bridge.sandbox.salesforce import refusals
from bridge.sandbox.salesforce.refusals import Refusal
from bridge.sandbox.wire import Answer, Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a request, as it came."""

    type: str
    fields: Mapping[str, Any]
    method: str  #: POST, PATCH, DELETE


def read(call: Call) -> Any:
    """The body as JSON. Raises Refusal: not JSON, or not said to be."""
    if call.media_type != "application/json":
        raise refusals.unsupported_media(call.headers.get("content-type", ""))
    try:
        return json.loads(call.body.decode(), parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise refusals.bad_json("Invalid UTF-8 in the request body") from None
    except RecursionError:
        raise refusals.bad_json("The request body is nested too deeply") from None
    except json.JSONDecodeError as error:
        where = f"[line:{error.lineno}, column:{error.colno}]"
        if error.pos >= len(error.doc):
            raise refusals.bad_json(f"Unexpected end-of-input at {where}") from None
        found = error.doc[error.pos]
        raise refusals.bad_json(f"Unexpected character ('{found}' (code {ord(found)})) at {where}") from None


def rows_of(call: Call) -> list[Row]:
    """The rows that a call would write, those in the steps of a composite too."""
    try:
        body = read(call)
    except Refusal:
        body = None
    if not call.path.endswith("/composite"):
        return rows_in(call.method, call.path, body)
    steps = body.get("compositeRequest") if isinstance(body, dict) else None
    found: list[Row] = []
    for step in steps if isinstance(steps, list) else ():
        if isinstance(step, dict):
            found += rows_in(str(step.get("method")), str(step.get("url")), step.get("body"))
    return found


def rows_in(method: str, path: str, body: Any) -> list[Row]:
    """The rows that one request would write: their types and their fields. Of a deletion its type alone."""
    if method == "GET" or (isinstance(body, dict) and "ids" in body):
        return []  # it reads
    parts = path.partition("?")[0].split("/")
    named = parts[parts.index("sobjects") + 1 : parts.index("sobjects") + 2] if "sobjects" in parts else []
    records = body.get("records") if isinstance(body, dict) else None
    if not isinstance(records, list):
        fields = body if isinstance(body, dict) else {}
        return [Row(type=name, fields=fields, method=method) for name in named if name]
    return [Row(type=_type(row), fields=row, method=method) for row in records if isinstance(row, dict)]


def _type(row: Mapping[str, Any]) -> str:
    attributes = row.get("attributes")
    return str(attributes.get("type") or "") if isinstance(attributes, dict) else ""


def refused(refusal: Refusal) -> Answer:
    """The answer to a refused request."""
    headers = {"WWW-Authenticate": "Token"} if refusal.status == 401 else {}
    return Answer(status=refusal.status, body=refusal.as_request(), headers=headers)


def _no_constant(name: str) -> Any:
    raise refusals.bad_json(f"Non-standard token '{name}'")
