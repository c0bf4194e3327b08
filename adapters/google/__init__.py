"""Google reviews: what customers write on our Business Profiles, told by a push subscription of Cloud Pub/Sub.

A push says only which review is new or changed. The body is unsigned: a token in the header says whose it is.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from typing import ClassVar

from adapters.google import identity, notification, replies, reviews
from adapters.google.certificates import Certificates
from adapters.google.service import Service
from adapters.google.settings import Settings
from adapters.google.upkeep import Upkeeper
from bridge.errors import ConfigError, Forged, Rejected
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

__all__ = ["Google", "Settings"]

BEARER = re.compile(r"[Bb]earer +([\w-]+\.[\w-]+\.[\w-]+)", re.ASCII)

LONGEST_TOKEN = 8192
"""Characters of the header. Google's are about 1,000."""

Source = Callable[[datetime], Mapping[str, str]]
"""Google's certificates at a time: key id -> PEM. Raises Unready where they cannot be had."""


class Google(Channel):
    """Receives Pub/Sub pushes about reviews, fetches those, and answers them.

    Keeps nothing but Google's certificates and access tokens, as long as Google says.
    """

    takes_secret: ClassVar[bool] = True
    subscribes: ClassVar[bool] = True
    backfills: ClassVar[bool] = True

    def __init__(
        self, settings: Settings, accounts: Mapping[str, Account], *, certificates: Source | None = None
    ) -> None:
        """accounts: location name (accounts/1/locations/2) -> account; other locations are skipped by name.

        certificates: None = they are fetched from Google.
        """
        self.accounts = accounts
        self._settings = settings
        self._path_secret = settings.path_secret.get_secret_value().encode() if settings.path_secret else None
        self._certificates = certificates or Certificates(settings.url).at
        self._service = Service(settings)

    def verify(self, callback: Callback) -> Answer | None:
        """Return None for a POST with a token of Google's for our service account. There is no handshake.

        Raises Forged when path or token does not hold, Unready while Google's certificates cannot be fetched.
        https://docs.cloud.google.com/pubsub/docs/authenticate-push-subscriptions
        """
        if callback.method != "POST":
            raise Forged(f"Pub/Sub calls with POST, not with {callback.method!r}")
        given = callback.secret.encode(errors="surrogatepass")
        if self._path_secret is not None and not hmac.compare_digest(given, self._path_secret):
            raise Forged("the URL does not end in path_secret: compare it with the subscription's endpoint")
        header = callback.headers.get("authorization", "")
        bearer = BEARER.fullmatch(header) if len(header) <= LONGEST_TOKEN else None
        if bearer is None:
            raise Forged(
                "Authorization is not Bearer and a token"
                if header
                else "Authorization is missing: enable authentication on the push subscription"
            )
        expected = identity.Expected(
            audience=self._settings.audience or callback.url.partition("?")[0],
            email=self._settings.service_account,
            now=callback.received_at,
            tolerance=self._settings.tolerance,
        )
        identity.check(bearer[1], self._certificates(callback.received_at), expected)
        return None

    def parse(self, callback: Callback) -> list[Event]:
        """Return the one event of a verified push; never raises."""
        return notification.read(callback, self.accounts)

    def sign(self, body: bytes) -> Mapping[str, str]:  # noqa: ARG002 - no body could be signed
        """Raise ConfigError: only Google can issue its tokens."""
        fault = "a push of Google's carries a token that only Google can issue"
        todo = "publish a message in the topic, in the Google Cloud console: Google pushes it"
        raise ConfigError([f"{fault}\n    -> {todo}"])

    # --- what the callback lacked ---

    def lacks(self, message: Message) -> Collection[Lack]:
        """Return content: a notification only names the review. Pure."""
        return reviews.lacks(message)

    def content(self, message: Message, credentials: Credentials) -> Message | None:
        """Return the message with its review; None = that is gone. Raises RetryLater, Paused or Rejected."""
        return reviews.content(self._service, message, credentials)

    # --- replies ---

    def way(self, to: Message, *, private: bool, heard_at: datetime) -> Way | Rejected:  # noqa: ARG002 - all alike
        """Return how a review is answered: in public. Pure."""
        return replies.way(private=private)

    def doubt(self, sending: Sending) -> Doubt:  # noqa: ARG002 - always the same
        """Return repeat: a review has one answer, and the same one again changes nothing. Pure."""
        return "repeat"

    def send(self, sending: Sending) -> Sent:
        """Write the review's answer. Raises RetryLater, Unsure, Rejected or Paused."""
        return replies.send(self._service, sending)

    # --- upkeep ---

    def examine(self, upkeep: Upkeep) -> list[Finding]:
        """Look at sign-ins, locations, where Google publishes, and the clock. Never raises."""
        return self._upkeeper().examine(upkeep)

    def subscribe(self, upkeep: Upkeep) -> list[Finding]:
        """Look, and tell Google where to publish where that is wrong. Never raises."""
        return self._upkeeper().examine(upkeep, mend=True)

    def backfill(self, account: str, credentials: Credentials, since: datetime) -> Iterator[list[Event]]:
        """Yield the reviews written since then, page by page. Raises RetryLater, Paused or Rejected."""
        return reviews.since(self._service, self.accounts[account], credentials, since)

    def _upkeeper(self) -> Upkeeper:
        return Upkeeper(self._service, topic=self._settings.topic)
