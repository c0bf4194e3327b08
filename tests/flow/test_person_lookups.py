"""Who wrote: asked for once, for all mappings together, and never at the cost of a message."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from heart import CARE, WITH_CONTACT, all_items, bridge, drain, due_in, hear, pass_time, said, states
from logbook import Logbook
from sqlalchemy import update

from bridge.errors import Rejected, RetryLater
from bridge.flow import decide_some
from bridge.ports import Found, Pending, PersonFound, PersonMatch
from bridge.store import Store
from bridge.store.engine import now
from bridge.store.tables import lane, person

DIRECT = WITH_CONTACT.replace("mapping: care", "mapping: direct").replace("[comment, direct]", "[direct]")
BROKEN = DIRECT.replace("Page_Id__c", "Nope__c")


class Strict(Logbook):
    """A CRM that refuses a look-up by a field that it does not have, and lets nobody be made."""

    def __init__(self, file: Path) -> None:
        super().__init__(file)
        self.finds: list[list[tuple[str, bool]]] = []  #: of each look-up the authors, and whether they were new

    def find(self, people: Sequence[PersonMatch]) -> list[PersonFound]:
        self.finds.append([(one.author, one.new) for one in people])
        if any("Nope__c" in rule for one in people for rule in one.rules):
            raise Rejected("there is no field Nope__c")
        found = super().find(people)
        return [one if one.id or one.several else PersonFound(says="No Contact was made.") for one in found]


@pytest.fixture
def strict(tmp_path: Path) -> Strict:
    return Strict(tmp_path / "strict.db")


def test_the_persons_of_all_mappings_are_one_look_up(store: Store, strict: Strict) -> None:
    hear(store, said("one"), said("two", by="bo", kind="direct", thread="bo"), said("three", by="cy"))

    drain(bridge(store, strict, DIRECT, WITH_CONTACT))

    assert [sorted(one) for one in strict.finds] == [
        [("facebook:ana", True), ("facebook:bo", True), ("facebook:cy", True)]
    ]


def test_who_was_asked_for_before_is_not_new(store: Store, strict: Strict) -> None:
    made = bridge(store, strict, WITH_CONTACT)
    hear(store, said("one"))
    drain(made)
    with store.write() as c:
        c.execute(update(person).values(until=now() - 1))

    hear(store, said("two"), said("three", by="bo"))
    drain(made)

    assert strict.finds[1:] == [[("facebook:ana", False), ("facebook:bo", True)]]


def test_a_faulty_rule_of_one_mapping_harms_no_other(store: Store, strict: Strict) -> None:
    strict.knows("facebook:ana", "003a")
    hear(store, said("one"), said("two", kind="direct", thread="ana"))

    drain(bridge(store, strict, BROKEN, WITH_CONTACT))

    assert states(store) == {
        "m-one:created": "filed",
        "m-two:created": "dead: looking for the person: there is no field Nope__c",
    }
    assert '"id":"003a"' in all_items(store)[0].decision


def test_a_case_is_filed_without_the_record_that_could_not_be_made_and_says_so(
    store: Store, strict: Strict
) -> None:
    hear(store, said("one"), said("two"))

    drain(bridge(store, strict, WITH_CONTACT))

    assert strict.texts() == ["one", "No Contact was made.", "two"]
    assert set(states(store).values()) == {"filed"}


def test_names_without_a_record_are_told_beside_it(store: Store, strict: Strict) -> None:
    named = CARE.replace(
        "case:\n", 'contact: {object: Contact, match: [{Page_Id__c: "{author.id}"}]}\ncase:\n', 1
    ).replace("Origin: Web", "OwnerId: {named: Nobody}")
    hear(store, said("one"))

    drain(bridge(store, strict, named))

    assert strict.texts()[1].splitlines() == [
        "No Contact was made.",
        "OwnerId was left out: there is no record called 'Nobody'",
    ]


class Making(Logbook):
    """A CRM that makes persons in a job; its answers are told beforehand."""

    def __init__(self, file: Path, *answers: Found) -> None:
        super().__init__(file)
        self.answers = list(answers)
        self.jobs: list[tuple[bool, str]] = []  #: of each person who was asked for: new, job

    def find(self, people: Sequence[PersonMatch]) -> list[Found]:  # type: ignore[override]
        self.jobs += [(one.new, one.job) for one in people]
        return [self.answers.pop(0) for _ in people]


def test_who_is_being_made_is_asked_for_with_the_job_until_they_are_there(store: Store, tmp_path: Path) -> None:
    minute = timedelta(minutes=1)
    busy = RetryLater("busy", after=minute)
    making = Making(tmp_path / "m.db", Pending(job="J1", after=minute), busy, PersonFound(id="003a"))
    made = bridge(store, making, WITH_CONTACT)
    hear(store, said("one"))
    decide_some(made, "fb")
    [rests] = due_in(store, lane).values()

    for _ in range(2):
        with store.write() as c:
            c.execute(update(person).values(until=now() - 1))
        pass_time(store)
        decide_some(made, "fb")
    drain(made)

    assert rests is not None
    assert (50 < rests <= 60, making.jobs) == (True, [(True, ""), (False, "J1"), (False, "J1")])
    assert '"id":"003a"' in all_items(store)[0].decision
    assert states(store) == {"m-one:created": "filed"}


def test_a_job_that_tells_of_another_is_asked_for_by_that_one(store: Store, tmp_path: Path) -> None:
    soon = timedelta(0)
    again = (Pending(job="J1", after=soon), Pending(job="J2", after=soon))
    making = Making(tmp_path / "m.db", *again, PersonFound(id="003a"))
    hear(store, said("one"))

    drain(bridge(store, making, WITH_CONTACT))

    assert making.jobs == [(True, ""), (False, "J1"), (False, "J2")]
    assert states(store) == {"m-one:created": "filed"}
