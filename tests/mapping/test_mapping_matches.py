"""matches: what patterns find, what is refused and why, and that no text makes one run away."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mapping_examples import faults, mapping, said

from bridge.mapping import Dropped, accept
from bridge.mapping.patterns import LARGEST, MOST, BadPattern, search
from bridge.message import Message, Person


def matches(operand: str, message: Message, word: str = "text") -> bool:
    """Whether the condition is true, as a line of accept.drop."""
    made = mapping(f"accept:\n  drop:\n    - {word}: {{matches: {operand}}}\n")
    return accept(made, message) == Dropped("care.yaml:7")


FOUND = [
    (r"'order\s*#?\d{6}'", "My Order #123456 is late", True),
    (r"'order\s*#?\d{6}'", "order 12345", False),
    (r"'^refund'", "Refund!", True),
    (r"'^refund'", "a refund", False),
    (r"'!$'", "now!", True),
    (r"'(?m)^now$'", "yes\nnow\nplease", True),
    (r"'\bAB-[0-9]{2}\b'", "see ab-12.", True),
    (r"'(?-i)\bAB-[0-9]{2}\b'", "see ab-12.", False),
    (r"'(?-i)\bAB-[0-9]{2}\b'", "see AB-12.", True),
    (r"'über\w*'", "ÜBERALL", True),
    (r"'\bgröße\b'", "die Größe!", True),
    (r"'café'", "cafe", False),  # the text as it is written, not folded
    (r"'\p{Thai}{3}'", "ขอคืนเงิน", True),
    (r"'a.c'", "a😀c", True),
    (r"'a.c'", "a\nc", False),
    (r"'(?s)a.c'", "a\nc", True),
    (r"[refund, 'bill(s|ing)?']", "billing", True),
    (r"[refund, 'bill(s|ing)?']", "thanks", False),
]


@pytest.mark.parametrize(("operand", "text", "expected"), FOUND)
def test_a_pattern_is_searched_anywhere_in_the_text_as_written(operand: str, text: str, expected: bool) -> None:
    assert matches(operand, said(text)) is expected


def test_a_missing_text_never_matches() -> None:
    assert not matches("'.'", said(""))
    assert not matches("'.'", said(author=Person(id="u")), word="author.email")


@pytest.mark.parametrize(("word", "expected"), [("raw.from.id", True), ("raw.tags", True), ("raw.nothing", False)])
def test_values_of_any_type_are_searched_as_text(word: str, expected: bool) -> None:
    assert matches("'^(5|a\nb)$'".replace("\n", r"\n"), said(), word=word) is expected


# --- what is refused ----


CANNOT = r"    -> allowed: . [a-z] \d \w \s \b \p{Greek} * + ? {2,5} | ( ) ^ $ (?-i); not: (?=…) (?!…) (?<=…) \1"
NOTHING = "this pattern finds even nothing, so it is in every text"
EMPTY = f"{NOTHING}: write + for *, or what must be there [always-matches]"
LARGE = "this pattern is too large when it is counted out: repeat less in it [pattern-too-large]"
FOREIGN = r"\b knows the letters a-z only: write has_any for whole words [foreign-word-edge]"
REFUSED = {
    "(?=refund)now": f"this pattern cannot be read: invalid perl operator: (?= [wrong-pattern]\n{CANNOT}",
    "(?<!no )bill": f"this pattern cannot be read: invalid perl operator: (?<! [wrong-pattern]\n{CANNOT}",
    r"(a)\1": f"this pattern cannot be read: invalid escape sequence: \\1 [wrong-pattern]\n{CANNOT}",
    "(a": f"this pattern cannot be read: missing ): (a [wrong-pattern]\n{CANNOT}",
    "*a": f"this pattern cannot be read: no argument for repetition operator: * [wrong-pattern]\n{CANNOT}",
    "[z-a]": f"this pattern cannot be read: invalid character class range: z-a [wrong-pattern]\n{CANNOT}",
    "a{1001}": f"this pattern cannot be read: invalid repetition size: {{1001}} [wrong-pattern]\n{CANNOT}",
    "(a{100}){100}": f"this pattern cannot be read: invalid repetition size: {{100}} [wrong-pattern]\n{CANNOT}",
    r"\p{L}{100}": LARGE,
    "[0-9]*": EMPTY,
    "a?": EMPTY,
    "refund|": EMPTY,
    "^": EMPTY,
    "$": EMPTY,
    r"\bcafé\b": FOREIGN,
    r"\büber": FOREIGN,
}


@pytest.mark.parametrize("pattern", REFUSED)
def test_a_pattern_that_cannot_work_is_refused_with_the_reason(pattern: str) -> None:
    (told,) = faults(f"accept:\n  drop:\n    - text: {{matches: [ok, '{pattern}']}}\n")

    first, *rest = told.split("\n")
    assert "\n".join([first, *rest[2:]]) == f"care.yaml:7:28 error: {REFUSED[pattern]}"


def test_numbers_and_times_have_no_patterns() -> None:
    told = faults("accept:\n  drop:\n    - rating: {matches: '5'}\n    - sent_at: {matches: '5'}\n")

    assert [one.split("\n")[0] for one in told] == [
        "care.yaml:7:16 error: 'matches' can never be true for 'rating', which is a number [wrong-comparison]",
        "care.yaml:8:17 error: 'matches' can never be true for 'sent_at', which is a time [wrong-comparison]",
    ]


# --- nothing runs away ----


EVIL = [
    ("(a+)+$", "a" * (MOST - 1) + "!"),
    ("(a|aa)+$", "a" * (MOST - 1) + "!"),
    (r"(?-i)^(([a-z])+.)+[A-Z]([a-z])+$", "a" * MOST),
    ("(.*a){12}b", "a" * MOST),
    ("(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)z", "x=" * (MOST // 2)),
    (r"(\w+\s?)+@", "word " * (MOST // 5)),
    ("(a|b)*a(a|b){500}c", "ab" * (MOST // 2)),
    ("([^x]|漢)+[^x]{200}é$", "漢" * MOST),
    ("(?:a|aa|b|bb){1,426}c", "a" * 4 * MOST),
    ("(?:[éè]|ê){1,740}c", "é" * 4 * MOST),
]


@pytest.mark.timeout(20)  # a backtracking engine takes longer than the universe is old
@pytest.mark.parametrize(("pattern", "text"), EVIL)
def test_an_evil_pattern_over_an_evil_text_comes_to_an_end(pattern: str, text: str) -> None:
    assert not search(pattern)(text)


@pytest.mark.parametrize(
    "pattern", ["([a-z]{500}[^a-z]{500}){1}[é-漢]{999}", "a{1000}.{1000}[é-漢]{999}", r"\p{L}\p{L}\p{L}\p{L}b"]
)
def test_what_a_pattern_may_cost_for_each_character_is_bounded(pattern: str) -> None:
    with pytest.raises(BadPattern, match="too large"):
        search(pattern)

    assert (LARGEST, MOST) == (3_000, 50_000)  # measured: about a second at worst


def test_only_so_much_of_a_text_is_searched() -> None:
    assert search("b")("a" * (MOST - 1) + "b")
    assert not search("b")("a" * MOST + "b")


PATTERNS = st.text(
    st.sampled_from(r"ab.*+?|()[]{}^$\1,-pLéx漢:=!<iP") | st.characters(exclude_categories=["Cs"]), max_size=14
)


@settings(max_examples=100, deadline=None)
@given(PATTERNS, st.text(max_size=20))
def test_any_pattern_is_compiled_or_refused_and_asks_for_something(pattern: str, text: str) -> None:
    try:
        found = search(pattern)
    except BadPattern:
        return

    assert found(text) in (True, False)
    assert not found("")


@settings(max_examples=100, deadline=None)
@given(st.text("abcß .+*İK漢", max_size=8), st.text("abcß .+*İK漢", max_size=8), st.text("abc+*漢", min_size=1))
def test_a_quoted_text_finds_itself_wherever_it_stands(before: str, behind: str, literal: str) -> None:
    found = search(rf"\Q{literal}\E")

    assert found(f"{before}{literal.upper()}{behind}")
