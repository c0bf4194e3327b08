"""Every real payload of the folder: in exactly one table, and behind the real receiver what the table says of it.

The bodies are not ours to publish: they are read from a folder that CASEBRIDGE_PAYLOADS names, or that lies beside
the repository.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import google_calls
import google_table
import instagram_calls
import instagram_table
import line_calls
import line_table
import meta_calls
import meta_table
import payload_table
import pytest
import telegram_calls
import telegram_table
import threads_calls
import threads_table
import tiktok_calls
import tiktok_table
import trustpilot_calls
import trustpilot_table
import webhook_calls
import webhook_table
import websub_calls
import websub_table
import whatsapp_calls
import whatsapp_table
import x_calls
import x_table
from receiving import receiving

from bridge.message import Account
from bridge.ports import Callback, Channel

NO_CHANNEL: dict[str, tuple[int, str]] = {
    "bluesky": (10, "nothing calls us: its feed must be asked for"),
    "discord": (8, "interactions and gateway events: a bot of its own answers those"),
    "linkedin": (1, "no channel of ours"),
    "mastodon": (4, "nothing calls us: answers of its API"),
    "reddit": (2, "nothing calls us: answers of its API"),
    "signatures": (2, "vectors: each channel's own test of its signature has those that concern it"),
    "viber": (1, "no channel of ours"),
}
"""Folder -> how many payloads no table names, and why."""

DOUBLED: dict[str, Counter[str]] = {
    "line/linesdkpython-v3-webhook-all-events.json": Counter({"direct created": 9, "postback created": 3}),
}
"""Payloads whose items share their ids: so many are of one message, which is stored once."""

OF_OURS = ("delivered", "undelivered")
"""What became of our own replies: no items."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The payloads of one connection."""

    table: Mapping[str, tuple[str, ...]]
    accounts: Callable[[Any], Iterable[str]]  #: a payload -> the accounts it is for
    channel: Callable[[list[str]], Channel]  #: the adapter, for these accounts
    call: Callable[[bytes], Callback]  #: a body as the platform sends it


def accounts(ids: Iterable[str]) -> list[Account]:
    return [Account(id=one) for one in ids]


SOURCES = {
    "google": Source(
        table=google_table.TABLE,
        accounts=lambda _: [google_table.LOCATION],
        channel=lambda ids: google_calls.google(*accounts(ids)),
        call=google_calls.call,
    ),
    "instagram": Source(
        table=instagram_table.TABLE,
        accounts=meta_table.pages,
        channel=lambda ids: instagram_calls.instagram(*accounts(ids)),
        call=instagram_calls.call,
    ),
    "line": Source(
        table=line_table.TABLE,
        accounts=lambda document: [document["destination"]],
        channel=lambda ids: line_calls.line(*accounts(ids)),
        call=line_calls.signed,
    ),
    "meta": Source(
        table=meta_table.TABLE,
        accounts=meta_table.pages,
        channel=lambda ids: meta_calls.meta(*ids),
        call=meta_calls.call,
    ),
    "telegram": Source(
        table=telegram_table.TABLE,
        accounts=lambda _: [],
        channel=lambda _: telegram_calls.telegram(),
        call=telegram_calls.post,
    ),
    "threads": Source(
        table=threads_table.TABLE,
        accounts=lambda document: [document.get("target_id", "1")],
        channel=lambda ids: threads_calls.threads(*accounts(ids)),
        call=threads_calls.call,
    ),
    "tiktok": Source(
        table=tiktok_table.TABLE,
        accounts=lambda document: [document["user_openid"]],
        channel=lambda ids: tiktok_calls.tiktok(*accounts(ids)),
        call=tiktok_calls.call,
    ),
    "trustpilot": Source(
        table=trustpilot_table.TABLE,
        accounts=lambda _: [],
        channel=lambda _: trustpilot_calls.guarded(),
        call=trustpilot_calls.call,
    ),
    "webhook": Source(
        table=webhook_table.TABLE,
        accounts=lambda _: ["0-02"],
        channel=lambda ids: webhook_calls.webhook(webhook_calls.signed(), "hootsuite-inbox", accounts=tuple(ids)),
        call=webhook_calls.SPECIMENS[0].call,
    ),
    "websub": Source(
        table=websub_table.TABLE,
        accounts=lambda _: [websub_calls.TALK.id],
        channel=lambda ids: websub_calls.websub(*accounts(ids)),
        call=websub_calls.call,
    ),
    "whatsapp": Source(
        table=whatsapp_table.TABLE,
        accounts=whatsapp_table.numbers,
        channel=lambda ids: whatsapp_calls.whatsapp(*ids),
        call=whatsapp_calls.call,
    ),
    "x": Source(
        table=x_table.TABLE,
        accounts=lambda document: [x_table.whose(document)],
        channel=lambda ids: x_calls.x(*accounts(ids)),
        call=x_calls.call,
    ),
}

