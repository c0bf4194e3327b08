"""LINE: what cannot be read ends by name, hostile text is data, and no event costs its neighbour anything."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from line_calls import ACME, ANA, compact, event, fixture, line, message, parse, parsed, post, said

from bridge.message import UNSTORABLE, Account, Message
from bridge.ports import Skipped, Unreadable

HEALTHY = message(event("text"))


@given(st.text(max_size=80).filter(bool))
def test_hostile_text_arrives_literally_but_for_what_no_database_holds(text: str) -> None:
    hostile = f"{text}\u202e<b>{{author.name}}\x00\ud83d💡"

    found = message(said("text", text=hostile))

    assert found.text == UNSTORABLE.sub("\ufffd", hostile)


LOOSE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "type", "text", "userId", "messageId", "data", "keywords", "latitude", "contentProvider"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
KEYS = st.sampled_from(["type", "mode", "source", "message", "unsend", "postback", "timestamp", "webhookEventId"])


@given(
    st.sampled_from(["text", "image_set", "sticker", "location", "edited", "unsend", "postback", "no_messages"]),
    st.dictionaries(KEYS, LOOSE, max_size=3),
)
def test_whatever_an_event_holds_it_ends_by_name_and_its_neighbour_is_read(
    name: str, changed: dict[str, object]
) -> None:
    first, second = parsed(event(name, **changed), event("text"))

    assert isinstance(first, Message | Skipped | Unreadable)
    assert second == HEALTHY


# --- what cannot be read ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "error"),
    [
        (event("text", type=None), "type is missing"),
        (event("text", type=7), "type is a number, expected text"),
        (event("text", mode=True), "mode is true or false, expected text"),
        (event("text", source=None), "source.type is missing"),
        (event("text", source={"type": "user"}), "source.userId is missing"),
        (event("text", source={"type": "square", "userId": ANA}), "source.type is none of user, group, room"),
        (event("text", message=None), "message.type is missing"),
        (said("text", id=None), "the message's id is missing"),
        (said("text", id=1.5), "id is a fraction, expected text or a whole number"),
        (said("text", text=None), "text is missing"),
        (said("text", text=["hi"]), "text is a list, expected text"),
        (said("text", quotedMessageId={}), "quotedMessageId is an object, expected text or a whole number"),
        (said("sticker", text={}), "text is an object, expected text"),
        (said("video", contentProvider="line"), "contentProvider is text, expected an object"),
        (said("location", latitude=None), "a location's latitude and longitude are not two numbers"),
        (said("location", longitude=True), "a location's latitude and longitude are not two numbers"),
        (event("unsend", unsend={}), "the message's id is missing"),
        (event("postback", postback={"data": 1}), "data is a number, expected text"),
        (event("postback_old", timestamp=None), "timestamp is missing"),
        ("hello", "it is not an object"),
        (None, "it is not an object"),
    ],
)
def test_what_must_not_be_guessed_is_unreadable_and_says_why(item: object, error: str) -> None:
    assert parsed(item, event("text")) == [
        Unreadable(item=compact(item), error=f"event: {error}"),
        HEALTHY,
    ]


@pytest.mark.parametrize(
    "changed", [{"timestamp": None}, {"mode": None}, {"deliveryContext": 1}, {"replyToken": {}}]
)
def test_what_only_stands_beside_the_words_costs_none(changed: dict[str, Any]) -> None:
    found = message(event("text", **changed))

    assert found.text == HEALTHY.text


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "Expecting value: line 1 column 1 (char 0)"),
        (b"[]", "it is not an object"),
        (b"{}", "events is missing"),
        (b'{"destination":"U1","events":{}}', "events is an object, expected a list"),
        (b'{"events":[{}]}', "destination is missing"),
        (b'{"events":[{}],"events":[]}', "an object has one key twice"),
    ],
)
def test_a_body_that_is_none_of_lines_is_one_unreadable_item(body: bytes, error: str) -> None:
    assert line().parse(post(body)) == [Unreadable(item=body, error=f"the body cannot be read: {error}")]


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"events":' + b"[" * 100_000, b"\xff\xfe"])
def test_a_hostile_body_never_raises(body: bytes) -> None:
    (found,) = line().parse(post(body))

    assert isinstance(found, Unreadable)
    assert found.item == body


def test_a_body_without_events_brings_nothing() -> None:
    assert parsed() == parse({"events": []}) == []


def test_events_for_a_bot_that_is_not_listed_are_skipped_by_its_id() -> None:
    found = parse(fixture("group"), Account(id="Uother"))

    assert found == [Skipped(reason="unknown_account", event=ACME.id)] * 2
