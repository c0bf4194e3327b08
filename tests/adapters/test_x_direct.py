"""Direct messages of X, and what arrives of encrypted ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from x_calls import ACME, ACME_FR, ANA, RECEIVED, activity, compact, fixture, message, parse, payload

from bridge.message import Attachment, Message, Person
from bridge.ports import Skipped, Unreadable

PERSON = Person(
    id=ANA,
    name="Ana Brandt",
    handle="ana_b",
    followers=97,
    verified=False,
    avatar="https://img.example.com/ana.jpg",
)
DIRECT = Message(
    channel="x",
    connection="acme-x",
    account=ACME,
    id="dm:1900000000000000003",
    kind="direct",
    author=PERSON,
    thread=ANA,
    text="help & hurry",
    url=f"https://x.com/messages/{ACME.id}-{ANA}",
    attachments=(Attachment(kind="image", url="https://img.example.com/dm.jpg"),),
    sent_at=datetime(2026, 10, 26, 7, 33, 20, 123000, UTC),
    received_at=RECEIVED,
    public=False,
)
ECHO = replace(
    DIRECT,
    id="dm:1900000000000000004",
    author=Person(id=ACME.id, is_self=True),
    text="Hi Ana",
    attachments=(),
    sent_at=datetime(2026, 10, 26, 7, 34, 20, 123000, UTC),
)
CHAT = replace(
    DIRECT,
    id="dm:6a5ef0c1-0000-4000-8000-000000000001",
    author=Person(id=ANA),
    text="[an encrypted X chat message: open X to read it]",
    attachments=(),
    notes={"encrypted": "yes"},
)


def item(name: str) -> Any:
    return payload(name)["direct_message_events"][0]


def test_a_direct_message_is_read_and_our_own_is_an_echo_in_the_customers_thread() -> None:
    received, sent = message(fixture("dm_received")), message(fixture("dm_sent"))

    assert received == replace(DIRECT, raw=compact(item("dm_received")))
    assert sent == replace(ECHO, raw=compact(item("dm_sent")))
    assert received.side == sent.side == ANA


def test_the_legacy_api_brings_the_same_messages() -> None:
    assert parse(fixture("legacy_dm")) == [message(fixture("dm_received")), message(fixture("dm_sent"))]


@pytest.mark.parametrize("event", ["dm.received", "dm.sent"])
def test_who_wrote_it_says_the_message_not_the_event(event: str) -> None:
    documents = [fixture("dm_received"), fixture("dm_sent")]
    for document in documents:
        document["data"]["event_type"] = event

    assert [message(one).author.is_self for one in documents] == [False, True]


def test_a_direct_message_and_a_post_of_one_number_are_two_messages() -> None:
    number = item("dm_received")["id"]
    post = activity(
        "post.mention.create", {**payload("mention"), "id": number, "edit_history_tweet_ids": [number]}
    )

    public, private = message(post), message(fixture("dm_received"))

    assert (public.id, private.id) == (number, f"dm:{number}")
    assert public.key != private.key


def test_what_another_handle_of_ours_writes_in_private_is_a_customers_word() -> None:
    found = message(changed(sender_id=ACME_FR.id))

    assert (found.author.is_self, found.side) == (False, ACME_FR.id)


def test_an_encrypted_message_does_not_vanish() -> None:
    received, sent = message(fixture("chat_received")), message(fixture("chat_sent"))

    assert received == replace(CHAT, raw=compact(payload("chat_received")))
    assert sent == replace(
        CHAT,
        id="dm:6a5ef0c1-0000-4000-8000-000000000002",
        author=Person(id=ACME.id, is_self=True),
        raw=compact(payload("chat_sent")),
    )
    assert received.side == sent.side == ANA


@pytest.mark.parametrize(
    ("conversation", "expected"), [(f"{ACME.id}:{ANA}", ANA), ("g1900000000000000009", "g1900000000000000009")]
)
def test_our_own_encrypted_message_stands_in_the_others_thread(conversation: str, expected: str) -> None:
    document = fixture("chat_sent")
    document["data"]["payload"]["conversation_id"] = conversation

    assert message(document).thread == expected


def test_the_address_has_the_smaller_id_first_whoever_writes() -> None:
    document = fixture("dm_received")
    document["data"]["payload"]["direct_message_events"][0]["message_create"]["sender_id"] = "999"

    assert message(document).url == f"https://x.com/messages/999-{ACME.id}"


def changed(**created: object) -> Any:
    document = fixture("dm_received")
    document["data"]["payload"]["direct_message_events"][0]["message_create"] |= created
    return document


def test_a_picture_alone_is_a_message_and_nothing_at_all_is_none() -> None:
    data = item("dm_received")["message_create"]["message_data"]

    picture = message(changed(message_data=data | {"text": "https://t.co/DmPic"}))
    nothing = parse(changed(message_data={"text": ""}))

    assert (picture.text, len(picture.attachments)) == ("", 1)
    assert nothing == [Skipped(reason="system", event="direct message without content")]


def test_other_items_of_a_conversation_are_skipped_by_name() -> None:
    document = fixture("legacy_dm")
    document["direct_message_events"] = [{"type": "participants_join", "id": "1"}]

    assert parse(document) == [Skipped(reason="unknown_event", event="direct_message_events:participants_join")]


@pytest.mark.parametrize(
    ("created", "error"),
    [
        ({"sender_id": None}, "sender_id is missing"),
        ({"sender_id": {}}, "sender_id is an object, expected text or a whole number"),
        ({"sender_id": ACME.id, "target": {}}, "recipient_id is missing"),
        ({"target": "x"}, "target is text, expected an object"),
        ({"message_data": {"text": ["hi"]}}, "text is a list, expected text"),
        ({"message_data": "hi"}, "message_data is text, expected an object"),
    ],
)
def test_what_must_not_be_guessed_is_unreadable_and_says_why(created: dict[str, object], error: str) -> None:
    document = changed(**created)

    raw = compact(document["data"]["payload"]["direct_message_events"][0])
    assert parse(document) == [Unreadable(item=raw, error=f"direct_message_events item: {error}")]


@pytest.mark.parametrize("field", ["id", "sender_id"])
def test_an_encrypted_message_without_its_ends_is_unreadable(field: str) -> None:
    document = fixture("chat_received")
    del document["data"]["payload"][field]

    assert parse(document) == [Unreadable(item=compact(document["data"]), error=f"event: {field} is missing")]
