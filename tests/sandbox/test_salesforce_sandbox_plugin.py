"""An org with the plugin: its objects and fields are those of the plugin's own files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from org_process import OrgProcess, failed, row

from bridge.sandbox.salesforce import plugin

KEY = "Social_Conversation_Key__c"
OBJECT = """<?xml version="1.0" encoding="UTF-8"?>
<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata"><label>Parcel</label>
<nameField><displayFormat>P-{00}</displayFormat><label>Number</label><type>AutoNumber</type></nameField>
</CustomObject>"""
FIELD = """<?xml version="1.0" encoding="UTF-8"?>
<CustomField xmlns="http://soap.sforce.com/2006/04/metadata"><fullName>Weight__c</fullName>
<label>Weight</label>{}</CustomField>"""


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrgProcess]:
    process = OrgProcess(tmp_path_factory.mktemp("org"), "--plugin")
    yield process
    process.close()


@pytest.fixture(autouse=True)
def _new(org: OrgProcess) -> None:
    org.reset()


def message(**fields: Any) -> dict[str, Any]:
    return row("Social_Message__c", **{"Direction__c": "Inbound", **fields})


def test_a_message_finds_its_case_by_the_key_and_is_stored_once(org: OrgProcess) -> None:
    contact = org.create("Contact", LastName="Doe", Social_Author_Key__c="facebook:7")
    case = org.create("Case", **{KEY: "x:1"})
    sent = message(
        External_Id__c="x:m1", Body__c="hi" * 60_000, Author_Followers__c=12, Posted_At__c="2026-11-20T10:00:00Z",
        Case__r={KEY: "x:1"}, Contact__r={"Social_Author_Key__c": "facebook:7"},
    )  # fmt: skip

    first, again = org.collection([sent]), org.collection([sent])

    stored = org.read("Social_Message__c", first[0]["id"])
    shown = {name: stored[name] for name in ("Name", "Case__c", "Contact__c", "Public__c", "Author_Followers__c")}
    assert shown == {
        "Name": "SM-00000001", "Case__c": case, "Contact__c": contact, "Public__c": False,
        "Author_Followers__c": 12.0,
    }  # fmt: skip
    text = f"duplicate value found: External_Id__c duplicates value on record with id: {first[0]['id'][:15]}"
    assert again == [failed("DUPLICATE_VALUE", text)]
    assert first[0]["id"].startswith("a00")
    assert [one["fields"]["External_Id__c"] for one in org.state()["messages"]] == ["x:m1"]


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"Direction__c": ""}, "REQUIRED_FIELD_MISSING", "Direction__c"),
        ({"Direction__c": "Sideways"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "Direction__c"),
        ({"Rating__c": 12}, "NUMBER_OUTSIDE_VALID_RANGE", "Rating__c"),
        ({"Body__c": "x" * 131_073}, "STRING_TOO_LONG", "Body__c"),
        ({"Name": "SM-1"}, "INVALID_FIELD_FOR_INSERT_UPDATE", "Name"),
    ],
)
def test_the_files_decide_what_a_message_may_hold(
    org: OrgProcess, fields: dict[str, Any], code: str, field: str
) -> None:
    [result] = org.collection([message(**fields)])

    error = result["errors"][0]
    assert (error["statusCode"], error["fields"]) == (code, [field])


def test_a_message_outlives_its_case(org: OrgProcess) -> None:
    case = org.create("Case", Subject="a")
    [made] = org.collection([message(Case__c=case)])

    org.call("DELETE", f"sobjects/Case/{case}")

    assert org.read("Social_Message__c", made["id"])["Case__c"] is None


def test_waiting_replies_are_found_with_what_their_case_says(org: OrgProcess) -> None:
    org.create("Contact", LastName="Doe", Social_Author_Key__c="a:1")
    case = org.create("Case", **{KEY: "x:1"}, Contact={"Social_Author_Key__c": "a:1"})
    org.collection(
        [
            message(Direction__c="Outbound", Status__c="Queued", Body__c="thanks", Case__r={KEY: "x:1"}),
            message(Direction__c="Outbound", Status__c="Queued", Body__c="of no case"),
            message(Status__c="Received", Case__c=case),
        ]
    )

    found = org.query(
        f"SELECT Body__c, Case__r.{KEY}, Case__r.Contact.LastName FROM Social_Message__c "
        "WHERE Direction__c = 'Outbound' AND Status__c = 'Queued' ORDER BY CreatedDate, Id"
    )

    contact = found[0]["Case__r"].pop("Contact")
    assert (found[0]["Case__r"].pop("attributes")["type"], contact["LastName"]) == ("Case", "Doe")
    assert found == [{"Body__c": "thanks", "Case__r": {KEY: "x:1"}}, {"Body__c": "of no case", "Case__r": None}]
    assert org.query(f"SELECT Id FROM Social_Message__c WHERE Case__r.{KEY} = 'x:1' AND Status__c = 'Received'")


def test_a_describe_shows_the_plugin(org: OrgProcess) -> None:
    answer = org.call("GET", "sobjects/Social_Message__c/describe").json()
    case = org.call("GET", "sobjects/Case/describe").json()

    fields = {field["name"]: field for field in answer["fields"]}
    lookup, rating, name = fields["Case__c"], fields["Rating__c"], fields["Name"]
    assert (answer["label"], answer["custom"], answer["keyPrefix"]) == ("Social Message", True, "a00")
    assert (lookup["referenceTo"], lookup["relationshipName"], lookup["nillable"]) == (["Case"], "Case__r", True)
    assert (rating["type"], rating["precision"], rating["scale"]) == ("double", 1, 0)
    assert (name["autoNumber"], name["createable"]) == (True, False)
    assert fields["Direction__c"]["nillable"] is False
    children = {one["childSObject"]: one["relationshipName"] for one in case["childRelationships"]}
    assert children["Social_Message__c"] == "Social_Messages"
    assert {"Social_Network__c", "Social_Permalink__c"} <= {field["name"] for field in case["fields"]}


def test_every_name_of_the_design_is_there() -> None:
    fields = plugin.objects()["Social_Message__c"].fields

    assert {name for name in fields if name.endswith("__c")} >= {
        "External_Id__c", "Case__c", "Contact__c", "Conversation_Key__c", "Reply_To_Key__c", "Direction__c",
        "Status__c", "Network__c", "Kind__c", "Public__c", "Private_Reply__c", "Body__c", "Attachments__c",
        "Permalink__c", "Posted_At__c", "Rating__c", "Author_Key__c", "Author_Name__c", "Author_Handle__c",
        "Author_Followers__c", "Author_Verified__c", "Agent__c", "Reply_Until__c", "Reply_Limit__c",
        "Reply_Note__c", "Error_Message__c",
    }  # fmt: skip


def test_an_org_without_the_plugin_has_no_messages(tmp_path: Path) -> None:
    process = OrgProcess(tmp_path)

    answer = process.call("POST", "composite/sobjects", json={"records": [message()]})
    process.close()

    assert answer.json()[0]["errors"][0]["statusCode"] == "INVALID_TYPE"


def written(folder: Path, field: str) -> Path:
    (folder / "Parcel__c" / "fields").mkdir(parents=True)
    (folder / "Parcel__c" / "Parcel__c.object-meta.xml").write_text(OBJECT)
    (folder / "Parcel__c" / "fields" / "Weight__c.field-meta.xml").write_text(FIELD.format(field))
    return folder


def test_a_file_is_read_as_it_stands(tmp_path: Path) -> None:
    more = "<type>Number</type><precision>5</precision><scale>2</scale><required>true</required>"

    found = plugin.objects(written(tmp_path, more))["Parcel__c"]

    weight, name = found.fields["Weight__c"], found.fields["Name"]
    assert (weight.type, weight.precision, weight.scale, weight.required) == ("double", 5, 2, True)
    assert (name.auto_number, name.label, found.label) == ("P-{00}", "Number", "Parcel")


@pytest.mark.parametrize(
    ("field", "says"),
    [
        ("<type>Blob</type>", "the type 'Blob' is none of"),
        ("<type>Number", "repair the plugin's file"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, field: str, says: str) -> None:
    with pytest.raises(ValueError, match=r"Weight__c\.field-meta\.xml.*" + says):
        plugin.objects(written(tmp_path, field))


def test_a_missing_plugin_is_said(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="start it from a whole checkout"):
        plugin.objects(tmp_path / "nothing")
