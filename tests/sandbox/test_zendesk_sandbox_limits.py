"""Rate limits: what each plan allows, when it is allowed again, and what the headers say of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from zendesk_process import ZendeskProcess

from bridge.sandbox.zendesk.limits import Bucket, Limits, buckets, headers

TEXT = "Number of allowed API requests per minute exceeded"


@pytest.fixture(scope="module")
def zendesk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZendeskProcess]:
    process = ZendeskProcess(tmp_path_factory.mktemp("zendesk"))
    yield process
    process.close()


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


def test_each_kind_of_call_has_its_own_caps() -> None:
    def names(method: str, kind: str) -> list[str]:
        return [bucket.name for bucket in buckets(method, kind, "7", "growth")]

    assert names("GET", "tickets/{id}") == ["account"]
    assert names("PUT", "tickets/{id}") == ["account", "tickets-update", "per-ticket-updates"]
    assert names("PUT", "comment_redactions/{id}") == ["account", "per-ticket-updates"]
    assert names("POST", "users") == ["account"]
    assert names("PUT", "users/{id}") == ["account", "users-update", "users-update-per-user"]


def test_one_user_is_changed_five_times_a_minute() -> None:
    limits = Limits()

    waits = [limits.take(buckets("PUT", "users/{id}", "7", "growth"), float(second))[1] for second in range(7)]
    _, other = limits.take(buckets("PUT", "users/{id}", "8", "growth"), 7.0)

    assert (waits, other) == ([0, 0, 0, 0, 0, 55, 54], 0)


def test_the_headers_tell_in_both_spellings() -> None:
    windows, wait = Limits().take(buckets("POST", "tickets", "", "growth"), 90.0)

    assert wait == 0
    assert headers(windows) == {
        "x-rate-limit": "400",
        "x-rate-limit-remaining": "399",
        "ratelimit-limit": "400",
        "ratelimit-remaining": "399",
        "ratelimit-reset": "30",
        "zendesk-ratelimit-ticket-request-create-by-user-and-ip": "total=300; remaining=299; resets=30",
    }


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
