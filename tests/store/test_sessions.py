"""PostgreSQL's sessions: nothing is stuck in one for ever, nothing stays in one, and losing one is no harm."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from urllib.parse import quote

import postgres
import pytest
from heart import bridge, count, drain, expire, hear, said, states, worker
from logbook import Logbook
from road import until
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, OperationalError

from bridge.errors import ConfigError
from bridge.store import Store, connect, ledger, schema
from bridge.store.tables import beat, lane
from bridge.worker import run

Open = Callable[..., Store]


@pytest.fixture
def url(cluster: postgres.Cluster) -> Iterator[str]:
    """An empty database on PostgreSQL."""
    with cluster.fresh() as found:
        yield found


@pytest.fixture
def opened(url: str) -> Iterator[Open]:
    """Opens the database, once more with each call; timeouts in milliseconds."""
    with ExitStack() as stack:

        def open_(**timeouts: int) -> Store:
            options = " ".join(f"-c {name}={value}" for name, value in timeouts.items())
            store = connect(f"{url}?options={quote(options)}")
            stack.callback(store.engine.dispose)
            return store

        yield open_


@contextmanager
def holding(store: Store) -> Iterator[None]:
    """Hold every lane."""
    with store.write() as c:
        c.execute(select(lane.c.id).with_for_update())
        yield


def shown(store: Store, *names: str) -> list[str]:
    """What the server says of its settings in a session of ours."""
    with store.write() as c:
        return [str(c.exec_driver_sql(f"show {name}").scalar_one()) for name in names]


def test_both_spellings_of_the_url_are_taken(url: str) -> None:
    store = connect(url.replace("postgresql://", "postgres://", 1))

    hear(store, said("one"))

    assert (url.startswith("postgresql://"), states(store)) == (True, {"m-one:created": "ready"})
    store.engine.dispose()


def test_two_releases_that_migrate_at_once_make_one_set_of_tables(cluster: postgres.Cluster) -> None:
    url = cluster.bare()
    stores = [connect(url), connect(url)]

    with ThreadPoolExecutor() as threads:
        at = list(threads.map(schema.migrate, stores))

    assert at[0] == at[1]
    for store in stores:
        schema.check(store)
        store.engine.dispose()


def test_a_server_without_tables_is_refused(cluster: postgres.Cluster) -> None:
    empty = connect(cluster.bare())

    with pytest.raises(ConfigError, match="the database is at revision none, this version needs"):
        schema.check(empty)
    empty.engine.dispose()


# --- timeouts ---

TIMEOUTS = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")


def test_locks_statements_and_idle_transactions_have_timeouts(opened: Open) -> None:
    assert shown(opened(), *TIMEOUTS) == ["5s", "10s", "3s"]


def test_options_in_the_url_win_and_leave_the_others(opened: Open) -> None:
    assert shown(opened(lock_timeout=100), *TIMEOUTS) == ["100ms", "10s", "3s"]


def test_a_stuck_statement_is_ended_and_the_store_goes_on(opened: Open) -> None:
    store = opened(statement_timeout=50)

    def be_stuck() -> None:
        with store.write() as c:
            ledger.mark(c)
            c.execute(text("select pg_sleep(60)"))

    with pytest.raises(OperationalError, match="statement timeout"):
        be_stuck()

    assert count(store, beat) == 0
    assert hear(store, said("one")) == 1


def test_a_callback_whose_lane_is_held_too_long_is_not_stored_and_the_next_is(opened: Open) -> None:
    store = opened(lock_timeout=50)
    hear(store, said("one"))

    with holding(opened()), pytest.raises(OperationalError, match="lock timeout"):
        hear(store, said("two"), said("three", by="bo"))

    assert list(states(store)) == ["m-one:created"]
    assert hear(store, said("two"), said("three", by="bo")) == 2


def test_a_frozen_worker_that_holds_rows_loses_them(opened: Open) -> None:
    store, frozen = opened(), opened(idle_in_transaction_session_timeout=50)
    hear(store, said("one"))

    with pytest.raises(DBAPIError, match="idle-in-transaction timeout"), holding(frozen):
        new = hear(store, said("two"))  # waits until the server has ended the frozen one's session

    assert new == 1
    assert hear(frozen, said("three")) == 1


def test_a_worker_goes_on_after_somebody_held_its_rows_too_long(
    opened: Open, crm: Logbook, caplog: pytest.LogCaptureFixture
) -> None:
    store, other, stop = opened(lock_timeout=50), opened(), threading.Event()
    hear(store, said("one"))
    somebody = ExitStack()

    def at(point: str) -> None:
        if point == "lane.claimed" and not caplog.text:
            somebody.enter_context(holding(other))

    working = threading.Thread(
        target=run, args=(worker(bridge(store, crm, at=at)), stop), kwargs={"poll": timedelta(milliseconds=5)}
    )
    working.start()
    until(lambda: caplog.text, "the worker fails")
    somebody.close()
    expire(other, lane)
    until(crm.texts, "the worker files the message")
    stop.set()
    working.join()

    assert "working failed: OperationalError" in caplog.text
    assert crm.texts() == ["one"]


def test_a_server_that_ends_every_session_costs_nothing(opened: Open, crm: Logbook) -> None:
    store, other = opened(), opened()
    hear(store, said("one"))
    with other.write() as c:
        c.execute(text(postgres.ALONE))

    drain(bridge(store, crm))

    assert crm.texts() == ["one"]


# --- what stays ---


def test_the_whole_road_leaves_nothing_in_its_sessions(opened: Open, crm: Logbook) -> None:
    store, onlooker = opened(), opened()
    hear(store, said("one"), said("two", by="bo"))
    crm.arm("lost")
    drain(bridge(store, crm))

    with onlooker.read() as c:
        others = (
            "select state from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        )
        sessions = c.exec_driver_sql(others).scalars().all()
        advisory = c.exec_driver_sql("select count(*) from pg_locks where locktype = 'advisory'").scalar_one()
    with store.write() as c:
        own = "select name from pg_settings where source = 'session' and name not like 'transaction_%%'"
        settings = c.exec_driver_sql(own).scalars().all()
    assert (set(sessions), advisory, settings) == ({"idle"}, 0, [])
    assert shown(store, "transaction_isolation", "transaction_read_only") == ["read committed", "off"]
