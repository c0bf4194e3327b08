"""Answers that no honest account gives, from a server that says whatever it is told to."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pydantic import SecretStr
from zendesk_account import LATER, NOW, again, filing, part, person

from adapters.zendesk import Settings, Zendesk
from bridge.errors import Paused, RetryLater, Unsure
from bridge.fetching import File
from bridge.message import Attachment
from bridge.ports import Known, Named, PersonFound, Receipt

CAT = File(content=b"a cat", type="image/png", name="cat.png")
TOKEN = {"access_token": "t0ken", "scope": "read tickets:write users:write", "expires_in": 172_800}
EVENT = {"id": 613, "type": "Comment"}
MADE = {"ticket": {"id": 7, "status": "new"}, "audit": {"id": 8, "events": [EVENT], "metadata": {"custom": {}}}}
TAKEN: dict[str, Any] = {
    "error": "RecordInvalid",
    "details": {"external_id": [{"description": "External has already been taken"}]},
}


class Liar(ThreadingHTTPServer):
    """Answers each path's last word with what `says` holds for it, one after the other: status and body."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.says: dict[str, list[tuple[int, Any]]] = {"tokens": [(201, TOKEN)]}
        self.slow: dict[str, float] = {}
        self.warns = ""
        self.heard: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []

    def crm(self, timeout: float = 5) -> Zendesk:
        settings = Settings(
            subdomain="acme",
            client_id="c",
            client_secret=SecretStr("s"),
            url=f"http://127.0.0.1:{self.server_port}",
            timeout=timeout,
        )
        return Zendesk(settings, fetch=lambda url, *, patience: CAT)


class Handler(BaseHTTPRequestHandler):
    server: Liar

    def answer(self) -> None:
        server, name = self.server, self.path.split("?")[0].rsplit("/", 1)[-1].removesuffix(".json")
        server.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        server.heard.append(f"{self.command} {name}")
        server.headers.append(dict(self.headers))
        said = server.says[name]
        status, body = said.pop(0) if len(said) > 1 else said[0]
        time.sleep(server.slow.get(name, 0))  # an account that takes its time
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        if server.warns:
            self.send_header("X-Zendesk-API-Warn", server.warns)
        if status == 302:
            self.send_header("Location", "https://elsewhere.example/")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data) + (5 if body == "cut" else 0)))
        self.end_headers()
        self.wfile.write(data)
        self.close_connection = body == "cut"

    do_GET = answer  # noqa: N815 -- http.server's own names
    do_POST = answer  # noqa: N815
    do_PUT = answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def liar() -> Iterator[Liar]:
    with Liar() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def first_outcome(crm: Zendesk, *, known: str = "") -> Any:
    """The outcome of one filing: yielded, or raised for all."""
    try:
        for step in crm.file([filing("a", part("m1"), known=Known(case_id=known))], now=NOW):
            if step:
                return step[0][1]
    except (RetryLater, Paused) as error:
        return error
    return None


NONSENSE: list[tuple[int, Any]] = [
    (200, []),
    (200, {}),
    (200, None),
    (200, 7),
    (200, "no JSON"),
    (200, "cut"),
    (204, ""),
    (500, []),
]


@pytest.mark.parametrize(
    "answer",
    [
        *NONSENSE,
        (201, {"ticket": {"id": 7}}),
        (201, {"ticket": {"id": "7"}, "audit": {"id": 8}}),
        (201, {"ticket": {"id": 7}, "audit": 8}),
    ],
)
def test_a_write_that_is_answered_with_nonsense_is_unsure(liar: Liar, answer: tuple[int, Any]) -> None:
    liar.says["tickets"] = [answer]

    assert isinstance(first_outcome(liar.crm()), Unsure)


@pytest.mark.parametrize(
    "answer", [*NONSENSE, (200, {"tickets": None}), (200, {"tickets": [7]}), (200, {"tickets": [{"id": None}]})]
)
def test_a_question_that_is_answered_with_nonsense_is_asked_again(liar: Liar, answer: tuple[int, Any]) -> None:
    liar.says["show_many"] = [answer]

    assert type(first_outcome(liar.crm(), known="7")) is RetryLater
    assert liar.heard == ["POST tokens", "GET show_many"]


