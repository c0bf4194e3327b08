"""Filings that a CRM carries out in a job: its name is kept until the job has an end, and no longer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from case_rows import KNOWN, ONE, TWO, claimed, placed, rendered, sent, settle, stored
from heart import LEASE, column, deleted, expire, hear, pass_time, said

from bridge import frozen
from bridge.ports import Filing
from bridge.steps import Settled
from bridge.store import Store, cases, stories
from bridge.store.tables import case_row, filing

HANDED = Settled(left=frozenset({ONE, TWO}), unsure=True, job="V3-a#0/1", after=timedelta(0))
LATER = Settled(left=frozenset({ONE, TWO}), after=timedelta(0))
NOTHING = Settled(left=frozenset({ONE, TWO}), clears=True, after=timedelta(0))


def next_filing(store: Store) -> Filing:
    """The stored filing as the next worker gets it."""
    pass_time(store)
    _, waiting = claimed(store, "next")
    (found,) = waiting.values()
    assert found.frozen is not None
    return found.frozen.filing


def test_the_next_worker_can_ask_for_the_job(store: Store) -> None:
    claim, _ = sent(store, "one", "two")
    settle(store, claim, HANDED)

    filing = next_filing(store)

    assert (filing.job, filing.unsure_since is not None, filing.same_op) == ("V3-a#0/1", True, True)


def test_the_story_names_the_job_of_what_was_handed_over_and_of_nothing_else(store: Store) -> None:
    claim, _ = sent(store, "one", "two")
    settle(store, claim, HANDED)
    placed(store, said("three"))

    with store.read() as c:
        found = [stories.stories(c, said(name).key)[0] for name in ("one", "three")]

    assert [(told.job, told.unsure) for told in found] == [("V3-a#0/1", True), ("", False)]


def test_all_jobs_are_asked_for_at_the_same_times(store: Store) -> None:
    claim, _ = sent(store, "one", "two")
    before = store.now()

    settle(store, claim, replace(HANDED, after=timedelta(seconds=12)))

    [due] = column(store, case_row, "due_at").values()
    assert due % 5_000 == 0
    assert due >= (before.timestamp() + 12) * 1000


def test_a_question_that_failed_leaves_the_job(store: Store) -> None:
    claim, _ = sent(store, "one", "two")
    settle(store, claim, HANDED)
    pass_time(store)
    claim, _ = claimed(store, "second")
    settle(store, claim, LATER)

    assert next_filing(store).job == "V3-a#0/1"


def test_a_worker_that_died_over_the_question_leaves_the_job(store: Store) -> None:
    claim, _ = sent(store, "one", "two")
    settle(store, claim, HANDED)
    pass_time(store)
    claimed(store, "second")
    expire(store, case_row)

    assert next_filing(store).job == "V3-a#0/1"


def test_another_lost_answer_takes_the_place_of_the_job(store: Store) -> None:
    claim, _ = sent(store, "one", "two")
    settle(store, claim, HANDED)
    pass_time(store)
    claim, _ = claimed(store, "second")
    settle(store, claim, replace(HANDED, job=""))

    assert next_filing(store).job == ""


def test_a_receipt_ends_the_job(store: Store) -> None:
    claim, _ = sent(store, "one", "two")
    settle(store, claim, HANDED)
    pass_time(store)
    claim, _ = claimed(store, "second")
    left = Settled(known=KNOWN, receipt=True, filed={ONE: "c1"}, left=frozenset({TWO}), after=timedelta(0))
    settle(store, claim, left)

    filing = next_filing(store)

    assert (filing.job, filing.unsure_since is not None, filing.same_op) == ("", True, False)


def test_what_a_job_did_not_do_is_as_if_it_was_never_sent(store: Store) -> None:
    claim, _ = sent(store, "one", "two")
    first = stored(store).op
    settle(store, claim, HANDED)
    pass_time(store)
    claim, _ = claimed(store, "second")
    settle(store, claim, NOTHING)

    filing = next_filing(store)

    assert (filing.job, filing.unsure_since, filing.unsure_last, filing.together) == ("", None, None, 0)
    assert filing.op != first


def test_a_deletion_by_its_author_leaves_the_job(store: Store) -> None:
    claim, _ = sent(store, "one", "two")
    settle(store, claim, HANDED)
    hear(store, deleted(said("two")))

    filing = next_filing(store)

    assert (filing.job, [part.text for part in filing.parts][1] != "two") == ("V3-a#0/1", True)


def test_what_is_cut_after_deaths_is_not_asked_of_a_job(store: Store) -> None:
    claim, _ = sent(store, "one", "two")
    settle(store, claim, HANDED)
    pass_time(store)
    claim, waiting = claimed(store, "second")
    [row] = waiting

    with store.write() as c:
        left = cases.cut(c, claim, row, {ONE})

    assert left is not None
    assert ([part.key for part in left.filing.parts], left.filing.job) == ([ONE], "")


def test_a_filing_knows_how_many_were_stored_with_it(store: Store) -> None:
    placed(store, said("one", by="ana"), said("two", by="bob"), said("three", by="cem"))
    claim, waiting = claimed(store)
    [gone, *_] = all_ = rendered(store, waiting)
    some = {**all_, gone: replace(all_[gone], frozen=None)}

    with store.write() as c:
        found = cases.freeze(c, claim, some)

    assert [one.filing.together for one in found.values()] == [2, 2]


def test_what_waited_by_itself_learns_how_many_are_due_with_it(store: Store) -> None:
    for name in ("one", "two", "three"):
        placed(store, said(name, by=name))
        claim, waiting = claimed(store)
        with store.write() as c:
            cases.freeze(c, claim, rendered(store, waiting))
            cases.settle(
                c, claim, {row: Settled(left=frozenset({said(name).key})) for row in waiting}, lease=LEASE
            )
    pass_time(store)

    _, waiting = claimed(store)
    with store.read() as c:
        kept = [frozen.load(row.body).filing.together for row in c.execute(filing.select())]

    assert [one.frozen and one.frozen.filing.together for one in waiting.values()] == [3, 3, 3]
    assert kept == [3, 3, 3]


@pytest.mark.parametrize("before", [HANDED, NOTHING, replace(LATER, unsure=True)])
def test_what_may_have_been_sent_or_goes_by_itself_learns_nothing(store: Store, before: Settled) -> None:
    claim, _ = sent(store, "one", "two")
    settle(store, claim, before)
    placed(store, said("three", by="cem"))
    claim, waiting = claimed(store, "second")
    with store.write() as c:
        cases.freeze(c, claim, rendered(store, waiting))
        cases.settle(c, claim, dict.fromkeys(waiting, Settled(left=frozenset({said("three").key}))), lease=LEASE)
    pass_time(store)

    _, waiting = claimed(store, "third")

    alone = 0 if before is NOTHING else 1
    assert sorted(one.frozen.filing.together for one in waiting.values() if one.frozen) == [alone, 1]
