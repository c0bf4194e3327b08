"""The values of WhatsApp's callbacks: every item is read on its own, and hostile text is text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from meta_calls import compact, post
from whatsapp_calls import NUMBER, fixture, message, parse, text, value, whatsapp

from bridge.message import Message, clean
from bridge.ports import Skipped, Unreadable


def entry(**held: object) -> Any:
    return {"object": "whatsapp_business_account", "entry": [{"id": "215000000000001"} | held]}


def test_an_item_that_cannot_be_read_leaves_its_neighbours_alone() -> None:
    healthy = text()
    alone = message(value(messages=[healthy]))

    items: list[Any] = [None, 7, "x", [], {}, text(id={}), text(text=7), {"id": {"deep": [[[]]]}}]
    for spoiled in items:
        before, after = parse(value(messages=[spoiled, healthy]))[-1], parse(value(messages=[healthy, spoiled]))[0]

        assert before == after == alone


def test_an_item_that_cannot_be_read_is_kept_and_told_of_without_its_content() -> None:
    spoiled = text(id="wamid.Spoiled", text={"body": ["my card is 4111"]})

    found, _ = parse(value(messages=[spoiled, text()]))

    assert found == Unreadable(item=compact(spoiled), error="messages item: body is a list, expected text")


def test_one_key_twice_spoils_its_own_item_only() -> None:
    body = compact(value(messages=[text(id="wamid.A"), text(id="wamid.B")]))
    twice = body.replace(b'"id":"wamid.A"', b'"id":"wamid.A","id":"wamid.Z"')

    first, second = whatsapp().parse(post(twice))

    assert isinstance(first, Unreadable)
    assert first.error == "messages item: an object has one key twice"
    assert isinstance(second, Message)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (7, "it is not an object"),
        ({}, "field is missing"),
        ({"field": "messages", "value": 7}, "value is a number, expected an object"),
        ({"field": "messages", "value": {"messages": [{}]}}, "metadata.phone_number_id is missing"),
        (
            {"field": "messages", "value": {"messages": [{}], "metadata": {"phone_number_id": 1.5}}},
            "phone_number_id is a fraction, expected text or a whole number",
        ),
    ],
)
def test_a_change_that_names_no_number_of_ours_is_unreadable(change: object, error: str) -> None:
    assert parse(entry(changes=[change])) == [Unreadable(item=compact(change), error=f"changes item: {error}")]


def test_every_item_for_a_number_that_is_not_listed_is_counted() -> None:
    found = value(messages=[text(), text()], statuses=[{}])

    events = whatsapp("1").parse(post(compact(found)))

    assert events == [Skipped(reason="unknown_account", event=NUMBER.id)] * 3


@pytest.mark.parametrize(
    ("held", "skipped"),
    [
        ({}, Skipped(reason="system", event="empty entry")),
        ({"time": 1793000000, "changes": []}, Skipped(reason="system", event="empty entry")),
        ({"changes": [{"field": "messages", "value": {}}]}, Skipped(reason="system", event="messages")),
        ({"changes": [{"field": "history", "value": 7}]}, Skipped(reason="system", event="history")),
        ({"changes": {"field": "calls"}}, Skipped(reason="system", event="calls")),
        ({"messaging": [{}]}, Skipped(reason="unknown_event", event="messaging")),
    ],
)
def test_what_holds_no_message_is_named(held: dict[str, object], skipped: Skipped) -> None:
    assert parse(entry(**held)) == [skipped]


@pytest.mark.parametrize(
    ("item", "event"),
    [
        (text(type="system", system=None), "system"),
        (text(type="system", system={"type": "customer_identity_changed"}), "system:customer_identity_changed"),
        (text(type="request_welcome"), "request_welcome"),
    ],
)
def test_what_nobody_wrote_is_skipped_by_name(item: dict[str, object], event: str) -> None:
    assert parse(value(messages=[item])) == [Skipped(reason="system", event=event)]


def test_an_error_without_a_code_is_counted_too() -> None:
    assert parse(value(errors=[{"title": "?"}])) == [Skipped(reason="system", event="errors")]


def test_a_redelivered_edit_is_the_same_and_another_edit_another() -> None:
    first, again = message(fixture("edit")), message(fixture("edit"))
    document = fixture("edit")
    document["entry"][0]["changes"][0]["value"]["messages"][0]["id"] = "wamid.SecondEdit"

    second = message(document)

    assert first.key == again.key
    assert first.key != second.key
    assert first.id == second.id


HOSTILE = st.text(st.characters(), min_size=1, max_size=40)  # surrogates, NUL and right-to-left marks too


@given(HOSTILE)
@example("\u202eabc \U0001f469\u200d\U0001f467 \x00 \ud800")
def test_hostile_text_arrives_as_it_is(said: str) -> None:
    document = value(
        messages=[text(text={"body": said}), text(type="image", text=None, image={"id": "1", "caption": said})],
        contacts=[{"wa_id": "34600111222", "profile": {"name": said}}],
    )

    written, captioned = parse(document)

    assert isinstance(written, Message)
    assert isinstance(captioned, Message)
    assert (written.text, captioned.text, written.author.name) == (clean(said),) * 3


@given(HOSTILE)
def test_hostile_text_in_a_line_of_ours_arrives_as_it_is(said: str) -> None:
    place = {"latitude": 1, "longitude": 2, "name": said}
    answers = compact({"answer": said}).decode()
    reply = {"type": "nfm_reply", "nfm_reply": {"response_json": answers}}

    location = message(value(messages=[text(type="location", location=place)]))
    form = message(value(messages=[text(type="interactive", interactive=reply)]))

    assert location.text == f"[location: {clean(said)}]"
    assert form.text == f"[form]\nanswer: {clean(said)}"
