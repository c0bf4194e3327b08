"""The token endpoint: OAuth client credentials and JWT bearer; and who a token belongs to.

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

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from bridge.sandbox.salesforce import assertion, ids
from bridge.sandbox.salesforce.org import INTEGRATION, MY_DOMAIN, ORGANIZATION, RUNNING_USER, Org
from bridge.sandbox.salesforce.refusals import LOGINS
from bridge.sandbox.wire import Answer, Call

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SHARED_HOSTS = ("login.salesforce.com", "test.salesforce.com")


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The one app that may log in."""

    key: str
    secret: str
    certificate: RSAPublicKey | None = None  #: what signs for the JWT bearer flow; None = none was uploaded
    user: str = INTEGRATION  #: who has approved the app for that flow


def token(org: Org, app: App, call: Call) -> Answer:
    """Answer a login: a new token, or the vendor's JSON error."""
    if call.method != "POST":
        return refused("must use HTTP POST")
    form = {name: values[0] for name, values in parse_qs(call.body.decode("latin-1")).items()}
    grant = GRANTS.get(form.get("grant_type", ""))
    if grant is None:
        return refused("grant type not supported")
    check, revoked = grant
    wrong = check(app, call, form) or org.switches["login_error"] or (revoked if org.switches["revoked"] else "")
    if wrong:
        return refused(wrong)
    signed = form["grant_type"] == "client_credentials"
    return Answer(body=_granted(org, app, call, signed=signed), headers={"Cache-Control": "no-store"})


def refused(description: str) -> Answer:
    """The answer to a login that is refused for one of LOGINS."""
    error, status = LOGINS[description]
    return Answer(status=status, body={"error": error, "error_description": description})


def user_info(org: Org, call: Call) -> Answer:
    """Say whose token it is; a bad one gets no JSON, and neither 401."""
    given = call.headers.get("authorization", "").partition(" ")[2].strip()
    if org.switches["revoked"] or not org.knows_token(given):
        return Answer(status=403, text="Bad_OAuth_Token", type="text/html;charset=UTF-8")
    body = {
        "sub": _identity(_instance(call)),
        "user_id": RUNNING_USER,
        "organization_id": ids.long_form(ORGANIZATION),
        "preferred_username": INTEGRATION,
        "active": True,
    }
    return Answer(body=body)


def _by_credentials(app: App, call: Call, form: Mapping[str, str]) -> str:
    if _host(call).split(":")[0] in SHARED_HOSTS:
        return "request not supported on this domain"
    key, secret = _credentials(call, form)
    if not _same(key, app.key):
        return "client identifier invalid"
    return "" if _same(secret, app.secret) else "invalid client credentials"


def _by_assertion(app: App, call: Call, form: Mapping[str, str]) -> str:
    if app.certificate is None:
        return "invalid assertion"
    claims = assertion.claims(form.get("assertion", ""), app.certificate)
    return assertion.fault(claims, app=app.key, user=app.user, domain=_instance(call), now=time.time())


#: grant type -> what checks it ("" = good), and what it is told while the app's access is revoked
GRANTS = {
    "client_credentials": (_by_credentials, "no client credentials user enabled"),
    JWT_BEARER: (_by_assertion, "user hasn't approved this consumer"),
}


def _granted(org: Org, app: App, call: Call, *, signed: bool) -> dict[str, str]:
    instance = _instance(call)
    identity = _identity(instance)
    granted = {
        "access_token": org.log_in(),
        "scope": "api",
        "instance_url": instance,
        "id": identity,
        "token_type": "Bearer",
    }
    if not signed:
        return granted
    issued = str(int(time.time() * 1000))
    signature = hmac.new(app.secret.encode(), (identity + issued).encode(), hashlib.sha256).digest()
    return granted | {"signature": base64.b64encode(signature).decode(), "issued_at": issued}


def _host(call: Call) -> str:
    """The host that the client meant, which a proxy on the way may have written down."""
    return call.headers.get("x-forwarded-host") or call.headers.get("host", "")


def _instance(call: Call) -> str:
    host = _host(call)
    if host.split(":")[0] in SHARED_HOSTS:
        return f"https://{MY_DOMAIN}"
    return f"https://{host}" if host.endswith(".salesforce.com") else f"http://{host}"


def _identity(instance: str) -> str:
    return f"{instance}/id/{ids.long_form(ORGANIZATION)}/{RUNNING_USER}"


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
