"""Messenger: each messaging item becomes the message or the named skip that it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from meta_calls import PAGE, RECEIVED, compact, fixture, parse

from bridge.message import Attachment, Message, Person
from bridge.ports import Event, Skipped, Unreadable

PSID = "24000000001"
TEXT = Message(
    channel="messenger",
    connection="acme-meta",
    account=PAGE,
    id="m_AbC",
    kind="direct",
    author=Person(id=PSID),
    thread=PSID,
    reply_to="m_Prev",
    text="hello?",
    sent_at=datetime(2026, 10, 26, 7, 33, 20, 123000, UTC),
    received_at=RECEIVED,
    public=False,
)
PLAIN = replace(TEXT, reply_to="")

FIXTURES = {
    "text": TEXT,
    "attachments": replace(
        PLAIN,
        id="m_Att",
        text="",
        attachments=(
            Attachment(kind="image", url="https://cdn.example.com/a.jpg"),
            Attachment(kind="sticker", url="https://cdn.example.com/thumb.png"),
            Attachment(kind="fallback", url="https://shop.example.com/", name="Our shop"),
            Attachment(kind="location", name="52.5,13.4"),
            Attachment(kind="template", name="Grinder, Lid"),
        ),
    ),
    "echo": replace(
        PLAIN,
        id="m_Our",
        author=Person(id=PAGE.id, is_self=True),
        text="Hi Ana",
        mark="x",
        sent_at=datetime(2026, 10, 26, 7, 33, 20, 200000, UTC),
    ),
    "edit": replace(PLAIN, change="edited", version="1", text="hello!!"),
    "deleted": replace(PLAIN, change="deleted", text=""),
    "unsupported": replace(PLAIN, id="m_X", text="[a message that Messenger cannot deliver to apps]"),
    "empty": Skipped(reason="system", event="message"),
    "delivery": Skipped(reason="receipt", event="delivery"),
    "postback": replace(PLAIN, id="m_Pb", kind="postback", text="Get started"),
}


def item(**changed: object) -> list[Event]:
    """What the text fixture comes to with some of its values changed or added."""
    whole = fixture("text")["entry"][0]["messaging"][0] | changed
    return parse({"object": "page", "entry": [{"id": PAGE.id, "messaging": [whole]}]})


def message(**changed: object) -> Message:
    (event,) = item(message={"mid": "m_1", "text": "hi"} | changed)
    assert isinstance(event, Message)
    return event


@pytest.mark.parametrize("name", FIXTURES)
def test_an_item_becomes_the_event_that_it_is(name: str) -> None:
    document, expected = fixture(name), FIXTURES[name]

    found = parse(document)

    raw = compact(document["entry"][0]["messaging"][0])
    assert found == [replace(expected, raw=raw) if isinstance(expected, Message) else expected]


@pytest.mark.parametrize(
    ("reason", "names"),
    [
        ("receipt", "read delivery"),
        ("typing", "typing"),
        ("reaction", "reaction"),
        ("system", "postback optin referral payment checkout_update pre_checkout account_linking game_play"),
        ("system", "policy-enforcement"),
        ("other_app", "pass_thread_control take_thread_control request_thread_control app_roles"),
        ("unknown_event", "response_feedback"),
    ],
)
def test_what_is_no_message_is_skipped_by_name_even_without_a_sender(reason: str, names: str) -> None:
    for name in names.split():
        found = item(**{"message": None, "sender": None, name: {"any": "thing"}})

        assert [(type(one), one) for one in found] == [(Skipped, Skipped(reason=reason, event=name))]  # type: ignore[arg-type]


def test_a_message_beside_an_unknown_event_is_read_and_the_other_named() -> None:
    first, second = item(**{"new\x00" + "x" * 100: {}})

    assert isinstance(first, Message)
    assert second == Skipped(reason="unknown_event", event="new\ufffd" + "x" * 76)


def test_an_item_without_any_event_is_counted() -> None:
    assert item(message=None) == [Skipped(reason="unknown_event", event="messaging")]


def test_what_other_apps_handle_is_skipped() -> None:
    assert parse(fixture("standby")) == [Skipped(reason="other_app", event="standby")]


def test_what_came_before_a_message_is_no_event_of_its_own() -> None:
    (found,) = item(prior_message={"source": "checkbox_plugin", "identifier": "u1"})

    assert isinstance(found, Message)


@pytest.mark.parametrize("field", ["messages", "message_echoes", "message_edits", "messaging_postbacks"])
def test_the_test_button_of_the_dashboard_sends_a_message_too(field: str) -> None:
    document = fixture("test_button")
    document["entry"][0]["changes"][0]["field"] = field

    (found,) = parse(document)

    assert isinstance(found, Message)
    assert (found.id, found.thread, found.text, found.kind) == (
        "test_message_id",
        "12334",
        "test_message",
        "direct",
    )


def pressed(**postback: object) -> Message:
    (event,) = item(message=None, postback=postback)
    assert isinstance(event, Message)
    return event


def test_a_button_without_a_title_says_its_payload() -> None:
    assert pressed(mid="m_Pb", payload="ORDER_STATUS").text == "ORDER_STATUS"


def test_a_button_without_a_mid_is_known_again_by_who_pressed_it_and_when() -> None:
    first, again = pressed(title="Yes"), pressed(title="Yes", payload="Y")

    assert first.key == again.key == f"messenger:10150001:postback%3A{PSID}%3A1793000000123:created"


def test_a_pressed_button_belongs_to_the_customers_conversation() -> None:
    found = pressed(title="Yes")

    assert (found.thread, found.side, found.public) == (PSID, PSID, False)


@pytest.mark.parametrize("flagged", [True, False])
def test_what_our_page_wrote_is_ours_with_or_without_the_echo_flag(flagged: bool) -> None:
    whole = fixture("echo")["entry"][0]["messaging"][0]
    whole["message"]["is_echo"] = flagged

    (found,) = item(**whole)

    assert isinstance(found, Message)
    assert (found.author.is_self, found.thread, found.side) == (True, PSID, PSID)


def test_an_edit_and_a_deletion_by_our_page_keep_the_customers_thread() -> None:
    ends: dict[str, object] = {"sender": {"id": PAGE.id}, "recipient": {"id": PSID}}

    found = [
        *item(message=None, message_edit={"mid": "m_Our", "text": "Hi!", "num_edit": 2}, **ends),
        *item(message={"mid": "m_Our", "is_deleted": True}, **ends),
    ]

    assert [(one.key, one.side) for one in found if isinstance(one, Message)] == [
        ("messenger:10150001:m_Our:edited:2", PSID),
        ("messenger:10150001:m_Our:deleted", PSID),
    ]


def test_an_edit_without_a_number_is_told_apart_by_its_text() -> None:
    edits = [item(message=None, message_edit={"mid": "m", "text": text})[0] for text in ("a", "b", "a")]

    first, second, again = (edit.key for edit in edits if isinstance(edit, Message))

    assert first == again != second


def test_a_message_that_apps_may_not_see_never_vanishes() -> None:
    assert message(text=None, is_unsupported=True).text == "[a message that Messenger cannot deliver to apps]"
    assert message(text="but this", is_unsupported=True).text == "but this"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"type": "audio", "payload": {"url": "https://x/1"}}, Attachment(kind="audio", url="https://x/1")),
        ({"type": "file", "payload": {"url": None}}, Attachment(kind="file")),
        ({"type": "reel", "payload": {"url": "u", "title": "T"}}, Attachment(kind="reel", url="u", name="T")),
        ({"type": "fallback", "payload": "BLOB", "url": "u"}, Attachment(kind="fallback", url="u")),
        ({"payload": {"url": "u\x00"}}, Attachment(kind="unknown", url="u\ufffd")),
        (
            {"type": "template", "payload": {"product": {"elements": [1, {"title": 2}]}}},
            Attachment(kind="template"),
        ),
        ({"type": "template", "payload": {"product": []}}, Attachment(kind="template")),
    ],
)
def test_an_attachment_keeps_its_kind_address_and_name(given: object, expected: Attachment) -> None:
    assert message(attachments=[given]).attachments == (expected,)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"sender": None}, "sender.id is missing"),
        ({"sender": {}}, "sender.id is missing"),
        ({"sender": "24"}, "sender is text, expected an object"),
        ({"sender": {"id": 1.5}}, "id is a fraction, expected text or a whole number"),
        ({"sender": {"id": PAGE.id}, "recipient": None}, "recipient.id is missing"),
        ({"message": "hi"}, "message is text, expected an object"),
        ({"message": {"text": "hi"}}, "mid is missing"),
        ({"message": {}}, "mid is missing"),
        ({"message": {"mid": "m", "text": ["hi"]}}, "text is a list, expected text"),
        ({"message": {"mid": "m", "text": "hi", "is_echo": 1}}, "is_echo is a number, expected true or false"),
        ({"message": {"mid": "m", "text": "hi", "reply_to": "m_0"}}, "reply_to is text, expected an object"),
        ({"message": {"mid": "m", "attachments": {}}}, "attachments is an object, expected a list"),
        ({"message": {"mid": "m", "attachments": ["x"]}}, "attachments holds something that is not an object"),
        (
            {"message": {"mid": "m", "attachments": [{"type": "location", "payload": {}}]}},
            "a location's coordinates are not two numbers",
        ),
        ({"message": None, "message_edit": {"text": "hi"}}, "mid is missing"),
        ({"message": None, "postback": {"title": "Yes"}, "timestamp": None}, "timestamp is missing"),
        ({"message": None, "postback": {"title": "Yes"}, "sender": None}, "sender.id is missing"),
        ({"message": None, "postback": {"title": 7}}, "title is a number, expected text"),
    ],
)
def test_what_must_not_be_guessed_is_unreadable_and_says_why(changed: dict[str, object], error: str) -> None:
    raw = compact(fixture("text")["entry"][0]["messaging"][0] | changed)

    assert item(**changed) == [Unreadable(item=raw, error=f"messaging item: {error}")]
