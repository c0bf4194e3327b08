"""A Page's connection: every planted fault is found, subscribe writes once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from meta_calls import PAGE
from page_platform import (
    APP,
    CALLBACK,
    CREDENTIALS,
    FIELDS,
    OTHER_APP,
    SCOPES,
    TOKEN,
    Facebook,
    adapter,
    platform,
    refused,
)
from stub import Said, Stub

from bridge.ports import Credentials, Finding, Upkeep

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
UPKEEP = Upkeep(url=CALLBACK, credentials={PAGE.id: CREDENTIALS}, now=NOW)
HEARS = ", ".join(FIELDS)

CLOCK = Finding(level="ok", about="clock", says="This machine's clock agrees with Meta's.")
COMES = Finding(level="ok", about="callback", says=f"Meta sends what happens on page here: {HEARS}.")
WORKS = Finding(level="ok", account=PAGE.id, about="token", says="The token works and has no end.")
HEARD = Finding(level="ok", account=PAGE.id, about="installation", says=f"The Page tells the app of {HEARS}.")
GOOD = [CLOCK, COMES, WORKS, HEARD]

ASK = "Run casebridge subscribe, or set it under Webhooks in the App Dashboard."
INSTALL = "Run casebridge subscribe. If the account is no Page, say under products what it is."
RENEW = (
    "Make a new token of a system user in Business settings > Users > System users, and put it under the account "
    "in connections.yaml."
)
GRANT = (
    "Grant it in the App Dashboard under Use cases or App Review > Permissions, then make a new token that has "
    "it, and put that under the account in connections.yaml."
)


def examined(there: Facebook, stub: Stub, upkeep: Upkeep = UPKEEP, **changed: object) -> list[Finding]:
    stub.clock = NOW.timestamp()
    return adapter(stub, **changed).examine(upkeep)


def only(level: Any, about: str, says: str, do: str, **more: Any) -> Finding:
    return Finding(level=level, about=about, says=says, do=do, **more)


def test_a_connection_that_works_has_nothing_to_mend() -> None:
    with platform() as (there, stub):
        assert examined(there, stub) == GOOD
        assert stub.writes == []


# --- the app ---


def page(there: Facebook) -> dict[str, Any]:
    return there.subscriptions["page"]


@pytest.mark.parametrize(
    ("plant", "about", "says"),
    [
        (
            lambda there: there.subscriptions.pop("page"),
            "callback",
            "Meta sends nothing of what happens on page: no callback URL is set.",
        ),
        (
            lambda there: page(there).update(callback_url="https://old.example.com/in/acme?secret=1"),
            "callback",
            f"Meta sends what happens on page to 'https://old.example.com/in/acme', not to {CALLBACK!r}.",
        ),
        (
            lambda there: page(there).update(callback_url="https://me:secret@old.example.com/in/acme#secret"),
            "callback",
            f"Meta sends what happens on page to 'https://old.example.com/in/acme', not to {CALLBACK!r}.",
        ),
        (
            lambda there: page(there).update(active=False),
            "callback",
            "The callback URL for page is not verified, or Meta has switched it off.",
        ),
        (
            lambda there: page(there).update(fields=["messages", {"name": "feed"}, *FIELDS[4:], 7]),
            "subscription",
            "The app does not hear of mention, ratings on page.",
        ),
    ],
)
def test_what_is_wrong_with_the_apps_callbacks_is_found_and_mended_once(
    plant: Callable[[Facebook], None], about: str, says: str
) -> None:
    with platform() as (there, stub):
        plant(there)

        found = examined(there, stub)
        mended = adapter(stub).subscribe(UPKEEP)
        again = adapter(stub).subscribe(UPKEEP)

        wrong = only("fault", about, says, ASK)
        assert found == [CLOCK, wrong, WORKS, HEARD]
        assert mended == [CLOCK, replace(wrong, level="done", says=f"{says} Now it is set.", do=""), WORKS, HEARD]
        assert again == GOOD
        (call,) = stub.writes
        assert call.form["fields"].split(",")[-1] in FIELDS


def test_what_somebody_else_subscribed_to_stays() -> None:
    with platform() as (there, stub):
        page(there)["fields"] = [{"name": "leadgen"}, {"name": "feed"}]
        there.installed[APP] = ["leadgen", "feed"]
        stub.clock = NOW.timestamp()

        adapter(stub).subscribe(UPKEEP)

        rest = [one for one in FIELDS if one != "feed"]
        assert [one["name"] for one in page(there)["fields"]] == ["leadgen", "feed", *rest]
        assert there.installed == {OTHER_APP: ["feed"], APP: ["leadgen", "feed", *rest]}


def test_reactions_are_subscribed_to_where_they_are_wanted() -> None:
    with platform() as (there, stub):
        found = examined(there, stub, reactions=True)

        assert found == [
            CLOCK,
            only("fault", "subscription", "The app does not hear of message_reactions on page.", ASK),
            WORKS,
            only(
                "fault",
                "installation",
                "The Page does not tell the app of message_reactions.",
                INSTALL,
                account=PAGE.id,
            ),
        ]


def test_a_url_that_meta_cannot_verify_is_said_and_nothing_is_called_done() -> None:
    with platform() as (there, stub):
        page(there)["active"] = False
        stub.clock = NOW.timestamp()
        stub.plan.extend([None, None, refused(2200)])

        found = adapter(stub).subscribe(UPKEEP)

        says = "Meta did not take the subscription to page: The platform refuses it. (error 2200)"
        do = "See that the receiver runs and can be reached from outside: Meta calls it at once."
        assert found[2] == only("fault", "callback", says, do)
        assert [one.level for one in found] == ["ok", "fault", "fault", "ok", "ok"]


def test_without_our_own_address_nobody_can_tell_what_meta_should_call() -> None:
    with platform() as (there, stub):
        found = examined(there, stub, replace(UPKEEP, url=""))

        nowhere = only(
            "fault",
            "url",
            "Nobody can tell what Meta should call, since the address of this receiver is not known.",
            "Set PUBLIC_URL to the https address under which Meta reaches it.",
        )
        assert found == [CLOCK, nowhere, WORKS, HEARD]


def test_without_the_apps_id_its_callbacks_are_unknown_and_the_token_tells_of_itself() -> None:
    with platform() as (there, stub):
        found = examined(there, stub, app_id="")

        unknown = only(
            "warning",
            "callback",
            "Nobody can tell where Meta sends what happens on page: the app's id is not known.",
            "Write app_id into connections.yaml, from App settings > Basic.",
        )
        assert found == [CLOCK, unknown, WORKS, HEARD]


def test_an_app_whose_secret_does_not_fit_is_said() -> None:
    with platform() as (there, stub):
        stub.plan.extend([None, refused(190, 401), refused(190, 401)])

        found = examined(there, stub)

        why = "Meta does not accept the account's token."
        assert [(one.level, one.about, why in one.says) for one in found[1:]] == [
            ("fault", "callback", True),
            ("warning", "token", True),
            ("ok", "installation", False),
        ]
        assert found[2].do == "Compare app_id and app_secret with App settings > Basic."


# --- the clock and the way there ---


@pytest.mark.parametrize(
    ("seconds", "level"),
    [(0, "ok"), (60, "ok"), (61, "warning"), (-61, "warning"), (300, "warning"), (301, "fault"), (-301, "fault")],
)
def test_a_clock_that_is_off_is_found(seconds: int, level: str) -> None:
    with platform() as (_, stub):
        stub.clock = NOW.timestamp() + seconds

        found = adapter(stub).examine(UPKEEP)[0]

        assert (found.level, found.about) == (level, "clock")
        assert (f"{abs(seconds)} s" in found.says) == (level != "ok")


def test_a_platform_that_cannot_be_reached_is_one_finding() -> None:
    with platform() as (_, stub):
        for attend in (
            adapter(stub, url="http://127.0.0.1:1").examine,
            adapter(stub, url="http://127.0.0.1:1").subscribe,
        ):
            (found,) = attend(UPKEEP)

            assert (found.level, found.about) == ("fault", "reach")


@pytest.mark.parametrize("call", range(1, 4))
def test_a_call_that_fails_on_the_way_is_a_finding_and_no_error(call: int) -> None:
    with platform() as (_, stub):
        stub.clock = NOW.timestamp()
        stub.plan.extend([*[None] * call, "before"])

        found = adapter(stub).examine(UPKEEP)

        about = {1: ("fault", "callback"), 2: ("warning", "token"), 3: ("fault", "installation")}[call]
        assert [(one.level, one.about) for one in found if one.level != "ok"] == [about]


# --- the token ---


@pytest.mark.parametrize("credentials", [{PAGE.id: Credentials()}])
def test_an_account_without_a_token_is_said(credentials: dict[str, Credentials]) -> None:
    with platform() as (there, stub):
        found = examined(there, stub, replace(UPKEEP, credentials=credentials))

        says = "connections.yaml holds no token for this account: write one under its id."
        assert found == [CLOCK, COMES, only("fault", "token", says, RENEW, account=PAGE.id)]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (
            {"is_valid": False, "error": {"message": "The session is over."}},
            "Meta no longer accepts the token: The session is over.",
        ),
        (
            {"is_valid": False, "error": {"message": f"Malformed access token {TOKEN}"}},
            "Meta no longer accepts the token: Malformed access token …",
        ),
        ({"is_valid": False}, "Meta no longer accepts the token: it does not say why."),
        ({"is_valid": "yes"}, "Meta no longer accepts the token: it does not say why."),
        ({"profile_id": "10150009"}, "The token is of the account '10150009', not of this one."),
        ({"app_id": OTHER_APP}, f"The token is of the app {OTHER_APP!r}, not of app_id {APP!r}."),
    ],
)
def test_a_token_that_does_not_work_is_said(changed: dict[str, Any], says: str) -> None:
    with platform() as (there, stub):
        there.tokens[TOKEN] |= changed

        found = examined(there, stub)

        assert found == [CLOCK, COMES, only("fault", "token", says, RENEW, account=PAGE.id)]


def test_a_dead_token_is_found_without_the_apps_id_too() -> None:
    with platform() as (there, stub):
        there.tokens[TOKEN]["is_valid"] = False

        found = examined(there, stub, app_id="")[2:]

        says = f"The token's time is over. {'Make a new token for the account and put it into connections.yaml.'}"
        assert found == [only("fault", "token", f"{says} (error 190/463)", RENEW, account=PAGE.id)]


@pytest.mark.parametrize("scope", SCOPES)
def test_a_permission_that_lacks_is_named(scope: str) -> None:
    with platform() as (there, stub):
        there.tokens[TOKEN]["scopes"].remove(scope)

        found = examined(there, stub)

        lacks = only("fault", "scopes", f"The token does not allow {scope}.", GRANT, account=PAGE.id)
        assert found == [CLOCK, COMES, WORKS, lacks, HEARD]


@pytest.mark.parametrize("name", ["expires_at", "data_access_expires_at"])
@pytest.mark.parametrize(
    ("left", "level", "about", "says"),
    [
        (timedelta(0), "fault", "expiry", "The token, or its access to data, ended on {}."),
        (timedelta(seconds=1), "warning", "expiry", "The token, or its access to data, ends on {}."),
        (timedelta(days=7), "warning", "expiry", "The token, or its access to data, ends on {}."),
        (timedelta(days=7, seconds=1), "ok", "token", "The token works until {}."),
    ],
)
def test_a_token_that_ends_is_said_a_week_before(
    name: str, left: timedelta, level: str, about: str, says: str
) -> None:
    with platform() as (there, stub):
        ends = NOW + left
        there.tokens[TOKEN][name] = int(ends.timestamp())

        found = examined(there, stub)[2]

        do = "" if level == "ok" else RENEW
        says = says.format(f"{ends:%Y-%m-%d %H:%M} UTC")
        assert found == only(level, about, says, do, account=PAGE.id, until=ends)


# --- what the Page tells the app ---


@pytest.mark.parametrize(
    ("app_id", "installed", "missing"),
    [
        (APP, {}, HEARS),
        (APP, {OTHER_APP: list(FIELDS)}, HEARS),
        (APP, {APP: ["feed", "messages"]}, ", ".join(one for one in FIELDS if one not in ("feed", "messages"))),
        ("", {APP: [one for one in FIELDS if one != "feed"]}, "feed"),
    ],
)
def test_a_page_that_does_not_let_the_app_in_is_found_and_mended_once(
    app_id: str, installed: dict[str, list[str]], missing: str
) -> None:
    with platform() as (there, stub):
        there.installed = installed

        found = examined(there, stub, app_id=app_id)
        mended = adapter(stub, app_id=app_id).subscribe(UPKEEP)
        again = adapter(stub, app_id=app_id).subscribe(UPKEEP)

        says = f"The Page does not tell the app of {missing}."
        assert found[3] == only("fault", "installation", says, INSTALL, account=PAGE.id)
        assert mended[3] == only("done", "installation", f"{says} Now it does.", "", account=PAGE.id)
        assert again[3] == HEARD
        assert len(stub.writes) == 1


def test_which_of_several_apps_this_is_is_not_guessed() -> None:
    with platform() as (there, stub):
        there.installed = {OTHER_APP: ["feed"], APP: ["feed"]}
        stub.answer = lambda call: refused(100) if "debug_token" in call.path else there.answer(call)

        found = adapter(stub, app_id="").subscribe(UPKEEP)[-1]

        assert (found.level, found.about) == ("warning", "installation")
        assert stub.writes == []


def test_what_meta_did_not_do_is_not_called_done() -> None:
    with platform() as (there, stub):
        del there.installed[APP]
        stub.answer = lambda call: Said(body={"success": False}) if call.method == "POST" else there.answer(call)

        found = adapter(stub).subscribe(UPKEEP)[-1]

        assert (found.level, found.about) == ("fault", "installation")


def test_an_account_that_is_no_page_is_said() -> None:
    with platform() as (there, stub):
        stub.plan.extend([None, None, None, refused(100, 400)])

        found = examined(there, stub)[3]

        assert (found.level, found.about, found.do) == ("fault", "installation", INSTALL)


def test_a_page_keeps_its_token() -> None:
    with platform() as (_, stub):
        assert adapter(stub).renew(PAGE.id, CREDENTIALS, NOW) is None
