"""Merging records and bringing them back: what hangs on them goes along, and queryAll tells what has happened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from org_process import OrgProcess, row

KEY = "Social_Conversation_Key__c"


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrgProcess]:
    process = OrgProcess(tmp_path_factory.mktemp("org"), "--plugin")
    yield process
    process.close()


@pytest.fixture(autouse=True)
def _new(org: OrgProcess) -> None:
    org.reset()


def merged(org: OrgProcess) -> list[dict[str, Any]]:
    return org.query("SELECT Id, IsDeleted, MasterRecordId FROM Case ORDER BY CaseNumber", how="queryAll")


def test_a_merged_case_leaves_everything_to_its_master(org: OrgProcess) -> None:
    master, loser = org.create("Case", Subject="a", **{KEY: "k1"}), org.create("Case", Subject="b", **{KEY: "k2"})
    comment = org.create("CaseComment", ParentId=loser, CommentBody="x")
    message = org.create("Social_Message__c", Direction__c="Inbound", Case__c=loser)
    file = org.create("ContentVersion", PathOnClient="a.txt", VersionData="YQ==", FirstPublishLocationId=loser)
    child = org.create("Case", Subject="c", ParentId=loser)

    answer = org.command("merge", master=master, losers=[loser])

    assert answer.status_code == 200
    assert merged(org) == [
        {"Id": master, "IsDeleted": False, "MasterRecordId": None},
        {"Id": loser, "IsDeleted": True, "MasterRecordId": master},
        {"Id": child, "IsDeleted": False, "MasterRecordId": None},
    ]
    assert org.read("CaseComment", comment)["ParentId"] == master
    assert org.read("Social_Message__c", message)["Case__c"] == master
    assert org.read("ContentVersion", file)["FirstPublishLocationId"] == master
    assert org.read("Case", child)["ParentId"] == master


def test_nothing_can_be_written_onto_a_merged_case(org: OrgProcess) -> None:
    master, loser = org.create("Case", Subject="a"), org.create("Case", Subject="b", **{KEY: "k"})
    org.command("merge", master=master, losers=[loser])

    change = org.collection([row("Case", Id=loser, Subject="c")], method="PATCH")
    comment = org.collection([row("CaseComment", ParentId=loser, CommentBody="x")])
    another = org.create("Case", Subject="c", **{KEY: "k"})

    assert [one[0]["errors"][0]["statusCode"] for one in (change, comment)] == ["ENTITY_IS_DELETED"] * 2
    assert another not in (master, loser)


def test_cases_of_a_merged_contact_are_its_masters(org: OrgProcess) -> None:
    one, two, three = (org.create("Contact", LastName=name) for name in "abc")
    case = org.create("Case", Subject="a", ContactId=three)

    org.command("merge", master=one, losers=[two, three])

    assert org.read("Case", case)["ContactId"] == one
    assert [contact["deleted"] for contact in org.state()["contacts"]] == [False, True, True]


def test_a_deleted_case_comes_back_with_its_comments(org: OrgProcess) -> None:
    case = org.create("Case", Subject="a", **{KEY: "k"})
    org.create("CaseComment", ParentId=case, CommentBody="x")
    org.call("DELETE", f"sobjects/Case/{case}")

    org.command("undelete", ids=[case])

    assert org.read("Case", case)[KEY] == "k"
    assert [one["CommentBody"] for one in org.query("SELECT CommentBody FROM CaseComment")] == ["x"]


def test_a_merged_case_comes_back_without_what_it_gave_away(org: OrgProcess) -> None:
    master, loser = org.create("Case", Subject="a"), org.create("Case", Subject="b")
    comment = org.create("CaseComment", ParentId=loser, CommentBody="x")
    org.command("merge", master=master, losers=[loser])

    org.command("undelete", ids=[loser])

    assert [one["MasterRecordId"] for one in merged(org)] == [None, None]
    assert org.read("CaseComment", comment)["ParentId"] == master


def test_a_key_that_is_taken_by_now_keeps_a_record_in_the_bin(org: OrgProcess) -> None:
    case = org.create("Case", Subject="a", **{KEY: "k"})
    org.call("DELETE", f"sobjects/Case/{case}")
    org.create("Case", Subject="b", **{KEY: "k"})

    answer = org.command("undelete", ids=[case])

    assert (answer.status_code, answer.json()["error"]) == (
        400,
        f"{KEY}: another record has the value of {case!r} now",
    )


@pytest.mark.parametrize("spec", [{}, {"ids": []}, {"ids": ["x"]}, {"ids": ["500Sb0000000zzz"]}, {"ids": [5]}])
def test_a_wrong_undelete_is_refused(org: OrgProcess, spec: dict[str, Any]) -> None:
    assert org.command("undelete", **spec).status_code == 400


def test_a_wrong_merge_is_refused_and_changes_nothing(org: OrgProcess) -> None:
    case, contact = org.create("Case", Subject="a"), org.create("Contact", LastName="a")
    task = org.create("Task", Subject="t")
    wrong = [
        {},
        {"master": case, "losers": []},
        {"master": case, "losers": [case]},
        {"master": case, "losers": [contact]},
        {"master": task, "losers": [task]},
        {"master": case, "losers": ["500Sb0000000zzz"]},
        {"master": "x", "losers": [case]},
        {"master": case, "losers": [case, case, case]},
    ]

    answers = [org.command("merge", **spec) for spec in wrong]

    assert [answer.status_code for answer in answers] == [400] * len(wrong)
    assert merged(org) == [{"Id": case, "IsDeleted": False, "MasterRecordId": None}]
