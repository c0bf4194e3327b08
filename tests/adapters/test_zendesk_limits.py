"""Which limits a call counts against, and what is believed of the headers that tell of them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.zendesk import limits
from bridge.ports import Bucket, Finding, Reading

MINUTE = timedelta(minutes=1)
ACCOUNT = Bucket(name="account", most=200, span=MINUTE)
UPDATES = Bucket(name="tickets-update", most=100, span=MINUTE)
TICKET_7 = Bucket(name="per-ticket-updates/7", most=30, span=timedelta(minutes=10))


def reading(name: str, most: int, left: int, resets: int) -> Reading:
    return Reading(name=name, most=most, left=left, resets=timedelta(seconds=resets))


@pytest.mark.parametrize(
    ("method", "path", "names"),
    [
        ("POST", "tickets.json", ["ticket-request-create-by-user-and-ip"]),
        ("GET", "tickets", ["tickets-index"]),
        ("GET", "tickets/show_many.json", []),
        ("PUT", "tickets/35436.json", ["tickets-update", "per-ticket-updates/35436"]),
        ("PUT", "tickets/7/tags", ["tickets-update", "per-ticket-updates/7"]),
        ("GET", "tickets/7.json", []),
        ("PUT", "tickets/7/comments/8/make_private", ["per-ticket-updates/7"]),
        ("PUT", "tickets/7/comments/8/attachments/9/redact", ["per-ticket-updates/7"]),
        ("GET", "tickets/7/audits", ["ticket-audits-index"]),
        ("POST", "tickets/create_many", ["jobs"]),
        ("PUT", "tickets/update_many", ["jobs"]),
        ("PUT", "users/update_many", ["jobs"]),
        ("POST", "users/create_many", ["jobs"]),
        ("POST", "users", []),
        ("POST", "users/create_or_update", ["users-create-or-update"]),
        ("PUT", "users/5", ["users-update", "users-update-per-user/5"]),
        ("GET", "search.json", ["search-index"]),
        ("GET", "incremental/ticket_events.json", ["incremental-exports"]),
        ("GET", "job_statuses/V3-b0b9/", []),
        ("GET", "webhooks/01HANAHAFTBVF1NA2AVFK4W763/signing_secret", []),
    ],
)
def test_every_call_counts_against_the_account_and_some_against_more(
    method: str, path: str, names: list[str]
) -> None:
    assert [one.name for one in limits.buckets(method, f"/api/v2/{path}")] == ["account", *names]


def test_the_limits_are_those_that_zendesk_documents() -> None:
    assert limits.buckets("PUT", "/api/v2/tickets/7") == [ACCOUNT, UPDATES, TICKET_7]


@pytest.mark.parametrize("path", ["/oauth/tokens", "/", "", "/api/v2/", "/sandbox/state"])
def test_what_is_no_call_to_the_api_counts_against_nothing(path: str) -> None:
    assert limits.buckets("POST", path) == []


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"ratelimit-limit": "400", "ratelimit-remaining": "388", "ratelimit-reset": "17"}, (400, 388, 17)),
        ({"Rate-Limit": "400", "Rate-Limit-Remaining": "0", "Rate-Limit-Reset": "1"}, (400, 0, 1)),
        ({"X-Rate-Limit": "700", "X-Rate-Limit-Remaining": "699"}, (700, 699, 60)),
        ({"x-rate-limit": "400", "x-rate-limit-remaining": "9", "ratelimit-limit": "400",
          "ratelimit-remaining": "8", "ratelimit-reset": "30"}, (400, 8, 30)),
        ({"x-rate-limit": "400", "x-rate-limit-remaining": "500"}, (400, 400, 60)),
        ({"ratelimit-limit": "400", "ratelimit-remaining": "1", "ratelimit-reset": "999999"}, (400, 1, 60)),
    ],
)  # fmt: skip
def test_the_accounts_limit_is_read_in_each_spelling(
    headers: dict[str, str], expected: tuple[int, int, int]
) -> None:
    assert limits.readings(headers, [ACCOUNT]) == [reading("account", *expected)]


@pytest.mark.parametrize("family", ["zendesk-ratelimit", "Zendesk-Rate-Limit"])
def test_limits_of_an_endpoint_are_read_for_what_was_asked(family: str) -> None:
    headers = {
        f"{family}-tickets-update": "total=20; remaining=3; resets=17",
        f"{family}-per-ticket-updates": "total=30; remaining=28; resets=468",
        f"{family}-of-somebody-else": "total=9; remaining=0; resets=9",
    }

    assert limits.readings(headers, [ACCOUNT, UPDATES, TICKET_7]) == [
        reading("tickets-update", 20, 3, 17),
        reading("per-ticket-updates/7", 30, 28, 468),
    ]


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "zendesk-ratelimit-tickets-update"]
        ),
        st.one_of(
            st.text(max_size=12),
            st.integers(-5, 10**12).map(str),
            st.builds("total={}; remaining={}; resets={}".format, *[st.integers(-5, 10**12)] * 3),
        ),
    )
)
def test_whatever_headers_say_is_within_reason(headers: dict[str, str]) -> None:
    for one in limits.readings(headers, [ACCOUNT, UPDATES]):
        assert 0 <= one.left <= one.most < 10**9
        assert timedelta(0) <= one.resets <= MINUTE


FULL_ACCOUNT = {"ratelimit-limit": "400", "ratelimit-remaining": "0", "ratelimit-reset": "17"}
HALF_ACCOUNT = FULL_ACCOUNT | {"ratelimit-remaining": "200"}
NINE = timedelta(seconds=9)


@pytest.mark.parametrize(
    ("headers", "after", "expected"),
    [
        (FULL_ACCOUNT, None, [reading("account", 400, 0, 17)]),
        (HALF_ACCOUNT | {"zendesk-ratelimit-per-ticket-updates": "total=30; remaining=0; resets=468"}, NINE,
         [reading("per-ticket-updates/7", 30, 0, 468)]),
        (HALF_ACCOUNT | {"zendesk-ratelimit-unheard-of": "total=3; remaining=0; resets=4"}, NINE, []),
        (HALF_ACCOUNT | {"zendesk-ratelimit-tickets-update": "total=20; remaining=2; resets=4"}, NINE,
         [reading("tickets-update", 20, 0, 9), reading("per-ticket-updates/7", 30, 0, 9)]),
        ({}, None, [reading("tickets-update", 100, 0, 10), reading("per-ticket-updates/7", 30, 0, 10)]),
    ],
)  # fmt: skip
def test_a_refusal_empties_the_limit_that_it_calls_empty_or_the_calls_own(
    headers: dict[str, str], after: timedelta | None, expected: list[Reading]
) -> None:
    assert limits.spent(headers, [ACCOUNT, UPDATES, TICKET_7], after) == expected


def test_a_refusal_of_a_call_without_limits_of_its_own_empties_the_accounts() -> None:
    assert limits.spent(HALF_ACCOUNT, [ACCOUNT], NINE) == [reading("account", 400, 0, 9)]


def test_only_the_limits_of_one_record_say_nothing_of_others() -> None:
    assert [limits.of_record(one.name) for one in (ACCOUNT, UPDATES, TICKET_7)] == [False, False, True]


PLAN = "Zendesk allows {} calls a minute to all who use the account's API{}."


@pytest.mark.parametrize(
    ("most", "says"),
    [
        (200, PLAN.format(200, ", as it does with the Team plan")),
        (400, PLAN.format(400, ", as it does with the Growth or Professional plan")),
        (700, PLAN.format(700, ", as it does with the Enterprise plan")),
        (2500, PLAN.format(2500, ", as it does with the Enterprise Plus plan or the High Volume add-on")),
        (1234, PLAN.format(1234, "")),
    ],
)
def test_the_plan_is_told_by_its_limit(most: int, says: str) -> None:
    assert limits.findings({"account": most}) == [Finding(level="ok", about="limits", says=says)]


@pytest.mark.parametrize(("updates", "tried_out"), [(20, True), (100, False), (300, False)])
def test_a_sandbox_or_trial_account_is_told_by_its_updates(updates: int, tried_out: bool) -> None:
    found = limits.findings({"tickets-update": updates})

    assert limits.tried_out({"tickets-update": updates}) == tried_out
    assert [(one.level, one.about) for one in found] == ([("warning", "trial")] if tried_out else [])
    assert all("it takes 20 updates of tickets a minute" in one.says for one in found)


def test_of_limits_that_nobody_told_nothing_is_said() -> None:
    assert (limits.findings({}), limits.tried_out({})) == ([], False)
