"""Records that a mapping calls by name are looked up once a day, and a name that nobody bears harms no message."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from heart import CARE, age, bridge, case_of, count, drain, hear, said, states, worker
from logbook import Logbook
from sqlalchemy import select, update

from bridge.errors import Rejected, RetryLater
from bridge.ports import Named
from bridge.store import Store
from bridge.store.engine import now
from bridge.store.tables import record

QUEUES = CARE.replace("Origin: Web}", 'Origin: Web, OwnerId: {named: "Desk {text | upper}"}}')


def test_the_id_of_a_named_record_goes_into_its_field(store: Store, crm: Logbook) -> None:
    crm.name("Desk DE", "00G-de")
    hear(store, said("de"))

    drain(bridge(store, crm, QUEUES))

    assert crm.cases()[case_of()] == {"Subject": "de", "Name": "Ana", "Origin": "Web", "OwnerId": "00G-de"}


def test_a_name_is_asked_for_once_a_day(store: Store, crm: Logbook) -> None:
    crm.name("Desk DE", "00G-de")
    made = bridge(store, crm, QUEUES)
    for by in ("ana", "ben", "cid"):
        hear(store, said("de", by=by, id=by))
        drain(made)
    assert crm.asked() == ["Desk DE"]

    with store.write() as c:
        c.execute(update(record).values(until=now()))
    hear(store, said("de", by="dora", id="dora"))
    drain(made)

    assert crm.asked() == ["Desk DE"] * 2


NIGHT = QUEUES.replace("Desk {text | upper}", "Night {channel}")


def test_a_name_that_nobody_bears_is_left_out_and_told_on_the_case_once(store: Store, crm: Logbook) -> None:
    made = bridge(store, crm, NIGHT)
    for text in ("one", "two", "three"):
        hear(store, said(text))
        drain(made)

    told = "OwnerId was left out: there is no record called 'Night facebook'"
    assert crm.cases()[case_of()]["OwnerId"] is None
    assert crm.texts(case_of()) == ["one", told, "two", "three"]
    assert crm.asked() == ["Night facebook"]
    assert set(states(store).values()) == {"filed"}


def test_a_name_made_of_the_authors_words_is_kept_nowhere(store: Store, crm: Logbook) -> None:
    """Neither the note on the case nor what is remembered could be redacted."""
    hear(store, said("secret"))

    drain(bridge(store, crm, QUEUES))

    assert crm.texts(case_of()) == [
        "secret",
        "OwnerId was left out: nothing bears the name that the mapping gives",
    ]
    with store.read() as c:
        kept = c.execute(select(record)).all()
    assert [(row.crm, row.found, row.reason) for row in kept] == [("crm", "", "there is no record called \x1f")]
    assert "SECRET" not in str(kept)


def test_a_name_longer_than_any_is_not_asked_for(store: Store, crm: Logbook) -> None:
    hear(store, said("x" * 9000), said("short", by="ben"))

    drain(bridge(store, crm, QUEUES))

    assert crm.asked() == ["Desk SHORT"]
    assert set(states(store).values()) == {"filed"}


def test_what_is_not_remembered_any_more_is_deleted(store: Store, crm: Logbook) -> None:
    made = bridge(store, crm, QUEUES)
    hear(store, said("de"))
    drain(made)
    with store.write() as c:
        c.execute(update(record).values(until=now() - 1))

    worker(made).tidy(time.monotonic())

    assert count(store, record) == 0


def test_a_crm_that_cannot_be_asked_keeps_the_message_waiting(store: Store, crm: Logbook) -> None:
    crm.name("Desk DE", "00G-de")
    crm.arm("throttled")
    hear(store, said("de"))

    drain(bridge(store, crm, QUEUES))

    assert crm.cases()[case_of()]["OwnerId"] == "00G-de"
    assert crm.asked() == ["Desk DE"]


def test_a_crm_that_breaks_off_keeps_the_message_waiting(store: Store, crm: Logbook) -> None:
    crm.name("Desk DE", "00G-de")
    crm.arm("crash")
    hear(store, said("de"))

    drain(bridge(store, crm, QUEUES))

    assert crm.cases()[case_of()]["OwnerId"] == "00G-de"


class Refusing(Logbook):
    """A CRM that refuses the whole question."""

    def identify(self, records: Sequence[Named]) -> list[str | RetryLater | Rejected]:
        raise Rejected("names cannot be asked for here")


def test_a_question_that_is_refused_whole_keeps_no_message_waiting(store: Store, tmp_path: Path) -> None:
    crm = Refusing(tmp_path / "refusing.db")
    hear(store, said("one"))

    drain(bridge(store, crm, NIGHT))

    assert crm.texts(case_of()) == ["one", "OwnerId was left out: names cannot be asked for here"]
    assert states(store) == {"m-one:created": "filed"}


def test_a_crm_that_rests_is_not_asked(store: Store, crm: Logbook) -> None:
    crm.name("Desk DE", "00G-de")
    crm.arm("paused")
    hear(store, said("de"))

    drain(bridge(store, crm, QUEUES))

    assert states(store) == {"m-de:created": "filed"}


def test_a_refused_message_makes_its_names_asked_for_anew(store: Store, crm: Logbook) -> None:
    crm.name("Desk REFUSE", "00G-gone")
    hear(store, said("REFUSE"))

    drain(bridge(store, crm, QUEUES))

    assert count(store, record) == 0


def test_a_case_of_a_mapping_without_names_asks_nothing(store: Store, crm: Logbook) -> None:
    hear(store, said("de"))

    drain(bridge(store, crm))
    age(store, timedelta(days=1))

    assert crm.asked() == []
