"""A token that ends is renewed once, by one process, and is on disk before anybody uses it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from beacon import ACCOUNT, CONFIGURED, KEY, Beacon, Plain, Platform, care, clock, held
from heart import Killed, dying
from pydantic import SecretStr
from sqlalchemy import select, text, update
from stub import Said, Stub, running

from bridge.errors import RetryLater
from bridge.ports import Credentials
from bridge.sealed import Seal
from bridge.store import Store, alarms
from bridge.store.engine import now
from bridge.store.tables import chore, token
from bridge.tokens import SIGN_IN, STUCK, UNSEALED, Tokens

OTHER_KEY = "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI="
RENEWED = Credentials(token=SecretStr("t1"), refresh=SecretStr("r1"))


@pytest.fixture
def platform() -> Platform:
    return Platform()


@pytest.fixture
def stub(platform: Platform) -> Iterator[Stub]:
    with running(platform.answer) as found:
        yield found


def tokens(
    store: Store, stub: Stub, *, configured: Credentials = CONFIGURED, keys: tuple[str, ...] = (KEY,)
) -> Tokens:
    return care(store, {"fb": Beacon(stub.url)}, configured=configured, keys=keys).tokens


def time_passes(store: Store, span: timedelta) -> None:
    """Make everything that was renewed so much older."""
    back = round(span.total_seconds() * 1000)
    with store.write() as c:
        older = {name: token.c[name] - back for name in ("until", "renewed_at", "put_off_at", "due_at")}
        c.execute(update(token).values(**older))
        c.execute(update(chore).values(due_at=chore.c.due_at - back))


def test_the_configured_credentials_count_until_they_are_renewed(store: Store, stub: Stub) -> None:
    made = tokens(store, stub)

    before = made.credentials("fb", ACCOUNT)
    made.renew_due("fb", ACCOUNT)

    assert (before, made.credentials("fb", ACCOUNT)) == (CONFIGURED, RENEWED)


def test_another_process_sees_what_was_renewed(store: Store, stub: Stub) -> None:
    tokens(store, stub).renew_due("fb", ACCOUNT)

    assert tokens(store, stub).credentials("fb", ACCOUNT) == RENEWED


def test_what_is_kept_is_encrypted(store: Store, stub: Stub) -> None:
    tokens(store, stub).renew_due("fb", ACCOUNT)

    with store.read() as c:
        row = c.execute(select(token)).one()
    assert Seal([KEY]).open(row.sealed) == b'["t1", null, "r1"]'
    assert not any(f'"{secret}"' in str(tuple(row)) for secret in ("t0", "r0", "t1", "r1"))


def test_a_token_is_renewed_once_half_of_its_life_is_over(store: Store, stub: Stub, platform: Platform) -> None:
    platform.lives = 86_400
    made, serials = tokens(store, stub), list[int]()

    for _ in range(16):
        made.renew_due("fb", ACCOUNT)
        serials.append(platform.serial)
        time_passes(store, timedelta(hours=1))

    assert serials == [1] * 12 + [2] * 4


def test_nothing_is_asked_twice_within_an_hour(store: Store, stub: Stub) -> None:
    made = tokens(store, stub, configured=Credentials(token=SecretStr("t0")))

    for _ in range(3):
        made.renew_due("fb", ACCOUNT)

    assert (stub.calls, made.credentials("fb", ACCOUNT)) == ([], Credentials(token=SecretStr("t0")))


def test_new_credentials_in_the_configuration_take_the_place_of_renewed_ones(store: Store, stub: Stub) -> None:
    tokens(store, stub).renew_due("fb", ACCOUNT)
    anew = Credentials(token=SecretStr("t9"), refresh=SecretStr("r9"))

    assert tokens(store, stub, configured=anew).credentials("fb", ACCOUNT) == anew


def test_a_clock_with_the_old_configuration_does_not_undo_the_new_one(
    store: Store, stub: Stub, platform: Platform
) -> None:
    old, anew = tokens(store, stub), Credentials(token=SecretStr("t5"), refresh=SecretStr("r5"))
    platform.serial = 5
    new = tokens(store, stub, configured=anew)
    new.renew_due("fb", ACCOUNT)

    old.renew_due("fb", ACCOUNT)

    assert held(new.credentials("fb", ACCOUNT)) == "t6"


def test_two_clocks_renew_a_token_once(store: Store, stub: Stub, platform: Platform) -> None:
    clocks = [clock(care(store, {"fb": Beacon(stub.url)})) for _ in range(4)]

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda one: one.step(threading.Event()), clocks))

    assert ([call.path for call in stub.writes], platform.serial) == (["/renew"], 1)
    assert held(clocks[0].care.tokens.credentials("fb", ACCOUNT)) == "t1"


def test_a_death_between_the_platforms_answer_and_our_commit_asks_for_a_new_sign_in(
    store: Store, stub: Stub, platform: Platform
) -> None:
    # The platform has done away with the old tokens, and the new ones died with the process: nobody has any that
    # work. The next attempt, with the old ones, is refused, and the alarm says what only a person can do.
    dies = care(store, {"fb": Beacon(stub.url)}, at=dying("token.renewed"))
    with pytest.raises(Killed):
        dies.tokens.renew_due("fb", ACCOUNT)
    next_clock = clock(care(store, {"fb": Beacon(stub.url)}))

    next_clock.step(threading.Event())  # the dead one's lease still holds
    time_passes(store, timedelta(hours=1))
    next_clock.step(threading.Event())

    says = "The account's token could not be renewed: The refresh token is not known."
    (found,) = next_clock.care.tokens.findings("fb", [ACCOUNT])
    assert (found.level, found.account, found.says, found.do) == ("fault", ACCOUNT, says, SIGN_IN)
    with store.read() as c:
        assert "fb/page-1: token renewal" in alarms.lasting(c)


def test_a_database_that_is_away_for_a_moment_loses_no_renewed_token(store: Store, stub: Stub) -> None:
    def rename(before: str, after: str) -> None:
        with store.write() as c:
            c.execute(text(f"alter table {before} rename to {after}"))

    back = threading.Timer(0.2, rename, ("away", "token"))

    def away(_: str) -> None:
        rename("token", "away")
        back.start()

    made = care(store, {"fb": Beacon(stub.url)}, at=away).tokens

    made.renew_due("fb", ACCOUNT)

    back.join()
    assert made.credentials("fb", ACCOUNT) == RENEWED


def test_a_new_sign_in_ends_the_alarm(store: Store, stub: Stub, platform: Platform) -> None:
    platform.serial = 3
    clock(care(store, {"fb": Beacon(stub.url)})).step(threading.Event())
    anew = Credentials(token=SecretStr("t3"), refresh=SecretStr("r3"))
    time_passes(store, timedelta(hours=1))

    clock(care(store, {"fb": Beacon(stub.url)}, configured=anew)).step(threading.Event())

    with store.read() as c:
        assert "fb/page-1: token renewal" not in alarms.lasting(c)


def test_a_platform_that_is_away_is_asked_again_as_it_wishes(store: Store, stub: Stub) -> None:
    made = tokens(store, stub)
    stub.plan.append(Said(status=503))

    made.renew_due("fb", ACCOUNT)
    made.renew_due("fb", ACCOUNT)
    time_passes(store, timedelta(minutes=5))
    made.renew_due("fb", ACCOUNT)

    assert (len(stub.calls), held(made.credentials("fb", ACCOUNT))) == (2, "t1")
    assert made.findings("fb", [ACCOUNT]) == []


def test_an_adapter_that_breaks_leaves_the_tokens_as_they_are(store: Store, stub: Stub) -> None:
    made = clock(care(store, {"fb": Beacon("http://127.0.0.1:9")}))

    made.step(threading.Event())

    assert made.care.tokens.credentials("fb", ACCOUNT) == CONFIGURED


def test_without_a_key_nothing_is_renewed_and_that_is_a_fault(store: Store, stub: Stub) -> None:
    made = tokens(store, stub, keys=())

    made.renew_due("fb", ACCOUNT)

    (found,) = made.findings("fb", [ACCOUNT])
    assert (stub.calls, found.level, found.about, found.do) == ([], "fault", "token renewal", UNSEALED)


def test_a_platform_whose_tokens_are_not_renewed_needs_no_key(store: Store, stub: Stub) -> None:
    made = care(store, {"fb": Plain(stub.url)}, keys=()).tokens

    made.renew_due("fb", ACCOUNT)

    assert (made.findings("fb", [ACCOUNT]), made.credentials("fb", ACCOUNT)) == ([], CONFIGURED)


def test_a_key_can_be_replaced(store: Store, stub: Stub, platform: Platform) -> None:
    platform.lives = 86_400
    tokens(store, stub).renew_due("fb", ACCOUNT)
    time_passes(store, timedelta(hours=1))

    tokens(store, stub, keys=(OTHER_KEY, KEY)).renew_due("fb", ACCOUNT)

    assert platform.serial == 1
    assert tokens(store, stub, keys=(OTHER_KEY,)).credentials("fb", ACCOUNT) == RENEWED


def test_a_key_that_is_lost_is_said_and_nothing_is_renewed(store: Store, stub: Stub, platform: Platform) -> None:
    tokens(store, stub).renew_due("fb", ACCOUNT)
    time_passes(store, timedelta(hours=1))
    made = tokens(store, stub, keys=(OTHER_KEY,))

    made.renew_due("fb", ACCOUNT)

    (found,) = made.findings("fb", [ACCOUNT])
    assert (platform.serial, made.credentials("fb", ACCOUNT)) == (1, CONFIGURED)
    assert "no key in CASEBRIDGE_KEY opens this" in found.says


def test_a_renewal_that_took_too_long_does_not_undo_a_later_one(
    store: Store, stub: Stub, platform: Platform
) -> None:
    first = tokens(store, stub)

    def meanwhile(_: str) -> None:
        time_passes(store, timedelta(hours=1))
        with store.write() as c:
            c.execute(update(token).values(sealed=b"of somebody else", until=None, renewed_at=0))

    slow = Tokens(store=store, configured=first.configured, channels=first.channels, seal=first.seal, at=meanwhile)
    slow.renew_due("fb", ACCOUNT)

    with store.read() as c:
        assert bytes(c.execute(select(token.c.sealed)).scalar_one()) == b"of somebody else"


def test_a_token_without_an_end_is_not_renewed_again(store: Store, stub: Stub, platform: Platform) -> None:
    made = tokens(store, stub)
    made.renew_due("fb", ACCOUNT)
    with store.write() as c:
        c.execute(update(token).values(until=None))
    time_passes(store, timedelta(days=300))

    made.renew_due("fb", ACCOUNT)

    assert platform.serial == 1


# --- what does not get on ---


class Later(Beacon):
    """Its platform renews nothing for now."""

    def renew(self, account: str, credentials: Credentials, now: datetime) -> None:
        raise RetryLater("The token is too young.", after=timedelta(minutes=5))


def test_a_token_that_is_too_young_is_neither_an_alarm_nor_a_warning_in_the_log(
    store: Store, stub: Stub, caplog: pytest.LogCaptureFixture
) -> None:
    made = clock(care(store, {"fb": Later(stub.url)}))

    for _ in range(24):
        made.step(threading.Event())
        time_passes(store, timedelta(hours=1))
        assert made.care.tokens.findings("fb", [ACCOUNT]) == []

    assert "too young" not in caplog.text


def test_a_token_that_is_never_renewed_is_a_warning_after_a_day_and_as_before_after_a_success(
    store: Store, stub: Stub
) -> None:
    late, good = care(store, {"fb": Later(stub.url)}).tokens, tokens(store, stub)
    since = store.now()
    for _ in range(27):
        late.renew_due("fb", ACCOUNT)
        time_passes(store, timedelta(hours=1))

    (found,) = late.findings("fb", [ACCOUNT])
    good.renew_due("fb", ACCOUNT)

    assert (found.level, found.about, found.do) == ("warning", "token renewal", STUCK)
    assert found.says.startswith("The account's token should have been renewed since ")
    assert found.says.endswith(" UTC: The token is too young.")
    assert f"{since - timedelta(hours=27):%Y-%m-%d}" in found.says
    assert good.findings("fb", [ACCOUNT]) == []


def test_a_token_that_is_nearly_over_is_a_warning_at_once(store: Store, stub: Stub, platform: Platform) -> None:
    platform.lives = 86_400
    tokens(store, stub).renew_due("fb", ACCOUNT)
    late = care(store, {"fb": Later(stub.url)}).tokens
    levels = []

    for _ in range(24):
        time_passes(store, timedelta(hours=1))
        late.renew_due("fb", ACCOUNT)
        levels.append([found.level for found in late.findings("fb", [ACCOUNT])])

    assert levels == [[]] * 17 + [["warning"]] * 7


def test_a_platform_that_is_away_does_not_hide_that_it_had_refused(
    store: Store, stub: Stub, platform: Platform
) -> None:
    platform.serial = 3
    made = tokens(store, stub)
    made.renew_due("fb", ACCOUNT)
    time_passes(store, timedelta(hours=1))
    before = made.findings("fb", [ACCOUNT])

    stub.plan.append(Said(status=503))
    made.renew_due("fb", ACCOUNT)

    assert (len(stub.calls), [found.do for found in before]) == (2, [SIGN_IN])
    assert made.findings("fb", [ACCOUNT]) == before


def test_without_a_key_only_what_would_be_renewed_is_a_fault(store: Store, stub: Stub) -> None:
    class Some(Beacon):
        def renews(self, account: str, credentials: Credentials) -> bool:
            return account == "b"

    made = care(store, {"fb": Some(stub.url)}, accounts=("a", "b"), keys=()).tokens

    assert [found.account for found in made.findings("fb", ["a", "b"])] == ["b"]


def test_the_clock_looks_again_when_the_platform_wishes(store: Store, stub: Stub) -> None:
    made = clock(care(store, {"fb": Later(stub.url)}))

    made.step(threading.Event())

    with store.read() as c:
        left = select(chore.c.due_at - now()).where(chore.c.name == "renew fb/page-1")
        assert round(c.execute(left).scalar_one() / 60_000) == 5
