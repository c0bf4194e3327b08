"""Instagram in public: comments in all their layouts, and mentions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from instagram_calls import ACME, ACME_FR, ANA, fixture, message, parse
from meta_calls import RECEIVED, compact

from bridge.message import Message, Person, clean
from bridge.ports import Skipped, Unreadable

COMMENT = Message(
    channel="instagram",
    connection="acme-meta",
    account=ACME,
    id="18000000000000051",
    kind="comment",
    author=Person(id=ANA, handle="ana.ruiz"),
    thread="17890000000000041",
    reply_to="17890000000000041",
    text="Where is my order?",
    sent_at=datetime(2026, 10, 26, 7, 33, 20, tzinfo=UTC),
    received_at=RECEIVED,
    public=True,
)
BO = Person(id="880000002", handle="bo.berg")
MENTION = replace(
    COMMENT,
    kind="mention",
    author=Person(),
    thread="17890000000000044",
    reply_to="",
    text="",
    id="18000000000000056",
)

FIXTURES = {
    "comment": COMMENT,
    "comment_flat": replace(
        COMMENT,
        id="18000000000000052",
        author=BO,
        thread="17890000000000042",
        reply_to="17890000000000042",
        text="And mine?",
    ),
    "comment_reply": replace(
        COMMENT, id="18000000000000053", author=BO, reply_to="18000000000000051", text="Same here"
    ),
    "comment_by_us": replace(
        COMMENT,
        id="18000000000000054",
        author=Person(id=ACME.id, handle="acme", is_self=True),
        reply_to="18000000000000051",
        text="Sorry, it left today.",
    ),
    "comment_removed": replace(COMMENT, change="deleted", thread="18000000000000051", reply_to="", text=""),
    "live_comment": replace(
        COMMENT,
        id="18000000000000055",
        thread="17890000000000043",
        reply_to="17890000000000043",
        text="Hello from Lima",
        notes={"live": "yes"},
    ),
    "mention_in_comment": MENTION,
    "mention_in_caption": replace(MENTION, id="17890000000000045", thread="17890000000000045"),
}


def change(entry: dict[str, Any]) -> object:
    """The change of an entry, also where it stands flat on the entry itself."""
    return entry["changes"][0] if "changes" in entry else {"field": entry["field"], "value": entry["value"]}


def comment(**changed: object) -> dict[str, Any]:
    """The comment with some of its values changed or added."""
    document: dict[str, Any] = fixture("comment")
    document["entry"][0]["changes"][0]["value"] |= changed
    return document


@pytest.mark.parametrize("name", FIXTURES)
def test_a_change_becomes_the_message_that_it_is(name: str) -> None:
    document = fixture(name)

    found = parse(document)

    assert found == [replace(FIXTURES[name], raw=compact(change(document["entry"][0])))]


def test_both_layouts_of_a_comment_are_one_message() -> None:
    listed, flat = fixture("comment"), fixture("comment")
    flat["entry"][0] |= flat["entry"][0].pop("changes")[0]

    assert parse(listed) == parse(flat)


def test_a_live_comment_is_known_by_its_medium_too() -> None:
    live, feed = (message(comment(media={"id": "1", "media_product_type": one})) for one in ("LIVE", "FEED"))

    assert [live.notes, feed.notes] == [{"live": "yes"}, {}]


def test_a_comment_may_have_its_id_in_either_place() -> None:
    assert message(comment(id=None, comment_id="18000000000000051")).key == COMMENT.key


def test_a_comment_by_any_of_our_accounts_is_ours() -> None:
    by_id = message(comment(**{"from": {"id": ACME_FR.id, "username": "acme.fr"}}))
    by_name = message(comment(**{"from": {"id": "880000077", "username": "acme.FR"}}))
    by_a_customer = message(comment(**{"from": {"id": "880000077", "username": "acme.frida"}}))

    assert [one.author.is_self for one in (by_id, by_name, by_a_customer)] == [True, True, False]


def test_what_marks_an_account_for_itself_does_not_make_a_customer_us() -> None:
    found = message(comment(**{"from": {"id": ANA, "username": "ana.ruiz", "self_ig_scoped_id": "880000099"}}))

    assert not found.author.is_self


def test_a_comment_without_words_never_vanishes() -> None:
    assert message(comment(text="")).text == "[a comment without words: open Instagram to see it]"
    assert message(comment(text=None, verb="hide")).text == ""


def test_a_comment_without_its_picture_is_a_thread_of_its_own() -> None:
    found = message(comment(media=None))

    assert (found.thread, found.reply_to) == (COMMENT.id, "")


def test_a_comment_without_an_author_is_read() -> None:
    assert message(comment(**{"from": None})).author == Person()


def test_the_comments_own_time_counts_before_the_callbacks() -> None:
    own, none = message(comment(created_time=1792999000)), fixture("comment")
    del none["entry"][0]["time"]

    assert own.sent_at == datetime(2026, 10, 26, 7, 16, 40, tzinfo=UTC)
    assert message(none).sent_at is None


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ({"verb": "add"}, "created"),
        ({"verb": "edited", "edited_time": 1793000005}, "edited:1793000005"),
        ({"verb": "hide"}, "hidden:1793000000"),
        ({"verb": "unhide"}, "unhidden:1793000000"),
        ({"verb": "remove"}, "deleted"),
    ],
)
def test_a_verb_says_what_happened(value: dict[str, object], key: str) -> None:
    assert message(comment(**value)).key == f"instagram:{ACME.id}:{COMMENT.id}:{key}"


def test_a_verb_that_nobody_knows_is_named() -> None:
    assert parse(comment(verb="pin")) == [Skipped(reason="unknown_event", event="comments:pin")]


@given(st.text(st.characters(), min_size=1))
def test_hostile_text_arrives_literally_but_for_what_no_database_stores(text: str) -> None:
    found = message(comment(text=text, **{"from": {"id": ANA, "username": text}}))

    assert (found.text, found.author.handle) == (clean(text), clean(text))


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"id": None}, "id is missing"),
        ({"id": True}, "id is true or false, expected text or a whole number"),
        ({"text": 7}, "text is a number, expected text"),
        ({"from": "ana"}, "from is text, expected an object"),
        ({"media": []}, "media is a list, expected an object"),
        ({"verb": {}}, "verb is an object, expected text"),
    ],
)
def test_what_must_not_be_guessed_is_unreadable_and_says_why(changed: dict[str, object], error: str) -> None:
    document = comment(**changed)

    raw = compact(document["entry"][0]["changes"][0])
    assert parse(document) == [Unreadable(item=raw, error=f"changes item: {error}")]


def test_a_mention_that_says_not_where_is_unreadable() -> None:
    document = fixture("mention_in_comment")
    del document["entry"][0]["changes"][0]["value"]["media_id"]

    (found,) = parse(document)

    assert isinstance(found, Unreadable)
    assert found.error == "changes item: media_id is missing"
