"""Answers to customers on WhatsApp: whom they go to, what errors mean, and what a lost answer leaves."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from meta_calls import RECEIVED, post, written
from pydantic import SecretStr
from stub import Break, Said, Stub
from whatsapp_calls import ANA, NUMBER, fixture, message, text, value
from whatsapp_platform import DEAD, TOKEN, WhatsApp, adapter, platform, refused

from adapters.meta import Meta
from adapters.meta.faults import WHATSAPP
from bridge import measuring
from bridge.errors import Paused, Rejected, RetryLater, Trouble, Unsure
from bridge.message import Message
from bridge.ports import Credentials, Delivered, Sending, Sent, Undelivered, Way

CREDENTIALS = Credentials(token=SecretStr(TOKEN))
MINUTE = timedelta(minutes=1)
PAGE = (Path(__file__).parents[2] / "docs" / "channels" / "meta.md").read_text(encoding="utf-8")


@pytest.fixture
def there() -> Iterator[tuple[WhatsApp, Stub, Meta]]:
    with platform() as (whatsapp, stub):
        yield whatsapp, stub, adapter(stub)


def sending(to: Message, said: str = "We found it!", **changed: Any) -> Sending:
    plain = Sending(
        to=to,
        text=said,
        private=True,
        mark="mark-1",
        credentials=CREDENTIALS,
        heard_at=RECEIVED,
        now=RECEIVED + MINUTE,
    )
    return replace(plain, **changed)


def asked() -> Message:
    """What a customer wrote."""
    return message(fixture("text"))


def trouble(meta: Meta, one: Sending) -> Trouble:
    with pytest.raises(Trouble) as raised:
        meta.send(one)
    return raised.value


# --- what is sent ---------------------------------------------------------------------------------------------


def test_a_reply_quotes_what_it_answers_and_carries_the_mark(there: tuple[WhatsApp, Stub, Meta]) -> None:
    _, stub, meta = there

    sent = meta.send(sending(asked()))

    (call,) = stub.calls
    assert sent == Sent(id="wamid.Sent1")
    assert (call.method, call.host, call.path, call.query, call.token) == (
        "POST", "graph.facebook.com", f"/v25.0/{NUMBER.id}/messages", {}, TOKEN,
    )  # fmt: skip
    assert call.json == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "34600111222",
        "type": "text",
        "text": {"body": "We found it!", "preview_url": False},
        "context": {"message_id": "wamid.Text"},
        "biz_opaque_callback_data": "mark-1",
    }


def test_only_the_first_text_of_a_reply_quotes(there: tuple[WhatsApp, Stub, Meta]) -> None:
    whatsapp, _, meta = there

    meta.send(sending(asked(), "and more", first=False, mark="mark-2"))

    assert whatsapp.sent == [
        {
            "number": NUMBER.id,
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": "34600111222",
            "type": "text",
            "text": {"body": "and more", "preview_url": False},
            "biz_opaque_callback_data": "mark-2",
        }
    ]


def test_a_reaction_is_answered_and_not_quoted(there: tuple[WhatsApp, Stub, Meta]) -> None:
    whatsapp, _, meta = there

    meta.send(sending(message(fixture("reaction"), reactions=True)))

    assert "context" not in whatsapp.sent[0]


@pytest.mark.parametrize(
    ("item", "contacts", "whom"),
    [
        ({}, None, {"recipient_type": "individual", "to": "34600111222"}),
        ({"from_user_id": ANA}, None, {"recipient_type": "individual", "to": "34600111222"}),
        ({"from": ANA}, None, {"recipient_type": "individual", "recipient": ANA}),
        ({"from": None, "from_user_id": ANA}, None, {"recipient_type": "individual", "recipient": ANA}),
        ({"from": None}, [{"wa_id": "52155"}], {"recipient_type": "individual", "to": "52155"}),
        ({"group_id": "1203@g.us"}, None, {"recipient_type": "group", "to": "1203@g.us"}),
    ],
)  # fmt: skip
def test_a_reply_goes_to_the_group_or_the_number_else_to_the_user_id(
    there: tuple[WhatsApp, Stub, Meta], item: dict[str, object], contacts: object, whom: dict[str, str]
) -> None:
    whatsapp, _, meta = there

    meta.send(sending(message(value(messages=[text(**item)], contacts=contacts))))

    (sent,) = whatsapp.sent
    assert {name: sent[name] for name in ("recipient_type", "to", "recipient") if name in sent} == whom


def test_what_follows_on_our_own_message_goes_to_the_customer_too(there: tuple[WhatsApp, Stub, Meta]) -> None:
    whatsapp, _, meta = there

    meta.send(sending(message(fixture("echo"))))

    assert (whatsapp.sent[0]["recipient"], whatsapp.sent[0]["context"]) == (ANA, {"message_id": "wamid.Ours"})


def test_a_masked_number_is_no_number(there: tuple[WhatsApp, Stub, Meta]) -> None:
    whatsapp, _, meta = there
    to = asked()

    meta.send(sending(replace(to, author=replace(to.author, phone="[phone number]"), raw=b"")))

    assert (whatsapp.sent[0].get("to"), whatsapp.sent[0]["recipient"]) == (None, ANA)


def test_the_longest_text_is_counted_in_characters_and_goes_out_whole(there: tuple[WhatsApp, Stub, Meta]) -> None:
    whatsapp, _, meta = there
    to = asked()
    way = meta.way(to, private=False, heard_at=RECEIVED)
    longest = "é" * 4095 + "🙂"

    assert way == Way(most=4096, unit="characters", split=True, until=RECEIVED + timedelta(hours=24))
    assert measuring.split(longest, way.most, way.unit) == [longest]
    assert [len(one) for one in measuring.split(longest + "!", way.most, way.unit)] == [4096, 1]
    meta.send(sending(to, longest))
    assert whatsapp.sent[0]["text"]["body"] == longest


def test_the_window_is_24_hours_from_when_the_customer_wrote_last() -> None:
    heard = datetime.fromisoformat("2026-10-26T07:33:20+00:00")
    with platform() as (_, stub):
        way = adapter(stub).way(asked(), private=False, heard_at=heard)

    assert isinstance(way, Way)
    assert way.until == datetime.fromisoformat("2026-10-27T07:33:20+00:00")


# --- what the platform refuses --------------------------------------------------------------------------------

ENDS: dict[str, type[Trouble]] = {
    "throttled": RetryLater,
    "temporary": Unsure,
    "token": Paused,
    "refused": Rejected,
}


@pytest.mark.parametrize("code", WHATSAPP)
def test_every_documented_error_ends_as_it_should(there: tuple[WhatsApp, Stub, Meta], code: str) -> None:
    _, stub, meta = there
    stub.plan.append(refused(int(code)))

    found = trouble(meta, sending(asked()))

    fault = WHATSAPP[code]
    assert (type(found), str(found)) == (ENDS[fault.means], f"{fault.says} (error {code})")


def test_the_page_has_every_error_with_what_agents_read() -> None:
    section = PAGE[PAGE.index("\n## WhatsApp\n") :]
    table = section[section.index("\n| Code | Means | Agents read |\n") :].partition("\n\n")[0]

    rows = [row.strip("| ").split(" | ") for row in table.splitlines()[3:]]
    said = {code: (means, says) for codes, means, says in rows for code in re.findall(r"\d+", codes)}

    assert said == {code: (fault.means, fault.says) for code, fault in WHATSAPP.items()}


def test_a_closed_window_tells_the_agent_what_is_left() -> None:
    assert "only an approved template" in WHATSAPP["131047"].says


@pytest.mark.parametrize(
    ("said", "after"),
    [
        (refused(130429), MINUTE),
        (Said(status=429, body={}, headers={"Retry-After": "90"}), timedelta(seconds=90)),
        (
            Said(
                status=400,
                body={"error": {"code": 80007}},
                headers={
                    "X-Business-Use-Case-Usage": '{"1":[{"type":"whatsapp","estimated_time_to_regain_access":7}]}'
                },
            ),
            timedelta(minutes=7),
        ),
    ],
)
def test_a_throttle_is_waited_for_as_long_as_whatsapp_says(
    there: tuple[WhatsApp, Stub, Meta], said: Said, after: timedelta
) -> None:
    whatsapp, stub, meta = there
    stub.plan.append(said)

    found = trouble(meta, sending(asked()))

    assert isinstance(found, RetryLater)
    assert (found.after, found.counts) == (after, False)
    assert whatsapp.sent == []
    assert meta.send(sending(asked())) == Sent(id="wamid.Sent1")


def test_a_dead_token_pauses_the_account(there: tuple[WhatsApp, Stub, Meta]) -> None:
    _, stub, meta = there
    stub.plan.append(DEAD)

    assert isinstance(trouble(meta, sending(asked())), Paused)


def test_without_a_token_nothing_is_sent(there: tuple[WhatsApp, Stub, Meta]) -> None:
    _, stub, meta = there

    found = trouble(meta, sending(asked(), credentials=Credentials()))

    assert isinstance(found, Rejected)
    assert "holds no token for this account" in str(found)
    assert stub.calls == []


@pytest.mark.parametrize("answer", [{}, {"messages": []}, {"messages": [7]}, {"messages": [{"id": 7}]}])
def test_a_message_that_was_taken_without_an_id_is_not_sent_again(
    there: tuple[WhatsApp, Stub, Meta], answer: object
) -> None:
    _, stub, meta = there
    stub.plan.append(Said(body=answer))

    assert isinstance(trouble(meta, sending(asked())), Unsure)


# --- a lost answer --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("broken", "arrived"), [("before", 0), ("after", 1), ("late", 1)])
def test_after_a_lost_answer_nobody_knows(there: tuple[WhatsApp, Stub, Meta], broken: Break, arrived: int) -> None:
    whatsapp, stub, meta = there
    stub.plan.append(broken)
    one = sending(asked())

    found = trouble(meta, one)

    assert isinstance(found, Unsure)
    assert meta.doubt(one) == "ask"
    assert len(whatsapp.sent) == arrived


def test_what_never_left_this_machine_is_sent_later() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = Stub(lambda _: Said())
        nobody.url = f"http://127.0.0.1:{taken.getsockname()[1]}"

        assert isinstance(trouble(adapter(nobody), sending(asked())), RetryLater)


@pytest.mark.parametrize("status", ["sent", "delivered", "read", "played"])
def test_the_status_settles_a_lost_answer(there: tuple[WhatsApp, Stub, Meta], status: str) -> None:
    whatsapp, stub, meta = there
    stub.plan.append("after")
    trouble(meta, sending(asked()))

    events = meta.parse(post(written(whatsapp.status(1, status))))

    assert events == [Delivered(account=NUMBER.id, id="wamid.Sent1", reply="mark-1")]


def test_the_status_names_what_was_sent_as_the_answer_does(there: tuple[WhatsApp, Stub, Meta]) -> None:
    whatsapp, _, meta = there

    sent = meta.send(sending(asked()))

    assert meta.parse(post(written(whatsapp.status(1)))) == [
        Delivered(account=NUMBER.id, id=sent.id, reply="mark-1")
    ]
    assert meta.parse(post(written(whatsapp.status(1, "failed")))) == [
        Undelivered(
            account=NUMBER.id,
            id=sent.id,
            reason="WhatsApp did not deliver this, without a reason.",
            reply="mark-1",
        )
    ]
