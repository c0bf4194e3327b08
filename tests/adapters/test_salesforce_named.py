"""Queues, users and record types by the names that people know them by, against a real sandbox org."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from salesforce_org import Sandbox, running

from adapters.salesforce import Salesforce
from bridge.errors import Rejected, RetryLater
from bridge.ports import Identified, Named


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("salesforce")) as sandbox:
        yield sandbox


@pytest.fixture
def org(process: Sandbox) -> Sandbox:
    process.order("reset")
    return process


@pytest.fixture
def crm(org: Sandbox) -> Salesforce:
    return org.crm()


def owner(name: str, kind: str = "Case") -> Named:
    return Named(object=kind, field="OwnerId", name=name)


def record_type(name: str, kind: str = "Case") -> Named:
    return Named(object=kind, field="RecordTypeId", name=name)


def queue_id(org: Sandbox, name: str) -> str:
    return str(org.query(f"SELECT Id FROM Group WHERE Name = '{name}'")[0]["Id"])


def said(answers: list[Identified]) -> list[str]:
    assert all(isinstance(answer, Rejected) for answer in answers), answers
    return [str(answer) for answer in answers]


def test_queues_and_users_are_known_by_any_of_their_names(org: Sandbox, crm: Salesforce) -> None:
    social, anna = queue_id(org, "Social Queue"), org.user("Anna Agent")

    found = crm.identify(
        [owner("Social Queue"), owner(" social_queue "), owner("anna agent"), owner("ANNA@sandbox.example")]
    )

    assert found == [social, social, anna, anna]


def test_a_record_type_belongs_to_its_object(org: Sandbox, crm: Salesforce) -> None:
    found = crm.identify([record_type("social"), record_type("Social", "Lead"), record_type("Social", "Task")])

    types = {
        row["SobjectType"]: row["Id"]
        for row in org.query("SELECT Id, SobjectType FROM RecordType WHERE Name = 'Social'")
    }
    assert found == [types["Case"], types["Lead"], types["Task"]]


def test_any_number_of_names_takes_one_call_for_each_kind(org: Sandbox, crm: Salesforce) -> None:
    crm.identify([*(owner(f"Queue {n}") for n in range(20)), record_type("Social"), record_type("Review")])

    assert org.data_calls() == {"GET query": 3}


def test_what_has_no_such_name_is_refused_in_a_sentence(crm: Salesforce) -> None:
    found = crm.identify(
        [owner("Social DE"), record_type("Review", "Lead"), Named(object="Case", field="Priority", name="High")]
    )

    assert said(found) == [
        "there is no queue or user called 'Social DE'",
        "there is no record type called 'Review'",
        "there is no record for Priority called 'High'",
    ]
    assert [answer.field for answer in found if isinstance(answer, Rejected)] == [
        "OwnerId",
        "RecordTypeId",
        "Priority",
    ]


def test_two_queues_of_one_name_are_refused_with_their_ids(org: Sandbox, crm: Salesforce) -> None:
    twins = sorted(org.made("Group", Name="Twins", DeveloperName=f"Twins_{n}", Type="Queue") for n in range(2))

    found = crm.identify([owner("twins"), owner("Twins_1")])

    assert said(found[:1]) == [f"two queues are called 'twins': {', '.join(twins)}"]
    assert found[1] in twins


def test_groups_that_are_no_queues_and_users_who_left_own_nothing(org: Sandbox, crm: Salesforce) -> None:
    org.made("Group", Name="Readers", DeveloperName="Readers", Type="Regular")

    found = crm.identify([owner("Readers"), owner("Gerd Gone")])

    assert len(said(found)) == 2


def test_a_queue_comes_before_a_user_but_a_task_belongs_to_a_person(org: Sandbox, crm: Salesforce) -> None:
    queue = org.made("Group", Name="Anna Agent", DeveloperName="Anna", Type="Queue")

    found = crm.identify([owner("Anna Agent"), owner("Anna Agent", "Task"), owner("Support Queue", "Task")])

    assert found == [queue, org.user("Anna Agent"), queue_id(org, "Support Queue")]


@pytest.mark.parametrize("name", ["x' OR Name LIKE '%", "%", "_ocial Queue", "\\", ""])
def test_a_hostile_name_finds_nothing(crm: Salesforce, name: str) -> None:
    assert len(said(crm.identify([owner(name)]))) == 1


def test_an_id_is_no_name(org: Sandbox, crm: Salesforce) -> None:
    assert len(said(crm.identify([owner(queue_id(org, "Social Queue"))]))) == 1


def test_an_org_that_cannot_be_reached_is_asked_again(org: Sandbox, crm: Salesforce) -> None:
    org.fault("server_error")

    with pytest.raises(RetryLater):
        crm.identify([owner("Social Queue")])


def test_no_call_is_begun_when_the_time_is_up(org: Sandbox) -> None:
    org.fault("slow", seconds=1.5, path="/query")

    with pytest.raises(RetryLater, match="too long"):
        org.crm(timeout=4).identify([owner("Anna Agent")])

    assert org.data_calls() == {"GET query": 1}
