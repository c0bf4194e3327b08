"""Events of Trustpilot's are checked: what its API has counts, and what it has not was never written."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from stub import Said
from trustpilot_calls import ACME, RECEIVED, message
from trustpilot_platform import PRODUCT, SERVICE, SIGN_IN, of_product, platform, review

from bridge.errors import Paused, Rejected, RetryLater
from bridge.message import Message, Person
from bridge.ports import Credentials

OLD = RECEIVED - timedelta(minutes=3)  #: so that Trustpilot must know it by now
NOBODY = Credentials()


def told(name: str = "service-review-created", **data: Any) -> Message:
    """What an event comes to that came a while ago."""
    usual = {"id": SERVICE, "stars": 5, "title": "Great", "text": "Buy at evil.example", "referenceId": "ORDER-1"}
    return replace(message(name, **(usual | data)), received_at=OLD)


CREATED = told()
UPDATED = told("service-review-updated", updatedAt="2026-11-21T11:50:00.000Z")
DELETED = told("service-review-deleted")
ABOUT_A_PRODUCT = told("product-review-created", id=PRODUCT)


def content(asked: Message, *, keys: dict[str, Any] | None = None, **held: Any) -> Message | None:
    with platform(keys=keys, **held) as (_, _, channel):
        return channel.content(asked, NOBODY)


def test_every_review_is_checked_where_there_is_an_api_key() -> None:
    with platform() as (_, _, channel):
        assert [list(channel.lacks(one)) for one in (CREATED, UPDATED, DELETED)] == [["content"], ["content"], []]
    with platform(keys={"api_key": "", "api_secret": None}) as (_, _, channel):
        assert list(channel.lacks(CREATED)) == []


def test_what_trustpilot_says_counts_and_nothing_of_the_event_but_its_key() -> None:
    found = content(CREATED)

    assert found == replace(
        CREATED,
        author=Person(id="65b000000000000000000001", name="Ana R", email="ana@customers.example"),
        text="Zu spät\nDrei Wochen!",
        language="de",
        rating=1,
        sent_at=datetime(2026, 11, 21, 11, 40, tzinfo=UTC),
        raw=json.dumps(
            {"eventName": "service-review-created", "eventData": review()}, separators=(",", ":")
        ).encode(),
    )
    assert found.key == CREATED.key


def test_an_edit_is_checked_and_keeps_its_key() -> None:
    found = content(replace(UPDATED, raw=b""))

    assert found is not None
    assert (found.key, found.text) == (UPDATED.key, "Zu spät\nDrei Wochen!")
    assert found.sent_at == datetime(2026, 11, 21, 11, 50, tzinfo=UTC)
    assert json.loads(found.raw)["eventName"] == "service-review-updated"


def test_a_products_review_is_checked_among_those_of_products() -> None:
    with platform() as (_, stub, channel):
        found = channel.content(ABOUT_A_PRODUCT, NOBODY)

    assert found is not None
    assert (found.id, found.text, found.rating) == (f"product:{PRODUCT}", "The handle came off.", 2)
    assert found.author == Person(id="65b000000000000000000002", name="Bo L", email="bo@customers.example")
    assert [call.path for call in stub.asked("GET")] == [f"/v1/private/product-reviews/{PRODUCT}"]


def test_a_number_of_a_stranger_is_one_part_of_the_path() -> None:
    with platform() as (_, stub, channel):
        channel.content(told(id="../business-units/x?y"), NOBODY)

    assert [call.path for call in stub.asked("GET")] == ["/v1/private/reviews/..%2Fbusiness-units%2Fx%3Fy"]


# --- what is not there ------------------------------------------------------------------------------------------


def test_a_review_that_trustpilot_does_not_have_was_never_written() -> None:
    assert content(CREATED, reviews=[]) is None


def test_a_review_of_another_company_is_not_ours() -> None:
    assert content(CREATED, reviews=[review(businessUnit={"id": "of-another"})]) is None
    assert content(ABOUT_A_PRODUCT, products=[of_product(businessUnitId="of-another")]) is None


def test_a_review_of_which_trustpilot_does_not_say_whose_it_is_is_ours() -> None:
    found = content(CREATED, reviews=[review(businessUnit=None)])

    assert found is not None
    assert found.account == ACME


@pytest.mark.parametrize("age", [0, 119])
def test_a_review_may_not_have_got_round_yet(age: int) -> None:
    asked = replace(CREATED, received_at=RECEIVED - timedelta(seconds=age))

    with pytest.raises(RetryLater, match="does not know the review yet"):
        content(asked, reviews=[])


@pytest.mark.parametrize(
    "odd",
    [review(text=7), review(consumer=7), {"id": SERVICE}, review(title=None, text=None, stars=None)],
)
def test_a_review_that_cannot_be_read_is_told_so(odd: dict[str, Any]) -> None:
    with pytest.raises(Rejected, match="Trustpilot's answer cannot be read: "):
        content(CREATED, reviews=[{"id": SERVICE} | odd])


@pytest.mark.parametrize(
    ("said", "raised"),
    [
        (Said(status=429), RetryLater),
        (Said(status=500), RetryLater),
        (Said(status=403), Rejected),
        (Said(status=400), Rejected),
        ("before", RetryLater),
        ("late", RetryLater),
    ],
)
def test_what_trustpilot_answers_instead_is_told_apart(said: Any, raised: type[Exception]) -> None:
    with platform() as (_, stub, channel):
        stub.plan.extend([None, said])
        with pytest.raises(raised):
            channel.content(CREATED, NOBODY)


# --- signing in -------------------------------------------------------------------------------------------------


def test_trustpilot_is_asked_for_a_token_once_while_it_lives() -> None:
    with platform() as (held, stub, channel):
        channel.content(CREATED, NOBODY)
        channel.content(CREATED, NOBODY)

    assert (held.tokens, [call.path for call in stub.writes]) == (["token-0"], [SIGN_IN])


@pytest.mark.parametrize("lives", ["299", 299])
def test_a_token_that_is_about_to_end_is_asked_for_anew(lives: object) -> None:
    with platform(lives=lives) as (held, _, channel):
        channel.content(CREATED, NOBODY)
        channel.content(CREATED, NOBODY)

    assert held.tokens == ["token-0", "token-1"]


def test_a_token_that_trustpilot_withdrew_is_asked_for_anew_at_once() -> None:
    with platform() as (held, _, channel):
        channel.content(CREATED, NOBODY)
        held.tokens[:] = ["of-somebody-else"]

        assert channel.content(CREATED, NOBODY) is not None


def test_an_app_that_trustpilot_does_not_know_rests() -> None:
    with pytest.raises(Paused) as caught:
        content(CREATED, secret="another")

    assert "api-secret" not in str(caught.value)


def test_without_an_api_key_nothing_is_asked() -> None:
    with (
        platform(keys={"api_key": "", "api_secret": None}) as (_, stub, channel),
        pytest.raises(Rejected) as caught,
    ):
        channel.content(CREATED, NOBODY)

    assert str(caught.value).startswith("connections.yaml holds no api_key")
    assert stub.calls == []


@pytest.mark.parametrize("keys", [{"api_secret": None}, {"api_key": ""}, {"api_key": "a:b"}])
def test_half_an_app_is_no_setting(keys: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="api_key"), platform(keys=keys):
        pass
