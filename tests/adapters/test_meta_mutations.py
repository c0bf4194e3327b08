"""Any one value of a callback dropped or retyped: its item ends by name, and its neighbours do not notice."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from meta_calls import FIXTURES, OTHER_PAGE, fixture, parse

from bridge.message import Message
from bridge.ports import Skipped, Unreadable

DROPPED = object()


def deep() -> Any:
    value: Any = "x"
    for _ in range(200):
        value = [value]
    return value


RETYPED = [DROPPED, None, 1, "x", "", [], {}, True, 1.5, -1, 10**30, [None], {"id": {}}, "\x00", deep()]
NEIGHBOURS: dict[str, Any] = {
    "messaging": {
        "sender": {"id": "24000000009"},
        "recipient": {"id": OTHER_PAGE.id},
        "timestamp": 1793000000123,
        "message": {"mid": "m_Neighbour", "text": "I am well"},
    },
    "changes": {
        "field": "feed",
        "value": {"item": "comment", "verb": "add", "comment_id": "5_6", "post_id": "5", "message": "So am I"},
    },
}


def entry_of(section: str, *items: Any) -> dict[str, Any]:
    return {"id": OTHER_PAGE.id, "time": 1793000001, section: [*items]}


def paths(value: Any) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value, outermost first, as the keys and indexes that lead there."""
    steps = list(value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ())
    for step, inner in steps:
        yield (step,)
        yield from ((step, *rest) for rest in paths(inner))


def mutated(whole: Any, path: tuple[Any, ...], value: object) -> Any:
    mutant = copy.deepcopy(whole)
    holder = mutant
    for step in path[:-1]:
        holder = holder[step]
    if value is DROPPED:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return mutant


def mutants(whole: Any) -> Iterator[Any]:
    return (mutated(whole, path, value) for path in paths(whole) for value in RETYPED)


def names() -> list[str]:
    return sorted(file.stem for file in FIXTURES.glob("*.json"))


@pytest.mark.parametrize("name", names())
def test_a_spoiled_entry_ends_by_name_and_the_next_entry_is_read_as_ever(name: str) -> None:
    neighbour = entry_of("messaging", NEIGHBOURS["messaging"])
    healthy = parse({"object": "page", "entry": [neighbour]})

    for mutant in mutants(fixture(name)["entry"]):
        found = parse({"object": "page", "entry": [*mutant, neighbour]})

        assert found[-1:] == healthy
        assert len(found) > len(mutant)
        assert all(isinstance(one, Message | Skipped | Unreadable) for one in found)


@pytest.mark.parametrize("section", NEIGHBOURS)
@pytest.mark.parametrize("name", names())
def test_a_spoiled_item_ends_by_name_and_the_next_item_is_read_as_ever(name: str, section: str) -> None:
    items = [item for entry in fixture(name)["entry"] for item in entry.get(section, [])]
    healthy = parse({"object": "page", "entry": [entry_of(section, NEIGHBOURS[section])]})

    for mutant in mutants(items):
        found = parse({"object": "page", "entry": [entry_of(section, *mutant, NEIGHBOURS[section])]})

        assert found[-1:] == healthy
        assert len(found) > len(mutant)


@pytest.mark.parametrize("name", names())
def test_a_spoiled_envelope_never_raises(name: str) -> None:
    for mutant in mutants(fixture(name)):
        found = parse(mutant)

        assert found or mutant["entry"] == []
