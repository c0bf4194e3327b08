"""TikTok's recorded callbacks, against the table that says what each must come to."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from payload_table import folder, line
from tiktok_calls import NAME, call, post, tiktok
from tiktok_table import TABLE

from bridge.message import Account
from bridge.ports import Event


@pytest.fixture(scope="module")
def payloads() -> Path:
    found = folder()
    if found is None:
        pytest.skip("no folder of real payloads: set CASEBRIDGE_PAYLOADS")
    return found


def received(document: Any, body: bytes) -> list[Event]:
    channel = tiktok(Account(id=document["user_openid"]))

    assert channel.verify(call(body)) is None
    return channel.parse(call(body))


def test_the_table_names_every_payload_of_tiktok(payloads: Path) -> None:
    assert {str(file.relative_to(payloads)) for file in (payloads / "tiktok").glob("*.json")} == TABLE.keys()


@pytest.mark.parametrize("name", TABLE)
def test_a_payload_comes_to_what_it_means(payloads: Path, name: str) -> None:
    body = (payloads / name).read_bytes()

    events = received(json.loads(body), body)

    assert tuple(line(event) for event in events) == TABLE[name]


@pytest.mark.parametrize("name", TABLE)
def test_a_payload_whose_content_is_an_object_comes_to_the_same(payloads: Path, name: str) -> None:
    body = (payloads / name).read_bytes()
    document = json.loads(body)
    opened = {**document, "content": json.loads(document["content"])}

    assert received(document, json.dumps(opened).encode()) == received(document, body)


def test_vectors_of_others_agree(payloads: Path) -> None:
    files = (payloads / "signatures").glob("*.json")
    vectors = [one for file in files for one in json.loads(file.read_bytes())]
    (vector,) = (one for one in vectors if one.get("id") == "tiktok")
    callback = post(vector["body"].encode(), **{NAME: vector["signature"]})

    found = tiktok(secrets=(vector["secret"],)).verify(
        replace(callback, received_at=datetime.fromtimestamp(vector["timestamp"], UTC))
    )

    assert found is None
