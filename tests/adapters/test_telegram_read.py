"""What people write to the bot, and what comes with it: words, files, cards, pressed buttons."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram_calls import (
    ACME,
    ANA,
    RECEIVED,
    changed,
    compact,
    fixture,
    item,
    message,
    parse,
    post,
    said,
    telegram,
)

from adapters.telegram.messages import UNSUPPORTED
from bridge.message import Attachment, Message, Person, dump, load
from bridge.ports import Event, Skipped, Unreadable

PERSON = Person(id=ANA, name="Ana Brandt", handle="ana_b")
SENT = datetime(2026, 10, 26, 7, 33, 20, tzinfo=UTC)
DIRECT = Message(
    channel="telegram",
    connection="acme-telegram",
    account=ACME,
    id=f"{ANA}:55",
    kind="direct",
    author=PERSON,
    thread=ANA,
    reply_to=f"{ANA}:50",
    text="/start order-17",
    language="de",
    sent_at=SENT,
    received_at=RECEIVED,
    public=False,
    notes={"chat": ANA, "message": "55"},
)
EDITED = replace(
    DIRECT,
    change="edited",
    version="1793000100000000700002",
    reply_to="",
    text="My order 17 is late",
    sent_at=datetime(2026, 10, 26, 7, 35, tzinfo=UTC),
)
PRESSED = replace(
    DIRECT,
    id="callback:3480000000000000077",
    kind="postback",
    reply_to=f"{ANA}:56",
    text="Yes, please",
    sent_at=None,
    notes={"chat": ANA},
)


def with_files(number: int, *attachments: Attachment, text: str = "") -> Message:
    notes = {"chat": ANA, "message": str(number)}
    return replace(DIRECT, id=f"{ANA}:{number}", reply_to="", text=text, attachments=attachments, notes=notes)


# --- words ------------------------------------------------------------------------------------------------------


def test_a_message_is_read_and_an_edit_is_of_the_same_message() -> None:
    assert message(fixture("text")) == replace(DIRECT, raw=compact(item("text")))
    assert message(fixture("edited")) == replace(EDITED, raw=compact(item("edited")))


def test_redelivery_is_harmless_and_two_edits_in_one_second_are_two() -> None:
    first, again, second = fixture("edited"), fixture("edited"), fixture("edited") | {"update_id": 700099}

    keys = [message(one).key for one in (first, again, second)]

    assert keys[0] == keys[1]
    assert keys[0] != keys[2]


@pytest.mark.parametrize("number", [None, "x", True])
def test_an_update_without_a_number_is_told_apart_by_its_time(number: object) -> None:
    assert message(fixture("edited") | {"update_id": number}).version == "1793000100000000000000"


def test_a_later_edit_has_a_greater_version_whatever_number_its_update_has() -> None:
    early, soon, later = (
        changed("edited", edit_date=time) | {"update_id": number}
        for time, number in ((1793000100, 700002), (1793000100, 700003), (1793900000, 12))
    )

    versions = [int(message(one).version) for one in (early, soon, later)]

    assert versions == sorted(set(versions))


def test_an_edit_without_a_time_is_never_taken_for_an_old_one() -> None:
    assert message(changed("edited", edit_date=None, date=None)).version == "update-700002"


def test_a_checklist_and_a_rich_message_are_words() -> None:
    assert message(fixture("checklist")).text == "What is missing\n- the lid\n- the manual"
    assert message(fixture("rich")).text == "Order 17\nIt is broken.\n1. the lid\n2. the foot"


def test_the_cells_of_a_rich_table_stand_apart() -> None:
    table = {
        "type": "table",
        "cells": [[{"text": "lid"}, {"text": "17"}], [{"text": ["fo", "ot"]}, {"text": "18"}]],
    }

    assert message(said(rich_message={"blocks": [table, {"type": "divider"}]})).text == "lid 17\nfoot 18"


def test_what_telegram_cannot_deliver_does_not_vanish() -> None:
    assert message(fixture("unsupported")) == replace(
        with_files(66, text=UNSUPPORTED), raw=compact(item("unsupported"))
    )
    assert message(said(hologram={"id": 1})).text == UNSUPPORTED


# --- files and cards --------------------------------------------------------------------------------------------

HELD: list[tuple[str, Message]] = [
    (
        "photo",
        with_files(
            56,
            Attachment(kind="image", id="AgAC-big"),
            Attachment(kind="link", url="https://ana.example.com/box"),
            text="It came like this: see here",
        ),
    ),
    ("document", with_files(57, Attachment(kind="file", name="invoice.pdf", id="BQAC-invoice"))),
    ("animation", with_files(58, Attachment(kind="video", name="fall.mp4", id="CgAC-fall"))),
    ("voice", with_files(59, Attachment(kind="audio", id="AwAC-voice"))),
    ("sticker", with_files(60, Attachment(kind="sticker", name="😡", id="CAAC-angry"))),
    (
        "venue",
        with_files(
            61,
            Attachment(kind="venue", name="Acme Store Hauptstr. 1"),
            Attachment(kind="location", name="52.52,13.405"),
        ),
    ),
    ("contact", with_files(62, Attachment(kind="contact", name="Ana Brandt +493055500901"))),
    ("poll", with_files(63, Attachment(kind="poll", name="Late or lost?"))),
]


@pytest.mark.parametrize(("name", "expected"), HELD, ids=[name for name, _ in HELD])
def test_what_comes_with_a_message_is_attached(name: str, expected: Message) -> None:
    assert message(fixture(name)) == replace(expected, raw=compact(item(name)))


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ({"video": {"file_id": "v1", "file_name": "box.mov"}}, Attachment(kind="video", name="box.mov", id="v1")),
        ({"video_note": {"file_id": "n1"}}, Attachment(kind="video", id="n1")),
        ({"live_photo": {"file_id": "l1"}}, Attachment(kind="video", id="l1")),
        ({"audio": {"file_id": "a1", "title": "Hum"}}, Attachment(kind="audio", name="Hum", id="a1")),
        ({"dice": {"emoji": "🎲", "value": 4}}, Attachment(kind="dice", name="🎲 4")),
        ({"story": {"id": 3, "chat": {"id": 1}}}, Attachment(kind="story")),
        ({"paid_media": {"star_count": 3, "paid_media": []}}, Attachment(kind="paid_media")),
    ],
)
def test_other_things_that_people_send_are_attached(held: dict[str, Any], expected: Attachment) -> None:
    found = message(said(**held))

    assert (found.text, found.attachments) == ("", (expected,))


@pytest.mark.parametrize(
    ("held", "error"),
    [
        ({"text": 5}, "message: text is a number, expected text"),
        ({"photo": [5]}, "message: it is not an object"),
        ({"voice": "x"}, "message: voice is text, expected an object"),
        ({"location": {"latitude": 1}}, "message: location: latitude and longitude are not two numbers"),
        ({"message_id": None, "text": "x"}, "message: message_id is missing"),
        ({"message_id": 0, "text": "x"}, "message: message_id is missing"),
        ({"from": {}, "text": "x"}, "message: from.id is missing"),
        ({"chat": None, "text": "x"}, "message: chat.id is missing"),
        ({"message_id": "9" * 510, "text": "x"}, "message: id is 520 bytes long, an id has at most 512"),
    ],
)
def test_what_cannot_be_read_says_why(held: dict[str, Any], error: str) -> None:
    (found,) = parse(said(**held))

    assert found == Unreadable(item=compact(item("unsupported") | held), error=error)


# --- buttons ----------------------------------------------------------------------------------------------------


def test_a_pressed_button_says_what_stands_on_it() -> None:
    assert message(fixture("callback")) == replace(PRESSED, raw=compact(item("callback")))


def test_a_button_of_an_old_message_says_what_it_sends() -> None:
    found = message(fixture("callback_old"))

    assert (found.text, found.public, found.reply_to) == ("AGENT", True, "-1001555000002:302")


def test_a_button_without_a_chat_is_between_its_presser_and_the_bot() -> None:
    assert message(fixture("callback_inline")) == replace(
        PRESSED,
        id="callback:3480000000000000079",
        reply_to="",
        text="AGENT",
        raw=compact(item("callback_inline")),
    )


def test_a_button_that_says_nothing_is_counted() -> None:
    assert parse(changed("callback", data=None)) == [Skipped(reason="system", event="callback_query")]


@pytest.mark.parametrize("markup", [5, {"inline_keyboard": 5}, {"inline_keyboard": [5, [5, {"text": 5}]]}])
def test_a_keyboard_of_no_use_costs_the_press_nothing(markup: object) -> None:
    pressed = changed("callback", message={**item("callback")["message"], "reply_markup": markup})

    assert message(pressed).text == "AGENT"


def test_what_a_web_app_sends_is_a_pressed_button() -> None:
    assert message(fixture("web_app")) == replace(
        with_files(67, text='{"order":17}'), kind="postback", raw=compact(item("web_app"))
    )


# --- what is none -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("blocked", Skipped(reason="system", event="my_chat_member")),
        ("poll_answer", Skipped(reason="system", event="poll_answer")),
        ("business_connection", Skipped(reason="system", event="business_connection")),
        ("group_joined", Skipped(reason="system", event="message:new_chat_members")),
        ("reaction_count", Skipped(reason="reaction", event="message_reaction_count")),
    ],
)
def test_what_is_no_message_is_counted_by_name(name: str, expected: Event) -> None:
    assert parse(fixture(name)) == [expected]


def test_a_place_that_moves_is_told_once() -> None:
    moving = {**item("venue"), "location": {"latitude": 52.53, "longitude": 13.4, "live_period": 900}}

    assert parse({"update_id": 1, "edited_message": moving}) == [
        Skipped(reason="system", event="edited_message:location")
    ]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({}, Skipped(reason="unknown_event", event="update")),
        ({"update_id": 1, "message": None}, Skipped(reason="unknown_event", event="update")),
        ({"update_id": 1, "teleported": {}}, Skipped(reason="unknown_event", event="teleported")),
        ({"update_id": 1, "t" * 99: 5}, Skipped(reason="unknown_event", event="t" * 80)),
    ],
)
def test_an_unknown_update_is_counted_by_name(document: object, expected: Event) -> None:
    assert parse(document) == [expected]


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"\xff", b'{"update_id":1,"update_id":1}', b"[" * 2000])
def test_a_body_that_is_no_update_is_kept(body: bytes) -> None:
    (found,) = telegram().parse(post(body))

    assert isinstance(found, Unreadable)
    assert found.item == body


# --- whatever is written ----------------------------------------------------------------------------------------

HOSTILE = st.text(st.characters(codec=None) | st.sampled_from("\x00\ud800\udfff\u202e\u2066\U0001f600")).filter(
    bool
)


@given(HOSTILE, HOSTILE)
def test_hostile_words_arrive_literally(words: str, name: str) -> None:
    sender = {**item("text")["from"], "first_name": name, "last_name": None}

    found = message(changed("text", text=words, **{"from": sender}))

    assert (found.text, found.author.name) == (storable(words), storable(name))
    assert load(dump(found), found.raw) == found


def storable(words: str) -> str:
    return "".join("\ufffd" if one == "\x00" or "\ud800" <= one <= "\udfff" else one for one in words)