@pytest.mark.parametrize("answer", [*NONSENSE, (200, {"groups": [7]}), (302, ""), (429, {})])
def test_a_list_that_is_answered_with_nonsense_names_nobody(liar: Liar, answer: tuple[int, Any]) -> None:
    liar.says["groups"] = [answer]

    with pytest.raises((RetryLater, Paused)):
        liar.crm().identify([Named(object="ticket", field="group_id", name="Support")])


@pytest.mark.parametrize("answer", [*NONSENSE, (201, {"upload": 7}), (201, {"upload": {"token": None}})])
def test_an_upload_that_is_answered_with_nonsense_is_unsure(liar: Liar, answer: tuple[int, Any]) -> None:
    liar.says |= {"tickets": [(201, MADE)], "uploads": [answer]}
    pictured = part("m1", files=(Attachment(kind="image", url="https://example.org/cat.png"),))

    [[(_, outcome)]] = [step for step in liar.crm().file([filing("a", pictured)], now=NOW) if step]

    assert isinstance(outcome, Receipt)
    assert isinstance(outcome.failed["m1"], Unsure)
    assert liar.headers[-1]["Content-Type"] == "image/png"
    assert liar.bodies[-1] == CAT.content


@pytest.mark.parametrize("events", [[], None, [{"type": "Notification"}, 7], [EVENT]])
def test_what_was_taken_is_sent_once_whatever_the_answer_shows_of_it(liar: Liar, events: object) -> None:
    liar.says["tickets"] = [(201, {**MADE, "audit": {"id": 8, "events": events, "metadata": {}}})]

    receipt = first_outcome(liar.crm())

    assert isinstance(receipt, Receipt)
    assert (receipt.refs, liar.heard) == ({"m1": "7"}, ["POST tokens", "POST tickets"])


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((200, {}), RetryLater),
        ((200, []), RetryLater),
        ((200, "no JSON"), RetryLater),
        ((200, None), RetryLater),
        ((200, {"access_token": 7}), RetryLater),
        ((503, "busy"), RetryLater),
        ((429, "slow down"), RetryLater),
        ((302, ""), Paused),
        ((404, "No help desk here"), Paused),
        ((401, {"error": "invalid_client"}), Paused),
        ((201, {**TOKEN, "scope": "read tickets:write"}), Paused),
        ((201, {**TOKEN, "scope": None}), Paused),
    ],
)
def test_a_login_that_fails_lets_everything_rest(
    liar: Liar, answer: tuple[int, Any], kind: type[Exception]
) -> None:
    liar.says["tokens"] = [answer]

    assert type(first_outcome(liar.crm())) is kind
    assert liar.heard == ["POST tokens"]


def test_a_scope_that_was_not_granted_is_named(liar: Liar) -> None:
    liar.says["tokens"] = [(201, {**TOKEN, "scope": "read users:write"})]

    assert "did not grant tickets:write:" in str(first_outcome(liar.crm()))


@pytest.mark.parametrize("scope", ["read write", "users:write tickets:write read extra"])
def test_wider_scopes_will_do(liar: Liar, scope: str) -> None:
    liar.says |= {"tokens": [(201, {**TOKEN, "scope": scope})], "show_many": [(200, {"users": []})]}

    assert liar.crm().find([person("1")]) == [PersonFound()]


def test_any_401_is_met_with_one_new_login(liar: Liar) -> None:
    liar.says["tickets"] = [(401, {"error": "Couldn't authenticate you"})]

    assert type(first_outcome(liar.crm())) is Paused
    assert liar.heard == ["POST tokens", "POST tickets"] * 2


@pytest.mark.parametrize(("known", "calls"), [("", "POST tickets"), ("7", "GET show_many")])
def test_a_redirect_is_not_followed_and_pauses_the_connection(liar: Liar, known: str, calls: str) -> None:
    liar.says |= {"tickets": [(302, "")], "show_many": [(302, "")]}

    outcome = first_outcome(liar.crm(), known=known)

    assert isinstance(outcome, Paused)
    assert "is the subdomain right?" in str(outcome)
    assert liar.heard == ["POST tokens", calls]


