"""What LINE's callbacks leave out: names and pictures of people, and the bytes of files."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from line_calls import ACME, ANA, BEN, event, message
from line_platform import CREDENTIALS, DEAD, FACE, PICTURE, platform, refused
from stub import Said

from adapters.line import Line
from bridge.errors import Paused, Rejected, RetryLater, Trouble
from bridge.fetching import File, Unfetchable
from bridge.message import Message, Person
from bridge.ports import Credentials

NOT_TOLD = "LINE did not hand the file out:"
MEDIA = "610000000000000011"


def without_raw(name: str) -> Message:
    """A fixture's message as it is when it is completed: what was masked may be gone."""
    return replace(message(event(name)), raw=b"")


# --- who wrote --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["text", "group", "room", "edited", "postback", "image_set"])
def test_line_leaves_out_who_an_author_is(name: str) -> None:
    with platform() as (_, _, channel):
        assert channel.lacks(without_raw(name)) == ("author",)


def test_nothing_is_lacking_once_it_is_known_or_given_up() -> None:
    asked = without_raw("text")
    named = replace(asked, author=Person(id=ANA, name="Ana"))

    with platform() as (_, _, channel):
        found = [channel.lacks(one) for one in (named, replace(asked, completed=True), without_raw("unsend"))]

    assert found == [(), (), ()]


def test_nobody_can_be_asked_who_an_unknown_member_of_a_group_is() -> None:
    with platform() as (_, _, channel):
        assert channel.lacks(replace(without_raw("group"), author=Person())) == ()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("text", Person(id=ANA, name="Ana", avatar=FACE)),
        ("group", Person(id=BEN, name="Ben")),
        ("room", Person(id=BEN, name="Ben of the room")),
        ("edited", Person(id=BEN, name="Ben")),
    ],
)
def test_a_person_is_asked_for_where_they_wrote(name: str, expected: Person) -> None:
    with platform() as (_, stub, channel):
        found = channel.author(without_raw(name), CREDENTIALS)

    assert found == expected
    assert len(stub.calls) == 1


def test_an_id_cannot_lead_the_question_elsewhere() -> None:
    asked = replace(without_raw("text"), author=Person(id="../../info?a=b#"))

    with platform() as (_, stub, channel):
        assert isinstance(trouble(channel, asked), Rejected)

    assert [call.path for call in stub.calls] == ["/v2/bot/profile/..%2F..%2Finfo%3Fa%3Db%23"]


@pytest.mark.parametrize("profile", [{}, {"displayName": 5, "pictureUrl": ["x"]}])
def test_a_profile_of_no_use_is_no_crash(profile: dict[str, Any]) -> None:
    with platform(friends={f"/v2/bot/profile/{ANA}": profile}) as (_, _, channel):
        assert channel.author(without_raw("text"), CREDENTIALS) == Person(id=ANA)


def trouble(channel: Line, asked: Message, credentials: Credentials = CREDENTIALS) -> Trouble:
    with pytest.raises(Trouble) as caught:
        channel.author(asked, credentials)
    return caught.value


def test_one_who_is_no_friend_is_never_told() -> None:
    with platform(friends={}) as (_, _, channel):
        found = trouble(channel, without_raw("text"))

    assert isinstance(found, Rejected)
    assert str(found).startswith("LINE has nothing under this id: ")


@pytest.mark.parametrize(
    ("step", "means"),
    [
        (DEAD, Paused),
        (refused(429, "The API rate limit has been exceeded. Try again later."), RetryLater),
        (refused(500, "Internal server error"), RetryLater),
        ("before", RetryLater),
        ("late", RetryLater),
    ],
)
def test_what_keeps_a_name_from_coming(step: Any, means: type[Trouble]) -> None:
    with platform() as (_, stub, channel):
        stub.plan.append(step)
        assert type(trouble(channel, without_raw("text"))) is means


def test_without_a_token_nobody_is_asked() -> None:
    with platform() as (_, stub, channel):
        found = trouble(channel, without_raw("text"), Credentials())

    assert (type(found), stub.calls) == (Rejected, [])
    assert str(found).startswith("connections.yaml holds no token for this account")


# --- files ------------------------------------------------------------------------------------------------------


def why_not(channel: Line, credentials: Credentials = CREDENTIALS) -> str:
    with pytest.raises(Unfetchable) as caught:
        channel.open(MEDIA, ACME.id, credentials)
    return str(caught.value)


def test_a_picture_is_fetched_by_its_messages_id() -> None:
    (attached,) = without_raw("image_set").attachments

    with platform() as (_, stub, channel):
        found = channel.open(attached.id, ACME.id, CREDENTIALS)

    assert found == File(content=PICTURE, type="image/jpeg", name=f"{MEDIA}.jpg")
    assert [call.host for call in stub.calls] == ["api-data.line.me"]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (Said(status=202, body=b""), "it is still being prepared"),
        (refused(404, "not found"), "LINE has nothing under this id"),
        (refused(410, "The content is gone"), "It is gone: its sender has taken it back. (error 410)"),
        (Said(body=b"<html>", headers={"Content-Type": "text/html"}), "'text/html' is none of the types"),
        (Said(body=b"", headers={"Content-Type": "image/png"}), "it is empty"),
        (DEAD, "LINE does not accept the channel access token"),
        (Said(status=302, headers={"Location": "https://elsewhere.example.com/"}), "The platform refuses it."),
    ],
)
def test_a_file_that_cannot_be_had_says_why(said: Said, why: str) -> None:
    with platform(files={MEDIA: said}) as (_, stub, channel):
        assert why_not(channel).startswith(f"{NOT_TOLD} {why}")

    assert len(stub.calls) == 1


def test_a_file_takes_no_longer_than_a_call() -> None:
    with platform() as (_, stub, channel):
        stub.plan.append("late")
        assert why_not(channel) == f"{NOT_TOLD} no answer came: ReadTimeout"


def test_a_file_without_a_token_is_not_fetched() -> None:
    with platform() as (_, stub, channel):
        assert why_not(channel, Credentials()).startswith(f"{NOT_TOLD} connections.yaml holds no token")

    assert stub.calls == []
