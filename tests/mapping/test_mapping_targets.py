"""A mapping fits its CRM: the object, the key field, the names of fields, and whether persons are made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import pytest

from adapters.salesforce import Salesforce
from bridge.errors import ConfigError
from bridge.mapping import Mapping, load
from bridge.ports import Crm, Filing, Found, Identified, Named, Outcome, PersonMatch, Shape


class Desk(Crm):
    """A CRM that says what it has, and makes persons."""

    objects = (
        Shape(
            object="ticket",
            fields=frozenset({"subject", "description", "priority", "status", "group_id"}),
            custom="custom_field_[0-9]+",
            named=frozenset({"group_id"}),
            owner=frozenset({"group_id"}),
            text="description",
        ),
        Shape(object="lead", comments=False),
    )
    key_field = "external_id"
    person = Shape(object="user", fields=frozenset({"external_id", "name"}), matched=frozenset({"external_id"}))

    def find(self, people: Sequence[PersonMatch]) -> Sequence[Found]:
        """Nobody is asked for here."""
        raise AssertionError

    def identify(self, records: Sequence[Named]) -> list[Identified]:
        """No name is looked up here."""
        raise AssertionError

    def file(self, filings: Sequence[Filing], *, now: datetime) -> Iterator[list[tuple[int, Outcome]]]:
        """Nothing is filed here."""
        raise AssertionError

    def look(self, filings: Sequence[Filing]) -> list[dict[str, str]]:
        """Nothing is looked for here."""
        raise AssertionError


TARGETS: dict[str, type[Crm]] = {"desk": Desk, "salesforce": Salesforce}
TICKET = """\
version: 1
mapping: care
source: any
target: desk
contact:
  object: user
  match: [{external_id: "{author.id}"}]
  none_found: {create: {external_id: "{author.id}", name: "{author.name}"}}
case:
  object: ticket
  create: {subject: "{text}", custom_field_360001: "{account.brand}"}
  if_closed: {reopen_within: 1 day, set: {status: open}}
"""
CASE = """\
version: 1
mapping: care
source: any
target: salesforce
contact: {object: Whoever__c, match: [{Any__c: "{author.id}"}]}
case:
  object: Case
  key_field: Key__c
  create: {Anything__c: "{text}"}
