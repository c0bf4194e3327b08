"""The page feed: each change becomes the message that it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from meta_calls import OTHER_PAGE, PAGE, RECEIVED, compact, fixture, parse

from bridge.message import Attachment, Message, Person
from bridge.ports import Event, Skipped, Unreadable

ANA = Person(id="6100000901", name="Ana Brandt")
POST = "10150001_900100"
SENT = datetime.fromtimestamp(1793000000, UTC)

COMMENT = Message(
    channel="facebook",
    connection="acme-meta",
    account=PAGE,
    id="900100_777001",
    kind="comment",
    author=ANA,
    thread=POST,
    reply_to=POST,
    text="Still no refund für 3 Wochen 😠",
    url="https://www.facebook.com/10150001/posts/900100",
    attachments=(Attachment(kind="image", url="https://cdn.example.com/receipt.jpg"),),
    sent_at=SENT,
    received_at=RECEIVED,
    public=True,
)
NOBODY = replace(
    COMMENT,
    author=Person(),
    text="",
    url="https://www.facebook.com/900100_777001",
    attachments=(),
    sent_at=None,
)


def events(name: str) -> tuple[list[Event], bytes]:
    """What a fixture with one change comes to, and the change's bytes."""
    document = fixture(name)
    entry = document["entry"][0]
    return parse(document), compact(entry["changes"][0] if "changes" in entry else value_of(entry))


def value_of(entry: dict[str, Any]) -> dict[str, Any]:
    return {"field": entry["field"], "value": entry["value"]}


def change(value: object, field: object = "feed", time: object = 1793000001) -> list[Event]:
    return parse(
        {"object": "page", "entry": [{"id": PAGE.id, "time": time, "changes": [{"field": field, "value": value}]}]}
    )


def message(**value: object) -> Message:
    """The one message that a comment with these values becomes."""
    whole = fixture("comment_add")["entry"][0]["changes"][0]["value"] | value
    (event,) = change({key: held for key, held in whole.items() if held != "absent"})
    assert isinstance(event, Message)
    return event


FIXTURES = {
    "comment_add": COMMENT,
    "flat": COMMENT,
    "comment_reply": replace(
        COMMENT,
        id="900100_777002",
        author=Person(id="6100000902", name="Bo Lund"),
        reply_to="900100_777001",
        text="Me too",
        url="https://www.facebook.com/900100_777002",
        attachments=(),
        sent_at=datetime.fromtimestamp(1793000060, UTC),
    ),
    "comment_edited": replace(
        COMMENT,
        change="edited",
        version="1793000300",
        text="Still no refund, 4 weeks",
        url="https://www.facebook.com/900100_777001",
        attachments=(),
        sent_at=datetime.fromtimestamp(1793000300, UTC),
    ),
    "comment_remove": replace(NOBODY, change="deleted"),
    "comment_hide": replace(NOBODY, change="hidden", version="1793000500"),
    "comment_by_page": replace(
        COMMENT,
        id="900100_777003",
        author=Person(id=PAGE.id, name="Acme", is_self=True),
        reply_to="900100_777001",
        text="We are on it",
        url="https://www.facebook.com/900100_777003",
        attachments=(),
        sent_at=datetime.fromtimestamp(1793000090, UTC),
    ),
    "visitor_post": replace(
        COMMENT,
        id="10150001_900200",
        kind="post",
        thread="10150001_900200",
        reply_to="",
        text="Is the shop in Lyon open?",
        url="https://www.facebook.com/10150001_900200",
        attachments=(
            Attachment(kind="image", url="https://cdn.example.com/1.jpg"),
            Attachment(kind="image", url="https://cdn.example.com/2.jpg"),
            Attachment(kind="link", url="https://shop.example.com/lyon"),
        ),
    ),
    "photo_old_shape": replace(
        COMMENT,
        id="10150001_9007670766",
        kind="post",
        author=Person(id="6100000903", name="Old Shape"),
        thread="10150001_9007670766",
        reply_to="",
        text="Look",
        url="https://www.facebook.com/10150001_9007670766",
        attachments=(Attachment(kind="image", url="https://cdn.example.com/old.jpg"),),
    ),
    "video_without_post": replace(
        COMMENT,
        id="9007670799",
        kind="post",
        change="edited",
        author=Person(id="6100000903", name="Old Shape"),
        thread="9007670799",
        reply_to="",
        text="Listen",
        url="https://www.facebook.com/9007670799",
        attachments=(Attachment(kind="video", url="https://cdn.example.com/old.mp4"),),
        sent_at=None,
    ),
    "event_by_page": replace(
        NOBODY,
        id="10150001_5550001",
        kind="post",
        author=Person(id=PAGE.id, is_self=True),
        thread="10150001_5550001",
        reply_to="",
        url="https://www.facebook.com/10150001_5550001",
        sent_at=SENT,
    ),
    "mention": replace(
        NOBODY,
        id="880077_990088",
        kind="mention",
        thread="880077_990088",
        reply_to="",
        text="Acme never answers",
        url="https://www.facebook.com/880077_990088",
        sent_at=SENT,
    ),
    "mention_in_comment": replace(
        NOBODY,
        id="990088_12",
        kind="mention",
        thread="880077_990088",
        reply_to="880077_990088",
        text="ask Acme",
        url="https://www.facebook.com/990088_12",
        sent_at=SENT,
    ),
    "reaction": Skipped(reason="reaction", event="feed:reaction:add"),
    "rating": replace(
        COMMENT,
        id="904801",
        kind="review",
        thread="904801",
        reply_to="",
        text="Slow",
        rating=1,
        url="https://www.facebook.com/904801",
        attachments=(),
    ),
}


