"""Incremental exports, in pages and without the latest minute; and packages of apps that can be one."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import zendesk_process
from zendesk_process import ZendeskProcess

from bridge.sandbox.wire import Call
from bridge.sandbox.zendesk import exports, rows
from bridge.sandbox.zendesk.account import AGENT, BRIDGE_USER, Account
from bridge.sandbox.zendesk.request import Request

MINUTE = 61


@pytest.fixture(scope="module")
def zendesk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZendeskProcess]:
    process = ZendeskProcess(tmp_path_factory.mktemp("zendesk"))
    process.token = process.log_in(scope="read write").json()["access_token"]
    yield process
    process.close()


new = zendesk_process.new


def events(zendesk: ZendeskProcess, *, since: float, **query: Any) -> dict[str, Any]:
    return zendesk.read("incremental/ticket_events", start_time=int(since), **query)


def ago(seconds: float) -> float:
    return time.time() - seconds


# --- events


def test_events_tell_of_comments_whole_where_that_is_asked(zendesk: ZendeskProcess) -> None:
    ada, began = zendesk.user()["id"], ago(1)
    ticket = zendesk.ticket(requester_id=ada, metadata={"cb": "k1"})["id"]
    zendesk.command("comment", ticket=ticket, body="Hi", status="pending")
    zendesk.command("clock", offset_seconds=MINUTE)

    found = events(zendesk, since=began, include="comment_events")
    bare = events(zendesk, since=began)

    first, second = found["ticket_events"]
    [reply] = [one for one in second["child_events"] if one["event_type"] == "Comment"]
    written = zendesk.state()["tickets"][0]["comments"][1]
    assert (first["ticket_id"], first["updater_id"], first["via"]) == (ticket, BRIDGE_USER, "Web service")
    assert (second["ticket_id"], second["updater_id"], second["via"]) == (ticket, AGENT, "Web form")
    assert first["child_events"][0]["metadata"]["custom"] == {"cb": "k1"}
    assert (reply["id"], reply["author_id"], reply["body"]) == (written["id"], AGENT, "Hi")
    assert (reply["public"], reply["comment_public"], reply["created_at"]) == (True, True, written["created_at"])
    assert {"status": "pending", "previous_value": "new"}.items() <= second["child_events"][1].items()
    assert "body" not in bare["ticket_events"][1]["child_events"][0]
    assert (found["count"], found["end_of_stream"]) == (2, True)
    assert found["end_time"] == second["timestamp"]


def test_the_latest_minute_is_left_out(zendesk: ZendeskProcess) -> None:
    zendesk.ticket()

    before = events(zendesk, since=ago(3600))
    zendesk.command("clock", offset_seconds=MINUTE)
    after = events(zendesk, since=ago(3600))

    assert before == {"ticket_events": [], "next_page": None, "count": 0, "end_of_stream": True}
    assert after["count"] == 1


@pytest.mark.parametrize(
    ("start", "status", "error"),
    [("now", 400, ""), ("", 400, ""), ("-1", 400, ""), ("9" * 30, 400, ""), ("recent", 422, "InvalidValue")],
)
@pytest.mark.parametrize("path", ["ticket_events", "tickets/cursor"])
def test_a_wrong_start_is_refused(zendesk: ZendeskProcess, path: str, start: str, status: int, error: str) -> None:
    text = str(int(ago(30))) if start == "recent" else start

    answer = zendesk.call("GET", f"incremental/{path}", params={"start_time": text})

    assert (answer.status_code, answer.json().get("error", "")) == (status, error)


def test_ten_exports_a_minute_are_answered(zendesk: ZendeskProcess) -> None:
    zendesk.command("switches", limits=True)
    zendesk.command("clock", offset_seconds=60 - time.time() % 60)  # a minute begins
    paths = ["incremental/ticket_events", "incremental/tickets/cursor"] * 6

    answers = [zendesk.call("GET", path, params={"start_time": int(ago(3600))}) for path in paths]

    assert [one.status_code for one in answers] == [*[200] * 10, 429, 429]


def test_pages_of_events_lead_on_without_a_gap(tmp_path: Path) -> None:
    account = Account(tmp_path / "zendesk.db")
    account.offset = 3600.0
    with account.database.write() as tx:
        for n in range(1_500):
            rows.save_audit(tx, audit(n))

    first = asked(account, {"start_time": "0", "include": "comment_events"})
    second = asked(account, dict(parse_qsl(urlsplit(first["next_page"]).query)))
    account.database.close()

    own = [[one["id"] for one in page["ticket_events"]] for page in (first, second)]
    assert (first["count"], first["end_of_stream"], second["end_of_stream"]) == (1_000, False, True)
    assert sorted({*own[0], *own[1]}) == [*range(1_500)]
    assert own[1][0] == 990  # the last second of the first page comes again


def audit(n: int) -> dict[str, Any]:
    metadata: dict[str, Any] = {"system": {}, "custom": {}}
    head = {"id": n, "ticket_id": 1, "author_id": AGENT, "metadata": metadata, "via": {"channel": "api"}}
    made = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1_700_000_000 + n // 10))
    return {**head, "created_at": made, "events": []}


def asked(account: Account, query: dict[str, str]) -> dict[str, Any]:
    call = Call(method="GET", path="/api/v2/incremental/ticket_events", query=query)
    body = exports.ticket_events(
        Request(account=account, call=call, root="http://127.0.0.1/api/v2", names=())
    ).body
    return dict(body)


# --- tickets


def test_tickets_are_exported_by_cursor_deleted_ones_too(zendesk: ZendeskProcess) -> None:
    own = [zendesk.ticket(subject=str(n))["id"] for n in range(3)]
    zendesk.call("DELETE", f"tickets/{own[0]}")
    zendesk.command("clock", offset_seconds=MINUTE)

    first = zendesk.read("incremental/tickets/cursor", start_time=int(ago(3600)), per_page=2)
    second = zendesk.read("incremental/tickets/cursor", cursor=first["after_cursor"], per_page=2)
    third = zendesk.read("incremental/tickets/cursor", cursor=second["after_cursor"])

    found = {one["id"]: one["status"] for page in (first, second) for one in page["tickets"]}
    assert found == {own[0]: "deleted", own[1]: "new", own[2]: "new"}
    assert [page["end_of_stream"] for page in (first, second, third)] == [False, True, True]
    assert (third["tickets"], third["after_cursor"]) == ([], second["after_cursor"])


def test_a_ticket_that_changes_comes_again(zendesk: ZendeskProcess) -> None:
    ticket = zendesk.ticket()["id"]
    zendesk.command("clock", offset_seconds=MINUTE)
    first = zendesk.read("incremental/tickets/cursor", start_time=int(ago(3600)))

    zendesk.update(ticket, priority="high")
    zendesk.command("clock", offset_seconds=2 * MINUTE)
    second = zendesk.read("incremental/tickets/cursor", cursor=first["after_cursor"])

    assert [one["priority"] for one in second["tickets"]] == ["high"]


@pytest.mark.parametrize(
    "query",
    [{"cursor": "x"}, {"cursor": "e30="}, {"cursor": "WzEsMiwzXQ=="}, {"start_time": "0", "per_page": "0"}],
)
def test_a_wrong_cursor_is_refused(zendesk: ZendeskProcess, query: dict[str, str]) -> None:
    assert zendesk.call("GET", "incremental/tickets/cursor", params=query).status_code == 400


# --- apps


def package(**files: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as made:
        for name, text in files.items():
            made.writestr(name.replace("_", "."), text)
    return held.getvalue()


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (package(manifest_json='{"name": "x"}'), 200),
        (package(manifest_json="{"), 422),
        (package(manifest_json="[]"), 422),
        (package(readme_md="x"), 422),
        (b"PK no zip", 422),
        (b"", 422),
    ],
)
@pytest.mark.parametrize("form", [True, False])
def test_a_package_of_an_app_needs_a_manifest(
    zendesk: ZendeskProcess, content: bytes, status: int, form: bool
) -> None:
    sent: dict[str, Any] = {"files": {"file": ("app.zip", content)}} if form else {"data": content}

    answer = zendesk.call("POST", "apps/validate", **sent)

    assert answer.status_code == status
    assert answer.json() == {} if status == 200 else answer.json()["description"]
