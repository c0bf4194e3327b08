"""Tickets that change while they are written to, and asking for what is in, against a real sandbox account."""

from __future__ import annotations

from dataclasses import replace

import zendesk_account
from zendesk_account import (
    HOUR,
    LATER,
    NOW,
    Sandbox,
    again,
    filing,
    opened,
    part,
    receipts,
    send,
    stopped,
    written,
)

from adapters.zendesk import Zendesk
from bridge.errors import Unsure
from bridge.ports import Reopen

LATE = NOW + HOUR


process, account, crm = zendesk_account.process, zendesk_account.account, zendesk_account.crm


# --- races ----------------------------------------------------------------------------------------------------


def test_a_ticket_closed_since_it_was_read_is_followed_up(account: Sandbox, crm: Zendesk) -> None:
    known = written(opened(crm, "a"))

    steps = crm.file([filing("a", part("m2"), known=known)], now=NOW)
    next(steps)
    account.close(known.case_id)
    [receipt] = receipts([outcome for step in steps for _, outcome in step])

    old, new = account.tickets()
    assert (new["external_id"], old["fields"]["followup_ids"]) == ("a~2", [new["id"]])
    assert receipt.refs == {"m2": str(new["id"])}


def test_a_ticket_deleted_since_it_was_read_is_replaced(account: Sandbox, crm: Zendesk) -> None:
    known = written(opened(crm, "a"))

    steps = crm.file([filing("a", part("m2"), known=known)], now=NOW)
    next(steps)
    account.api("DELETE", f"tickets/{known.case_id}")
    [receipt] = receipts([outcome for step in steps for _, outcome in step])

    assert (receipt.known.episode, account.tickets()[1]["external_id"]) == (2, "a~2")


def test_a_ticket_deleted_before_it_is_asked_is_replaced(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm, "a")

    steps = crm.file([again("a", part("m2"), known=known, same_op=False)], now=LATER)
    next(steps)
    account.api("DELETE", f"tickets/{known.case_id}")
    [receipt] = receipts([outcome for step in steps for _, outcome in step])

    assert (receipt.known.episode, account.tickets()[1]["external_id"]) == (2, "a~2")


# --- looking --------------------------------------------------------------------------------------------------


def test_look_tells_what_is_in_and_changes_nothing(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm, "a")
    receipts(send(crm, filing("a", part("m2"), known=known), filing("b", part("n1"), part("n2"))))
    before = account.tickets()

    seen = crm.look(
        [
            filing("a", part("m2"), part("m3"), known=known),
            filing("b", part("n1"), part("n2"), part("n3")),
            filing("c", part("o1")),
            filing("d", part("p1"), object="Case"),
        ]
    )

    assert seen == [{"m2"}, {"n1", "n2"}, set(), set()]
    assert account.tickets() == before


def test_look_finds_an_opening_that_was_split(account: Sandbox, crm: Zendesk) -> None:
    long = filing("a", part("m1", "x" * 130_000))
    receipts(send(crm, long))

    assert crm.look([long]) == [{"m1"}]


def test_parts_behind_a_failed_one_are_not_sent(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm, "a")
    account.fault("server_error", method="PUT")

    said = [part("m2"), part("m3", public=True)]
    [outcome] = send(crm, filing("a", *said, known=known))

    assert isinstance(outcome, Unsure)
    assert account.comments() == [["the first"]]


def test_a_reopened_ticket_is_commented_on_once(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm, "a")
    account.change(known.case_id, status="solved")
    late = part("m2", received_at=LATE)
    reopen = Reopen(within=2 * HOUR)
    account.fault("lost_answer", method="PUT")
    stopped(crm, filing("a", late, known=known, reopen=reopen))

    [receipt] = receipts(send(crm, again("a", late, known=known, reopen=reopen), now=LATER))

    assert list(receipt.refs) == ["m2"]
    assert account.comments() == [["the first"], ["hello"]]
    assert replace(receipt.known, notes=known.notes) == known
