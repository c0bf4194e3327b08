"""Calls to Google's Business Profile APIs, signed in as an account's manager."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from adapters.google import faults
from adapters.google.settings import Settings
from adapters.google.tokens import Tokens
from bridge.calling import Answered, Api, harmless
from bridge.ports import Credentials

REVIEWS = "https://mybusiness.googleapis.com"
NOTICES = "https://mybusinessnotifications.googleapis.com"


class Service:
    """The APIs for one connection. `reviews` and `notices` are hosts, to be given to `read` and `write`."""

    def __init__(self, settings: Settings) -> None:
        self.tokens = Tokens(settings)
        self.reviews = Api(REVIEWS, sandbox=settings.url, patience=settings.timeout)
        self.notices = Api(NOTICES, sandbox=settings.url, patience=settings.timeout)

    def answer(
        self, api: Api, path: str, credentials: Credentials, *, query: Mapping[str, str] | None = None
    ) -> Answered:
        """Return the answer to a GET, whatever it says. Raises RetryLater, Paused or Rejected for none."""
        return self._signed_in(credentials, lambda token: api.read("GET", path, token=token, query=query))

    def read(
        self, api: Api, path: str, credentials: Credentials, *, query: Mapping[str, str] | None = None
    ) -> Answered:
        """Return the answer to a GET that succeeds. Raises RetryLater, Paused or Rejected."""
        answer = self.answer(api, path, credentials, query=query)
        if not answer.ok:
            raise harmless(faults.refused(answer))
        return answer

    def write(
        self,
        api: Api,
        method: str,
        path: str,
        credentials: Credentials,
        *,
        json: object,
        query: Mapping[str, str] | None = None,
    ) -> Answered:
        """Return the answer to a call that does something. Raises RetryLater, Unsure, Paused or Rejected."""
        answer = self._signed_in(
            credentials, lambda token: api.write(method, path, token=token, json=json, query=query)
        )
        if not answer.ok:
            raise faults.refused(answer)
        return answer

    def _signed_in(self, credentials: Credentials, call: Callable[[str], Answered]) -> Answered:
        """Make the call, and once more with a new token where Google has withdrawn ours before its end."""
        answer = call(self.tokens.of(credentials))
        if answer.status != 401:
            return answer
        self.tokens.forget(credentials)
        return call(self.tokens.of(credentials))
