"""Agents' replies go out on X: in public, in private, once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stub import Said
from x_calls import ACME, ANA
from x_platform import (
    DIRECT,
    NOW,
    OWN,
    POST,
    PROBLEMS,
    Platform,
    asked,
    channel,
    platform,
    problem,
    sending,
)

from adapters.x.faults import FAULTS, refused, rest
from bridge.calling import Answered, Means
from bridge.errors import Paused, Rejected, RetryLater, Trouble, Unsure
from bridge.measuring import measure
from bridge.message import Message, Person
from bridge.ports import Credentials, Sent, Way

PAGE = (Path(__file__).parents[2] / "docs" / "channels" / "x.md").read_text(encoding="utf-8")
PUBLIC = Way(most=280, unit="weighted", split=False)
PRIVATE = Way(most=10_000, unit="characters", split=True)
FIRST = "2090000000000000001"
TRIED = NOW - timedelta(seconds=40)


@pytest.fixture
def x() -> Iterator[Platform]:
    with platform() as held:
        yield held


def way(x: Platform, to: Message, *, private: bool = False, **settings: Any) -> Way | str:
    found = channel(x, **settings).way(to, private=private, heard_at=NOW - timedelta(days=400))
    return str(found) if isinstance(found, Rejected) else found


# --- the way ---


@pytest.mark.parametrize("kind", ["mention", "reply", "quote"])
def test_whoever_calls_the_handle_is_answered_in_public_at_any_time(x: Platform, kind: Any) -> None:
    assert way(x, replace(POST, kind=kind)) == PUBLIC
    assert way(x, replace(POST, kind=kind), longest_post=25_000) == replace(PUBLIC, most=25_000)


def test_who_does_not_call_it_is_answered_only_where_the_contract_allows_it(x: Platform) -> None:
    found = replace(POST, kind="post")

    assert way(x, found) == FAULTS["not mentioned"].says
    assert way(x, found, summoned_only=False) == PUBLIC


def test_a_direct_message_is_answered_by_one_and_a_post_may_be(x: Platform) -> None:
    assert (
        way(x, DIRECT) == way(x, POST, private=True) == way(x, replace(POST, kind="post"), private=True) == PRIVATE
    )


def test_nobody_in_particular_gets_no_direct_message(x: Platform) -> None:
    assert way(x, replace(POST, author=Person()), private=True) == (
        "X does not say who wrote this, so nobody can be written to: answer on X itself."
    )


def test_an_encrypted_chat_is_answered_on_x_only(x: Platform) -> None:
    assert way(x, replace(DIRECT, notes={"encrypted": "yes"})) == (
        "The customer wrote in X's encrypted chat, which no app can answer: answer on X itself."
    )


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("a" * 280, 280),
        ("ä" * 280, 280),
        ("日" * 140, 280),
        ("👩‍👩‍👧‍👦" * 140, 280),
        ("a" * 256 + " https://shop.example.com/" + "a" * 300, 280),
    ],
)
def test_a_public_reply_may_just_be_so_long(text: str, length: int) -> None:
    assert (measure(text, PUBLIC.unit), measure(f"{text}a" if "/" not in text else f"a{text}", PUBLIC.unit)) == (
        length,
        length + 1,
    )


# --- sending ---


def test_a_public_reply_answers_the_post_and_its_echo_has_its_id(x: Platform) -> None:
    sent = channel(x).send(sending(POST))

    assert sent == Sent(id=FIRST, url=f"https://x.com/Acme/status/{FIRST}")
    answering = {"in_reply_to_tweet_id": POST.id, "auto_populate_reply_metadata": True}
    assert [asked(call) for call in x.stub.calls] == [
        ("POST", "/2/tweets", {"text": "We look into it", "reply": answering})
    ]
    assert x.echo().id == sent.id


@pytest.mark.parametrize("to", [DIRECT, POST], ids=["to a direct message", "to a post"])
def test_a_direct_message_goes_to_the_customer_and_its_echo_has_its_id(x: Platform, to: Message) -> None:
    sent = channel(x).send(sending(to, private=True))

    assert sent == Sent(id=f"dm:{FIRST}", url=f"https://x.com/messages/{ACME.id}-{ANA}")
    assert [asked(call) for call in x.stub.calls] == [
        ("POST", f"/2/dm_conversations/with/{ANA}/messages", {"text": "We look into it"})
    ]
    assert (x.echo().id, x.echo().url, x.echo().thread) == (sent.id, sent.url, ANA)


def test_of_an_edited_post_the_version_is_answered_that_was_read(x: Platform) -> None:
    channel(x).send(sending(replace(POST, change="edited", version="2080000000000000109")))

    assert x.posts[0]["referenced_tweets"] == [{"type": "replied_to", "id": "2080000000000000109"}]


def test_without_a_handle_the_address_works_all_the_same(x: Platform) -> None:
    assert channel(x).send(sending(replace(POST, account=ACME))).url == f"https://x.com/i/status/{FIRST}"


@pytest.mark.parametrize("text", ["see https://acme.example/help", "see acme.example/help"])
def test_links_can_be_switched_off_in_public(x: Platform, text: str) -> None:
    adapter = channel(x, allow_links=False)

    with pytest.raises(Rejected, match="Links in public replies are switched off"):
        adapter.send(sending(POST, text))
    adapter.send(sending(DIRECT, text))
    adapter.send(sending(POST, "no link. none"))

    assert [call.path for call in x.stub.calls] == [f"/2/dm_conversations/with/{ANA}/messages", "/2/tweets"]


@pytest.mark.parametrize(
    ("credentials", "settings", "missing"),
    [
        (Credentials(), {}, "no token and no token_secret"),
        (replace(OWN[ACME.id], secret=None), {}, "no token_secret"),
        (OWN[ACME.id], {"consumer_key": None}, "no consumer_key"),
    ],
)
def test_without_its_token_the_handle_cannot_answer(
    x: Platform, credentials: Credentials, settings: dict[str, Any], missing: str
) -> None:
    with pytest.raises(Rejected, match=f"connections.yaml holds {missing} for this account"):
        channel(x, **settings).send(sending(POST, credentials=credentials))

    assert x.stub.calls == []


def test_after_a_rotation_the_new_secret_signs(x: Platform) -> None:
    adapter = channel(x, consumer_secret=["new-secret", "consumer-secret-of-acme"])

    with pytest.raises(Paused):
        adapter.send(sending(POST))


# --- errors ---

MEANS: dict[Means, type[Trouble]] = {
    "throttled": RetryLater,
    "temporary": Unsure,
    "token": Paused,
    "refused": Rejected,
}

ANSWERS: dict[str, Said] = {
    "400": problem(400),
    "invalid-request": problem(400, f"{PROBLEMS}invalid-request", "One or more parameters was invalid."),
    "401": problem(401),
    "402": problem(402, f"{PROBLEMS}credits", "Your account does not have any credits."),
    "403": problem(403, detail="You are not permitted to perform this action."),
    "404": problem(404),
    "resource-not-found": problem(404, f"{PROBLEMS}resource-not-found"),
    "not-authorized-for-resource": problem(403, f"{PROBLEMS}not-authorized-for-resource"),
    "client-forbidden": problem(403, "https://api.twitter.com/2/problems/client-forbidden"),
    "oauth1-permissions": problem(403, f"{PROBLEMS}oauth1-permissions"),
    "unsupported-authentication": problem(403, f"{PROBLEMS}unsupported-authentication"),
    "not mentioned": problem(403, detail="Reply is not allowed because you have not been mentioned."),
    "replies limited": problem(403, detail="The original Tweet author restricted who can reply to this Tweet."),
    "post gone": problem(400, f"{PROBLEMS}invalid-request", "… a Tweet that is deleted or not visible to you."),
    "duplicate content": problem(403, detail="You are not allowed to create a Tweet with duplicate content."),
    "messages closed": problem(403, detail="You do not have permission to DM one or more participants."),
    "too long": Said(status=403, body={"errors": [{"code": 186, "message": "Tweet needs to be a bit shorter."}]}),
    "automated": Said(status=403, body={"errors": [{"code": 226, "message": "…"}]}),
    "account locked": Said(status=403, body={"errors": [{"code": 326, "message": "To protect our users …"}]}),
    "429": Said(status=429, body=b"Too Many Requests"),
    "rate-limit-exceeded": problem(429, f"{PROBLEMS}rate-limit-exceeded"),
    "usage-capped": problem(429, f"{PROBLEMS}usage-capped"),
    "500": problem(500),
    "502": problem(502),
    "503": problem(503),
    "504": problem(504),
}


def test_every_error_has_its_answer_here() -> None:
    assert list(ANSWERS) == list(FAULTS)


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("to", [POST, DIRECT], ids=["public", "private"])
def test_an_error_means_what_the_table_says(x: Platform, name: str, to: Message) -> None:
    x.stub.plan.append(ANSWERS[name])

    with pytest.raises(Trouble) as caught:
        channel(x).send(sending(to))

    assert (type(caught.value), str(caught.value)) == (
        MEANS[FAULTS[name].means],
        f"{FAULTS[name].says} (error {name})",
    )


def test_the_page_has_exactly_these_errors() -> None:
    table = PAGE[PAGE.index("| Code |") :].partition("\n\n")[0]

    rows = [tuple(re.findall(r"\| ([^|]+?) (?=\|)", line)) for line in table.splitlines()[2:]]

    assert rows == [(f"`{name}`", fault.means, fault.says) for name, fault in FAULTS.items()]


def test_an_error_that_nobody_has_written_down_is_still_one(x: Platform) -> None:
    x.stub.plan.append(Said(status=418, body=b"<html>"))

    with pytest.raises(Rejected, match=re.escape("The platform refuses it. (error 418)")):
        channel(x).send(sending(POST))


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.sampled_from([*FAULTS, PROBLEMS]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(["type", "detail", "title", "errors", "code", "message", "status"])


@given(st.dictionaries(NAMES, VALUES) | VALUES, st.integers(300, 599))
def test_whatever_x_answers_is_trouble_of_some_kind(body: object, status: int) -> None:
    answer = Answered(
        status=status, body=json.dumps({"errors": [body]} if isinstance(body, int) else body).encode()
    )

    assert isinstance(refused(answer), Trouble)


RESET = f"{NOW.timestamp() + 90:.0f}"
DAY = f"{NOW.timestamp() + 86_400:.0f}"


@pytest.mark.parametrize(
    ("headers", "after"),
    [
        ({"x-rate-limit-reset": RESET}, timedelta(seconds=90)),
        ({"x-rate-limit-reset": RESET, "x-rate-limit-remaining": "0"}, timedelta(seconds=90)),
        ({"x-user-limit-24hour-remaining": "0", "x-user-limit-24hour-reset": DAY}, timedelta(hours=1)),
        (
            {"x-user-limit-24hour-remaining": "7", "x-user-limit-24hour-reset": DAY, "x-rate-limit-reset": RESET},
            timedelta(seconds=90),
        ),
        ({"x-rate-limit-reset": "1"}, timedelta(minutes=1)),
        ({"x-rate-limit-reset": "soon"}, timedelta(minutes=1)),
        ({"x-rate-limit-reset": "9" * 30}, timedelta(minutes=1)),
        ({"retry-after": "120"}, timedelta(minutes=2)),
    ],
)
def test_a_throttle_ends_when_x_says(x: Platform, headers: dict[str, str], after: timedelta) -> None:
    x.stub.plan.append(Said(status=429, headers=headers))

    with pytest.raises(RetryLater) as caught:
        channel(x).send(sending(POST))

    assert (caught.value.after, caught.value.counts) == (after, False)


def test_without_x_clock_its_reset_says_nothing() -> None:
    headers = {"x-rate-limit-reset": RESET, "retry-after": "7"}

    assert rest(Answered(status=429, headers=headers)) == timedelta(seconds=7)
    assert rest(Answered(status=429, headers={"x-rate-limit-reset": RESET})) is None
