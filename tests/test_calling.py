"""Calls to a platform: what is sent, what a lost answer means, and what a documented error does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from stub import Break, Call, Said, Stub, running

from bridge.calling import (
    LONGEST,
    MOST,
    SOON,
    THROTTLED,
    Answered,
    Api,
    Fault,
    Means,
    Unanswered,
    harmless,
    refusal,
    trouble,
)
from bridge.errors import Paused, Rejected, RetryLater, Trouble, Unsure

HOME = "https://api.example.com"
FAULTS = {
    "17": Fault(means="throttled", says="Too many."),
    "2": Fault(means="temporary", says="Broken."),
    "190": Fault(means="token", says="Sign in anew."),
    "10": Fault(means="refused", says="The window is closed."),
}


@pytest.fixture
def platform() -> Iterator[Stub]:
    with running(lambda call: Said(body={"path": call.path, "host": call.host})) as stub:
        yield stub


def api(stub: Stub, *, patience: float = 0.5) -> Api:
    return Api(HOME, sandbox=stub.url, patience=timedelta(seconds=patience))


def test_a_call_brings_token_query_and_body(platform: Stub) -> None:
    answer = api(platform).call("POST", "/v1/send", token="t0ken", query={"a": "ü&b"}, json={"text": "é"})

    (call,) = platform.calls
    assert (call.method, call.host, call.path, call.query) == ("POST", "api.example.com", "/v1/send", {"a": "ü&b"})
    assert (call.token, call.json) == ("t0ken", {"text": "é"})
    assert answer.json == {"path": "/v1/send", "host": "api.example.com"}


def test_a_whole_address_may_be_called(platform: Stub) -> None:
    api(platform).call("GET", "https://data.example.com/x?y=1")

    assert [(call.host, call.path, call.query) for call in platform.calls] == [
        ("data.example.com", "/x", {"y": "1"})
    ]


def test_no_redirect_is_followed(platform: Stub) -> None:
    platform.plan.append(Said(status=302, headers={"Location": f"{platform.url}/elsewhere"}))

    answer = api(platform).call("GET", "/here", token="t0ken")

    assert (answer.status, [call.path for call in platform.calls]) == (302, ["/here"])


def test_no_proxy_of_this_machines_is_used(platform: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert api(platform).call("GET", "/").ok


@pytest.mark.parametrize("broken", ["before", "after", "late"])
def test_a_write_whose_answer_is_lost_is_unsure_and_a_read_is_asked_later(platform: Stub, broken: Break) -> None:
    platform.plan.extend([broken, broken])

    with pytest.raises(Unsure):
        api(platform).write("POST", "/")
    with pytest.raises(RetryLater):
        api(platform).read("GET", "/")


def test_what_never_reached_the_platform_was_not_done() -> None:
    nowhere = Api(HOME, sandbox="http://127.0.0.1:9", patience=timedelta(seconds=0.5))

    with pytest.raises(RetryLater):
        nowhere.write("POST", "/")
    with pytest.raises(Unanswered) as caught:
        nowhere.call("POST", "/")
    assert not caught.value.sent


def test_an_error_shows_neither_address_nor_token(platform: Stub) -> None:
    platform.plan.append("before")

    with pytest.raises(Unanswered) as caught:
        api(platform).call("GET", "/bot123:s3cret/getMe", token="t0ken", query={"key": "s3cret"})

    assert str(caught.value) == "no answer came: ConnectionError"
    assert caught.value.__cause__ is None


def test_an_answer_that_is_none_does_not_have_the_address_logged(
    platform: Stub, caplog: pytest.LogCaptureFixture
) -> None:
    platform.plan.append(Said(headers={"X-Odd": "1\r\nthis line is no header"}))

    with pytest.raises(Unanswered):  # behind such a line nobody finds the end
        api(platform).call("GET", "/bot123:s3cret/getMe", query={"key": "s3cret"})

    assert "s3cret" not in caplog.text


@pytest.mark.parametrize("given", [{"token": "t0ken…"}, {"query": {"cursor": "\ud800"}}])
def test_what_no_request_can_hold_was_not_sent(platform: Stub, given: dict[str, Any]) -> None:
    with pytest.raises(Unanswered) as caught:
        api(platform).call("POST", "/", **given)

    assert (caught.value.sent, platform.calls) == (False, [])


def test_a_server_at_fault_leaves_a_write_unsure_and_a_read_for_later(platform: Stub) -> None:
    platform.plan.extend([Said(status=502, body=b"<html>"), Said(status=503, headers={"Retry-After": "7"})])

    with pytest.raises(Unsure):
        api(platform).write("POST", "/")
    with pytest.raises(RetryLater) as caught:
        api(platform).read("GET", "/")
    assert caught.value.after == timedelta(seconds=7)


def test_an_answer_without_end_is_cut_off(platform: Stub) -> None:
    platform.plan.append(Said(body=b"x" * (MOST + 1)))

    with pytest.raises(Unanswered) as caught:
        api(platform, patience=10).call("GET", "/")
    assert caught.value.sent


@pytest.mark.parametrize("body", [b"", b"no json", b"[1]", b"\xff", b'{"a": NaN}', b"[" * 100_000])
def test_a_body_that_is_no_object_is_empty(body: bytes) -> None:
    assert not Answered(status=200, body=body).at("a", "b")


def test_the_platforms_clock_is_read() -> None:
    told = {"date": "Sun, 22 Nov 2026 08:00:00 GMT"}

    assert Answered(status=200, headers=told).clock == datetime(2026, 11, 22, 8, tzinfo=UTC)
    for given in ("soon", "Sun, 22 Nov 2026 08:00:00 +99999999999999999999"):
        assert Answered(status=200, headers={"date": given}).clock is None
    assert Answered(status=200).clock is None


@pytest.mark.parametrize("given", ["", "-1", "soon", "١", "9" * 20])
def test_a_wait_that_is_no_number_of_seconds_is_none(given: str) -> None:
    assert Answered(status=429, headers={"retry-after": given}).retry_after is None


def told(error: Trouble) -> tuple[type[Trouble], str, timedelta | None]:
    return type(error), str(error), getattr(error, "after", None)


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("17", 400, (RetryLater, "Too many. (error 17)", THROTTLED)),
        ("2", 500, (Unsure, "Broken. (error 2)", SOON)),
        ("190", 401, (Paused, "Sign in anew. (error 190)", None)),
        ("10", 400, (Rejected, "The window is closed. (error 10)", None)),
        ("", 400, (Rejected, "The platform refuses it. (error HTTP 400)", None)),
        (
            "",
            401,
            (Paused, "The platform does not accept the account's token: make a new one. (error HTTP 401)", None),
        ),
        ("", 429, (RetryLater, "The platform takes no more for now. (error HTTP 429)", THROTTLED)),
        ("77", 503, (Unsure, "The platform is at fault. (error 77)", SOON)),
    ],
)
def test_an_error_means_what_its_code_says_or_else_its_status(
    code: str, status: int, expected: tuple[type[Trouble], str, timedelta | None]
) -> None:
    assert told(refusal(Answered(status=status), code, FAULTS)) == expected


def test_a_platforms_own_wish_to_wait_is_heeded_within_reason() -> None:
    busy = Fault(means="throttled", says="Busy.")

    assert told(trouble(busy, "1", after=timedelta(seconds=14)))[2] == timedelta(seconds=14)
    assert told(trouble(busy, "1", after=timedelta(days=9)))[2] == LONGEST


@pytest.mark.parametrize("means", ["throttled", "temporary", "token", "refused"])
def test_nothing_is_unsure_about_a_read(means: Means) -> None:
    assert not isinstance(harmless(trouble(Fault(means=means, says="So."), "1")), Unsure)


def test_the_stub_keeps_what_it_was_asked(platform: Stub) -> None:
    api(platform).call("POST", "/form", form={"a": "b c"})

    assert [(call.path, call.form) for call in platform.writes] == [("/form", {"a": "b c"})]
    assert isinstance(platform.calls[0], Call)
