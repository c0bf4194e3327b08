"""Calls to X's API: as the app, or as one of our handles.

https://docs.x.com/fundamentals/authentication/overview
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import requests
from pydantic import SecretStr
from requests.auth import AuthBase
from requests_oauthlib import OAuth1

from adapters.x.faults import refused
from adapters.x.settings import Settings
from bridge.calling import Answered, Api, harmless
from bridge.errors import Rejected
from bridge.ports import Credentials
from bridge.reading import Json

HOME = "https://api.x.com"
MOST_PAGES = 50


class Bearer(AuthBase):
    """Signs a call with the app's own token."""

    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


@dataclass(frozen=True, slots=True)
class Line:
    """One app's way to X."""

    api: Api
    secret: SecretStr
    key: SecretStr | None
    bearer: SecretStr | None

    def as_app(self) -> AuthBase:
        """Return what signs calls of the app itself. Raises Rejected where there is no bearer token."""
        if self.bearer is None:
            raise Rejected("connections.yaml holds no bearer_token for this connection: copy the app's.")
        return Bearer(self.bearer.get_secret_value())

    def as_handle(self, credentials: Credentials, account: str) -> AuthBase:
        """Return what signs calls in a handle's name. Raises Rejected where something is missing for that.

        It signs the address that is meant, also where a stand-in is called.
        """
        key, token, secret = self.key, credentials.token, credentials.secret
        if key is None or token is None or secret is None:
            given = {"consumer_key": key, "token": token, "token_secret": secret}
            missing = " and no ".join(name for name, value in given.items() if value is None)
            raise Rejected(
                f"connections.yaml holds no {missing} for this account ({account}): an admin must add what X's "
                "developer console shows under Keys and tokens."
            )
        signed: AuthBase = OAuth1(
            key.get_secret_value(),
            client_secret=self.secret.get_secret_value(),
            resource_owner_key=token.get_secret_value(),
            resource_owner_secret=secret.get_secret_value(),
        )
        return signed

    def as_anybody(self, credentials: Credentials, account: str) -> AuthBase:
        """Return what signs calls that both may make: the app where it has a token, else the handle."""
        return self.as_app() if self.bearer else self.as_handle(credentials, account)

    def read(self, path: str, auth: AuthBase, query: Mapping[str, str] | None = None) -> Answered:
        """Return a good answer. Raises RetryLater, Paused or Rejected."""
        answer = self.api.read("GET", path, query=query, auth=auth)
        if not answer.ok:
            raise harmless(refused(answer))
        return answer

    def write(self, method: str, path: str, auth: AuthBase, body: Mapping[str, Any] | None = None) -> Answered:
        """Return a good answer. Raises RetryLater, Unsure, Paused or Rejected."""
        answer = self.api.write(method, path, json=body, auth=auth)
        if not answer.ok:
            raise refused(answer)
        return answer

    def pages(self, path: str, auth: AuthBase, query: Mapping[str, str]) -> Iterator[Answered]:
        """Yield the pages of a list in X's order. Raises as `read` does."""
        more: dict[str, str] = {}
        for _ in range(MOST_PAGES):
            answer = self.read(path, auth, {**query, **more})
            yield answer
            token = answer.at("meta", "next_token")
            if not isinstance(token, str) or not token:
                return
            more = {"pagination_token": token}


def line(settings: Settings) -> Line:
    """Return the way to X that a connection's settings describe; the first consumer secret signs."""
    api = Api(HOME, sandbox=settings.url, patience=settings.timeout)
    return Line(api, settings.consumer_secret[0], settings.consumer_key, settings.bearer_token)


def included(answer: Answered) -> Json:
    """Return what X sent along beside a list; {} = nothing."""
    found = answer.at("includes")
    return found if isinstance(found, dict) else {}
