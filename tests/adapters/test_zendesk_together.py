"""Many filings at once, against a real sandbox account: handed over in jobs, asked for later, each text once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
import zendesk_account
from zendesk_account import (
    LATER,
    NOW,
    Sandbox,
    again,
    filing,
    judged,
    part,
    receipts,
    send,
    stopped,
    written,
)

from adapters.zendesk import Zendesk
from adapters.zendesk.job import HIDDEN
from bridge.errors import RetryLater, Unsure
from bridge.ports import Filing, Known, Outcome, Receipt

MANY = 12


process, crm = zendesk_account.process, zendesk_account.crm


@pytest.fixture
def account(process: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    process.reset()
    process.order("switches", job_seconds=0.0)
    with judged(monkeypatch):
        yield process


def crowd(prefix: str = "m", *, many: int = MANY, known: Sequence[Known] = ()) -> list[Filing]:
    """Filings that are due together, one text each."""
    given = [{"known": one} for one in known] or [{} for _ in range(many)]
    return [filing(f"k{n}", part(f"{prefix}{n}"), together=many, **more) for n, more in enumerate(given)]


def handed(sent: Filing, outcome: Outcome) -> Filing:
    """The filing as the bridge gives it once more after such an outcome."""
    assert isinstance(outcome, RetryLater | Unsure), outcome
    if isinstance(outcome, RetryLater):
        return replace(
            sent, together=1, job="", unsure_since=None, unsure_last=None, same_op=False, op=f"{sent.op}'"
        )
    return replace(sent, job=outcome.job, unsure_since=NOW, unsure_last=NOW, same_op=True)


def to_the_end(crm: Zendesk, sent: Sequence[Filing]) -> list[Receipt]:
    """File until all is filed."""
    ends: dict[int, Receipt] = {}
    left = dict(enumerate(sent))
    for _ in range(6):
        outcomes = dict(zip(left, send(crm, *left.values(), now=LATER), strict=True))
        ends |= {i: one for i, one in outcomes.items() if isinstance(one, Receipt)}
        left = {i: handed(left[i], one) for i, one in outcomes.items() if i not in ends}
        if not left:
            return [ends[i] for i in range(len(sent))]
    raise AssertionError(left)


def stands(account: Sandbox) -> dict[str, list[str]]:
    """The texts of each conversation's tickets, in order."""
    found: dict[str, list[str]] = {}
    for n, ticket in enumerate(account.tickets()):
        texts = [text for comment in account.comments(n) for text in comment]
        found.setdefault(ticket["external_id"], []).extend(texts)
    return found


ONCE = {f"k{n}": ["hello"] for n in range(MANY)}
TWICE = {f"k{n}": ["hello", "hello"] for n in range(MANY)}


def known_crowd(crm: Zendesk) -> list[Known]:
    return [written(one.known) for one in to_the_end(crm, crowd())]


# --- what it costs --------------------------------------------------------------------------------------------


def test_many_new_tickets_are_handed_over_in_one_call(account: Sandbox, crm: Zendesk) -> None:
    outcomes = send(crm, *crowd())

    jobs = {one.job.partition("#")[0] for one in outcomes if isinstance(one, Unsure)}
    assert account.data_calls() == {"POST tickets/create_many": 1}
    assert len(jobs) == 1
    assert [one.job.partition("#")[2] for one in outcomes if isinstance(one, Unsure)] == [
        f"{n}/1" for n in range(MANY)
    ]


def test_what_became_of_them_takes_two_calls_more(account: Sandbox, crm: Zendesk) -> None:
    told = to_the_end(crm, crowd())

    tickets = {ticket["external_id"]: str(ticket["id"]) for ticket in account.tickets()}
    assert stands(account) == ONCE
    assert account.data_calls() == {
        "POST tickets/create_many": 1,
        "GET job_statuses/show_many": 1,
        "GET tickets/show_many": 1,
    }
    assert [one.refs for one in told] == [{f"m{n}": tickets[f"k{n}"]} for n in range(MANY)]
    assert [one.known.case_id for one in told] == [tickets[f"k{n}"] for n in range(MANY)]
    assert {ticket["fields"]["tags"][-1] for ticket in account.tickets()} == {"casebridge"}


