"""A mapping that uses the whole form takes any message: nothing raises, and customers' words stay words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mapping_examples import HEAD, MESSAGE, NOBODY, said

from adapters.salesforce import Salesforce
from bridge.mapping import (
    Accepted,
    Facts,
    accept,
    assigned,
    blanked,
    case_key,
    comment,
    create,
    decide,
    names,
    person_key,
    person_match,
    raised,
    read,
    rewritten,
)
from bridge.mapping.filters import MOST
from bridge.mapping.targets import fitted
from bridge.message import DELETED_TEXT, Account, Attachment, Message, Person
from bridge.ports import PersonFound, Value

WHOLE = """accept:
  when: {public: {present: true}}
  drop:
    - author.recent_messages: {at_least: 50}
decide:
  language_name: {from: "{language}", translate: {de: German, fr: "{text}"}, otherwise: "{raw.a.0}"}
  priority:
    - when_any:
        - person.Tier__c: Gold
        - text: {matches: "fraud|h[a4]cked"}
        - author.recent_messages: {at_least: 3}
      use: High
    - when: {rating: {between: [1, 2]}, language_name: {is_not: German}}
      use: Medium
    - otherwise: Low
  queue: {from: "{priority}", translate: {high: "VIP {author.handle}"}, otherwise: "{account.queue}"}
contact:
  object: Contact
  match: [{X__c: "{author.id}"}]
  fetch: [Tier__c]
  none_found: {create: {X__c: "{author.id}", LastName: "{author.name | default text}", Vip__c: false}}
  fill_if_empty: {Phone: "{author.phone}", Rating__c: "{rating}"}
case:
  object: Case
  key_field: Key__c
  one_per: person
  new_after_silence: 30 days
  create:
    Subject: "{text}"
    Description: "{author.name}: {text | one_line | shorten 200}"
    ContactId: "{person.id}"
    Tier__c: "{person.Tier__c}"
    Priority: "{priority}"
    OwnerId: {named: "{queue}"}
    RecordTypeId: {named: "Social {text}"}
    Language__c: "{language_name}"
    Word__c: {from: "{text}", translate: {hello: true, bye: "{text}"}, otherwise: "{author.followers}"}
    Tags__c: "{raw.tags}"
    Count__c: "{author.recent_messages}"
    Public__c: "{public}"
    When__c: "{sent_at}"
    Links__c: "{attachments}"
    Why__c: "{why.priority} {why.queue}"
  update:
    comment: {text: "{text}\\n{case.opened_at}{case.first_reply_at | date}", public: true}
    raise_only: {Priority: [Low, Medium, High], Language__c: [German, French]}
    reassign: true
  on_edit: replace
  attachments: copy
