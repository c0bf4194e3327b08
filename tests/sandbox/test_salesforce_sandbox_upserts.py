"""Rows by their keys: upserts alone and in collections, parents named by key, reads of many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from org_process import DATA, OrgProcess, failed, row
from simple_salesforce.format import format_external_id

from bridge.sandbox.salesforce import ids

KEY = "Social_Conversation_Key__c"
NO_RECORD = ids.long_form("500Sb0000000zzz")
NOT_FOUND = [{"message": "The requested resource does not exist", "errorCode": "NOT_FOUND"}]


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrgProcess]:
    process = OrgProcess(tmp_path_factory.mktemp("org"))
    yield process
    process.close()


@pytest.fixture(autouse=True)
def _new(org: OrgProcess) -> None:
    org.reset()


def by_key(org: OrgProcess, value: str, body: Any = None, *, method: str = "PATCH", **more: Any) -> Any:
    return org.call(method, f"sobjects/Case/{format_external_id(KEY, value)}", json=body, **more)


def upserted(org: OrgProcess, *rows: dict[str, Any], path: str = f"Case/{KEY}") -> list[dict[str, Any]]:
    answer = org.call("PATCH", f"composite/sobjects/{path}", json={"records": rows})
    assert answer.status_code == 200, answer.text
    return list(answer.json())


def two_of_a_kind(org: OrgProcess) -> list[str]:
    """Two cases with one key: the field is an external id and not unique."""
    org.command("fields", object="Case", name="Ref__c", type="string", externalId=True)
    return [org.create("Case", Ref__c="same") for _ in range(2)]


# --- one record


def test_an_upsert_makes_the_record_once(org: OrgProcess) -> None:
    first = by_key(org, "x:1", {"Subject": "a"})
    second = by_key(org, "x:1", {"Subject": "b"})

    record_id = first.json()["id"]
    body = {"id": record_id, "success": True, "errors": []}
    assert (first.status_code, first.json()) == (201, {**body, "created": True})
    assert first.headers["Location"] == f"{DATA}/sobjects/Case/{record_id}"
    assert (second.status_code, second.json()) == (200, {**body, "created": False})
    assert org.query(f"SELECT Subject, {KEY} FROM Case") == [{"Subject": "b", KEY: "x:1"}]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(
        st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="/"),
        min_size=1,
        max_size=20,
    )
)
def test_any_key_without_line_breaks_can_stand_in_a_path(org: OrgProcess, value: str) -> None:
    made = by_key(org, value, {})

    found = by_key(org, value, method="GET")

    assert made.status_code in (200, 201)
    assert found.json()[KEY] == value


def test_an_upsert_may_be_told_to_make_nothing(org: OrgProcess) -> None:
    answer = by_key(org, "x:1", {"Subject": "a"}, params={"updateOnly": "true"})

    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    assert org.state()["cases"] == []


@pytest.mark.parametrize("name", ["Id", KEY])
def test_the_key_does_not_stand_in_the_body(org: OrgProcess, name: str) -> None:
    answer = by_key(org, "x:1", {name: "x:1"})

    text = f"The {name} field should not be specified in the sobject data."
    assert (answer.status_code, answer.json()) == (400, [{"message": text, "errorCode": "INVALID_FIELD"}])


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize("field", ["Foo__c", "Subject"])
def test_only_an_external_id_is_a_key(org: OrgProcess, method: str, field: str) -> None:
    answer = org.call(method, f"sobjects/Case/{field}/x", json={})

    text = f"Provided external ID field does not exist or is not accessible: {field}"
    assert (answer.status_code, answer.json()) == (404, [{"message": text, "errorCode": "NOT_FOUND"}])


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_several_records_of_a_key_are_named_and_left_alone(org: OrgProcess, method: str) -> None:
    both = two_of_a_kind(org)

    answer = org.call(method, "sobjects/Case/Ref__c/same", json={"Subject": "x"})

    assert (answer.status_code, answer.json()) == (300, [f"{DATA}/sobjects/Case/{one}" for one in both])
    assert [one["fields"]["Subject"] for one in org.state()["cases"]] == [None, None]


def test_a_key_leads_to_the_living_record_only(org: OrgProcess) -> None:
    by_key(org, "x:1", {"Subject": "a"})

    deleted = by_key(org, "x:1", method="DELETE")
    gone = [by_key(org, "x:1", method=method) for method in ("GET", "DELETE")]
    again = by_key(org, "x:1", {"Subject": "b"})

    assert deleted.status_code == 204
    assert [(one.status_code, one.json()) for one in gone] == [(404, NOT_FOUND)] * 2
    assert again.json()["created"] is True


# --- collections


def test_a_collection_makes_and_changes_in_order(org: OrgProcess) -> None:
    known = org.create("Case", **{KEY: "x:1"})

    results = upserted(
        org,
        row("Case", Subject="new", **{KEY: "x:2"}),
        row("Case", Subject="changed", **{KEY: "x:1"}),
        row("Case", Nope="x", **{KEY: "x:3"}),
        row("Case", Subject="no key"),
        row("Case", Id=known, **{KEY: "x:4"}),
    )

    new = results[0]["id"]
    assert results[:2] == [
        {"id": new, "success": True, "errors": [], "created": True},
        {"id": known, "success": True, "errors": [], "created": False},
    ]
    codes = [one["errors"][0]["statusCode"] for one in results[2:]]
    assert codes == ["INVALID_FIELD", "MISSING_ARGUMENT", "INVALID_FIELD"]
    assert [org.read("Case", one)["Subject"] for one in (new, known)] == ["new", "changed"]


def test_the_same_key_twice_fails_both_rows(org: OrgProcess) -> None:
    results = upserted(org, row("Case", **{KEY: "x:1"}), row("Case", **{KEY: "x:2"}), row("Case", **{KEY: "x:1"}))

    twice = failed("DUPLICATE_VALUE", "Duplicate external id specified: x:1", KEY)
    assert [results[0], results[2]] == [twice, twice]
    assert results[1]["created"] is True


def test_a_key_of_several_records_fails_its_row(org: OrgProcess) -> None:
    first, second = two_of_a_kind(org)

    results = upserted(org, row("Case", Ref__c="same"), path="Case/Ref__c")

    text = f"Ref: more than one record found for external id field: [{first[:15]}, {second[:15]}]"
    assert results == [failed("DUPLICATE_EXTERNAL_ID", text)]


@pytest.mark.parametrize(
    ("path", "status"),
    [(f"Contact/{KEY}", 404), ("Nope/Key__c", 404), ("Case/Subject", 404), (f"Case/{KEY}", 400)],
)
def test_a_malformed_upsert_is_refused_whole(org: OrgProcess, path: str, status: int) -> None:
    rows = [row("Case", **{KEY: "x"}), row("Contact", LastName="x")]

    answer = org.call("PATCH", f"composite/sobjects/{path}", json={"records": rows})

    assert answer.status_code == status
    assert org.state()["cases"] == []


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_many_records_are_read_at_once(org: OrgProcess, method: str) -> None:
    one, two = org.create("Case", Subject="a"), org.create("Case", Subject="b")
    org.call("DELETE", f"sobjects/Case/{two}")
    asked = {"ids": [one[:15], two, NO_RECORD, "nonsense"], "fields": ["subject", "IsClosed"]}

    if method == "POST":
        answer = org.call("POST", "composite/sobjects/Case", json=asked)
    else:
        answer = org.call("GET", "composite/sobjects/Case", params={n: ",".join(v) for n, v in asked.items()})

    attributes = {"type": "Case", "url": f"{DATA}/sobjects/Case/{one}"}
    assert answer.json() == [
        {"attributes": attributes, "Id": one, "Subject": "a", "IsClosed": False}, None, None, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"ids": [], "fields": ["Id"]}, "MISSING_ARGUMENT"),
        ({"ids": [NO_RECORD]}, "MISSING_ARGUMENT"),
        ({"ids": [NO_RECORD] * 2001, "fields": ["Id"]}, "EXCEEDED_ID_LIMIT"),
        ({"ids": [NO_RECORD], "fields": ["Nope"]}, "INVALID_FIELD"),
    ],
)
def test_a_malformed_read_is_refused(org: OrgProcess, body: Any, code: str) -> None:
    answer = org.call("POST", "composite/sobjects/Case", json=body)

    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)


# --- parents by their keys


def test_a_parent_can_be_named_by_its_key(org: OrgProcess) -> None:
    case = org.create("Case", **{KEY: "x:1"})

    child = org.create("Case", Parent={KEY: "x:1"})
    comments = org.collection([row("CaseComment", Parent={"attributes": {"type": "Case"}, KEY: "x:1"})])
    org.call("PATCH", f"sobjects/Case/{child}", json={"parent": None})

    assert org.read("CaseComment", comments[0]["id"])["ParentId"] == case
    assert org.read("Case", child)["ParentId"] is None


@pytest.mark.parametrize(
    ("parent", "code", "message"),
    [
        ({KEY: "x:9"}, "INVALID_FIELD", f"Foreign key external ID: x:9 not found for field {KEY} in entity Case"),
        (
            {"Subject": "a"},
            "INVALID_FIELD",
            "Field name provided, Subject is not an External ID or indexed field for Case",
        ),
        ({"Nope": "a"}, "INVALID_FIELD", "No such column 'Nope' on sobject of type Case"),
        (
            {KEY: "a", "Subject": "b"},
            "INVALID_FIELD",
            "The Parent relationship must be given by exactly one field",
        ),
    ],
)
def test_a_parent_that_is_not_there_fails_the_row(org: OrgProcess, parent: Any, code: str, message: str) -> None:
    results = org.collection([row("CaseComment", Parent=parent), row("Case", Subject="good")])

    assert results[0] == failed(code, message)
    assert results[1]["success"] is True


def test_a_parent_of_which_there_are_several_fails_the_row(org: OrgProcess) -> None:
    two_of_a_kind(org)

    [result] = org.collection([row("CaseComment", Parent={"Ref__c": "same"})])

    assert result["errors"][0]["statusCode"] == "DUPLICATE_EXTERNAL_ID"