FILES = [(name, file) for name, source in SOURCES.items() for file in source.table]


@pytest.fixture(scope="module")
def payloads() -> Path:
    found = payload_table.folder()
    if found is None:
        pytest.skip("no folder of real payloads: set CASEBRIDGE_PAYLOADS")
    return found


def built(source: Source, documents: list[Any]) -> Channel:
    """The adapter, for every account of these payloads."""
    return source.channel(sorted({one for document in documents for one in source.accounts(document)}))


def document(body: bytes) -> Any:
    """The JSON of a payload; of a feed its bytes."""
    return body if body.startswith(b"<") else json.loads(body)


def test_the_tables_name_every_payload_once_but_those_of_platforms_that_no_channel_reads(payloads: Path) -> None:
    files = [str(file.relative_to(payloads)) for file in payloads.glob("*/*")]
    named = [name for source in SOURCES.values() for name in source.table]
    left = Counter(name.partition("/")[0] for name in set(files) - set(named))

    assert sorted(set(named)) == sorted(named)
    assert set(named) <= set(files)
    assert left == {folder: n for folder, (n, _) in NO_CHANNEL.items()}


@pytest.mark.parametrize(("name", "file"), FILES)
def test_a_payload_leaves_behind_what_the_table_says_and_nothing_when_it_comes_again(
    payloads: Path, template: Path, tmp_path: Path, name: str, file: str
) -> None:
    source, body = SOURCES[name], (payloads / file).read_bytes()

    with receiving(built(source, [document(body)]), source.call, template, tmp_path) as receiver:
        first = receiver.send(body), receiver.lines(), receiver.books()
        again = receiver.send(body), receiver.lines(), receiver.books()

    told = Counter(line for line in source.table[file] if line not in OF_OURS)
    assert first[:2] == (200, told - DOUBLED.get(file, Counter()))
    assert again[0] == 200
    assert (again[2].received, again[2].states) == (first[2].received, first[2].states)
    assert again[2].faults() == []


@pytest.mark.parametrize("name", SOURCES)
def test_the_whole_set_a_second_time_creates_nothing(
    payloads: Path, template: Path, tmp_path: Path, name: str
) -> None:
    source = SOURCES[name]
    bodies = [(payloads / file).read_bytes() for owner, file in FILES if owner == name]
    channel = built(source, [document(body) for body in bodies])

    with receiving(channel, source.call, template, tmp_path) as receiver:
        answers = {receiver.send(body) for body in bodies}
        once = receiver.books()
        answers |= {receiver.send(body) for body in bodies}
        twice = receiver.books()

    assert answers == {200}
    assert (twice.received, twice.states) == (once.received, once.states)
    assert twice.skipped == {what: 2 * n for what, n in once.skipped.items()}
    assert twice.faults() == []
    assert not any(reason == "unknown_account" for _, reason, _ in twice.skipped)


def test_what_is_no_message_creates_nothing(payloads: Path) -> None:
    manifest = json.loads((payloads / "manifest.json").read_bytes())
    negative = [one["file"] for one in manifest if one["negative"]]
    lines = {file: source.table[file] for source in SOURCES.values() for file in negative if file in source.table}

    assert len(lines) == len(negative)
    assert {line.split()[0] for found in lines.values() for line in found} <= {"skipped"}
