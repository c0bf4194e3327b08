"""What the org has beside cases: record types, leads, tasks, files, users who act, a duplicate rule."""

from __future__ import annotations

import base64
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from org_process import OrgProcess, failed, row

HOSTILE = "<script>alert(1)</script>.png"
KEY = "Social_Conversation_Key__c"


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrgProcess]:
    process = OrgProcess(tmp_path_factory.mktemp("org"))
    yield process
    process.close()


@pytest.fixture(autouse=True)
def _new(org: OrgProcess) -> None:
    org.reset()


def attach(org: OrgProcess, record: str, name: str = "cat.png", **more: Any) -> str:
    data = base64.b64encode(b"meow").decode()
    return org.create("ContentVersion", PathOnClient=name, VersionData=data, FirstPublishLocationId=record, **more)


def user(org: OrgProcess, name: str) -> str:
    return str(org.query(f"SELECT Id FROM User WHERE Name = '{name}'")[0]["Id"])


def record_type(org: OrgProcess, sobject: str) -> str:
    found = org.query(f"SELECT Id FROM RecordType WHERE Name = 'Social' AND SobjectType = '{sobject}'")
    return str(found[0]["Id"])


# --- named records --------------------------------------------------------------------------------------------


def test_a_new_org_has_queues_users_and_record_types(org: OrgProcess) -> None:
    queues = org.query("SELECT Name, DeveloperName FROM Group WHERE Type = 'Queue'")
    users = org.query("SELECT Name, Email, IsActive FROM User WHERE IsActive = false")
    types = org.query("SELECT DeveloperName, SobjectType FROM RecordType WHERE Name IN ('social', 'REVIEW')")

    assert queues == [
        {"Name": "Support Queue", "DeveloperName": "Support_Queue"},
        {"Name": "Social Queue", "DeveloperName": "Social_Queue"},
    ]
    assert users == [{"Name": "Gerd Gone", "Email": "gerd@sandbox.example", "IsActive": False}]
    assert [(one["DeveloperName"], one["SobjectType"]) for one in types] == [
        ("Social", "Case"),
        ("Review", "Case"),
        ("Social", "Lead"),
        ("Social", "Task"),
    ]


def test_a_record_type_is_for_its_own_object(org: OrgProcess) -> None:
    mine, other = record_type(org, "Case"), record_type(org, "Lead")

    org.create("Case", RecordTypeId=mine)
    [refused] = org.collection([row("Case", RecordTypeId=other)])

    text = f"Record Type ID: this ID value isn't valid for the user: {other}"
    assert refused == failed("INVALID_CROSS_REFERENCE_KEY", text, "RecordTypeId")


def test_nobody_who_left_can_own_a_record(org: OrgProcess) -> None:
    gerd = user(org, "Gerd Gone")

    [refused] = org.collection([row("Lead", LastName="A", Company="B", OwnerId=gerd)])

    text = f"operation performed with inactive user [{gerd}] as owner of lead"
    assert refused == failed("INACTIVE_OWNER_OR_USER", text)


# --- leads and tasks ------------------------------------------------------------------------------------------


def test_a_lead_has_a_unique_key_and_a_task_has_not(org: OrgProcess) -> None:
    lead = {"LastName": "A", "Company": "B", KEY: "k"}
    org.create("Lead", **lead)
    tasks = [org.create("Task", Subject="s", **{KEY: "k"}) for _ in range(2)]

    [refused] = org.collection([row("Lead", **lead)])

    assert refused["errors"][0]["statusCode"] == "DUPLICATE_VALUE"
    assert [one["Id"] for one in org.query(f"SELECT Id FROM Task WHERE {KEY} = 'k'")] == tasks


def test_a_lead_needs_a_company(org: OrgProcess) -> None:
    [refused] = org.collection([row("Lead", LastName="A")])

    assert refused == failed("REQUIRED_FIELD_MISSING", "Required fields are missing: [Company]", "Company")


def test_a_converted_lead_cannot_be_changed_any_more(org: OrgProcess) -> None:
    lead = org.create("Lead", LastName="A", Company="B")
    org.call("PATCH", f"sobjects/Lead/{lead}", json={"Status": "Closed - Converted"})

    [refused] = org.collection([row("Lead", Id=lead, Rating="Hot")], method="PATCH")

    assert org.read("Lead", lead)["IsConverted"] is True
    assert refused == failed("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")


# --- files ----------------------------------------------------------------------------------------------------


def test_a_file_hangs_on_its_record_and_shows_there(org: OrgProcess) -> None:
    case = org.create("Case", Subject="a")
    file = attach(org, case, HOSTILE, Description="a mark")

    [found] = org.query(
        f"SELECT Title, Description, ContentSize FROM ContentVersion WHERE FirstPublishLocationId = '{case}'"
    )
    page = org.session.get(f"{org.base}/lightning/r/Case/{case}/view", timeout=20).text

    assert found == {"Title": HOSTILE, "Description": "a mark", "ContentSize": 4}
    assert org.read("ContentVersion", file)["FileExtension"] == "png"
    assert "&lt;script&gt;alert(1)&lt;/script&gt;.png (4 bytes" in page
    assert "<script" not in page
    [shown] = org.state()["cases"][0]["files"]
    assert (shown["Id"], shown["name"], shown["description"]) == (file, HOSTILE, "a mark")


