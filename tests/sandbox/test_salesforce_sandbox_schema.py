"""What an admin does to the schema, what a describe then says, and what the org then refuses or swallows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from org_process import DATA, OrgProcess, failed, row

KEY = "Social_Conversation_Key__c"
MASTER = "012000000000000AAA"
BARRED = (
    "Unable to create/update fields: {}. Please check the security settings of this field and verify that it is "
    "read/write for your profile or permission set."
)


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrgProcess]:
    process = OrgProcess(tmp_path_factory.mktemp("org"))
    yield process
    process.close()


@pytest.fixture(autouse=True)
def _new(org: OrgProcess) -> None:
    org.reset()


def described(org: OrgProcess, sobject: str = "Case") -> dict[str, dict[str, Any]]:
    answer = org.call("GET", f"sobjects/{sobject}/describe").json()
    return {field["name"]: field for field in answer["fields"]}


def rights(org: OrgProcess, field: str, **spec: Any) -> None:
    answer = org.command("rights", object="Case", field=field, **spec)
    assert answer.status_code == 200, answer.text


# --- rights


def test_a_hidden_field_is_not_there(org: OrgProcess) -> None:
    case = org.create("Case", SuppliedName="Ann")
    rights(org, "SuppliedName", access="hidden")

    [written] = org.collection([row("Case", SuppliedName="x")])
    read = org.read("Case", case)
    status, code, text = org.refused_query("SELECT SuppliedName FROM Case")

    assert written == failed("INVALID_FIELD", "No such column 'SuppliedName' on sobject of type Case")
    assert ("SuppliedName" in read, "SuppliedName" in described(org)) == (False, False)
    assert (status, code, "No such column 'SuppliedName'" in text) == (400, "INVALID_FIELD", True)


def test_a_hidden_reference_leads_nowhere(org: OrgProcess) -> None:
    rights(org, "ParentId", access="hidden")

    [written] = org.collection([row("Case", Parent={KEY: "x"})])

    assert written == failed("INVALID_FIELD", "No such column 'Parent' on sobject of type Case")


def test_a_read_only_field_is_shown_and_cannot_be_written(org: OrgProcess) -> None:
    case = org.create("Case", SuppliedName="Ann")
    rights(org, "SuppliedName", access="read_only")

    made = org.collection([row("Case", SuppliedName="x")])
    changed = org.collection([row("Case", Id=case, SuppliedName="x")], method="PATCH")

    refused = failed("INVALID_FIELD_FOR_INSERT_UPDATE", BARRED.format("SuppliedName"), "SuppliedName")
    field = described(org)["SuppliedName"]
    assert (made, changed) == ([refused], [refused])
    assert (field["createable"], field["updateable"]) == (False, False)
    assert org.read("Case", case)["SuppliedName"] == "Ann"


def test_rights_can_be_given_back(org: OrgProcess) -> None:
    rights(org, "SuppliedName", access="hidden")

    rights(org, "SuppliedName", access="full")

    assert org.read("Case", org.create("Case", SuppliedName="Ann"))["SuppliedName"] == "Ann"


def test_a_deleted_field_takes_its_values_with_it(org: OrgProcess) -> None:
    case = org.create("Case", **{KEY: "x:1"})

    rights(org, KEY, access="deleted")
    upsert = org.call("PATCH", f"sobjects/Case/{KEY}/x", json={})
    changed = org.call("PATCH", f"sobjects/Case/{case}", json={"Subject": "still here"})
    org.command("fields", object="Case", name=KEY, unique=True, externalId=True)

    assert (upsert.status_code, changed.status_code) == (404, 204)
    assert org.read("Case", case)[KEY] is None


def test_a_swallowed_value_is_not_what_was_written(org: OrgProcess) -> None:
    rights(org, "Priority", overwrite="Low")

    case = org.create("Case", Priority="High")

    assert org.read("Case", case)["Priority"] == "Low"


def test_what_an_admin_set_lasts(org: OrgProcess) -> None:
    rights(org, "SuppliedName", access="hidden")

    org.stop()
    org.start()

    assert "SuppliedName" not in described(org)


@pytest.mark.parametrize(
    "spec",
    [
        {"object": "Nope", "field": "Subject"},
        {"object": "Case", "field": "Nope"},
        {"object": "Case", "field": "Subject", "access": "some"},
        {"object": "Case", "field": "Subject", "access": "deleted"},
        {"object": "Case", "field": "Subject", "hide": True},
    ],
)
def test_a_wrong_order_is_refused(org: OrgProcess, spec: dict[str, Any]) -> None:
    assert org.command("rights", **spec).status_code == 400


# --- picklists of record types


def record_type(org: OrgProcess, name: str) -> str:
    found = org.query(f"SELECT Id FROM RecordType WHERE SobjectType = 'Case' AND DeveloperName = '{name}'")
    return str(found[0]["Id"])


def offered(org: OrgProcess, record_type: str) -> list[str]:
    answer = org.call("GET", f"ui-api/object-info/Case/picklist-values/{record_type}").json()
    return [one["value"] for one in answer["picklistFieldValues"]["Origin"]["values"]]


def test_a_record_type_offers_its_own_values(org: OrgProcess) -> None:
    social, review = record_type(org, "Social"), record_type(org, "Review")
    org.command("picklists", object="Case", record_type="Social", field="Origin", values=["Social"])

    results = org.collection(
        [row("Case", RecordTypeId=kind, Origin=origin) for kind, origin in ((social, "Web"), (review, "Web"))]
    )
    moved = org.call("PATCH", f"sobjects/Case/{results[1]['id']}", json={"RecordTypeId": social, "Origin": "Web"})

    text = "Case Origin: bad value for restricted picklist field: Web"
    assert [offered(org, one) for one in (social, MASTER)] == [["Social"], ["Phone", "Email", "Web", "Social"]]
    assert results[0] == failed("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", text, "Origin")
    assert (results[1]["success"], moved.status_code) == (True, 400)


def test_what_a_new_record_starts_with_is_named(org: OrgProcess) -> None:
    answer = org.call("GET", f"ui-api/object-info/Case/picklist-values/{MASTER}").json()

    status = answer["picklistFieldValues"]["Status"]
    assert (status["defaultValue"]["value"], status["controllerValues"]) == ("New", {})


@pytest.mark.parametrize(
    "path", ["Case/picklist-values/012Sb0000000zzz", "Nope/picklist-values/012000000000000AAA"]
)
def test_values_of_nothing_are_not_found(org: OrgProcess, path: str) -> None:
    assert org.call("GET", f"ui-api/object-info/{path}").status_code == 404


@pytest.mark.parametrize(
    "spec",
    [
        {"object": "Case", "record_type": "Nope", "field": "Origin", "values": []},
        {"object": "Case", "record_type": "Social", "field": "Origin", "values": ["Nope"]},
        {"object": "Case", "record_type": "Social", "field": "Origin"},
        {"object": "Nope", "record_type": "Social", "field": "Origin", "values": []},
    ],
)
def test_a_wrong_picklist_is_refused(org: OrgProcess, spec: dict[str, Any]) -> None:
    assert org.command("picklists", **spec).status_code == 400


# --- describe


def test_a_describe_names_record_types_and_children(org: OrgProcess) -> None:
    answer = org.call("GET", "sobjects/Case/describe").json()

    social, review, master = answer["recordTypeInfos"]
    children = {
        (one["childSObject"], one["field"]): one["relationshipName"] for one in answer["childRelationships"]
    }
    assert social == {
        "active": True, "available": True, "defaultRecordTypeMapping": False, "developerName": "Social",
        "master": False, "name": "Social", "recordTypeId": record_type(org, "Social"),
        "urls": {"layout": f"{DATA}/sobjects/Case/describe/layouts/{social['recordTypeId']}"},
    }  # fmt: skip
    assert (review["name"], master["recordTypeId"], master["defaultRecordTypeMapping"]) == ("Review", MASTER, True)
    assert (children["CaseComment", "ParentId"], children["Case", "ParentId"]) == ("CaseComments", "Cases")


def test_one_field_has_every_key(org: OrgProcess) -> None:
    assert described(org)["Subject"] == {
        "name": "Subject", "label": "Subject", "type": "string", "length": 255, "byteLength": 765, "precision": 0,
        "scale": 0, "digits": 0, "nillable": True, "createable": True, "updateable": True, "filterable": True,
        "sortable": True, "defaultedOnCreate": False, "calculated": False, "autoNumber": False,
        "externalId": False, "unique": False, "caseSensitive": False, "idLookup": False,
        "restrictedPicklist": False, "dependentPicklist": False, "controllerName": None, "picklistValues": [],
        "referenceTo": [], "relationshipName": None, "soapType": "xsd:string", "htmlFormatted": False,
        "extraTypeInfo": None, "custom": False,
    }  # fmt: skip


def test_a_describe_that_has_not_changed_is_not_sent_again(org: OrgProcess) -> None:
    org.command("clock", offset_seconds=-7200)
    rights(org, "SuppliedName", access="hidden")
    first = org.call("GET", "sobjects/Case/describe")
    since = {"If-Modified-Since": first.headers["Last-Modified"]}

    again = org.call("GET", "sobjects/Case/describe", headers=since)
    step = {"method": "GET", "url": f"{DATA}/sobjects/Case/describe", "referenceId": "case", "httpHeaders": since}
    within = org.call("POST", "composite", json={"compositeRequest": [step]}).json()["compositeResponse"]
    org.command("clock", offset_seconds=0)
    rights(org, "SuppliedName", access="full")
    changed = org.call("GET", "sobjects/Case/describe", headers=since)
    wrong = org.call("GET", "sobjects/Case/describe", headers={"If-Modified-Since": "yesterday"})

    assert (again.status_code, again.content) == (304, b"")
    assert (within[0]["httpStatusCode"], within[0]["body"]) == (304, None)
    assert (changed.status_code, wrong.status_code) == (200, 200)
