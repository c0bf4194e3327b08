"""Callbacks of Trustpilot for the tests: our own business unit, and the secret that ends its URL."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contract import Specimen

from adapters.trustpilot import Settings, Trustpilot
from bridge.message import Account, Message
from bridge.ports import Callback, Event

FIXTURES = Path(__file__).parents[1] / "fixtures" / "trustpilot"
RECEIVED = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SECRET = "q8Vn2LxYt4RzKe7B"
USER, PASSWORD = "trustpilot", "pässword-of-acme"
ACME = Account(id="65f000000000000000000001", about={"brand": "Acme"})


def trustpilot(**keys: object) -> Trustpilot:
    return Trustpilot(Settings.model_validate({"path_secret": SECRET} | keys), {ACME.id: ACME})


def guarded() -> Trustpilot:
    """With a user and a password besides the secret in the path."""
    return trustpilot(user=USER, password=PASSWORD)


def post(body: bytes, *, secret: str = SECRET, **headers: str) -> Callback:
    return Callback(
        connection="acme-trustpilot",
        method="POST",
        url=f"https://hooks.example.com/in/acme-trustpilot/{secret}",
        query={},
        headers=headers,
        body=body,
        received_at=RECEIVED,
        secret=secret,
    )


def written(document: object) -> bytes:
    return json.dumps(document).encode()


def parse(document: object) -> list[Event]:
    return trustpilot().parse(post(written(document)))


def event(name: str, **data: object) -> dict[str, Any]:
    return {"eventName": name, "version": "1", "eventData": data}


def message(name: str, **data: object) -> Message:
    """The one message that an event comes to."""
    (found,) = parse({"events": [event(name, **data)]})
    assert isinstance(found, Message), found
    return found


def fixture(name: str) -> Any:
    return json.loads((FIXTURES / f"{name}.json").read_bytes())


def call(body: bytes) -> Callback:
    return post(body, **guarded().sign(body))


def beside(document: Any) -> Any:
    """The same with one healthy review behind all others."""
    return document | {"events": [*document["events"], event("service-review-created", id="65a0ff", stars=4)]}


SPECIMENS = (
    Specimen(
        name="trustpilot",
        channel=guarded(),
        fixtures=FIXTURES,
        call=call,
        read=json.loads,
        write=written,
        beside=beside,
    ),
)
