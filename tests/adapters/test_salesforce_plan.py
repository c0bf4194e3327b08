"""Where each part goes, decided without a call."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.salesforce.comments import marker
from adapters.salesforce.plan import decide, ids_to_ask, in_org, keys_to_ask
from adapters.salesforce.planned import Case, Facts, Plan
from bridge.errors import Rejected, RetryLater
from bridge.ports import Filing, Known, Part, Reopen
from bridge.written import digest

CLOSED_AT = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)
OPEN = Case(id="500OPEN")
CLOSED = Case(id="500OLD", closed=True, closed_at=CLOSED_AT)
REOPEN = Reopen(within=14 * DAY, set={"Status": "Reopened"}, line="x-care.yaml:61")
UNSURE: dict[str, Any] = {"unsure_since": CLOSED_AT, "unsure_last": CLOSED_AT + DAY}


def part(key: str, after: timedelta = timedelta(0), **more: Any) -> Part:
    given = {"act": "add", "text": key, "public": False, "sent_at": None, "received_at": CLOSED_AT + after, **more}
    return Part(key=key, **given)


def filing(*parts: Part, known: str = "", **more: Any) -> Filing:
    opener = next((p.key for p in parts if p.opens and p.act == "add" and not p.case_id), "")
    given: dict[str, Any] = {"reopen": REOPEN, "known": Known(case_id=known), "opener": opener, **more}
    return Filing(
        key="k",
        key_field="Key__c",
        object="Case",
        parts=parts,
        create={"Subject": "s"},
        too_long="shorten",
        **given,
    )


def facts(*cases: Case, **more: Any) -> Facts:
    return Facts(ids={case.id: case for case in cases}, **more)


def plan(filing: Filing, facts: Facts, now: datetime = CLOSED_AT + 40 * DAY) -> Plan:
    return decide(filing, facts, now=now, latest_commit=timedelta(minutes=10))


def comments(plan: Plan) -> list[tuple[str, str]]:
    return [(comment.part.key, comment.parent) for comment in plan.comments]


def test_the_first_part_that_may_opens_and_echoes_before_it_are_dropped() -> None:
    made = plan(filing(part("e1", opens=False), part("m1"), part("e2", opens=False), part("m2")), facts())

    assert (made.inserts, made.opener, made.dropped) == (True, "m1", {"e1": "echo"})
    assert comments(made) == [("e2", ""), ("m2", "")]


def test_everything_goes_onto_an_open_case() -> None:
    made = plan(filing(part("m1"), part("e1", opens=False), known=OPEN.id), facts(OPEN))

    assert (made.inserts, comments(made)) == (False, [("m1", OPEN.id), ("e1", OPEN.id)])


@pytest.mark.parametrize(
    ("after", "goes"),
    [
        (timedelta(hours=-1), "reopens"),
        (timedelta(0), "comments"),
        (timedelta(seconds=60), "comments"),
        (timedelta(seconds=61), "reopens"),
        (14 * DAY, "reopens"),
        (14 * DAY + timedelta(seconds=1), "opens"),
    ],
)
def test_time_since_closing_decides(after: timedelta, goes: str) -> None:
    made = plan(filing(part("m1", after), known=CLOSED.id), facts(CLOSED))

    assert (made.inserts, list(made.changes)) == {
        "comments": (False, []),
        "reopens": (False, [CLOSED.id]),
        "opens": (True, []),
    }[goes]
    assert made.episode == (2 if goes == "opens" else 1)


def test_each_part_meets_the_case_as_the_one_before_left_it() -> None:
    parts = (
        part("thanks"),
        part("e1", opens=False),
        part("again", DAY),
        part("e2", opens=False),
        part("more", 90 * DAY),
    )

    made = plan(filing(*parts, known=CLOSED.id), facts(CLOSED))

    assert comments(made) == [(key, CLOSED.id) for key in ("thanks", "again", "e2", "more")]
    assert made.dropped == {"e1": "echo"}
    assert made.changes[CLOSED.id].fields == {"Status": "Reopened"}
    assert made.changes[CLOSED.id].parts == ["again", "e2", "more"]


def test_no_reopening_without_fields_for_it() -> None:
    early = part("m1", timedelta(hours=-1))

    made = plan(filing(early, known=CLOSED.id, reopen=Reopen()), facts(CLOSED))

    assert (made.changes, comments(made)) == ({}, [("m1", CLOSED.id)])


def test_all_cases_that_a_filing_names_are_asked_for() -> None:
    undo = part("undo", act="delete", ref="500FIRST,00a1")

    assert ids_to_ask(filing(part("m1"))) == []
    assert ids_to_ask(filing(part("m1", case_id="500EDIT"), undo, known="500OLD")) == [
        "500OLD",
        "500EDIT",
        "500FIRST",
    ]


def test_a_known_case_that_is_gone_is_followed_by_the_next() -> None:
    made = plan(filing(part("m1"), known="500GONE"), facts())

    assert (made.inserts, made.opener, made.episode) == (True, "m1", 2)


def test_a_closed_case_without_a_time_is_long_closed() -> None:
    made = plan(filing(part("m1"), known=CLOSED.id), facts(replace(CLOSED, closed_at=None)))

    assert (made.inserts, made.episode) == (True, 2)


def test_a_case_under_our_key_that_we_did_not_open_takes_comments() -> None:
    made = plan(filing(part("m1"), part("m2")), facts(keys={"k": OPEN}))

    assert (made.inserts, made.created, comments(made)) == (False, False, [("m1", OPEN.id), ("m2", OPEN.id)])


def test_a_closed_case_under_our_key_leads_to_the_next_free_one() -> None:
    made = plan(filing(part("m1", 20 * DAY)), facts(keys={"k": CLOSED, "k~2": replace(CLOSED, id="500TWO")}))

    assert (made.inserts, made.episode) == (True, 3)


# --- a case that `create` is not for -------------------------------------------------------------------------


def test_a_case_that_create_is_not_for_is_never_opened() -> None:
    parts = (part("thanks"), part("again", 20 * DAY), part("edit", case_id=CLOSED.id), part("e1", opens=False))

    made = plan(filing(*parts, known=CLOSED.id), facts(CLOSED))

    assert (made.inserts, made.anew) == (False, {"again", "edit", "e1"})
    assert (comments(made), made.case, made.episode) == ([("thanks", CLOSED.id)], CLOSED, 1)


@pytest.mark.parametrize("opener", ["filed-before", ""])
@pytest.mark.parametrize("known", ["", CLOSED.id, "500GONE"])
def test_a_filing_whose_opener_is_gone_opens_nothing(known: str, opener: str) -> None:
    made = plan(filing(part("m1", 20 * DAY), part("m2", 20 * DAY), known=known, opener=opener), facts(CLOSED))

    assert (made.inserts, made.anew, made.comments) == (False, {"m1", "m2"}, [])


def test_a_next_case_that_is_there_takes_comments_whoever_opened_it() -> None:
    two = Case(id="500TWO")

    made = plan(filing(part("thanks"), part("again", 20 * DAY), known=CLOSED.id), facts(CLOSED, keys={"k~2": two}))

    assert (made.anew, made.case, made.episode) == (set(), two, 2)
    assert made.cases == {"thanks": CLOSED.id, "again": two.id}


def test_what_is_in_is_filed_though_it_stands_behind_a_part_that_is_not() -> None:
    given = filing(part("thanks"), part("again", 20 * DAY), part("more", 20 * DAY), known=CLOSED.id, **UNSURE)
    there = {"markers": {marker("thanks"): "00a1", marker("more"): "00a3"}, "parents": {"00a1": CLOSED.id}}

    made = plan(given, facts(CLOSED, **there))

    assert (made.refs, made.anew, made.comments) == ({"thanks": "00a1", "more": "00a3"}, {"again"}, [])


def test_nothing_is_rendered_anew_while_it_may_still_come_in() -> None:
    given = filing(part("again", 20 * DAY), known=CLOSED.id, opener="", **UNSURE)
    last = CLOSED_AT + DAY

    early = plan(given, facts(CLOSED), last + timedelta(minutes=9))
    late = plan(given, facts(CLOSED), last + timedelta(minutes=10))

    assert (list(early.failed), early.anew) == (["again"], set())
    assert (late.failed, late.anew) == ({}, {"again"})


# --- edits and deletions --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("notes", "fields"),
    [
        ({"w:Subject": digest("old words")}, {"Subject": "[deleted]"}),
        ({"w:Subject": digest("other words")}, {}),
        ({}, {}),
    ],
)
def test_an_opening_text_is_overwritten_only_where_its_own_notes_know_it(
    notes: dict[str, str], fields: dict[str, str]
) -> None:
    undo = part("undo", act="delete", ref="500OLD", row={"Subject": "[deleted]"}, notes=notes)
    known = Known(case_id=OPEN.id, episode=2, notes={"w:Subject": digest("old words")})
    old = replace(CLOSED, values={"subject": "old  words"})

    made = plan(replace(filing(undo), known=known), facts(OPEN, old))

    assert made.changes[old.id].fields == fields
    assert len(made.warnings) == 1 - len(fields)


def test_an_edit_of_a_deleted_case_is_refused_and_holds_nobody_up() -> None:
    made = plan(filing(part("m1", case_id="500GONE"), part("m2"), known=OPEN.id), facts(OPEN))

    assert isinstance(made.failed["m1"], Rejected)
    assert comments(made) == [("m2", OPEN.id)]


# --- after a lost attempt ----------------------------------------------------------------------------------------


def test_the_keys_that_a_lost_attempt_may_have_made_are_asked_for() -> None:
    sure = filing(part("m1"))

    assert keys_to_ask(sure) == []
    assert keys_to_ask(sure, ["k"]) == ["k"]
    assert keys_to_ask(replace(sure, known=Known(episode=2), unsure_since=CLOSED_AT)) == ["k~2", "k~3"]


def test_a_new_case_needs_no_wait_but_a_comment_does() -> None:
    soon = CLOSED_AT + DAY + timedelta(minutes=1)

    opens = plan(filing(part("m1"), part("m2"), **UNSURE), facts(), soon)
    waits = plan(filing(part("m1"), known=OPEN.id, **UNSURE), facts(OPEN), soon)

    assert (opens.inserts, opens.failed) == (True, {})
    [later] = waits.failed.values()
    assert isinstance(later, RetryLater)
    assert (later.after, waits.comments) == (timedelta(minutes=9), [])


def test_waiting_ends_in_sending() -> None:
    given = filing(part("m1"), part("m2"), part("m3"), known=OPEN.id, **UNSURE)

    told = plan(given, facts(OPEN, markers={marker("m2"): "00a2"}))
    rest = plan(replace(given, parts=(given.parts[0], given.parts[2])), facts(OPEN))

    assert (told.refs, sorted(told.failed), told.comments) == ({"m2": "00a2"}, ["m1", "m3"], [])
    assert (rest.failed, comments(rest)) == ({}, [("m1", OPEN.id), ("m3", OPEN.id)])


def test_a_text_that_was_blanked_after_it_was_sent_is_found_with_all_its_pieces() -> None:
    sent = {marker("m1", i): f"00a{i}" for i in range(3)}
    lost_one = {name: i for name, i in sent.items() if i != "00a1"}
    blanked = part("m1", text="[deleted by its author]")

    found = [in_org(blanked, markers) for markers in (sent, lost_one, {marker("m1", 1): "00a1"}, {})]

    assert found == [{0: "00a0", 1: "00a1", 2: "00a2"}, {0: "00a0", 2: "00a2"}, {1: "00a1"}, {}]
    assert plan(filing(blanked, known=OPEN.id, **UNSURE), facts(OPEN, markers=sent)).refs == {
        "m1": "00a0,00a1,00a2"
    }


def test_a_half_written_text_goes_on_where_it_began() -> None:
    long = part("m1", 20 * DAY, text="x" * 9000)
    there: dict[str, Any] = {"markers": {marker("m1", 1): "00a1"}, "parents": {"00a1": CLOSED.id}}

    made = plan(filing(long, known=CLOSED.id, **UNSURE), facts(CLOSED, **there))

    [comment] = made.comments
    assert (comment.parent, comment.missing, made.inserts) == (CLOSED.id, [0, 2], False)


@pytest.mark.parametrize("unsure", [{}, UNSURE])
def test_a_comment_that_met_a_closed_case_is_decided_again(unsure: dict[str, Any]) -> None:
    there: dict[str, Any] = {"markers": {marker("m1"): "00a1"}, "parents": {"00a1": CLOSED.id}}

    def decided(after: timedelta, fresh: frozenset[str]) -> Plan:
        return plan(filing(part("m1", after), known=CLOSED.id, **unsure), facts(CLOSED, **there, fresh=fresh))

    seen, soon, late = (
        decided(after, frozenset(fresh)) for after, fresh in ((DAY, ""), (DAY, ["00a1"]), (20 * DAY, ["00a1"]))
    )

    assert (seen.refs, seen.changes) == ({"m1": "00a1"}, {})
    assert (soon.changes[CLOSED.id].waited_for, soon.comments[0].missing, soon.refs) == (["m1"], [], {})
    assert (late.inserts, late.episode, late.comments) == (True, 2, [])


def test_a_comment_that_is_in_tells_of_the_case_that_was_not_known() -> None:
    given = filing(part("m1"), part("m2"), **UNSURE)

    made = plan(given, facts(keys={"k": OPEN}, markers={marker("m1"): "00a1"}, parents={"00a1": OPEN.id}))

    assert (made.case, made.refs, made.cases["m1"]) == (OPEN, {"m1": "00a1"}, OPEN.id)


def test_a_case_reopened_by_an_agent_does_not_hide_the_one_that_the_lost_attempt_made() -> None:
    made = plan(
        filing(part("m1", 20 * DAY), known=OPEN.id, **UNSURE), facts(OPEN, keys={"k~2": Case(id="500NEW")})
    )

    assert (made.refs, made.created, made.episode) == ({"m1": "500NEW"}, True, 2)


def test_only_the_part_that_the_case_carries_came_in_with_it() -> None:
    made = plan(filing(part("m1"), opener="m0", **UNSURE), facts(keys={"k": OPEN}))

    assert (made.refs, made.created) == ({}, True)
    assert comments(made) == [("m1", OPEN.id)]


@pytest.mark.parametrize("known", ["", OPEN.id, CLOSED.id])
@pytest.mark.parametrize("unsure", [{}, UNSURE])
@pytest.mark.parametrize("after", ["new_case", "comment_only", "drop"])
@pytest.mark.parametrize("kind", ["Case", "Lead", "Task"])
def test_every_part_has_exactly_one_fate(known: str, unsure: dict[str, Any], after: Any, kind: str) -> None:
    parts = [
        part("echo", opens=False),
        part("first", 20 * DAY),
        part("edit", case_id="500GONE"),
        part("undo", act="delete", ref="00a1"),
        part("undone", act="delete", ref=""),
        part("anew", act="edit", ref="00a2"),
        part("unknown", act="edit", ref=""),
        part("last", 21 * DAY),
    ]

    given = filing(*parts, known=known, reopen=replace(REOPEN, after=after), **unsure)

    made = plan(replace(given, object=kind), facts(OPEN, CLOSED))

    unborn = {part.key for part in made.mute} - made.dropped.keys()  # told once the record is there
    fates = [
        *unborn,
        *made.refs, *made.dropped, *made.failed, *made.anew, *([made.opener] if made.inserts else []),
        *(comment.part.key for comment in made.comments), *(r.part.key for r in made.redactions),
    ]  # fmt: skip
    assert sorted(fates) == sorted(p.key for p in parts)


def test_two_cases_of_one_conversation_that_agents_merged_are_one() -> None:
    given = filing(part("m1"), **UNSURE)
    there = {"markers": {marker("m1"): "a00M"}, "parents": {"a00M": OPEN.id}}

    made = plan(given, facts(keys={"k": OPEN, "k~2": OPEN}, plugin=True, **there))

    assert (made.case, made.cases, made.failed) == (OPEN, {"m1": OPEN.id}, {})
    assert made.refs["m1"].split(",")[-1] == "a00M"
