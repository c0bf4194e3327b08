"""Other projects' recorded callbacks of Meta, against the table that says what each must come to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from meta_calls import FIXTURES, meta, post
from meta_table import TABLE, as_meta_writes, pages
from payload_table import folder, line

from bridge.ports import Event

EXAMPLES = Path(__file__).parents[2] / "bridge" / "sandbox" / "examples"
NUMBER = "106000000000007"


@pytest.fixture(scope="module")
def payloads() -> Path:
    found = folder()
    if found is None:
        pytest.skip("no folder of real payloads: set CASEBRIDGE_PAYLOADS")
    return found


def received(document: Any, body: bytes, *more: str) -> list[Event]:
    channel = meta(*pages(document), *more)
    callback = post(body, **channel.sign(body))

    assert channel.verify(callback) is None
    return channel.parse(callback)


def test_the_table_names_every_payload_of_pages_and_messenger(payloads: Path) -> None:
    files = [*(payloads / "facebook_pages").glob("*.json"), *(payloads / "messenger").glob("*.json")]

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

    assert received(document, as_meta_writes(document)) == received(document, body)


@pytest.mark.parametrize("file", sorted(FIXTURES.glob("*.json")), ids=lambda file: file.stem)
def test_metas_spelling_of_our_fixtures_comes_to_the_same(file: Path) -> None:
    document = json.loads(file.read_bytes())

    assert received(document, as_meta_writes(document)) == received(document, file.read_bytes())


def test_the_examples_of_the_demo_tell_their_story() -> None:
    story = {}

    for file in sorted(EXAMPLES.glob("*.json")):
        body = file.read_bytes()
        if b'"entry"' not in body:
            continue  # of others than Meta
        story[file.stem] = [line(event) for event in received(json.loads(body), body, NUMBER)]

    assert story == {
        "01-comment": ["comment created"],
        "02-comment-by-another-customer": ["comment created"],
        "03-reply-by-the-first-customer": ["comment created"],
        "04-first-comment-edited": ["comment edited"],
        "05-other-comment-removed": ["comment deleted"],
        "06-messenger-text": ["direct created"],
        "07-messenger-picture": ["direct created"],
        "09-giveaway-comment": ["comment created"],
        "11-french-comment": ["comment created"],
        "12-french-comment-again": ["comment created"],
        "13-french-comment-removed": ["comment deleted"],
        "14-french-messenger-card": ["direct created"],
        "19-instagram-comment": ["comment created"],
        "20-whatsapp-text": ["direct created"],
    }
