"""Authors of whom nobody has heard before: made and asked for in one call, each once, in a race too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import requests
from salesforce_org import Sandbox, running, wait_for

from adapters.salesforce import Salesforce, persons
from adapters.salesforce.classify import Refusal, refusal
from bridge.errors import Paused, RetryLater
from bridge.ports import FieldFacts, Found, ObjectFacts, PersonFound, PersonMatch

KEY = "Author_Key__c"


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("salesforce")) as sandbox:
        yield sandbox


@pytest.fixture
def org(process: Sandbox) -> Sandbox:
    process.order("reset")
    process.order("fields", object="Contact", name=KEY, type="string", length=255, unique=True, externalId=True)
    process.order("fields", object="Lead", name=KEY, type="string", length=255, unique=True, externalId=True)
    return process


@pytest.fixture
def crm(org: Sandbox) -> Salesforce:
    made = org.crm()
    made.find([who("warm", create={})])  # it has logged in
    return made


def who(number: str, *, new: bool = True, **more: Any) -> PersonMatch:
    given = {
        "author": f"x:{number}",
        "object": "Contact",
        "rules": ({KEY: number},),
        "fetch": ("LastName",),
        "create": {"LastName": f"name {number}", KEY: number},
    }
    return PersonMatch(**{**given, "new": new, **more})


def field(name: str, *, unique: bool = False) -> FieldFacts:
    return FieldFacts(name=name, type="string", length=20, unique=unique)


def facts(name: str, *, unique: bool = False) -> ObjectFacts:
    """Contacts with one field."""
    return ObjectFacts(name="Contact", fields={name.casefold(): field(name, unique=unique)})


def spent(org: Sandbox, before: Mapping[str, int]) -> dict[str, int]:
    """The calls since then."""
    return {name: n for name, was in org.data_calls().items() if (n := was - before.get(name, 0))}


def ids(org: Sandbox) -> dict[str, str]:
    return {one["fields"][KEY]: one["Id"] for one in org.state()["contacts"]}


def described(crm: Salesforce) -> None:
    """The adapter knows the org's contacts from now on, as after its first newcomer."""
    crm.find([who("first")])


def test_newcomers_and_known_ones_cost_one_call(org: Sandbox, crm: Salesforce) -> None:
    described(crm)
    ann = org.made("Contact", LastName="Ann", **{KEY: "u0"})
    before = org.data_calls()

    found = crm.find([who("u0", new=False), *(who(f"u{n}") for n in range(1, 60))])

    assert spent(org, before) == {"POST composite": 1}
    made = ids(org)
    assert found == [
        PersonFound(id=ann, values={"LastName": "Ann"}),
        *(PersonFound(id=made[f"u{n}"], values={"LastName": f"name u{n}"}) for n in range(1, 60)),
    ]


def test_a_newcomer_who_is_there_already_is_found_by_the_same_call(org: Sandbox, crm: Salesforce) -> None:
    described(crm)
    ann = org.made("Contact", LastName="Ann", **{KEY: "u0"})
    before = org.data_calls()

    found = crm.find([who("u0"), who("u1"), who("u1")])

    assert spent(org, before) == {"POST composite": 1}
    assert found[0] == PersonFound(id=ann, values={"LastName": "Ann"})
    assert found[1] == found[2] == PersonFound(id=ids(org)["u1"], values={"LastName": "name u1"})


def test_persons_of_two_objects_are_one_call(org: Sandbox, crm: Salesforce) -> None:
    lead = {"LastName": "Lea", "Company": "Acme", KEY: "l1"}
    people = [who("u1"), who("l1", object="Lead", create=lead), who("u2"), who("l0", object="Lead", create={})]
    crm.find([who("first"), who("l2", object="Lead", create={**lead, KEY: "l2"})])
    before = org.data_calls()

    found = crm.find(people)

    assert spent(org, before) == {"POST composite": 1}
    assert [bool(one.id) for one in found if isinstance(one, PersonFound)] == [True, True, True, False]


def test_known_persons_of_two_objects_are_one_call(org: Sandbox, crm: Salesforce) -> None:
    before = org.data_calls()

    found = crm.find([who("u1", create={}), who("l1", object="Lead", create={})])

    assert (found, spent(org, before)) == ([PersonFound(), PersonFound()], {"POST composite": 1})


