"""Answers that no honest org gives, from a server that says whatever it is told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pydantic import SecretStr
from salesforce_org import NOW, filing, part

from adapters.salesforce import Salesforce, Settings
from adapters.salesforce.org import HOME
from bridge.errors import Paused, Rejected, RetryLater, Unsure
from bridge.ports import Known, PersonFound, PersonMatch

CREATED = {"id": "500000000000001AAA", "success": True, "errors": []}
TOKEN = {"access_token": "t", "instance_url": "https://acme.my.salesforce.com"}


class Liar(ThreadingHTTPServer):
    """Answers each path's last word with what `says` holds for it: status, body, or nothing at all."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.says: dict[str, tuple[int, Any]] = {"token": (200, TOKEN)}
        self.heard: list[str] = []
        self.headers: list[dict[str, str]] = []

    def crm(self, timeout: float = 5) -> Salesforce:
        settings = Settings(
            domain="acme.my",
            consumer_key=SecretStr("k"),
            consumer_secret=SecretStr("s"),
            url=f"http://127.0.0.1:{self.server_port}",
            timeout=timeout,
        )
        return Salesforce(settings)


class Handler(BaseHTTPRequestHandler):
    server: Liar

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        name = self.path.split("?")[0].rsplit("/", 1)[-1]
        self.server.heard.append(f"{self.command} {name}")
        self.server.headers.append(dict(self.headers))
        status, body = self.server.says[name]
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "https://elsewhere.example/")
        self.send_header("Content-Length", str(len(data) + (5 if body == "cut" else 0)))
        self.end_headers()
        self.wfile.write(data)
        self.close_connection = body == "cut"

    do_GET = answer  # noqa: N815 -- http.server's own names
    do_POST = answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def liar() -> Iterator[Liar]:
    with Liar() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def first_outcome(crm: Salesforce, *, known: str = "") -> Any:
    """The outcome of one filing: yielded, or raised for all."""
    try:
        for step in crm.file([filing("a", part("m1"), known=Known(case_id=known))], now=NOW):
            if step:
                return step[0][1]
    except (RetryLater, Paused) as error:
        return error
    return None


@pytest.mark.parametrize(
    "answer",
    [
        (200, []),
        (200, {}),
        (200, None),
        (200, 7),
        (200, "no JSON"),
        (200, "cut"),
        (200, [CREATED, CREATED]),
        (200, [None]),
        (200, [{"id": None, "success": True}]),
        (200, [{"id": "../../x", "success": True}]),
        (200, [{"id": "500000000000001AAA", "success": "yes"}]),
        (204, ""),
        (302, ""),
        (500, []),
    ],
)
def test_a_write_that_is_answered_with_nonsense_is_unsure(liar: Liar, answer: tuple[int, Any]) -> None:
    liar.says["sobjects"] = answer

    assert type(first_outcome(liar.crm())) is Unsure


def test_a_text_that_was_refused_halfway_says_what_stands_already(liar: Liar) -> None:
    refused = {"success": False, "errors": [{"statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "No."}]}
    liar.says["query"] = (200, {"records": [{"Id": CREATED["id"], "IsClosed": False}], "done": True})
    liar.says["sobjects"] = (200, [CREATED, refused, CREATED])
    long = filing("a", part("m1", "x" * 9000), known=Known(case_id=str(CREATED["id"])))

    [(_, outcome)] = [pair for step in liar.crm().file([long], now=NOW) for pair in step]

    assert isinstance(outcome, Rejected)
    assert outcome.partly
    assert str(outcome) == (
        "Salesforce refused with FIELD_CUSTOM_VALIDATION_EXCEPTION: No.; correct the mapping or the field, then "
        "replay; pieces 1, 3 of 3 of this text stand in the case"
    )


def test_a_row_that_is_refused_without_a_reason_is_tried_again(liar: Liar) -> None:
    liar.says["sobjects"] = (200, [{"success": False, "errors": []}])

    outcome = first_outcome(liar.crm())

    assert isinstance(outcome, RetryLater)
    assert outcome.counts


@pytest.mark.parametrize(
    "answer",
    [
        (200, []),
        (200, {}),
        (200, {"records": None, "done": True}),
        (200, {"records": [7], "done": True}),
        (200, {"records": [], "done": False}),
        (200, {"records": [], "done": False, "nextRecordsUrl": "https://elsewhere.example/"}),
        (200, "no JSON"),
        (302, ""),
    ],
)
def test_a_question_that_is_answered_with_nonsense_is_asked_again(liar: Liar, answer: tuple[int, Any]) -> None:
    liar.says["query"] = answer

    assert type(first_outcome(liar.crm(), known="500000000000001AAA")) is RetryLater


def test_all_pages_are_read(liar: Liar) -> None:
    ann = {"attributes": {"type": "Contact"}, "Id": "003000000000001AAA", "Email": "ann@example.org"}
    page = "/services/data/v66.0/query/0r8000000000001AAA-2000"
    liar.says["query"] = (200, {"records": [], "done": False, "nextRecordsUrl": page})
    liar.says["0r8000000000001AAA-2000"] = (200, {"records": [ann], "done": True})

    found = liar.crm().find([PersonMatch(author="x:1", object="Contact", rules=({"Email": "ann@example.org"},))])

    assert found == [PersonFound(id="003000000000001AAA")]


@pytest.mark.parametrize(
    "answer",
    [
        (200, {}),
        (200, []),
        (200, {"instance_url": "https://acme.my.salesforce.com"}),
        (200, "no JSON"),
        (200, None),
        (503, "busy"),
        (503, {"error": "server_error"}),
        (302, ""),
    ],
)
def test_a_login_that_is_answered_with_nonsense_is_tried_later(liar: Liar, answer: tuple[int, Any]) -> None:
    liar.says["token"] = answer

    assert type(first_outcome(liar.crm())) is RetryLater
    assert liar.heard == ["POST token"]


@pytest.mark.parametrize(
    "message", ["This session is not valid for use with the REST API", "Connected app is not attached to Agent"]
)
def test_no_login_is_tried_where_none_would_help(liar: Liar, message: str) -> None:
    liar.says["sobjects"] = (401, [{"errorCode": "INVALID_SESSION_ID", "message": message}])

    assert type(first_outcome(liar.crm())) is Paused
    assert liar.heard == ["POST token", "POST sobjects"]


def test_calls_name_us_and_keep_the_assignment_rule_off_known_owners(liar: Liar) -> None:
    liar.says["sobjects"] = (200, [CREATED])

    first_outcome(liar.crm())

    sent = liar.headers[-1]
    assert sent["Sforce-Call-Options"] == "client=casebridge"
    assert (sent["Sforce-Auto-Assign"], sent["Authorization"]) == ("TRUE", "Bearer t")


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("acme.my.salesforce.com", True),
        ("acme--dev.sandbox.my.salesforce.com", True),
        ("evil-salesforce.com", False),
        ("acme.my.salesforce.com.evil.example", False),
        ("evil.example/.salesforce.com", False),
        ("127.0.0.1", False),
    ],
)
def test_a_token_is_carried_to_salesforce_only(host: str, ours: bool) -> None:
    assert bool(HOME.fullmatch(host)) is ours


def test_one_call_with_its_logins_fits_into_patience(liar: Liar) -> None:
    assert liar.crm(timeout=30).patience.total_seconds() == 45
