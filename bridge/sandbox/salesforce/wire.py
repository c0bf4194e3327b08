"""Reading a request's JSON and answering a refusal, in the vendor's form. Pure."""

from __future__ import annotations

import json
from typing import Any

from bridge.sandbox.salesforce import refusals
from bridge.sandbox.salesforce.refusals import Refusal
from bridge.sandbox.wire import Answer, Call


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


def rows_of(call: Call) -> frozenset[str]:
    """The types of the rows in the body, and the type in the path, if any."""
    parts = call.path.split("/")
    named = parts[parts.index("sobjects") + 1 : parts.index("sobjects") + 2] if "sobjects" in parts else []
    try:
        rows = read(call)["records"]
        named += [row["attributes"]["type"] for row in rows]
    except (Refusal, KeyError, TypeError):
        pass
    return frozenset(name for name in named if isinstance(name, str) and name)


def refused(refusal: Refusal) -> Answer:
    """The answer to a refused request."""
    headers = {"WWW-Authenticate": "Token"} if refusal.status == 401 else {}
    return Answer(status=refusal.status, body=refusal.as_request(), headers=headers)


def _no_constant(name: str) -> Any:
    raise refusals.bad_json(f"Non-standard token '{name}'")
