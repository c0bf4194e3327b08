"""Looking for persons: it must end before the lanes' lease does, or whoever is only slow looks like a dead one."""

from __future__ import annotations

from datetime import timedelta

from heart import LEASE, WITH_CONTACT, bridge, drain, due_in, hear, ledger_of, said, states
from logbook import Logbook

from bridge.flow import decide_some
from bridge.store import Store
from bridge.store.tables import lane


def test_nobody_is_asked_who_may_take_longer_than_the_lease(store: Store, crm: Logbook) -> None:
    crm.patience = LEASE
    hear(store, said("one"))

    decide_some(bridge(store, crm, WITH_CONTACT), "fb")

    (rest,) = due_in(store, lane).values()
    assert (crm.asked(), list(states(store).values())) == ([], ["ready"])
    assert rest is not None
    assert timedelta(seconds=rest) <= timedelta(seconds=1)


def test_a_crm_that_is_quick_enough_again_is_asked(store: Store, crm: Logbook) -> None:
    made = bridge(store, crm, WITH_CONTACT)
    crm.patience = LEASE
    hear(store, said("one"))
    decide_some(made, "fb")

    crm.patience = LEASE / 2
    drain(made)

    assert (crm.asked(), list(states(store).values())) == (["facebook:ana"], ["filed"])
    assert ledger_of(store).faults() == []
