"""What follows another message: which words decide it, which mapping renders it, and in which order it comes."""

from __future__ import annotations

from heart import (
    CARE,
    WITH_CONTACT,
    bridge,
    deleted,
    drain,
    edited,
    hear,
    ledger_of,
    ours,
    said,
    states,
    worker,
)
from logbook import Logbook
from sqlalchemy import delete, update

from bridge import worker as working
from bridge.store import Store
from bridge.store.tables import filing, lane, person

TOPIC = CARE.replace('comment: {text: "{text}"', 'comment: {text: "[{heard}] {text}"')
OTHER = CARE.replace("mapping: care", "mapping: other").replace("kinds: [comment, direct]", "kinds: [mention]")
OTHER = OTHER.replace("Origin: Web", "Origin: Phone")


def test_an_edit_and_our_own_words_are_decided_by_their_own_text(store: Store, crm: Logbook) -> None:
    made = bridge(store, crm, TOPIC)
    one = said("old")

    hear(store, one, edited(one, "new"), ours("sorry", to=one.id))
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

    assert ledger_of(store).faults() == ["1 lanes or cases have open items, but no time at which they are due"]


def test_what_waits_for_a_connection_that_is_gone_is_told(store: Store, crm: Logbook) -> None:
    hear(store, said("one"))

    told = working.strangers(working.Worker(bridge(store, crm), ["another"]))

    assert told == [
        "messages of 'fb' wait to be decided, but no such connection is switched on in connections.yaml"
    ]
