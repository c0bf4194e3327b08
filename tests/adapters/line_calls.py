"""Callbacks of LINE for the tests: our own bots, people and group, and bodies signed as LINE signs them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contract import Specimen

from adapters.line import Line, Settings
from bridge.message import Account, Message
from bridge.ports import Callback, Event

FIXTURES = Path(__file__).parents[1] / "fixtures" / "line"
RECEIVED = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SECRET = "channel-secret-of-acme"
ACME = Account(id="U0000000000000000000000000000ac3e", about={"brand": "Acme DE"})
ANA = "U000000000000000000000000000000a1"
BEN = "U000000000000000000000000000000b2"
GROUP = "C00000000000000000000000000000c01"
ROOM = "R0000000000000000000000000000004e"


def line(*accounts: Account, secrets: tuple[str, ...] = (SECRET,)) -> Line:
    known = {one.id: one for one in accounts or (ACME,)}
    return Line(Settings.model_validate({"channel_secret": secrets}), known)


def post(body: bytes, **headers: str) -> Callback:
    return Callback(
        connection="acme-line",
        method="POST",
        url="https://hooks.example.com/in/acme-line",
        query={},
        headers=headers,
        body=body,
        received_at=RECEIVED,
    )


def signed(body: bytes) -> Callback:
    return post(body, **line().sign(body))


def written(document: object) -> bytes:
    return json.dumps(document).encode()


def parse(document: object, *accounts: Account) -> list[Event]:
    return line(*accounts).parse(post(written(document)))


def parsed(*events: object) -> list[Event]:
    """What these events come to, sent to our bot in one callback."""
    return parse({"destination": ACME.id, "events": events})


def message(event: object) -> Message:
    """The one message that an event comes to."""
    (found,) = parsed(event)
    assert isinstance(found, Message), found
    return found


def fixture(name: str) -> Any:
    return json.loads((FIXTURES / f"{name}.json").read_bytes())


def event(name: str, **changed: object) -> Any:
    """The first event of a fixture, with these of its fields changed."""
    return fixture(name)["events"][0] | changed


def said(name: str, **changed: object) -> Any:
    """The first event of a fixture, with these fields of its message changed."""
    found = event(name)
    return found | {"message": found["message"] | changed}


def compact(item: object) -> bytes:
    return json.dumps(item, separators=(",", ":")).encode()


def beside(document: Any) -> Any | None:
    """The callback with a healthy event behind its others, if it is still one of our bot's."""
    if not isinstance(document, dict) or document.get("destination") != ACME.id:
        return None
    events = document.get("events")
    return {**document, "events": [*events, said("text", id="1")]} if isinstance(events, list) else None


SPECIMENS: tuple[Specimen, ...] = (
    Specimen(
        name="line",
        channel=line(),
        fixtures=FIXTURES,
        call=signed,
        read=json.loads,
        write=written,
        beside=beside,
    ),
)
