"""What X's callbacks leave out is fetched: authors, and pictures of direct messages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from stub import Break, Said
from x_calls import ACME, ANA, fixture, message
from x_platform import DIRECT, NOW, OWN, POST, Platform, channel, platform, problem

from bridge.errors import Paused, Rejected, RetryLater
from bridge.fetching import File, Unfetchable
from bridge.message import Message, Person
from bridge.ports import Credentials

UNKNOWN = replace(POST, author=Person(id=ANA))
PERSON = Person(
    id=ANA,
    name="Ana Brandt",
    handle="ana_b",
    followers=97,
    verified=False,
    avatar="https://img.example.com/ana.jpg",
)


@pytest.fixture
def x() -> Iterator[Platform]:
    with platform() as held:
        yield held


# --- what is lacking ---


@pytest.mark.parametrize(
    ("name", "lacking"),
    [("mention", []), ("reply", ["author"]), ("chat_received", ["author"]), ("own_reply", []), ("delete", [])],
)
def test_an_author_is_lacking_of_whom_only_the_id_came(x: Platform, name: str, lacking: list[str]) -> None:
    assert list(channel(x).lacks(message(fixture(name)))) == lacking


@pytest.mark.parametrize(
    "known",
    [
        replace(UNKNOWN, author=PERSON),
        replace(UNKNOWN, author=Person()),
        replace(UNKNOWN, author=Person(id=ACME.id, is_self=True)),
        replace(UNKNOWN, change="deleted"),
    ],
)
def test_nothing_is_lacking_once_it_is_there_or_cannot_be_had(x: Platform, known: Message) -> None:
    assert list(channel(x).lacks(known)) == []


# --- authors ---


def test_the_app_fetches_the_author(x: Platform) -> None:
    found = channel(x).author(UNKNOWN, Credentials())

    assert found == PERSON
    assert [(call.path, call.token) for call in x.stub.calls] == [(f"/2/users/{ANA}", "bearer-of-acme")]


def test_without_a_bearer_token_the_handle_does(x: Platform) -> None:
    assert channel(x, bearer_token=None).author(UNKNOWN, OWN[ACME.id]) == PERSON


def test_what_the_author_is_completed_to_lacks_nothing(x: Platform) -> None:
    adapter = channel(x)

    whole = replace(UNKNOWN, author=adapter.author(UNKNOWN, OWN[ACME.id]))

    assert list(adapter.lacks(whole)) == []


def test_without_any_token_it_is_said_what_is_missing(x: Platform) -> None:
    with pytest.raises(Rejected) as refused:
        channel(x, bearer_token=None, consumer_key=None).author(UNKNOWN, Credentials())

    assert str(refused.value) == (
        f"connections.yaml holds no consumer_key and no token and no token_secret for this account ({ACME.id}): "
        "an admin must add what X's developer console shows under Keys and tokens."
    )
    assert x.stub.calls == []


def test_whom_x_does_not_show_stays_unknown(x: Platform) -> None:
    del x.users[ANA]

    with pytest.raises(Rejected, match="deleted or suspended"):
        channel(x).author(UNKNOWN, Credentials())


@pytest.mark.parametrize(
    ("planned", "error", "after"),
    [
        (problem(429, x_rate_limit_reset=f"{NOW.timestamp() + 90:.0f}"), RetryLater, timedelta(seconds=90)),
        (problem(503), RetryLater, timedelta(seconds=30)),
        ("after", RetryLater, timedelta(seconds=30)),
        ("before", RetryLater, timedelta(seconds=30)),
        (problem(401), Paused, None),
        (problem(402), Paused, None),
        (problem(404), Rejected, None),
        (Said(body=b"no JSON"), Rejected, None),
    ],
)
def test_trouble_is_classified(
    x: Platform, planned: Said | Break, error: type[Exception], after: timedelta | None
) -> None:
    x.stub.plan.append(planned)

    with pytest.raises(error) as caught:
        channel(x).author(UNKNOWN, Credentials())

    assert getattr(caught.value, "after", None) == after


def test_an_id_that_is_no_id_goes_nowhere_else(x: Platform) -> None:
    with pytest.raises(Rejected):
        channel(x).author(replace(UNKNOWN, author=Person(id="../me?a=b")), Credentials())

    assert [call.path for call in x.stub.calls] == ["/2/users/..%2Fme%3Fa%3Db"]


# --- pictures ---

MEDIUM = "1900000000000000003/1900000000000000002/tJg5kUG5.jpg"


def received(url: str) -> Message:
    document: Any = fixture("dm_received")
    data = document["data"]["payload"]["direct_message_events"][0]["message_create"]["message_data"]
    data["attachment"]["media"]["media_url_https"] = url
    return message(document)


@pytest.mark.parametrize(
    "url",
    [
        f"https://ton.twitter.com/1.1/ton/data/dm/{MEDIUM}",
        f"https://ton.x.com/i/ton/data/dm/{MEDIUM}:large",
    ],
)
def test_a_picture_of_a_direct_message_is_opened_by_its_id(x: Platform, url: str) -> None:
    x.media[MEDIUM] = b"a picture"
    (attachment,) = received(url).attachments

    found = channel(x).open(attachment.id, ACME.id, OWN[ACME.id])

    assert (attachment.url, attachment.id) == (url, MEDIUM)
    assert found == File(content=b"a picture", type="image/jpeg", name="tJg5kUG5.jpg")


@pytest.mark.parametrize(
    "url", ["https://ton.example.com/1.1/ton/data/dm/1/2/a.jpg", "https://ton.x.com/i/ton/data/dm/1/../a.jpg"]
)
def test_a_picture_elsewhere_has_no_id(url: str) -> None:
    assert received(url).attachments[0].id == ""


@pytest.mark.parametrize("medium", ["", "1/2/a.svg", "1/2/.jpg", "1/2/../../me.jpg", "1/2/a.jpg?b=.jpg", "1/2/a"])
def test_what_is_no_picture_is_not_asked_for(x: Platform, medium: str) -> None:
    with pytest.raises(Unfetchable, match="is no picture of a direct message"):
        channel(x).open(medium, ACME.id, OWN[ACME.id])

    assert x.stub.calls == []


@pytest.mark.parametrize(
    ("planned", "why"),
    [
        (problem(404), "'tJg5kUG5.jpg' was not fetched: The post is deleted"),
        ("after", "'tJg5kUG5.jpg' was not fetched: no answer came"),
        (Said(body=b""), "'tJg5kUG5.jpg' was not fetched: it is empty"),
        (Said(body=b"x" * 5_000_001), "'tJg5kUG5.jpg' was not fetched: no answer came"),
    ],
)
def test_a_picture_that_cannot_be_had_says_why(x: Platform, planned: Said | Break, why: str) -> None:
    x.stub.plan.append(planned)

    with pytest.raises(Unfetchable) as caught:
        channel(x).open(MEDIUM, ACME.id, OWN[ACME.id])

    assert str(caught.value).startswith(why)


def test_a_picture_needs_the_handles_own_token(x: Platform) -> None:
    with pytest.raises(Unfetchable, match="holds no token"):
        channel(x).open(MEDIUM, DIRECT.account.id, Credentials())
