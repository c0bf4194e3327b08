"""Doctor, subscribe and backfill for WebSub: leases, hubs, and what stood in the feed meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stub import Said
from websub_calls import ATOM, NEWEST, PATH, SECRET, TALK, VIDEOS, link, parse, websub
from websub_platform import CALLBACK, HUB, NOW, entry, feed, leased, platform, upkeep

from adapters.websub import Settings, WebSub
from adapters.websub.feed import Links, links
from adapters.websub.upkeep import NO_HUB, SUBSCRIBE, UNADDRESSED
from bridge.errors import Rejected, RetryLater
from bridge.message import Account, Message
from bridge.ports import Credentials, Finding, Told, Unreadable

DAY = timedelta(days=1)
CLOCK = Finding(level="ok", about="clock", says="This machine's clock and the feed's agree.")
ASKED = "The hub 'hub.example' was asked to send this feed. It calls to ask whether that is wanted."


def lease(until: datetime, level: Any = "ok", topic: str = TALK.id) -> Finding:
    says = f"The subscription ends on {until:%Y-%m-%d %H:%M} UTC."
    do = "" if level == "ok" else SUBSCRIBE
    return Finding(level=level, account=topic, about="lease", says=says, do=do, until=until)


def fault(
    about: str, says: str, do: str = SUBSCRIBE, level: Any = "fault", until: datetime | None = None
) -> Finding:
    return Finding(level=level, account=TALK.id, about=about, says=says, do=do, until=until)


THE_HUB = Finding(level="ok", account=TALK.id, about="hub", says="The hub is 'hub.example'.")
GOOD = [lease(NOW + 9 * DAY), THE_HUB, CLOCK]
LEASED = leased(TALK.id, left=9 * DAY)


def examined(
    *, off: float = 0, hub: str = "", learned: Any = None, url: str = CALLBACK, **held: Any
) -> list[Finding]:
    """What is found of one topic. off: seconds that the feed's clock is ahead."""
    with platform(TALK, hub=hub, **held) as (_, stub, channel):
        stub.clock = NOW.timestamp() + off
        found = channel.examine(upkeep(learned=LEASED if learned is None else learned, url=url))
    assert stub.writes == []
    return found


def test_all_is_well() -> None:
    assert examined() == GOOD


def test_a_hub_that_is_told_needs_no_look_at_the_feed() -> None:
    found = examined(hub="https://pubsubhubbub.example/subscribe", feeds={})

    hub = replace(THE_HUB, says="The hub is 'pubsubhubbub.example'.")
    assert found == [lease(NOW + 9 * DAY), hub]


# --- faults -----------------------------------------------------------------------------------------------------


def test_a_casebridge_that_does_not_know_its_own_address_is_found() -> None:
    assert examined(url="") == [UNADDRESSED, *GOOD]


def test_a_subscription_that_no_hub_has_confirmed_is_found() -> None:
    assert examined(learned={})[0] == fault("lease", "No hub has ever confirmed a subscription.")


def test_a_subscription_that_has_ended_is_found() -> None:
    found = examined(learned=leased(TALK.id, left=timedelta(0)))

    says = "The subscription ended on 2026-11-21 12:00 UTC."
    assert found == [fault("lease", says, until=NOW), *GOOD[1:]]


@pytest.mark.parametrize(
    ("whole", "left", "level"),
    [
        (10 * DAY, 2 * DAY, "ok"),
        (10 * DAY, 2 * DAY - timedelta(seconds=1), "warning"),
        (5 * DAY, 1.5 * DAY, "ok"),
        (5 * DAY, 1.5 * DAY - timedelta(seconds=1), "warning"),
        (DAY, 0.5 * DAY, "ok"),
        (DAY, 0.5 * DAY - timedelta(seconds=1), "warning"),
    ],
)
def test_a_subscription_is_renewed_before_it_ends_at_a_daily_look(
    whole: timedelta, left: timedelta, level: str
) -> None:
    found = examined(learned=leased(TALK.id, left=left, whole=whole))

    assert found[0] == lease(NOW + left, level)


