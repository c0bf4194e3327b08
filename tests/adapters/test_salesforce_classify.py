"""What Salesforce's refusals mean: by their codes, as a table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.salesforce import classify
from adapters.salesforce.classify import Refusal
from bridge.errors import Paused, Rejected, RetryLater, Trouble, Unsure

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def request(status: int, content: Any, *, write: bool = True) -> Trouble:
    return classify.of_request(status, content, write=write, now=NOW)


def body(code: str, message: str = "") -> list[dict[str, Any]]:
    return [{"errorCode": code, "message": message, "fields": []}]


@pytest.mark.parametrize(
    ("status", "content", "write", "read"),
    [
        (403, body("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), Paused, Paused),
        (403, body("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests Limit exceeded."), RetryLater, RetryLater),
        (403, body("API_DISABLED_FOR_ORG"), Paused, Paused),
        (403, body("INSUFFICIENT_ACCESS"), Paused, Paused),
        (400, body("INVALID_TYPE"), Paused, Paused),
        (404, body("NOT_FOUND"), Paused, Paused),
        (410, body("GONE"), Paused, Paused),
        (401, body("INVALID_SESSION_ID"), Paused, Paused),
        (401, None, Paused, Paused),
        (503, body("ORG_IN_MAINTENANCE"), Paused, Paused),
        (420, "<html>", RetryLater, RetryLater),
        (429, body("TOO_MANY"), RetryLater, RetryLater),
        (500, body("UNKNOWN_EXCEPTION"), Unsure, RetryLater),
        (503, body("SERVER_UNAVAILABLE"), Unsure, RetryLater),
        (502, "<html>Bad Gateway</html>", Unsure, RetryLater),
        (403, "<html>blocked by a proxy</html>", Unsure, RetryLater),
        (400, body("REQUEST_RUNNING_TOO_LONG"), Unsure, RetryLater),
        (400, body("UNABLE_TO_LOCK_ROW"), RetryLater, RetryLater),
        (400, body("JSON_PARSER_ERROR"), Rejected, Rejected),
        (400, body("INVALID_FIELD", "No such column 'Nope__c' on sobject of type Case"), Rejected, Rejected),
        (400, [], Unsure, RetryLater),
        (400, [None], Unsure, RetryLater),
        (400, {"error": "x"}, Unsure, RetryLater),
    ],
)
def test_a_refused_request_is_judged_by_its_code(
    status: int, content: Any, write: type[Trouble], read: type[Trouble]
) -> None:
    assert (type(request(status, content)), type(request(status, content, write=False))) == (write, read)


def test_the_daily_limit_is_probed_after_five_minutes() -> None:
    trouble = request(403, body("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."))

    assert isinstance(trouble, Paused)
    assert trouble.until == NOW + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("code", "message", "kind", "counts"),
    [
        ("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access", RetryLater, True),
        (
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
            "T: execution of AfterInsert … UNABLE_TO_LOCK_ROW",
            RetryLater,
            True,
        ),
        ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "T: execution of AfterInsert", Rejected, None),
        ("UNKNOWN_EXCEPTION", "", RetryLater, True),
        ("", "", RetryLater, True),
        ("SERVER_UNAVAILABLE", "", RetryLater, False),
        ("STORAGE_LIMIT_EXCEEDED", "storage limit exceeded", RetryLater, False),
        ("REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName]", Rejected, None),
        ("INSUFFICIENT_ACCESS_OR_READONLY", "", Rejected, None),
        ("SOMETHING_NEW", "", Rejected, None),
    ],
)
def test_a_refused_row_is_judged_by_its_code(
    code: str, message: str, kind: type[Trouble], counts: bool | None
) -> None:
    trouble = classify.of_row(Refusal(code=code, message=message))

    assert (type(trouble), getattr(trouble, "counts", None)) == (kind, counts)


@pytest.mark.parametrize(
    ("error", "field"),
    [
        ({"statusCode": "X", "message": "No such column 'Nope__c' on sobject of type Case"}, "Nope__c"),
        ({"statusCode": "X", "message": "Required fields are missing: [LastName]"}, "LastName"),
        (
            {"statusCode": "X", "message": "duplicate value found: Ext__c duplicates value on record with id: 5"},
            "Ext__c",
        ),
        ({"statusCode": "X", "message": "Origin: bad value for restricted picklist field: Pigeon"}, "Origin"),
        ({"statusCode": "X", "message": "whatever", "fields": ["Subject", "Other"]}, "Subject"),
        ({"statusCode": "X", "message": None, "fields": "Subject"}, ""),
        ({}, ""),
        ("text", ""),
    ],
)
def test_the_field_at_fault_is_found(error: object, field: str) -> None:
    assert classify.refusal(error).field == field


def test_the_length_of_a_field_is_read_behind_whatever_value_stands_before_it() -> None:
    said = "Subject: data value too large: fake (max length=1) text (max length=255)"

    found = [
        classify.refusal({"statusCode": code, "message": said}).longest for code in ("STRING_TOO_LONG", "OTHER")
    ]

    assert found == [255, 0]


@pytest.mark.parametrize(
    "code", ["STRING_TOO_LONG", "INVALID_EMAIL_ADDRESS", "JSON_PARSER_ERROR", "SOMETHING_NEW"]
)
def test_a_message_that_may_quote_the_customer_is_not_passed_on(code: str) -> None:
    assert "my secret" not in str(classify.of_row(Refusal(code=code, message="F: bad value: my secret")))


COLUMN = "No such column 'Nope__c' on entity 'Contact'"
OBJECT = "sObject type 'Kontact' is not supported"
FORGED = "No such column 'Phone' on entity Contact"  # a customer's own words
EXCERPT = "\nEmail IN ('ann@example.org') AND Nope__c\n  ^\nERROR at Row:1:Column:9\n"


@pytest.mark.parametrize(
    ("code", "said", "told"),
    [
        ("INVALID_FIELD", f"{EXCERPT}{COLUMN}. If you are …", f" Nope__c with INVALID_FIELD: {COLUMN}"),
        ("INVALID_FIELD", f"{FORGED}{EXCERPT}{COLUMN}", f" Nope__c with INVALID_FIELD: {COLUMN}"),
        ("INVALID_TYPE", f"{EXCERPT}{OBJECT}. If you are …", f" with INVALID_TYPE: {OBJECT}"),
        ("MALFORMED_QUERY", f"{EXCERPT}unexpected token: 'ann'", " with MALFORMED_QUERY"),
        ("INVALID_FIELD", f"{EXCERPT}field 'Email' can not be filtered", " with INVALID_FIELD"),
    ],
)
def test_of_a_refused_query_only_names_are_quoted(code: str, said: str, told: str) -> None:
    refused = classify.refusal({"errorCode": code, "message": said})

    assert str(refused) == f"Salesforce refused{told}"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("invalid_client", Paused),
        ("invalid_grant", Paused),
        ("inactive_org", Paused),
        ("unknown_error", RetryLater),
        ("server_error", RetryLater),
        (503, RetryLater),
        (None, RetryLater),
    ],
)
def test_a_failed_login_pauses_when_only_a_person_can_mend_it(code: object, kind: type[Trouble]) -> None:
    assert type(classify.of_login(code)) is kind


@pytest.mark.parametrize(
    ("sent", "write", "kind"),
    [(True, True, Unsure), (True, False, RetryLater), (False, True, RetryLater), (False, False, RetryLater)],
)
def test_silence_is_unsure_only_after_a_write_that_left(sent: bool, write: bool, kind: type[Trouble]) -> None:
    assert type(classify.of_silence("ReadTimeout", sent=sent, write=write)) is kind


@pytest.mark.parametrize(
    ("code", "aside", "expected"),
    [
        ("STORAGE_LIMIT_EXCEEDED", True, Rejected),
        ("INSUFFICIENT_ACCESS", True, Rejected),
        ("STORAGE_LIMIT_EXCEEDED", False, Paused),
        ("REQUEST_LIMIT_EXCEEDED", True, Paused),
        ("INVALID_SESSION_ID", True, Paused),
    ],
)
def test_what_files_and_replies_lack_pauses_nothing_else(code: str, aside: bool, expected: type) -> None:
    content = [{"errorCode": code, "message": "no"}]

    assert type(classify.of_request(403, content, write=True, now=NOW, aside=aside)) is expected
