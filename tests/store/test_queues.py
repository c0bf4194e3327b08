"""Claim, hold and release: one owner at a time, nobody starves, no wake-up is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from heart import LEASE, Clock, clocks, due_in, expire
from sqlalchemy import update

from bridge.store import Store, pauses, queues
from bridge.store.engine import now
from bridge.store.queues import Claim, Release
from bridge.store.tables import case_row, filing, target


def rows(store: Store, *ids: str, group: str = "crm", open_: int = 1, crashes: int = 0) -> None:
    """Case rows that are due, the first for the longest time."""
    with store.write() as c:
        for n, one in enumerate(ids):
            due = now() - 60_000 + n
            c.execute(case_row.insert().values(id=one, target=group, due_at=due, open=open_, crashes=crashes))


def claim(store: Store, token: str = "t", *, group: str = "crm", suspects_first: bool = False) -> Claim:
    """Claim case rows."""
    with store.write() as c:
        return queues.claim(c, case_row, group, token=token, lease=LEASE, suspects_first=suspects_first)


def release(store: Store, **releases: Release) -> None:
    """Give case rows back."""
    with store.write() as c:
        queues.release(c, case_row, releases)


def test_a_claim_leases_what_is_due_to_its_token(store: Store) -> None:
    rows(store, "a", "b")

    found = claim(store)

    assert found == Claim(token="t", rows={"a": 0, "b": 0})
    assert clocks(store, case_row)["a"] == Clock(owner="t", open=1, crashes=0)
    assert due_in(store, case_row)["a"] == pytest.approx(LEASE.total_seconds(), abs=5)


def test_nobody_claims_what_is_leased(store: Store) -> None:
    rows(store, "a")
    claim(store, "first")

    found = claim(store, "second")

    assert found == Claim(token="second", rows={})


def test_a_claim_takes_only_its_own_group(store: Store) -> None:
    rows(store, "a", group="crm")
    rows(store, "b", group="other")

    found = claim(store, group="other")

    assert found.rows == {"b": 0}


def test_a_claim_takes_at_most_200_and_the_longest_due_first(store: Store) -> None:
    rows(store, *(f"r{n:03}" for n in range(203)))

    found = claim(store)

    assert list(found.rows) == [f"r{n:03}" for n in range(200)]


def test_rows_of_dead_owners_are_claimed_in_shrinking_batches_down_to_one(store: Store) -> None:
    rows(store, *(f"r{n:03}" for n in range(200)))
    sizes = []

    for n in range(10):
        found = claim(store, f"t{n}", suspects_first=True)
        sizes.append((len(found.rows), set(found.rows.values())))
        with store.write() as c:  # its owner dies; all others wait, so that these come back first
            c.execute(update(case_row).where(case_row.c.owner != found.token).values(due_at=now() + 60_000))
        expire_of(store, found.token)

    assert sizes == [(200, {0}), (25, {1}), (3, {2}), *[(1, {level}) for level in range(3, 10)]]


def expire_of(store: Store, token: str) -> None:
    """End the leases of one owner."""
    with store.write() as c:
        c.execute(update(case_row).where(case_row.c.owner == token).values(due_at=now()))


def test_a_batch_is_of_one_crash_level(store: Store) -> None:
    rows(store, "a", crashes=1)
    rows(store, "b", crashes=2)
    rows(store, "c", crashes=1)

    found = claim(store)

    assert found.rows == {"a": 1, "c": 1}


@pytest.mark.parametrize(("suspects_first", "first", "second"), [(True, "bad", "good"), (False, "good", "bad")])
def test_clean_rows_and_suspects_take_turns(store: Store, suspects_first: bool, first: str, second: str) -> None:
    rows(store, "good")
    rows(store, "bad", crashes=1)

    found = [list(claim(store, t, suspects_first=suspects_first).rows) for t in ("x", "y")]

    assert found == [[first], [second]]


def test_a_released_row_is_clean_again(store: Store) -> None:
    rows(store, "a")
    claim(store)
    expire(store, case_row)
    claim(store)

    release(store, a=Release())

    assert clocks(store, case_row) == {"a": Clock(owner=None, open=1, crashes=0)}


def test_a_stored_filing_whose_owner_died_may_have_been_applied(store: Store) -> None:
    rows(store, "died", "never_claimed")
    with store.write() as c:
        c.execute(update(case_row).where(case_row.c.id == "died").values(owner="dead"))
        stored = [{"case_id": i, "body": "", "op": "o", "op_at": 5} for i in ("died", "never_claimed")]
        c.execute(filing.insert(), stored)

    claim(store, suspects_first=True)
    claim(store)

    with store.read() as c:
        found = {r.case_id: r for r in c.execute(filing.select())}
    assert found["died"].unsure_since == found["died"].op_at == 5
    assert found["died"].unsure_last > 5
    assert (found["never_claimed"].unsure_since, found["never_claimed"].unsure_last) == (None, None)


def test_hold_gives_only_what_is_still_this_owners(store: Store) -> None:
    rows(store, "mine", "lost")
    claim(store, "first")
    with store.write() as c:
        c.execute(update(case_row).where(case_row.c.id == "lost").values(owner="second"))

    with store.write() as c:
        found = queues.hold(c, case_row, ["mine", "lost", "never was"], "first")

    assert found == {"mine"}


@pytest.mark.parametrize(
    ("given", "open_", "due"),
    [
        (Release(settled=2), 0, None),
        (Release(settled=1), 1, 0),
        (Release(), 2, 0),
        (Release(settled=1, after=timedelta(seconds=40)), 1, 40),
        (Release(settled=2, after=timedelta(seconds=40)), 0, 40),
        (Release(after=timedelta(0)), 2, 0),
    ],
)
def test_release_decides_the_next_clock_from_the_open_counter(
    store: Store, given: Release, open_: int, due: float | None
) -> None:
    rows(store, "a", open_=2)
    claim(store)

    release(store, a=given)

    assert clocks(store, case_row) == {"a": Clock(owner=None, open=open_, crashes=0)}
    assert due_in(store, case_row) == {"a": None if due is None else pytest.approx(due, abs=5)}


def test_what_comes_while_a_row_is_leased_makes_it_due_at_its_release(store: Store) -> None:
    rows(store, "a")
    claim(store)
    with store.write() as c:
        queues.enqueue(c, case_row, {"a": 1}, wait=timedelta(minutes=5))

    release(store, a=Release(settled=1))

    assert due_in(store, case_row) == {"a": pytest.approx(0, abs=5)}


def test_gathering_never_pushes_a_clock_back(store: Store) -> None:
    with store.write() as c:
        c.execute(case_row.insert().values(id="a", target="crm"))
        queues.enqueue(c, case_row, {"a": 1}, wait=timedelta(seconds=30))

    with store.write() as c:
        queues.enqueue(c, case_row, {"a": 1}, wait=timedelta(seconds=90))

    assert due_in(store, case_row) == {"a": pytest.approx(30, abs=5)}
    assert clocks(store, case_row) == {"a": Clock(owner=None, open=2, crashes=0)}


def test_renew_leases_for_as_long_again(store: Store) -> None:
    rows(store, "a", "b")
    claim(store)

    with store.write() as c:
        queues.renew(c, case_row, ["a"], timedelta(seconds=300))

    assert due_in(store, case_row) == {"a": pytest.approx(300, abs=5), "b": pytest.approx(30, abs=5)}


# --- a CRM that rests ---


def pause(store: Store, *, seconds: int = 600, probe_in: int = 60) -> None:
    """Let the CRM rest."""
    with store.write() as c:
        pauses.pause(c, "crm", until=None, reason="maintenance")
        c.execute(update(target).values(paused_until=now() + seconds * 1000, probe_at=now() + probe_in * 1000))


def probe(store: Store, token: str = "p") -> Claim:
    """Claim one row to see whether the CRM is back."""
    with store.write() as c:
        return queues.probe(c, "crm", token=token, lease=LEASE)


def test_rows_of_a_resting_target_are_not_claimed(store: Store) -> None:
    rows(store, "a")
    rows(store, "b", group="other")
    pause(store)

    assert claim(store).rows == {}
    assert claim(store, group="other").rows == {"b": 0}


def test_rows_are_claimed_again_when_the_pause_is_over(store: Store) -> None:
    rows(store, "a")
    pause(store, seconds=-1)

    assert claim(store).rows == {"a": 0}


def test_one_row_a_minute_is_probed(store: Store) -> None:
    rows(store, "a", "b")
    pause(store, probe_in=-1)

    found = [probe(store, "first"), probe(store, "second")]

    assert found == [Claim(token="first", rows={"a": 0}), Claim(token="second", rows={})]


@pytest.mark.parametrize(("seconds", "probe_in"), [(600, 60), (-1, -1)])
def test_nothing_is_probed_before_its_minute_or_after_the_pause(store: Store, seconds: int, probe_in: int) -> None:
    rows(store, "a")
    pause(store, seconds=seconds, probe_in=probe_in)

    assert probe(store).rows == {}


def test_nothing_is_probed_where_nobody_rests(store: Store) -> None:
    rows(store, "a")

    assert probe(store).rows == {}


def test_a_pause_without_an_end_lasts_five_minutes(store: Store) -> None:
    with store.write() as c:
        pauses.pause(c, "crm", until=None, reason="x" * 1000)

    with store.read() as c:
        found = c.execute(target.select().add_columns((target.c.paused_until - now()).label("rest"))).one()
        rests = pauses.paused(c, "crm")
    assert rests
    assert found.rest / 1000 == pytest.approx(300, abs=5)
    assert found.reason == "x" * 500


def test_resuming_ends_the_pause(store: Store) -> None:
    pause(store)

    with store.write() as c:
        pauses.resume(c, "crm")

    with store.read() as c:
        assert not pauses.paused(c, "crm")
