"""What Zendesk's refusals mean, and what of them may be shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.zendesk import classify
from adapters.zendesk.classify import Refusal, refusal
from bridge.errors import Paused, Rejected, RetryLater, Trouble, Unsure

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


def read(status: int, body: object = None, **headers: str) -> Refusal:
    return refusal(status, {k.replace("_", "-"): v for k, v in headers.items()}, body, now=NOW)


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (404, {"error": "RecordNotFound", "description": "Not found"}, Refusal(status=404, code="RecordNotFound")),
        (403, {"error": {"title": "Forbidden", "message": "No."}}, Refusal(status=403, code="Forbidden")),
        (400, {"errors": [{"code": "InvalidPage", "title": "t"}]}, Refusal(status=400, code="InvalidPage")),
        (
            422,
            {
                "error": "RecordInvalid",
                "details": {
                    "base": [
                        {
                            "description": "Assignee: is required when solving a ticket",
                            "ticket_field_id": 1,
                            "ticket_field_type": "FieldAssignee",
                        },
                        {
                            "description": "Order: is invalid",
                            "ticket_field_id": 7,
                            "ticket_field_type": "FieldRegexp",
                        },
                    ],
                    "priority": [{"description": "Priority: is not a valid value"}],
                    "requester": [{"description": "Requester: Ada Secret is suspended"}],
                    "subject": [{"description": "the customer's own words"}],
                    "comment": [{"description": "Ada's ticket has the maximum number of 5,000 comments: Secret"}],
                },
            },
            Refusal(
                status=422,
                code="RecordInvalid",
                fields=(
                    ("base", "is required when solving a ticket"),
                    ("custom_field_7", "is invalid"),
                    ("priority", "is not a valid value"),
                    ("requester", "is suspended"),
                    ("subject", ""),
                    ("comment", "maximum number of 5,000 comments"),
                ),
            ),
        ),
        (422, {"error": "RecordInvalid", "details": {"name": "cannot be blank"}},
         Refusal(status=422, code="RecordInvalid", fields=(("name", "cannot be blank"),))),
        (401, {"error": "Couldn't authenticate you"}, Refusal(status=401, code="Couldn't authenticate you")),
        (400, {"error": "ada@example.org said 1"}, Refusal(status=400)),
        (502, None, Refusal(status=502)),
        (500, ["a", "list"], Refusal(status=500)),
        (422, {"error": 7, "errors": [], "details": []}, Refusal(status=422)),
    ],
)  # fmt: skip
def test_the_four_kinds_of_error_are_read(status: int, body: object, expected: Refusal) -> None:
    assert read(status, body) == expected


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=20)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(
                st.sampled_from(["error", "errors", "details", "description", "x"]), inner, max_size=4
            ),
        ),
        max_leaves=12,
    ),
    st.integers(min_value=400, max_value=599),
)
def test_whatever_comes_is_read_and_has_an_end(body: object, status: int) -> None:
    refused = read(status, body)

    assert isinstance(classify.of_record(refused), RetryLater | Rejected)
    assert isinstance(classify.of_login(refused), RetryLater | Paused)
    assert len(str(refused)) < 700


@pytest.mark.parametrize("field", ["status", "base", "ticket"])
def test_a_closed_ticket_is_known_by_its_phrase_under_any_field(field: str) -> None:
    body = {
        "error": "RecordInvalid",
        "details": {"x": [], field: [{"description": "Status: closed prevents ticket update"}]},
    }

    assert read(422, body).closed
    assert not read(400, body).closed


@pytest.mark.parametrize(
    ("given", "seconds"),
    [("17", 17), ("0", 1), ("999999", 60), ("soon", 10), ("", 10), ("-5", 10),
     ("Sat, 21 Nov 2026 10:00:30 GMT", 30), ("Sat, 21 Nov 2026 09:00:00 GMT", 1),
     ("Sat, 21 Nov 2026 10:00:30", 10)],
)  # fmt: skip
def test_retry_after_is_a_minute_at_most(given: str, seconds: int) -> None:
    assert read(429, None, Retry_After=given).after == timedelta(seconds=seconds)


def test_without_retry_after_nobody_knows() -> None:
    assert read(429).after is None


@pytest.mark.parametrize(
    ("status", "body", "method", "kind", "seconds"),
    [
        (429, None, "POST", RetryLater, 10),
        (401, {"error": "invalid_token"}, "GET", Paused, None),
        (403, {"error": {"title": "Forbidden"}}, "GET", Paused, None),
        (403, {"error": {"title": "Forbidden"}}, "POST", Paused, None),
        (403, {"error": {"title": "Forbidden"}}, "PUT", Paused, None),
        (402, None, "GET", Paused, None),
        (423, None, "PUT", Paused, None),
        (500, None, "GET", RetryLater, 20),
        (503, None, "PUT", Unsure, 2),
        (502, None, "POST", Unsure, 2),
        (408, None, "POST", Unsure, 2),
        (301, None, "GET", Paused, None),
        (302, None, "POST", Paused, None),
        (404, None, "POST", Paused, None),
        (404, {"error": "RecordNotFound"}, "POST", None, None),
        (404, {"error": "RecordNotFound"}, "PUT", None, None),
        (409, {"error": "UpdateConflict"}, "PUT", None, None),
        (422, {"error": "RecordInvalid"}, "POST", None, None),
    ],
)
def test_what_a_refusal_means_for_the_rest(
    status: int, body: object, method: str, kind: type[Trouble] | None, seconds: int | None
) -> None:
    trouble = classify.of_request(read(status, body), method=method, now=NOW)

    assert (type(trouble) if trouble else None) == kind
    if isinstance(trouble, RetryLater | Unsure):
        assert trouble.after == timedelta(seconds=seconds or 0)


def test_what_one_ticket_is_refused_tells_nothing_of_the_others() -> None:
    refused = read(403, {"error": {"title": "Forbidden"}})

    assert [classify.of_request(refused, method=m, now=NOW, one=True) for m in ("GET", "PUT")] == [None, None]


def test_the_limit_of_one_ticket_is_for_updates_alone() -> None:
    spent = Refusal(status=429, per_ticket=True)

    found = [type(classify.of_request(spent, method=m, now=NOW, one=True)) for m in ("PUT", "GET", "POST")]

    assert found == [type(None), RetryLater, RetryLater]


@pytest.mark.parametrize(
    ("refused", "expected"),
    [
        (Refusal(status=403), (300, True)),
        (Refusal(status=400), (20, True)),
        (Refusal(status=409, after=timedelta(seconds=3)), (3, True)),
    ],
)
def test_a_ticket_that_cannot_be_read_is_waited_for(refused: Refusal, expected: tuple[int, bool]) -> None:
    trouble = classify.of_reading(refused)

    assert (trouble.after.total_seconds(), trouble.counts) == expected


@pytest.mark.parametrize(("age", "seconds"), [(0, 2), (3, 2), (30, 15), (9_000, 60)])
def test_a_repeated_doubt_waits_longer(age: int, seconds: int) -> None:
    doubt = classify.Silent("no answer", after=classify.LOST_AGAIN)

    later = classify.doubted(doubt, since=NOW - timedelta(seconds=age), now=NOW)

    assert (type(later), later.after, str(later)) == (classify.Silent, timedelta(seconds=seconds), "no answer")
    assert classify.doubted(doubt, since=None, now=NOW).after == timedelta(seconds=2)


@pytest.mark.parametrize(
    ("refused", "expected"),
    [
        (Refusal(status=429, after=timedelta(seconds=9)), (RetryLater, 9, False)),
        (Refusal(status=409, code="IdempotentRequestInProgress"), (RetryLater, 2, False)),
        (Refusal(status=409, code="UpdateConflict"), (RetryLater, 1, True)),
        (Refusal(status=403), (RetryLater, 300, True)),
        (Refusal(status=404), (RetryLater, 2, True)),
    ],
)
def test_what_a_refusal_means_for_its_own_record(
    refused: Refusal, expected: tuple[type[RetryLater], int, bool]
) -> None:
    trouble = classify.of_record(refused)

    assert isinstance(trouble, RetryLater)
    assert (type(trouble), trouble.after.total_seconds(), trouble.counts) == expected


def test_only_the_spent_limit_of_one_ticket_is_its_own() -> None:
    spent = {"zendesk-ratelimit-per-ticket-updates": "total=30; remaining=0; resets=468"}
    left = {"zendesk-ratelimit-per-ticket-updates": "total=30; remaining=7; resets=468"}

    assert refusal(429, spent, None, now=NOW).per_ticket
    assert not refusal(429, left, None, now=NOW).per_ticket
    assert not refusal(429, {}, None, now=NOW).per_ticket


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {"error": "invalid_client"}, Paused),
        (400, {"error": "invalid_scope"}, Paused),
        (404, None, Paused),
        (429, None, RetryLater),
        (503, None, RetryLater),
        (302, None, Paused),
    ],
)
def test_what_a_failed_login_means(status: int, body: object, kind: type[Trouble]) -> None:
    assert type(classify.of_login(read(status, body))) is kind


def test_silence_is_unsure_only_where_a_write_may_have_arrived() -> None:
    kinds = {
        (sent, write): type(classify.of_silence("Timeout", sent=sent, write=write))
        for sent in (True, False)
        for write in (True, False)
    }

    assert kinds == {
        (True, True): classify.Silent,
        (True, False): RetryLater,
        (False, True): RetryLater,
        (False, False): RetryLater,
    }


def test_ignored_keys_are_named_without_their_values() -> None:
    said = (
        '{:allowed_parameters=>{:controller=>"tickets", :action=>"update", :unpermitted_keys=>["ticket.id", '
        '"ticket.colour", "ticket.secret value"], :invalid_values=>["ticket.x", "theirs", "ticket.y: theirs"]}}'
    )

    assert classify.warned({"X-Zendesk-API-Warn": said}) == ("ticket.colour", "ticket.x")
    assert classify.warned({"X-Zendesk-API-Warn": "something else"}) == ()
    assert classify.warned({}) == ()


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (429, {"error": "TooManyJobs", "description": "30 jobs are queued"}, True),
        (422, {"error": "TooManyJobs"}, True),
        (400, {"errors": [{"code": "TooManyJobs", "title": "x"}]}, True),
        (503, "<html>TooManyJobs</html>", True),
        (403, {"error": {"title": "Forbidden", "message": "TooManyJobs"}}, True),
        (422, {"error": "RecordInvalid", "details": {"name": [{"description": "TooManyJobs is taken"}]}}, False),
        (429, "Number of allowed API requests per minute exceeded", False),
    ],
)
def test_too_many_jobs_are_known_wherever_zendesk_says_so_and_no_customer(
    status: int, body: object, expected: bool
) -> None:
    refused = read(status, body)

    trouble = classify.of_request(refused, method="POST", now=NOW, one=True)

    assert refused.too_many_jobs == expected
    assert isinstance(trouble, RetryLater) == (expected or status == 429)
    assert not expected or getattr(trouble, "after", None) == timedelta(seconds=30)