def test_a_subscription_without_an_end_is_good() -> None:
    found = examined(learned={f"lease:{TALK.id}": Told(value="", at=NOW - 99 * DAY)})

    says = "The hub has confirmed the subscription, and did not say when it ends."
    assert found[0] == Finding(level="ok", account=TALK.id, about="lease", says=says)


def test_a_refusal_is_found_although_the_lease_still_runs() -> None:
    found = examined(learned=LEASED | {f"denied:{TALK.id}": Told(value="no more room", at=NOW)})

    says = "On 2026-11-21 12:00 UTC the hub refused the subscription: 'no more room'."
    assert found[0] == fault("denied", says, f"Ask who runs the hub. {SUBSCRIBE}")


@pytest.mark.parametrize(
    ("said", "says"),
    [
        (feed(TALK.id, links=False), "The feed names no hub."),
        (feed(TALK.id, hub="http://hub.example/"), "The feed names no hub that is reached by https."),
        (feed(TALK.id, hub="http://[half"), "The feed names no hub that is reached by https."),
        (Said(body=b"<html>no feed</html>"), "The feed names no hub."),
        (Said(body=b"\x00\xff"), "The feed names no hub."),
    ],
)
def test_a_feed_without_a_hub_is_found(said: Said, says: str) -> None:
    assert examined(feeds={TALK.id: said})[1] == fault("hub", says, NO_HUB)


def test_a_feed_that_is_gone_is_found() -> None:
    found = examined(feeds={})

    says = "The feed was not read: its server answered 404."
    assert found[1] == fault("hub", says, "See that the account is the feed's address.")


def test_a_feed_that_calls_itself_otherwise_is_found() -> None:
    own = "https://kitchen-talk.example/feed/"
    found = examined(feeds={TALK.id: feed(own)})

    says = f"The feed calls itself {own!r}, and a hub tells of it by that name only."
    assert found[1:3] == [
        THE_HUB,
        fault("topic", says, f"Write that as the account. {SUBSCRIBE}", level="warning"),
    ]


def test_a_feed_that_does_not_answer_is_a_warning() -> None:
    with platform(TALK) as (_, stub, channel):
        stub.plan.append("late")
        found = channel.examine(upkeep(learned=LEASED))

    assert [(one.level, one.about) for one in found] == [("ok", "lease"), ("warning", "hub")]


@pytest.mark.parametrize(("off", "level"), [(61, "warning"), (-301, "fault"), (60, "ok")])
def test_a_clock_that_is_wrong_is_found(off: float, level: str) -> None:
    found = examined(off=off)

    assert (found[-1].level, found[-1].about, found[:-1]) == (level, "clock", GOOD[:-1])


@pytest.mark.parametrize("topic", ["http://127.0.0.1/feed", "https://169.254.169.254/latest", "http://[::1]/feed"])
def test_a_feed_on_this_machine_or_beside_it_is_not_read(topic: str) -> None:
    inside = Account(id=topic)

    found = websub(inside).examine(upkeep(learned=leased(topic, left=9 * DAY)))[1]

    assert (found.level, found.about) == ("warning", "hub")
    assert "is no address on the public internet" in found.says


@pytest.mark.parametrize("hub", ["https://127.0.0.1/", "https://10.0.0.7/", "https://user:word@127.0.0.1/"])
def test_our_secret_goes_to_no_hub_inside(hub: str) -> None:
    keys = {"secret": SECRET, "path_secret": PATH, "hub": hub}
    if "@" in hub:
        with pytest.raises(ValueError, match="hub"):
            Settings.model_validate(keys)
        return

    (found,) = WebSub(Settings.model_validate(keys), {TALK.id: TALK}).subscribe(upkeep())

    assert (found.level, found.about) == ("warning", "hub")
    assert "is no address on the public internet" in found.says


RSS = (
    '<rss xmlns:atom="http://www.w3.org/2005/Atom"><channel>'
    f'<atom:link rel="hub" href="{HUB}"/><atom:link rel="self" href="{TALK.id}"/></channel></rss>'
)
TWO = Links(hubs=("https://a.example", "https://b.example"), own="")

