"""Logging in to Zendesk: which keys make a login, which scopes are asked for, and what an API token still can."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
import stub
from heart import bridge, worker
from pydantic import ValidationError
from stub import Call, Said, Stub

from adapters.zendesk import Settings, Zendesk
from adapters.zendesk.account import Account
from adapters.zendesk.login import FILING, HEARING
from bridge import worker as working
from bridge.errors import Paused, RetryLater
from bridge.store import connect

CLIENT = {"subdomain": "acme", "client_id": "casebridge", "client_secret": "s3cret"}
API_TOKEN = {"subdomain": "acme", "email": "bridge@acme.example", "api_token": "t0ken"}
ALL = " ".join((*FILING, *HEARING))
TICKETS = Said(body={"tickets": []})
INVALID_SCOPE = Said(status=400, body={"error": "invalid_scope", "error_description": "malformed"})
INVALID_TOKEN = Said(status=401, body={"error": "invalid_token"})


def token(scope: str = ALL, text: str = "tok") -> Said:
    return Said(status=201, body={"access_token": text, "scope": scope, "expires_in": 172_800})


@pytest.fixture
def zendesk() -> Iterator[Stub]:
    """An account that grants all that it is asked for, and knows no tickets."""

    def answer(call: Call) -> Said:
        return token(call.json["scope"]) if call.path == "/oauth/tokens" else TICKETS

    with stub.running(answer) as found:
        yield found


def settings(zendesk: Stub, given: dict[str, str]) -> Settings:
    return Settings.model_validate({**given, "url": zendesk.url, "timeout": 5})


def account(zendesk: Stub, given: dict[str, str] = CLIENT) -> Account:
    return Account(settings(zendesk, given))


def about(found: Account) -> list[tuple[str, str]]:
    return [(one.level, one.about) for one in found.findings()]


def test_all_scopes_are_asked_for_and_the_token_is_kept(zendesk: Stub) -> None:
    made = account(zendesk)

    for _ in range(3):
        made.tickets_by_key("x")

    [login] = zendesk.asked("POST")
    assert (login.path, login.json["scope"], login.json["expires_in"]) == ("/oauth/tokens", ALL, 172_800)
    assert "authorization" not in login.headers
    assert [call.token for call in zendesk.asked("GET")] == ["tok"] * 3
    assert about(made) == []


def test_a_client_that_may_not_ask_for_all_still_files(zendesk: Stub) -> None:
    zendesk.plan.append(INVALID_SCOPE)
    made = account(zendesk)

    made.tickets_by_key("x")

    assert [login.json["scope"] for login in zendesk.asked("POST")] == [ALL, " ".join(FILING)]
    [finding] = made.findings()
    assert (finding.level, finding.about) == ("warning", "scopes")
    assert "did not grant webhooks:write, triggers:write" in finding.says


@pytest.mark.parametrize(
    ("scope", "lacking"),
    [
        ("read write", False),
        (f"{ALL} hc:read", False),
        ("read tickets:write users:write webhooks:write", True),
    ],
)
def test_scopes_for_replies_that_lack_are_only_told(zendesk: Stub, scope: str, lacking: bool) -> None:
    zendesk.plan.append(token(scope))
    made = account(zendesk)

    made.tickets_by_key("x")

    assert about(made) == ([("warning", "scopes")] if lacking else [])


@pytest.mark.parametrize("scope", ["read tickets:write webhooks:write triggers:write", "", None])
def test_without_the_scopes_for_filing_everything_rests(zendesk: Stub, scope: Any) -> None:
    zendesk.plan.append(token(scope))

    with pytest.raises(Paused, match="did not grant"):
        account(zendesk).tickets_by_key("x")

    assert zendesk.asked("GET") == []


def test_two_refused_scopes_are_a_refused_login(zendesk: Stub) -> None:
    zendesk.plan.extend([INVALID_SCOPE] * 2)

    with pytest.raises(Paused, match="invalid_scope: check that the OAuth client has the scopes"):
        account(zendesk).tickets_by_key("x")

    assert len(zendesk.calls) == 2


def test_a_token_that_expires_under_twenty_threads_is_renewed_once(zendesk: Stub) -> None:
    together = Barrier(20, timeout=10)
    tokens = iter(["old", "new"])

    def answer(call: Call) -> Said:
        if call.path == "/oauth/tokens":
            return token(text=next(tokens))
        if call.token == "old":
            together.wait()
            return INVALID_TOKEN
        return TICKETS

    zendesk.answer = answer
    made = account(zendesk)

    with ThreadPoolExecutor(20) as threads:
        found = list(threads.map(made.tickets_by_key, map(str, range(20))))

    assert [one["tickets"] for one in found] == [[]] * 20
    assert len(zendesk.asked("POST")) == 2


# --- API tokens ---


def test_an_api_token_needs_no_login(zendesk: Stub) -> None:
    made = account(zendesk, API_TOKEN)

    made.tickets_by_key("x")

    [call] = zendesk.calls
    said = base64.b64decode(call.headers["authorization"].removeprefix("Basic ")).decode()
    assert (call.path, said) == ("/api/v2/tickets.json", "bridge@acme.example/token:t0ken")


def test_an_api_token_that_is_refused_is_not_tried_again(zendesk: Stub) -> None:
    zendesk.plan.append(INVALID_TOKEN)

    with pytest.raises(Paused, match="whose OAuth client or API token this is"):
        account(zendesk, API_TOKEN).tickets_by_key("x")

    assert len(zendesk.calls) == 1


def test_the_end_of_api_tokens_is_told_by_doctor(zendesk: Stub) -> None:
    found = Zendesk(settings(zendesk, API_TOKEN)).examine({}, datetime.now(UTC))

    [warning] = [one for one in found if one.level == "warning"]
    assert (warning.about, warning.until) == ("token", datetime(2027, 4, 30, tzinfo=UTC))
    assert "2027-04-30" in warning.says


@pytest.mark.parametrize(("given", "times"), [(API_TOKEN, 1), (CLIENT, 0)])
def test_the_end_of_api_tokens_is_logged_where_a_worker_begins(
    zendesk: Stub, template: Path, given: dict[str, str], times: int
) -> None:
    store = connect(f"sqlite:///{template}")
    made = bridge(store, Zendesk(settings(zendesk, given)))

    remarks = working.remarks(worker(made))

    assert [("crm: Zendesk ends API tokens on 2027-04-30" in one, "t0ken" in one) for one in remarks] == [
        (True, False)
    ] * times
    store.engine.dispose()


# --- settings ---


@pytest.mark.parametrize("given", [CLIENT, API_TOKEN])
def test_either_way_makes_a_connection_without_showing_secrets(given: dict[str, str]) -> None:
    shown = repr(Settings.model_validate(given))

    assert ("s3cret" in shown, "t0ken" in shown) == (False, False)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({**CLIENT, **API_TOKEN}, "leave out one"),
        ({**CLIENT, "api_token": "t0ken"}, "leave out one"),
        ({"subdomain": "acme"}, "client_id and client_secret: missing"),
        ({"subdomain": "acme", "client_id": "c"}, "client_secret: missing"),
        ({"subdomain": "acme", "email": "a@b.example"}, "api_token: missing"),
        ({"subdomain": "acme", "api_token": "t0ken"}, "email: missing"),
        ({**API_TOKEN, "api_token": "t0ken with spaces"}, "no token holds spaces"),
        ({**API_TOKEN, "email": "acme"}, "should match pattern"),
        ({**API_TOKEN, "email": "a:b@acme.example"}, "should match pattern"),
        ({**CLIENT, "token": "t0ken"}, "token: Zendesk's API takes no passwords"),
    ],
)
def test_keys_that_are_of_no_one_way_are_refused_without_secrets(given: dict[str, str], words: str) -> None:
    with pytest.raises(ValidationError) as error:
        Settings.model_validate(given)

    assert words in str(error.value)
    assert ("s3cret" in str(error.value), "t0ken" in str(error.value)) == (False, False)


def test_a_login_is_nowhere_logged(zendesk: Stub, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    zendesk.plan.append(Said(status=503))

    with pytest.raises(RetryLater):
        account(zendesk).tickets_by_key("x")

    assert ("s3cret" in caplog.text, 'tok"' in caplog.text) == (False, False)
