"""A Page: what was missed is read from its posts and conversations, with the keys that callbacks give."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from meta_calls import PAGE, fixture, parse
from page_platform import CREDENTIALS, DEAD, MADE_AT, OURS, Facebook, adapter, platform, received, refused
from stub import Stub

from bridge.errors import Paused, Rejected, RetryLater
from bridge.message import Attachment, Message, Person
from bridge.ports import Credentials, Unreadable

SINCE = datetime(2026, 10, 26, 7, 0, tzinfo=UTC)
BEFORE = "2026-10-26T06:59:59+0000"
DURING = "2026-10-26T07:33:20+0000"
ANA = {"id": "6100000001", "name": "Ana Ruiz"}
POST: dict[str, Any] = {
    "id": "10150001_900100",
    "message": "Our new grinder",
    "from": OURS,
    "permalink_url": "https://fb/p/1",
}


def events(stub: Stub) -> list[Any]:
    return [one for some in adapter(stub).backfill(PAGE.id, CREDENTIALS, SINCE) for one in some]


def keys(*names: str) -> list[str]:
    found = [one for name in names for one in parse(fixture(name))]
    return [one.key for one in found if isinstance(one, Message)]


def with_history(there: Facebook) -> None:
    """What the callbacks of the fixtures told, and older things around it."""
    comment, visit, said, echo = (received(one) for one in ("comment_add", "visitor_post", "text", "echo"))
    there.feed = [
        {"id": visit.id, "message": visit.text, "from": ANA, "created_time": DURING, "updated_time": DURING},
        {**POST, "created_time": BEFORE, "updated_time": DURING},
        {**POST, "id": "10150001_900050", "created_time": BEFORE, "updated_time": BEFORE},
    ]
    there.comments[comment.thread] = [
        {"id": comment.id, "message": comment.text, "from": ANA, "created_time": DURING},
        {"id": "900100_1", "message": "First!", "from": ANA, "created_time": BEFORE},
    ]
    there.said[said.thread] = [
        {"id": echo.id, "message": echo.text, "from": OURS, "to": {"data": [{"id": said.thread}]}}
        | {"created_time": DURING},
        {"id": said.id, "message": said.text, "from": {"id": said.thread}, "to": {"data": [OURS]}}
        | {"created_time": DURING},
        {"id": "m_Old", "message": "hi", "from": {"id": said.thread}, "created_time": BEFORE},
    ]
    there.updated = {said.thread: DURING, "24000000002": BEFORE}


def test_what_was_missed_has_the_keys_of_the_callbacks() -> None:
    with platform() as (there, stub):
        with_history(there)

        found = [one.key for one in events(stub)]

        assert sorted(found) == sorted(keys("visitor_post", "comment_add", "echo", "text"))
        assert stub.writes == []
        assert all("access_token" not in call.query for call in stub.calls)


def test_what_was_missed_reads_as_the_callback_would_have() -> None:
    with platform() as (there, stub):
        with_history(there)
        shown = {"type": "photo", "media": {"image": {"src": "https://cdn.example.com/p.jpg"}}}
        there.comments[POST["id"]][0] |= {"attachment": shown, "parent": {"id": "900100_1"}}

        (found,) = [one for one in events(stub) if one.kind == "comment"]

        assert found == Message(
            channel="facebook",
            connection="backfill",
            account=PAGE,
            id="900100_777001",
            kind="comment",
            author=Person(id="6100000001", name="Ana Ruiz"),
            thread="10150001_900100",
            reply_to="900100_1",
            text=found.text,
            url="https://fb/p/1",
            attachments=(Attachment(kind="image", url="https://cdn.example.com/p.jpg"),),
            sent_at=datetime(2026, 10, 26, 7, 33, 20, tzinfo=UTC),
            received_at=SINCE,
            public=True,
            raw=found.raw,
        )


def test_a_conversation_that_was_missed_tells_both_sides_and_its_files() -> None:
    files = [
        {"mime_type": "image/jpeg", "name": "a.jpg", "image_data": {"url": "https://cdn/a.jpg"}},
        {"mime_type": "video/mp4", "video_data": {"url": "https://cdn/b.mp4"}},
        {"mime_type": "application/pdf", "name": "c.pdf", "file_url": "https://cdn/c.pdf"},
    ]
    with platform() as (there, stub):
        with_history(there)
        newest, asked, _ = there.said["24000000001"]
        asked |= {"message": "", "attachments": {"data": files}, "sticker": "https://cdn/d.png"}

        ours, theirs = (one for one in events(stub) if one.channel == "messenger")

        assert (ours.author, ours.thread, ours.text) == (
            Person(id=PAGE.id, is_self=True),
            "24000000001",
            newest["message"],
        )
        assert (theirs.author, theirs.thread, theirs.kind) == (Person(id="24000000001"), "24000000001", "direct")
        assert theirs.attachments == (
            Attachment(kind="image", url="https://cdn/a.jpg", name="a.jpg"),
            Attachment(kind="video", url="https://cdn/b.mp4"),
            Attachment(kind="file", url="https://cdn/c.pdf", name="c.pdf"),
            Attachment(kind="sticker", url="https://cdn/d.png"),
        )


def test_a_conversation_ends_where_meta_tells_ids_only() -> None:
    with platform() as (there, stub):
        with_history(there)
        there.said["24000000001"][2:] = [{"id": f"m_Old{n}"} for n in range(20)]

        found = [one.key for one in events(stub) if one.channel == "messenger"]

        assert found == keys("echo", "text")
        assert len(stub.asked("GET", "/v25.0/t_24000000001/messages")) == 2


def test_one_that_cannot_be_read_is_unreadable_among_its_neighbours() -> None:
    with platform() as (there, stub):
        with_history(there)
        there.comments[POST["id"]].insert(0, {"id": ["x"], "created_time": MADE_AT, "from": "?", "parent": 7})

        found = events(stub)

        assert [type(one) for one in found].count(Unreadable) == 1
        assert len(found) == 5


@pytest.mark.parametrize(
    ("said", "error"), [(DEAD, Paused), (refused(80006, 400), RetryLater), (refused(2, 500), RetryLater)]
)
def test_a_backfill_that_is_stopped_says_why_and_keeps_what_it_had(said: Any, error: type[Exception]) -> None:
    with platform() as (there, stub):
        with_history(there)
        stub.plan.extend([None, said])
        told = adapter(stub).backfill(PAGE.id, CREDENTIALS, SINCE)

        first = next(told)
        with pytest.raises(error):
            next(told)

        assert [one.key for one in first if isinstance(one, Message)] == keys("visitor_post")


@pytest.mark.parametrize(
    ("refuses", "kept"),
    [
        ("/feed", ["echo", "text"]),
        ("/10150001_900100/comments", ["visitor_post", "echo", "text"]),
        ("/t_24000000001/messages", ["visitor_post", "comment_add"]),
        ("/conversations", ["visitor_post", "comment_add"]),
    ],
)
def test_what_is_refused_keeps_nothing_else(refuses: str, kept: list[str]) -> None:
    found = list[Any]()
    with platform() as (there, stub):
        with_history(there)
        stub.answer = lambda call: refused(10, 403) if call.path.endswith(refuses) else there.answer(call)
        pages = adapter(stub).backfill(PAGE.id, CREDENTIALS, SINCE)

        with pytest.raises(Rejected, match="lacks a permission"):
            found.extend(one for some in pages for one in some)

    assert sorted(one.key for one in found) == sorted(keys(*kept))


def test_a_backfill_needs_a_token() -> None:
    with platform() as (_, stub), pytest.raises(Rejected, match="holds no token"):
        list(adapter(stub).backfill(PAGE.id, Credentials(), SINCE))


def test_a_list_that_leads_back_to_itself_ends() -> None:
    with platform() as (there, stub):
        with_history(there)
        there.largest_page = 0

        assert events(stub) == []
        assert len(stub.calls) < 5
