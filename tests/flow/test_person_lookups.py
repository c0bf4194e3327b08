"""Who wrote: asked for once, for all mappings together, and never at the cost of a message."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from heart import CARE, WITH_CONTACT, all_items, bridge, drain, hear, said, states
from logbook import Logbook
from sqlalchemy import update

from bridge.errors import Rejected
from bridge.ports import PersonFound, PersonMatch
from bridge.store import Store
from bridge.store.engine import now
from bridge.store.tables import person

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
