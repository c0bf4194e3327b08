"""How often webhooks call again, when they give up, what is lost, and what the log says of it."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path
from typing import Any

import hooked
import pytest
from hooked import TYPE, comment, log, settled, subscribe, told
from webhook_receiver import Receiver, Reply
from zendesk_process import ZendeskProcess

from bridge.sandbox.zendesk.outbox import place, ulid
from bridge.sandbox.zendesk.sender import Breaker, Result, pause

receiver, zendesk, new = hooked.receiver, hooked.zendesk, hooked.new


# --- again, and never again -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("result", "gaps"),
    [
        (Result(code=409), [1, 2, 4, None]),
        (Result(code=0), [1, 2, 4, 8, 16, None]),
        (Result(code=503, again_after=30), [30, 30, 30, None]),
        (Result(code=429, again_after=59), [59, 59, 59, None]),
        (Result(code=503, again_after=60), [None]),
        (Result(code=429), [None]),
        (Result(code=500, again_after=1), [None]),
        (Result(code=404), [None]),
        (Result(code=302), [None]),
        (Result(code=-1), [None]),
        (Result(code=200), [None]),
    ],
)
def test_a_call_is_repeated_as_the_vendors_table_says(result: Result, gaps: list[float | None]) -> None:
    assert [pause(result, tries) for tries in range(1, len(gaps) + 1)] == gaps


def test_a_conflict_is_tried_three_more_times(zendesk: ZendeskProcess, receiver: Receiver) -> None:
    ticket, hook = zendesk.ticket()["id"], subscribe(zendesk, "comment_added")
    for _ in range(5):
        receiver.replies.put(Reply(409))

    comment(zendesk, ticket)
    heard = [receiver.next()]
    for offset in (10, 20, 30):
        while told(zendesk)["told"].get("accepted", 0) < len(heard):
            time.sleep(0.01)
        zendesk.command("clock", offset_seconds=offset)
        heard.append(receiver.next())
    settled(zendesk, failed=1)

    [one] = log(zendesk, hook)
    attempts = zendesk.read(f"webhooks/{hook}/invocations/{one['id']}/attempts")["attempts"]
    assert len({call.body for call in heard}) == 1
    assert len({call.headers["x-zendesk-webhook-invocation-id"] for call in heard}) == 1
    assert len({call.headers["x-zendesk-webhook-signature"] for call in heard}) == 4
    assert (one["status"], one["status_code"], len(attempts)) == ("failed", 409, 4)
    assert receiver.calls.empty()


def test_a_plain_error_is_never_tried_again(zendesk: ZendeskProcess, receiver: Receiver) -> None:
    ticket, hook = zendesk.ticket()["id"], subscribe(zendesk, "comment_added")
    receiver.replies.put(Reply(500, {"Retry-After": "1"}))

    comment(zendesk, ticket)
    settled(zendesk, failed=1)

    [one] = log(zendesk, hook)
    attempts = zendesk.read(f"webhooks/{hook}/invocations/{one['id']}/attempts")["attempts"]
    assert (one["status"], one["status_code"]) == ("failed", 500)
    assert [(at["status_code"], at["response"]["payload"]) for at in attempts] == [(500, "ok")]


def test_who_is_too_slow_is_called_again(zendesk: ZendeskProcess, receiver: Receiver) -> None:
    ticket, hook = zendesk.ticket()["id"], subscribe(zendesk, "comment_added")
    held = threading.Event()
    receiver.replies.put(Reply(200, held=held))
    zendesk.command("webhooks", patience=0.2)

    comment(zendesk, ticket)
    first = receiver.next()
    while "accepted" not in told(zendesk)["told"]:
        time.sleep(0.01)
    zendesk.command("clock", offset_seconds=5)
    second = receiver.next()
    settled(zendesk, success=1)
    held.set()

    assert first.body == second.body
    assert [one["status"] for one in log(zendesk, hook)] == ["success"]


def test_the_breaker_opens_where_most_calls_fail() -> None:
    breaker, now = Breaker(), 1_000.0

    for n in range(10):
        assert breaker.lets(now)
        breaker.tell(now, good=n < 3)

    assert [breaker.lets(now + more) for more in (0, 4.9, 5)] == [False, False, True]


def test_the_breaker_stays_open_until_one_call_succeeds() -> None:
    breaker = Breaker()
    for _ in range(10):
        breaker.tell(1_000.0, good=False)

    breaker.tell(1_005.0, good=False)
    after_a_failure = breaker.lets(1_006.0)
    breaker.tell(1_010.0, good=True)
    breaker.tell(1_011.0, good=False)

    assert (after_a_failure, breaker.lets(1_011.0)) == (False, True)


def test_the_breaker_looks_back_five_minutes_and_bears_a_thousand_errors() -> None:
    old, many = Breaker(), Breaker()
    for n in range(12):
        old.tell(1_000.0 + 100.0 * n, good=False)
    for n in range(3_000):
        many.tell(1_000.0, good=n % 3 > 0)
    bears = many.lets(1_000.0)
    many.tell(1_000.0, good=False)

    assert (old.lets(2_100.0), bears, many.lets(1_000.0)) == (True, True, False)


def test_what_comes_while_the_breaker_is_open_is_lost(zendesk: ZendeskProcess, receiver: Receiver) -> None:
    ticket, hook = zendesk.ticket()["id"], subscribe(zendesk, "comment_added")
    for _ in range(10):
        receiver.replies.put(Reply(500))

    for n in range(11):
        comment(zendesk, ticket, str(n))
    settled(zendesk, failed=10, **{"circuit broken": 1})
    zendesk.command("clock", offset_seconds=10)
    comment(zendesk, ticket, "after")
    settled(zendesk, success=1)

    assert [one["status"] for one in log(zendesk, hook)] == [*["failed"] * 10, "circuit broken", "success"]
    broken = zendesk.read(f"webhooks/{hook}/invocations", **{"filter[status]": "circuit broken"})
    assert len(broken["invocations"]) == 1


# --- worse than that ------------------------------------------------------------------------------------------


def test_calls_come_twice_or_not_at_all(zendesk: ZendeskProcess, receiver: Receiver) -> None:
    ticket, hook = zendesk.ticket()["id"], subscribe(zendesk, "comment_added")
    zendesk.command("webhooks", twice=True)
    comment(zendesk, ticket, "twice")
    first, second = receiver.next(), receiver.next()

    zendesk.command("webhooks", drop=1)
    comment(zendesk, ticket, "lost")
    lost = settled(zendesk, dropped=1)
    zendesk.command("webhooks")
    comment(zendesk, ticket, "again")

    assert first.body == second.body
    assert lost == {"success": 1, "repeated": 1, "dropped": 1}
    assert receiver.next().json["event"]["comment"]["body"] == "again"
    assert len(log(zendesk, hook)) == 2


def test_calls_come_in_any_order(zendesk: ZendeskProcess, receiver: Receiver) -> None:
    ticket, held = zendesk.ticket()["id"], threading.Event()
    subscribe(zendesk, "comment_added")
    zendesk.command("webhooks", shuffle=True)
    receiver.replies.put(Reply(200, held=held))
    comment(zendesk, ticket, "first")
    receiver.next()

    for n in range(12):
        comment(zendesk, ticket, f"{n:02}")
    held.set()

    heard = [receiver.next().json["event"]["comment"]["body"] for _ in range(12)]
    assert heard != sorted(heard)
    assert sorted(heard) == [f"{n:02}" for n in range(12)]


def test_the_log_is_kept_for_seven_days(zendesk: ZendeskProcess, receiver: Receiver) -> None:
    ticket, hook = zendesk.ticket()["id"], subscribe(zendesk, "comment_added")
    comment(zendesk, ticket)
    settled(zendesk, success=1)

    [one] = log(zendesk, hook)
    zendesk.command("clock", offset_seconds=7 * 86_400 + 60)

    headers = {"Authorization": f"Bearer {zendesk.log_in().json()['access_token']}"}
    later = zendesk.call("GET", f"webhooks/{hook}/invocations", headers=headers)
    attempts = zendesk.call("GET", f"webhooks/{hook}/invocations/{one['id']}/attempts", headers=headers)
    assert (list(one), one["status"]) == (["id", "latest_completed_at", "status", "status_code"], "success")
    assert (later.json()["invocations"], attempts.status_code) == ([], 404)


def test_a_trial_account_makes_sixty_calls_a_minute(zendesk: ZendeskProcess, receiver: Receiver) -> None:
    zendesk.command("switches", plan="trial")
    zendesk.command("clock", offset_seconds=60 - time.time() % 60)  # a minute begins
    ticket, _ = zendesk.ticket()["id"], [subscribe(zendesk, "comment_added") for _ in range(10)]

    for n in range(7):
        comment(zendesk, ticket, str(n))

    assert settled(zendesk, throttled=10) == {"success": 60, "throttled": 10}


def test_what_waits_outlives_the_sandbox(tmp_path: Path, receiver: Receiver) -> None:
    receiver.forget()
    zendesk = ZendeskProcess(tmp_path)
    zendesk.token = zendesk.log_in(scope="read write").json()["access_token"]
    ticket = zendesk.ticket()["id"]
    subscribe(zendesk, "comment_added", endpoint=f"{receiver.url}/direct")
    receiver.replies.put(Reply(409))
    comment(zendesk, ticket, "kept")
    receiver.next()
    while "accepted" not in told(zendesk)["told"]:
        time.sleep(0.01)
    zendesk.stop(signal.SIGKILL)

    zendesk.start()
    zendesk.command("clock", offset_seconds=10)
    heard = receiver.next()
    zendesk.close()

    assert (heard.path, heard.json["event"]["comment"]["body"]) == ("/direct", "kept")


def test_a_refused_change_rings_nothing(zendesk: ZendeskProcess, receiver: Receiver) -> None:
    ticket = zendesk.ticket()["id"]
    subscribe(zendesk, "comment_added", "soft_deleted")

    refused = zendesk.update(ticket, comment={"body": "x"}, assignee_id=7)
    zendesk.call("DELETE", f"tickets/{ticket}")

    assert refused.status_code == 422
    assert receiver.next().json["type"] == f"{TYPE}soft_deleted"


# --- where to -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("endpoint", "url", "called"),
    [
        ("https://bridge.example/in/zendesk", "http://127.0.0.1:8000", "http://127.0.0.1:8000/in/zendesk"),
        ("https://bridge.example/in/z?a=1", "http://127.0.0.1:8000/", "http://127.0.0.1:8000/in/z?a=1"),
        ("https://bridge.example/a/in/z", "http://127.0.0.1:8000/in/z", "http://127.0.0.1:8000/in/z"),
        ("http://127.0.0.1:9000/in/z", "http://127.0.0.1:8000", "http://127.0.0.1:9000/in/z"),
        ("https://bridge.example/in/zendesk", "", ""),
    ],
)
def test_only_this_machine_is_called(endpoint: str, url: str, called: str) -> None:
    assert place(endpoint, url) == called


def test_a_call_that_may_go_nowhere_fails(tmp_path: Path) -> None:
    zendesk = ZendeskProcess(tmp_path)
    zendesk.token = zendesk.log_in(scope="read write").json()["access_token"]
    ticket, hook = zendesk.ticket()["id"], subscribe(zendesk, "comment_added")

    comment(zendesk, ticket)
    settled(zendesk, failed=1)
    status = log(zendesk, hook)[0]["status"]
    zendesk.close()

    assert status == "failed"


def test_a_header_that_cannot_be_sent_stops_nothing(zendesk: ZendeskProcess, receiver: Receiver) -> None:
    ticket = zendesk.ticket()["id"]
    subscribe(zendesk, "comment_added", custom_headers={"X-Ü": "1"})
    subscribe(zendesk, "comment_added", custom_headers={"X-Word": "ü🙂"})
    subscribe(zendesk, "comment_added")

    comment(zendesk, ticket)

    assert settled(zendesk, success=1) == {"failed": 2, "success": 1}


@pytest.mark.parametrize(
    "spec",
    [
        {"url": "https://bridge.example"},
        {"url": 1},
        {"patience": 0},
        {"patience": True},
        {"twice": 1},
        {"drop": -1},
        {"drop": True},
        {"speed": 2},
    ],
)
def test_a_wrong_order_about_webhooks_is_refused(zendesk: ZendeskProcess, spec: dict[str, Any]) -> None:
    answer = zendesk.command("webhooks", **spec)

    assert answer.status_code == 400
    assert answer.json()["error"]


def test_ids_sort_by_their_time() -> None:
    own = [ulid(moment) for moment in (1_000.0, 1_000.001, 2_000.0, 1_795_000_000.0)]

    assert own == sorted(own)
    assert {len(one) for one in own} == {26}
