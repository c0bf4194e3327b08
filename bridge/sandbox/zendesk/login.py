"""The token endpoint: OAuth client credentials, as JSON or as a form.

https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from bridge.sandbox.wire import Answer, Call
from bridge.sandbox.zendesk.account import Account
from bridge.sandbox.zendesk.refusals import JSON

RESOURCES = ("tickets", "users", "organizations", "hc", "apps", "triggers", "automations", "targets", "webhooks")
SCOPES = frozenset({"read", "write", "impersonate", "auditlogs:read"}) | {
    f"{resource}:{right}" for resource in RESOURCES for right in ("read", "write")
}
SHORTEST, LONGEST, DEFAULT = 300, 172_800, 1_800  # seconds that a token lives


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """The one client that may log in."""

    id: str
    secret: str


def token(account: Account, client: Client, call: Call) -> Answer:
    """Answer a login: a new token, or the vendor's JSON error."""
    given = _given(call)
    if given.get("grant_type") != "client_credentials":
        text = "The authorization grant type is not supported by the authorization server."
        return _refused(400, "unsupported_grant_type", text)
    right = _same(given.get("client_id"), client.id) & _same(given.get("client_secret"), client.secret)
    if not right:
        return refused_client()
    seconds = _seconds(given.get("expires_in"))
    if seconds is None:
        text = f"expires_in must be a number of seconds from {SHORTEST} to {LONGEST}"
        return _refused(400, "invalid_request", text)
    scopes = [scope for scope in str(given.get("scope") or "read").split() if scope in SCOPES]
    if not scopes:
        return _refused(400, "invalid_scope", "The requested scope is invalid, unknown, or malformed.")
    body = {
        "access_token": account.log_in(scopes, seconds),
        "scope": " ".join(scopes),
        "token_type": "bearer",
        "expires_in": seconds,
    }
    return Answer(status=201, body=body, type=JSON, headers={"Cache-Control": "no-store"})


def refused_client() -> Answer:
    """The answer to a client that is not let in."""
    text = (
        "Client authentication failed due to unknown client, no client authentication included, or unsupported "
        "authentication method."
    )
    return _refused(401, "invalid_client", text)


def _given(call: Call) -> Mapping[str, Any]:
    if call.method != "POST":
        return {}
    if call.media_type != "application/json":
        return dict(parse_qsl(call.body.decode("latin-1")))
    try:
        found = json.loads(call.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _same(given: Any, right: str) -> bool:
    return isinstance(given, str) and hmac.compare_digest(given.encode("utf-8", "replace"), right.encode())


def _seconds(given: Any) -> int | None:
    if given is None:
        return DEFAULT
    text = "" if isinstance(given, bool) else str(given)
    return int(text) if text.isascii() and text.isdigit() and SHORTEST <= int(text[:9]) <= LONGEST else None


def _refused(status: int, error: str, description: str) -> Answer:
    return Answer(status=status, body={"error": error, "error_description": description}, type=JSON)
