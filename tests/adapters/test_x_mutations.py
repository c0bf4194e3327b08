"""Any one value of a callback dropped or retyped: its item ends by name, and its neighbours do not notice."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from x_calls import FIXTURES, fixture, parse

from bridge.message import Message
from bridge.ports import Skipped, Unreadable

DROPPED = object()


def deep() -> Any:
    value: Any = "x"
    for _ in range(200):
        value = [value]
    return value


RETYPED = [DROPPED, None, 1, "x", "", [], {}, True, 1.5, -1, 10**30, [None], {"id": {}}, "\x00", deep()]
LEGACY = sorted(file.stem for file in FIXTURES.glob("legacy_*.json"))
SECTIONS = ("tweet_create_events", "tweet_delete_events", "direct_message_events")


def paths(value: Any) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value, outermost first, as the keys and indexes that lead there."""
    steps = list(value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ())
    for step, inner in steps:
        yield (step,)
        yield from ((step, *rest) for rest in paths(inner))


def mutants(whole: Any) -> Iterator[Any]:
    for path in paths(whole):
        for value in RETYPED:
            mutant = copy.deepcopy(whole)
            holder = mutant
            for step in path[:-1]:
                holder = holder[step]
            if value is DROPPED:
                del holder[path[-1]]
            else:
                holder[path[-1]] = value
            yield mutant


@pytest.mark.parametrize("name", sorted(file.stem for file in FIXTURES.glob("*.json")))
def test_a_spoiled_callback_ends_by_name_and_never_raises(name: str) -> None:
    for mutant in mutants(fixture(name)):
        found = parse(mutant)

        assert found
        assert all(isinstance(one, Message | Skipped | Unreadable) for one in found)


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("name", LEGACY)
def test_a_spoiled_item_ends_by_name_and_the_next_item_is_read_as_ever(name: str, section: str) -> None:
    document = fixture(name)
    items = document.get(section, [])
    around = {"for_user_id": "2244000001", "users": document.get("users")}
    neighbour = fixture("legacy_many")["tweet_create_events"][0]
    healthy = parse(around | {"tweet_create_events": [neighbour]})

    for mutant in mutants(items):
        found = parse(around | {section: mutant} | {"tweet_create_events": [neighbour]})
        if section == "tweet_create_events":
            found = parse(around | {section: [*mutant, neighbour]})

        assert found[-1:] == healthy