@pytest.mark.parametrize("name", FIXTURES)
def test_a_change_becomes_the_event_that_it_is(name: str) -> None:
    expected = FIXTURES[name]

    found, raw = events(name)

    assert found == [replace(expected, raw=raw) if isinstance(expected, Message) else expected]


@pytest.mark.parametrize(
    ("verb", "expected"),
    [
        ("add", "created"),
        ("edit", "edited"),
        ("edited", "edited"),
        ("remove", "deleted"),
        ("delete", "deleted"),
        ("hide", "hidden"),
        ("unhide", "unhidden"),
    ],
)
def test_verbs_say_what_happened(verb: str, expected: str) -> None:
    assert message(verb=verb).change == expected


@pytest.mark.parametrize("verb", ["block", "unblock", "mute", "follow", "update", "ADD", "x" * 200])
def test_other_verbs_are_skipped_by_name(verb: str) -> None:
    found = change({"item": "video", "verb": verb, "post_id": "1"})

    assert found == [Skipped(reason="unknown_event", event=f"feed:video:{verb}"[:80])]


@pytest.mark.parametrize(
    "item", ["post", "status", "photo", "video", "link", "share", "album", "note", "milestone"]
)
def test_every_kind_of_post_is_a_post(item: str) -> None:
    (event,) = change({"item": item, "verb": "add", "post_id": POST, "from": {"id": ANA.id}})

    assert isinstance(event, Message)
    assert (event.kind, event.id, event.author.is_self) == ("post", POST, False)


def test_what_another_page_of_ours_writes_is_ours_if_it_is_listed() -> None:
    comments = [message(**{"from": {"id": number}}) for number in (OTHER_PAGE.id, "10150003")]
    review = {"item": "rating", "verb": "add", "open_graph_story_id": "9", "reviewer_id": OTHER_PAGE.id}
    (told,) = change(review | {"rating": 5}, field="ratings")

    assert [(one.account, one.author.is_self) for one in comments] == [(PAGE, True), (PAGE, False)]
    assert isinstance(told, Message)
    assert told.author.is_self


def test_other_items_likes_and_fields_are_skipped_by_name() -> None:
    assert change({"item": "coupon", "verb": "add"}) == [Skipped(reason="unknown_event", event="feed:coupon:add")]
    assert change({"item": "like", "verb": "add"}) == [Skipped(reason="reaction", event="feed:like:add")]
    assert change({"leadgen_id": 1}, field="leadgen") == [Skipped(reason="unknown_event", event="leadgen")]
    assert change(None, field="parking\x00") == [Skipped(reason="unknown_event", event="parking\ufffd")]


