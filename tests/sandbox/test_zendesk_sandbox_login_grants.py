"""The other ways in: codes and refresh tokens that are good for one time, API tokens, scopes of what is new."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from zendesk_process import ZendeskProcess

from bridge.sandbox.zendesk.login import SCOPES


@pytest.fixture(scope="module")
def zendesk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZendeskProcess]:
    options = ("--api-email", "bot@acme.example", "--api-token", "legacy")
    process = ZendeskProcess(tmp_path_factory.mktemp("zendesk"), *options)
    yield process
    process.close()


@pytest.fixture(autouse=True)
def _new(zendesk: ZendeskProcess) -> None:
    zendesk.reset()


def code(zendesk: ZendeskProcess, **spec: str) -> str:
    return str(zendesk.command("codes", **spec).json()["code"])


def trade(zendesk: ZendeskProcess, given: str, **more: Any) -> requests.Response:
    return zendesk.log_in(grant_type="authorization_code", code=given, scope=None, **more)


def refresh(zendesk: ZendeskProcess, given: Any, **more: Any) -> requests.Response:
    return zendesk.log_in(grant_type="refresh_token", refresh_token=given, **({"scope": None} | more))


def me(zendesk: ZendeskProcess, header: str) -> int:
    return zendesk.call("GET", "users/me", headers={"Authorization": header}).status_code


def basic(pair: str) -> str:
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


# --- codes


def test_a_code_is_traded_for_a_token_and_a_refresh_token(zendesk: ZendeskProcess) -> None:
    answer = trade(zendesk, code(zendesk, scope="read tickets:write"), expires_in=300)

    body = answer.json()
    access, again = body.pop("access_token"), body.pop("refresh_token")
    assert answer.status_code == 201
    assert body == {
        "token_type": "bearer", "scope": "read tickets:write", "expires_in": 300,
        "refresh_token_expires_in": 2_592_000,
    }  # fmt: skip
    assert (me(zendesk, f"Bearer {access}"), me(zendesk, f"Bearer {again}")) == (200, 401)


def test_a_code_is_good_once(zendesk: ZendeskProcess) -> None:
    given = code(zendesk)

    answers = [trade(zendesk, given) for _ in range(2)]

    assert [one.status_code for one in answers] == [201, 400]
    assert answers[1].json()["error"] == "invalid_grant"


def test_a_code_is_good_for_two_minutes(zendesk: ZendeskProcess) -> None:
    given = [code(zendesk), code(zendesk)]
    statuses = []

    for offset, one in zip((119, 121), given, strict=True):
        zendesk.command("clock", offset_seconds=offset)
        statuses.append(trade(zendesk, one).status_code)

    assert statuses == [201, 400]


@pytest.mark.parametrize(
    ("asked", "sent", "status"),
    [
        ({"redirect_uri": "https://a.example/"}, {"redirect_uri": "https://a.example/"}, 201),
        ({"redirect_uri": "https://a.example/"}, {"redirect_uri": "https://b.example/"}, 400),
        ({"redirect_uri": "https://a.example/"}, {}, 400),
        ({"code_challenge": "V"}, {"code_verifier": "right"}, 201),
        ({"code_challenge": "V"}, {"code_verifier": "wrong"}, 400),
        ({"code_challenge": "V"}, {"code_verifier": 7}, 400),
        ({"code_challenge": "V"}, {}, 400),
    ],
)
def test_a_code_is_for_whom_it_was_made(
    zendesk: ZendeskProcess, asked: dict[str, str], sent: dict[str, Any], status: int
) -> None:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(b"right").digest()).rstrip(b"=").decode()
    given = code(zendesk, **{name: challenge if value == "V" else value for name, value in asked.items()})

    assert trade(zendesk, given, **sent).status_code == status


@pytest.mark.parametrize("spec", [{"scope": "nothing"}, {"scope": 1}, {"scopes": "read"}])
def test_a_wrong_order_for_a_code_is_refused(zendesk: ZendeskProcess, spec: dict[str, Any]) -> None:
    assert zendesk.command("codes", **spec).status_code == 400


# --- refresh tokens


def test_a_refresh_token_rotates_and_ends_what_it_refreshes(zendesk: ZendeskProcess) -> None:
    first = trade(zendesk, code(zendesk)).json()

    second = refresh(zendesk, first["refresh_token"], expires_in=600, refresh_token_expires_in=604_800)
    again = refresh(zendesk, first["refresh_token"])

    body = second.json()
    assert (second.status_code, body["scope"], body["expires_in"]) == (201, "read", 600)
    assert body["refresh_token_expires_in"] == 604_800
    assert body["refresh_token"] != first["refresh_token"]
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert [me(zendesk, f"Bearer {one['access_token']}") for one in (first, body)] == [401, 200]


def test_a_refresh_can_ask_for_less_and_never_for_more(zendesk: ZendeskProcess) -> None:
    first = trade(zendesk, code(zendesk, scope="read tickets:write")).json()

    less = refresh(zendesk, first["refresh_token"], scope="read users:write").json()
    none = refresh(zendesk, less["refresh_token"], scope="write")

    assert less["scope"] == "read"
    assert (none.status_code, none.json()["error"]) == (400, "invalid_scope")


@pytest.mark.parametrize("given", [None, "unknown", 7, "\ud800"])
def test_an_unknown_refresh_token_is_refused(zendesk: ZendeskProcess, given: Any) -> None:
    assert refresh(zendesk, given).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("seconds", [604_799, 7_776_001, "soon"])
def test_a_refresh_token_lives_within_bounds(zendesk: ZendeskProcess, seconds: Any) -> None:
    given = code(zendesk)

    answer = trade(zendesk, given, refresh_token_expires_in=seconds)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert trade(zendesk, given).status_code == 201


def test_a_refresh_token_ends_on_the_accounts_clock(zendesk: ZendeskProcess) -> None:
    given = trade(zendesk, code(zendesk), refresh_token_expires_in=604_800).json()["refresh_token"]

    zendesk.command("clock", offset_seconds=604_801)

    assert refresh(zendesk, given).status_code == 400


# --- scopes


def test_the_client_gets_no_more_than_it_was_given(zendesk: ZendeskProcess) -> None:
    zendesk.command("switches", client_scopes="read tickets:write")

    answers = [zendesk.log_in(scope=scope) for scope in ("read tickets:write", "read", "read webhooks:write")]

    assert [one.status_code for one in answers] == [201, 201, 400]
    assert answers[2].json()["error"] == "invalid_scope"


@pytest.mark.parametrize(
    ("scope", "method", "path", "status"),
    [
        ("webhooks:read", "GET", "webhooks", 200),
        ("webhooks:write", "GET", "webhooks", 403),
        ("tickets:write users:write", "POST", "webhooks", 403),
        ("webhooks:write", "POST", "webhooks", 400),
        ("triggers:read", "GET", "triggers", 200),
        ("webhooks:read", "GET", "triggers", 403),
        ("read", "POST", "triggers", 403),
        ("triggers:write", "POST", "triggers", 422),
        ("tickets:read", "GET", "incremental/ticket_events?start_time=0", 403),
        ("read", "GET", "incremental/ticket_events?start_time=0", 200),
        ("tickets:read", "GET", "incremental/tickets/cursor?start_time=0", 200),
        ("read", "POST", "apps/validate", 403),
    ],
)
def test_what_is_new_has_scopes_too(
    zendesk: ZendeskProcess, scope: str, method: str, path: str, status: int
) -> None:
    zendesk.command("switches", limits=False)
    token = zendesk.log_in(scope=scope).json()["access_token"]
    body = {"webhook": {"name": "x"}, "trigger": {"title": "x"}} if method == "POST" else None

    answer = zendesk.call(method, path, json=body, headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == status


# --- API tokens


def test_an_api_token_may_do_everything_until_they_are_switched_off(zendesk: ZendeskProcess) -> None:
    header = basic("bot@acme.example/token:legacy")
    before = me(zendesk, header)

    zendesk.command("switches", api_tokens=False)

    assert (before, me(zendesk, header)) == (200, 401)
    assert {"read", "write"} <= SCOPES


@pytest.mark.parametrize(
    "header",
    [
        basic("bot@acme.example/token:wrong"),
        basic("bot@acme.example:legacy"),
        basic("other@acme.example/token:legacy"),
        basic("bot@acme.example/token:legacyé"),
        "Basic ???",
        "Basic",
    ],
)
def test_a_wrong_api_token_is_no_credentials(zendesk: ZendeskProcess, header: str) -> None:
    answer = zendesk.call("GET", "users/me", headers={"Authorization": header})

    assert (answer.status_code, answer.json()) == (401, {"error": "Couldn't authenticate you"})
