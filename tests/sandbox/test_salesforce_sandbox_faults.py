"""Trouble on command: each fault does what it says, to the calls it is meant for, as often as told."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from org_process import OrgProcess, failed, row

from bridge.sandbox.faults import Faults
from bridge.sandbox.salesforce.faults import MENU
from bridge.sandbox.wire import Call

LOCKED = "unable to obtain exclusive access to this record"


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrgProcess]:
    process = OrgProcess(tmp_path_factory.mktemp("org"))
    yield process
    process.close()


@pytest.fixture(autouse=True)
def _new(org: OrgProcess) -> None:
    org.reset()


def subjects(org: OrgProcess) -> list[str]:
    return [one["fields"]["Subject"] for one in org.state()["cases"]]


def cut(org: OrgProcess, subject: str) -> None:
    with pytest.raises(requests.ConnectionError):
        org.call("POST", "sobjects/Case", json={"Subject": subject})


def test_an_expired_token_is_dead(org: OrgProcess) -> None:
    org.command("faults", fault="expired_token")

    answers = [org.call("GET", "limits"), org.call("GET", "limits")]
    org.token = ""
    again = org.call("GET", "limits")

    expired = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
    assert [(one.status_code, one.json()) for one in answers] == [(401, expired)] * 2
    assert again.status_code == 200


def test_logins_can_be_refused(org: OrgProcess) -> None:
    org.command("faults", fault="login_refused", times=2)

    statuses = [org.log_in().status_code for _ in range(3)]

    assert statuses == [400, 400, 200]


def test_a_lock_meets_one_row(org: OrgProcess) -> None:
    org.command("faults", fault="row_lock", row=1)

    results = org.collection([row("Case", Subject="a"), row("Case", Subject="b")])

    assert results[1] == failed("UNABLE_TO_LOCK_ROW", LOCKED)
    assert subjects(org) == ["a"]


def test_a_lock_waits_for_a_call_that_writes_rows(org: OrgProcess) -> None:
    step = {"method": "GET", "url": "/services/data/v66.0/sobjects/Case/describe", "referenceId": "case"}
    org.command("faults", fault="row_lock")

    read = org.call("POST", "composite", json={"compositeRequest": [step]})
    results = org.collection([row("Case", Subject="a")])

    assert read.json()["compositeResponse"][0]["httpStatusCode"] == 200
    assert results == [failed("UNABLE_TO_LOCK_ROW", LOCKED)]


def test_a_lock_names_the_record(org: OrgProcess) -> None:
    case = org.create("Case", Subject="a")
    org.command("faults", fault="row_lock", times=2)

    comment = org.collection([row("CaseComment", ParentId=case, CommentBody="x")])
    alone = org.call("PATCH", f"sobjects/Case/{case}", json={"Subject": "b"})

    message = f"{LOCKED} or 1 records: {case}"
    assert comment == [failed("UNABLE_TO_LOCK_ROW", message)]
    assert (alone.status_code, alone.json()) == (400, [{"message": message, "errorCode": "UNABLE_TO_LOCK_ROW"}])


@pytest.mark.parametrize(
    ("fault", "status", "code", "message"),
    [
        ("daily_limit", 403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
        (
            "concurrent_limit",
            403,
            "REQUEST_LIMIT_EXCEEDED",
            "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
        ),
        ("server_error", 503, "SERVER_UNAVAILABLE", "Server is temporarily unavailable. Please try again later."),
    ],
)
def test_a_refusal_applies_nothing(org: OrgProcess, fault: str, status: int, code: str, message: str) -> None:
    org.command("faults", fault=fault)

    answer = org.call("POST", "sobjects/Case", json={"Subject": "a"})

    assert (answer.status_code, answer.json()) == (status, [{"message": message, "errorCode": code}])
    assert subjects(org) == []


def test_an_html_error_is_html(org: OrgProcess) -> None:
    org.command("faults", fault="html_error")

    answer = org.call("POST", "sobjects/Case", json={"Subject": "a"})

    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html;charset=UTF-8")
    assert subjects(org) == []


def test_a_lost_answer_was_applied(org: OrgProcess) -> None:
    org.command("faults", fault="lost_answer")

    cut(org, "lost")

    assert subjects(org) == ["lost"]


def test_a_call_refused_before_was_not_applied(org: OrgProcess) -> None:
    org.command("faults", fault="refused_before")

    cut(org, "never")

    assert subjects(org) == []


def test_a_late_commit_comes_after_the_cut(org: OrgProcess) -> None:
    org.command("faults", fault="late_commit", seconds=0.5)

    cut(org, "late")
    at_once = subjects(org)
    deadline = time.monotonic() + 10
    while org.session.get(f"{org.base}/sandbox/chaos", timeout=20).json()["late"] and time.monotonic() < deadline:
        time.sleep(0.05)

    assert at_once == []
    assert subjects(org) == ["late"]


def test_a_slow_answer_was_applied_when_the_client_gives_up(org: OrgProcess) -> None:
    assert org.call("GET", "limits").status_code == 200
    org.command("faults", fault="slow", seconds=5)

    with pytest.raises(requests.ReadTimeout):
        org.session.post(
            f"{org.base}/services/data/v66.0/sobjects/Case",
            json={"Subject": "slow"},
            headers={"Authorization": f"Bearer {org.token}"},
            timeout=1,
        )

    assert subjects(org) == ["slow"]


def test_a_fault_meets_only_the_calls_it_is_meant_for(org: OrgProcess) -> None:
    case = org.create("Case", Subject="a")
    org.command("faults", fault="server_error", path="composite", method="POST", sobject="CaseComment", after=1)
    comment = {"records": [row("CaseComment", ParentId=case, CommentBody="x")]}

    statuses = [
        org.call("GET", "query", params={"q": "SELECT Id FROM CaseComment"}).status_code,
        org.call("POST", "composite/sobjects", json={"records": [row("Case", Subject="b")]}).status_code,
        org.call("POST", "composite/sobjects", json=comment).status_code,
        org.call("POST", "composite/sobjects", json=comment).status_code,
        org.call("POST", "composite/sobjects", json=comment).status_code,
    ]

    assert statuses == [200, 200, 200, 503, 200]


def test_faults_can_be_taken_back(org: OrgProcess) -> None:
    org.command("faults", fault="server_error", times=5)

    org.session.delete(f"{org.base}/sandbox/faults", timeout=20)

    assert org.call("GET", "limits").status_code == 200


@pytest.mark.parametrize(
    ("path", "spec"),
    [
        ("faults", {}),
        ("faults", {"fault": "earthquake"}),
        ("faults", {"fault": "slow", "seconds": "3"}),
        ("faults", {"fault": "slow", "second": 3}),
        ("chaos", {"rate": 0.5}),
        ("chaos", {"rat": 0.1}),
        ("chaos", {"rate": 0.1, "late_seconds": 3}),
        ("switches", {"comment_edit": "yes"}),
        ("switches", {"comments": True}),
        ("switches", {"assignment_rule": "00GSb0000000zzz"}),
        ("clock", {"offset_seconds": "1"}),
        ("clock", {"offset_seconds": 1e300}),
        ("clock", {}),
    ],
)
def test_a_wrong_command_is_refused_with_a_reason(org: OrgProcess, path: str, spec: dict[str, Any]) -> None:
    answer = org.command(path, **spec)

    assert (answer.status_code, list(answer.json())) == (400, ["error"])


def test_chaos_is_counted_and_ends_with_rate_0(org: OrgProcess) -> None:
    org.command("chaos", seed=1, rate=0.1, late_seconds=[0.0, 0.01])
    for _ in range(30):
        try:
            if org.call("GET", "limits").status_code == 401:
                org.token = ""
        except requests.ConnectionError:
            continue
    injected = org.session.get(f"{org.base}/sandbox/chaos", timeout=20).json()["injected"]
    org.token = ""
    org.command("chaos", rate=0)

    answers = [org.call("GET", "limits").status_code for _ in range(30)]

    assert sum(injected.values()) > 5
    assert answers == [200] * 30


def test_chaos_repeats_with_its_seed_and_keeps_its_rate() -> None:
    call = Call(method="POST", path="/services/data/v66.0/composite/sobjects")
    runs = []
    for _ in range(2):
        faults = Faults(MENU)
        faults.set_chaos({"seed": 7, "rate": 0.05})
        picked = [faults.pick(call) for _ in range(2000)]
        runs.append([fault.fault if fault else "" for fault in picked])

    assert runs[0] == runs[1]
    assert all(60 < runs[0].count(name) < 140 for name in MENU.chaos)
