"""Answers to Trustpilot's reviews: of the company one each, of products a conversation; never sent twice."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from stub import Said
from trustpilot_calls import message
from trustpilot_platform import NOW, PRODUCT, SERVICE, SIGN_IN, USER, of_product, platform, review, sending

from adapters.trustpilot import Trustpilot
from adapters.trustpilot.faults import FAULTS
from bridge.errors import Paused, Rejected, RetryLater, Trouble, Unsure
from bridge.ports import Sending, Sent, Way

PAGE = Path(__file__).parents[2] / "docs" / "channels" / "trustpilot.md"
OUTCOMES = {"throttled": RetryLater, "token": Paused, "refused": Rejected, "temporary": Unsure}
COMPANY = replace(message("service-review-created", id=SERVICE, stars=1), raw=b"")
KETTLE = replace(message("product-review-created", id=PRODUCT, stars=2), raw=b"")
SENT = Sent(id=f"{SERVICE}/reply", url=f"https://www.trustpilot.com/reviews/{SERVICE}")


def outcome(channel: Trustpilot, given: Sending) -> Trouble:
    with pytest.raises(Trouble) as caught:
        channel.send(given)
    assert "of-acme" not in str(caught.value)
    return caught.value


def way(*, private: bool = False, **keys: Any) -> Way | str:
    with platform(keys=keys) as (_, _, channel):
        found = channel.way(COMPANY, private=private, heard_at=NOW)
    return str(found) if isinstance(found, Rejected) else found


# --- how a review can be answered -------------------------------------------------------------------------------


def test_a_review_is_answered_in_public_once_and_at_any_time() -> None:
    assert way() == Way(most=4000, unit="characters", split=False)
    assert way(longest=900) == Way(most=900, unit="characters", split=False)


def test_a_review_is_not_answered_privately_or_in_nobodys_name() -> None:
    assert str(way(private=True)).startswith("Casebridge answers Trustpilot's reviews in public only")
    assert str(way(api_key="", api_secret=None)).startswith("connections.yaml holds no api_key")
    assert str(way(business_user="")).startswith("connections.yaml holds no business_user")


def test_an_answer_is_written_in_the_users_name() -> None:
    with platform() as (held, stub, channel):
        found = channel.send(sending(COMPANY, "We are sorry\n{{7*7}} <b>"))

    assert found == SENT
    assert held.reviews[0]["companyReply"]["text"] == "We are sorry\n{{7*7}} <b>"
    assert [(call.path, call.json) for call in stub.writes[1:]] == [
        (
            f"/v1/private/reviews/{SERVICE}/reply",
            {"authorBusinessUserId": USER, "message": "We are sorry\n{{7*7}} <b>"},
        )
    ]


def test_an_answer_in_nobodys_name_is_not_sent() -> None:
    with platform(keys={"business_user": ""}) as (_, stub, channel):
        found = outcome(channel, sending(COMPANY))

    assert (type(found), stub.calls) == (Rejected, [])


# --- products ---------------------------------------------------------------------------------------------------


def test_the_first_answer_to_a_products_review_makes_its_conversation() -> None:
    with platform() as (held, stub, channel):
        first, second = channel.send(sending(KETTLE)), channel.send(sending(KETTLE, "And again"))

    assert (first, second) == (Sent(id="65f0d0"), Sent(id="65f0d1"))
    assert [(one["content"], one["author"]["id"]) for one in held.comments] == [
        ("We are sorry", USER),
        ("And again", USER),
    ]
    assert len(stub.asked("POST", f"/v1/private/product-reviews/{PRODUCT}/create-conversation")) == 1


@pytest.mark.parametrize("step", ["before", "after", Said(body={})])
def test_a_conversation_that_may_have_been_made_is_no_answer_yet(step: Any) -> None:
    with platform() as (held, stub, channel):
        stub.plan.extend([None, None, step])
        first = outcome(channel, sending(KETTLE))
        again = channel.send(sending(KETTLE))

    assert (type(first), again, len(held.comments)) == (RetryLater, Sent(id="65f0d0"), 1)


def test_a_lost_comment_is_looked_for_below_the_review() -> None:
    with platform() as (held, stub, channel):
        missing = channel.look(sending(KETTLE, tried_at=NOW))
        stub.plan.extend([None, None, "after"])
        lost = outcome(channel, sending(KETTLE))
        found = channel.look(sending(KETTLE, tried_at=NOW))
        other = channel.look(sending(KETTLE, "Something else", tried_at=NOW))

    assert (missing, type(lost), found, other) == (None, Unsure, Sent(id="65f0d0"), None)
    assert len(held.comments) == 1


@pytest.mark.parametrize(
    "changed",
    [{"createdAt": "2026-11-21T11:58:59Z"}, {"author": {"type": "consumer"}}, {"author": None}, {"content": None}],
)
def test_what_stood_there_before_or_is_the_customers_is_not_our_comment(changed: dict[str, Any]) -> None:
    there = {"commentId": "1", "createdAt": "2026-11-21T12:00:00Z", "author": {"type": "businessUser"}}
    with platform(products=[of_product(conversationId="65f0c1")]) as (held, _, channel):
        held.comments[:] = [{**there, "content": "We are sorry"} | changed, "odd"]  # type: ignore[list-item]
        assert channel.look(sending(KETTLE, tried_at=NOW)) is None


# --- lost answers -----------------------------------------------------------------------------------------------


def test_a_lost_answer_can_be_looked_for() -> None:
    with platform() as (_, _, channel):
        assert channel.doubt(sending(COMPANY, tried_at=NOW)) == "look"


@pytest.mark.parametrize("step", ["before", "after", "late"])
def test_a_lost_answer_is_unsure_and_found_where_it_went_out(step: Any) -> None:
    with platform() as (_, stub, channel):
        stub.plan.extend([None, step])
        lost = outcome(channel, sending(COMPANY))
        found = channel.look(sending(COMPANY, tried_at=NOW))

    assert (type(lost), found) == (Unsure, None if step == "before" else SENT)


@pytest.mark.parametrize(
    ("there", "found"),
    [("We  are\nsorry ", SENT), ("We are not sorry", None), (None, None), (7, None)],
)
def test_an_answer_is_known_by_its_words(there: object, found: Sent | None) -> None:
    with platform(reviews=[review(companyReply={"text": there})]) as (_, _, channel):
        assert channel.look(sending(COMPANY, tried_at=NOW)) == found


def test_an_answer_to_a_review_that_is_gone_cannot_be_looked_for() -> None:
    with platform(reviews=[]) as (_, _, channel), pytest.raises(Rejected):
        channel.look(sending(COMPANY, tried_at=NOW))


@pytest.mark.parametrize("step", ["before", "late", Said(status=503, body=b"<html>")])
def test_who_cannot_sign_in_has_sent_nothing(step: Any) -> None:
    with platform() as (held, stub, channel):
        stub.plan.append(step)
        found = outcome(channel, sending(COMPANY))

    assert (type(found), held.reviews[0]["companyReply"]) == (RetryLater, None)


def test_a_platform_that_cannot_be_reached_has_sent_nothing() -> None:
    with platform() as (_, _, channel):
        pass

    assert type(outcome(channel, sending(COMPANY))) is RetryLater


# --- errors -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", FAULTS)
def test_each_documented_error_means_what_the_table_says(code: str) -> None:
    said = Said(status=int(code), body={"message": "as Trustpilot says"})
    with platform() as (held, stub, channel):
        stub.plan.extend([None, said, None, said])
        found = outcome(channel, sending(COMPANY))

    assert type(found) is OUTCOMES[FAULTS[code].means]
    assert (str(found), held.reviews[0]["companyReply"]) == (f"{FAULTS[code].says} (error {code})", None)


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_server_that_says_no_more_than_that_it_is_at_fault_is_unsure(status: int) -> None:
    for body in (b"<html>", b"{}"):
        with platform() as (_, stub, channel):
            stub.plan.extend([None, Said(status=status, body=body)])
            assert type(outcome(channel, sending(COMPANY))) is Unsure


@pytest.mark.parametrize(("asked", "waited"), [("14", 14), ("90000", 3600), ("soon", 60)])
def test_a_throttle_waits_as_long_as_trustpilot_asks(asked: str, waited: int) -> None:
    with platform() as (_, stub, channel):
        stub.plan.extend([None, Said(status=429, headers={"Retry-After": asked})])
        found = outcome(channel, sending(COMPANY))

    assert isinstance(found, RetryLater)
    assert (found.after, found.counts) == (timedelta(seconds=waited), False)


def test_a_withdrawn_token_is_renewed_and_the_answer_sent_once() -> None:
    with platform() as (held, stub, channel):
        channel.send(sending(COMPANY))
        held.tokens[:] = ["of-somebody-else"]
        found = channel.send(sending(COMPANY, "Once more"))

    assert (found, held.reviews[0]["companyReply"]["text"]) == (SENT, "Once more")
    assert len(stub.asked("POST", SIGN_IN)) == 2


def test_an_app_that_trustpilot_does_not_know_pauses_the_account() -> None:
    with platform(secret="another") as (_, _, channel):
        assert type(outcome(channel, sending(COMPANY))) is Paused


def test_the_page_names_every_error_and_no_other() -> None:
    table = PAGE.read_text(encoding="utf-8").partition("| Code | Means | Agents read |")[2].partition("\n\n")[0]

    rows = re.findall(r"^\| `(.+)` \| (\w+) \| (.+) \|$", table, re.MULTILINE)

    assert rows == [(code, fault.means, fault.says) for code, fault in FAULTS.items()]
