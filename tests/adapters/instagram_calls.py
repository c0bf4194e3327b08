"""Callbacks of Instagram for the tests: our app with both logins, two accounts, signed as Meta signs them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from contract import Specimen
from meta_calls import post, written

from adapters.meta import Meta, Settings
from bridge.message import Account, Message
from bridge.ports import Callback, Event

FIXTURES = Path(__file__).parents[1] / "fixtures" / "instagram"
SECRET = "instagram-secret-of-acme"
ACME = Account(id="17841400000000001", about={"brand": "Acme DE"})
ACME_FR = Account(id="17841400000000002", about={"handle": "@Acme.FR"})
ANA = "880000001"


def instagram(*accounts: Account, reactions: bool = False) -> Meta:
    settings = {
        "app_secret": "app-secret-of-acme",
        "instagram_app_secret": SECRET,
        "verify_token": "our-verify-token",
        "reactions": reactions,
    }
    return Meta(Settings.model_validate(settings), {one.id: one for one in accounts or (ACME, ACME_FR)})


def call(body: bytes) -> Callback:
    return post(body, **instagram().sign(body))


def parse(document: object, *accounts: Account, reactions: bool = False) -> list[Event]:
    return instagram(*accounts, reactions=reactions).parse(post(written(document)))


def message(document: object, *accounts: Account, reactions: bool = False) -> Message:
    """The one message that a callback comes to."""
    (event,) = parse(document, *accounts, reactions=reactions)
    assert isinstance(event, Message), event
    return event


def fixture(name: str) -> Any:
    return json.loads((FIXTURES / f"{name}.json").read_bytes())


def beside(document: Any) -> Any:
    """The same with an entry of the other account behind all others."""
    value = {"id": "18000000000000099", "text": "I am well", "media": {"id": "17890000000000098"}}
    healthy = {"id": ACME_FR.id, "time": 1793000001, "changes": [{"field": "comments", "value": value}]}
    return {**document, "entry": [*document["entry"], healthy]}


SPECIMENS = (
    Specimen(
        name="instagram",
        channel=instagram(reactions=True),
        fixtures=FIXTURES,
        call=call,
        read=json.loads,
        write=written,
        beside=beside,
    ),
)
