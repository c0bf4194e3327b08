"""The books add up or say what is wrong; the dead go again; people are remembered; the tables are as in code."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from heart import (
    NOON,
    PAGE,
    Clock,
    all_items,
    bridge,
    clocks,
    count,
    deleted,
    drain,
    hear,
    ledger_of,
    said,
    states,
)
from logbook import Logbook
from sqlalchemy import delete, update

from bridge import report
from bridge.errors import ConfigError
from bridge.flow import decide_some
from bridge.ports import Pending, PersonFound, PersonMatch, Unreadable
from bridge.store import Store, connect, inbox, items, ledger, people, schema
from bridge.store.engine import now
from bridge.store.inbox import Arrival
from bridge.store.ledger import Books
from bridge.store.tables import beat, case_row, item, lane, metadata, person

ANA = f"facebook:{PAGE}:ana"


# --- the books ---


def test_the_books_count_every_state(store: Store, crm: Logbook) -> None:
    hear(store, said("one"), said("giveaway"), said("REFUSE", by="bo"))
    drain(bridge(store, crm))
    hear(store, said("two"))

    found = ledger_of(store)

    assert found == Books(
        received=4,
        states={"filed": 1, "dropped": 1, "dead": 1, "ready": 1},
        skipped={},
        paused={},
        counters=(1, 1, 0, 0),
    )
    assert (found.waiting, found.faults()) == (1, [])


def test_a_row_that_vanished_is_a_fault(store: Store) -> None:
    hear(store, said("one"), said("two"))
    with store.write() as c:
        c.execute(delete(item).where(item.c.message_id == "m-one"))

    found = ledger_of(store).faults()

    assert found == [
        "2 messages were received, but filed + dropped + waiting + dead are 1",
        "the lanes count 2 open items, but 1 are undecided",
    ]


def test_an_unknown_state_is_a_fault(store: Store, crm: Logbook) -> None:
    hear(store, said("one"))
    drain(bridge(store, crm))
    with store.write() as c:
        c.execute(update(item).values(state="done"))

    found = ledger_of(store).faults()

    assert found == [
        "1 items are in the unknown state 'done'",
        "1 messages were received, but filed + dropped + waiting + dead are 0",
    ]


def test_a_case_row_that_counts_wrongly_is_a_fault(store: Store) -> None:
    hear(store, said("one"))
    decide_some(bridge(store, None), "fb")
    with store.write() as c:
        c.execute(update(case_row).values(open=3))

    found = ledger_of(store).faults()

    assert found == ["the case rows count 3 open items, but 1 are placed and waiting"]


def test_the_books_are_printed_with_what_is_wrong(store: Store) -> None:
    hear(store, said("one"))
    with store.write() as c:
        c.execute(delete(item))

    printed = report.books(ledger_of(store))

    assert printed.splitlines() == [
        "received         1",
        "  waiting        0",
        "  filed          0",
        "  dropped        0",
        "  dead           0",
        "FAULT: 1 messages were received, but filed + dropped + waiting + dead are 0",
        "FAULT: the lanes count 1 open items, but 0 are undecided",
    ]


# --- replay ---


def replay(store: Store) -> int:
    """Replay whatever is dead."""
    with store.write() as c:
        return ledger.replay(c, ledger.dead(c))


def test_replay_sends_the_dead_on_their_road_again(store: Store, crm: Logbook) -> None:
    hear(store, said("REFUSE"))
    drain(bridge(store, crm))

    went = replay(store)

    [one] = all_items(store)
    assert went == 1
    assert (one.state, one.reason, one.case_id, one.mapping, one.decision) == ("ready", "", None, "", "{}")
    assert clocks(store, lane) == {ANA: Clock(owner=None, open=1, crashes=0)}
    assert ledger_of(store).faults() == []


def test_replaying_twice_counts_once(store: Store, crm: Logbook) -> None:
    hear(store, said("REFUSE"))
    drain(bridge(store, crm))
    with store.read() as c:
        dead = ledger.dead(c)

    with store.write() as c:
        went = [ledger.replay(c, dead), ledger.replay(c, dead)]

    assert went == [1, 0]
    assert ledger_of(store).faults() == []


def test_what_was_never_readable_cannot_be_replayed(store: Store) -> None:
    with store.write() as c:
        inbox.ingest(
            c, Arrival(connection="fb", received_at=NOON, unreadable=[Unreadable(item=b"x", error="broken")])
        )

    went = replay(store)

    assert went == 0
    assert list(states(store).values()) == ["dead: unreadable (1 bytes): broken"]


def test_replaying_what_its_author_deleted_drops_it(store: Store, crm: Logbook) -> None:
    one = said("REFUSE")
    hear(store, one)
    drain(bridge(store, crm))
    hear(store, deleted(one))
    drain(bridge(store, crm))

    replay(store)
    drain(bridge(store, crm))

    assert set(states(store).values()) == {"dropped: deleted_by_author"}
    assert crm.texts() == []


# --- people ---

MATCH = PersonMatch(author="facebook:ana", object="Contact", rules=({"Page_Id__c": "ana"},))
FOUND = PersonFound(id="003x", values={"Tier__c": "gold", "Value__c": None})


def remember(store: Store, who: PersonFound | Pending, match: PersonMatch = MATCH) -> None:
    """Keep what the CRM said."""
    with store.write() as c:
        people.remember(c, "crm", {people.digest(match): (match, who)})


def recall(store: Store, crm: str = "crm", match: PersonMatch = MATCH) -> dict[str, PersonFound | Pending | None]:
    """What is remembered."""
    with store.read() as c:
        return people.recall(c, crm, [match])


@pytest.mark.parametrize(
    ("who", "hours"),
    [(FOUND, 24.0), (PersonFound(), 1 / 6), (PersonFound(several=("003x", "003y")), 1 / 6)],
)
def test_a_found_person_is_remembered_for_a_day_others_for_ten_minutes(
    store: Store, who: PersonFound, hours: float
) -> None:
    remember(store, who)

    with store.read() as c:
        until = c.execute(person.select().add_columns((person.c.until - now()).label("left"))).one().left
    assert recall(store) == {people.digest(MATCH): who}
    assert until / 3_600_000 == pytest.approx(hours, abs=0.01)


def test_what_was_remembered_too_long_ago_is_asked_again(store: Store) -> None:
    remember(store, FOUND)
    with store.write() as c:
        c.execute(update(person).values(until=now() - 1))

    assert recall(store) == {people.digest(MATCH): None}


def test_a_job_is_remembered_until_it_has_told_who_it_is(store: Store) -> None:
    job = Pending(job="V3-1", after=timedelta(minutes=5))
    remember(store, job)
    [early] = recall(store).values()
    with store.write() as c:
        c.execute(update(person).values(until=now() - 3_600_000))
    [due] = recall(store, match=replace(MATCH, job="V3-1", new=True)).values()
    remember(store, FOUND, replace(MATCH, job="V3-1"))

    assert isinstance(early, Pending)
    assert (early.job, timedelta(minutes=4) < early.after <= job.after) == ("V3-1", True)
    assert due == Pending(job="V3-1", after=timedelta(0))
    assert recall(store) == {people.digest(MATCH): FOUND}


def test_another_crm_or_another_match_knows_nobody(store: Store) -> None:
    remember(store, FOUND)
    other = PersonMatch(author="facebook:ana", object="Contact", rules=({"Email": "ana"},))

    assert (recall(store, "other"), recall(store, match=other)) == ({}, {})


def test_the_newest_answer_is_remembered(store: Store) -> None:
    remember(store, PersonFound())
    remember(store, FOUND)

    assert recall(store) == {people.digest(MATCH): FOUND}
    assert count(store, person) == 1


def test_a_forgotten_person_is_asked_for_again(store: Store) -> None:
    remember(store, FOUND)
    hear(store, said("one"))

    with store.write() as c:
        people.forget(c, items.read(c, items.query()))

    assert recall(store) == {}


# --- the database itself ---


def test_the_migrations_make_the_tables_of_the_code(store: Store) -> None:
    with store.write() as c:
        assert compare_metadata(MigrationContext.configure(c), metadata) == []


def test_migrating_twice_changes_nothing(store: Store) -> None:
    hear(store, said("one"))

    schema.migrate(store)

    assert len(all_items(store)) == 1
    schema.check(store)


def test_a_database_without_tables_is_refused(tmp_path: Path) -> None:
    empty = connect(f"sqlite:///{tmp_path}/empty.db")

    with pytest.raises(ConfigError, match="the database is at revision none, this version needs"):
        schema.check(empty)


@pytest.mark.parametrize("url", ["mysql://bridge:secret@localhost/x", "sqlite://", "nonsense", ""])
def test_other_databases_are_refused_without_showing_a_password(url: str) -> None:
    with pytest.raises(ConfigError, match="DATABASE_URL must start with sqlite:///") as refused:
        connect(url)

    assert "secret" not in str(refused.value)


def test_a_commit_is_tried_as_often_as_one_likes(store: Store) -> None:
    for _ in range(2):
        with store.write() as c:
            ledger.mark(c)

    assert count(store, beat) == 1


def test_the_clock_is_the_databases_and_aware(store: Store) -> None:
    first, second = store.now(), store.now()

    assert first <= second
    assert first.utcoffset() is not None
