"""Ways to build the bridge wrongly, each of which loses, doubles or misorders: the tests must go red with them.

Each function rewires one function of a module. `rewire` is pytest's monkeypatch.setattr where it must be undone;
a process that is started to be wrong uses the default.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection, Table, delete, select, update

from bridge import outcomes
from bridge.errors import RetryLater, Unsure
from bridge.frozen import Frozen
from bridge.outcomes import History
from bridge.steps import Settled
from bridge.store import cases, queues
from bridge.store.tables import filing, item

Rewire = Callable[[object, str, object], None]


def thaw(rewire: Rewire = setattr) -> None:
    """What was not settled is ready again, to be rendered anew, instead of being repeated exactly."""

    def keep(c: Connection, case_id: str, s: Settled, stored: Frozen) -> None:
        c.execute(delete(filing).where(filing.c.case_id == case_id))
        c.execute(update(item).where(item.c.key.in_(sorted(s.left))).values(state="ready"))

    rewire(cases, "_keep", keep)


def new_op(rewire: Rewire = setattr) -> None:
    """Every attempt has an op of its own, so the CRM cannot know it again."""
    real = cases._keep

    def keep(c: Connection, case_id: str, s: Settled, stored: Frozen) -> None:
        real(c, case_id, replace(s, receipt=True), stored)

    rewire(cases, "_keep", keep)


def same_op(rewire: Rewire = setattr) -> None:
    """A receipt does not end the op, so the CRM takes the rest for what it has answered already."""
    real = cases._keep

    def keep(c: Connection, case_id: str, s: Settled, stored: Frozen) -> None:
        real(c, case_id, replace(s, receipt=False), stored)

    rewire(cases, "_keep", keep)


def owner_blind(rewire: Rewire = setattr) -> None:
    """Whoever once held a row may write it, though its lease went to another."""

    def hold(c: Connection, queue: Table, ids: Collection[str], token: str) -> set[str]:
        return set(c.execute(select(queue.c.id).where(queue.c.id.in_(sorted(ids)))).scalars())

    rewire(queues, "hold", hold)


def blind(rewire: Rewire = setattr) -> None:
    """What may have been applied is sent anew, and the CRM is not asked for it."""
    real = outcomes._left

    def left(answer: Settled, rest: dict[str, RetryLater | Unsure], history: History, jitter: float) -> Settled:
        if any(isinstance(why, Unsure) for why in rest.values()):
            return replace(answer, ready=frozenset(rest), after=timedelta(0))
        return real(answer, rest, history, jitter)

    rewire(outcomes, "_left", left)


MUTANTS: dict[str, Callable[[Rewire], None]] = {
    one.__name__: one for one in (thaw, new_op, same_op, owner_blind, blind)
}
