"""The reply box of both sandboxes: the bridge reads what an agent wrote, and the agent what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests
from org_process import OrgProcess
from zendesk_process import ZendeskProcess

from bridge.errors import RetryLater
from bridge.ports import Delivery, Polled, Reply
from bridge.practice import SandboxDesk
from bridge.sandbox.replies import AGENT

HOSTILE = "<script>alert(1)</script> & 'thanks' {{7*7}}"
Sandbox = OrgProcess | ZendeskProcess


@pytest.fixture(params=[OrgProcess, ZendeskProcess])
def sandbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sandbox]:
    with closing(request.param(tmp_path)) as running:
        yield running


def write(sandbox: Sandbox, text: str, case_id: str = "1", **headers: str) -> requests.Response:
    return sandbox.session.post(
        f"{sandbox.base}/sandbox/cases/{case_id}/replies",
        data={"text": text, "back": "/"},
        headers=headers,
        allow_redirects=False,
        timeout=20,
    )


def test_what_an_agent_writes_is_read_once_and_in_order(sandbox: Sandbox) -> None:
    desk = SandboxDesk(sandbox.base)
    write(sandbox, "First")
    write(sandbox, "Second", "2")

    first = desk.poll("")
    write(sandbox, "Third")

    assert first == Polled(
        replies=[
            Reply(id="1", case_id="1", text="First", agent=AGENT),
            Reply(id="2", case_id="2", text="Second", agent=AGENT),
        ],
        cursor="2",
    )
    assert desk.poll(first.cursor) == Polled(
        replies=[Reply(id="3", case_id="1", text="Third", agent=AGENT)], cursor="3"
    )
    assert desk.poll("3") == Polled(replies=[], cursor="3")


def test_an_agent_can_ask_for_a_private_message(sandbox: Sandbox) -> None:
    address = f"{sandbox.base}/sandbox/cases/1/replies"
    sandbox.session.post(address, data={"text": "Psst", "private": "yes"}, timeout=20)

    assert SandboxDesk(sandbox.base).poll("").replies == [
        Reply(id="1", case_id="1", text="Psst", agent=AGENT, private=True)
    ]


def test_another_site_cannot_write(sandbox: Sandbox) -> None:
    foreign = write(sandbox, "Bad", Origin="https://evil.example")
    rebound = write(sandbox, "Bad", Host="evil.example")

    assert [foreign.status_code, rebound.status_code] == [403, 403]
    assert SandboxDesk(sandbox.base).poll("").replies == []


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example/", "javascript:alert(1)"])
def test_the_way_back_stays_here(sandbox: Sandbox, back: str) -> None:
    answer = sandbox.session.post(
        f"{sandbox.base}/sandbox/cases/1/replies",
        data={"text": "x", "back": back},
        allow_redirects=False,
        timeout=20,
    )

    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


def test_replies_outlive_the_sandbox(sandbox: Sandbox) -> None:
    write(sandbox, "Kept")
    sandbox.stop(9)
    sandbox.start()

    assert [one.text for one in SandboxDesk(sandbox.base).poll("").replies] == ["Kept"]


def test_a_sandbox_that_is_away_has_no_replies_and_is_told_later(sandbox: Sandbox) -> None:
    desk = SandboxDesk(sandbox.base)
    sandbox.stop()

    assert desk.poll("7") == Polled(replies=(), cursor="7")
    with pytest.raises(RetryLater):
        desk.report([])


@pytest.mark.parametrize("body", [b"", b"[]", b'{"deliveries": 1}', b'{"deliveries": [{"state": "lost"}]}'])
def test_what_is_no_delivery_is_refused(sandbox: Sandbox, body: bytes) -> None:
    answer = sandbox.session.post(
        f"{sandbox.base}/sandbox/deliveries",
        data=body,
        headers={"Content-Type": "application/json"},
        timeout=20,
    )

    assert answer.status_code == 400


def page_of(sandbox: Sandbox) -> tuple[str, str]:
    """A case, and the address of its page."""
    if isinstance(sandbox, OrgProcess):
        case_id = sandbox.create("Case", Subject="Help")
        return case_id, f"{sandbox.base}/lightning/r/Case/{case_id}/view"
    number = str(sandbox.ticket()["id"])
    return number, f"{sandbox.base}/agent/tickets/{number}"


def test_the_page_shows_what_became_of_a_reply_and_runs_nothing_of_it(sandbox: Sandbox) -> None:
    case_id, page = page_of(sandbox)
    write(sandbox, HOSTILE, case_id)
    sent = Delivery(reply="1", case_id=case_id, state="sent", url="https://wall.example/p1")

    SandboxDesk(sandbox.base).report([sent])

    html = sandbox.session.get(page, timeout=20).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &#39;thanks&#39; {{7*7}}" in html
    assert "<h3>sent</h3>" in html
    assert 'href="https://wall.example/p1"' in html
    assert f'action="/sandbox/cases/{case_id}/replies"' in html


def test_an_address_that_is_no_web_page_is_no_link(sandbox: Sandbox) -> None:
    case_id, page = page_of(sandbox)
    write(sandbox, "Hello", case_id)
    failed = Delivery(reply="1", case_id=case_id, state="failed", says="<b>blocked</b>", url="javascript:alert(1)")

    SandboxDesk(sandbox.base).report([failed])

    html = sandbox.session.get(page, timeout=20).text
    assert "javascript:" not in html
    assert "&lt;b&gt;blocked&lt;/b&gt;" in html