def test_a_files_content_is_an_address_in_answers(org: OrgProcess) -> None:
    file = attach(org, org.create("Task", Subject="a"))

    content = org.read("ContentVersion", file)["VersionData"]

    assert content == f"/services/data/v66.0/sobjects/ContentVersion/{file}/VersionData"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"PathOnClient": None}, "REQUIRED_FIELD_MISSING"),
        ({"VersionData": None}, "REQUIRED_FIELD_MISSING"),
        ({"VersionData": "no base64!"}, "JSON_PARSER_ERROR"),
        ({"VersionData": 5}, "JSON_PARSER_ERROR"),
        ({"FirstPublishLocationId": "005Sb0000000001"}, "MALFORMED_ID"),
    ],
)
def test_a_bad_file_is_refused(org: OrgProcess, fields: dict[str, Any], code: str) -> None:
    good = {"PathOnClient": "a.png", "VersionData": "bWVvdw=="}

    answer = org.call("POST", "sobjects/ContentVersion", json={**good, **fields})

    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)


def test_a_file_is_deleted_with_its_document_alone(org: OrgProcess) -> None:
    case = org.create("Case", Subject="a")
    file, other = attach(org, case), attach(org, case, "b.png")
    [document, kept] = [
        row["ContentDocumentId"] for row in org.query("SELECT ContentDocumentId FROM ContentVersion")
    ]

    refused = org.call("DELETE", f"sobjects/ContentVersion/{file}")
    [done] = org.call("DELETE", f"composite/sobjects?ids={document}&allOrNone=false").json()

    assert refused.json()[0]["errorCode"] == "INSUFFICIENT_ACCESS_OR_READONLY"
    assert done == {"id": document, "success": True, "errors": []}
    assert [row["Id"] for row in org.query("SELECT Id FROM ContentVersion")] == [other]
    assert [row["Id"] for row in org.query("SELECT Id FROM ContentDocument")] == [kept]
    assert [shown["Id"] for shown in org.state()["cases"][0]["files"]] == [other]


def test_only_its_owner_deletes_a_document_and_nobody_makes_one(org: OrgProcess) -> None:
    attach(org, org.create("Case", Subject="a"))
    [found] = org.query("SELECT Id, Title FROM ContentDocument")
    org.command("switches", acting_user=user(org, "Anna Agent"))

    deleted = org.call("DELETE", f"sobjects/ContentDocument/{found['Id']}")
    made = org.call("POST", "sobjects/ContentDocument", json={"Title": "a"})

    assert deleted.json()[0]["errorCode"] == "INSUFFICIENT_ACCESS_OR_READONLY"
    assert made.json()[0]["errorCode"] == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"


def test_files_leads_and_tasks_survive_a_kill(tmp_path: Path) -> None:
    org = OrgProcess(tmp_path)
    lead = org.create("Lead", LastName="A", Company="B", Description=HOSTILE)
    attach(org, lead)
    org.create("Task", Subject="call")
    before = org.state()

    org.stop(signal.SIGKILL)
    org.start()
    after = org.state()
    org.close()

    for kind in ("leads", "tasks", "cases", "contacts"):
        assert after[kind] == before[kind]
    assert len(after["leads"][0]["files"]) == 1


def test_leads_and_tasks_have_pages_of_their_own(org: OrgProcess) -> None:
    lead = org.create("Lead", LastName=HOSTILE, Company="B")
    task = org.create("Task", Subject="call")

    home = org.session.get(f"{org.base}/", timeout=20).text
    pages = [
        org.session.get(f"{org.base}/lightning/r/{kind}/{one}/view", timeout=20)
        for kind, one in (("Lead", lead), ("Task", task), ("Case", task), ("Contact", task))
    ]

    assert all(f'href="/lightning/r/{kind}/{one}/view"' in home for kind, one in (("Lead", lead), ("Task", task)))
    assert [page.status_code for page in pages] == [200, 200, 404, 404]
    assert "Comments" not in pages[0].text
    assert "<script" not in home + pages[0].text


# --- who does it ----------------------------------------------------------------------------------------------


def test_an_agent_may_act(org: OrgProcess) -> None:
    anna = user(org, "Anna Agent")
    case = org.create("Case", Subject="a")
    org.command("switches", acting_user=anna)

    org.call("PATCH", f"sobjects/Case/{case}", json={"Subject": "b"})

    shown = org.read("Case", case)
    assert (shown["CreatedById"], shown["LastModifiedById"]) == (user(org, "Integration User"), anna)


def test_only_a_user_may_act(org: OrgProcess) -> None:
    answer = org.command("switches", acting_user=org.create("Case", Subject="a"))

    assert answer.status_code == 400
    assert "acting_user" in answer.json()["error"]


def test_a_duplicate_rule_refuses_a_second_contact_of_one_address(org: OrgProcess) -> None:
    org.create("Contact", LastName="A", Email="ann@example.org")
    again = [row("Contact", LastName="B", Email="ANN@example.org"), row("Contact", LastName="C")]
    free = org.collection(again)[0]
    org.command("switches", duplicate_rule=True)

    refused, other = org.collection(again)

    assert (free["success"], other["success"]) == (True, True)
    assert (refused["success"], refused["errors"][0]["statusCode"]) == (False, "DUPLICATES_DETECTED")
