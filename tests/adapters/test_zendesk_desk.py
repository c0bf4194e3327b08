"""Agents answer in Zendesk: what they say is read from a real sandbox, and the ticket shows what became of it."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stub
import zendesk_account
from pydantic import SecretStr
from stub import Call, Said
from zendesk_account import Sandbox, filing, part, receipts, send

from adapters.zendesk import Settings, Zendesk
from bridge.errors import Paused, RetryLater
from bridge.ports import Delivery, Polled, Reply, Rung

SAYS = {
    "sent": '<p>The reply was sent to the customer. <a href="https://wall.example/1">https://wall.example/1</a></p>',
    "failed": "<p>The reply was NOT sent to the customer. The window &lt;24 h&gt; is over.</p>",
}
FIELD = {
    "type": "tagger",
    "title": "Social reply",
    "custom_field_options": [
        {"name": name, "value": f"casebridge_{name}"} for name in ("sent", "failed", "unsure", "other")
    ],
}


process, account = zendesk_account.process, zendesk_account.account


def desk(account: Sandbox, **given: Any) -> Zendesk:
    settings = {
        "subdomain": "acme",
        "client_id": "sandbox-client",
        "client_secret": SecretStr("sandbox-secret"),
        "url": account.url,
        "timeout": 5,
        "replies": "comments",
    }
    return Zendesk(Settings.model_validate(settings | given))


def opened(account: Sandbox, key: str = "facebook:1:9") -> str:
    """A ticket of a customer's, as we file it."""
    person = account.user(f"facebook:{key}")
    first = part(f"{key}:first", "Help", public=True, person=person)
    create = {"subject": "Help", "description": "Help", "requester_id": person, "tags": "social"}
    [receipt] = receipts(send(account.crm(), filing(key, first, create=create)))
    return receipt.known.case_id


def say(account: Sandbox, ticket: str, text: str = "We are on it", **more: Any) -> str:
    """Have an agent comment in a browser; the comment's id."""
    account.order("comment", ticket=int(ticket), **{"body": text, "author": "agent", **more})
    [found] = [one for one in account.tickets() if str(one["id"]) == ticket]
    return str(found["comments"][-1]["id"])


def rang(ticket: str, **more: Any) -> Rung:
    return Rung(**{"case_id": ticket, "at": datetime.now(UTC), **more})


def since(*, minutes: float = 30, asked: float = 30) -> str:
    """A cursor of so many minutes ago."""
    now = datetime.now(UTC).timestamp()
    return f"{int(now - minutes * 60)}:{int(now - asked * 60)}"


def earlier(account: Sandbox, minutes: float = 10) -> None:
    """Have what is written now stand there as from before: an export leaves out the latest minute."""
    account.order("clock", offset_seconds=-60 * minutes)


def texts(polled: Polled) -> list[tuple[str, str]]:
    return [(one.case_id, one.text) for one in polled.replies]


# --- reading what rang ---


def test_what_an_agent_says_is_read_where_it_rang(account: Sandbox) -> None:
    ticket = opened(account)
    comment = say(account, ticket, "Grüße\n<b>&amp;")

    polled = desk(account).poll(since(asked=0), [rang(ticket)])

    reply = Reply(id=comment, case_id=ticket, text="Grüße\n<b>&amp;", agent="Sandbox Agent", meant=False)
    assert polled.replies == [reply]
    assert polled.us.isdecimal()


def test_reading_costs_one_call_for_each_ticket_and_one_for_all(account: Sandbox) -> None:
    tickets = [opened(account, f"facebook:1:{n}") for n in range(3)]
    crm = desk(account)
    crm.poll("")
    before = account.data_calls()

    crm.poll(since(asked=0), [rang(ticket) for ticket in tickets])

    assert account.made_since(before) == {"GET tickets/show_many": 1, "GET tickets/{id}/comments": 3}


