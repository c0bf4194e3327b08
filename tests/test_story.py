"""The story of a message as people read it, and why there is none."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bridge import decided, story
from bridge.composing import OVERTAKEN, TARGET_DROPPED, UNCHANGED
from bridge.decided import Decided
from bridge.deciding import NO_MAPPING
from bridge.message import Account, Change, Message, Person, dump
from bridge.placing import DELETED, ECHO, OUR_REPLY, OWN_POST
from bridge.ports import PersonFound
from bridge.steps import Item
from bridge.store.stories import Answered, Around, Story

NOON = datetime(2026, 11, 21, 12, 0, 0, 700_000, tzinfo=UTC)
MESSAGE = Message(
    channel="facebook",
    connection="acme-meta",
    account=Account(id="1"),
    id="900_1",
    kind="comment",
    author=Person(id="61", name="Ana"),
    text="Where is\nmy \x1b[31morder?",
    language="en",
    received_at=NOON,
    public=True,
)
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
    body=dump(MESSAGE),
    raw=b"",
)
WHAT = Decided(values={"priority": "High"}, lines={"priority": "plain.yaml:3", "gone": "x:1"})
PLACED = replace(
    ITEM, mapping="plain", revision=2, case_id="crm/Case/facebook:1:900:61", decision=decided.dump(WHAT)
)
STORY = Story(item=ITEM, connection="acme-meta", fetched=False, masked=False, stored_at=NOON)
SETS = {2: {"plain.yaml": "version: 1\ndecide:\n    - then: High  # always\n"}, 3: {"plain.yaml": "other\n" * 9}}
BEGINS = [
    "facebook:1:900_1:created",
    "  received  2026-11-21 12:00:00 UTC  comment, acme-meta / 1: called by the platform, signature checked",
    "  stored    2026-11-21 12:00:00 UTC  number 7 in the ledger, lane facebook:1:61",
]


def at(second: int) -> datetime:
    return NOON + timedelta(seconds=second)


def told(item: Item = ITEM, **more: Any) -> list[str]:
    """The lines of a story after those that each begins with."""
    lines = story.text(replace(STORY, item=item, **more), SETS).splitlines()
    assert lines[:3] == BEGINS
    return lines[3:]


# --- the road of a message ------------------------------------------------------------------------------------


def test_the_story_of_a_filed_message_goes_from_the_platform_to_its_case_and_back() -> None:
    answer = Answered(
        id="r1",
        taken_at=at(60),
        private=False,
        state="sent",
        tried_at=at(61),
        reason="",
        url="https://facebook.example/2",
    )

    lines = told(
        replace(PLACED, state="filed", crm_case="500A"),
        placed_at=at(1),
        frozen_at=at(2),
        settled_at=at(3),
        link="https://acme.example/500A",
        warnings=("It was cut.",),
        replies=(answer, replace(answer, id="r2", private=True, state="failed", reason="Too late.", url="")),
        answered_at=at(61),
    )

    assert lines == [
        "  placed    2026-11-21 12:00:01 UTC  by mapping plain of revision 2, for crm/Case/facebook:1:900:61",
        "  decided   priority = High",
        "            plain.yaml:3  - then: High # always",
        "  decided   gone = (blank)",
        "            x:1",
        "  sent      2026-11-21 12:00:02 UTC  to crm",
        "  filed     2026-11-21 12:00:03 UTC",
        "  case      500A https://acme.example/500A",
        "  warning   It was cut.",
        "  replied   2026-11-21 12:01:00 UTC  reply r1: sent 2026-11-21 12:01:01 UTC  https://facebook.example/2",
        "  replied   2026-11-21 12:01:00 UTC  private reply r2: failed",
        "            Too late.",
        "  answered  2026-11-21 12:01:01 UTC  our first public answer on its case",
    ]


def test_an_answer_that_is_older_than_the_message_is_not_told_as_its_own() -> None:
    assert told(replace(PLACED, state="filed"), answered_at=at(-1))[-1].startswith("  filed")


def test_what_our_own_side_wrote_is_told_as_such() -> None:
    echo = dump(replace(MESSAGE, author=Person(id="1", is_self=True)))

    lines = story.text(replace(STORY, item=replace(ITEM, body=echo)), SETS).splitlines()

    assert "  our own comment, acme-meta / 1: called" in lines[1]


def test_an_edit_whose_message_never_came_is_told_as_such() -> None:
    orphan = replace(ITEM, change="edited", lane="facebook:1:?900_1")

    lines = story.text(replace(STORY, item=orphan), SETS).splitlines()

    assert "  comment that was edited, acme-meta / 1: called" in lines[1]
    assert lines[-1] == "  waiting   undecided: the message that it changes is not here"


def test_what_we_fetched_ourselves_is_told_so() -> None:
    lines = story.text(replace(STORY, fetched=True), SETS).splitlines()

    assert lines[1] == "  received  2026-11-21 12:00:00 UTC  comment, acme-meta / 1: fetched by us"


def test_the_connection_is_the_one_that_the_message_itself_came_through() -> None:
    moved = replace(STORY, connection="acme-meta-new")

    assert story.text(moved, SETS).splitlines() == [*BEGINS, "  waiting   undecided"]
    assert json.loads(story.document([moved], SETS))["stories"][0]["connection"] == "acme-meta"


def test_a_revision_that_nobody_knows_is_not_named_and_has_no_lines() -> None:
    lines = told(replace(PLACED, revision=0, state="filed"))

    assert lines[:3] == [
        "  placed    by mapping plain, for crm/Case/facebook:1:900:61",
        "  decided   priority = High",
        "            plain.yaml:3",
    ]


def test_what_a_message_says_is_told_when_it_is_asked_for_on_one_line_each() -> None:
    lines = story.text(STORY, SETS, words=True).splitlines()

    assert lines[3:5] == ["  text      Where is my [31morder?", "  language  en"]
    assert "order" not in story.text(STORY, SETS)


def test_what_kept_a_waiting_message_from_the_crm_is_told() -> None:
    lines = told(replace(PLACED, decision="{}", state="sending"), why="Salesforce cannot be reached", due_in=9.0)

    assert lines[-1] == "  waiting   sending: Salesforce cannot be reached; looked at again in 9 s"


def test_what_is_blank_or_masked_or_lacking_is_told() -> None:
    lacks = replace(MESSAGE, lacking=("The author's name could not be fetched: no right.",))

    lines = told(replace(ITEM, deleted=True, body=dump(lacks)), masked=True)

    assert lines[:3] == [
        "  lacks     The author's name could not be fetched: no right.",
        "  deleted   by its author: the text is blank here",
        "  masked    as `protect.mask` of the mappings says",
    ]


def test_the_story_tells_what_the_case_lacks() -> None:
    what = Decided(
        person=PersonFound(several=("003A", "003B")),
        unnamed=("OwnerId was left out: there is no queue called 'Social DE'",),
    )

    lines = told(replace(PLACED, decision=decided.dump(what)))

    assert [line for line in lines if line.startswith("  missing")] == [
        "  missing   OwnerId was left out: there is no queue called 'Social DE'",
        "  missing   2 records match this author: none is linked",
    ]


def test_the_record_that_was_linked_is_told() -> None:
    lines = told(replace(PLACED, decision=decided.dump(Decided(person=PersonFound(id="003A")))))

    assert lines[1] == "  person    003A"


@pytest.mark.parametrize(
    ("change", "ref", "says"),
    [
        ("created", "500A,c1", "  opened its case"),
        ("created", "c2", "  added to a case that was there"),
        ("created", "", ""),
        ("edited", "500A", ""),
    ],
)
def test_the_story_tells_who_opened_the_case(change: Change, ref: str, says: str) -> None:
    filed = replace(ITEM, change=change, state="filed", crm_case="500A", crm_ref=ref)

    lines = story.text(replace(STORY, item=filed, settled_at=at(1)), SETS).splitlines()

    assert lines[3] == f"  filed     2026-11-21 12:00:01 UTC{says}"


def test_words_of_strangers_obey_nobody() -> None:
    hostile = Decided(values={"priority": "High\n  filed     now\x1b[2J"}, lines={"priority": "plain.yaml:3"})
    item = replace(PLACED, key="a\nb", state="dead", reason="no\r\nway", decision=decided.dump(hostile))

    text = story.text(replace(STORY, item=item, warnings=("one\x07two",)), SETS)

    assert text.splitlines()[0] == "a b"
    assert [line for line in text.splitlines() if line.startswith("  filed")] == []
    assert all(c.isprintable() for c in text.replace("\n", ""))


# --- how it ended, or waits -----------------------------------------------------------------------------------


def test_the_story_of_a_dropped_message_shows_the_line_that_dropped_it_as_it_was_then() -> None:
    lines = told(replace(ITEM, state="dropped", reason="plain.yaml:3", revision=2), settled_at=at(1))

    assert lines == [
        "  dropped   2026-11-21 12:00:01 UTC  by plain.yaml:3 of revision 2",
        "            - then: High # always",
    ]


def test_a_rule_of_several_lines_is_shown_whole_and_without_its_remarks() -> None:
    rule = """\
    - when_any:        # one is enough
        # angry people
        - text: {has_any: ["#fail: now", scam]}

        - author.followers: {at_least: 500}
      use: High
    - otherwise: Low
