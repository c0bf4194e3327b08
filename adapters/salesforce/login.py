"""Logs in to one org, for all threads at once, and keeps the token until the org refuses it."""

from __future__ import annotations

import re
import threading
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import requests
from simple_salesforce.exceptions import SalesforceAuthenticationFailed
from simple_salesforce.login import SalesforceLogin

from adapters.salesforce import classify
from adapters.salesforce.settings import Settings
from bridge.errors import Paused, RetryLater
from bridge.http import was_sent

HOME = re.compile(r"[a-z0-9.-]+\.(?:salesforce|force)\.(?:com|mil)", re.IGNORECASE)
REST = 30.0  #: seconds after a refused login without another: Salesforce counts them, and locks the user out

Token = tuple[str, str]
"""The token, and the host that takes it."""

# The library's advice on a user who is not approved shows the consumer key; ours is in `classify`.
warnings.filterwarnings("ignore", r"\s+If your connected app policy", UserWarning)


class Login:
    """The token of one org. Safe to share between threads: one of them logs in for all."""

    def __init__(self, settings: Settings, *, patience: float, rest: float = REST) -> None:
        self._settings, self._patience, self._rest = settings, patience, rest
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._refused: tuple[float, str] | None = None  #: until when there is no other try, and why

    def token(self, session: requests.Session, *, stale: Token | None = None) -> Token:
        """Return the token; log in if there is none or it is the stale one.

        Raises RetryLater, or Paused when the login is refused: without a call within 30 seconds of the last.
        """
        if not self._lock.acquire(timeout=self._patience / 2):
            raise RetryLater("another login takes too long; nothing was applied", after=classify.BUSY_AGAIN)
        try:
            if self._token is None or self._token == stale:
                self._token = None
                self._token = self._tried(session)
            return self._token
        finally:
            self._lock.release()

    def _tried(self, session: requests.Session) -> Token:
        if self._refused and time.monotonic() < self._refused[0]:
            raise Paused(self._refused[1])
        try:
            token = log_in(self._settings, session)
        except Paused as refused:
            self._refused = time.monotonic() + self._rest, str(refused)
            raise
        self._refused = None
        return token


def log_in(given: Settings, session: requests.Session) -> Token:
    """Trade key and secret, or a signed assertion, for a token: both on My Domain, where both are known.

    Raises Paused when a person must mend it, RetryLater when it may work as it is.
    https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_client_credentials_flow.htm
    https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_jwt_flow.htm
    """
    try:
        token, host = _flow(given)(session=session, consumer_key=given.consumer_key.get_secret_value())
    except SalesforceAuthenticationFailed as error:
        raise classify.of_login(error.code, error.auth_message) from None
    except requests.RequestException as error:
        raise classify.of_silence(type(error).__name__, sent=was_sent(error), write=False) from None
    except (AttributeError, TypeError, ValueError):
        raise classify.of_login(None) from None
    if not isinstance(token, str) or not token:
        raise classify.of_login(None)
    if not given.url and not HOME.fullmatch(str(host)):
        raise Paused(
            f"the login named {host!r} as the org's address, which is not Salesforce's; nothing was sent there"
        )
    return token, str(host)


def _flow(given: Settings) -> Callable[..., tuple[Any, Any]]:
    """The library's login with what shows who we are."""
    if given.private_key is None:
        secret = given.consumer_secret.get_secret_value() if given.consumer_secret else ""
        return partial(SalesforceLogin, domain=given.domain, consumer_secret=secret)
    return partial(
        SalesforceLogin,
        username=given.username,
        privatekey=given.private_key.get_secret_value(),
        instance_url=given.domain,  # where it goes; the library puts https:// and .salesforce.com round both
        domain=given.meant_for.removeprefix("https://").removesuffix(".salesforce.com"),  # the audience
    )
