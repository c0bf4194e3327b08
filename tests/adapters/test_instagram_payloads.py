"""Instagram's documented and recorded callbacks, against the table that says what each must come to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from instagram_calls import FIXTURES, instagram
from instagram_table import TABLE, WANTED
from meta_calls import post
from meta_table import as_meta_writes, pages
from payload_table import folder, line

from bridge.message import Account
from bridge.ports import Event


@pytest.fixture(scope="module")
def payloads() -> Path:
    found = folder()
    if found is None:
        pytest.skip("no folder of real payloads: set CASEBRIDGE_PAYLOADS")
    return found


def received(document: Any, body: bytes, *, reactions: bool = False) -> list[Event]:
    channel = instagram(*(Account(id=one) for one in pages(document)), reactions=reactions)
    callback = post(body, **channel.sign(body))

    assert channel.verify(callback) is None
    return channel.parse(callback)


def test_the_table_names_every_payload_of_instagram(payloads: Path) -> None:
    assert {str(file.relative_to(payloads)) for file in (payloads / "instagram").glob("*.json")} == TABLE.keys()


@pytest.mark.parametrize("reactions", [False, True])
@pytest.mark.parametrize("name", TABLE)
def test_a_payload_comes_to_what_it_means(payloads: Path, name: str, reactions: bool) -> None:
    body = (payloads / name).read_bytes()

    events = received(json.loads(body), body, reactions=reactions)

    assert tuple(line(event) for event in events) == (TABLE | WANTED if reactions else TABLE)[name]


@pytest.mark.parametrize("name", TABLE)
def test_metas_spelling_of_a_payload_comes_to_the_same(payloads: Path, name: str) -> None:
    body = (payloads / name).read_bytes()
    document = json.loads(body)

    assert received(document, as_meta_writes(document)) == received(document, body)


@pytest.mark.parametrize("file", sorted(FIXTURES.glob("*.json")), ids=lambda file: file.stem)
def test_metas_spelling_of_our_fixtures_comes_to_the_same(file: Path) -> None:
    document = json.loads(file.read_bytes())

    assert received(document, as_meta_writes(document)) == received(document, file.read_bytes())
