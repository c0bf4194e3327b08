"""One request and one answer, free of any web framework, so that a request can also be carried out later. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request."""

    method: str
    path: str  #: decoded, without the query
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)  #: names in lower case
    body: bytes = b""
    size: int = 0  #: bytes of the URL and the headers

    @property
    def media_type(self) -> str:
        """What the body is said to be; "" = nothing is said."""
        return self.headers.get("content-type", "").split(";")[0].strip().lower()


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
