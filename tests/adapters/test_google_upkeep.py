"""Doctor, subscribe and backfill for Google: each planted fault is found, and mended where that can be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google_calls import CAFE, SHOP, message, push
from google_platform import (
    CALLBACK,
    CREDENTIALS,
    NOW,
    OWNER,
    SCOPE,
    TOPIC,
    Platform,
    platform,
    refused,
    review,
    upkeep,
)
from stub import Said

from adapters.google.upkeep import CONSOLE, PUBLISHED, SIGN_IN, SUBSCRIBE, UNADDRESSED, UNARMED
from bridge.errors import Paused, RetryLater
from bridge.message import Message
from bridge.ports import Credentials, Finding, Unreadable

CLOCK = Finding(level="ok", about="clock", says="This machine's clock and Google's agree.")


def well(location: str) -> list[Finding]:
    return [
        Finding(level="ok", account=location, about="token", says="Google renews the sign-in."),
        Finding(level="ok", account=location, about="location", says="The location's reviews can be read."),
    ]


PUBLISHES = Finding(
    level="ok",
    account=OWNER,
    about="notifications",
    says=f"Google publishes new and changed reviews in {TOPIC}; {CONSOLE}.",
)
DONE = replace(
    PUBLISHES, level="done", says=f"Google publishes new and changed reviews in {TOPIC} now; {CONSOLE}."
)
GOOD = [*well(SHOP.id), *well(CAFE.id), PUBLISHES, CLOCK]


def fault(about: str, says: str, do: str, account: str = OWNER, level: Any = "fault") -> Finding:
    return Finding(level=level, account=account, about=about, says=says, do=do)


def examined(
    held: dict[str, Any] | None = None, *, off: float = 0, keys: dict[str, Any] | None = None, **given: Any
) -> list[Finding]:
    """What is found of a Google that is so. off: seconds that its clock is ahead."""
    with platform(keys=keys, **(held or {})) as (_, stub, channel):
        stub.clock = NOW.timestamp() + off
        found = channel.examine(upkeep(**given))
    assert [call.path for call in stub.writes if call.path != "/token"] == []
    return found


def setting(**changed: Any) -> dict[str, Any]:
    return {"setting": Platform().setting | changed}


def test_all_is_well() -> None:
    assert examined() == GOOD


# --- faults -----------------------------------------------------------------------------------------------------


def test_a_casebridge_that_does_not_know_its_own_address_is_found() -> None:
    assert examined(url="") == [UNADDRESSED, *GOOD]


def test_a_connection_without_an_oauth_client_is_found() -> None:
    assert examined(keys={"client_id": "", "client_secret": None}) == [UNARMED]


def test_an_account_without_a_refresh_token_is_found_and_the_other_is_still_looked_at() -> None:
    says = "connections.yaml holds no token for this account: write its refresh_token there."

    found = examined(credentials={SHOP.id: Credentials(), CAFE.id: CREDENTIALS})

    token = fault("token", f"Google was asked to sign in: {says}", SIGN_IN, SHOP.id)
    assert found == [token, *well(CAFE.id), PUBLISHES, CLOCK]


def test_a_dead_sign_in_is_found() -> None:
    found = examined({"refresh": "another"}, credentials={SHOP.id: CREDENTIALS})

    assert [(one.level, one.account, one.about) for one in found] == [("fault", SHOP.id, "token")]
    assert found[0].says.endswith("(error invalid_grant)")


def test_a_sign_in_that_does_not_allow_enough_is_found() -> None:
    found = examined({"granted": {"expires_in": 3599, "scope": "openid"}}, credentials={SHOP.id: CREDENTIALS})

    assert found == [fault("scopes", f"The sign-in does not allow {SCOPE}.", SIGN_IN, SHOP.id), CLOCK]


def test_a_sign_in_of_which_google_does_not_say_what_it_allows_is_believed() -> None:
    assert examined({"granted": {"expires_in": 3599}}) == GOOD


def test_a_sign_in_that_ends_is_found() -> None:
    granted = {"expires_in": 3599, "refresh_token_expires_in": 6 * 86_400}

    found = examined({"granted": granted}, credentials={SHOP.id: CREDENTIALS})

    ends = Finding(
        level="warning",
        account=SHOP.id,
        about="expiry",
        says="The sign-in ends on 2026-11-27 12:00 UTC.",
        do=PUBLISHED,
        until=NOW + timedelta(days=6),
    )
    assert found == [ends, well(SHOP.id)[1], PUBLISHES, CLOCK]


def test_a_sign_in_that_ends_later_is_no_warning_yet() -> None:
    granted = {"expires_in": 3599, "refresh_token_expires_in": 8 * 86_400}

    found = examined({"granted": granted}, credentials={SHOP.id: CREDENTIALS})

    assert (found[0].level, found[0].about, found[0].until) == ("ok", "token", NOW + timedelta(days=8))


def test_a_location_that_the_sign_in_may_not_see_is_found() -> None:
    with platform() as (_, stub, channel):
        stub.plan.extend([None, refused(403, "PERMISSION_DENIED")])
        stub.clock = NOW.timestamp()
        token, location, *rest = channel.examine(upkeep(credentials={SHOP.id: CREDENTIALS}))

    assert (token.level, location.level, location.about, rest) == ("ok", "fault", "location", [CLOCK])


def test_an_api_that_is_switched_off_is_found() -> None:
    with platform() as (_, stub, channel):
        stub.plan.extend([None, refused(403, "PERMISSION_DENIED", "SERVICE_DISABLED")])
        found = channel.examine(upkeep(credentials={SHOP.id: CREDENTIALS}))[1]

    assert (found.level, found.about, found.do) == ("fault", "token", "Do that, then run it again.")


def test_a_google_that_publishes_nowhere_is_found() -> None:
    says = "Google publishes nowhere, so it tells of no review."

    for held in (
        setting(pubsubTopic=""),
        setting(notificationTypes=[]),
        {"setting": {"name": f"{OWNER}/notificationSetting"}},
    ):
        assert examined(held) == [*GOOD[:4], fault("notifications", says, SUBSCRIBE), CLOCK]
    found = examined(setting(pubsubTopic=""), keys={"topic": ""})
    assert found[4] == fault("notifications", says, f"Write `topic` into connections.yaml. {SUBSCRIBE}")


def test_another_topic_is_found_where_one_is_wanted() -> None:
    held = setting(pubsubTopic="projects/other/topics/theirs")
    says = f"Google publishes in 'projects/other/topics/theirs', and not in {TOPIC!r}."

    assert examined(held)[4] == fault("topic", says, SUBSCRIBE)
    assert examined(held, keys={"topic": ""})[4].level == "ok"


def test_reviews_that_are_not_published_are_found() -> None:
    found = examined(setting(notificationTypes=["NEW_QUESTION", "NEW_REVIEW"]))

    assert found[4] == fault("types", "Google does not publish UPDATED_REVIEW.", SUBSCRIBE)


@pytest.mark.parametrize(("off", "level"), [(61, "warning"), (-301, "fault"), (60, "ok")])
def test_a_clock_that_is_wrong_is_found(off: float, level: str) -> None:
    found = examined(off=off)

    assert (found[-1].level, found[-1].about) == (level, "clock")
    assert found[:-1] == GOOD[:-1]


def test_a_google_that_does_not_answer_is_a_warning() -> None:
    with platform() as (_, stub, channel):
        stub.plan.extend(["before", "before"])
        found = channel.examine(upkeep())

    assert [(one.level, one.account, one.about) for one in found] == [
        ("warning", SHOP.id, "token"),
        ("warning", CAFE.id, "token"),
    ]


# --- subscribe --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "held",
    [
        setting(pubsubTopic=""),
        setting(notificationTypes=[]),
        setting(pubsubTopic="projects/other/topics/theirs"),
        setting(notificationTypes=["NEW_QUESTION"]),
    ],
)
def test_what_is_wrong_is_set_and_a_second_time_nothing_is_written(held: dict[str, Any]) -> None:
    with platform(**held) as (one, stub, channel):
        stub.clock = NOW.timestamp()
        first, wrote = channel.subscribe(upkeep()), len(stub.asked("PATCH"))
        second = channel.subscribe(upkeep())

    assert (first, wrote) == ([*GOOD[:4], DONE, CLOCK], 1)
    assert (second, len(stub.asked("PATCH"))) == (GOOD, 1)
    assert one.setting["pubsubTopic"] == TOPIC
    assert {"NEW_REVIEW", "UPDATED_REVIEW", *held["setting"]["notificationTypes"]} == set(
        one.setting["notificationTypes"]
    )


def test_without_a_topic_to_publish_in_nothing_is_written() -> None:
    with platform(keys={"topic": ""}, **setting(pubsubTopic="")) as (_, stub, channel):
        found = channel.subscribe(upkeep())

    assert (found[4].level, stub.asked("PATCH")) == ("fault", [])


@pytest.mark.parametrize(
    "said",
    [refused(403, "PERMISSION_DENIED"), refused(400, "INVALID_ARGUMENT"), "after", Said(status=502, body=b"")],
)
def test_what_could_not_be_set_is_a_fault(said: Any) -> None:
    with platform(**setting(pubsubTopic="")) as (_, stub, channel):
        stub.plan.extend([None] * 6 + [said])
        found = channel.subscribe(upkeep())[4]

    assert (found.level, found.about) == ("fault", "notifications")
    assert found.says.startswith(f"Google was told to publish in {TOPIC}, and answered: ")


# --- backfill ---------------------------------------------------------------------------------------------------

SINCE = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def at(hours: float) -> str:
    return (SINCE + timedelta(hours=hours)).isoformat().replace("+00:00", "Z")


def listed(number: str, written: float, changed: float | None = None) -> dict[str, Any]:
    """A review, in hours since the gap began."""
    return review(number, createTime=at(written), updateTime=at(written if changed is None else changed))


def told(number: str) -> Message:
    """What the callback about a review comes to, once it is completed."""
    return message(push({"type": "NEW_REVIEW", "reviewName": f"{SHOP.id}/reviews/{number}"}))


def missed(*reviews: Any, per_page: int = 2, off: int = 0) -> tuple[list[list[Any]], int]:
    """The pages, and how many calls they took."""
    with platform(reviews=list(reviews), per_page=per_page) as (_, stub, channel):
        pages = list(channel.backfill(SHOP.id, CREDENTIALS, SINCE))
    return pages, len(stub.asked("GET"))


def test_what_was_missed_has_the_keys_that_callbacks_give() -> None:
    pages, calls = missed(listed("R3", 3), listed("R2", 2), listed("R1", 1))

    assert [[one.key for one in page] for page in pages] == [
        [told("R3").key, told("R2").key],
        [told("R1").key],
    ]
    assert calls == 2


def test_a_missed_review_is_the_completed_callback() -> None:
    ((found,),), _ = missed(listed("R1", 1))
    with platform(reviews=[listed("R1", 1)]) as (_, _, channel):
        whole = channel.content(told("R1"), CREDENTIALS)
        lacks = channel.lacks(found)

    assert whole is not None
    assert replace(found, connection=whole.connection, received_at=whole.received_at, completed=False) == whole
    assert lacks == []


def test_reviews_that_were_only_changed_are_left_out_and_older_pages_not_asked_for() -> None:
    pages, calls = missed(
        listed("OLD", -48, 3), listed("R1", 1), listed("R0", -1), listed("X", -2), listed("Y", -3)
    )

    assert [[one.id for one in page] for page in pages] == [[f"{SHOP.id}/reviews/R1"], []]
    assert calls == 2


def test_a_review_that_cannot_be_read_does_not_hide_its_neighbour() -> None:
    ((broken, odd, whole),), _ = missed(listed("R3", 3) | {"comment": 7}, "odd", listed("R1", 1), per_page=50)

    assert (type(broken), type(odd), whole.key) == (Unreadable, Unreadable, told("R1").key)


def test_a_throttle_goes_up_and_what_came_before_is_good() -> None:
    with platform(reviews=[listed("R2", 2), listed("R1", 1)], per_page=1) as (_, stub, channel):
        stub.plan.extend([None, None, refused(429, "RESOURCE_EXHAUSTED")])
        pages = channel.backfill(SHOP.id, CREDENTIALS, SINCE)
        first = next(pages)
        with pytest.raises(RetryLater):
            next(pages)

    assert len(first) == 1


def test_a_dead_sign_in_goes_up() -> None:
    with platform(refresh="another") as (_, _, channel), pytest.raises(Paused):
        next(channel.backfill(SHOP.id, CREDENTIALS, SINCE))


def test_a_location_without_reviews_missed_nothing() -> None:
    assert missed() == ([[]], 1)
    assert CALLBACK.endswith("acme-google")
