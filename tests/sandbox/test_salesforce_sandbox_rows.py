"""Records: what is stored, and every refusal in the vendor's words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from org_process import ROLLED_BACK, OrgProcess, failed, made, row

from bridge.sandbox.salesforce import ids

KEY = "Social_Conversation_Key__c"
NOBODY = ids.long_form("003Sb0000000zzz")
NOT_WRITABLE = (
    "Unable to create/update fields: CaseNumber, IsClosed. Please check the security settings of this field "
    "and verify that it is read/write for your profile or permission set."
)


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrgProcess]:
    process = OrgProcess(tmp_path_factory.mktemp("org"))
    yield process
    process.close()


@pytest.fixture(autouse=True)
def _new(org: OrgProcess) -> None:
    org.reset()


# --- ids


def test_the_checksum_is_the_vendors() -> None:
    assert ids.long_form("001Vr00000m4eGC") == "001Vr00000m4eGCIAY"


@given(st.integers(min_value=0, max_value=62**9 - 1))
def test_both_forms_of_an_id_are_one(number: int) -> None:
    short = ids.make("500", number)

    full = ids.long_form(short)

    assert (len(short), len(full)) == (15, 18)
    assert ids.canonical(short) == ids.canonical(full) == full


@given(st.text(max_size=20))
def test_text_that_is_no_id_is_none(text: str) -> None:
    assert ids.canonical(text) in ("", text, ids.long_form(text[:15]))


def test_a_wrong_checksum_is_no_id() -> None:
    assert ids.canonical("500Sb0000000001AAA") == ""


# --- create


def test_a_new_case_gets_what_the_org_gives(org: OrgProcess) -> None:
    case = org.read("Case", org.create("Case", Subject="Hello"))

    times = {case.pop(name) for name in ("CreatedDate", "LastModifiedDate", "SystemModstamp")}
    assert len(times) == 1
    assert times.pop().endswith(".000+0000")
    assert {name: value for name, value in case.items() if value is not None} == {
        "attributes": {"type": "Case", "url": f"/services/data/v66.0/sobjects/Case/{case['Id']}"},
        "Id": case["Id"],
        "CaseNumber": "00001001",
        "CreatedById": "005Sb0000000001IAA",
        "LastModifiedById": "005Sb0000000001IAA",
        "OwnerId": "005Sb0000000001IAA",
        "IsClosed": False,
        "IsDeleted": False,
        "Priority": "Medium",
        "Status": "New",
        "Subject": "Hello",
    }


def test_a_creation_answers_with_the_place_of_the_record(org: OrgProcess) -> None:
    answer = org.call("POST", "sobjects/Case", json={"Subject": "a"})

    record_id = answer.json()["id"]
    assert (answer.status_code, answer.json()) == (201, made(record_id))
    assert answer.headers["Location"] == f"/services/data/v66.0/sobjects/Case/{record_id}"


@pytest.mark.parametrize(
    "text", ["  spaces \n kept\t", "\x00\x01\x7f", "\ud800 lone", "😀 ﷽ \u202ex", "<b>&amp;", "{{7*7}} ${x} %s"]
)
def test_text_comes_back_exactly(org: OrgProcess, text: str) -> None:
    case = org.create("Case", Description=text)

    assert org.read("Case", case)["Description"] == text


def test_an_empty_text_is_no_text(org: OrgProcess) -> None:
    case = org.create("Case", Subject="a", Description="")

    assert org.read("Case", case)["Description"] is None


def test_field_names_are_blind_to_case(org: OrgProcess) -> None:
    case = org.create("case", sUbJeCt="a")

    assert org.read("Case", case)["Subject"] == "a"


LONG = "x" * 256
REFUSED: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
    ("Case", {"Nope__c": "x"}, ("INVALID_FIELD", "No such column 'Nope__c' on sobject of type Case")),
    (
        "Case",
        {"Subject": LONG},
        ("STRING_TOO_LONG", f"Subject: data value too large: {LONG} (max length=255)", "Subject"),
    ),
    (
        "Case",
        {"Origin": "Pigeon"},
        ("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "Case Origin: bad value for restricted picklist field: Pigeon",
         "Origin"),
    ),
    (
        "Case",
        {"CaseNumber": "1", "IsClosed": True},
        (
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            NOT_WRITABLE,
            "CaseNumber",
            "IsClosed",
        ),
    ),
    (
        "Case",
        {"Id": "500Sb0000000001IAA"},
        ("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", "Id"),
    ),
    ("Case", {"ContactId": NOBODY}, ("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", "ContactId")),
    (
        "Case",
        {"ContactId": "nobody"},
        ("MALFORMED_ID", "Contact ID: id value of incorrect type: nobody", "ContactId"),
    ),
    (
        "Case",
        {"ContactId": "005Sb0000000001IAA"},
        ("MALFORMED_ID", "Contact ID: id value of incorrect type: 005Sb0000000001IAA", "ContactId"),
    ),
    (
        "Case",
        {"SuppliedEmail": "not an address"},
        ("INVALID_EMAIL_ADDRESS", "Email Address: invalid email address: not an address", "SuppliedEmail"),
    ),
    ("Contact", {"FirstName": "A"},
     ("REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName]", "LastName")),
    ("CaseComment", {"CommentBody": "A"},
     ("REQUIRED_FIELD_MISSING", "Required fields are missing: [ParentId]", "ParentId")),
    ("User", {"Username": "A"}, ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "entity type cannot be inserted: User")),
]  # fmt: skip


@pytest.mark.parametrize(("sobject", "fields", "error"), REFUSED)
def test_a_bad_record_is_refused_alone_and_in_a_collection(
    org: OrgProcess, sobject: str, fields: dict[str, Any], error: tuple[str, ...]
) -> None:
    code, message, *names = error

    alone = org.call("POST", f"sobjects/{sobject}", json=fields)
    together = org.collection([row(sobject, **fields), row("Case", Subject="good")])

    expected: dict[str, Any] = {"message": message, "errorCode": code}
    assert (alone.status_code, alone.json()) == (400, [expected | ({"fields": names} if names else {})])
    assert together[0] == failed(code, message, *names)
    assert together[1]["success"] is True


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("Subject", 5, "Cannot deserialize instance of string from VALUE_NUMBER_INT value 5"),
        ("Subject", {"a": 1}, "Cannot deserialize instance of string from START_OBJECT"),
        ("Subject", True, "Cannot deserialize instance of string from VALUE_TRUE"),
        ("Followers__c", "5", "Cannot deserialize instance of double from VALUE_STRING value 5"),
        ("Seen__c", "today", "Cannot deserialize instance of datetime from VALUE_STRING value today"),
    ],
)
def test_a_value_of_another_type_refuses_the_whole_request(
    org: OrgProcess, field: str, value: Any, message: str
) -> None:
    org.command("fields", object="Case", name="Followers__c", type="double")
    org.command("fields", object="Case", name="Seen__c", type="datetime")

    answer = org.call(
        "POST", "composite/sobjects", json={"records": [row("Case", Subject="a"), row("Case", **{field: value})]}
    )

    assert (answer.status_code, answer.json()) == (400, [{"message": message, "errorCode": "JSON_PARSER_ERROR"}])
    assert org.state()["cases"] == []


def test_a_number_out_of_range_is_refused(org: OrgProcess) -> None:
    org.command("fields", object="Case", name="Followers__c", type="double", label="Followers")

    answer = org.call(
        "POST", "sobjects/Case", data='{"Followers__c": 1e999}', headers={"Content-Type": "application/json"}
    )

    assert answer.json()[0]["errorCode"] == "NUMBER_OUTSIDE_VALID_RANGE"


def test_a_key_is_unique_and_its_case_counts(org: OrgProcess) -> None:
    first = org.create("Case", **{KEY: "fb:1:a"})

    again = org.collection([row("Case", **{KEY: "fb:1:a"}), row("Case", **{KEY: "fb:1:A"})])

    message = f"duplicate value found: {KEY} duplicates value on record with id: {first[:15]}"
    assert again[0] == failed("DUPLICATE_VALUE", message)
    assert again[1]["success"] is True


def test_a_deleted_record_frees_its_key(org: OrgProcess) -> None:
    first = org.create("Case", **{KEY: "k"})
    assert org.call("DELETE", f"sobjects/Case/{first}").status_code == 204

    second = org.create("Case", **{KEY: "k"})

    assert second != first


def test_an_unknown_object_in_a_collection_fails_its_row(org: OrgProcess) -> None:
    result = org.collection([row("Nope__c", Name="a")])

    assert result[0]["errors"][0]["statusCode"] == "INVALID_TYPE"


# --- collections


def test_results_keep_the_order_of_the_rows(org: OrgProcess) -> None:
    results = org.collection([row("Case", Subject=str(n)) for n in range(200)])

    subjects = {one["Id"]: one["fields"]["Subject"] for one in org.state()["cases"]}
    assert [subjects[result["id"]] for result in results] == [str(n) for n in range(200)]


def test_all_or_none_takes_everything_back(org: OrgProcess) -> None:
    results = org.collection(
        [row("Case", Subject="a"), row("Case", Nope="b"), row("Case", Subject="c")], whole=True
    )

    rolled_back = {"success": False, "errors": [ROLLED_BACK]}
    bad = failed("INVALID_FIELD", "No such column 'Nope' on sobject of type Case")
    assert results == [rolled_back, bad, rolled_back]
    assert org.state()["cases"] == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ([], "JSON_PARSER_ERROR"),
        ({"records": []}, "MISSING_ARGUMENT"),
        ({}, "MISSING_ARGUMENT"),
        ({"records": [{"Subject": "a"}]}, "INVALID_INPUT"),
        ({"records": ["a"]}, "INVALID_INPUT"),
        ({"records": [row("Case")], "allornone": True}, "JSON_PARSER_ERROR"),
        ({"records": [row("Case")], "allOrNone": "yes"}, "JSON_PARSER_ERROR"),
        ({"records": [row("Case")] * 201}, "EXCEEDED_ID_LIMIT"),
        ({"records": [row("Case"), row("Contact")] * 6}, "INVALID_INPUT"),
    ],
)
def test_a_malformed_collection_is_refused_whole(org: OrgProcess, body: Any, code: str) -> None:
    answer = org.call("POST", "composite/sobjects", json=body)

    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)
    assert org.state()["cases"] == []


def test_a_collection_updates_by_id(org: OrgProcess) -> None:
    first, second = org.create("Case", Subject="a"), org.create("Case", Subject="b")

    results = org.collection(
        [
            row("Case", id=first, Status="Closed"),
            row("Case", Id=second[:15], Priority="High"),
            row("Case", Subject="x"),
        ],
        method="PATCH",
    )

    missing = failed("MISSING_ARGUMENT", "Id not specified in an update call")
    assert results == [made(first), made(second), missing]
    assert [org.read("Case", one)["IsClosed"] for one in (first, second)] == [True, False]


def test_the_same_id_twice_fails_both_rows(org: OrgProcess) -> None:
    case = org.create("Case", Subject="a")

    results = org.collection([row("Case", id=case), row("Case", id=case)], method="PATCH")

    assert results == [failed("DUPLICATE_VALUE", f"Duplicate id specified: {case}", "Id")] * 2


def test_updating_what_is_gone_says_so(org: OrgProcess) -> None:
    case = org.create("Case", Subject="a")
    org.call("DELETE", f"sobjects/Case/{case}")

    results = org.collection(
        [row("Case", id=case), row("Case", id="500Sb0000000zzzIAB"), row("Case", id="500")], method="PATCH"
    )

    assert results == [
        failed("ENTITY_IS_DELETED", "entity is deleted"),
        failed("MALFORMED_ID", "malformed id 500Sb0000000zzzIAB"),
        failed("MALFORMED_ID", "malformed id 500"),
    ]


def test_a_collection_deletes(org: OrgProcess) -> None:
    case = org.create("Case", Subject="a")
    never = ids.long_form("500Sb0000000zzz")

    answer = org.call("DELETE", "composite/sobjects", params={"ids": f"{case},{never}", "allOrNone": "false"})

    gone = failed("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    assert answer.json() == [made(case), gone]
    assert [one["deleted"] for one in org.state()["cases"]] == [True]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(["attributes", "Id", "Subject", "Status", "IsClosed", "ContactId", "OwnerId", "LastName"])
TYPES = st.sampled_from(["Case", "Contact", "CaseComment", "User", "Nope"]) | st.text(max_size=5)
ANY_ROW = st.builds(
    lambda kind, fields: {"attributes": {"type": kind}, **fields}, TYPES, st.dictionaries(NAMES, JSON, max_size=4)
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(["POST", "PATCH"]), body=st.fixed_dictionaries({"records": st.lists(ANY_ROW)}) | JSON
)
def test_any_json_gets_an_answer(org: OrgProcess, method: str, body: Any) -> None:
    headers = {"Content-Type": "application/json"}
    answer = org.call(method, "composite/sobjects", data=json.dumps(body), headers=headers)

    assert answer.status_code in (200, 400)
    if answer.status_code == 200:
        assert len(answer.json()) == len(body["records"])


# --- single records


def test_a_single_update_answers_nothing(org: OrgProcess) -> None:
    case = org.create("Case", Subject="a")

    answer = org.call("PATCH", f"sobjects/Case/{case}", json={"Subject": "b"})

    assert (answer.status_code, answer.content) == (204, b"")
    assert org.read("Case", case)["Subject"] == "b"


def test_the_id_does_not_stand_in_a_single_update(org: OrgProcess) -> None:
    case = org.create("Case", Subject="a")

    answer = org.call("PATCH", f"sobjects/Case/{case}", json={"Id": case})

    message = "The Id field should not be specified in the sobject data."
    assert answer.json() == [{"message": message, "errorCode": "INVALID_FIELD"}]


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_a_record_that_never_was_is_not_found(org: OrgProcess, method: str) -> None:
    answer = org.call(method, f"sobjects/Case/{ids.long_form('500Sb0000000zzz')}", json={})

    assert (answer.status_code, answer.json()[0]["errorCode"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_a_record_in_the_bin_is_deleted(org: OrgProcess, method: str) -> None:
    case = org.create("Case", Subject="a")
    org.call("DELETE", f"sobjects/Case/{case}")

    answer = org.call(method, f"sobjects/Case/{case}", json={})

    assert (answer.status_code, answer.json()) == (
        404,
        [{"message": "entity is deleted", "errorCode": "ENTITY_IS_DELETED"}],
    )


def test_a_read_can_ask_for_some_fields(org: OrgProcess) -> None:
    case = org.create("Case", Subject="a")

    some = org.call("GET", f"sobjects/Case/{case}", params={"fields": "subject,IsClosed"}).json()
    bad = org.call("GET", f"sobjects/Case/{case}", params={"fields": "Nope"})

    assert {name: some[name] for name in some if name != "attributes"} == {
        "Id": case,
        "Subject": "a",
        "IsClosed": False,
    }
    assert (bad.status_code, bad.json()[0]["errorCode"]) == (400, "INVALID_FIELD")


# --- cases, comments, contacts


def test_closing_and_reopening_keep_the_closed_date(org: OrgProcess) -> None:
    case = org.create("Case", Subject="a")

    org.command("clock", offset_seconds=-30 * 86400)
    org.call("PATCH", f"sobjects/Case/{case}", json={"Status": "Closed"})
    closed = org.read("Case", case)
    org.command("clock", offset_seconds=0)
    org.call("PATCH", f"sobjects/Case/{case}", json={"Subject": "still closed"})
    later = org.read("Case", case)
    org.call("PATCH", f"sobjects/Case/{case}", json={"Status": "Reopened"})
    reopened = org.read("Case", case)

    assert closed["ClosedDate"] < closed["CreatedDate"]
    assert (later["IsClosed"], later["ClosedDate"]) == (True, closed["ClosedDate"])
    assert (reopened["IsClosed"], reopened["ClosedDate"]) == (False, None)


def test_an_assignment_rule_moves_the_owner_unless_told_not_to(org: OrgProcess) -> None:
    queue = org.query("SELECT Id FROM Group WHERE DeveloperName = 'Social_Queue'")[0]["Id"]
    user = "005Sb0000000001IAA"
    assert org.command("switches", assignment_rule=queue).status_code == 200
    off = {"Sforce-Auto-Assign": "FALSE"}

    case = org.create("Case", Subject="a", OwnerId=user)
    created = org.read("Case", case)["OwnerId"]
    org.call("PATCH", f"sobjects/Case/{case}", json={"OwnerId": user}, headers=off)
    kept = org.read("Case", case)["OwnerId"]
    org.call("PATCH", f"sobjects/Case/{case}", json={"Subject": "b"})
    moved = org.read("Case", case)["OwnerId"]

    assert (created, kept, moved) == (queue, user, queue)


def test_a_wrong_auto_assign_header_is_refused(org: OrgProcess) -> None:
    answer = org.call("POST", "sobjects/Case", json={}, headers={"Sforce-Auto-Assign": "perhaps"})

    assert answer.status_code == 400


def test_a_comment_is_measured_in_bytes(org: OrgProcess) -> None:
    case = org.create("Case", Subject="a")

    fits = org.collection([row("CaseComment", ParentId=case, CommentBody="ä" * 2000)])
    over = org.collection([row("CaseComment", ParentId=case, CommentBody="ä" * 2001)])

    message = f"Body: data value too large: {'ä' * 2001} (max length=4000)"
    assert fits[0]["success"] is True
    assert over[0] == failed("STRING_TOO_LONG", message, "CommentBody")


def test_a_comment_needs_a_living_case(org: OrgProcess) -> None:
    case = org.create("Case", Subject="a")
    org.call("DELETE", f"sobjects/Case/{case}")
    never = ids.long_form("500Sb0000000zzz")

    results = org.collection([row("CaseComment", ParentId=case), row("CaseComment", ParentId=never)])

    assert results == [
        failed("ENTITY_IS_DELETED", "entity is deleted"),
        failed("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", "ParentId"),
    ]


def test_comments_stand_in_order_with_their_case(org: OrgProcess) -> None:
    case = org.create("Case", Subject="a", **{KEY: "k"})
    comments = [row("CaseComment", ParentId=case, CommentBody=str(n), IsPublished=n == 1) for n in range(3)]

    org.collection(comments)

    (found,) = org.state()["cases"]
    shown = [(one["body"], one["published"]) for one in found["comments"]]
    assert (found["Id"], found["key"], found["deleted"]) == (case, "k", False)
    assert shown == [("0", False), ("1", True), ("2", False)]


NO_RIGHTS = failed("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")


def test_a_comment_can_be_unpublished_but_not_changed_or_deleted(org: OrgProcess) -> None:
    case = org.create("Case", Subject="a")
    comment = org.create("CaseComment", ParentId=case, CommentBody="a", IsPublished=True)

    hidden = org.collection([row("CaseComment", id=comment, IsPublished=False)], method="PATCH")
    changed = org.collection([row("CaseComment", id=comment, CommentBody="b")], method="PATCH")
    deleted = org.call("DELETE", "composite/sobjects", params={"ids": comment}).json()

    assert (hidden, changed, deleted) == ([made(comment)], [NO_RIGHTS], [NO_RIGHTS])
    shown = org.read("CaseComment", comment)
    assert (shown["IsPublished"], shown["CommentBody"]) == (False, "a")


def test_a_switch_lets_comments_be_changed(org: OrgProcess) -> None:
    case = org.create("Case", Subject="a")
    comment = org.create("CaseComment", ParentId=case, CommentBody="a")
    org.command("switches", comment_edit=True)

    answer = org.call("PATCH", f"sobjects/CaseComment/{comment}", json={"CommentBody": "b"})

    assert answer.status_code == 204
    assert org.read("CaseComment", comment)["CommentBody"] == "b"


def test_deleting_a_case_deletes_its_comments(org: OrgProcess) -> None:
    case = org.create("Case", Subject="a")
    org.create("CaseComment", ParentId=case, CommentBody="a")

    org.call("DELETE", f"sobjects/Case/{case}")

    assert org.query("SELECT Id FROM CaseComment") == []
    assert len(org.query("SELECT Id FROM CaseComment", how="queryAll")) == 1


def test_a_contact_with_cases_cannot_be_deleted(org: OrgProcess) -> None:
    contact = org.create("Contact", LastName="Doe", FirstName="Jo")
    org.create("Case", ContactId=contact)

    answer = org.call("DELETE", f"sobjects/Contact/{contact}")

    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "DELETE_FAILED")
    assert org.read("Contact", contact)["Name"] == "Jo Doe"


def test_a_required_field_cannot_be_emptied(org: OrgProcess) -> None:
    contact = org.create("Contact", LastName="Doe")

    answer = org.call("PATCH", f"sobjects/Contact/{contact}", json={"LastName": ""})

    assert answer.json()[0]["errorCode"] == "REQUIRED_FIELD_MISSING"


# --- schema


def test_a_field_added_on_command_is_there(org: OrgProcess) -> None:
    org.create("Contact", LastName="Before")
    org.command("fields", object="Contact", name="X_User_Id__c", type="string", length=5, externalId=True)

    contact = org.create("Contact", LastName="Doe", X_User_Id__c="u1")
    long = org.call("POST", "sobjects/Contact", json={"LastName": "Doe", "X_User_Id__c": "123456"})

    assert org.query("SELECT Id FROM Contact WHERE X_User_Id__c = 'U1'") == [{"Id": contact}]
    assert long.json()[0]["errorCode"] == "STRING_TOO_LONG"


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"object": "Nope", "name": "A__c"},
        {"object": "Case", "name": "A"},
        {"object": "Case", "name": "Subject", "length": 3},
        {"object": "Case", "name": "A__c", "type": "blob"},
        {"object": "Case", "name": "A__c", "length": "3"},
        {"object": "Case", "name": "A__c", "lenght": 3},
    ],
)
def test_a_wrong_field_is_refused(org: OrgProcess, spec: dict[str, Any]) -> None:
    assert org.command("fields", **spec).status_code == 400


def test_a_picklist_can_be_given_other_values(org: OrgProcess) -> None:
    org.command("fields", object="Case", name="Origin", values=["Facebook"])

    case = org.create("Case", Origin="Facebook")

    assert org.read("Case", case)["Origin"] == "Facebook"


def test_a_describe_says_what_a_mapping_must_know(org: OrgProcess) -> None:
    answer = org.call("GET", "sobjects/Case/describe").json()

    fields = {field["name"]: field for field in answer["fields"]}
    key, origin = fields[KEY], fields["Origin"]
    assert answer["keyPrefix"] == "500"
    assert (key["externalId"], key["unique"], key["caseSensitive"], key["length"]) == (True, True, True, 255)
    assert [value["value"] for value in origin["picklistValues"]] == ["Phone", "Email", "Web", "Social"]
    assert [name for name in fields if not fields[name]["createable"]] == [
        "Id", "IsDeleted", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp",
        "MasterRecordId", "CaseNumber", "IsClosed", "ClosedDate",
    ]  # fmt: skip


def test_only_what_has_no_default_is_required_in_a_describe(org: OrgProcess) -> None:
    answer = org.call("GET", "sobjects/Contact/describe").json()

    required = [
        f["name"] for f in answer["fields"] if f["createable"] and not f["nillable"] and not f["defaultedOnCreate"]
    ]

    assert required == ["LastName"]


def test_the_objects_are_listed(org: OrgProcess) -> None:
    answer = org.call("GET", "sobjects").json()

    assert [one["name"] for one in answer["sobjects"]] == [
        "Case", "Lead", "Task", "CaseComment", "Contact", "User", "Group", "RecordType", "ContentDocument",
        "ContentVersion",
    ]  # fmt: skip
