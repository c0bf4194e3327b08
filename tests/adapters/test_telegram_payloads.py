"""Telegram's recorded updates, against the table that says what each must come to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from payload_table import folder, line
from telegram_calls import post, telegram
from telegram_table import TABLE

from bridge.ports import Event


@pytest.fixture(scope="module")
def payloads() -> Path:
    found = folder()
    if found is None:
        pytest.skip("no folder of real payloads: set CASEBRIDGE_PAYLOADS")
    return found


def received(body: bytes) -> list[Event]:
    channel = telegram()

    assert channel.verify(post(body)) is None
    return channel.parse(post(body))


def test_the_table_names_every_payload_of_telegram(payloads: Path) -> None:
    found = (payloads / "telegram").glob("*.json")

    assert {str(file.relative_to(payloads)) for file in found} == TABLE.keys()


@pytest.mark.parametrize("name", TABLE)
def test_a_payload_comes_to_what_it_means(payloads: Path, name: str) -> None:
    assert tuple(line(event) for event in received((payloads / name).read_bytes())) == TABLE[name]


@pytest.mark.parametrize("name", TABLE)
def test_telegrams_spelling_of_a_payload_comes_to_the_same(payloads: Path, name: str) -> None:
    body = (payloads / name).read_bytes()
    literal = json.dumps(json.loads(body), ensure_ascii=False).encode()

    assert received(literal) == received(body)
