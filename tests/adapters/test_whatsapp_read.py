"""WhatsApp: each item becomes the message, the undelivered reply or the named skip that it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from meta_calls import RECEIVED, compact
from whatsapp_calls import ANA, NUMBER, OTHER_NUMBER, fixture, items, message, parse, text, value

from bridge.message import Attachment, Message, Person
from bridge.ports import Delivered, Event, Skipped, Undelivered, Unreadable

PERSON = Person(id=ANA, name="Ana Ruiz", handle="ana.ruiz", phone="+34600111222")
GROUP = "120363418770915618@g.us"
US = Person(id=NUMBER.id, is_self=True)
PLAIN = Message(
    channel="whatsapp",
    connection="acme-meta",
    account=NUMBER,
    id="wamid.Text",
    kind="direct",
    author=PERSON,
    thread=ANA,
    text="My parcel is lost",
    sent_at=datetime(2026, 10, 26, 7, 33, 20, tzinfo=UTC),
    received_at=RECEIVED,
    public=False,
)
POINT = "a location's latitude and longitude are not two numbers"
OURS = replace(
    PLAIN, id="wamid.Ours", author=US, text="Hi Ana", sent_at=datetime(2026, 10, 26, 7, 34, 20, tzinfo=UTC)
)
PRESSED = replace(PLAIN, kind="postback")


def with_file(id_: str, said: str, *files: Attachment) -> Message:
    return replace(PLAIN, id=id_, text=said, attachments=files)


WRITTEN: dict[str, Message] = {
    "text": replace(PLAIN, reply_to="wamid.Prev"),
    "image": with_file("wamid.Image", "broken", Attachment(kind="image", id="901")),
    "voice": with_file("wamid.Voice", "", Attachment(kind="audio", id="902")),
    "document": with_file("wamid.Document", "", Attachment(kind="document", name="invoice.pdf", id="903")),
    "location": with_file(
        "wamid.Location",
        "[location: Acme Shop, Example Street 1, Berlin]",
        Attachment(kind="location", name="52.5,13.4", url="https://maps.example.com/acme"),
    ),
    "contacts": replace(
        PLAIN,
        id="wamid.Contacts",
        text="[contact: Bo Lind, Lind AB, +46 70 000 00 01, bo@example.com]\n[contact: Cy]",
    ),
    "order": replace(
        PLAIN,
        id="wamid.Order",
        text="[order: 1 × GRINDER-1 at 9.5 EUR, 2 × LID-2 at 3 EUR]\nGift wrap please",
    ),
    "button": replace(PRESSED, id="wamid.Button", text="Talk to agent", reply_to="wamid.Template"),
    "button_reply": replace(PRESSED, id="wamid.ButtonReply", text="Yes"),
    "list_reply": replace(PRESSED, id="wamid.ListReply", text="Refund"),
    "form": replace(PLAIN, id="wamid.Form", text='[form: flow]\nSent\nrating: 4\ntopics: ["parcel","price"]'),
    "from_ad": with_file(
        "wamid.Ad",
        "[through an advertisement: Grinders, 20 % off]",
        Attachment(kind="image", id="904"),
        Attachment(kind="link", url="https://fb.example.com/ad1", name="Grinders, 20 % off"),
    ),
    "unsupported": replace(
        PLAIN, id="wamid.Unsupported", text="[a message that WhatsApp cannot deliver to apps: poll_creation]"
    ),
    "edit": replace(
        PLAIN, change="edited", version="wamid.EditEvent", text="My parcel is lost!", reply_to="wamid.Prev"
    ),
    "edit_caption": replace(
        with_file("wamid.Image", "broken in two", Attachment(kind="image", id="901")),
        change="edited",
        version="wamid.CaptionEvent",
    ),
    "revoke": replace(PLAIN, change="deleted", text=""),
    "username_only": replace(
        PLAIN,
        id="wamid.Hidden",
        author=Person(id="CO.1047385771", name="Julia", handle="julia"),
        thread="CO.1047385771",
        text="Hello",
    ),
    "group": replace(PLAIN, id="wamid.Group", thread=GROUP, text="Who is in charge?", notes={"group": GROUP}),
    "echo": OURS,
    "echo_edit": replace(OURS, change="edited", version="wamid.OurEdit", text="Hello Ana"),
    "echo_revoke": replace(OURS, change="deleted", text=""),
}

NO_MESSAGE: dict[str, list[Event]] = {
    "reaction": [Skipped(reason="reaction", event="reaction")],
    "reaction_removed": [Skipped(reason="reaction", event="reaction removed")],
    "number_changed": [Skipped(reason="system", event="system:user_changed_number")],
    "user_id_update": [Skipped(reason="system", event="user_id_update")],
    "template_status": [Skipped(reason="system", event="message_template_status_update")],
    "statuses": [Skipped(reason="receipt", event=one) for one in ("sent", "delivered", "read", "played")],
    "marked": [
        Delivered(account=NUMBER.id, id="wamid.Reply", reply="reply-5002"),
        Delivered(account=NUMBER.id, id="wamid.Reply", reply="reply-5002"),
        Delivered(account=NUMBER.id, id="wamid.Reply", reply="reply-5002"),
        Delivered(account=NUMBER.id, id="wamid.Reply", reply="reply-5002"),
        Skipped(reason="receipt", event="deleted"),
    ],
    "failed": [
        Undelivered(
            account=NUMBER.id,
            id="wamid.Ours",
            reason="WhatsApp did not deliver this: Re-engagement message: More than 24 hours have passed since "
            "the customer last replied (code 131047).",
            reply="reply-5001",
        )
    ],
}


def written(**changed: object) -> Message:
    """What a plain message comes to with some of its values changed or added, and nobody described beside it."""
    return message(value(messages=[text(**changed)]))


def said(kind: str, body: object, **changed: object) -> tuple[str, tuple[Attachment, ...]]:
    """What a message of another type says."""
    found = written(**{"type": kind, "text": None, kind: body} | changed)
    return found.text, found.attachments


def fault(**changed: object) -> str:
    """Why a message cannot be read."""
    item = text(**changed)
    (found,) = parse(value(messages=[item]))
    assert isinstance(found, Unreadable), found
    assert found.item == compact(item)
    return found.error


@pytest.mark.parametrize("name", WRITTEN)
def test_an_item_becomes_the_message_that_it_is(name: str) -> None:
    document = fixture(name)
    (item,) = items(document)

    assert parse(document) == [replace(WRITTEN[name], raw=compact(item))]


@pytest.mark.parametrize("name", NO_MESSAGE)
def test_what_is_no_message_ends_by_name(name: str) -> None:
    assert parse(fixture(name)) == NO_MESSAGE[name]


def test_a_body_that_whatsapp_left_out_is_a_message_all_the_same() -> None:
    found, error = parse(fixture("body_left_out"))

    assert isinstance(found, Message)
    assert found.text == "[a message that WhatsApp cannot deliver to apps: interactive]"
    assert error == Skipped(reason="system", event="errors:131000")


def test_everybody_in_a_callback_is_kept_apart_and_a_stranger_number_is_skipped() -> None:
    first, second, third, fourth = parse(fixture("many"))

    bo = Person(id="SE.55", name="Bo", phone="+46700000001")
    assert isinstance(first, Message)
    assert isinstance(second, Message)
    assert isinstance(third, Message)
    assert [(one.account, one.author, one.text) for one in (first, second, third)] == [
        (NUMBER, PERSON, "first"),
        (NUMBER, bo, "second"),
        (OTHER_NUMBER, Person(id=ANA, phone="+34600111222"), "to the other number"),
    ]
    assert fourth == Skipped(reason="unknown_account", event="106000000000009")


# --- reactions ------------------------------------------------------------------------------------------------


def test_a_reaction_is_a_message_where_they_are_wanted() -> None:
    document = fixture("reaction")
    (item,) = items(document)

    found = parse(document, reactions=True)

    about = replace(PLAIN, id="wamid.Reaction", kind="reaction", text="\u2764\ufe0f", reply_to="wamid.Ours")
    assert found == [replace(about, raw=compact(item))]


@pytest.mark.parametrize("emoji", ["", None])
def test_a_reaction_taken_back_stays_a_skip(emoji: str | None) -> None:
    taken_back = text(type="reaction", reaction={"message_id": "wamid.Ours", "emoji": emoji})

    found = parse(value(messages=[taken_back]), reactions=True)

    assert found == [Skipped(reason="reaction", event="reaction removed")]


def test_another_reaction_has_another_key_and_a_redelivered_one_the_same() -> None:
    hearts = [
        text(id=f"wamid.{n}", type="reaction", reaction={"message_id": "wamid.Ours", "emoji": "❤"}) for n in "AB"
    ]

    first, second = (message(value(messages=[one]), reactions=True) for one in hearts)

    assert first.key != second.key
    assert first.key == message(value(messages=[hearts[0]]), reactions=True).key


# --- who it is ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "contacts", "person"),
    [
        ({}, None, Person(id="34600111222", phone="+34600111222")),
        ({"from_user_id": ANA}, None, Person(id=ANA, phone="+34600111222")),
        ({}, [{"wa_id": "34600111222", "user_id": ANA}], Person(id=ANA, phone="+34600111222")),
        # a user id stands where the number belongs
        ({"from": ANA}, None, Person(id=ANA)),
        ({"from": ANA}, [{"wa_id": "34600111222", "user_id": ANA}], Person(id=ANA, phone="+34600111222")),
        # only the contact says who it is
        ({"from": None}, [{"user_id": ANA}], Person(id=ANA)),
        ({"from": None}, [{"wa_id": "34600111222"}], Person(id="34600111222", phone="+34600111222")),
        # two spellings of one number
        ({"from": "521555"}, [{"wa_id": "52555", "user_id": "MX.1"}], Person(id="MX.1", phone="+521555")),
        ({"from": "+521555"}, None, Person(id="521555", phone="+521555")),
        # of no use
        ({}, "Ana", Person(id="34600111222", phone="+34600111222")),
        ({}, ["Ana", {"profile": "Ana"}], Person(id="34600111222", phone="+34600111222")),
        ({}, [{"wa_id": []}], Person(id="34600111222", phone="+34600111222")),
        ({}, [{"profile": {"name": 7, "username": []}}], Person(id="34600111222", phone="+34600111222")),
        # numbers as numbers
        ({"from": 34600111222}, [{"wa_id": 34600111222, "user_id": 7}], Person(id="7", phone="+34600111222")),
    ],
)  # fmt: skip
def test_a_person_is_the_user_id_where_there_is_one(
    item: dict[str, object], contacts: object, person: Person
) -> None:
    found = message(value(messages=[text(**item)], contacts=contacts))

    assert (found.author, found.thread) == (person, person.id)


def test_a_contact_of_one_of_two_people_is_not_the_others() -> None:
    two = [text(), text(**{"from": "46700000001", "id": "wamid.B"})]

    found = parse(value(messages=two, contacts=[{"wa_id": "34600111222", "user_id": ANA}]))

    assert [one.author.id for one in found if isinstance(one, Message)] == [ANA, "46700000001"]


def test_a_message_of_nobody_is_unreadable() -> None:
    assert fault(**{"from": None}) == "messages item: from is missing"


def test_a_user_id_that_cannot_be_read_is_not_guessed_around() -> None:
    (found,) = parse(value(messages=[text()], contacts=[{"wa_id": "34600111222", "user_id": {}}]))

    assert isinstance(found, Unreadable)
    assert found.error == "messages item: user_id is an object, expected text or a whole number"


def test_what_we_write_goes_to_whom_whatsapp_names() -> None:
    echo = {"from": "4930555010", "to": "34600111222", "id": "wamid.E", "type": "text", "text": {"body": "hi"}}

    known = message(value(message_echoes=[echo | {"to_user_id": ANA}]))
    unknown = message(value(message_echoes=[echo]))
    group = message(value(message_echoes=[echo | {"to": None, "group_id": "1203@g.us"}]))

    assert (known.author, known.thread) == (US, ANA)
    assert (unknown.author, unknown.thread) == (US, "34600111222")
    assert (group.author, group.thread) == (US, "1203@g.us")


# --- what it says ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "body", "told"),
    [
        ("location", {"latitude": 52, "longitude": 13.4}, "[location]"),
        ("button", {"payload": "AGENT"}, "AGENT"),
        ("interactive", {"type": "button_reply", "button_reply": {"id": "yes"}}, "yes"),
        ("interactive", {"type": "nfm_reply", "nfm_reply": {"name": "flow"}}, "[form: flow]"),
        ("interactive", {"type": "nfm_reply", "nfm_reply": {"response_json": "{"}}, "[form]"),
        ("interactive", {"type": "nfm_reply", "nfm_reply": {"response_json": "[" * 9999}}, "[form]"),
        (
            "interactive",
            {"type": "call_permission_reply", "call_permission_reply": {"response": "accept"}},
            "[an answer of a kind that only WhatsApp shows: call_permission_reply]",
        ),
        ("order", {"product_items": [{}]}, "[order: ? × ?]"),
        ("order", {}, "[order]"),
        ("contacts", [{}], "[contact]"),
        ("unsupported", None, "[a message that WhatsApp cannot deliver to apps]"),
        ("unknown", None, "[a message that WhatsApp cannot deliver to apps]"),
        ("poll", {"question": "?"}, "[a message of a kind that only WhatsApp shows: poll]"),
    ],
)
def test_what_has_no_words_is_a_line_that_tells_what_it_is(kind: str, body: object, told: str) -> None:
    assert said(kind, body)[0] == told


@pytest.mark.parametrize("kind", ["image", "video", "audio", "document", "sticker"])
def test_a_file_is_known_by_its_id(kind: str) -> None:
    assert said(kind, {"id": 905}) == ("", (Attachment(kind=kind, id="905"),))


def test_words_of_a_customer_stay_as_they_are_where_they_came_through_an_advertisement() -> None:
    found = written(referral={"source_type": "post", "source_url": "https://fb.example.com/p", "body": "Sale"})
    bare = written(referral={"source_type": "post"})
    silent = said("sticker", {"id": "1"}, referral={"source_type": "post"})

    assert found.text == "hi"
    assert found.attachments == (Attachment(kind="link", url="https://fb.example.com/p", name="Sale"),)
    assert (bare.text, bare.attachments) == ("hi", ())
    assert silent == ("[through a post]", (Attachment(kind="sticker", id="1"),))


def test_a_button_that_we_show_in_the_app_is_no_pressed_button() -> None:
    shown = {"to": "34600111222", "id": "wamid.E", "type": "button", "button": {"text": "Yes"}}

    assert message(value(message_echoes=[shown])).kind == "direct"


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"id": None}, "id is missing"),
        ({"id": "x" * 513}, "id is 513 bytes long, an id has at most 512"),
        ({"type": None}, "type is missing"),
        ({"text": None}, "text is missing"),
        ({"text": {}}, "text.body is missing"),
        ({"text": {"body": 7}}, "body is a number, expected text"),
        ({"type": "image", "image": {}}, "image has neither id nor url nor caption"),
        ({"type": "location", "location": {"latitude": 52, "longitude": True}}, POINT),
        ({"type": "contacts", "contacts": []}, "contacts is missing"),
        ({"type": "contacts", "contacts": [7]}, "contacts holds something that is not an object"),
        ({"type": "order", "order": {"product_items": ""}}, "product_items is text, expected a list"),
        ({"type": "button", "button": {}}, "button.text is missing"),
        ({"type": "interactive", "interactive": {}}, "interactive.type is missing"),
        ({"type": "interactive", "interactive": {"type": "list_reply"}}, "list_reply.title is missing"),
        ({"type": "edit", "edit": {"message": text()}}, "original_message_id is missing"),
        ({"type": "edit", "edit": {"original_message_id": "wamid.A"}}, "type is missing"),
        ({"type": "revoke"}, "original_message_id is missing"),
        ({"type": "reaction", "reaction": {"emoji": "❤"}}, "message_id is missing"),
        ({"context": []}, "context is a list, expected an object"),
        ({"group_id": True}, "group_id is true or false, expected text or a whole number"),
    ],
)  # fmt: skip
def test_what_must_not_be_guessed_is_unreadable(changed: dict[str, object], error: str) -> None:
    assert fault(**changed) == f"messages item: {error}"


# --- what was not delivered -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("errors", "reason"),
    [
        (None, "WhatsApp did not deliver this, without a reason."),
        ([{}, 7], "WhatsApp did not deliver this, without a reason."),
        ([{"code": 131026}], "WhatsApp did not deliver this: code 131026."),
        ([{"title": "Undeliverable"}], "WhatsApp did not deliver this: Undeliverable."),
        (
            [{"code": "1", "title": "Late", "details": "Late"}, {"code": 2, "message": "Blocked."}],
            "WhatsApp did not deliver this: Late (code 1); Blocked (code 2).",
        ),
    ],
)
def test_the_agent_reads_why_a_reply_did_not_arrive(errors: object, reason: str) -> None:
    found = parse(value(statuses=[{"id": "wamid.Ours", "status": "failed", "errors": errors}]))

    assert found == [Undelivered(account=NUMBER.id, id="wamid.Ours", reason=reason)]


def test_a_status_that_nobody_knows_is_named() -> None:
    found = parse(value(statuses=[{"id": "wamid.Ours", "status": "held"}]))

    assert found == [Skipped(reason="unknown_event", event="status:held")]
