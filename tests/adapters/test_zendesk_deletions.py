"""Deletions by authors, against a real sandbox account."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import zendesk_account
from zendesk_account import (
    HOUR,
    LATER,
    NOW,
    Sandbox,
    filing,
    opened,
    part,
    receipts,
    send,
    stopped,
)

from adapters.zendesk import Zendesk
from adapters.zendesk.text import mark
from bridge.errors import RetryLater, Unsure
from bridge.ports import Filing, Known, Part, Receipt

WHEN = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
NOTE = "A message was deleted by its author 2026-11-21 09:30 UTC."
BLANK = "[deleted by its author]"


process, account, crm = zendesk_account.process, zendesk_account.account, zendesk_account.crm


def deletion(receipt: Receipt, target: str, known: Known, **more: object) -> Filing:
    gone = Part(
        key=f"{target}:deleted",
        act="delete",
        text="",
        public=False,
        sent_at=WHEN,
        received_at=WHEN,
        opens=False,
        case_id=receipt.cases.get(target, receipt.known.case_id),
        ref=receipt.refs[target],
        row={"subject": BLANK, "description": BLANK} if target == "m1" else {},
        notes=receipt.known.notes,
    )
    return filing("facebook:1:9", gone, known=known, create={}, **more)


def commented(crm: Zendesk, *said: Part) -> Receipt:
    known = opened(crm)
    given = said or (part("m2", "regrettable"),)
    [receipt] = receipts(send(crm, filing("facebook:1:9", *given, known=known)))
    return receipt


def black(text: str) -> bool:
    return set(text) <= set("▇ <br>")


def test_a_comment_is_blacked_out_and_the_deletion_noted(account: Sandbox, crm: Zendesk) -> None:
    target = commented(crm, part("m2", "regrettable", public=True, person=account.user("1:a")))
    before = account.data_calls()

    [receipt] = receipts(send(crm, deletion(target, "m2", target.known)))

    _, old, note = account.tickets()[0]["comments"]
    calls = account.data_calls()
    assert black(account.comments()[1][0])
    assert "regrettable" not in str(account.state())
    assert (note["plain_body"], note["public"], old["public"]) == (NOTE, False, True)
    assert note["metadata"] == {"casebridge": mark("m2:deleted")}
    assert (receipt.refs, receipt.warnings) == ({"m2:deleted": f"{note['id']}:0:1"}, ())
    assert {n: calls[n] - before.get(n, 0) for n in calls if calls[n] != before.get(n, 0)} == {
        "GET tickets/show_many": 1,
        "GET tickets/{id}/comments": 1,
        "PUT comment_redactions/{id}": 1,
        "PUT tickets/{id}": 1,
    }


def test_of_a_joined_comment_only_the_deleted_text_goes(account: Sandbox, crm: Zendesk) -> None:
    said = [part("m1x", "first"), part("m2", "two\nlines, https://example.org/me"), part("m3", "third")]
    target = commented(crm, *said)

    receipts(send(crm, deletion(target, "m2", target.known)))

    first, second, third = account.comments()[1]
    assert (first, black(second), third) == ("first", True, "third")


def test_all_pieces_of_a_long_text_go(account: Sandbox, crm: Zendesk) -> None:
    target = commented(crm, part("m2", "regrettable " * 12_000))

    receipts(send(crm, deletion(target, "m2", target.known)))

    assert len(account.comments()) == 5
    assert "regrettable" not in str(account.state())


def test_an_opening_text_goes_with_what_was_written_from_it(account: Sandbox, crm: Zendesk) -> None:
    create = {"subject": "Ada: regrettable", "description": "regrettable"}
    said = [part("m1", "regrettable"), part("m2", "harmless")]
    [target] = receipts(send(crm, filing("facebook:1:9", *said, create=create)))

    [receipt] = receipts(send(crm, deletion(target, "m1", target.known)))

    [ticket] = account.tickets()
    gone, kept = account.comments()[0]
    assert (ticket["fields"]["subject"], black(gone), kept) == (BLANK, True, "harmless")
    assert "regrettable" not in str(account.state())
    assert (account.comments()[1:], receipt.warnings) == ([[NOTE]], ())


def test_what_an_agent_has_written_since_stays(account: Sandbox, crm: Zendesk) -> None:
    [target] = receipts(send(crm, filing("facebook:1:9", part("m1", "regrettable"))))
    account.change(target.known.case_id, subject="Refund agreed")

    [receipt] = receipts(send(crm, deletion(target, "m1", target.known)))

    assert account.tickets()[0]["fields"]["subject"] == "Refund agreed"
    assert black(account.comments()[0][0])
    assert receipt.warnings == (
        f"subject of ticket {target.known.case_id} was changed in Zendesk; the deleted text may stand there.",
    )


def test_without_notes_a_subject_is_left_alone(account: Sandbox, crm: Zendesk) -> None:
    [target] = receipts(send(crm, filing("facebook:1:9", part("m1", "regrettable"))))
    unknown = replace(target, known=replace(target.known, notes={}))

    [receipt] = receipts(send(crm, deletion(unknown, "m1", target.known)))

    assert account.tickets()[0]["fields"]["subject"] == "ticket facebook:1:9"
    assert len(receipt.warnings) == 1


def test_an_opening_text_found_after_a_lost_answer_is_known_by_its_fields(account: Sandbox, crm: Zendesk) -> None:
    account.fault("lost_answer", path="tickets")
    stopped(crm, filing("facebook:1:9", part("m1", "regrettable")))
    lost = filing("facebook:1:9", part("m1"), unsure_since=NOW, unsure_last=NOW, create={"subject": "other"})
    [target] = receipts(send(crm, lost, now=LATER))

    [receipt] = receipts(send(crm, deletion(target, "m1", target.known)))

    assert account.tickets()[0]["fields"]["subject"] == BLANK
    assert receipt.warnings == ()


def test_in_a_closed_ticket_texts_are_blacked_out_without_a_note(account: Sandbox, crm: Zendesk) -> None:
    [first] = receipts(send(crm, filing("facebook:1:9", part("m1", "regrettable"))))
    account.close(first.known.case_id)
    [second] = receipts(send(crm, filing("facebook:1:9", part("m2", received_at=NOW + HOUR), known=first.known)))

    [receipt] = receipts(send(crm, deletion(first, "m1", second.known)))
    [repeated] = receipts(send(crm, deletion(first, "m1", second.known, unsure_since=NOW), now=LATER))

    assert black(account.comments()[0][0])
    assert account.comments(1) == [["hello"]]
    assert receipt.known == second.known
    assert receipt.refs == repeated.refs == {"m1:deleted": first.known.case_id}
    assert receipt.warnings == (
        f"Ticket {first.known.case_id} is closed: its subject and fields keep the deleted text.",
    )


def test_where_nothing_may_be_redacted_the_comment_is_withdrawn(account: Sandbox, crm: Zendesk) -> None:
    account.order("switches", redaction=False)
    target = commented(crm, part("m2", "regrettable", public=True, person=account.user("1:a")))

    [receipt] = receipts(send(crm, deletion(target, "m2", target.known)))

    _, old, note = account.tickets()[0]["comments"]
    assert (old["public"], note["plain_body"]) == (False, NOTE)
    [warning] = receipt.warnings
    assert warning == (
        f"The text of a deleted message still stands in ticket {target.known.case_id}: Zendesk refused with HTTP "
        "403, Forbidden; it is private now."
    )


def test_a_text_that_is_not_found_is_told(account: Sandbox, crm: Zendesk) -> None:
    target = commented(crm)
    elsewhere = replace(target, refs={"m2": "999999:0:1"})

    [receipt] = receipts(send(crm, deletion(elsewhere, "m2", target.known)))

    assert receipt.warnings == (
        f"The text of a deleted message was not found in ticket {target.known.case_id} and may still stand.",
    )
    assert account.comments()[1:] == [["regrettable"], [NOTE]]


@pytest.mark.parametrize("target_key", ["m1", "m2"])
def test_a_deletion_waits_until_the_comments_can_be_read(account: Sandbox, crm: Zendesk, target_key: str) -> None:
    said = [part("m1", "regrettable"), part("m2", "regrettable")]
    [target] = receipts(send(crm, filing("facebook:1:9", *said)))
    gone = deletion(target, target_key, target.known)
    account.fault("refused", path="/comments", status=400)

    [early] = send(crm, gone)
    [receipt] = receipts(send(crm, gone))

    assert isinstance(early, RetryLater)
    assert early.counts
    assert (receipt.warnings, len(account.comments())) == ((), 2)
    assert [black(text) for text in account.comments()[0]] == [target_key == "m1", target_key == "m2"]


@pytest.mark.parametrize("path", ["comment_redactions", "tickets/"])
def test_a_deletion_whose_answer_was_lost_is_done_once(account: Sandbox, crm: Zendesk, path: str) -> None:
    target = commented(crm)
    account.fault("lost_answer", path=path, method="PUT")
    gone = deletion(target, "m2", target.known)

    outcomes, _ = stopped(crm, gone)
    [receipt] = receipts(send(crm, replace(gone, unsure_since=NOW, unsure_last=NOW), now=LATER))

    assert isinstance(outcomes[0], Unsure)
    assert list(receipt.refs) == ["m2:deleted"]
    assert account.comments()[2:] == [[NOTE]]
    assert black(account.comments()[1][0])


def test_a_deletion_between_messages_keeps_its_place(account: Sandbox, crm: Zendesk) -> None:
    target = commented(crm)
    gone = deletion(target, "m2", target.known).parts[0]

    [receipt] = receipts(
        send(crm, filing("facebook:1:9", part("m3", "before"), gone, part("m4", "after"), known=target.known))
    )

    assert account.comments()[2:] == [["before"], [NOTE], ["after"]]
    assert list(receipt.refs) == ["m3", "m2:deleted", "m4"]


def test_nothing_is_left_to_delete_in_a_deleted_ticket(account: Sandbox, crm: Zendesk) -> None:
    target = commented(crm)
    account.api("DELETE", f"tickets/{target.known.case_id}")

    [receipt] = receipts(send(crm, deletion(target, "m2", target.known)))

    assert (receipt.failed, receipt.refs) == ({}, {"m2:deleted": target.refs["m2"]})
    assert receipt.warnings == ("The ticket of a deleted message is no longer in Zendesk.",)


def test_nothing_is_left_to_delete_in_a_ticket_that_goes_meanwhile(account: Sandbox, crm: Zendesk) -> None:
    target = commented(crm)

    steps = crm.file([deletion(target, "m2", target.known)], now=NOW)
    next(steps)
    account.api("DELETE", f"tickets/{target.known.case_id}")
    [receipt] = receipts([outcome for step in steps for _, outcome in step])

    assert receipt.warnings == ("The ticket of a deleted message is no longer in Zendesk.",)


def test_a_deletion_without_a_target_is_dropped(crm: Zendesk) -> None:
    target = commented(crm)
    gone = replace(deletion(target, "m2", target.known).parts[0], ref="")

    [receipt] = receipts(send(crm, filing("facebook:1:9", gone, known=target.known)))

    assert receipt.dropped == {"m2:deleted": "target_unknown"}
