"""A case's page with the plugin: the social messages as a thread, and a reply that an agent writes there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from org_process import OrgProcess

HOSTILE = "<script>alert(1)</script> & 'thanks' {{7*7}}"
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &#39;thanks&#39; {{7*7}}"


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrgProcess]:
    process = OrgProcess(tmp_path_factory.mktemp("org"), "--plugin")
    yield process
    process.close()


@pytest.fixture
def case(org: OrgProcess) -> str:
    org.reset()
    return org.create("Case", Subject="Help")


def page(org: OrgProcess, case: str) -> str:
    return org.session.get(f"{org.base}/lightning/r/Case/{case}/view", timeout=20).text


def write(org: OrgProcess, case: str, text: str, *, origin: str = "", **more: str) -> requests.Response:
    return org.session.post(
        f"{org.base}/sandbox/cases/{case}/messages",
        data={"text": text, "back": f"/cases/{case}", **more},
        headers={"Origin": origin} if origin else {},
        allow_redirects=False,
        timeout=20,
    )


def inbound(org: OrgProcess, case: str, **fields: Any) -> str:
    return org.create("Social_Message__c", Direction__c="Inbound", Status__c="Received", Case__c=case, **fields)


def test_the_page_shows_the_messages_of_its_case_in_order_and_runs_nothing_of_them(
    org: OrgProcess, case: str
) -> None:
    other = org.create("Case", Subject="Another")
    inbound(org, other, Body__c="of another case")
    inbound(org, case, Body__c="second", Author_Name__c="Ann", Posted_At__c="2026-11-21T20:00:02Z")
    inbound(
        org,
        case,
        Body__c=HOSTILE,
        Author_Name__c="<b>Bob</b>",
        Posted_At__c="2026-11-21T20:00:01Z",
        Public__c=True,
        Permalink__c="https://wall.example/p1",
        Attachments__c="https://wall.example/a.png\njavascript:alert(1)",
        External_Id__c="facebook:1:m1",
    )

    html = page(org, case)

    assert html.index(ESCAPED) < html.index("second")
    assert "<h3>Inbound · &lt;b&gt;Bob&lt;/b&gt; · Received · 2026-11-21T20:00:01.000+0000</h3>" in html
    assert "<h3>Inbound · Ann · Received · private · 2026-11-21T20:00:02.000+0000</h3>" in html
    assert 'href="https://wall.example/p1"' in html
    assert 'href="https://wall.example/a.png"' in html
    assert 'href="javascript:' not in html
    assert '<option value="facebook:1:m1">' in html
    assert "of another case" not in html
    assert "/replies" not in html


def test_what_an_agent_writes_is_a_queued_message_of_that_agent(org: OrgProcess, case: str) -> None:
    answer = write(org, case, HOSTILE, private="yes", answers="facebook:1:m1")

    [message] = org.state()["messages"]
    fields = message["fields"]
    [anna] = org.query("SELECT Id FROM User WHERE Name = 'Anna Agent'")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/cases/{case}")
    assert {
        name: value for name, value in fields.items() if name.endswith("__c") and value not in (None, False)
    } == {
        "Case__c": case,
        "Direction__c": "Outbound",
        "Status__c": "Queued",
        "Body__c": HOSTILE,
        "Reply_To_Key__c": "facebook:1:m1",
        "Private_Reply__c": True,
    }
    assert fields["CreatedById"] == anna["Id"]
    assert "<h3>Outbound · Anna Agent · Queued · private" in page(org, case)


def test_the_page_says_why_a_reply_failed_and_where_one_stands(org: OrgProcess, case: str) -> None:
    write(org, case, "a")
    [message] = org.state()["messages"]
    told = {"Status__c": "Failed", "Error_Message__c": "<i>blocked</i>", "Permalink__c": "javascript:alert(1)"}

    org.call("PATCH", f"sobjects/Social_Message__c/{message['Id']}", json=told)

    html = page(org, case)
    assert "Outbound · Anna Agent · Failed" in html
    assert "&lt;i&gt;blocked&lt;/i&gt;" in html
    assert "javascript:" not in html


def test_a_reply_box_rings_where_outbound_messages_are_set_up(org: OrgProcess, case: str) -> None:
    org.command("outbound", url="http://127.0.0.1:9/")

    write(org, case, "a")

    assert org.session.get(f"{org.base}/sandbox/outbound", timeout=20).json()["waiting"] == 1


def test_what_cannot_be_saved_is_told(org: OrgProcess, case: str) -> None:
    answers = [write(org, "500Sb0000000zzz", "a"), write(org, case, "x" * 131_073)]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert [answer.text.split(":")[0] for answer in answers] == ["INVALID_CROSS_REFERENCE_KEY", "STRING_TOO_LONG"]
    assert org.state()["messages"] == []


def test_another_site_cannot_write(org: OrgProcess, case: str) -> None:
    foreign = write(org, case, "a", origin="https://evil.example")
    away = write(org, case, "a", back="//evil.example")

    assert foreign.status_code == 403
    assert away.headers["Location"] == "/"
    assert len(org.state()["messages"]) == 1
