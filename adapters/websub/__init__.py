"""WebSub: what blogs, communities and YouTube channels publish, pushed by the hub that we subscribed at.

A topic is a feed's address; the hub asks once whether we want it, and then sends every new entry, signed.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import ClassVar

from adapters.websub import feed
from adapters.websub.settings import Settings
from adapters.websub.upkeep import Upkeeper
from adapters.websub.web import Web
from bridge.calling import SOON
from bridge.errors import Forged, Malformed, Rejected, RetryLater
from bridge.message import UNSTORABLE, Account, clean
from bridge.ports import Answer, Callback, Channel, Credentials, Event, Finding, Upkeep
from bridge.reading import digits
from bridge.visiting import Unfetchable

__all__ = ["Settings", "WebSub"]

SIGNATURE = re.compile("(sha1|sha256|sha384|sha512)=([0-9A-Fa-f]{40,128})")

LONGEST_CHALLENGE = 512
"""Bytes. Google's hub sends 20 digits."""

LONGEST_LEASE = timedelta(days=3650)
LONGEST_REASON = 200

DISCARDED = 202
"""What a hub is answered whose signature does not hold: 2xx, and the body is thrown away.

https://www.w3.org/TR/websub/#signature-validation
"""

NO_SUCH_TOPIC = 404
"""https://www.w3.org/TR/websub/#hub-verifies-intent"""


class WebSub(Channel):
    """Answers hubs, reads the feeds that they send, and subscribes. Keeps no state; verify and parse are pure."""

    takes_secret: ClassVar[bool] = True
    handshakes: ClassVar[bool] = True
    subscribes: ClassVar[bool] = True
    backfills: ClassVar[bool] = True

    def __init__(self, settings: Settings, accounts: Mapping[str, Account]) -> None:
        """accounts: topic, exactly as subscribed -> account; any other is refused, and its entries skipped."""
        self.accounts = accounts
        self._secrets = [secret.get_secret_value().encode() for secret in settings.secret]
        self._path = settings.path_secret.get_secret_value().encode()
        self._hub, self._web = settings.hub, Web(settings)

    def verify(self, callback: Callback) -> Answer | None:
        """Return None for a signed POST; for a hub's GET the challenge, or that we heard of its refusal.

        learned, of each topic: `lease:<topic>` when the subscription ends, ISO 8601 ("" = the hub did not say),
        and `denied:<topic>` why the hub refuses ("" = it does not).

        Raises Forged: with 404 for what we do not subscribe to, with 202 where the signature does not hold.
        Raises Malformed for a challenge that no hub sends. https://www.w3.org/TR/websub/#hub-verifies-intent
        """
        if not hmac.compare_digest(callback.secret.encode(errors="backslashreplace"), self._path):
            raise Forged(
                "the end of the URL is not path_secret: compare it with the hub.callback of the subscription"
            )
        if callback.method == "GET":
            return self._handshake(callback)
        if callback.method != "POST":
            raise Forged(f"hubs call with GET and POST, not with {callback.method!r}")
        self._signed(callback)
        return None

    def parse(self, callback: Callback) -> list[Event]:
        """Return every entry of a verified feed, each read on its own; never raises."""
        return feed.read(callback, self.accounts)

    def sign(self, body: bytes) -> Mapping[str, str]:
        """Return the headers with which a hub would send this body; the first secret signs."""
        signature = hmac.new(self._secrets[0], body, "sha256").hexdigest()
        return {"content-type": "application/atom+xml", "x-hub-signature": f"sha256={signature}"}

    # --- upkeep ---

    def examine(self, upkeep: Upkeep) -> list[Finding]:
        """Look at each topic's subscription and hub, and at the clock. Never raises."""
        return self._upkeeper().examine(self.accounts, upkeep)

    def subscribe(self, upkeep: Upkeep) -> list[Finding]:
        """Subscribe to each topic whose lease is missing, refused, over, or has less than a fifth left."""
        return self._upkeeper().subscribe(self.accounts, upkeep)

    def backfill(self, account: str, credentials: Credentials, since: datetime) -> Iterator[list[Event]]:  # noqa: ARG002
        """Yield what is in the feed since then, as one page. Raises RetryLater, or Rejected when it is gone."""
        try:
            page = self._web.get(account)
        except Unfetchable as trouble:
            raise RetryLater(str(trouble), after=SOON) from None
        if page.status >= 500 or page.status == 429:
            raise RetryLater(f"the feed's server answered {page.status}", after=SOON)
        if page.status != 200:
            raise Rejected(f"the feed's server answered {page.status}: see that the account is the feed's address")
        yield feed.since(self.accounts[account], page.content, page.headers, since)

    def _upkeeper(self) -> Upkeeper:
        secret, path_secret = self._secrets[0].decode(), self._path.decode()
        return Upkeeper(self._web, hub=self._hub, secret=secret, path_secret=path_secret)

    # --- what hubs call for ---

    def _signed(self, callback: Callback) -> None:
        header = callback.headers.get("x-hub-signature", "")
        found = SIGNATURE.fullmatch(header)
        if found is None:
            why = (
                "is not a method, = and hexadecimal digits" if header else "is missing: subscribe with hub.secret"
            )
            raise Forged(f"x-hub-signature {why}", status=DISCARDED)
        given = found[2].lower().encode()
        expected = [hmac.new(secret, callback.body, found[1]).hexdigest().encode() for secret in self._secrets]
        if not any(hmac.compare_digest(one, given) for one in expected):
            raise Forged(
                "x-hub-signature fits none of the secrets: compare secret with the hub.secret of the subscription",
                status=DISCARDED,
            )

    def _handshake(self, callback: Callback) -> Answer:
        query = callback.query
        mode, topic = query.get("hub.mode", ""), query.get("hub.topic", "")
        if mode not in ("subscribe", "denied"):
            raise Forged(f"hub.mode is {mode[:20]!r}: this bridge only ever subscribes", status=NO_SUCH_TOPIC)
        if topic not in self.accounts:
            raise Forged(f"no account of this connection is the topic {topic[:200]!r}", status=NO_SUCH_TOPIC)
        if mode == "denied":
            reason = " ".join(clean(query.get("hub.reason", "")).split())[:LONGEST_REASON]
            return Answer(learned={f"denied:{topic}": reason or "the hub gave no reason"})
        learned = {f"lease:{topic}": _lease_end(callback), f"denied:{topic}": ""}
        return Answer(body=_challenge(query), learned=learned)


def _challenge(query: Mapping[str, str]) -> str:
    challenge = query.get("hub.challenge", "")
    if not challenge or UNSTORABLE.search(challenge) or "{" in challenge or "[" in challenge:
        raise Malformed("hub.challenge is empty, or holds what no challenge of a hub's does")
    if len(challenge.encode()) > LONGEST_CHALLENGE:
        raise Malformed(f"hub.challenge is longer than {LONGEST_CHALLENGE} bytes")
    return challenge


def _lease_end(callback: Callback) -> str:
    seconds = int(digits(callback.query, "hub.lease_seconds") or 0)
    lease = timedelta(seconds=min(seconds, LONGEST_LEASE.total_seconds()))
    return (callback.received_at + lease).isoformat() if lease else ""