def test_an_account_without_a_help_desk_pauses_the_connection(liar: Liar) -> None:
    liar.says["tickets"] = [(404, "No help desk at acme.zendesk.com")]

    assert type(first_outcome(liar.crm())) is Paused


def test_requests_carry_the_token_the_key_and_our_name(liar: Liar) -> None:
    liar.says["tickets"] = [(201, MADE)]

    first_outcome(liar.crm())

    login, create = liar.headers
    assert json.loads(liar.bodies[0]) == {
        "grant_type": "client_credentials",
        "client_id": "c",
        "client_secret": "s",
        "scope": "read tickets:write users:write webhooks:write triggers:write",
        "expires_in": 172_800,
    }
    assert "Authorization" not in login
    assert create["Authorization"] == "Bearer t0ken"
    assert (create["Idempotency-Key"], create["User-Agent"]) == ("op-a-m1:1", "casebridge")
    assert create["Accept"] == create["Content-Type"] == "application/json"


def test_the_body_of_a_filing_is_always_the_same(liar: Liar) -> None:
    liar.says["tickets"] = [(503, "")]

    for _ in range(2):
        first_outcome(liar.crm())

    assert (
        liar.bodies[1]
        == liar.bodies[3]
        == (
            b'{"ticket": {"external_id": "a", "subject": "ticket a", "tags": ["social", "casebridge"], "comment": '
            b'{"html_body": "hello", "public": false}, "metadata": {"casebridge": "ca0df2c95a"}}}'
        )
    )


def test_a_key_is_sent_with_new_tickets_alone(liar: Liar) -> None:
    known = {"tickets": [{"id": 7, "status": "open"}], "metric_sets": []}
    liar.says |= {"show_many": [(200, known)], "7": [(200, MADE)]}

    first_outcome(liar.crm(), known="7")

    assert ["Idempotency-Key" in headers for headers in liar.headers] == [False] * 3


@pytest.mark.parametrize("field", ["external_id", "base"])
def test_a_person_made_by_someone_else_between_question_and_creation_is_found(liar: Liar, field: str) -> None:
    there = {"users": [{"id": 9, "external_id": "F:1", "name": "Ada"}]}
    taken = {**TAKEN, "details": {field: TAKEN["details"]["external_id"]}}
    liar.says |= {"show_many": [(200, {"users": []}), (200, there)], "users": [(422, taken)]}

    found = liar.crm().find([person("f:1", create={"name": "Ada"}, fetch=("name",))])

    assert found == [PersonFound(id="9", values={"name": "Ada"})]
    assert liar.heard[1:] == ["GET show_many", "POST users", "GET show_many"]


