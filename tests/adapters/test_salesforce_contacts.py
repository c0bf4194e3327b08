"""Persons who are made where nobody knows them, and filled where something is missing, against a real org."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from salesforce_org import Sandbox, filing, part, receipts, running, send

from adapters.salesforce import Salesforce, persons
from bridge.errors import Paused, Rejected, RetryLater
from bridge.ports import Found, PersonFound, PersonMatch

UNMADE = "No Contact was made for this author: Salesforce"


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("salesforce")) as sandbox:
        yield sandbox


@pytest.fixture
def org(process: Sandbox) -> Sandbox:
    process.order("reset")
    process.order(
        "fields", object="Contact", name="X_User_Id__c", type="string", length=255, unique=True, externalId=True
    )
    process.order("fields", object="Contact", name="X_Handle__c", type="string", length=255)
    return process


@pytest.fixture
def crm(org: Sandbox) -> Salesforce:
    return org.crm()


def who(number: str, *, create: bool = True, fill: Mapping[str, Any] | None = None, **more: Any) -> PersonMatch:
    given: dict[str, Any] = {"rules": ({"X_User_Id__c": number},), "fetch": ("LastName", "Phone"), **more}
    new = {"LastName": f"name {number}", "X_User_Id__c": number, "Phone": None} if create else {}
    return PersonMatch(author=f"x:{number}", object="Contact", create=new, fill=fill or {}, **given)


def contacts(org: Sandbox) -> list[dict[str, Any]]:
    return [{name: value for name, value in one["fields"].items() if value} for one in org.state()["contacts"]]


def names(org: Sandbox) -> list[str]:
    return [one["LastName"] for one in contacts(org)]


def said(answer: Found) -> str:
    assert isinstance(answer, PersonFound), answer
    return answer.says


# --- new ones -------------------------------------------------------------------------------------------------


def test_all_who_are_new_are_made_with_one_call(org: Sandbox, crm: Salesforce) -> None:
    known = org.made("Contact", LastName="Ann", X_User_Id__c="u0")

    found = crm.find([who("u0"), who("u1"), who("u2"), who("u3", create=False)])

    made = {one["fields"]["X_User_Id__c"]: one["Id"] for one in org.state()["contacts"]}
    assert found == [
        PersonFound(id=known, values={"LastName": "Ann"}),
        PersonFound(id=made["u1"], values={"LastName": "name u1"}),
        PersonFound(id=made["u2"], values={"LastName": "name u2"}),
        PersonFound(),
    ]
    calls = {"GET query": 1, "POST composite": 2}  # one of them to describe contacts
    assert {name: n for name, n in org.data_calls().items() if name in calls} == calls


def test_what_is_unique_is_asked_for_once(org: Sandbox, crm: Salesforce) -> None:
    for number in range(3):
        crm.find([who(f"u{number}")])

    assert org.state()["steps"]["GET sobjects/Contact/describe"] == 1


def test_a_repeated_look_up_makes_nobody_twice(org: Sandbox, crm: Salesforce) -> None:
    [first] = crm.find([who("u1")])

    [again] = crm.find([who("u1")])

    assert (again, names(org)) == (first, ["name u1"])


def test_a_lost_answer_leaves_one_person(org: Sandbox, crm: Salesforce) -> None:
    org.fault("lost_answer", sobject="Contact")

    [lost] = crm.find([who("u1")])
    [found] = crm.find([who("u1")])

    assert isinstance(lost, RetryLater)
    assert isinstance(found, PersonFound)
    assert (bool(found.id), names(org)) == (True, ["name u1"])


def test_who_was_made_by_another_meanwhile_is_found(org: Sandbox, crm: Salesforce) -> None:
    same = who("u1", rules=({"X_Handle__c": "ann"}, {"X_User_Id__c": "u1"}))

    found = crm.find([who("u1"), same])

    assert found[0] == found[1]
    assert names(org) == ["name u1"]


@pytest.mark.parametrize("new", [False, True])
def test_two_who_differ_in_nothing_but_case_are_two_where_case_counts(
    org: Sandbox, crm: Salesforce, new: bool
) -> None:
    key = {"type": "string", "length": 255, "unique": True, "externalId": True, "caseSensitive": True}
    org.order("fields", object="Contact", name="X_Key__c", **key)
    fields = [{"X_Key__c": value, "LastName": value} for value in ("aB1", "Ab1")]
    people = [
        replace(who(f"{n}"), rules=({"X_Key__c": one["X_Key__c"]},), create=one, new=new)
        for n, one in enumerate(fields)
    ]
    if not new:
        org.made("Contact", **fields[0])

    found = crm.find(people)

    assert [one.values["LastName"] for one in found if isinstance(one, PersonFound)] == ["aB1", "Ab1"]
    assert crm.find(people) == found


def test_a_person_who_is_gone_is_left_out_and_the_receipt_tells(org: Sandbox, crm: Salesforce) -> None:
    [found] = crm.find([who("1")])
    assert isinstance(found, PersonFound)
    org.api("DELETE", f"sobjects/Contact/{found.id}", {})
    create = {"Subject": "Help", "ContactId": found.id}
    whole = filing("facebook:1:8", part("facebook:1:8:first"), create={"Subject": "Help"})
    linked = filing("facebook:1:9", part("facebook:1:9:first"), create=create)

    outcomes = receipts(send(crm, whole, linked))

    assert [one.left_out for one in outcomes] == [False, True]


def test_without_a_unique_field_nobody_is_made(org: Sandbox, crm: Salesforce) -> None:
    by_handle = PersonMatch(
        author="x:1",
        object="Contact",
        rules=({"X_Handle__c": "ann"}, {"X_User_Id__c": "u1", "Email": "a@example.org"}),
        create={"LastName": "Ann", "X_Handle__c": "ann", "X_User_Id__c": "u1"},
    )

    [refused, made] = crm.find([by_handle, who("u2")])

    assert str(refused) == (
        "a new Contact could be made twice: X_Handle__c of `create` is not unique in Salesforce; tick Unique and "
        "External ID at one of them in Setup, Object Manager, then replay"
    )
    assert isinstance(made, PersonFound)
    assert names(org) == ["name u2"]


def test_a_field_that_was_made_unique_is_noticed(org: Sandbox, crm: Salesforce) -> None:
    by_handle = who("u1", rules=({"X_Handle__c": "ann"},))
    given = PersonMatch(
        author=by_handle.author,
        object="Contact",
        rules=by_handle.rules,
        create={"LastName": "A", "X_Handle__c": "ann"},
    )
    [before] = crm.find([given])
    org.order("fields", object="Contact", name="X_Handle__c", unique=True)

    [after] = crm.find([given])

    assert isinstance(before, Rejected)
    assert isinstance(after, PersonFound)
    assert after.id


def test_a_unique_field_that_stays_empty_keeps_nobody_single() -> None:
    nobody = PersonMatch(
        author="x:1", object="Contact", rules=({"X__c": ""},), create={"LastName": "A", "X__c": ""}
    )

    assert isinstance(persons.single(nobody, {"x__c"}), Rejected)


def test_one_refused_person_harms_no_other(org: Sandbox, crm: Salesforce) -> None:
    bad = {"LastName": "", "X_User_Id__c": "u1"}
    worse = {"LastName": "B", "X_User_Id__c": "u2", "Phone": ["no", "text"]}
    people = [
        PersonMatch(author="x", object="Contact", rules=({"X_User_Id__c": row["X_User_Id__c"]},), create=row)  # type: ignore[arg-type, dict-item]
        for row in (bad, worse)
    ]

    found = crm.find([people[0], who("u3"), people[1], who("u4")])

    assert [said(answer) for answer in found] == [
        f"{UNMADE} refused LastName with REQUIRED_FIELD_MISSING: Required fields are missing: [LastName].",
        "",
        f"{UNMADE} refused with JSON_PARSER_ERROR.",
        "",
    ]
    assert names(org) == ["name u3", "name u4"]


def test_a_value_that_someone_unmatched_has_is_told(org: Sandbox, crm: Salesforce) -> None:
    org.order("fields", object="Contact", name="Handle__c", type="string", unique=True)
    org.made("Contact", LastName="Other", Handle__c="ann")
    new = {"LastName": "Ann", "X_User_Id__c": "u1", "Handle__c": "ann"}

    [refused] = crm.find([PersonMatch(author="x", object="Contact", rules=({"X_User_Id__c": "u1"},), create=new)])

    assert said(refused) == (
        f"{UNMADE} has one with the same unique value, but no match finds it; let the "
        "run-as user see all of them, or match by that field too."
    )


def test_a_busy_org_lets_the_new_ones_wait_and_the_known_through(org: Sandbox, crm: Salesforce) -> None:
    known = org.made("Contact", LastName="Ann", X_User_Id__c="u0")
    org.fault("concurrent_limit", sobject="Contact")

    found = crm.find([who("u0"), who("u1")])

    assert found[0] == PersonFound(id=known, values={"LastName": "Ann"})
    assert isinstance(found[1], RetryLater)


def test_a_used_up_day_rests_the_connection(org: Sandbox, crm: Salesforce) -> None:
    org.fault("daily_limit", sobject="Contact")

    with pytest.raises(Paused):
        crm.find([who("u1")])


# --- what is empty is filled ----------------------------------------------------------------------------------


def test_only_what_is_empty_is_filled_in_one_call(org: Sandbox, crm: Salesforce) -> None:
    for number in ("u1", "u2"):
        org.made("Contact", LastName=f"N{number}", X_User_Id__c=number, Phone="1" if number == "u2" else "")
    before = org.data_calls()

    crm.find(
        [
            who(n, fill={"Phone": "555", "X_Handle__c": f"@{n}", "LastName": "never", "Email": ""})
            for n in ("u1", "u2")
        ]
    )

    assert [(c["LastName"], c["Phone"], c["X_Handle__c"]) for c in contacts(org)] == [
        ("Nu1", "555", "@u1"),
        ("Nu2", "1", "@u2"),
    ]
    spent = {name: n - before.get(name, 0) for name, n in org.data_calls().items()}
    assert (spent["GET query"], spent["PATCH composite/sobjects"]) == (1, 1)


def test_a_full_record_is_not_written(org: Sandbox, crm: Salesforce) -> None:
    org.made("Contact", LastName="Ann", X_User_Id__c="u1", X_Handle__c="@ann")

    crm.find([who("u1", fill={"X_Handle__c": "@new"})])

    assert "PATCH composite/sobjects" not in org.data_calls()


def test_nothing_is_filled_where_several_fit(org: Sandbox, crm: Salesforce) -> None:
    for name in ("A", "B"):
        org.made("Contact", LastName="Twin", FirstName=name)

    [found] = crm.find([who("u1", rules=({"LastName": "Twin"},), fill={"X_Handle__c": "@twin"})])

    assert isinstance(found, PersonFound)
    assert len(found.several) == 2
    assert [c.get("X_Handle__c") for c in contacts(org)] == [None, None]


def test_two_authors_behind_one_record_fill_it_once(org: Sandbox, crm: Salesforce) -> None:
    org.made("Contact", LastName="Ann", X_User_Id__c="u1")

    crm.find([who("u1", fill={"X_Handle__c": "@one"}), who("u1", fill={"X_Handle__c": "@two", "Phone": "5"})])

    [ann] = contacts(org)
    assert (ann["X_Handle__c"], ann["Phone"]) == ("@one", "5")


@pytest.mark.parametrize("fault", ["server_error", "lost_answer", "daily_limit", "concurrent_limit"])
def test_a_failed_filling_fails_nobody(
    org: Sandbox, crm: Salesforce, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    ann = org.made("Contact", LastName="Ann", X_User_Id__c="u1")
    org.fault(fault, method="PATCH")

    found = crm.find([who("u1", fill={"X_Handle__c": "@ann"})])

    assert found == [PersonFound(id=ann, values={"LastName": "Ann"})]
    assert [r.levelno for r in caplog.records if r.name == "casebridge"] == [logging.WARNING]


def test_a_refused_filling_is_logged_without_what_it_was(
    org: Sandbox, crm: Salesforce, caplog: pytest.LogCaptureFixture
) -> None:
    org.made("Contact", LastName="Ann", Email="ann@example.org")
    org.made("Contact", LastName="Bob", X_User_Id__c="taken-4711")

    [found] = crm.find(
        [who("u1", rules=({"Email": "ann@example.org"},), create=False, fill={"X_User_Id__c": "taken-4711"})]
    )

    assert isinstance(found, PersonFound)
    assert found.id
    [line] = [record.getMessage() for record in caplog.records if record.name == "casebridge"]
    assert line == "fill_if_empty: X_User_Id__c of a Contact: Salesforce refused X_User_Id__c with DUPLICATE_VALUE"


def test_names_that_are_too_long_are_cut() -> None:
    long = PersonMatch(author="x", object="Contact", rules=(), create={"LastName": "n" * 90, "X__c": None})

    assert persons.new(long) == {"LastName": "n" * 79 + "…"}
