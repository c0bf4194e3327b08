"""Logging in, scopes, tokens that expire, and requests that reach no record."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import zendesk_process
from zendesk_process import ZendeskProcess

FORBIDDEN = {
    "error": {
        "title": "Forbidden",
        "message": "You do not have access to this page. Please contact the account owner of this help desk for "
        "further help.",
    }
}
INVALID_TOKEN = {
    "error": "invalid_token",
    "error_description": "The access token provided is expired, revoked, malformed or invalid for other reasons.",
}


zendesk = zendesk_process.zendesk


@pytest.fixture(autouse=True)
def _new(zendesk: ZendeskProcess) -> None:
    zendesk.reset()


def test_it_says_where_it_listens(zendesk: ZendeskProcess) -> None:
    assert zendesk.line == f"Zendesk sandbox on {zendesk.base}"
    assert zendesk.base.startswith("http://127.0.0.1:")


def test_the_right_client_gets_a_token(zendesk: ZendeskProcess) -> None:
    answer = zendesk.log_in(expires_in=300)

    body = answer.json()
    assert answer.status_code == 201
    assert len(body.pop("access_token")) == 40
    assert body == {"scope": "read tickets:write users:write", "token_type": "bearer", "expires_in": 300}


def test_a_form_does_as_well(zendesk: ZendeskProcess) -> None:
    form = {"grant_type": "client_credentials", "client_id": "sandbox-client", "client_secret": "sandbox-secret"}

    answer = zendesk.session.post(f"{zendesk.base}/oauth/tokens", data=form, timeout=20)

    assert (answer.status_code, answer.json()["expires_in"], answer.json()["scope"]) == (201, 1800, "read")


def test_unknown_scopes_are_dropped_in_silence(zendesk: ZendeskProcess) -> None:
    answer = zendesk.log_in(scope="read ticket:write tickets:write everything")

    assert answer.json()["scope"] == "read tickets:write"


@pytest.mark.parametrize(
    ("given", "status", "error"),
    [
        ({"client_id": "x"}, 401, "invalid_client"),
        ({"client_secret": "x"}, 401, "invalid_client"),
        ({"client_secret": None}, 401, "invalid_client"),
        ({"client_secret": 7}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "implicit"}, 400, "unsupported_grant_type"),
        ({"grant_type": None}, 400, "unsupported_grant_type"),
        ({"expires_in": 299}, 400, "invalid_request"),
        ({"expires_in": 172_801}, 400, "invalid_request"),
        ({"expires_in": "soon"}, 400, "invalid_request"),
        ({"expires_in": True}, 400, "invalid_request"),
        ({"scope": "nothing"}, 400, "invalid_scope"),
    ],
)
def test_a_wrong_login_is_refused(zendesk: ZendeskProcess, given: dict[str, Any], status: int, error: str) -> None:
    answer = zendesk.log_in(**given)

    assert (answer.status_code, answer.json()["error"], list(answer.json())) == (
        status,
        error,
        ["error", "error_description"],
    )


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 100_000])
def test_a_login_that_is_no_json_is_refused(zendesk: ZendeskProcess, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}

    answer = zendesk.session.post(f"{zendesk.base}/oauth/tokens", data=body, headers=headers, timeout=20)

    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


def test_a_token_ends_when_it_said(zendesk: ZendeskProcess) -> None:
    token = zendesk.log_in(expires_in=300).json()["access_token"]
    answers = []

    for offset in (299, 301):
        zendesk.command("clock", offset_seconds=offset)
        answers.append(zendesk.call("GET", "users/me", headers={"Authorization": f"Bearer {token}"}))

    assert [one.status_code for one in answers] == [200, 401]
    assert answers[1].json() == INVALID_TOKEN


@pytest.mark.parametrize("header", ["", "Bearer", "Basic YTpi", "Token x"])
def test_no_token_is_no_credentials(zendesk: ZendeskProcess, header: str) -> None:
    answer = zendesk.call("GET", "users/me", headers={"Authorization": header})

    assert (answer.status_code, answer.json()) == (401, {"error": "Couldn't authenticate you"})


def test_an_unknown_token_is_invalid(zendesk: ZendeskProcess) -> None:
    answer = zendesk.call("GET", "users/me", headers={"Authorization": "Bearer wrong"})

    assert (answer.status_code, answer.json()) == (401, INVALID_TOKEN)


@pytest.mark.parametrize(
    ("scope", "method", "path", "status"),
    [
        ("tickets:write", "POST", "tickets", 201),
        ("write", "POST", "tickets", 201),
        ("read users:write", "POST", "tickets", 403),
        ("tickets:read", "GET", "tickets/1", 200),
        ("users:read", "GET", "tickets/1", 403),
        ("read", "GET", "tickets/1/audits", 200),
        ("tickets:read", "GET", "tickets/1/audits", 403),
        ("tickets:read", "GET", "tickets/1/comments", 200),
        ("users:write", "POST", "users", 201),
        ("tickets:write", "POST", "users", 403),
        ("users:read", "GET", "users/me", 200),
        ("write", "GET", "users/me", 403),
        ("read", "PUT", "tickets/1", 403),
        ("read", "DELETE", "tickets/1", 403),
    ],
)
def test_a_token_does_what_its_scope_says(
    zendesk: ZendeskProcess, scope: str, method: str, path: str, status: int
) -> None:
    zendesk.ticket()
    token = zendesk.log_in(scope=scope).json()["access_token"]
    body = {"ticket": {"comment": {"body": "x"}}, "user": {"name": "x"}} if method in ("POST", "PUT") else None

    answer = zendesk.call(method, path, json=body, headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == status
    if status == 403:
        assert answer.json() == FORBIDDEN


# --- paths and bodies


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "nowhere"),
        ("GET", "tickets/create_many"),
        ("PUT", "job_statuses"),
        ("PUT", "webhooks"),
        ("GET", "uploads"),
        ("POST", "search?query=x"),
        ("POST", "/api/v2/apps"),
        ("PATCH", "tickets/1"),
        ("GET", "tickets/x"),
        ("GET", "tickets/1/comments/x"),
        ("GET", "tickets/9999999999999999999999"),
        ("HEAD", "users/me"),
        ("GET", "/api/v2"),
        ("GET", "/api/v3/tickets"),
    ],
)
def test_an_unknown_path_is_no_endpoint(zendesk: ZendeskProcess, method: str, path: str) -> None:
    answer = zendesk.call(method, path)

    assert answer.status_code == 404
    if method != "HEAD":
        assert answer.json() == {"error": "InvalidEndpoint", "description": "Not found"}


@pytest.mark.parametrize("path", ["users/me", "users/me.json"])
def test_each_path_has_two_forms(zendesk: ZendeskProcess, path: str) -> None:
    assert zendesk.read(path)["user"]["name"] == "Social Bridge"


@pytest.mark.parametrize("kind", ["text/plain", "", "application/x-www-form-urlencoded"])
def test_a_body_that_is_not_called_json_is_refused(zendesk: ZendeskProcess, kind: str) -> None:
    answer = zendesk.call("POST", "tickets", data=b'{"ticket": {}}', headers={"Content-Type": kind})

    assert (answer.status_code, answer.json()["error"]) == (415, "UnsupportedMediaType")


@pytest.mark.parametrize(
    "body", [b"{", b"", b"[]", b'"x"', b'{"a": NaN}', b'{"a": "\xff"}', b'{"a": "\\ud800"}', b"[" * 100_000]
)
def test_broken_json_is_refused(zendesk: ZendeskProcess, body: bytes) -> None:
    answer = zendesk.call("POST", "tickets", data=body, headers={"Content-Type": "application/json"})

    refused = {"error": "Unprocessable Entity", "message": "Server could not parse JSON"}
    assert (answer.status_code, answer.json()) == (400, refused)


@pytest.mark.parametrize(
    ("path", "body", "name"),
    [
        ("tickets", {}, "ticket"),
        ("tickets", {"ticket": []}, "ticket"),
        ("tickets", {"ticket": {"subject": "x"}}, "comment"),
        ("tickets", {"ticket": {"comment": "x"}}, "comment"),
        ("tickets", {"ticket": {"comment": {"html_body": 7}}}, "html_body"),
        ("tickets", {"ticket": {"comment": {"body": "x", "public": "yes"}}}, "public"),
        ("tickets", {"ticket": {"comment": {"body": "x", "author_id": "7"}}}, "author_id"),
        ("tickets", {"ticket": {"comment": {"body": "x"}, "requester_id": True}}, "requester_id"),
        ("tickets", {"ticket": {"comment": {"body": "x"}, "metadata": "x"}}, "metadata"),
        ("tickets", {"ticket": {"comment": {"body": "x"}, "tags": [1]}}, "tags"),
        ("tickets", {"ticket": {"comment": {"body": "x"}, "custom_fields": 1}}, "custom_fields"),
        ("tickets", {"ticket": {"comment": {"body": "x"}, "custom_fields": [1]}}, "custom_fields"),
        ("tickets", {"ticket": {"comment": {"body": "x"}, "external_id": 1}}, "external_id"),
        ("tickets", {"ticket": {"comment": {"body": "x"}, "due_at": "soon"}}, "due_at"),
        ("users", {"user": {"name": 1}}, "name"),
        ("users", {}, "user"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named(zendesk: ZendeskProcess, path: str, body: Any, name: str) -> None:
    answer = zendesk.call("POST", path, json=body)

    assert answer.status_code == 400
    assert answer.json()["error"]["title"] == "Invalid attribute"
    assert f"invalid value for the {name} attribute" in answer.json()["error"]["message"]


def test_calls_are_counted_by_kind(zendesk: ZendeskProcess) -> None:
    zendesk.log_in()
    number = zendesk.ticket()["id"]
    zendesk.update(number, subject="a")
    zendesk.call("PUT", f"tickets/{number}.json", json={"ticket": {"subject": "b"}})
    zendesk.call("GET", f"tickets/{number}/comments?page[size]=1")

    calls = zendesk.state()["calls"]

    assert calls.pop("POST oauth/tokens") >= 1
    assert calls == {"POST tickets": 1, "PUT tickets/{id}": 2, "GET tickets/{id}/comments": 1}


# --- the process


def started(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bridge.sandbox.zendesk", "--port", "0", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)


def test_only_loopback_can_be_bound(tmp_path: Path) -> None:
    done = started("--database", str(tmp_path / "z.db"), "--host", "0.0.0.0")

    assert done.returncode == 2
    assert "'0.0.0.0' is no loopback address; use 127.0.0.1" in done.stderr


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    done = started("--database", str(tmp_path / "no" / "z.db"))

    assert done.returncode == 2
    assert "name a file in a folder that exists" in done.stderr


def test_a_foreign_host_name_commands_nothing(zendesk: ZendeskProcess) -> None:
    answer = zendesk.session.get(f"{zendesk.base}/sandbox/state", headers={"Host": "evil.example"}, timeout=20)

    assert answer.status_code == 403


def test_a_form_commands_nothing(zendesk: ZendeskProcess) -> None:
    answer = zendesk.session.post(f"{zendesk.base}/sandbox/switches", data={"limits": "false"}, timeout=20)

    assert answer.status_code == 415
