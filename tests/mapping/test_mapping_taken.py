"""`decide` goes on with what `accept` has made ready, and nothing else comes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bridge.mapping import Accepted, accept, decide, read
from bridge.message import Account, Message
from bridge.ports import PersonFound

MAPPING = read(
    """
version: 1
mapping: care
source: any
target: salesforce
accept:
  drop:
    - text: {has_any: [giveaway]}
decide:
  priority:
    - when: {text: {has_any: [Störung, fraud]}}
      use: High
    - when: {person.Note__c: {has_any: [vip]}}
      use: Medium
    - otherwise: Low
contact:
  object: Contact
  match: [{X_User_Id__c: "{author.id}"}]
  fetch: [Note__c]
  none_found: leave_blank
case:
  object: Case
  key_field: Key__c
  one_per: author
  create: {Priority: "{priority}"}
""",
    "care.yaml",
)
HELLO = Message(
    channel="x",
    connection="acme-x",
    account=Account(id="1"),
    id="2",
    kind="mention",
    received_at=datetime(2026, 11, 23, tzinfo=UTC),
    public=True,
)
NOBODY, VIP = PersonFound(), PersonFound(id="3", values={"Note__c": "VIP"})


@given(st.lists(st.sampled_from(["STORUNG", "Störung", "fraud", "frau", " ", "é"])).map("".join))
def test_what_accept_made_ready_changes_no_decision(text: str) -> None:
    message = replace(HELLO, text=text)
    taken = accept(MAPPING, message)
    assert isinstance(taken, Accepted)

    decided = decide(MAPPING, message, NOBODY, taken=taken)

    assert decided == decide(MAPPING, message, NOBODY)


def test_another_look_at_the_same_message_sees_the_person_anew() -> None:
    taken = accept(MAPPING, HELLO)
    assert isinstance(taken, Accepted)

    first = decide(MAPPING, HELLO, NOBODY, taken=taken)
    second = decide(MAPPING, HELLO, VIP, taken=taken)

    assert [first.values, second.values] == [{"priority": "Low"}, {"priority": "Medium"}]
