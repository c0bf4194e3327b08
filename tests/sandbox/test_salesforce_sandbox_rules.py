"""What an org has against a record or a request: rules, duplicates, locks, maintenance, limits."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from org_process import OrgProcess, failed, row

LOCKED = "unable to obtain exclusive access to this record or 1 records: "


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrgProcess]:
    process = OrgProcess(tmp_path_factory.mktemp("org"))
    yield process
    process.close()


@pytest.fixture(autouse=True)
def _new(org: OrgProcess) -> None:
    org.reset()


def composite(org: OrgProcess, method: str, *rows: dict[str, Any], **headers: str) -> list[dict[str, Any]]:
    """The results of one collection within a composite."""
    step = {
        "method": method,
        "url": "/services/data/v66.0/composite/sobjects",
        "referenceId": "rows",
        "body": {"allOrNone": False, "records": list(rows)},
        "httpHeaders": headers,
    }
    answer = org.call("POST", "composite", json={"collateSubrequests": False, "compositeRequest": [step]})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["compositeResponse"][0]["body"])


# --- rules ----------------------------------------------------------------------------------------------------


def test_a_validation_rule_meets_only_what_it_is_about(org: OrgProcess) -> None:
    rule = {
        "kind": "validation",
        "object": "Case",
        "field": "Priority",
        "message": "High needs a reason",
        "when": {"Priority": "High", "Reason": None},
        "on": "create",
    }
    assert org.command("rules", rules=[rule]).status_code == 200

    results = composite(
        org,
        "POST",
        row("Case", Priority="High"),
        row("Case", Priority="High", Reason="Other"),
        row("Contact", LastName="A"),
    )
    changed = org.collection([row("Case", Id=results[1]["id"], Reason=None)], method="PATCH")

    assert results[0] == failed("FIELD_CUSTOM_VALIDATION_EXCEPTION", "High needs a reason", "Priority")
    assert [one["success"] for one in [*results[1:], *changed]] == [True, True, True]


@pytest.mark.parametrize(
    ("rule", "code", "fields"),
    [
        ({"kind": "validation"}, "FIELD_CUSTOM_VALIDATION_EXCEPTION", []),
        ({"kind": "required", "field": "Reason"}, "REQUIRED_FIELD_MISSING", ["Reason"]),
        ({"kind": "trigger"}, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", []),
        ({"kind": "storage"}, "STORAGE_LIMIT_EXCEEDED", []),
    ],
)
def test_each_kind_of_rule_has_its_own_refusal(
    org: OrgProcess, rule: dict[str, Any], code: str, fields: list[str]
) -> None:
    org.command("rules", rules=[{"object": "Case", **rule}])

    [result] = composite(org, "POST", row("Case", Subject="a"))
    alone = org.call("POST", "sobjects/Case", json={"Subject": "a"})

    [error] = result["errors"]
    assert (error["statusCode"], error["fields"]) == (code, fields)
    assert (alone.status_code, alone.json()[0]["errorCode"]) == (400, code)
    assert org.state()["cases"] == []


def test_a_trigger_can_fail_for_a_lock_of_some_other_record(org: OrgProcess) -> None:
    case = org.create("Case", Subject="a")
    org.command("rules", rules=[{"kind": "trigger", "object": "Case", "on": "update", "lock": True}])

    [result] = org.collection([row("Case", Id=case, Subject="b")], method="PATCH")

    [error] = result["errors"]
    assert error["statusCode"] == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    assert "first error: UNABLE_TO_LOCK_ROW, unable to obtain exclusive access" in error["message"]
    assert org.read("Case", case)["Subject"] == "a"


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        (None, "send {"),
        (["x"], "a rule is a map"),
        ([{}], "kind: None is none of validation, required, trigger, storage"),
        ([{"kind": "validation"}], "object: a rule needs the name"),
        ([{"kind": "required", "object": "Case"}], "field: a required field needs a name"),
        ([{"kind": "validation", "object": "Case", "on": "delete"}], "on: 'delete' is none of create, update"),
        ([{"kind": "validation", "object": 1}], "object: 1 is no str"),
        ([{"kind": "validation", "objects": "Case"}], "'objects' is no key of a rule"),
    ],
)
def test_a_wrong_rule_is_refused_with_a_reason(org: OrgProcess, rules: Any, problem: str) -> None:
    answer = org.command("rules", rules=rules)

    assert answer.status_code == 400
    assert problem in answer.json()["error"]


def test_any_status_can_be_one_that_closes(org: OrgProcess) -> None:
    org.command("switches", closed_statuses=["Escalated"])
    case = org.create("Case", Subject="a", Status="Escalated")

    closed = org.read("Case", case)
    org.call("PATCH", f"sobjects/Case/{case}", json={"Status": "Closed"})
    again = org.read("Case", case)

    assert (closed["IsClosed"], closed["ClosedDate"]) == (True, closed["CreatedDate"])
    assert (again["IsClosed"], again["ClosedDate"]) == (False, None)


# --- duplicates -----------------------------------------------------------------------------------------------


def test_a_duplicate_rule_names_everyone_whom_it_has_found(org: OrgProcess) -> None:
    contacts = [org.create("Contact", LastName=name, Email="A@example.com") for name in ("A", "B")]
    org.command("switches", duplicate_rule=True)

    [result] = composite(org, "POST", row("Contact", LastName="C", Email="a@example.com"))
    alone = org.call("POST", "sobjects/Contact", json={"LastName": "C", "Email": "a@example.com"})

    [error] = result["errors"]
    found = error["duplicateResult"]
    [matched] = found["matchResults"]
    assert (error["statusCode"], error["message"]) == ("DUPLICATES_DETECTED", "Use one of these records?")
    assert (found["allowSave"], found["duplicateRuleEntityType"]) == (True, "Contact")
    assert [one["record"]["Id"] for one in matched["matchRecords"]] == contacts
    assert matched["size"] == 2
    assert alone.json()[0]["duplicateResut"] == found


@pytest.mark.parametrize(
    ("warns", "header", "saved"),
    [
        (True, "allowSave=true; includeRecordDetails=false; runAsCurrentUser=true", True),
        (True, "allowSave=false", False),
        (False, "allowSave=true", False),
    ],
)
def test_a_rule_that_only_warns_can_be_overruled(org: OrgProcess, warns: bool, header: str, saved: bool) -> None:
    org.create("Contact", LastName="A", Email="a@example.com")
    org.command("switches", duplicate_rule=True, duplicate_warns=warns)
    another = row("Contact", LastName="B", Email="a@example.com")

    [result] = composite(org, "POST", another, **{"Sforce-Duplicate-Rule-Header": header})

    assert result["success"] is saved


# --- locks ----------------------------------------------------------------------------------------------------


def test_a_locked_record_stops_those_who_need_it_and_nobody_else(org: OrgProcess) -> None:
    case, other = (org.create("Case", Subject=name) for name in "ab")
    org.command("locks", record=case, seconds=60)

    results = composite(
        org,
        "POST",
        row("CaseComment", ParentId=case, CommentBody="x"),
        row("CaseComment", ParentId=other, CommentBody="x"),
    )
    change = org.call("PATCH", f"sobjects/Case/{case}", json={"Subject": "c"})
    org.command("locks", record=case, seconds=0)
    again = org.call("PATCH", f"sobjects/Case/{case}", json={"Subject": "c"})

    assert results[0] == failed("UNABLE_TO_LOCK_ROW", LOCKED + case)
    assert results[1]["success"] is True
    assert (change.status_code, again.status_code) == (400, 204)


def test_two_requests_on_one_parent_meet_while_the_first_holds_its_lock(org: OrgProcess) -> None:
    case = org.create("Case", Subject="a")
    comment = row("CaseComment", ParentId=case, CommentBody="x")
    org.command("locks", seconds=60)

    first = composite(org, "POST", comment, comment)
    second = composite(org, "POST", comment)
    org.command("locks", seconds=0)

    assert [one["success"] for one in first] == [True, True]
    assert second == [failed("UNABLE_TO_LOCK_ROW", LOCKED + case)]


@pytest.mark.parametrize("spec", [{}, {"seconds": -1}, {"seconds": True}, {"seconds": 1, "record": "x"}])
def test_a_wrong_lock_is_refused(org: OrgProcess, spec: dict[str, Any]) -> None:
    assert org.command("locks", **spec).status_code == 400


# --- the whole org --------------------------------------------------------------------------------------------


def test_in_maintenance_everything_can_be_read_and_nothing_changed(org: OrgProcess) -> None:
    case = org.create("Case", Subject="a")
    org.command("switches", maintenance="read_only")

    codes = [
        composite(org, "POST", row("Case", Subject="b"))[0]["errors"][0]["statusCode"],
        org.collection([row("Case", Id=case, Subject="b")], method="PATCH")[0]["errors"][0]["statusCode"],
        org.call("DELETE", f"sobjects/Case/{case}").json()[0]["errorCode"],
    ]

    assert codes == ["INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE"] * 3
    assert org.read("Case", case)["Subject"] == "a"


def test_an_org_that_is_down_answers_nothing_else(org: OrgProcess) -> None:
    org.command("switches", maintenance="down")

    answer = org.call("GET", "limits")

    assert (answer.status_code, answer.json()[0]["errorCode"]) == (503, "ORG_IN_MAINTENANCE")


@pytest.mark.parametrize(("used", "status"), [(60, 201), (96, 201), (99, 201), (100, 403)])
def test_what_others_have_used_counts(org: OrgProcess, used: int, status: int) -> None:
    org.command("switches", daily_limit=100, daily_used=used, app_limit=250)

    answer = org.call("POST", "sobjects/Case", json={"Subject": "a"})

    usage = f"api-usage={used + 1}/100; per-app-api-usage=1/250(appName=Casebridge)"
    assert (answer.status_code, answer.headers["Sforce-Limit-Info"]) == (status, usage)


def test_a_composite_is_one_call(org: OrgProcess) -> None:
    composite(org, "POST", row("Case", Subject="a"))

    assert org.call("GET", "limits").headers["Sforce-Limit-Info"] == "api-usage=2/5000000"


def test_long_calls_at_one_time_are_limited(org: OrgProcess) -> None:
    org.call("GET", "limits")
    org.command("switches", concurrent_limit=1, long_running=0)
    org.command("faults", fault="slow", seconds=1, method="POST")
    data, token = f"{org.base}/services/data/v66.0", {"Authorization": f"Bearer {org.token}"}
    answers: list[requests.Response] = []

    def create() -> None:
        answers.append(requests.post(f"{data}/sobjects/Case", json={}, headers=token, timeout=20))

    slow = threading.Thread(target=create)
    slow.start()
    deadline = time.monotonic() + 10
    while not org.state()["cases"] and time.monotonic() < deadline:  # it is under way once it has committed
        time.sleep(0.02)
    meanwhile = org.call("GET", "limits")
    slow.join()

    assert (meanwhile.status_code, meanwhile.json()[0]["errorCode"]) == (403, "REQUEST_LIMIT_EXCEEDED")
    assert re.match(r"ConcurrentRequests \(Concurrent API", meanwhile.json()[0]["message"])
    assert [one.status_code for one in answers] == [201]
    assert org.call("GET", "limits").status_code == 200


@pytest.mark.parametrize(
    "spec", [{"maintenance": "maybe"}, {"login_error": "no"}, {"revoked": 1}, {"closed_statuses": "Closed"}]
)
def test_a_wrong_switch_is_refused(org: OrgProcess, spec: dict[str, Any]) -> None:
    assert org.command("switches", **spec).status_code == 400


# --- trouble around a composite -------------------------------------------------------------------------------


@pytest.mark.parametrize(("fault", "kept"), [("lost_answer", 1), ("refused_before", 0)])
def test_a_composite_can_be_cut_off_before_or_after_its_commit(org: OrgProcess, fault: str, kept: int) -> None:
    org.command("faults", fault=fault, path="composite")

    with pytest.raises(requests.ConnectionError):
        composite(org, "POST", row("Case", Subject="a"))

    assert len(org.state()["cases"]) == kept


def test_a_composite_can_be_carried_out_late(org: OrgProcess) -> None:
    org.command("faults", fault="late_commit", path="composite", seconds=0.2)

    with pytest.raises(requests.ConnectionError):
        composite(org, "POST", row("Case", Subject="a"))
    at_once = org.state()["cases"]
    deadline = time.monotonic() + 10
    while org.session.get(f"{org.base}/sandbox/faults", timeout=20).json()["late"] and time.monotonic() < deadline:
        time.sleep(0.02)

    assert at_once == []
    assert len(org.state()["cases"]) == 1


def test_an_org_without_the_plugin_has_no_box_for_its_messages(org: OrgProcess) -> None:
    answer = org.session.post(f"{org.base}/sandbox/cases/1/messages", data={"text": "x"}, timeout=20)

    assert answer.status_code == 404
