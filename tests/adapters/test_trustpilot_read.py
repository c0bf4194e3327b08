"""Reading Trustpilot's events: whole messages, each on its own, and nothing is ever raised."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trustpilot_calls import ACME, RECEIVED, event, fixture, message, parse, post, trustpilot, written

from bridge.message import Message, Person, clean
from bridge.ports import Skipped, Unreadable

REVIEW = "65a000000000000000000001"
CREATED, UPDATED = "service-review-created", "service-review-updated"


def raw(name: str, number: int = 0) -> bytes:
    return json.dumps(fixture(name)["events"][number], separators=(",", ":")).encode()


def test_a_review_of_the_company_is_its_title_its_words_and_its_stars() -> None:
    assert parse(fixture("created")) == [
        Message(
            channel="trustpilot",
            connection="acme-trustpilot",
            account=ACME,
            id=REVIEW,
            kind="review",
            author=Person(id="65b000000000000000000001", name="Ana R"),
            thread=REVIEW,
            text="Zu spät\nDrei Wochen! Und dann das Falsche.",
            language="de",
            rating=1,
            url=f"https://www.trustpilot.com/reviews/{REVIEW}",
            sent_at=datetime(2026, 11, 21, 11, 40, tzinfo=UTC),
            received_at=RECEIVED,
            public=True,
            raw=raw("created"),
        )
    ]


def test_a_changed_review_is_an_edit_numbered_by_its_time() -> None:
    assert parse(fixture("updated")) == [
        Message(
            channel="trustpilot",
            connection="acme-trustpilot",
            account=ACME,
            id=REVIEW,
            kind="review",
            change="edited",
            version="2026-11-21T11:50:00.000Z",
            author=Person(id="65b000000000000000000001", name="Ana R"),
            thread=REVIEW,
            text="Zu spät\nDrei Wochen! Jetzt ist das Richtige da.",
            language="de",
            rating=3,
            url=f"https://www.trustpilot.com/reviews/{REVIEW}",
            sent_at=datetime(2026, 11, 21, 11, 50, tzinfo=UTC),
            received_at=RECEIVED,
            public=True,
            raw=raw("updated"),
        )
    ]


def test_a_deleted_review_may_say_no_more_than_its_id() -> None:
    assert parse(fixture("deleted")) == [
        Message(
            channel="trustpilot",
            connection="acme-trustpilot",
            account=ACME,
            id=REVIEW,
            kind="review",
            change="deleted",
            thread=REVIEW,
            url=f"https://www.trustpilot.com/reviews/{REVIEW}",
            received_at=RECEIVED,
            public=True,
            raw=raw("deleted"),
        )
    ]


def test_a_review_of_a_product_has_no_title_and_no_page_and_may_have_an_address() -> None:
    assert parse(fixture("product")) == [
        Message(
            channel="trustpilot",
            connection="acme-trustpilot",
            account=ACME,
            id="product:65c000000000000000000001",
            kind="review",
            author=Person(id="65b000000000000000000002", name="Bo L", email="bo@customers.example"),
            thread="product:65c000000000000000000001",
            text="The handle came off.",
            language="en",
            rating=2,
            sent_at=datetime(2026, 11, 21, 11, 45, tzinfo=UTC),
            received_at=RECEIVED,
            public=True,
            raw=raw("product"),
        )
    ]


def test_a_batch_comes_in_its_order_and_what_is_not_known_is_skipped_by_name() -> None:
    stars, reply, taken_back = parse(fixture("many"))

    assert isinstance(stars, Message)
    assert (stars.id, stars.text, stars.rating) == ("65a000000000000000000002", "", 5)
    assert reply == Skipped(reason="unknown_event", event="company-reply-created")
    assert isinstance(taken_back, Message)
    assert (taken_back.id, taken_back.change) == ("product:65c000000000000000000001", "deleted")
    assert taken_back.sent_at == datetime(2026, 11, 21, 11, 55, tzinfo=UTC)


@pytest.mark.parametrize("name", ["service-review", "service-review-", "-created", "review-created", "created"])
def test_other_names_are_skipped_by_name(name: str) -> None:
    assert parse({"events": [event(name, id="1")]}) == [Skipped(reason="unknown_event", event=name)]


def test_the_order_number_stays_where_a_mapping_finds_it() -> None:
    found = message(CREATED, id="1", stars=1, referenceId="ORDER-4711")

    assert json.loads(found.raw)["eventData"]["referenceId"] == "ORDER-4711"


@pytest.mark.parametrize(
    ("stars", "rating"),
    [
        (1, 1),
        (5, 5),
        ("4", 4),
        (0, None),
        (6, None),
        (-1, None),
        (2.5, None),
        (True, None),
        ("", None),
        (None, None),
    ],
)
def test_a_rating_is_one_to_five_or_unknown(stars: object, rating: int | None) -> None:
    assert message(CREATED, id="1", text="Late", stars=stars).rating == rating


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ({"title": "Late", "text": "3 weeks!"}, "Late\n3 weeks!"),
        ({"title": "Late"}, "Late"),
        ({"text": "3 weeks!"}, "3 weeks!"),
        ({"title": "Late", "text": None}, "Late"),
        ({"title": "Late", "text": "", "content": "3 weeks!"}, "Late\n3 weeks!"),
        ({}, ""),
    ],
)
def test_the_title_is_the_first_line(said: dict[str, object], text: str) -> None:
    assert message(CREATED, id="1", stars=1, **said).text == text


# --- edits ------------------------------------------------------------------------------------------------------


def test_edits_without_a_time_differ_by_what_they_say() -> None:
    first, again = (message(UPDATED, id="1", stars=1, text="Bad") for _ in range(2))
    others = [message(UPDATED, id="1", stars=2, text="Bad"), message(UPDATED, id="1", stars=1, text="Worse")]

    assert first.key == again.key
    assert len({first.key, *(one.key for one in others)}) == 3


def test_a_time_written_as_a_number_tells_edits_apart_too() -> None:
    assert message(UPDATED, id="1", stars=1, updatedAt=1795262400123).version == "1795262400123"


def test_a_review_and_its_deletion_are_one_message_and_a_products_is_another() -> None:
    mine, gone = message(CREATED, id="1", stars=1), message("service-review-deleted", id="1")
    product = message("product-review-created", id="1", stars=1)

    assert mine.id == gone.id
    assert product.id != mine.id


# --- what cannot be read ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "error"),
    [
        (None, "it is not an object"),
        ("x", "it is not an object"),
        ({}, "eventName is missing"),
        ({"eventName": 1}, "eventName is a number, expected text"),
        ({"eventName": CREATED}, "id is missing"),
        ({"eventName": CREATED, "eventData": {"id": "1"}}, "it has neither stars nor words"),
        ({"eventName": UPDATED, "eventData": {"id": "1", "stars": 9}}, "it has neither stars nor words"),
        ({"eventName": CREATED, "eventData": []}, "eventData is a list, expected an object"),
        ({"eventName": CREATED, "eventData": {"id": {}}}, "id is an object, expected text or a whole number"),
        ({"eventName": CREATED, "eventData": {"id": "1", "text": 5}}, "text is a number, expected text"),
        (
            {"eventName": CREATED, "eventData": {"id": "1", "stars": 1, "consumer": "Ana"}},
            "consumer is text, expected an object",
        ),
    ],
)
def test_an_event_that_cannot_be_read_does_not_touch_its_neighbours(item: object, error: str) -> None:
    first, bad, last = parse({"events": [event(CREATED, id="1", stars=1), item, event(CREATED, id="2", stars=1)]})

    assert isinstance(first, Message)
    assert isinstance(last, Message)
    assert (first.id, last.id) == ("1", "2")
    assert bad == Unreadable(item=json.dumps(item, separators=(",", ":")).encode(), error=f"event: {error}")


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"\xff", b'{"events": {}}', b'{"events": "x"}', b"[" * 100_000, b'{"a":1,"a":2}']
)
def test_what_is_no_batch_is_one_unreadable(body: bytes) -> None:
    (found,) = trustpilot().parse(post(body))

    assert isinstance(found, Unreadable)
    assert found.item == body


@pytest.mark.parametrize("document", [{}, {"events": []}, {"events": None}])
def test_an_empty_batch_is_counted(document: object) -> None:
    assert parse(document) == [Skipped(reason="system", event="nothing in it")]


HOSTILE = st.text(st.characters(exclude_categories=[]), min_size=1, max_size=40) | st.sampled_from(
    ["\u202eever\u202c", "👩\u200d👩\u200d👧", "a\x00b", "\ud83d", "\udc00", "{text}", "<b>", "' OR 1=1 --"]
)


@given(HOSTILE)
def test_hostile_text_is_data_wherever_it_stands(text: str) -> None:
    found = message(CREATED, id="1", title=text, text=text, consumer={"id": text, "name": text}, language=text)

    assert found.text == f"{clean(text)}\n{clean(text)}"
    assert found.author == Person(id=clean(text), name=clean(text))
    assert found.language == clean(text)


@given(HOSTILE)
def test_a_hostile_id_stays_in_its_place(text: str) -> None:
    found = message(CREATED, id=text, stars=1)

    assert found.id == clean(text)
    assert found.url.count("/") == 4
    assert found.url.isascii()


@given(st.recursive(st.none() | st.booleans() | st.text(), lambda v: st.lists(v) | st.dictionaries(st.text(), v)))
def test_any_event_is_one_event(item: Any) -> None:
    assert len(trustpilot().parse(post(written({"events": [item]})))) == 1
