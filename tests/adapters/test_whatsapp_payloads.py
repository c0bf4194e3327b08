"""Other projects' recorded and published callbacks of WhatsApp, against the table that says what each comes to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from meta_calls import post
from meta_table import as_meta_writes
from payload_table import folder, line
from whatsapp_calls import whatsapp
from whatsapp_table import TABLE, numbers

from bridge.ports import Event


@pytest.fixture(scope="module")
def payloads() -> Path:
    found = folder()
    if found is None:
        pytest.skip("no folder of real payloads: set CASEBRIDGE_PAYLOADS")
    return found


def received(document: Any, body: bytes) -> list[Event]:
    channel = whatsapp(*numbers(document))
    callback = post(body, **channel.sign(body))

    assert channel.verify(callback) is None
    return channel.parse(callback)


def test_the_table_names_every_payload_of_whatsapp(payloads: Path) -> None:
    files = (payloads / "whatsapp").glob("*.json")

    assert {str(file.relative_to(payloads)) for file in files} == TABLE.keys()


@pytest.mark.parametrize("name", TABLE)
def test_a_recorded_payload_comes_to_what_it_means(payloads: Path, name: str) -> None:
    body = (payloads / name).read_bytes()

    events = received(json.loads(body), body)

    assert tuple(line(event) for event in events) == TABLE[name]


@pytest.mark.parametrize("name", TABLE)
def test_metas_spelling_of_a_payload_comes_to_the_same(payloads: Path, name: str) -> None:
    body = (payloads / name).read_bytes()
    document = json.loads(body)

    spelled = received(document, as_meta_writes(document))

    assert [line(event) for event in spelled] == [line(event) for event in received(document, body)]
