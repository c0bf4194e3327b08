"""One request and one answer, free of any web framework, so that a request can also be carried out later. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.sandbox.salesforce import refusals
from bridge.sandbox.salesforce.refusals import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request."""

    method: str
    path: str  #: decoded, without the query
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)  #: names in lower case
    body: bytes = b""
    size: int = 0  #: bytes of the URL and the headers

    def json(self) -> Any:
        """The body as JSON. Raises Refusal: not JSON, or not said to be."""
        kind = self.headers.get("content-type", "")
        if kind.split(";")[0].strip().lower() != "application/json":
            raise refusals.unsupported_media(kind)
        try:
            return json.loads(self.body.decode(), parse_constant=_no_constant)
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

    def objects(self) -> frozenset[str]:
        """The types of the rows in the body, and the type in the path, if any."""
        parts = self.path.split("/")
        named = parts[parts.index("sobjects") + 1 : parts.index("sobjects") + 2] if "sobjects" in parts else []
        try:
            rows = self.json()["records"]
            named += [row["attributes"]["type"] for row in rows]
        except (Refusal, KeyError, TypeError):
            pass
        return frozenset(name for name in named if isinstance(name, str) and name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer. `body` is turned into JSON, unless `text` is given."""

    status: int = 200
    body: Any = None
    text: str | None = None
    type: str = "application/json;charset=UTF-8"
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def payload(self) -> bytes:
        if self.text is not None:
            return self.text.encode("utf-8", "replace")
        return b"" if self.body is None else json.dumps(self.body).encode()


def refused(refusal: Refusal) -> Answer:
    """The answer to a refused request."""
    headers = {"WWW-Authenticate": "Token"} if refusal.status == 401 else {}
    return Answer(status=refusal.status, body=refusal.as_request(), headers=headers)


def _no_constant(name: str) -> Any:
    raise refusals.bad_json(f"Non-standard token '{name}'")