def review(**value: object) -> Message:
    """What the rating fixture comes to with some of its values changed or added."""
    whole = fixture("rating")["entry"][0]["changes"][0]["value"] | value
    (event,) = change(whole, field="ratings")
    assert isinstance(event, Message)
    return event


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"recommendation_type": "POSITIVE"}, 5),
        ({"recommendation_type": "NEGATIVE"}, 1),
        ({"recommendation_type": "POSITIVE", "rating": 3}, 3),
        ({"rating": "4"}, 4),
        ({"recommendation_type": "NEUTRAL"}, None),
        ({"recommendation_type": None, "rating": 0}, None),
        ({"recommendation_type": None, "rating": 6}, None),
        ({"recommendation_type": [], "rating": {}}, None),
    ],
)
def test_a_review_has_one_to_five_stars_or_an_unknown_number(value: dict[str, object], expected: int) -> None:
    assert review(**value).rating == expected


@pytest.mark.parametrize(("verb", "expected"), [("edit", "edited"), ("edited", "edited"), ("remove", "deleted")])
def test_a_review_is_changed_like_any_message(verb: str, expected: str) -> None:
    assert (review(verb=verb).id, review(verb=verb).change) == ("904801", expected)


def test_edits_of_a_review_without_a_time_are_told_apart_by_stars_and_text() -> None:
    edits = [review(verb="edit", rating=stars, review_text=text) for stars, text in ((2, "a"), (3, "a"), (3, "b"))]

    again = review(verb="edit", rating=2, review_text="a")

    assert len({one.key for one in edits}) == 3
    assert again.key == edits[0].key


@pytest.mark.parametrize("story", [{"open_graph_story_id": 904801}, {"post_id": "6100000901_904801"}])
def test_a_comment_on_a_review_stands_in_the_reviews_thread(story: dict[str, object]) -> None:
    found = [
        *change(
            {"item": "comment", "verb": "add", "comment_id": "904801_1", "message": "Why?"} | story, "ratings"
        ),
        *change(
            {"item": "comment", "verb": "add", "comment_id": "904801_2", "parent_id": "904801_1"} | story,
            "ratings",
        ),
    ]

    assert [(one.kind, one.id, one.thread, one.reply_to) for one in found if isinstance(one, Message)] == [
        ("comment", "904801_1", "904801", "904801"),
        ("comment", "904801_2", "904801", "904801_1"),
    ]


def test_a_comment_on_an_unnamed_review_is_its_own_thread() -> None:
    (found,) = change({"item": "comment", "verb": "add", "comment_id": "904801_1"}, "ratings")

    assert isinstance(found, Message)
    assert (found.thread, found.reply_to) == ("904801_1", "")


def test_what_else_happens_to_reviews_is_skipped_by_name() -> None:
    found = [
        *change({"item": "like", "verb": "add"}, "ratings"),
        *change({"item": "post", "verb": "add"}, "ratings"),
    ]

    assert found == [
        Skipped(reason="system", event="ratings:like:add"),
        Skipped(reason="unknown_event", event="ratings:post:add"),
    ]


def test_a_review_without_a_story_is_unreadable() -> None:
    (found,) = change({"item": "rating", "verb": "add", "review_text": "Slow"}, "ratings")

    assert isinstance(found, Unreadable)
    assert found.error == "changes item: open_graph_story_id is missing"


def test_a_redelivered_edit_is_the_same_and_a_second_edit_is_not() -> None:
    first, again = message(verb="edited", edited_time=1793000300), message(verb="edited", edited_time="1793000300")
    second = message(verb="edited", edited_time=1793000301)

    assert first.key == again.key != second.key


def test_edits_without_a_time_are_told_apart_by_their_text() -> None:
    assert message(verb="edited").version == ""
    assert message(verb="edited", message="A").key != message(verb="edited", message="B").key


def test_hiding_a_second_time_is_a_new_event() -> None:
    value = {"item": "comment", "comment_id": "1_2", "post_id": "1"}

    told = [("hide", 1), ("unhide", 2), ("hide", 3), ("hide", "3")]
    keys = [
        one.key
        for verb, time in told
        for one in change(value | {"verb": verb}, time=time)
        if isinstance(one, Message)
    ]

    assert keys == [f"facebook:10150001:1_2:{end}" for end in ("hidden:1", "unhidden:2", "hidden:3", "hidden:3")]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (1793000000, SENT),
        ("1793000000", SENT),
        (1793000000_000, SENT),
        (1793000000_000_000, SENT),
        (1793000000_000_000_000, SENT),
        ("2026-10-26T07:33:20+0000", SENT),
        ("2026-10-26T07:33:20Z", SENT),
        ("2026-10-26T09:33:20+02:00", SENT),
        ("2026-10-26T07:33:20", SENT),
    ],
)
def test_a_time_is_read_in_any_unit(sent: object, expected: datetime) -> None:
    assert message(created_time=sent).sent_at == expected


