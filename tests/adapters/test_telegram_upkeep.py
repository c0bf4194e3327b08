"""Doctor and subscribe for Telegram: each planted fault is found by its name, and mended where that can be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from stub import Said
from telegram_calls import ACME
from telegram_platform import CALLBACK, DEAD, NOW, OUR_UPDATES, Platform, platform, refused, upkeep

from adapters.telegram import updates
from bridge.ports import Credentials, Finding

UTC_NOW = NOW.timestamp()
SUBSCRIBE = "Run casebridge subscribe."
BOTFATHER = "Copy the bot's token from @BotFather to its account in connections.yaml."
CLOCK = Finding(level="ok", about="clock", says="This machine's clock and Telegram's agree.")
GOOD = [
    Finding(level="ok", account=ACME.id, about="token", says="The token is the bot's, and has no end."),
    CLOCK,
    Finding(level="ok", account=ACME.id, about="callback", says=f"The bot's webhook leads to {CALLBACK!r}."),
    Finding(level="ok", account=ACME.id, about="subscription", says="All updates with messages come."),
]
DONE = Finding(level="done", account=ACME.id, about="callback", says=f"The bot's webhook was set to {CALLBACK!r}.")


def fault(about: str, says: str, do: str, *, level: Any = "fault", account: str = ACME.id) -> Finding:
    return Finding(level=level, account=account, about=about, says=says, do=do)


def examined(held: dict[str, Any] | None = None, off: float = 0, **given: Any) -> list[Finding]:
    """What is found of a platform that is so. off: seconds that its clock is ahead."""
    with platform(**(held or {})) as (_, stub, channel):
        stub.clock = UTC_NOW + off
        found = channel.examine(upkeep(**given))
    assert stub.writes == []
    return found


def webhook(**changed: Any) -> dict[str, Any]:
    return {"webhook": Platform().webhook | changed}


def test_all_is_well() -> None:
    assert examined() == GOOD


# --- faults -----------------------------------------------------------------------------------------------------


def test_an_account_without_a_token_is_found() -> None:
    says = "connections.yaml holds no token for this account: write the one that @BotFather gave the bot there."

    assert examined(credentials={}) == [fault("token", says, BOTFATHER)]
    assert examined(credentials={ACME.id: Credentials()}) == [fault("token", says, BOTFATHER)]


@pytest.mark.parametrize("number", [401, 404])
def test_a_dead_token_is_found(number: int) -> None:
    with platform() as (_, stub, channel):
        stub.plan.append(refused(number, "Unauthorized"))
        (found,) = channel.examine(upkeep())

    assert (found.level, found.about, found.do) == ("fault", "token", BOTFATHER)


def test_the_token_of_another_bot_is_found() -> None:
    found = examined({"bot": {"id": 7500000002}})

    assert found == [fault("token", "The token is that of another bot, 7500000002.", BOTFATHER), *GOOD[1:]]


def test_a_bot_without_a_webhook_is_found() -> None:
    says = "Telegram has no webhook for the bot, so no update comes."

    assert examined(webhook(url="")) == [*GOOD[:2], fault("callback", says, SUBSCRIBE)]


@pytest.mark.parametrize("host", ["hooks.example.com", "old.example.com"])
def test_a_webhook_that_leads_elsewhere_is_found_and_its_path_is_not_told(host: str) -> None:
    says = f"The bot's webhook leads to another address, on the host {host!r}: no update comes here."

    found = examined(webhook(url=f"https://{host}/hook/secret-of-others"))

    assert found == [*GOOD[:2], fault("callback", says, SUBSCRIBE)]


def test_a_casebridge_that_does_not_know_its_own_address_is_found() -> None:
    says = "Nobody knows where Telegram reaches Casebridge."

    assert examined(url="") == [*GOOD[:2], fault("callback", says, "Set PUBLIC_URL.", account="")]


@pytest.mark.parametrize("url", ["http://hooks.example.com/in/a", "https://hooks.example.com:8080/in/a"])
def test_an_address_that_telegram_does_not_call_is_found(url: str) -> None:
    says = f"Telegram calls https addresses on the ports 443, 80, 88 and 8443 only, and not {url!r}."

    found = examined(webhook(url=url), url=url)

    do = "Set PUBLIC_URL to such an address."
    assert found == [*GOOD[:2], fault("callback", says, do, account="")]


@pytest.mark.parametrize("port", [80, 88, 443, 8443])
def test_an_address_on_one_of_telegrams_ports_is_good(port: int) -> None:
    url = f"https://hooks.example.com:{port}/in/acme-telegram"

    assert [one.level for one in examined(webhook(url=url), url=url)] == ["ok"] * 4


def test_updates_that_do_not_come_are_found() -> None:
    found = examined(webhook(allowed_updates=[*OUR_UPDATES[2:], "poll"]))

    says = "The bot's webhook leaves out business_message, callback_query."
    assert found == [*GOOD[:3], fault("subscription", says, SUBSCRIBE)]


@pytest.mark.parametrize("listed", [None, [], 5])
def test_a_webhook_that_names_no_updates_brings_all_but_reactions(listed: object) -> None:
    found = examined(webhook(allowed_updates=listed))

    says = "The bot's webhook leaves out message_reaction."
    assert found == [*GOOD[:3], fault("subscription", says, SUBSCRIBE)]


def test_what_could_not_be_delivered_is_found() -> None:
    failed = {"last_error_date": UTC_NOW - 60, "last_error_message": "Connection timed out"}

    waiting, over = (
        examined(webhook(pending_update_count=waiting, **{**failed, "last_error_date": int(UTC_NOW - 60)}))[4:]
        for waiting in (17, 0)
    )

    says = "At 2026-11-21 11:59 UTC Telegram could not deliver an update: 'Connection timed out'. {} wait, for at "
    do = "See whether the receiver is running, and reachable from outside under its URL."
    assert waiting == [fault("deliveries", says.format(17) + "most 24 hours.", do)]
    assert over == [fault("deliveries", says.format(0) + "most 24 hours.", do, level="warning")]


def test_updates_that_we_turned_away_carry_another_secret() -> None:
    failed = {
        "last_error_date": int(UTC_NOW),
        "last_error_message": "Wrong response from the webhook: 403 Forbidden",
    }

    (found,) = examined(webhook(**failed))[4:]

    assert found.do == "Telegram sends another secret token than the connection's first one. " + SUBSCRIBE


def test_what_failed_longer_ago_than_telegram_keeps_it_is_over() -> None:
    failed = {"last_error_date": int(UTC_NOW - 86_400), "last_error_message": "Connection timed out"}

    assert examined(webhook(**failed)) == GOOD


@pytest.mark.parametrize(
    ("off", "level"),
    [(60, "ok"), (-60, "ok"), (61, "warning"), (-300, "warning"), (301, "fault"), (-301, "fault")],
)
def test_a_clock_that_is_wrong_is_found(off: int, level: str) -> None:
    found = examined(off=off)

    says = f"This machine's clock and Telegram's differ by {abs(off)} seconds."
    wrong = fault("clock", says, "Let the machine take its time from a time server.", level=level, account="")
    assert found == [GOOD[0], CLOCK if level == "ok" else wrong, *GOOD[2:]]


@pytest.mark.parametrize(
    "step", ["before", "late", refused(502, "Bad Gateway"), refused(429, "Too Many Requests", retry_after=5)]
)
@pytest.mark.parametrize("calls", [0, 1])
def test_a_platform_that_cannot_be_asked_is_found(step: Any, calls: int) -> None:
    with platform() as (_, stub, channel):
        stub.plan.extend([*[None] * calls, step])
        (found,) = channel.examine(upkeep())

    assert (found.level, found.about, found.do) == ("warning", "platform", "Run it again in a few minutes.")
    assert found.says.startswith("Telegram could not be asked: ")
    assert "AAE-of_acme" not in found.says


@pytest.mark.parametrize("body", [b"<html>", {"ok": True, "result": 5}, {"ok": True, "result": {"id": None}}])
def test_an_answer_of_no_use_is_no_crash(body: object) -> None:
    with platform() as (_, stub, channel):
        stub.plan.extend([Said(body=body), Said(body=body)])
        found = channel.examine(upkeep())

    assert [one.level for one in found if one.about in ("token", "callback")] == ["fault", "fault"]


# --- setting up -------------------------------------------------------------------------------------------------


def test_what_is_right_is_left_alone() -> None:
    with platform() as (_, stub, channel):
        stub.clock = UTC_NOW
        found = channel.subscribe(upkeep())

    assert (found, stub.writes) == (GOOD, [])


BROKEN: dict[str, dict[str, Any]] = {
    "none": {"url": ""},
    "elsewhere": {"url": "https://old.example.com/hook"},
    "updates": {"allowed_updates": ["message"]},
    "reactions": {"allowed_updates": None},
    "secret": {"last_error_date": int(UTC_NOW), "last_error_message": "Wrong response: 403 Forbidden"},
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_wrong_is_mended_and_the_second_time_nothing_is_written(name: str) -> None:
    with platform(**webhook(**BROKEN[name])) as (held, stub, channel):
        stub.clock = UTC_NOW
        first, second = channel.subscribe(upkeep()), channel.subscribe(upkeep())

    assert first == [*GOOD[:2], DONE]
    assert second == GOOD
    assert [call.path.rpartition("/")[2] for call in stub.writes] == ["setWebhook"]
    assert set(held.webhook["allowed_updates"]) >= {*updates.WANTED, updates.REACTED}


def test_the_webhook_gets_the_first_secret_token() -> None:
    with platform(secret="old", **webhook(url="")) as (held, stub, channel):
        channel.subscribe(upkeep())

    assert held.secret == channel.sign(b"")["x-telegram-bot-api-secret-token"]
    assert stub.writes[0].json == {"url": CALLBACK, "secret_token": held.secret}


def test_updates_that_somebody_wants_besides_stay() -> None:
    with platform(**webhook(allowed_updates=["message", "poll"])) as (held, _, channel):
        channel.subscribe(upkeep())

    assert held.webhook["allowed_updates"] == sorted([*OUR_UPDATES, "poll"])


def test_a_webhook_with_a_certificate_is_not_touched() -> None:
    with platform(**webhook(url="", has_custom_certificate=True)) as (_, stub, channel):
        found = channel.subscribe(upkeep())

    assert stub.writes == []
    assert (found[-1].level, found[-1].about) == ("fault", "callback")
    assert found[-1].says.startswith("The bot's webhook has a certificate of its own")


@pytest.mark.parametrize(
    "given", [{"url": ""}, {"url": "https://hooks.example.com:8080/in/a"}, {"credentials": {}}]
)
def test_what_cannot_be_set_up_is_only_told(given: dict[str, Any]) -> None:
    with platform(**webhook(url="")) as (_, stub, channel):
        stub.clock = UTC_NOW
        found = channel.subscribe(upkeep(**given))
        asked = channel.examine(upkeep(**given))

    assert (found, stub.writes) == (asked, [])


def test_the_webhook_of_another_bot_is_left_alone() -> None:
    with platform(bot={"id": 1}, **webhook(url="")) as (_, stub, channel):
        assert channel.subscribe(upkeep())[0].about == "token"

    assert stub.writes == []


@pytest.mark.parametrize("step", ["after", DEAD, refused(400, "Bad Request: bad webhook: Failed to resolve host")])
def test_a_webhook_that_could_not_be_set_is_a_fault(step: Any) -> None:
    with platform(**webhook(url="")) as (_, stub, channel):
        stub.plan.extend([None, None, step])
        found = channel.subscribe(upkeep())

    assert (found[-1].level, found[-1].about) == ("fault", "callback")
    assert found[-1].says.startswith("The bot's webhook could not be set: ")
    assert replace(found[-1], says="").do == "Mend that, then run casebridge subscribe again."


def test_a_bot_has_nothing_to_renew_and_nothing_to_fetch_again() -> None:
    with platform() as (_, _, channel):
        renews = channel.renews(ACME.id, upkeep().credentials[ACME.id])

    assert (channel.subscribes, channel.backfills, renews) == (True, False, False)
