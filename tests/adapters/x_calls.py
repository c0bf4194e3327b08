"""Callbacks of X for the tests: our own app, two handles, and bodies signed as X signs them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contract import Specimen

from adapters.x import Settings, X
from bridge.message import Account, Message
from bridge.ports import Callback, Event

FIXTURES = Path(__file__).parents[1] / "fixtures" / "x"
RECEIVED = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SECRET = "consumer-secret-of-acme"
ACME = Account(id="2244000001", about={"brand": "Acme DE"})
ACME_FR = Account(id="2244000002", about={"handle": "@Acme_FR"})
ANA = "7100000901"


def x(*accounts: Account, secrets: tuple[str, ...] = (SECRET,)) -> X:
    known = {one.id: one for one in accounts or (ACME, ACME_FR)}
    return X(Settings.model_validate({"consumer_secret": secrets}), known)


def post(body: bytes, **headers: str) -> Callback:
    return Callback(
        connection="acme-x",
        method="POST",
        url="https://hooks.example.com/in/acme-x",
        query={},
        headers=headers,
        body=body,
        received_at=RECEIVED,
    )


def written(document: object) -> bytes:
    return json.dumps(document).encode()


def parse(document: object, *accounts: Account) -> list[Event]:
    return x(*accounts).parse(post(written(document)))


def message(document: object, *accounts: Account) -> Message:
    """The one message that a callback comes to."""
    (event,) = parse(document, *accounts)
    assert isinstance(event, Message), event
    return event


def fixture(name: str) -> Any:
    return json.loads((FIXTURES / f"{name}.json").read_bytes())


def payload(name: str) -> Any:
    """The post or message in a fixture of the Activity API."""
    return fixture(name)["data"]["payload"]


def activity(event_type: str, held: object, includes: object = None, *, account: str = ACME.id) -> dict[str, Any]:
    """An event of the Activity API."""
    data = {"event_uuid": "-1", "filter": {"user_id": account}, "event_type": event_type, "payload": held}
    return {"data": data | ({} if includes is None else {"includes": includes})}


def compact(item: object) -> bytes:
    return json.dumps(item, separators=(",", ":")).encode()


def call(body: bytes) -> Callback:
    return post(body, **x().sign(body))


def beside(document: Any) -> Any | None:
    """The same with a mention behind all others; None = the Activity API and streams send one event a callback."""
    if not document.keys() & {"for_user_id", "user_event"}:
        return None
    section = "tweet_create_events"
    healthy = fixture("legacy_many")[section][0]
    others = {"for_user_id": ACME.id} | {key: held for key, held in document.items() if key != section}
    return others | {section: [*document.get(section, []), healthy]}


SPECIMENS = (
    Specimen(
        name="x",
        channel=x(),
        fixtures=FIXTURES,
        call=call,
        read=json.loads,
        write=written,
        beside=beside,
    ),
)
