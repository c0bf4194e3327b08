"""LINE's documented and recorded callbacks, against the table that says what each must come to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from line_calls import FIXTURES, line, post
from line_table import TABLE
from payload_table import folder
from payload_table import line as row

from bridge.errors import Forged
from bridge.message import Account
from bridge.ports import Event


@pytest.fixture(scope="module")
def payloads() -> Path:
    found = folder()
    if found is None:
        pytest.skip("no folder of real payloads: set CASEBRIDGE_PAYLOADS")
    return found


def received(document: Any, body: bytes) -> list[Event]:
    channel = line(Account(id=document["destination"]))
    callback = post(body, **channel.sign(body))

    assert channel.verify(callback) is None
    return channel.parse(callback)


def as_line_writes(document: Any) -> bytes:
    """The bytes that LINE would send and sign: compact, and letters as they are."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def test_the_table_names_every_payload_of_line(payloads: Path) -> None:
    assert {str(file.relative_to(payloads)) for file in (payloads / "line").glob("*.json")} == TABLE.keys()


@pytest.mark.parametrize("name", TABLE)
def test_a_payload_comes_to_what_it_means(payloads: Path, name: str) -> None:
    body = (payloads / name).read_bytes()

    events = received(json.loads(body), body)

    assert tuple(row(event) for event in events) == TABLE[name]


@pytest.mark.parametrize("name", TABLE)
def test_lines_spelling_of_a_payload_comes_to_the_same(payloads: Path, name: str) -> None:
    body = (payloads / name).read_bytes()
    document = json.loads(body)

    assert received(document, as_line_writes(document)) == received(document, body)


@pytest.mark.parametrize("file", sorted(FIXTURES.glob("*.json")), ids=lambda file: file.stem)
def test_lines_spelling_of_our_fixtures_comes_to_the_same(file: Path) -> None:
    document = json.loads(file.read_bytes())

    assert received(document, as_line_writes(document)) == received(document, file.read_bytes())


def test_vectors_of_others_agree(payloads: Path) -> None:
    files = (payloads / "signatures").glob("*.json")
    vectors = [one for file in files for one in json.loads(file.read_bytes()) if one.get("scheme") == "line"]
    said = {one["id"]: one["valid"] for one in vectors}

    assert said
    assert {one["id"]: holds(one) for one in vectors} == said


def holds(vector: Any) -> bool:
    channel = line(secrets=(vector["secret"],))
    try:
        return channel.verify(post(vector["body"].encode(), **{vector["header"]: vector["signature"]})) is None
    except Forged:
        return False
