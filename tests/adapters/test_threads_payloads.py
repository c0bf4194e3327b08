"""Threads' documented and recorded bodies, against the table that says what each must come to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from meta_calls import post
from meta_table import as_meta_writes
from payload_table import folder, line
from threads_calls import FIXTURES, threads
from threads_table import TABLE, whose

from bridge.message import Account
from bridge.ports import Event


@pytest.fixture(scope="module")
def payloads() -> Path:
    found = folder()
    if found is None:
        pytest.skip("no folder of real payloads: set CASEBRIDGE_PAYLOADS")
    return found


def received(document: Any, body: bytes) -> list[Event]:
    channel = threads(Account(id=whose(document)))
    callback = post(body, **channel.sign(body))

    assert channel.verify(callback) is None
    return channel.parse(callback)


def test_the_table_names_every_payload_of_threads(payloads: Path) -> None:
    assert {str(file.relative_to(payloads)) for file in (payloads / "threads").glob("*.json")} == TABLE.keys()


@pytest.mark.parametrize("name", TABLE)
def test_a_payload_comes_to_what_it_means(payloads: Path, name: str) -> None:
    body = (payloads / name).read_bytes()

    events = received(json.loads(body), body)

    assert tuple(line(event) for event in events) == TABLE[name]


@pytest.mark.parametrize("file", sorted(FIXTURES.glob("*.json")), ids=lambda file: file.stem)
def test_metas_spelling_of_our_fixtures_comes_to_the_same(file: Path) -> None:
    document = json.loads(file.read_bytes())

    assert received(document, as_meta_writes(document)) == received(document, file.read_bytes())