@pytest.mark.parametrize(
    "changes",
    [
        {"new": False},
        {"rules": ({KEY: "u1"}, {"LastName": "name u1"})},
        {"rules": ({KEY: "u1", "LastName": "name u1"},)},
        {"create": {"LastName": "name u1", KEY: "another"}},
        {"create": {"LastName": "name u1"}},
    ],
)
def test_whoever_could_be_somebody_else_is_asked_for_first(changes: Mapping[str, Any]) -> None:
    match = replace(who("u1"), **changes)

    assert persons.at_once(who("u1"), facts(KEY, unique=True))
    assert not persons.at_once(match, facts(KEY, unique=True))
    assert not persons.at_once(who("u1"), facts(KEY))
    assert not persons.at_once(who("u1"), None)


def test_what_is_unique_is_never_cut() -> None:
    long = {"LastName": "n" * 90, KEY: "k" * 30, "Nick__c": "n" * 30}
    fields = [field(KEY, unique=True), field("Nick__c"), field("LastName")]
    short = ObjectFacts(name="Contact", fields={one.name.casefold(): one for one in fields})

    assert persons.new(who("u1", create=long), short) == {
        "LastName": "n" * 19 + "…",
        KEY: "k" * 30,
        "Nick__c": "n" * 19 + "…",
    }


def test_two_workers_with_one_newcomer_make_one_record(org: Sandbox) -> None:
    crms = [org.crm() for _ in range(4)]
    people = [who(f"u{n}") for n in range(10)]

    with ThreadPoolExecutor(len(crms)) as pool:
        answers = list(pool.map(lambda crm: crm.find(people), crms))

    made = ids(org)
    assert len(org.state()["contacts"]) == 10
    wanted = [PersonFound(id=made[f"u{n}"], values={"LastName": f"name u{n}"}) for n in range(10)]
    assert answers == [wanted] * len(crms)


@pytest.mark.parametrize("fault", ["lost_answer", "refused_before", "server_error", "concurrent_limit"])
def test_trouble_leaves_one_record(org: Sandbox, crm: Salesforce, fault: str) -> None:
    described(crm)
    org.fault(fault, sobject="Contact")

    with pytest.raises(RetryLater):
        crm.find([who("u1")])
    [found] = crm.find([who("u1")])

    assert found == PersonFound(id=ids(org)["u1"], values={"LastName": "name u1"})
    assert sorted(ids(org)) == ["first", "u1"]


def test_a_late_commit_leaves_one_record(org: Sandbox, crm: Salesforce) -> None:
    described(crm)
    org.fault("late_commit", sobject="Contact", seconds=0.2)

    with pytest.raises(RetryLater):
        crm.find([who("u1")])
    [found] = crm.find([who("u1")])

    wait_for(lambda: not requests.get(f"{org.url}/sandbox/faults", timeout=10).json()["late"])

    assert found == PersonFound(id=ids(org)["u1"], values={"LastName": "name u1"})
    assert sorted(ids(org)) == ["first", "u1"]


def test_a_used_up_day_rests_the_connection(org: Sandbox, crm: Salesforce) -> None:
    org.fault("daily_limit", sobject="Contact")

    with pytest.raises(Paused):
        crm.find([who("u1")])


def test_a_locked_row_waits_alone(org: Sandbox, crm: Salesforce) -> None:
    org.fault("row_lock", holding="u1")

    found = crm.find([who("u0"), who("u1")])

    assert [type(one) for one in found] == [PersonFound, RetryLater]


def test_how_much_is_used_is_known_after_each_call(org: Sandbox, crm: Salesforce) -> None:
    org.order("switches", daily_limit=15_000, daily_used=14_000)

    crm.find([who("u1")])

    assert crm.usage is not None
    assert (crm.usage.most, crm.usage.used > 14_000, crm.pause_at) == (15_000, True, 95)


# --- what the org does not let us make ------------------------------------------------------------------------


@pytest.mark.parametrize("new", [True, False])
def test_a_refused_record_leaves_its_case_without_it_and_says_why(
    org: Sandbox, crm: Salesforce, new: bool
) -> None:
    org.fault("row_refused", holding="u1", says="Contacts come from the shop.")

    found = crm.find([who("u0", new=new), who("u1", new=new)])

    assert found == [
        PersonFound(id=ids(org)["u0"], values={"LastName": "name u0"}),
        PersonFound(
            says="No Contact was made for this author: Salesforce refused with FIELD_CUSTOM_VALIDATION_EXCEPTION: "
            "Contacts come from the shop."
        ),
    ]


def test_one_bad_newcomer_harms_no_other(org: Sandbox, crm: Salesforce) -> None:
    bad: dict[str, Any] = {"LastName": "B", KEY: "u2", "Phone": ["no", "text"]}

    found = crm.find([who("u1"), who("u2", create=bad), who("u3")])

    assert [isinstance(one, PersonFound) and (bool(one.id), bool(one.says)) for one in found] == [
        (True, False),
        (False, True),
        (True, False),
    ]


