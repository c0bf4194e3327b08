"""Whether what an op stands for may be sent again: only while every attempt that may be in was made with it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from case_rows import KNOWN, ONE, TWO, claimed, sent, settle, stored
from heart import deleted, expire, hear, pass_time, said
from sqlalchemy import update

from bridge.ports import Filing
from bridge.steps import Settled
from bridge.store import Store
from bridge.store.engine import now
from bridge.store.tables import case_row, filing

UNSURE = Settled(left=frozenset({ONE, TWO}), unsure=True, after=timedelta(0))
LATER = Settled(left=frozenset({ONE, TWO}), after=timedelta(0))


def next_filing(store: Store) -> Filing:
    """The stored filing as the next worker gets it."""
    pass_time(store)
    _, waiting = claimed(store, "next")
    (found,) = waiting.values()
    assert found.frozen is not None
    return found.frozen.filing


def test_after_a_lost_answer_the_same_op_is_repeated(store: Store) -> None:
    claim, _ = sent(store, "one", "two")
    settle(store, claim, UNSURE)

    filing = next_filing(store)

    assert (filing.unsure_since is not None, filing.same_op) == (True, True)


def test_after_a_death_the_same_op_is_repeated(store: Store) -> None:
    sent(store, "one", "two")
    expire(store, case_row)

    filing = next_filing(store)

    assert (filing.unsure_since is not None, filing.same_op) == (True, True)


def test_what_was_never_tried_needs_no_repeating(store: Store) -> None:
    claim, _ = sent(store, "one", "two")
    settle(store, claim, LATER)

    filing = next_filing(store)

    assert (filing.unsure_since, filing.same_op) == (None, False)


def test_a_new_op_does_not_stand_for_what_an_earlier_one_may_have_done(store: Store) -> None:
    claim, _ = sent(store, "one", "two")
    settle(store, claim, UNSURE)
    pass_time(store)
    claim, _ = claimed(store, "second")
    settle(
        store, claim,
        Settled(known=KNOWN, receipt=True, filed={ONE: "c1"}, left=frozenset({TWO}), after=timedelta(0)),
    )  # fmt: skip

    filing = next_filing(store)

    assert (filing.unsure_since is not None, filing.same_op) == (True, False)


def test_what_is_blanked_after_a_lost_answer_is_asked_for_before_it_is_sent(store: Store) -> None:
    claim, _ = sent(store, "one", "two")
    settle(store, claim, UNSURE)
    hear(store, deleted(said("two")))

    filing = next_filing(store)

    assert (filing.unsure_since is not None, filing.same_op) == (True, False)


@pytest.mark.parametrize("answered", [True, False])
def test_what_is_blanked_while_it_is_sent_is_asked_for_before_it_is_sent(store: Store, answered: bool) -> None:
    claim, _ = sent(store, "one", "two")
    since = stored(store).op_at
    hear(store, deleted(said("two")))

    if answered:
        settle(store, claim, UNSURE)
    else:
        expire(store, case_row)

    assert stored(store).unsure_since == since
    assert not next_filing(store).same_op


def test_what_is_blanked_between_two_attempts_that_were_refused_is_simply_sent(store: Store) -> None:
    claim, _ = sent(store, "one", "two")
    settle(store, claim, LATER)
    hear(store, deleted(said("two")))

    filing = next_filing(store)

    assert (filing.unsure_since, filing.same_op) == (None, False)


def test_what_is_blanked_at_once_is_never_taken_for_the_same_op(store: Store) -> None:
    claim, _ = sent(store, "one", "two")
    settle(store, claim, UNSURE)
    with store.write() as c:  # the clock has not moved since, or was put back
        c.execute(update(filing).values(op_at=now() + 60_000, unsure_since=now() + 60_000))
    hear(store, deleted(said("two")))

    assert not next_filing(store).same_op


def test_an_opening_text_that_is_in_is_blanked_in_what_is_left_of_its_filing(store: Store) -> None:
    claim, _ = sent(store, "one", "two")
    op = stored(store).op
    settle(
        store, claim, Settled(known=KNOWN, filed={ONE: "c1"}, left=frozenset({TWO}), after=timedelta(0))
    )  # fmt: skip

    hear(store, deleted(said("one")))

    assert (stored(store).op, '"one"' in stored(store).body) == (op, False)
