"""Records that a mapping calls by their names, and fields that a later message moves to another owner."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import replace

import pytest
from mapping_examples import CASE, MESSAGE, NOBODY, faults, mapping, said, with_fields

from adapters.salesforce import Salesforce
from adapters.zendesk import Zendesk
from bridge.mapping import Mapping, assigned, create, decide, names, private
from bridge.mapping.targets import fitted
from bridge.message import Account, Message
from bridge.ports import PersonFound, Value

NAMED = with_fields(
    "Subject: '{text}'\n"
    "RecordTypeId: {named: Social}\n"
    "OwnerId: {named: '{queue}'}\n"
    "Brand__c: {named: ' Brand of {account.queue} '}\n"
    "Shop__c: {named: 'Shop {raw.shop}'}",
    sections="decide:\n  queue:\n    - when: {text: {has_any: [bill]}}\n      use: Billing\n    - otherwise: ''\n",
)


def named(message: Message = MESSAGE, made: Mapping = NAMED, person: PersonFound = NOBODY) -> dict[str, str]:
    return names(made, message, decide(made, message, person), person)


def created(ids: Dict[str, str], made: Mapping = NAMED) -> dict[str, Value]:
    """The fields of a new case once these names were found."""
    return create(made, MESSAGE, replace(decide(made, MESSAGE, NOBODY), ids=ids), NOBODY)


def test_each_field_names_its_record() -> None:
    found = named(said("my bill", raw=b'{"shop": 12}'))

    assert found == {
        "RecordTypeId": "Social",
        "OwnerId": "Billing",
        "Brand__c": "Brand of Social DE",
        "Shop__c": "Shop 12",
    }


@pytest.mark.parametrize(
    ("message", "missing"),
    [
        (said("hello"), "OwnerId"),
        (said("bill", account=Account(id="page-1")), "Brand__c"),
        (said("bill", raw=b""), "Shop__c"),
    ],
)
def test_half_a_name_names_nothing(message: Message, missing: str) -> None:
    assert missing not in named(message)
    assert named(message)["RecordTypeId"] == "Social"


def test_a_name_of_nothing_but_spaces_names_nothing() -> None:
    made = with_fields("OwnerId: {named: '{text}'}")

    assert [named(said(text), made) for text in (" \n", "\u00a0", " x ")] == [{}, {}, {"OwnerId": "x"}]


def test_the_person_found_can_be_in_a_name() -> None:
    made = with_fields(
        "OwnerId: {named: 'Desk {person.Tier__c}'}",
        sections='contact: {object: Contact, match: [{X__c: "{author.id}"}], fetch: [Tier__c]}\n',
    )

    assert named(made=made, person=PersonFound(id="003", values={"Tier__c": "Gold"})) == {"OwnerId": "Desk Gold"}
    assert named(made=made) == {}


def test_a_name_that_shows_who_wrote_or_what_is_private() -> None:
    made = with_fields(
        "A__c: {named: '{text}'}\nB__c: {named: 'For {author.handle}'}\nC__c: {named: '{said}'}\n"
        "D__c: {named: '{queue}'}\nE__c: {named: Social}\nF__c: '{text}'",
        sections="decide:\n  said: [{otherwise: '{text}'}]\n"
        "  queue: [{when: {text: {has_any: [bill]}}, use: Billing}, {otherwise: General}]\n",
    )

    assert private(made) == {"A__c", "B__c", "C__c"}


def test_the_ids_of_the_names_go_into_their_fields() -> None:
    ids = {"RecordTypeId": "012", "OwnerId": "00G", "Brand__c": "a01", "Shop__c": "a02"}

    assert created(ids) == {"Subject": MESSAGE.text, **ids}


def test_a_name_without_an_id_leaves_its_field_out() -> None:
    assert created({"OwnerId": "00G", "Subject": "another field's"}) == {
        "Subject": MESSAGE.text, "RecordTypeId": None, "OwnerId": "00G", "Brand__c": None, "Shop__c": None,
    }  # fmt: skip


def test_a_customer_s_words_in_a_name_are_only_a_name() -> None:
    made = with_fields("OwnerId: {named: '{text}'}")

    assert named(said("{queue} ' OR Name LIKE '%"), made) == {"OwnerId": "{queue} ' OR Name LIKE '%"}


CONTACT = "contact: {object: Contact, match: [{X__c: '{author.id}'}], "
NOT_HERE = {
    CONTACT + "none_found: {create: {X__c: '{author.id}', OwnerId: {named: Me}}}}": (
        "5:112 error: 'OwnerId' cannot be filled by a record's name here: write its id [named-not-here]"),
    CONTACT + "fill_if_empty: {OwnerId: {named: Me}}}": (
        "5:85 error: 'OwnerId' cannot be filled by a record's name here: write its id [named-not-here]"),
    "contact: {object: Contact, match: [{X__c: {named: '{author.id}'}}]}": (
        "5:43 error: one text is expected here, not a list or a map [not-a-text]"),
    "decide: {queue: [{otherwise: {named: Me}}]}": (
        "5:30 error: one text is expected here, not a list or a map [not-a-text]"),
}  # fmt: skip
NOT_IN_THE_CASE = {
    "if_closed: {reopen_within: 1 day, set: {OwnerId: {named: Me}}}": (
        "9:52 error: one text is expected here, not a list or a map [not-a-text]"),
    "key_field: {named: Me}": "9:14 error: one text is expected here, not a list or a map [not-a-text]",
    "create: {OwnerId: {named: ''}}": "9:29 error: this is empty: fill it in or remove it: '' [empty]",
    "create: {OwnerId: {named: x, otherwise: y}}": "9:32 error: unknown key 'otherwise' [unknown-key]",
    "create: {OwnerId: {named: '{nobody}'}}": "9:31 error: unknown word 'nobody' [unknown-word]",
}  # fmt: skip


@pytest.mark.parametrize("section", NOT_HERE)
def test_a_name_is_refused_where_no_record_is_looked_up(section: str) -> None:
    assert [fault.split("\n")[0] for fault in faults(section + "\n")] == [f"care.yaml:{NOT_HERE[section]}"]


@pytest.mark.parametrize("line", NOT_IN_THE_CASE)
def test_a_wrong_name_in_the_case_is_refused(line: str) -> None:
    key = line.partition(":")[0]
    kept = "".join(f"{other}\n" for other in CASE.splitlines() if not other.startswith(f"  {key}:"))
    padding = "" if kept == CASE else "  on_edit: comment\n"

    told = faults("", case=f"{kept}{padding}  {line}\n")

    assert [fault.split("\n")[0] for fault in told] == [f"care.yaml:{NOT_IN_THE_CASE[line]}"]


# --- reassign ---


def moved(made: Mapping, ids: Dict[str, str], text: str = "bill") -> dict[str, Value]:
    """Whose the case becomes by a message, once its names were found."""
    message = said(text)
    return assigned(made, message, replace(decide(made, message, NOBODY), ids=ids), NOBODY)


def reassigning(fields: str, *, update: str = "reassign: true", case: str = "Case") -> Mapping:
    crm = Zendesk if case == "ticket" else Salesforce
    text = f"case:\n  object: {case}\n  create: {fields}\n  update: {{{update}}}\n"
    return fitted(mapping(case=text), crm)


@pytest.mark.parametrize(
    ("case", "fields", "owner"),
    [
        ("Case", "{Subject: x, OwnerId: '005'}", {"OwnerId"}),
        ("Case", "{Subject: x, OwnerId: {named: Me}}", {"OwnerId"}),
        ("Lead", "{LastName: x, OwnerId: {named: Me}}", {"OwnerId"}),
        ("ticket", "{subject: x, group_id: {named: Me}}", {"group_id"}),
        ("ticket", "{subject: x, group_id: {named: Me}, assignee_id: '7'}", {"group_id", "assignee_id"}),
        ("Case", "{Subject: x}", set()),
    ],
)
def test_the_owner_is_what_the_crm_says_and_the_mapping_fills(case: str, fields: str, owner: set[str]) -> None:
    assert reassigning(fields, case=case).owner == owner
    assert reassigning(fields, case=case, update="reassign: false").owner == frozenset()


def test_a_later_message_moves_the_case_to_its_owner_and_writes_nothing_else() -> None:
    made = reassigning("{Subject: x, RecordTypeId: {named: R}, OwnerId: {named: '{text}'}}")

    assert moved(made, {"OwnerId": "00G", "RecordTypeId": "012"}) == {"OwnerId": "00G"}


def test_a_later_message_without_an_owner_moves_nothing() -> None:
    made = reassigning("{subject: x, group_id: {named: '{text}'}, assignee_id: '{raw.agent}'}", case="ticket")

    assert [moved(made, {}), moved(made, {"group_id": "7"})] == [{}, {"group_id": "7"}]


def test_without_reassign_no_message_moves_the_case() -> None:
    fields = "{Subject: x, OwnerId: {named: '{text}'}}"

    assert moved(reassigning(fields, update="reassign: false"), {"OwnerId": "00G"}) == {}
    assert moved(mapping(case=CASE + "  update: {reassign: true}\n"), {"OwnerId": "00G"}) == {}  # no CRM is known
