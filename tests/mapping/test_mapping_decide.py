"""Which messages a mapping takes, whose they are, what is decided, and on which case they go."""

from __future__ import annotations

import dataclasses
import re
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mapping_examples import CASE, MESSAGE, NOBODY, mapping, said

from bridge.mapping import Accepted, Decision, Dropped, accept, case_key, decide, person_match
from bridge.mapping.load import read
from bridge.message import Account, Message, Person
from bridge.ports import PersonFound, PersonMatch

CONTACT = """
contact:
  object: Contact
  match:
    - {X_Id__c: "{author.id}", Source__c: "{channel}"}
    - Email: "{author.email}"
    - Handle__c: "@{author.handle}"
  fetch: [Tier__c]
"""


def test_a_mapping_takes_what_its_source_and_kinds_name() -> None:
    made = read(
        f"version: 1\nmapping: care\nsource: [acme-meta]\ntarget: crm\naccept: {{kinds: [comment]}}\n{CASE}",
        "care.yaml",
    )

    outcomes = [
        accept(made, said(connection=c, kind=k)) for c, k in product(("acme-meta", "x"), ("comment", "post"))
    ]

    assert outcomes == [Accepted(), None, None, None]


def test_a_mapping_without_accept_takes_everything() -> None:
    assert accept(mapping(), said(kind="reaction", connection="anything")) == Accepted()


def test_a_drop_names_its_line() -> None:
    made = mapping("accept:\n  drop:\n    - author.is_self: true\n    - text: {has_any: [giveaway]}\n")

    outcomes = [accept(made, said(text)) for text in ("hello", "big GIVEAWAY!")]

    assert outcomes == [Accepted(), Dropped("care.yaml:8")]


def test_what_another_mapping_may_take_is_not_dropped_here() -> None:
    made = mapping("accept:\n  kinds: [post]\n  drop:\n    - text: {has_any: [giveaway]}\n")

    assert accept(made, said("giveaway", kind="comment")) is None


def test_the_match_lines_are_filled_in() -> None:
    author = Person(id="u-5", handle="zoe", email="zoe@mail.example")

    assert person_match(mapping(CONTACT), said(author=author)) == PersonMatch(
        author="facebook:u-5",
        object="Contact",
        rules=({"X_Id__c": "u-5", "Source__c": "facebook"}, {"Email": "zoe@mail.example"}, {"Handle__c": "@zoe"}),
        fetch=("Tier__c",),
    )


def test_a_match_line_with_a_missing_value_is_left_out() -> None:
    found = person_match(mapping(CONTACT), said(author=Person(id="u-5")))

    assert found is not None
    assert found.rules == ({"X_Id__c": "u-5", "Source__c": "facebook"},)


def test_nobody_is_looked_for_without_author_contact_section_or_complete_line() -> None:
    only_mail = 'contact: {object: Contact, match: [{Email: "{author.email}"}]}\n'

    matches = [
        person_match(mapping(), MESSAGE),
        person_match(mapping(CONTACT), said(author=Person(name="Zoë", email="zoe@mail.example"))),
        person_match(mapping(CONTACT), said(author=Person(id="page-1", is_self=True))),
        person_match(mapping(only_mail), MESSAGE),
    ]

    assert matches == [None] * 4


def test_the_author_s_text_reaches_the_match_literally() -> None:
    hostile = "x' OR Name LIKE '%"

    found = person_match(mapping(CONTACT), said(author=Person(id=hostile)))

    assert found is not None
    assert found.rules == ({"X_Id__c": hostile, "Source__c": "facebook"},)


MADE = """
contact:
  object: user
  match:
    - email: "{author.email}"
    - external_id: "cb:{channel}:{author.handle}"
  none_found:
    create:
      name: "{author.name}"
      verified: true
      followers: "{author.followers}"
      external_id: "cb:{channel}:{author.handle}"
"""


def test_a_new_record_has_what_the_form_says_but_for_what_is_missing() -> None:
    found = person_match(mapping(MADE), said(author=Person(id="u-5", handle="zoe", followers=7)))

    assert found == PersonMatch(
        author="facebook:u-5",
        object="user",
        rules=({"external_id": "cb:facebook:zoe"},),
        create={"verified": True, "followers": 7, "external_id": "cb:facebook:zoe"},
    )


def test_no_record_is_made_that_the_next_message_would_not_find_again() -> None:
    found = person_match(mapping(MADE), said(author=Person(id="u-5", email="zoe@mail.example")))

    assert found is not None
    assert (found.rules, found.create) == (({"email": "zoe@mail.example"},), {})


def test_without_none_found_no_record_is_made() -> None:
    (one, other) = (mapping(CONTACT), mapping(CONTACT + "  none_found: leave_blank\n"))

    assert [found.create for made in (one, other) if (found := person_match(made, MESSAGE))] == [{}, {}]


