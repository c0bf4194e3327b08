"""Doctor and subscribe for LINE: each planted fault is found by its name, and mended where that can be."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from line_calls import ACME, SECRET
from line_platform import CALLBACK, CREDENTIALS, DEAD, DELIVERED, NOW, platform, refused, upkeep
from stub import Said

from adapters.line import Line, Settings
from bridge.message import Account
from bridge.ports import Credentials, Finding, Level

NOW_SECONDS = NOW.timestamp()
ISSUE = (
    "Issue a channel access token in the LINE Developers Console and write it to the account in connections.yaml."
)
SUBSCRIBE = "Run casebridge subscribe."


def finding(level: Level, about: str, says: str, do: str = "", **given: Any) -> Finding:
    return Finding(level=level, about=about, says=says, do=do, **({"account": ACME.id} | given))


TOKEN = finding("ok", "token", "The token is the account's.")
CLOCK = finding("ok", "clock", "This machine's clock and LINE's agree.", account="")
CALLED = finding("ok", "callback", f"LINE reaches {CALLBACK!r}, and its signature holds.")
SET = finding("ok", "callback", f"The account's webhook URL is {CALLBACK!r}.")
ON = finding("ok", "subscription", "Use webhook is on; whether Webhook redelivery is, LINE does not tell.")
QUOTA = finding("ok", "quota", "The account may send 1000 messages this month.")
GOOD = [TOKEN, CLOCK, CALLED, ON, QUOTA]
OFF = finding(
    "fault",
    "subscription",
    "Use webhook is off, so nothing comes.",
    "Switch Use webhook on, under Messaging API in the LINE Developers Console: LINE has no API for it.",
)


def examined(held: dict[str, Any] | None = None, off: float = 0, **given: Any) -> list[Finding]:
    """What is found of a platform that is so. off: seconds that its clock is ahead."""
    with platform(**(held or {})) as (_, stub, channel):
        stub.clock = NOW_SECONDS + off
        found = channel.examine(upkeep(**given))
    assert {call.path for call in stub.writes} <= {"/v2/bot/channel/webhook/test"}
    return found


def test_all_is_well() -> None:
    assert examined() == GOOD


# --- the token --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("credentials", [{}, {ACME.id: Credentials()}])
def test_an_account_without_a_token_is_found(credentials: dict[str, Credentials]) -> None:
    says = "connections.yaml holds no token for this account: issue a channel access token and write it there."

    assert examined(credentials=credentials) == [finding("fault", "token", says, ISSUE)]


def test_a_dead_token_is_found() -> None:
    says = "LINE does not accept the channel access token."

    assert examined({"token": "another"}) == [finding("fault", "token", says, ISSUE)]


def test_the_token_of_another_account_is_found_and_nothing_more_is_asked() -> None:
    says = "The token is that of another account, 'U-of-another'."

    assert examined({"account": "U-of-another"}) == [finding("fault", "token", says, ISSUE)]


def test_an_account_that_may_not_do_this_is_found() -> None:
    with platform() as (_, stub, channel):
        stub.plan.append(refused(403, "Access to this API is not available for your account"))
        (found,) = channel.examine(upkeep())

    assert (found.level, found.about) == ("fault", "scopes")


WEEK = 7 * 86_400


@pytest.mark.parametrize("left", [WEEK, 30 * 86_400])
def test_a_token_of_version_2_1_says_when_it_ends(left: int) -> None:
    ends = NOW + timedelta(seconds=left)

    assert examined({"expires_in": left})[0] == finding("ok", "token", TOKEN.says, until=ends)


@pytest.mark.parametrize("left", [WEEK - 1, 60, 0])
def test_a_token_that_ends_within_a_week_is_found(left: int) -> None:
    ends = NOW + timedelta(seconds=left)
    says = f"The token ends at {ends:%Y-%m-%d %H:%M} UTC."

    assert examined({"expires_in": left})[0] == finding("warning", "token", says, ISSUE, until=ends)


# --- the callback -----------------------------------------------------------------------------------------------


def test_an_account_without_a_webhook_is_found() -> None:
    says = "LINE has no webhook URL for the account, so nothing comes."

    assert examined({"endpoint": ""}) == [TOKEN, CLOCK, finding("fault", "callback", says, SUBSCRIBE), QUOTA]


@pytest.mark.parametrize("host", ["hooks.example.com", "old.example.com"])
def test_a_webhook_that_leads_elsewhere_is_found_and_its_path_is_not_told(host: str) -> None:
    says = f"The account's webhook leads to another address, on the host {host!r}: nothing comes here."

    found = examined({"endpoint": f"https://{host}/hook/secret-of-others"})

    assert found == [TOKEN, CLOCK, finding("fault", "callback", says, SUBSCRIBE), QUOTA]


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "Nobody knows where LINE reaches Casebridge."),
        (
            "http://hooks.example.com/in/a",
            "LINE calls https addresses only, and not 'http://hooks.example.com/in/a'.",
        ),
    ],
)
def test_an_address_that_line_cannot_call_is_found(url: str, says: str) -> None:
    wrong = finding("fault", "callback", says, "Set PUBLIC_URL to its https address.", account="")

    assert examined(url=url) == [wrong, TOKEN, CLOCK, QUOTA]


def test_a_webhook_that_is_switched_off_is_found() -> None:
    assert examined({"active": False}) == [TOKEN, CLOCK, OFF, QUOTA]


@pytest.mark.parametrize(
    ("reason", "detail", "do"),
    [
        ("COULD_NOT_CONNECT", "TLS handshake failure", "See whether the receiver is running, and reachable"),
        ("REQUEST_TIMEOUT", "Request timeout", "LINE waits two seconds"),
        ("ERROR_STATUS_CODE", "403", "If it was 403, compare channel_secret"),
        ("UNCLASSIFIED", "N/A", "See whether the receiver is running, and reachable"),
    ],
)
def test_a_callback_that_line_cannot_deliver_is_found(reason: str, detail: str, do: str) -> None:
    test = DELIVERED | {"success": False, "reason": reason, "detail": detail}

    found = examined({"test": test})

    says = f"LINE could not deliver a test to {CALLBACK!r}: {reason!r}, {detail!r}."
    assert [*found[:2], *found[3:]] == [TOKEN, CLOCK, ON, QUOTA]
    assert (found[2].level, found[2].about, found[2].says) == ("fault", "callback", says)
    assert found[2].do.startswith(do)


def test_an_address_that_line_calls_invalid_is_found() -> None:
    with platform() as (_, stub, channel):
        stub.plan.extend([None, None, None, refused(400, "Invalid webhook endpoint URL")])
        found = channel.examine(upkeep())

    says = f"LINE could not deliver a test to {CALLBACK!r}: '400', 'Invalid webhook endpoint URL'."
    assert [one.says for one in found if one.about == "callback"] == [says]


# --- the rest ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("off", "level"),
    [(60, "ok"), (-60, "ok"), (61, "warning"), (-300, "warning"), (301, "fault"), (-301, "fault")],
)
def test_a_clock_that_is_wrong_is_found(off: int, level: Level) -> None:
    says = f"This machine's clock and LINE's differ by {abs(off)} seconds."
    wrong = finding(level, "clock", says, "Let the machine take its time from a time server.", account="")

    assert examined(off=off) == [TOKEN, CLOCK if level == "ok" else wrong, *GOOD[2:]]


@pytest.mark.parametrize(
    ("used", "level"), [(899, "ok"), (900, "warning"), (999, "warning"), (1000, "fault"), (1001, "fault")]
)
def test_a_month_that_is_nearly_used_up_is_found(used: int, level: Level) -> None:
    says = f"Of 1000 messages that the account may send this month, {used} are sent; replies count."
    scarce = finding(level, "quota", says, "Book more messages, or a larger plan.")

    assert examined({"used": used}) == [*GOOD[:4], QUOTA if level == "ok" else scarce]


def test_a_month_of_any_size_is_counted() -> None:
    endless = finding("ok", "quota", f"The account may send {10**400} messages this month.")

    assert examined({"quota": {"type": "limited", "value": 10**400}}) == [*GOOD[:4], endless]


def test_a_plan_without_a_limit_is_good() -> None:
    unlimited = finding("ok", "quota", "The account's plan does not limit its messages.")

    assert examined({"quota": {"type": "none"}}) == [*GOOD[:4], unlimited]


@pytest.mark.parametrize("step", ["before", "late", refused(500, "x"), refused(429, "The API rate limit")])
@pytest.mark.parametrize("calls", range(6))
def test_a_platform_that_cannot_be_asked_is_found_besides_what_it_said_before(step: Any, calls: int) -> None:
    with platform() as (_, stub, channel):
        stub.clock = NOW_SECONDS
        stub.plan.extend([*[None] * calls, step])
        found = channel.examine(upkeep())

    known = {0: 0, 1: 0, 2: 2, 3: 2, 4: 4, 5: 4}[calls]
    assert found[:-1] == GOOD[:known]
    assert (found[-1].level, found[-1].about, found[-1].do) == (
        "warning",
        "platform",
        "Run it again in a few minutes.",
    )


@pytest.mark.parametrize("body", [b"<html>", {}, {"userId": 5}, []])
def test_an_answer_of_no_use_is_no_crash(body: object) -> None:
    with platform() as (_, stub, channel):
        stub.clock = NOW_SECONDS
        stub.plan.extend([Said(body=body)] * 6)
        assert channel.examine(upkeep())[0].about == "token"
        stub.plan.clear()
        stub.plan.extend([None, *[Said(body=body)] * 6])
        assert [one.about for one in channel.examine(upkeep()) if one.level == "fault"] == ["callback"]


def test_each_account_is_looked_after_and_the_clock_told_once() -> None:
    other = Account(id="U0000000000000000000000000000ac3f")
    with platform() as (_, stub, _):
        stub.clock = NOW_SECONDS
        given = {"channel_secret": SECRET, "url": stub.url}
        channel = Line(Settings.model_validate(given), {ACME.id: ACME, other.id: other})
        found = channel.examine(upkeep(credentials={ACME.id: CREDENTIALS, other.id: CREDENTIALS}))

    says = f"The token is that of another account, {ACME.id!r}."
    assert found == [*GOOD, finding("fault", "token", says, ISSUE, account=other.id)]


# --- setting up -------------------------------------------------------------------------------------------------


def test_what_is_right_is_left_alone() -> None:
    with platform() as (_, stub, channel):
        stub.clock = NOW_SECONDS
        found = channel.subscribe(upkeep())

    assert (found, stub.writes) == ([TOKEN, CLOCK, SET, ON, QUOTA], [])


@pytest.mark.parametrize("endpoint", ["", "https://old.example.com/hook"])
def test_what_is_wrong_is_mended_and_the_second_time_nothing_is_written(endpoint: str) -> None:
    with platform(endpoint=endpoint) as (held, stub, channel):
        stub.clock = NOW_SECONDS
        first, second = channel.subscribe(upkeep()), channel.subscribe(upkeep())

    done = finding("done", "callback", f"The account's webhook URL was set to {CALLBACK!r}.")
    assert first == [TOKEN, CLOCK, done, QUOTA]
    assert second == [TOKEN, CLOCK, SET, ON, QUOTA]
    assert [(call.method, call.json) for call in stub.writes] == [("PUT", {"endpoint": CALLBACK})]
    assert held.endpoint == CALLBACK


def test_what_only_the_console_can_mend_is_told() -> None:
    with platform(active=False, endpoint="https://old.example.com/hook") as (_, stub, channel):
        stub.clock = NOW_SECONDS
        first, second = channel.subscribe(upkeep()), channel.subscribe(upkeep())

    assert [one for one in (*first, *second) if one.level == "fault"] == [OFF, OFF]
    assert len(stub.writes) == 1


@pytest.mark.parametrize("given", [{"url": ""}, {"url": "http://hooks.example.com/in/a"}, {"credentials": {}}])
def test_what_cannot_be_set_up_is_only_told(given: dict[str, Any]) -> None:
    with platform(endpoint="") as (_, stub, channel):
        stub.clock = NOW_SECONDS
        assert channel.subscribe(upkeep(**given)) == channel.examine(upkeep(**given))

    assert stub.writes == []


def test_the_webhook_of_another_account_is_left_alone() -> None:
    with platform(account="U-of-another", endpoint="") as (_, stub, channel):
        channel.subscribe(upkeep())

    assert stub.writes == []


@pytest.mark.parametrize("step", ["after", DEAD, refused(400, "Invalid webhook endpoint URL")])
def test_a_url_that_could_not_be_set_is_a_fault(step: Any) -> None:
    with platform(endpoint="") as (_, stub, channel):
        stub.plan.extend([None, None, None, step])
        found = [one for one in channel.subscribe(upkeep()) if one.about == "callback"]

    assert [(one.level, one.do) for one in found] == [("fault", "Mend that, then run casebridge subscribe again.")]
    assert found[0].says.startswith("The account's webhook URL could not be set: ")


def test_the_token_is_shown_nowhere() -> None:
    secret = str(CREDENTIALS.token.get_secret_value()) if CREDENTIALS.token else ""
    with platform() as (_, stub, channel):
        stub.plan.extend(["before"])
        found = [*channel.examine(upkeep()), *channel.examine(upkeep()), *channel.subscribe(upkeep())]

    assert [one for one in found if secret in repr(one)] == []


def test_line_has_nothing_to_renew_and_nothing_to_fetch_again() -> None:
    with platform() as (_, _, channel):
        renews = channel.renews(ACME.id, CREDENTIALS)

    assert (channel.subscribes, channel.backfills, renews) == (True, False, False)
