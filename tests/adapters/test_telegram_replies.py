"""Answers in Telegram: where they go, what a lost answer and each documented error come to."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from stub import Said
from telegram_calls import ANA, BEN, FORUM, GROUP, fixture, message
from telegram_platform import NOW, echo, platform, refused, sending

from adapters.telegram import Telegram
from adapters.telegram.faults import FAULTS
from bridge.errors import Paused, Rejected, RetryLater, Trouble, Unsure
from bridge.measuring import measure, split
from bridge.message import Message
from bridge.ports import Credentials, Sending, Sent, Way

PAGE = Path(__file__).parents[2] / "docs" / "channels" / "telegram.md"
OUTCOMES = {"throttled": RetryLater, "token": Paused, "refused": Rejected, "temporary": Unsure}


def way(to: Message, *, private: bool = False, heard_at: datetime = NOW) -> Way | str:
    with platform() as (_, _, channel):
        found = channel.way(to, private=private, heard_at=heard_at)
    return str(found) if isinstance(found, Rejected) else found


def outcome(channel: Telegram, given: Sending) -> Trouble:
    with pytest.raises(Trouble) as caught:
        channel.send(given)
    assert "AAE-of_acme" not in str(caught.value)
    return caught.value


# --- how a message can be answered ------------------------------------------------------------------------------


def test_a_private_answer_may_be_split_and_one_in_a_group_not() -> None:
    assert way(message(fixture("text"))) == Way(most=4096, unit="utf16", split=True)
    assert way(message(fixture("group"))) == Way(most=4096, unit="utf16", split=False)
    assert way(message(fixture("group")), private=True) == Way(most=4096, unit="utf16", split=True)


def test_for_a_business_account_a_bot_answers_for_24_hours() -> None:
    found = way(message(fixture("business_message")), heard_at=NOW)

    assert found == Way(most=4096, unit="utf16", split=True, until=NOW + timedelta(hours=24))


def test_a_guest_is_answered_nowhere_but_privately() -> None:
    asked = message(fixture("guest"))

    assert str(way(asked)).startswith("Telegram gives a bot no way to answer this later")
    assert way(asked, private=True) == Way(most=4096, unit="utf16", split=True)


def test_a_channel_that_wrote_in_a_group_cannot_be_written_to_privately() -> None:
    theirs = fixture("group")
    theirs["message"]["sender_chat"] = {"id": -1009990000001, "title": "Kettle fans", "type": "channel"}

    assert str(way(message(theirs), private=True)).startswith("This was written in the name of a group or channel")


# --- where it goes ----------------------------------------------------------------------------------------------

PLACES: dict[str, dict[str, Any]] = {
    "text": {"chat_id": int(ANA), "reply_parameters": {"message_id": 55, "allow_sending_without_reply": True}},
    "group": {"chat_id": int(GROUP), "reply_parameters": {"message_id": 301, "allow_sending_without_reply": True}},
    "topic": {
        "chat_id": int(FORUM),
        "message_thread_id": 7,
        "reply_parameters": {"message_id": 41, "allow_sending_without_reply": True},
    },
    "channel_inbox": {
        "chat_id": -1001555000004,
        "direct_messages_topic_id": int(BEN),
        "reply_parameters": {"message_id": 12, "allow_sending_without_reply": True},
    },
    "business_message": {
        "chat_id": int(ANA),
        "business_connection_id": "bc-Acme_1",
        "reply_parameters": {"message_id": 12, "allow_sending_without_reply": True},
    },
    "callback": {"chat_id": int(ANA)},
    "ephemeral": {"chat_id": int(ANA)},
    "reaction": {"chat_id": int(GROUP)},
}


@pytest.mark.parametrize("name", PLACES)
def test_an_answer_goes_where_the_message_came_from(name: str) -> None:
    asked = replace(message(fixture(name)), raw=b"")

    with platform() as (held, _, channel):
        channel.send(sending(asked))

    assert held.sent == [{"text": "We are sorry", **PLACES[name]}]


def test_only_the_first_of_several_texts_quotes_the_message() -> None:
    with platform() as (held, _, channel):
        channel.send(sending(message(fixture("topic")), first=False))

    assert held.sent == [{"chat_id": int(FORUM), "message_thread_id": 7, "text": "We are sorry"}]


def test_a_private_answer_to_a_word_in_a_group_goes_to_its_author() -> None:
    with platform() as (held, _, channel):
        found = channel.send(sending(message(fixture("group")), private=True))

    assert held.sent == [{"chat_id": int(ANA), "text": "We are sorry"}]
    assert found == Sent(id=f"{ANA}:900")


def test_an_answer_in_a_public_group_has_an_address() -> None:
    with platform() as (_, _, channel):
        found = channel.send(sending(message(fixture("group"))))

    assert found == Sent(id=f"{GROUP}:900", url="https://t.me/acme_talk/900")


def test_the_echo_of_a_business_accounts_answer_is_what_was_sent() -> None:
    with platform() as (held, _, channel):
        found = channel.send(sending(message(fixture("business_message"))))

    told = message(echo(held.sent[0], 900))
    assert found == Sent(id=told.id)
    assert (told.author.is_self, told.text) == (True, "We are sorry")


def test_a_group_that_became_another_one_is_answered_there_at_once() -> None:
    with platform(moved={int(GROUP): -1007770000001}) as (held, stub, channel):
        found = channel.send(sending(message(fixture("group"))))

    assert held.sent == [{"chat_id": -1007770000001, "text": "We are sorry"}]
    assert (found, len(stub.calls)) == (Sent(id="-1007770000001:900"), 2)


def test_a_group_that_moves_on_and_on_is_not_followed() -> None:
    with platform(moved={int(GROUP): -1007770000001, -1007770000001: -1007770000002}) as (held, stub, channel):
        found = outcome(channel, sending(message(fixture("group"))))

    assert isinstance(found, Rejected)
    assert (held.sent, len(stub.calls)) == ([], 2)


def test_a_lost_answer_from_where_the_group_went_is_unsure() -> None:
    with platform(moved={int(GROUP): -1007770000001}) as (_, stub, channel):
        stub.plan.extend([None, "after"])
        found = outcome(channel, sending(message(fixture("group"))))

    assert isinstance(found, Unsure)


# --- how long it may be -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", ["x", "é", "💡", "e\u0301", "👩🏽‍🚀 "])
def test_the_longest_text_is_taken(sign: str) -> None:
    text = sign * (4096 // measure(sign, "utf16"))
    text += "x" * (4096 - measure(text, "utf16"))

    with platform() as (held, _, channel):
        channel.send(sending(message(fixture("text")), text))

    assert [one["text"] for one in held.sent] == [text]


def test_one_unit_more_is_two_texts_and_would_be_refused_as_one() -> None:
    text = "💡" * 2048 + "x"

    with platform() as (_, _, channel):
        found = outcome(channel, sending(message(fixture("text")), text))

    assert isinstance(found, Rejected)
    assert [measure(one, "utf16") for one in split(text, 4096, "utf16")] == [4096, 1]


@pytest.mark.parametrize("text", ["{{7*7}} <b>bold</b> *bold* [a](b) &amp;", "\u202eevil\u2066", "a\r\nb\tc"])
def test_hostile_words_are_sent_literally_and_nothing_in_them_is_markup(text: str) -> None:
    with platform() as (held, _, channel):
        channel.send(sending(message(fixture("text")), text))

    assert [(one["text"], one.get("parse_mode")) for one in held.sent] == [(text, None)]


# --- lost answers -----------------------------------------------------------------------------------------------


def test_whether_a_lost_answer_arrived_nobody_can_ask() -> None:
    with platform() as (_, _, channel):
        assert channel.doubt(sending(message(fixture("text")), tried_at=NOW)) == "ask"


@pytest.mark.parametrize("step", ["before", "after", "late"])
def test_a_lost_answer_is_unsure(step: Any) -> None:
    with platform() as (held, stub, channel):
        stub.plan.append(step)
        found = outcome(channel, sending(message(fixture("text"))))

    assert isinstance(found, Unsure)
    assert len(held.sent) == (step != "before")


def test_a_platform_that_cannot_be_reached_has_sent_nothing() -> None:
    with platform() as (_, _, channel):
        pass

    found = outcome(channel, sending(message(fixture("text"))))

    assert isinstance(found, RetryLater)


@pytest.mark.parametrize(
    "said",
    [
        refused(502, "Bad Gateway"),
        Said(status=500, body=b"<html>"),
        Said(body=b"<html>"),
        Said(body={"ok": True}),
        Said(body={"ok": True, "result": {"message_id": "x", "chat": {"id": 1}}}),
        Said(body={"ok": True, "result": {"message_id": 57, "chat": {"id": [1]}}}),
    ],
)
def test_an_answer_that_does_not_say_what_was_done_is_unsure(said: Said) -> None:
    with platform() as (_, stub, channel):
        stub.plan.append(said)
        assert isinstance(outcome(channel, sending(message(fixture("text")))), Unsure)


# --- errors -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", FAULTS)
def test_each_documented_error_means_what_the_table_says(code: str) -> None:
    number, _, words = code.partition(" ")
    with platform() as (_, stub, channel):
        stub.plan.append(refused(int(number), f"Bad Request: {words.upper()} it is"))
        found = outcome(channel, sending(message(fixture("text"))))

    assert type(found) is OUTCOMES[FAULTS[code].means]
    assert str(found) == f"{FAULTS[code].says} (error {code})"


@pytest.mark.parametrize(
    ("number", "description", "code"),
    [
        (403, "Forbidden: bot was blocked by the user", "403 blocked by the user"),
        (403, "Forbidden: bot can't initiate conversation with a user", "403 can't initiate conversation"),
        (403, "Forbidden: bot was kicked from the supergroup chat", "403 was kicked"),
        (403, "Forbidden: bot is not a member of the channel chat", "403 is not a member"),
        (403, "Forbidden: something new", "403"),
        (400, "Bad Request: not enough rights to send text messages to the chat", "400 not enough rights"),
        (400, "Bad Request: TOPIC_CLOSED", "400 topic_closed"),
        (400, "Bad Request: BUSINESS_PEER_USAGE_MISSING", "400 business_peer_usage_missing"),
        (418, "I'm a teapot", ""),
    ],
)
def test_telegrams_own_words_are_known(number: int, description: str, code: str) -> None:
    with platform() as (_, stub, channel):
        stub.plan.append(refused(number, description))
        found = outcome(channel, sending(message(fixture("text"))))

    says = FAULTS[code].says if code else "The platform refuses it."
    assert str(found) == f"{says} (error {code or number})"


@pytest.mark.parametrize(("asked", "waited"), [(14, 14), (90_000, 3600)])
def test_a_throttle_waits_as_long_as_telegram_asks_but_at_most_an_hour(asked: int, waited: int) -> None:
    with platform() as (_, stub, channel):
        stub.plan.append(refused(429, f"Too Many Requests: retry after {asked}", retry_after=asked))
        found = outcome(channel, sending(message(fixture("text"))))

    assert isinstance(found, RetryLater)
    assert (found.after, found.counts) == (timedelta(seconds=waited), False)


@pytest.mark.parametrize(
    "said",
    [refused(429, "Too Many Requests"), refused(429, "x", retry_after="soon"), refused(429, "x", retry_after=0)],
)
def test_a_throttle_that_names_no_time_waits_a_minute(said: Said) -> None:
    with platform() as (_, stub, channel):
        stub.plan.append(said)
        found = outcome(channel, sending(message(fixture("text"))))

    assert isinstance(found, RetryLater)
    assert found.after == timedelta(minutes=1)


def test_a_dead_token_pauses_the_account() -> None:
    with platform(token="another") as (_, _, channel):
        assert isinstance(outcome(channel, sending(message(fixture("text")))), Paused)


def test_without_a_token_nothing_is_sent() -> None:
    with platform() as (_, stub, channel):
        found = outcome(channel, sending(message(fixture("text")), credentials=Credentials()))

    assert (type(found), stub.calls) == (Rejected, [])


def test_the_page_names_every_error_and_no_other() -> None:
    table = PAGE.read_text(encoding="utf-8").partition("| Code | Means | Agents read |")[2].partition("\n\n")[0]

    rows = re.findall(r"^\| `(.+)` \| (\w+) \| (.+) \|$", table, re.MULTILINE)

    assert rows == [(code, fault.means, fault.says) for code, fault in FAULTS.items()]
