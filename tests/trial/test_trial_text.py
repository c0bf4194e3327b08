"""What `try` prints: every section with the lines that decided, and nothing that a terminal would obey."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from heart import CARE, NOON, ours, row_of, said
from hypothesis import given
from hypothesis import strategies as st
from logbook import Logbook
from pydantic import TypeAdapter

from bridge import mapping_set
from bridge.mapping import Kept
from bridge.mapping.document import parse
from bridge.mapping.load import documents
from bridge.message import Account, Attachment, Message, Person
from bridge.ports import Filing, Known, PersonFound, Shape
from bridge.steps import Waiting
from bridge.trial.attempt import FIRST, Given, Memory, Trial, attempt
from bridge.trial.text import Documents, Lines, aside, data, text

TIER = """\
version: 1
mapping: tier
source: [fb]
target: crm
accept:
  kinds: [direct]
case:
  object: Case
  key_field: Key__c
  create: {Subject: "{text}"}
"""
GOLD = """\
version: 1
mapping: gold     # the good ones
source: any
target: crm
accept:
  drop:
    - text: {has_any: [giveaway]}
decide:
  urgency:
    - when:       # words that cannot wait
        text: {has_any: [fraud, "#scam"]}
        author.followers: {at_least: 100}
      use: High
    - otherwise: Low
  desk: {from: "{language}", translate: {de: Team DE, fr: Team FR}, otherwise: Team}
  nick: [{when: {author.handle: anna}, use: Anna}, {otherwise: "{author.handle}"}]
contact:
  object: Contact
  match:
    - Email: "{author.email}"
    - Page_Id__c: "{author.id}"
  fetch: [Tier__c]
  none_found: {create: {Page_Id__c: "{author.id}", LastName: "{author.name}"}}
case:
  object: Case
  key_field: Key__c
  create:
    Subject: "{text}"
    Priority: "{urgency}"
    Nick__c: "{nick}"
    ContactId: "{person.id}"
    OwnerId: {named: "{account.queue}"}
  update:
    comment: {text: "{author.name}: {text}"}
    raise_only: {Priority: [Low, High]}
  if_closed: {reopen_within: 14 days, set: {Status: Open}, after_that: comment_only}
  on_delete: note
  attachments: copy
protect:
  mask: {card_number: everywhere}
tests:
  - name: fraud is urgent
    message: {text: "Fraud!", author.followers: 100}
    expect: {urgency: High}
"""
FILES = {
    "connections.yaml": "version: 1\nmappings: [tier, gold]\n",
    "tier.yaml": TIER,
    "gold.yaml": GOLD,
}


class Talk(Logbook):
    """A CRM whose tickets take no comments."""

    objects = (Logbook.objects[0], Shape(object="ticket", comments=False))


def made(files: Mapping[str, str], one: Message, memory: Memory, **of_message: Any) -> tuple[Trial, Documents]:
    found = mapping_set.compiled(files, sources=["fb"], targets={"crm": Talk})
    trial = attempt(Given(message=one, called="here", **of_message), found, memory, {"crm": Talk})
    return trial, {each.name: documents(Kept(files), each.name) for each in found}


def told(one: Message, memory: Memory | None = None, files: Mapping[str, str] = FILES, **of_message: Any) -> str:
    return text(*made(files, one, memory or Memory(), **of_message))


def loud(words: str = "Fraud!\nmy card 4111 1111 1111 1111", **changes: Any) -> Message:
    ana = Person(id="ana", name="Ana", followers=500)
    account = Account(id="page-1", about={"queue": "Care"})
    picture = Attachment(kind="image", url="https://cdn.example/1.jpg", name="bill.jpg")
    return said(words, id="m1", author=ana, account=account, attachments=(picture,), **changes)


WHOLE = """\
message
  comment by Ana on facebook, through fb: here
  text: Fraud! my card [card number]
  key: facebook:page-1:m1:created
  It is a note.
