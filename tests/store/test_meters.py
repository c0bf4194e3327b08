"""What the CRMs said of their limits, and the rhythm in which cases are due together."""

from __future__ import annotations

from datetime import timedelta

import pytest
from heart import column, count, due_in
from sqlalchemy import update

from bridge.ports import Usage
from bridge.store import Store, meters, queues
from bridge.store.engine import now
from bridge.store.tables import case_row, meter

DAY = 24 * 3_600_000


def keep(store: Store, crm: str, used: int) -> None:
    with store.write() as c:
        meters.keep(c, crm, Usage(used=used, most=15_000))


def fresh(store: Store) -> dict[str, Usage]:
    with store.read() as c:
        return meters.fresh(c)


def test_the_latest_number_of_each_crm_counts(store: Store) -> None:
    for crm, used in (("one", 7), ("two", 8), ("one", 5)):
        keep(store, crm, used)

    assert fresh(store) == {"one": Usage(used=5, most=15_000), "two": Usage(used=8, most=15_000)}
    assert count(store, meter) == 2


@pytest.mark.parametrize(("age", "counts"), [(DAY - 60_000, True), (DAY + 1, False)])
def test_what_was_said_a_day_ago_counts_for_nothing(store: Store, age: int, counts: bool) -> None:
    keep(store, "crm", 7)
    with store.write() as c:
        c.execute(update(meter).values(at=now() - age))

    assert bool(fresh(store)) == counts


def test_cases_of_one_rhythm_are_due_together_and_never_too_early(store: Store) -> None:
    with store.write() as c:
        for name in ("a", "b", "c"):
            c.execute(case_row.insert().values(id=name, target="crm"))
        waits = {"a": timedelta(0), "b": timedelta(seconds=1), "c": timedelta(seconds=70)}
        for name, wait in waits.items():
            queues.enqueue(c, case_row, {name: 1}, wait=wait, rhythm=timedelta(seconds=60))

    left = due_in(store, case_row)
    assert {due % 60_000 for due in column(store, case_row, "due_at").values()} == {0}
    assert all(
        span.total_seconds() - 5 < (left[name] or 0) <= 60 + span.total_seconds() for name, span in waits.items()
    )


def test_a_rhythm_pushes_no_clock_back(store: Store) -> None:
    with store.write() as c:
        c.execute(case_row.insert().values(id="a", target="crm", due_at=17))
        queues.enqueue(c, case_row, {"a": 1}, wait=timedelta(0), rhythm=timedelta(seconds=60))

    assert column(store, case_row, "due_at") == {"a": 17}
