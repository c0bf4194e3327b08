"""Checks the token that Pub/Sub signs in with: issued by Google, for this address and service account. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from google.auth import jwt

from bridge.errors import Forged

ISSUERS = ("https://accounts.google.com", "accounts.google.com")

AGES = 10**12
"""Seconds. The library looks at its own clock, not at the callback's: with so much leeway it decides nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a token must say."""

    audience: str
    email: str
    now: datetime
    tolerance: timedelta


def check(token: str, certificates: Mapping[str, str], expected: Expected) -> None:
    """Raise Forged unless the token is Google's and says what is expected, with the setting to compare.

    certificates: key id -> PEM.
    https://docs.cloud.google.com/pubsub/docs/authenticate-push-subscriptions
    """
    try:
        header = jwt.decode_header(token)  # type: ignore[no-untyped-call]
        if header.get("alg") != "RS256":
            raise Forged("the token is not signed with RS256, as Google's are")
        claims = jwt.decode(token, certs=certificates, clock_skew_in_seconds=AGES)  # type: ignore[no-untyped-call]
    except (ValueError, TypeError, RecursionError):  # their messages quote the token
        raise Forged("the token is not signed by Google") from None
    now, leeway = expected.now.timestamp(), expected.tolerance.total_seconds()
    holds = {
        "its issuer is not Google": claims.get("iss") in ISSUERS,
        "its audience is another: compare audience, or the URL that Google calls, with the push subscription": (
            claims.get("aud") == expected.audience
        ),
        "its e-mail address is another: compare service_account with the push subscription": (
            claims.get("email") == expected.email
        ),
        "its e-mail address is not verified": claims.get("email_verified") is True,
        "it has expired or is not valid yet: an old callback again, or a clock that is wrong": (
            claims["iat"] - leeway <= now <= claims["exp"] + leeway
        ),
    }
    for why, held in holds.items():
        if not held:
            raise Forged(f"the token does not hold: {why}")
