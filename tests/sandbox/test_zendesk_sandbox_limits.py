"""Rate limits: what each plan allows, when it is allowed again, and what the headers say of it."""

from __future__ import annotations

from typing import Any

import pytest
import requests
import zendesk_process
from hypothesis import given, settings
from hypothesis import strategies as st
from zendesk_process import ZendeskProcess

from bridge.sandbox.zendesk.limits import Asked, Bucket, Limits, Plan, buckets, headers

TEXT = "Number of allowed API requests per minute exceeded"


zendesk = zendesk_process.zendesk


@pytest.fixture(autouse=True)
def _new(request: pytest.FixtureRequest) -> None:
    if "zendesk" in request.fixturenames:
        process = request.getfixturevalue("zendesk")
        process.reset()
        process.call("GET", "users/me")  # logs in
        align(process)


def align(zendesk: ZendeskProcess) -> None:
    """Put the clock to the beginning of a window, so that none ends in the middle of a test."""
    resets = int(
        zendesk.call("PUT", "tickets/1", json={}).headers["zendesk-ratelimit-per-ticket-updates"].split("=")[-1]
    )
    zendesk.command("clock", offset_seconds=resets + 1)


def until_429(zendesk: ZendeskProcess, method: str, path: str, body: Any = None) -> tuple[int, requests.Response]:
    """How many calls go through, and the answer to the one that does not."""
    for n in range(1000):
        answer = zendesk.call(method, path, json=body)
        if answer.status_code == 429:
            return n, answer
    raise AssertionError("nothing was refused")


def test_an_update_of_one_ticket_goes_30_times_in_ten_minutes(zendesk: ZendeskProcess) -> None:
    first, second = zendesk.ticket()["id"], zendesk.ticket()["id"]

    went, refused = until_429(zendesk, "PUT", f"tickets/{first}", {"ticket": {"subject": "x"}})
    other = zendesk.update(second, subject="x")

    assert (went, other.status_code) == (30, 200)
    assert (refused.text, refused.headers["Content-Type"]) == (TEXT, "text/plain; charset=utf-8")
    assert 500 < int(refused.headers["Retry-After"]) <= 600
    assert refused.headers["zendesk-ratelimit-per-ticket-updates"].startswith("total=30; remaining=0; resets=")


@pytest.mark.parametrize(
    ("plan", "most"), [("growth", 100), ("enterprise_plus", 100), ("trial", 20), ("sandbox", 20)]
)
def test_updates_go_so_often_a_minute(zendesk: ZendeskProcess, plan: str, most: int) -> None:
    zendesk.command("switches", plan=plan)
    number = 0
    while True:  # tickets that do not exist count as well
        number += 1
        answer = zendesk.update(number, subject="x")
        if answer.status_code == 429:
            break

    assert number == most + 1
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert answer.headers["zendesk-ratelimit-tickets-update"].startswith(f"total={most}; remaining=0")


def test_the_account_goes_so_often_a_minute(zendesk: ZendeskProcess) -> None:
    zendesk.command("switches", plan="team")

    went, refused = until_429(zendesk, "GET", "users/me")

    assert went == 200
    assert (refused.headers["x-rate-limit"], refused.headers["ratelimit-limit"]) == ("200", "200")
    assert (refused.headers["x-rate-limit-remaining"], refused.headers["ratelimit-remaining"]) == ("0", "0")
    assert refused.headers["ratelimit-reset"] == refused.headers["Retry-After"]


def test_lists_of_tickets_go_100_times_a_minute(zendesk: ZendeskProcess) -> None:
    assert until_429(zendesk, "GET", "tickets.json?external_id=x")[0] == 100


@pytest.mark.parametrize("path", ["users/create_or_update", "users/{id}"])
def test_users_are_changed_once_a_second(zendesk: ZendeskProcess, path: str) -> None:
    user = zendesk.user()["id"]
    method = "PUT" if "{id}" in path else "POST"
    body = {"user": {"name": "Ada", "external_id": "fb:1"}}

    statuses = [zendesk.call(method, path.format(id=user), json=body).status_code for _ in range(5)]
    zendesk.command("clock", offset_seconds=7200)
    later = zendesk.call(method, path.format(id=user), json=body).status_code

    assert statuses[0] // 100 == later // 100 == 2
    assert statuses.count(429) >= 3  # at most one second ends within five calls


