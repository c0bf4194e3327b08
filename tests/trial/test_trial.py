"""A trial decides and renders as the bridge at work does, and says why, with nothing sent or stored."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from heart import CARE, NOON, Killed, bridge, deleted, drain, dying, edited, hear, hidden, ours, row_of, said
from logbook import Logbook
from sqlalchemy import select

from bridge import frozen, message
from bridge.filing import file_some
from bridge.flow import decide_some
from bridge.mapping import Facts, read
from bridge.mapping import Mapping as CaseMapping
from bridge.mapping.targets import fitted
from bridge.message import Account, Attachment, Message, Person
from bridge.ports import Filing, Known, Named, PersonFound, PersonMatch, Raise
from bridge.steps import Item, Waiting
from bridge.store import Store, connect
from bridge.store.tables import filing
from bridge.trial.attempt import (
    CASE,
    FIRST,
    LATER,
    Given,
    Memory,
    Name,
    Trial,
    Tried,
    attempt,
    supposed,
)
from bridge.trial.masks import Masked

NOTHING = Memory()
RICH = """\
version: 1
mapping: care
source: [fb]
target: crm
accept:
  kinds: [comment, direct]
  when:
    text: {present: true}
    author.followers: {at_least: 100}
  drop:
    - text: {has_any: [giveaway]}
decide:
  urgency:
    - when: {text: {has_any: [fraud]}}
      use: High
    - otherwise: Low
  nick: [{otherwise: "{author.handle}"}]
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
    Tier__c: "{person.Tier__c}"
    ContactId: "{person.id}"
    OwnerId: {named: "{account.queue}"}
  update:
    comment: {text: "{author.name}: {text}", public: true}
    raise_only: {Priority: [Low, High]}
  on_edit: replace
