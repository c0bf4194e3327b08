"""Looking after Threads accounts: tokens that end, the day's quota, and what was missed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from stub import Said, Stub, running
from threads_calls import ACME, ROOT, fixture, parse
from threads_platform import NOW, REPLY, SCOPES, TOKEN, URL, Threads, at, error, lively, meta

from bridge.errors import Paused, Rejected, RetryLater
from bridge.message import Message
from bridge.ports import Credentials, Finding, Renewed, Upkeep

CREDENTIALS = Credentials(token=SecretStr(TOKEN))
RENEWED = Renewed(credentials=Credentials(token=SecretStr("token-of-acme-anew")), until=NOW + timedelta(days=60))
GRANT = "Grant it in the App Dashboard under Use cases > Access the Threads API, and let the account sign in anew."
SIGN_IN = "Let the account sign in to the app anew, and put its new token into connections.yaml."
CLOCK = Finding(level="ok", about="clock", says="This machine's clock agrees with Meta's.")
QUOTA = Finding(
    level="ok", account=ACME.id, about="quota", says="3 of 1000 replies of the last 24 hours are used."
)
UNSEEN = Finding(
    level="ok",
    account=ACME.id,
    about="subscription",
    says="Threads has no API that tells what the app hears: look for replies, delete, mentions and publish in the "
    "App Dashboard, under Use cases > Access the Threads API > Settings.",
)
UNTOLD = Finding(
    level="ok",
    account=ACME.id,
    about="token",
    says="The token works. Threads does not tell until when: for 60 days after it was made or renewed.",
)


@pytest.fixture
def world() -> Threads:
    return lively()


@pytest.fixture
def stub(world: Threads) -> Iterator[Stub]:
    with running(world.answer) as found:
        found.clock = NOW.timestamp()
        yield found


def examined(stub: Stub, token: str = TOKEN) -> list[Finding]:
    credentials = {ACME.id: Credentials(token=SecretStr(token) if token else None)}
    return meta(stub).examine(Upkeep(url=URL, credentials=credentials, now=NOW))


def wrong(found: list[Finding]) -> list[Finding]:
    return [one for one in found if one.level != "ok"]


def fault(about: str, says: str, do: str = SIGN_IN) -> list[Finding]:
    return [Finding(level="fault", account=ACME.id, about=about, says=says, do=do)]


def told(world: Threads) -> dict[str, Any]:
    assert world.debugged is not None
    return world.debugged


# --- examining ---


def test_where_all_is_well_everything_is_ok(stub: Stub) -> None:
    until = NOW + timedelta(days=30)
    token = Finding(
        level="ok", account=ACME.id, about="token", says="The token works until 2026-12-21 12:00 UTC.", until=until
    )

    assert examined(stub) == [CLOCK, token, QUOTA, UNSEEN]
    assert stub.writes == []


def test_an_account_without_a_token_is_found(stub: Stub) -> None:
    says = "connections.yaml holds no token for this account: write one under its id."

    assert wrong(examined(stub, "")) == fault("token", says)


def test_a_dead_token_is_found(stub: Stub) -> None:
    (found,) = wrong(examined(stub, "old"))

    assert (found.level, found.about, found.do) == ("fault", "token", SIGN_IN)
    assert "error 190/463" in found.says


def test_a_token_that_is_not_valid_is_found(world: Threads, stub: Stub) -> None:
    told(world)["is_valid"] = False

    assert wrong(examined(stub)) == fault("token", "Threads no longer accepts the token.")


def test_a_token_of_another_account_is_found(world: Threads, stub: Stub) -> None:
    told(world)["user_id"] = 17

    assert wrong(examined(stub)) == fault("token", "The token is of the account '17', not of this one.")


def test_a_missing_permission_is_found(world: Threads, stub: Stub) -> None:
    told(world)["scopes"] = SCOPES[:3]

    assert wrong(examined(stub)) == fault(
        "scopes",
        "The token does not allow threads_manage_replies, threads_manage_mentions.",
        GRANT,
    )


@pytest.mark.parametrize(
    ("days", "level", "says"),
    [
        (8, "ok", "The token works until 2026-11-29 12:00 UTC."),
        (7, "warning", "The token ends on 2026-11-28 12:00 UTC."),
        (0, "fault", "The token ended on 2026-11-21 12:00 UTC."),
    ],
)
def test_a_token_that_ends_is_found(world: Threads, stub: Stub, days: int, level: str, says: str) -> None:
    until = NOW + timedelta(days=days)
    told(world)["expires_at"] = int(until.timestamp())

    found = next(one for one in examined(stub) if one.until)

    assert (found.level, found.says, found.until) == (level, says, until)


def test_a_token_that_threads_tells_nothing_of_is_tried(world: Threads, stub: Stub) -> None:
    world.debugged = None

    assert examined(stub) == [CLOCK, UNTOLD, QUOTA, UNSEEN]


def test_a_token_that_threads_tells_nothing_of_is_of_this_account(world: Threads, stub: Stub) -> None:
    world.debugged, world.account = None, "9900000000000009"

    assert wrong(examined(stub)) == fault(
        "token", "The token is of the account '9900000000000009', not of this one."
    )


def test_replies_that_run_out_are_found(world: Threads, stub: Stub) -> None:
    world.used = 800

    (found,) = wrong(examined(stub))

    assert (found.level, found.about) == ("warning", "quota")
    assert found.says == "800 of 1000 replies of the last 24 hours are used."


@pytest.mark.parametrize("broken", ["before", Said(status=503), error(4)])
def test_what_cannot_be_told_now_is_a_warning(stub: Stub, broken: Any) -> None:
    stub.plan += [None, broken]

    (found,) = wrong(examined(stub))

    assert (found.level, found.about, found.do) == ("warning", "token", "Try again later.")


def test_a_quota_that_is_not_told_is_no_finding(stub: Stub) -> None:
    stub.plan += [None, None, error(10)]

    assert [one.about for one in examined(stub)] == ["clock", "token", "subscription"]


def test_there_is_nothing_to_subscribe(stub: Stub) -> None:
    upkeep = Upkeep(url=URL, credentials={ACME.id: CREDENTIALS}, now=NOW)

    found = meta(stub).subscribe(upkeep)

    assert found == examined(stub)
    assert stub.writes == []


# --- renewing ---


def test_a_token_is_renewed_two_weeks_before_its_end(world: Threads, stub: Stub) -> None:
    channel = meta(stub)

    told(world)["expires_at"] = int((NOW + timedelta(days=14, seconds=1)).timestamp())
    early = channel.renew(ACME.id, CREDENTIALS, NOW)
    told(world)["expires_at"] = int((NOW + timedelta(days=14)).timestamp())
    due = channel.renew(ACME.id, CREDENTIALS, NOW)

    assert [early, due] == [None, RENEWED]
    call = stub.calls[-1]
    query = {"grant_type": "th_refresh_token", "access_token": TOKEN}
    assert (call.host, call.path, call.query) == ("graph.threads.net", "/refresh_access_token", query)


def test_a_token_of_today_is_not_renewed(world: Threads, stub: Stub) -> None:
    told(world).update(expires_at=None, issued_at=int((NOW - timedelta(hours=23)).timestamp()))

    assert meta(stub).renew(ACME.id, CREDENTIALS, NOW) is None


def test_a_token_of_unknown_end_is_renewed(world: Threads, stub: Stub) -> None:
    world.debugged = None

    assert meta(stub).renew(ACME.id, CREDENTIALS, NOW) == RENEWED


def test_a_dead_token_asks_for_a_person(stub: Stub) -> None:
    with pytest.raises(Rejected, match="sign in to the app anew"):
        meta(stub).renew(ACME.id, Credentials(token=SecretStr("old")), NOW)


def test_no_token_is_not_renewed(stub: Stub) -> None:
    assert meta(stub).renew(ACME.id, Credentials(), NOW) is None
    assert stub.calls == []


# --- what was missed ---


def backfilled(stub: Stub, since: timedelta = timedelta(hours=2)) -> list[Message]:
    events = [one for page in meta(stub).backfill(ACME.id, CREDENTIALS, NOW - since) for one in page]
    messages = [one for one in events if isinstance(one, Message)]
    assert messages == events
    return messages


def test_what_was_missed_comes_back_as_callbacks_told_it(stub: Stub) -> None:
    document = fixture("mention")
    del document["values"][0]["value"]["children"]
    called = [*parse(fixture("reply")), *parse(document)]

    found = backfilled(stub)

    around: dict[str, Any] = {
        "connection": "backfill",
        "received_at": NOW - timedelta(hours=2),
        "sent_at": NOW - timedelta(hours=1),
    }
    assert [replace(one, raw=b"") for one in found] == [
        replace(one, raw=b"", attachments=(), **around) for one in called if isinstance(one, Message)
    ]


def test_our_own_replies_come_back_as_ours(world: Threads, stub: Stub) -> None:
    posted = {**world.posts[REPLY], "id": "18100000000000064", "username": "Acme", "timestamp": at(NOW)}
    world.posts[posted["id"]] = posted

    found = backfilled(stub)

    assert [(one.id, one.author.is_self) for one in found[:2]] == [(posted["id"], True), (REPLY, False)]


def test_only_what_came_since_then_comes_back(stub: Stub) -> None:
    assert backfilled(stub, timedelta(minutes=59)) == []


def test_lists_are_read_only_as_far_as_they_are_new(world: Threads, stub: Stub) -> None:
    old = {**world.posts[REPLY], "timestamp": at(NOW - timedelta(days=1))}
    world.posts |= {str(n): {**old, "id": str(n)} for n in range(9)}

    found = backfilled(stub)

    assert [one.id for one in found if one.kind == "reply"] == [REPLY]
    assert len(stub.asked("GET", f"/v1.0/{ROOT}/conversation")) == 1


def test_every_page_is_read(world: Threads, stub: Stub) -> None:
    world.posts |= {str(n): {**world.posts[REPLY], "id": str(n)} for n in range(5)}

    found = backfilled(stub)

    assert {one.id for one in found if one.kind == "reply"} == {REPLY, *map(str, range(5))}


def test_posts_without_replies_are_not_asked_for_them(world: Threads, stub: Stub) -> None:
    world.posts[ROOT]["has_replies"] = False

    assert [one.kind for one in backfilled(stub)] == ["mention"]


def test_a_throttle_goes_up_and_what_came_before_is_good(stub: Stub) -> None:
    pages = meta(stub).backfill(ACME.id, CREDENTIALS, NOW - timedelta(hours=2))
    first = next(pages)
    stub.plan.append(error(4))

    with pytest.raises(RetryLater):
        list(pages)
    assert [one.id for one in first if isinstance(one, Message)] == [REPLY]


def test_a_dead_token_stops_it(stub: Stub) -> None:
    with pytest.raises(Paused):
        list(meta(stub).backfill(ACME.id, Credentials(token=SecretStr("old")), NOW))


def test_replies_that_are_refused_keep_no_mention(stub: Stub) -> None:
    stub.plan.append(error(10, status=403))
    pages = meta(stub).backfill(ACME.id, CREDENTIALS, NOW - timedelta(hours=2))

    (found,) = next(pages)

    assert isinstance(found, Message)
    assert found.kind == "mention"
    with pytest.raises(Rejected, match="lacks a permission"):
        next(pages)


def test_one_post_that_is_refused_keeps_no_other(world: Threads, stub: Stub) -> None:
    world.posts["1"] = {**world.posts[ROOT], "id": "1", "timestamp": "2026-11-21T11:00:00+0000"}
    stub.answer = lambda call: error(24) if call.path.endswith("/1/conversation") else world.answer(call)
    pages, found = meta(stub).backfill(ACME.id, CREDENTIALS, NOW - timedelta(hours=2)), list[Any]()

    with pytest.raises(Rejected, match="Threads knows the post no more"):
        found.extend(one for some in pages for one in some)

    assert [one.kind for one in found] == ["reply", "mention"]