ABSURD = [0, 1, -1793000000, 10**11 - 1, 10**40, "9" * 20, "9" * 5000, "٣" * 10, 1.5, True, [], {}, "", "soon"]


@pytest.mark.parametrize("sent", [*ABSURD, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "absent"])
def test_an_absurd_time_is_unknown(sent: object) -> None:
    assert message(created_time=sent).sent_at is None


def test_ids_may_be_numbers_of_any_size() -> None:
    found = message(comment_id=2**70, post_id=7, parent_id=8, **{"from": {"id": 2**60}})

    assert (found.id, found.thread, found.reply_to, found.author.id) == (str(2**70), "7", "8", str(2**60))


def test_hostile_text_is_stored_literally_but_for_what_no_database_holds() -> None:
    text = "{author.name} '; DROP TABLE--\u202e<b>\r\n"

    assert message(message=text + "\x00\ud83d").text == text + "\ufffd\ufffd"
    assert message(**{"from": {"id": "6\x00", "name": "\udc00"}}).author == Person(id="6\ufffd", name="\ufffd")


def test_a_comment_that_names_no_post_is_its_own_thread() -> None:
    found = message(post_id=None, parent_id=None)

    assert (found.id, found.thread, found.reply_to) == ("900100_777001", "900100_777001", "")


def test_the_permalink_of_the_comment_itself_is_the_better_one() -> None:
    assert message(permalink_url="https://www.facebook.com/x?comment_id=1").url.endswith("comment_id=1")


def test_an_id_cannot_break_out_of_the_address_made_from_it() -> None:
    assert message(comment_id="1/../?x#", post="absent").url == "https://www.facebook.com/1%2F..%2F%3Fx%23"


def test_ornaments_of_the_wrong_type_cost_nothing_but_themselves() -> None:
    found = message(post=[], permalink_url=7, created_time={}, **{"from": {"id": ANA.id, "name": 7}})

    assert (found.author, found.sent_at) == (Person(id=ANA.id), None)
    assert found.url == "https://www.facebook.com/900100_777001"


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ({"comment_id": None}, "comment_id is missing"),
        ({"comment_id": ""}, "comment_id is missing"),
        ({"comment_id": True}, "comment_id is true or false, expected text or a whole number"),
        ({"comment_id": 1.5}, "comment_id is a fraction, expected text or a whole number"),
        ({"comment_id": ["secret words"]}, "comment_id is a list, expected text or a whole number"),
        ({"comment_id": "x" * 513}, "comment_id is 513 bytes long, an id has at most 512"),
        ({"comment_id": "漢" * 171}, "comment_id is 513 bytes long, an id has at most 512"),
        ({"from": "Ana"}, "from is text, expected an object"),
        ({"from": {"id": {}}}, "id is an object, expected text or a whole number"),
        ({"message": 7}, "message is a number, expected text"),
        ({"photos": "x"}, "photos is text, expected a list"),
        ({"photos": [7]}, "photos holds something that is not text"),
        ({"item": None}, "item is missing"),
        ({"verb": []}, "verb is a list, expected text"),
        ({"item": "status", "post_id": None}, "post_id is missing"),
    ],
)
def test_what_must_not_be_guessed_is_unreadable_and_says_why(value: dict[str, object], error: str) -> None:
    whole = fixture("comment_add")["entry"][0]["changes"][0]["value"] | value

    found = change(whole)

    raw = compact({"field": "feed", "value": whole})
    assert found == [Unreadable(item=raw, error=f"changes item: {error}")]


@pytest.mark.parametrize("value", [None, [], "x", {}])
def test_a_change_without_a_value_is_unreadable(value: object) -> None:
    (found,) = change(value)

    assert isinstance(found, Unreadable)