def test_a_forced_address_of_zenpys_gets_no_token(liar: Liar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZENPY_FORCE_NETLOC", f"127.0.0.1:{liar.server_port}")
    monkeypatch.setenv("ZENPY_FORCE_SCHEME", "http")

    outcome = first_outcome(liar.crm())

    assert isinstance(outcome, Paused)
    assert "only https://acme.zendesk.com is called" in str(outcome)
    assert liar.heard == ["POST tokens"]


def test_nothing_that_was_said_is_logged(liar: Liar, caplog: pytest.LogCaptureFixture) -> None:
    liar.says["tickets"] = [(422, {"error": "RecordInvalid", "details": {"subject": [{"description": "secret"}]}})]
    caplog.set_level(logging.DEBUG)

    outcome = first_outcome(liar.crm())

    assert not any(word in caplog.text + str(outcome) for word in ("secret", "hello", "t0ken"))


def test_pages_of_audits_are_followed_by_their_cursor(liar: Liar) -> None:
    ticket = {"tickets": [{"id": 7, "status": "open", "updated_at": "x"}], "metric_sets": []}
    more = {"audits": [{"id": 1}], "meta": {"has_more": True, "after_cursor": "next=="}}
    liar.says |= {
        "show_many": [(200, ticket)],
        "audits": [(200, more), (200, {"audits": [], "meta": {"has_more": False}})],
        "7": [(200, MADE)],
    }

    list(liar.crm().file([again("a", part("m1"), known=Known(case_id="7"))], now=LATER))

    assert liar.heard[1:] == ["GET show_many", "GET audits", "GET audits", "PUT 7"]
    sent = json.loads(liar.bodies[-1])["ticket"]
    assert (sent["safe_update"], sent["updated_stamp"]) == (True, "x")


def test_a_ticket_with_too_many_updates_is_not_written_to(liar: Liar) -> None:
    ticket = {"tickets": [{"id": 7, "status": "open", "updated_at": "x"}], "metric_sets": []}
    more = {"audits": [{"id": 1}], "meta": {"has_more": True, "after_cursor": "next=="}}
    liar.says |= {"show_many": [(200, ticket)], "audits": [(200, more)]}

    [_, *steps] = liar.crm().file([again("a", part("m1"), known=Known(case_id="7"))], now=LATER)

    [outcome] = [outcome for step in steps for _, outcome in step]
    assert isinstance(outcome, RetryLater)
    assert (outcome.counts, "too many updates to search" in str(outcome)) == (True, True)
    assert liar.heard[2:] == ["GET audits"] * 20


def test_nobody_is_asked_for_when_the_time_is_over(liar: Liar) -> None:
    liar.says |= {"show_many": [(200, {"users": []})], "users": [(422, TAKEN)]}
    liar.slow["users"] = 0.4  # more than a fifth of the patience

    [who] = liar.crm(timeout=1).find([person("f:1", create={"name": "Ada"})])

    assert isinstance(who, RetryLater)
    assert liar.heard[1:] == ["GET show_many", "POST users"]


def test_what_zendesk_ignores_of_a_user_is_logged_by_its_name(
    liar: Liar, caplog: pytest.LogCaptureFixture
) -> None:
    made = {"user": {"id": 9, "external_id": "f:1", "name": "Ada Secret"}}
    liar.says |= {"show_many": [(200, {"users": []})], "users": [(201, made)]}
    liar.warns = '{:allowed_parameters=>{:unpermitted_keys=>["user.colour"], :invalid_values=>[]}}'

    liar.crm().find([person("f:1", create={"name": "Ada Secret"})])

    assert [record.getMessage() for record in caplog.records if record.name == "casebridge"] == [
        "Zendesk ignored user.colour of a new user: it knows no such field"
    ]


def test_a_text_without_its_comments_id_is_found_again_by_its_write(liar: Liar) -> None:
    ticket = {"tickets": [{"id": 7, "status": "open", "updated_at": "x"}], "metric_sets": []}
    held = {"id": 613, "audit_id": 8, "html_body": "regrettable"}
    silent = {**MADE, "audit": {"id": 8, "events": []}}
    liar.says |= {
        "show_many": [(200, ticket)],
        "7": [(200, silent)],
        "comments": [(200, {"comments": [held]})],
        "613": [(200, {"comment": {}})],
    }
    crm, known = liar.crm(), Known(case_id="7")
    receipt = first_outcome(crm, known="7")
    gone = part("m1:deleted", act="delete", opens=False, case_id="7", ref=receipt.refs["m1"])

    [_, _, *steps] = crm.file([filing("a", gone, known=known)], now=NOW)

    assert receipt.refs == {"m1": "a8:0:1"}
    assert json.loads(liar.bodies[liar.heard.index("PUT 613")])["html_body"] == "<redact>regrettable</redact>"
    assert [outcome.warnings for step in steps for _, outcome in step] == [()]  # type: ignore[union-attr]


def test_one_call_with_its_logins_fits_into_patience(liar: Liar) -> None:
    assert liar.crm(timeout=30).patience.total_seconds() == 45


def test_a_receipt_links_to_the_account_where_no_sandbox_stands_in() -> None:
    crm = Zendesk(Settings(subdomain="acme", client_id="c", client_secret=SecretStr("s")))
    edit = part("m1", opens=False)

    [[(_, receipt)]] = list(crm.file([filing("a", edit)], now=NOW))

    assert isinstance(receipt, Receipt)
    assert (receipt.link, receipt.dropped) == ("", {"m1": "echo"})
