"""Meta's webhooks: what customers write under a Facebook Page's posts and to it in Messenger.

One app, one URL, one signature for all Pages; who is written to stands in the body.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from adapters.meta import envelope
from bridge.errors import Forged, Malformed
from bridge.message import UNSTORABLE, Account
from bridge.ports import Answer, Callback, Channel, Event

SIGNATURE = re.compile("sha256=([0-9a-fA-F]{64})")

Secret = Annotated[SecretStr, Field(min_length=1)]


class Settings(BaseModel):
    """The keys of a `meta` connection in connections.yaml, next to its accounts."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    app_secret: Annotated[
        tuple[Secret, ...],
        Field(min_length=1, max_length=2, description="the app's secret; a list of two while it is rotated"),
        BeforeValidator(lambda given: (given,) if isinstance(given, str | SecretStr) else given),
    ]
    verify_token: Annotated[
        Secret, Field(description="any text, the same as under Webhooks in Meta's App Dashboard")
    ]


class Meta(Channel):
    """Receives the page feed and Messenger. Keeps no state; verify and parse are pure."""

    def __init__(self, settings: Settings, accounts: Mapping[str, Account]) -> None:
        """accounts: Page id -> account. Items for any other Page are skipped as unknown_account."""
        self.accounts = accounts
        self._secrets = [secret.get_secret_value().encode() for secret in settings.app_secret]
        self._token = settings.verify_token.get_secret_value().encode()

    def verify(self, callback: Callback) -> Answer | None:
        """Return None for a signed POST, the echoed challenge for Meta's GET when the URL is set up.

        Raises Forged when signature or token does not hold, Malformed for a challenge that Meta never sends.
        https://developers.facebook.com/docs/graph-api/webhooks/getting-started
        """
        if callback.method == "GET":
            return self._handshake(callback.query)
        if callback.method != "POST":
            raise Forged(f"Meta calls with GET and POST, not with {callback.method!r}")
        header = callback.headers.get("x-hub-signature-256", "")
        signature = SIGNATURE.fullmatch(header)
        if signature is None:
            raise Forged(
                "X-Hub-Signature-256 is not sha256= and 64 hex digits"
                if header
                else "X-Hub-Signature-256 is missing"
            )
        given = bytes.fromhex(signature[1])
        if not any(hmac.compare_digest(_digest(secret, callback.body), given) for secret in self._secrets):
            raise Forged(
                "X-Hub-Signature-256 fits none of the app secrets: compare app_secret with the App Dashboard"
            )
        return None

    def parse(self, callback: Callback) -> list[Event]:
        """Return every item of a verified callback, each read on its own; never raises."""
        return envelope.read(callback, self.accounts)

    def sign(self, body: bytes) -> Mapping[str, str]:
        """Return the headers with which Meta would send this body; the first app secret signs."""
        signature = f"sha256={_digest(self._secrets[0], body).hex()}"
        return {"content-type": "application/json", "x-hub-signature-256": signature}

    def _handshake(self, query: Mapping[str, str]) -> Answer:
        token = query.get("hub.verify_token", "").encode(errors="surrogatepass")
        if query.get("hub.mode") != "subscribe" or not hmac.compare_digest(token, self._token):
            raise Forged("hub.mode is not subscribe, or hub.verify_token is not the connection's verify_token")
        challenge = query.get("hub.challenge", "")
        # Other platforms sign challenges with the key for bodies: no adapter answers one that could be a body.
        if not challenge or UNSTORABLE.search(challenge) or "{" in challenge or "[" in challenge:
            raise Malformed("hub.challenge is empty, or holds what no challenge of Meta's does")
        if len(challenge.encode()) > 512:
            raise Malformed("hub.challenge is longer than 512 bytes")
        return Answer(body=challenge)


def _digest(secret: bytes, body: bytes) -> bytes:
    return hmac.new(secret, body, hashlib.sha256).digest()
