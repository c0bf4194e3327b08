"""Conditions: what is compared with what, when a value is missing, and how keywords are found."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mapping_examples import MESSAGE, faults, mapping, said

from bridge.mapping import Dropped, accept, decide
from bridge.mapping.conditions import COMPARISONS
from bridge.mapping.words import folded, found
from bridge.message import Attachment, Message, Person
from bridge.ports import PersonFound

RATED = said(
    rating=3,
    language="de-AT",
    author=Person(id="5", name="Zoë Berg", followers=5000, verified=True),
    attachments=(Attachment(kind="image"),),
)


def holds(condition: str, message: Message = RATED) -> bool:
    """Whether the condition is true, as a line of accept.drop."""
    made = mapping(f"accept:\n  drop:\n    - {condition}\n")
    return accept(made, message) == Dropped("care.yaml:7")


TRUE = [
    "kind: comment",
    "kind: {is: COMMENT}",
    "kind: {is_not: post}",
    "kind: {one_of: [post, comment]}",
    "author.name: {is: 'ZOË BERG'}",
    "author.name: {starts_with: zoë}",
    "id: {starts_with: [x, POST]}",
    "rating: 3",
    "rating: {is: 3.0}",
    "rating: {is_not: 4}",
    "rating: {one_of: [1, 3]}",
    "rating: {at_least: 3}",
    "rating: {below: 3.5}",
    "rating: {between: [3, 5]}",
    "author.followers: {between: [0, 5000]}",
    "author.verified: true",
    "author.is_self: false",
    "public: {is_not: false}",
    "language: de",
    "language: {one_of: [fr, DE]}",
    "language: de_at",
    "sent_at: {present: true}",
    "reply_to: {present: false}",
    "author.email: {present: false}",
    "attachments: {present: true}",
    "account.queue: {is: social de}",
    "raw.from.id: 5",
    "raw.from.id: {at_least: 4}",
    "raw.ok: true",
    "raw.tags: {has_any: [b]}",
    "raw.tags.0: a",
    "raw.nothing: {present: false}",
    "{kind: comment, rating: {at_least: 3}}",
]
FALSE = [
    "kind: post",
    "rating: {at_least: 4}",
    "rating: {below: 3}",
    "rating: {between: [4, 5]}",
    "language: d",
    "language: de-CH",
    "reply_to: x",
    "reply_to: {is_not: x}",
    "reply_to: {one_of: [x]}",
    "reply_to: {starts_with: x}",
    "reply_to: {has_any: [x]}",
    "raw.nothing: {at_least: 0}",
    "raw.nothing: {is_not: 3}",
    "raw.ok: {at_least: 0}",
    "raw.tags: {at_least: 0}",
    "sent_at: {present: false}",
    "{kind: comment, rating: {at_least: 4}}",
]


@pytest.mark.parametrize("condition", TRUE)
def test_it_holds(condition: str) -> None:
    assert holds(condition)


@pytest.mark.parametrize("condition", FALSE)
def test_it_does_not_hold(condition: str) -> None:
    assert not holds(condition)


@pytest.mark.parametrize(
    "comparison", ["is: 0", "is_not: 7", "one_of: [0]", "at_least: 0", "below: 9", "between: [0, 9]"]
)
def test_a_missing_number_is_unknown_not_zero(comparison: str) -> None:
    assert not holds(f"author.followers: {{{comparison}}}", MESSAGE)


def test_any_and_all_join_conditions() -> None:
    made = mapping(
        "decide:\n"
        "  all:\n"
        "    - when_all: [{kind: comment}, {text: {has_any: [bill]}}]\n"
        "      use: 'yes'\n"
        "    - otherwise: 'no'\n"
        "  any:\n"
        "    - when_any: [{kind: post}, {text: {has_any: [bill]}}]\n"
        "      use: 'yes'\n"
        "    - otherwise: 'no'\n"
    )
    texts = ["my bill", "thanks"]

    values = [decide(made, said(text), PersonFound()).values for text in texts]

    assert values == [{"all": "yes", "any": "yes"}, {"all": "no", "any": "no"}]


WORDS = [
    ("bill", "My BILL!", True),
    ("bill", "the billboard", False),
    ("bill", "handbill", False),
    ("bill", "#bill", True),
    ("bill", "bill_2", False),
    ("bill", "billboard, then bill", True),
    ("charged twice", "I was charged\n twice.", True),
    ("charged twice", "charged me twice", False),
    ("resume", "Résumé", True),
    ("größe", "GROSSE", True),
    ("straße", "STRASSE", True),
    ("smorrebrod", "smørrebrød", True),
    ("istanbul", "İSTANBUL", True),
    ("don't work", "they DON’T work", True),
    ("c++", "I love C++!", True),
    ("😡", "so😡angry", True),
    ("❤", "love ❤️", True),
    ("fraud", "f\u200braud", True),
    ("outage", "ｏｕｔａｇｅ", True),
    ("返金", "すぐに返金してください", True),
    ("か", "が", False),
    ("ガス", "ｶﾞｽ代", True),
    ("ok", "okです", True),
    ("환불", "환불을 원해요", True),
    ("คืนเงิน", "ขอคืนเงินด้วย", True),
    ("возврат", "Возврат?", True),
    ("возврат", "возвраты", False),
    ("بطاقة", "بِطَاقَة", True),
    ("बिल", "मेरा बिल", True),
    ("बिल", "बिली", False),
]


@pytest.mark.parametrize(("keyword", "text", "expected"), WORDS)
def test_keywords_are_whole_words_blind_to_case_and_accents(keyword: str, text: str, expected: bool) -> None:
    assert found(folded(keyword), folded(text)) is expected


def test_has_all_needs_every_keyword() -> None:
    assert holds("text: {has_all: [bill, hello]}", said("hello, my bill"))
    assert not holds("text: {has_all: [bill, hello]}", said("my bill"))


LETTERS = st.text(st.sampled_from("aábcß İıΣς 가각かが\u0301\u200d😀_-'9"), max_size=12)


@settings(max_examples=100, deadline=None)
@given(LETTERS.map(folded).filter(bool), LETTERS, LETTERS)
def test_a_keyword_between_spaces_is_always_found(keyword: str, before: str, after: str) -> None:
    assert found(keyword, folded(f"{before} {keyword} {after}"))


@settings(max_examples=100, deadline=None)
@given(LETTERS | st.text(max_size=30))
def test_folding_is_blind_to_case_and_done_in_one_step(text: str) -> None:
    assert folded(folded(text)) == folded(text)


def test_a_long_text_does_not_run_away() -> None:
    assert not found(folded("a" * 50), folded("a" * 300_000))


ONE = "one comparison is expected here: {is: …}, or several conditions under when_all [not-one-comparison]"
FAULTS = {
    "text: {contains: [fraud]}": ("14", "unknown comparison 'contains' [unknown-comparison]"),
    "text: {hasany: [fraud]}": ("14", "unknown comparison 'hasany' [unknown-comparison]"),
    "txt: fraud": ("7", "condition on unknown word 'txt' [unknown-word]"),
    "person.id: x": (
        "7", ("condition on 'person.id' cannot be used here: the customer's record is looked up later "
              "[person-too-early]")),
    "text: {at_least: 5}": ("14", "'at_least' can never be true for 'text', which is text [wrong-comparison]"),
    "rating: {has_any: [5]}": (
        "16", "'has_any' can never be true for 'rating', which is a number [wrong-comparison]"),
    "sent_at: 2026-01-01": ("7", "'is' can never be true for 'sent_at', which is a time [wrong-comparison]"),
    "rating: {at_least: many}": ("26", "'at_least' needs a plain number such as 5000, not 'many' [not-a-number]"),
    "rating: five": ("15", "'is' needs a plain number such as 5000, not 'five' [not-a-number]"),
    "rating: {between: [1]}": ("25", "'between' needs two numbers, both included: [1000, 5000] [not-two-numbers]"),
    "rating: {between: [5, 1]}": ("25", "'between' is never true here: 5 is more than 1 [backward-range]"),
    "rating: {between: [[], 1]}": ("26", "'between' needs a plain number such as 5000, not this [not-a-number]"),
    "author.is_self: yes": ("23", "'author.is_self' is true or false, not 'yes' [not-true-or-false]"),
    "url: {present: maybe}": ("22", "'present' is true or false [not-true-or-false]"),
    "kind: coment": ("13", "'kind' is compared with 'coment', which it never is [never-true]"),
    "kind: {one_of: [post, coment]}": ("29", "'kind' is compared with 'coment', which it never is [never-true]"),
    "kind: {one_of: []}": ("22", "'one_of' needs a value or a list of values: [one, two] [missing-value]"),
    "kind: {is: [post]}": ("18", "'is' needs one value; write one_of for a list of them [not-one-value]"),
    "text: {has_any: ['']}": ("23", "'has_any' needs a value or a list of values: [one, two] [missing-value]"),
    'text: {has_any: ["\\u0301"]}': ("24", "the keyword '\u0301' has nothing to look for [empty-keyword]"),
    "text: {}": ("13", ONE),
    "kind: {is: post, is_not: post}": (
        "13", ONE),
}  # fmt: skip


@pytest.mark.parametrize("condition", FAULTS)
def test_a_wrong_condition_is_refused_at_its_place(condition: str) -> None:
    column, reason = FAULTS[condition]

    told = faults(f"accept:\n  drop:\n    - {condition}\n")

    assert told[0].split("\n")[0] == f"care.yaml:7:{column} error: {reason}"


def test_an_unknown_comparison_tells_what_is_allowed() -> None:
    (told,) = faults("accept:\n  drop:\n    - text: {hasany: [fraud]}\n")

    assert told.split("\n") == [
        "care.yaml:7:14 error: unknown comparison 'hasany' [unknown-comparison]",
        "    - text: {hasany: [fraud]}",
        "             ^",
        f"    -> allowed: {', '.join(COMPARISONS)}",
        "    -> did you mean 'has_any'?",
    ]
