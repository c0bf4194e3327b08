"""Living with TikTok: what is found at the platform, what is set up there, and new tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from stub import Said
from tiktok_calls import ACME, SECRET
from tiktok_platform import (
    APP,
    CREDENTIALS,
    NOW,
    REFRESH,
    SCOPES,
    TOKEN,
    TYPES,
    URL,
    VIDEO,
    World,
    bad,
    good,
    world,
)

from adapters.tiktok.faults import ANEW, FAULTS
from bridge.errors import Rejected, RetryLater
from bridge.ports import Credentials, Finding, Renewed, Upkeep

UPKEEP = Upkeep(url=URL, credentials={ACME.id: CREDENTIALS}, now=NOW)
SIGN_IN = ANEW[:1].upper() + ANEW[1:]
SUBSCRIBE = "Run `casebridge subscribe`."
WRITE = "/open_api/v1.3/business/webhook/update/"


@pytest.fixture
def tt() -> Iterator[World]:
    with world() as found:
        yield found


def wrong(found: list[Finding]) -> list[Finding]:
    return [one for one in found if one.level != "ok"]


def fault(about: str, says: str, do: str, *, account: str = "", **more: Any) -> Finding:
    return Finding(**{"level": "fault", "account": account, "about": about, "says": says, "do": do, **more})


# --- doctor -----------------------------------------------------------------------------------------------------


def test_where_all_is_well_everything_is_said_to_be(tt: World) -> None:
    found = tt.channel.examine(UPKEEP)

    assert [(one.level, one.account, one.about) for one in found] == [
        ("ok", "", "subscription direct"),
        ("ok", "", "subscription comments"),
        ("ok", "", "subscription mentions"),
        ("ok", ACME.id, "token"),
        ("ok", ACME.id, "scopes"),
        ("ok", "", "clock"),
    ]
    assert [call.path for call in tt.stub.writes] == ["/open_api/v1.3/tt_user/token_info/get/"]
    assert tt.stub.calls[0].query == {"app_id": APP, "secret": SECRET, "event_type": "DIRECT_MESSAGE"}


def plant(**changed: Any) -> Callable[[World], None]:
    """Change what stands at the platform."""

    def planted(tt: World) -> None:
        for name, value in changed.items():
            setattr(tt.platform, name, value)

    return planted


def hook(event_type: str, **given: Any) -> Callable[[World], None]:
    def planted(tt: World) -> None:
        tt.platform.hooks[event_type] = given

    return planted


def clock(seconds: float) -> Callable[[World], None]:
    def planted(tt: World) -> None:
        tt.stub.clock = NOW.timestamp() + seconds

    return planted


NTP = "Let the machine take its time from a time server."
DEAD = f"TikTok was asked about the token, and answered: {FAULTS['40105'].says} (error 40105)"

PLANTED: dict[str, tuple[Callable[[World], None], Finding]] = {
    "a dead token": (
        plant(token="act.another"),
        fault("token", DEAD, "Renew the account's tokens.", account=ACME.id),
    ),
    "another account's token": (
        plant(owner="-000SomebodyElse"),
        fault("token", "The token is another account's.", SIGN_IN, account=ACME.id),
    ),
    "missing scopes": (
        plant(scope=",".join(scope for scope in SCOPES if scope not in ("video.list", "message.list.send"))),
        fault(
            "scopes",
            "The token lacks message.list.send, video.list.",
            f"Ask for these permissions in the developer portal; then {ANEW}",
            account=ACME.id,
        ),
    ),
    "no webhook": (
        hook("COMMENT"),
        fault("subscription comments", "TikTok does not send comments anywhere.", SUBSCRIBE),
    ),
    "a webhook elsewhere": (
        hook("DIRECT_MESSAGE", callback_url="https://old.example.com/hook/secret-of-theirs"),
        fault("callback direct", f"TikTok sends direct to 'old.example.com', and not to {URL}.", SUBSCRIBE),
    ),
    "a webhook that is no address": (
        hook("DIRECT_MESSAGE", callback_url="https://[old/"),
        fault(
            "callback direct",
            f"TikTok sends direct to an address that cannot be read, and not to {URL}.",
            SUBSCRIBE,
        ),
    ),
    "a webhook for single posts": (
        hook("COMMENT", callback_url=URL, item_list=[VIDEO]),
        fault("posts comments", "TikTok sends comments of single posts only.", SUBSCRIBE),
    ),
    "a clock that is slow": (
        clock(61),
        fault("clock", "This machine's clock and TikTok's differ by 61 seconds.", NTP, level="warning"),
    ),
    "a clock that is wrong": (
        clock(-301),
        fault("clock", "This machine's clock and TikTok's differ by 301 seconds.", NTP),
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_found_and_nothing_else(tt: World, name: str) -> None:
    planted, finding = PLANTED[name]
    planted(tt)

    assert wrong(tt.channel.examine(UPKEEP)) == [finding]


@pytest.mark.parametrize("seconds", [60, -60, 0])
def test_a_clock_within_a_minute_is_good_enough(tt: World, seconds: float) -> None:
    tt.stub.clock = NOW.timestamp() + seconds

    assert wrong(tt.channel.examine(UPKEEP)) == []


def test_no_token_is_found(tt: World) -> None:
    found = tt.channel.examine(replace(UPKEEP, credentials={ACME.id: Credentials()}))

    says = "connections.yaml holds no token for this account: add `token` and `refresh_token` under the account."
    assert wrong(found) == [fault("token", says, SIGN_IN, account=ACME.id)]


def test_a_token_that_nothing_renews_is_found(tt: World) -> None:
    found = tt.channel.examine(replace(UPKEEP, credentials={ACME.id: replace(CREDENTIALS, refresh=None)}))

    assert wrong(found) == [
        fault(
            "token",
            "The token ends within 24 hours, and nothing renews it.",
            "Write app_id, and the account's refresh_token, into connections.yaml.",
            account=ACME.id,
            level="warning",
            until=NOW + timedelta(hours=24),
        )
    ]


def test_without_an_address_of_ours_any_address_will_do(tt: World) -> None:
    tt.platform.hooks["COMMENT"] = {"callback_url": "https://other.example.com"}

    found = tt.channel.examine(replace(UPKEEP, url=""))

    says = "Casebridge does not know under which address TikTok reaches it."
    assert wrong(found) == [fault("url", says, "Set PUBLIC_URL.")]


def test_without_the_apps_id_nobody_is_asked() -> None:
    with world(app_id="") as tt:
        found = tt.channel.examine(UPKEEP)

        assert [(one.level, one.account, one.about) for one in found] == [
            ("warning", "", "app"),
            ("warning", ACME.id, "token"),
        ]
        assert tt.stub.calls == []


def test_a_wrong_secret_is_said_of_each_webhook() -> None:
    with world(secrets=("another-secret",), receives=["comments"]) as tt:
        found = wrong(tt.channel.examine(UPKEEP))

        says = f"TikTok was asked where it sends comments, and answered: {FAULTS['40101'].says} (error 40101)"
        assert found == [fault("subscription comments", says, "Do what TikTok's answer says.")]


def test_only_what_is_to_be_received_is_looked_at() -> None:
    with world(receives=["mentions"]) as tt:
        tt.platform.hooks, tt.platform.scope = {"BRAND_MENTION": {"callback_url": URL}}, ""

        assert wrong(tt.channel.examine(UPKEEP)) == []


@pytest.mark.parametrize(
    "planned", [bad(40100), bad(50000), Said(status=503, body=b""), Said(body=b"<html>"), "before"]
)
def test_what_cannot_be_asked_just_now_is_a_warning(tt: World, planned: Said) -> None:
    tt.stub.plan.extend([planned] * 4)

    found = wrong(tt.channel.examine(UPKEEP))

    assert [(one.level, one.about, one.do) for one in found] == [
        ("warning", "subscription direct", "Try again later."),
        ("warning", "subscription comments", "Try again later."),
        ("warning", "subscription mentions", "Try again later."),
        ("warning", "token", "Try again later."),
    ]


def test_a_platform_that_is_not_there_is_a_finding() -> None:
    with world() as tt:
        pass

    assert {one.level for one in tt.channel.examine(UPKEEP)} == {"warning"}


@pytest.mark.parametrize("scope", [None, 7, ["comment.list"]])
def test_scopes_that_are_not_told_are_a_warning(tt: World, scope: Any) -> None:
    tt.stub.plan.extend([None, None, None, good(app_id=APP, creator_id=ACME.id, scope=scope)])

    assert [(one.level, one.about) for one in wrong(tt.channel.examine(UPKEEP))] == [("warning", "scopes")]


def test_no_finding_shows_a_secret(tt: World) -> None:
    tt.platform.token, tt.platform.hooks["COMMENT"] = "act.another", {"callback_url": "https://x.example/a-secret"}

    shown = repr(tt.channel.examine(UPKEEP))

    assert [one for one in (TOKEN, REFRESH, SECRET, "a-secret") if one in shown] == []


# --- subscribe --------------------------------------------------------------------------------------------------


def test_what_is_missing_or_wrong_is_set_up_and_a_second_time_nothing_is_written(tt: World) -> None:
    tt.platform.hooks = {
        "COMMENT": {"callback_url": URL, "item_list": [VIDEO]},
        "BRAND_MENTION": {"callback_url": "https://old.example.com"},
    }

    first = tt.channel.subscribe(UPKEEP)
    written = [call.json for call in tt.stub.writes]
    second = tt.channel.subscribe(UPKEEP)

    kinds = ("direct", "comments", "mentions")
    assert first == [
        Finding(level="done", about=f"subscription {kind}", says=f"TikTok sends {kind} here now.")
        for kind in kinds
    ]
    assert written == [{"app_id": APP, "secret": SECRET, "event_type": one, "callback_url": URL} for one in TYPES]
    assert second == [
        Finding(level="ok", about=f"subscription {kind}", says=f"TikTok sends {kind} here.") for kind in kinds
    ]
    assert len(tt.stub.writes) == 3


def test_what_is_right_is_left_alone(tt: World) -> None:
    del tt.platform.hooks["COMMENT"]

    found = tt.channel.subscribe(UPKEEP)

    assert [one.level for one in found] == ["ok", "done", "ok"]
    assert [call.json["event_type"] for call in tt.stub.writes] == ["COMMENT"]


def test_a_webhook_that_tiktok_refuses_is_a_finding() -> None:
    with world(receives=["direct"]) as tt:
        tt.platform.hooks = {}
        tt.stub.plan.extend([None, bad(40001)])

        found = tt.channel.subscribe(UPKEEP)

        says = f"TikTok was told to send direct here, and answered: {FAULTS['40001'].says} (error 40001)"
        do = "Look whether the app has this permission in TikTok's developer portal, and try again."
        assert found == [fault("subscription direct", says, do)]


@pytest.mark.parametrize("planned", [bad(40101), bad(40100), "before"])
def test_what_could_not_be_read_is_not_written(planned: Said) -> None:
    with world(receives=["direct"]) as tt:
        tt.stub.plan.append(planned)

        found = tt.channel.subscribe(UPKEEP)

        assert [one.about for one in wrong(found)] == ["subscription direct"]
        assert tt.stub.writes == []


@pytest.mark.parametrize("planned", ["before", "after"])
def test_a_lost_answer_is_a_finding_and_the_next_run_mends_it(planned: Any) -> None:
    with world(receives=["direct"]) as tt:
        tt.platform.hooks = {}
        tt.stub.plan.extend([None, planned])

        levels = [[one.level for one in tt.channel.subscribe(UPKEEP)] for _ in range(2)]

        assert levels == [["fault"], ["ok" if planned == "after" else "done"]]


def test_without_address_or_app_nothing_is_set_up() -> None:
    with world(app_id="") as tt:
        found = tt.channel.subscribe(replace(UPKEEP, url=""))

        assert [one.about for one in found] == ["url", "app"]
        assert tt.stub.calls == []


# --- new tokens -------------------------------------------------------------------------------------------------


def test_a_token_is_renewed_together_with_what_renews_it(tt: World) -> None:
    found = tt.channel.renew(ACME.id, CREDENTIALS, NOW)

    fresh = Credentials(token=SecretStr(tt.platform.token), refresh=SecretStr(tt.platform.refresh))
    assert found == Renewed(credentials=fresh, until=NOW + timedelta(hours=24))
    assert (tt.platform.token, tt.platform.refresh) == ("act.901", "rft.902")
    assert tt.stub.calls[0].json == {
        "client_id": APP,
        "client_secret": SECRET,
        "grant_type": "refresh_token",
        "refresh_token": REFRESH,
    }


def test_a_renewed_token_works_and_can_be_renewed_again(tt: World) -> None:
    first = tt.channel.renew(ACME.id, CREDENTIALS, NOW)
    assert first is not None

    second = tt.channel.renew(ACME.id, first.credentials, NOW)

    assert second is not None
    assert wrong(tt.channel.examine(replace(UPKEEP, credentials={ACME.id: second.credentials}))) == []


def test_what_cannot_be_renewed_is_left_alone(tt: World) -> None:
    assert tt.channel.renew(ACME.id, replace(CREDENTIALS, refresh=None), NOW) is None
    with world(app_id="") as other:
        assert other.channel.renew(ACME.id, CREDENTIALS, NOW) is None
        assert other.stub.calls + tt.stub.calls == []


@pytest.mark.parametrize(
    ("planned", "raised"),
    [
        (bad(40105), Rejected),
        (bad(40002), Rejected),
        (bad(40101), Rejected),
        (good(open_id="-000SomebodyElse", access_token="act.1"), Rejected),
        (bad(40100), RetryLater),
        (bad(50002), RetryLater),
        (good(open_id=ACME.id, access_token=None), RetryLater),
        ("before", RetryLater),
        ("after", RetryLater),
    ],
)
def test_a_token_that_is_not_renewed_is_waited_for_or_signed_in_for_anew(
    tt: World, planned: Said, raised: type[Exception]
) -> None:
    tt.stub.plan.append(planned)

    with pytest.raises(raised) as caught:
        tt.channel.renew(ACME.id, CREDENTIALS, NOW)

    assert (ANEW in str(caught.value)) is (raised is Rejected)
    assert REFRESH not in str(caught.value)


@pytest.mark.parametrize(("seconds", "hours"), [(3600, 1), (None, 24), (-1, 24), ("3600", 24), (10**20, 24)])
def test_the_end_of_a_token_is_a_day_away_unless_tiktok_says_so(tt: World, seconds: Any, hours: int) -> None:
    tt.stub.plan.append(good(access_token="act.1", expires_in=seconds))

    found = tt.channel.renew(ACME.id, CREDENTIALS, NOW)

    fresh = Credentials(token=SecretStr("act.1"), refresh=SecretStr(REFRESH))
    assert found == Renewed(credentials=fresh, until=NOW + timedelta(hours=hours))
