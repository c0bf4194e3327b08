"""What the commands print: the books, the dead."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bridge import report
from bridge.steps import Item
from bridge.store.ledger import Books

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


# --- the dead -------------------------------------------------------------------------------------------------


def test_the_dead_are_listed_with_their_reasons() -> None:
    listed = [replace(ITEM, state="dead", reason="Subject: too long"), replace(ITEM, key="other", reason="poison")]

    assert report.dead(listed) == "facebook:1:900_1:created\n    Subject: too long\nother\n    poison"
    assert report.dead([]) == "no message is dead"
