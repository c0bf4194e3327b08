"""Facebook and Messenger: any one value of an answer of Meta's spoilt, and nothing but Trouble comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meta_calls import PAGE
from page_platform import (
    AT,
    CALLBACK,
    COMMENT,
    CREDENTIALS,
    DIRECT,
    MADE_AT,
    MENTION,
    OURS,
    Facebook,
    adapter,
    answer,
)
from spoiling import DROPPED, RETYPED, places, spoiled
from stub import Call, Said, Stub, running
from test_page_backfill import ANA, SINCE, with_history

from adapters.meta import Meta
from bridge.errors import Trouble
from bridge.ports import Finding, Upkeep

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
UPKEEP = Upkeep(url=CALLBACK, credentials={PAGE.id: CREDENTIALS}, now=NOW)
NEIGHBOUR = {"id": "900100_9", "message": "We are on it.", "created_time": MADE_AT, "from": OURS}


@pytest.fixture(scope="module")
def stub() -> Iterator[Stub]:
    with running(lambda _: Said()) as running_stub:
        yield running_stub


def populated() -> Facebook:
    there = Facebook()
    with_history(there)
    there.largest_page = 5
    there.nodes = {
        DIRECT.author.id: {"name": "Ana Ruiz", "profile_pic": "https://cdn.example.com/a.jpg"},
        MENTION.id: {"id": MENTION.id, "message": "hi", "from": ANA, "attachment": {"type": "photo", "url": "u"}},
    }
    return there


def answering(stub: Stub, *, spoil: int = -1, change: Callable[[Any], Any] = lambda body: body) -> list[Any]:
    """Let a fresh platform answer, the nth call with a changed body; the bodies fill the list that is returned."""
    there, bodies = populated(), list[Any]()

    def answer_one(call: Call) -> Said:
        said = there.answer(call)
        bodies.append(said.body)
        return replace(said, body=change(said.body)) if len(bodies) == spoil + 1 else said

    stub.answer = answer_one
    stub.clock = NOW.timestamp()
    return bodies


def quietly(act: Callable[[], object]) -> None:
    try:
        act()
    except Trouble:
        return


def pages_of(meta: Meta) -> object:
    return [event for events in islice(meta.backfill(PAGE.id, CREDENTIALS, SINCE), 20) for event in events]


ACTS: dict[str, Callable[[Meta], object]] = {
    "author": lambda meta: meta.author(DIRECT, CREDENTIALS),
    "content": lambda meta: meta.content(MENTION, CREDENTIALS),
    "comment": lambda meta: meta.send(answer(COMMENT)),
    "message": lambda meta: meta.send(answer(DIRECT)),
    "look": lambda meta: meta.look(answer(COMMENT, tried_at=AT)),
    "look in private": lambda meta: meta.look(answer(DIRECT, tried_at=AT)),
    "backfill": pages_of,
}


def some_spoilt(bodies: list[Any]) -> st.SearchStrategy[tuple[int, Callable[[Any], Any]]]:
    """Which answer, and what becomes of it."""
    values = st.sampled_from([DROPPED, *RETYPED])
    where = [(n, place) for n, body in enumerate(bodies) for place in places(body)]
    return st.builds(
        lambda at, value: (at[0], partial(spoiled, place=at[1], value=value)), st.sampled_from(where), values
    )


@pytest.mark.parametrize("name", ACTS)
def test_a_spoilt_answer_is_trouble_at_most(stub: Stub, name: str) -> None:
    meta = adapter(stub)
    bodies = answering(stub)
    ACTS[name](meta)

    @settings(max_examples=60, deadline=None)
    @given(some_spoilt([*bodies]))
    def spoil(at: tuple[int, Callable[[Any], Any]]) -> None:
        answering(stub, spoil=at[0], change=at[1])

        quietly(lambda: ACTS[name](meta))

    spoil()


@pytest.mark.parametrize("name", ["examine", "subscribe"])
def test_a_spoilt_answer_ends_in_findings(stub: Stub, name: str) -> None:
    meta = adapter(stub)
    bodies = answering(stub)
    assert [one.level for one in getattr(meta, name)(UPKEEP)] == ["ok"] * 4

    @settings(max_examples=80, deadline=None)
    @given(some_spoilt([*bodies]))
    def spoil(at: tuple[int, Callable[[Any], Any]]) -> None:
        answering(stub, spoil=at[0], change=at[1])

        found = getattr(meta, name)(UPKEEP)

        assert found
        assert all(isinstance(one, Finding) and one.says for one in found)

    spoil()


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_spoilt_comment_does_not_hide_ours(stub: Stub, data: st.DataObject) -> None:
    other = {**NEIGHBOUR, "id": "900100_8", "message": "me too", "from": ANA}
    value = data.draw(st.sampled_from([DROPPED, *RETYPED]))
    spoilt = spoiled(other, data.draw(st.sampled_from(places(other))), value)
    stub.answer = lambda _: Said(body={"data": [spoilt, NEIGHBOUR]})

    found = adapter(stub).look(answer(COMMENT, tried_at=AT))

    assert found is not None
    assert found.id == "900100_9"