def test_many_known_tickets_take_a_question_and_a_job(account: Sandbox, crm: Zendesk) -> None:
    known = known_crowd(crm)
    before = account.data_calls()

    to_the_end(crm, crowd("n", known=known))

    assert stands(account) == TWICE
    assert account.made_since(before) == {
        "GET tickets/show_many": 1,
        "PUT tickets/update_many": 1,
        "GET job_statuses/show_many": 1,
    }


def test_after_a_new_ticket_made_by_a_job_the_next_text_takes_one_call(account: Sandbox, crm: Zendesk) -> None:
    first = to_the_end(crm, crowd())[0]
    before = account.data_calls()

    receipts(send(crm, filing("k0", part("n0"), known=first.known)))

    assert account.made_since(before) == {"PUT tickets/{id}": 1}


def test_more_than_a_hundred_are_several_jobs_asked_for_together(account: Sandbox, crm: Zendesk) -> None:
    sent = crowd(many=130)

    to_the_end(crm, sent)

    assert stands(account) == {f"k{n}": ["hello"] for n in range(130)}
    assert account.data_calls() == {
        "POST tickets/create_many": 2,
        "GET job_statuses/show_many": 1,
        "GET tickets/show_many": 2,
    }


def test_five_go_one_by_one(account: Sandbox, crm: Zendesk) -> None:
    receipts(send(crm, *crowd(many=5)))

    assert account.data_calls() == {"POST tickets": 5}


def test_what_is_left_of_a_crowd_goes_one_by_one(account: Sandbox, crm: Zendesk) -> None:
    receipts(send(crm, *(replace(one, together=MANY) for one in crowd(many=3))))

    assert account.data_calls() == {"POST tickets": 3}


def test_waiting_texts_of_one_conversation_are_one_comment_in_order(account: Sandbox, crm: Zendesk) -> None:
    sent = crowd()
    sent[3] = filing("k3", part("m3", "a"), part("x3", "b"), part("y3", "c"), together=MANY)

    told = to_the_end(crm, sent)

    assert stands(account)["k3"] == ["a", "b", "c"]
    assert told[3].refs == {"m3": told[3].known.case_id, "x3": "o:1:3", "y3": "o:2:3"}


def test_what_needs_more_than_one_write_goes_by_itself(account: Sandbox, crm: Zendesk) -> None:
    ada, bob = account.user("1:a"), account.user("1:b", "Bob")
    sent = crowd()
    sent[3] = filing("k3", part("m3", "a", person=ada), part("x3", "b", person=bob), together=MANY)

    to_the_end(crm, sent)

    assert stands(account) == ONCE | {"k3": ["a", "b"]}


def test_no_worker_waits_for_a_job(account: Sandbox, crm: Zendesk) -> None:
    account.order("switches", job_seconds=3600.0)
    sent = crowd()
    outcomes = send(crm, *sent)
    handed_back = [handed(one, outcome) for one, outcome in zip(sent, outcomes, strict=True)]

    once_more = send(crm, *handed_back, now=NOW + timedelta(seconds=40))

    assert [(type(one), one.job) for one in once_more if isinstance(one, Unsure)] == [
        (Unsure, one.job) for one in handed_back
    ]
    assert account.data_calls()["GET job_statuses/show_many"] == 1
    assert {10 <= one.after.total_seconds() <= 15 for one in once_more if isinstance(one, Unsure)} == {True}


# --- what goes wrong ------------------------------------------------------------------------------------------


def test_what_a_job_did_not_do_goes_by_itself(account: Sandbox, crm: Zendesk) -> None:
    account.fault("job_item_failed", index=4)
    outcomes = send(crm, *crowd())
    second = send(crm, *(handed(one, outcome) for one, outcome in zip(crowd(), outcomes, strict=True)))
    failed = second[4]

    assert isinstance(failed, RetryLater)
    assert (failed.clears, failed.after) == (True, timedelta(0))
    receipts(send(crm, handed(crowd()[4], failed)))
    assert stands(account) == ONCE


