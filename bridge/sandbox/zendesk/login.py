"""Logging in: the OAuth token endpoint, as JSON or as a form, and who is let in with what they were given.

https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from bridge.sandbox.wire import Answer, Call
from bridge.sandbox.zendesk import grants, refusals
from bridge.sandbox.zendesk.account import Account
from bridge.sandbox.zendesk.grants import Grant
from bridge.sandbox.zendesk.refusals import JSON, Refusal

RESOURCES = ("tickets", "users", "organizations", "hc", "apps", "triggers", "automations", "targets", "webhooks")
SCOPES = frozenset({"read", "write", "impersonate", "auditlogs:read"}) | {
    f"{resource}:{right}" for resource in RESOURCES for right in ("read", "write")
}
DEFAULT = 1_800  # seconds that an access token lives
LIVES: Mapping[str, tuple[int, int, int]] = {
    "expires_in": (300, 172_800, DEFAULT),
    "refresh_token_expires_in": (604_800, 7_776_000, 2_592_000),
}
"""What a login may ask for -> the least seconds, the most, and those where it does not ask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """The one client that may log in, and the one API token."""

    id: str
    secret: str
    email: str = "bridge@sandbox.example"
    api_token: str = "sandbox-token"


def admit(account: Account, client: Client, call: Call) -> frozenset[str]:
    """Let a call in: what it may do, by its token or the API token of a user. Raises Refusal 401."""
    scheme, _, given = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic" and account.switches["api_tokens"] and _knows(client, given.strip()):
        return SCOPES
    if scheme.lower() != "bearer" or not given.strip():
        raise refusals.no_credentials()
    scopes = account.scopes(given.strip())
    if scopes is None:
        raise refusals.invalid_token()
    return scopes


def _knows(client: Client, given: str) -> bool:
    try:
        decoded = base64.b64decode(given, validate=True)
    except ValueError:
        return False
    return hmac.compare_digest(decoded, f"{client.email}/token:{client.api_token}".encode())


def token(account: Account, client: Client, call: Call) -> Answer:
    """Answer a login: a new token, or the vendor's JSON error."""
    given = _given(call)
    grant = GRANTS.get(str(given.get("grant_type")))
    if grant is None:
        text = "The authorization grant type is not supported by the authorization server."
        return _refused(400, "unsupported_grant_type", text).answer()
    right = _same(given.get("client_id"), client.id) & _same(given.get("client_secret"), client.secret)
    if not right:
        return refused_client()
    try:
        body = grant(account, given)
    except Refusal as refusal:
        return refusal.answer()
    return Answer(status=201, body=body, type=JSON, headers={"Cache-Control": "no-store"})


def refused_client() -> Answer:
    """The answer to a client that is not let in."""
    text = (
        "Client authentication failed due to unknown client, no client authentication included, or unsupported "
        "authentication method."
    )
    return _refused(401, "invalid_client", text).answer()


# --- the grants


def _client_credentials(account: Account, given: Mapping[str, Any]) -> dict[str, Any]:
    seconds = _seconds(given, "expires_in")
    scopes = _scopes(account, str(given.get("scope") or "read"))
    return {
        "access_token": account.log_in(scopes, seconds),
        "scope": " ".join(scopes),
        "token_type": "bearer",
        "expires_in": seconds,
    }


def _authorization_code(account: Account, given: Mapping[str, Any]) -> dict[str, Any]:
    seconds, longer = (_seconds(given, name) for name in LIVES)
    found = _spent(account, grants.CODE, given.get("code"))
    same = found.redirect_uri in ("", given.get("redirect_uri"))
    if not same or not grants.proves(given.get("code_verifier"), found.challenge):
        raise _invalid_grant()
    return _pair(account, found.scopes, seconds, longer)


def _refresh_token(account: Account, given: Mapping[str, Any]) -> dict[str, Any]:
    """The token that is refreshed is dead from then on, and so is the access token that came with it."""
    seconds, longer = (_seconds(given, name) for name in LIVES)
    found = _spent(account, grants.REFRESH, given.get("refresh_token"))
    account.expire(found.access)
    wanted = str(given.get("scope") or " ".join(found.scopes)).split()
    return _pair(account, [scope for scope in found.scopes if scope in wanted], seconds, longer)


GRANTS: Mapping[str, Callable[[Account, Mapping[str, Any]], dict[str, Any]]] = {
    "client_credentials": _client_credentials,
    "authorization_code": _authorization_code,
    "refresh_token": _refresh_token,
}


def _spent(account: Account, kind: str, given: Any) -> Grant:
    with account.database.write() as tx:
        found = grants.spend(tx, kind, given, account.now().timestamp())
    if found is None:
        raise _invalid_grant()
    return found


def _pair(account: Account, scopes: Sequence[str], seconds: int, longer: int) -> dict[str, Any]:
    if not scopes:
        raise _invalid_scope()
    access, expires = account.log_in(scopes, seconds), account.now().timestamp() + longer
    kept = Grant(kind=grants.REFRESH, scopes=tuple(scopes), expires=expires, access=access)
    with account.database.write() as tx:
        refresh = grants.keep(tx, kept)
    return {
        "access_token": access,
        "refresh_token": refresh,
        "token_type": "bearer",
        "scope": " ".join(scopes),
        "expires_in": seconds,
        "refresh_token_expires_in": longer,
    }


def _scopes(account: Account, wanted: str) -> list[str]:
    """The known ones of those that were asked for; one that the client was not given is too much."""
    known = [scope for scope in wanted.split() if scope in SCOPES]
    limited = account.switches["client_scopes"].split()
    if not known or (limited and not set(known) <= set(limited)):
        raise _invalid_scope()
    return known


def _seconds(given: Mapping[str, Any], name: str) -> int:
    least, most, default = LIVES[name]
    value = given.get(name)
    if value is None:
        return default
    text = "" if isinstance(value, bool) else str(value)
    if not (text.isascii() and text.isdigit() and least <= int(text[:9]) <= most):
        raise _refused(400, "invalid_request", f"{name} must be a number of seconds from {least} to {most}")
    return int(text)


# --- reading and refusing


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


def _invalid_scope() -> Refusal:
    return _refused(400, "invalid_scope", "The requested scope is invalid, unknown, or malformed.")


def _invalid_grant() -> Refusal:
    text = (
        "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used "
        "in the authorization request, or was issued to another client."
    )
    return _refused(400, "invalid_grant", text)


def _refused(status: int, error: str, description: str) -> Refusal:
    return Refusal(status, {"error": error, "error_description": description})
