"""Queries: the subset of SOQL, its rules of comparison, its refusals, and pages."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from org_process import OrgProcess, row
from simple_salesforce.format import format_soql

from bridge.sandbox.salesforce import soql
from bridge.sandbox.salesforce.refusals import Refusal

KEY = "Social_Conversation_Key__c"


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrgProcess]:
    process = OrgProcess(tmp_path_factory.mktemp("org"))
    process.collection(
        [
            row("Case", Subject="alpha", Priority="High", Origin="Web", **{KEY: "k:a"}),
            row("Case", Subject="Beta", Priority="Low", Origin="Email", **{KEY: "k:B"}),
            row("Case", Subject="50%_off", Priority="Low", SuppliedName="O'Neil"),
            row("Case", Status="Closed", Priority="High", Origin="Web"),
        ]
    )
    yield process
    process.close()


def subjects(org: OrgProcess, where: str) -> list[str | None]:
    return [one["Subject"] for one in org.query(f"SELECT Subject FROM Case WHERE {where} ORDER BY CaseNumber")]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("Subject = 'ALPHA'", ["alpha"]),
        ("Subject != 'alpha'", ["Beta", "50%_off", None]),
        ("Subject = null", [None]),
        ("Subject = ''", [None]),
        ("Subject != NULL", ["alpha", "Beta", "50%_off"]),
        ("Subject IN ('alpha', 'beta', 'x')", ["alpha", "Beta"]),
        ("Subject NOT IN ('alpha', 'beta')", ["50%_off", None]),
        ("Subject LIKE '%a'", ["alpha", "Beta"]),
        ("Subject LIKE '_eta'", ["Beta"]),
        (r"Subject LIKE '%\%\_o%'", ["50%_off"]),
        ("Subject > 'b'", ["Beta"]),
        ("Subject < 'zzz'", ["alpha", "Beta", "50%_off"]),
        (f"{KEY} = 'k:a'", ["alpha"]),
        (f"{KEY} = 'k:A'", []),
        (f"{KEY} IN ('k:b', 'k:B')", ["Beta"]),
        ("SuppliedName = 'O\\'Neil'", ["50%_off"]),
        ("IsClosed = true", [None]),
        ("IsClosed != TRUE AND Priority = 'low'", ["Beta", "50%_off"]),
        ("NOT Priority = 'High'", ["Beta", "50%_off"]),
        ("NOT (Priority = 'High' OR Subject = 'Beta')", ["50%_off"]),
        ("Priority = 'High' AND (Status = 'New' OR Status = 'Working')", ["alpha"]),
        ("Origin = 'Web' OR Origin = 'Email'", ["alpha", "Beta", None]),
        ("ClosedDate = null AND Origin != null", ["alpha", "Beta"]),
        ("CreatedDate > 2020-01-01T00:00:00Z AND Origin = 'Email'", ["Beta"]),
        ("CreatedDate > 2120-01-01T00:00:00+02:00", []),
        ("OwnerId = '005Sb0000000001'", ["alpha", "Beta", "50%_off", None]),
        ("Case.Subject = 'alpha'", ["alpha"]),
        ("Id = ''", []),
    ],
)
def test_a_condition_finds_what_the_vendor_finds(org: OrgProcess, where: str, found: list[str | None]) -> None:
    assert subjects(org, where) == found


@pytest.mark.parametrize(
    ("tail", "found"),
    [
        ("ORDER BY Subject", [None, "50%_off", "alpha", "Beta"]),
        ("ORDER BY Subject DESC", [None, "Beta", "alpha", "50%_off"]),
        ("ORDER BY Subject ASC NULLS LAST", ["50%_off", "alpha", "Beta", None]),
        ("ORDER BY Subject DESC NULLS LAST LIMIT 2", ["Beta", "alpha"]),
        ("ORDER BY Priority, CaseNumber DESC LIMIT 2 OFFSET 1", ["alpha", "50%_off"]),
        ("LIMIT 0", []),
    ],
)
def test_results_are_sorted_and_cut(org: OrgProcess, tail: str, found: list[str | None]) -> None:
    assert [one["Subject"] for one in org.query(f"select Subject from Case {tail}")] == found


def test_the_case_of_letters_counts_where_the_field_says_so(org: OrgProcess) -> None:
    assert subjects(org, f"{KEY} LIKE 'k:_'") == ["alpha", "Beta"]
    assert subjects(org, f"{KEY} LIKE '%:b'") == []


@pytest.mark.parametrize(
    ("spec", "value", "stored", "literal"),
    [
        ({"type": "int"}, 5, 5, "5"),
        ({"type": "double"}, 5, 5.0, "5.0"),
        ({"type": "currency"}, 2.5, 2.5, "2.5"),
        ({"type": "boolean"}, True, True, "TRUE"),
        ({"type": "date"}, "2026-11-21", "2026-11-21", "2026-11-21"),
        (
            {"type": "datetime"},
            "2026-11-21T21:00:00+01:00",
            "2026-11-21T20:00:00.000+0000",
            "2026-11-21T20:00:00Z",
        ),
        (
            {"type": "datetime"},
            "2026-11-21T20:00:00.999Z",
            "2026-11-21T20:00:00.000+0000",
            "2026-11-21T20:00:00.5Z",
        ),
        ({"type": "url"}, "https://a.example", "https://a.example", "'https://a.example'"),
        ({"type": "multipicklist", "values": ["a", "b"], "restricted": True}, "b;a", "b;a", "'B;A'"),
        (
            {"type": "reference", "referenceTo": ["User"]},
            "005Sb0000000001",
            "005Sb0000000001IAA",
            "'005Sb0000000001'",
        ),
    ],
)
def test_each_type_is_stored_and_found_in_its_way(
    org: OrgProcess, spec: dict[str, object], value: object, stored: object, literal: str
) -> None:
    name = f"{spec['type']}_{len(org.state()['contacts'])}__c"
    assert org.command("fields", object="Contact", name=name, **spec).status_code == 200
    contact = org.create("Contact", **{"LastName": "typed", name: value})

    found = org.query(f"SELECT Id, {name} FROM Contact WHERE {name} = {literal}")

    assert found == [{"Id": contact, name: stored}]


def test_a_count_has_no_records(org: OrgProcess) -> None:
    answer = org.call("GET", "query", params={"q": "SELECT COUNT() FROM Case WHERE Origin = 'Web'"})

    assert answer.json() == {"totalSize": 2, "done": True, "records": []}


def test_a_record_says_what_it_is(org: OrgProcess) -> None:
    answer = org.call("GET", "query", params={"q": f"SELECT id, subject FROM case WHERE {KEY} = 'k:a'"}).json()

    record_id = answer["records"][0]["Id"]
    assert answer == {
        "totalSize": 1,
        "done": True,
        "records": [
            {
                "attributes": {"type": "Case", "url": f"/services/data/v66.0/sobjects/Case/{record_id}"},
                "Id": record_id,
                "Subject": "alpha",
            }
        ],
    }


def at(query: str, place: str, message: str) -> str:
    column = query.index(place)
    line = query[max(0, column - 40) : column + 40]
    return f"\n{line}\n{' ' * min(40, column)}^\nERROR at Row:1:Column:{column + 1}\n{message}"


COLUMN = (
    "No such column 'Nope' on entity 'Case'. If you are attempting to use a custom field, be sure to append the "
    "'__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names."
)
OBJECT = (
    "sObject type 'Nope' is not supported. If you are attempting to use a custom object, be sure to append the "
    "'__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names."
)
TIME = (
    "value of filter criterion for field 'CreatedDate' must be of type dateTime "
    "and should not be enclosed in quotes"
)
REFUSED = [
    ("SELECT Id FORM Case", "MALFORMED_QUERY", "FORM", "unexpected token: 'FORM'"),
    ("SELECT Id, FROM Case x", "MALFORMED_QUERY", "Case", "unexpected token: 'Case'"),
    ("SELECT Id FROM Case WHERE Subject = 'a' AND IsClosed = true OR Id = null", "MALFORMED_QUERY", "OR Id",
     "unexpected token: 'OR'"),
    ("SELECT Id FROM Case WHERE Id IN ()", "MALFORMED_QUERY", ")", "unexpected token: ')'"),
    ("SELECT Id FROM Case WHERE Subject = 'it's'", "MALFORMED_QUERY", "s'", "unexpected token: 's'"),
    ("SELECT Id FROM Case WHERE Subject = 'open", "MALFORMED_QUERY", "'open",
     "mismatched character '<EOF>' expecting '''"),
    (r"SELECT Id FROM Case WHERE Subject = 'a\d'", "MALFORMED_QUERY", "'a",
     r"Illegal character sequence '\d' in string literal"),
    ("SELECT Id FROM Case; DROP", "MALFORMED_QUERY", ";", "unexpected token: ';'"),
    ("SELECT Id FROM Case LIMIT -1", "MALFORMED_QUERY", "-1", "unexpected token: '-1'"),
    ("SELECT Id FROM Case ORDER BY Description", "MALFORMED_QUERY", "Description",
     "field 'Description' can not be sorted in a query call"),
    ("SELECT Nope FROM Case", "INVALID_FIELD", "Nope", COLUMN),
    ("SELECT Id FROM Case WHERE Nope = 1", "INVALID_FIELD", "Nope", COLUMN),
    ("SELECT Id FROM Nope", "INVALID_TYPE", "Nope", OBJECT),
    ("SELECT Id FROM CaseComment WHERE CommentBody = 'a'", "INVALID_FIELD", "CommentBody",
     "field 'CommentBody' can not be filtered in a query call"),
    ("SELECT Id FROM Case WHERE Subject = 5", "INVALID_FIELD", "5",
     "value of filter criterion for field 'Subject' must be of type string and should be enclosed in quotes"),
    ("SELECT Id FROM Case WHERE CreatedDate > '2026'", "INVALID_FIELD", "'2026'", TIME),
    ("SELECT Id FROM Case WHERE ContactId = 'abc'", "INVALID_QUERY_FILTER_OPERATOR", "'abc'",
     "invalid ID field: abc"),
    ("SELECT Id FROM Case WHERE Id LIKE '500%'", "INVALID_QUERY_FILTER_OPERATOR", "Id LIKE",
     "invalid operator on id field"),
    ("SELECT Id FROM Case WHERE IsClosed > true", "INVALID_QUERY_FILTER_OPERATOR", "IsClosed",
     "invalid operator on boolean field"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "code", "place", "message"), REFUSED)
def test_a_wrong_query_is_refused_with_its_place(
    org: OrgProcess, query: str, code: str, place: str, message: str
) -> None:
    assert org.refused_query(query) == (400, code, at(query, place, message))


def test_the_end_of_a_query_is_shown_as_such(org: OrgProcess) -> None:
    _, code, message = org.refused_query("SELECT Id FROM")

    assert (code, message.splitlines()[-1]) == ("MALFORMED_QUERY", "unexpected token: '<EOF>'")


def test_brackets_without_end_are_refused(org: OrgProcess) -> None:
    _, code, _ = org.refused_query("SELECT Id FROM Case WHERE " + "(" * 5000)

    assert code == "MALFORMED_QUERY"


def test_no_query_at_all_is_refused(org: OrgProcess) -> None:
    answer = org.call("GET", "query")

    assert answer.json() == [{"message": "A query string has to be specified", "errorCode": "MALFORMED_QUERY"}]


def test_an_offset_over_2000_is_refused(org: OrgProcess) -> None:
    assert org.refused_query("SELECT Id FROM Case OFFSET 2001") == (
        400,
        "NUMBER_OUTSIDE_VALID_RANGE",
        "Maximum SOQL offset allowed is 2000",
    )


def test_long_results_come_in_pages(org: OrgProcess) -> None:
    for start in range(0, 450, 150):
        org.collection([row("Contact", LastName=f"p{start + n:03}") for n in range(150)])
    small = {"Sforce-Query-Options": "batchSize=200"}

    pages = [
        org.call(
            "GET", "query", params={"q": "SELECT LastName FROM Contact WHERE LastName LIKE 'p%'"}, headers=small
        ).json()
    ]
    while not pages[-1]["done"]:
        pages.append(org.call("GET", pages[-1]["nextRecordsUrl"], headers=small).json())

    names = [one["LastName"] for page in pages for one in page["records"]]
    assert [(page["totalSize"], len(page["records"]), page["done"]) for page in pages] == [
        (450, 200, False),
        (450, 200, False),
        (450, 50, True),
    ]
    assert names == [f"p{n:03}" for n in range(450)]


def test_an_unknown_page_is_refused(org: OrgProcess) -> None:
    answer = org.call("GET", "query/0r8Sb0000000001AAA-2000")

    assert answer.json() == [{"message": "invalid query locator", "errorCode": "INVALID_QUERY_LOCATOR"}]


# --- whatever a customer writes

TEXTS = st.text(min_size=1, max_size=40).filter(lambda text: text.isprintable() or "\n" in text)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.sets(TEXTS | st.sampled_from(["'", "\\", "\\'", "' OR Id != null --", "%", "_", "a\\nb"]), max_size=8)
)
def test_an_escaped_text_finds_exactly_its_row(org: OrgProcess, texts: set[str]) -> None:
    org.command("fields", object="Contact", name="X_Key__c", externalId=True, caseSensitive=True)
    wanted = sorted(texts)
    results = org.collection([row("Contact", LastName="x", X_Key__c=one) for one in wanted]) if wanted else []

    for text, result in zip(wanted, results, strict=True):
        found = org.query(format_soql("SELECT Id, X_Key__c FROM Contact WHERE X_Key__c = {}", text))

        assert {"Id": result["id"], "X_Key__c": text} in found
        assert {one["X_Key__c"] for one in found} == {text}


@given(st.text(max_size=60))
def test_any_text_is_a_literal_when_escaped(text: str) -> None:
    query = format_soql("SELECT Id FROM Case WHERE Subject = {}", text)

    where = soql.parse(query).where

    assert isinstance(where, soql.Compare)
    assert soql.unescape(where.value.text, query=query, at=0) == text


WORDS = st.sampled_from(
    [
        "SELECT",
        "Id",
        ",",
        "FROM",
        "Case",
        "WHERE",
        "(",
        ")",
        "NOT",
        "IN",
        "AND",
        "OR",
        "=",
        "'a'",
        "5",
        "LIMIT",
        "\\",
    ]
)


@given(st.lists(WORDS, max_size=20).map(" ".join) | st.text(max_size=60))
def test_nonsense_is_refused_and_never_an_accident(text: str) -> None:
    with contextlib.suppress(Refusal):
        soql.parse(text)