accept
  tier leaves it to the next, for its kind is comment
      tier.yaml:6 kinds: [direct]
  gold takes it
decide
  urgency = High
      gold.yaml:10 when: {text: {has_any: [fraud, "#scam"]}, author.followers: {at_least: 100}}, use: High
  desk = Team
      gold.yaml:15:69 otherwise: Team
  nick is missing
      gold.yaml:16:52 otherwise: "{author.handle}"
contact
  this line is left out: what Email is compared with is missing
      gold.yaml:20 Email: "{author.email}"
  Contact with Page_Id__c = ana
      gold.yaml:21 Page_Id__c: "{author.id}"
  if there is none, one is made: Page_Id__c = ana, LastName = Ana
  who it is nobody knows here: the CRM is not asked
case
  Case in crm, key facebook:page--1:post--1:ana
      gold.yaml:25 object: Case
  the first message of this key opens a case, each later one is added to it
  left out, because it is missing: Nick__c, ContactId
  OwnerId is filled by the name Care, which is looked up before it is sent
  an attachment is stored in the CRM: bill.jpg
  if that case is closed: reopened within 14 days (Status = Open), then comment_only
      gold.yaml:36 if_closed: {reopen_within: 14 days, set: {Status: Open}, after_that: comment_only}
  if it is edited: comment
  if it is deleted: note
      gold.yaml:37 on_delete: note
protect
  card_number: 1 in text, masked before it is stored
  card_number: 1 in the platform's own message, masked before it is stored
tests
  1 of gold passed
if it opens a case, this is sent
  Subject = Fraud! my card [card number]
  Priority = High
  OwnerId = the id of Care
  Key__c = facebook:page--1:post--1:ana
if its case is there, this is sent
  a comment that only agents see: Ana: Fraud! my card [card number] image: bill.jpg https://cdn.example/1.jpg
  Priority is raised to High, and never lowered"""


def test_every_section_is_told_with_its_lines() -> None:
    assert told(loud(), notes=("It is a note.",)) == WHOLE


def test_a_drop_is_told_with_its_line() -> None:
    assert (
        told(said("A giveaway", id="m1"))
        == """\
message
  comment by Ana on facebook, through fb: here
  text: A giveaway
  key: facebook:page-1:m1:created
accept
  tier leaves it to the next, for its kind is comment
      tier.yaml:6 kinds: [direct]
  gold drops it, for good
      gold.yaml:7 text: {has_any: [giveaway]}
tests
  1 of gold passed
