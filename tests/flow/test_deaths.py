"""Workers that die, are slow or wake up late: nothing is lost, nothing doubled, and poison kills only itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from heart import (
    LEASE,
    WITH_CONTACT,
    Clock,
    Killed,
    all_items,
    bridge,
    case_of,
    clocks,
    drain,
    dying,
    expire,
    hear,
    ledger_of,
    pass_time,
    row_of,
    said,
    states,
)
from logbook import Logbook

from bridge.errors import Paused, RetryLater
from bridge.filing import file_some
from bridge.flow import decide_some
from bridge.parts import Bridge
from bridge.ports import Filing, Outcome, PersonFound, PersonMatch
from bridge.store import Store
from bridge.store.tables import case_row, lane

ROW = row_of()


def file_once(made: Bridge) -> None:
    """Decide what waits, then one attempt to file it."""
    decide_some(made, "fb")
    file_some(made, "crm")


def again(made: Bridge) -> None:
    """Another attempt, once the back-off is over."""
    pass_time(made.store)
    file_some(made, "crm")


@pytest.mark.parametrize("point", ["lane.claimed", "lane.placed", "work.claimed", "work.frozen", "work.sent"])
@pytest.mark.parametrize("times", [1, 4])
def test_a_worker_that_dies_anywhere_loses_and_doubles_nothing(
    store: Store, crm: Logbook, point: str, times: int
) -> None:
    hear(store, said("one"), said("two"), said("three", by="bo"))

    drain(bridge(store, crm, at=dying(point, times=times)))

    assert (crm.texts(case_of()), crm.texts(case_of("bo"))) == (["one", "two"], ["three"])
    assert set(states(store).values()) == {"filed"}
    assert ledger_of(store).faults() == []


@pytest.mark.parametrize("point", ["work.claimed", "work.frozen", "work.sent", "work.settled"])
def test_a_crm_that_knows_only_ops_doubles_nothing_when_a_worker_dies(
    store: Store, forgetful: Logbook, point: str
) -> None:
    hear(store, said("one"), said("two"))

    drain(bridge(store, forgetful, at=dying(point, times=2)))

    assert forgetful.texts() == ["one", "two"]


def test_a_filing_that_kills_its_workers_is_asked_for_and_cut(store: Store, crm: Logbook) -> None:
    hear(store, said("one"), said("two"), said("three"))

    drain(bridge(store, crm, at=dying("work.sent", times=3)))

    assert len(crm.looked()) == 1
    assert crm.texts() == ["one", "two", "three"]
    assert [(i.crm_case, i.crm_ref) for i in all_items(store)] == [("c1", "c1"), ("c1", "p2"), ("c1", "p3")]


class Poisoned(Logbook):
    """A CRM whose adapter takes its whole process down over one word, or one author."""

    def find(self, people: Sequence[PersonMatch]) -> list[PersonFound]:
        if any(one.author == "facebook:poison" for one in people):
            raise Killed
        return super().find(people)

    def file(self, filings: Sequence[Filing], *, now: datetime) -> Iterator[list[tuple[int, Outcome]]]:
        if any("POISON" in part.text for one in filings for part in one.parts):
            raise Killed
        return super().file(filings, now=now)


def test_poison_in_filing_kills_that_one_message_and_nothing_else(store: Store, crm: Logbook) -> None:
    poisoned = Poisoned(crm.file_at)
    hear(store, said("one"), said("POISON"), said("three"), said("four", by="bo"))

    drain(bridge(store, poisoned))

    assert list(states(store).values()) == ["filed", "dead: poison: 8 workers died on it", "filed", "filed"]
    assert sorted(crm.texts()) == ["four", "one", "three"]
    assert crm.texts(case_of()) == ["one", "three"]
    assert ledger_of(store).faults() == []


def test_poison_while_rendering_kills_that_one_message(store: Store, crm: Logbook) -> None:
    hear(store, said("one"), said("two"))

    drain(bridge(store, crm, at=dying("work.claimed", times=8)))

    assert list(states(store).values()) == ["dead: poison: 8 workers died on it", "filed"]
    assert crm.texts() == ["two"]


def test_poison_in_deciding_kills_that_one_message(store: Store, crm: Logbook) -> None:
    hear(store, said("one", by="poison"), said("two"), said("three", by="bo"))

    drain(bridge(store, Poisoned(crm.file_at), WITH_CONTACT))

    assert list(states(store).values()) == ["dead: poison: 8 workers died on it", "filed", "filed"]
    assert sorted(crm.texts()) == ["three", "two"]
    assert ledger_of(store).faults() == []


class RestingOnLook(Logbook):
    """A CRM that cannot be asked for what it has, twice."""

    def __init__(self, file: Path) -> None:
        super().__init__(file)
        self.answers = [Paused("rests"), RetryLater("busy", after=timedelta(0))]

    def look(self, filings: Sequence[Filing]) -> list[Mapping[str, str]]:
        if self.answers:
            raise self.answers.pop()
        return super().look(filings)


def test_a_case_that_killed_its_workers_waits_while_it_cannot_be_asked_for(store: Store, crm: Logbook) -> None:
    resting = RestingOnLook(crm.file_at)
    hear(store, said("one"), said("two"))

    drain(bridge(store, resting, at=dying("work.sent", times=3)))

    assert resting.answers == []
    assert crm.texts() == ["one", "two"]
    assert ledger_of(store).faults() == []


def test_a_lease_that_is_too_short_for_a_call_sends_nothing(store: Store, crm: Logbook) -> None:
    crm.patience = LEASE + timedelta(seconds=1)
    hear(store, said("one"))

    file_once(bridge(store, crm))

    assert crm.seen() == []
    assert states(store) == {"m-one:created": "sending"}
    assert clocks(store, case_row)[ROW].owner is not None
    crm.patience = timedelta(seconds=1)
    drain(bridge(store, crm))
    assert crm.texts() == ["one"]


def test_a_slow_worker_whose_lane_went_to_another_places_nothing(store: Store, crm: Logbook) -> None:
    hear(store, said("one"))
    other = bridge(store, crm)

    def outlive_the_lease(point: str) -> None:
        if point == "lane.claimed":
            expire(store, lane)
            decide_some(other, "fb")

    decide_some(bridge(store, crm, at=outlive_the_lease), "fb")

    assert clocks(store, case_row) == {ROW: Clock(owner=None, open=1, crashes=0)}
    assert ledger_of(store).faults() == []
