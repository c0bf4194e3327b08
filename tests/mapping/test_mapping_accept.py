"""accept.when: what a mapping leaves to the next one, also where it is borrowed."""

from __future__ import annotations

import pytest
from mapping_examples import CASE, HEAD, faults, mapping, said

from bridge.mapping import Accepted, Dropped, Facts, accept, dropped, read
from bridge.message import Message, Person

WHEN = """accept:
  kinds: [comment]
  when: {language: {one_of: [de, fr]}, author.followers: {at_least: 10}}
  drop:
    - text: {has_any: [giveaway]}
"""
KNOWN = Person(id="u-5", followers=10)

TAKEN: dict[str, tuple[Message, Accepted | Dropped | None]] = {
    "both conditions hold": (said(language="de-AT", author=KNOWN), Accepted()),
    "one does not hold": (said(language="en", author=KNOWN), None),
    "one is not known": (said(language="de"), None),
    "another kind": (said(language="de", author=KNOWN, kind="post"), None),
    "dropped": (said("giveaway", language="de", author=KNOWN), Dropped("care.yaml:9")),
    "left to the next, which may want it": (said("giveaway", language="en", author=KNOWN), None),
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_does_not_fulfil_when_is_left_to_the_next_mapping(name: str) -> None:
    message, outcome = TAKEN[name]

    assert accept(mapping(WHEN), message) == outcome


def test_what_follows_another_message_is_asked_for_its_drops_alone() -> None:
    made = mapping(WHEN)

    found = [dropped(made, said(text, kind="post", language="en")) for text in ("giveaway", "hello")]

    assert found == [Dropped("care.yaml:9"), None]


def test_without_when_every_kind_that_is_taken_is_taken() -> None:
    made = mapping("accept: {kinds: [comment]}\n")

    assert made.when == ()
    assert accept(made, said(language="xx")) == Accepted()


def test_what_when_has_folded_is_not_folded_again() -> None:
    made = mapping("accept: {when: {text: {has_any: [BÏLL]}}}\n")

    taken = accept(made, said("My  BILL"))

    assert isinstance(taken, Accepted)
    assert taken.folded == {"text": "my bill"}


@pytest.mark.parametrize(("recent", "outcome"), [(5, None), (4, Accepted()), (None, None)])
def test_accept_knows_how_much_an_author_wrote_lately(recent: int | None, outcome: Accepted | None) -> None:
    made = mapping("accept: {when: {author.recent_messages: {below: 5}}}\n")

    assert accept(made, said(), Facts(recent_messages=recent)) == outcome


def test_who_writes_too_much_can_be_dropped() -> None:
    made = mapping("accept:\n  drop:\n    - author.recent_messages: {at_least: 50}\n")

    found = [accept(made, said(), Facts(recent_messages=n)) for n in (49, 50)]

    assert found == [Accepted(), Dropped("care.yaml:7")]


REFUSED = {
    "{person.id: x}": (
        "5:17 error: condition on 'person.id' cannot be used here: the customer's record is looked up later "
        "[person-too-early]"),
    "{topic: x}": "5:17 error: condition on unknown word 'topic' [unknown-word]",
    "{why.topic: x}": (
        "5:17 error: condition on 'why.topic' is the line that decided 'topic', which no rule above decides "
        "[why-undecided]"),
    "{case.opened_at: {present: true}}": (
        "5:17 error: condition on 'case.opened_at' can only be used in update.comment: before, there is no case "
        "[case-too-early]"),
    "{kind: pots}": "5:23 error: 'kind' is compared with 'pots', which it never is [never-true]",
    "{}": "5:16 error: a condition is a map: {text: {has_any: [fraud, hacked]}} [not-a-condition]",
}  # fmt: skip


@pytest.mark.parametrize("when", REFUSED)
def test_when_reads_only_what_is_known_of_a_message_at_once(when: str) -> None:
    told = faults(f"accept: {{when: {when}}}\ndecide: {{topic: [{{otherwise: x}}]}}\n")

    assert [fault.split("\n")[0] for fault in told] == [f"care.yaml:{REFUSED[when]}"]


# --- borrowed ---


BORROWER = HEAD.replace("care", "desk").replace("source: any", "based_on: care")
GERMAN, FRENCH = said(language="de", author=KNOWN), said(language="fr", author=KNOWN)
ENGLISH, GIVEAWAY = said(language="en", author=KNOWN), said("giveaway", language="de", author=KNOWN)


@pytest.mark.parametrize(
    ("accepting", "outcomes"),
    [
        ("", [Accepted(), Accepted(), None, Dropped("care.yaml:9")]),
        ("accept: {kinds: [post]}\n", [None, None, None, None]),
        ("accept: {when: {language: en}}\n", [None, None, Accepted(), None]),
        ("accept: {when: {language: de}}\n", [Accepted(), None, None, Dropped("care.yaml:9")]),
        ("accept: {drop: [{language: fr}]}\n", [Accepted(), Dropped("desk.yaml:5"), None, Accepted()]),
        ("accept: {drop: []}\n", [Accepted(), Accepted(), None, Accepted()]),
    ],
)
def test_when_is_borrowed_unless_the_file_has_its_own(
    accepting: str, outcomes: list[Accepted | Dropped | None]
) -> None:
    made = read(BORROWER + accepting + CASE, "desk.yaml", HEAD + WHEN + CASE)

    assert [accept(made, message) for message in (GERMAN, FRENCH, ENGLISH, GIVEAWAY)] == outcomes


def test_a_base_without_when_lends_none() -> None:
    made = read(BORROWER + CASE, "desk.yaml", HEAD + CASE)

    assert made.when == ()
    assert accept(made, ENGLISH) == Accepted()
