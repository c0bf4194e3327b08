"""Reading the body of a request: JSON of the right form, and the keys that it should not have. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from bridge.sandbox.wire import Call
from bridge.sandbox.zendesk import refusals

NAMES: Mapping[type, str] = {
    dict: "an object",
    str: "a string",
    int: "an integer",
    bool: "a boolean",
    list: "an array",
}
LONGEST_WARNING = 4_000  # characters
MOST = 2**63


def read(call: Call) -> dict[str, Any]:
    """The body as a JSON object. Raises Refusal: not JSON, or not said to be."""
    if call.media_type != "application/json":
        raise refusals.unsupported_media()
    try:
        found = json.loads(call.body.decode(), parse_constant=_no_constant)
        json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError):  # UnicodeError, half of a surrogate pair, is a ValueError
        raise refusals.bad_json() from None
    if not isinstance(found, dict):
        raise refusals.bad_json()
    return found


def root(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The object under its name, {"ticket": {…}}."""
    return need(body, name, dict) or {}


def need(given: Mapping[str, Any], name: str, kind: type) -> Any:
    """A value that must be there and be of its type."""
    if given.get(name) is None:
        raise refusals.invalid_attribute(name, f"{name} is required")
    return optional(given, name, kind)


def optional(given: Mapping[str, Any], name: str, kind: type) -> Any:
    """A value of its type; None = it is missing or null."""
    value = given.get(name)
    if value is None:
        return None
    number = kind is int and not isinstance(value, bool) and isinstance(value, int) and abs(value) < MOST
    if not (number if kind is int else isinstance(value, kind)):
        raise refusals.invalid_attribute(name, f"{name} must be {NAMES[kind]}")
    return value


def warning(controller: str, action: str, keys: Iterable[str]) -> dict[str, str]:
    """The header that names keys nobody asked for; {} = there are none."""
    shown = ", ".join(map(json.dumps, keys))[:LONGEST_WARNING]  # in ASCII, control characters escaped
    if not shown:
        return {}
    told = (
        f'{{:controller=>"{controller}", :action=>"{action}", :unpermitted_keys=>[{shown}], :invalid_values=>[]}}'
    )
    return {"x-zendesk-api-warn": "{:allowed_parameters=>" + told + "}"}


def _no_constant(name: str) -> Any:
    raise ValueError(name)