"""
    item = replace(ITEM, state="dropped", reason="plain.yaml:1", revision=2)

    lines = story.text(replace(STORY, item=item), {2: {"plain.yaml": rule}}).splitlines()

    assert lines[-1] == (
        '            - when_any: - text: {has_any: ["#fail: now", scam]}'
        " - author.followers: {at_least: 500} use: High"
    )


@pytest.mark.parametrize("place", ["plain.yaml:0", "plain.yaml:99", "plain.yaml:999999", "other.yaml:1"])
def test_a_line_that_is_not_there_is_named_all_the_same(place: str) -> None:
    lines = told(replace(ITEM, state="dropped", reason=place, revision=2), settled_at=at(1))

    assert lines == [f"  dropped   2026-11-21 12:00:01 UTC  by {place} of revision 2"]


@pytest.mark.parametrize(
    "reason",
    [one.reason for one in (NO_MAPPING, OWN_POST, ECHO, OUR_REPLY, DELETED, TARGET_DROPPED, UNCHANGED, OVERTAKEN)],
)
def test_each_reason_of_ours_is_told_in_plain_words(reason: str) -> None:
    (line,) = told(replace(ITEM, state="dropped", reason=reason), settled_at=at(1))

    assert line == f"  dropped   2026-11-21 12:00:01 UTC  {reason}: {story.REASONS[reason]}"


@pytest.mark.parametrize(
    ("reason", "says"),
    [("discarded", "given up by an admin"), ("discarded: sent by hand", "given up by an admin: sent by hand")],
)
def test_what_was_given_up_says_so(reason: str, says: str) -> None:
    (line,) = told(replace(ITEM, state="dropped", reason=reason), settled_at=at(1))

    assert line == f"  dropped   2026-11-21 12:00:01 UTC  {says}"


def test_the_story_of_what_was_dead_on_arrival_has_a_time_and_no_words() -> None:
    unreadable = replace(ITEM, state="dead", reason="unreadable", body="", points_at=("", "", "1a2b"))

    lines = story.text(replace(STORY, item=unreadable), SETS, words=True).splitlines()

    assert lines == [
        BEGINS[0],
        "  received  2026-11-21 12:00:00 UTC  acme-meta: called by the platform, signature checked",
        BEGINS[2],
        "  text      nobody could read it",
        "  dead      2026-11-21 12:00:00 UTC  unreadable",
    ]


@pytest.mark.parametrize(
    ("item", "more", "line"),
    [
        (ITEM, {}, "  waiting   undecided"),
        (ITEM, {"due_in": -3.0}, "  waiting   undecided: looked at again in 0 s"),
        (
            ITEM,
            {"due_in": -7200.0},
            "  waiting   undecided: due for 120 minutes: see whether a worker runs (casebridge doctor)",
        ),
        (ITEM, {"due_in": -7200.0, "rests": "down"}, "  waiting   undecided: the CRM rests: down"),
        (PLACED, {"behind": True}, "  waiting   ready: an earlier message goes first"),
        (
            replace(PLACED, state="sending"),
            {"due_in": 12.4, "attempts": 2},
            "  waiting   sending: 2 failed attempts; looked at again in 12 s",
        ),
        (PLACED, {"rests": "the login\nwas refused"}, "  waiting   ready: the CRM rests: the login was refused"),
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
    assert told(item, **more)[-1] == line


# --- why there is none ----------------------------------------------------------------------------------------


def test_what_never_came_is_told_with_what_came_instead_and_what_to_do() -> None:
    found = Around(
        latest={("acme-meta", "1"): NOON, ("acme-x", ""): at(-60)},
        skipped={
            ("acme-meta", "reaction", "feed:like:add"): 9,
            ("acme-meta", "unknown_account", "10150009"): 12,
        },
        paused={"salesforce": "the login was refused"},
    )

    text = story.absent("1_99", found)

    assert text.splitlines() == [
        "no message with the id, key or address '1_99' was ever received here",
        "",
        "What each account brought last:",
        "  2026-11-21 12:00:00 UTC  acme-meta / 1",
        "  2026-11-21 11:59:00 UTC  acme-x (unreadable)",
        "What came in the last 7 days and was no message:",
        "      12  acme-meta: for an account that connections.yaml does not list (10150009)",
        "       9  acme-meta: likes and other reactions (feed:like:add)",
        "What rests:",
        "  salesforce: the login was refused",
        *story.TO_DO.splitlines(),
    ]


def test_where_nothing_ever_came_that_is_said() -> None:
    assert story.absent("1", Around()).splitlines()[1:4] == ["", "What each account brought last:", "  nothing"]


def test_a_look_at_the_latest_messages_only_says_so() -> None:
    lines = story.absent("1", Around(whole=False)).splitlines()

    assert lines[2] == "What each account brought last, among the latest messages:"


def test_of_much_that_was_no_message_the_most_is_shown() -> None:
    many = {("acme-meta", "unknown_account", f"1015{n:04}"): n for n in range(1, 31)}

    lines = [line for line in story.absent("1", Around(skipped=many)).splitlines() if line.startswith("      ")]

    assert len(lines) == story.MOST + 1
    assert lines[0] == "      30  acme-meta: for an account that connections.yaml does not list (10150030)"
    assert lines[-1] == "          and 10 kinds more: casebridge ledger"


# --- as JSON --------------------------------------------------------------------------------------------------


def test_the_json_has_whole_values_and_no_words() -> None:
    answer = Answered(
        id="r1", taken_at=at(60), private=False, state="sent", tried_at=None, reason="", url="https://x.example/2"
    )
    item = replace(PLACED, state="dropped", reason="plain.yaml:3")

    (found,) = json.loads(story.document([replace(STORY, item=item, replies=(answer,))], SETS))["stories"]

    assert found == {
        "key": "facebook:1:900_1:created",
        "number": 7,
        "connection": "acme-meta",
        "account": "1",
        "kind": "comment",
        "change": "created",
        "fetched": False,
        "received_at": "2026-11-21T12:00:00+00:00",
        "stored_at": "2026-11-21T12:00:00+00:00",
        "lane": "facebook:1:61",
        "lacking": [],
        "deleted": False,
        "masked": False,
        "placed_at": None,
        "mapping": "plain",
        "revision": 2,
        "for": "crm/Case/facebook:1:900:61",
        "decided": [
            {"name": "priority", "value": "High", "line": "plain.yaml:3", "written": "- then: High # always"},
            {"name": "gone", "value": None, "line": "x:1", "written": ""},
        ],
        "person": "",
        "missing": [],
        "sent_at": None,
        "state": "dropped",
        "settled_at": None,
        "reason": "plain.yaml:3",
        "written": "- then: High # always",
        "attempts": 0,
        "job": "",
        "why": "",
        "unsure": False,
        "due_in": None,
        "behind": False,
        "rests": "",
        "case": "",
        "link": "",
        "warnings": [],
        "replies": [
            {
                "id": "r1",
                "taken_at": "2026-11-21T12:01:00+00:00",
                "private": False,
                "state": "sent",
                "tried_at": None,
                "reason": "",
                "url": "https://x.example/2",
            }
        ],
        "answered_at": None,
    }


def test_the_json_has_the_words_when_they_are_asked_for() -> None:
    (found,) = json.loads(story.document([STORY], SETS, words=True))["stories"]

    assert (found["text"], found["language"]) == ("Where is\nmy \x1b[31morder?", "en")


def test_the_json_gives_a_terminal_nothing_to_obey() -> None:
    hostile = replace(STORY, item=replace(ITEM, body=dump(replace(MESSAGE, text="a\x9b2Jb\u202ec"))))

    told = story.document([hostile], SETS, words=True)

    assert told.isascii()
    assert json.loads(told)["stories"][0]["text"] == "a\x9b2Jb\u202ec"


def test_the_json_of_what_never_came_says_what_came_instead() -> None:
    around = Around(
        latest={("acme-meta", "1"): NOON},
        skipped={("acme-meta", "reaction", "like"): 9},
        paused={"salesforce": "the login was refused"},
    )

    assert json.loads(story.absence(around)) == {
        "stories": [],
        "latest": [{"connection": "acme-meta", "account": "1", "at": "2026-11-21T12:00:00+00:00"}],
        "skipped": [{"connection": "acme-meta", "reason": "reaction", "event": "like", "times": 9}],
        "paused": {"salesforce": "the login was refused"},
    }