"""
MADE = fitted(read(HEAD + WHOLE, "care.yaml"), Salesforce)

HOSTILE = [
    "{author.name}", "{{", "}}", "{", "{text | upper}", "{why.priority}", "%(text)s", "\u202e", "\x00", "\u0301",
    "\ud800", "de-AT", "hello", "fraud", "İ", "=1+1", "'; DROP TABLE item; --", "<script>", "\n", " ", "&#65;",
]  # fmt: skip
TEXT = st.lists(st.sampled_from(HOSTILE) | st.text(max_size=5), max_size=5).map("".join)
TIME = st.datetimes(timezones=st.just(UTC))
COUNT = st.none() | st.integers(-5, 10**12)
FACTS = st.builds(Facts, recent_messages=COUNT, opened_at=st.none() | TIME, first_reply_at=st.none() | TIME)
RAW = st.sampled_from(
    [b"", b"{", b"null", b'{"tags": ["x", 1, null], "a": [true]}', b'{"tags": {}, "a": [[]]}', b'{"tags": 1e999}']
)
MESSAGES = st.builds(
    replace,
    st.just(MESSAGE),
    kind=st.sampled_from(["comment", "direct", "review", "postback"]),
    id=TEXT.filter(bool),
    account=st.builds(Account, id=TEXT.filter(bool), about=st.fixed_dictionaries({}, optional={"queue": TEXT})),
    author=st.builds(
        Person, id=TEXT, name=TEXT, handle=TEXT, phone=TEXT, followers=COUNT, verified=st.none() | st.booleans()
    ),
    thread=TEXT,
    text=TEXT,
    language=TEXT,
    rating=COUNT,
    url=TEXT,
    sent_at=st.none() | TIME,
    attachments=st.lists(st.builds(Attachment, kind=TEXT, url=TEXT, name=TEXT), max_size=2).map(tuple),
    raw=RAW,
)
PEOPLE = st.builds(
    PersonFound,
    id=TEXT,
    several=st.just(()),
    values=st.fixed_dictionaries({}, optional={"Tier__c": TEXT | st.integers() | st.booleans() | st.none()}),
)


def is_value(value: object) -> bool:
    """Whether this can go into a field of a CRM: see Value."""
    if isinstance(value, tuple):
        return all(isinstance(one, str) for one in value)
    return value is None or isinstance(value, (str, int, float, bool))


@settings(max_examples=100, deadline=None)
@given(MESSAGES, PEOPLE, FACTS)
def test_whatever_comes_in_only_values_go_out(message: Message, person: PersonFound, facts: Facts) -> None:
    taken = accept(MADE, message, facts)
    decision = decide(MADE, message, person, facts, taken=taken if isinstance(taken, Accepted) else None)
    match = person_match(MADE, message)
    called = names(MADE, message, decision, person)
    named = replace(decision, ids=dict.fromkeys(called, "00G"))
    written: list[Value] = [
        value
        for fields in (
            create(MADE, message, named, person),
            assigned(MADE, message, named, person),
            rewritten(MADE, message, named, person),
            blanked(MADE, message, named, person),
            match.create if match else {},
            match.fill if match else {},
        )
        for value in fields.values()
    ]
    said_then = comment(MADE, message, decision, person, facts)

    assert all(is_value(value) for value in written)
    assert all(isinstance(text, str) for text in (*decision.values.values(), *called.values()))
    assert decision.values.keys() == decision.lines.keys() == {"language_name", "priority", "queue"}
    assert {field for field, one in raised(MADE, message, decision, person).items() if one.value} <= {
        "Priority", "Language__c",
    }  # fmt: skip
    assert said_then.text.strip()
    assert (match is None) is (not message.author.id)
    assert len(case_key(MADE, message)) <= 200
    assert bool(person_key(MADE, person)) is bool(person.id)


@settings(max_examples=100, deadline=None)
@given(TEXT.filter(bool), TEXT.filter(bool))
def test_words_arrive_as_they_are_in_every_kind_of_field(text: str, handle: str) -> None:
    message = said(text, language="fr", author=Person(id="u-5", handle=handle), raw=b"")
    decision = decide(MADE, message, NOBODY, Facts(recent_messages=3))

    fields = create(MADE, message, decision, NOBODY)

    assert decision.values == {"language_name": text, "priority": "High", "queue": f"VIP {handle}"}
    assert (fields["Subject"], fields["Language__c"]) == (text, text)
    assert names(MADE, message, decision, NOBODY) == {
        "OwnerId": f"VIP {handle}".strip(), "RecordTypeId": f"Social {text}".strip(),
    }  # fmt: skip
    assert comment(MADE, message, decision, NOBODY).text == (f"{text}\n" if text.strip() else "[without text]")


LONG = ["{" * 200_000, "{text} " * 28_571 + "{{x", "a" * 199_999 + "🇩", "\u0301" * 200_000, "fraud-" * 40_000]


@pytest.mark.timeout(20)  # a text of this length is looked at a few times, not once for each of its characters
@pytest.mark.parametrize("text", LONG)
def test_a_very_long_text_is_only_a_text(text: str) -> None:
    picture = Attachment(kind="image", url=text[:MOST], name=text)
    message = said(text, language=text, author=Person(id="u-5", name=text, handle=text), attachments=(picture,))
    decision = decide(MADE, message, NOBODY)

    fields = create(MADE, message, decision, NOBODY)

    assert fields["Subject"] == text[:MOST]
    assert max(len(value) for value in fields.values() if isinstance(value, str)) == MOST
    assert max(map(len, names(MADE, message, decision, NOBODY).values())) <= MOST
    assert comment(MADE, message, decision, NOBODY).text[:MOST] == text[:MOST]
    assert len(comment(MADE, message, decision, NOBODY).text) <= MOST


@settings(max_examples=100, deadline=None)
@given(MESSAGES, PEOPLE)
def test_nothing_of_a_deleted_message_is_left_in_any_field(message: Message, person: PersonFound) -> None:
    secret = "sécret-" * 3
    said_it = replace(message, text=secret, url=secret, raw=b'{"a": ["' + secret.encode() + b'"]}')
    decision = decide(MADE, said_it, person)

    left = create(MADE, said_it, decision, person) | blanked(MADE, said_it, replace(decision, values={}), person)

    assert secret not in repr(left)
    assert left["Subject"] == DELETED_TEXT


def test_the_whole_form_gives_what_it_says() -> None:
    message = said(
        "fraud\n{text}",
        language="de-AT",
        rating=1,
        author=Person(id="u-5", name="Zoë", followers=7),
        attachments=(Attachment(kind="image", url="https://cdn.example/1"),),
    )
    facts = Facts(recent_messages=2, opened_at=datetime(2026, 11, 20, tzinfo=UTC))
    person = PersonFound(id="003", values={"Tier__c": 3})
    decision = replace(decide(MADE, message, person, facts), ids={"OwnerId": "00G"})

    assert accept(MADE, message, facts) == Accepted()
    assert create(MADE, message, decision, person) == {
        "Subject": "fraud\n{text}",
        "Description": "Zoë: fraud {text}\nimage: https://cdn.example/1",
        "ContactId": "003",
        "Tier__c": 3,
        "Priority": "High",
        "Language__c": "German",
        "Word__c": 7,
        "Tags__c": ("a", "b"),
        "Count__c": 2,
        "Public__c": True,
        "When__c": "2026-11-23T10:00:00Z",
        "Links__c": "https://cdn.example/1",
        "Why__c": "care.yaml:12 care.yaml:20:43",
        "OwnerId": "00G",
        "RecordTypeId": None,
    }
    assert assigned(MADE, message, decision, person) == {"OwnerId": "00G"}
    assert comment(MADE, message, decision, person, facts).text == (
        "fraud\n{text}\n2026-11-20T00:00:00Z\nimage: https://cdn.example/1"
    )
