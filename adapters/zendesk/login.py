"""Logs in to one account, for all threads at once, and keeps the token until it ends or is refused."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Collection, Mapping
from datetime import UTC, datetime

import requests

from adapters.zendesk import answers, classify
from adapters.zendesk.session import Session
from adapters.zendesk.settings import Settings
from bridge.errors import Paused, RetryLater
from bridge.ports import Finding

FILING = ("read", "tickets:write", "users:write")
HEARING = ("webhooks:write", "triggers:write")
"""What `subscribe` and `doctor` need to see to agents' replies; cases are filed without these scopes."""
LIFETIME = 172_800  #: seconds that a token is asked to live: the longest; the default is 30 minutes
RENEWED = 120  #: seconds before its end

TOKENS_END = datetime(2027, 4, 30, tzinfo=UTC)
SAYS_TOKENS_END = (
    "Zendesk ends API tokens on 2027-04-30: after that nothing can be filed with the api_token of this connection."
)
"""https://developer.zendesk.com/documentation/api-basics/authentication/oauth-migration"""


class Login:
    """What the calls to one account are made with. Safe to share between threads: one of them logs in for all."""

    def __init__(self, settings: Settings, home: str, *, patience: float) -> None:
        self._settings, self._home, self._patience = settings, home, patience
        self._lock = threading.Lock()
        self._header, self._ends = "", 0.0
        self._granted: Collection[str] = ()

    def header(self, session: Session, *, stale: str = "") -> str:
        """Return what Authorization is to say; log in if there is no token, or it is the stale one.

        Raises RetryLater, or Paused when the login is refused.
        """
        if not self.renews:
            return _basic(self._settings)
        if not self._lock.acquire(timeout=self._patience / 2):
            raise RetryLater("another login takes too long; nothing was applied", after=classify.BUSY_AGAIN)
        try:
            if not self._header or self._header == stale or time.monotonic() > self._ends:
                self._header = ""
                self._header, self._ends = self._log_in(session)
            return self._header
        finally:
            self._lock.release()

    @property
    def renews(self) -> bool:
        """Whether another login may help where one is refused; False = it is an API token."""
        return self._settings.api_token is None

    @property
    def lacking(self) -> list[str]:
        """The scopes for hearing replies that the last login did not grant; [] also where there is no login."""
        return _missing(HEARING, self._granted) if self._granted else []

    def _log_in(self, session: Session) -> tuple[str, float]:
        """Trade the client's id and secret for a token, and see that cases can be filed with it."""
        response = self._asked(session, (*FILING, *HEARING))
        if response.status_code == 400 and answers.refused(response).code == "invalid_scope":
            response = self._asked(session, FILING)
        if not 200 <= response.status_code < 300:
            raise classify.of_login(answers.refused(response))
        answer = answers.read(response, write=False)
        token, scope, lives = (answer.get(n) for n in ("access_token", "scope", "expires_in"))
        if not isinstance(token, str) or not token:
            raise RetryLater("Zendesk's login named no token", after=classify.BUSY_AGAIN)
        granted = scope.split() if isinstance(scope, str) else []
        if missing := _missing(FILING, granted):
            raise Paused(
                f"Zendesk's login did not grant {', '.join(missing)}: add it to the OAuth client's scopes"
            )
        self._granted = frozenset(granted)
        lifetime = lives if isinstance(lives, int) and lives > 0 else RENEWED + 60
        return f"Bearer {token}", time.monotonic() + max(lifetime - RENEWED, 60)

    def _asked(self, session: Session, scopes: Collection[str]) -> requests.Response:
        given = self._settings
        form: Mapping[str, object] = {
            "grant_type": "client_credentials",
            "client_id": given.client_id,
            "client_secret": given.client_secret.get_secret_value() if given.client_secret else "",
            "scope": " ".join(scopes),
            "expires_in": LIFETIME,
        }
        session.authorization = session.key = ""
        return session.answered(lambda: session.post(f"{self._home}/oauth/tokens", json=form), write=False)


def findings(settings: Settings, lacking: Collection[str]) -> list[Finding]:
    """Return what an admin should know of how we log in. lacking: scopes that were not granted."""
    found = []
    if settings.api_token is not None:
        do = "Make an OAuth client, as docs/settings.md says, and give client_id and client_secret instead."
        found.append(Finding(level="warning", about="token", says=SAYS_TOKENS_END, do=do, until=TOKENS_END))
    if lacking:
        says = f"The login did not grant {', '.join(lacking)}, so agents' replies cannot be set up."
        do = "Add it to the OAuth client's scopes in Admin Center."
        found.append(Finding(level="warning", about="scopes", says=says, do=do))
    return found


def _basic(given: Settings) -> str:
    """https://developer.zendesk.com/api-reference/introduction/security-and-auth/#api-token"""
    token = given.api_token.get_secret_value() if given.api_token else ""
    return "Basic " + base64.b64encode(f"{given.email}/token:{token}".encode()).decode()


def _missing(wanted: Collection[str], granted: Collection[str]) -> list[str]:
    return [scope for scope in wanted if scope not in granted and scope.partition(":")[2] not in granted]