"""


def loaded(folder: Path, text: str, targets: dict[str, type[Crm]] | None = TARGETS) -> Mapping:
    """The mapping of this text, checked against the CRMs."""
    (folder / "care.yaml").write_text(text, encoding="utf-8")
    return load(folder, ["care"], targets=targets)[0]


def faults(folder: Path, text: str) -> tuple[str, ...]:
    """The faults of the mapping of this text."""
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text)
    return caught.value.faults


def test_the_only_key_field_of_a_crm_need_not_be_written(tmp_path: Path) -> None:
    written = TICKET.replace("object: ticket\n", "object: ticket\n  key_field: external_id\n")

    assert [loaded(tmp_path, text).key_field for text in (TICKET, written, CASE)] == [
        "external_id",
        "external_id",
        "Key__c",
    ]


def test_where_each_org_has_its_own_fields_any_can_be_named(tmp_path: Path) -> None:
    made = loaded(tmp_path, CASE)

    assert (made.object, list(made.create), made.contact and made.contact.object) == (
        "Case",
        ["Anything__c"],
        "Whoever__c",
    )


def test_without_crms_nothing_of_this_is_asked(tmp_path: Path) -> None:
    strange = CASE.replace("object: Case", "object: Lead").replace("  key_field: Key__c\n", "")

    made = loaded(tmp_path, strange, None)

    assert (made.object, made.key_field) == ("Lead", "")


REFUSED = {
    ("object: ticket", "object: tickets"): "10:11 error: 'desk' knows no 'tickets' here [unknown-object]",
    ("object: user", "object: Contact"): "6:11 error: 'desk' knows no 'Contact' here [unknown-object]",
    ("{subject:", "{subjct:"): (
        "11:12 error: 'subjct' is no field of ticket that a mapping can use here [unknown-field]"),
    ("custom_field_360001", "custom_field_x"): (
        "11:31 error: 'custom_field_x' is no field of ticket that a mapping can use here [unknown-field]"),
    ("{status:", "{state:"): (
        "12:43 error: 'state' is no field of ticket that a mapping can use here [unknown-field]"),
    ('match: [{ext', 'match: [{name: "{author.name}"}, {ext'): (
        "7:12 error: 'name' is no field of user that a mapping can use here [unknown-field]"),
    ("name: \"", "nam: \""): "8:53 error: 'nam' is no field of user that a mapping can use here [unknown-field]",
    ("object: ticket\n", "object: ticket\n  key_field: status\n"): (
        "11:14 error: 'desk' can only keep its key in 'external_id': write that, or leave key_field out "
        "[wrong-key-field]"),
    ("{subject:", "{external_id: x, subject:"): (
        "11:12 error: 'external_id' is the key field: the bridge fills it [key-field-filled]"),
    ("target: desk", "target: dsk"): (
        "4:9 error: there is no connection 'dsk' of that kind in connections.yaml [no-such-connection]"),
}  # fmt: skip


@pytest.mark.parametrize("change", REFUSED)
def test_what_the_crm_does_not_have_is_refused(tmp_path: Path, change: tuple[str, str]) -> None:
    told = faults(tmp_path, TICKET.replace(*change))

    assert [fault.split("\n")[0] for fault in told] == [f"care.yaml:{REFUSED[change]}"]


REFUSED_OF_AN_ORG = {
    ("object: Case", "object: case"): "7:11 error: 'salesforce' knows no 'case' here [unknown-object]",
    ("  key_field: Key__c\n", ""): (
        "7:3 error: 'key_field' is missing: the field by which the bridge knows its case again [missing-key]"),
}  # fmt: skip


@pytest.mark.parametrize("change", REFUSED_OF_AN_ORG)
def test_what_an_org_cannot_do_is_refused(tmp_path: Path, change: tuple[str, str]) -> None:
    told = faults(tmp_path, CASE.replace(*change))

    assert [fault.split("\n")[0] for fault in told] == [f"care.yaml:{REFUSED_OF_AN_ORG[change]}"]


def test_a_misspelt_field_is_told_with_what_is_allowed_and_meant(tmp_path: Path) -> None:
    (told,) = faults(tmp_path, TICKET.replace("{subject:", "{prioritty:"))

    assert told.split("\n") == [
        "care.yaml:11:12 error: 'prioritty' is no field of ticket that a mapping can use here [unknown-field]",
        '    create: {prioritty: "{text}", custom_field_360001: "{account.brand}"}',
        "             ^",
        "    -> allowed: description, group_id, priority, status, subject, custom_field_[0-9]+",
        "    -> did you mean 'priority'?",
    ]


def test_all_that_does_not_fit_is_told_at_once_in_order(tmp_path: Path) -> None:
    wrong = TICKET.replace('name: "', 'nam: "').replace("{status:", "{state:").replace(": care", ": carre")

    assert [fault.split(" error")[0] for fault in faults(tmp_path, wrong)] == [
        "care.yaml:2:10", "care.yaml:8:53", "care.yaml:12:43",
    ]  # fmt: skip


def test_a_borrowed_source_must_be_there_too(tmp_path: Path) -> None:
    text = TICKET.replace("care", "desk").replace("source: any\n", "based_on: care\n")
    (tmp_path / "care.yaml").write_text(CASE.replace("source: any", "source: [here, gone]"), encoding="utf-8")
    (tmp_path / "desk.yaml").write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError) as caught:
        load(tmp_path, ["desk"], sources=["here"], targets=TARGETS)

    assert [fault.split("\n")[0] for fault in caught.value.faults] == [
        "desk.yaml:3:11 error: there is no connection 'gone' of that kind in connections.yaml [no-such-connection]"
    ]
