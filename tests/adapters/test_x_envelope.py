"""The three shapes of X: every item is read on its own, and no body makes parse raise."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from payload_table import line
from x_calls import ACME, activity, compact, fixture, message, parse, payload, post, written, x

from bridge.message import Message
from bridge.ports import Skipped, Unreadable

TEXT = written(fixture("reply"))


def spoiled(old: bytes, new: bytes) -> bytes:
    assert TEXT.count(old) == 1
    return TEXT.replace(old, new)


SAID = b'"@Acme still nothing"'


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "Expecting value"),
        (b"not json", "Expecting value"),
        (TEXT[:-1], "Expecting"),
        (TEXT + b"{}", "Extra data"),
        (b"\xef\xbb\xbf" + TEXT, "BOM"),
        (spoiled(b"nothing", b"\xff"), "codec can't decode"),
        (b'{"for_user_id":NaN,"tweet_create_events":[]}', "for_user_id: NaN is not JSON"),
        (b'{"data":{},"data":{}}', "one key twice"),
        (spoiled(SAID, b"[" * 100_000 + b"]" * 100_000), "recursion"),
        (b"[]", "it is not an object"),
        (b"null", "it is not an object"),
        (b"{}", "it has neither data nor for_user_id"),
        (b'{"object":"page","entry":[]}', "it has neither data nor for_user_id"),
    ],
)
def test_a_body_that_cannot_be_read_is_one_unreadable(body: bytes, error: str) -> None:
    (found,) = x().parse(post(body))

    assert isinstance(found, Unreadable)
    assert found.item == body
    assert error in found.error
    assert "nothing" not in found.error


@given(st.binary(max_size=300))
def test_no_bytes_make_parse_raise(body: bytes) -> None:
    (found,) = x().parse(post(body))

    assert isinstance(found, Unreadable)


# fmt: off
NAMES = [
    "data", "event_type", "filter", "user_id", "payload", "includes", "users", "tweets",
    "matching_rules", "for_user_id", "tweet_create_events", "tweet_delete_events",
    "direct_message_events", "user_event", "id", "text", "message_create", "status", "favorite_events",
]
# fmt: on
KNOWN = st.sampled_from([ACME.id, "post.create", "post.delete", "dm.received", "chat.received", "message_create"])
SHAPED = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | KNOWN,
    lambda inner: st.dictionaries(st.sampled_from(NAMES), inner, max_size=5) | st.lists(inner, max_size=3),
    max_leaves=12,
)
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@PATIENT
@given(st.dictionaries(st.sampled_from(NAMES), SHAPED))
def test_every_body_comes_to_something_whatever_it_holds(document: dict[str, Any]) -> None:
    found = parse(document)

    assert found
    assert all(isinstance(one, Skipped | Unreadable | Message) for one in found)


@PATIENT
@given(
    st.sampled_from(["post.create", "post.delete", "dm.received", "chat.sent"]),
    st.dictionaries(
        st.sampled_from([*payload("mention"), *payload("chat_sent"), "direct_message_events"]), SHAPED
    ),
    SHAPED,
)
def test_every_known_event_comes_to_something_whatever_it_holds(name: str, held: Any, includes: Any) -> None:
    assert parse(activity(name, held, includes))


# --- the Activity API -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "names"),
    [
        ("reaction", "post.repost.create like.create"),
        ("receipt", "dm.read"),
        ("typing", "dm.indicate_typing"),
        ("system", "follow.follow follow.unfollow profile.update.bio spaces.start broadcast.end news.new"),
        ("system", "oauth.revoke"),
        ("unknown_event", "post.bookmark.create dm.unsent chat.read post likely.create POST.CREATE"),
    ],
)
def test_what_is_no_message_is_skipped_by_name_even_without_an_account(reason: Any, names: str) -> None:
    for name in names.split():
        found = parse({"data": {"event_uuid": "1", "event_type": name, "filter": {}, "payload": {"any": "thing"}}})

        assert found == [Skipped(reason=reason, event=name)]


def test_a_name_of_an_event_is_counted_storable_and_short() -> None:
    assert parse(activity("new\x00" + "x" * 100, {})) == [
        Skipped(reason="unknown_event", event="new\ufffd" + "x" * 76)
    ]


def test_an_event_for_another_handle_is_skipped_by_its_id() -> None:
    assert parse(activity("post.create", {"id": "9"}, account="77")) == [
        Skipped(reason="unknown_account", event="77")
    ]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({"event_type": None}, "event_type is missing"),
        ({"event_type": 7}, "event_type is a number, expected text"),
        ({"filter": None}, "filter.user_id is missing"),
        ({"filter": []}, "filter is a list, expected an object"),
        ({"payload": []}, "payload is a list, expected an object"),
        ({"payload": {}}, "id is missing"),
        ({"event_type": "dm.received", "payload": {}}, "direct_message_events is missing or empty"),
        ({"event_type": "post.delete", "payload": {}}, "id is missing"),
    ],
)
def test_an_event_that_lacks_what_it_needs_is_unreadable_and_says_why(data: dict[str, Any], error: str) -> None:
    document = {"data": fixture("reply")["data"] | data}

    assert parse(document) == [Unreadable(item=compact(document["data"]), error=f"event: {error}")]


@pytest.mark.parametrize("data", [7, "x", [], [{}]])
def test_data_that_is_no_object_is_unreadable(data: object) -> None:
    found = [*parse({"data": data}), *parse({"data": data, "matching_rules": []})]

    assert found == [
        Unreadable(item=compact(data), error=f"{what}: it is not an object") for what in ("event", "data")
    ]


def test_people_may_stand_beside_the_event_too() -> None:
    document = fixture("mention")
    moved = {"data": document["data"], "includes": document["data"].pop("includes")}

    assert message(moved) == message(fixture("mention"))


def test_an_event_nested_too_deep_is_unreadable() -> None:
    document = fixture("reply")
    document["data"]["payload"]["more"] = json.loads("[" * 300 + "]" * 300)

    assert parse(document) == [
        Unreadable(item=compact(document["data"]), error="event: it is nested deeper than 64 levels")
    ]


@pytest.mark.parametrize("below", range(0, 120, 7))
def test_no_depth_makes_parse_raise(below: int) -> None:
    levels = sys.getrecursionlimit() - below

    (found,) = x().parse(post(spoiled(SAID, b"[" * levels + b"]" * levels)))

    assert isinstance(found, Unreadable)


def test_raw_is_the_post_as_it_came_and_reads_back_whole() -> None:
    document = fixture("reply")
    document["data"]["payload"]["text"] = "é😠\x00\ud83d /"

    found = message(document)

    assert found.text == "é😠\ufffd\ufffd /"
    assert json.loads(found.raw) == document["data"]["payload"]


# --- Account Activity -------------------------------------------------------------------------------------------


def test_items_keep_xs_order_and_a_broken_one_harms_no_neighbour() -> None:
    assert [line(one) for one in parse(fixture("legacy_many"))] == [
        "reply created",
        "skipped reaction repost",
        "unreadable tweet_create_events item: it is not an object",
        "quote created",
        "post deleted",
        "skipped reaction favorite_events",
        "skipped reaction favorite_events",
        "skipped unknown_event unheard_of_events",
    ]


def test_a_legacy_deletion_tells_when() -> None:
    (found,) = [
        one for one in parse(fixture("legacy_many")) if isinstance(one, Message) and one.change == "deleted"
    ]

    assert (found.key, found.author.id) == (f"x:{ACME.id}:2080000000000000202:deleted", "7100000901")
    assert found.sent_at is not None


def test_a_revoked_permission_is_counted_by_name() -> None:
    assert parse(fixture("legacy_revoke")) == [Skipped(reason="system", event="user_event:revoke")]


@pytest.mark.parametrize("section", ["tweet_create_events", "tweet_delete_events", "direct_message_events"])
def test_items_for_another_handle_are_skipped_by_its_id(section: str) -> None:
    assert parse({"for_user_id": "77", section: [{}, {}]}) == [Skipped(reason="unknown_account", event="77")] * 2


@pytest.mark.parametrize("item", [None, 7, "x", []])
@pytest.mark.parametrize("section", ["tweet_create_events", "tweet_delete_events", "direct_message_events"])
def test_an_item_that_is_no_object_is_unreadable_alone(section: str, item: object) -> None:
    assert parse({"for_user_id": ACME.id, section: [item]}) == [
        Unreadable(item=compact(item), error=f"{section} item: it is not an object")
    ]


def test_a_section_that_is_no_list_is_one_item() -> None:
    assert parse({"for_user_id": ACME.id, "tweet_create_events": 7}) == [
        Unreadable(item=b"7", error="tweet_create_events item: it is not an object")
    ]


@pytest.mark.parametrize("rest", [{}, {"users": {}}, {"tweet_create_events": []}, {"tweet_create_events": None}])
def test_a_callback_with_nothing_in_it_is_counted(rest: dict[str, object]) -> None:
    assert parse({"for_user_id": ACME.id} | rest) == [Skipped(reason="system", event="nothing in it")]


def test_items_for_nobody_are_unreadable() -> None:
    document: dict[str, object] = {"user_event": {}, "tweet_create_events": [{}]}

    (found,) = parse(document)

    assert found == Unreadable(item=written(document), error="the body cannot be read: for_user_id is missing")
