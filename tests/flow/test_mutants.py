"""The harness can fail: each claim holds, and is broken by the mutant that breaks it."""

from __future__ import annotations

from collections.abc import Callable

import mutants
import pytest
from heart import bridge, drain, expire, hear, ledger_of, said
from logbook import Fault, Logbook
from mutants import Rewire

from bridge.filing import file_some
from bridge.flow import decide_some
from bridge.store import Store
from bridge.store.tables import case_row

Scenario = Callable[[Store, Logbook], None]


def lost_answer_is_repeated_with_its_op(store: Store, crm: Logbook) -> None:
    hear(store, said("one"))
    crm.arm("lost")

    drain(bridge(store, crm), rounds=50)

    assert crm.texts() == ["one"]


def newcomer_waits_for_what_is_frozen(store: Store, crm: Logbook) -> None:
    made = bridge(store, crm)
    hear(store, said("one"))
    crm.arm("refused")
    decide_some(made, "fb")
    file_some(made, "crm")
    hear(store, said("two"))

    drain(made, rounds=50)

    assert [[part.text for part in sent.parts] for sent in crm.seen()] == [["one"], ["one"], ["two"]]


def receipt_ends_its_op(store: Store, crm: Logbook) -> None:
    hear(store, said("one"), said("two"), said("three"))
    crm.arm("partial", size=1)

    drain(bridge(store, crm), rounds=50)

    assert crm.texts() == ["one", "two", "three"]


def zombie_writes_nothing(store: Store, crm: Logbook) -> None:
    hear(store, said("one"))
    other = bridge(store, crm)

    def outlive_the_lease(point: str) -> None:
        if point == "work.frozen":
            expire(store, case_row)
            drain(other)

    zombie = bridge(store, crm, at=outlive_the_lease)
    decide_some(zombie, "fb")
    file_some(zombie, "crm")

    assert crm.texts() == ["one"]
    assert ledger_of(store).faults() == []


@pytest.mark.parametrize(
    ("mutant", "scenario"),
    [
        (None, newcomer_waits_for_what_is_frozen),
        (None, lost_answer_is_repeated_with_its_op),
        (None, receipt_ends_its_op),
        (None, zombie_writes_nothing),
        (mutants.thaw, newcomer_waits_for_what_is_frozen),
        (mutants.thaw, lost_answer_is_repeated_with_its_op),
        (mutants.new_op, lost_answer_is_repeated_with_its_op),
        (mutants.same_op, receipt_ends_its_op),
        (mutants.owner_blind, zombie_writes_nothing),
        (mutants.blind, lost_answer_is_repeated_with_its_op),
    ],
)
def test_a_claim_holds_and_its_mutant_breaks_it(
    store: Store,
    forgetful: Logbook,
    monkeypatch: pytest.MonkeyPatch,
    mutant: Callable[[Rewire], None] | None,
    scenario: Scenario,
) -> None:
    if mutant is None:
        scenario(store, forgetful)
        return
    mutant(monkeypatch.setattr)

    with pytest.raises(AssertionError):
        scenario(store, forgetful)


@pytest.mark.parametrize(("fault", "holds"), [("partial", True), ("hole", False)])
def test_a_crm_that_applies_a_later_part_after_a_failed_one_misorders(
    store: Store, crm: Logbook, fault: Fault, holds: bool
) -> None:
    hear(store, said("one"), said("two"), said("three"))
    crm.arm(fault, size=1)

    drain(bridge(store, crm))

    assert (crm.texts() == ["one", "two", "three"]) == holds
