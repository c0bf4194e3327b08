"""TikTok's webhooks: direct messages, comments under our videos, and mentions, for Business Accounts.

One app, one URL, one signature for all accounts; whose an event is stands in the body.
"""

from __future__ import annotations

import hmac
import re
import time
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from adapters.tiktok import completing, envelope, files, replies, signature
from adapters.tiktok.backfill import Gap
from adapters.tiktok.renewing import renew
from adapters.tiktok.service import Service, token_of
from adapters.tiktok.settings import Settings
from adapters.tiktok.upkeep import Upkeeper
from bridge.errors import Forged, Malformed, Rejected
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
    Renewed,
    Sending,
    Sent,
    Upkeep,
    Way,
)

__all__ = ["Settings", "TikTok"]

CHALLENGE = re.compile("[0-9A-Za-z._~+/=:-]{1,512}")
"""What is echoed at most: nothing that could be a body, or markup."""


class TikTok(Channel):
    """Direct messages, comments and mentions of API for Business v1.3. Keeps no state."""

    subscribes = True
    backfills = True

    def __init__(self, settings: Settings, accounts: Mapping[str, Account]) -> None:
        """accounts: open id, which TikTok also calls business_id -> account; others' events are skipped by name.

        `about: {handle: …}` of an account puts the video's own page into links, where else its player stands.
        """
        self.accounts = accounts
        self._settings = settings
        self._service = Service(sandbox=settings.url, patience=settings.timeout)
        self._secrets = [secret.get_secret_value().encode() for secret in settings.app_secret]

    def verify(self, callback: Callback) -> Answer | None:
        """Return None for a signed POST, the echoed challenge for a GET, which TikTok is not known to send.

        Raises Forged when the signature does not hold or is too old, Malformed for a challenge that is no word.
        https://business-api.tiktok.com/portal/docs?id=1759978341579777
        """
        if callback.method == "GET":
            return _handshake(callback.query)
        if callback.method != "POST":
            raise Forged(f"TikTok calls with GET and POST, not with {callback.method!r}")
        stamp, given = signature.read(callback.headers.get("tiktok-signature", ""))
        digests = [signature.digest(one, stamp, callback.body) for one in self._secrets]
        if not any(hmac.compare_digest(one, given) for one in digests):
            raise Forged(
                "Tiktok-Signature fits none of the app secrets: compare app_secret with the app's page in "
                "TikTok's developer portal"
            )
        away, allowed = (
            abs(callback.received_at.timestamp() - int(stamp)),
            self._settings.tolerance.total_seconds(),
        )
        if away > allowed:
            raise Forged(
                f"the time in Tiktok-Signature is {away:.0f} seconds away from our clock, {allowed:.0f} are "
                "allowed: an old callback again, or a clock that is wrong"
            )
        return None

    def parse(self, callback: Callback) -> list[Event]:
        """Return every item of a verified callback, each read on its own; never raises."""
        return envelope.read(callback, self.accounts, reactions=self._settings.reactions)

    def sign(self, body: bytes) -> Mapping[str, str]:
        """Return the headers with which TikTok would send this body now; the first app secret signs."""
        stamp = str(int(time.time()))
        signed = f"t={stamp},s={signature.digest(self._secrets[0], stamp, body).hex()}"
        return {"content-type": "application/json", "tiktok-signature": signed}

    # --- what the callback lacked ---

    def lacks(self, message: Message) -> Collection[Lack]:
        """Return content for comments, whose authors TikTok leaves out, author for direct messages. Pure."""
        return completing.lacks(message)

    def author(self, message: Message, credentials: Credentials) -> Person:
        """Return whom a direct message is from. Raises RetryLater, Paused or Rejected."""
        return completing.author(self._service, message, credentials)

    def content(self, message: Message, credentials: Credentials) -> Message:
        """Return a comment or mention with what it says. Raises RetryLater, Paused or Rejected."""
        return completing.content(self._service, message, credentials)

    def open(self, media: str, account: str, credentials: Credentials) -> File:
        """Return a picture or film of a direct message, up to 5 MB. Raises Unfetchable."""
        return files.fetch(self._service, account, media, credentials)

    # --- replies ---

    def way(self, to: Message, *, private: bool, heard_at: datetime) -> Way | Rejected:
        """Return how a message can be answered, or why not. Pure."""
        return replies.way(
            to,
            private=private,
            heard_at=heard_at,
            longest_comment=self._settings.longest_comment,
            comment_to_dm=self._settings.comment_to_dm,
        )

    def doubt(self, sending: Sending) -> Doubt:
        """Return whether TikTok lists what was sent. Pure."""
        return replies.doubt(sending)

    def send(self, sending: Sending) -> Sent:
        """Send one text. Raises RetryLater, Unsure, Rejected or Paused."""
        return replies.send(self._service, sending)

    def look(self, sending: Sending) -> Sent | None:
        """Return what was sent and stands there; None = nothing. Raises RetryLater, Paused or Rejected."""
        return replies.look(self._service, sending)

    # --- upkeep ---

    def examine(self, upkeep: Upkeep) -> list[Finding]:
        """Look at webhooks, tokens, their scopes, and the clock. Never raises."""
        return self._upkeeper().examine(upkeep)

    def subscribe(self, upkeep: Upkeep) -> list[Finding]:
        """Set up the webhooks that are missing or lead elsewhere. Never raises."""
        return self._upkeeper().subscribe(upkeep)

    def renews(self, account: str, credentials: Credentials) -> bool:  # noqa: ARG002 - all alike
        """Return whether there is what renews a token: app_id and the account's refresh_token. Pure."""
        return bool(self._settings.app_id) and credentials.refresh is not None

    def renew(self, account: str, credentials: Credentials, now: datetime) -> Renewed | None:
        """Return new tokens, which end after a day; None = without app_id or refresh_token there can be none.

        TikTok does not tell when a token ends, so each call renews. Raises RetryLater or Rejected.
        """
        if not self._settings.app_id or credentials.refresh is None:
            return None
        return renew(
            self._service,
            app_id=self._settings.app_id,
            secret=self._settings.app_secret[0].get_secret_value(),
            account=account,
            refresh=credentials.refresh.get_secret_value(),
            now=now,
        )

    def backfill(self, account: str, credentials: Credentials, since: datetime) -> Iterator[list[Event]]:
        """Yield comments and direct messages since then, page by page. Raises RetryLater, Paused or Rejected."""
        gap = Gap(
            service=self._service,
            token=token_of(credentials),
            account=self.accounts[account],
            ours=frozenset(self.accounts),
            since=since,
        )
        return gap.events(self._settings.receives)

    def _upkeeper(self) -> Upkeeper:
        return Upkeeper(
            self._service,
            app_id=self._settings.app_id,
            secret=self._settings.app_secret[0].get_secret_value(),
            receives=self._settings.receives,
        )


def _handshake(query: Mapping[str, str]) -> Answer:
    challenge = query.get("challenge")
    if challenge is None:
        raise Forged("a GET of TikTok's holds a challenge")
    if not CHALLENGE.fullmatch(challenge):
        raise Malformed("challenge is not one word of at most 512 letters, digits and ._~+/=:-")
    return Answer(body=challenge)
