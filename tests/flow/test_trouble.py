"""What goes wrong at the CRM: it refuses, throttles, rests, breaks or says nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from heart import (
    WITH_CONTACT,
    Killed,
    age,
    bridge,
    case_of,
    clocks,
    column,
    count,
    drain,
    due_in,
    dying,
    hear,
    ledger_of,
    pass_time,
    row_of,
    said,
    states,
)
from logbook import Fault, Logbook
from sqlalchemy import update

from bridge.errors import Rejected
from bridge.filing import file_some
from bridge.flow import decide_some
from bridge.parts import Bridge
from bridge.ports import PersonFound, PersonMatch
from bridge.store import Store, ledger, pauses
from bridge.store.engine import now
from bridge.store.tables import case_row, filing, target

ROW = row_of()


def file_once(made: Bridge) -> None:
    """Decide what waits, then one attempt to file it."""
    decide_some(made, "fb")
    file_some(made, "crm")


def again(made: Bridge) -> None:
    """Another attempt, once the back-off is over."""
    pass_time(made.store)
    file_some(made, "crm")


# --- refusals ---


def test_a_refused_opening_text_is_dead_and_the_next_opens_the_case(store: Store, crm: Logbook) -> None:
    hear(store, said("REFUSE"), said("two"), said("three"))

    drain(bridge(store, crm))

    assert list(states(store).values()) == ["dead: Subject: the text is not allowed", "filed", "filed"]
    assert crm.texts(case_of()) == ["two", "three"]
    assert ledger_of(store).faults() == []


def test_a_refused_comment_is_dead_and_blocks_nobody(store: Store, crm: Logbook) -> None:
    hear(store, said("one"), said("REFUSE"), said("three"))

    drain(bridge(store, crm))

    assert list(states(store).values()) == ["filed", "dead: CommentBody: the text is not allowed", "filed"]
    assert crm.texts() == ["one", "three"]
    assert len(crm.seen()) == 1


def test_a_refusal_is_that_rows_own(store: Store, crm: Logbook) -> None:
    hear(store, said("REFUSE"), said("two", by="bo"))

    drain(bridge(store, crm))

    assert list(states(store).values()) == ["dead: Subject: the text is not allowed", "filed"]


# --- later ---


def test_a_throttled_filing_is_repeated_exactly_and_spends_no_attempt(store: Store, crm: Logbook) -> None:
    made = bridge(store, crm)
    hear(store, said("one"))
    crm.arm("refused", times=20)
    file_once(made)
    for _ in range(19):
        again(made)
    attempts = column(store, filing, "attempts", "case_id")

    drain(made)

    assert attempts == {ROW: 0}
    assert {sent.op for sent in crm.seen()} == {crm.seen()[0].op}
    assert (len(crm.seen()), crm.texts()) == (21, ["one"])


def test_a_locked_row_backs_off_and_counts(store: Store, crm: Logbook) -> None:
    made = bridge(store, crm)
    hear(store, said("one"))
    crm.arm("locked", times=5)
    file_once(made)
    waits = [due_in(store, case_row)[ROW] or 0]
    for _ in range(4):
        again(made)
        waits.append(due_in(store, case_row)[ROW] or 0)

    assert column(store, filing, "attempts", "case_id") == {ROW: 5}
    assert all(2**n / 2 - 1 <= wait <= 2**n for n, wait in enumerate(waits))


@pytest.mark.parametrize(
    ("failures", "since", "state"),
    [(8, timedelta(hours=73), "dead"), (7, timedelta(hours=73), "sending"), (9, timedelta(hours=71), "sending")],
)
def test_a_row_is_given_up_after_8_attempts_and_72_hours(
    store: Store, crm: Logbook, failures: int, since: timedelta, state: str
) -> None:
    made = bridge(store, crm)
    hear(store, said("one"))
    crm.arm("locked", times=failures)
    file_once(made)
    for _ in range(failures - 2):
        again(made)

    age(store, since)
    file_some(made, "crm")

    reason = f": given up after {failures} attempts: the row is locked" if state == "dead" else ""
    assert states(store) == {"m-one:created": state + reason}
    assert ledger_of(store).faults() == []


def test_throttles_never_exhaust_a_filing(store: Store, crm: Logbook) -> None:
    made = bridge(store, crm)
    hear(store, said("one"))
    crm.arm("refused", times=12)
    file_once(made)
    for _ in range(11):
        age(store, timedelta(hours=72))
        file_some(made, "crm")

    drain(made)

    assert crm.texts() == ["one"]


def test_a_call_that_is_throttled_whole_sends_its_whole_batch_again(store: Store, crm: Logbook) -> None:
    crm.per_call = 1
    hear(store, *(said(f"by {by}", by=by) for by in ("ana", "bo", "cy")))
    made = bridge(store, crm)
    decide_some(made, "fb")
    crm.arm("throttled")
    file_some(made, "crm")
    unsure = column(store, filing, "unsure_since", "case_id")

    drain(made)

    assert set(unsure.values()) == {None}
    assert sorted(crm.texts()) == ["by ana", "by bo", "by cy"]


# --- unsure ---


@pytest.mark.parametrize("fault", ["lost", "late"])
@pytest.mark.parametrize("size", [0, 1, 5])
def test_a_lost_answer_doubles_nothing(store: Store, forgetful: Logbook, fault: Fault, size: int) -> None:
    hear(store, said("one"), said("two"))
    forgetful.arm(fault, size=size, times=2)

    drain(bridge(store, forgetful))
    forgetful.disarm()

    assert forgetful.texts() == ["one", "two"]
    assert len({sent.op for sent in forgetful.seen()}) == 1


def test_what_may_have_been_applied_says_since_when(store: Store, crm: Logbook) -> None:
    made = bridge(store, crm)
    hear(store, said("one"))
    crm.arm("lost")
    before = store.now()
    file_once(made)
    waiting = states(store)

    drain(made)

    first, second = crm.seen()
    assert waiting == {"m-one:created": "unknown"}
    assert first.unsure_since is None
    assert second.unsure_since is not None
    assert second.unsure_last is not None
    assert before - timedelta(seconds=1) <= second.unsure_since <= second.unsure_last <= store.now()


def test_an_adapter_that_breaks_leaves_its_batch_unsure(
    store: Store, crm: Logbook, caplog: pytest.LogCaptureFixture
) -> None:
    crm.per_call = 1
    hear(store, *(said(f"by {by}", by=by) for by in ("ana", "bo")))
    made = bridge(store, crm)
    decide_some(made, "fb")
    crm.arm("crash")
    file_some(made, "crm")
    waiting = states(store)

    drain(made)

    assert set(waiting.values()) == {"unknown"}
    assert sorted(crm.texts()) == ["by ana", "by bo"]
    assert "filing failed: RuntimeError" in caplog.text


def test_what_an_adapter_says_nothing_about_is_unsure(store: Store, crm: Logbook) -> None:
    hear(store, said("one"), said("two", by="bo"))
    made = bridge(store, crm)
    crm.arm("silent", case=case_of("bo"))
    file_once(made)

    waiting = states(store)
    drain(made)

    assert waiting == {"m-one:created": "filed", "m-two:created": "unknown"}
    assert crm.texts() == ["one", "two"]


def test_each_answer_is_settled_by_itself(store: Store, crm: Logbook) -> None:
    crm.per_call = 1
    hear(store, *(said(f"by {by}", by=by) for by in ("ana", "bo", "cy")))
    made = bridge(store, crm, at=dying("work.settled"))
    decide_some(made, "fb")

    with pytest.raises(Killed):
        file_some(made, "crm")

    assert sorted(states(store).values()) == ["filed", "sending", "sending"]
    assert sum(row.owner is None for row in clocks(store, case_row).values()) == 1


# --- partial ---


def test_what_a_receipt_leaves_is_sent_under_a_new_op(store: Store, crm: Logbook) -> None:
    hear(store, said("one"), said("two"), said("three"))
    crm.arm("partial", size=1, times=2)

    drain(bridge(store, crm))

    assert [[part.text for part in sent.parts] for sent in crm.seen()] == [
        ["one", "two", "three"],
        ["two", "three"],
        ["three"],
    ]
    assert len({sent.op for sent in crm.seen()}) == 3
    assert [sent.known.case_id for sent in crm.seen()] == ["", "c1", "c1"]
    assert crm.texts() == ["one", "two", "three"]


# --- a CRM that rests ---


def test_a_resting_crm_costs_no_attempt_and_is_not_called(store: Store, crm: Logbook) -> None:
    hear(store, said("one"), said("two", by="bo"))
    made = bridge(store, crm)
    crm.arm("paused")
    file_once(made)

    more = file_some(made, "crm")

    assert not more
    assert ledger_of(store).paused == {"crm": "maintenance"}
    assert column(store, filing, "attempts", "case_id") == {ROW: 0, row_of("bo"): 0}
    assert set(states(store).values()) == {"sending"}


def test_one_probe_that_is_answered_ends_the_rest(store: Store, crm: Logbook) -> None:
    hear(store, said("one"), said("two", by="bo"))
    made = bridge(store, crm)
    crm.arm("paused")
    file_once(made)
    with store.write() as c:
        c.execute(update(target).values(probe_at=now()))

    probed = file_some(made, "crm")

    assert probed
    assert sorted(states(store).values()) == ["filed", "sending"]
    assert count(store, target) == 0
    drain(made)
    assert sorted(crm.texts()) == ["one", "two"]


def test_a_probe_that_finds_it_resting_waits_for_the_next(store: Store, crm: Logbook) -> None:
    hear(store, said("one"))
    made = bridge(store, crm)
    crm.arm("paused", times=2)
    file_once(made)
    with store.write() as c:
        c.execute(update(target).values(probe_at=now()))

    probed = [file_some(made, "crm"), file_some(made, "crm")]

    assert probed == [True, False]
    assert ledger_of(store).paused == {"crm": "maintenance"}


@pytest.mark.parametrize("fault", ["paused", "throttled"])
def test_while_persons_cannot_be_looked_up_their_messages_wait(store: Store, crm: Logbook, fault: Fault) -> None:
    made = bridge(store, crm, WITH_CONTACT)
    hear(store, said("one"), said("giveaway", by="bo"))
    crm.arm(fault)
    decide_some(made, "fb")
    waiting = states(store)

    drain(made)

    why = ": too many calls" if fault == "throttled" else ""  # while the CRM rests, its own row tells that
    assert waiting == {"m-one:created": f"ready{why}", "m-giveaway:created": "dropped: care.yaml:8"}
    assert (crm.texts(), states(store)["m-one:created"]) == (["one"], "filed")


class Picky(Logbook):
    """A CRM without the field that the mapping matches persons by."""

    def find(self, people: Sequence[PersonMatch]) -> list[PersonFound]:
        raise Rejected("No such column 'X_User_Id__c'", field="X_User_Id__c")


def test_a_match_that_the_crm_refuses_kills_its_own_messages_and_can_be_replayed(
    store: Store, crm: Logbook
) -> None:
    hear(store, said("one"))

    drain(bridge(store, Picky(crm.file_at), WITH_CONTACT))
    refused = states(store)
    with store.write() as c:
        ledger.replay(c, ledger.dead(c))
    drain(bridge(store, crm, WITH_CONTACT))

    assert refused == {"m-one:created": "dead: looking for the person: No such column 'X_User_Id__c'"}
    assert states(store) == {"m-one:created": "filed"}


def test_a_pause_lasts_a_minute_whatever_a_slow_clock_says(store: Store) -> None:
    with store.write() as c:
        pauses.pause(c, "crm", until=store.now() - timedelta(hours=1), reason="daily limit")

    with store.read() as c:
        assert pauses.paused(c, "crm")
    assert 59 < (column(store, target, "paused_until")["crm"] / 1000 - store.now().timestamp()) <= 60


def test_a_pause_with_an_end_lasts_until_then(store: Store) -> None:
    until = store.now() + timedelta(hours=2)

    with store.write() as c:
        pauses.pause(c, "crm", until=until, reason="daily limit")

    assert column(store, target, "paused_until") == {"crm": round(until.timestamp() * 1000)}
    assert ledger_of(store).paused == {"crm": "daily limit"}


# --- rendering that breaks ---


def test_what_cannot_be_rendered_ends_by_itself(store: Store, crm: Logbook) -> None:
    made = bridge(store, crm)
    hear(store, said("one"), said("two"))
    decide_some(made, "fb")
    with store.write() as c:
        broken = "update item set decision = '{\"values\": 3}' where message_id = 'm-one'"
        c.exec_driver_sql(broken)

    drain(made)

    assert list(states(store).values()) == [
        "dead: rendering failed: ValidationError (the log has the place)",
        "filed",
    ]
    assert crm.texts() == ["two"]
    assert ledger_of(store).faults() == []


def test_what_this_version_cannot_read_is_dead_and_holds_nobody_up(store: Store, crm: Logbook) -> None:
    hear(store, said("one"), said("two"))
    with store.write() as c:
        c.exec_driver_sql("update item set body = '{}' where message_id = 'm-one'")

    drain(bridge(store, crm))

    assert list(states(store).values()) == [
        "dead: deciding failed: ValidationError (the log has the place)",
        "filed",
    ]
