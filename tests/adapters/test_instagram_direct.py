"""Instagram's conversations: Messenger's shapes, stories, and parts of them that come as changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from instagram_calls import ACME, ANA, fixture, message, parse
from meta_calls import RECEIVED, compact

from bridge.message import Attachment, Message, Person, clean
from bridge.ports import Event, Skipped, Unreadable

TEXT = Message(
    channel="instagram",
    connection="acme-meta",
    account=ACME,
    id="aWdfZA1",
    kind="direct",
    author=Person(id=ANA),
    thread=ANA,
    reply_to="aWdfZA0",
    text="Is this in stock?",
    sent_at=datetime(2026, 10, 26, 7, 33, 20, 123000, UTC),
    received_at=RECEIVED,
    public=False,
)
PLAIN = replace(TEXT, reply_to="")
US = Person(id=ACME.id, is_self=True)

FIXTURES: dict[str, Event] = {
    "text": TEXT,
    "story_reply": replace(
        PLAIN,
        id="aWdfZA2",
        kind="story_reply",
        reply_to="17900000000000021",
        text="Where can I buy it?",
        attachments=(Attachment(kind="link", url="https://cdn.example.com/story-21.jpg", name="story"),),
    ),
    "story_mention": replace(
        PLAIN,
        id="aWdfZA3",
        kind="story_mention",
        text="",
        attachments=(Attachment(kind="link", url="https://cdn.example.com/story-22.jpg", name="story"),),
    ),
    "shares": replace(
        PLAIN,
        id="aWdfZA4",
        text="",
        attachments=(
            Attachment(kind="ig_post", url="https://cdn.example.com/post-31.jpg", name="Grinder"),
            Attachment(kind="ig_reel", name="How it grinds", id="17900000000000032"),
            Attachment(kind="link", url="https://cdn.example.com/story-33.jpg", name="story"),
            Attachment(kind="like_heart"),
        ),
    ),
    "echo": replace(PLAIN, id="aWdfZA5", author=US, text="Yes, in black.", mark="cb-1"),
    "unsent": replace(PLAIN, change="deleted", text=""),
    "unsupported": replace(PLAIN, id="aWdfZA6", text="[a message that Instagram cannot deliver to apps]"),
    "edit": replace(PLAIN, change="edited", version="1", text="Is this still in stock?"),
    "postback": replace(PLAIN, id="aWdfZA7", kind="postback", text="Track order"),
    "reaction": Skipped(reason="reaction", event="reaction"),
    "unreaction": Skipped(reason="reaction", event="reaction"),
    "seen": Skipped(reason="receipt", event="read"),
    "to_oneself": Skipped(reason="system", event="is_self"),
}


@pytest.mark.parametrize("name", FIXTURES)
def test_an_item_becomes_the_event_that_it_is(name: str) -> None:
    document, expected = fixture(name), FIXTURES[name]

    found = parse(document)

    raw = compact(document["entry"][0]["messaging"][0])
    assert found == [replace(expected, raw=raw) if isinstance(expected, Message) else expected]


def item(name: str, **changed: object) -> list[Event]:
    """What a fixture comes to with some values of its item changed or added."""
    document = fixture(name)
    document["entry"][0]["messaging"][0] |= changed
    return parse(document)


def test_parts_of_a_conversation_that_come_as_changes_are_the_same_messages() -> None:
    document = fixture("conversation_in_changes")

    created, edited, reaction, insight = parse(document)

    raw = [compact(change) for change in document["entry"][0]["changes"]]
    plain = replace(
        PLAIN, id="aWdfZA9", text="By the dashboard", sent_at=datetime(2026, 10, 26, 7, 33, 20, tzinfo=UTC)
    )
    assert created == replace(plain, raw=raw[0])
    assert edited == replace(
        plain,
        change="edited",
        version="2",
        author=Person(id=ANA, handle="ana.ruiz"),
        text="By the dashboard!",
        sent_at=datetime(2026, 10, 26, 7, 33, 30, tzinfo=UTC),
        raw=raw[1],
    )
    assert reaction == Skipped(reason="reaction", event="reaction")
    assert insight == Skipped(reason="system", event="story_insights")


def test_our_own_message_among_changes_belongs_to_whom_it_was_written() -> None:
    document = fixture("conversation_in_changes")
    value = {"mid": "aWdfZA5", "text": "Yes", "from": {"id": ACME.id}, "to": {"id": ANA}}
    document["entry"][0]["changes"] = [{"field": "message_echoes", "value": value}]

    found = message(document)

    assert (found.author, found.thread, found.side) == (US, ANA, ANA)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("messaging_seen", Skipped(reason="receipt", event="read")),
        ("messaging_referral", Skipped(reason="system", event="referral")),
        ("messaging_handover", Skipped(reason="other_app", event="messaging_handover")),
        ("standby", Skipped(reason="other_app", event="standby")),
        ("new_field", Skipped(reason="unknown_event", event="new_field")),
    ],
)
def test_a_change_that_is_no_message_is_skipped_by_name(field: str, expected: Skipped) -> None:
    document = fixture("comment")
    document["entry"][0]["changes"][0] = {"field": field, "value": {"mid": "aWdfZA5", "timestamp": 1793000000}}

    assert parse(document) == [expected]


def test_another_app_owns_what_stands_by() -> None:
    document = fixture("text")
    document["entry"][0]["standby"] = document["entry"][0].pop("messaging")

    assert parse(document) == [Skipped(reason="other_app", event="standby")]


def test_a_button_that_our_account_pressed_itself_is_no_message() -> None:
    assert item("postback", is_self=True) == [Skipped(reason="system", event="is_self")]
    (found,) = item("postback", is_self=False)
    assert isinstance(found, Message)


def test_an_account_that_is_not_listed_is_named() -> None:
    document = fixture("text")
    document["entry"][0]["id"] = "0"

    assert parse(document) == [Skipped(reason="unknown_account", event="0")]


def test_a_reply_to_a_story_without_its_address_is_one_all_the_same() -> None:
    document = fixture("story_reply")
    document["entry"][0]["messaging"][0]["message"]["reply_to"] = {"story": {"id": "17900000000000021"}}

    found = message(document)

    assert (found.kind, found.reply_to, found.attachments) == ("story_reply", "17900000000000021", ())


# --- reactions, where they are wanted -------------------------------------------------------------------------


def test_a_story_that_has_only_an_id_is_no_file_to_open() -> None:
    document = fixture("story_mention")
    shown = [{"type": "story_mention", "payload": {"story_media_id": "17900000000000033"}}]
    document["entry"][0]["messaging"][0]["message"]["attachments"] = shown

    assert message(document).attachments == (Attachment(kind="link", name="story"),)


def test_a_reaction_is_a_message_where_the_connection_wants_them() -> None:
    document = fixture("reaction")

    found = message(document, reactions=True)

    assert found == replace(
        PLAIN,
        id=f"reaction:aWdfZA5:{ANA}:1793000000123",
        kind="reaction",
        reply_to="aWdfZA5",
        text="\u2764",
        raw=compact(document["entry"][0]["messaging"][0]),
    )


def test_a_redelivered_reaction_is_the_same_and_a_later_one_another() -> None:
    first, again, later = fixture("reaction"), fixture("reaction"), fixture("reaction")
    again["entry"][0]["time"] += 60_000
    later["entry"][0]["messaging"][0]["timestamp"] += 1

    keys = [message(one, reactions=True).key for one in (first, again, later)]

    assert keys[0] == keys[1] != keys[2]


def test_a_reaction_without_an_emoji_says_its_name_and_without_a_time_is_told_apart_by_it() -> None:
    document = fixture("conversation_in_changes")
    document["entry"][0]["changes"] = [document["entry"][0]["changes"][2]]
    del document["entry"][0]["changes"][0]["value"]["timestamp"]

    found = message(document, reactions=True)

    assert (found.text, found.id) == ("love", f"reaction:aWdfZA9:{ANA}:love")


def test_a_reaction_taken_back_stays_a_skip() -> None:
    assert parse(fixture("unreaction"), reactions=True) == [Skipped(reason="reaction", event="reaction")]


def test_a_reaction_of_ours_is_in_the_customers_conversation() -> None:
    document = fixture("reaction")
    document["entry"][0]["messaging"][0] |= {"sender": {"id": ACME.id}, "recipient": {"id": ANA}}

    found = message(document, reactions=True)

    assert (found.author, found.thread) == (US, ANA)


def test_an_id_made_of_ids_is_never_too_long() -> None:
    document = fixture("reaction")
    document["entry"][0]["messaging"][0]["reaction"]["mid"] = "m" * 500

    (found,) = parse(document, reactions=True)

    assert isinstance(found, Unreadable)
    assert found.error == "messaging item: mid is 533 bytes long, an id has at most 512"


# --- whatever comes -------------------------------------------------------------------------------------------


@given(st.text(st.characters(), min_size=1))
def test_hostile_text_arrives_literally_but_for_what_no_database_stores(text: str) -> None:
    document = fixture("text")
    document["entry"][0]["messaging"][0]["message"]["text"] = text

    assert message(document).text == clean(text)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"sender": None}, "sender.id is missing"),
        ({"is_self": 1}, "is_self is a number, expected true or false"),
        ({"message": {"mid": "m", "text": "hi", "reply_to": {"story": "s"}}}, "story is text, expected an object"),
        (
            {"message": {"mid": "m", "attachments": [{"payload": {"reel_video_id": []}}]}},
            "reel_video_id is a list, expected text or a whole number",
        ),
    ],
)
def test_what_must_not_be_guessed_is_unreadable_and_says_why(changed: dict[str, object], error: str) -> None:
    raw = compact(fixture("text")["entry"][0]["messaging"][0] | changed)

    assert item("text", **changed) == [Unreadable(item=raw, error=f"messaging item: {error}")]