def test_what_an_author_calls_themselves_refers_to_nothing(org: Sandbox, crm: Salesforce) -> None:
    evil = {"LastName": "@{step1.records[0].Id}", KEY: "u1"}

    found = crm.find([who("u1", create=evil), who("u2")])

    assert [isinstance(one, PersonFound) and bool(one.id) for one in found] == [True, True]
    assert org.state()["contacts"][0]["fields"]["LastName"] == "@{step1.records[0].Id}"


def test_an_author_whose_id_looks_like_a_reference_is_made_once_and_found_again(
    org: Sandbox, crm: Salesforce
) -> None:
    [made] = crm.find([who("@{u1}")])
    [found] = crm.find([replace(who("@{u1}"), new=False)])

    assert isinstance(made, PersonFound)
    assert isinstance(found, PersonFound)
    assert (found.id, len(org.state()["contacts"])) == (made.id, 1)


# --- duplicate rules ------------------------------------------------------------------------------------------


def twin(*, new: bool, **more: Any) -> PersonMatch:
    create = {"LastName": "Ann Other", KEY: "u1", "Email": "ann@example.org"}
    return who("u1", new=new, create=create, **more)


@pytest.mark.parametrize("new", [True, False])
def test_the_one_record_that_a_duplicate_rule_names_is_linked_and_left_as_it_is(
    org: Sandbox, crm: Salesforce, new: bool
) -> None:
    ann = org.made("Contact", LastName="Ann", Email="ann@example.org")
    org.order("switches", duplicate_rule=True)

    found = crm.find([who("u0", new=new), twin(new=new, fill={"Phone": "555"})])

    assert found[1] == PersonFound(id=ann, values={"LastName": "Ann"})
    [kept] = [one["fields"] for one in org.state()["contacts"] if one["Id"] == ann]
    assert (kept["Phone"], kept[KEY]) == (None, None)


def test_several_records_that_a_duplicate_rule_names_are_nobody(org: Sandbox, crm: Salesforce) -> None:
    both = tuple(org.made("Contact", LastName=name, Email="ann@example.org") for name in ("Ann", "Anna"))
    org.order("switches", duplicate_rule=True)

    [found] = crm.find([twin(new=True)])

    assert found == PersonFound(several=both)
    assert len(org.state()["contacts"]) == 2


def held(*records: tuple[str, str]) -> dict[str, Any]:
    """A row that a duplicate rule refused."""
    matches = [{"record": {"attributes": {"type": kind}, "Id": number}} for kind, number in records]
    result = {"matchResults": [{"entityType": "Contact", "matchRecords": matches}]}
    return {"statusCode": "DUPLICATES_DETECTED", "message": "Use one of these records?", "duplicateResult": result}


ANN, BOB, LEAD = "003000000000001AAA", "003000000000002AAA", "00Q000000000001AAA"


def test_records_of_other_objects_are_nobody_to_link() -> None:
    alike = persons.alike(twin(new=True), refusal(held(("Lead", LEAD), ("contact", ANN), ("Contact", ANN[:15]))))

    assert alike == (ANN,)


@pytest.mark.parametrize(
    "result",
    [
        None,
        "x",
        {},
        {"matchResults": "x"},
        {"matchResults": ["x", {"matchRecords": None}, {"matchRecords": ["x", {}, {"record": "x"}]}]},
        {"matchResults": [{"matchRecords": [{"record": {"attributes": {"type": "Contact"}, "Id": "' OR"}}]}]},
        {"matchResults": [{"matchRecords": [{"record": {"attributes": "Contact", "Id": ANN}}]}]},
    ],
)
def test_what_a_rule_does_not_show_is_not_guessed(result: object) -> None:
    read = refusal({"statusCode": "DUPLICATES_DETECTED", "message": "m", "duplicateResult": result})

    assert read == Refusal(code="DUPLICATES_DETECTED", message="m")


def test_a_hidden_duplicate_leaves_the_person_blank(
    org: Sandbox, crm: Salesforce, caplog: pytest.LogCaptureFixture
) -> None:
    org.fault("row_refused", holding="u1", code="DUPLICATES_DETECTED", says="Use one of these records?")

    found: list[Found] = crm.find([who("u1")])

    assert found == [PersonFound()]
    assert [record.getMessage() for record in caplog.records if record.name == "casebridge"] == [
        "a new Contact was not made: a duplicate rule of the org found others like it"
    ]
