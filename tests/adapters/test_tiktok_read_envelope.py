"""TikTok's callbacks as a whole: whose they are, what is none, and what cannot be read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiktok_calls import ACME_FR, fixture, message, parse, post, tiktok, written

from bridge.message import Account, Message
from bridge.ports import Event, Skipped, Unreadable

SKIPS = {
    "read": Skipped(reason="receipt", event="im_mark_read_msg"),
    "referral": Skipped(reason="system", event="im_referral_msg"),
    "published": Skipped(reason="system", event="post.publish.complete"),
    "authorization_removed": Skipped(reason="system", event="authorization.removed"),
}


@pytest.mark.parametrize("name", SKIPS)
def test_what_is_no_message_is_skipped_by_name(name: str) -> None:
    assert parse(fixture(name)) == [SKIPS[name]]


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ("im_auto_message_config_update", "system"),
        ("im_auto_message_audit_update", "system"),
        ("video.publish.completed", "system"),
        ("video.upload.failed", "system"),
        ("post.publish.no_longer_publicly_available", "system"),
        ("tiktok.ping", "system"),
        ("im_receive_msg_us", "unknown_event"),
        ("comment", "unknown_event"),
        ("video_", "unknown_event"),
        ("brand_mention", "unknown_event"),
    ],
)
def test_an_event_counts_by_its_name_or_its_first_word(event: str, reason: Any) -> None:
    assert parse({"event": event, "content": None}) == [Skipped(reason=reason, event=event)]


def test_the_name_of_an_unknown_event_is_cut() -> None:
    assert parse({"event": "x" * 500 + "\x00"}) == [Skipped(reason="unknown_event", event="x" * 80)]


@pytest.mark.parametrize("name", ["dm_text", "dm_eu", "comment", "mention_video", "high_intent", "reaction"])
def test_what_is_for_an_account_that_is_not_listed_is_skipped(name: str) -> None:
    document = {**fixture(name), "user_openid": 4711}

    assert parse(document) == [Skipped(reason="unknown_account", event="4711")]
    assert parse(fixture(name), ACME_FR) == [Skipped(reason="unknown_account", event="-000AcmeDeOpenId01")]


def test_an_account_id_may_be_a_number() -> None:
    found = message({**fixture("comment"), "user_openid": 4711}, Account(id="4711"))

    assert found.account.id == "4711"


def body(content: str, event: str = "im_receive_msg") -> bytes:
    return json.dumps({"event": event, "user_openid": "-000AcmeDeOpenId01", "content": content}).encode()


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (None, "content: content is missing"),
        ("", "content: content is missing"),
        (7, "content: content is a number, expected text"),
        ("hello", "content: Expecting value: line 1 column 1 (char 0)"),
        ("[]", "content: it is not an object"),
        ('"{}"', "content: it is not an object"),
        ('{"a":1,"a":2}', "content: an object has one key twice"),
        ('{"a":' * 10_000, "content: maximum recursion depth exceeded"),
    ],
)
def test_a_content_that_is_none_is_unreadable(content: Any, error: str) -> None:
    (found,) = tiktok().parse(post(body(content)))

    assert isinstance(found, Unreadable)
    assert found.item == body(content)
    assert found.error.startswith(f"the body cannot be read: {error}")


@pytest.mark.parametrize(
    ("whole", "error"),
    [
        (b"", "Expecting value: line 1 column 1 (char 0)"),
        (b"\xff", "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
        (b"[]", "it is not an object"),
        (b"null", "it is not an object"),
        (b"{}", "event is missing"),
        (b'{"event":"im_receive_msg","event":"x"}', "an object has one key twice"),
        (b'{"event":"im_receive_msg"}', "user_openid is missing"),
        (b'{"event":["im_receive_msg"]}', "event is a list, expected text"),
        (b'{"event":"im_receive_msg","user_openid":[]}', "user_openid is a list, expected text or a whole number"),
    ],
)
def test_a_body_that_is_no_event_is_unreadable(whole: bytes, error: str) -> None:
    assert tiktok().parse(post(whole)) == [Unreadable(item=whole, error=f"the body cannot be read: {error}")]


@pytest.mark.parametrize(
    ("flaw", "error"),
    [
        ("NaN", "NaN is not JSON"),
        ("1e999", "a number is too large"),
        ('{"a":1,"a":1}', "an object has one key twice"),
        ("[" * 70 + "]" * 70, "it is nested deeper than 64 levels"),
    ],
)
def test_what_two_readers_could_understand_differently_is_unreadable(flaw: str, error: str) -> None:
    content = json.dumps(fixture("dm_text")["content"])[:-1] + f', "more": {flaw}}}'

    (found,) = tiktok().parse(post(body(content)))

    assert isinstance(found, Unreadable)
    assert found.error == f"im_receive_msg: {error}"


# --- hostile text -----------------------------------------------------------------------------------------------

HOSTILE = "\u202ereversed\u202c \U0001f9d1\u200d\U0001f680 {{ticket}} ${7*7} <b>&amp; ' OR 1=1 -- \\u0041 \r\n\t"


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [(HOSTILE, HOSTILE), ("a\x00b", "a\ufffdb"), ("a\ud83d", "a\ufffd"), ("\udc00b", "\ufffdb")],
)
def test_hostile_text_arrives_literally_and_only_what_cannot_be_stored_is_replaced(
    given_text: str, expected: str
) -> None:
    private = message(fixture("dm_text", text={"body": given_text}))
    public = message(fixture("comment", text=given_text))

    assert (private.text, public.text) == (expected, expected)
    assert json.loads(private.raw)["text"]["body"] == given_text


def test_a_lone_surrogate_in_the_outer_json_is_replaced_too() -> None:
    content = json.dumps(fixture("dm_text")["content"]).replace("My order", "My \ud800 order\x00")

    (found,) = tiktok().parse(post(body(content)))

    assert isinstance(found, Message)
    assert found.text == "My \ufffd order\ufffd 4711 is late 😡"


TEXT = st.text(st.characters())


@settings(max_examples=100, deadline=None)
@given(words=TEXT, handle=TEXT, number=st.text(st.characters(), min_size=1, max_size=40))
def test_any_words_arrive(words: str, handle: str, number: str) -> None:
    document = fixture("dm_text", text={"body": words}, message_id=number, **{"from": handle})

    found = message(document)

    assert found.text == cleaned(words) or (found.text, words) == (
        "[a message that TikTok cannot deliver to apps]",
        "",
    )
    assert (found.id, found.author.handle) == (cleaned(number), cleaned(handle))


def cleaned(text: str) -> str:
    return "".join("\ufffd" if one == "\x00" or "\ud800" <= one <= "\udfff" else one for one in text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
NAMES = [
    *SKIPS,
    "dm_text",
    "dm_sent",
    "dm_template",
    "dm_eu",
    "reaction",
    "comment",
    "comment_hidden",
    "mention_video",
]


@settings(max_examples=100, deadline=None)
@given(name=st.sampled_from(NAMES), data=st.data(), value=JSON)
def test_whatever_stands_anywhere_nothing_raises(name: str, data: st.DataObject, value: object) -> None:
    document = fixture(name)
    content = document["content"]
    content[data.draw(st.sampled_from(sorted(content)))] = value
    spoiled = {**document, data.draw(st.sampled_from([*document, "other"])): value}

    found: list[Event] = [*tiktok(reactions=True).parse(post(written(document))), *parse(spoiled, reactions=True)]

    assert len(found) >= 2
    assert all(isinstance(one, Message | Skipped | Unreadable) for one in found)


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=100) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_come_to_something(whole: bytes) -> None:
    (found,) = tiktok().parse(post(whole))

    assert isinstance(found, Skipped | Unreadable)
