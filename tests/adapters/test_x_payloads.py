"""X's documented and recorded callbacks, against the table that says what each must come to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from payload_table import folder, line
from x_calls import FIXTURES, post, x
from x_table import TABLE, as_x_writes, whose

from bridge.message import Account
from bridge.ports import Event


@pytest.fixture(scope="module")
def payloads() -> Path:
    found = folder()
    if found is None:
        pytest.skip("no folder of real payloads: set CASEBRIDGE_PAYLOADS")
    return found


def received(document: Any, body: bytes) -> list[Event]:
    channel = x(Account(id=whose(document)))
    callback = post(body, **channel.sign(body))

    assert channel.verify(callback) is None
    return channel.parse(callback)


def test_the_table_names_every_payload_of_x(payloads: Path) -> None:
    assert {str(file.relative_to(payloads)) for file in (payloads / "x").glob("*.json")} == TABLE.keys()


@pytest.mark.parametrize("name", TABLE)
def test_a_payload_comes_to_what_it_means(payloads: Path, name: str) -> None:
    body = (payloads / name).read_bytes()

    events = received(json.loads(body), body)

    assert tuple(line(event) for event in events) == TABLE[name]


@pytest.mark.parametrize("name", TABLE)
def test_xs_spelling_of_a_payload_comes_to_the_same(payloads: Path, name: str) -> None:
    body = (payloads / name).read_bytes()
    document = json.loads(body)

    assert received(document, as_x_writes(document)) == received(document, body)


@pytest.mark.parametrize("file", sorted(FIXTURES.glob("*.json")), ids=lambda file: file.stem)
def test_xs_spelling_of_our_fixtures_comes_to_the_same(file: Path) -> None:
    document = json.loads(file.read_bytes())

    assert received(document, as_x_writes(document)) == received(document, file.read_bytes())
