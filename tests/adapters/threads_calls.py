"""Callbacks of Threads for the tests: an app with that use case, two accounts, signed as Meta signs them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from contract import Specimen
from meta_calls import post, written

from adapters.meta import Meta, Settings
from bridge.message import Account, Message
from bridge.ports import Callback, Event

FIXTURES = Path(__file__).parents[1] / "fixtures" / "threads"
SECRET = "threads-secret-of-acme"
ACME = Account(id="9900000000000001", about={"brand": "Acme DE"})
ACME_FR = Account(id="9900000000000002", about={"handle": "@Acme.FR"})
ROOT = "18100000000000061"


def threads(*accounts: Account) -> Meta:
    settings = {
        "app_secret": "app-secret-of-acme",
        "threads_app_secret": SECRET,
        "verify_token": "our-verify-token",
    }
    return Meta(Settings.model_validate(settings), {one.id: one for one in accounts or (ACME, ACME_FR)})


def call(body: bytes) -> Callback:
    return post(body, **threads().sign(body))


def parse(document: object, *accounts: Account) -> list[Event]:
    return threads(*accounts).parse(post(written(document)))


def message(document: object, *accounts: Account) -> Message:
    """The one message that a callback comes to."""
    (event,) = parse(document, *accounts)
    assert isinstance(event, Message), event
    return event


def fixture(name: str) -> Any:
    return json.loads((FIXTURES / f"{name}.json").read_bytes())


def beside(document: Any) -> Any | None:
    """The same with a healthy reply behind all others; None = documented bodies hold one only."""
    root = {"id": ROOT, "owner_id": ACME.id, "username": "acme"}
    value = {"id": "18100000000000099", "username": "cy", "text": "I am well", "root_post": root}
    healthy = {"field": "replies", "value": value}
    if "entry" in document:
        return {**document, "entry": [*document["entry"], {"id": ROOT, "changes": [healthy]}]}
    return {**document, "values": [*document["values"], healthy]} if isinstance(document["values"], list) else None


SPECIMENS = (
    Specimen(
        name="threads",
        channel=threads(),
        fixtures=FIXTURES,
        call=call,
        read=json.loads,
        write=written,
        beside=beside,
    ),
)
