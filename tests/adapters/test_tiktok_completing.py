"""What TikTok's callbacks leave out, fetched from the platform: authors, comments and mentions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from stub import Said
from tiktok_calls import ACME, ANA, BEN, fixture, message
from tiktok_platform import (
    CREDENTIALS,
    NOW,
    TALK,
    TOKEN,
    VIDEO,
    World,
    bad,
    commented,
    good,
    heard,
    said,
    world,
)

from bridge.errors import Paused, Rejected, RetryLater
from bridge.message import Attachment, Person
from bridge.ports import Credentials

COMMENT = "7400000000000000001"
MENTION = "7388888888888888999"
NO_TOKEN = "connections.yaml holds no token for this account: add `token` and `refresh_token` under the account."


@pytest.fixture
def tt() -> Iterator[World]:
    with world() as found:
        yield found


# --- what is lacking --------------------------------------------------------------------------------------------

LACKING = {
    "comment": ("content",),
    "comment_reply": ("content",),
    "comment_own": (),
    "comment_deleted": (),
    "comment_hidden": (),
    "comment_public": (),
    "high_intent": (),
    "mention_comment": ("content",),
    "mention_older": ("content",),
    "mention_video": (),
    "mention_edited": (),
    "dm_text": ("author",),
    "dm_button": ("author",),
    "dm_image": ("author",),
    "dm_sent": (),
    "dm_eu": ("content",),
}


@pytest.mark.parametrize("name", LACKING)
def test_what_a_message_lacks_follows_from_what_its_callback_said(tt: World, name: str) -> None:
    assert tt.channel.lacks(message(fixture(name))) == LACKING[name]


def test_a_completed_message_lacks_nothing(tt: World) -> None:
    tt.platform.comments = [commented(COMMENT, "Mine broke after a day", NOW)]
    tt.platform.mentions = {MENTION: MENTIONED}
    tt.platform.talks = {TALK: []}
    direct = heard("dm_text")

    found = [tt.channel.content(heard(name), CREDENTIALS) for name in ("comment", "mention_comment")]
    whole = replace(direct, author=tt.channel.author(direct, CREDENTIALS))

    assert [tt.channel.lacks(one) for one in (*found, whole)] == [(), (), ()]


# --- comments ---------------------------------------------------------------------------------------------------

ANA_BRANDT = Person(id=ANA, name="Ana Brandt", handle="ana_b", avatar="https://media.example.com/ana_b.jpeg")


def test_a_comment_gets_its_author(tt: World) -> None:
    tt.platform.comments = [commented("7", "Another", NOW, by=BEN), commented(COMMENT, "changed since", NOW)]

    found = tt.channel.content(heard("comment"), CREDENTIALS)

    assert found == replace(heard("comment"), author=ANA_BRANDT)
    (call,) = tt.stub.calls
    assert call.query == {"business_id": ACME.id, "video_id": VIDEO, "comment_ids": f'["{COMMENT}"]'}
    assert (call.host, call.headers["access-token"]) == ("business-api.tiktok.com", TOKEN)


def test_a_comment_without_words_gets_them_and_its_picture(tt: World) -> None:
    picture = "https://media.example.com/comment.jpeg"
    tt.platform.comments = [commented(COMMENT, "It broke", NOW, image_url=picture)]
    bare = replace(heard("comment", text=None), sent_at=None)

    found = tt.channel.content(bare, CREDENTIALS)

    shown = (Attachment(kind="image", url=picture),)
    assert found == replace(bare, author=ANA_BRANDT, text="It broke", attachments=shown, sent_at=NOW)


def test_a_comment_of_our_own_under_another_id_is_ours(tt: World) -> None:
    tt.platform.comments = [commented(COMMENT, "We are sorry", NOW, by="other-id-of-acme", owner=True)]
    own = heard("comment", unique_identifier="other-id-of-acme")

    found = tt.channel.content(own, CREDENTIALS)

    author = Person(id="other-id-of-acme", name="Acme", handle="acme", is_self=True)
    assert found == replace(own, author=replace(author, avatar="https://media.example.com/acme.jpeg"))


def test_a_comment_that_is_not_listed_is_not_taken_as_deleted(tt: World) -> None:
    with pytest.raises(Rejected, match="TikTok does not list it: it is under review"):
        tt.channel.content(heard("comment"), CREDENTIALS)


@pytest.mark.parametrize("name", ["comment", "mention_comment", "dm_eu"])
def test_what_is_not_listed_just_yet_is_asked_for_again(tt: World, name: str) -> None:
    fresh = replace(heard(name), received_at=datetime.now(UTC))

    tt.stub.plan.append(good())

    with pytest.raises(RetryLater) as caught:
        tt.channel.content(fresh, CREDENTIALS)

    assert caught.value.after == timedelta(seconds=20)


@pytest.mark.parametrize("told", [{"comments": None}, {"comments": [1, {}]}, [], "x", None])
def test_a_list_of_another_shape_says_nothing(tt: World, told: object) -> None:
    tt.stub.plan.append(Said(body={"code": 0, "data": told}))

    with pytest.raises(Rejected, match="TikTok does not list it: it is under review"):
        tt.channel.content(heard("comment"), CREDENTIALS)


def test_values_of_another_type_are_left_out(tt: World) -> None:
    odd: dict[str, object] = {
        "username": 1,
        "display_name": None,
        "profile_image": [],
        "owner": "true",
        "image_url": {},
    }
    tt.platform.comments = [commented(COMMENT, "x", NOW) | odd]

    assert tt.channel.content(heard("comment"), CREDENTIALS) == heard("comment")


# --- mentions ---------------------------------------------------------------------------------------------------

MENTIONED = {
    "comment_text": "@acme where is my parcel?",
    "commenter_handle_name": "ben.c",
    "comment_create_time": "1792990000",
}


def test_a_comment_that_mentions_us_gets_its_words(tt: World) -> None:
    tt.platform.mentions = {MENTION: MENTIONED}

    found = tt.channel.content(heard("mention_comment"), CREDENTIALS)

    assert found == replace(
        heard("mention_comment"),
        author=Person(id=BEN, handle="ben.c"),
        text="@acme where is my parcel?",
        sent_at=datetime(2026, 10, 26, 4, 46, 40, tzinfo=UTC),
    )
    assert tt.stub.calls[0].query["item_id"] == "7388888888888888801"


@pytest.mark.parametrize("told", [{}, {"comment": None}, {"comment": {"comment_text": ""}}])
def test_a_mention_without_words_says_so(tt: World, told: object) -> None:
    tt.stub.plan.append(Said(body={"code": 0, "data": told}))

    with pytest.raises(Rejected, match="TikTok does not list it: it is under review"):
        tt.channel.content(heard("mention_comment"), CREDENTIALS)


# --- authors of direct messages ---------------------------------------------------------------------------------


def test_the_author_of_a_direct_message_is_in_the_conversation(tt: World) -> None:
    tt.platform.talks = {TALK: [said("Msg+01==", "x", NOW)]}

    found = tt.channel.author(heard("dm_text"), CREDENTIALS)

    avatar = "https://media.example.com/ana.jpeg?x-expires=1795592000"
    assert found == Person(id=ANA, name="Ana Brandt", handle="ana_b", avatar=avatar)
    assert tt.stub.calls[0].query == {"business_id": ACME.id, "conversation_id": TALK}


def test_an_author_who_is_not_in_the_conversation_stays_unknown(tt: World) -> None:
    tt.platform.talks, tt.platform.people = {TALK: []}, []

    with pytest.raises(Rejected, match="TikTok does not say who takes part"):
        tt.channel.author(heard("dm_text"), CREDENTIALS)


# --- customers in Europe ----------------------------------------------------------------------------------------

WROTE = datetime(2026, 10, 26, 7, 33, 20, 777000, UTC)
EUROPE = heard("dm_eu", sent_at=WROTE)


def talking(tt: World, *messages: Any) -> None:
    """A conversation with these messages, and one that ended before."""
    tt.platform.talks = {"old": [said("M0", "old", WROTE)], TALK: list(messages)}
    tt.platform.updated = {"old": WROTE - timedelta(seconds=1), TALK: WROTE + timedelta(minutes=1)}


def test_a_message_from_europe_gets_its_author_its_words_and_its_conversation(tt: World) -> None:
    later = said("M2", "Hello?", WROTE + timedelta(minutes=1))
    talking(tt, later, said("M1", "Wo bleibt mein Paket?", WROTE))

    found = tt.channel.content(EUROPE, CREDENTIALS)

    avatar = "https://media.example.com/ana.jpeg?x-expires=1795592000"
    assert found == replace(
        EUROPE,
        author=Person(id=ANA, name="Ana Brandt", handle="ana_b", avatar=avatar),
        thread=ANA,
        text="Wo bleibt mein Paket?",
        notes={"conversation": TALK, "quote": "M1"},
    )
    assert (found.key, tt.channel.lacks(found)) == (EUROPE.key, ())
    assert [call.query["conversation_id"] for call in tt.stub.calls if "content" in call.path] == [TALK]


@pytest.mark.parametrize(
    "message",
    [
        said("M1", "x", WROTE + timedelta(milliseconds=1)),
        said("M1", "x", WROTE, by=ACME.id),
        said("M1", "x", WROTE) | {"text": 7},
        said("M1", "x", WROTE) | {"timestamp": None},
    ],
)
def test_anything_but_the_very_same_moment_is_somebody_elses(tt: World, message: Any) -> None:
    talking(tt, message)

    with pytest.raises(Rejected, match="TikTok does not list it: it is under review"):
        tt.channel.content(EUROPE, CREDENTIALS)


def test_ten_conversations_are_read_at_most(tt: World) -> None:
    tt.platform.talks = {f"Cnv{n:02d}": [said("M1", "x", WROTE, by=ACME.id)] for n in range(2)}
    many = [{"conversation_id": "Cnv00", "update_time": 1793000000777 + n} for n in range(30)]
    tt.stub.plan.extend([good(conversations=many), good(conversations=many)])

    with pytest.raises(Rejected):
        tt.channel.content(EUROPE, CREDENTIALS)

    assert len(tt.stub.calls) == 12


# --- what goes wrong --------------------------------------------------------------------------------------------


def test_without_a_token_the_admin_is_told(tt: World) -> None:
    for asked in (tt.channel.content, tt.channel.author):
        with pytest.raises(Rejected, match="holds no token") as caught:
            asked(heard("comment" if asked == tt.channel.content else "dm_text"), Credentials())
        assert str(caught.value) == NO_TOKEN
    assert tt.stub.calls == []


@pytest.mark.parametrize(
    ("planned", "raised"),
    [
        (bad(40100), RetryLater),
        (bad(50000), RetryLater),
        (bad(50099), RetryLater),
        (bad(40105), Paused),
        (bad(40001), Rejected),
        (bad(41234), Rejected),
        (Said(status=503, body=b"busy"), RetryLater),
        (Said(status=429, body=b""), RetryLater),
        (Said(status=404, body=b""), Rejected),
        (Said(body=b"<html>"), RetryLater),
        (Said(body={"code": -1}), RetryLater),
        ("before", RetryLater),
        ("after", RetryLater),
    ],
)
def test_what_goes_wrong_is_told_apart(tt: World, planned: Said, raised: type[Exception]) -> None:
    tt.platform.comments = [commented(COMMENT, "x", NOW)]
    tt.stub.plan.append(planned)

    with pytest.raises(raised):
        tt.channel.content(heard("comment"), CREDENTIALS)

    assert len(tt.stub.calls) == 1


def test_an_error_never_shows_the_token(tt: World) -> None:
    dead = Credentials(token=SecretStr("act.dead-token"))

    with pytest.raises(Paused) as caught:
        tt.channel.content(heard("comment"), dead)

    assert "dead-token" not in str(caught.value)
    assert str(caught.value).endswith("(error 40105)")


def test_a_comment_of_the_last_minutes_keeps_its_own_time(tt: World) -> None:
    tt.platform.comments = [commented(COMMENT, "x", NOW)]
    early = heard("comment", sent_at=NOW - timedelta(minutes=2))

    assert tt.channel.content(early, CREDENTIALS).sent_at == NOW - timedelta(minutes=2)
