"""What was missed of X is read, and is the very same that its callbacks bring."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr
from stub import Break, Said
from x_calls import ACME, ANA, activity, fixture, message, payload
from x_platform import NOW, OWN, Platform, channel, platform, problem

from bridge.errors import Paused, Rejected, RetryLater
from bridge.message import Message
from bridge.ports import Credentials, Event, Skipped, Unreadable

SINCE = datetime(2026, 10, 26, tzinfo=UTC)


@pytest.fixture
def x() -> Iterator[Platform]:
    with platform() as held:
        yield held


def listed(name: str) -> dict[str, Any]:
    """A fixture's direct message as X lists it."""
    item = payload(name)["direct_message_events"][0]
    created = item["message_create"]
    return {
        "id": item["id"],
        "event_type": "MessageCreate",
        "text": created["message_data"]["text"],
        "sender_id": created["sender_id"],
        "dm_conversation_id": f"{ACME.id}-{ANA}",
        "created_at": "2026-10-26T07:33:20.123Z",
        "entities": created["message_data"]["entities"],
    }


MENTIONS = ["mention", "reply", "edited", "long"]
DIRECTS = ["dm_received", "dm_sent"]


def missed(x: Platform, since: datetime = SINCE, credentials: Credentials | None = None) -> list[Event]:
    pages = channel(x).backfill(ACME.id, credentials or OWN[ACME.id], since)
    return [event for page in pages for event in page]


def keys(events: list[Event]) -> list[str]:
    assert all(isinstance(one, Message) for one in events), events
    return [one.key for one in events if isinstance(one, Message)]


@pytest.mark.parametrize("page", [100, 1])
def test_what_was_missed_has_the_keys_that_callbacks_give_oldest_first(x: Platform, page: int) -> None:
    x.mentions, x.directs, x.page = [payload(one) for one in MENTIONS], [listed(one) for one in DIRECTS], page

    found = missed(x)

    assert keys(found) == [message(fixture(one)).key for one in MENTIONS + DIRECTS]
    assert x.stub.writes == []


def test_what_was_missed_is_the_same_message(x: Platform) -> None:
    x.mentions, x.beside = [payload("mention")], fixture("mention")["data"]["includes"]

    (mention,) = missed(x)

    told = message(fixture("mention"))
    assert isinstance(mention, Message)
    assert replace(mention, connection=told.connection, received_at=told.received_at) == told


def test_a_listed_direct_message_is_the_same_message(x: Platform) -> None:
    event = listed("dm_received")
    x.directs = [event | {"text": "help &amp; hurry"}]

    (direct,) = missed(x)

    told = message(fixture("dm_received"))
    assert isinstance(direct, Message)
    same = replace(direct, connection=told.connection, received_at=told.received_at, raw=told.raw)
    assert same == replace(told, attachments=())


def test_only_what_came_since_then_is_read(x: Platform) -> None:
    x.mentions = [payload("mention") | {"created_at": "2026-10-25T23:59:59.000Z"}, payload("reply")]
    x.directs = [listed("dm_received") | {"created_at": "2026-10-25T23:59:59.000Z"} for _ in range(9)]
    x.directs.append(listed("dm_sent"))
    x.page = 2

    found = missed(x)

    assert keys(found) == [message(fixture(one)).key for one in ("reply", "dm_sent")]
    assert len(x.stub.asked("GET", "/2/dm_events")) == 1


def test_pictures_of_listed_messages_come_along(x: Platform) -> None:
    url = "https://ton.x.com/i/ton/data/dm/1/2/a.jpg"
    one = listed("dm_received") | {"attachments": {"media_keys": ["3_1", "3_2", 7]}}
    page = {"data": [one], "includes": {"media": [{"media_key": "3_1", "type": "photo", "url": url}]}}
    x.stub.plan += [None, Said(body=page)]

    (found,) = missed(x)

    assert isinstance(found, Message)
    assert [(a.kind, a.url, a.id) for a in found.attachments] == [("image", url, "1/2/a.jpg")]


def test_one_broken_item_spoils_none_of_its_neighbours(x: Platform) -> None:
    x.mentions = [payload("mention"), payload("reply") | {"id": []}]
    x.directs = [
        listed("dm_received"),
        listed("dm_sent") | {"dm_conversation_id": "1578398451921985538"},
        listed("dm_received") | {"id": None},
    ]

    found = missed(x)

    assert [type(one) for one in found] == [Message, Unreadable, Message, Skipped, Unreadable]


@pytest.mark.parametrize(
    ("planned", "error"),
    [
        (problem(429, x_rate_limit_reset=f"{NOW.timestamp() + 90:.0f}"), RetryLater),
        ("after", RetryLater),
        (problem(401), Paused),
        (problem(403), Rejected),
    ],
)
def test_a_throttle_goes_up_after_all_that_was_read(
    x: Platform, planned: Said | Break, error: type[Exception]
) -> None:
    x.mentions, x.page = [payload(one) for one in MENTIONS], 2
    x.stub.plan += [None, planned]
    pages = channel(x).backfill(ACME.id, OWN[ACME.id], SINCE)

    first = next(pages)

    assert keys(first) == [message(fixture(one)).key for one in MENTIONS[2:]]
    with pytest.raises(error):
        next(pages)


def test_without_a_token_nothing_can_be_read(x: Platform) -> None:
    with pytest.raises(Rejected, match="holds no token"):
        missed(x, credentials=Credentials(refresh=SecretStr("of no use")))


def test_a_repost_in_the_list_is_skipped(x: Platform) -> None:
    x.mentions = [payload("repost")]

    assert missed(x) == [Skipped(reason="reaction", event="repost")]


def test_what_is_listed_and_what_is_called_back_may_come_in_any_order(x: Platform) -> None:
    x.mentions = [payload("mention")]

    (again,) = missed(x)

    called = message(activity("post.reply.create", payload("mention")))
    assert isinstance(again, Message)
    assert (again.key, again.kind, again.side) == (called.key, called.kind, called.side)
