"""What is answered is on disk; the pages show it harmlessly; simple-salesforce takes it for the real thing."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from org_process import OrgProcess, row
from simple_salesforce.exceptions import SalesforceExpiredSession, SalesforceMalformedRequest
from simple_salesforce.format import format_soql

KEY = "Social_Conversation_Key__c"
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}"


@pytest.fixture
def org(tmp_path: Path) -> Iterator[OrgProcess]:
    process = OrgProcess(tmp_path)
    yield process
    process.close()


def test_everything_answered_survives_kill_9(org: OrgProcess) -> None:
    org.command("fields", object="Contact", name="X_User_Id__c", length=30)
    org.command("switches", comment_edit=True)
    org.command("clock", offset_seconds=-3600)
    case = org.create("Case", Subject="a")
    before = org.state()["cases"]

    org.stop(signal.SIGKILL)
    org.start()

    assert org.state()["cases"] == before
    assert org.create("Contact", LastName="a", X_User_Id__c="u")
    assert org.call("PATCH", f"sobjects/Case/{case}", json={"Subject": "token is good"}).status_code == 204
    comment = org.create("CaseComment", ParentId=case, CommentBody="a")
    assert org.call("PATCH", f"sobjects/CaseComment/{comment}", json={"CommentBody": "b"}).status_code == 204


def test_a_kill_in_the_middle_loses_nothing_answered_and_halves_no_batch(org: OrgProcess) -> None:
    answered: list[str] = []
    assert org.call("GET", "limits").status_code == 200

    def pour() -> None:
        for batch in range(1000):
            rows = [row("Case", Subject=f"{batch}") for _ in range(20)]
            try:
                answered.extend(result["id"] for result in org.collection(rows))
            except requests.ConnectionError:
                return

    pouring = threading.Thread(target=pour)
    pouring.start()
    while len(answered) < 200:
        pouring.join(0.01)
    org.stop(signal.SIGKILL)
    pouring.join()
    org.start()

    kept = [one["Id"] for one in org.state()["cases"]]
    assert kept[: len(answered)] == answered
    assert len(kept) in (len(answered), len(answered) + 20)


def test_many_at_once_get_numbers_of_their_own(org: OrgProcess) -> None:
    assert org.call("GET", "limits").status_code == 200

    def create() -> None:
        with requests.Session() as session:
            session.trust_env = False
            for _ in range(10):
                session.post(
                    f"{org.base}/services/data/v66.0/sobjects/Case",
                    json={"Subject": "a"},
                    headers={"Authorization": f"Bearer {org.token}"},
                    timeout=20,
                )

    threads = [threading.Thread(target=create) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [one["CaseNumber"] for one in org.state()["cases"]] == [f"{n:08}" for n in range(1001, 1061)]


def test_sigterm_ends_it_cleanly(org: OrgProcess) -> None:
    org.create("Case", Subject="a")

    assert org.stop(signal.SIGTERM) == 0


def test_a_reset_makes_the_org_new_but_keeps_sessions(org: OrgProcess) -> None:
    org.create("Case", Subject="a")

    org.reset()

    kinds = ("cases", "leads", "tasks", "contacts", "messages")
    assert org.state() == {**{kind: [] for kind in kinds}, "steps": {}, "calls": {}}
    assert org.create("Case", Subject="b")


# --- pages


def test_hostile_text_is_shown_as_text(org: OrgProcess) -> None:
    case = org.create("Case", Subject=HOSTILE, Description=HOSTILE, SuppliedName="\ud800\x00")
    org.create("CaseComment", ParentId=case, CommentBody=HOSTILE)

    answers = [
        org.session.get(f"{org.base}{path}", timeout=20)
        for path in ("/", f"/cases/{case}", f"/cases/{case[:15]}", f"/lightning/r/Case/{case}/view")
    ]

    for answer in answers:
        assert answer.status_code == 200
        assert "&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;&gt;&lt;img" in answer.text
        assert "{{7*7}}" in answer.text
        assert "<script" not in answer.text
        assert "<img" not in answer.text
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_the_list_counts_comments_and_names_the_owner(org: OrgProcess) -> None:
    case = org.create("Case", Subject="a", Origin="Social")
    org.create("CaseComment", ParentId=case, CommentBody="a")

    page = org.session.get(f"{org.base}/", timeout=20).text

    assert f'<a href="/cases/{case}">00001001</a>' in page
    assert "Integration User" in page
    assert "<td>1</td>" in page


def test_a_long_list_is_leafed_through(org: OrgProcess) -> None:
    org.collection([row("Case", Subject="oldest")])
    org.collection([row("Case", Subject=str(n)) for n in range(200)])

    first = org.session.get(f"{org.base}/", timeout=20).text
    second = org.session.get(f"{org.base}/?skip=200", timeout=20).text

    assert ("oldest" in first, "/?skip=200" in first) == (False, True)
    assert ("oldest" in second, "/?skip=0" in second) == (True, True)


@pytest.mark.parametrize(
    "path", ["/cases/nope", "/cases/005Sb0000000001IAA", "/lightning/r/Case//view", "/nowhere"]
)
def test_a_page_that_is_not_there_is_404(org: OrgProcess, path: str) -> None:
    assert org.session.get(org.base + path, timeout=20).status_code == 404


# --- simple-salesforce


def test_simple_salesforce_takes_it_for_the_real_thing(org: OrgProcess) -> None:
    with org.library() as salesforce:
        body = {"allOrNone": False, "records": [row("Case", Subject="a", **{KEY: "fb:1:a"})]}
        created = salesforce.restful("composite/sobjects", method="POST", json=body)
        status = salesforce.Case.update(created[0]["id"], {"Status": "Closed"})
        found = salesforce.query(format_soql(f"SELECT Id, IsClosed FROM Case WHERE {KEY} IN {{}}", ["fb:1:a"]))
        with pytest.raises(SalesforceMalformedRequest) as refused:
            salesforce.Case.create({KEY: "fb:1:a"})

        usage: Any = salesforce.api_usage["api-usage"]
        errors: Any = refused.value.content
        assert status == 204
        assert [(one["Id"], one["IsClosed"]) for one in found["records"]] == [(created[0]["id"], True)]
        assert errors[0]["errorCode"] == "DUPLICATE_VALUE"
        assert usage.total == 5_000_000


def test_simple_salesforce_follows_the_pages(org: OrgProcess) -> None:
    for _ in range(11):
        org.collection([row("Contact", LastName="a")] * 200)

    with org.library() as salesforce:
        found = salesforce.query_all("SELECT Id FROM Contact")

    assert len({one["Id"] for one in found["records"]}) == found["totalSize"] == 2200


def test_simple_salesforce_sees_the_session_expire(org: OrgProcess) -> None:
    with org.library() as salesforce:
        org.command("faults", fault="expired_token")

        with pytest.raises(SalesforceExpiredSession):
            salesforce.limits()
