"""TikTok's comments, what becomes of them, and mentions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tiktok_calls import ACME, ACME_FR, ANA, BEN, RECEIVED, compact, fixture, message, parse, post, tiktok

from bridge.message import Message, Person
from bridge.ports import Skipped, Unreadable

COMMENT = Message(
    channel="tiktok",
    connection="acme-tiktok",
    account=ACME,
    id="7400000000000000001",
    kind="comment",
    author=Person(id=ANA),
    thread="7400000000000000001",
    reply_to="7399999999999999999",
    text="Mine broke after a day",
    url="https://www.tiktok.com/player/v1/7399999999999999999",
    sent_at=datetime(2026, 10, 26, 7, 33, 20, 456000, UTC),
    received_at=RECEIVED,
    public=True,
    notes={"video": "7399999999999999999"},
)


def raw(name: str) -> bytes:
    return compact(fixture(name)["content"])


# --- comments ---------------------------------------------------------------------------------------------------


def test_a_comment_at_the_top_begins_its_own_thread() -> None:
    assert message(fixture("comment")) == replace(COMMENT, raw=raw("comment"))


def test_an_answer_to_a_comment_stands_in_its_thread() -> None:
    found = message(fixture("comment_reply"))

    assert found == replace(
        COMMENT,
        id="7400000000000000003",
        author=Person(id=BEN),
        reply_to="7400000000000000001",
        text="Mine too",
        raw=raw("comment_reply"),
    )
    assert found.thread == message(fixture("comment")).thread


def test_what_we_answer_is_ours_and_points_at_the_comment() -> None:
    assert message(fixture("comment_own")) == replace(
        COMMENT,
        id="7400000000000000005",
        author=Person(id=ACME.id, is_self=True),
        reply_to="7400000000000000001",
        text="Please write us a message",
        raw=raw("comment_own"),
    )


def test_another_account_of_ours_speaks_for_us_in_public() -> None:
    assert message(fixture("comment", unique_identifier=ACME_FR.id)).author.is_self


def test_ids_above_2_to_the_53_keep_every_digit_as_numbers_and_as_text() -> None:
    content = (
        rb"{\"comment_id\": 9223372036854775807, \"video_id\": 9007199254740993, "
        rb"\"parent_comment_id\": \"9007199254740995\", \"comment_action\": \"insert\"}"
    )
    body = b'{"event": "comment.update", "user_openid": "-000AcmeDeOpenId01", "content": "%s"}' % content

    (found,) = tiktok().parse(post(body))

    assert isinstance(found, Message)
    assert (found.id, found.reply_to) == ("9223372036854775807", "9007199254740995")
    assert found.url == "https://www.tiktok.com/player/v1/9007199254740993"


@pytest.mark.parametrize("parent", [0, "0", "", None])
def test_no_comment_above_is_written_in_many_ways(parent: object) -> None:
    found = message(fixture("comment", parent_comment_id=parent))

    assert (found.thread, found.reply_to) == (COMMENT.thread, COMMENT.reply_to)


def test_a_time_in_seconds_is_the_same_time() -> None:
    assert message(fixture("comment", timestamp=1793000000)).sent_at == datetime(
        2026, 10, 26, 7, 33, 20, tzinfo=UTC
    )


def test_a_comment_without_words_arrives_empty() -> None:
    assert message(fixture("comment", text=None)).text == ""


def test_a_handle_of_ours_leads_to_the_videos_own_page() -> None:
    document = {**fixture("comment"), "user_openid": ACME_FR.id}

    assert message(document).url == "https://www.tiktok.com/@acme_fr/video/7399999999999999999"


def test_a_hostile_video_id_stays_within_its_address() -> None:
    found = message({**fixture("comment", video_id="1/../?a#b"), "user_openid": ACME_FR.id})

    assert found.url == "https://www.tiktok.com/@acme_fr/video/1%2F..%2F%3Fa%23b"
    assert message(fixture("comment", video_id=None)).url == ""


def test_a_content_that_is_an_object_is_read_too() -> None:
    found = tiktok().parse(post(compact(fixture("content_object"))))

    assert found == [message(fixture("content_object"))]


def test_a_deletion_says_no_more_what_the_comment_said() -> None:
    found = message(fixture("comment_deleted"))

    content = {key: value for key, value in fixture("comment_deleted")["content"].items() if key != "text"}
    assert found == replace(
        COMMENT,
        change="deleted",
        text="",
        sent_at=datetime(2026, 10, 26, 7, 35, tzinfo=UTC),
        raw=compact(content),
    )


HIDINGS = {
    "comment_hidden": ("hidden", "1793000200000", datetime(2026, 10, 26, 7, 36, 40, tzinfo=UTC)),
    "comment_friends": ("hidden", "1793000300000", datetime(2026, 10, 26, 7, 38, 20, tzinfo=UTC)),
    "comment_public": ("unhidden", "1793000400000", datetime(2026, 10, 26, 7, 40, tzinfo=UTC)),
}


@pytest.mark.parametrize("name", HIDINGS)
def test_hiding_and_showing_have_the_time_of_the_event_as_version(name: str) -> None:
    change, version, when = HIDINGS[name]

    found = message(fixture(name))

    assert found == replace(COMMENT, change=change, version=version, sent_at=when, raw=raw(name))  # type: ignore[arg-type]


def test_hiding_twice_is_two_events_and_hiding_again_is_one() -> None:
    names = ("comment", "comment_deleted", *HIDINGS)

    keys = [message(fixture(name)).key for name in (*names, *names)]

    assert keys[:5] == keys[5:]
    assert len(set(keys)) == 5


def test_hiding_without_a_time_takes_the_one_of_its_callback() -> None:
    document = fixture("comment_hidden", timestamp=None)

    assert message(document).version == "1793000000"
    assert parse({**document, "create_time": None}) == [
        Unreadable(item=compact(document["content"]), error="comment.update: timestamp is missing")
    ]


def test_an_action_that_nobody_knows_is_skipped_by_name() -> None:
    found = parse(fixture("comment", comment_action="pin"))

    assert found == [Skipped(reason="unknown_event", event="comment.update:pin")]


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"comment_id": None}, "comment_id is missing"),
        ({"comment_id": 0}, "comment_id is missing"),
        ({"comment_id": 7.4e18}, "comment_id is a fraction, expected text or a whole number"),
        ({"comment_action": None}, "comment_action is missing"),
        ({"text": {"body": "x"}}, "text is an object, expected text"),
        ({"unique_identifier": []}, "unique_identifier is a list, expected text or a whole number"),
    ],
)
def test_what_must_not_be_guessed_is_unreadable_and_says_why(changed: dict[str, object], error: str) -> None:
    document = fixture("comment", **changed)

    assert parse(document) == [Unreadable(item=compact(document["content"]), error=f"comment.update: {error}")]


# --- comments that may be answered in private -------------------------------------------------------------------


def test_a_high_intent_comment_is_the_same_comment() -> None:
    found = message(fixture("high_intent"))

    assert found == replace(
        COMMENT,
        author=Person(id=ANA, handle="ana_b"),
        reply_to="",
        text="How much is it?",
        url="",
        sent_at=datetime(2026, 10, 26, 7, 33, 20, 400000, UTC),
        notes={},
        raw=raw("high_intent"),
    )
    assert (found.key, found.thread) == (message(fixture("comment")).key, message(fixture("comment")).thread)


def test_a_high_intent_comment_knows_its_author_by_either_id() -> None:
    assert message(fixture("high_intent", unique_identifier=None)).author.id == ANA


# --- mentions ---------------------------------------------------------------------------------------------------

MENTION = replace(
    COMMENT,
    id="7388888888888888801",
    kind="mention",
    thread="7388888888888888801",
    reply_to="",
    text="Never again @acme",
    url="https://www.tiktok.com/@ana_b/video/7388888888888888801",
    sent_at=datetime(2026, 10, 26, 4, 46, 40, tzinfo=UTC),
    notes={},
)
HEARD = datetime(2026, 10, 26, 7, 33, 20, tzinfo=UTC)


def test_a_mention_in_a_caption_is_the_video() -> None:
    assert message(fixture("mention_video")) == replace(MENTION, raw=raw("mention_video"))


def test_a_mention_in_a_comment_is_the_comment_without_its_words() -> None:
    assert message(fixture("mention_comment")) == replace(
        MENTION,
        id="7388888888888888999",
        author=Person(id=BEN),
        thread="7388888888888888999",
        reply_to="7388888888888888801",
        text="",
        sent_at=HEARD,
        notes={"video": "7388888888888888801"},
        raw=raw("mention_comment"),
    )


def test_a_mention_by_the_older_name_is_read_too() -> None:
    assert message(fixture("mention_older")) == replace(
        MENTION,
        id="7388888888888888998",
        author=Person(),
        thread="7388888888888888998",
        reply_to="7388888888888888801",
        text="",
        url="",
        sent_at=HEARD,
        notes={"video": "7388888888888888801"},
        raw=raw("mention_older"),
    )


@pytest.mark.parametrize("called", ["VIDEO_MENTION", "VIDEO MENTION", "video_mention", None])
def test_a_mention_in_a_video_is_spelled_in_many_ways(called: object) -> None:
    assert message(fixture("mention_video", mention_type=called)).id == MENTION.id


def test_an_edited_caption_is_an_edit_of_the_video() -> None:
    assert message(fixture("mention_edited")) == replace(
        MENTION,
        change="edited",
        version="1793003600",
        text="Never ever again @acme",
        sent_at=datetime(2026, 10, 26, 8, 33, 20, tzinfo=UTC),
        raw=raw("mention_edited"),
    )


def test_what_else_becomes_of_a_mention_is_skipped_by_name() -> None:
    found = [*parse(fixture("mention_private")), *parse(fixture("mention_comment", type_of_event="EDIT"))]

    assert found == [
        Skipped(reason="system", event="brand.mention.event:PRIVACY_CHANGE"),
        Skipped(reason="system", event="brand.mention.event:EDIT"),
    ]


@pytest.mark.parametrize(
    ("name", "changed", "error"),
    [
        ("mention_video", {"video_id": 0}, "video_id is missing"),
        ("mention_comment", {"comment_id": "0"}, "comment_id is missing"),
        ("mention_video", {"video_caption": 1}, "video_caption is a number, expected text"),
    ],
)
def test_a_mention_of_nothing_is_unreadable(name: str, changed: dict[str, object], error: str) -> None:
    document = fixture(name, **changed)

    assert parse(document) == [
        Unreadable(item=compact(document["content"]), error=f"brand.mention.event: {error}")
    ]
