"""Calls to Trustpilot's API, with a token that the app's key and secret are given for a few days.

https://developers.trustpilot.com/get-started/authentication/grant-type-client-credentials
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from adapters.trustpilot import faults
from adapters.trustpilot.settings import Settings
from bridge.calling import SOON, Answered, Api, harmless
from bridge.errors import Rejected, RetryLater
from bridge.reading import digits

HOME = "https://api.trustpilot.com"
SIGN_IN = "/v1/oauth/oauth-business-users-for-applications/accesstoken"

NO_KEY = "connections.yaml holds no api_key for this connection, so Trustpilot cannot be asked for anything."

EARLY = 300  #: seconds that a token is given up before its end
UNSAID = "3600"  #: seconds that it lives, where Trustpilot does not say


class Service:
    """The API for one connection. Its token is shared by threads: at worst two of them ask for one at once."""

    def __init__(self, settings: Settings) -> None:
        self.api = Api(HOME, sandbox=settings.url, patience=settings.timeout)
        self.key, self._secret = settings.api_key, settings.api_secret
        self._kept = "", 0.0  #: the token, and its end on the monotonic clock

    def public(self, path: str) -> Answered:
        """Return the answer to a GET that only needs the key, whatever it says. Raises RetryLater for none."""
        return self.api.read("GET", path, headers={"apikey": self.key})

    def answer(self, path: str, *, query: Mapping[str, str] | None = None) -> Answered:
        """Return the answer to a GET, whatever it says. Raises RetryLater, Paused or Rejected for none."""
        return self._signed_in(lambda token: self.api.read("GET", path, token=token, query=query))

    def read(self, path: str, *, query: Mapping[str, str] | None = None) -> Answered:
        """Return the answer to a GET that succeeds. Raises RetryLater, Paused or Rejected."""
        answer = self.answer(path, query=query)
        if not answer.ok:
            raise harmless(faults.refused(answer))
        return answer

    def write(self, path: str, *, json: object, headers: Mapping[str, str] | None = None) -> Answered:
        """Return the answer to a POST. Raises RetryLater, Unsure, Paused or Rejected."""
        answer = self._signed_in(
            lambda token: self.api.write("POST", path, token=token, json=json, headers=headers)
        )
        if not answer.ok:
            raise faults.refused(answer)
        return answer

    def sign_in(self) -> Answered:
        """Ask for a token, and keep it. Raises RetryLater, Paused where the app is not known, or Rejected."""
        if not self.key or self._secret is None:
            raise Rejected(NO_KEY)
        app = (self.key, self._secret.get_secret_value())
        answer = self.api.read("POST", SIGN_IN, form={"grant_type": "client_credentials"}, auth=app)
        if not answer.ok:
            raise harmless(faults.refused(answer))
        token = answer.at("access_token")
        if not isinstance(token, str) or not token:
            raise RetryLater("Trustpilot's answer holds no token", after=SOON)
        lives = int(digits(answer.json, "expires_in") or UNSAID)
        self._kept = token, time.monotonic() + lives - EARLY
        return answer

    def _signed_in(self, call: Callable[[str], Answered]) -> Answered:
        """Make the call, and once more with a new token where Trustpilot has withdrawn ours before its end."""
        answer = call(self._token())
        if answer.status != 401:
            return answer
        self.sign_in()
        return call(self._kept[0])

    def _token(self) -> str:
        token, until = self._kept
        if time.monotonic() >= until:
            self.sign_in()
            token, _ = self._kept
        return token
