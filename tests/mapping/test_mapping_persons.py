"""The customer's record: what a new one has, what is filled in, and one case for each person."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mapping_examples import CASE, MESSAGE, faults, mapping, said

from bridge.mapping import Mapping, case_key, person_key, person_match
from bridge.message import Message, Person
from bridge.ports import PersonFound, PersonMatch, Value

CONTACT = """contact:
  object: Contact
  match:
    - Email: "{author.email}"
    - X_Id__c: "{author.id}"
  none_found:
    create:
      X_Id__c: "{author.id}"
      LastName: "{author.name | default author.handle}"
      Lang__c: {from: "{language}", translate: {de: German}, otherwise: Other}
      Verified__c: "{author.verified}"
      Followers__c: "{author.followers}"
      Social__c: true
  fill_if_empty:
    X_Id__c: "{author.id}"
    Lang__c: {from: "{language}", translate: {de: German}}
    Phone: "{author.phone}"
    Verified__c: "{author.verified}"
    Followers__c: "{author.followers}"
    Origin__c: ""
    Url__c: "{url}{author.avatar}"
    Social__c: false
"""


def matched(message: Message) -> PersonMatch:
    found = person_match(mapping(CONTACT), message)
    assert found is not None
    return found


def test_what_is_known_of_the_author_is_created_or_filled_in() -> None:
    author = Person(
        id="u-5", name="Zoe", handle="zoe", followers=0, verified=False, phone="+49", email="z@x.example"
    )

    assert matched(said(author=author, language="de-AT", url="")) == PersonMatch(
        author="facebook:u-5",
        object="Contact",
        rules=({"Email": "z@x.example"}, {"X_Id__c": "u-5"}),
        create={
            "X_Id__c": "u-5", "LastName": "Zoe", "Lang__c": "German", "Verified__c": False, "Followers__c": 0,
            "Social__c": True,
        },
        fill={
            "X_Id__c": "u-5", "Lang__c": "German", "Phone": "+49", "Verified__c": False, "Followers__c": 0,
            "Social__c": False,
        },
    )  # fmt: skip


def test_what_is_not_known_is_neither_created_nor_filled_in() -> None:
    found = matched(said(author=Person(id="u-5", handle="zoe"), language="fr", url=""))

    assert found.create == {"X_Id__c": "u-5", "LastName": "zoe", "Lang__c": "Other", "Social__c": True}
    assert found.fill == {"X_Id__c": "u-5", "Social__c": False}


@pytest.mark.parametrize("none_found", ["", "  none_found: leave_blank\n"])
def test_a_record_is_filled_in_also_where_none_is_created(none_found: str) -> None:
    made = mapping(
        'contact:\n  object: user\n  match: [{email: "{author.email}"}]\n'
        f'  fill_if_empty: {{name: "{{author.name}}"}}\n{none_found}'
    )

    found = person_match(made, said(author=Person(id="u-5", name="Zoe", email="z@x.example")))

    assert found is not None
    assert (found.create, found.fill) == ({}, {"name": "Zoe"})


# --- one case for each person ---


def per(one_per: str) -> Mapping:
    return mapping(CONTACT, case=f"{CASE}  one_per: {one_per}\n")


@pytest.mark.parametrize(
    ("one_per", "found", "key"),
    [
        ("person", PersonFound(id="003Ab"), "person:003Ab"),
        ("person", PersonFound(id="a-b:c~2"), "person:a--b-3ac-7e2"),
        ("person", PersonFound(), ""),
        ("person", PersonFound(several=("003", "004")), ""),
        ("author", PersonFound(id="003Ab"), ""),
        ("author_and_thread", PersonFound(id="003Ab"), ""),
        ("thread", PersonFound(id="003Ab"), ""),
        ("message", PersonFound(id="003Ab"), ""),
    ],
)
def test_a_person_has_a_key_of_their_own_where_the_form_says_so(
    one_per: str, found: PersonFound, key: str
) -> None:
    assert person_key(per(one_per), found) == key


def test_who_is_nobody_in_the_crm_has_the_case_of_an_author() -> None:
    messages = [said(), said(thread="another", id="9"), said(author=Person(id="u-6")), said(author=Person())]

    assert [case_key(per("person"), message) for message in messages] == [
        case_key(per("author"), message) for message in messages
    ]
    assert case_key(per("person"), MESSAGE) == "facebook:page--1:u--5"


@settings(max_examples=100, deadline=None)
@given(st.text(min_size=1, max_size=8), st.text(min_size=1, max_size=8))
def test_two_persons_never_share_a_key(one: str, other: str) -> None:
    keys = [person_key(PER_PERSON, PersonFound(id=person)) for person in (one, other)]

    assert (keys[0] == keys[1]) is (one == other)
    assert case_key(PER_PERSON, said(channel="person", author=Person(id=one))) not in keys


PER_PERSON = per("person")


def test_one_case_for_each_person_needs_to_know_who_they_are() -> None:
    (told,) = faults("", case=f"{CASE}  one_per: person\n")

    assert told.split("\n")[0] == (
        "care.yaml:9:12 error: one case for each person needs a contact section, which says who they are "
        "[person-without-contact]"
    )


def test_a_fill_has_the_types_of_its_fields() -> None:
    filled: dict[str, Value] = dict(matched(said(author=Person(id="u-5", followers=7, verified=True))).fill)

    assert {name: type(value) for name, value in filled.items()} == {
        "X_Id__c": str, "Verified__c": bool, "Followers__c": int, "Url__c": str, "Social__c": bool,
    }  # fmt: skip
