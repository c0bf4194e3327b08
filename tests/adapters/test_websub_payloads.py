"""Feeds that other projects keep as samples, against the table that says what each must come to."""

from __future__ import annotations

from pathlib import Path

import pytest
from payload_table import folder, line
from websub_calls import TALK, call, websub
from websub_table import TABLE

from bridge.message import Message
from bridge.ports import Event


@pytest.fixture(scope="module")
def payloads() -> Path:
    found = folder()
    if found is None:
        pytest.skip("no folder of real payloads: set CASEBRIDGE_PAYLOADS")
    return found


def received(payloads: Path, name: str) -> list[Event]:
    channel, callback = websub(TALK), call((payloads / name).read_bytes())

    assert channel.verify(callback) is None
    return channel.parse(callback)


def test_the_table_names_every_payload(payloads: Path) -> None:
    files = [file for folder in ("websub_rss", "youtube") for file in (payloads / folder).iterdir()]

    assert {str(file.relative_to(payloads)) for file in files} == TABLE.keys()


@pytest.mark.parametrize("name", TABLE)
def test_a_payload_comes_to_what_it_means(payloads: Path, name: str) -> None:
    assert tuple(line(event) for event in received(payloads, name)) == TABLE[name]


def test_all_enclosures_of_an_item_are_attached(payloads: Path) -> None:
    (found,) = received(payloads, "websub_rss/feedparser-rss-item_enclosure_multiple.xml")

    assert isinstance(found, Message)
    assert [(one.kind, one.url) for one in found.attachments] == [
        ("image", "http://example.com/1"),
        ("image", "http://example.com/2"),
    ]
