"""in_list: whole values against entries, blind to case and to a leading @; and names that do not exist."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mapping_examples import CASE, HEAD, faults, said

from bridge.errors import ConfigError
from bridge.mapping import Dropped, accept, read
from bridge.mapping.surroundings import Surroundings, entry
from bridge.message import Message, Person

ENTRIES = ("@Anna", "bob", "5001", "ΑΘΗΝΑ ΟΔΟΣ", "straße 5", "Zoë", "\u200bIda")
AROUND = Surroundings(lists={"vip": frozenset(map(entry, ENTRIES)), "empty": frozenset()})


def listed(condition: str, message: Message) -> bool:
    """Whether the condition is true, as a line of accept.drop."""
    made = read(f"{HEAD}accept:\n  drop:\n    - {condition}\n{CASE}", "care.yaml", around=AROUND)
    return accept(made, message) == Dropped("care.yaml:7")


def by(handle: str = "", **changes: Any) -> Message:
    return said(author=Person(id="u-5", handle=handle), **changes)


@pytest.mark.parametrize(
    "handle",
    [
        "anna",
        "@anna",
        "ANNA",
        "@Bob",
        " bob ",
        "αθηνα οδος",
        "STRASSE 5",
        "5001",
        "zoe\u0308",
        "ida",
        "bo\u200db",
        "\u202a@Bob",
    ],
)
def test_a_value_is_in_the_list_whatever_its_case_and_at_sign(handle: str) -> None:
    assert listed("author.handle: {in_list: vip}", by(handle))


@pytest.mark.timeout(10)  # to put all these marks into order takes a minute
def test_a_text_with_very_many_marks_is_no_entry_at_once() -> None:
    assert not listed("text: {in_list: vip}", said("a" + "\u0301\u0327" * 100_000))


@pytest.mark.parametrize("handle", ["ann", "annabel", "@@anna", "anna bob", "5001.0", ""])
def test_only_whole_values_count_and_missing_is_never_true(handle: str) -> None:
    assert not listed("author.handle: {in_list: vip}", by(handle))


def test_an_empty_list_holds_nobody() -> None:
    assert not listed("author.handle: {in_list: empty}", by("anna"))


NUMBERS = [
    ("author.followers", {"author": Person(id="u", followers=5001)}, True),
    ("author.followers", {"author": Person(id="u", followers=5002)}, False),
    ("author.followers", {"author": Person(id="u")}, False),
    ("raw.from.id", {"raw": b'{"from": {"id": 5001}}'}, True),
    ("raw.tags", {"raw": b'{"tags": ["x", "@BOB"]}'}, True),
    ("raw.tags", {"raw": b'{"tags": ["x", "y"]}'}, False),
    ("raw.tags", {"raw": b"{}"}, False),
]


@pytest.mark.parametrize(("word", "changes", "expected"), NUMBERS)
def test_numbers_count_as_text_and_any_entry_of_a_list_will_do(
    word: str, changes: dict[str, Any], expected: bool
) -> None:
    assert listed(f"{word}: {{in_list: vip}}", said(**changes)) is expected


HANDLES = st.text(max_size=20).map(str.strip).filter(lambda text: not text.startswith("@"))


@settings(max_examples=100, deadline=None)
@given(HANDLES)
def test_an_entry_is_the_same_with_and_without_its_at_sign_and_in_any_case(handle: str) -> None:
    assert {entry(f"@{handle}"), entry(f"  {handle}"), entry(handle.casefold())} == {entry(handle)}


# --- names that do not exist -------------------------------------------------------------------------------------


def test_an_unknown_list_is_told_with_the_near_and_the_known_names() -> None:
    text = f"{HEAD}accept:\n  drop:\n    - author.handle: {{in_list: vips}}\n{CASE}"

    with pytest.raises(ConfigError) as caught:
        read(text, "care.yaml", around=AROUND)

    assert str(caught.value) == (
        "care.yaml:7:32 error: connections.yaml has no list 'vips' [no-such-list]\n"
        "    - author.handle: {in_list: vips}\n"
        "                               ^\n"
        "    -> allowed: vip, empty\n"
        "    -> did you mean 'vip'?"
    )


def test_without_surroundings_every_list_is_unknown() -> None:
    (told,) = faults("accept:\n  drop:\n    - author.handle: {in_list: vip}\n")

    assert told.split("\n")[0] == "care.yaml:7:32 error: connections.yaml has no list 'vip' [no-such-list]"


@pytest.mark.parametrize("operand", ["[vip, empty]", "''", "{a: b}"])
def test_one_name_is_needed(operand: str) -> None:
    (told,) = faults(f"accept:\n  drop:\n    - author.handle: {{in_list: {operand}}}\n")

    reason = "'in_list' needs one name that connections.yaml explains [not-one-name]"
    assert told.split("\n")[0] == f"care.yaml:7:32 error: {reason}"


def test_a_time_is_in_no_list() -> None:
    (told,) = faults("accept:\n  drop:\n    - sent_at: {in_list: vip}\n")

    reason = "'in_list' can never be true for 'sent_at', which is a time [wrong-comparison]"
    assert told.split("\n")[0] == f"care.yaml:7:17 error: {reason}"


def test_a_borrowed_condition_knows_the_lists_too() -> None:
    base = f"{HEAD}accept:\n  drop:\n    - author.handle: {{in_list: vip}}\n{CASE}"
    desk = f"version: 1\nmapping: desk\nsource: any\ntarget: desk\nbased_on: care\n{CASE}"

    made = read(desk, "desk.yaml", base, around=AROUND)

    assert accept(made, by("anna")) == Dropped("care.yaml:7")