def test_a_half_failed_job_loses_and_doubles_nothing(account: Sandbox, crm: Zendesk) -> None:
    for n in range(0, MANY, 2):
        account.fault("job_item_failed", index=n)

    to_the_end(crm, crowd())

    assert stands(account) == ONCE


@pytest.mark.parametrize("fault", ["lost_answer", "applied_server_error", "late_commit"])
def test_a_job_whose_answer_is_lost_is_found_by_its_tickets(account: Sandbox, crm: Zendesk, fault: str) -> None:
    account.fault(fault, path="create_many", seconds=0.01)
    outcomes, error = stopped(crm, *crowd())

    assert {one.job for one in outcomes.values() if isinstance(one, Unsure)} == {""}
    assert error is None or isinstance(error, RetryLater)
    while account.late():
        pass
    to_the_end(crm, [replace(one, unsure_since=NOW, unsure_last=NOW, same_op=True) for one in crowd()])
    assert stands(account) == ONCE


@pytest.mark.parametrize("fault", ["lost_answer", "applied_server_error"])
def test_changes_whose_answer_is_lost_are_found_by_their_marks(account: Sandbox, crm: Zendesk, fault: str) -> None:
    sent = crowd("n", known=known_crowd(crm))
    account.fault(fault, path="update_many")
    stopped(crm, *sent)

    to_the_end(crm, [replace(one, unsure_since=NOW, unsure_last=NOW, same_op=True) for one in sent])

    assert stands(account) == TWICE


def test_while_a_job_is_at_work_nothing_is_sent_that_may_be_in_it(account: Sandbox, crm: Zendesk) -> None:
    account.order("switches", job_seconds=600.0)
    account.fault("lost_answer", path="create_many")
    stopped(crm, *crowd())
    unsure = [replace(one, unsure_since=NOW, unsure_last=NOW, same_op=True) for one in crowd()]

    waiting = send(crm, *unsure, now=LATER)
    account.order("clock", offset_seconds=700)
    to_the_end(crm, unsure)

    assert {type(one) for one in waiting} == {RetryLater}
    assert stands(account) == ONCE


@pytest.mark.parametrize("fault", ["job_failed", "job_lost"])
def test_a_job_that_tells_nothing_is_looked_for(account: Sandbox, crm: Zendesk, fault: str) -> None:
    account.fault(fault)

    to_the_end(crm, crowd())

    assert stands(account) == ONCE


def test_a_job_that_zendesk_refuses_goes_one_by_one(account: Sandbox, crm: Zendesk) -> None:
    account.fault("refused", path="create_many", status=422)

    receipts(send(crm, *crowd()))

    assert stands(account) == ONCE
    assert account.data_calls() == {"POST tickets/create_many": 1, "POST tickets": MANY}


def test_an_agents_edit_in_between_fails_its_item_alone(account: Sandbox, crm: Zendesk) -> None:
    known = known_crowd(crm)
    account.order("switches", job_seconds=60.0)
    outcomes = send(crm, *crowd("n", known=known))
    account.change(known[5].case_id, subject="Refund")
    account.order("clock", offset_seconds=120)
    sent = [handed(one, outcome) for one, outcome in zip(crowd("n", known=known), outcomes, strict=True)]
    second = send(crm, *sent)

    assert [i for i, one in enumerate(second) if not isinstance(one, Receipt)] == [5]
    receipts(send(crm, handed(sent[5], second[5])))
    assert stands(account) == TWICE
    assert sorted(ticket["fields"]["subject"] for ticket in account.tickets()).count("Refund") == 1


def test_a_closed_ticket_among_many_is_followed_up(account: Sandbox, crm: Zendesk) -> None:
    known = known_crowd(crm)
    account.close(known[2].case_id)

    told = to_the_end(crm, crowd("n", known=known))

    follow_up = told[2].known
    assert (follow_up.case_id != known[2].case_id, follow_up.episode) == (True, 2)
    assert stands(account) == TWICE | {"k2": ["hello"], "k2~2": ["hello"]}