def test_only_what_an_agent_says_to_the_customer_is_a_reply(account: Sandbox) -> None:
    ticket = opened(account)
    say(account, ticket, "a note", public=False)
    say(account, ticket, "a customer", author=int(account.user("facebook:another")))
    send(account.crm(), filing("facebook:1:9", part("facebook:1:9:second", "ours", public=True)))

    assert texts(desk(account).poll(since(asked=0), [rang(ticket)])) == []


def test_what_an_agent_said_long_before_it_rang_is_no_news(account: Sandbox) -> None:
    ticket = opened(account)
    earlier(account, minutes=30)
    old = say(account, ticket, "long ago")
    account.order("clock", offset_seconds=0)
    say(account, ticket, "just now")
    crm = desk(account)

    assert texts(crm.poll(since(asked=0), [rang(ticket)])) == [(ticket, "just now")]
    assert texts(crm.poll(since(asked=0), [rang(ticket, reply=old)])) == [(ticket, "long ago")]


def test_a_reply_that_is_asked_for_is_found_behind_many_others(account: Sandbox) -> None:
    ticket = opened(account)
    first = say(account, ticket, "the first")
    for n in range(25):
        say(account, ticket, f"{n}")

    assert texts(desk(account).poll(since(asked=0), [rang(ticket, reply=first)])) == [(ticket, "the first")]


def test_a_ticket_that_is_gone_holds_up_no_other(account: Sandbox) -> None:
    gone, ticket = opened(account, "facebook:1:1"), opened(account, "facebook:1:2")
    say(account, ticket)
    account.api("DELETE", f"tickets/{gone}")

    polled = desk(account).poll(since(asked=0), [rang(gone), rang("999999"), rang("no-number"), rang(ticket)])

    assert texts(polled) == [(ticket, "We are on it")]


@pytest.mark.parametrize(
    ("fault", "trouble"), [("rate_limit", RetryLater), ("server_error", RetryLater), ("forbidden", Paused)]
)
def test_a_desk_in_trouble_is_read_later(account: Sandbox, fault: str, trouble: type[Exception]) -> None:
    account.fault(fault, times=9)

    with pytest.raises(trouble):
        desk(account).poll("", [rang("1")])


# --- the safety net ---


def test_the_first_look_begins_now_and_reads_nothing(account: Sandbox) -> None:
    ticket = opened(account)
    say(account, ticket)

    polled = desk(account).poll("")

    at, asked = map(int, polled.cursor.split(":"))
    assert (polled.replies, asked - at, abs(at - datetime.now(UTC).timestamp()) < 60) == ([], 0, True)


@pytest.mark.parametrize("cursor", ["17", ""])
def test_a_cursor_of_another_kind_begins_now(account: Sandbox, cursor: str) -> None:
    assert len(desk(account).poll(cursor).cursor.split(":")) == 2


def test_what_no_webhook_told_of_is_found(account: Sandbox) -> None:
    earlier(account)
    ticket = opened(account)
    say(account, ticket, "a note", public=False)
    comment = say(account, ticket)
    account.order("clock", offset_seconds=0)

    polled = desk(account).poll(since())

    assert polled.replies == [
        Reply(id=comment, case_id=ticket, text="We are on it", agent="Sandbox Agent", meant=False)
    ]
    at, asked = map(int, polled.cursor.split(":"))
    assert abs(asked - at - 120) <= 1


def test_an_account_that_was_quiet_for_hours_is_looked_at_again() -> None:
    def answer(call: Call) -> Said:
        known = {
            "/oauth/tokens": {"access_token": "t", "scope": "read write"},
            "/api/v2/users/me": {"user": {"id": 9}},
        }
        return Said(body=known.get(call.path, {"ticket_events": [], "end_of_stream": True}))

    with stub.running(answer) as quiet:
        quiet.clock = datetime.now(UTC).timestamp() - 7200  # when the last answer came
        crm = desk(Sandbox(quiet.url))
        crm.poll("")

        crm.poll(since(minutes=10, asked=10))

        assert len(quiet.asked("GET", "/api/v2/incremental/ticket_events")) == 1


