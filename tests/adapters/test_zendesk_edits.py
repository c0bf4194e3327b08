"""Edits by authors where the new text is to stand instead of the old one, against a real sandbox account."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

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
from bridge.errors import RetryLater, Unsure
from bridge.ports import Filing, Known, Part, Receipt
from bridge.written import digest

KEY = "facebook:1:9"
EDITED = "Edited by its author:<br>"


process, account, crm = zendesk_account.process, zendesk_account.account, zendesk_account.crm


def changed(receipt: Receipt, target: str, act: Any = "edit", text: str = "right", **more: Any) -> Part:
    """What becomes of a message that this receipt was for."""
    given: dict[str, Any] = {
        "opens": False,
        "case_id": receipt.cases.get(target, receipt.known.case_id),
        "ref": receipt.refs[target],
        **more,
    }
    return part(f"{target}:{act}:{text}", text, act=act, **given)


def edit(receipt: Receipt, target: str, known: Known | None = None, **more: Any) -> Filing:
    known = known or receipt.known
    return filing(KEY, changed(receipt, target, **more), known=known, create={})


def lost(sent: Filing) -> Filing:
    return replace(sent, unsure_since=NOW, unsure_last=NOW)


def commented(crm: Zendesk, *said: Part) -> Receipt:
    [receipt] = receipts(send(crm, filing(KEY, *(said or (part("m2", "wrong"),)), known=opened(crm))))
    return receipt


def opening(crm: Zendesk, **create: Any) -> Receipt:
    given = {"subject": "Ada: wrong", "description": "wrong", **create}
    [receipt] = receipts(send(crm, filing(KEY, part("m1", "wrong"), create=given)))
    return receipt


def filed(crm: Zendesk, sent: Filing, **more: Any) -> Receipt:
    [receipt] = receipts(send(crm, sent, **more))
    return receipt


def black(text: str) -> bool:
    return set(text) <= set("▇ <br>")


def test_the_new_text_comes_and_the_old_one_goes(account: Sandbox, crm: Zendesk) -> None:
    ada = account.user("1:a")
    target = commented(crm, part("m2", "wrong", public=True, person=ada))
    before = account.data_calls()

    receipt = filed(crm, edit(target, "m2", public=True, person=ada, text="right & <b>new</b>"))

    _, old, new = account.tickets()[0]["comments"]
    assert black(account.comments()[1][0])
    assert account.comments()[2] == [f"{EDITED}right &amp; &lt;b&gt;new&lt;/b&gt;"]
    assert (old["public"], new["public"], new["author_id"]) == (True, True, int(ada))
    assert receipt.refs == {"m2:edit:right & <b>new</b>": f"{new['id']}:0:1"}
    assert (receipt.warnings, receipt.failed, receipt.known) == ((), {}, target.known)
    assert account.made_since(before) == {
        "GET tickets/show_many": 1,
        "PUT tickets/{id}": 1,
        "GET tickets/{id}/comments": 1,
        "PUT comment_redactions/{id}": 1,
    }


def test_of_a_joined_comment_only_the_edited_text_goes(account: Sandbox, crm: Zendesk) -> None:
    target = commented(crm, part("m1x", "first"), part("m2", "wrong"), part("m3", "third"))

    filed(crm, edit(target, "m2"))

    first, second, third = account.comments()[1]
    assert (first, black(second), third) == ("first", True, "third")


def test_an_edit_is_not_joined_with_what_follows(account: Sandbox, crm: Zendesk) -> None:
    target = commented(crm)
    sent = edit(target, "m2")

    receipt = filed(crm, replace(sent, parts=(part("m3", "before"), *sent.parts, part("m4", "after"))))

    assert account.comments()[2:] == [["before"], [f"{EDITED}right"], ["after"]]
    assert list(receipt.refs) == ["m3", "m2:edit:right", "m4"]


def test_the_fields_that_the_opening_text_wrote_are_written_anew(account: Sandbox, crm: Zendesk) -> None:
    account.order("fields", id=5, title="Text", type="text")
    target = opening(crm, custom_field_5="wrong", priority="high", group_id="6100000000202")
    account.change(target.known.case_id, priority="low")
    row = {
        "subject": "Ada: right",
        "description": "right",
        "custom_field_5": "right",
        "priority": "urgent",
        "group_id": "6100000000203",
    }

    receipt = filed(crm, edit(target, "m1", row=row, notes=target.known.notes))

    fields = account.tickets()[0]["fields"]
    assert [fields[name] for name in ("subject", "priority", "group_id")] == ["Ada: right", "low", 6100000000202]
    assert fields["custom_fields"] == [{"id": 5, "value": "right"}]
    assert receipt.notes == {
        "m1:edit:right": {"w:subject": digest("Ada: right"), "w:custom_field_5": digest("right")}
    }
    assert receipt.refs["m1:edit:right"].split(",")[0] == target.known.case_id
    [warning] = receipt.warnings
    assert warning == (
        f"priority of ticket {target.known.case_id} was changed in Zendesk; the text from before its author's "
        "edit may stand there."
    )


def test_the_next_edit_and_the_deletion_know_the_edit_again(account: Sandbox, crm: Zendesk) -> None:
    target = opening(crm)
    rows = [{"subject": f"Ada: {word}", "description": word} for word in ("right", "better", "[deleted]")]

    first = filed(crm, edit(target, "m1", row=rows[0], notes=target.known.notes))
    again = changed(target, "m1", text="better", row=rows[1], ref=first.refs["m1:edit:right"])
    second = filed(
        crm, filing(KEY, replace(again, notes=first.notes["m1:edit:right"]), known=first.known, create={})
    )
    gone = changed(target, "m1", "delete", row=rows[2], ref=second.refs[again.key], notes=second.notes[again.key])
    last = filed(crm, filing(KEY, gone, known=second.known, create={}))

    assert account.tickets()[0]["fields"]["subject"] == "Ada: [deleted]"
    said = str(account.state())
    assert all(word not in said for word in ("wrong", "right", "better"))
    assert (first.warnings, second.warnings, last.warnings) == ((), (), ())
    assert [black(comment[0]) for comment in account.comments()] == [True, True, True, False]


def test_what_an_agent_writes_meanwhile_is_not_overwritten(account: Sandbox, crm: Zendesk) -> None:
    target = opening(crm)
    sent = edit(target, "m1", row={"subject": "Ada: right", "description": "right"}, notes=target.known.notes)
    steps = crm.file([sent], now=NOW)

    next(steps)
    account.order("clock", offset_seconds=5)
    account.change(target.known.case_id, subject="Refund agreed")
    [early] = [outcome for step in steps for _, outcome in step]
    receipt = filed(crm, sent)

    assert isinstance(early, RetryLater)
    assert account.tickets()[0]["fields"]["subject"] == "Refund agreed"
    assert account.comments()[1:] == [[f"{EDITED}right"]]
    assert (receipt.notes, len(receipt.warnings)) == ({"m1:edit:right": {}}, 1)


def test_a_shortened_subject_is_known_again(account: Sandbox, crm: Zendesk) -> None:
    target = opening(crm)
    row = {"subject": "right " * 60, "description": "right"}
    sent = edit(target, "m1", row=row, notes=target.known.notes)
    account.fault("lost_answer", method="PUT")

    stopped(crm, sent)
    receipt = filed(crm, lost(sent), now=LATER)

    subject = account.tickets()[0]["fields"]["subject"]
    assert len(subject) == 255
    assert receipt.notes == {"m1:edit:right": {"w:subject": digest(subject)}}
    assert receipt.warnings == ()


def test_where_nothing_may_be_redacted_the_old_text_stays_as_it_is(account: Sandbox, crm: Zendesk) -> None:
    account.order("switches", redaction=False)
    target = commented(crm, part("m2", "wrong", public=True, person=account.user("1:a")))

    receipt = filed(crm, edit(target, "m2"))

    _, old, new = account.tickets()[0]["comments"]
    assert account.comments()[1:] == [["wrong"], [f"{EDITED}right"]]
    assert old["public"]
    assert receipt.refs == {"m2:edit:right": f"{target.refs['m2']},{new['id']}:0:1"}
    [warning] = receipt.warnings
    assert warning == (
        f"The old text of an edited message still stands in ticket {target.known.case_id}: Zendesk refused with "
        "HTTP 403, Forbidden."
    )


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("tickets/", "lost_answer"),
        ("tickets/", "refused_before"),
        ("comment_redactions", "lost_answer"),
        ("comment_redactions", "refused_before"),
        ("comment_redactions", "conflict"),
    ],
)
def test_an_edit_whose_answer_was_lost_is_done_once(account: Sandbox, crm: Zendesk, path: str, fault: str) -> None:
    target = opening(crm)
    row = {"subject": "Ada: right", "description": "right"}
    sent = edit(target, "m1", row=row, notes=target.known.notes)
    account.fault(fault, path=path, method="PUT")

    outcomes, _ = stopped(crm, sent)
    receipt = filed(crm, lost(sent), now=LATER)

    assert isinstance(outcomes[0], Unsure)
    assert [black(comment[0]) for comment in account.comments()] == [True, False]
    assert account.comments()[1] == [f"{EDITED}right"]
    assert account.tickets()[0]["fields"]["subject"] == "Ada: right"
    assert receipt.notes == {"m1:edit:right": {"w:subject": digest("Ada: right")}}
    assert receipt.warnings == ()


def test_while_an_edit_is_half_done_its_new_text_stands(account: Sandbox, crm: Zendesk) -> None:
    target = commented(crm)
    account.fault("refused", path="tickets/", method="PUT", status=422)

    [refused] = send(crm, edit(target, "m2"))

    assert str(refused).startswith("Zendesk refused with HTTP 422")
    assert account.comments()[1:] == [["wrong"]]


def test_a_closed_ticket_keeps_its_fields_and_the_new_text_goes_where_the_talk_goes_on(
    account: Sandbox, crm: Zendesk
) -> None:
    first = opening(crm)
    account.close(first.known.case_id)
    second = filed(crm, filing(KEY, part("m2", received_at=NOW + HOUR), known=first.known))
    row = {"subject": "Ada: right", "description": "right"}

    receipt = filed(crm, edit(first, "m1", second.known, row=row, notes=first.known.notes))

    assert black(account.comments()[0][0])
    assert account.comments(1) == [["hello"], [f"{EDITED}right"]]
    assert account.tickets()[0]["fields"]["subject"] == "Ada: wrong"
    [warning] = receipt.warnings
    assert warning == (
        f"Ticket {first.known.case_id} is closed: its subject and fields keep the text from before its author's "
        "edit."
    )


def test_in_a_closed_ticket_alone_nothing_is_taken_away(account: Sandbox, crm: Zendesk) -> None:
    target = opening(crm)
    account.close(target.known.case_id)

    receipt = filed(crm, edit(target, "m1"))

    assert account.comments() == [["wrong"]]
    assert receipt.refs == {"m1:edit:right": target.known.case_id}
    assert receipt.warnings == (
        f"Ticket {target.known.case_id} is closed: the text there is from before its author's edit.",
    )


def test_an_edit_reopens_nothing(account: Sandbox, crm: Zendesk) -> None:
    target = commented(crm)
    account.change(target.known.case_id, status="solved")

    filed(crm, edit(target, "m2"))

    assert account.tickets()[0]["fields"]["status"] == "solved"
    assert account.comments()[2] == [f"{EDITED}right"]


def test_a_ticket_that_is_gone_has_nothing_to_edit(account: Sandbox, crm: Zendesk) -> None:
    target = commented(crm)
    account.api("DELETE", f"tickets/{target.known.case_id}")

    receipt = filed(crm, edit(target, "m2"))

    assert (receipt.failed, receipt.refs) == ({}, {"m2:edit:right": target.refs["m2"]})
    assert receipt.warnings == ("The ticket of an edited message is no longer in Zendesk.",)


def test_an_edit_without_a_target_is_dropped(crm: Zendesk) -> None:
    target = commented(crm)

    receipt = filed(crm, edit(target, "m2", ref=""))

    assert receipt.dropped == {"m2:edit:right": "target_unknown"}


def test_a_long_edit_is_split_and_the_fields_are_written_once(account: Sandbox, crm: Zendesk) -> None:
    target = opening(crm)
    long = "right " * 22_000
    row = {"subject": "Ada: right", "description": long}

    receipt = filed(crm, edit(target, "m1", text=long, row=row, notes=target.known.notes))

    assert [comment[0][:6] for comment in account.comments()[1:]] == ["(1/3) ", "(2/3) ", "(3/3) "]
    assert account.comments()[1][0].startswith(f"(1/3) {EDITED}right")
    assert account.tickets()[0]["fields"]["subject"] == "Ada: right"
    [refs] = receipt.refs.values()
    assert len(refs.split(",")) == 4
    assert receipt.warnings == ()
