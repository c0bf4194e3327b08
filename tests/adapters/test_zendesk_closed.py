"""What becomes of messages to tickets that are solved, closed or deleted, against a real sandbox account."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import zendesk_account
from zendesk_account import (
    HOUR,
    NOW,
    Sandbox,
    filing,
    opened,
    part,
    receipts,
    send,
)

from adapters.zendesk import Zendesk
from bridge.errors import Rejected
from bridge.ports import Reopen

process, account, crm = zendesk_account.process, zendesk_account.account, zendesk_account.crm


def status(account: Sandbox, ticket: int = 0) -> str:
    return str(account.tickets()[ticket]["fields"]["status"])


@pytest.mark.parametrize(("before", "after"), [("open", "open"), ("pending", "open"), ("hold", "open")])
def test_a_customers_answer_ends_the_waiting(account: Sandbox, crm: Zendesk, before: str, after: str) -> None:
    known = opened(crm)
    account.change(known.case_id, status=before)

    receipts(send(crm, filing("facebook:1:9", part("m2"), known=known)))

    assert status(account) == after


def test_an_echo_leaves_the_waiting_as_it_is(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm)
    account.change(known.case_id, status="pending")

    receipts(send(crm, filing("facebook:1:9", part("m2", opens=False), known=known)))

    assert (status(account), account.comments()) == ("pending", [["the first"], ["hello"]])


LATE = NOW + HOUR


def test_a_solved_ticket_is_reopened_within_its_time(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm)
    account.change(known.case_id, status="solved")
    reopen = Reopen(within=2 * HOUR, set={"priority": "urgent", "status": "open"})
    late = [part("m2", received_at=LATE), part("m3", received_at=LATE)]

    [receipt] = receipts(send(crm, filing("facebook:1:9", *late, known=known, reopen=reopen)))

    [ticket] = account.tickets()
    assert (ticket["fields"]["status"], ticket["fields"]["priority"]) == ("open", "urgent")
    assert account.comments() == [["the first"], ["hello", "hello"]]
    assert receipt.known.episode == 1


def test_a_reopening_without_fields_opens_it_all_the_same(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm)
    account.change(known.case_id, status="solved")

    late = filing("facebook:1:9", part("m2", received_at=LATE), known=known, reopen=Reopen(within=2 * HOUR))
    receipts(send(crm, late))

    assert status(account) == "open"


def test_an_answer_right_after_solving_does_not_reopen(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm)
    account.change(known.case_id, status="solved")

    soon = filing("facebook:1:9", part("m2", received_at=datetime.now(UTC) + timedelta(seconds=30)), known=known)
    receipts(send(crm, soon))

    assert (status(account), account.comments()) == ("solved", [["the first"], ["hello"]])


def test_a_solved_ticket_past_its_time_is_followed_by_a_new_one(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm)
    account.change(known.case_id, status="solved")

    [receipt] = receipts(send(crm, filing("facebook:1:9", part("m2", received_at=LATE), known=known)))

    old, new = account.tickets()
    assert (old["external_id"], new["external_id"]) == ("facebook:1:9", "facebook:1:9~2")
    assert (receipt.known.case_id, receipt.known.episode) == (str(new["id"]), 2)
    assert new["fields"]["via"]["source"]["rel"] is None
    assert status(account) == "solved"


def test_after_that_can_say_comment_only_or_drop(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm)
    account.change(known.case_id, status="solved")
    late = part("m2", received_at=LATE)
    comment = Reopen(after="comment_only")
    drop = Reopen(after="drop", line="care.yaml:31")

    [first] = receipts(send(crm, filing("facebook:1:9", late, known=known, reopen=comment)))
    [second] = receipts(send(crm, filing("facebook:1:9", late, known=known, reopen=drop)))

    assert (list(first.refs), second.dropped) == (["m2"], {"m2": "care.yaml:31"})
    assert (status(account), account.comments()) == ("solved", [["the first"], ["hello"]])


@pytest.mark.parametrize("after", ["new_case", "comment_only"])
def test_a_closed_ticket_is_followed_up_whatever_the_mapping_says(
    account: Sandbox, crm: Zendesk, after: str
) -> None:
    ada = account.user("1:a")
    create = {"subject": "s", "description": "d", "requester_id": ada, "tags": "old"}
    [first] = receipts(send(crm, filing("a", part("m1", person=ada), create=create)))
    account.close(first.known.case_id)
    reopen = Reopen(within=9 * HOUR, after=after)  # type: ignore[arg-type]
    late = part("m2", received_at=LATE, person=ada)
    plain = {"subject": "again", "description": "hello"}

    [receipt] = receipts(send(crm, filing("a", late, known=first.known, reopen=reopen, create=plain)))

    old, new = account.tickets()
    assert new["fields"]["via"]["source"]["rel"] == "follow_up"
    assert old["fields"]["followup_ids"] == [new["id"]]
    assert new["fields"]["tags"] == ["casebridge"]
    assert (new["fields"]["requester_id"], new["comments"][0]["author_id"]) == (int(ada), int(ada))
    assert (receipt.known.episode, new["external_id"]) == (2, "a~2")


def test_a_follow_up_is_not_said_to_be_written_by_whoever_asked_before(account: Sandbox, crm: Zendesk) -> None:
    ada = account.user("1:a")
    create = {"subject": "s", "description": "d", "requester_id": ada}
    [first] = receipts(send(crm, filing("a", part("m1", person=ada), create=create)))
    account.close(first.known.case_id)
    stranger = part("m2", "I am Bob", received_at=LATE, public=True)

    receipts(send(crm, filing("a", stranger, known=first.known)))

    [_, new] = account.tickets()
    [comment] = new["comments"]
    assert (new["fields"]["requester_id"], comment["public"]) == (int(ada), False)
    assert comment["author_id"] != int(ada)


def test_a_closed_ticket_drops_where_the_mapping_says_so(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm)
    account.close(known.case_id)
    reopen = Reopen(after="drop", line="care.yaml:31")

    [receipt] = receipts(
        send(crm, filing("facebook:1:9", part("m2", received_at=LATE), known=known, reopen=reopen))
    )

    assert (receipt.dropped, len(account.tickets())) == ({"m2": "care.yaml:31"}, 1)


def test_an_echo_opens_nothing(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm)
    account.close(known.case_id)

    [old] = receipts(send(crm, filing("facebook:1:9", part("m2", opens=False, received_at=LATE), known=known)))
    [none] = receipts(send(crm, filing("b", part("m3", opens=False))))

    assert (old.dropped, none.dropped) == ({"m2": "echo"}, {"m3": "echo"})
    assert len(account.tickets()) == 1


def test_what_came_after_an_echo_opens_its_own_ticket(account: Sandbox, crm: Zendesk) -> None:
    [receipt] = receipts(send(crm, filing("b", part("m2", opens=False), part("m3"), part("m4", opens=False))))

    assert (receipt.dropped, sorted(receipt.refs)) == ({"m2": "echo"}, ["m3", "m4"])


@pytest.mark.parametrize("act", ["closed", "deleted"])
def test_a_message_without_a_form_of_its_own_is_rendered_anew(account: Sandbox, crm: Zendesk, act: str) -> None:
    known = opened(crm)
    if act == "closed":
        account.close(known.case_id)
    else:
        account.api("DELETE", f"tickets/{known.case_id}")
    said = [part("m2", received_at=LATE), part("m3", received_at=LATE)]

    [receipt] = receipts(send(crm, filing("facebook:1:9", *said, known=known, opener="", create={})))

    assert (receipt.anew, receipt.refs) == (frozenset({"m2", "m3"}), {})


def test_a_deleted_ticket_is_followed_by_the_next_episode(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm)
    account.api("DELETE", f"tickets/{known.case_id}")

    [receipt] = receipts(send(crm, filing("facebook:1:9", part("m2"), known=known)))

    [_, new] = account.tickets()
    assert (new["external_id"], receipt.known.episode) == ("facebook:1:9~2", 2)
    assert new["fields"]["via"]["source"]["rel"] is None


def test_an_edit_goes_to_its_own_ticket(account: Sandbox, crm: Zendesk) -> None:
    first = opened(crm)
    account.change(first.case_id, status="solved")
    [second] = receipts(send(crm, filing("facebook:1:9", part("m2", received_at=LATE), known=first)))
    edit = part("m1:edited", "edited", case_id=first.case_id)

    [receipt] = receipts(send(crm, filing("facebook:1:9", edit, part("m3", "more"), known=second.known)))

    assert (account.comments(0), account.comments(1)) == ([["the first"], ["edited"]], [["hello"], ["more"]])
    assert receipt.cases == {"m1:edited": first.case_id}
    assert (receipt.known.case_id, status(account)) == (second.known.case_id, "solved")


def test_an_edit_of_what_a_closed_ticket_holds_goes_on_in_the_open_one(account: Sandbox, crm: Zendesk) -> None:
    first = opened(crm)
    account.close(first.case_id)
    [second] = receipts(send(crm, filing("facebook:1:9", part("m2", received_at=LATE), known=first)))
    edit = part("m1:edited", "edited", case_id=first.case_id)

    [receipt] = receipts(send(crm, filing("facebook:1:9", edit, part("m3", "more"), known=second.known)))

    assert account.comments(1) == [["hello"], ["edited", "more"]]
    assert receipt.cases == {}


@pytest.mark.parametrize("act", ["close", "delete"])
def test_an_edit_without_any_ticket_is_refused(account: Sandbox, crm: Zendesk, act: str) -> None:
    first = opened(crm)
    if act == "close":
        account.close(first.case_id)
    else:
        account.api("DELETE", f"tickets/{first.case_id}")
    edit = part("m1:edited", "edited", case_id=first.case_id, opens=False)

    [outcome] = send(crm, filing("facebook:1:9", edit, known=first))

    why = "is closed for good" if act == "close" else "was deleted"
    failed = outcome if isinstance(outcome, Rejected) else receipts([outcome])[0].failed["m1:edited"]
    assert isinstance(failed, Rejected)
    assert why in str(failed)
