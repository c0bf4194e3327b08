"""Answers to Google reviews: one each, at most 4096 bytes, and the same one again harms nothing."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from google_calls import message, push
from google_platform import CREDENTIALS, GONE, NOW, REVIEW, platform, refused, sending
from stub import Said

from adapters.google import Google
from adapters.google.faults import FAULTS
from bridge.errors import Paused, Rejected, RetryLater, Trouble, Unsure
from bridge.measuring import measure
from bridge.ports import Credentials, Sending, Sent, Way

PAGE = Path(__file__).parents[2] / "docs" / "channels" / "google.md"
OUTCOMES = {"throttled": RetryLater, "token": Paused, "refused": Rejected, "temporary": Unsure}
NEW = message(push({"type": "NEW_REVIEW", "reviewName": REVIEW}))
SENT = Sent(id=f"{REVIEW}/reply", url="https://business.google.com/reviews")


def outcome(channel: Google, given: Sending) -> Trouble:
    with pytest.raises(Trouble) as caught:
        channel.send(given)
    assert not re.search("of-acme|ya29", str(caught.value))
    return caught.value


def error(code: str) -> Said:
    """The error as Google sends it: OAuth's in small letters, a reason among the details, or a status."""
    if code.islower():
        return Said(status=400, body={"error": code, "error_description": "as Google says"})
    if code in ("RATE_LIMIT_EXCEEDED", "SERVICE_DISABLED", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"):
        return refused(403, "PERMISSION_DENIED", "OTHER", code)
    status = {"throttled": 429, "token": 401, "refused": 400, "temporary": 500}[FAULTS[code].means]
    return refused(status, code)


# --- how a review can be answered -------------------------------------------------------------------------------


def test_a_review_is_answered_in_public_once_and_at_any_time() -> None:
    with platform() as (_, _, channel):
        assert channel.way(NEW, private=False, heard_at=NOW) == Way(most=4096, unit="bytes", split=False)
        assert channel.doubt(sending(NEW, tried_at=NOW)) == "repeat"


def test_a_review_is_not_answered_privately() -> None:
    with platform() as (_, _, channel):
        found = channel.way(NEW, private=True, heard_at=NOW)

    says = "Google takes public answers to reviews only: answer in public, and ask the customer to contact you."
    assert (type(found), str(found)) == (Rejected, says)


def test_an_answer_is_written_under_its_review() -> None:
    with platform() as (held, stub, channel):
        found = channel.send(sending(NEW, "We are sorry\n{{7*7}} <b>"))

    assert (found, held.replies) == (SENT, {REVIEW: "We are sorry\n{{7*7}} <b>"})
    assert [(call.method, call.path, call.host) for call in stub.calls[1:]] == [
        ("PUT", f"/v4/{REVIEW}/reply", "mybusiness.googleapis.com")
    ]


def test_a_later_answer_takes_the_place_of_an_earlier_one() -> None:
    with platform() as (held, _, channel):
        channel.send(sending(NEW, "We are sorry"))
        channel.send(sending(NEW, "We have written to you"))

    assert held.replies == {REVIEW: "We have written to you"}


@pytest.mark.parametrize("text", ["x" * 4096, "é" * 2048, "💡" * 1024])
def test_the_longest_text_is_taken_and_a_byte_more_is_not(text: str) -> None:
    with platform() as (held, _, channel):
        assert channel.send(sending(NEW, text)) == SENT
        more = outcome(channel, sending(NEW, text + "x"))

    assert (measure(text, "bytes"), held.replies[REVIEW]) == (4096, text)
    assert str(more) == f"{FAULTS['INVALID_ARGUMENT'].says} (error INVALID_ARGUMENT)"


def test_an_answer_that_google_does_not_show_is_told_the_agent() -> None:
    with platform() as (_, stub, channel):
        stub.plan.extend([None, Said(body={"comment": "x", "reviewReplyState": "REJECTED"})])
        found = outcome(channel, sending(NEW))

    assert isinstance(found, Rejected)


# --- lost answers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["before", "after", "late"])
def test_a_lost_answer_is_unsure_and_the_same_again_is_one_answer(step: Any) -> None:
    with platform() as (held, stub, channel):
        stub.plan.extend([None, step])
        first = outcome(channel, sending(NEW))
        again = channel.send(sending(NEW, tried_at=NOW))

    assert (type(first), again, held.replies) == (Unsure, SENT, {REVIEW: "We are sorry"})


@pytest.mark.parametrize("step", ["before", "late", Said(status=503, body=b"<html>")])
def test_who_cannot_sign_in_has_sent_nothing(step: Any) -> None:
    with platform() as (held, stub, channel):
        stub.plan.append(step)
        found = outcome(channel, sending(NEW))

    assert (type(found), held.replies) == (RetryLater, {})


def test_a_platform_that_cannot_be_reached_has_sent_nothing() -> None:
    with platform() as (_, _, channel):
        pass

    assert type(outcome(channel, sending(NEW))) is RetryLater


def test_an_answer_that_says_nothing_but_that_google_is_at_fault_is_unsure() -> None:
    with platform() as (_, stub, channel):
        stub.plan.extend([None, Said(status=502, body=b"<html>")])
        assert type(outcome(channel, sending(NEW))) is Unsure


# --- errors -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", FAULTS)
def test_each_documented_error_means_what_the_table_says(code: str) -> None:
    with platform() as (held, stub, channel):
        stub.plan.extend([error(code)] if code.islower() else [None, error(code), None, error(code)])
        found = outcome(channel, sending(NEW))

    assert type(found) is OUTCOMES[FAULTS[code].means]
    assert (str(found), held.replies) == (f"{FAULTS[code].says} (error {code})", {})


def test_an_error_that_is_not_documented_is_refused_with_its_name() -> None:
    with platform() as (_, stub, channel):
        stub.plan.extend([None, refused(418, "TEAPOT" * 20)])
        found = outcome(channel, sending(NEW))

    assert str(found) == f"The platform refuses it. (error {('TEAPOT' * 20)[:80]})"


@pytest.mark.parametrize(
    ("headers", "waited"), [({"Retry-After": "14"}, 14), ({"Retry-After": "90000"}, 3600), ({}, 60)]
)
def test_a_throttle_waits_as_long_as_google_asks(headers: dict[str, str], waited: int) -> None:
    throttled = Said(status=429, body=refused(429, "RESOURCE_EXHAUSTED").body, headers=headers)
    with platform() as (_, stub, channel):
        stub.plan.extend([None, throttled])
        found = outcome(channel, sending(NEW))

    assert isinstance(found, RetryLater)
    assert (found.after, found.counts) == (timedelta(seconds=waited), False)


def test_a_withdrawn_token_is_renewed_and_the_answer_sent_once() -> None:
    with platform() as (held, stub, channel):
        channel.content(NEW, CREDENTIALS)
        held.tokens[:] = ["of-somebody-else"]
        found = channel.send(sending(NEW))

    assert (found, held.replies) == (SENT, {REVIEW: "We are sorry"})
    assert [call.token for call in stub.asked("PUT")] == ["ya29-0", "ya29-1"]


def test_a_dead_sign_in_pauses_the_account() -> None:
    with platform(refresh="another") as (_, _, channel):
        found = outcome(channel, sending(NEW))

    assert (type(found), str(found)) == (Paused, f"{FAULTS['invalid_grant'].says} (error invalid_grant)")


def test_without_a_refresh_token_nothing_is_sent() -> None:
    with platform() as (_, stub, channel):
        found = outcome(channel, sending(NEW, credentials=Credentials()))

    assert (type(found), stub.calls) == (Rejected, [])


def test_the_review_that_is_gone_is_not_answered() -> None:
    with platform(reviews=[]) as (_, _, channel):
        assert str(outcome(channel, sending(NEW))) == f"{FAULTS['NOT_FOUND'].says} (error NOT_FOUND)"
    assert GONE.status == 404


def test_the_page_names_every_error_and_no_other() -> None:
    table = PAGE.read_text(encoding="utf-8").partition("| Code | Means | Agents read |")[2].partition("\n\n")[0]

    rows = re.findall(r"^\| `(.+)` \| (\w+) \| (.+) \|$", table, re.MULTILINE)

    assert rows == [(code, fault.means, fault.says) for code, fault in FAULTS.items()]
