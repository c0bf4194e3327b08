"""Two rehearsals are compared, and told in plain words."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bridge.message import Account, Message, Person, dump
from bridge.plan import text as plan_text
from bridge.plan.compare import ChangedCase, ChangedMessage, Difference, Plan, Said, compare
from bridge.plan.paper import Case, Comment
from bridge.plan.rehearsal import Ending, Program, Rehearsal
from bridge.steps import Item
from bridge.store.history import Entry

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ANA, BEN = "sf/Case/x:1:ana", "sf/Case/x:1:ben"


def program(*texts: str) -> Program:
    return Program(now=NOON, last=[entry(n, text) for n, text in enumerate(texts, 1)])


def entry(number: int, text: str) -> Entry:
    message = Message(
        channel="x", connection="acme-x", account=Account(id="1"), id=f"m{number}", kind="mention",
        author=Person(id="ana"), text=text, received_at=NOON, public=True,
    )  # fmt: skip
    item = Item(
        id=number, key=message.key, lane="", points_at=("x", "1", message.id), change="created", state="filed",
        deleted=False, age=timedelta(0), mapping="", decision="{}", case_id=None, reason="", crm_case="",
        crm_ref="", crm_notes="", unsure_since=None, unsure_last=None, body=dump(message), raw=b"",
    )  # fmt: skip
    return Entry(item=item, at=NOON)


def filed(*, mapping: str = "care", case: str = ANA, **decided: tuple[str, int]) -> Ending:
    """A message that was filed; decided: name -> value and line."""
    return Ending(
        state="filed",
        mapping=mapping,
        case=case,
        values={name: value for name, (value, _) in decided.items()},
        lines={name: f"{mapping}.yaml:{line}" for name, (_, line) in decided.items()},
    )


def ended(state: str, reason: str = "") -> Ending:
    return Ending(state=state, reason=reason)


def rehearsal(*endings: Ending, **more: Any) -> Rehearsal:
    return Rehearsal(endings=dict(enumerate(endings, 1)), **{"cases": {}, **more})


def differs(was: Ending, now: Ending) -> list[Difference]:
    plan = compare(program("text"), rehearsal(was), rehearsal(now))
    return [one for message in plan.changed for one in message.differs]


# --- messages -------------------------------------------------------------------------------------------------


def test_a_decision_that_differs_is_told_with_both_lines() -> None:
    was, now = filed(rank=("Low", 31), topic=("Bill", 9)), filed(rank=("High", 26), topic=("Bill", 9))

    plan = compare(program("No signal"), rehearsal(was), rehearsal(now))

    rank = Difference(
        kind="decided",
        name="rank",
        before=Said(value="Low", line="care.yaml:31"),
        after=Said(value="High", line="care.yaml:26"),
    )
    [changed] = plan.changed
    assert changed == ChangedMessage(key="x:1:m1:created", number=1, text="No signal", differs=(rank,))
    assert (plan.messages, plan.counts, plan.changes) == (1, {("decided", "rank"): 1}, True)


@pytest.mark.parametrize(
    ("was", "now"),
    [
        (filed(rank=("Low", 31)), filed(rank=("Low", 44))),
        (ended("dropped", "care.yaml:9"), ended("dropped", "new.yaml:12")),
        (ended("dropped", "a.yaml:9: it takes no comments"), ended("dropped", "b.yaml:7: it takes no comments")),
        (ended("dropped", "care.yaml:9"), ended("dropped", "C:\\my drafts\\new.yaml:12")),
        (ended("dropped", "echo"), ended("dropped", "echo")),
    ],
)  # fmt: skip
def test_another_line_alone_changes_nothing(was: Ending, now: Ending) -> None:
    assert differs(was, now) == []


def test_a_name_that_one_side_does_not_decide_is_missing_there() -> None:
    found = differs(filed(a=("1", 1)), filed(b=("2", 2)))

    assert [(one.name, one.before, one.after) for one in found] == [
        ("a", Said(value="1", line="care.yaml:1"), None),
        ("b", None, Said(value="2", line="care.yaml:2")),
    ]


@pytest.mark.parametrize(
    ("was", "now"),
    [
        (("dropped", "no_mapping"), ("dropped", "echo")),
        (("dropped", "care.yaml:9"), ("dropped", "no_mapping")),
        (("dead", "poison: 3"), ("dead", "poison: 5")),
        (("waits", ""), ("dropped", "target_unknown")),
    ],
)
def test_another_end_is_a_change(was: tuple[str, str], now: tuple[str, str]) -> None:
    assert [one.kind for one in differs(ended(*was), ended(*now))] == ["end"]


def test_of_what_is_dropped_nothing_else_is_told() -> None:
    found = differs(filed(rank=("Low", 3)), ended("dropped", "new.yaml:12"))

    assert found == [
        Difference(kind="end", before=Said(value="filed"), after=Said(value="dropped", line="new.yaml:12"))
    ]


def test_a_message_may_have_another_mapping_and_another_case() -> None:
    found = differs(filed(), filed(mapping="sales", case=BEN))

    assert [(one.kind, one.before, one.after) for one in found] == [
        ("mapping", Said(value="care"), Said(value="sales")),
        ("case", Said(value=ANA), Said(value=BEN)),
    ]


def test_what_could_not_be_known_is_counted() -> None:
    sides = [rehearsal(ended("waits"), strangers=frozenset({"x:ana", name})) for name in ("x:ben", "x:cem")]

    plan = compare(program("one"), *sides)

    assert plan == Plan(messages=1, changed=(), cases=(), waiting=1, strangers=3)
    assert not plan.changes


# --- cases ----------------------------------------------------------------------------------------------------


def test_cases_that_only_one_side_opens_and_those_that_differ_are_told() -> None:
    alike = Case(fields={"Subject": "Same"})
    low, high = (Case(fields={"Rank": rank}, comments=(Comment(text="Hi"),)) for rank in ("Low", "High"))

    plan = compare(
        program(),
        rehearsal(cases={"a": alike, "b": low, "c": low}),
        rehearsal(cases={"a": alike, "b": high, "d": low}),
    )

    assert plan.cases == (
        ChangedCase(name="b", before=low, after=high),
        ChangedCase(name="c", before=low, after=None),
        ChangedCase(name="d", before=None, after=low),
    )


def test_fields_and_comments_that_differ_are_told_apart() -> None:
    hi, ho, hu = (Comment(text=text) for text in ("hi", "ho", "hu"))
    was = Case(fields={"A": "1", "B": "2", "C": "3"}, comments=(hi, hi, ho))
    now = Case(fields={"A": "1", "B": "4", "D": "5"}, comments=(hu, hi))

    found = ChangedCase(name="x", before=was, after=now)

    assert found.fields == {"B": ("2", "4"), "C": ("3", None), "D": (None, "5")}
    assert found.comments == ([hi, ho], [hu])


# --- in words -------------------------------------------------------------------------------------------------


def whole() -> Plan:
    """A plan with something of everything."""
    before = rehearsal(
        filed(rank=("Low", 31), queue=("Care", 40)),
        filed(case=BEN),
        ended("dropped", "no_mapping"),
        ended("dead", "rendering failed"),
        cases={
            ANA: Case(fields={"Rank": "Low", "Tags": ("a", "b")}, comments=(Comment(text="Hello?"),)),
            BEN: Case(fields={"Rank": "Low"}, comments=(Comment(text="a"), Comment(text="b"))),
        },
    )
    after = rehearsal(
        filed(mapping="new", rank=("High", 26), queue=("", 41)),
        ended("dropped", "new.yaml:12"),
        filed(),
        ended("waits"),
        cases={
            ANA: Case(fields={"Rank": "High", "Owner": "Sales"}, comments=(Comment(text="Hello?", public=True),)),
            f"{ANA}~2": Case(fields={"Rank": "Low"}),
        },
        strangers=frozenset({"x:ana"}),
    )
    texts = ("No\n\x1b[31m signal", "y" * 70, "", "four")
    told = Program(now=NOON, last=program(*texts).last, left_out={"deleted": 2, "unreadable": 1})
    return compare(told, before, after)


WHOLE = """\
x:1:m1:created  No [31m signal
  taken by  care -> new
  rank      Low (care.yaml:31) -> High (new.yaml:26)
  queue     Care (care.yaml:40) -> (nothing) (new.yaml:41)

x:1:m2:created  yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy…
  dropped  no -> by new.yaml:12

x:1:m3:created
  dropped  no_mapping -> no

x:1:m4:created  four
  ends  dead: rendering failed -> waits

case sf/Case/x:1:ana  changed
  Rank       Low -> High
  Tags       a, b -> (nothing)
  Owner      (nothing) -> Sales
  comment -  Hello?
  comment +  Hello? (public)

case sf/Case/x:1:ben  not opened
  Rank      Low
  comments  2

case sf/Case/x:1:ana~2  new
  Rank  Low

4 of 4 messages would change: 1 rank, 1 queue, 1 dropped, 1 filed now, 1 waiting for another message, \
1 taken by another mapping. Cases: 1 new, 1 not opened, 1 changed.
2 messages left out, because the author deleted the text: nobody knows any more what it said.
1 message left out, because nobody can read what is stored.
1 message waits for another one, which has not come.
Who an author would be in the CRM is not known here: it was not asked, and its fields stay empty."""


def test_a_plan_is_told_message_by_message_case_by_case_and_in_one_sentence() -> None:
    assert plan_text.text(whole()) == WHOLE


def test_of_long_texts_that_begin_alike_one_sees_what_differs() -> None:
    was, now = (rehearsal(cases={ANA: Case(fields={"Text": "x" * 200 + end})}) for end in ("old", "new"))

    told = plan_text.text(compare(program(), was, now))

    assert f"Text  …{'x' * 20}old -> …{'x' * 20}new\n" in told


def test_a_plan_without_changes_says_so() -> None:
    plan = compare(program("one", "two"), rehearsal(filed(), filed()), rehearsal(filed(), filed()))

    assert plan_text.text(plan) == "Nothing would change: 2 messages went through both."


def test_a_case_with_its_comments_in_another_order_is_told_too() -> None:
    hi, ho = (Comment(text=text) for text in ("hi", "ho"))

    plan = compare(
        program(), rehearsal(cases={ANA: Case(comments=(hi, ho))}), rehearsal(cases={ANA: Case(comments=(ho, hi))})
    )

    assert plan_text.text(plan) == (
        f"case {ANA}  changed\n  comments  the same ones, but in another order or with other files\n\n"
        "The same is decided of each message, but not the same filed. Cases: 1 changed."
    )


def test_what_was_dropped_before_is_not_counted_as_dropped_by_the_change() -> None:
    was = rehearsal(ended("dropped", "no_mapping"), ended("dead", "poison: 3"), filed())
    now = rehearsal(ended("dropped", "new.yaml:9"), ended("dead", "poison: 5"), ended("dropped", "new.yaml:9"))

    told = plan_text.summary(compare(program("one", "two", "three"), was, now))

    counts = "1 dropped for another reason, 1 dead for another reason, 1 dropped"
    assert told == f"3 of 3 messages would change: {counts}."


def test_what_was_dead_before_is_not_counted_as_dropped_before() -> None:
    plan = compare(program("one"), rehearsal(ended("dead", "rendering failed")), rehearsal(filed()))

    assert plan_text.summary(plan) == "1 of 1 message would change: 1 filed now."


@pytest.mark.parametrize(
    ("n", "name", "told"),
    [
        (1, "priority", "1 priority"),
        (12, "priority", "12 priorities"),
        (3, "queue", "3 queues"),
        (2, "key", "2 keys"),
        (2, "address", "2 addresses"),
    ],
)
def test_what_is_decided_is_counted_as_people_do(n: int, name: str, told: str) -> None:
    side = [rehearsal(*[Ending(state="filed", values={name: value})] * n) for value in ("a", "b")]

    plan = compare(program(*("text" for _ in range(n))), *side)

    message = "message" if n == 1 else "messages"
    assert plan_text.summary(plan) == f"{n} of {n} {message} would change: {told}."


def test_programs_get_whole_values() -> None:
    found = json.loads(plan_text.as_json(whole()))

    assert [*found] == ["messages", "summary", "changed", "cases", "left_out", "waiting", "strangers"]
    assert found["changed"][1] == {
        "key": "x:1:m2:created",
        "number": 2,
        "text": "y" * 70,
        "differs": [
            {
                "kind": "end",
                "name": "",
                "before": {"value": "filed", "line": ""},
                "after": {"value": "dropped", "line": "new.yaml:12"},
            }
        ],
    }
    hello = {"text": "Hello?", "public": False, "files": []}
    assert found["cases"][0] == {
        "name": ANA,
        "before": {"fields": {"Rank": "Low", "Tags": ["a", "b"]}, "comments": [hello], "files": []},
        "after": {
            "fields": {"Rank": "High", "Owner": "Sales"}, "comments": [{**hello, "public": True}], "files": [],
        },
        "fields": {"Rank": ["Low", "High"], "Tags": [["a", "b"], None], "Owner": [None, "Sales"]},
        "comments": {"before": [hello], "after": [{**hello, "public": True}]},
    }  # fmt: skip


def test_json_gives_a_terminal_nothing_to_obey() -> None:
    changed = replace(whole().changed[0], text="a\x9b2Jb\u202ec")

    told = plan_text.as_json(replace(whole(), changed=(changed,)))

    assert told.isascii()
    assert json.loads(told)["changed"][0]["text"] == "a\x9b2Jb\u202ec"
