"""Threads: replies, mentions, our own posts and their deletion, in Threads' own envelope and in Meta's."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from meta_calls import RECEIVED, compact
from threads_calls import ACME, ACME_FR, ROOT, fixture, message, parse

from bridge.message import Account, Attachment, Message, Person, clean
from bridge.ports import Skipped, Unreadable

ANA = Person(id="ana.ruiz", handle="ana.ruiz", verified=False, avatar="https://cdn.example.com/ana.jpg")
REPLY = Message(
    channel="threads",
    connection="acme-meta",
    account=ACME,
    id="18100000000000062",
    kind="reply",
    author=ANA,
    thread=ROOT,
    reply_to=ROOT,
    text="Never arrived",
    url="https://www.threads.com/@ana.ruiz/post/Pp",
    sent_at=datetime(2026, 10, 26, 10, tzinfo=UTC),
    received_at=RECEIVED,
    public=True,
)
US = Person(id=ACME.id, handle="acme", is_self=True)

FIXTURES = {
    "reply": REPLY,
    "reply_as_documented": REPLY,
    "in_entries": REPLY,
    "reply_with_picture": replace(
        REPLY,
        id="18100000000000063",
        text="",
        attachments=(Attachment(kind="image", id="18100000000000063"),),
    ),
    "reply_by_us": replace(
        REPLY,
        id="18100000000000064",
        author=replace(ANA, id=ACME.id, handle="Acme", is_self=True),
        reply_to="18100000000000062",
        text="We are on it",
    ),
    "mention": replace(
        REPLY,
        id="18100000000000065",
        kind="mention",
        author=Person(id="bo.berg", handle="bo.berg"),
        thread="18100000000000065",
        reply_to="",
        text="Look at this, @acme",
        url="https://www.threads.com/@bo.berg/post/Qq",
        attachments=(
            Attachment(kind="image", url="https://cdn.example.com/66.jpg", name="the lid"),
            Attachment(kind="unknown", id="18100000000000067"),
        ),
        sent_at=datetime(2026, 10, 26, 11, tzinfo=UTC),
    ),
    "publish": replace(
        REPLY,
        id=ROOT,
        kind="post",
        author=US,
        reply_to="",
        text="",
        url="https://www.threads.com/@acme/post/Rr",
        sent_at=datetime(2026, 10, 26, 9, tzinfo=UTC),
    ),
    "delete": replace(
        REPLY,
        id=ROOT,
        kind="post",
        change="deleted",
        author=US,
        reply_to="",
        text="",
        url="",
        sent_at=datetime(2026, 10, 26, 12, tzinfo=UTC),
    ),
}


def change(document: dict[str, Any]) -> Any:
    """The one change in a fixture."""
    values = document["entry"][0]["changes"] if "entry" in document else document["values"]
    return values[0] if isinstance(values, list) else values


def changed(name: str = "reply", *, field: str = "", target: str = "", **value: object) -> dict[str, Any]:
    """A fixture with its field, its target or some of its values changed or added."""
    document: dict[str, Any] = fixture(name)
    item = change(document)
    item["field"] = field or item["field"]
    item["value"] |= value
    document["target_id"] = target or document["target_id"]
    return document


@pytest.mark.parametrize("name", FIXTURES)
def test_a_change_becomes_the_message_that_it_is(name: str) -> None:
    document = fixture(name)

    found = parse(document)

    assert found == [replace(FIXTURES[name], raw=compact(change(document)))]


def test_several_changes_keep_their_order() -> None:
    document = fixture("reply")
    document["values"] += [{"field": "likes", "value": {}}, None, change(fixture("mention"))]

    first, second, third, fourth = parse(document)

    assert isinstance(first, Message)
    assert second == Skipped(reason="unknown_event", event="likes")
    assert third == Unreadable(item=b"null", error="changes item: it is not an object")
    assert fourth == Skipped(reason="unknown_account", event=ROOT)  # its target_id is the other item's


@pytest.mark.parametrize("values", [[], None])
def test_a_body_without_changes_is_counted(values: object) -> None:
    document = {"object": "threads", "entry": [{"id": ROOT, "changes": values}]}

    assert parse(document) == [Skipped(reason="system", event="empty entry")]


# --- whose it is ----------------------------------------------------------------------------------------------


def test_a_reply_is_for_whom_the_thread_belongs_to() -> None:
    other = {"id": "18100000000000071", "owner_id": ACME_FR.id, "username": "acme.fr"}

    assert message(changed(root_post=other)).account == ACME_FR


def test_a_name_that_we_were_told_stands_in_for_an_id() -> None:
    root = {"id": "18100000000000071", "username": "ACME.fr"}

    assert message(changed(root_post=root)).account == ACME_FR
    assert message(changed("publish", target="1", username="acme.fr")).account == ACME_FR


def test_what_is_for_nobody_of_ours_is_skipped_by_name() -> None:
    foreign = {"id": "18100000000000071", "owner_id": "9900000000000009", "username": "zoe"}

    assert parse(changed(root_post=foreign)) == [Skipped(reason="unknown_account", event="9900000000000009")]
    assert parse(changed("mention", target="9900000000000008")) == [
        Skipped(reason="unknown_account", event="9900000000000008")
    ]


# --- what it is and who wrote it ------------------------------------------------------------------------------


def test_a_reply_that_mentions_us_is_one_message_whichever_event_tells_it() -> None:
    told = message(changed(text="@acme?"))
    again = message(changed(text="@acme?", field="mentions", target=ACME.id))

    assert (told.key, told.kind) == (again.key, again.kind)


def test_a_mention_among_other_peoples_replies_is_a_mention_in_their_thread() -> None:
    root = {"id": "18100000000000071", "owner_id": "9900000000000009", "username": "zoe"}

    found = message(changed("mention", root_post=root, replied_to={"id": "18100000000000072"}))

    assert (found.kind, found.thread, found.reply_to) == ("mention", "18100000000000071", "18100000000000072")


def test_a_reply_that_we_publish_elsewhere_is_a_reply_of_ours() -> None:
    found = message(changed("publish", replied_to={"id": "18100000000000072"}))

    assert (found.kind, found.author) == ("reply", US)


def test_any_of_our_accounts_is_us_by_its_name() -> None:
    assert message(changed(username="acme.FR")).author.is_self
    assert not message(changed(username="acme.frida")).author.is_self


def test_who_says_no_name_is_nobody_we_know() -> None:
    root = {"id": ROOT, "owner_id": ACME.id}

    assert message(changed(username=None, root_post=root)).author == replace(ANA, id="", handle="")


def test_without_the_permission_for_threads_a_mention_is_a_thread_of_its_own() -> None:
    found = message(changed("mention"), Account(id=ACME.id))

    assert (found.kind, found.thread) == ("mention", "18100000000000065")


# --- pictures and words ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"media_type": "VIDEO", "media_url": "v", "thumbnail_url": "t"}, Attachment(kind="video", url="v")),
        ({"media_type": "VIDEO", "thumbnail_url": "t"}, Attachment(kind="video", url="t")),
        ({"gif_url": "g", "alt_text": "a cat"}, Attachment(kind="image", url="g", name="a cat")),
        ({"media_type": "CAROUSEL_ALBUM"}, Attachment(kind="album", id="18100000000000062")),
        ({"children": [{"id": "7", "media_type": "AUDIO"}]}, Attachment(kind="audio", id="7")),
    ],
)
def test_a_file_keeps_its_kind_and_its_address_or_id(value: dict[str, object], expected: Attachment) -> None:
    assert message(changed("reply", field="", target="", **value)).attachments == (expected,)


def test_a_post_without_words_never_vanishes() -> None:
    assert message(changed(text=None)).text == "[a post without words: open Threads to see it]"


@given(st.text(st.characters(), min_size=1))
def test_hostile_text_arrives_literally_but_for_what_no_database_stores(text: str) -> None:
    found = message(changed(text=text, permalink=text))

    assert (found.text, found.url) == (clean(text), clean(text))


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ({"id": None}, "id is missing"),
        ({"username": 7}, "username is a number, expected text"),
        ({"text": ["x"]}, "text is a list, expected text"),
        ({"root_post": ROOT}, "root_post is text, expected an object"),
        ({"replied_to": []}, "replied_to is a list, expected an object"),
        ({"children": {"data": {}}}, "data is an object, expected a list"),
        ({"children": ["x"]}, "children holds something that is not an object"),
    ],
)
def test_what_must_not_be_guessed_is_unreadable_and_says_why(value: dict[str, object], error: str) -> None:
    document = changed("reply", field="", target="", **value)

    assert parse(document) == [Unreadable(item=compact(change(document)), error=f"changes item: {error}")]


def test_a_body_without_a_target_is_unreadable() -> None:
    document = fixture("reply")
    del document["target_id"]

    (found,) = parse(document)

    assert isinstance(found, Unreadable)
    assert found.error == "entry: id is missing"
