"""X's webhooks: mentions, replies, quotes, keyword hits and direct messages for our handles.

One app, one URL, one signature for all handles; whose an event is stands in the body.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from pydantic import SecretStr

from adapters.x import backfill, completing, envelope, replies
from adapters.x.line import line
from adapters.x.settings import Settings
from adapters.x.upkeep import Upkeeper
from bridge.errors import Forged, Malformed, Rejected
from bridge.fetching import File
from bridge.message import UNSTORABLE, Account, Message, Person
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

__all__ = ["Settings", "X"]

BY_CLIENT, BY_CONSUMER = "x-twitter-webhooks-signature-oauth2", "x-twitter-webhooks-signature"
"""Whose secret signed a callback: the app's OAuth 2 client's, or that of its API key."""

SIGNATURE = re.compile("sha256=([0-9A-Za-z+/]{43}=)")

LONGEST_CHALLENGE = 512
"""Bytes. X's own are 36 characters."""


class X(Channel):
    """Receives the Activity API, legacy Account Activity and filtered streams; replies by API v2. Keeps no state.

    X answers for its URL with the very key that signs bodies, so the two are kept apart: what holds { or [ is
    never signed as a challenge, and what holds no { is never taken as a body.
    """

    handshakes = True
    subscribes = True
    backfills = True

    def __init__(self, settings: Settings, accounts: Mapping[str, Account]) -> None:
        """accounts: user id -> account; what X sends for any other is skipped as unknown_account.

        `about: {handle: …}` of an account helps where X names nobody by id: in filtered streams and quotes.
        """
        self.accounts = accounts
        self._settings = settings
        self._line = line(settings)
        self._secrets = {
            BY_CLIENT: _bytes(settings.client_secret or ()),
            BY_CONSUMER: _bytes(settings.consumer_secret),
        }

    def verify(self, callback: Callback) -> Answer | None:
        """Return None for a signed POST, the signed challenge for X's GET, which comes every hour.

        Raises Forged when the signature does not hold, Malformed for a challenge that X never sends.
        https://docs.x.com/x-api/webhooks/quickstart
        """
        if callback.method == "GET":
            return self._handshake(callback.query)
        if callback.method != "POST":
            raise Forged(f"X calls with GET and POST, not with {callback.method!r}")
        signatures = self._signatures(callback.headers)
        if b"{" not in callback.body:
            raise Forged("the body is no JSON object: somebody may have had it signed as a challenge")
        if not any(
            hmac.compare_digest(_digest(secret, callback.body), given)
            for name, given in signatures.items()
            for secret in self._secrets[name]
        ):
            raise Forged(
                f"{' and '.join(signatures)} fits none of the consumer secrets or client secrets: compare them "
                "with the API key secret and the client secret in X's developer console"
            )
        return None

    def parse(self, callback: Callback) -> list[Event]:
        """Return every item of a verified callback, each read on its own; never raises."""
        return envelope.read(callback, self.accounts)

    def sign(self, body: bytes) -> Mapping[str, str]:
        """Return the headers with which X would send this body; the first consumer secret signs."""
        signature = _signed(self._secrets[BY_CONSUMER][0], body)
        return {"content-type": "application/json", BY_CONSUMER: signature}

    def lacks(self, message: Message) -> Collection[Lack]:
        """Return ("author",) where X told no more than the customer's id. Pure."""
        return completing.lacks(message)

    def author(self, message: Message, credentials: Credentials) -> Person:
        """Return who wrote it. Raises RetryLater, Paused, or Rejected: gone, suspended, or no token."""
        return completing.author(self._line, message, credentials)

    def open(self, media: str, account: str, credentials: Credentials) -> File:
        """Return the picture of a direct message. Raises Unfetchable."""
        return completing.file(self._line, media, account, credentials)

    def way(self, to: Message, *, private: bool, heard_at: datetime) -> Way | Rejected:  # noqa: ARG002 - no windows
        """Return how this message can be answered now, or a sentence why it cannot. Pure."""
        return replies.way(self._settings, to, private=private)

    def doubt(self, sending: Sending) -> Doubt:  # noqa: ARG002 - X knows no marks, and lists all that a handle wrote
        """Return "look". Pure."""
        return "look"

    def send(self, sending: Sending) -> Sent:
        """Send one text as a public reply or a direct message."""
        return replies.send(self._line, self._settings, sending)

    def look(self, sending: Sending) -> Sent | None:
        """Return the reply where it stands among the handle's latest."""
        return replies.look(self._line, sending)

    def examine(self, upkeep: Upkeep) -> list[Finding]:
        """Look at the tokens, the webhook, the subscriptions and the clock."""
        return self._upkeeper(upkeep).examine()

    def subscribe(self, upkeep: Upkeep) -> list[Finding]:
        """Set up the webhook and the subscriptions."""
        return self._upkeeper(upkeep).subscribe()

    def backfill(self, account: str, credentials: Credentials, since: datetime) -> Iterator[list[Event]]:
        """Yield mentions and direct messages, oldest first. Raises RetryLater, Paused or Rejected."""
        ours = frozenset(self.accounts)
        return backfill.missed(self._line, self.accounts[account], ours, credentials, since)

    def _upkeeper(self, upkeep: Upkeep) -> Upkeeper:
        return Upkeeper(line=self._line, events=self._settings.events, upkeep=upkeep)

    def _signatures(self, headers: Mapping[str, str]) -> dict[str, bytes]:
        """Return what signs a body, by header; those whose secrets we do not know say nothing."""
        given = {name: headers.get(name, "") for name, secrets in self._secrets.items() if secrets}
        if not any(given.values()):
            raise Forged(
                f"{BY_CONSUMER} is missing; what an OAuth 2 client signs needs client_secret to be checked"
            )
        found = {name: signature for name, header in given.items() if (signature := SIGNATURE.fullmatch(header))}
        if not found:
            raise Forged(f"{BY_CONSUMER} is not sha256= and the base64 of 32 bytes")
        return {name: b64decode(signature[1]) for name, signature in found.items()}

    def _handshake(self, query: Mapping[str, str]) -> Answer:
        challenge = query.get("crc_token")
        if challenge is None:
            raise Forged("a GET of X's holds a crc_token")
        if not challenge or UNSTORABLE.search(challenge) or "{" in challenge or "[" in challenge:
            raise Malformed("crc_token is empty, or holds what no challenge of X's does")
        if len(challenge.encode()) > LONGEST_CHALLENGE:
            raise Malformed(f"crc_token is longer than {LONGEST_CHALLENGE} bytes")
        secret = (*self._secrets[BY_CLIENT], *self._secrets[BY_CONSUMER])[0]
        token = _signed(secret, challenge.encode())
        return Answer(body=json.dumps({"response_token": token}), type="application/json")


def _bytes(secrets: Sequence[SecretStr]) -> list[bytes]:
    return [secret.get_secret_value().encode() for secret in secrets]


def _signed(secret: bytes, body: bytes) -> str:
    return f"sha256={b64encode(_digest(secret, body)).decode()}"


def _digest(secret: bytes, body: bytes) -> bytes:
    return hmac.new(secret, body, hashlib.sha256).digest()