def test_a_new_window_allows_it_again(zendesk: ZendeskProcess) -> None:
    zendesk.command("switches", plan="trial")
    until_429(zendesk, "PUT", "tickets/1", {"ticket": {}})

    zendesk.command("clock", offset_seconds=7200)

    assert zendesk.update(1, subject="x").status_code == 404


def test_what_is_refused_is_not_done(zendesk: ZendeskProcess) -> None:
    number = zendesk.ticket()["id"]
    went, _ = until_429(zendesk, "PUT", f"tickets/{number}", {"ticket": {"comment": {"body": "x"}}})

    assert len(zendesk.state()["tickets"][0]["comments"]) == went + 1


def test_limits_can_be_switched_off(zendesk: ZendeskProcess) -> None:
    zendesk.command("switches", limits=False, plan="trial")

    answers = [zendesk.update(1, subject="x") for _ in range(25)]

    assert {one.status_code for one in answers} == {404}
    assert answers[-1].headers["zendesk-ratelimit-tickets-update"].startswith("total=20; remaining=0")


def test_a_plan_must_be_one(zendesk: ZendeskProcess) -> None:
    assert zendesk.command("switches", plan="free").status_code == 400


# --- the counting itself


def of(operation: str, *subjects: str, page: int = 1, plan: str = "growth", **more: Any) -> list[Bucket]:
    """The buckets of a call."""
    return buckets(Asked(operation=operation, subjects=subjects or ("",), page=page), Plan(name=plan, **more))


def totals(found: list[Bucket]) -> dict[str, int]:
    return {bucket.name: bucket.total for bucket in found}


@pytest.mark.parametrize(
    ("operation", "own"),
    [
        ("GET tickets", {"tickets-index": 100}),
        ("DELETE tickets/{id}", {"tickets-delete": 400}),
        ("GET tickets/{id}/audits", {"ticket-audits-index": 500}),
        ("GET search", {"search-index": 2500}),
        ("GET incremental/ticket_events", {"incremental-exports": 10}),
        ("PUT tickets/update_many", {}),
        ("POST tickets/create_many", {}),
        ("PUT users/update_many", {}),
        ("GET job_statuses/show_many", {}),
    ],
)
def test_an_endpoint_goes_so_often_a_minute(operation: str, own: dict[str, int]) -> None:
    assert totals(of(operation)) == {"account": 400, **own}


@pytest.mark.parametrize(
    ("plan", "most", "updates"),
    [("growth", 2500, 300), ("enterprise_plus", 2500, 300), ("sandbox", 2500, 100), ("trial", 2500, 100)],
)
def test_the_add_on_gives_more_of_what_it_is_for(plan: str, most: int, updates: int) -> None:
    found = totals(of("PUT tickets/{id}", "7", plan=plan, high_volume=True))

    assert found == {"account": most, "tickets-update": updates, "per-ticket-updates": 30}
    assert totals(of("GET tickets", plan=plan, high_volume=True))["tickets-index"] == 300
    assert totals(of("GET incremental/ticket_events", plan=plan, high_volume=True))["incremental-exports"] == 30


def test_deep_pages_of_tickets_are_given_less_often() -> None:
    assert totals(of("GET tickets", page=501)) == {"account": 400, "tickets-index": 100, "tickets-index-deep": 50}
    assert "tickets-index-deep" not in totals(of("GET tickets", page=500))


def test_what_others_do_is_taken_from_the_same_windows() -> None:
    limits = Limits()
    busy = of("PUT tickets/{id}", "7", other_calls=398, other_updates=99)

    windows, first = limits.take(busy, 0.0)
    _, second = limits.take(busy, 1.0)
    _, next_minute = limits.take(busy, 60.0)

    assert {bucket.name: left for bucket, (left, _) in windows.items()} == {
        "account": 1, "tickets-update": 0, "per-ticket-updates": 29,
    }  # fmt: skip
    assert (first, second, next_minute) == (0, 59, 0)


