"""Callbacks of Meta for the tests: our own app, two Pages, and bodies signed as Meta signs them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contract import Specimen

from adapters.meta import Meta, Settings
from bridge.message import Account
from bridge.ports import Callback, Event

FIXTURES = Path(__file__).parents[1] / "fixtures" / "meta"
RECEIVED = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SECRET = "app-secret-of-acme"
PAGE = Account(id="10150001", about={"brand": "Acme DE"})
OTHER_PAGE = Account(id="10150002")


def meta(*ids: str, secrets: tuple[str, ...] = (SECRET,), token: str = "our-verify-token") -> Meta:
    accounts = {one: Account(id=one) for one in ids} or {page.id: page for page in (PAGE, OTHER_PAGE)}
    return Meta(Settings.model_validate({"app_secret": secrets, "verify_token": token}), accounts)


def post(body: bytes, **headers: str) -> Callback:
    return Callback(
        connection="acme-meta",
        method="POST",
        url="https://hooks.example.com/in/acme-meta",
        query={},
        headers=headers,
        body=body,
        received_at=RECEIVED,
    )


def written(document: object) -> bytes:
    return json.dumps(document).encode()


def parse(document: object) -> list[Event]:
    return meta().parse(post(written(document)))


def fixture(name: str) -> Any:
    return json.loads((FIXTURES / f"{name}.json").read_bytes())


def compact(item: object) -> bytes:
    return json.dumps(item, separators=(",", ":")).encode()


def call(body: bytes) -> Callback:
    return post(body, **meta().sign(body))


def said(page: str) -> dict[str, Any]:
    """A healthy item of Messenger."""
    return {
        "sender": {"id": "24000000009"},
        "recipient": {"id": page},
        "timestamp": 1793000000123,
        "message": {"mid": "m_Neighbour", "text": "I am well"},
    }


COMMENT = {
    "field": "feed",
    "value": {"item": "comment", "verb": "add", "comment_id": "5_6", "post_id": "5", "message": "So am I"},
}


def beside(document: Any) -> Any:
    """The same with an entry of the other Page behind all others."""
    healthy = {"id": OTHER_PAGE.id, "time": 1793000001, "messaging": [said(OTHER_PAGE.id)]}
    return {**document, "entry": [*document["entry"], healthy]}


def within(document: Any) -> Any | None:
    """The same with an item behind all others of the last entry; None = that entry has no list of items."""
    *others, last = document["entry"]
    section = next((one for one in ("messaging", "changes") if one in last), None)
    if section is None:
        return None
    healthy = said(last["id"]) if section == "messaging" else COMMENT
    return {**document, "entry": [*others, {**last, section: [*last[section], healthy]}]}


SPECIMENS = tuple(
    Specimen(
        name=name,
        channel=meta(),
        fixtures=FIXTURES,
        call=call,
        read=json.loads,
        write=written,
        beside=neighbour,
    )
    for name, neighbour in (("meta", beside), ("meta-items", within))
)
