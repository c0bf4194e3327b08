"""Logging in, sessions, versions, and requests that reach no record."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from org_process import DATA, OrgProcess


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrgProcess]:
    process = OrgProcess(tmp_path_factory.mktemp("org"))
    yield process
    process.close()


@pytest.fixture(autouse=True)
def _new(org: OrgProcess) -> None:
    org.reset()


def test_the_right_key_and_secret_get_a_token(org: OrgProcess) -> None:
    answer = org.log_in()

    body = answer.json()
    assert answer.status_code == 200
    assert sorted(body) == [
        "access_token", "id", "instance_url", "issued_at", "scope", "signature", "token_type",
    ]  # fmt: skip
    assert (body["token_type"], body["instance_url"]) == ("Bearer", org.base)


def test_basic_auth_does_as_well(org: OrgProcess) -> None:
    answer = org.session.post(
        f"{org.base}/services/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=("sandbox-key", "sandbox-secret"),
        timeout=20,
    )

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("form", "status", "error", "description"),
    [
        ({"client_id": "x"}, 400, "invalid_client_id", "client identifier invalid"),
        ({"client_secret": "x"}, 401, "invalid_client", "invalid client credentials"),
        ({"client_secret": ""}, 401, "invalid_client", "invalid client credentials"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", "grant type not supported"),
        ({"grant_type": ""}, 400, "unsupported_grant_type", "grant type not supported"),
    ],
)
def test_a_wrong_login_is_refused(
    org: OrgProcess, form: dict[str, str], status: int, error: str, description: str
) -> None:
    answer = org.log_in(**form)

    assert (answer.status_code, answer.json()) == (status, {"error": error, "error_description": description})


def test_client_credentials_work_on_my_domain_only(org: OrgProcess) -> None:
    answer = org.session.post(
        f"{org.base}/services/oauth2/token",
        data={"grant_type": "client_credentials"},
        headers={"Host": "login.salesforce.com"},
        timeout=20,
    )

    assert answer.json() == {
        "error": "invalid_grant",
        "error_description": "request not supported on this domain",
    }


def test_the_instance_is_the_host_that_was_called(org: OrgProcess) -> None:
    answer = org.session.post(
        f"{org.base}/services/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=("sandbox-key", "sandbox-secret"),
        headers={"Host": "acme.my.salesforce.com"},
        timeout=20,
    )

    assert answer.json()["instance_url"] == "https://acme.my.salesforce.com"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer 00Dx!wrong"])
def test_no_living_token_is_an_expired_session(org: OrgProcess, header: str) -> None:
    answer = org.call("GET", "limits", headers={"Authorization": header})

    assert answer.status_code == 401
    assert answer.json() == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


def test_another_scheme_is_a_bad_header(org: OrgProcess) -> None:
    answer = org.call("GET", "limits", headers={"Authorization": "Basic abc"})

    assert answer.status_code == 401
    assert answer.json() == [{"message": "INVALID_HEADER_TYPE", "errorCode": "INVALID_AUTH_HEADER"}]


def test_the_versions_need_no_token(org: OrgProcess) -> None:
    answer = org.session.get(f"{org.base}/services/data/", timeout=20)

    assert answer.json()[-1] == {"label": "Winter '27", "url": "/services/data/v68.0", "version": "68.0"}
    assert [one["version"] for one in answer.json()][:2] == ["46.0", "47.0"]


@pytest.mark.parametrize(
    ("version", "status"), [("30.0", 410), ("45.0", 404), ("46.0", 200), ("68.0", 200), ("69.0", 404), ("66", 404)]
)
def test_versions_outside_the_range_are_refused(org: OrgProcess, version: str, status: int) -> None:
    assert org.call("GET", f"/services/data/v{version}/limits").status_code == status


@pytest.mark.parametrize(
    "path",
    [
        "composite/graph",
        "sobjects/Nope",
        "sobjects/Nope/x/y",
        "search",
        "query/0r8Sb0000000001",
        "/services/apexrest/x",
    ],
)
def test_an_unknown_path_does_not_exist(org: OrgProcess, path: str) -> None:
    answer = org.call("GET", path)

    assert answer.status_code == 404
    assert answer.json() == [{"message": "The requested resource does not exist", "errorCode": "NOT_FOUND"}]


def test_a_wrong_method_names_the_right_ones(org: OrgProcess) -> None:
    answer = org.call("PUT", "composite/sobjects", json={})

    message = "HTTP Method 'PUT' not allowed. Allowed are POST,PATCH,DELETE"
    assert answer.status_code == 405
    assert answer.json() == [{"message": message, "errorCode": "METHOD_NOT_ALLOWED"}]


def test_a_body_that_is_not_called_json_is_refused(org: OrgProcess) -> None:
    answer = org.call("POST", "sobjects/Case", data="{}", headers={"Content-Type": "text/plain"})

    message = "Content-Type header specified in HTTP request is not supported: text/plain"
    assert answer.status_code == 415
    assert answer.json() == [{"message": message, "errorCode": "UNSUPPORTED_MEDIA_TYPE"}]


@pytest.mark.parametrize("body", [b"{", b"", b'{"Subject": NaN}', b'{"Subject": "\xff"}', b"[" * 100_000])
def test_broken_json_is_refused(org: OrgProcess, body: bytes) -> None:
    answer = org.call("POST", "sobjects/Case", data=body, headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")


def test_a_url_over_16_kb_is_too_long(org: OrgProcess) -> None:
    answer = org.call("GET", "query", params={"q": "SELECT Id FROM Case WHERE Subject = '" + "x" * 16_400 + "'"})

    assert (answer.status_code, answer.text) == (414, "<h1>Bad Message 414</h1><pre>reason: URI Too Long</pre>")


def test_every_answer_says_how_many_calls_were_made(org: OrgProcess) -> None:
    first = org.call("GET", "limits")
    second = org.call("GET", "nowhere")

    assert first.headers["Sforce-Limit-Info"] == "api-usage=1/5000000"
    assert second.headers["Sforce-Limit-Info"] == "api-usage=2/5000000"
    assert first.json()["DailyApiRequests"] == {"Max": 5_000_000, "Remaining": 4_999_999}


def test_the_daily_limit_ends_it(org: OrgProcess) -> None:
    org.command("switches", daily_limit=1)
    org.call("GET", "limits")

    answer = org.call("GET", "limits")

    assert answer.status_code == 403
    assert answer.json() == [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]


def test_calls_are_counted_by_kind(org: OrgProcess) -> None:
    case = org.create("Case", Subject="a")
    org.read("Case", case)
    org.read("Case", case)

    assert org.state()["calls"] == {"POST sobjects/Case": 1, "GET sobjects/Case/<id>": 2}


def test_only_loopback_can_be_bound(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "bridge.sandbox.salesforce",
        "--port",
        "0",
        "--database",
        str(tmp_path / "o.db"),
    ]

    done = subprocess.run([*command, "--host", "0.0.0.0"], capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "'0.0.0.0' is no loopback address; use 127.0.0.1" in done.stderr


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bridge.sandbox.salesforce", "--port", "0"]

    done = subprocess.run(
        [*command, "--database", str(tmp_path / "no" / "o.db")], capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert "name a file in a folder that exists" in done.stderr


def test_a_foreign_host_name_commands_nothing(org: OrgProcess) -> None:
    answer = org.session.get(f"{org.base}/sandbox/state", headers={"Host": "evil.example"}, timeout=20)

    assert answer.status_code == 403


def test_a_form_commands_nothing(org: OrgProcess) -> None:
    answer = org.session.post(f"{org.base}/sandbox/switches", data={"comment_edit": "true"}, timeout=20)

    assert answer.status_code == 415


def test_the_root_of_a_version_lists_what_there_is(org: OrgProcess) -> None:
    answer = org.call("GET", f"{DATA}/")

    assert answer.json()["composite"] == "/services/data/v66.0/composite"


def test_a_head_request_is_no_way_in(org: OrgProcess) -> None:
    assert isinstance(org.call("HEAD", "limits"), requests.Response)
    assert org.call("HEAD", "limits").status_code == 405