filing
  none: nothing would be sent"""
    )


def test_what_nobody_takes_is_told() -> None:
    alone = {**FILES, "connections.yaml": "version: 1\nmappings: [tier]\n"}

    lines = told(loud(), files=alone).splitlines()

    assert lines[-3:] == [
        "  no mapping takes it: it is dropped as no_mapping",
        "filing",
        "  none: nothing would be sent",
    ]


def test_what_follows_another_message_is_told() -> None:
    lines = told(ours("We are on it", id="m1")).splitlines()

    assert lines[4:] == [
        "accept",
        "  Our own side wrote this. It never opens a case: it is added to the case of what it answers.",
        "filing",
        "  none: nothing would be sent",
    ]


class Knows(Memory):
    """A memory with one case, and one customer."""

    def __init__(self, known: Waiting | None = None, who: PersonFound | None = None) -> None:
        self.known, self.who = known, who

    def person(self, crm: str, match: object) -> PersonFound | None:
        return self.who

    def case(self, case_id: str) -> Waiting | None:
        return self.known if case_id == row_of() else None


def section(title: str, whole: str) -> list[str]:
    """The lines below a title that are no line of a mapping."""
    lines = whole.splitlines()
    below = lines[lines.index(title) + 1 :]
    end = next((i for i, line in enumerate(below) if not line.startswith(" ")), len(below))
    return [line.strip() for line in below[:end] if not line.startswith("   ")]


@pytest.mark.parametrize(
    ("who", "said_so", "says"),
    [
        (PersonFound(id="0031", values={"Tier__c": "tin"}), False,
         "it is 0031, as the CRM said lately: Tier__c = tin"),
        (PersonFound(id="0031"), True, "it is 0031, as you say"),
        (PersonFound(values={"Tier__c": 3}), True, "it is somebody, as you say: Tier__c = 3"),
        (PersonFound(), False, "there is no such record, as the CRM said lately"),
        (PersonFound(several=("1", "2")), False,
         "2 records match, as the CRM said lately: none is linked, and the case says so"),
    ],
)  # fmt: skip
def test_who_the_customer_is_taken_to_be_is_told(who: PersonFound, said_so: bool, says: str) -> None:
    whole = told(loud(), person=who) if said_so else told(loud(), Knows(who=who))

    assert section("contact", whole)[-1] == says


def test_nobody_is_looked_up_without_an_id() -> None:
    told_of = section("contact", told(replace(loud(), author=Person())))

    assert told_of[-1] == "nobody is looked up: who wrote is not known, or every line is left out"


def test_the_key_of_a_person_that_nobody_knows_yet_is_not_taken_for_sure() -> None:
    files = {**FILES, "gold.yaml": GOLD.replace("key_field: Key__c", "key_field: Key__c\n  one_per: person")}
    says = "if the CRM knows who wrote, the key is that record's instead, for one_per is person"

    nobody_asked, known = told(loud(), files=files), told(loud(), files=files, person=PersonFound(id="0031"))

    assert section("case", nobody_asked)[1] == says
    assert says not in known


LATER = "if its case is there, this is sent"


def test_a_case_that_is_known_is_named() -> None:
    whole = told(loud(), Knows(Waiting(known=Known(case_id="500", status="open"), heard_at=NOON)))

    assert (
        section("case", whole)[1] == "there is a case of this key: 500, which is open; this message is added to it"
    )
    assert section(LATER, whole)[-1] == "Priority is raised to High, and never lowered"
    assert "opens a case" not in whole


def test_a_silence_is_told() -> None:
    slow = {
        **FILES,
        "gold.yaml": GOLD.replace("key_field: Key__c", "key_field: Key__c\n  new_after_silence: 1 day"),
    }
    heard = Waiting(known=Known(case_id="500"), heard_at=NOON - timedelta(days=2))

    whole = told(loud(), Knows(heard), slow)

    assert "500, but its customer was silent for so long that this message opens another" in whole
    assert "Key__c = facebook:page--1:post--1:ana~2" in whole


def test_an_object_without_comments_gets_none() -> None:
    ticket = CARE.replace("object: Case", "object: ticket").replace(
        '  update: {comment: {text: "{text}", public: true}}\n', ""
    )
    files = {"connections.yaml": "version: 1\nmappings: [care]\n", "care.yaml": ticket}

    assert section(LATER, told(loud(), files=files)) == ["no comment: a ticket takes none"]


def test_what_came_later_stands_last() -> None:
    trial, read = made(FILES, loud(), Memory())

    assert text(replace(trial, later=("It was edited later: nothing\nis done.",)), read).splitlines()[-2:] == [
        "afterwards",
        "  It was edited later: nothing is done.",
    ]


def test_what_is_no_message_is_told_by_itself() -> None:
    assert aside("mentions.json, 2 of 3: skipped\x1b[2J.") == "no message\n  mentions.json, 2 of 3: skipped [2J."


# --- lines of mappings ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("gold.yaml:2", "mapping: gold"),
        ("gold.yaml:13", "use: High"),
        ("gold.yaml:16:10", "when: {author.handle: anna}, use: Anna"),
        ("gold.yaml:99", ""),
        ("other.yaml:2", ""),
        ("", ""),
    ],
)
def test_a_line_is_shown_without_its_remarks(line: str, says: str) -> None:
    document = parse(GOLD, "gold.yaml")

    assert Lines({"gold": (document, None)}).text(line) == says


def test_a_line_is_found_in_the_file_that_lends_it() -> None:
    own = parse("mapping: borrower\nbased_on: gold\n", "borrower.yaml")
    lines = Lines({"borrower": (own, parse(GOLD, "gold.yaml"))})

    assert lines.at("borrower", "case", "on_delete") == "gold.yaml:37"
    assert lines.at("borrower", "case", "on_edit") == ""
    assert lines.at("borrower", "mapping") == "borrower.yaml:1"
    assert lines.text("gold.yaml:37") == "on_delete: note"
    assert lines.tests("borrower") == 1


# --- hostile words ----------------------------------------------------------------------------------------------

HOSTILE = "{contact.Id} {{7*7}} ' OR Name LIKE '% \u202e\x07\x1b[31mred\nkey: none"


def test_hostile_words_arrive_literally_and_on_one_line() -> None:
    whole = told(loud(HOSTILE))

    assert "  Subject = {contact.Id} {{7*7}} ' OR Name LIKE '% [31mred key: none" in whole.splitlines()
    assert all(line.isprintable() for line in whole.splitlines())


@given(st.text(), st.text(), st.text())
def test_whatever_a_customer_writes_the_sections_stay(words: str, name: str, file: str) -> None:
    one = loud()
    wild = replace(
        one,
        text=words.encode(errors="replace").decode(),
        author=replace(one.author, name=name.encode(errors="replace").decode()),
        attachments=(Attachment(kind="file", name=file, url="https://cdn.example/1"),),
    )

    trial, read = MADE
    lines = text(attempt(replace(trial.given, message=wild), SET, Memory(), {"crm": Talk}), read).split("\n")

    assert all(line.isprintable() for line in lines)
    assert {line for line in lines if not line.startswith(" ")} <= {*WHOLE.split("\n"), "filing", "failed"}


MADE = made(FILES, loud(), Memory())
SET = mapping_set.compiled(FILES, sources=["fb"], targets={"crm": Talk})

# --- JSON -------------------------------------------------------------------------------------------------------


def test_programs_get_the_same_with_the_whole_filing() -> None:
    trial, read = made(FILES, loud(HOSTILE), Memory(), notes=("It is a note.",))

    found = json.loads(json.dumps(data(trial, read)))

    assert trial.filed is not None
    back = {when: TypeAdapter(Filing).validate_python(one, strict=False) for when, one in found["filings"].items()}
    assert back == trial.filed.filings
    assert found["accept"][0] == {
        "mapping": "tier", "outcome": "leaves", "why": "its kind is comment", "line": "tier.yaml:6",
        "says": "kinds: [direct]",
    }  # fmt: skip
    assert found["decide"][1] == {
        "name": "desk", "value": "Team", "line": "gold.yaml:15:69", "says": "otherwise: Team"
    }  # fmt: skip
    assert found["contact"] == {
        "object": "Contact", "match": [{"Email": None}, {"Page_Id__c": "ana"}], "person": None
    }  # fmt: skip
    assert found["case"] == {
        "target": "crm", "key": "facebook:page--1:post--1:ana", "known": "", "left_out": ["Nick__c", "ContactId"],
        "names": {"OwnerId": "Care"},
    }  # fmt: skip
    assert (found["tests"], found["notes"], found["message"]["text"]) == (1, ["It is a note."], HOSTILE)
    assert found["filings"][FIRST]["create"]["Subject"] == HOSTILE


def test_programs_are_told_of_a_drop() -> None:
    found = data(*made(FILES, said("A giveaway", id="m1"), Memory()))

    assert found["accept"][-1]["outcome"] == "drops"
    assert (found["case"], found["contact"], found["filings"]) == (None, None, {})


def test_programs_are_told_what_a_message_follows() -> None:
    found = data(*made(FILES, ours("We are on it", id="m1"), Memory()))

    assert found["follows"].startswith("Our own side wrote this.")
