"""raise_only: what stands above what, and what a later message raises a case to."""

from __future__ import annotations

from functools import reduce
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mapping_examples import MESSAGE, NOBODY, faults, mapping, said

from bridge.mapping import Decision, Mapping, decide, raised
from bridge.message import Message
from bridge.ports import Raise

ORDER = ("Low", "Medium", "High")


@pytest.mark.parametrize(
    ("value", "current", "over"),
    [
        ("High", "Medium", True),
        ("HIGH", "medium", True),
        ("Medium", "Medium", False),
        ("Medium", "MEDIUM", False),
        ("Low", "High", False),
        ("Low", None, True),
        ("Low", "", True),
        ("High", "Escalated", False),
        ("High", "0", False),
        ("High", 0, False),
        ("High", False, False),
        ("Urgent", "Low", False),
        ("Urgent", None, False),
        ("", None, False),
    ],
)
def test_a_value_is_raised_within_its_order_only(value: str, current: object, over: bool) -> None:
    assert Raise(value=value, order=ORDER).over(current) is over


def test_numbers_are_ranked_as_they_are_written() -> None:
    assert [Raise(value="3", order=("1", "2", "3")).over(current) for current in (1, 2, 3, 4)] == [
        True, True, False, False,
    ]  # fmt: skip


VALUES = st.text(min_size=1, max_size=4)
ORDERS = st.lists(VALUES, min_size=2, max_size=6, unique_by=str.casefold).map(tuple)


@settings(max_examples=100, deadline=None)
@given(ORDERS)
def test_over_is_a_strict_order_from_the_lowest_to_the_highest(order: tuple[str, ...]) -> None:
    over = [(a, b) for a in order for b in order if Raise(value=a, order=order).over(b)]

    assert over == [(a, b) for i, a in enumerate(order) for b in order[:i]]


@settings(max_examples=100, deadline=None)
@given(ORDERS, VALUES)
def test_what_is_not_listed_neither_raises_nor_is_raised(order: tuple[str, ...], other: str) -> None:
    known = {value.casefold() for value in order}
    stranger = other if other.casefold() not in known else "x" * 9

    assert not any(Raise(value=value, order=order).over(stranger) for value in order)
    assert not any(Raise(value=stranger, order=order).over(value) for value in (*order, None, "", stranger))


@settings(max_examples=60, deadline=None)
@given(ORDERS, st.data())
def test_in_whatever_order_messages_come_a_case_ends_at_the_highest(
    order: tuple[str, ...], data: st.DataObject
) -> None:
    values = data.draw(st.lists(st.sampled_from(order), min_size=1, max_size=4))
    begun = data.draw(st.sampled_from([None, "", *order]))

    ends = {
        reduce(lambda now, value: value if Raise(value=value, order=order).over(now) else now, come, begun)
        for come in permutations(values)
    }

    assert ends == {max([*values, begun], key=lambda value: order.index(value) if value else -1)}


# --- from a mapping ---


CASE = """case:
  object: Case
  key_field: Key__c
  create: {Subject: "{text}", Priority: "{priority}", Level__c: "{rating}", Fixed__c: Two}
  update: {raise_only: {Priority: [Low, Medium, High], Level__c: ["1", "2"], Fixed__c: [One, Two]}}
"""
DECIDE = """decide:
  priority:
    - when: {text: {has_any: [fraud]}}
      use: HIGH
    - when: {text: {has_any: [nothing]}}
      use: ""
    - otherwise: Low
"""
FIXED = Raise(value="Two", order=("One", "Two"))


def raises(made: Mapping, message: Message) -> dict[str, Raise]:
    return raised(made, message, decide(made, message, NOBODY), NOBODY)


def test_a_later_message_raises_what_create_would_have_written() -> None:
    made = mapping(DECIDE, case=CASE)

    assert raises(made, said("fraud!", rating=2)) == {
        "Priority": Raise(value="HIGH", order=ORDER),
        "Level__c": Raise(value="2", order=("1", "2")),
        "Fixed__c": FIXED,
    }


def test_what_is_missing_raises_nothing() -> None:
    assert raises(mapping(DECIDE, case=CASE), said("nothing")) == {"Fixed__c": FIXED}
    assert raised(mapping(DECIDE, case=CASE), MESSAGE, Decision({}, {}), NOBODY) == {"Fixed__c": FIXED}


def test_without_raise_only_nothing_is_raised() -> None:
    assert raises(mapping(), MESSAGE) == {}


def test_a_translated_field_can_be_raised() -> None:
    tier = '{from: "{language}", translate: {de: High, fr: Sky}, otherwise: Low}'
    made = mapping(DECIDE, case=CASE.replace('"{priority}"', tier))

    assert [raises(made, said(language=language))["Priority"].value for language in ("de", "fr", "")] == [
        "High", "Sky", "Low",
    ]  # fmt: skip


UNORDERED = (
    "8:35 error: at least two different values are expected here, from the lowest to the highest [no-order]"
)
ASTRAY = (
    "8:25 error: {} does not stand under create as text, so nothing says what it is raised to [nothing-to-raise]"
)
PLACELESS = "8:25 error: {} can be {}, which has no place in this order [not-in-order]"
REFUSED = {
    "Priority: [Low]": [PLACELESS.format("'Priority'", "'HIGH'"), UNORDERED],
    "Priority: [Low, LOW, High]": [UNORDERED],
    "Priority: []": ["8:35 error: this is empty: fill it in or remove it [empty]"],
    "Priority: Low": ["8:35 error: a list is expected here: - one, or [one, two] [not-a-list]"],
    "Priority: [Low, '', High]": ["8:41 error: this is empty: fill it in or remove it: '' [empty]"],
    "Priority: [Low, Medium]": [PLACELESS.format("'Priority'", "'HIGH'")],
    "Priority: [Medium, Sky]": [PLACELESS.format("'Priority'", "'HIGH', 'Low'")],
    "Fixed__c: [One, Three]": [PLACELESS.format("'Fixed__c'", "'Two'")],
    "Prority: [Low, High]": [ASTRAY.format("'Prority'")],
    "OwnerId: [Low, High]": [ASTRAY.format("'OwnerId'")],
}


def refused(order: str) -> list[str]:
    fields = '{Priority: "{priority}", Fixed__c: Two, OwnerId: {named: x}}'
    case = f"case:\n  object: Case\n  create: {fields}\n  update: {{raise_only: {{{order}}}}}\n"
    return [fault.removeprefix("care.yaml:") for fault in faults(case + DECIDE, case="")]


@pytest.mark.parametrize("order", REFUSED)
def test_an_order_that_cannot_be_is_refused(order: str) -> None:
    assert [fault.split("\n")[0] for fault in refused(order)] == REFUSED[order]


def test_a_field_that_does_not_stand_under_create_is_told_with_the_one_that_is_meant() -> None:
    (misspelt,), (named,) = refused("Prority: [Low, High]"), refused("OwnerId: [Low, High]")

    assert misspelt.endswith("-> did you mean 'Priority'?")
    assert "did you mean" not in named


@pytest.mark.parametrize(
    "field", ['"{text}"', '"{priority} "', '"{{priority}}"', '{from: "{language}", translate: {de: Sky}}']
)
def test_only_what_is_known_to_be_given_must_have_its_place(field: str) -> None:
    case = CASE.replace('"{priority}"', field)

    assert mapping(DECIDE, case=case).raises["Priority"] == ORDER
