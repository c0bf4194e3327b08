"""Many requests in one call, over real HTTP: what is sent, what is read, and what a failure of the whole means."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from salesforce_liar import EXPIRED, TOKEN, Liar, lying

from adapters.salesforce.org import Org, Step, Stepped, usage_in
from bridge.errors import Paused, Rejected, RetryLater, Trouble, Unsure
from bridge.ports import Usage

READ = Step(method="GET", path="query?q=SELECT+Id+FROM+Case")
WRITE = Step(
    method="POST",
    path="composite/sobjects",
    body={"allOrNone": False, "records": []},
    headers={"Sforce-Auto-Assign": "TRUE"},
)


@pytest.fixture(scope="module")
def server() -> Iterator[Liar]:
    with lying() as server:
        yield server


@pytest.fixture
def liar(server: Liar) -> Liar:
    server.requests.clear()
    server.tells.clear()
    server.says = {"token": (200, TOKEN)}
    return server


@pytest.fixture
def org(liar: Liar) -> Org:
    return Org(liar.settings())


def part(name: str, status: Any = 200, body: Any = None) -> dict[str, Any]:
    return {"referenceId": name, "httpStatusCode": status, "body": body, "httpHeaders": {}}


def whole(*parts: Any) -> tuple[int, Any]:
    return 200, {"compositeResponse": list(parts)}


def outcome(org: Org, *steps: Step, write: bool) -> Any:
    """What it returned or raised."""
    try:
        return org.composite(steps, write=write)
    except Trouble as trouble:
        return trouble


def test_all_requests_go_in_one_call_in_their_order(liar: Liar, org: Org) -> None:
    liar.says["composite"] = whole(part("step0"), part("step1"))

    org.composite([READ, WRITE])

    sent = liar.requests[-1]
    assert liar.heard == ["POST token", "POST composite"]
    assert json.loads(sent.body) == {
        "allOrNone": False,
        "collateSubrequests": False,
        "compositeRequest": [
            {"method": "GET", "url": "/services/data/v66.0/query?q=SELECT+Id+FROM+Case", "referenceId": "step0"},
            {
                "method": "POST",
                "url": "/services/data/v66.0/composite/sobjects",
                "referenceId": "step1",
                "body": {"allOrNone": False, "records": []},
                "httpHeaders": {"Sforce-Auto-Assign": "TRUE"},
            },
        ],
    }


def test_each_request_has_its_own_answer_whatever_their_order(liar: Liar, org: Org) -> None:
    refused = [{"errorCode": "INVALID_FIELD", "message": "No such column"}]
    liar.says["composite"] = whole(part("step1", 400, refused), part("step0", 200, {"records": []}))

    answers = org.composite([READ, WRITE])

    assert answers == [Stepped(status=200, body={"records": []}), Stepped(status=400, body=refused)]


MALFORMED = [
    (200, None),
    (200, {}),
    (200, []),
    (200, 7),
    (200, "no JSON"),
    (200, "cut"),
    (204, ""),
    (302, ""),
    (200, {"compositeResponse": None}),
    (200, {"compositeResponse": 7}),
    (200, {"compositeResponse": {"step0": part("step0")}}),
    whole(),
    whole(None),
    whole(part("step1")),
    whole(part("step0"), part("step1")),
    whole(part("step0", None)),
    whole(part("step0", "200")),
    (500, []),
    (503, "<html>busy</html>"),
    (502, {"error": "bad gateway"}),
    (400, "<html>edge</html>"),
]


@pytest.mark.parametrize("answer", MALFORMED)
def test_an_answer_that_tells_nothing_leaves_a_write_unsure_and_a_read_undone(
    liar: Liar, org: Org, answer: tuple[int, Any]
) -> None:
    liar.says["composite"] = answer

    asked, written = outcome(org, READ, write=False), outcome(org, WRITE, write=True)

    assert (type(asked), type(written)) == (RetryLater, Unsure)


def refusal(code: str, message: str = "") -> list[dict[str, str]]:
    return [{"errorCode": code, "message": message}]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((403, refusal("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")), Paused),
        (
            (403, refusal("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API) Limit exceeded.")),
            RetryLater,
        ),
        ((420, "<html>calm down</html>"), RetryLater),
        ((429, []), RetryLater),
        ((413, "<html>too large</html>"), Rejected),
        ((414, "<html>URI too long</html>"), Rejected),
        ((431, ""), Rejected),
        ((400, refusal("JSON_PARSER_ERROR", "Cannot deserialize")), Rejected),
        ((403, refusal("API_DISABLED_FOR_ORG", "The REST API is not enabled")), Paused),
        ((503, refusal("ORG_IN_MAINTENANCE")), Paused),
        ((401, refusal("INVALID_SESSION_ID", "This session is not valid for use with the REST API")), Paused),
    ],
)
@pytest.mark.parametrize("write", [False, True])
def test_a_call_that_is_refused_whole_applied_nothing(
    liar: Liar, org: Org, answer: tuple[int, Any], kind: type, write: bool
) -> None:
    liar.says["composite"] = answer

    assert type(outcome(org, WRITE if write else READ, write=write)) is kind


def test_an_expired_token_is_renewed_before_anything_is_applied(liar: Liar, org: Org) -> None:
    answers = iter([EXPIRED, whole(part("step0"))])
    liar.says["composite"] = lambda _: next(answers)

    assert org.composite([WRITE]) == [Stepped(status=200, body=None)]
    assert liar.heard == ["POST token", "POST composite", "POST token", "POST composite"]


# --- how much is used -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "usage"),
    [
        ("api-usage=18/5000", Usage(used=18, most=5000)),
        ("api-usage=25/5000; per-app-api-usage=17/250(appName=sample-app)", Usage(used=17, most=250)),
        ("api-usage=4900/5000; per-app-api-usage=17/250(appName=x)", Usage(used=4900, most=5000)),
        ("per-app-api-usage=17/250(appName=x)", Usage(used=17, most=250)),
        ("api-usage=25/5000; per-app-api-usage=0/0(appName=x)", Usage(used=25, most=5000)),
        ("api-usage=5100/5000", Usage(used=5100, most=5000)),
        ("api-usage=25/5000; per-app-api-usage=2/250(appName=api-usage=9/9)", Usage(used=2, most=250)),
        ("api-usage=0/0", None),
        ("api-usage=many/5000", None),
        ("", None),
    ],
)
def test_what_is_nearer_its_end_is_the_usage(header: str, usage: Usage | None) -> None:
    assert usage_in(header) == usage


@given(st.text(alphabet="api-usage=per/0123456789();, ", max_size=60))
def test_no_header_of_usage_breaks_a_call(header: str) -> None:
    found = usage_in(header)

    assert found is None or found.most > 0


def test_the_latest_answer_says_how_much_is_used_and_silence_changes_nothing(liar: Liar, org: Org) -> None:
    liar.says["limits"] = (200, {})
    before = org.usage
    liar.tells["Sforce-Limit-Info"] = "api-usage=18/5000"
    org.limits()
    liar.tells["Sforce-Limit-Info"] = "nonsense"
    org.limits()

    assert (before, org.usage) == (None, Usage(used=18, most=5000))
