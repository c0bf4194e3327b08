"""The JWT bearer flow: what makes an assertion good, and what the vendor says of one that is not. No I/O.

https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_jwt_flow.htm
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")
LONGEST, SKEW = 180, 60  # seconds that an assertion may live, and that two clocks may differ
SHORTEST_KEY = 2048  # bits


def public_key(pem: bytes) -> RSAPublicKey:
    """Read the certificate or public key that an admin uploads. Raises ValueError, one sentence."""
    try:
        certified = b"BEGIN CERTIFICATE" in pem
        key = x509.load_pem_x509_certificate(pem).public_key() if certified else load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("it is neither a PEM certificate nor a PEM public key") from None
    if not isinstance(key, RSAPublicKey) or key.key_size < SHORTEST_KEY:
        raise ValueError(f"it is no RSA key of {SHORTEST_KEY} bits or more")
    return key


def claims(assertion: str, key: RSAPublicKey) -> Mapping[str, Any] | None:
    """Read the claims of an assertion that this key has signed by RS256; None = it has not."""
    try:
        payload = jwt.api_jws.decode(assertion, key, algorithms=["RS256"])
        found = json.loads(payload)
    except (jwt.PyJWTError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def fault(claims: Mapping[str, Any] | None, *, app: str, user: str, domain: str, now: float) -> str:
    """Say what is wrong with an assertion, in a key of refusals.LOGINS; "" = nothing.

    app: the consumer key; user: who has approved it; domain: https://acme.my.salesforce.com; now: seconds.
    """
    if claims is None:
        return "invalid assertion"
    if claims.get("iss") != app:
        return "client identifier invalid"
    audience = claims.get("aud")
    if not isinstance(audience, str) or audience.rstrip("/") not in (*AUDIENCES, domain):
        return "audience is invalid"
    try:
        ends = int(claims.get("exp", ""))  # a client may write it as a string
    except (TypeError, ValueError, OverflowError):
        return "invalid assertion"
    if not now < ends <= now + LONGEST + SKEW:
        return "invalid assertion"
    return "" if claims.get("sub") == user else "user hasn't approved this consumer"