# --- where the hub is -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "header", "found"),
    [
        ("", link(TALK.id), Links(hubs=(HUB,), own=TALK.id)),
        ("", '</hub>; rel="hub"', Links(hubs=("https://kitchen-talk.example/hub",), own="")),
        ("", '<https://a.example>; rel="hub", <https://b.example>; rel=hub', TWO),
        (f'<feed {ATOM}><link rel="hub" href="{HUB}"/></feed>', "", Links(hubs=(HUB,), own="")),
        (RSS, "", Links(hubs=(HUB,), own=TALK.id)),
        (f'<!DOCTYPE x><feed {ATOM}><link rel="hub" href="{HUB}"/></feed>', "", Links(hubs=(), own="")),
    ],
)  # fmt: skip
def test_a_hub_is_named_in_the_headers_or_in_the_feed(body: str, header: str, found: Links) -> None:
    assert links(body.encode(), {"link": header} if header else {}, TALK.id) == found


@settings(max_examples=60)
@given(st.binary(max_size=200), st.text(max_size=80))
def test_whatever_stands_at_an_address_is_looked_through_without_a_fault(body: bytes, header: str) -> None:
    found = links(body, {"link": header}, TALK.id)

    assert all(isinstance(one, str) for one in (*found.hubs, found.own))


# --- subscribe --------------------------------------------------------------------------------------------------


def test_what_is_missing_is_subscribed_to_and_a_second_time_nothing_is_written() -> None:
    with platform() as (held, stub, channel):
        first, wrote = channel.subscribe(upkeep(held)), len(stub.writes)
        second = channel.subscribe(upkeep(held))

    assert first == [Finding(level="done", account=one.id, about="lease", says=ASKED) for one in (TALK, VIDEOS)]
    assert second == [lease(NOW + 10 * DAY), lease(NOW + 10 * DAY, topic=VIDEOS.id)]
    assert (wrote, len(stub.writes)) == (2, 2)


def test_the_hub_gets_the_topic_our_url_and_the_new_secret() -> None:
    with platform(TALK) as (held, stub, channel):
        channel.subscribe(upkeep(held))

    assert [call.host for call in stub.writes] == ["hub.example"]
    assert held.asked == [
        {
            "hub.mode": "subscribe",
            "hub.topic": TALK.id,
            "hub.callback": f"{CALLBACK}/{PATH}",
            "hub.secret": SECRET,
            "hub.lease_seconds": "864000",
            "hub.verify": "async",
        }
    ]


@pytest.mark.parametrize(
    "learned",
    [
        leased(TALK.id, left=-DAY),
        leased(TALK.id, left=DAY),
        LEASED | {f"denied:{TALK.id}": Told(value="no more room", at=NOW)},
    ],
)
def test_what_has_ended_or_soon_will_or_was_refused_is_asked_for_anew(learned: dict[str, Told]) -> None:
    with platform(TALK, learned=dict(learned)) as (held, _, channel):
        channel.subscribe(upkeep(held))
        found = channel.subscribe(upkeep(held))

    assert (found, len(held.asked)) == ([lease(NOW + 10 * DAY)], 1)


def test_a_hub_that_is_told_is_asked_without_a_look_at_the_feed() -> None:
    with platform(TALK, hub="https://pubsubhubbub.example/subscribe", feeds={}) as (held, stub, channel):
        (found,) = channel.subscribe(upkeep(held))

    assert (found.level, [(call.host, call.path) for call in stub.calls]) == (
        "done",
        [("pubsubhubbub.example", "/subscribe")],
    )


def test_a_refusal_is_told_when_the_hub_calls() -> None:
    with platform(TALK, denies="no more room") as (held, _, channel):
        channel.subscribe(upkeep(held))
        found = channel.examine(upkeep(held))[0]

    assert (found.level, found.about) == ("fault", "denied")


