"""Telegram's Bot API: what customers write to a bot, in its groups, and to business accounts, and answers to it.

One bot, one URL; updates do not name the bot. Each carries the secret that the bot's owner chose for it.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, SecretStr

from adapters.telegram import completing, methods, replies, updates
from adapters.telegram import upkeep as tending
from adapters.telegram.chat import Bot
from bridge.calling import Api
from bridge.configured import PlatformSettings, Secrets
from bridge.errors import Forged, Rejected
from bridge.fetching import File
from bridge.message import Account, Message
from bridge.ports import Answer, Callback, Channel, Credentials, Event, Finding, Sending, Sent, Upkeep, Way

HEADER = "x-telegram-bot-api-secret-token"
TOKEN = re.compile("[A-Za-z0-9_-]{1,256}")
NUMBER = re.compile("-?[0-9]{1,20}")


def _sendable(secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    for one in secrets:
        if not TOKEN.fullmatch(one.get_secret_value()):
            raise ValueError("Telegram takes 1 to 256 letters, digits, _ and - for it, so this could never come")
    return secrets


def _numbered(ids: tuple[str, ...]) -> tuple[str, ...]:
    if not all(NUMBER.fullmatch(one) for one in ids):
        raise ValueError("ids are whole numbers, those of groups and channels below 0: a name may change hands")
    return ids


class Settings(PlatformSettings):
    """The keys of a `telegram` connection in connections.yaml, next to its account."""

    secret_token: Annotated[
        Secrets,
        AfterValidator(_sendable),
        Field(description="the secret_token of setWebhook; a list of two while it is rotated, the new one first"),
    ]
    team: Annotated[
        tuple[Annotated[str, Field(coerce_numbers_to_str=True)], ...],
        AfterValidator(_numbered),
        Field(description="ids of the people and channels that speak for you in groups"),
    ] = ()
    reactions: bool = Field(default=False, description="whether a reaction to a message is a message, too")


class Telegram(Channel):
    """Receives the updates of one bot, and sends its answers. Keeps no state; verify and parse are pure."""

    one_account: ClassVar[bool] = True
    subscribes: ClassVar[bool] = True

    def __init__(self, settings: Settings, accounts: Mapping[str, Account]) -> None:
        """accounts: the bot's id, which is the number in front of its token, -> account; exactly one."""
        (self.account,) = accounts.values()
        self.team, self.reactions = frozenset(settings.team), settings.reactions
        self._secrets = [secret.get_secret_value().encode() for secret in settings.secret_token]
        self._api = Api(methods.HOME, sandbox=settings.url, patience=settings.timeout)

    def verify(self, callback: Callback) -> Answer | None:
        """Return None for a POST with the secret token. There is no handshake.

        Raises Forged for everything else. https://core.telegram.org/bots/api#setwebhook
        """
        if callback.method != "POST":
            raise Forged(f"Telegram calls with POST, not with {callback.method!r}")
        given = callback.headers.get(HEADER, "").encode(errors="surrogatepass")
        if not given:
            raise Forged("X-Telegram-Bot-Api-Secret-Token is missing: give setWebhook the secret_token")
        if not any(hmac.compare_digest(secret, given) for secret in self._secrets):
            raise Forged(
                "X-Telegram-Bot-Api-Secret-Token is none of the secret tokens: compare secret_token with the one "
                "that setWebhook was given"
            )
        return None

    def parse(self, callback: Callback) -> list[Event]:
        """Return every item of a verified update, nearly always one; never raises."""
        bot = Bot(
            account=self.account,
            connection=callback.connection,
            received_at=callback.received_at,
            team=self.team,
            reactions=self.reactions,
        )
        return updates.read(callback.body, bot)

    def sign(self, body: bytes) -> Mapping[str, str]:  # noqa: ARG002 - the token does not depend on it
        """Return the headers with which Telegram would send any body; the first secret token stands in them."""
        return {"content-type": "application/json", HEADER: self._secrets[0].decode()}

    def open(self, media: str, account: str, credentials: Credentials) -> File:  # noqa: ARG002 - it has one
        """Return the file behind a file_id, up to 5 MB. Raises Unfetchable."""
        return completing.open_file(self._api, media, credentials)

    def way(self, to: Message, *, private: bool, heard_at: datetime) -> Way | Rejected:
        """Return how a message can be answered; for a business account that is over after 24 hours. Pure."""
        return replies.way(to, private=private, heard_at=heard_at)

    def send(self, sending: Sending) -> Sent:
        """Send one text. Whether one arrived whose answer was lost, no bot can ask: hence `doubt` is "ask"."""
        return replies.send(self._api, sending)

    def examine(self, upkeep: Upkeep) -> list[Finding]:
        """Look at the token, the webhook, what it brings and what it could not deliver, and the clock."""
        return tending.examine(self._api, self._bot, upkeep)

    def subscribe(self, upkeep: Upkeep) -> list[Finding]:
        """Look, and set the webhook where it is wrong."""
        return tending.subscribe(self._api, self._bot, upkeep)

    @property
    def _bot(self) -> tending.Bot:
        reactions = (updates.REACTED,) if self.reactions else ()
        return tending.Bot(
            id=self.account.id,
            wanted=(*updates.WANTED, *reactions),
            secret=self._secrets[0].decode(),
        )
