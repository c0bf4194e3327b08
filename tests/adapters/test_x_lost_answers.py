"""After a lost answer a reply is found on X, or it is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from stub import Break, Call, Said
from x_calls import ACME, ANA
from x_platform import DIRECT, NOW, POST, Platform, channel, platform, problem, sending

from bridge.errors import Paused, Rejected, RetryLater, Trouble, Unsure
from bridge.looking import APART
from bridge.message import Message
from bridge.ports import Sending

TRIED = NOW - timedelta(seconds=40)


@pytest.fixture
def x() -> Iterator[Platform]:
    with platform() as held:
        yield held


@pytest.mark.parametrize("to", [POST, DIRECT], ids=["public", "private"])
@pytest.mark.parametrize("broken", ["after", "late"])
def test_what_was_sent_is_found_after_a_lost_answer(x: Platform, to: Message, broken: Break) -> None:
    x.stub.plan.append(broken)
    adapter, one = channel(x, timeout=0.5), sending(to)

    with pytest.raises(Unsure):
        adapter.send(one)
    found = adapter.look(replace(one, tried_at=NOW, now=NOW + timedelta(seconds=1)))

    assert adapter.doubt(one) == "look"
    assert (found and found.id, found and found.url) == (x.echo().id, x.echo().url.replace("/i/", "/Acme/"))


@pytest.mark.parametrize("to", [POST, DIRECT], ids=["public", "private"])
def test_what_was_not_sent_is_not_found(x: Platform, to: Message) -> None:
    x.stub.plan.append("before")
    adapter, one = channel(x), sending(to)

    with pytest.raises(Unsure):  # the connection was there, so nobody can tell
        adapter.send(one)

    assert adapter.look(replace(one, tried_at=NOW)) is None


def test_what_never_left_was_not_sent() -> None:
    with platform() as x:
        adapter = channel(x)

    with pytest.raises(RetryLater, match="cannot be reached"):
        adapter.send(sending(POST))


@pytest.mark.parametrize("body", [{}, {"data": {}}, {"data": {"text": "…"}}])
def test_a_success_without_an_id_is_looked_for(x: Platform, body: dict[str, Any]) -> None:
    x.stub.plan.append(Said(status=201, body=body))

    with pytest.raises(Unsure, match="did not say under what id"):
        channel(x).send(sending(POST))


def test_a_duplicate_after_a_lost_answer_is_looked_for(x: Platform) -> None:
    adapter = channel(x)
    sent = adapter.send(sending(POST))
    again = sending(POST, tried_at=TRIED)

    with pytest.raises(Unsure):
        adapter.send(again)

    assert adapter.look(again) == sent


@pytest.mark.parametrize(
    "text",
    [
        "See https://acme.example/help/ and https://acme.example/a?b=1&c=2",
        "@ana_b We look into it",
        "Fish & chips < 5 €\n\nSee you",
        "Cafe\u0301 👩‍👩‍👧‍👦",
    ],
)
@pytest.mark.parametrize("to", [POST, DIRECT], ids=["public", "private"])
def test_a_text_is_known_again_however_x_writes_it(x: Platform, to: Message, text: str) -> None:
    adapter = channel(x)
    sent = adapter.send(sending(to, text))
    for one in (*x.posts, *x.directs):
        one["text"] = re.sub("&(?!amp)", "&amp;", one["text"]).replace("<", "&lt;")

    assert adapter.look(sending(to, text, tried_at=TRIED)) == sent


@pytest.mark.parametrize(
    "other", [sending(POST, "Another text"), sending(replace(POST, id="2080000000000000199"))]
)
def test_another_reply_is_not_taken_for_this_one(x: Platform, other: Sending) -> None:
    x.posts.append(written("We look into it", NOW))

    assert channel(x).look(replace(other, tried_at=TRIED)) is None


def written(text: str, when: datetime, number: str = "2090000000000000500") -> dict[str, Any]:
    return {
        "id": number,
        "text": f"@ana_b {text}",
        "author_id": ACME.id,
        "created_at": f"{when:%Y-%m-%dT%H:%M:%S}.000Z",
        "edit_history_tweet_ids": [number],
        "referenced_tweets": [{"type": "replied_to", "id": POST.id}],
    }


@pytest.mark.parametrize(
    ("ahead", "age", "found"),
    [(0, 44, True), (0, 46, False), (30, 14, True), (30, 16, False), (-30, 74, True), (-30, 76, False)],
)
def test_what_is_older_than_the_first_attempt_is_another_reply(
    x: Platform, ahead: int, age: int, found: bool
) -> None:
    x.stub.clock = NOW.timestamp() + ahead
    x.posts.append(written("We look into it", NOW - timedelta(seconds=age)))

    assert (channel(x).look(sending(POST, tried_at=TRIED)) is not None) == found


def test_waiting_for_x_does_not_make_a_reply_older(x: Platform) -> None:
    def slow(call: Call) -> Said:
        x.stub.over.wait(1.2)
        return x.answer(call)

    x.stub.answer = slow
    x.stub.clock = NOW.timestamp() + 1  # it goes right: its answer was written a second after our question
    x.posts.append(written("We look into it", TRIED - APART))

    assert channel(x, timeout=5).look(sending(POST, tried_at=TRIED)) is not None


@pytest.mark.parametrize("to", [POST, DIRECT], ids=["public", "private"])
def test_what_has_no_time_is_taken_for_ours(x: Platform, to: Message) -> None:
    adapter = channel(x)
    sent = adapter.send(sending(to))
    for one in (*x.posts, *x.directs):
        del one["created_at"]

    assert adapter.look(sending(to, tried_at=TRIED)) == sent


def test_a_message_of_the_customers_is_not_taken_for_ours(x: Platform) -> None:
    adapter = channel(x)
    adapter.send(sending(DIRECT))
    x.directs[0]["sender_id"] = ANA

    assert adapter.look(sending(DIRECT, tried_at=TRIED)) is None


def test_what_cannot_be_read_is_no_verdict(x: Platform) -> None:
    x.posts.append(written("We look into it", NOW) | {"referenced_tweets": ["?"]})

    with pytest.raises(Rejected, match="What X lists cannot be read: referenced_tweets"):
        channel(x).look(sending(POST, tried_at=TRIED))


@pytest.mark.parametrize("to", [POST, DIRECT], ids=["public", "private"])
def test_it_is_looked_for_on_all_pages(x: Platform, to: Message) -> None:
    adapter = channel(x)
    sent = adapter.send(sending(to))
    for n in range(5):
        adapter.send(sending(to, f"text {n}"))
    x.page = 2

    assert adapter.look(sending(to, tried_at=TRIED)) == sent
    assert len(x.stub.asked("GET")) == 3


def test_old_direct_messages_are_not_read(x: Platform) -> None:
    x.now, x.page = NOW - timedelta(hours=1), 2
    adapter = channel(x)
    for n in range(9):
        adapter.send(sending(DIRECT, f"text {n}"))

    assert adapter.look(sending(DIRECT, tried_at=TRIED)) is None
    assert len(x.stub.asked("GET")) == 1


@pytest.mark.parametrize(
    ("planned", "error"),
    [("after", RetryLater), (problem(503), RetryLater), (problem(429), RetryLater), (problem(401), Paused)],
)
def test_trouble_with_looking_is_no_verdict(x: Platform, planned: Said | Break, error: type[Trouble]) -> None:
    x.stub.plan.append(planned)

    with pytest.raises(error):
        channel(x).look(sending(POST, tried_at=TRIED))
