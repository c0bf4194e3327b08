"""A shadow beside the live mappings: what counts as decided otherwise, and what a failing one does."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from heart import said

from bridge.mapping import Facts, Mapping, read
from bridge.message import Account, Person
from bridge.ports import PersonFound
from bridge.shadowing import Compared, Difference, Seen, Side, Watched, compare, watched

CARE = """\
version: 1
mapping: x-care
source: any
target: crm
accept:
  kinds: [comment, direct]
  drop:
    - text: {has_any: [giveaway]}
decide:
  priority:
    - when: {text: {has_any: [fraud]}}
      use: High
    - otherwise: Low
case:
  object: Case
  key_field: Key__c
  create: {Subject: "{text}", Priority: "{priority}", Why__c: "{why.priority}"}
  update: {comment: {text: "[{priority}] {text}"}}
"""
NEW = CARE.replace("mapping: x-care", "mapping: x-new") + "shadow: true\n"
CONTACT = 'contact: {object: Contact, match: [{Page_Id__c: "{author.id}"}], fetch: [Tier__c]}\ncase:\n'
BY_NAME = CONTACT.replace("Page_Id__c", "Name").replace("author.id", "author.name")
TIERED = "    - when: {person.Tier__c: Gold}\n      use: Top\n    - otherwise: Low\n"


def together(new: str = NEW, live: str = CARE) -> dict[str, Mapping]:
    made = [read(live, "x-care.yaml"), read(new, "x-new.yaml")]
    return {one.name: one for one in made}


def seen(text: str = "hello", person: PersonFound | None = None, **changes: Any) -> Seen:
    return Seen(item=7, message=said(text, **changes), person=person or PersonFound(), facts=Facts())


def compared(new: str = NEW, live: str = CARE, one: Seen | None = None) -> Compared:
    mappings = together(new, live)
    return compare(mappings, mappings["x-new"], one or seen())


def names(found: Compared) -> list[str]:
    return [difference.name for difference in found.differences]


@pytest.mark.parametrize("text", ["hello", "fraud", "giveaway", ""])
def test_the_same_rules_in_another_file_decide_nothing_otherwise(text: str) -> None:
    assert compared(one=seen(text)) == Compared()


def test_another_value_is_told_with_both_lines_and_in_every_place_where_it_shows() -> None:
    found = compared(NEW.replace("use: High", "use: Urgent"), one=seen("fraud"))

    assert found.differences == (
        Difference(name="priority", live=Side("High", "x-care.yaml:11"), shadow=Side("Urgent", "x-new.yaml:11")),
        Difference(name="case.Priority", live=Side("High"), shadow=Side("Urgent")),
        Difference(name="comment", live=Side("[High] fraud"), shadow=Side("[Urgent] fraud")),
    )


def test_another_line_with_the_same_value_is_no_difference() -> None:
    lower = NEW.replace("    - when:", "    - when: {rating: {below: 2}}\n      use: High\n    - when:")

    assert compared(lower, one=seen("fraud")) == Compared()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("Subject: ", "Topic__c: "), ["case.Topic__c", "case.Subject"]),
        (("key_field: Key__c", "key_field: Key__c\n  one_per: thread"), ["case key"]),
        (("target: crm", "target: other"), ["target"]),
        (("object: Case\n  key_field: Key__c", "object: ticket"), ["target"]),
        (('{text: "[{priority}] {text}"}', '{text: "[{priority}] {text}", public: true}'), ["public"]),
        (('Subject: "{text}"', 'Subject: "{text}", OwnerId: {named: Desk}'), ["case.OwnerId"]),
    ],
)
def test_what_differs_has_a_name(change: tuple[str, str], expected: list[str]) -> None:
    assert NEW.count(change[0]) == 1

    assert names(compared(NEW.replace(*change))) == expected


def test_a_name_that_only_one_of_them_decides_shows_where_it_is_used() -> None:
    more = NEW.replace("decide:\n", "decide:\n  tone: [{otherwise: calm}]\n")

    assert compared(more) == Compared()
    assert names(compared(more.replace('"[{priority}]', '"[{tone}]'))) == ["comment"]


TAKEN, LEFT, DROPPED = Side("taken"), Side("left, as its kind is comment", "x-new.yaml:6"), "dropped"


@pytest.mark.parametrize(
    ("new", "live", "text", "told"),
    [
        ("[direct]", "[comment]", "hello", ("taken", Side("taken by x-care"), LEFT)),
        ("[comment]", "[direct]", "hello", ("taken", Side("left, as no mapping takes it"), TAKEN)),
        ("[comment]", "[direct]", "giveaway",
         ("dropped", Side("left, as no mapping takes it"), Side(DROPPED, "x-new.yaml:8"))),
        ("[direct]", "[comment]", "giveaway", ("dropped", Side(DROPPED, "x-care.yaml:8"), LEFT)),
    ],
)  # fmt: skip
def test_what_only_one_of_them_takes_or_drops(
    new: str, live: str, text: str, told: tuple[str, Side, Side]
) -> None:
    kinds = "[comment, direct]"

    found = compared(NEW.replace(kinds, new), CARE.replace(kinds, live), seen(text))

    assert found.differences == (Difference(name=told[0], live=told[1], shadow=told[2]),)


@pytest.mark.parametrize("text", ["hello", "giveaway"])
def test_what_both_leave_or_both_drop_is_the_same(text: str) -> None:
    kinds = ("[comment, direct]", "[direct]" if text == "hello" else "[comment]")

    assert compared(NEW.replace(*kinds), CARE.replace(*kinds), seen(text)) == Compared()


def test_it_is_told_of_the_person_whom_it_would_have_asked_for_too() -> None:
    live, new = (text.replace("case:\n", CONTACT, 1) for text in (CARE, NEW))
    tiered = new.replace("    - otherwise: Low\n", TIERED)
    gold = seen(person=PersonFound(id="003A", values={"Tier__c": "Gold"}))

    found = compared(tiered, live, gold)

    assert (names(found), found.unasked) == (["priority", "case.Priority", "comment"], False)


@pytest.mark.parametrize("live", [CARE, CARE.replace("case:\n", BY_NAME, 1)])
def test_else_it_is_told_of_nobody_and_that_is_noted(live: str) -> None:
    tiered = NEW.replace("case:\n", CONTACT, 1).replace("    - otherwise: Low\n", TIERED)
    gold = seen(person=PersonFound(id="003A", values={"Tier__c": "Gold"}))

    assert compared(tiered, live, gold) == Compared(unasked=True)


def test_who_is_found_alike_may_stand_in_another_crm() -> None:
    live, new = (text.replace("case:\n", CONTACT, 1) for text in (CARE, NEW))

    assert compared(new.replace("target: crm", "target: other"), live).unasked


# --- what is kept ---


def test_every_shadow_watches_the_messages_of_its_connections() -> None:
    mappings = together(NEW.replace("source: any", "source: fb"))
    other = dataclasses.replace(seen(connection="other"), item=8)

    found = watched(mappings, [seen(), other], explain=failing)

    assert found == [Watched(mapping="x-new", item=7, differs=())]


def test_a_shadow_never_takes_what_another_shadow_is_compared_with() -> None:
    mappings = together() | {"first": read(NEW.replace("x-new", "first").replace("Low", "None"), "first.yaml")}

    found = {one.mapping: one.differs for one in watched(dict(reversed(mappings.items())), [seen()], failing)}

    assert found == {"x-new": (), "first": ("priority", "case.Priority", "comment")}


def test_a_shadow_that_fails_has_decided_otherwise_and_its_error_is_told() -> None:
    mappings, told = together(), list[str]()
    broken: Any = "nothing of the kind"
    mappings["x-new"] = dataclasses.replace(mappings["x-new"], one_per=broken)

    def explain(doing: str, error: Exception) -> str:
        told.append(f"{doing}: {type(error).__name__}")
        return ""

    assert watched(mappings, [seen()], explain) == [Watched(mapping="x-new", item=7, differs=("failed",))]
    assert told == ["watching by the mapping x-new: KeyError"]


def failing(doing: str, error: Exception) -> str:
    raise AssertionError(doing) from error


def test_nothing_of_a_customer_is_in_what_is_kept() -> None:
    author = Person(id="id-of-ana", name="Ana Secret", handle="secret")
    one = seen("my secret", author=author, account=Account(id="page-9", about={"brand": "secret"}))
    mappings = together(NEW.replace('Subject: "{text}"', 'Subject: "{author.name}"'))

    assert "ecret" not in str(watched(mappings, [one], failing))
    assert watched(mappings, [one], failing)[0].differs == ("case.Subject",)
