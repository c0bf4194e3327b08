"""What is dead can be given up: it is dropped for good, masked, and nothing is lost from the books."""

from __future__ import annotations

import pytest
from heart import (
    CARE,
    NOON,
    all_items,
    bridge,
    column,
    count,
    deleted,
    drain,
    edited,
    hear,
    hidden,
    ledger_of,
    said,
    states,
)
from logbook import Logbook
from sqlalchemy import update

from bridge import protecting
from bridge.flow import decide_some
from bridge.mapping import read
from bridge.message import DELETED_TEXT
from bridge.ports import Unreadable
from bridge.protecting import UNPROTECTED, Protection
from bridge.steps import Item
from bridge.store import Store, inbox, ledger
from bridge.store.inbox import Arrival
from bridge.store.tables import item

CARD = "4716044832501584"
MASKED = f"{CARE}protect: {{mask: {{card_number: our_copies}}}}\n"
PROTECTED = protecting.protection([read(MASKED, "care.yaml")])


def discard(store: Store, because: str = "", *, protection: Protection = UNPROTECTED) -> int:
    """Give up whatever is dead."""
    with store.write() as c:
        return ledger.discard(c, ledger.dead(c), protection, because)


def dead(store: Store) -> list[Item]:
    with store.read() as c:
        return ledger.dead(c)


@pytest.mark.parametrize(
    ("because", "reason"), [("", "discarded"), ("filed by hand\x00", "discarded: filed by hand\ufffd")]
)
def test_what_is_given_up_is_dropped_and_the_books_add_up(
    store: Store, crm: Logbook, because: str, reason: str
) -> None:
    hear(store, said("one"), said("REFUSE", by="bo"))
    drain(bridge(store, crm))
    before = column(store, item, "settled_at", "key")[said("REFUSE").key]

    went = discard(store, because)

    found = ledger_of(store)
    assert went == 1
    assert states(store) == {"m-one:created": "filed", "m-REFUSE:created": f"dropped: {reason}"}
    assert column(store, item, "settled_at", "key")[said("REFUSE").key] >= before
    assert (found.states, found.faults()) == ({"filed": 1, "dropped": 1}, [])


def test_giving_up_twice_is_harmless(store: Store, crm: Logbook) -> None:
    hear(store, said("REFUSE"))
    drain(bridge(store, crm))
    listed = dead(store)

    with store.write() as c:
        went = [ledger.discard(c, listed, UNPROTECTED, why) for why in ("first", "second")]

    assert (went, states(store)) == ([1, 0], {"m-REFUSE:created": "dropped: discarded: first"})
    assert ledger_of(store).faults() == []


def test_what_was_replayed_meanwhile_is_not_given_up(store: Store, crm: Logbook) -> None:
    hear(store, said("REFUSE"))
    drain(bridge(store, crm))
    listed = dead(store)

    with store.write() as c:
        went = ledger.replay(c, listed), ledger.discard(c, listed, UNPROTECTED)

    assert (went, states(store)) == ((1, 0), {"m-REFUSE:created": "ready"})
    assert ledger_of(store).faults() == []


def test_only_what_is_named_is_given_up(store: Store, crm: Logbook) -> None:
    hear(store, said("REFUSE"), said("REFUSE too", by="bo"))
    drain(bridge(store, crm))

    with store.write() as c:
        ledger.discard(c, [one for one in ledger.dead(c) if one.points_at[2] == "m-REFUSE"], UNPROTECTED)

    assert [one.points_at[2] for one in dead(store)] == ["m-REFUSE too"]


def test_what_is_given_up_is_masked_as_what_is_dropped_is(store: Store, crm: Logbook) -> None:
    hear(store, said(f"REFUSE {CARD}", id="m1", raw=CARD.encode()))
    drain(bridge(store, crm, MASKED, protection=PROTECTED))
    (before,) = all_items(store)

    discard(store, f"the card {CARD}", protection=PROTECTED)

    (after,) = all_items(store)
    assert before.message.text == f"REFUSE {CARD}"
    assert (after.message.text, after.raw) == ("REFUSE [card number]", b'"[card number]"')
    assert after.reason == "discarded: the card [card number]"
    assert CARD not in after.decision
    assert [*column(store, item, "masked").values()] == [True]


def test_what_nobody_could_read_is_not_kept_any_longer(store: Store) -> None:
    broken = Unreadable(item=b"x", error="broken")
    with store.write() as c:
        inbox.ingest(
            c, Arrival(connection="fb", received_at=NOON, unreadable=[broken], seal=lambda text: b"sealed")
        )

    went = discard(store, protection=PROTECTED)

    assert (went, set(column(store, item, "sealed").values())) == (1, {None})
    assert list(states(store).values()) == ["dropped: discarded"]
    assert (count(store, item), ledger_of(store).faults()) == (1, [])


def test_what_follows_it_is_dropped_with_it(store: Store, crm: Logbook) -> None:
    one = said("REFUSE")
    hear(store, one)
    made = bridge(store, crm)
    drain(made)
    discard(store)

    hear(store, edited(one, "better"))
    hear(store, hidden(one))
    drain(made)
    hear(store, deleted(one))
    drain(made)

    assert states(store) == {
        "m-REFUSE:created": "dropped: discarded",
        "m-REFUSE:edited": "dropped: target_dropped",
        "m-REFUSE:hidden": "dropped: target_dropped",
        "m-REFUSE:deleted": "dropped: target_dropped",
    }
    assert {one.message.text for one in all_items(store)} == {DELETED_TEXT}
    assert ledger_of(store).faults() == []


def test_an_edit_that_waits_at_the_case_is_dropped_with_it(store: Store, crm: Logbook) -> None:
    one = said("REFUSE")
    hear(store, one)
    drain(bridge(store, crm))
    hear(store, edited(one, "better"))
    decide_some(bridge(store, crm), "fb")

    discard(store)
    drain(bridge(store, crm))

    assert states(store)["m-REFUSE:edited"] == "dropped: target_dropped"
    assert ledger_of(store).faults() == []


def test_a_reason_and_warnings_that_may_quote_the_message_go_with_its_words(store: Store, crm: Logbook) -> None:
    ended, filed = said("REFUSE"), said("one", by="bo")
    hear(store, ended, filed)
    drain(bridge(store, crm))
    with store.write() as c:
        c.execute(update(item).where(item.c.state == "filed").values(warnings="there is no queue 'one'"))

    hear(store, deleted(ended), deleted(filed))

    assert states(store)["m-REFUSE:created"] == f"dead: {inbox.UNSAID}"
    assert column(store, item, "warnings", "key")[filed.key] == ""
