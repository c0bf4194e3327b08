"""Who speaks for whom: in groups, channels, their inboxes, business accounts; and reactions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from telegram_calls import (
    ACME,
    ANA,
    BEN,
    CHANNEL,
    FORUM,
    GROUP,
    KIM,
    RECEIVED,
    changed,
    compact,
    fixture,
    item,
    message,
    parse,
    telegram,
)

from bridge.message import Message, Person
from bridge.ports import Skipped, Unreadable

PERSON = Person(id=ANA, name="Ana Brandt", handle="ana_b")
NEWS = Person(id=CHANNEL, name="Acme News", handle="acme_news", is_self=True)
COLLEAGUE = Person(id=KIM, name="Kim", handle="kim_at_acme", is_self=True)
SENT = datetime(2026, 10, 26, 7, 33, 20, tzinfo=UTC)
COMMENT = Message(
    channel="telegram",
    connection="acme-telegram",
    account=ACME,
    id=f"{GROUP}:301",
    kind="comment",
    author=PERSON,
    thread=GROUP,
    text="@acme_care_bot my order is late",
    language="de",
    url="https://t.me/acme_talk/301",
    sent_at=SENT,
    received_at=RECEIVED,
    public=True,
    notes={"chat": GROUP, "message": "301"},
)
POST = replace(
    COMMENT,
    id=f"{CHANNEL}:77",
    kind="post",
    author=NEWS,
    thread=f"{CHANNEL}:77",
    text="The new kettle is here",
    language="",
    url="https://t.me/acme_news/77",
    notes={"chat": CHANNEL, "message": "77"},
)
BUSINESS = replace(
    COMMENT,
    id=f"bc-Acme_1:{ANA}:12",
    kind="direct",
    thread=ANA,
    text="Hi, is this Acme?",
    url="",
    public=False,
    notes={"chat": ANA, "business": "bc-Acme_1", "message": "12"},
)


# --- groups -----------------------------------------------------------------------------------------------------


def test_a_word_in_a_group_is_a_comment_that_all_can_read() -> None:
    assert message(fixture("group")) == replace(COMMENT, raw=compact(item("group")))


def test_who_answers_as_the_group_is_ours() -> None:
    assert message(fixture("group_answer")) == replace(
        COMMENT,
        id=f"{GROUP}:302",
        author=Person(id=GROUP, name="Acme Talk", handle="acme_talk", is_self=True),
        reply_to=f"{GROUP}:301",
        text="We are looking into it",
        language="",
        url="https://t.me/acme_talk/302",
        sent_at=datetime(2026, 10, 26, 7, 34, 20, tzinfo=UTC),
        notes={"chat": GROUP, "message": "302"},
        raw=compact(item("group_answer")),
    )


def test_in_a_group_the_team_and_the_bot_speak_for_us() -> None:
    speakers = [KIM, ACME.id, ANA]

    found = [message(changed("group", **{"from": {"id": int(one)}})) for one in speakers]

    assert [one.author.is_self for one in found] == [True, True, False]


def test_a_channel_that_is_not_ours_is_a_customer_like_any_other() -> None:
    theirs = {"id": -1009990000001, "title": "Kettle fans", "type": "channel"}

    found = message(changed("group", sender_chat=theirs))

    assert found.author == Person(id="-1009990000001", name="Kettle fans")


def test_a_colleague_who_writes_to_the_bot_in_private_is_a_customer() -> None:
    kim = {"id": int(KIM), "first_name": "Kim"}

    found = message(changed("text", **{"from": kim, "chat": {**kim, "type": "private"}}))

    assert (found.author.is_self, found.side) == (False, KIM)


def test_a_topic_is_a_thread_and_its_beginning_is_answered_by_nobody() -> None:
    found = message(fixture("topic"))

    assert (found.thread, found.reply_to, found.url) == (f"{FORUM}:7", "", "")
    assert found.side == BEN


def test_an_answer_outside_of_topics_stays_in_the_groups_thread() -> None:
    assert message(fixture("group_answer")).thread == message(fixture("group")).thread == GROUP


def test_what_only_the_bot_can_see_in_a_group_is_private_and_numbered_apart() -> None:
    found = message(fixture("ephemeral"))

    assert (found.id, found.kind, found.public) == (f"{GROUP}:{ANA}-9", "direct", False)
    assert (found.thread, found.side, found.url) == (ANA, ANA, "")


def test_a_guests_word_in_a_foreign_chat_is_a_mention() -> None:
    found = message(fixture("guest"))

    assert (found.id, found.kind, found.public) == ("guest:-1001555000009:gq-1", "mention", True)
    assert found.author == Person(id=BEN, name="Ben")


@pytest.mark.parametrize(
    ("chat", "public"),
    [
        ({"id": 23, "type": "group"}, True),
        ({"id": -23}, True),
        ({"id": 23}, False),
        ({"id": "23", "type": "private"}, False),
    ],
)
def test_the_type_says_what_a_chat_is_or_else_its_number(chat: dict[str, object], public: bool) -> None:
    found = message(changed("text", chat=chat, reply_to_message=None))

    assert (found.public, found.kind) == (public, "comment" if public else "direct")


# --- channels ---------------------------------------------------------------------------------------------------


def test_a_post_of_the_channel_is_ours_and_edited_as_itself() -> None:
    assert message(fixture("channel_post")) == replace(POST, raw=compact(item("channel_post")))
    assert message(fixture("channel_edited")) == replace(
        POST,
        change="edited",
        version="1793000100000000700031",
        text="The new kettle is back",
        sent_at=datetime(2026, 10, 26, 7, 35, tzinfo=UTC),
        raw=compact(item("channel_edited")),
    )


def test_a_post_without_a_sender_is_the_channels() -> None:
    assert message(changed("channel_post", sender_chat=None)).author == NEWS


@pytest.mark.parametrize("team", [(), (CHANNEL,)])
def test_the_copy_of_a_post_in_its_group_is_ours(team: tuple[str, ...]) -> None:
    found = message(fixture("channel_copy"), telegram(team=team))

    assert (found.kind, found.author, found.thread) == ("comment", NEWS, GROUP)


def test_a_comment_under_a_post_answers_its_copy() -> None:
    found = message(fixture("channel_comment"))

    assert (found.author, found.reply_to) == (PERSON, message(fixture("channel_copy")).id)


def test_a_channels_inbox_is_a_private_conversation_where_the_channel_is_ours() -> None:
    asked, told = message(fixture("channel_inbox")), message(fixture("channel_inbox_answer"))

    assert (asked.kind, asked.public, asked.author.id, asked.author.is_self) == ("direct", False, BEN, False)
    assert (told.kind, told.public, told.author) == ("direct", False, NEWS)
    assert asked.side == told.side == BEN


# --- business accounts ------------------------------------------------------------------------------------------


def test_a_business_message_is_a_customers_and_its_answer_an_echo() -> None:
    asked, told = message(fixture("business_message")), message(fixture("business_answer"))

    assert asked == replace(BUSINESS, raw=compact(item("business_message")))
    assert told == replace(
        BUSINESS,
        id=f"bc-Acme_1:{ANA}:13",
        author=COLLEAGUE,
        text="It is",
        language="",
        sent_at=datetime(2026, 10, 26, 7, 34, 20, tzinfo=UTC),
        notes={**BUSINESS.notes, "message": "13"},
        raw=compact(item("business_answer")),
    )
    assert asked.side == told.side == ANA


def test_whose_business_account_it_is_need_not_be_said() -> None:
    assert message(fixture("business_answer"), telegram(team=())).author.is_self


def test_a_business_message_is_edited_and_deleted_as_itself() -> None:
    edited, deletions = message(fixture("business_edited")), parse(fixture("business_deleted"))

    assert (edited.id, edited.change, edited.version) == (BUSINESS.id, "edited", "1793000100000000700042")
    assert deletions == [
        replace(
            BUSINESS,
            id=f"bc-Acme_1:{ANA}:{number}",
            change="deleted",
            author=Person(),
            text="",
            language="",
            sent_at=None,
            notes={},
            raw=compact({**item("business_deleted"), "message_ids": [number]}),
        )
        for number in (12, 13)
    ]


def test_a_business_chat_and_the_bots_own_number_their_messages_apart() -> None:
    own = message(changed("text", message_id=12))

    assert own.id == f"{ANA}:12"
    assert own.key != message(fixture("business_message")).key


@pytest.mark.parametrize("bad", [None, True, [], {"id": 1}])
def test_a_deletion_that_cannot_be_read_costs_the_next_nothing(bad: object) -> None:
    spoiled, healthy = parse(changed("business_deleted", message_ids=[bad, 13]))

    assert isinstance(spoiled, Unreadable)
    assert healthy == parse(fixture("business_deleted"))[1]


def test_a_deletion_of_nothing_is_unreadable() -> None:
    (found,) = parse(changed("business_deleted", message_ids=[]))

    assert getattr(found, "error", "") == "deleted_business_messages: message_ids is missing"


# --- reactions --------------------------------------------------------------------------------------------------


def test_a_reaction_is_a_message_where_the_connection_says_so() -> None:
    found = message(fixture("reaction"))

    assert found == replace(
        COMMENT,
        id=f"{GROUP}:302:reaction:{ANA}:700060",
        kind="reaction",
        reply_to=f"{GROUP}:302",
        text="👎",
        language="",
        url="https://t.me/acme_talk/302",
        sent_at=datetime(2026, 10, 26, 7, 36, 40, tzinfo=UTC),
        notes={"chat": GROUP},
        raw=compact(item("reaction")),
    )
    assert parse(fixture("reaction"), telegram(reactions=False)) == [
        Skipped(reason="reaction", event="message_reaction")
    ]


def test_a_reaction_says_what_was_added() -> None:
    assert message(fixture("reaction_changed")).text == "[an emoji of Telegram's own] ⭐"


def test_one_custom_emoji_for_another_is_a_reaction() -> None:
    first, second = ({"type": "custom_emoji", "custom_emoji_id": number} for number in ("1", "2"))

    found = parse(changed("reaction", old_reaction=[first], new_reaction=[second]))

    assert [getattr(one, "text", "") for one in found] == ["[an emoji of Telegram's own]"]


def test_a_reaction_taken_back_is_counted() -> None:
    assert parse(fixture("reaction_removed")) == [Skipped(reason="reaction", event="message_reaction")]


def test_a_redelivered_reaction_is_the_same_and_the_next_another() -> None:
    again = fixture("reaction") | {"update_id": 700064}

    keys = [message(one).key for one in (fixture("reaction"), fixture("reaction"), again)]

    assert keys[0] == keys[1]
    assert keys[0] != keys[2]


def test_the_group_itself_and_the_team_react_for_us() -> None:
    as_group = changed("reaction", user=None, actor_chat=item("group")["chat"])
    by_kim = changed("reaction", user={"id": int(KIM)})

    assert [message(one).author.is_self for one in (as_group, by_kim)] == [True, True]
