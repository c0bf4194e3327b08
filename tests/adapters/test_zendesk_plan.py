"""What one filing needs next: where each message goes, what is joined, what is asked after a lost attempt."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from zendesk_account import HOUR, LATER, NOW, again, filing, part

from adapters.zendesk import plan, progress, text
from adapters.zendesk.progress import Plan
from adapters.zendesk.steps import Look, Place, Redact, Search, Step, Write, joined
from adapters.zendesk.tickets import Ticket
from bridge.errors import Rejected, RetryLater
from bridge.fitting import size
from bridge.ports import Filing, Known, Raise, Reopen
from bridge.written import digest

COMMIT = timedelta(minutes=2)
LATE = NOW + HOUR


def begun(sent: Filing, *there: Ticket) -> Plan:
    return progress.start(sent, {ticket.id: ticket for ticket in there})


def following(done: Plan, now: Any = NOW) -> Step | RetryLater | None:
    return plan.step(done, now=now, latest_commit=COMMIT)


def written(done: Plan, write: Write) -> None:
    """Take a write as a CRM would that does what it is told."""
    ticket = write.ticket.id or "900"
    opens = write.fields or not write.ticket.id
    done.tickets[ticket] = replace(write.ticket, id=ticket, status="open" if opens else write.ticket.status)
    done.looked.add(ticket)
    if not write.ticket.id:
        done.home, done.episode, done.created = ticket, write.episode, True
    places = {
        segment.mark: Place(ticket=ticket, ref=f"1:{i}:{len(write.segments)}", opens=not write.ticket.id)
        for i, segment in enumerate(write.segments)
    }
    progress.take(done, places)


def all_writes(done: Plan, now: Any = NOW) -> list[Write]:
    writes = []
    while step := following(done, now):
        assert isinstance(step, Write), step
        written(done, step)
        writes.append(step)
    return writes


PARTS = st.lists(
    st.tuples(
        st.booleans(),
        st.sampled_from(["", "7", "8"]),
        st.sampled_from([0, 1, 20, 9_000, 59_000, 70_000]),
        st.sampled_from(["", "5"]),
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=50, deadline=None)
@given(PARTS, st.booleans())
def test_every_text_goes_in_once_and_in_order(spec: list[tuple[bool, str, int, str, bool]], known: bool) -> None:
    parts = [
        part(f"m{n}", f"{n}" + "x" * length, public=public, person=person, case_id=case_id, opens=opens)
        for n, (public, person, length, case_id, opens) in enumerate(spec)
    ]
    sent = filing("a", *parts, known=Known(case_id="4" if known else ""))
    done = begun(sent, Ticket(id="4", status="open"), Ticket(id="5", status="open"))

    writes = all_writes(done)

    opens = [write for write in writes if not write.ticket.id]
    assert len(opens) <= (not known)
    for write in writes:
        assert size(joined(write.segments)) <= text.LIMIT
        assert len(write.segments) <= plan.MOST_TEXTS
        for one in (p for p in parts if p.key in write.parts):
            assert (one.public and bool(one.person), one.person) == (write.public, write.author)
    sequence = [segment for write in writes for segment in write.segments]
    expected = [s for p in parts if p.key not in done.dropped for s in progress.segments(sent, p)]
    assert sequence == expected
    assert done.refs.keys() | done.dropped.keys() == {p.key for p in parts}
    assert set(done.dropped.values()) <= {"echo"}


def test_fifty_texts_are_enough_for_one_comment() -> None:
    done = begun(filing("a", *(part(f"m{n}") for n in range(60)), known=Known(case_id="4")), Ticket(id="4"))

    assert [len(write.segments) for write in all_writes(done)] == [50, 10]


def test_a_message_from_before_the_closing_reopens() -> None:
    solved = Ticket(id="4", status="solved", closed_at=NOW)
    early = part("m1", received_at=NOW - HOUR)

    step = following(begun(filing("a", early, known=Known(case_id="4")), solved))

    assert isinstance(step, Write)
    assert (step.ticket.id, step.fields) == ("4", {"status": "open"})


def test_only_the_first_message_reopens_and_the_others_join_it() -> None:
    solved = Ticket(id="4", status="solved", closed_at=NOW)
    late = [part(f"m{n}", received_at=LATE) for n in range(3)]
    sent = filing("a", *late, known=Known(case_id="4"), reopen=Reopen(within=2 * HOUR))

    [write] = all_writes(begun(sent, solved))

    assert (write.fields, len(write.segments)) == ({"status": "open"}, 3)


def test_a_note_beside_a_waiting_ticket_is_not_joined_to_what_ends_the_waiting() -> None:
    said = [part("m1", opens=False), part("m2"), part("m3")]

    writes = all_writes(begun(filing("a", *said, known=Known(case_id="4")), Ticket(id="4", status="pending")))

    assert [(write.fields, len(write.segments)) for write in writes] == [({}, 1), ({"status": "open"}, 2)]


def test_a_ticket_that_closes_under_way_changes_where_the_rest_goes() -> None:
    late = [part("m1", "x" * 59_000, received_at=LATE), part("m2", "y" * 59_000, received_at=LATE)]
    done = begun(filing("a", *late, known=Known(case_id="4"), opener="m2"), Ticket(id="4", status="open"))
    first = following(done)
    assert isinstance(first, Write)
    written(done, first)

    progress.closed(done, "4", NOW)
    second = following(done)

    assert isinstance(second, Write)
    assert (second.ticket.id, second.follows and second.follows.id, second.episode) == ("", "4", 2)
    assert (second.parts, done.refs) == ({"m2"}, {"m1": "1:0:1"})


# --- after a lost attempt -------------------------------------------------------------------------------------


def test_a_create_is_repeated_at_once_while_its_key_holds() -> None:
    young, old = (
        begun(again("a", part("m1"), unsure_since=NOW - timedelta(minutes=age), unsure_last=NOW))
        for age in (99, 100)
    )

    assert isinstance(following(young), Write)
    assert isinstance(following(old), RetryLater)
    assert following(old, LATER) == Search(key="a")


def test_a_known_ticket_is_looked_at_when_the_wait_is_over() -> None:
    done = begun(again("a", part("m1"), known=Known(case_id="4")), Ticket(id="4", status="open"))

    early = following(done, NOW + timedelta(seconds=90))

    assert isinstance(early, RetryLater)
    assert (early.after, early.counts) == (timedelta(seconds=30), False)
    assert following(done, LATER) == Look(ticket="4")


def test_a_ticket_that_was_solved_once_may_have_a_follower() -> None:
    reopened = Ticket(id="4", status="open", reopened=True)
    done = begun(again("a", part("m1"), known=Known(case_id="4")), reopened)
    without = begun(again("a", part("m1"), known=Known(case_id="4"), opener="", create={}), reopened)

    assert following(done, LATER) == Search(key="a~2")
    assert following(without, LATER) == Look(ticket="4")


def test_a_found_part_is_told_before_anything_is_sent() -> None:
    done = begun(again("a", part("m1"), part("m2"), known=Known(case_id="4")), Ticket(id="4", status="open"))
    done.looked.add("4")
    done.found = True
    progress.take(done, {text.mark("m1"): Place(ticket="4", ref="6:0:1")})

    step = following(done, LATER)

    assert isinstance(step, RetryLater)
    assert (step.after, done.refs) == (timedelta(0), {"m1": "6:0:1"})


def test_nothing_is_rendered_anew_or_dropped_before_it_was_looked_for() -> None:
    solved = Ticket(id="4", status="solved", closed_at=NOW - HOUR)
    known = Known(case_id="4")
    echo = begun(again("a", part("m1", opens=False), known=known), solved)
    other = begun(again("a", part("m1"), known=known, opener="", create={}), solved)

    waiting = [following(done) for done in (echo, other)]

    assert all(isinstance(step, RetryLater) for step in waiting)
    assert (echo.settled, other.settled) == (set(), set())


def test_a_deletion_is_looked_for_before_it_is_repeated() -> None:
    gone = part("m1:deleted", act="delete", case_id="4", ref="6:0:1")
    sent = filing("a", gone, create={}, known=Known(case_id="4"))
    fresh = begun(sent, Ticket(id="4"))
    lost = begun(replace(sent, unsure_since=NOW, unsure_last=NOW), Ticket(id="4"))

    assert isinstance(following(fresh), Redact)
    assert following(lost, LATER) == Look(ticket="4")


# --- what changes beside --------------------------------------------------------------------------------------


@given(
    now=st.sampled_from([None, "", "low", "high", "HIGH", "urgent", "agent's"]),
    value=st.sampled_from(["low", "high", "unknown"]),
    opens=st.lists(st.booleans(), min_size=1, max_size=4),
    noted=st.sampled_from(["", "1", "2"]),
    group=st.sampled_from([None, 1, 2]),
)
def test_fields_are_raised_and_owners_given_once_and_only_by_what_opens(
    now: str | None, value: str, opens: list[bool], noted: str, group: int | None
) -> None:
    ticket = Ticket(id="4", status="open", values={"priority": now, "group_id": group})
    raising = Raise(value=value, order=("low", "high", "urgent"))
    sent = filing(
        "a",
        *(part(f"m{i}", opens=opening, public=bool(i % 2), person="7") for i, opening in enumerate(opens)),
        known=Known(case_id="4", notes={"w:group_id": digest(noted)} if noted else {}),
        raises={"priority": raising},
        assign={"group_id": "1"},
    )

    writes = all_writes(begun(sent, ticket))

    expected: dict[str, Any] = {"priority": value} if raising.over(now) else {}
    expected |= {"group_id": "1"} if noted != "1" and group != 1 else {}
    first = next((i for i, write in enumerate(writes) if any(opens[int(key[1:])] for key in write.parts)), None)
    assert [write.fields for write in writes] == [expected if i == first else {} for i in range(len(writes))]


# --- elsewhere ------------------------------------------------------------------------------------------------


def test_an_edit_stays_where_its_message_is() -> None:
    edit = part("m1:edited", case_id="4", opens=False)
    home = Ticket(id="5", status="open")
    sent = filing("a", edit, known=Known(case_id="5"))

    [own] = all_writes(begun(sent, Ticket(id="4", status="solved"), home))
    [redirected] = all_writes(begun(sent, Ticket(id="4", status="closed"), home))
    closed = begun(sent, Ticket(id="4", status="closed"), replace(home, status="closed"))
    gone = begun(sent, home)

    assert (own.ticket.id, own.fields) == ("4", {})
    assert redirected.ticket.id == "5"
    assert (following(closed), following(gone)) == (None, None)
    assert [str(done.failed["m1:edited"]) for done in (closed, gone)] == [
        "the ticket '4' that this belongs to is closed for good in Zendesk",
        "the ticket '4' that this belongs to was deleted in Zendesk",
    ]
    assert isinstance(closed.failed["m1:edited"], Rejected)


def test_ids_that_are_none_are_not_asked_for() -> None:
    sent = filing("a", part("m1", case_id="9"), part("m2", case_id="x/1"), known=Known(case_id="4"))

    assert progress.ids_to_ask(sent) == ["4", "9"]
