"""A ticket as it was left: the next text goes there in one call, unless somebody has touched it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import zendesk_account
from hypothesis import given
from hypothesis import strategies as st
from zendesk_account import NOW, Sandbox, again, filing, opened, part, receipts, send, written

from adapters.zendesk import Zendesk, memory
from adapters.zendesk.tickets import Ticket
from bridge.errors import Rejected
from bridge.ports import Known, Raise, Receipt, Reopen

KEY = "facebook:1:9"
ONE = {"PUT tickets/{id}": 1}
READ_ANEW = {"PUT tickets/{id}": 2, "GET tickets/show_many": 1}
ORDER = ("low", "normal", "high", "urgent")
FIELDS = st.sampled_from(["priority", "group_id", "custom_field_5"])


process, account, crm = zendesk_account.process, zendesk_account.account, zendesk_account.crm


def filed(crm: Zendesk, known: Known, key: str = "m2", **more: Any) -> Receipt:
    [receipt] = receipts(send(crm, filing(KEY, part(key), known=known, **more)))
    return receipt


# --- what is remembered ---------------------------------------------------------------------------------------


@given(
    st.sampled_from(sorted(memory.STATUSES)),
    st.dictionaries(
        st.sampled_from(["priority", "group_id", "custom_field_5"]), st.none() | st.integers() | st.text()
    ),
)
def test_what_is_recalled_is_what_was_left_or_nothing(status: str, values: dict[str, Any]) -> None:
    left = Ticket(id="35", status=status, stamp="2026-11-22T10:00:00Z", values=values)
    raises = {name: Raise(value="high", order=ORDER) for name in values}
    notes = memory.of(left, values)

    found = memory.recalled(filing(KEY, part("m2"), known=Known(case_id="35", notes=notes), raises=raises))

    shown = {name: None if value in (None, "") else str(value) for name, value in values.items()}
    assert found is None or (found.id, found.status, found.stamp, found.presumed) == (
        "35",
        status,
        left.stamp,
        True,
    )
    assert found is None or found.values == shown
    assert (found is None) == any(
        len(str(value)) > memory.LONGEST for value in values.values() if value is not None
    )


@pytest.mark.parametrize("status", ["solved", "closed", "deleted"])
def test_a_ticket_that_is_over_is_read(status: str) -> None:
    assert memory.of(Ticket(id="35", status=status, stamp="2026-11-22T10:00:00Z"), ()) == {}


def test_what_was_only_presumed_is_not_remembered() -> None:
    assert memory.of(Ticket(id="35", status="open", stamp="2026-11-22T10:00:00Z", presumed=True), ()) == {}


@pytest.mark.parametrize(
    "more",
    [
        {"unsure_since": NOW},
        {"known": Known()},
        {"known": Known(case_id="35", notes={"w:subject": "3f790905"})},
        {"raises": {"priority": Raise(value="high", order=ORDER)}},
        {"assign": {"group_id": "7"}},
        {"parts": (part("m2", act="delete", ref="8:0:1", case_id="35"),)},
        {"parts": (part("m2", case_id="34"),)},
    ],
)
def test_what_is_not_known_for_sure_is_read(more: dict[str, Any]) -> None:
    notes = memory.of(Ticket(id="35", status="open", stamp="2026-11-22T10:00:00Z"), ())
    sent = filing(KEY, part("m2"), known=Known(case_id="35", notes=notes))

    assert memory.recalled(sent) is not None
    assert memory.recalled(replace(sent, **more)) is None


# --- what it spares -------------------------------------------------------------------------------------------


def test_text_after_text_takes_one_call_each(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm)
    before = account.data_calls()

    for n in range(3):
        known = filed(crm, known, f"m{n + 2}").known

    assert account.made_since(before) == {"PUT tickets/{id}": 3}
    assert account.comments() == [["the first"], ["hello"], ["hello"], ["hello"]]


def test_a_field_that_is_raised_takes_no_question_either(account: Sandbox, crm: Zendesk) -> None:
    raises = {"priority": Raise(value="high", order=ORDER)}
    known = filed(crm, opened(crm), raises=raises).known
    before = account.data_calls()

    filed(crm, known, "m3", raises={"priority": Raise(value="urgent", order=ORDER)})

    assert account.made_since(before) == ONE
    assert account.tickets()[0]["fields"]["priority"] == "urgent"


# --- agents in between ----------------------------------------------------------------------------------------


def test_what_an_agent_has_touched_is_read_anew(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm)
    account.change(known.case_id, priority="urgent")
    before = account.data_calls()

    receipt = filed(crm, known, raises={"priority": Raise(value="high", order=ORDER)})
    after = account.made_since(before)
    filed(crm, receipt.known, "m3")

    assert after == {"PUT tickets/{id}": 1, "GET tickets/show_many": 1}  # nobody knew the priority, so it was read
    assert account.tickets()[0]["fields"]["priority"] == "urgent"
    assert account.comments() == [["the first"], ["hello"], ["hello"]]


@pytest.mark.parametrize(
    ("status", "then"), [("solved", "open"), ("pending", "open"), ("hold", "open"), ("open", "open")]
)
def test_a_status_that_an_agent_has_set_is_met(account: Sandbox, crm: Zendesk, status: str, then: str) -> None:
    known = opened(crm)
    account.change(known.case_id, status=status)
    before = account.data_calls()

    filed(crm, known, reopen=Reopen(within=timedelta(days=14), set={"status": "open"}))

    assert account.made_since(before) == READ_ANEW
    assert account.tickets()[0]["fields"]["status"] == "open"
    assert account.comments() == [["the first"], ["hello"]]


def test_a_ticket_that_was_closed_meanwhile_is_followed_up(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm)
    account.close(known.case_id)

    receipt = filed(crm, known)

    assert (receipt.known.case_id != known.case_id, receipt.known.episode) == (True, 2)
    assert [account.comments(n) for n in (0, 1)] == [[["the first"]], [["hello"]]]


def test_a_ticket_that_was_deleted_meanwhile_is_opened_anew(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm)
    account.api("DELETE", f"tickets/{known.case_id}")

    receipt = filed(crm, known)

    assert (receipt.known.case_id != known.case_id, receipt.known.episode) == (True, 2)


@pytest.mark.parametrize("within", [timedelta(days=14), timedelta(0)])
def test_what_was_solved_in_the_second_of_our_write_is_opened_again(
    account: Sandbox, crm: Zendesk, within: timedelta
) -> None:
    account.order("clock", offset_seconds=-3600)
    known = opened(crm)
    account.change(known.case_id, status="solved")
    stamp = account.tickets()[0]["fields"]["updated_at"]
    unseen = replace(known, notes={**known.notes, memory.STATUS: "open", memory.STAMP: stamp})

    filed(crm, unseen, reopen=Reopen(within=within, set={"status": "open"}))

    assert account.tickets()[0]["fields"]["status"] == "open"
    assert account.comments() == [["the first"], ["hello"]]


def test_after_a_lost_answer_the_ticket_is_read(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm)
    account.fault("lost_answer", method="PUT")
    send(crm, filing(KEY, part("m2"), known=known))

    [receipt] = receipts(send(crm, again(KEY, part("m2"), known=known), now=NOW + timedelta(minutes=3)))

    assert account.comments() == [["the first"], ["hello"]]
    assert written(receipt.known) == written(known)


def test_a_refusal_is_the_texts_own(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm)
    account.fault("refused", method="PUT", status=422)

    [outcome] = send(crm, filing(KEY, part("m2"), known=known))

    assert isinstance(outcome, Rejected)
