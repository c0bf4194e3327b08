"""docs/shadow.md is true: who follows it sees what it shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pages
import pytest
from heart import said

from bridge import configuration, flow
from bridge.message import Account, Message, Person
from bridge.parts import Bridge
from bridge.revising import Revisions
from bridge.store import Store, connect, inbox
from bridge.store.inbox import Arrival

TOLD = re.compile(r"^(\d+)  (\w+ \w+) +(.+)$", re.MULTILINE)


def followed(folder: Path, env: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Do what the boxes say, and have the messages come that one of them shows."""
    for box in pages.boxes("shadow.md"):
        yield from pages.done(box, folder, env)
        if box.kind == "text":
            arrive(env, [message(*one) for one in TOLD.findall(box.text)])


def message(number: str, name: str, text: str) -> Message:
    account = Account(id="2244000001", about={"handle": "@acme", "queue": "Social Desk"})
    author = Person(id=number, name=name)
    return said(text, id=number, channel="x", connection="acme-x", account=account, author=author, kind="mention")


def arrive(env: dict[str, str], messages: list[Message]) -> None:
    """Store what came, and decide it by the published mappings."""
    store = connect(env["DATABASE_URL"])
    when = messages[0].received_at
    with store.write() as c:
        inbox.ingest(c, Arrival(connection="acme-x", received_at=when, messages=messages))
    flow.decide_some(at_work(store, env), "acme-x")


def at_work(store: Store, env: dict[str, str]) -> Bridge:
    found: Any = configuration.connected(env)
    known = Revisions(store, sources=configuration.sources_of(found), targets=configuration.targets_of(found))
    current = known.current(0.0)
    assert current is not None
    parts: dict[str, Any] = {"gather": timedelta(0), "lease": timedelta(seconds=30), "crms": {}}
    return Bridge(store=store, mappings=current.mappings, revision=current.number, **parts)


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory, template: Path) -> list[tuple[str, str]]:
    folder = tmp_path_factory.mktemp("acme")
    (folder / "bridge.db").write_bytes(template.read_bytes())
    env = {"CASEBRIDGE_CONFIG": str(folder), "DATABASE_URL": f"sqlite:///{folder / 'bridge.db'}"}
    return list(followed(folder, env))


def test_who_follows_the_page_to_the_letter_sees_what_it_shows(walk: list[tuple[str, str]]) -> None:
    assert [got for got, _ in walk] == [shown for _, shown in walk]
    assert len(walk) == 3