@pytest.mark.parametrize("status", [307, 400, 403, 404, 500])
def test_a_hub_that_refuses_at_once_is_found_and_no_secret_is_told(status: int) -> None:
    with platform(TALK, status=status) as (held, _, channel):
        found = channel.subscribe(upkeep(held))

    says = f"The hub 'hub.example' refused the subscription: it answered {status}."
    assert found == [fault("hub", says, "See that the account is just what the feed calls itself.")]


@pytest.mark.parametrize("step", ["before", "after", "late"])
def test_a_hub_whose_answer_is_lost_is_a_warning(step: Any) -> None:
    with platform(TALK) as (held, stub, channel):
        stub.plan.extend([None, step])
        (found,) = channel.subscribe(upkeep(held))

    assert (found.level, found.about) == ("warning", "hub")
    assert SECRET not in found.says


def test_without_an_address_or_a_hub_nothing_is_written() -> None:
    with platform(TALK, feeds={TALK.id: feed(TALK.id, links=False)}) as (held, stub, channel):
        found = [*channel.subscribe(upkeep(held, url="")), *channel.subscribe(upkeep(held))]

    assert (found, stub.writes) == ([UNADDRESSED, fault("hub", "The feed names no hub.", NO_HUB)], [])


# --- backfill ---------------------------------------------------------------------------------------------------

SINCE = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
OLD = entry("old", "2026-11-19T12:00:00Z")
CHANGED = entry("changed", "2026-11-19T12:00:00Z", "<updated>2026-11-20T13:00:00Z</updated>")
FRESH = entry("fresh", "2026-11-20T14:00:00Z")
TIMELESS = "<entry><id>tag:timeless</id><title>timeless</title></entry>"


def missed(*entries: str, account: Account = TALK) -> list[Any]:
    with platform(account, feeds={account.id: feed(account.id, *entries)}) as (_, _, channel):
        (page,) = channel.backfill(account.id, Credentials(), SINCE)
    return page


def keys(events: list[Any]) -> list[str]:
    return [one.key for one in events if isinstance(one, Message)]


def test_what_was_missed_has_the_keys_that_the_hub_would_have_given() -> None:
    sent = parse(feed(TALK.id, FRESH, CHANGED, TIMELESS).body)

    told = keys(sent)
    assert keys(missed(FRESH, OLD, CHANGED, TIMELESS)) == [one for one in told if "changed:created" not in one]
    assert len(told) == 4


def test_a_feed_that_names_itself_otherwise_is_still_the_accounts() -> None:
    with platform(NEWEST, feeds={NEWEST.id: feed(TALK.id, FRESH)}) as (_, _, channel):
        ((found,),) = channel.backfill(NEWEST.id, Credentials(), SINCE)

    assert isinstance(found, Message)
    assert (found.account, found.public) == (NEWEST, True)


def test_an_entry_that_cannot_be_read_does_not_hide_its_neighbour() -> None:
    broken, whole = missed("<entry><title>no id</title></entry>", FRESH)

    assert (type(broken), whole.id) == (Unreadable, "tag:fresh")


@pytest.mark.parametrize(
    ("said", "raised"),
    [
        (Said(status=404), Rejected),
        (Said(status=410), Rejected),
        (Said(status=429), RetryLater),
        (Said(status=503), RetryLater),
        ("before", RetryLater),
        ("late", RetryLater),
    ],
)
def test_a_feed_that_is_not_to_be_had_is_told_apart(said: Any, raised: type[Exception]) -> None:
    with platform(TALK) as (_, stub, channel):
        stub.plan.append(said)
        with pytest.raises(raised):
            next(channel.backfill(TALK.id, Credentials(), SINCE))


def test_nothing_is_answered_here() -> None:
    (article,) = (one for one in parse(feed(TALK.id, FRESH).body) if isinstance(one, Message))
    with platform(TALK) as (_, _, channel):
        way = channel.way(article, private=False, heard_at=NOW)
        lacks = channel.lacks(article)

    assert (type(way), lacks) == (Rejected, ())
