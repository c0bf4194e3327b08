"""Workers beside each other, and every mixture of messages, faults and deaths: each text once, in order."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from heart import (
    Killed,
    age,
    all_items,
    bridge,
    case_of,
    deleted,
    drain,
    edited,
    hear,
    ledger_of,
    pass_time,
    said,
    worker,
)
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from logbook import Logbook
from postgres import Databases

from bridge.message import Message
from bridge.store import Store, connect
from bridge.worker import run

WORKERS = 4


def together(database_url: str, crm: Logbook, done: Store) -> None:
    """Let four workers, each with its own connections, run until nothing waits any more."""
    stop = threading.Event()
    stores = [connect(database_url) for _ in range(WORKERS)]
    threads = [
        threading.Thread(
            target=run, args=(worker(bridge(store, crm)), stop), kwargs={"poll": timedelta(milliseconds=5)}
        )
        for store in stores
    ]
    for thread in threads:
        thread.start()
    for _ in range(600):
        if not ledger_of(done).waiting or stop.wait(0.05):
            break
    stop.set()
    for thread in threads:
        thread.join()
    for store in stores:
        store.engine.dispose()


def test_ten_messages_of_one_author_under_four_workers_are_one_case(
    store: Store, database_url: str, crm: Logbook
) -> None:
    heard = [said(f"text {n}") for n in range(10)]
    for message in heard:
        hear(store, message)

    together(database_url, crm, store)

    assert list(crm.cases()) == [case_of()]
    assert crm.texts() == [message.text for message in heard]
    assert ledger_of(store).states == {"filed": 10}
    assert ledger_of(store).faults() == []


def test_messages_that_come_while_four_workers_run_are_filed_once_and_in_order(
    store: Store, database_url: str, crm: Logbook
) -> None:
    crm.arm("refused", times=5)
    crm.arm("lost", times=5)
    crm.arm("partial", size=1, times=5)

    def call_back() -> None:
        for n in range(60):
            hear(store, said(f"{n} by ana"), said(f"{n} by bo", by="bo"), said(f"{n - 1} by ana"))

    callbacks = threading.Thread(target=call_back)
    callbacks.start()
    callbacks.join(timeout=0.2)  # the workers begin among the callbacks
    together(database_url, crm, store)
    callbacks.join()
    together(database_url, crm, store)

    assert crm.texts(case_of("ana")) == ["0 by ana", "-1 by ana", *(f"{n} by ana" for n in range(1, 60))]
    assert crm.texts(case_of("bo")) == [f"{n} by bo" for n in range(60)]
    assert ledger_of(store).faults() == []


# --- every mixture ---

MESSAGES = [said(f"text {n}", by="ana" if n % 3 else "bo") for n in range(7)]
Deed = tuple[str, int]
POINTS = ("lane.claimed", "lane.placed", "work.claimed", "work.frozen", "work.sent", "work.settled")
FEWER_THAN_POISON = 6
NUMBER = st.integers(0, len(MESSAGES) - 1)
SAY = st.tuples(st.just("say"), NUMBER)
EDIT = st.tuples(st.just("edit"), NUMBER)
DELETE = st.tuples(st.just("delete"), NUMBER)
WORK = st.tuples(st.sampled_from(["step", "step", "tick"]), st.just(0))
FAULT = st.tuples(
    st.sampled_from(["lost", "refused", "locked", "partial", "late", "paused", "throttled", "crash"]),
    st.integers(0, 2),
)
KILL = st.tuples(st.sampled_from([f"kill {point}" for point in POINTS]), st.just(0))
ZOMBIE = st.tuples(st.sampled_from([f"zombie {point}" for point in POINTS]), st.just(0))


class Play:
    """One sequence of deeds, played on a database of its own."""

    def __init__(self, url: str, folder: Path, *, keys: bool) -> None:
        self.store = connect(url)
        self.crm = Logbook(folder / "logbook.db", keys=keys)
        self.armed: list[str] = []
        self.deaths = 0
        self.other = worker(bridge(self.store, self.crm))
        self.bridge = bridge(self.store, self.crm, at=self._at)
        self.worker = worker(self.bridge)
        self.said: list[Message] = []
        self.edited: set[str] = set()
        self.deleted: set[str] = set()

    def do(self, deed: Deed) -> None:
        """Do one deed."""
        what, n = deed
        if what == "say":
            self.said += [MESSAGES[n]] if MESSAGES[n] not in self.said else []
            hear(self.store, MESSAGES[n])
        elif what == "edit":
            self.edited.add(MESSAGES[n].id)
            hear(self.store, edited(MESSAGES[n], f"EDIT {n}"))
        elif what == "delete":
            self.deleted.add(MESSAGES[n].id)
            hear(self.store, deleted(MESSAGES[n]))
        elif what == "step":
            self._step()
        elif what == "tick":
            pass_time(self.store)
        elif what.startswith(("kill", "zombie")):
            if self.deaths < FEWER_THAN_POISON:
                self.deaths += 1
                self.armed.append(what)
        else:
            self.crm.arm(what, size=n)  # type: ignore[arg-type]

    def end(self) -> None:
        """Let everything come to rest, a day later for what waits for a message that never came."""
        drain(self.bridge)
        age(self.store, timedelta(hours=25))
        drain(self.bridge)
        self.crm.disarm()

    def _step(self) -> None:
        try:
            self.worker.step()
        except Killed:
            self.worker = worker(self.bridge)

    def _at(self, point: str) -> None:
        if f"zombie {point}" in self.armed:  # the lease runs out, and another does the work
            self.armed.remove(f"zombie {point}")
            pass_time(self.store)
            self.other.step()
            self.other.step()
        if f"kill {point}" in self.armed:
            self.armed.remove(f"kill {point}")
            raise Killed


@contextmanager
def played(databases: Databases, deeds: Sequence[Deed], *, keys: bool) -> Iterator[Play]:
    """A play that has come to its end."""
    with tempfile.TemporaryDirectory() as folder, databases() as url:
        play = Play(url, Path(folder), keys=keys)
        try:
            for deed in deeds:
                play.do(deed)
            play.end()
            yield play
        finally:
            play.store.engine.dispose()


def judge(play: Play) -> None:
    """Nothing is lost, nothing doubled, nothing out of order, and nothing left of what was deleted."""
    texts = play.crm.texts()
    kept = [m for m in play.said if m.id not in play.deleted]
    books = ledger_of(play.store)
    event(f"{len(play.crm.seen())} filings sent")
    assert books.faults() == []
    assert (books.waiting, books.states.get("dead", 0)) == (0, 0), all_items(play.store)
    for name in ("ana", "bo"):
        expected = [m.text for m in kept if m.author.id == name]
        assert [text for text in play.crm.texts(case_of(name)) if text.startswith("text")] == expected
    for message in MESSAGES:
        edits = [text for text in texts if text.endswith(message.text.replace("text", "EDIT"))]
        assert len(edits) == (message.id in play.edited and message.id not in play.deleted)


SOME = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@SOME
@given(deeds=st.lists(st.one_of(SAY, SAY, EDIT, DELETE, WORK, WORK, FAULT, KILL, ZOMBIE), min_size=5, max_size=40))
def test_whatever_happens_each_text_is_filed_once_and_in_order(databases: Databases, deeds: list[Deed]) -> None:
    with played(databases, deeds, keys=True) as play:
        judge(play)


@SOME
@given(deeds=st.lists(st.one_of(SAY, SAY, EDIT, WORK, WORK, FAULT), min_size=5, max_size=40))
def test_so_it_is_with_a_crm_that_knows_only_ops(databases: Databases, deeds: list[Deed]) -> None:
    with played(databases, deeds, keys=False) as play:
        judge(play)
