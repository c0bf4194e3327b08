"""Case rows: what each answer makes of what was sent, and of what killed its workers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pytest
from case_rows import KNOWN, ONE, ROW, THREE, TWO, claimed, known, placed, rendered, sent, settle, stored
from heart import (
    Clock,
    all_items,
    clocks,
    column,
    count,
    deleted,
    due_in,
    expire,
    hear,
    ledger_of,
    row_of,
    said,
    states,
)
from sqlalchemy import update

from bridge import frozen
from bridge.frozen import NOTE, Frozen
from bridge.ports import Named, PersonFound, PersonMatch
from bridge.steps import Settled
from bridge.store import Store, cases, people, records
from bridge.store.queues import Claim
from bridge.store.tables import case_row, filing, item


def test_what_was_filed_keeps_what_the_crm_said_of_it(store: Store) -> None:
    claim, _ = sent(store, "one", "two")
    answer = Settled(
        known=KNOWN, receipt=True, filed={ONE: "c1", TWO: "p2"}, link="https://crm.example/c1", warnings=("a", "b")
    )

    settle(store, claim, answer)

    assert set(states(store).values()) == {"filed"}
    assert [(i.crm_case, i.crm_ref) for i in all_items(store)] == [("c1", "c1"), ("c1", "p2")]
    assert set(column(store, item, "link").values()) == {"https://crm.example/c1"}
    assert set(column(store, item, "warnings").values()) == {"a\nb"}
    assert None not in column(store, item, "settled_at").values()
    assert known(store) == KNOWN
    assert count(store, filing) == 0
    assert due_in(store, case_row) == {ROW: None}


@pytest.mark.parametrize("left_out", [True, False])
def test_who_and_what_a_refused_field_named_are_looked_up_anew(store: Store, left_out: bool) -> None:
    claim, _ = sent(store, "one")
    who = PersonMatch(author="facebook:ana", object="Contact", rules=({"Key__c": "ana"},))
    queue = Named(object="Case", field="OwnerId", name="Social DE")
    with store.write() as c:
        people.remember(c, "crm", {people.digest(who): (who, PersonFound(id="003ana"))})
        records.remember(c, "crm", {queue: "00Gqueue"})

    settle(store, claim, Settled(known=KNOWN, receipt=True, filed={ONE: "c1"}, left_out=left_out))

    with store.read() as c:
        remembered = len(people.recall(c, "crm", [who])), len(records.recall(c, "crm", [queue]))
    assert remembered == ((0, 0) if left_out else (1, 1))


def test_every_part_of_an_answer_ends_as_it_says(store: Store) -> None:
    claim, _ = sent(store, "one", "two", "three", "four")
    four = said("four").key
    answer = Settled(
        known=KNOWN,
        receipt=True,
        filed={ONE: "c1"},
        dropped={TWO: "care.yaml:9"},
        dead={THREE: "no such field"},
        left=frozenset([four]),
    )

    settle(store, claim, answer)

    assert list(states(store).values()) == ["filed", "dropped: care.yaml:9", "dead: no such field", "sending"]
    assert [part.key for part in frozen.load(stored(store).body).filing.parts] == [four]
    assert clocks(store, case_row) == {ROW: Clock(owner=None, open=1, crashes=0)}
    assert ledger_of(store).faults() == []


@pytest.mark.parametrize(("receipt", "same"), [(True, False), (False, True)])
def test_only_a_receipt_ends_an_op(store: Store, receipt: bool, same: bool) -> None:
    claim, made = sent(store, "one")

    settle(store, claim, Settled(known=KNOWN, receipt=receipt, left=frozenset([ONE])))

    assert (stored(store).op == made[ROW].filing.op) == same


def test_a_throttle_after_a_lost_answer_leaves_it_unsure(store: Store) -> None:
    claim, _ = sent(store, "one")
    settle(store, claim, Settled(left=frozenset([ONE]), unsure=True))
    first = stored(store)
    claim, _ = claimed(store, "next")

    settle(store, claim, Settled(left=frozenset([ONE])))

    assert first.op_at == first.unsure_since <= first.unsure_last
    assert (stored(store).unsure_since, stored(store).unsure_last) == (first.unsure_since, first.unsure_last)


def test_a_second_lost_answer_keeps_the_time_of_the_first(store: Store) -> None:
    claim, _ = sent(store, "one")
    settle(store, claim, Settled(left=frozenset([ONE]), unsure=True))
    with store.write() as c:
        c.execute(update(filing).values(unsure_since=filing.c.unsure_since - 9000, unsure_last=1))
    since = stored(store).unsure_since
    claim, _ = claimed(store, "next")

    settle(store, claim, Settled(left=frozenset([ONE]), unsure=True))

    assert stored(store).unsure_since == since
    assert stored(store).unsure_last >= since + 9000
    assert states(store) == {"m-one:created": "unknown"}


def test_counted_attempts_are_counted_from_the_first(store: Store) -> None:
    claim, _ = sent(store, "one")
    settle(store, claim, Settled(left=frozenset([ONE]), counts=True))
    first = stored(store).failed_at
    claim, _ = claimed(store, "next")
    settle(store, claim, Settled(left=frozenset([ONE])))
    claim, waiting = claimed(store, "last")

    settle(store, claim, Settled(left=frozenset([ONE]), counts=True))

    assert waiting[ROW].attempts == 1
    assert (stored(store).attempts, stored(store).failed_at) == (2, first)


@pytest.mark.parametrize("kept", ["ready", "dead"])
def test_what_leaves_an_unsure_filing_takes_the_times_along(store: Store, kept: str) -> None:
    claim, _ = sent(store, "one")
    settle(store, claim, Settled(left=frozenset([ONE]), unsure=True))
    since, last = stored(store).unsure_since, stored(store).unsure_last
    claim, _ = claimed(store, "next")
    answer = Settled(ready=frozenset([ONE])) if kept == "ready" else Settled(dead={ONE: "refused"})

    settle(store, claim, answer)

    [one] = all_items(store)
    assert (one.state, one.unsure_since, one.unsure_last) == (kept, since, last)
    assert count(store, filing) == 0


def test_what_was_thawed_is_asked_for_when_it_is_frozen_anew(store: Store) -> None:
    claim, _ = sent(store, "one")
    settle(store, claim, Settled(left=frozenset([ONE]), unsure=True))
    since = stored(store).unsure_since
    claim, _ = claimed(store, "next")
    settle(store, claim, Settled(ready=frozenset([ONE])))
    claim, waiting = claimed(store, "again")

    with store.write() as c:
        made = cases.freeze(c, claim, rendered(store, waiting))

    when = made[ROW].filing.unsure_since
    assert when is not None
    assert round(when.timestamp() * 1000) == since
    assert stored(store).unsure_since == since


def test_a_zombies_answer_is_thrown_away(store: Store) -> None:
    claim, _ = sent(store, "one")
    expire(store, case_row)
    claimed(store, "other")

    settle(store, claim, Settled(known=KNOWN, receipt=True, filed={ONE: "c1"}))

    assert states(store) == {"m-one:created": "sending"}
    assert clocks(store, case_row) == {ROW: Clock(owner="other", open=1, crashes=1)}


def test_settling_renews_the_other_rows_of_the_batch_that_are_still_ours(store: Store) -> None:
    placed(store, *(said(f"by {by}", by=by) for by in ("ana", "bo", "cy")))
    claim, waiting = claimed(store)
    with store.write() as c:
        cases.freeze(c, claim, rendered(store, waiting))
        c.execute(update(case_row).values(due_at=1))
        c.execute(update(case_row).where(case_row.c.id == row_of("cy")).values(owner="other"))
    filed = Settled(known=KNOWN, receipt=True, filed={said("by ana").key: "c1"})

    settle(store, claim, filed, renew=[row_of("bo"), row_of("cy")])

    due = due_in(store, case_row)
    assert due[ROW] is None
    assert due[row_of("bo")] == pytest.approx(30, abs=5)
    assert column(store, case_row, "due_at")[row_of("cy")] == 1


def test_what_was_blanked_while_it_was_sent_stays_blank_in_what_is_left(store: Store) -> None:
    claim, made = sent(store, "one", "two")
    hear(store, deleted(said("two")))

    settle(store, claim, Settled(left=frozenset([ONE, TWO]), unsure=True))

    kept = frozen.load(stored(store).body).filing
    assert [part.text for part in kept.parts] == ["one", "[deleted by its author]"]
    assert stored(store).op != made[ROW].filing.op


# --- cut ---


def cut(store: Store, claim: Claim, there: Collection[str]) -> Frozen | None:
    """Cut the one filing."""
    with store.write() as c:
        return cases.cut(c, claim, ROW, there)


def test_cutting_keeps_what_is_there_to_be_told_under_its_op(store: Store) -> None:
    claim, made = sent(store, "one", "two", "three")

    left = cut(store, claim, {ONE, TWO})

    assert left is not None
    assert [part.key for part in left.filing.parts] == [ONE, TWO]
    assert left.filing.op == stored(store).op == made[ROW].filing.op
    assert list(states(store).values()) == ["sending", "sending", "ready"]
    assert clocks(store, case_row)[ROW].open == 3
    assert ledger_of(store).faults() == []


def test_cutting_keeps_the_first_part_where_nothing_is_there(store: Store) -> None:
    claim, made = sent(store, "one", "two", "three")

    left = cut(store, claim, ())

    assert left is not None
    assert [part.key for part in left.filing.parts] == [ONE]
    assert left.filing.op == stored(store).op != made[ROW].filing.op
    assert list(states(store).values()) == ["sending", "ready", "ready"]
    assert ledger_of(store).faults() == []


def test_cutting_keeps_the_times_of_what_may_have_been_applied(store: Store) -> None:
    claim, _ = sent(store, "one", "two")
    settle(store, claim, Settled(left=frozenset([ONE, TWO]), unsure=True))
    since = stored(store).unsure_since
    claim, _ = claimed(store, "next")

    left = cut(store, claim, ())

    assert left is not None
    assert left.filing.unsure_since is not None
    assert stored(store).unsure_since == since
    assert [i.unsure_since for i in all_items(store)] == [None, since]


def test_a_zombie_cuts_nothing(store: Store) -> None:
    claim, _ = sent(store, "one", "two")
    expire(store, case_row)
    claimed(store, "other")

    left = cut(store, claim, {ONE})

    assert left is None
    assert set(states(store).values()) == {"sending"}


def test_what_stands_in_the_crm_in_part_is_asked_for_when_it_is_replayed(store: Store) -> None:
    claim, _ = sent(store, "one", "two")
    begun = stored(store).op_at

    settle(store, claim, Settled(known=KNOWN, receipt=True, dead={ONE: "no", TWO: "no"}, partly=frozenset([ONE])))

    assert [(i.key, i.state, i.unsure_since, i.unsure_last) for i in all_items(store)] == [
        (ONE, "dead", begun, begun),
        (TWO, "dead", None, None),
    ]


def test_cutting_keeps_the_note_of_the_part_that_it_keeps(store: Store) -> None:
    claim, made = sent(store, "one", "two")
    parts = made[ROW].filing.parts
    note = replace(parts[0], key=ONE + NOTE, text="a note")
    whole = replace(made[ROW], filing=replace(made[ROW].filing, parts=(parts[0], note, parts[1])))
    with store.write() as c:
        c.execute(update(filing).values(body=frozen.dump(whole)))

    left = cut(store, claim, ())

    assert left is not None
    assert [part.key for part in left.filing.parts] == [ONE, ONE + NOTE]