def test_a_suspended_requester_among_many_gets_a_ticket_under_our_own_name(account: Sandbox, crm: Zendesk) -> None:
    ada = account.user("1:a")
    account.api("PUT", f"users/{ada}", {"user": {"suspended": True}})
    sent = crowd()
    sent[7] = replace(sent[7], create={**sent[7].create, "requester_id": ada})
    outcomes = send(crm, *(handed(a, b) for a, b in zip(sent, send(crm, *sent), strict=True)))

    [last] = send(crm, handed(sent[7], outcomes[7]))

    assert sum(isinstance(one, Receipt) for one in outcomes) == MANY - 1
    assert isinstance(last, Receipt)
    assert stands(account) == ONCE


def test_of_two_workers_with_one_job_none_doubles(account: Sandbox, crm: Zendesk) -> None:
    sent = crowd()
    handed_back = [handed(one, outcome) for one, outcome in zip(sent, send(crm, *sent), strict=True)]

    first, second = receipts(send(crm, *handed_back)), receipts(send(account.crm(), *handed_back))

    assert [one.refs for one in first] == [one.refs for one in second]
    assert stands(account) == ONCE


def test_an_idempotency_key_is_not_trusted_where_a_job_may_have_gone_out(account: Sandbox, crm: Zendesk) -> None:
    receipts(send(crm, *crowd()[:1]))

    [outcome] = send(crm, again("k0", part("m0"), together=MANY), now=LATER)

    assert isinstance(outcome, Receipt)
    assert outcome.refs == {"m0": str(account.tickets()[0]["id"])}
    assert stands(account) == {"k0": ["hello"]}


def test_nobody_is_told_what_a_job_has_while_it_is_at_work(account: Sandbox, crm: Zendesk) -> None:
    account.order("switches", job_seconds=600.0)
    sent = crowd()
    handed_back = [handed(one, outcome) for one, outcome in zip(sent, send(crm, *sent), strict=True)]

    with pytest.raises(RetryLater):
        crm.look(handed_back[:1])
    account.order("clock", offset_seconds=700)

    assert crm.look(handed_back[:1]) == [frozenset({"m0"})]


# --- afterwards -----------------------------------------------------------------------------------------------


def test_a_text_that_a_job_wrote_is_blacked_out_when_it_is_deleted(account: Sandbox, crm: Zendesk) -> None:
    sent = crowd()
    sent[0] = filing("k0", part("m0", "first"), part("x0", "second"), together=MANY)
    made = to_the_end(crm, sent)
    told = to_the_end(crm, crowd("n", known=[one.known for one in made]))
    gone = [
        part("m0#d", act="delete", ref=made[0].refs["x0"], case_id=made[0].known.case_id, opens=False),
        part("n0#d", act="delete", ref=told[0].refs["n0"], case_id=made[0].known.case_id, opens=False),
    ]

    [receipt] = receipts(send(crm, filing("k0", *gone, known=told[0].known)))

    comments = account.comments([ticket["external_id"] for ticket in account.tickets()].index("k0"))
    assert receipt.warnings == ()
    assert comments[0][0] == "first"
    assert set(comments[0][1]) == set(comments[1][0]) == {"\N{LOWER SEVEN EIGHTHS BLOCK}"}


def test_what_is_told_of_a_single_write_is_told_of_a_jobs(account: Sandbox, crm: Zendesk) -> None:
    sent = [replace(one, parts=(replace(one.parts[0], public=True),)) for one in crowd()]
    made = to_the_end(crm, sent)
    known = [one.known for one in made]
    more = [filing(f"k{n}", part(f"n{n}", public=True), known=one, together=MANY) for n, one in enumerate(known)]

    told = to_the_end(crm, more)

    assert {one.warnings for one in (*made, *told)} == {(HIDDEN,)}
