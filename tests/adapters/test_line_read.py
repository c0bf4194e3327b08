"""LINE: each event becomes the message or the named skip that it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from line_calls import (
    ACME,
    ANA,
    BEN,
    GROUP,
    RECEIVED,
    ROOM,
    compact,
    event,
    fixture,
    message,
    parse,
    parsed,
    said,
)

from bridge.message import Attachment, Message, Person
from bridge.ports import Skipped, Unreadable

FIRST = datetime(2026, 10, 26, 7, 33, 20, 123000, UTC)


def sent(after: int) -> datetime:
    """The time of our fixtures' nth event: one every second."""
    return FIRST + timedelta(seconds=after)


TEXT = Message(
    channel="line",
    connection="acme-line",
    account=ACME,
    id="610000000000000001",
    kind="direct",
    author=Person(id=ANA),
    thread=ANA,
    reply_to="610000000000000000",
    text="(sad) @Acme the lamp is broken 💡",
    sent_at=sent(1),
    received_at=RECEIVED,
    public=False,
    notes={"to": ANA, "source": "user", "quote": "made-up-quote"},
)
PLAIN = replace(TEXT, reply_to="", text="", notes={"to": ANA, "source": "user"})
QUOTABLE = replace(PLAIN, notes=TEXT.notes)
IN_GROUP = {"to": GROUP, "source": "group", "quote": "made-up-quote"}

MESSAGES: dict[str, tuple[Message, ...]] = {
    "text": (TEXT,),
    "image_set": (
        replace(
            QUOTABLE,
            id="610000000000000011",
            attachments=(Attachment(kind="image", id="610000000000000011"),),
            sent_at=sent(3),
        ),
        replace(
            QUOTABLE,
            id="610000000000000012",
            attachments=(Attachment(kind="image", id="610000000000000012"),),
            sent_at=sent(4),
        ),
    ),
    "video": (
        replace(
            QUOTABLE,
            id="610000000000000021",
            attachments=(Attachment(kind="video", url="https://media.example.com/lamp.mp4"),),
            sent_at=sent(5),
        ),
    ),
    "audio": (
        replace(
            PLAIN,
            id="610000000000000022",
            attachments=(Attachment(kind="audio", id="610000000000000022"),),
            sent_at=sent(6),
        ),
    ),
    "file": (
        replace(
            PLAIN,
            id="610000000000000023",
            attachments=(Attachment(kind="file", name="Rechnung März.pdf", id="610000000000000023"),),
            sent_at=sent(7),
        ),
    ),
    "sticker": (
        replace(
            TEXT,
            id="610000000000000024",
            text="so sad",
            attachments=(
                Attachment(
                    kind="sticker",
                    url="https://stickershop.line-scdn.net/stickershop/v1/sticker/52002999/android/sticker.png",
                    name="angry, broken",
                ),
            ),
            sent_at=sent(8),
        ),
    ),
    "location": (
        replace(
            PLAIN,
            id="610000000000000025",
            text="Acme Store\nHauptstr. 1, Berlin\n52.520008,13.404954",
            attachments=(Attachment(kind="location", name="52.520008,13.404954"),),
            sent_at=sent(9),
        ),
    ),
    "later_kind": (
        replace(
            PLAIN,
            id="610000000000000026",
            text="[a LINE message of a kind that apps cannot read]",
            sent_at=sent(10),
        ),
    ),
    "group": (
        replace(
            PLAIN,
            id="610000000000000031",
            author=Person(id=BEN),
            thread=GROUP,
            text="@Acme who helps us?",
            notes=IN_GROUP,
            sent_at=sent(11),
        ),
        replace(
            PLAIN,
            id="610000000000000032",
            author=Person(),
            thread=GROUP,
            text="me too",
            sent_at=sent(12),
            notes=IN_GROUP,
        ),
    ),
    "room": (
        replace(
            PLAIN,
            id="610000000000000033",
            author=Person(id=BEN),
            thread=ROOM,
            notes={"to": ROOM, "source": "room", "quote": "made-up-quote"},
            text="from an old chat of several",
            sent_at=sent(13),
        ),
    ),
    "edited": (
        replace(
            PLAIN,
            id="610000000000000031",
            change="edited",
            version="1793000014123",
            author=Person(id=BEN),
            thread=GROUP,
            text="@Acme who helps us today?",
            notes=IN_GROUP,
            sent_at=sent(14),
        ),
    ),
    "unsend": (replace(PLAIN, change="deleted", sent_at=sent(15)),),
    "postback": (
        replace(
            PLAIN,
            id="01KAQ000000000000000000016",
            kind="postback",
            text="action=callback&when=picked",
            sent_at=sent(16),
        ),
    ),
    "postback_old": (
        replace(
            PLAIN,
            id=f"postback:{ANA}:1793000017123",
            kind="postback",
            text="action=agent",
            sent_at=sent(17),
        ),
    ),
}

