"""TikTok's direct messages, pressed buttons and reactions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tiktok_calls import ACME, ACME_FR, ANA, BEN, RECEIVED, compact, fixture, message, parse

from bridge.message import Attachment, Message, Person
from bridge.ports import Skipped, Unreadable

FIRST = datetime(2026, 10, 26, 7, 33, 20, 123000, UTC)
CONVERSATION = {"conversation": "Cnv+AnaAndAcme=="}
DIRECT = Message(
    channel="tiktok",
    connection="acme-tiktok",
    account=ACME,
    id="Msg+01==",
    kind="direct",
    author=Person(id=ANA, handle="ana_b"),
    thread=ANA,
    reply_to="Msg+00==",
    text="My order 4711 is late 😡",
    sent_at=FIRST + timedelta(milliseconds=1),
    received_at=RECEIVED,
    public=False,
    notes=CONVERSATION,
)
QUOTABLE = {"dm_text", "dm_image", "dm_share_post", "dm_button", "dm_sent"}


def expected(name: str, number: int, **changed: Any) -> Message:
    """The first message, with what is other in this fixture."""
    id_ = f"Msg+{number:02d}=="
    fresh = {"id": id_, "sent_at": FIRST + timedelta(milliseconds=number), "reply_to": ""}
    fresh["notes"] = {**CONVERSATION, "quote": id_} if name in QUOTABLE else CONVERSATION
    return replace(DIRECT, **{**fresh, **changed}, raw=compact(fixture(name)["content"]))


def test_a_message_quotes_the_one_that_it_answers() -> None:
    assert message(fixture("dm_text")) == expected("dm_text", 1, reply_to="Msg+00==")


def test_the_conversation_is_found_in_raw() -> None:
    assert b'"conversation_id":"Cnv+AnaAndAcme=="' in message(fixture("dm_text")).raw


MEDIA = {
    "dm_image": (2, Attachment(kind="image", id="image/Cnv%2BAnaAndAcme%3D%3D/Msg%2B02%3D%3D/media-2")),
    "dm_video": (3, Attachment(kind="video", id="video/Cnv%2BAnaAndAcme%3D%3D/Msg%2B03%3D%3D/media-3")),
    "dm_sticker": (
        4,
        Attachment(kind="sticker", url="https://media.example.com/sticker.webp?x-expires=1795592000"),
    ),
    "dm_emoji": (5, Attachment(kind="emoji", url="https://media.example.com/emoji.png")),
    "dm_share_post": (6, Attachment(kind="link", url="https://www.tiktok.com/player/v1/7399999999999999001")),
}


@pytest.mark.parametrize("name", MEDIA)
def test_a_picture_alone_is_a_message(name: str) -> None:
    number, shown = MEDIA[name]

    assert message(fixture(name)) == expected(name, number, text="", attachments=(shown,))


def test_a_shared_post_without_an_address_gets_the_one_of_its_player() -> None:
    found = message(fixture("dm_share_post", share_post={"video_id": 7399999999999999001}))

    assert found.attachments == (MEDIA["dm_share_post"][1],)


def test_a_pressed_button_is_a_postback() -> None:
    assert message(fixture("dm_button")) == expected("dm_button", 7, kind="postback", text="Where is my parcel?")


def test_what_tiktok_cannot_tell_does_not_vanish() -> None:
    found = message(fixture("dm_unknown"))

    assert found == expected("dm_unknown", 8, text="[a message that TikTok cannot deliver to apps]")


@pytest.mark.parametrize("changed", [{"type": "voice"}, {"type": None}, {"type": "TEXT"}])
def test_words_are_read_whatever_the_type_is_called(changed: dict[str, object]) -> None:
    assert message(fixture("dm_text", **changed)).text == DIRECT.text


@pytest.mark.parametrize("changed", [{"image": {}}, {"image": None}, {"image": {"media_id": ""}}])
def test_a_picture_that_is_not_there_does_not_vanish(changed: dict[str, object]) -> None:
    found = message(fixture("dm_image", **changed))

    assert (found.text, found.attachments) == ("[a message that TikTok cannot deliver to apps]", ())


OURS = Person(id=ACME.id, handle="acme", is_self=True)


def test_our_own_message_is_an_echo_in_the_customers_thread() -> None:
    found = message(fixture("dm_sent"))

    assert found == expected("dm_sent", 9, author=OURS, text="We look into it.")
    assert found.side == ANA


def test_a_card_of_ours_is_read_with_its_buttons() -> None:
    text = "How can we help?\nWhere is my parcel?\nSomething else"

    assert message(fixture("dm_template")) == expected("dm_template", 10, author=OURS, text=text)


def test_a_card_is_read_as_the_api_writes_it_too() -> None:
    card = {
        "type": "QA_LINK_CARD",
        "title": "Help",
        "buttons": [{"title": "Yes"}, "x", {"title": 1}, {"title": "No"}],
    }

    assert message(fixture("dm_template", template=card)).text == "Help\nYes\nNo"


@pytest.mark.parametrize("event", ["im_receive_msg", "im_send_msg"])
def test_what_our_account_writes_is_ours_whatever_the_event_is_called(event: str) -> None:
    found = message({**fixture("dm_sent"), "event": event})

    assert (found.author, found.thread) == (OURS, ANA)


def test_what_another_account_of_ours_writes_in_private_is_a_customers_word() -> None:
    found = message(fixture("dm_text", from_user={"id": ACME_FR.id, "role": "business_account"}))

    assert (found.author.is_self, found.side) == (False, ACME_FR.id)


def test_the_customer_is_known_by_the_id_of_the_conversation_too() -> None:
    found = message(fixture("dm_text", from_user=None))

    assert (found.author.id, found.thread) == (ANA, ANA)


def test_a_message_without_a_time_has_the_one_of_its_callback() -> None:
    assert message(fixture("dm_text", timestamp=None)).sent_at == datetime(2026, 10, 26, 7, 33, 20, tzinfo=UTC)


def test_of_a_message_from_europe_only_the_time_is_known() -> None:
    found = message(fixture("dm_eu"))

    assert found == replace(
        DIRECT,
        id="eu:1793000000777",
        author=Person(),
        thread="eu:1793000000777",
        reply_to="",
        text="[a message from Europe, of which TikTok tells apps neither words nor author: "
        "open TikTok to read it]",
        sent_at=FIRST + timedelta(milliseconds=654),
        notes={},
        raw=compact(fixture("dm_eu")["content"]),
    )
    assert found.key == message(fixture("dm_eu")).key != message(fixture("dm_eu", timestamp=1793000000778)).key


def test_a_message_from_europe_without_a_time_takes_the_one_of_its_callback() -> None:
    assert message({**fixture("dm_eu"), "content": {}}).id == "eu:1793000000"


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"message_id": None}, "message_id is missing"),
        ({"message_id": 1.5}, "message_id is a fraction, expected text or a whole number"),
        ({"from_user": None, "unique_identifier": None}, "from_user.id is missing"),
        ({"from_user": {"id": ACME.id}, "to_user": {}}, "to_user.id is missing"),
        ({"text": "hello"}, "text is text, expected an object"),
        ({"text": {"body": ["hello"]}}, "body is a list, expected text"),
        ({"type": 1}, "type is a number, expected text"),
    ],
)
def test_what_must_not_be_guessed_is_unreadable_and_says_why(changed: dict[str, object], error: str) -> None:
    document = fixture("dm_text", **changed)

    assert parse(document) == [Unreadable(item=compact(document["content"]), error=f"im_receive_msg: {error}")]


# --- reactions --------------------------------------------------------------------------------------------------


def of_reaction(at: int) -> bytes:
    """The bytes of the content with only this one of its reactions."""
    content = fixture("reaction")["content"]
    return compact({**content, "reaction": [content["reaction"][at]]})


REACTED = replace(
    DIRECT,
    id=f"reaction:Msg+09==:1793000005001:{ANA}",
    kind="reaction",
    reply_to="Msg+09==",
    text="👍",
    sent_at=datetime(2026, 10, 26, 7, 33, 25, 1000, UTC),
    raw=of_reaction(0),
)
TAKEN_BACK = Skipped(reason="reaction", event="im_receive_msg:reaction:REMOVE")


def test_reactions_are_skips_unless_they_are_wanted() -> None:
    assert parse(fixture("reaction")) == [Skipped(reason="reaction", event="im_receive_msg:reaction")] * 3


def test_each_reaction_is_a_message_where_they_are_wanted() -> None:
    found = parse(fixture("reaction"), reactions=True)

    assert found == [
        REACTED,
        replace(
            REACTED,
            id=f"reaction:Msg+09==:1793000005002:{ANA}",
            text="[an emoji of their own]",
            attachments=(Attachment(kind="emoji", url="https://media.example.com/ana.webp"),),
            sent_at=datetime(2026, 10, 26, 7, 33, 25, 2000, UTC),
            raw=of_reaction(1),
        ),
        TAKEN_BACK,
    ]


def reacted(event: str = "im_receive_msg", **changed: object) -> Any:
    """A callback with one reaction, with these values in it."""
    document = fixture("reaction")
    one = document["content"]["reaction"][0]
    return {**document, "event": event, "content": {**document["content"], "reaction": [{**one, **changed}]}}


def keys(document: Any) -> list[str]:
    return [one.key for one in parse(document, reactions=True) if isinstance(one, Message)]


def test_a_reaction_again_is_the_same_and_another_one_is_another() -> None:
    others = [
        reacted(timestamp=1793000005009),
        reacted(unique_identifier=BEN),
        reacted(original_msg_id="Msg+10=="),
        reacted(timestamp=None, emoji="👎"),
        reacted(timestamp=None, emoji="👍"),
    ]

    found = [keys(one) for one in (reacted(), *others)]

    assert keys(reacted()) == keys(reacted()) == found[0]
    assert len({key for one in found for key in one}) == 6


def test_our_own_reaction_is_ours() -> None:
    document = reacted("im_send_msg", unique_identifier=ACME.id)
    content = document["content"]
    content["from_user"], content["to_user"], content["from"] = content["to_user"], content["from_user"], "acme"

    (found,) = parse(document, reactions=True)

    assert isinstance(found, Message)
    assert (found.author, found.thread) == (OURS, ANA)


def test_who_reacted_says_the_reaction() -> None:
    found = [parse(reacted(unique_identifier=who), reactions=True)[0] for who in (BEN, ACME.id, None)]

    assert [getattr(one, "author", None) for one in found] == [
        Person(id=BEN),
        Person(id=ACME.id, is_self=True),
        Person(id=ANA, handle="ana_b"),
    ]


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"operation": None}, "operation is missing"),
        ({"original_msg_id": None}, "original_msg_id is missing"),
        ({"emoji": ["👍"]}, "emoji is a list, expected text"),
        ({"original_msg_id": "x" * 500}, "reaction is 545 bytes long, an id has at most 512"),
    ],
)
def test_an_unreadable_reaction_costs_its_neighbours_nothing(changed: dict[str, object], error: str) -> None:
    document = fixture("reaction")
    document["content"]["reaction"][1] |= changed
    spoiled = compact({**document["content"], "reaction": document["content"]["reaction"][1:2]})

    found = parse(document, reactions=True)

    assert found == [REACTED, Unreadable(item=spoiled, error=f"im_receive_msg: {error}"), TAKEN_BACK]


@pytest.mark.parametrize(
    ("reactions", "error"), [([], "it is not an object"), ("👍", "reaction is text, expected a list")]
)
def test_a_reaction_that_is_none_is_unreadable(reactions: object, error: str) -> None:
    document = fixture("reaction", reaction=reactions)

    found = parse(document, reactions=True)

    assert found == [Unreadable(item=compact(document["content"]), error=f"im_receive_msg: {error}")]
