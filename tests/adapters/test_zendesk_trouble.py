"""Lost answers and late commits, against a real sandbox account: nothing lost, nothing twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
import zendesk_account
from salesforce_org import wait_for
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

LATE = NOW + HOUR


process, account, crm = zendesk_account.process, zendesk_account.account, zendesk_account.crm


# --- new tickets ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault", ["lost_answer", "applied_server_error", "server_error", "html_error", "refused_before"]
)
def test_a_create_without_an_answer_is_repeated_with_its_key(account: Sandbox, crm: Zendesk, fault: str) -> None:
    account.fault(fault, path="tickets")

    outcomes, error = stopped(crm, filing("a", part("m1"), part("m2")))
    before = sum(account.data_calls().values())
    [receipt] = receipts(send(crm, again("a", part("m1"), part("m2"))))

    assert isinstance(outcomes[0], Unsure)
    assert error is None
    [ticket] = account.tickets()
    assert account.comments() == [["hello", "hello"]]
    assert receipt.refs == {"m1": str(ticket["id"]), "m2": f"{ticket['comments'][0]['id']}:1:2"}
    assert sum(account.data_calls().values()) - before == 1


def test_a_late_create_is_not_doubled(account: Sandbox, crm: Zendesk) -> None:
    account.fault("late_commit", path="tickets", seconds=0.3)
    stopped(crm, filing("a", part("m1")))

    first = send(crm, again("a", part("m1")))
    wait_for(account.tickets)
    [receipt] = receipts(send(crm, again("a", part("m1"))))

    [ticket] = account.tickets()
    assert receipt.refs == {"m1": str(ticket["id"])}
    assert all(isinstance(one, RetryLater) or not one.failed for one in first)  # type: ignore[union-attr]


def test_a_create_that_zendesk_is_still_busy_with_waits(account: Sandbox, crm: Zendesk) -> None:
    account.fault("in_progress", path="tickets")

    [outcome] = send(crm, again("a", part("m1")))

    assert isinstance(outcome, RetryLater)
    assert (outcome.after, outcome.counts) == (timedelta(seconds=2), False)


def test_what_a_dead_worker_wrote_after_its_create_is_looked_for(account: Sandbox, crm: Zendesk) -> None:
    said = [part("m1"), part("m2", "second", person=account.user("1:a"))]
    receipts(send(crm, filing("a", *said)))

    [early] = receipts(send(crm, again("a", *said)))
    [told] = receipts(send(crm, again("a", *said), now=LATER))

    assert (list(early.refs), early.known.episode) == (["m1"], 1)
    assert isinstance(early.failed["m2"], RetryLater)
    assert timedelta(minutes=1) < early.failed["m2"].after <= timedelta(minutes=2)
    assert (list(told.refs), told.failed) == (["m1", "m2"], {})
    assert account.comments() == [["hello"], ["second"]]


def test_the_parts_after_a_found_opening_are_a_new_attempt(account: Sandbox, crm: Zendesk) -> None:
    said = [part("m1"), part("m2", "second", person=account.user("1:a"))]
    account.fault("lost_answer", path="tickets", method="POST")
    stopped(crm, filing("a", *said))

    [told] = receipts(send(crm, again("a", *said), now=LATER))
    rest = again("a", said[1], known=told.known, opener="", create={}, same_op=False)
    [last] = receipts(send(crm, rest, now=LATER))

    assert (list(told.refs), list(last.refs)) == (["m1"], ["m2"])
    assert isinstance(told.failed["m2"], RetryLater)
    assert told.failed["m2"].after == timedelta(0)
    assert account.comments() == [["hello"], ["second"]]


@pytest.mark.parametrize("came", [True, False])
@pytest.mark.parametrize("why", ["new op", "key too old"])
def test_a_create_whose_key_no_longer_holds_is_asked_for(
    account: Sandbox, crm: Zendesk, came: bool, why: str
) -> None:
    account.fault("lost_answer" if came else "refused_before", path="tickets")
    stopped(crm, filing("a", part("m1")))
    lost = again("a", part("m1"), op="another", same_op=False)
    if why == "key too old":
        account.order("clock", offset_seconds=7300)
        lost = again("a", part("m1"), unsure_since=NOW - timedelta(minutes=101))

    [early] = send(crm, lost)
    before = account.data_calls()
    [receipt] = receipts(send(crm, lost, now=LATER))

    assert isinstance(early, RetryLater)
    assert (timedelta(minutes=1) < early.after <= timedelta(minutes=2), early.counts) == (True, False)
    [ticket] = account.tickets()
    assert receipt.refs == {"m1": str(ticket["id"])}
    assert (receipt.known.case_id, set(written(receipt.known).notes)) == (str(ticket["id"]), {"w:subject"})
    assert account.comments() == [["hello"]]
    assert "GET tickets" not in before


def test_a_key_that_stands_for_another_request_is_asked_about(account: Sandbox, crm: Zendesk) -> None:
    receipts(send(crm, filing("a", part("m1"), op="one")))

    [found] = receipts(send(crm, again("a", part("m1"), part("m2", "more"), op="one"), now=LATER))
    [other] = receipts(send(crm, filing("b", part("n1"), op="one")))

    assert (list(found.refs), list(found.failed)) == (["m1"], ["m2"])
    assert list(other.refs) == ["n1"]
    assert [ticket["external_id"] for ticket in account.tickets()] == ["a", "b"]


def test_a_strangers_ticket_with_our_key_is_not_ours(account: Sandbox, crm: Zendesk) -> None:
    account.api("POST", "tickets", {"ticket": {"comment": {"html_body": "x"}, "external_id": "a"}})

    [receipt] = receipts(send(crm, again("a", part("m1"), same_op=False), now=LATER))

    assert receipt.known.case_id == str(account.tickets()[1]["id"])


def test_of_two_tickets_with_our_text_the_oldest_is_taken(account: Sandbox, crm: Zendesk) -> None:
    for op in ("one", "two"):
        send(crm, filing("a", part("m1"), op=op))

    [receipt] = receipts(send(crm, again("a", part("m1"), same_op=False), now=LATER))

    assert receipt.known.case_id == str(account.tickets()[0]["id"])
    assert receipt.warnings == ("The same message stands in several tickets; the oldest one is taken.",)


def test_a_blanked_opening_is_found_by_the_message_it_was(account: Sandbox, crm: Zendesk) -> None:
    account.fault("lost_answer", path="tickets")
    stopped(crm, filing("a", part("m1", "x" * 130_000)))

    blanked = again("a", part("m1", "[deleted by its author]"), op="new", same_op=False)
    [receipt] = receipts(send(crm, blanked, now=LATER))

    assert len(account.tickets()) == 1
    assert receipt.refs == {"m1": receipt.known.case_id}


def test_a_lost_follow_up_is_found_though_somebody_opened_the_old_one_again(
    account: Sandbox, crm: Zendesk
) -> None:
    known = opened(crm, "a")
    account.change(known.case_id, status="solved")
    late = part("m2", received_at=LATE)
    account.fault("lost_answer", path="tickets", method="POST")
    stopped(crm, filing("a", late, known=known))
    account.change(known.case_id, status="open")

    [receipt] = receipts(send(crm, again("a", late, known=known), now=LATER))

    old, new = account.tickets()
    assert (receipt.known.case_id, receipt.known.episode) == (str(new["id"]), 2)
    assert receipt.refs == {"m2": str(new["id"])}
    assert len(old["comments"]) == 1


def test_the_same_filing_is_the_same_bytes_in_every_process(account: Sandbox, crm: Zendesk) -> None:
    # The sandbox compares what was sent under one key, and refuses any difference.
    create = {"tags": ("b", "a"), "subject": "s", "custom_field_7": "x", "priority": "low", "description": "d"}
    account.order("fields", id=7, title="x", type="text")
    one = filing("a", part("m1"), create=create)
    turned = filing("a", part("m1"), create=dict(reversed(create.items())))

    first, second = (receipts(send(account.crm(), sent))[0] for sent in (one, turned))

    assert (first.known, len(account.tickets())) == (second.known, 1)


# --- comments -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["lost_answer", "applied_server_error"])
def test_a_lost_comment_is_found_by_its_marks(account: Sandbox, crm: Zendesk, fault: str) -> None:
    known = opened(crm, "a")
    said = [part("m2"), part("m3", "third")]
    account.fault(fault, method="PUT")

    outcomes, _ = stopped(crm, filing("a", *said, known=known))
    [receipt] = receipts(send(crm, again("a", *said, known=known), now=LATER))

    assert isinstance(outcomes[0], Unsure)
    comment = account.tickets()[0]["comments"][1]
    assert receipt.refs == {"m2": f"{comment['id']}:0:2", "m3": f"{comment['id']}:1:2"}
    assert account.comments() == [["the first"], ["hello", "third"]]


def test_a_comment_that_commits_late_is_waited_for(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm, "a")
    account.fault("late_commit", method="PUT", seconds=0.4)

    stopped(crm, filing("a", part("m2"), known=known))
    [early] = send(crm, again("a", part("m2"), known=known), now=NOW + timedelta(minutes=1))
    wait_for(lambda: len(account.comments()) == 2)
    [receipt] = receipts(send(crm, again("a", part("m2"), known=known), now=LATER))

    assert isinstance(early, RetryLater)
    assert (timedelta(0) < early.after <= timedelta(minutes=1), early.counts) == (True, False)
    assert list(receipt.refs) == ["m2"]
    assert account.comments() == [["the first"], ["hello"]]


def test_a_comment_that_never_arrived_is_sent_when_the_wait_is_over(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm, "a")
    account.fault("refused_before", method="PUT")

    stopped(crm, filing("a", part("m2"), part("m3"), known=known))
    [receipt] = receipts(send(crm, again("a", part("m2"), part("m3"), known=known), now=LATER))

    assert list(receipt.refs) == ["m2", "m3"]
    assert account.comments() == [["the first"], ["hello", "hello"]]


def test_a_ticket_that_changed_while_it_was_asked_is_asked_again(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm, "a")
    account.order("clock", offset_seconds=60)  # the next change has another stamp

    steps = crm.file([again("a", part("m2"), known=known)], now=LATER)
    asked = next(steps)
    account.change(known.case_id, priority="high")
    outcomes = dict(pair for step in steps for pair in step)

    assert asked == []
    conflict = outcomes[0]
    assert isinstance(conflict, RetryLater)
    assert (conflict.counts, conflict.after) == (True, timedelta(seconds=1))
    assert account.comments() == [["the first"]]


def test_what_was_found_is_told_before_the_rest_is_sent(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm, "a")
    send(crm, filing("a", part("m2"), known=known))
    both = again("a", part("m2"), part("m3", "third"), known=known)

    [told] = receipts(send(crm, both, now=LATER))
    [rest] = receipts(send(crm, again("a", part("m3", "third"), known=told.known), now=LATER))

    assert (list(told.refs), list(told.failed), list(rest.refs)) == (["m2"], ["m3"], ["m3"])
    assert account.comments() == [["the first"], ["hello"], ["third"]]


def test_a_comment_that_came_through_stays_one_when_its_ticket_is_closed_meanwhile(
    account: Sandbox, crm: Zendesk
) -> None:
    known = opened(crm, "a")
    late = part("m2", received_at=LATE)
    account.fault("lost_answer", method="PUT")

    stopped(crm, filing("a", late, known=known))
    account.close(known.case_id)
    [receipt] = receipts(send(crm, again("a", late, known=known), now=LATER))

    assert (list(receipt.refs), len(account.tickets())) == (["m2"], 1)


def test_a_text_of_several_comments_is_completed(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm, "a")
    long = part("m2", "x" * 130_000)
    account.fault("server_error", method="PUT", after=1, times=2)

    [first] = send(crm, filing("a", long, known=known))
    [second] = send(crm, again("a", long, known=known), now=LATER)
    lost = again("a", long, known=known, unsure_last=LATER)
    [receipt] = receipts(send(crm, lost, now=LATER + timedelta(minutes=3)))

    assert isinstance(first, Unsure)
    assert isinstance(second, Unsure)
    assert [text[:6] for [text] in account.comments()[1:]] == ["(1/3) ", "(2/3) ", "(3/3) "]
    ids = [comment["id"] for comment in account.tickets()[0]["comments"][1:]]
    assert receipt.refs == {"m2": ",".join(f"{i}:0:1" for i in ids)}


def test_an_opening_text_of_several_comments_is_completed(account: Sandbox, crm: Zendesk) -> None:
    long = part("m1", "x" * 130_000)
    account.fault("server_error", method="PUT")

    [first] = receipts(send(crm, filing("a", long)))
    lost = again("a", long, known=first.known, same_op=False)
    [last] = receipts(send(crm, lost, now=LATER))

    assert isinstance(first.failed["m1"], Unsure)
    assert (last.failed, last.known.case_id) == ({}, first.known.case_id)
    assert [text[:6] for [text] in account.comments()] == ["(1/3) ", "(2/3) ", "(3/3) "]


def test_a_key_that_ran_out_while_others_were_sent_is_not_relied_on(account: Sandbox, crm: Zendesk) -> None:
    account.fault("slow", path="tickets", seconds=1.0)
    since = NOW - timedelta(minutes=100) + timedelta(seconds=0.5)
    lost = again("b", part("n1"), unsure_since=since, unsure_last=since)

    receipts(send(crm, filing("a", part("m1")), lost))

    assert account.data_calls() == {"POST tickets": 2, "GET tickets": 1}


def test_old_pages_of_audits_are_read_as_far_as_the_message_is_old(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm, "a")
    send(crm, filing("a", part("m2"), known=known))
    for n in range(101):
        account.change(known.case_id, tags=[f"t{n}"])

    [receipt] = receipts(send(crm, again("a", part("m2"), known=known), now=LATER))

    assert list(receipt.refs) == ["m2"]
    assert account.data_calls()["GET tickets/{id}/audits"] == 2
