"""What is said of two conditions is certain: tried on messages, and on what admins write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from mapping_examples import MESSAGE

from bridge.mapping import conditions
from bridge.mapping.document import Node, parse
from bridge.mapping.fields import TOO_EARLY
from bridge.mapping.implied import Atom, all_of, clash, covering, implies, ways
from bridge.mapping.paths import Scope
from bridge.mapping.placeholders import Check
from bridge.message import Message

Written = Mapping[str, Any]

LANGUAGES = ["de", "de-AT", "de_AT", "fr", "d"]
PHRASES = ["charged twice", "Charged", "twice", "we charged twice", "é", "e", "ab"]
RAW = ["1", "1.0", "2", "ab", "AB", "true"]


def some(values: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=3)


def compared(values: list[str]) -> st.SearchStrategy[Written]:
    one = st.sampled_from(values)
    return st.one_of(
        st.builds(lambda value: {"is": value}, one),
        st.builds(lambda value: {"is_not": value}, one),
        st.builds(lambda values: {"one_of": values}, some(values)),
        st.builds(lambda value: {"present": value}, st.sampled_from(["true", "false"])),
    )


def counted(values: list[str]) -> st.SearchStrategy[Written]:
    one = st.sampled_from(values)
    return st.one_of(
        st.builds(lambda value: {"at_least": value}, one),
        st.builds(lambda value: {"below": value}, one),
        st.builds(lambda a, b: {"between": sorted([a, b], key=float)}, one, one),
    )


def worded(values: list[str]) -> st.SearchStrategy[Written]:
    return st.builds(
        lambda how, found: {how: found}, st.sampled_from(["has_any", "has_all", "starts_with"]), some(values)
    )


STARS = ["1", "2", "2.5", "3.0", "3"]
WORDS: Mapping[str, st.SearchStrategy[Written]] = {
    "rating": compared(STARS) | counted(STARS),
    "language": compared(LANGUAGES) | worded(LANGUAGES),
    "text": compared(PHRASES)
    | worded(PHRASES)
    | st.builds(lambda found: {"matches": found}, some(["twic", "ab+"])),
    "raw.x": compared(RAW) | counted(["1", "1.5", "2"]) | worded(["a", "ab"]),
}
CONDITIONS = st.fixed_dictionaries({}, optional=WORDS).filter(bool)
MESSAGES = st.builds(
    lambda rating, language, text, raw: replace(
        MESSAGE, rating=rating, language=language, text=text, raw=b"{}" if raw is None else b'{"x": %s}' % raw
    ),
    rating=st.sampled_from([None, 1, 2, 3]),
    language=st.sampled_from(["", *LANGUAGES]),
    text=st.lists(st.sampled_from([*PHRASES, "abbb", "discharged twice"]), max_size=2).map(" ".join),
    raw=st.sampled_from([None, b"1", b"1.0", b"2", b"1.5", b'"1"', b'"1.0"', b'"ab"', b"true", b'["a", "b"]']),
)


def node(written: Any) -> Node:
    return parse(yaml.safe_dump(written, default_flow_style=True, allow_unicode=True), "c.yaml").root


def holds(condition: Written, message: Message) -> bool:
    """What a mapping with this condition makes of the message."""
    check = Check(parse("x: y", "c.yaml"))
    found = conditions.all_of(node(condition), TOO_EARLY, check)
    assert check.faults == []
    return found(Scope(message))


@settings(max_examples=400, deadline=None)
@given(CONDITIONS, st.lists(CONDITIONS, min_size=1, max_size=3), st.lists(MESSAGES, min_size=8, max_size=8))
def test_what_is_covered_never_gets_past_the_earlier_ones(
    later: Written, earlier: list[Written], messages: list[Message]
) -> None:
    if covering(all_of(node(later)), [all_of(node(one)) for one in earlier]):
        past = [m for m in messages if holds(later, m) and not any(holds(one, m) for one in earlier)]

        assert past == []


@settings(max_examples=400, deadline=None)
@given(CONDITIONS, CONDITIONS, st.lists(MESSAGES, min_size=8, max_size=8))
def test_what_clashes_never_holds_together(one: Written, other: Written, messages: list[Message]) -> None:
    if clash(all_of(node(one)), all_of(node(other))):
        assert [m for m in messages if holds(one, m) and holds(other, m)] == []


@pytest.mark.parametrize("word", WORDS)
@settings(max_examples=150, deadline=None)
@given(data=st.data(), messages=st.lists(MESSAGES, min_size=10, max_size=10))
def test_two_comparisons_of_one_word_are_judged_rightly(
    word: str, data: st.DataObject, messages: list[Message]
) -> None:
    one, other = {word: data.draw(WORDS[word])}, {word: data.draw(WORDS[word])}
    first, second = all_of(node(one)), all_of(node(other))
    held = [(holds(one, message), holds(other, message)) for message in messages]

    assert not implies(first, second) or (True, False) not in held
    assert clash(first, second) is None or (True, True) not in held


IMPLIED = [
    ("{rating: {below: 2}}", "{rating: {below: 3}}"),
    ("{rating: 2}", "{rating: {between: [1, 3]}}"),
    ("{rating: {one_of: [1, 2]}}", "{rating: {below: 3}}"),
    ("{rating: {between: [2, 3]}}", "{rating: {at_least: 2}}"),
    ("{kind: direct}", "{kind: {one_of: [comment, direct]}}"),
    ("{kind: direct}", "{kind: {is_not: post}}"),
    ("{kind: direct, rating: 1}", "{kind: direct}"),
    ("{language: de-AT}", "{language: de}"),
    ("{language: {is_not: de}}", "{language: {is_not: de_AT}}"),
    ("{text: {has_any: [bill, lost]}}", "{text: {has_any: [lost, BILL, late]}}"),
    ("{text: {has_any: charged twice}}", "{text: {has_any: charged}}"),
    ("{text: {has_all: [bill, late]}}", "{text: {has_any: late}}"),
    ("{text: {has_all: [bill, late]}}", "{text: {has_all: bill}}"),
    ("{text: {starts_with: 'urgent:'}}", "{text: {starts_with: URG}}"),
    ("{text: {matches: 'AC-[0-9]+'}}", "{text: {matches: [x, 'AC-[0-9]+']}}"),
    ("{text: {has_any: late}}", "{text: {present: true}}"),
    ("{author.handle: {in_list: vip}}", "{author.handle: {in_list: vip}}"),
]


@pytest.mark.parametrize(("later", "earlier"), IMPLIED)
def test_what_an_admin_sees_at_once_is_seen(later: str, earlier: str) -> None:
    first, second = (all_of(parse(text, "c.yaml").root) for text in (later, earlier))

    assert implies(first, second)
    assert not implies(second, first) or first == second


CLASHING = [
    ("{rating: {at_least: 3}}", "{rating: {below: 3}}"),
    ("{rating: 4}", "{rating: {below: 3}}"),
    ("{kind: post}", "{kind: direct}"),
    ("{kind: post}", "{kind: {is_not: post}}"),
    ("{language: de-AT}", "{language: {is_not: de}}"),
    ("{text: {starts_with: a}}", "{text: {starts_with: [b, c]}}"),
    ("{sent_at: {inside_hours: desk}}", "{sent_at: {outside_hours: desk}}"),
    ("{rating: {present: false}}", "{rating: 1}"),
]


@pytest.mark.parametrize(("one", "other"), CLASHING)
def test_a_contradiction_is_seen_whichever_stands_first(one: str, other: str) -> None:
    first, second = (all_of(parse(text, "c.yaml").root) for text in (one, other))

    assert clash(first, second) == (first[0], second[0])
    assert clash(second, first) == (second[0], first[0])


def test_two_earlier_rules_cover_a_later_one_together() -> None:
    later = (Atom("kind", "one_of", ("post", "direct")),)
    earlier = [(Atom("kind", "is", (kind,)),) for kind in ("post", "mention", "direct")]

    assert covering(later, earlier) == [0, 2]
    assert covering(later, earlier[:2]) == []


def test_when_any_has_several_ways_and_when_all_one() -> None:
    lines = "[{kind: post, rating: 1}, {public: true}]"

    found = [ways(parse(f"{{{key}: {lines}, use: x}}", "c.yaml").root) for key in ("when_any", "when_all")]

    post, one, public = (
        Atom(*parts)
        for parts in (("kind", "is", ("post",)), ("rating", "is", ("1",)), ("public", "is", ("true",)))
    )
    assert found == [((post, one), (public,)), ((post, one, public),)]
    assert ways(parse("otherwise: x", "c.yaml").root) == ()
