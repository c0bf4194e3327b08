"""Trustpilot: what customers write about our company and its products, told by webhooks.

Trustpilot signs nothing: its URL ends in a secret, and may have a user and a password besides.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64encode
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import ClassVar

from adapters.trustpilot import checking, replies, reviews
from adapters.trustpilot import upkeep as tending
from adapters.trustpilot.service import Service
from adapters.trustpilot.settings import Settings
from bridge.errors import Forged, Rejected
from bridge.message import Account, Message
from bridge.ports import (
    Answer,
    Callback,
    Channel,
    Credentials,
    Doubt,
    Event,
    Finding,
    Lack,
    Sending,
    Sent,
    Upkeep,
    Way,
)

__all__ = ["Settings", "Trustpilot"]

BASIC = re.compile("[Bb]asic +([A-Za-z0-9+/]+={0,2})")


class Trustpilot(Channel):
    """Receives events about service reviews and product reviews, checks them, and answers.

    Keeps nothing but the app's token until it ends. The key and the secret are the connection's, so that accounts
    have no credentials.
    """

    takes_secret: ClassVar[bool] = True
    one_account: ClassVar[bool] = True
    backfills: ClassVar[bool] = True

    def __init__(self, settings: Settings, accounts: Mapping[str, Account]) -> None:
        """accounts: business unit id -> account, exactly one: no event says whom it is for."""
        self.accounts = accounts
        (self._account,) = accounts.values()
        self._settings, self._service = settings, Service(settings)
        self._path_secrets = [secret.get_secret_value().encode() for secret in settings.path_secret]
        self._pairs = [
            b64encode(f"{settings.user}:{one.get_secret_value()}".encode()) for one in settings.password or ()
        ]

    def verify(self, callback: Callback) -> Answer | None:
        """Return None for a POST that ends in the secret, with user and password where set. There is no handshake.

        Raises Forged for everything else.
        https://support.trustpilot.com/hc/en-us/articles/115015822068
        """
        if callback.method != "POST":
            raise Forged(f"Trustpilot calls with POST, not with {callback.method!r}")
        given = callback.secret.encode(errors="surrogatepass")
        if not any(hmac.compare_digest(given, secret) for secret in self._path_secrets):
            raise Forged("the URL does not end in path_secret: compare it with the subscription at Trustpilot")
        if self._pairs:
            basic = BASIC.fullmatch(callback.headers.get("authorization", ""))
            if basic is None:
                raise Forged("Authorization is not Basic and a user with a password: the URL begins with them")
            if not any(hmac.compare_digest(basic[1].encode(), pair) for pair in self._pairs):
                raise Forged("Authorization fits neither: compare user and password with the URL at Trustpilot")
        return None

    def parse(self, callback: Callback) -> list[Event]:
        """Return every event of a verified callback, each read on its own; never raises."""
        return reviews.read(callback, self._account)

    def sign(self, body: bytes) -> Mapping[str, str]:  # noqa: ARG002 - Trustpilot signs no body
        """Return the headers with which Trustpilot would send this body; the secret stands in the URL."""
        basic = {"authorization": f"Basic {self._pairs[0].decode()}"} if self._pairs else {}
        return {"content-type": "application/json", **basic}

    # --- what the callback lacked ---

    def lacks(self, message: Message) -> Collection[Lack]:
        """Return content where there is an API key: anybody may have sent the event. Pure."""
        checks = self._settings.api_key and message.change in ("created", "edited")
        wanted: list[Lack] = ["content"] if checks else []
        return wanted

    def content(self, message: Message, credentials: Credentials) -> Message | None:  # noqa: ARG002 - it has none
        """Return the message as Trustpilot has it; None = it has not. Raises RetryLater, Paused or Rejected."""
        return checking.content(self._service, message)

    # --- replies ---

    def way(self, to: Message, *, private: bool, heard_at: datetime) -> Way | Rejected:  # noqa: ARG002 - all alike
        """Return how a review is answered: in public. Pure."""
        return replies.way(self._settings, private=private)

    def doubt(self, sending: Sending) -> Doubt:  # noqa: ARG002 - always the same
        """Return look: Trustpilot shows the answer of a review. Pure."""
        return "look"

    def send(self, sending: Sending) -> Sent:
        """Write the review's answer. Raises RetryLater, Unsure, Rejected or Paused."""
        return replies.send(self._service, sending, user=self._settings.business_user)

    def look(self, sending: Sending) -> Sent | None:
        """Return what was written and stands there; None = nothing. Raises RetryLater, Paused or Rejected."""
        return replies.look(self._service, sending)

    # --- upkeep ---

    def examine(self, upkeep: Upkeep) -> list[Finding]:
        """Look at the app, the business unit and the clock. Never raises."""
        return tending.examine(self._service, self._account.id, upkeep, user=self._settings.business_user)

    def backfill(self, account: str, credentials: Credentials, since: datetime) -> Iterator[list[Event]]:  # noqa: ARG002
        """Yield the reviews of the company written since then. Raises RetryLater, Paused or Rejected."""
        return checking.since(self._service, self.accounts[account], since)
