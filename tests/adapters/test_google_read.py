"""Reading Google's pushes: which review, of which location, new or changed; and nothing is ever raised."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any

import pytest
from google_calls import CAFE, FIXTURES, RECEIVED, SHOP, event, fixture, google, message, parse, post, push
from hypothesis import given
from hypothesis import strategies as st

from bridge.message import Account, Message
from bridge.ports import Event, Skipped, Unreadable

REVIEW = f"{SHOP.id}/reviews/AbFvOq-acme-1"
NEW = {"type": "NEW_REVIEW", "reviewName": REVIEW, "locationName": SHOP.id}
UPDATED = {**NEW, "type": "UPDATED_REVIEW"}


def body(name: str) -> bytes:
    return (FIXTURES / f"{name}.json").read_bytes()


def raw(name: str) -> bytes:
    return json.dumps(fixture(name)["message"]["data"], separators=(",", ":")).encode()


def test_a_new_review_is_a_review_whose_words_are_not_known_yet() -> None:
    assert message(body("new_review")) == Message(
        channel="google",
        connection="acme-google",
        account=SHOP,
        id=REVIEW,
        kind="review",
        thread=REVIEW,
        url="https://business.google.com/reviews",
        sent_at=datetime(2026, 11, 21, 11, 58, 7, 250_000, tzinfo=UTC),
        received_at=RECEIVED,
        public=True,
        raw=raw("new_review"),
    )


def test_a_changed_review_is_an_edit_numbered_by_when_it_was_published() -> None:
    assert message(body("updated_review")) == Message(
        channel="google",
        connection="acme-google",
        account=SHOP,
        id=REVIEW,
        kind="review",
        change="edited",
        version="2026-11-21T11:59:30.5Z",
        thread=REVIEW,
        url="https://business.google.com/reviews",
        sent_at=datetime(2026, 11, 21, 11, 59, 30, 500_000, tzinfo=UTC),
        received_at=RECEIVED,
        public=True,
        raw=raw("updated_review"),
    )


def test_a_question_is_skipped_by_name() -> None:
    assert event(body("new_question")) == Skipped(reason="unknown_event", event="NEW_QUESTION")


def test_a_push_that_comes_again_is_the_same_message_and_another_edit_is_another() -> None:
    first, again = message(push(UPDATED)), message(push(UPDATED))
    later = message(push(UPDATED, messageId="2", publishTime="2026-11-21T11:59:00Z"))

    assert first.key == again.key
    assert later.key != first.key


@pytest.mark.parametrize(
    ("around", "version"),
    [
        ({"publishTime": None, "publish_time": "2026-11-21T11:58:01Z"}, "2026-11-21T11:58:01Z"),
        ({"publishTime": None}, "1"),
        ({"publishTime": 7, "messageId": 2070443601311540}, "2070443601311540"),
        ({"publishTime": None, "messageId": None, "message_id": "3"}, "3"),
    ],
)
def test_an_edit_is_numbered_by_whatever_stays_the_same(around: dict[str, object], version: str) -> None:
    assert message(push(UPDATED, **around)).version == version


def test_an_edit_that_nothing_numbers_is_unreadable_not_taken_for_another() -> None:
    found = event(push(UPDATED, publishTime=None, messageId=None))

    assert isinstance(found, Unreadable)
    assert found.error == "the push cannot be read: messageId is missing"


@pytest.mark.parametrize("type_key", ["type", "notificationType", "notification_type"])
@pytest.mark.parametrize("review_key", ["review", "reviewName", "review_name", "resourceName"])
@pytest.mark.parametrize("location_key", ["location", "locationName", "location_name", "nowhere"])
def test_every_spelling_of_a_notification_is_read(type_key: str, review_key: str, location_key: str) -> None:
    told = {type_key: "NEW_REVIEW", review_key: REVIEW, location_key: SHOP.id}

    found = message(push(told))

    assert (found.id, found.account, found.change) == (REVIEW, SHOP, "created")


def test_base64_of_urls_without_padding_is_read_too() -> None:
    document = json.loads(push(NEW))
    told = {**NEW, "note": "üü?>~"}
    document["message"]["data"] = (
        urlsafe_b64encode(json.dumps(told, ensure_ascii=False).encode()).decode().rstrip("=")
    )

    assert message(json.dumps(document).encode()).id == REVIEW


# --- whose it is ------------------------------------------------------------------------------------------------


def test_a_review_of_another_location_is_skipped_by_its_name() -> None:
    other = "accounts/900100200/locations/1"

    found = event(push({**NEW, "reviewName": f"{other}/reviews/x", "locationName": other}))

    assert found == Skipped(reason="unknown_account", event=other)


@pytest.mark.parametrize(
    "told",
    [
        {"reviewName": "accounts/555/locations/700800901/reviews/r1"},
        {"reviewName": "locations/700800901/reviews/r1"},
        {"reviewName": "reviews/r1", "locationName": CAFE.id},
        {"reviewName": "reviews/r1", "locationName": "locations/700800901"},
    ],
)
def test_a_location_is_known_by_its_number_under_whatever_account(told: dict[str, str]) -> None:
    found = message(push({"type": "NEW_REVIEW"} | told))

    assert (found.account, found.id) == (CAFE, f"{CAFE.id}/reviews/r1")


def test_a_location_without_an_account_in_its_name_may_be_listed_so() -> None:
    ours = Account(id="locations/700800901")

    assert message(body("short_names"), ours).id == "locations/700800901/reviews/AbFvOq-acme-2"


def test_a_part_of_a_number_is_another_location() -> None:
    told = {"type": "NEW_REVIEW", "reviewName": "accounts/900100200/locations/70080090/reviews/r1"}

    assert isinstance(event(push(told)), Skipped)


# --- what cannot be read ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "error"),
    [
        ({}, "type is missing"),
        ({"reviewName": REVIEW}, "type is missing"),
        ({**NEW, "type": 1.5}, "type is a fraction, expected text or a whole number"),
        ({"type": "NEW_REVIEW", "locationName": SHOP.id}, "reviewName is missing"),
        ({**NEW, "reviewName": SHOP.id}, "reviewName is not a location's name, /reviews/ and an id"),
        ({**NEW, "reviewName": f"{SHOP.id}/reviews/"}, "reviewName is not a location's name, /reviews/ and an id"),
        ({**NEW, "reviewName": f"{REVIEW}/reply"}, "reviewName is not a location's name, /reviews/ and an id"),
        (
            {"type": "NEW_REVIEW", "reviewName": "reviews/1"},
            "reviewName is not a location's name, /reviews/ and an id",
        ),
        ({**NEW, "reviewName": "r" * 513}, "reviewName is 513 bytes long, an id has at most 512"),
        ([NEW], "message.data: it is not an object"),
        ("NEW_REVIEW", "message.data: it is not an object"),
    ],
)
def test_a_notification_that_names_no_review_is_unreadable(told: object, error: str) -> None:
    pushed = push(told)

    assert event(pushed) == Unreadable(item=pushed, error=f"the push cannot be read: {error}")


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"null",
        b"[]",
        b"\xff\xfe",
        b'{"message": {"data": "e30="}, "message": {}}',
        b'{"message": {"data": "%%%"}}',
        b'{"message": {"data": "AA"}}',
        b'{"message": {"data": "A"}}',
        b'{"message": {"data": "\xc3\xa9"}}',
        b'{"message": {"data": 1}}',
        b'{"message": {"data": ""}}',
        b'{"message": "x"}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_push_is_one_unreadable(written: bytes) -> None:
    (found,) = google().parse(post(written))

    assert isinstance(found, Unreadable)
    assert found.item == written


def test_an_unwrapped_push_says_what_to_switch_off() -> None:
    found = event(json.dumps(NEW).encode())

    assert isinstance(found, Unreadable)
    assert "switch payload unwrapping off" in found.error


HOSTILE = st.text(st.characters(exclude_categories=[]), max_size=40) | st.sampled_from(
    ["\u202eever\u202c", "👩\u200d👩\u200d👧", "a\x00b", "\ud83d", "\udc00", "{review}", "%2e%2e/", "' OR 1=1 --"]
)


@given(HOSTILE)
def test_hostile_text_is_data_wherever_it_stands(text: str) -> None:
    for told in ({**NEW, "note": text}, {**NEW, "reviewName": f"{SHOP.id}/reviews/{text}"}, {**NEW, "type": text}):
        found = event(push(told))

        assert isinstance(found, Message | Skipped | Unreadable)
        if isinstance(found, Message):
            assert found.id.encode() == found.id.encode(errors="surrogatepass")
            assert json.loads(found.raw) == told


@given(st.recursive(st.none() | st.booleans() | st.text(), lambda v: st.lists(v) | st.dictionaries(st.text(), v)))
def test_any_notification_is_one_event(told: Any) -> None:
    events: list[Event] = parse({"message": {"data": told, "messageId": "1"}})

    assert len(events) == 1
