"""What agents and authors do while a filing is on its way: between reading and writing, or while a job works."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import zendesk_account
from zendesk_account import (
    HOUR,
    LATER,
    NOW,
    Sandbox,
    filing,
    judged,
    opened,
    part,
    receipts,
    send,
    stopped,
    written,
)

from adapters.zendesk import Zendesk
from adapters.zendesk.job import UNSEEN
from bridge import frozen
from bridge.errors import RetryLater, Unsure
from bridge.frozen import Frozen
from bridge.ports import Filing, Known, Outcome, Receipt

MANY = 6
BLANK = {"subject": "[deleted]", "description": "[deleted]"}


process, crm = zendesk_account.process, zendesk_account.crm


@pytest.fixture
def account(process: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    process.reset()
    process.order("clock", offset_seconds=0)
    with judged(monkeypatch):
        yield process


def known_crowd(crm: Zendesk) -> list[Known]:
    """Tickets of which the bridge does not remember how they were left."""
    return [written(opened(crm, f"k{n}")) for n in range(MANY)]


def crowd(known: Sequence[Known] = ()) -> list[Filing]:
    given = [{"known": one} for one in known] or [{}] * MANY
    return [filing(f"k{n}", part(f"m{n}"), together=MANY, **more) for n, more in enumerate(given)]


def interrupted(crm: Zendesk, filings: Sequence[Filing], between: Callable[[], None]) -> list[Outcome]:
    """The outcomes where somebody does something after the first call, which reads the tickets."""
    steps = crm.file(filings, now=NOW)
    outcomes = dict(next(steps))
    between()
    outcomes |= {i: outcome for step in steps for i, outcome in step}
    return [outcomes[i] for i in range(len(filings))]


def handed(sent: Filing, outcome: Outcome) -> Filing:
    """The filing as the bridge gives it once more after such an outcome."""
    assert isinstance(outcome, RetryLater | Unsure), outcome
    if isinstance(outcome, RetryLater):
        assert outcome.clears
        anew = replace(sent, unsure_since=None, unsure_last=None, same_op=False)
        return replace(anew, together=1, job="", op=f"{sent.op}'")
    return replace(sent, job=outcome.job, unsure_since=NOW, unsure_last=NOW, same_op=True)


def to_the_end(crm: Zendesk, filings: Sequence[Filing], outcomes: Sequence[Outcome]) -> list[Receipt]:
    """Hand back until all is filed."""
    ends = dict(enumerate(outcomes))
    sent = dict(enumerate(filings))
    for _ in range(4):
        left = [i for i, outcome in ends.items() if not isinstance(outcome, Receipt)]
        if not left:
            break
        sent |= {i: handed(sent[i], ends[i]) for i in left}
        ends |= dict(zip(left, send(crm, *(sent[i] for i in left), now=LATER), strict=True))
    return receipts(list(ends.values()))


def texts(account: Sandbox, ticket_id: str) -> list[str]:
    [number] = [n for n, ticket in enumerate(account.tickets()) if str(ticket["id"]) == ticket_id]
    return [text for comment in account.comments(number) for text in comment]


def status(account: Sandbox, ticket_id: str) -> str:
    [found] = [ticket["fields"]["status"] for ticket in account.tickets() if str(ticket["id"]) == ticket_id]
    return str(found)


# --- agents ---------------------------------------------------------------------------------------------------


def test_a_ticket_that_is_solved_between_reading_and_writing_is_opened_again(
    account: Sandbox, crm: Zendesk
) -> None:
    known = written(opened(crm, "k0"))
    sent = [filing("k0", part("m0"), known=known)]

    receipts(interrupted(crm, sent, lambda: account.change(known.case_id, status="solved")))

    assert texts(account, known.case_id) == ["the first", "hello"]
    assert status(account, known.case_id) == "open"


@pytest.mark.parametrize("fault", ["rate_limit", "server_error", "refused_before", "refused"])
def test_a_ticket_that_cannot_be_opened_again_is_told(account: Sandbox, crm: Zendesk, fault: str) -> None:
    known = written(opened(crm, "k0"))
    told: list[Outcome] = []

    with suppress(RetryLater):  # of the limit of calls, after the outcome
        for n, step in enumerate(crm.file([filing("k0", part("m0"), known=known)], now=NOW)):
            told += [outcome for _, outcome in step]
            if n == 0:  # the ticket was read
                account.change(known.case_id, status="solved")
                account.fault(fault, method="PUT", path="tickets/", after=1)

    [receipt] = receipts(told)
    assert status(account, known.case_id) == "solved"
    assert receipt.warnings == (UNSEEN.format(known.case_id),)


def test_a_ticket_that_is_solved_before_a_job_is_handed_over_is_opened_again(
    account: Sandbox, crm: Zendesk
) -> None:
    known = known_crowd(crm)
    solved = known[2].case_id
    sent = crowd(known)

    outcomes = interrupted(crm, sent, lambda: account.change(solved, status="solved"))
    told = to_the_end(crm, sent, outcomes)

    assert [one.known.case_id for one in told] == [one.case_id for one in known]
    assert [texts(account, one.case_id) for one in known] == [["the first", "hello"]] * MANY
    assert status(account, solved) == "open"


def test_whatever_agents_do_while_a_job_is_at_work_each_text_is_seen_once(account: Sandbox, crm: Zendesk) -> None:
    known = known_crowd(crm)
    solved, closed, gone, merged, into, alone = [one.case_id for one in known]
    account.order("switches", job_seconds=600.0)
    sent = crowd(known)
    outcomes = send(crm, *sent)

    account.change(solved, status="solved")
    account.close(closed)
    account.api("DELETE", f"tickets/{gone}")
    account.order("switches", job_seconds=0.0)
    account.api("POST", f"tickets/{into}/merge", {"ids": [int(merged)]})
    account.order("clock", offset_seconds=1000)
    told = to_the_end(crm, sent, outcomes)

    homes = [one.known.case_id for one in told]
    assert [homes[0], homes[4], homes[5]] == [solved, into, alone]
    assert [texts(account, homes[n])[-1] for n in range(MANY)] == ["hello"] * MANY
    assert {status(account, home) for home in homes} <= {"new", "open"}
    assert sum(texts(account, str(t["id"])).count("hello") for t in account.tickets()) == MANY


def test_what_an_agent_changes_in_a_jobs_ticket_outlasts_a_deletion(account: Sandbox, crm: Zendesk) -> None:
    sent = crowd()
    outcomes = send(crm, *sent)
    tickets = {ticket["external_id"]: str(ticket["id"]) for ticket in account.tickets()}
    account.change(tickets["k0"], subject="Refund")
    made = to_the_end(crm, sent, outcomes)

    for n in (0, 1):
        known = made[n].known
        own: dict[str, Any] = {"ref": made[n].refs[f"m{n}"], "case_id": known.case_id, "notes": known.notes}
        gone = part(f"m{n}#d", act="delete", opens=False, row={"subject": "[deleted]"}, **own)
        receipts(send(crm, filing(f"k{n}", gone, known=known)))

    subjects = {ticket["external_id"]: ticket["fields"]["subject"] for ticket in account.tickets()}
    assert (subjects["k0"], subjects["k1"]) == ("Refund", "[deleted]")


# --- authors --------------------------------------------------------------------------------------------------


def test_a_text_that_was_deleted_while_a_job_wrote_it_is_told_without_a_warning(
    account: Sandbox, crm: Zendesk
) -> None:
    first, *others = [handed(one, outcome) for one, outcome in zip(crowd(), send(crm, *crowd()), strict=True)]
    # Blanking gives a filing a new op.
    blank = replace(frozen.blank(Frozen(filing=first, blanked=BLANK), {"m0"}).filing, op="new", same_op=False)

    told = receipts(send(crm, blank, *others, now=LATER))

    assert {one.warnings for one in told} == {()}
    assert told[0].refs == {"m0": told[0].known.case_id}
    assert set(told[0].known.notes) == set(told[1].known.notes)


def test_a_text_that_was_deleted_before_its_job_failed_is_sent_blank(account: Sandbox, crm: Zendesk) -> None:
    account.fault("job_item_failed", index=0)
    first, *_ = [handed(one, outcome) for one, outcome in zip(crowd(), send(crm, *crowd()), strict=True)]
    blank = replace(frozen.blank(Frozen(filing=first, blanked=BLANK), {"m0"}).filing, op="new", same_op=False)

    [told] = to_the_end(crm, [blank], send(crm, blank, now=LATER))

    assert texts(account, told.known.case_id) == ["[deleted]"]


# --- others' jobs ---------------------------------------------------------------------------------------------


def test_nothing_waits_for_ever_for_jobs_that_may_be_anybodys(account: Sandbox, crm: Zendesk) -> None:
    account.fault("lost_answer", path="create_many")
    stopped(crm, *crowd())
    account.order("switches", job_seconds=36_000.0)
    others = {"tickets": [{"subject": "another system's", "comment": {"body": "never done"}}]}
    account.api("POST", "tickets/create_many", others)
    unsure = [replace(one, unsure_since=NOW, unsure_last=NOW, same_op=True) for one in crowd()]

    waiting = send(crm, *unsure, now=NOW + HOUR - timedelta(minutes=1))
    told = receipts(send(crm, *unsure, now=NOW + HOUR))

    assert {type(one) for one in waiting} == {RetryLater}
    assert len({one.known.case_id for one in told}) == MANY == len(account.tickets())
