"""Answers that no honest org gives, from a server that says whatever it is told to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from salesforce_liar import TOKEN, Heard, Liar, Says, answered, describing, lying, rows
from salesforce_org import KEY_FIELD, NOW, filing, part

from adapters.salesforce import Salesforce
from adapters.salesforce.login import HOME
from adapters.salesforce.org import Org
from bridge.errors import Paused, Rejected, RetryLater, Unsure
from bridge.ports import Known, PersonFound, PersonMatch, Receipt

CREATED = {"id": "500000000000001AAA", "success": True, "errors": []}


@pytest.fixture(scope="module")
def server() -> Iterator[Liar]:
    with lying() as server:
        yield server


@pytest.fixture
def liar(server: Liar) -> Liar:
    server.requests.clear()
    server.says = {"token": (200, TOKEN)}
    return server


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
        (204, ""),
        (302, ""),
        (500, []),
    ],
)
def test_a_write_that_is_answered_with_nonsense_is_unsure(liar: Liar, answer: tuple[int, Any]) -> None:
    liar.says["composite"] = describing(others=answer)

    assert type(first_outcome(liar.crm())) is Unsure


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        [],
        [CREATED, CREATED],
        [None],
        [{"id": None, "success": True}],
        [{"id": "../../x", "success": True}],
        [{"id": "500000000000001AAA", "success": "yes"}],
    ],
)
def test_rows_that_are_answered_with_nonsense_are_unsure(liar: Liar, body: object) -> None:
    liar.says["composite"] = describing(others=rows(body))

    assert type(first_outcome(liar.crm())) is Unsure


def test_a_text_that_was_refused_halfway_says_what_stands_already(liar: Liar) -> None:
    refused = {"success": False, "errors": [{"statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "No."}]}
    case = {"Id": CREATED["id"], "IsClosed": False}
    liar.says["composite"] = describing(others=rows([CREATED, refused, CREATED], case))
    long = filing("a", part("m1", "x" * 9000), known=Known(case_id=str(CREATED["id"])))

    [(_, outcome)] = [pair for step in liar.crm().file([long], now=NOW) for pair in step]

    assert isinstance(outcome, Rejected)
    assert outcome.partly
    assert str(outcome) == (
        "Salesforce refused with FIELD_CUSTOM_VALIDATION_EXCEPTION: No.; correct the mapping or the field, then "
        "replay; pieces 1, 3 of 3 of this text stand in the case"
    )


def refused_row(code: str, message: str, *fields: str) -> dict[str, Any]:
    return {"success": False, "errors": [{"statusCode": code, "message": message, "fields": list(fields)}]}


def test_lengths_that_do_not_settle_come_to_an_end(liar: Liar) -> None:
    lengths = iter(range(200, 0, -1))

    def answer(heard: Heard) -> tuple[int, Any]:
        said = f"Subject: data value too large: secret (max length={next(lengths)})"
        told = rows([refused_row("STRING_TOO_LONG", said, "Subject")])
        assert callable(told)
        return told(heard)

    liar.says["composite"] = describing(others=answer)

    outcome = first_outcome(liar.crm())

    assert type(outcome) is RetryLater
    assert (outcome.counts, "too long for its field" in str(outcome)) == (True, True)
    assert "secret" not in str(outcome)
    assert liar.heard == ["POST token"] + ["POST composite"] * (1 + 6)


def test_a_case_that_is_hidden_from_us_is_not_looked_for_over_and_over(liar: Liar) -> None:
    said = f"duplicate value found: {KEY_FIELD} duplicates value on record with id: {CREATED['id']}"
    liar.says["composite"] = describing(others=rows([refused_row("DUPLICATE_VALUE", said)]))

    outcome = first_outcome(liar.crm())

    assert type(outcome) is RetryLater
    assert (outcome.counts, "does not show it" in str(outcome)) == (True, True)
    assert liar.heard == ["POST token"] + ["POST composite"] * (1 + 3)  # opened, asked for, opened


def test_a_call_that_is_refused_as_a_whole_is_repeated_row_by_row(liar: Liar) -> None:
    bad = (400, [{"errorCode": "JSON_PARSER_ERROR", "message": "Cannot deserialize"}])

    def collection(heard: Heard) -> tuple[int, Any]:
        records = json.loads(heard.body)["records"]
        return bad if any(row["Subject"] == "case b" for row in records) else (200, [CREATED] * len(records))

    liar.says |= {"composite": describing(others=bad), "sobjects": collection}
    given = [filing(key, part(key), create={"Subject": f"case {key}"}) for key in "abc"]
    pairs = [pair for step in liar.crm().file(given, now=NOW) for pair in step]

    assert {index: type(outcome) for index, outcome in pairs} == {0: Receipt, 1: Rejected, 2: Receipt}


def stepwise(*answers: tuple[int, Any]) -> Says:
    """Answer the collections within a composite so, one after the other, and each query with an open case."""
    case = {"Id": CREATED["id"], "IsClosed": False}
    page = (200, {"records": [case], "done": True})

    def answer(heard: Heard) -> tuple[int, Any]:
        steps, left = json.loads(heard.body)["compositeRequest"], iter(answers)
        return answered(steps, [page if step["method"] == "GET" else next(left) for step in steps])

    return describing(others=answer)


BUSY = (503, [{"errorCode": "SERVER_UNAVAILABLE", "message": "busy"}])
LIMIT = (403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}])
LOCKED = refused_row("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")


@pytest.mark.parametrize(("answer", "told"), [(BUSY, [Unsure]), (LIMIT, [])])
def test_a_step_that_was_not_carried_out_takes_no_neighbour_with_it(
    liar: Liar, answer: tuple[int, Any], told: list[type]
) -> None:
    liar.says["composite"] = stepwise((200, [CREATED]), answer)
    given = [filing("a", part("m1")), filing("b", part("m2"), create={"OwnerId": "005000000000001AAA"})]

    outcomes: dict[int, Any] = {}
    paused = False
    try:
        for step in liar.crm().file(given, now=NOW):
            outcomes |= dict(step)
    except Paused:
        paused = True

    assert sorted([type(one) for one in outcomes.values()], key=str) == sorted([Receipt, *told], key=str)
    assert paused is (not told)


def test_nothing_more_is_written_for_a_filing_that_was_told_to_wait(liar: Liar) -> None:
    bad = (400, [{"errorCode": "JSON_PARSER_ERROR", "message": "Cannot deserialize"}])
    liar.says["composite"] = stepwise((200, [LOCKED]), bad)
    liar.says["sobjects"] = (200, [CREATED])
    new = filing("a", part("m1"), part("m2", case_id=str(CREATED["id"])))

    [(_, outcome)] = [pair for step in liar.crm().file([new], now=NOW) for pair in step]

    assert isinstance(outcome, RetryLater)
    assert "POST sobjects" not in liar.heard


def test_a_page_that_is_no_longer_there_is_asked_for_from_the_beginning(liar: Liar) -> None:
    page = "/services/data/v66.0/query/0r8000000000001AAA-2000"

    def answer(heard: Heard) -> tuple[int, Any]:
        steps = json.loads(heard.body)["compositeRequest"]
        return answered(steps, [(200, {"records": [], "done": False, "nextRecordsUrl": page}) for _ in steps])

    liar.says["composite"] = describing(others=answer)
    liar.says["0r8000000000001AAA-2000"] = (400, [{"errorCode": "INVALID_QUERY_LOCATOR", "message": "invalid"}])

    assert type(first_outcome(liar.crm(), known=str(CREATED["id"]))) is RetryLater


def test_a_row_that_is_refused_without_a_reason_is_tried_again(liar: Liar) -> None:
    liar.says["composite"] = describing(others=rows([{"success": False, "errors": []}]))

    outcome = first_outcome(liar.crm())

    assert isinstance(outcome, RetryLater)
    assert outcome.counts


NO_PAGES: list[object] = [
    None,
    [],
    {},
    {"records": None, "done": True},
    {"records": [7], "done": True},
    {"records": [], "done": False},
    {"records": [], "done": False, "nextRecordsUrl": "https://elsewhere.example/"},
]


@pytest.mark.parametrize("body", NO_PAGES)
def test_a_question_that_is_answered_with_nonsense_is_asked_again(liar: Liar, body: object) -> None:
    def answer(heard: Heard) -> tuple[int, Any]:
        steps = json.loads(heard.body)["compositeRequest"]
        return answered(steps, [(200, body) for _ in steps])

    liar.says["composite"] = describing(others=answer)
    crm = liar.crm()

    assert type(first_outcome(crm, known="500000000000001AAA")) is RetryLater
    assert liar.heard == ["POST token", "POST composite", "POST composite"]


@pytest.mark.parametrize("answer", [*((200, body) for body in NO_PAGES), (200, "no JSON"), (302, "")])
def test_a_query_that_is_answered_with_nonsense_is_asked_again(liar: Liar, answer: tuple[int, Any]) -> None:
    liar.says["query"] = answer

    with pytest.raises(RetryLater):
        Org(liar.settings()).query("SELECT Id FROM Case")
    assert liar.heard == ["POST token", "GET query"]


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
    liar.says["composite"] = (401, [{"errorCode": "INVALID_SESSION_ID", "message": message}])

    assert type(first_outcome(liar.crm())) is Paused
    assert liar.heard == ["POST token", "POST composite"]


def test_calls_name_us_and_keep_the_assignment_rule_off_known_owners(liar: Liar) -> None:
    liar.says["composite"] = describing(others=rows([CREATED]))

    first_outcome(liar.crm())

    sent = liar.requests[-1]
    [opening] = [one for one in json.loads(sent.body)["compositeRequest"] if one["method"] == "POST"]
    assert sent.headers["Sforce-Call-Options"] == "client=casebridge"
    assert sent.headers["Authorization"] == "Bearer t"
    assert opening["httpHeaders"]["Sforce-Auto-Assign"] == "TRUE"


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
