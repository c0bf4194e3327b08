"""Callbacks of WhatsApp for the tests: our own app, two phone numbers, and bodies signed as Meta signs them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from contract import Specimen
from meta_calls import SECRET, post, written

from adapters.meta import Meta, Settings
from bridge.message import Account, Message
from bridge.ports import Callback, Event

FIXTURES = Path(__file__).parents[1] / "fixtures" / "whatsapp"
NUMBER = Account(id="106000000000007", about={"brand": "Acme DE"})
OTHER_NUMBER = Account(id="106000000000008")
ANA = "ES.10472211900345"


def whatsapp(*ids: str, reactions: bool = False) -> Meta:
    known = {one: Account(id=one) for one in ids} or {one.id: one for one in (NUMBER, OTHER_NUMBER)}
    settings = {"app_secret": SECRET, "verify_token": "our-verify-token", "reactions": reactions}
    return Meta(Settings.model_validate(settings), known)


def parse(document: object, *, reactions: bool = False) -> list[Event]:
    return whatsapp(reactions=reactions).parse(post(written(document)))


def message(document: object, *, reactions: bool = False) -> Message:
    """The one message that a callback comes to."""
    (event,) = parse(document, reactions=reactions)
    assert isinstance(event, Message), event
    return event


def fixture(name: str) -> Any:
    return json.loads((FIXTURES / f"{name}.json").read_bytes())


def items(document: Any) -> list[Any]:
    """What customers, we in the app, and WhatsApp say in the values of a callback."""
    values = [change["value"] for entry in document["entry"] for change in entry["changes"]]
    return [one for value in values for name in ("messages", "message_echoes") for one in value.get(name, [])]


def value(**held: object) -> Any:
    """A callback for our number, with one value that holds this."""
    about = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": NUMBER.id}}
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": "215000000000001", "changes": [{"field": "messages", "value": about | held}]}],
    }


def text(**changed: object) -> dict[str, object]:
    """A plain message as WhatsApp writes it, with some of its values changed or added."""
    plain = {"from": "34600111222", "id": "wamid.Plain", "timestamp": "1793000000", "type": "text"}
    return plain | {"text": {"body": "hi"}} | changed


def call(body: bytes) -> Callback:
    return post(body, **whatsapp().sign(body))


def beside(document: Any) -> Any:
    """The same with an entry for the other number behind all others."""
    healthy = value(messages=[text(id="wamid.Neighbour", text={"body": "I am well"})])["entry"][0]
    healthy["changes"][0]["value"]["metadata"] = {"phone_number_id": OTHER_NUMBER.id}
    return {**document, "entry": [*document["entry"], healthy]}


SPECIMENS = tuple(
    Specimen(
        name=name,
        channel=whatsapp(reactions=reactions),
        fixtures=FIXTURES,
        call=call,
        read=json.loads,
        write=written,
        beside=beside,
    )
    for name, reactions in (("whatsapp", False), ("whatsapp-reactions", True))
)
