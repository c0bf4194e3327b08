"""Queries that reach further: fields of parents, spans of days, very long ones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from org_process import DATA, OrgProcess, row

from bridge.sandbox.salesforce import dates

KEY = "Social_Conversation_Key__c"


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrgProcess]:
    process = OrgProcess(tmp_path_factory.mktemp("org"))
    process.command("fields", object="Case", name="Seen__c", type="datetime")
    process.command("fields", object="Case", name="Day__c", type="date")
    ann = process.create("Contact", LastName="Ann", Email="ann@example.com")
    bob = process.create("Contact", LastName="Bob")
    now = datetime.now(UTC)
    old = {"Seen__c": (now - timedelta(days=30)).isoformat(), "Day__c": "2020-02-29"}
    process.collection(
        [
            row("Case", Subject="of Ann", ContactId=ann, Seen__c=now.isoformat(), **{KEY: "x:1"}),
            row("Case", Subject="of Bob", ContactId=bob, **old),
            row("Case", Subject="of nobody"),
            row("Case", Subject="below", Parent={KEY: "x:1"}),
        ]
    )
    yield process
    process.close()


def subjects(org: OrgProcess, where: str) -> list[str]:
    found = org.query(f"SELECT Subject FROM Case WHERE {where} ORDER BY CaseNumber")
    return [one["Subject"] for one in found]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("Contact.LastName = 'ann'", ["of Ann"]),
        ("Contact.LastName != 'Ann'", ["of Bob", "of nobody", "below"]),
        ("contact.email LIKE '%@example.com'", ["of Ann"]),
        ("Contact.Email = null", ["of Bob", "of nobody", "below"]),
        ("Parent.Contact.LastName = 'Ann'", ["below"]),
        (f"Case.Parent.{KEY} IN ('x:1', 'x:2')", ["below"]),
        ("Parent.IsClosed = false AND Contact.LastName > 'A'", []),
        ("Owner.Name = 'Integration User'", ["of Ann", "of Bob", "of nobody", "below"]),
        ("Seen__c = TODAY", ["of Ann"]),
        ("Seen__c != LAST_N_DAYS:7", ["of Bob", "of nobody", "below"]),
        ("Seen__c < LAST_N_DAYS:7", ["of Bob"]),
        ("Seen__c >= LAST_N_DAYS:40 AND Seen__c <= YESTERDAY", ["of Bob"]),
        ("Seen__c > tomorrow", []),
        ("Day__c < THIS_YEAR", ["of Bob"]),
    ],
)
def test_a_condition_reaches_parents_and_spans(org: OrgProcess, where: str, found: list[str]) -> None:
    assert subjects(org, where) == found


def test_parents_stand_within_their_rows(org: OrgProcess) -> None:
    wanted = "SELECT Contact.LastName, Contact.Email FROM Case"

    bob, ann, nobody, _ = org.query(f"{wanted} ORDER BY Contact.LastName DESC NULLS LAST, CaseNumber")

    contact = org.query("SELECT Id FROM Contact WHERE LastName = 'Ann'")[0]["Id"]
    attributes = {"type": "Contact", "url": f"{DATA}/sobjects/Contact/{contact}"}
    assert ann["Contact"] == {"attributes": attributes, "LastName": "Ann", "Email": "ann@example.com"}
    assert (bob["Contact"]["Email"], nobody["Contact"]) == (None, None)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("SELECT Nope.Name FROM Case", "Didn't understand relationship 'Nope' in field path"),
        ("SELECT Contact.Nope FROM Case", "No such column 'Nope' on entity 'Contact'"),
        (f"SELECT {'Parent.' * 6}Id FROM Case", "Didn't understand relationship 'Parent' in field path"),
        ("SELECT Id FROM Case WHERE Subject = TODAY", "should be enclosed in quotes"),
        ("SELECT Id FROM Case ORDER BY Parent.Description", "can not be sorted in a query call"),
    ],
)
def test_a_way_that_leads_nowhere_is_refused(org: OrgProcess, query: str, text: str) -> None:
    assert text in org.refused_query(query)[2]


@pytest.mark.parametrize("literal", ["NEXT_CENTURY:2", "TODAY:5", "LAST_N_DAYS:999999999"])
def test_a_span_that_is_none_is_refused(org: OrgProcess, literal: str) -> None:
    assert org.refused_query(f"SELECT Id FROM Case WHERE Seen__c = {literal}")[:2] == (400, "MALFORMED_QUERY")


def test_a_url_has_its_limit_and_a_query_in_a_body_another(org: OrgProcess) -> None:
    wanted = ", ".join(f"'{n:05}'" for n in range(2_000))
    query = f"SELECT+Id+FROM+Case+WHERE+{KEY}+IN+({wanted})".replace(" ", "").replace("'", "%27")

    alone = org.call("GET", f"query?q={query}")
    step = {"method": "GET", "url": f"{DATA}/query?q={query}", "referenceId": "a"}
    within = org.call("POST", "composite", json={"compositeRequest": [step]}).json()["compositeResponse"]
    step["url"] += "+" * 100_000
    longest = org.call("POST", "composite", json={"compositeRequest": [step]}).json()["compositeResponse"]

    assert (alone.status_code, within[0]["httpStatusCode"]) == (414, 200)
    assert longest[0]["body"][0]["errorCode"] == "MALFORMED_QUERY"


DAYS = st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 1, 1))


@given(DAYS, st.sampled_from(["WEEK", "MONTH", "YEAR"]))
def test_last_this_and_next_follow_one_another(today: date, unit: str) -> None:
    last, this, following = (dates.span(f"{which}_{unit}", today) for which in ("LAST", "THIS", "NEXT"))

    assert this[0] <= today <= this[1]
    assert (last[1] + dates.DAY, this[1] + dates.DAY) == (this[0], following[0])


@pytest.mark.parametrize(
    ("literal", "first", "last"),
    [
        ("TODAY", "2026-03-01", "2026-03-01"),
        ("last_month", "2026-02-01", "2026-02-28"),
        ("THIS_WEEK", "2026-03-01", "2026-03-07"),
        ("LAST_N_DAYS:2", "2026-02-27", "2026-03-01"),
        ("NEXT_N_DAYS:2", "2026-03-02", "2026-03-03"),
        ("N_DAYS_AGO:1", "2026-02-28", "2026-02-28"),
        ("LAST_YEAR", "2025-01-01", "2025-12-31"),
    ],
)
def test_a_literal_is_its_days(literal: str, first: str, last: str) -> None:
    sunday = date(2026, 3, 1)

    assert dates.span(literal, sunday) == (date.fromisoformat(first), date.fromisoformat(last))