def test_items_of_jobs_count_for_their_tickets_only_where_that_is_switched_on() -> None:
    counted = of("PUT tickets/update_many", "7", "8", jobs_count=True)

    assert [(bucket.name, bucket.of) for bucket in counted[1:]] == [
        ("per-ticket-updates", "7"), ("per-ticket-updates", "8"),
    ]  # fmt: skip


def test_a_job_that_counts_is_refused_whole(zendesk: ZendeskProcess) -> None:
    zendesk.command("switches", jobs_count=True, job_seconds=0.0)
    first, second = zendesk.ticket()["id"], zendesk.ticket()["id"]
    until_429(zendesk, "PUT", f"tickets/{first}", {"ticket": {"subject": "x"}})
    both = {"tickets": [{"id": second, "subject": "y"}, {"id": first, "subject": "y"}]}

    refused = zendesk.call("PUT", "tickets/update_many", json=both)
    listed = zendesk.call("PUT", f"tickets/update_many?ids={first},{second}", json={"ticket": {"subject": "y"}})
    zendesk.command("switches", jobs_count=False)

    assert (refused.status_code, listed.status_code) == (429, 429)
    assert refused.headers["zendesk-ratelimit-per-ticket-updates"].startswith("total=30; remaining=0")
    assert zendesk.call("PUT", "tickets/update_many", json=both).status_code == 200


def test_each_kind_of_call_has_its_own_caps() -> None:
    def names(method: str, kind: str) -> list[str]:
        return [bucket.name for bucket in of(f"{method} {kind}", "7")]

    assert names("GET", "tickets/{id}") == ["account"]
    assert names("PUT", "tickets/{id}") == ["account", "tickets-update", "per-ticket-updates"]
    assert names("PUT", "comment_redactions/{id}") == ["account", "per-ticket-updates"]
    assert names("POST", "users") == ["account"]
    assert names("PUT", "users/{id}") == ["account", "users-update", "users-update-per-user"]


def test_one_user_is_changed_five_times_a_minute() -> None:
    limits = Limits()

    waits = [limits.take(of("PUT users/{id}", "7"), float(second))[1] for second in range(7)]
    _, other = limits.take(of("PUT users/{id}", "8"), 7.0)

    assert (waits, other) == ([0, 0, 0, 0, 0, 55, 54], 0)


def test_the_headers_tell_in_both_spellings() -> None:
    windows, wait = Limits().take(of("POST tickets"), 90.0)

    assert wait == 0
    assert headers(windows) == {
        "x-rate-limit": "400",
        "x-rate-limit-remaining": "399",
        "ratelimit-limit": "400",
        "ratelimit-remaining": "399",
        "ratelimit-reset": "30",
        "zendesk-ratelimit-ticket-request-create-by-user-and-ip": "total=300; remaining=299; resets=30",
    }


def test_older_accounts_spell_the_headers_otherwise(zendesk: ZendeskProcess) -> None:
    zendesk.command("switches", older_headers=True)

    told = zendesk.call("PUT", "tickets/1", json={"ticket": {}}).headers

    assert (told["x-rate-limit"], told["rate-limit"]) == ("400", "400")
    assert told["rate-limit-remaining"] == told["x-rate-limit-remaining"]
    assert 0 < int(told["rate-limit-reset"]) <= 60
    assert told["zendesk-rate-limit-tickets-update"].startswith("total=100; remaining=")
    assert not [name for name in told if "ratelimit" in name.lower()]


@given(st.lists(st.floats(min_value=0, max_value=300), max_size=60), st.integers(min_value=1, max_value=5))
@settings(max_examples=100)
def test_no_window_holds_more_than_its_total(moments: list[float], total: int) -> None:
    limits, bucket = Limits(), Bucket(name="x", total=total)
    went: dict[int, int] = {}

    for now in sorted(moments):
        _, wait = limits.take([bucket], now)
        if not wait:
            went[int(now // 60)] = went.get(int(now // 60), 0) + 1
        else:
            assert went[int(now // 60)] == total
            assert int((now + wait) // 60) > int(now // 60) or wait == 60 - int(now % 60)

    assert all(count <= total for count in went.values())
