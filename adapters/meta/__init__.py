"""Meta: what customers write on Facebook Pages, in Messenger, Instagram, WhatsApp and Threads, and our answers.

One app and one URL for all accounts; who is written to stands in the body. Instagram's own login and Threads have
app secrets of their own, which sign what comes from there.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from pydantic import SecretStr

from adapters.meta import envelope
from adapters.meta.facebook_replies import Facebook
from adapters.meta.graph import Graph
from adapters.meta.instagram_replies import Instagram
from adapters.meta.instagram_upkeep import InstagramAccounts
from adapters.meta.messenger_replies import Messenger
from adapters.meta.page_upkeep import Pages
from adapters.meta.settings import Kind, Settings
from adapters.meta.surface import Product, Surface
from adapters.meta.threads_replies import Threads
from adapters.meta.threads_upkeep import ThreadsAccounts
from adapters.meta.upkeep import Care
from adapters.meta.whatsapp_replies import WhatsApp
from adapters.meta.whatsapp_upkeep import Numbers
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
    Renewed,
    Sending,
    Sent,
    Upkeep,
    Way,
)

__all__ = ["Meta", "Settings"]

SIGNATURE = re.compile("sha256=([0-9a-fA-F]{64})")


class Meta(Channel):
    """Receives, completes and answers Facebook, Messenger, Instagram, WhatsApp and Threads. Keeps no state."""

    handshakes = True
    subscribes = True
    backfills = True

    def __init__(self, settings: Settings, accounts: Mapping[str, Account]) -> None:
        """accounts: id of a Page, of an Instagram or Threads account, or of a phone number -> account.

        Items for any other are skipped as unknown_account.
        `about: {handle: …}` of an account helps where Meta tells who wrote by name only: in Threads.
        """
        self.accounts = accounts
        self._reactions = settings.reactions
        app = _bytes(settings.app_secret)
        self._secrets = {
            "": app,
            "instagram": _bytes(settings.instagram_app_secret) or app,
            "threads": _bytes(settings.threads_app_secret) or app,
        }
        self._token = settings.verify_token.get_secret_value().encode()
        graph = Graph(
            version=settings.api_version,
            app_id=settings.app_id,
            app_secret=settings.app_secret[0],
            proof=settings.appsecret_proof,
            sandbox=settings.url,
            patience=settings.timeout,
        )
        self._surfaces: Mapping[str, Surface] = {
            "facebook": Facebook(graph, accounts),
            "messenger": Messenger(graph, human_agent=settings.human_agent),
            "instagram": Instagram(
                graph,
                accounts,
                login=settings.instagram_login,
                human_agent=settings.human_agent,
                comment_limit=settings.instagram_comment_limit,
            ),
            "threads": Threads(graph),
            "whatsapp": WhatsApp(graph),
        }
        products: Mapping[Kind, Product] = {
            "page": Pages(graph, accounts, reactions=settings.reactions),
            "instagram": InstagramAccounts(
                graph, accounts, login=settings.instagram_login, reactions=settings.reactions
            ),
            "threads": ThreadsAccounts(graph, accounts, patience=settings.timeout),
            "whatsapp": Numbers(graph, settings.whatsapp_business_accounts),
        }
        self._care = Care(graph=graph, kinds=settings.products, products=products, token=settings.verify_token)

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
        secrets = {secret for some in self._secrets.values() for secret in some}
        if not any(hmac.compare_digest(_digest(secret, callback.body), given) for secret in secrets):
            raise Forged(
                "X-Hub-Signature-256 fits none of the app secrets: compare app_secret with the App Dashboard; "
                "instagram_app_secret and threads_app_secret too, where the app has these products"
            )
        return None

    def parse(self, callback: Callback) -> list[Event]:
        """Return every item of a verified callback, each read on its own; never raises."""
        return envelope.read(callback, self.accounts, reactions=self._reactions)

    def sign(self, body: bytes) -> Mapping[str, str]:
        """Return the headers with which Meta would send this body; the first secret of its product signs."""
        secrets = self._secrets.get(envelope.product(body), self._secrets[""])
        signature = f"sha256={_digest(secrets[0], body).hex()}"
        return {"content-type": "application/json", "x-hub-signature-256": signature}

    # --- what the callback lacked ---

    def lacks(self, message: Message) -> Collection[Lack]:
        """Return what its channel's callbacks leave out of such a message. Pure."""
        return self._surfaces[message.channel].lacks(message)

    def author(self, message: Message, credentials: Credentials) -> Person:
        """Return who wrote it, as far as its channel tells."""
        return self._surfaces[message.channel].author(message, credentials)

    def content(self, message: Message, credentials: Credentials) -> Message | None:
        """Return the message with what it says; None = it is no longer there."""
        return self._surfaces[message.channel].content(message, credentials)

    def open(self, media: str, account: str, credentials: Credentials) -> File:
        """Return the file behind an id, as the account's product hands it out."""
        return self._care.product(account).open(media, account, credentials)

    # --- replies ---

    def way(self, to: Message, *, private: bool, heard_at: datetime) -> Way | Rejected:
        """Return how its channel takes an answer, or why it does not. Pure."""
        return self._surfaces[to.channel].way(to, private=private, heard_at=heard_at)

    def doubt(self, sending: Sending) -> Doubt:
        """Return what tells in its channel whether a reply went out. Pure."""
        return self._surfaces[sending.to.channel].doubt(sending)

    def send(self, sending: Sending) -> Sent:
        """Send one text through the channel that the customer wrote in."""
        return self._surfaces[sending.to.channel].send(sending)

    def look(self, sending: Sending) -> Sent | None:
        """Return what an earlier attempt left in the channel; None = nothing."""
        return self._surfaces[sending.to.channel].look(sending)

    # --- upkeep ---

    def examine(self, upkeep: Upkeep) -> list[Finding]:
        """Look at the app, its callbacks, and every account with its token. Never raises."""
        return self._care.attend(upkeep, mend=False)

    def subscribe(self, upkeep: Upkeep) -> list[Finding]:
        """Look, and write what is missing or wrong of callbacks and subscriptions. Never raises."""
        return self._care.attend(upkeep, mend=True)

    def renews(self, account: str, credentials: Credentials) -> bool:
        """Return whether the account's token ends after 60 days and Meta renews it. Pure."""
        return credentials.token is not None and self._care.product(account).renews

    def renew(self, account: str, credentials: Credentials, now: datetime) -> Renewed | None:
        """Put a new token in the place of one that ends; None = it needs none, or not yet."""
        return self._care.product(account).renew(account, credentials, now)

    def backfill(self, account: str, credentials: Credentials, since: datetime) -> Iterator[list[Event]]:
        """Yield what came since then, page by page, as the account's product tells it."""
        return self._care.product(account).backfill(account, credentials, since)

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


def _bytes(secrets: Sequence[SecretStr] | None) -> list[bytes]:
    return [secret.get_secret_value().encode() for secret in secrets or ()]


def _digest(secret: bytes, body: bytes) -> bytes:
    return hmac.new(secret, body, hashlib.sha256).digest()
