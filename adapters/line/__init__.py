"""LINE's Messaging API: what customers write to our official accounts, alone and in groups, and answers to it.

Each account is a Messaging API channel with a secret of its own; which account is written to stands in the body.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import Field

from adapters.line import completing, events, replies
from adapters.line.upkeep import look_after
from bridge.calling import Api
from bridge.configured import PlatformSettings, Secrets
from bridge.errors import Forged, Rejected
from bridge.fetching import File
from bridge.message import Account, Message, Person
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

SIGNATURE = re.compile("[0-9A-Za-z+/]{43}=")


class Settings(PlatformSettings):
    """The keys of a `line` connection in connections.yaml, next to its accounts."""

    channel_secret: Annotated[
        Secrets,
        Field(description="the channel's secret; a list of two while it is rotated, the new one first"),
    ]


class Line(Channel):
    """Receives the Messaging API's webhooks, and sends answers. Keeps no state; verify and parse are pure."""

    subscribes: ClassVar[bool] = True

    def __init__(self, settings: Settings, accounts: Mapping[str, Account]) -> None:
        """accounts: the bot's user id -> account; what comes for any other is skipped as unknown_account."""
        self.accounts = accounts
        self._secrets = [secret.get_secret_value().encode() for secret in settings.channel_secret]
        self._api = Api(completing.HOME, sandbox=settings.url, patience=settings.timeout)
        self._files = Api(completing.FILES, sandbox=settings.url, patience=settings.timeout)

    def verify(self, callback: Callback) -> Answer | None:
        """Return None for a signed POST. There is no handshake: the console's Verify is a POST without events.

        Raises Forged for everything else.
        https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/
        """
        if callback.method != "POST":
            raise Forged(f"LINE calls with POST, not with {callback.method!r}")
        header = callback.headers.get("x-line-signature", "")
        if not SIGNATURE.fullmatch(header):
            raise Forged(
                "x-line-signature is not the base64 of 32 bytes" if header else "x-line-signature is missing"
            )
        given = b64decode(header)
        if not any(hmac.compare_digest(_digest(secret, callback.body), given) for secret in self._secrets):
            raise Forged(
                "x-line-signature fits none of the channel secrets: compare channel_secret with Basic settings in "
                "the LINE Developers Console"
            )
        return None

    def parse(self, callback: Callback) -> list[Event]:
        """Return every event of a verified callback, each read on its own; never raises."""
        return events.read(callback, self.accounts)

    def sign(self, body: bytes) -> Mapping[str, str]:
        """Return the headers with which LINE would send this body; the first channel secret signs."""
        signature = b64encode(_digest(self._secrets[0], body)).decode()
        return {"content-type": "application/json; charset=utf-8", "x-line-signature": signature}

    def lacks(self, message: Message) -> Collection[Lack]:
        """Return what LINE left out: the author's name. Pure."""
        return completing.lacks(message)

    def author(self, message: Message, credentials: Credentials) -> Person:
        """Return the author's name and picture."""
        return completing.author(self._api, message, credentials)

    def open(self, media: str, account: str, credentials: Credentials) -> File:  # noqa: ARG002 - the token says it
        """Return what came with a message, by the message's id. Raises Unfetchable."""
        return completing.open_file(self._files, media, credentials)

    def way(self, to: Message, *, private: bool, heard_at: datetime) -> Way | Rejected:  # noqa: ARG002 - all are
        """Return how a message can be answered: in its chat, at any time. Pure."""
        return replies.way(to)

    def doubt(self, sending: Sending) -> Doubt:
        """Return "repeat": LINE knows what it has sent by our mark, for 24 hours. Pure."""
        return replies.doubt(sending)

    def send(self, sending: Sending) -> Sent:
        """Push one text."""
        return replies.send(self._api, sending)

    def examine(self, upkeep: Upkeep) -> list[Finding]:
        """Look at the token, the webhook URL and whether LINE reaches it, the month's messages, and the clock."""
        return look_after(self._api, self.accounts, upkeep, mends=False)

    def subscribe(self, upkeep: Upkeep) -> list[Finding]:
        """Look, and set the webhook URL where it is another one."""
        return look_after(self._api, self.accounts, upkeep, mends=True)


def _digest(secret: bytes, body: bytes) -> bytes:
    return hmac.new(secret, body, hashlib.sha256).digest()
