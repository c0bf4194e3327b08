"""What the commands print: the books, the story of a message, the dead."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bridge import decided, report
from bridge.decided import Decided
from bridge.ports import PersonFound
from bridge.steps import Item
from bridge.store.ledger import Books, Story

EMPTY = Books(received=0, states={}, skipped={}, paused={}, counters=(0, 0, 0, 0))
ITEM = Item(
    id=7,
    key="facebook:1:900_1:created",
    lane="facebook:1:61",
    points_at=("facebook", "1", "900_1"),
    change="created",
    state="ready",
    deleted=False,
    age=timedelta(0),
    mapping="",
    decision="{}",
    case_id=None,
    reason="",
    crm_case="",
    crm_ref="",
    crm_notes="",
    unsure_since=None,
    unsure_last=None,
    body="",
    raw=b"",
)
PLACED = replace(
    ITEM,
    mapping="plain",
    case_id="salesforce/Case/facebook:1:900:61",
    decision=decided.dump(
        Decided(values={"priority": "High"}, lines={"priority": "plain.yaml:12", "gone": "x:1"})
    ),
)
FILED = replace(PLACED, state="filed", crm_case="500A")
STORY = Story(
    item=ITEM,
    received_at="2026-11-21T12:00:00+00:00",
    settled_at="",
    link="",
    warnings=(),
    attempts=0,
    job="",
    unsure=False,
    due_in=None,
)


# --- the books ------------------------------------------------------------------------------------------------


def test_empty_books_are_in_order() -> None:
    lines = report.books(EMPTY).splitlines()

    assert [line.split() for line in lines] == [
        ["received", "0"],
        ["waiting", "0"],
        ["filed", "0"],
        ["dropped", "0"],
        ["dead", "0"],
    ]


def test_the_books_show_every_state_what_was_skipped_and_who_rests() -> None:
    found = Books(
        received=21,
        states={"ready": 1, "sending": 2, "unknown": 3, "filed": 4, "dropped": 5, "dead": 6},
        skipped={("acme", "receipt", "read"): 9},
        paused={"salesforce": "the login was refused"},
        counters=(0, 0, 6, 6),
    )

    lines = report.books(found).splitlines()

    assert [" ".join(line.split()) for line in lines] == [
        *("received 21", "waiting 6", "ready 1", "sending 2", "unknown 3", "filed 4", "dropped 5", "dead 6"),
        "skipped, because they are no messages:",
        "9 acme: receipt (read)",
        "paused: salesforce: the login was refused",
    ]


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        (
            replace(EMPTY, received=2, states={"filed": 1}),
            "2 messages were received, but filed + dropped + waiting + dead are 1",
        ),
        (replace(EMPTY, counters=(1, 2, 0, 0)), "the lanes count 1 open items, but 2 are undecided"),
        (replace(EMPTY, counters=(0, 0, 3, 4)), "the case rows count 3 open items, but 4 are placed and waiting"),
        (replace(EMPTY, states={"lost": 1}), "1 items are in the unknown state 'lost'"),
    ],
)
def test_what_does_not_add_up_stands_below_the_books(changed: Books, fault: str) -> None:
    assert report.books(changed).splitlines()[-1] == f"FAULT: {fault}"


# --- a story --------------------------------------------------------------------------------------------------


def story(item: Item, **more: object) -> list[str]:
    told = replace(STORY, item=item, **more)  # type: ignore[arg-type]
    first, received, *rest = report.story(told).splitlines()
    assert first == item.key
    assert received == "  received  2026-11-21T12:00:00+00:00, number 7 in the ledger, lane facebook:1:61"
    return rest


def test_the_story_of_a_filed_message_leads_to_its_case() -> None:
    link = "https://acme.example/500A"

    told = story(FILED, settled_at="2026-11-21T12:00:01+00:00", link=link, warnings=("It was cut.",))

    assert told == [
        "  taken by  mapping plain, for salesforce/Case/facebook:1:900:61",
        "  decided   priority = High (line plain.yaml:12)",
        "  decided   gone = (blank) (line x:1)",
        "  filed     2026-11-21T12:00:01+00:00",
        "  case      500A https://acme.example/500A",
        "  warning   It was cut.",
    ]


def test_the_story_of_a_dropped_message_names_the_line_that_dropped_it() -> None:
    told = story(replace(ITEM, state="dropped", reason="plain.yaml:7"), settled_at="2026-11-21T12:00:01+00:00")

    assert told == ["  dropped   2026-11-21T12:00:01+00:00: plain.yaml:7"]


def test_the_story_of_what_was_dead_on_arrival_has_a_time() -> None:
    told = story(replace(ITEM, state="dead", reason="unreadable"))

    assert told == ["  dead      2026-11-21T12:00:00+00:00: unreadable"]


@pytest.mark.parametrize(
    ("item", "more", "line"),
    [
        (ITEM, {}, "  waiting   undecided"),
        (ITEM, {"due_in": -3.0}, "  waiting   undecided: looked at again in 0 s"),
        (
            replace(PLACED, state="sending"),
            {"due_in": 12.4, "attempts": 2},
            "  waiting   sending: 2 failed attempts; looked at again in 12 s",
        ),
        (
            replace(PLACED, state="unknown"),
            {"unsure": True},
            "  waiting   unknown: an answer was lost, the CRM will be asked first",
        ),
        (
            replace(PLACED, state="unknown"),
            {"unsure": True, "job": "V3-a#0/1"},
            "  waiting   unknown: in the CRM's job V3-a#0/1, which will be asked what became of it",
        ),
    ],
)
def test_the_story_of_a_waiting_message_says_what_it_waits_for(
    item: Item, more: dict[str, object], line: str
) -> None:
    assert story(item, **more)[-1] == line


def test_the_story_of_a_deleted_message_says_so() -> None:
    assert story(replace(ITEM, deleted=True))[0] == "  deleted   by its author: the text is blank here"


# --- the dead -------------------------------------------------------------------------------------------------


def test_the_dead_are_listed_with_their_reasons() -> None:
    listed = [replace(ITEM, state="dead", reason="Subject: too long"), replace(ITEM, key="other", reason="poison")]

    assert report.dead(listed) == "facebook:1:900_1:created\n    Subject: too long\nother\n    poison"
    assert report.dead([]) == "no message is dead"


def test_a_story_tells_what_the_case_lacks() -> None:
    what = Decided(
        person=PersonFound(several=("003A", "003B")),
        unnamed=("OwnerId was left out: there is no queue called 'Social DE'",),
    )

    told = report.story(replace(STORY, item=replace(PLACED, decision=decided.dump(what))))

    assert [line for line in told.splitlines() if line.startswith("  missing")] == [
        "  missing   OwnerId was left out: there is no queue called 'Social DE'",
        "  missing   2 records match this author: none is linked",
    ]
