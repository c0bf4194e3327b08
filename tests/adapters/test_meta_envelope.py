"""The envelope: every item is read on its own, and no body makes parse raise."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from meta_calls import OTHER_PAGE, PAGE, compact, fixture, meta, parse, post, written
from payload_table import line

from bridge.message import Message
from bridge.ports import Skipped, Unreadable

TEXT = written(fixture("text"))


def spoiled(old: bytes, new: bytes) -> bytes:
    assert TEXT.count(old) == 1
    return TEXT.replace(old, new)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "Expecting value"),
        (b"not json", "Expecting value"),
        (TEXT[:-1], "Expecting"),
        (TEXT + b"{}", "Extra data"),
        (b"\xef\xbb\xbf" + TEXT, "BOM"),
        (TEXT.decode().encode("utf-16"), "codec can't decode"),
        (spoiled(b"hello?", b"\xff"), "codec can't decode"),
        (spoiled(b"hello?", b"\xed\xa0\x80"), "codec can't decode"),
        (spoiled(b"hello?", b"\x00"), "control character"),
        (b'{"object":"page","entry":[],"entry":[]}', "one key twice"),
        (b'{"object":"page","entry":NaN}', "entry: NaN is not JSON"),
        (b'{"object":1e999,"entry":[]}', "object: a number is too large"),
        (b"-Infinity", "-Infinity is not JSON"),
        (spoiled(b'"hello?"', b"[" * 100_000 + b"]" * 100_000), "recursion"),
        (spoiled(b'"object"', b'"subject"'), "object is missing"),
        (spoiled(b'"entry"', b'"entries"'), "entry is missing"),
        (b'{"object":7,"entry":[]}', "object is a number, expected text"),
        (b'{"object":"page","entry":{}}', "entry is an object, expected a list"),
        (b"[]", "it is not an object"),
        (b"null", "it is not an object"),
    ],
)
def test_a_body_that_cannot_be_read_is_one_unreadable(body: bytes, error: str) -> None:
    (found,) = meta().parse(post(body))

    assert isinstance(found, Unreadable)
    assert found.item == body
    assert error in found.error
    assert "hello" not in found.error


@given(st.binary(max_size=300))
def test_no_bytes_make_parse_raise(body: bytes) -> None:
    (found,) = meta().parse(post(body))

    assert isinstance(found, Unreadable)
    assert found.item == body


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NAMES = ("id", "time", "changes", "messaging", "standby", "field", "value", "message", "sender", "hop_context")


@given(st.lists(JSON | st.dictionaries(st.sampled_from(NAMES), JSON | st.just(PAGE.id)), min_size=1, max_size=3))
def test_every_entry_comes_to_something_whatever_it_holds(entries: list[Any]) -> None:
    found = parse({"object": "page", "entry": entries})

    assert len(found) >= len(entries)
    assert all(isinstance(one, Skipped | Unreadable | Message) for one in found)


def test_entries_and_items_keep_metas_order_and_their_own_page() -> None:
    found = parse(fixture("two_pages"))

    assert [line(one) for one in found] == [
        "direct created",
        "skipped receipt read",
        "skipped unknown_account 10150009",
        "skipped unknown_account 10150009",
        "skipped unknown_event leadgen",
        "direct created",
        "skipped unknown_event surprise",
    ]
    assert [(one.account, one.text) for one in found if isinstance(one, Message)] == [
        (PAGE, "one"),
        (OTHER_PAGE, "two"),
    ]


def test_a_body_without_entries_has_nothing_in_it() -> None:
    assert parse({"object": "page", "entry": []}) == []


@pytest.mark.parametrize("rest", [{}, {"changes": []}, {"messaging": None}, {"hop_context": []}])
def test_an_entry_without_items_is_counted(rest: dict[str, object]) -> None:
    assert parse({"object": "page", "entry": [{"id": PAGE.id} | rest]}) == [
        Skipped(reason="system", event="empty entry")
    ]


def test_other_objects_of_the_app_are_skipped_by_name() -> None:
    found = parse(fixture("text") | {"object": "permissions"})

    assert found == [Skipped(reason="unknown_event", event="permissions")]


def test_every_product_is_read_as_itself() -> None:
    item = fixture("text")["entry"][0]["messaging"][0]
    entry = {"id": PAGE.id, "messaging": [item]}

    found = [parse({"object": product, "entry": [entry]}) for product in ("page", "instagram", "threads")]

    assert [[one.channel if isinstance(one, Message) else line(one) for one in some] for some in found] == [
        ["messenger"],
        ["instagram"],
        ["skipped system empty entry"],
    ]


def test_an_unknown_section_is_named_and_its_neighbours_are_read() -> None:
    entry = fixture("text")["entry"][0]

    found = parse({"object": "page", "entry": [{"calls": [1, 2]} | entry]})

    assert [line(one) for one in found] == ["skipped unknown_event calls", "direct created"]


@pytest.mark.parametrize("entry", [None, 7, "x", [], {}, {"id": None}, {"id": True}, {"id": []}])
def test_an_entry_without_a_page_is_unreadable_alone(entry: object) -> None:
    healthy = fixture("text")["entry"][0]

    first, second = parse({"object": "page", "entry": [entry, healthy]})

    assert isinstance(first, Unreadable)
    assert first.item == compact(entry)
    assert isinstance(second, Message)


@pytest.mark.parametrize("section", ["changes", "messaging", "standby"])
@pytest.mark.parametrize("item", [None, 7, "x", []])
def test_an_item_that_is_no_object_is_unreadable_alone(section: str, item: object) -> None:
    found = parse({"object": "page", "entry": [{"id": PAGE.id, section: [item]}]})

    assert found == [Unreadable(item=compact(item), error=f"{section} item: it is not an object")]


def test_an_item_nested_too_deep_is_unreadable_alone() -> None:
    healthy, deep = fixture("text")["entry"][0], fixture("text")["entry"][0]
    deep["messaging"][0]["message"]["more"] = json.loads("[" * 300 + "]" * 300)

    first, second = parse({"object": "page", "entry": [deep, healthy]})

    assert first == Unreadable(
        item=compact(deep["messaging"][0]), error="messaging item: it is nested deeper than 64 levels"
    )
    assert isinstance(second, Message)


@pytest.mark.parametrize("below", range(0, 120, 7))
def test_no_depth_makes_parse_raise(below: int) -> None:
    levels = sys.getrecursionlimit() - below
    body = spoiled(b'"hello?"', b"[" * levels + b"]" * levels)

    (found,) = meta().parse(post(body))

    assert isinstance(found, Unreadable)


def test_raw_is_the_item_as_it_came_and_reads_back_whole() -> None:
    document = fixture("text")
    document["entry"][0]["messaging"][0]["message"]["text"] = "é😠\x00\ud83d /"

    (found,) = parse(document)

    assert isinstance(found, Message)
    assert found.text == "é😠\ufffd\ufffd /"
    assert json.loads(found.raw) == document["entry"][0]["messaging"][0]
