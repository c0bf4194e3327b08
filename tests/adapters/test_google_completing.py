"""What a notification of Google's lacks: the review is fetched, and known from one that is gone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google_calls import RECEIVED, SHOP, message, push
from google_platform import CREDENTIALS, GONE, REVIEW, platform, refused, review
from pydantic import SecretStr
from stub import Said

from bridge.errors import Paused, Rejected, RetryLater
from bridge.message import Account, Attachment, Message, Person
from bridge.ports import Credentials

LONG_AGO = RECEIVED - timedelta(minutes=3)  #: so that Google must know the review by now
NEW = replace(message(push({"type": "NEW_REVIEW", "reviewName": REVIEW})), received_at=LONG_AGO)
UPDATED = replace(message(push({"type": "UPDATED_REVIEW", "reviewName": REVIEW})), received_at=LONG_AGO)
NEW_BLANKED = replace(NEW, raw=b"")


def told(to: Message = NEW, **changed: Any) -> Message | None:
    """The message as it is once its review has been fetched."""
    with platform(reviews=[review("AbC-1", **changed)]) as (_, _, channel):
        return channel.content(to, CREDENTIALS)


def text_of(comment: str) -> str:
    found = told(comment=comment)
    assert found is not None
    return found.text


def test_a_notification_lacks_what_the_review_says_and_a_read_one_nothing() -> None:
    with platform() as (_, _, channel):
        assert [channel.lacks(one) for one in (NEW, UPDATED)] == [["content"], ["content"]]
        assert channel.lacks(replace(NEW, rating=2)) == []
        assert channel.lacks(replace(NEW, text="The kettle leaks")) == []
        assert channel.lacks(replace(NEW, change="deleted")) == []


def test_a_new_review_is_read_whole_and_its_key_stays() -> None:
    found = told(NEW_BLANKED)

    assert found == replace(
        NEW,
        author=Person(name="Ana R", avatar="https://pictures.example/ana.jpg"),
        text="The kettle leaks",
        rating=2,
        sent_at=datetime(2026, 11, 21, 11, 57, 0, 123456, tzinfo=UTC),
        raw=json.dumps(review("AbC-1"), separators=(",", ":")).encode(),
    )
    assert found.key == NEW.key


def test_a_changed_review_was_said_when_it_was_changed() -> None:
    found = told(UPDATED, updateTime="2026-11-21T11:59:00Z")

    assert found is not None
    assert (found.key, found.sent_at) == (UPDATED.key, datetime(2026, 11, 21, 11, 59, tzinfo=UTC))


@pytest.mark.parametrize(
    ("comment", "text"),
    [
        ("Lento", "Lento"),
        ("(Translated by Google) Slow\n\n(Original)\nLento", "Lento\n\n(Translated by Google) Slow"),
        ("Lento\n\n(Translated by Google)\nSlow", "Lento\n\n(Translated by Google)\nSlow"),
        ("I ate (Translated by Google) twice", "I ate (Translated by Google) twice"),
        ("Two lines\n(Original)\nof a customer", "Two lines\n(Original)\nof a customer"),
        ("(Translated by Google) Slow\n(Original)\n", "(Translated by Google) Slow\n(Original)\n"),
        ("", ""),
    ],
)
def test_the_customers_own_words_come_first_and_the_translation_says_that_it_is_one(
    comment: str, text: str
) -> None:
    assert text_of(comment) == text


@pytest.mark.parametrize(
    ("given", "stars"),
    [("ONE", 1), ("THREE", 3), ("FOUR", 4), ("FIVE", 5), ("STAR_RATING_UNSPECIFIED", None), (None, None)],
)
def test_stars_are_numbers(given: str | None, stars: int | None) -> None:
    found = told(starRating=given)

    assert found is not None
    assert found.rating == stars


def test_stars_without_a_word_are_a_review() -> None:
    found = told(comment=None)

    assert found is not None
    assert (found.text, found.rating) == ("", 2)


def test_who_wishes_no_name_has_none() -> None:
    found = told(reviewer={"displayName": "A Google user", "isAnonymous": True})

    assert found is not None
    assert found.author == Person()


def test_pictures_films_and_the_reviews_own_address_are_taken_over() -> None:
    items = [
        {"thumbnailUrl": "https://pictures.example/1.jpg"},
        {"thumbnailUrl": "https://pictures.example/2.jpg", "videoUrl": "https://pictures.example/2.mp4"},
        {},
        "odd",
    ]
    found = told(reviewMediaItems=items, reviewReplyUrl="https://business.example/reply/1")

    assert found is not None
    assert found.url == "https://business.example/reply/1"
    assert found.attachments == (
        Attachment(kind="image", url="https://pictures.example/1.jpg"),
        Attachment(kind="video", url="https://pictures.example/2.mp4"),
    )


# --- what is not there ------------------------------------------------------------------------------------------


def test_a_review_that_google_has_no_more_is_gone() -> None:
    with platform(reviews=[]) as (_, _, channel):
        assert channel.content(NEW, CREDENTIALS) is None


@pytest.mark.parametrize("age", [0, 119])
def test_a_review_may_not_have_got_round_yet(age: int) -> None:
    asked = replace(NEW, received_at=RECEIVED - timedelta(seconds=age))

    with platform(reviews=[]) as (_, _, channel), pytest.raises(RetryLater, match="does not know the review yet"):
        channel.content(asked, CREDENTIALS)


def test_a_location_that_is_not_this_accounts_does_not_make_its_reviews_gone() -> None:
    elsewhere = Account(id="accounts/1/locations/2")
    asked = replace(NEW, account=elsewhere, id=f"{elsewhere.id}/reviews/AbC-1")

    with platform() as (_, _, channel), pytest.raises(Rejected) as caught:
        channel.content(asked, CREDENTIALS)

    assert str(caught.value).endswith("(error NOT_FOUND)")


def test_a_server_that_knows_no_such_path_does_not_make_a_review_gone() -> None:
    with platform() as (_, stub, channel):
        stub.plan.extend([None, Said(status=404, body=b"<html>")])
        with pytest.raises(Rejected):
            channel.content(NEW, CREDENTIALS)


@pytest.mark.parametrize(
    "said",
    [
        Said(body=b"<html>"),
        Said(body={}),
        Said(body=review("AbC-1", comment=7)),
        Said(body=review("AbC-1", reviewer=7)),
    ],
)
def test_a_review_that_cannot_be_read_is_told_so(said: Said) -> None:
    with platform() as (_, stub, channel):
        stub.plan.extend([None, said])
        with pytest.raises(Rejected) as caught:
            channel.content(NEW, CREDENTIALS)

    assert str(caught.value).startswith("Google's answer cannot be read: ")


@pytest.mark.parametrize(
    ("said", "raised"),
    [
        (refused(429, "RESOURCE_EXHAUSTED"), RetryLater),
        (refused(500, "INTERNAL"), RetryLater),
        ("before", RetryLater),
        ("late", RetryLater),
        (refused(403, "PERMISSION_DENIED"), Rejected),
        (refused(403, "PERMISSION_DENIED", "SERVICE_DISABLED"), Paused),
        (refused(409, "ABORTED"), RetryLater),
    ],
)
def test_what_google_answers_instead_is_told_apart(said: Any, raised: type[Exception]) -> None:
    with platform() as (_, stub, channel):
        stub.plan.extend([None, said])
        with pytest.raises(raised) as caught:
            channel.content(NEW, CREDENTIALS)

    assert type(caught.value) is raised


# --- signing in -------------------------------------------------------------------------------------------------


def test_google_is_asked_for_a_token_once_while_it_lives() -> None:
    with platform() as (held, stub, channel):
        assert channel.content(NEW, CREDENTIALS) == channel.content(NEW, CREDENTIALS)

    assert (held.tokens, [call.path for call in stub.writes]) == (["ya29-0"], ["/token"])


def test_a_token_that_is_about_to_end_is_asked_for_anew() -> None:
    with platform(granted={"expires_in": 59}) as (held, _, channel):
        channel.content(NEW, CREDENTIALS)
        channel.content(NEW, CREDENTIALS)

    assert held.tokens == ["ya29-0", "ya29-1"]


def test_a_token_that_google_withdrew_is_asked_for_anew_at_once() -> None:
    with platform() as (held, _, channel):
        channel.content(NEW, CREDENTIALS)
        held.tokens.remove("ya29-0")
        held.tokens.append("of-somebody-else")

        assert channel.content(NEW, CREDENTIALS) is not None


def test_two_sign_ins_do_not_mix() -> None:
    with platform() as (held, stub, channel):
        channel.content(NEW, CREDENTIALS)
        with pytest.raises(Paused):
            channel.content(NEW, Credentials(refresh=SecretStr("of-another")))

    assert held.tokens == ["ya29-0"]
    assert [call.form["refresh_token"] for call in stub.asked("POST", "/token")] == [
        "refresh-of-acme",
        "of-another",
    ]


def test_without_a_refresh_token_or_a_client_nothing_is_asked() -> None:
    with platform() as (_, stub, channel), pytest.raises(Rejected) as caught:
        channel.content(NEW, Credentials())
    with (
        platform(keys={"client_id": "", "client_secret": None}) as (_, bare, channel),
        pytest.raises(Rejected) as other,
    ):
        channel.content(NEW, CREDENTIALS)

    assert str(caught.value).startswith("connections.yaml holds no token for this account")
    assert str(other.value).startswith("connections.yaml holds no client_id")
    assert (stub.calls, bare.calls) == ([], [])


def test_a_location_without_reviews_is_no_reason_to_believe_that_one_is_gone_elsewhere() -> None:
    with platform(reviews=[]) as (_, stub, channel):
        channel.content(NEW, CREDENTIALS)

    assert [call.path for call in stub.asked("GET")] == [f"/v4/{REVIEW}", f"/v4/{SHOP.id}/reviews"]


def test_what_is_gone_is_asked_for_as_long_as_google_does_not_say_so() -> None:
    with platform(reviews=[]) as (_, stub, channel):
        stub.plan.extend([None, GONE, refused(503, "UNAVAILABLE")])
        with pytest.raises(RetryLater):
            channel.content(NEW, CREDENTIALS)
