"""X's webhooks: mentions, replies, quotes, keyword hits and direct messages for our handles.

One app, one URL, one signature for all handles; whose an event is stands in the body.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from adapters.x import envelope
from bridge.errors import Forged, Malformed
from bridge.message import UNSTORABLE, Account
from bridge.ports import Answer, Callback, Channel, Event

SIGNATURE = re.compile("sha256=([0-9A-Za-z+/]{43}=)")

LONGEST_CHALLENGE = 512
"""Bytes. X's own are 36 characters."""

Secret = Annotated[SecretStr, Field(min_length=1)]


class Settings(BaseModel):
    """The keys of an `x` connection in connections.yaml, next to its accounts."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    consumer_secret: Annotated[
        tuple[Secret, ...],
        Field(
            min_length=1,
            max_length=2,
            description="the app's API key secret; a list of two while it is rotated, the new one first",
        ),
        BeforeValidator(lambda given: (given,) if isinstance(given, str | SecretStr) else given),
    ]


class X(Channel):
    """Receives the Activity API, legacy Account Activity and filtered streams. Keeps no state.

    X answers for its URL with the very key that signs bodies, so the two are kept apart: what holds { or [ is
    never signed as a challenge, and what holds no { is never taken as a body.
    """

    def __init__(self, settings: Settings, accounts: Mapping[str, Account]) -> None:
        """accounts: user id -> account; what X sends for any other is skipped as unknown_account.

        `about: {handle: …}` of an account helps where X names nobody by id: in filtered streams and quotes.
        """
        self.accounts = accounts
        self._secrets = [secret.get_secret_value().encode() for secret in settings.consumer_secret]

    def verify(self, callback: Callback) -> Answer | None:
        """Return None for a signed POST, the signed challenge for X's GET, which comes every hour.

        Raises Forged when the signature does not hold, Malformed for a challenge that X never sends.
        https://docs.x.com/x-api/webhooks/quickstart
        """
        if callback.method == "GET":
            return self._handshake(callback.query)
        if callback.method != "POST":
            raise Forged(f"X calls with GET and POST, not with {callback.method!r}")
        header = callback.headers.get("x-twitter-webhooks-signature", "")
        signature = SIGNATURE.fullmatch(header)
        if signature is None:
            raise Forged(
                "x-twitter-webhooks-signature is not sha256= and the base64 of 32 bytes"
                if header
                else "x-twitter-webhooks-signature is missing"
            )
        if b"{" not in callback.body:
            raise Forged("the body is no JSON object: somebody may have had it signed as a challenge")
        given = b64decode(signature[1])
        if not any(hmac.compare_digest(_digest(secret, callback.body), given) for secret in self._secrets):
            raise Forged(
                "x-twitter-webhooks-signature fits none of the consumer secrets: compare consumer_secret with "
                "the API key secret in X's developer console"
            )
        return None

    def parse(self, callback: Callback) -> list[Event]:
        """Return every item of a verified callback, each read on its own; never raises."""
        return envelope.read(callback, self.accounts)

    def sign(self, body: bytes) -> Mapping[str, str]:
        """Return the headers with which X would send this body; the first consumer secret signs."""
        return {"content-type": "application/json", "x-twitter-webhooks-signature": self._signed(body)}

    def _handshake(self, query: Mapping[str, str]) -> Answer:
        challenge = query.get("crc_token")
        if challenge is None:
            raise Forged("a GET of X's holds a crc_token")
        if not challenge or UNSTORABLE.search(challenge) or "{" in challenge or "[" in challenge:
            raise Malformed("crc_token is empty, or holds what no challenge of X's does")
        if len(challenge.encode()) > LONGEST_CHALLENGE:
            raise Malformed(f"crc_token is longer than {LONGEST_CHALLENGE} bytes")
        token = self._signed(challenge.encode())
        return Answer(body=json.dumps({"response_token": token}), type="application/json")

    def _signed(self, body: bytes) -> str:
        return f"sha256={b64encode(_digest(self._secrets[0], body)).decode()}"


def _digest(secret: bytes, body: bytes) -> bytes:
    return hmac.new(secret, body, hashlib.sha256).digest()