DECIDE = """decide:
  topic:
    - when: {text: {has_any: [bill, invoice]}}
      use: Billing
    - when: {text: {has_any: [bill, outage]}}
      use: Coverage
    - otherwise: General
  priority:
    - when: {person.Tier__c: Gold}
      use: High
    - when: {topic: {is: Billing}}
      use: Medium
    - otherwise: Low
  queue:
    - when: {priority: High}
      use: "{topic} VIP"
    - otherwise: "{account.queue}"
"""


@pytest.mark.parametrize(
    ("text", "tier", "values"),
    [
        ("my bill", "", {"topic": "Billing", "priority": "Medium", "queue": "Social DE"}),
        ("an outage", "Gold", {"topic": "Coverage", "priority": "High", "queue": "Coverage VIP"}),
        ("hello", "Iron", {"topic": "General", "priority": "Low", "queue": "Social DE"}),
    ],
)
def test_the_first_rule_that_matches_decides(text: str, tier: str, values: dict[str, str]) -> None:
    made = mapping(DECIDE + CONTACT.lstrip())

    decision = decide(made, said(text), PersonFound(id="003", values={"Tier__c": tier}))

    assert decision.values == values


def test_a_decision_names_the_line_of_each_rule() -> None:
    assert decide(mapping(DECIDE + CONTACT.lstrip()), said("my bill"), NOBODY) == Decision(
        values={"topic": "Billing", "priority": "Medium", "queue": "Social DE"},
        lines={"topic": "care.yaml:7", "priority": "care.yaml:15", "queue": "care.yaml:21"},
    )


def test_a_missing_value_decides_nothing() -> None:
    made = mapping(
        'decide:\n  queue: [{otherwise: "{account.queue}"}]\n'
        "  vip: [{when: {queue: {is_not: x}}, use: 'yes'}, {otherwise: 'no'}]\n"
    )

    decision = decide(made, said(account=Account(id="p")), NOBODY)

    assert decision.values == {"queue": "", "vip": "no"}


def key(one_per: str, message: Message) -> str:
    made = mapping(case=CASE.replace("  key_field", f"  one_per: {one_per}\n  key_field"))
    return case_key(made, message)


KEYS = {
    "author_and_thread": "facebook:page--1:post--1:u--5",
    "thread": "facebook:page--1:post--1",
    "author": "facebook:page--1:u--5",
    "message": "facebook:page--1:post--1_77",
}


@pytest.mark.parametrize("one_per", KEYS)
def test_one_case_per_what_the_form_says(one_per: str) -> None:
    assert key(one_per, MESSAGE) == KEYS[one_per]


def test_strangers_in_one_thread_have_a_case_each() -> None:
    assert case_key(mapping(), MESSAGE) != case_key(mapping(), said(author=Person(id="u-6")))


def test_an_unknown_author_or_thread_gives_a_case_of_its_own() -> None:
    unknown = said(author=Person(), thread="")

    assert [key(one_per, unknown) for one_per in KEYS] == [
        "facebook:page--1:post--1_77:post--1_77",
        "facebook:page--1:post--1_77",
        "facebook:page--1:post--1_77",
        "facebook:page--1:post--1_77",
    ]


def test_our_own_direct_message_belongs_to_the_customer_s_case() -> None:
    theirs = said(kind="direct", thread="u-5")
    ours = said(kind="direct", thread="u-5", author=Person(id="page-1", is_self=True))

    assert case_key(mapping(), ours) == case_key(mapping(), theirs)


def test_a_long_key_is_hashed() -> None:
    keys = {case_key(mapping(), said(thread="t" * n)) for n in range(150, 400)}

    assert len(keys) == 250
    assert max(map(len, keys)) <= 200
    assert {len(key) for key in keys if len(key) < 150} == {len("facebook:page--1:") + 64}


def test_a_key_of_a_long_account_is_short_too_and_its_own() -> None:
    keys = [case_key(mapping(), said(account=Account(id="é" * n))) for n in (100, 101, 5000)]

    assert len(set(keys)) == 3
    assert {len(key) for key in keys} == {200}


PIECE = st.text(st.sampled_from("ab-_:~2dé\u0301😀/ %"), min_size=1, max_size=6) | st.text(min_size=1, max_size=6)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(PIECE, PIECE, PIECE), min_size=2, max_size=2, unique=True))
def test_keys_of_different_conversations_differ(pieces: list[tuple[str, str, str]]) -> None:
    keys = [
        case_key(MAPPING, dataclasses.replace(MESSAGE, account=Account(id=a), thread=t, author=Person(id=p)))
        for a, t, p in pieces
    ]

    assert keys[0] != keys[1]
    assert all(re.fullmatch(r"[A-Za-z0-9:_~-]{1,200}", key) for key in keys)
    assert all(key.count(":") == 3 and "~" not in key for key in keys)


MAPPING = mapping()
