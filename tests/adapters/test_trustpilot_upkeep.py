"""Doctor and backfill for Trustpilot: each planted fault is found, and what was missed is what was told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from stub import Said
from trustpilot_calls import ACME, message
from trustpilot_platform import NOW, SIGN_IN, platform, review, upkeep

from adapters.trustpilot.upkeep import KEYS, LATER, NOBODY, PLAN, UNADDRESSED, UNARMED, UNIT, WEBHOOKS
from bridge.errors import Paused, RetryLater
from bridge.ports import Credentials, Finding, Unreadable

TOKEN = Finding(level="ok", account=ACME.id, about="token", says="Trustpilot accepts the app.")
ACCESS = Finding(level="ok", account=ACME.id, about="access", says="The business unit's reviews can be read.")
CLOCK = Finding(level="ok", about="clock", says="This machine's clock and Trustpilot's agree.")
GOOD = [WEBHOOKS, TOKEN, ACCESS, CLOCK]


def examined(*, off: float = 0, keys: dict[str, Any] | None = None, url: Any = None, **held: Any) -> list[Finding]:
    """What is found of a Trustpilot that is so. off: seconds that its clock is ahead."""
    with platform(keys=keys, **held) as (_, stub, channel):
        stub.clock = NOW.timestamp() + off
        found = channel.examine(upkeep() if url is None else upkeep(url=url))
    assert {call.path for call in stub.writes} <= {SIGN_IN}
    return found


def answered(*plan: Any) -> list[tuple[str, str, str]]:
    """What is found where these answers come instead; level, about, do."""
    with platform() as (_, stub, channel):
        stub.plan.extend(plan)
        return [(one.level, one.about, one.do) for one in channel.examine(upkeep())]


OK_BUT = [("ok", "callback", ""), ("ok", "token", "")]


def test_all_is_well() -> None:
    assert examined() == GOOD


def test_a_casebridge_that_does_not_know_its_own_address_is_found() -> None:
    assert examined(url="") == [UNADDRESSED, *GOOD[1:]]


def test_a_connection_without_an_app_is_found() -> None:
    assert examined(keys={"api_key": "", "api_secret": None}) == [WEBHOOKS, UNARMED]


def test_a_connection_that_answers_in_nobodys_name_is_found() -> None:
    assert examined(keys={"business_user": ""}) == [WEBHOOKS, NOBODY, *GOOD[1:]]


def test_an_app_that_trustpilot_does_not_know_is_found() -> None:
    (callback, token) = examined(secret="another")

    assert (callback, token.level, token.about, token.do) == (WEBHOOKS, "fault", "token", KEYS)
    assert token.says.endswith("(error 401)")


def test_a_business_unit_that_is_not_there_is_found() -> None:
    found = examined(units=[])

    says = f"Trustpilot knows no business unit {ACME.id!r}."
    gone = Finding(level="fault", account=ACME.id, about="business_unit", says=says, do=UNIT)
    assert found == [WEBHOOKS, TOKEN, gone, CLOCK]


def test_a_plan_without_the_api_is_found() -> None:
    assert answered(None, None, Said(status=403))[:3] == [*OK_BUT, ("fault", "access", PLAN)]


def test_a_token_that_dies_meanwhile_is_found() -> None:
    dead = Said(status=401)

    assert answered(None, None, dead, None, dead)[:3] == [*OK_BUT, ("fault", "token", KEYS)]


def test_an_app_that_may_not_ask_is_found() -> None:
    assert answered(None, Said(status=403))[:3] == [*OK_BUT, ("fault", "business_unit", KEYS)]


@pytest.mark.parametrize("step", ["before", Said(status=500), Said(status=429)])
def test_a_trustpilot_that_does_not_answer_is_a_warning(step: Any) -> None:
    assert answered(step) == [("ok", "callback", ""), ("warning", "token", LATER)]
    assert answered(None, step)[:3] == [*OK_BUT, ("warning", "business_unit", LATER)]
    assert answered(None, None, step)[:3] == [*OK_BUT, ("warning", "access", LATER)]


@pytest.mark.parametrize(("off", "level"), [(61, "warning"), (-301, "fault"), (60, "ok")])
def test_a_clock_that_is_wrong_is_found(off: float, level: str) -> None:
    found = examined(off=off)

    assert (found[-1].level, found[-1].about, found[:-1]) == (level, "clock", GOOD[:-1])


def test_webhooks_cannot_be_subscribed_to() -> None:
    with platform() as (_, stub, channel):
        assert (channel.subscribes, channel.subscribe(upkeep()), stub.calls) == (False, [], [])


# --- backfill ---------------------------------------------------------------------------------------------------

SINCE = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def listed(number: int, hours: float) -> dict[str, Any]:
    """A review, in hours since the gap began."""
    return review(f"65a{number:03}", createdAt=f"{SINCE + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}")


def missed(*reviews: dict[str, Any]) -> list[list[Any]]:
    with platform(reviews=list(reviews)) as (_, _, channel):
        return list(channel.backfill(ACME.id, Credentials(), SINCE))


def told(one: dict[str, Any]) -> str:
    """The key that the event about a review came with."""
    return message("service-review-created", **one).key


def test_what_was_missed_has_the_keys_that_events_give() -> None:
    reviews = [listed(n, n / 10) for n in range(1, 151)]

    pages = missed(listed(0, -1), *reversed(reviews))

    assert [len(page) for page in pages] == [100, 50]
    assert [one.key for page in pages for one in page] == [told(one) for one in reviews]


def test_a_missed_review_is_the_checked_event() -> None:
    one = listed(1, 1)
    ((found,),) = missed(one)
    event = message("service-review-created", id=one["id"], stars=5)
    with platform(reviews=[one]) as (_, _, channel):
        whole = channel.content(event, Credentials())

    assert whole is not None
    same = replace(found, connection=event.connection, received_at=event.received_at, raw=whole.raw)
    assert same == replace(whole, completed=True)


def test_a_review_that_cannot_be_read_does_not_hide_its_neighbour() -> None:
    ((broken, whole),) = missed(listed(1, 1) | {"text": 7}, listed(2, 2))

    assert (type(broken), whole.id) == (Unreadable, "65a002")


def test_nothing_missed_is_nothing() -> None:
    assert missed() == []


def test_a_throttle_goes_up_and_what_came_before_is_good() -> None:
    with platform(reviews=[listed(1, 1)]) as (_, stub, channel):
        stub.plan.extend([None, None, Said(status=429)])
        pages = channel.backfill(ACME.id, Credentials(), SINCE)
        first = next(pages)
        with pytest.raises(RetryLater):
            next(pages)

    assert [one.key for one in first if not isinstance(one, Unreadable)] == [told(listed(1, 1))]  # type: ignore[union-attr]


def test_an_app_that_trustpilot_does_not_know_goes_up() -> None:
    with platform(secret="another") as (_, _, channel), pytest.raises(Paused):
        next(channel.backfill(ACME.id, Credentials(), SINCE))
