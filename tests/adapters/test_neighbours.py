"""An item that nobody can read costs its neighbours nothing, in whichever envelope they come."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import meta_calls
import pytest
import webhook_calls
import x_calls
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.message import Message
from bridge.ports import Event, Unreadable

COMMENT = {
    "field": "feed",
    "value": {"item": "comment", "verb": "add", "comment_id": "5_6", "post_id": "5", "message": "I am well"},
}
SAID = {
    "sender": {"id": "24000000009"},
    "recipient": {"id": meta_calls.PAGE.id},
    "timestamp": 1793000000123,
    "message": {"mid": "m_1", "text": "I am well", "attachments": []},
}
POST = {"id_str": "1", "text": "@Acme hello", "user": {"id_str": "222"}, "entities": {"urls": [{"url": "u"}]}}
MENTION = {"resourceId": 1, "fullText": "Acme is down", "author": "ana", "domain": "x.com", "tags": ["a"]}
LISTENING = webhook_calls.webhook({"scheme": "bearer", "secrets": "s"}, "listening-tool", accounts=("acme",))


def of_page(section: str) -> Callable[[str], list[Event]]:
    head = f'{{"object":"page","entry":[{{"id":"{meta_calls.PAGE.id}","{section}":['
    return lambda items: meta_calls.meta().parse(meta_calls.post(f"{head}{items}]}}]}}".encode()))


def of_x(items: str) -> list[Event]:
    body = f'{{"for_user_id":"{x_calls.ACME.id}","tweet_create_events":[{items}]}}'
    return x_calls.x().parse(x_calls.post(body.encode()))


def of_tool(items: str) -> list[Event]:
    return LISTENING.parse(webhook_calls.post({}, f'{{"mentions":[{items}]}}'.encode()))


ENVELOPES: Mapping[str, tuple[dict[str, Any], Callable[[str], list[Event]]]] = {
    "Meta's changes": (COMMENT, of_page("changes")),
    "Messenger": (SAID, of_page("messaging")),
    "X": (POST, of_x),
    "a payload map": (MENTION, of_tool),
}
"""Name -> a good item, and what reads several of them, written as JSON with commas between."""

FLAWS = ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 4400, '{"a":1,"a":1}', "[" * 70 + "]" * 70]
FLAW = "here"


def spoiled(value: Any, draw: Callable[[Any], Any]) -> Any:
    """The value with FLAW at a place in it, or beside what it holds."""
    steps = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    step = draw(st.sampled_from([None, *steps]))
    if step is not None:
        inner = spoiled(value[step], draw)
        return {**value, step: inner} if isinstance(value, dict) else [*value[:step], inner, *value[step + 1 :]]
    return {**value, "more": FLAW} if isinstance(value, dict) else FLAW


@st.composite
def bad(draw: Callable[[Any], Any], good: dict[str, Any]) -> str:
    whole = json.dumps(spoiled(good, draw))
    return whole.replace(f'"{FLAW}"', draw(st.sampled_from(FLAWS)))


@pytest.mark.parametrize("name", ENVELOPES)
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_a_good_neighbour_beside_any_bad_one_is_always_read(name: str, data: st.DataObject) -> None:
    good, read = ENVELOPES[name]
    (healthy,) = read(json.dumps(good))
    before, after = data.draw(st.lists(bad(good), max_size=2)), data.draw(st.lists(bad(good), max_size=2))

    found = read(",".join([*before, json.dumps(good), *after]))

    assert isinstance(healthy, Message)
    assert found[len(before)] == healthy
    others = [*found[: len(before)], *found[len(before) + 1 :]]
    assert len(others) == len(before) + len(after)
    assert all(isinstance(one, Unreadable) for one in others)
    assert "I am well" not in "".join(getattr(one, "error", "") for one in others)


@pytest.mark.parametrize("name", ENVELOPES)
def test_a_doubled_key_of_an_item_costs_its_neighbour_nothing(name: str) -> None:
    good, read = ENVELOPES[name]
    key = next(iter(good))
    doubled = json.dumps(good)[:-1] + f", {json.dumps({key: good[key]})[1:]}"

    first, second = read(f"{doubled},{json.dumps(good)}")

    assert isinstance(first, Unreadable)
    assert first.error.endswith(": an object has one key twice")
    assert [second] == read(json.dumps(good))


def test_an_entry_of_meta_with_a_doubled_key_costs_the_next_entry_nothing() -> None:
    entry = json.dumps({"id": meta_calls.PAGE.id, "changes": [COMMENT]})
    doubled = f'{{"id":"1",{entry[1:]}'
    body = f'{{"object":"page","entry":[{doubled},{entry}]}}'

    first, second = meta_calls.meta().parse(meta_calls.post(body.encode()))

    assert getattr(first, "error", "") == "entry: an object has one key twice"
    assert [second] == of_page("changes")(json.dumps(COMMENT))
