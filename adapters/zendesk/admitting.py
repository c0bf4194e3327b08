"""Sees that a request is our app's in an agent's Zendesk: a short-lived JWT for this very ticket. Pure.

Zendesk's proxy signs it with the app's secure setting, so no browser ever has the secret. It proves which
installation asks, not which agent.
https://developer.zendesk.com/documentation/apps/app-developer-guide/making-api-requests-from-a-zendesk-app/
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import jwt
from jwt.types import Options

from bridge.errors import Forged
from bridge.ports import Callback

ISSUER, AUDIENCE = "zaf", "casebridge"
LONGEST = timedelta(minutes=5)  #: from now to its end
LEEWAY = timedelta(seconds=30)  #: by which Zendesk's clock may be fast

SIGNATURE_ALONE: Options = {
    "require": ["aud", "exp", "inst", "iss", "sub"],
    "verify_aud": False,
    "verify_exp": False,
    "verify_iat": False,
    "verify_jti": False,
    "verify_nbf": False,
    "verify_sub": False,
}
"""PyJWT looks at the machine's clock, and is less strict about whom a token is for."""

BEARER = re.compile(r"Bearer ([A-Za-z0-9_-]{1,1000}\.[A-Za-z0-9_-]{1,3000}\.[A-Za-z0-9_-]{43})")


def admit(callback: Callback, case_id: str, *, secrets: Sequence[str], installation: str) -> None:
    """Return if the app may see this ticket. Now is when the callback was received.

    secrets: those of which one signs; () = nobody may ask. installation: the app's number in this Zendesk; "" =
    nobody may ask, but whoever has a secret is told it.
    Raises Forged; its message may be shown to the agent, and never holds the token.
    """
    if not secrets:
        raise Forged("app_secret is not set in connections.yaml, so the app may not ask.")
    found = BEARER.fullmatch(callback.headers.get("authorization", ""))
    if found is None:
        raise Forged("The request carries no token: it did not come from the app through Zendesk's proxy.")
    claims = _signed(found[1], secrets)
    _for(claims, case_id)
    _in_time(claims, callback.received_at.timestamp())
    _from(claims["inst"], installation)


def _signed(token: str, secrets: Sequence[str]) -> Mapping[str, Any]:
    """The claims of a token that one of the secrets signed."""
    for secret in secrets:
        try:
            return jwt.decode(token, secret, algorithms=["HS256"], options=SIGNATURE_ALONE)
        except jwt.InvalidSignatureError:
            continue
        except jwt.MissingRequiredClaimError as missing:
            raise Forged(f"The app's token lacks {missing.claim!r}: update the app.") from None
        except jwt.InvalidTokenError:
            raise Forged("The app's token cannot be read.") from None
    raise Forged(
        "The app's token is signed with another secret: bridge_secret of the app must be app_secret here."
    )


def _for(claims: Mapping[str, Any], case_id: str) -> None:
    if claims["iss"] != ISSUER or claims["aud"] != AUDIENCE:
        raise Forged("The token was made for something else than Casebridge.")
    if claims["sub"] != case_id:
        raise Forged("The token was made for another ticket: load it again.")


def _in_time(claims: Mapping[str, Any], now: float) -> None:
    """See that it is not over, ends soon, and was not made in the future."""
    end = _number(claims["exp"])
    if not now < end <= now + LONGEST.total_seconds():
        raise Forged("The token is over, or lasts for more than 5 minutes: load the ticket again.")
    # Not known to be there: Zendesk documents only that its proxy sets the end.
    begins = [_number(claims[name]) for name in ("iat", "nbf") if name in claims]
    if not all(begin <= now + LEEWAY.total_seconds() for begin in begins):
        raise Forged("The token was made in the future: the clock of Casebridge is slow.")


def _number(value: object) -> float:
    """The number of seconds; what is none compares with nothing, and so fails every condition."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else math.nan


def _from(asking: object, installation: str) -> None:
    if not isinstance(asking, str):
        raise Forged("The token names its installation by no text: update the app.")
    if not installation:
        raise Forged(
            f"Casebridge does not know this installation of the app yet: set app_installation to {asking!r}."
        )
    if asking != installation:
        raise Forged(f"This is the installation {asking!r} of the app, and app_installation is another.")