def test_who_has_become_an_agent_is_heard(account: Sandbox) -> None:
    earlier(account)
    ticket, other = opened(account), account.user("facebook:1:10")
    say(account, ticket, "as a customer", author=int(other))
    crm = desk(account)
    account.order("clock", offset_seconds=0)
    before = crm.poll(since())
    account.api("PUT", f"users/{other}", {"user": {"role": "agent"}})
    account.order("clock", offset_seconds=-300)
    say(account, ticket, "as an agent", author=int(other))
    account.order("clock", offset_seconds=0)

    assert (texts(before), texts(crm.poll(since(minutes=7)))) == ([], [(ticket, "as an agent")])


def test_it_is_looked_for_no_more_often_than_the_poll_says(account: Sandbox) -> None:
    crm = desk(account)
    crm.poll("")
    before = account.data_calls()

    cursor = since(asked=4)
    polled = crm.poll(cursor)

    assert (polled.cursor, account.made_since(before)) == (cursor, {})


def test_a_net_without_answers_costs_one_call(account: Sandbox) -> None:
    earlier(account)
    opened(account)
    account.order("clock", offset_seconds=0)
    crm = desk(account)
    crm.poll("")
    before = account.data_calls()

    crm.poll(since())

    made = account.made_since(before)
    assert made.pop("GET incremental/ticket_events") == 1
    assert set(made) <= {"GET users/show_many"}


