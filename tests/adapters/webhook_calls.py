"""Callbacks of tools that post signed JSON, for the tests: our own secrets, accounts and a body."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import contract
from contract import Specimen

from adapters.webhook import Settings, Webhook
from bridge.mapping import load_payloads
from bridge.message import Account
from bridge.ports import Callback

FIXTURES = Path(__file__).parents[1] / "fixtures" / "webhook"
SHIPPED = Path(__file__).parents[2] / "mappings"
RECEIVED = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
STAMP = "1795262400"  #: the same moment
SECRET = "tool-secret-4c1"
KEY = "whsec_b3VyLW93bi1rZXktb2YtMjQtYnl0ZXMh"
BODY = rb'{"id":"1","t":"Zo\u00eb"}'
URL = "https://hooks.example.com/in/acme-tool"
MAPS = load_payloads(SHIPPED, ["hootsuite-inbox", "listening-tool", "mobile-app"])


def webhook(verify: Mapping[str, Any], payload: str = "mobile-app", *, accounts: tuple[str, ...] = ()) -> Webhook:
    settings = Settings.model_validate({"payload": payload, "verify": verify})
    return Webhook(settings, {one: Account(id=one) for one in accounts}, MAPS[payload])


def signed(**more: Any) -> dict[str, Any]:
    """Settings of an HMAC over the body, with these changes."""
    return {"scheme": "hmac", "header": "X-Signature", "secrets": SECRET, **more}


def post(headers: Mapping[str, str], body: bytes = BODY, *, url: str = URL, at: datetime = RECEIVED) -> Callback:
    return Callback(
        connection="acme-tool",
        method="POST",
        url=url,
        query={},
        headers={name.lower(): value for name, value in headers.items()},
        body=body,
        received_at=at,
    )


def fixture(name: str) -> bytes:
    return (FIXTURES / f"{name}.json").read_bytes()


def one_more_mention(document: Any) -> Any | None:
    """The same with a mention behind all others; None = it is another tool's."""
    if "mentions" not in document:
        return None
    healthy = {"resourceId": 13, "fullText": "I am well", "author": "ana", "domain": "x.com"}
    return {**document, "mentions": [*document["mentions"], healthy]}


def specimen(
    name: str,
    payload: str,
    verify: Mapping[str, Any],
    account: str,
    *,
    beside: Callable[[Any], Any | None] = contract.nowhere,
) -> Specimen:
    tool = webhook(verify, payload, accounts=(account,))
    return Specimen(
        name=name,
        channel=tool,
        fixtures=FIXTURES,
        call=lambda body: post(tool.sign(body), body),
        read=json.loads,
        write=lambda document: json.dumps(document).encode(),
        beside=beside,
    )


SPECIMENS = (
    specimen("webhook-hootsuite", "hootsuite-inbox", signed(), "0-02"),
    specimen(
        "webhook-listening",
        "listening-tool",
        {"scheme": "bearer", "secrets": SECRET},
        "brand-watch",
        beside=one_more_mention,
    ),
    specimen("webhook-app", "mobile-app", signed(encoding="base64"), "acme-ios"),
)
