"""Signs in to Google with an account's refresh token, for an hour each time.

https://developers.google.com/identity/protocols/oauth2/web-server#offline
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.google import faults
from adapters.google.settings import Settings
from bridge.calling import SOON, Answered, Api, harmless
from bridge.errors import Rejected, RetryLater
from bridge.ports import Credentials

HOME = "https://oauth2.googleapis.com"

NO_CLIENT = "connections.yaml holds no client_id for this connection, so Google cannot be asked for anything."
NO_TOKEN = "connections.yaml holds no token for this account: write its refresh_token there."  # noqa: S105

EARLY = 60  #: seconds that a token is given up before its end
UNSAID = 3600  #: seconds that it lives, where Google does not say
LONGEST = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What Google gave for a refresh token."""

    token: str
    lives: int  #: seconds
    scopes: frozenset[str] | None  #: None = Google does not say
    ends_after: timedelta | None  #: when the refresh token itself ends; None = it does not, or Google does not say
    clock: datetime | None


class Tokens:
    """Access tokens, kept until they end. Shared by threads: at worst two of them ask for one at once."""

    def __init__(self, settings: Settings) -> None:
        self._api = Api(HOME, sandbox=settings.url, patience=settings.timeout)
        self._id, self._secret = settings.client_id, settings.client_secret
        self._kept: dict[
            str, tuple[str, float]
        ] = {}  #: refresh token -> token, and its end on the monotonic clock

    @property
    def armed(self) -> bool:
        """Whether there is an OAuth client to sign in with."""
        return bool(self._id)

    def of(self, credentials: Credentials) -> str:
        """Return a token that works. Raises Rejected where there is none, Paused where it is dead, RetryLater."""
        refresh = credentials.refresh.get_secret_value() if credentials.refresh else ""
        token, until = self._kept.get(refresh, ("", 0.0))
        if time.monotonic() < until:
            return token
        grant = self.ask(credentials)
        self._kept[refresh] = grant.token, time.monotonic() + grant.lives - EARLY
        return grant.token

    def forget(self, credentials: Credentials) -> None:
        """Ask anew next time: Google does not accept the token, although it should live."""
        if credentials.refresh:
            self._kept.pop(credentials.refresh.get_secret_value(), None)

    def ask(self, credentials: Credentials) -> Grant:
        """Return a new grant. It changes nothing: older tokens live on. Raises as `of` does."""
        if not self._id or self._secret is None:
            raise Rejected(NO_CLIENT)
        if credentials.refresh is None:
            raise Rejected(NO_TOKEN)
        form = {
            "client_id": self._id,
            "client_secret": self._secret.get_secret_value(),
            "grant_type": "refresh_token",
            "refresh_token": credentials.refresh.get_secret_value(),
        }
        answer = self._api.read("POST", "/token", form=form)
        if not answer.ok:
            raise harmless(faults.refused(answer))
        return _grant(answer)


def _grant(answer: Answered) -> Grant:
    token, scope, ends = (answer.at(name) for name in ("access_token", "scope", "refresh_token_expires_in"))
    if not isinstance(token, str) or not token:
        raise RetryLater("Google's answer holds no token", after=SOON)
    lives = answer.at("expires_in")
    return Grant(
        token=token,
        lives=lives if isinstance(lives, int) and 0 <= lives <= LONGEST else UNSAID,
        scopes=frozenset(scope.split()) if isinstance(scope, str) else None,
        ends_after=timedelta(seconds=ends) if isinstance(ends, int) and 0 <= ends < 10**9 else None,
        clock=answer.clock,
    )