"""


def made(text: str) -> CaseMapping:
    """A mapping that is fitted to the CRM of these tests."""
    return fitted(read(text, "care.yaml"), Logbook)


def called(name: str, text: str = RICH) -> CaseMapping:
    """The same under another name, in another file."""
    return fitted(read(text.replace("mapping: care", f"mapping: {name}"), f"{name}.yaml"), Logbook)


@dataclass(frozen=True, slots=True)
class Remembering(Memory):
    """A memory of a few things."""

    who: PersonFound | None = None
    cases: Mapping[str, Waiting] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    def person(self, crm: str, match: PersonMatch) -> PersonFound | None:
        return self.who

    def case(self, case_id: str) -> Waiting | None:
        return self.cases.get(case_id)

    def ids(self, crm: str, wanted: Collection[Named]) -> Mapping[Named, str]:
        return {one: self.names[one.name] for one in wanted if one.name in self.names}


def loud(text: str = "It is fraud", **changes: Any) -> Message:
    """A message of somebody whom many follow."""
    ana = Person(id="ana", name="Ana", followers=500)
    return said(text, author=ana, account=Account(id="page-1", about={"queue": "Care"}), **changes)


def tried(one: Message, *mappings: CaseMapping, memory: Memory = NOTHING, **given: Any) -> Trial:
    found = Given(message=one, called="here", **given)
    return attempt(found, mappings or [made(RICH)], memory, {"crm": Logbook})


def sent(trial: Trial) -> Mapping[str, Filing]:
    assert trial.filed is not None
    return trial.filed.filings


# --- the same as at work -----------------------------------------------------------------------------------------


@pytest.fixture
def inbox(template: Path, tmp_path: Path) -> Iterator[Store]:
    found = connect(f"sqlite:///{shutil.copy(template, tmp_path)}")
    yield found
    found.engine.dispose()


def stored(store: Store, crm: Logbook, text: str) -> Filing:
    """The filing that a worker has stored, just before it would send it."""
    dead = bridge(store, crm, text, at=dying("work.frozen"))
    decide_some(dead, "fb")
    with pytest.raises(Killed):
        file_some(dead, "crm")
    with store.read() as c:
        return frozen.load(c.execute(select(filing.c.body)).scalar_one()).filing


@pytest.mark.parametrize("text", [CARE, RICH.replace('    OwnerId: {named: "{account.queue}"}\n', "")])
def test_what_would_be_sent_is_what_a_worker_stores_before_it_sends(inbox: Store, crm: Logbook, text: str) -> None:
    one = replace(
        loud(), url="https://facebook.example/1", attachments=(Attachment(kind="image", url="https://a/1"),)
    )
    hear(inbox, one)

    told = tried(one, made(text), person=PersonFound())

    assert sent(told)[FIRST] == replace(stored(inbox, crm, text), op="", together=1)


def test_what_would_be_added_to_a_case_is_what_a_worker_stores_for_it(inbox: Store, crm: Logbook) -> None:
    hear(inbox, said("one"))
    drain(bridge(inbox, crm))
    hear(inbox, said("two"))
    known = Waiting(known=Known(case_id="500"), heard_at=NOON)

    told = tried(said("two"), made(CARE), memory=Remembering(cases={row_of(): known}))

    assert list(sent(told)) == [LATER]
    assert replace(sent(told)[LATER], known=Known()) == replace(stored(inbox, crm, CARE), op="", together=1)


# --- accept -----------------------------------------------------------------------------------------------------


def test_each_mapping_says_why_it_leaves_a_message_until_one_takes_it() -> None:
    mappings = [
        called("other", RICH.replace("source: [fb]", "source: [x]")),
        called("talk", RICH.replace("[comment, direct]", "[direct]")),
        called("stars", RICH.replace("at_least: 100", "at_least: 5000")),
        called("quiet", RICH.replace("target: crm", "target: crm\nshadow: true")),
        called("care"),
        called("rest"),
    ]

    told = tried(loud(), *mappings)

    assert told.tried == (
        Tried(mapping="other", outcome="leaves", why="it came through fb", line="other.yaml:3"),
        Tried(mapping="talk", outcome="leaves", why="its kind is comment", line="talk.yaml:6"),
        Tried(mapping="stars", outcome="leaves", why="a condition does not hold", line="stars.yaml:9"),
        Tried(mapping="quiet", outcome="leaves", why="it only watches: shadow"),
        Tried(mapping="care", outcome="takes"),
    )
    assert told.mapping == mappings[4]


def test_a_drop_names_its_line_and_sends_nothing() -> None:
    told = tried(loud("A giveaway"), called("care"), called("rest"))

    assert told.tried == (Tried(mapping="care", outcome="drops", line="care.yaml:11"),)
    assert (told.filed, told.names, told.contact) == (None, (), None)


def test_what_no_mapping_takes_has_none() -> None:
    told = tried(replace(loud(), kind="review"))

    assert (told.mapping, [one.outcome for one in told.tried], told.filed) == (None, ["leaves"], None)


def test_what_only_watches_or_hears_other_connections_never_has_the_message_that_was_edited() -> None:
    quiet = called("quiet", RICH.replace("target: crm", "target: crm\nshadow: true"))
    other = called("other", RICH.replace("source: [fb]", "source: [x]"))

    told = tried(edited(said("a"), "b"), quiet, other, called("loud"))

    assert told.later == ("If loud has that message: on_edit is replace.",)


@pytest.mark.parametrize(
    ("one", "begins", "later"),
    [
        (ours("We are on it", to="m-1"), "Our own side wrote this.", ()),
        (hidden(said("a")), "This tells that message 'm-a' was hidden", ()),
        (edited(said("a"), "b"), "This tells that message 'm-a' was edited",
         ("If care has that message: on_edit is replace.",)),
        (deleted(said("a")), "This tells that message 'm-a' was deleted",
         ("If care has that message: on_delete is redact.",)),
    ],
)  # fmt: skip
def test_what_follows_another_message_is_asked_of_no_mapping(
    one: Message, begins: str, later: Sequence[str]
) -> None:
    told = tried(one)

    assert told.follows.startswith(begins)
    assert (told.tried, told.filed, told.later) == ((), None, later)


# --- decide and contact ------------------------------------------------------------------------------------------


def test_every_name_has_its_value_and_its_line() -> None:
    told = tried(loud())

    assert told.names == (
        Name(name="urgency", value="High", line="care.yaml:14"),
        Name(name="nick", value="", line="care.yaml:17"),
    )
    assert tried(loud("Hello")).names[0] == Name(name="urgency", value="Low", line="care.yaml:16")


def test_what_the_inbox_knows_counts_where_it_is_given() -> None:
    often = made(RICH.replace("author.followers: {at_least: 100}", "author.recent_messages: {at_least: 3}"))

    outcomes = [tried(loud(), often, facts=Facts(recent_messages=n)).tried[0].outcome for n in (None, 2, 3)]

    assert outcomes == ["leaves", "leaves", "takes"]


def test_a_line_of_match_with_a_missing_value_is_left_out() -> None:
    contact = tried(loud()).contact

    assert contact is not None
    assert contact.lines == ({"Email": None}, {"Page_Id__c": "ana"})
    assert contact.match is not None
    assert contact.match.rules == ({"Page_Id__c": "ana"},)
    assert (contact.person, contact.said) == (None, False)


def test_nobody_is_looked_up_whose_id_is_unknown() -> None:
    nobody = tried(replace(loud(), author=Person(followers=500))).contact

    assert nobody is not None
    assert nobody.match is None


def test_who_is_remembered_fills_the_fields_and_who_is_said_goes_before_them() -> None:
    remembered = PersonFound(id="0031", values={"Tier__c": "gold"})
    told = PersonFound(id="0032", values={"Tier__c": "tin"})
    given = Given(message=loud(), called="here")

    trials = [
        attempt(one, [made(RICH)], Remembering(who=remembered), {"crm": Logbook})
        for one in (given, supposed(given, told), supposed(given, None))
    ]

    assert [sent(one)[FIRST].create["Tier__c"] for one in trials] == ["gold", "tin", "gold"]
    assert [one.contact.person for one in trials if one.contact] == [remembered, told, remembered]
    assert [one.contact.said for one in trials if one.contact] == [False, True, False]


# --- the case ----------------------------------------------------------------------------------------------------


def test_fields_that_are_missing_and_fields_that_are_names_are_told() -> None:
    filed = tried(loud()).filed

    assert filed is not None
    assert filed.missing == ("Nick__c", "Tier__c", "ContactId")
    assert (filed.names, filed.ids) == ({"OwnerId": "Care"}, {})
    assert (filed.case_id, filed.known) == (row_of(), None)


def test_the_id_of_a_name_that_is_remembered_is_sent() -> None:
    told = tried(loud(), memory=Remembering(names={"Care": "00G1"}))

    assert told.filed is not None
    assert told.filed.ids == {"OwnerId": "00G1"}
    assert sent(told)[FIRST].create["OwnerId"] == "00G1"


def test_where_nobody_knows_of_a_case_both_ways_are_told() -> None:
    filings = sent(tried(loud()))

    assert list(filings) == [FIRST, LATER]
    assert filings[LATER].parts[0].text == "Ana: It is fraud"
    assert filings[LATER].raises == {"Priority": Raise(value="High", order=("Low", "High"))}


def test_one_case_for_each_message_is_always_opened() -> None:
    told = tried(loud(), made(RICH.replace("key_field: Key__c", "key_field: Key__c\n  one_per: message")))

    assert list(sent(told)) == [FIRST]


def test_a_message_that_stands_in_the_crm_is_tried_as_if_it_were_new() -> None:
    memory = Remembering(cases={row_of(): Waiting(known=Known(case_id="500"))})

    told = tried(loud(), memory=memory, filed=True)

    assert list(sent(told)) == [FIRST, LATER]


def test_a_case_that_is_on_its_way_may_be_there_or_not() -> None:
    memory = Remembering(cases={row_of(): Waiting(known=Known(episode=3))})

    told = tried(loud(), memory=memory)

    assert [filing.known for filing in sent(told).values()] == [Known(episode=3), Known(episode=3, case_id=CASE)]


def test_after_a_silence_the_next_case_is_opened() -> None:
    quiet = made(RICH.replace("key_field: Key__c", "key_field: Key__c\n  new_after_silence: 2 days"))
    known = Waiting(known=Known(case_id="500"), heard_at=NOON - timedelta(days=3))

    told = tried(loud(), quiet, memory=Remembering(cases={row_of(): known}))

    assert {when: filing.known for when, filing in sent(told).items()} == {FIRST: Known(episode=2)}
    assert told.filed is not None
    assert told.filed.known == known.known


def test_a_persons_case_is_theirs_until_one_of_their_own_is_going() -> None:
    theirs = made(RICH.replace("key_field: Key__c", "key_field: Key__c\n  one_per: person"))
    own = "crm/Case/facebook:page--1:ana"
    going = Remembering(cases={own: Waiting(known=Known(case_id="500"))})

    keys = [
        one.filed.case_id
        for memory in (NOTHING, going)
        if (one := tried(loud(), theirs, memory=memory, person=PersonFound(id="0031"))).filed
    ]

    assert keys == ["crm/Case/person:0031", own]


# --- masks, and what came later ----------------------------------------------------------------------------------


def test_what_is_masked_is_counted_by_place_and_by_whose_eyes() -> None:
    safe = made(f"{RICH}protect:\n  mask: {{card_number: everywhere, email: our_copies}}\n")
    words = "4111 1111 1111 1111 or 4111111111111111, ana@acme.example"

    told = tried(replace(loud(words), id="m-1", raw=b'{"n": "4111111111111111"}'), safe)

    assert told.masked == (
        Masked(where="everywhere", kind="card_number", place="text", times=2),
        Masked(where="everywhere", kind="card_number", place="raw", times=1),
        Masked(where="our_copies", kind="email", place="text", times=1),
    )
    assert sent(told)[FIRST].create["Subject"] == "[card number] or [card number], ana@acme.example"


def item(one: Message, number: int) -> Item:
    return Item(
        id=number, key=one.key, lane="", points_at=(one.channel, one.account.id, one.id), change=one.change,
        state="filed", deleted=False, age=timedelta(0), mapping="care", decision="{}", case_id=row_of(), reason="",
        crm_case="500", crm_ref="500", crm_notes="", unsure_since=None, unsure_last=None, body=message.dump(one),
        raw=one.raw,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("on_edit", "edit"),
    [
        ("replace", "the new words take the place of the old ones: Ana: Better"),
        ("comment", "a comment is added: Edited by its author: Ana: Better"),
        ("ignore", "nothing is done (care.yaml:38)."),
    ],
)
@pytest.mark.parametrize(
    ("on_delete", "deletion"),
    [
        ("redact", "its words are taken out of the CRM."),
        ("note", "a comment is added: Deleted by its author 2026-11-21 12:00 UTC."),
    ],
)
def test_what_came_of_a_message_later_is_told_in_one_line_each(
    on_edit: str, edit: str, on_delete: str, deletion: str
) -> None:
    does = made(RICH.replace("on_edit: replace", f"on_edit: {on_edit}\n  on_delete: {on_delete}"))
    one = loud("Words")
    later = [item(edited(one, "Better"), 2), item(hidden(one), 3), item(deleted(one), 4)]

    told = tried(one, does, later=tuple(later))

    assert [" ".join(line.split()) for line in told.later] == [
        f"It was edited later: {edit}",
        "It was hidden later: a comment is added: Hidden on the platform 2026-11-21 12:00 UTC.",
        f"It was deleted later: {deletion}",
    ]


def test_the_language_is_heard_where_nobody_said_it_and_nobody_has_listened() -> None:
    by_language = made(RICH.replace('"{author.handle}"', '"{language}"'))
    trials = [
        attempt(
            Given(message=one, called="here", kept=kept), [by_language], NOTHING, {"crm": Logbook}, lambda _: "de"
        )
        for one, kept in ((loud(), False), (loud(language="fr"), False), (loud(), True))
    ]

    assert [one.names[1].value for one in trials] == ["de", "fr", ""]


def test_the_platforms_own_message_is_not_kept_where_a_mapping_is_regulated() -> None:
    bank = replace(made(RICH), regulated=True)

    assert tried(loud(), bank).message.raw == b""


def test_the_revision_that_is_tried_can_be_told() -> None:
    numbered = made(RICH.replace('"{author.handle}"', '"{revision}"'))
    given = [supposed(Given(message=loud(), called="here"), None, number) for number in (None, 7)]

    trials = [attempt(one, [numbered], NOTHING, {"crm": Logbook}) for one in given]

    assert [one.names[1].value for one in trials] == ["", "7"]


def test_hostile_words_arrive_literally() -> None:
    words = "{contact.Id} {{7*7}} ' OR Name LIKE '% \u202e\x07"

    told = tried(loud(words))

    assert sent(told)[FIRST].create["Subject"] == words
    assert json.loads(json.dumps(told.message.text)) == words
