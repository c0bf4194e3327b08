"""Answers in LINE: where they go, that each is sent once, and what each documented error comes to."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from line_calls import ANA, GROUP, ROOM, event, message
from line_platform import CREDENTIALS, KEY, MARK, NOW, platform, refused, sending
from stub import Said

from adapters.line import Line
from adapters.line.faults import FAULTS
from bridge.errors import Paused, Rejected, RetryLater, Trouble, Unsure
from bridge.measuring import measure, split
from bridge.message import Message
from bridge.ports import Credentials, Sending, Sent, Way

PAGE = Path(__file__).parents[2] / "docs" / "channels" / "line.md"
OUTCOMES = {"throttled": RetryLater, "token": Paused, "refused": Rejected, "temporary": Unsure}


def asked(name: str = "text") -> Message:
    return replace(message(event(name)), raw=b"")


def outcome(channel: Line, given: Sending) -> Trouble:
    with pytest.raises(Trouble) as caught:
        channel.send(given)
    return caught.value


# --- how a message can be answered, and where it goes -----------------------------------------------------------


@pytest.mark.parametrize("name", ["text", "group", "room", "postback"])
@pytest.mark.parametrize("private", [True, False])
def test_all_chats_are_answered_alike_at_any_time(name: str, private: bool) -> None:
    with platform() as (_, _, channel):
        found = channel.way(asked(name), private=private, heard_at=NOW - timedelta(days=400))

    assert found == Way(most=5000, unit="utf16", split=True)


def test_a_message_from_nowhere_cannot_be_answered() -> None:
    with platform() as (_, _, channel):
        found = channel.way(replace(asked(), notes={}), private=False, heard_at=NOW)

    assert isinstance(found, Rejected)


@pytest.mark.parametrize(
    ("name", "to", "quote"),
    [
        ("text", ANA, {"quoteToken": "made-up-quote"}),
        ("group", GROUP, {"quoteToken": "made-up-quote"}),
        ("room", ROOM, {"quoteToken": "made-up-quote"}),
        ("postback", ANA, {}),
        ("file", ANA, {}),
    ],
)
def test_an_answer_goes_to_its_chat_and_quotes_the_message(name: str, to: str, quote: dict[str, str]) -> None:
    with platform() as (held, _, channel):
        found = channel.send(sending(asked(name)))

    assert held.sent == {KEY: {"to": to, "messages": [{"type": "text", "text": "We are sorry", **quote}]}}
    assert found == Sent(id="460")


def test_only_the_first_of_several_texts_quotes_the_message() -> None:
    with platform() as (held, _, channel):
        channel.send(sending(asked(), first=False))

    assert held.sent[KEY]["messages"] == [{"type": "text", "text": "We are sorry"}]


@pytest.mark.parametrize("text", ["$ {{7*7}} <b>", "\u202eevil\u2066", "a\r\nb\tc", "(sad)"])
def test_hostile_words_are_sent_literally(text: str) -> None:
    with platform() as (held, _, channel):
        channel.send(sending(asked(), text))

    assert held.sent[KEY]["messages"][0]["text"] == text


# --- how long it may be -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", ["x", "é", "💡", "e\u0301", "👩🏽‍🚀 "])
def test_the_longest_text_is_taken(sign: str) -> None:
    text = sign * (5000 // measure(sign, "utf16"))
    text += "x" * (5000 - measure(text, "utf16"))

    with platform() as (held, _, channel):
        channel.send(sending(asked(), text))

    assert held.sent[KEY]["messages"][0]["text"] == text


def test_one_unit_more_is_two_texts_and_would_be_refused_as_one() -> None:
    text = "💡" * 2500 + "x"

    with platform() as (_, _, channel):
        assert isinstance(outcome(channel, sending(asked(), text)), Rejected)

    assert [measure(one, "utf16") for one in split(text, 5000, "utf16")] == [5000, 1]


# --- lost answers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ago", "expected"),
    [
        (None, "repeat"),
        (timedelta(0), "repeat"),
        (timedelta(hours=23, microseconds=-1), "repeat"),
        (timedelta(hours=23), "ask"),
        (timedelta(days=3), "ask"),
    ],
)
def test_a_lost_answer_is_repeated_as_long_as_line_knows_its_key(ago: timedelta | None, expected: str) -> None:
    given = sending(asked(), tried_at=None if ago is None else NOW - ago)

    with platform() as (_, _, channel):
        assert channel.doubt(given) == expected


@pytest.mark.parametrize("step", ["before", "after", "late"])
def test_a_lost_answer_is_unsure_and_the_repeat_sends_it_once(step: Any) -> None:
    with platform() as (held, stub, channel):
        stub.plan.append(step)
        lost = outcome(channel, sending(asked()))
        found = channel.send(sending(asked(), tried_at=NOW))

    assert isinstance(lost, Unsure)
    assert found == Sent(id="460")
    assert len(held.sent) == 1
    assert [call.headers["x-line-retry-key"] for call in stub.calls] == [KEY, KEY]
    assert stub.calls[0].body == stub.calls[1].body


@pytest.mark.parametrize(
    ("said", "number"),
    [
        (Said(status=409, headers={"x-line-accepted-request-id": "request-7"}), "request-7"),
        (Said(status=409, body={"sentMessages": [{"id": 461}]}), "461"),
        (Said(status=409, body={"sentMessages": []}), MARK),
        (Said(headers={"x-line-request-id": "request-8"}), "request-8"),
    ],
)
def test_what_line_has_accepted_is_sent_whatever_it_says_of_it(said: Said, number: str) -> None:
    with platform() as (_, stub, channel):
        stub.plan.append(said)
        assert channel.send(sending(asked())) == Sent(id=number)


def test_two_texts_with_two_marks_are_two_messages() -> None:
    with platform() as (held, _, channel):
        found = [channel.send(sending(asked(), mark=mark)) for mark in (MARK, MARK[::-1])]

    assert found == [Sent(id="460"), Sent(id="461")]
    assert len(held.sent) == 2


def test_a_platform_that_cannot_be_reached_has_sent_nothing() -> None:
    with platform() as (_, _, channel):
        pass

    assert isinstance(outcome(channel, sending(asked())), RetryLater)


@pytest.mark.parametrize(
    "said",
    [
        Said(status=503, body=b"<html>"),
        refused(502, "Bad gateway"),
        Said(body=b"<html>"),
        Said(body={"sentMessages": [5]}),
    ],
)
def test_an_answer_that_does_not_say_what_was_done_is_unsure(said: Said) -> None:
    with platform() as (_, stub, channel):
        stub.plan.append(said)
        assert isinstance(outcome(channel, sending(asked())), Unsure)


# --- errors -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", FAULTS)
def test_each_documented_error_means_what_the_table_says(code: str) -> None:
    number, _, words = code.partition(" ")
    with platform() as (_, stub, channel):
        stub.plan.append(refused(int(number), f"It is {words.upper()}."))
        found = outcome(channel, sending(asked()))

    assert type(found) is OUTCOMES[FAULTS[code].means]
    assert str(found) == f"{FAULTS[code].says} (error {code})"


@pytest.mark.parametrize(
    ("status", "words", "code"),
    [
        (429, "You have reached your monthly limit.", "429 monthly limit"),
        (429, "The API rate limit has been exceeded. Try again later.", "429"),
        (400, "Failed to send messages", "400 failed to send"),
        (400, "The property, 'to', in the request body is invalid (line: -, column: -)", "400 the property, 'to'"),
        (400, "The user hasn't added the LINE Official Account as a friend.", "400 hasn't added"),
        (400, "The request body has 1 error(s)", "400"),
        (403, "Access to this API is not available for your account", "403"),
        (415, "The content type is not supported", ""),
    ],
)
def test_lines_own_words_are_known(status: int, words: str, code: str) -> None:
    with platform() as (_, stub, channel):
        stub.plan.append(refused(status, words))
        found = outcome(channel, sending(asked()))

    says = FAULTS[code].says if code else "The platform refuses it."
    assert str(found) == f"{says} (error {code or status})"


@pytest.mark.parametrize(("headers", "seconds"), [({}, 60), ({"Retry-After": "7"}, 7)])
def test_a_throttle_waits_a_minute_or_as_long_as_line_asks(headers: dict[str, str], seconds: int) -> None:
    with platform() as (_, stub, channel):
        stub.plan.append(refused(429, "The API rate limit has been exceeded. Try again later.", **headers))
        found = outcome(channel, sending(asked()))

    assert isinstance(found, RetryLater)
    assert (found.after, found.counts) == (timedelta(seconds=seconds), False)


def test_a_dead_token_pauses_the_account() -> None:
    with platform(token="another") as (_, _, channel):
        assert isinstance(outcome(channel, sending(asked())), Paused)


def test_without_a_token_nothing_is_sent() -> None:
    with platform() as (_, stub, channel):
        found = outcome(channel, sending(asked(), credentials=Credentials(refresh=CREDENTIALS.token)))

    assert (type(found), stub.calls) == (Rejected, [])


def test_the_page_names_every_error_and_no_other() -> None:
    table = PAGE.read_text(encoding="utf-8").partition("| Code | Means | Agents read |")[2].partition("\n\n")[0]

    rows = re.findall(r"^\| `(.+)` \| (\w+) \| (.+) \|$", table, re.MULTILINE)

    assert rows == [(code, fault.means, fault.says) for code, fault in FAULTS.items()]