def test_a_net_that_is_torn_keeps_nobody_from_hearing_what_rang(
    account: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    ticket = opened(account)
    say(account, ticket)
    account.fault("rate_limit", path="incremental/")
    cursor = since()

    polled = desk(account).poll(cursor, [rang(ticket)])

    assert texts(polled) == [(ticket, "We are on it")]
    assert polled.cursor.split(":")[0] == cursor.split(":")[0]
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


# --- what agents read ---


def told(ticket: str, state: Any = "sent", **more: Any) -> Delivery:
    given = {
        "sent": {"url": "https://wall.example/1"},
        "failed": {"says": "The window <24 h> is over."},
        "unsure": {"says": "Look at it."},
    }
    return Delivery(**{"reply": "31", "case_id": ticket, "state": state, **given[state], **more})


def shown(account: Sandbox, ticket: str) -> dict[str, Any]:
    [found] = [one for one in account.tickets() if str(one["id"]) == ticket]
    return dict(found)


def notes(account: Sandbox, ticket: str) -> list[str]:
    """The internal notes on a ticket, without Zendesk's wrapping."""
    found = [one["html_body"] for one in shown(account, ticket)["comments"] if not one["public"]]
    return [one.partition(">")[2].rpartition("</div>")[0].replace(' dir="auto"', "") for one in found]


def states(account: Sandbox, ticket: str) -> set[str]:
    """The tags by which a ticket shows what became of its reply."""
    return {one for one in shown(account, ticket)["fields"]["tags"] if one.startswith("casebridge_")}


@pytest.fixture
def field(account: Sandbox) -> None:
    account.api("POST", "ticket_fields", {"ticket_field": FIELD})


@pytest.mark.usefixtures("field")
def test_a_sent_reply_is_noted_with_its_link(account: Sandbox) -> None:
    ticket = opened(account)
    account.change(ticket, status="pending")

    assert desk(account).report([told(ticket)]) == {}

    assert notes(account, ticket) == [SAYS["sent"]]
    assert (states(account, ticket), shown(account, ticket)["fields"]["status"]) == (
        {"casebridge_sent"},
        "pending",
    )


@pytest.mark.usefixtures("field")
@pytest.mark.parametrize(("status", "after"), [("pending", "open"), ("solved", "open"), ("new", "new")])
def test_a_failed_reply_is_noted_with_the_reason_and_opens_the_ticket(
    account: Sandbox, status: str, after: str
) -> None:
    ticket = opened(account)
    if status != "new":
        account.change(ticket, status=status)

    desk(account).report([told(ticket, "failed")])

    assert notes(account, ticket) == [SAYS["failed"]]
    assert (states(account, ticket), shown(account, ticket)["fields"]["status"]) == ({"casebridge_failed"}, after)


@pytest.mark.usefixtures("field")
def test_the_field_shows_the_latest_reply_and_one_note_tells_of_several(account: Sandbox) -> None:
    ticket, other = opened(account, "facebook:1:1"), opened(account, "facebook:1:2")
    crm = desk(account)
    crm.report([told(ticket, "failed")])
    before = account.data_calls()

    crm.report([told(ticket, "failed", reply="32"), told(other), told(ticket, reply="33")])

    assert notes(account, ticket)[1:] == [SAYS["failed"] + SAYS["sent"]]
    assert (states(account, ticket), states(account, other)) == ({"casebridge_sent"}, {"casebridge_sent"})
    assert account.made_since(before) == {"GET tickets/show_many": 1, "PUT tickets/{id}": 2}


def test_without_the_field_the_note_does(account: Sandbox) -> None:
    ticket = opened(account)

    assert desk(account).report([told(ticket, "unsure", says="{{ticket.id}} <i>?")]) == {}

    [note] = notes(account, ticket)
    assert "{\u200b{ticket.id}\u200b} &lt;i&gt;?" in note.replace("&#8203;", "\u200b")


def test_a_closed_ticket_and_one_that_is_gone_take_no_more_news(account: Sandbox) -> None:
    closed, gone, there = (opened(account, f"facebook:1:{n}") for n in range(3))
    account.close(closed)
    account.api("DELETE", f"tickets/{gone}")

    waits = desk(account).report([told(closed), told(gone, reply="32"), told(there, reply="33")])

    assert (waits, notes(account, closed), notes(account, there)) == ({}, [], [SAYS["sent"]])


def test_what_an_agent_changed_meanwhile_is_not_undone(account: Sandbox) -> None:
    ticket = opened(account)
    account.fault("conflict")
    crm = desk(account)

    waits = crm.report([told(ticket, "failed")])

    assert {reply: wait.after for reply, wait in waits.items()} == {"31": timedelta(seconds=1)}
    assert notes(account, ticket) == []
    assert (crm.report([told(ticket, "failed")]), notes(account, ticket)) == ({}, [SAYS["failed"]])


@pytest.mark.parametrize("fault", ["lost_answer", "applied_server_error"])
def test_news_whose_answer_was_lost_is_not_told_twice(account: Sandbox, fault: str) -> None:
    ticket = opened(account)
    account.fault(fault, method="PUT")
    crm = desk(account)

    waits = crm.report([told(ticket)])
    again = crm.report([told(ticket)])

    assert (list(waits), again, notes(account, ticket)) == (["31"], {}, [SAYS["sent"]])


def test_a_limit_in_the_middle_has_only_the_others_wait(account: Sandbox) -> None:
    first, second, third = (opened(account, f"facebook:1:{n}") for n in range(3))
    account.fault("rate_limit", method="PUT", path=f"tickets/{second}")
    crm = desk(account)

    waits = crm.report([told(first), told(second, reply="32"), told(third, reply="33")])

    assert sorted(waits) == ["32", "33"]
    assert [len(notes(account, one)) for one in (first, second, third)] == [1, 0, 0]


def test_a_ticket_that_refuses_the_field_still_gets_the_note(
    account: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    ticket = opened(account)
    account.fault("refused", method="PUT", status=422)

    assert desk(account).report([told(ticket)]) == {}

    assert notes(account, ticket) == [SAYS["sent"]]
    assert "as a note only" in caplog.text


def test_the_desk_is_read_as_often_as_its_connection_says() -> None:
    assert desk(Sandbox("http://127.0.0.1:9"), poll="2 minutes").every == timedelta(minutes=2)
