"""Trouble on command: each fault does what it says, to the calls it is meant for, as often as told."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests
import zendesk_process
from zendesk_process import ZendeskProcess

from bridge.sandbox.faults import Faults
from bridge.sandbox.wire import Call
from bridge.sandbox.zendesk.account import SWITCHES
from bridge.sandbox.zendesk.faults import MENU

KEYED = {"json": {"ticket": {"subject": "keyed", "comment": {"body": "x"}}}, "headers": {"Idempotency-Key": "k"}}


zendesk = zendesk_process.zendesk


@pytest.fixture(autouse=True)
def _new(zendesk: ZendeskProcess) -> None:
    zendesk.reset()
    zendesk.command("switches", limits=False)
    zendesk.call("GET", "users/me")  # logs in


def subjects(zendesk: ZendeskProcess) -> list[str]:
    return [one["fields"]["subject"] for one in zendesk.state()["tickets"]]


def create(zendesk: ZendeskProcess, subject: str) -> requests.Response:
    return zendesk.call("POST", "tickets", json={"ticket": {"subject": subject, "comment": {"body": "x"}}})


def settled(zendesk: ZendeskProcess) -> None:
    """Wait until no late commit is to come."""
    deadline = time.monotonic() + 10
    while zendesk.session.get(f"{zendesk.base}/sandbox/faults", timeout=20).json()["late"]:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_an_expired_token_is_dead(zendesk: ZendeskProcess) -> None:
    zendesk.command("faults", fault="expired_token")

    answers = [zendesk.call("GET", "users/me"), zendesk.call("GET", "users/me")]
    zendesk.token = ""
    again = zendesk.call("GET", "users/me")

    assert [(one.status_code, one.json()["error"]) for one in answers] == [(401, "invalid_token")] * 2
    assert again.status_code == 200


def test_logins_can_be_refused(zendesk: ZendeskProcess) -> None:
    zendesk.command("faults", fault="login_refused", times=2)

    assert [zendesk.log_in().status_code for _ in range(3)] == [401, 401, 201]


@pytest.mark.parametrize(
    ("fault", "status", "wait", "text"),
    [
        ("rate_limit", 429, "999999", "Number of allowed API requests per minute exceeded"),
        ("server_error", 503, "999999", "ServiceUnavailable"),
        ("maintenance", 503, "999999", "<h1>We'll be right back</h1>"),
        ("html_error", 502, None, "<h1>Bad Gateway</h1>"),
        ("forbidden", 403, None, "Forbidden"),
        ("in_progress", 409, None, "IdempotentRequestInProgress"),
        ("refused_before", 0, None, ""),
    ],
)
def test_a_refusal_applies_nothing(
    zendesk: ZendeskProcess, fault: str, status: int, wait: str | None, text: str
) -> None:
    zendesk.command("faults", fault=fault, seconds=999_999)

    if status:
        answer = create(zendesk, "never")
        assert (answer.status_code, answer.headers.get("Retry-After")) == (status, wait)
        assert text in answer.text
        assert "x-rate-limit" in answer.headers
    else:
        with pytest.raises(requests.ConnectionError):
            create(zendesk, "never")

    assert subjects(zendesk) == []
    assert create(zendesk, "then").status_code == 201


def test_reads_and_writes_can_be_refused_with_any_status(zendesk: ZendeskProcess) -> None:
    number = create(zendesk, "a").json()["ticket"]["id"]
    zendesk.command("faults", fault="refused", path="/audits", status=422)
    zendesk.command("faults", fault="refused", method="PUT", status=301)

    written = zendesk.call("PUT", f"tickets/{number}", json={"ticket": {"subject": "b"}}, allow_redirects=False)
    read = [zendesk.call("GET", f"tickets/{number}/{name}").status_code for name in ("comments", "audits")]

    assert (written.status_code, written.headers["Location"]) == (301, "https://another.zendesk.com/")
    assert (read, subjects(zendesk)) == ([200, 422], ["a"])


def test_a_conflict_meets_updates_only(zendesk: ZendeskProcess) -> None:
    zendesk.command("faults", fault="conflict")
    created = create(zendesk, "a")

    answers = [zendesk.update(created.json()["ticket"]["id"], subject=text) for text in ("b", "c")]

    assert [one.status_code for one in [created, *answers]] == [201, 409, 200]
    assert answers[0].json()["error"] == "UpdateConflict"
    assert subjects(zendesk) == ["c"]


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8"])
@pytest.mark.parametrize("fault", ["html_error", "maintenance"])
def test_html_is_called_html(zendesk: ZendeskProcess, fault: str, kind: str) -> None:
    zendesk.command("faults", fault=fault)

    assert zendesk.call("GET", "users/me").headers["Content-Type"] == kind


def test_a_lost_answer_was_applied(zendesk: ZendeskProcess) -> None:
    zendesk.command("faults", fault="lost_answer")

    with pytest.raises(requests.ConnectionError):
        create(zendesk, "lost")

    assert subjects(zendesk) == ["lost"]


def test_a_server_error_may_have_been_applied(zendesk: ZendeskProcess) -> None:
    zendesk.command("faults", fault="applied_server_error", seconds=7)

    answer = create(zendesk, "applied")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "7")
    assert subjects(zendesk) == ["applied"]


@pytest.mark.parametrize("fault", ["lost_answer", "applied_server_error"])
def test_the_key_finds_what_was_lost(zendesk: ZendeskProcess, fault: str) -> None:
    zendesk.command("faults", fault=fault)
    try:
        zendesk.call("POST", "tickets", **KEYED)
    except requests.ConnectionError:
        assert fault == "lost_answer"

    again = zendesk.call("POST", "tickets", **KEYED)

    assert (again.status_code, again.headers["x-idempotency-lookup"]) == (201, "hit")
    assert subjects(zendesk) == ["keyed"]


def test_a_late_commit_comes_after_the_cut(zendesk: ZendeskProcess) -> None:
    zendesk.command("faults", fault="late_commit", seconds=0.5)

    with pytest.raises(requests.ConnectionError):
        create(zendesk, "late")
    at_once = subjects(zendesk)
    settled(zendesk)

    assert at_once == []
    assert subjects(zendesk) == ["late"]


def test_a_key_is_in_progress_until_the_late_commit(zendesk: ZendeskProcess) -> None:
    zendesk.command("faults", fault="late_commit", seconds=0.5)

    with pytest.raises(requests.ConnectionError):
        zendesk.call("POST", "tickets", **KEYED)
    meanwhile = zendesk.call("POST", "tickets", **KEYED)
    settled(zendesk)
    after = zendesk.call("POST", "tickets", **KEYED)

    assert (meanwhile.status_code, meanwhile.json()["error"]) == (409, "IdempotentRequestInProgress")
    assert (after.status_code, after.headers["x-idempotency-lookup"]) == (201, "hit")
    assert subjects(zendesk) == ["keyed"]


def test_a_slow_answer_was_applied_when_the_client_gives_up(zendesk: ZendeskProcess) -> None:
    zendesk.command("faults", fault="slow", seconds=3)
    headers = {"Authorization": f"Bearer {zendesk.token}"}
    body = {"ticket": {"subject": "slow", "comment": {"body": "x"}}}

    with pytest.raises(requests.ReadTimeout):
        zendesk.session.post(f"{zendesk.base}/api/v2/tickets", json=body, headers=headers, timeout=1)

    assert subjects(zendesk) == ["slow"]


def test_a_fault_meets_only_the_calls_it_is_meant_for(zendesk: ZendeskProcess) -> None:
    number = zendesk.ticket()["id"]
    zendesk.command("faults", fault="server_error", path="/tickets/", method="PUT", after=1, times=2)

    statuses = [
        zendesk.call("GET", f"tickets/{number}").status_code,
        create(zendesk, "x").status_code,
        *(zendesk.update(number, subject=f"{n}").status_code for n in range(4)),
    ]

    assert statuses == [200, 201, 200, 503, 503, 200]


def test_faults_can_be_taken_back(zendesk: ZendeskProcess) -> None:
    zendesk.command("faults", fault="server_error", times=5)

    zendesk.session.delete(f"{zendesk.base}/sandbox/faults", timeout=20)

    assert zendesk.call("GET", "users/me").status_code == 200


@pytest.mark.parametrize(
    ("path", "spec"),
    [
        ("faults", {}),
        ("faults", {"fault": "row_lock"}),
        ("faults", {"fault": "slow", "seconds": "3"}),
        ("faults", {"fault": "slow", "sobject": "x"}),
        ("faults", {"fault": "slow", "times": True}),
        ("chaos", {"rate": 0.5}),
        ("chaos", {"rate": 0.1, "late_seconds": 3}),
        ("switches", {"limits": "no"}),
        ("switches", {"plan": 7}),
        ("switches", {"plans": "team"}),
        ("fields", {"id": "1", "title": "x", "type": "text"}),
        ("fields", {"id": 1, "title": "x", "type": "picklist"}),
        ("fields", {"id": 1, "title": "x", "type": "text", "label": "x"}),
        ("fields", {"id": 1, "title": "x", "type": "tagger", "options": "a"}),
        ("clock", {"offset_seconds": "1"}),
        ("clock", {}),
    ],
)
def test_a_wrong_command_is_refused_with_a_reason(
    zendesk: ZendeskProcess, path: str, spec: dict[str, Any]
) -> None:
    answer = zendesk.command(path, **spec)

    assert (answer.status_code, list(answer.json())) == (400, ["error"])


def test_what_is_set_can_be_read(zendesk: ZendeskProcess) -> None:
    zendesk.command("faults", fault="slow", seconds=2)

    waiting = zendesk.session.get(f"{zendesk.base}/sandbox/faults", timeout=20).json()
    switches = zendesk.session.get(f"{zendesk.base}/sandbox/switches", timeout=20).json()

    of_jobs = {"index": 0, "items": 1, "error": ""}
    fault = {
        "fault": "slow",
        "times": 1,
        "path": "",
        "method": "",
        "after": 0,
        "seconds": 2,
        "status": 400,
        **of_jobs,
    }
    assert (waiting["waiting"], waiting["late"], set(waiting["known"])) == ([fault], 0, set(MENU.known))
    assert switches == {**SWITCHES, "limits": False}


def test_chaos_is_counted_and_ends_with_rate_0(zendesk: ZendeskProcess) -> None:
    zendesk.command("chaos", seed=1, rate=0.1, late_seconds=[0.0, 0.01])
    for _ in range(40):
        try:
            if zendesk.call("GET", "users/me").status_code == 401:
                zendesk.token = ""
        except requests.ConnectionError:
            continue
    injected = zendesk.session.get(f"{zendesk.base}/sandbox/chaos", timeout=20).json()["injected"]
    zendesk.token = ""
    zendesk.command("chaos", rate=0)

    answers = {zendesk.call("GET", "users/me").status_code for _ in range(30)}

    assert sum(injected.values()) > 10
    assert "conflict" not in injected
    assert "late_commit" not in injected
    assert answers == {200}


@pytest.mark.parametrize(("method", "absent"), [("PUT", set()), ("POST", {"conflict"})])
def test_chaos_repeats_with_its_seed_and_keeps_its_rate(method: str, absent: set[str]) -> None:
    call = Call(method=method, path="/api/v2/tickets/1")
    runs = []
    for _ in range(2):
        faults = Faults(MENU)
        faults.set_chaos({"seed": 7, "rate": 0.05})
        picked = [faults.pick(call) for _ in range(2000)]
        runs.append([fault.fault if fault else "" for fault in picked])

    assert runs[0] == runs[1]
    assert set(runs[0]) == {"", *MENU.chaos} - absent
    assert all(60 < runs[0].count(name) < 140 for name in MENU.chaos if name not in {*absent, "lost_answer"})
