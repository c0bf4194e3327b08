"""Callbacks of TikTok for the tests: our own app, two accounts, and bodies signed as TikTok signs them."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contract import Specimen

from adapters.tiktok import Settings, TikTok
from bridge.message import Account, Message
from bridge.ports import Callback, Event

FIXTURES = Path(__file__).parents[1] / "fixtures" / "tiktok"
RECEIVED = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SECRET = "app-secret-of-acme"
ACME = Account(id="-000AcmeDeOpenId01", about={"brand": "Acme DE"})
ACME_FR = Account(id="-000AcmeFrOpenId02", about={"handle": "@acme_fr"})
ANA = "+AnaBrandtUniqueId+01"
BEN = "+BenCarterUniqueId+02"
NAME = "tiktok-signature"


def tiktok(*accounts: Account, secrets: tuple[str, ...] = (SECRET,), **settings: Any) -> TikTok:
    known = {one.id: one for one in accounts or (ACME, ACME_FR)}
    return TikTok(Settings.model_validate({"app_secret": secrets, **settings}), known)


def post(body: bytes, **headers: str) -> Callback:
    return Callback(
        connection="acme-tiktok",
        method="POST",
        url="https://hooks.example.com/in/acme-tiktok",
        query={},
        headers=headers,
        body=body,
        received_at=RECEIVED,
    )


def signed(body: bytes, secret: str = SECRET, stamp: str | None = None) -> str:
    """The header of a body, at the time at which our callbacks are received unless another is given."""
    when = str(int(RECEIVED.timestamp())) if stamp is None else stamp
    return f"t={when},s={hmac.new(secret.encode(), when.encode() + b'.' + body, hashlib.sha256).hexdigest()}"


def call(body: bytes) -> Callback:
    return post(body, **{"content-type": "application/json", NAME: signed(body)})


def opened(body: bytes) -> Any:
    """A callback with its content taken out of its text."""
    document = json.loads(body)
    if isinstance(document["content"], str):
        document["content"] = json.loads(document["content"])
    return document


def written(document: Any) -> bytes:
    """The way back: objects and lists under `content` go into text."""
    if isinstance(document, dict) and isinstance(document.get("content"), dict | list):
        document = {**document, "content": json.dumps(document["content"], separators=(",", ":"))}
    return json.dumps(document).encode()


def fixture(name: str, **changed: object) -> Any:
    """A callback, with these values in its content."""
    document = opened((FIXTURES / f"{name}.json").read_bytes())
    document["content"] |= changed
    return document


def parse(document: object, *accounts: Account, **settings: Any) -> list[Event]:
    return tiktok(*accounts, **settings).parse(post(written(document)))


def message(document: object, *accounts: Account) -> Message:
    """The one message that a callback comes to."""
    (event,) = parse(document, *accounts)
    assert isinstance(event, Message), event
    return event


def compact(item: object) -> bytes:
    return json.dumps(item, separators=(",", ":")).encode()


def beside(document: Any) -> Any | None:
    """The same with one more reaction behind all others; None = other callbacks hold one event."""
    reactions = document["content"].get("reaction")
    if reactions is None:
        return None
    healthy = {**reactions[0], "original_msg_id": "Msg+healthy=="}
    return {**document, "content": {**document["content"], "reaction": [*reactions, healthy]}}


SPECIMENS = (
    Specimen(
        name="tiktok",
        channel=tiktok(reactions=True),
        fixtures=FIXTURES,
        call=call,
        read=opened,
        write=written,
        beside=beside,
    ),
)
