"""The token endpoint: OAuth client credentials, by Basic auth or in the body.

https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_client_credentials_flow.htm
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote

from bridge.sandbox.salesforce.org import ORGANIZATION, RUNNING_USER, Org
from bridge.sandbox.wire import Answer, Call


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The one app that may log in."""

    key: str
    secret: str


def token(org: Org, app: App, call: Call) -> Answer:
    """Answer a login: a new token, or the vendor's JSON error."""
    if call.method != "POST":
        return _refused("invalid_request", "must use HTTP POST")
    form = {name: values[0] for name, values in parse_qs(call.body.decode("latin-1")).items()}
    if form.get("grant_type") != "client_credentials":
        return _refused("unsupported_grant_type", "grant type not supported")
    host = call.headers.get("host", "").split(":")[0]
    if host in ("login.salesforce.com", "test.salesforce.com"):
        return _refused("invalid_grant", "request not supported on this domain")
    key, secret = _credentials(call, form)
    if not _same(key, app.key):
        return _refused("invalid_client_id", "client identifier invalid")
    if not _same(secret, app.secret):
        return _refused("invalid_client", "invalid client credentials", status=401)
    return Answer(body=_granted(org, app, call), headers={"Cache-Control": "no-store"})


def refused_on_command() -> Answer:
    """The answer while logins are refused."""
    return _refused("invalid_grant", "no client credentials user enabled")


def _granted(org: Org, app: App, call: Call) -> dict[str, str]:
    host = call.headers.get("host", "")
    instance = f"https://{host}" if host.endswith(".salesforce.com") else f"http://{host}"
    issued = str(int(time.time() * 1000))
    identity = f"{instance}/id/{ORGANIZATION}/{RUNNING_USER}"
    signature = hmac.new(app.secret.encode(), (identity + issued).encode(), hashlib.sha256).digest()
    return {
        "access_token": org.log_in(),
        "signature": base64.b64encode(signature).decode(),
        "scope": "api",
        "instance_url": instance,
        "id": identity,
        "token_type": "Bearer",
        "issued_at": issued,
    }


def _credentials(call: Call, form: Mapping[str, str]) -> tuple[str, str]:
    scheme, _, given = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        key, _, secret = base64.b64decode(given, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return unquote(key), unquote(secret)


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), right.encode())


def _refused(error: str, description: str, *, status: int = 400) -> Answer:
    return Answer(status=status, body={"error": error, "error_description": description})
