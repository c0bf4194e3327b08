"""What follows another message: which words decide it, which mapping renders it, and in which order it comes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from heart import (
    CARE,
    LEASE,
    WITH_CONTACT,
    age,
    bridge,
    deleted,
    drain,
    due_in,
    edited,
    hear,
    hidden,
    ledger_of,
    ours,
    row_of,
    said,
    states,
    worker,
)
from logbook import Logbook
from sqlalchemy import delete, update

from bridge import worker as working
from bridge.flow import decide_some
from bridge.message import Message
from bridge.steps import Settled
from bridge.store import Store, cases, ledger
from bridge.store.queues import Claim
from bridge.store.tables import case_row, filing, item, lane, person

TOPIC = CARE.replace('comment: {text: "{text}"', 'comment: {text: "[{heard}] {text}"')
OTHER = CARE.replace("mapping: care", "mapping: other").replace("kinds: [comment, direct]", "kinds: [mention]")
OTHER = OTHER.replace("Origin: Web", "Origin: Phone")


def test_an_edit_and_our_own_words_are_decided_by_their_own_text(store: Store, crm: Logbook) -> None:
    made = bridge(store, crm, TOPIC)
    one = said("old")

    hear(store, one, edited(one, "new"))
    hear(store, ours("sorry", to=one.id))
    drain(made)

    (texts,) = [crm.texts(key) for key in crm.cases()]
    assert [text.splitlines()[-1] for text in texts] == ["[old] old", "[new] new", "[sorry] sorry"]


def test_a_deletion_reaches_its_target_though_the_mapping_was_renamed(store: Store, crm: Logbook) -> None:
    one = said("secret")
    hear(store, one)
    drain(bridge(store, crm))

    hear(store, deleted(one))
    drain(bridge(store, crm, CARE.replace("mapping: care", "mapping: renamed")))

    assert states(store) == {"m-secret:created": "filed", "m-secret:deleted": "filed"}
    assert "secret" not in str(crm.cases()) + str(crm.texts())


def test_our_own_words_are_filed_though_the_mapping_was_renamed(store: Store, crm: Logbook) -> None:
    one = said("one")
    hear(store, one)
    drain(bridge(store, crm))

    hear(store, ours("sorry", to=one.id))
    drain(bridge(store, crm, CARE.replace("mapping: care", "mapping: renamed")))

    (texts,) = [crm.texts(key) for key in crm.cases()]
    assert [text.splitlines()[-1] for text in texts] == ["one", "sorry"]


@pytest.mark.parametrize("change", [edited, hidden, deleted])
def test_what_stands_before_its_target_in_one_callback_blocks_nobody(
    store: Store, crm: Logbook, change: Callable[..., Message]
) -> None:
    one = said("one")

    hear(store, change(one, "ONE") if change is edited else change(one), one)
    hear(store, said("two"))
    drain(bridge(store, crm))

    assert {state.partition(":")[0] for state in states(store).values()} <= {"filed", "dropped"}
    assert states(store)["m-two:created"] == "filed"


def test_an_answer_before_what_it_answers_in_one_callback_is_filed(store: Store, crm: Logbook) -> None:
    one = said("one")

    hear(store, ours("sorry", to=one.id), one)
    drain(bridge(store, crm))

    assert set(states(store).values()) == {"filed"}


def test_an_orphan_that_came_before_its_message_is_redacted_with_it(store: Store, crm: Logbook) -> None:
    made = bridge(store, crm)
    one = said("secret", id="m-1")
    hear(store, edited(one, "secret too"))
    worker(made).step()
    hear(store, one)
    drain(made)

    hear(store, deleted(one))
    drain(made)

    assert "secret" not in str(crm.cases()) + str([crm.texts(key) for key in crm.cases()])


def test_an_orphan_whose_message_comes_while_it_is_looked_at_does_not_sleep_on(store: Store, crm: Logbook) -> None:
    one = said("one")
    hear(store, edited(one, "ONE"))
    age(store, timedelta(hours=2))
    came = [lambda: hear(store, one)]

    decide_some(
        bridge(store, crm, at=lambda point: came.pop()() if came and point == "lane.claimed" else None), "fb"
    )

    assert [due for due in due_in(store, lane).values() if due is not None and due > 1] == []


def test_what_is_dead_but_may_be_in_the_crm_is_redacted_when_its_author_deletes_it(
    store: Store, crm: Logbook
) -> None:
    made = bridge(store, crm)
    one = said("secret", id="m-1")
    hear(store, one)
    crm.arm("lost")
    worker(made).step()
    worker(made).step()
    given_up = Settled(dead={one.key: "given up"})
    with store.write() as c:
        c.execute(update(case_row).values(owner="t"))
        cases.settle(c, Claim(token="t", rows={row_of(): 0}), {row_of(): given_up}, lease=LEASE)

    hear(store, deleted(one))
    drain(made)

    assert "secret" not in str(crm.cases()) + str([crm.texts(key) for key in crm.cases()])
    assert states(store) == {"m-1:created": "filed", "m-1:deleted": "filed"}
    assert ledger_of(store).faults() == []


def test_one_dead_message_that_cannot_be_read_keeps_no_other_from_being_replayed(
    store: Store, crm: Logbook
) -> None:
    hear(store, said("one"), said("two", by="bo"))
    with store.write() as c:
        c.execute(update(item).values(state="dead"))
        c.execute(update(item).where(item.c.message_id == "m-one").values(body='{"older": true}'))
        c.execute(update(lane).values(open=0, due_at=None))

        went = ledger.replay(c, ledger.dead(c))

    assert went == 2


def test_a_case_gets_the_fields_of_the_mapping_that_took_what_opens_it(store: Store, crm: Logbook) -> None:
    first = said("one")
    made = bridge(store, crm, CARE, OTHER)
    hear(store, first, ours("we see", to=first.id), said("hello", kind="mention", id="m-2"))

    drain(made)

    assert [fields["Origin"] for fields in crm.cases().values()] == ["Web"]


def test_an_orphan_is_woken_by_its_message_and_overtaken_by_no_later_edit(store: Store, crm: Logbook) -> None:
    made = bridge(store, crm)
    one = said("one")
    hear(store, edited(one, "second"))
    worker(made).step()

    hear(store, one)
    hear(store, edited(one, "third"))
    drain(made)

    (texts,) = [crm.texts(key) for key in crm.cases()]
    assert [text.splitlines()[-1] for text in texts] == ["one", "second", "third"]


def test_the_author_of_a_dead_message_is_looked_up_anew(store: Store, crm: Logbook) -> None:
    crm.knows("facebook:ana", "003")
    hear(store, said("REFUSE"))

    drain(bridge(store, crm, WITH_CONTACT))

    with store.read() as c:
        assert c.execute(person.select()).all() == []


def test_a_filing_that_vanished_is_a_fault_of_the_books(store: Store, crm: Logbook) -> None:
    hear(store, said("one"))
    crm.arm("refused", times=1)
    step = worker(bridge(store, crm)).step
    while "sending" not in ledger_of(store).states:
        step()

    with store.write() as c:
        c.execute(delete(filing))

    assert ledger_of(store).faults() == ["1 items are being sent, but no filing is stored for them"]


def test_a_lane_that_nobody_will_look_at_is_a_fault_of_the_books(store: Store) -> None:
    hear(store, said("one"))

    with store.write() as c:
        c.execute(update(lane).values(due_at=None))

    assert ledger_of(store).faults() == [
        "1 lanes, cases or talks have something open, but no time at which they are due"
    ]


def test_what_waits_for_a_connection_that_is_gone_is_told(store: Store, crm: Logbook) -> None:
    hear(store, said("one"))

    told = working.strangers(working.Worker(bridge(store, crm), ["another"]))

    assert told == [
        "messages of 'fb' wait to be decided, but no such connection is switched on in connections.yaml"
    ]
