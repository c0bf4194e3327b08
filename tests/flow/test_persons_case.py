"""one_per: person: one case for a customer on all channels, once the CRM knows who they are."""

from __future__ import annotations

from datetime import timedelta

from heart import CARE, NOON, WITH_CONTACT, bridge, drain, dying, hear, ledger_of, ours, said, states, worker
from logbook import Logbook
from sqlalchemy import delete

from bridge.message import Message
from bridge.store import Store, ledger
from bridge.store.tables import person

PERSON = WITH_CONTACT.replace("  object: Case\n", "  object: Case\n  one_per: person\n")
OWN = "facebook:page--1:ana"
CASE = "person:003ana"


def tweeted(text: str) -> Message:
    """What the same customer writes elsewhere, under another name."""
    return said(text, by="ana-x", channel="x")


def forget(store: Store) -> None:
    with store.write() as c:
        c.execute(delete(person))


def test_two_channels_of_one_customer_lead_to_one_case(store: Store, crm: Logbook) -> None:
    crm.knows("facebook:ana", "003ana")
    crm.knows("x:ana-x", "003ana")

    hear(store, said("one"), tweeted("two"), said("three", thread="post-2"))
    drain(bridge(store, crm, PERSON))

    assert sorted(crm.texts(CASE)) == ["one", "three", "two"]
    assert list(crm.cases()) == [CASE]


def test_who_is_not_known_has_a_case_of_their_own(store: Store, crm: Logbook) -> None:
    crm.knows("x:ana-x", "003ana")

    hear(store, said("one"), said("two", thread="post-2"), tweeted("three"))
    drain(bridge(store, crm, PERSON))

    assert {key: crm.texts(key) for key in crm.cases()} == {OWN: ["one", "two"], CASE: ["three"]}


def test_several_records_are_nobody(store: Store, crm: Logbook) -> None:
    crm.knows("facebook:ana", "003ana", "003anna")

    hear(store, said("one"))
    drain(bridge(store, crm, PERSON))

    assert list(crm.cases()) == [OWN]


def test_who_becomes_known_keeps_the_own_case(store: Store, crm: Logbook) -> None:
    made = bridge(store, crm, PERSON)
    hear(store, said("one"))
    drain(made)

    crm.knows("facebook:ana", "003ana")
    forget(store)
    hear(store, said("two"))
    drain(made)

    assert {key: crm.texts(key) for key in crm.cases()} == {OWN: ["one", "two"]}


def test_who_becomes_known_has_the_common_case_after_a_silence(store: Store, crm: Logbook) -> None:
    made = bridge(store, crm, PERSON.replace("one_per: person", "one_per: person\n  new_after_silence: 2 days"))
    hear(store, said("one"))
    drain(made)

    crm.knows("facebook:ana", "003ana")
    forget(store)
    hear(store, said("two", received_at=NOON + timedelta(days=3)))
    drain(made)

    assert {key: crm.texts(key) for key in crm.cases()} == {OWN: ["one"], CASE: ["two"]}


SILENT = PERSON.replace("one_per: person", "one_per: person\n  new_after_silence: 30 days")
DAY = timedelta(days=1)


def test_messages_that_came_together_are_one_conversation(store: Store, crm: Logbook) -> None:
    """Each is compared with the one before it, not with the last that was filed."""
    made = bridge(store, crm, SILENT)
    hear(store, said("one"))
    drain(made)
    crm.knows("facebook:ana", "003ana")
    forget(store)

    hear(store, said("two", received_at=NOON + 20 * DAY), said("three", received_at=NOON + 40 * DAY))
    drain(made)

    assert {key: crm.texts(key) for key in crm.cases()} == {OWN: ["one", "two", "three"]}


def test_a_message_that_waits_at_the_own_case_keeps_it(store: Store, crm: Logbook) -> None:
    made = bridge(store, crm, SILENT, gather=timedelta(hours=1))
    hear(store, said("one"))
    drain(made)
    crm.knows("facebook:ana", "003ana")
    forget(store)
    hear(store, said("two", received_at=NOON + 29 * DAY))
    worker(made).step()

    hear(store, said("three", received_at=NOON + 31 * DAY))
    drain(made)

    assert {key: crm.texts(key) for key in crm.cases()} == {OWN: ["one", "two", "three"]}


def test_what_may_have_been_sent_is_asked_for_where_it_was_sent(store: Store, crm: Logbook) -> None:
    hear(store, said("one"))
    drain(bridge(store, crm, PERSON, at=dying("work.sent", times=100)))
    crm.knows("facebook:ana", "003ana")
    forget(store)

    with store.write() as c:
        assert ledger.replay(c, ledger.dead(c)) == 1
    drain(bridge(store, crm, PERSON))

    assert {key: crm.texts(key) for key in crm.cases()} == {OWN: ["one"]}
    assert ledger_of(store).faults() == []


def test_our_own_words_follow_into_the_common_case(store: Store, crm: Logbook) -> None:
    crm.knows("facebook:ana", "003ana")
    made = bridge(store, crm, PERSON)
    one = said("one")
    hear(store, one)
    drain(made)

    hear(store, ours("sorry", to=one.id))
    drain(made)

    assert len(crm.texts(CASE)) == 2
    assert set(states(store).values()) == {"filed"}


def test_two_lanes_take_turns_at_the_common_case(store: Store, crm: Logbook) -> None:
    """Whatever the order in which they are decided, nothing is lost and there is one case."""
    crm.knows("facebook:ana", "003ana")
    crm.knows("x:ana-x", "003ana")
    made = bridge(store, crm, PERSON)

    for n in range(5):
        hear(store, said(f"f{n}"), tweeted(f"x{n}"))
        drain(made)

    assert len(crm.texts(CASE)) == 10
    assert [text for text in crm.texts(CASE) if text[0] == "f"] == [f"f{n}" for n in range(5)]
    assert list(crm.cases()) == [CASE]


def test_every_other_way_to_share_a_case_needs_no_contact(store: Store, crm: Logbook) -> None:
    keys = {}
    for way in ("author_and_thread", "author", "thread", "message"):
        text = CARE.replace("mapping: care", f"mapping: {way}").replace(
            "kinds: [comment, direct]", "kinds: [post]"
        )
        one = bridge(store, crm, text.replace("  object: Case\n", f"  object: Case\n  one_per: {way}\n"))
        before = set(crm.cases())
        hear(
            store,
            *(said(f"{way}{n}", kind="post", by=by, thread=f"t{way}") for n, by in enumerate(("a", "a", "b"))),
        )
        drain(one)
        keys[way] = len(set(crm.cases()) - before)

    assert keys == {"author_and_thread": 2, "author": 2, "thread": 1, "message": 3}
