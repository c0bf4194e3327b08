"""What a CRM's call or an agent's app asks of the database is found by indexes, however much is in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from case_rows import KNOWN, ONE, sent, settle
from heart import NOON
from sqlalchemy import Connection, event

from bridge.ports import Answer, CaseChange, Heard, Reply, Rung
from bridge.steps import Settled
from bridge.store import Store, hearing, rung, stories, threads

FILED = Settled(known=KNOWN, receipt=True, opened=True, filed={ONE: "c1"})
SAID = Reply(id="r1", case_id="c1", text="Hello", meant=False)
ALL = ("SCAN item", "SCAN reply", "Seq Scan on item", "Seq Scan on reply")
LOOKS: dict[str, Callable[[Connection], object]] = {
    "an agent's comment": lambda c: hearing.hear(c, "crm", Heard(said=(SAID,), answer=Answer())),
    "a case that rings": lambda c: hearing.hear(
        c, "crm", Heard(rung=(Rung(case_id="c1", at=NOON),), answer=Answer())
    ),
    "a case that was closed": lambda c: hearing.hear(
        c, "crm", Heard(cases=(CaseChange(case_id="c1", closed=True, at=NOON),), answer=Answer())
    ),
    "what waits to be read": lambda c: rung.waiting(c, "crm"),
    "what turned out to be others'": lambda c: rung.forget(c, "crm"),
    "what the app shows": lambda c: threads.read(c, "crm", "c1"),
    "a reply sent again": lambda c: threads.retry(c, "crm", "c1", "r1"),
    "a story, by the message's id": lambda c: told(c, "m-one"),
    "a story, by its key": lambda c: told(c, ONE),
    "a story, by its address": lambda c: told(c, "https://forum.example/one"),
    "a story, by the ids in an address": lambda c: told(c, "https://forum.example/1?p=2"),
    "why there is no story": stories.around,
}


def told(c: Connection, name: str) -> object:
    """What `casebridge explain` reads."""
    found = stories.stories(c, name)
    return stories.sets(c, found)


def walked(store: Store, look: Callable[[Connection], object]) -> list[str]:
    """The plans by which it reads all messages or all replies, one after the other."""
    found: list[str] = []

    def explain(c: Connection, _: Any, statement: str, given: Any, *__: Any) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            cursor: Any = c.connection.cursor()
            if c.dialect.name == "postgresql":
                plan = [row[0] for row in cursor.execute(f"EXPLAIN {statement}", given)]
            else:
                plan = [row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {statement}", given)]
            found.extend(line for line in plan if line.strip("-> ").startswith(ALL))

    with store.write() as c:
        if c.dialect.name == "postgresql":
            c.exec_driver_sql("set local enable_seqscan = off")  # a small table is read whole otherwise
        event.listen(c, "before_cursor_execute", explain)
        look(c)
    return found


@pytest.mark.parametrize("name", LOOKS)
def test_nothing_is_looked_for_from_end_to_end(store: Store, name: str) -> None:
    claim, _ = sent(store, "one")
    settle(store, claim, FILED)

    found = walked(store, LOOKS[name])

    assert [one for one in found if "INDEX item_dead" not in one] == []
