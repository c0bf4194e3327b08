"""What one mapping makes of one message: taken, left or dropped, with the line, and the whole case."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mapping_examples import CASE, HEAD, mapping, said

from bridge.mapping import Accepted, Comment, Dropped, Facts, accept, create, decide, read
from bridge.mapping.judging import Judged, judge
from bridge.message import Message
from bridge.ports import PersonFound

WHOLE = """\
version: 1
mapping: care
source: [acme-meta]
target: crm
accept:
  kinds: [comment, review]
  when:
    language: {one_of: [de, en]}
    author.recent_messages: {below: 50}
  drop:
    - text: {has_any: [giveaway]}
decide:
  priority:
    - when: {text: {has_any: [fraud]}}
      use: High
    - otherwise: Low
contact: {object: Contact, match: [{Page_Id__c: "{author.id}"}]}
case:
  object: Case
  key_field: Key__c
  one_per: person
  create:
    Subject: "{priority}: {author.name}"
    Language__c: "{url}"
    OwnerId: {named: "{account.queue}"}
  update: {comment: {text: "{text}", public: true}}
"""
KEY = "facebook:page--1:u--5"
ONE = Facts(recent_messages=1)
MADE = read(WHOLE, "care.yaml")


def test_what_is_taken_is_decided_and_rendered_as_the_first_of_its_case() -> None:
    found = judge(MADE, said("Fraud!", language="en", url=""), facts=ONE)

    assert found == Judged(
        key=KEY,
        values={"priority": "High"},
        lines={"priority": "care.yaml:14"},
        fields={"Subject": "High: Zoë Berg", "Language__c": None, "OwnerId": None},
        names={"OwnerId": "Social DE"},
        comment=Comment("Fraud!", public=True),
    )
    assert found.taken


def test_who_the_author_is_decides_whose_case_it_is() -> None:
    found = judge(MADE, said("hello", language="de"), PersonFound(id="003A"), ONE)

    assert found.key == "person:003A"


@pytest.mark.parametrize(
    ("message", "facts", "why_not", "line"),
    [
        (said(language="de", connection="acme-x"), Facts(), "it came through acme-x", "care.yaml:3"),
        (said(language="de", kind="direct"), Facts(), "its kind is direct", "care.yaml:6"),
        (said(language="fr"), Facts(recent_messages=3), "a condition does not hold", "care.yaml:8"),
        (said(language="de"), Facts(recent_messages=50), "a condition does not hold", "care.yaml:9"),
    ],
)
def test_what_is_left_to_the_next_mapping_says_why_and_where(
    message: Message, facts: Facts, why_not: str, line: str
) -> None:
    found = judge(MADE, message, facts=facts)

    assert (found, found.taken) == (Judged(why_not=why_not, why_line=line), False)


def test_what_is_dropped_names_its_line_and_nothing_more() -> None:
    found = judge(MADE, said("A GIVEAWAY", language="de"), facts=ONE)

    assert (found, found.taken) == (Judged(dropped="care.yaml:11"), False)


def test_borrowed_lines_bear_the_name_of_their_own_file() -> None:
    base = HEAD.replace("any", "[acme-meta]") + "accept: {kinds: [review], when: {language: de}}\n" + CASE
    made = read(HEAD.replace("care", "desk").replace("source: any", "based_on: care") + CASE, "desk.yaml", base)

    left = [judge(made, m).why_line for m in (said(connection="x"), said(), said(kind="review", language="en"))]

    assert left == ["care.yaml:3", "care.yaml:5", "care.yaml:5"]


def test_a_shadow_judges_like_any_other() -> None:
    live, shadow = mapping(), mapping("shadow: true\n")

    assert shadow.shadow
    assert judge(shadow, said()) == judge(live, said())


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(["comment", "review", "direct"]),
    st.sampled_from(["de", "en", "fr", ""]),
    st.sampled_from(["fraud", "giveaway", "hello", ""]),
    st.sampled_from([None, 1, 80]),
)
def test_it_says_what_accept_and_decide_say(kind: str, language: str, text: str, recent: int | None) -> None:
    message, facts = said(text, kind=kind, language=language), Facts(recent_messages=recent)

    found, took = judge(MADE, message, facts=facts), accept(MADE, message, facts)

    assert found.taken == isinstance(took, Accepted)
    assert found.dropped == (took.line if isinstance(took, Dropped) else "")
    assert bool(found.why_not) == (took is None)
    if found.taken:
        decision = decide(MADE, message, PersonFound(), facts)
        assert (found.values, found.lines) == (decision.values, decision.lines)
        assert found.fields == create(MADE, message, decision, PersonFound())
