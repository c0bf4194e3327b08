"""What is left of a CRM's API decides how often it is called, and whether at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from heart import WITH_CONTACT, age, all_items, bridge, column, drain, due_in, hear, said, states
from logbook import Logbook
from sqlalchemy import update

from bridge import budget
from bridge.filing import file_some
from bridge.flow import decide_some
from bridge.parts import Bridge
from bridge.ports import Filing, Outcome, PersonFound, PersonMatch, Usage
from bridge.store import Store, health, meters
from bridge.store.engine import now
from bridge.store.tables import case_row, target


class Counting(Logbook):
    """A CRM that counts its calls."""

    used, most = 0, 1000
    answer: Usage | None = None

    @property
    def usage(self) -> Usage | None:
        return self.answer

    @property
    def pause_at(self) -> int:
        return 95

    def find(self, people: Sequence[PersonMatch]) -> list[PersonFound]:
        self.answer_one_more()
        return super().find(people)

    def file(self, filings: Sequence[Filing], *, now: datetime) -> Iterator[list[tuple[int, Outcome]]]:
        self.answer_one_more()
        return super().file(filings, now=now)

    def answer_one_more(self) -> None:
        self.used += 1
        self.answer = Usage(used=self.used, most=self.most)


@pytest.fixture
def counting(tmp_path: Path) -> Counting:
    return Counting(tmp_path / "counting.db")


def meter(store: Store) -> dict[str, Usage]:
    with store.read() as c:
        return meters.fresh(c)


def paused(store: Store) -> dict[str, str]:
    with store.read() as c:
        return health.paused(c)


def file_one(made: Bridge, text: str, **changes: object) -> None:
    """Bring a message to its case as far as that is possible now."""
    hear(made.store, said(text, **changes))  # type: ignore[arg-type]
    decide_some(made, "fb")
    file_some(made, "crm")


def wait(made: Bridge, span: timedelta) -> None:
    """Let that long pass while the CRM rests, and then try to file."""
    past = round(span.total_seconds() * 1000)
    with made.store.write() as c:
        c.execute(
            update(target).values(paused_until=target.c.paused_until - past, probe_at=target.c.probe_at - past)
        )
        c.execute(update(case_row).where(case_row.c.due_at.isnot(None)).values(due_at=now()))
    file_some(made, "crm")


def test_each_flush_and_each_look_up_tell_all_workers_what_is_left(store: Store, counting: Counting) -> None:
    made = bridge(store, counting, WITH_CONTACT)
    hear(store, said("one"))

    decide_some(made, "fb")
    found = meter(store)
    file_some(made, "crm")

    assert (found, meter(store)) == ({"crm": Usage(used=1, most=1000)}, {"crm": Usage(used=2, most=1000)})


def test_a_crm_that_was_not_called_tells_nothing_new(store: Store, counting: Counting) -> None:
    made = bridge(store, counting, WITH_CONTACT)
    hear(store, said("one"))
    drain(made)
    with store.write() as c:
        meters.keep(c, "crm", Usage(used=700, most=1000))  # by another worker

    hear(store, said("two"))
    decide_some(made, "fb")

    assert meter(store) == {"crm": Usage(used=700, most=1000)}


def test_cases_go_out_together_once_little_is_left(store: Store, counting: Counting) -> None:
    with store.write() as c:
        meters.keep(c, "crm", Usage(used=900, most=1000))  # by another worker
    hear(store, said("one"), said("two", by="bo"))

    decide_some(bridge(store, counting), "fb")

    assert [due % 60_000 for due in column(store, case_row, "due_at").values()] == [0, 0]


def test_below_half_each_case_goes_when_it_is_due(store: Store, counting: Counting) -> None:
    counting.used = 400
    made = bridge(store, counting)

    file_one(made, "one")
    file_one(made, "two")

    assert counting.texts() == ["one", "two"]


def test_new_authors_are_looked_up_together_once_little_is_left(store: Store, counting: Counting) -> None:
    with store.write() as c:
        meters.keep(c, "crm", Usage(used=900, most=1000))  # by another worker
    made = bridge(store, counting, WITH_CONTACT)
    for name in ("ana", "bo", "cy"):
        hear(store, said(name, by=name))
        decide_some(made, "fb")

    age(store, timedelta(minutes=1))
    decide_some(made, "fb")

    assert sorted(counting.asked()) == ["facebook:ana", "facebook:bo", "facebook:cy"]
    assert counting.used <= 2  # two, should a minute have ended among them


def test_a_known_author_waits_for_no_look_up(store: Store, counting: Counting) -> None:
    made = bridge(store, counting, WITH_CONTACT)
    file_one(made, "one")
    with store.write() as c:
        meters.keep(c, "crm", Usage(used=900, most=1000))  # by another worker

    hear(store, said("two"))
    decide_some(made, "fb")

    assert '"id"' in all_items(store)[1].decision


def test_a_crm_that_is_nearly_used_up_rests_and_nothing_is_lost(store: Store, counting: Counting) -> None:
    counting.used = 949
    made = bridge(store, counting)
    file_one(made, "one")

    file_one(made, "two")

    reason = "950 of its 1,000 API calls are used (95 %); it goes on below 95 % (pause_at)"
    assert paused(store) == {"crm": reason}
    assert (counting.texts(), states(store)["m-two:created"]) == (["one"], "ready")
    drain(made)
    assert counting.texts() == ["one", "two"]


def test_a_crm_that_is_nearly_used_up_is_left_alone_for_five_minutes(store: Store, counting: Counting) -> None:
    counting.used = 949
    made = bridge(store, counting)
    file_one(made, "one")
    file_one(made, "two")

    wait(made, budget.REST - timedelta(seconds=5))
    before = counting.used
    wait(made, timedelta(seconds=5))

    assert (before, counting.texts()) == (950, ["one", "two"])


def test_a_crm_that_is_as_used_up_as_before_rests_again(store: Store, counting: Counting) -> None:
    counting.used = 949
    made = bridge(store, counting)
    file_one(made, "one")
    counting.used = 949  # the CRM counts late, and says the same number again
    file_one(made, "two", by="bo")
    wait(made, budget.REST)

    file_one(made, "three", by="cy")

    assert (counting.texts(), list(paused(store))) == (["one", "two"], ["crm"])


def test_once_less_is_used_it_goes_on(store: Store, counting: Counting) -> None:
    counting.used = 949
    made = bridge(store, counting)
    file_one(made, "one")
    counting.used = 800
    file_one(made, "two", by="bo")
    wait(made, budget.REST)

    file_one(made, "three", by="cy")
    wait(made, timedelta(0))

    assert (counting.texts(), paused(store)) == (["one", "two", "three"], {})


def test_a_look_up_that_uses_it_up_lets_the_crm_rest(store: Store, counting: Counting) -> None:
    counting.used = 949
    made = bridge(store, counting, WITH_CONTACT)
    hear(store, said("one"))

    decide_some(made, "fb")

    assert list(paused(store)) == ["crm"]
    assert list(due_in(store, case_row)) == ["crm/Case/facebook:page--1:post--1:ana"]
