"""Case rows: what is frozen, and stored, before it is sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from case_rows import KNOWN, ONE, ROW, TWO, claimed, placed, rendered, sent, settle, stored
from heart import (
    Clock,
    all_items,
    clocks,
    count,
    deleted,
    due_in,
    expire,
    hear,
    ledger_of,
    said,
    states,
)
from sqlalchemy import update

from bridge import frozen
from bridge.ports import Known
from bridge.steps import Settled, Waiting
from bridge.store import Store, cases, queues
from bridge.store.tables import case_row, filing


def test_a_case_row_loads_its_items_in_the_ledgers_order(store: Store) -> None:
    placed(store, said("one"), said("two"))

    _, waiting = claimed(store)

    assert waiting == {ROW: Waiting(known=Known(), items=tuple(all_items_like(store, waiting)))}
    assert [i.key for i in waiting[ROW].items] == [ONE, TWO]


def all_items_like(store: Store, waiting: dict[str, Waiting]) -> list[Any]:
    """All items, at the age at which they were loaded."""
    return [replace(one, age=was.age) for one, was in zip(all_items(store), waiting[ROW].items, strict=True)]


def test_a_filing_takes_at_most_50_messages(store: Store) -> None:
    placed(store, *(said(f"text {n}") for n in range(60)))

    _, waiting = claimed(store)

    assert [i.message.text for i in waiting[ROW].items] == [f"text {n}" for n in range(50)]


def test_a_suspect_that_is_claimed_alone_takes_one_message(store: Store) -> None:
    placed(store, said("one"), said("two"))
    with store.write() as c:
        c.execute(update(case_row).values(crashes=queues.ALONE))

    _, waiting = claimed(store)

    assert [i.key for i in waiting[ROW].items] == [ONE]


def test_freezing_stores_the_filing_with_an_op_of_its_own(store: Store) -> None:
    claim, made = sent(store, "one", "two")

    row = stored(store)
    assert claim.rows == {ROW: 0}
    assert [part.text for part in made[ROW].filing.parts] == ["one", "two"]
    assert (frozen.load(row.body), row.op) == (made[ROW], made[ROW].filing.op)
    assert len(row.op) == 32
    assert set(states(store).values()) == {"sending"}


def test_a_stored_filing_is_loaded_as_it_was_frozen(store: Store) -> None:
    claim, made = sent(store, "one")
    settle(store, claim, Settled(known=KNOWN, left=frozenset([ONE])))

    _, waiting = claimed(store, "next")

    assert waiting[ROW].frozen == replace(made[ROW], filing=replace(made[ROW].filing, known=KNOWN))
    assert waiting[ROW].items == ()


def test_freezing_leaves_a_row_alone_that_went_to_another(store: Store) -> None:
    placed(store, said("one"))
    claim, waiting = claimed(store, "slow")
    made = rendered(store, waiting)
    expire(store, case_row)
    claimed(store, "fast")

    with store.write() as c:
        found = cases.freeze(c, claim, made)

    assert (found, count(store, filing)) == ({}, 0)
    assert clocks(store, case_row) == {ROW: Clock(owner="fast", open=1, crashes=1)}


def test_what_was_deleted_while_it_was_rendered_is_rendered_again(store: Store) -> None:
    placed(store, said("one"), said("two"))
    claim, waiting = claimed(store)
    made = rendered(store, waiting)
    hear(store, deleted(said("one")))

    with store.write() as c:
        found = cases.freeze(c, claim, made)

    assert (found, count(store, filing)) == ({}, 0)
    assert clocks(store, case_row) == {ROW: Clock(owner=None, open=2, crashes=0)}
    assert due_in(store, case_row) == {ROW: pytest.approx(0, abs=5)}


def test_what_ends_while_it_is_rendered_is_counted_out(store: Store) -> None:
    one = said("one")
    placed(store, one, said("two"))
    hear(store, deleted(one))
    claim, waiting = claimed(store)

    with store.write() as c:
        found = cases.freeze(c, claim, rendered(store, waiting))

    assert [part.key for part in found[ROW].filing.parts] == [TWO]
    assert clocks(store, case_row)[ROW].open == 1
    assert ledger_of(store).faults() == []


def test_a_row_with_nothing_to_send_is_given_back(store: Store) -> None:
    one = said("one")
    placed(store, one)
    hear(store, deleted(one))
    claim, waiting = claimed(store)

    with store.write() as c:
        cases.freeze(c, claim, rendered(store, waiting))

    assert clocks(store, case_row) == {ROW: Clock(owner=None, open=0, crashes=0)}
    assert due_in(store, case_row) == {ROW: None}
