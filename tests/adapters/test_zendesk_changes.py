"""Fields that later messages raise, and owners that they give anew, against a real sandbox account."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
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
from bridge.errors import RetryLater, Unsure
from bridge.ports import Filing, Known, Raise, Receipt, Reopen
from bridge.sandbox.zendesk.shapes import GROUP
from bridge.written import NOTES_ROOM, digest

KEY = "facebook:1:9"
ORDER = ("low", "normal", "high", "urgent")
SUPPORT, CARE, BILLING = str(GROUP), str(GROUP + 1), str(GROUP + 2)


process, account, crm = zendesk_account.process, zendesk_account.account, zendesk_account.crm


def to(value: str) -> dict[str, Raise]:
    return {"priority": Raise(value=value, order=ORDER)}


def raising(known: Known, value: str, key: str = "m2", **more: Any) -> Filing:
    return filing(KEY, part(key, **more), known=known, raises=to(value))


def giving(known: Known, group: str, key: str = "m2", **more: Any) -> Filing:
    return filing(KEY, part(key), known=known, assign={"group_id": group}, **more)


def shown(account: Sandbox, name: str, ticket: int = 0) -> Any:
    return account.tickets()[ticket]["fields"][name]


def filed(crm: Zendesk, sent: Filing, **more: Any) -> Receipt:
    [receipt] = receipts(send(crm, sent, **more))
    return receipt


# --- raised ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("current", "value", "after"),
    [
        (None, "low", "low"),
        ("low", "high", "high"),
        ("high", "high", "high"),
        ("urgent", "high", "urgent"),
        ("normal", "unknown", "normal"),
    ],
)
def test_a_field_is_raised_and_never_lowered(
    account: Sandbox, crm: Zendesk, current: str | None, value: str, after: str
) -> None:
    known = opened(crm)
    account.change(known.case_id, priority=current)

    filed(crm, raising(known, value))

    assert shown(account, "priority") == after


def test_raising_costs_no_call(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm)
    before = account.data_calls()

    filed(crm, raising(known, "high"))

    assert account.made_since(before) == {"GET tickets/show_many": 1, "PUT tickets/{id}": 1}
    assert len(account.comments()) == 2


def test_what_an_agent_has_set_outside_the_order_stays(account: Sandbox, crm: Zendesk) -> None:
    account.order("fields", id=5, title="Tier", type="text")
    known = opened(crm)
    tier = {"custom_field_5": Raise(value="gold", order=("silver", "gold"))}

    filed(crm, filing(KEY, part("m2"), known=known, raises=tier))
    account.change(known.case_id, custom_fields=[{"id": 5, "value": "platinum"}])
    filed(crm, filing(KEY, part("m3"), known=known, raises=tier))

    assert shown(account, "custom_fields") == [{"id": 5, "value": "platinum"}]


def test_a_reopened_ticket_is_raised_with_the_reopening(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm)
    account.change(known.case_id, status="solved")
    reopen = Reopen(within=HOUR, set={"status": "open", "priority": "low"})
    late = part("m2", received_at=NOW + HOUR / 2)

    filed(crm, filing(KEY, late, known=known, raises=to("high"), reopen=reopen), now=NOW + HOUR / 2)

    assert [shown(account, name) for name in ("status", "priority")] == ["open", "high"]


@pytest.mark.parametrize("part_of", [{"opens": False}, {"case_id": "own"}])
def test_what_opens_nothing_raises_nothing(account: Sandbox, crm: Zendesk, part_of: dict[str, Any]) -> None:
    known = opened(crm)
    own = {"case_id": known.case_id} if "case_id" in part_of else {}

    receipt = filed(crm, replace(raising(known, "high", **{**part_of, **own}), assign={"group_id": CARE}))

    assert [shown(account, name) for name in ("priority", "group_id")] == [None, None]
    assert written(receipt.known) == written(known)


def test_the_ticket_that_a_filing_opens_is_left_as_it_is_created(account: Sandbox, crm: Zendesk) -> None:
    sent = filing(KEY, part("m1"), part("m2", public=True, person=account.user("1:a")), raises=to("high"))

    receipt = filed(crm, replace(sent, assign={"group_id": CARE}))

    assert [shown(account, name) for name in ("priority", "group_id")] == [None, None]
    assert len(account.comments()) == 2
    assert "w:group_id" not in receipt.known.notes


def test_a_raise_is_made_once_with_several_comments(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm)
    said = [part("m2", "echo", opens=False), part("m3", "first"), part("m4", "second", person=account.user("1:a"))]
    steps = crm.file([filing(KEY, *said, known=known, raises=to("high"))], now=NOW)

    while len(account.comments()) == 1:
        next(steps)
    raised = shown(account, "priority")
    account.change(known.case_id, priority="low")
    list(steps)

    assert (raised, shown(account, "priority")) == ("high", "low")
    assert account.comments()[1:] == [["echo", "first"], ["second"]]


# --- given anew -----------------------------------------------------------------------------------------------


def test_an_owner_is_given_and_remembered(account: Sandbox, crm: Zendesk) -> None:
    receipt = filed(crm, giving(opened(crm), CARE))

    assert shown(account, "group_id") == int(CARE)
    assert receipt.known.notes["w:group_id"] == digest(CARE)


def test_agents_keep_what_they_move_until_the_mapping_says_otherwise(account: Sandbox, crm: Zendesk) -> None:
    known = filed(crm, giving(opened(crm), CARE)).known
    account.change(known.case_id, group_id=int(SUPPORT))

    same = filed(crm, giving(known, CARE, "m3"))
    stood = shown(account, "group_id")
    other = filed(crm, giving(same.known, BILLING, "m4"))

    assert (stood, written(same.known)) == (int(SUPPORT), written(known))
    assert shown(account, "group_id") == int(BILLING)
    assert other.known.notes["w:group_id"] == digest(BILLING)


def test_what_a_ticket_was_opened_with_is_remembered_as_given(account: Sandbox, crm: Zendesk) -> None:
    create = {"subject": "s", "description": "hello", "group_id": CARE, "assignee_id": ""}
    known = filed(crm, filing(KEY, part("m1"), create=create)).known
    account.change(known.case_id, group_id=int(SUPPORT))

    filed(crm, giving(known, CARE))

    assert written(known).notes == {"w:group_id": digest(CARE), "w:subject": digest("s")}
    assert shown(account, "group_id") == int(SUPPORT)


def test_whose_it_is_already_is_only_noted(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm)
    account.change(known.case_id, group_id=int(CARE))

    receipt = filed(crm, giving(known, CARE))

    assert receipt.known.notes["w:group_id"] == digest(CARE)
    assert shown(account, "updated_at") is not None


def test_an_owner_that_is_not_known_is_left_out(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm)
    account.change(known.case_id, group_id=int(CARE))

    receipt = filed(crm, filing(KEY, part("m2"), known=known, assign={"group_id": "", "assignee_id": None}))

    assert shown(account, "group_id") == int(CARE)
    assert written(receipt.known) == written(known)


def test_notes_stay_within_their_room(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm)
    many = {f"w:custom_field_{n:018}": digest(n) for n in range(22)}

    receipt = filed(crm, giving(replace(known, notes=many), CARE))

    assert len(json.dumps(receipt.known.notes).encode()) <= NOTES_ROOM
    assert written(receipt.known).notes.items() <= (many | {"w:group_id": digest(CARE)}).items()
    assert receipt.known.notes["w:group_id"] == digest(CARE)


def test_a_refused_owner_refuses_its_message(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm)

    [refused, no_id] = send(crm, giving(known, "77"), replace(giving(known, "Social DE", "m3"), key="other"))

    assert str(refused).startswith("Zendesk refused with HTTP 422, RecordInvalid, group: is invalid")
    assert str(no_id) == "group_id takes an id of Zendesk's, which is digits alone; correct the mapping"
    assert len(account.comments()) == 1


# --- agents at the same time ----------------------------------------------------------------------------------


def test_what_an_agent_raises_meanwhile_is_not_lowered(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm)
    account.change(known.case_id, priority="low")
    steps = crm.file([raising(known, "high")], now=NOW)

    next(steps)
    account.order("clock", offset_seconds=5)
    account.change(known.case_id, priority="urgent")
    [early] = [outcome for step in steps for _, outcome in step]
    filed(crm, raising(known, "high"))

    assert isinstance(early, RetryLater)
    assert early.counts
    assert shown(account, "priority") == "urgent"
    assert len(account.comments()) == 2


def test_a_comment_alone_does_not_mind_agents(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm)
    account.change(known.case_id, priority="urgent")
    steps = crm.file([raising(known, "high")], now=NOW)

    next(steps)
    account.order("clock", offset_seconds=5)
    account.change(known.case_id, subject="Refund")
    receipts([outcome for step in steps for _, outcome in step])

    assert [shown(account, name) for name in ("subject", "priority")] == ["Refund", "urgent"]


# --- again ----------------------------------------------------------------------------------------------------


def test_after_a_lost_answer_nothing_is_given_or_raised_twice(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm)
    sent = replace(giving(known, CARE), raises=to("high"))
    account.fault("lost_answer", method="PUT")

    outcomes, _ = stopped(crm, sent)
    account.change(known.case_id, group_id=int(SUPPORT), priority="low")
    receipt = filed(crm, replace(sent, unsure_since=NOW, unsure_last=NOW, same_op=True), now=LATER)

    assert isinstance(outcomes[0], Unsure)
    assert [shown(account, name) for name in ("group_id", "priority")] == [int(SUPPORT), "low"]
    assert receipt.known.notes["w:group_id"] == digest(CARE)
    assert len(account.comments()) == 2


def test_what_was_not_applied_is_given_with_the_repetition(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm)
    changes: dict[str, Any] = {"known": known, "assign": {"group_id": CARE}, "raises": to("high")}
    account.fault("refused_before", method="PUT")

    stopped(crm, filing(KEY, part("m2"), **changes))
    receipt = filed(crm, again(KEY, part("m2"), **changes), now=LATER)

    assert [shown(account, name) for name in ("group_id", "priority")] == [int(CARE), "high"]
    assert receipt.known.notes["w:group_id"] == digest(CARE)
