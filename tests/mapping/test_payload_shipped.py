"""The shipped payload maps: what our callbacks come to, whole, and the recorded ones of Hootsuite."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from payload_examples import RECEIVED, events
from payload_table import folder

from bridge.mapping import load_payloads
from bridge.message import Account, Attachment, Message, Person
from bridge.ports import Skipped

MAPS = load_payloads(Path(__file__).parents[2] / "mappings", ["hootsuite-inbox", "listening-tool", "mobile-app"])
FIXTURES = Path(__file__).parents[1] / "fixtures" / "webhook"
HOOTSUITE = {
    "openapi-crm-error-notifications.json": [Skipped(reason="system", event="DATA_IMPORT_ERROR")],
    "openapi-crm-write-back.json": [Skipped(reason="system", event="CONVERSATION_RESOLVED")],
}
"""Recorded callback -> what it comes to: neither is a message of a customer."""


def recorded() -> Path:
    payloads = folder()
    if payloads is None:
        pytest.skip("no folder of real payloads: set CASEBRIDGE_PAYLOADS")
    return payloads / "hootsuite"


def test_the_table_names_every_payload_of_hootsuite() -> None:
    assert {file.name for file in recorded().glob("*.json")} == HOOTSUITE.keys()


@pytest.mark.parametrize("name", HOOTSUITE)
def test_a_recorded_payload_of_hootsuite_comes_to_what_it_means(name: str) -> None:
    body = (recorded() / name).read_bytes()

    assert events(MAPS["hootsuite-inbox"], body) == HOOTSUITE[name]


def test_a_private_message_in_hootsuite_keeps_all_that_is_known() -> None:
    body = (FIXTURES / "hootsuite_message.json").read_bytes()
    account = Account(id="0-02")

    assert events(MAPS["hootsuite-inbox"], body, {"0-02": account}) == [
        Message(
            channel="instagram",
            connection="acme-tool",
            account=account,
            id="m-88",
            kind="direct",
            author=Person(
                id="c-31", name="Jonas Ek", handle="jonas.ek", avatar="https://cdn.example.com/c-31.png"
            ),
            thread="0-4411",
            text="Grüße! Wo ist mein Paket?",
            sent_at=datetime(2026, 11, 21, 12, 0, 0, 250000, UTC),
            received_at=RECEIVED,
            public=False,
            raw=json.dumps(json.loads(body), separators=(",", ":")).encode(),
        )
    ]


def test_a_message_without_text_in_hootsuite_still_becomes_one() -> None:
    document = json.loads((FIXTURES / "hootsuite_message.json").read_bytes())
    document["data"]["message"] |= {"text": None, "payload": {"type": "image"}}

    (event,) = events(MAPS["hootsuite-inbox"], document, {"0-02": Account(id="0-02")})

    assert getattr(event, "text", "") == "(a message without text: see Hootsuite Inbox)"


def test_a_feedback_in_the_app_keeps_all_that_is_known() -> None:
    body = (FIXTURES / "app_feedback.json").read_bytes()
    account = Account(id="acme-ios")

    assert events(MAPS["mobile-app"], body, {"acme-ios": account}) == [
        Message(
            channel="app",
            connection="acme-tool",
            account=account,
            id="f-9",
            kind="direct",
            author=Person(id="771", name="Pia Roth", email="pia@example.com"),
            thread="771",
            text="Voucher is refused",
            language="de",
            rating=2,
            attachments=(Attachment(kind="image", url="https://files.example.com/9-1.png", name="9-1.png"),),
            sent_at=datetime(2026, 11, 21, 12, 0, 0, 123000, UTC),
            received_at=RECEIVED,
            public=False,
            raw=json.dumps(json.loads(body), separators=(",", ":")).encode(),
        )
    ]
