"""Composites: several requests in one call, their references, their order, their roll-back, their faults."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from org_process import DATA, ROLLED_BACK, OrgProcess, failed, row

KEY = "Social_Conversation_Key__c"
CASES = f"{DATA}/composite/sobjects"
HALTED = [
    {
        "message": "The transaction was rolled back since another operation in the same transaction failed.",
        "errorCode": "PROCESSING_HALTED",
    }
]


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrgProcess]:
    process = OrgProcess(tmp_path_factory.mktemp("org"))
    yield process
    process.close()


@pytest.fixture(autouse=True)
def _new(org: OrgProcess) -> None:
    org.reset()


def step(name: str, method: str, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
    given = {"referenceId": name, "method": method, "url": f"{DATA}/{path}", **more}
    return given if body is None else {**given, "body": body}


def create(name: str, *rows: dict[str, Any], whole: bool = False) -> dict[str, Any]:
    return step(name, "POST", "composite/sobjects", {"allOrNone": whole, "records": list(rows)})


def send(org: OrgProcess, *steps: dict[str, Any], **flags: Any) -> Any:
    body = {"allOrNone": False, "collateSubrequests": False, **flags, "compositeRequest": list(steps)}
    return org.call("POST", "composite", json=body)


def answers(org: OrgProcess, *steps: dict[str, Any], **flags: Any) -> list[tuple[int, Any]]:
    """Status and body of every step; they stand in the order of the request."""
    answer = send(org, *steps, **flags)
    assert answer.status_code == 200, answer.text
    found = answer.json()["compositeResponse"]
    assert [one["referenceId"] for one in found] == [one["referenceId"] for one in steps]
    return [(one["httpStatusCode"], one["body"]) for one in found]


def subjects(org: OrgProcess) -> list[str]:
    return [one["fields"]["Subject"] for one in org.state()["cases"] if not one["deleted"]]


def test_a_composite_is_one_call(org: OrgProcess) -> None:
    answer = send(
        org,
        step("known", "GET", "query?q=SELECT+Id+FROM+Case+WHERE+Subject+%3D+%27a+%26+b%27"),
        create("new", row("Case", Subject="a & b"), row("Case", Nope="x")),
        step("one", "POST", "sobjects/Case", {"Subject": "c"}),
        step("gone", "PATCH", "sobjects/Case/500Sb0000000zzz", {"Subject": "d"}),
    )

    known, new, one, gone = answer.json()["compositeResponse"]
    place = {"Location": f"{DATA}/sobjects/Case/{one['body']['id']}"}
    assert known["body"] == {"totalSize": 0, "done": True, "records": []}
    assert (new["httpStatusCode"], [r["success"] for r in new["body"]]) == (200, [True, False])
    assert (one["httpStatusCode"], one["httpHeaders"]) == (201, place)
    assert (gone["httpStatusCode"], gone["body"][0]["errorCode"]) == (404, "NOT_FOUND")
    state = org.state()
    assert {name: n for name, n in state["calls"].items() if "oauth2" not in name} == {"POST composite": 1}
    assert state["steps"] == {
        "GET query": 1, "POST composite/sobjects": 1, "POST sobjects/Case": 1, "PATCH sobjects/Case/<id>": 1,
    }  # fmt: skip


def test_steps_refer_to_the_answers_before_them(org: OrgProcess) -> None:
    contact = org.create("Contact", LastName="Doe", FirstName="Ann")

    found = answers(
        org,
        step("person", "GET", f"sobjects/Contact/{contact}"),
        create("cases", row("Case", Subject="of @{person.FirstName}", ContactId="@{person.Id}")),
        step("comment", "POST", "sobjects/CaseComment", {"ParentId": "@{cases[0].id}", "CommentBody": "hi"}),
        step("changed", "PATCH", "sobjects/Case/@{cases[0].id}", {"Priority": "High"}),
        step("read", "GET", "query?q=SELECT+Id+FROM+Case"),
        step("again", "PATCH", "sobjects/Case/@{read.records[0].Id}", {"Origin": "Web"}),
    )

    assert [status for status, _ in found] == [200, 200, 201, 204, 200, 204]
    [case] = org.state()["cases"]
    shown = {name: case["fields"][name] for name in ("Subject", "ContactId", "Priority", "Origin")}
    assert shown == {"Subject": "of Ann", "ContactId": contact, "Priority": "High", "Origin": "Web"}
    assert [one["body"] for one in case["comments"]] == ["hi"]


@pytest.mark.parametrize("path", ["made.Id", "made.id.x", "made[0].id", "made", "other.id"])
def test_a_reference_to_nothing_halts_its_step(org: OrgProcess, path: str) -> None:
    found = answers(
        org,
        step("made", "POST", "sobjects/Case", {"Subject": "a"}),
        step("next", "POST", "sobjects/CaseComment", {"ParentId": f"@{{{path}}}"}),
        step("last", "POST", "sobjects/Case", {"Subject": "b"}),
    )

    name = "other" if path.startswith("other") else "made"
    text = f"Invalid reference specified. No value for {path} found in {name}"
    assert found[1] == (400, [{"message": text, "errorCode": "PROCESSING_HALTED"}])
    assert subjects(org) == ["a", "b"]


def test_a_step_has_headers_of_its_own(org: OrgProcess) -> None:
    queue = org.query("SELECT Id FROM Group WHERE DeveloperName = 'Social_Queue'")[0]["Id"]
    org.command("switches", assignment_rule=queue)
    unassigned = {"httpHeaders": {"Sforce-Auto-Assign": "FALSE"}}

    answers(
        org,
        step("a", "POST", "sobjects/Case", {"Subject": "a"}),
        step("b", "POST", "sobjects/Case", {"Subject": "b"}, **unassigned),
    )

    assert [one["fields"]["OwnerId"] for one in org.state()["cases"]] == [queue, "005Sb0000000001IAA"]


GOOD = step("a", "POST", "sobjects/Case", {"Subject": "a"})
QUERY = "query?q=SELECT+Id+FROM+Case"


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        ([], "MISSING_ARGUMENT"),
        ([{**GOOD, "referenceId": f"a{n}"} for n in range(26)], "INVALID_INPUT"),
        ([step(f"a{n}", "GET", QUERY) for n in range(3)] + [create(f"b{n}") for n in range(3)], "INVALID_INPUT"),
        ([GOOD, GOOD], "INVALID_INPUT"),
        ([GOOD, {**GOOD, "referenceId": "a-b"}], "INVALID_INPUT"),
        ([GOOD, {**GOOD, "referenceId": "_a"}], "INVALID_INPUT"),
        ([GOOD, {"method": "POST", "url": f"{DATA}/sobjects/Case"}], "MISSING_ARGUMENT"),
        ([GOOD, {**GOOD, "referenceId": "b", "method": "post"}], "INVALID_INPUT"),
        ([GOOD, {**GOOD, "referenceId": "b", "url": "/sobjects/Case"}], "INVALID_INPUT"),
        ([GOOD, {**GOOD, "referenceId": "b", "headers": {}}], "JSON_PARSER_ERROR"),
        ([GOOD, "b"], "JSON_PARSER_ERROR"),
        *(
            ([GOOD, {**GOOD, "referenceId": "b", "httpHeaders": {name: "x"}}], "INVALID_INPUT")
            for name in ("Accept", "authorization", "Content-Type")
        ),
    ],
)
def test_a_malformed_composite_is_refused_whole(org: OrgProcess, steps: list[Any], code: str) -> None:
    answer = send(org, *steps)

    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)
    assert subjects(org) == []


def test_what_cannot_be_a_step_fails_alone(org: OrgProcess) -> None:
    found = answers(org, step("limits", "GET", "limits"), GOOD, step("nested", "POST", "composite", {}))

    assert [status for status, _ in found] == [400, 201, 400]


def test_all_or_none_takes_back_what_was_done(org: OrgProcess) -> None:
    old = org.create("Case", Subject="old")

    found = answers(
        org,
        step("changed", "PATCH", f"sobjects/Case/{old}", {"Subject": "new"}),
        create("rows", row("Case", Subject="a"), row("Case", Nope="b")),
        step("never", "POST", "sobjects/Case", {"Subject": "c"}),
        allOrNone=True,
    )

    bad = failed("INVALID_FIELD", "No such column 'Nope' on sobject of type Case")
    assert found == [(400, HALTED), (200, [{"success": False, "errors": [ROLLED_BACK]}, bad]), (400, HALTED)]
    assert subjects(org) == ["old"]


def test_all_or_none_reads_what_it_wrote(org: OrgProcess) -> None:
    found = answers(
        org,
        step("a", "POST", "sobjects/Case", {"Subject": "a"}),
        step("read", "GET", "query?q=SELECT+Subject+FROM+Case"),
        allOrNone=True,
    )

    assert found[1][1]["totalSize"] == 1
    assert subjects(org) == ["a"]


def test_collated_steps_keep_no_order_but_that_of_references(org: OrgProcess) -> None:
    steps = [
        step("a", "POST", "sobjects/Case", {"Subject": "a"}),
        step("b", "POST", "sobjects/Case", {"Subject": "b"}),
        step("c", "POST", "sobjects/Case", {"Subject": "c", "ParentId": "@{a.id}"}),
    ]

    answers(org, *steps, collateSubrequests=True)
    worst = subjects(org)
    org.reset()
    org.command("switches", shuffle=False)
    answers(org, *steps, collateSubrequests=True)

    assert (worst, subjects(org)) == (["a", "c", "b"], ["a", "b", "c"])


def test_a_fault_meets_the_row_that_is_meant(org: OrgProcess) -> None:
    org.command("faults", fault="row_lock", sobject="Contact", row=1)
    org.command(
        "faults", fault="row_refused", holding="k:2", code="DUPLICATE_VALUE", says="it is there", field=KEY
    )
    steps = (
        step("known", "GET", QUERY),
        create("people", row("Contact", LastName="a"), row("Contact", LastName="b")),
        create("cases", row("Case", Subject="a"), row("Case", Subject="b", **{KEY: "k:2"})),
    )

    first, second, third = (answers(org, *steps) for _ in range(3))

    def went_well(found: list[tuple[int, Any]]) -> list[list[bool]]:
        return [[one["success"] for one in rows] for _, rows in found[1:]]

    assert went_well(first) == [[True, False], [True, True]]
    assert went_well(second) == [[True, True], [True, False]]
    assert second[2][1][1] == failed("DUPLICATE_VALUE", "it is there", KEY)
    assert third[2][1][1]["errors"][0]["message"].startswith("duplicate value found")


def test_a_fault_can_name_the_step(org: OrgProcess) -> None:
    org.command("faults", fault="row_refused", step="b")

    found = answers(org, *(step(name, "POST", "sobjects/Case", {"Subject": name}) for name in "abc"))

    assert [status for status, _ in found] == [201, 400, 201]
    assert found[1][1][0]["errorCode"] == "FIELD_CUSTOM_VALIDATION_EXCEPTION"


def test_a_lost_answer_was_applied_whole(org: OrgProcess) -> None:
    org.command("faults", fault="lost_answer", path="composite", sobject="Case")

    with pytest.raises(OSError, match="aborted"):
        send(org, create("a", row("Case", Subject="a")), create("b", row("Case", Subject="b")))

    assert subjects(org) == ["a", "b"]


def test_a_describe_can_be_a_step(org: OrgProcess) -> None:
    [(status, body)] = answers(org, step("case", "GET", "sobjects/Case/describe"))

    assert (status, body["name"]) == (200, "Case")


def test_a_read_of_many_is_no_write_for_a_fault(org: OrgProcess) -> None:
    org.command("faults", fault="row_refused", sobject="Case")
    read = step("read", "POST", "composite/sobjects/Case", {"ids": ["500Sb0000000zzz"], "fields": ["Id"]})

    found = answers(org, read, create("new", row("Case", Subject="a")))

    assert found[0] == (200, [None])
    assert found[1][1][0]["success"] is False
