"""What was missed of TikTok, fetched with the very keys that callbacks give."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from stub import Said
from tiktok_calls import ACME, ANA, BEN, fixture, message
from tiktok_platform import (
    CREDENTIALS,
    NOW,
    TALK,
    World,
    bad,
    commented,
    good,
    said,
    world,
)

from adapters.tiktok.backfill import CONNECTION
from bridge.errors import Paused, Rejected, RetryLater
from bridge.message import Message, Person
from bridge.ports import Credentials, Event


@pytest.fixture
def tt() -> Iterator[World]:
    with world() as found:
        yield found


THEN = datetime(2026, 10, 26, 7, 33, 20, tzinfo=UTC)
COMMENTS = ("comment", "comment_reply", "comment_own")
DIRECTS = ("dm_text", "dm_image", "dm_sticker", "dm_share_post", "dm_sent", "dm_unknown")


def listed_comment(name: str) -> Any:
    """The comment of a callback, as TikTok lists it."""
    content = fixture(name)["content"]
    below = content["parent_comment_id"]
    one = commented(str(content["comment_id"]), content["text"], THEN, by=content["unique_identifier"])
    return {**one, "owner": name == "comment_own", **({"parent_comment_id": str(below)} if below else {})}


def listed_message(name: str) -> Any:
    """The direct message of a callback, as TikTok lists it."""
    content = fixture(name)["content"]
    one = {key: value for key, value in content.items() if key not in ("type", "from", "to", "unique_identifier")}
    kind = content["type"].upper() if name != "dm_unknown" else "OTHER"
    return {**one, "message_type": kind, "sender": content["from"], "recipient": content["to"]}


def missed(tt: World, since: datetime = THEN) -> list[list[Event]]:
    return list(tt.channel.backfill(ACME.id, CREDENTIALS, since))


def keys(pages: list[list[Event]]) -> list[str]:
    return sorted(one.key for page in pages for one in page if isinstance(one, Message))


def test_what_was_missed_has_the_keys_that_callbacks_give(tt: World) -> None:
    tt.platform.comments = [listed_comment(name) for name in COMMENTS]
    tt.platform.comments[0]["replies"] = 2
    tt.platform.talks = {TALK: [listed_message(name) for name in reversed(DIRECTS)]}
    tt.platform.updated = {TALK: THEN}

    found = missed(tt)

    assert keys(found) == sorted(message(fixture(name)).key for name in (*COMMENTS, *DIRECTS))
    assert all(isinstance(one, Message) for page in found for one in page)


def test_a_missed_message_is_the_one_that_a_callback_brings_with_its_author(tt: World) -> None:
    tt.platform.comments = [listed_comment("comment")]
    tt.platform.talks, tt.platform.updated = {TALK: [listed_message("dm_text")]}, {TALK: THEN}

    events = [one for page in missed(tt) for one in page if isinstance(one, Message)]

    found = [replace(one, received_at=NOW, raw=b"") for one in events]
    comment, direct = (
        replace(message(fixture(name)), received_at=NOW, raw=b"") for name in ("comment", "dm_text")
    )
    ana = Person(id=ANA, name="Ana Brandt", handle="ana_b", avatar="https://media.example.com/ana_b.jpeg")
    dm_ana = replace(ana, avatar="https://media.example.com/ana.jpeg?x-expires=1795592000")
    assert found == [
        replace(comment, connection=CONNECTION, author=ana, sent_at=THEN),
        replace(direct, connection=CONNECTION, author=dm_ana),
    ]
    assert [tt.channel.lacks(one) for one in found] == [(), ()]


def test_only_what_came_since_then_is_fetched(tt: World) -> None:
    before = NOW - timedelta(hours=1)
    early, late = before - timedelta(seconds=1), before + timedelta(seconds=1)
    tt.platform.comments = [commented("1", "x", early), commented("2", "x", late)]
    tt.platform.comments += [commented("3", "x", late, by=BEN, parent_comment_id="1")]
    tt.platform.talks = {TALK: [said("M2", "x", late), said("M1", "x", early)], "old": [said("M0", "x", early)]}
    tt.platform.updated = {TALK: late, "old": early}

    found = missed(tt, before)

    names = ("2:created", "3:created", "M2:created")
    assert keys(found) == [f"tiktok:{ACME.id}:{name}" for name in names]
    assert [call.query["conversation_id"] for call in tt.stub.asked("GET") if "content" in call.path] == [TALK]


def test_all_pages_of_videos_comments_answers_and_conversations_are_read(tt: World) -> None:
    tt.platform.videos = [f"73{n}" for n in range(5)]
    tt.platform.comments = [
        commented(f"74{video}{n}", "x", NOW, replies=7 if n == 0 else 0) | {"video_id": video}
        for video in tt.platform.videos
        for n in range(3)
    ]
    tt.platform.comments += [
        commented(f"75{n}", "x", NOW, parent_comment_id="74730" + "0") | {"video_id": "730"} for n in range(7)
    ]
    tt.platform.talks = {f"Cnv{n}": [said(f"M{n}", "x", NOW, by=ACME.id)] for n in range(5)}
    tt.platform.updated = dict.fromkeys(tt.platform.talks, NOW)

    found = keys(missed(tt))

    assert len(found) == len(set(found)) == 15 + 7 + 5


def test_conversations_that_nobody_answered_are_read_too(tt: World) -> None:
    tt.platform.talks = {"a": [said("M1", "x", NOW)], "b": [said("M2", "x", NOW, by=ACME.id)]}
    tt.platform.updated = {"a": NOW, "b": NOW}

    assert keys(missed(tt)) == [f"tiktok:{ACME.id}:M{n}:created" for n in (1, 2)]


def test_only_what_is_to_be_received_is_fetched() -> None:
    with world(receives=["mentions"]) as tt:
        assert missed(tt) == []
        assert tt.stub.calls == []


@pytest.mark.parametrize(
    ("planned", "raised"),
    [(bad(40100), RetryLater), ("after", RetryLater), (bad(40105), Paused), (bad(40001), Rejected)],
)
def test_what_goes_wrong_on_the_second_page_leaves_the_first(
    tt: World, planned: Said, raised: type[Exception]
) -> None:
    tt.platform.comments = [commented(str(n), "x", NOW) for n in range(1, 4)]
    tt.stub.plan.extend([None, None, planned])
    pages = tt.channel.backfill(ACME.id, CREDENTIALS, THEN)

    first = next(pages)
    with pytest.raises(raised):
        next(pages)

    assert keys([first]) == [f"tiktok:{ACME.id}:{n}:created" for n in (1, 2)]


def test_a_list_that_does_not_end_is_read_to_its_limit_only() -> None:
    with world(receives=["comments"]) as tt:
        tt.platform.videos = ["1"]
        endless = good(comments=[commented("7", "x", NOW)], has_more=True, cursor=0)
        tt.stub.plan.extend([None, *[endless] * 20])

        assert len(missed(tt)) == 17


def test_what_cannot_be_read_is_said_and_its_neighbours_come(tt: World) -> None:
    tt.platform.comments = [commented("1", "x", NOW) | {"text": {"x": 1}}, commented("2", "x", NOW)]

    (page,) = missed(tt)

    assert [type(one).__name__ for one in page] == ["Unreadable", "Message"]


def test_without_a_token_nothing_is_fetched(tt: World) -> None:
    with pytest.raises(Rejected, match="holds no token"):
        tt.channel.backfill(ACME.id, Credentials(), THEN)


@pytest.mark.parametrize("odd", [{"comments": 1}, {"comments": [1, None]}, {}, None])
def test_lists_of_another_shape_hold_nothing(odd: Any) -> None:
    with world(receives=["comments"]) as tt:
        tt.stub.plan.extend([None, Said(body={"code": 0, "data": odd})])

        assert missed(tt) == [[]]
        assert json.loads(tt.stub.calls[0].query["fields"]) == ["item_id", "create_time"]