SKIPPED = {
    "standby": [Skipped(reason="other_app", event="standby:message")],
    "no_messages": [
        Skipped(reason="system", event="follow"),
        Skipped(reason="system", event="unfollow"),
        Skipped(reason="system", event="join"),
        Skipped(reason="system", event="leave"),
        Skipped(reason="system", event="memberJoined"),
        Skipped(reason="system", event="memberLeft"),
        Skipped(reason="receipt", event="videoPlayComplete"),
        Skipped(reason="system", event="beacon"),
        Skipped(reason="system", event="accountLink"),
        Skipped(reason="system", event="membership"),
        Skipped(reason="system", event="module"),
        Skipped(reason="other_app", event="activated"),
        Skipped(reason="system", event="botSuspended"),
        Skipped(reason="receipt", event="delivery"),
        Skipped(reason="unknown_event", event="laterEvent"),
    ],
}


# --- what our fixtures come to ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MESSAGES)
def test_an_event_is_the_message_that_it_brings(name: str) -> None:
    document = fixture(name)

    found = parse(document)

    items = document["events"]
    assert found == [replace(one, raw=compact(item)) for one, item in zip(MESSAGES[name], items, strict=True)]


@pytest.mark.parametrize("name", SKIPPED)
def test_what_is_no_message_is_skipped_by_name(name: str) -> None:
    assert parse(fixture(name)) == SKIPPED[name]


def test_a_redelivery_is_the_same_message() -> None:
    first, again = message(event("text")), message(event("redelivered"))

    assert again == replace(first, raw=compact(event("redelivered")))
    assert again.key == first.key


# --- which conversation it belongs to ---------------------------------------------------------------------------


def test_edits_and_deletions_point_at_the_message_and_quotes_at_theirs() -> None:
    asked, edited = message(event("group")), message(event("edited"))
    written, taken_back = message(event("text")), message(event("unsend"))

    assert (edited.id, edited.thread, edited.author) == (asked.id, asked.thread, asked.author)
    assert (taken_back.id, taken_back.thread) == (written.id, written.thread)
    assert message(said("text", id="2", quotedMessageId=written.id)).reply_to == written.id


def test_two_edits_of_one_message_are_two_and_a_redelivered_one_is_not() -> None:
    first, second = event("edited"), event("edited", timestamp=1793000099000)

    keys = [message(one).key for one in (first, second, first | {"deliveryContext": {"isRedelivery": True}})]

    assert keys[0] == keys[2] != keys[1]


def test_a_group_that_is_not_named_is_not_taken_for_a_chat_with_one_person() -> None:
    item = event("group", source={"type": "group", "userId": BEN})

    assert parsed(item) == [Unreadable(item=compact(item), error="event: source.groupId is missing")]


@pytest.mark.parametrize("who", [{}, {"userId": BEN}])
def test_an_old_button_pressed_in_a_group_is_told_from_others(who: dict[str, str]) -> None:
    found = message(event("postback_old", source={"type": "group", "groupId": GROUP} | who))

    assert found.id == f"postback:{who.get('userId', GROUP)}:1793000017123"
    assert found.thread == GROUP


def test_a_button_without_data_says_nothing() -> None:
    assert parsed(event("postback", postback={})) == [Skipped(reason="system", event="postback")]


# --- content ----------------------------------------------------------------------------------------------------


def test_a_medium_that_lies_elsewhere_needs_no_id_and_one_of_lines_own_no_address() -> None:
    elsewhere = message(said("image_set", contentProvider={"type": "external", "originalContentUrl": "https://a"}))
    unsaid = message(said("image_set", contentProvider=None))

    assert elsewhere.attachments == (Attachment(kind="image", url="https://a"),)
    assert unsaid.attachments == (Attachment(kind="image", id="610000000000000011"),)


def test_a_place_without_a_name_is_its_coordinates() -> None:
    assert message(said("location", title=None, address=["?"], latitude=-1)).text == "-1,13.404954"


def test_a_sticker_is_one_whatever_is_said_of_it() -> None:
    found = message(said("sticker", stickerId="../../evil?", keywords=["sad", 1, None], text=None))

    assert (found.text, found.attachments) == ("", (Attachment(kind="sticker", name="sad"),))


def test_a_kind_that_line_invents_later_keeps_its_words() -> None:
    assert message(said("later_kind", text="hello")).text == "hello"
