"""The CRMs as the tests of the whole road see them: how each is configured, read and worked in by an agent."""

from __future__ import annotations

import html
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import requests

PATIENCE = 45.0  #: seconds for one answer of a sandbox
MARKER = re.compile(r"\n\[cb:[0-9a-f]{10}\]\Z")
"""What ends a comment of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One case as an agent reads it."""

    id: str
    key: str
    subject: str
    name: str  #: the customer's
    contact: str  #: the record that was linked; "" = none
    status: str
    opening: str  #: its own text, in which the message stands that opened it
    texts: tuple[str, ...]  #: what opened it, then every later text, oldest first


class Side(ABC):
    """One CRM: its sandbox, its connection, its mapping, and what stands in it."""

    name: str
    url: str  #: the variable that holds its sandbox's address
    secrets: ClassVar[Mapping[str, str]]
    connection: str  #: in connections.yaml; more keys may be appended
    mapping: str  #: the plainest one
    closed: str  #: the status of a case that an agent has closed
    reopened: str

    @abstractmethod
    def options(self, env: Mapping[str, str]) -> list[str]:
        """The sandbox's arguments for its secrets."""

    @abstractmethod
    def cases(self, state: Mapping[str, Any]) -> list[Seen]:
        """The cases in its state, oldest first."""

    @abstractmethod
    def page(self, case_id: str) -> str:
        """The path of a case's page."""

    @abstractmethod
    def close(self, http: requests.Session, env: Mapping[str, str], case_ids: Sequence[str]) -> None:
        """Close cases as an agent does."""

    def state(self, http: requests.Session, env: Mapping[str, str]) -> dict[str, Any]:
        """What stands in it."""
        found: dict[str, Any] = http.get(f"{env[self.url]}/sandbox/state", timeout=PATIENCE).json()
        return found

    def order(self, http: requests.Session, env: Mapping[str, str], what: str, **orders: Any) -> None:
        """Command its sandbox."""
        answer = http.post(f"{env[self.url]}/sandbox/{what}", json=orders, timeout=PATIENCE)
        assert answer.ok, answer.text

    def __repr__(self) -> str:
        return self.name


class _Salesforce(Side):
    name, url = "salesforce", "SF_URL"
    secrets: ClassVar[Mapping[str, str]] = {
        "SF_CONSUMER_KEY": "road-consumer-key-7f1c",
        "SF_CONSUMER_SECRET": "road-consumer-secret-7f1c",
    }
    closed, reopened = "Closed", "Reopened"
    connection = """\
  salesforce:
    adapter: salesforce
    domain: acme.my
    consumer_key: env:SF_CONSUMER_KEY
    consumer_secret: env:SF_CONSUMER_SECRET
    url: env:SF_URL
"""
    mapping = """\
version: 1
mapping: plain
source: any
target: salesforce
accept:
  drop:
    - text: {has_any: [giveaway]}
contact:
  object: Contact
  match:
    - LastName: "{author.name}"
case:
  object: Case
  key_field: Social_Conversation_Key__c
  create:
    Subject: "{account.brand}"
    Description: "{text}"
    SuppliedName: "{author.name}"
    ContactId: "{person.id}"
  update:
    comment:
      text: "{text}"
  if_closed:
    reopen_within: 14 days
    set: {Status: Reopened}
    after_that: new_case
tests:
  - name: a later message becomes a comment
    message: {text: Hello}
    expect: {comment: Hello}
"""

    def options(self, env: Mapping[str, str]) -> list[str]:
        return ["--consumer-key", env["SF_CONSUMER_KEY"], "--consumer-secret", env["SF_CONSUMER_SECRET"]]

    def cases(self, state: Mapping[str, Any]) -> list[Seen]:
        return [
            Seen(
                id=case["Id"],
                key=case["key"] or "",
                subject=case["fields"]["Subject"] or "",
                name=case["fields"]["SuppliedName"] or "",
                contact=case["fields"]["ContactId"] or "",
                status=case["fields"]["Status"],
                opening=case["fields"]["Description"] or "",
                texts=(*self.told(state, case), *(MARKER.sub("", one["body"]) for one in case["comments"])),
            )
            for case in state["cases"]
        ]

    def told(self, state: Mapping[str, Any], case: Mapping[str, Any]) -> list[str]:
        """The texts of a case that are no comments, oldest first."""
        return [case["fields"]["Description"] or ""]

    def page(self, case_id: str) -> str:
        return f"/cases/{case_id}"

    def close(self, http: requests.Session, env: Mapping[str, str], case_ids: Sequence[str]) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_id": env["SF_CONSUMER_KEY"],
            "client_secret": env["SF_CONSUMER_SECRET"],
        }
        base = f"{env[self.url]}/services"
        token = http.post(f"{base}/oauth2/token", data=form, timeout=PATIENCE).json()["access_token"]
        rows = [{"attributes": {"type": "Case"}, "Id": one, "Status": "Closed"} for one in case_ids]
        answer = http.patch(
            f"{base}/data/v66.0/composite/sobjects",
            json={"allOrNone": True, "records": rows},
            headers={"Authorization": f"Bearer {token}"},
            timeout=PATIENCE,
        )
        assert all(row["success"] for row in answer.json()), answer.text


class _WithPlugin(_Salesforce):
    """An org with the plugin: an agent reads each message, the first one too, as a record of its own."""

    connection = f"{_Salesforce.connection}    messages: plugin\n"

    def options(self, env: Mapping[str, str]) -> list[str]:
        return [*super().options(env), "--plugin"]

    def cases(self, state: Mapping[str, Any]) -> list[Seen]:
        """The cases in its state, and one without a key for the messages that stand in none of them."""
        keys = [key for message in state["messages"] if (key := message["fields"]["External_Id__c"])]
        assert len(keys) == len(set(keys)), keys
        homes = {case["Id"] for case in state["cases"]}
        lost = [message for message in _living(state) if message["fields"]["Case__c"] not in homes]
        found = super().cases(state)
        if lost:
            texts = tuple(_body(message) for message in lost)
            found.append(Seen(id="", key="", subject="", name="", contact="", status="", opening="", texts=texts))
        return found

    def told(self, state: Mapping[str, Any], case: Mapping[str, Any]) -> list[str]:
        return [_body(message) for message in _living(state) if message["fields"]["Case__c"] == case["Id"]]

    def __repr__(self) -> str:
        return "salesforce-plugin"


class _Zendesk(Side):
    name, url = "zendesk", "ZENDESK_URL"
    secrets: ClassVar[Mapping[str, str]] = {
        "ZENDESK_CLIENT_ID": "road-client-id-7f1c",
        "ZENDESK_CLIENT_SECRET": "road-client-secret-7f1c",
    }
    closed, reopened = "solved", "open"
    connection = """\
  zendesk:
    adapter: zendesk
    subdomain: acme
    client_id: env:ZENDESK_CLIENT_ID
    client_secret: env:ZENDESK_CLIENT_SECRET
    url: env:ZENDESK_URL
"""
    mapping = """\
version: 1
mapping: plain
source: any
target: zendesk
accept:
  drop:
    - text: {has_any: [giveaway]}
contact:
  object: user
  match:
    - external_id: "{author.id}"
  none_found: {create: {external_id: "{author.id}", name: "{author.name}"}}
case:
  object: ticket
  key_field: external_id
  create:
    subject: "{account.brand}"
    description: "{text}"
    requester_id: "{person.id}"
  update:
    comment:
      text: "{text}"
      public: true
  if_closed:
    reopen_within: 14 days
    set: {status: open}
    after_that: new_case
tests:
  - name: a later message becomes a comment
    message: {text: Hello}
    expect: {comment: Hello}
"""

    def options(self, env: Mapping[str, str]) -> list[str]:
        return ["--client-id", env["ZENDESK_CLIENT_ID"], "--client-secret", env["ZENDESK_CLIENT_SECRET"]]

    def cases(self, state: Mapping[str, Any]) -> list[Seen]:
        names = {user["id"]: user["name"] for user in state["users"]}
        said = {
            ticket["id"]: tuple(text for comment in ticket["comments"] for text in _texts(comment["html_body"]))
            for ticket in state["tickets"]
        }
        return [
            Seen(
                id=str(ticket["id"]),
                key=ticket["external_id"] or "",
                subject=ticket["fields"]["subject"] or "",
                name=_said(names.get(ticket["fields"]["requester_id"], "")),  # "": nobody knows, so the agent is
                contact="",
                status=ticket["fields"]["status"],
                opening=said[ticket["id"]][0],
                texts=said[ticket["id"]],
            )
            for ticket in state["tickets"]
        ]

    def page(self, case_id: str) -> str:
        return f"/agent/tickets/{case_id}"

    def close(self, http: requests.Session, env: Mapping[str, str], case_ids: Sequence[str]) -> None:
        base = env[self.url]
        form = {
            "grant_type": "client_credentials",
            "client_id": env["ZENDESK_CLIENT_ID"],
            "client_secret": env["ZENDESK_CLIENT_SECRET"],
            "scope": "read write",
        }
        token = http.post(f"{base}/oauth/tokens", json=form, timeout=PATIENCE).json()["access_token"]
        for one in case_ids:
            answer = http.put(
                f"{base}/api/v2/tickets/{one}",
                json={"ticket": {"status": "solved"}},
                headers={"Authorization": f"Bearer {token}"},
                timeout=PATIENCE,
            )
            assert answer.ok, answer.text


def _living(state: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [message for message in state["messages"] if not message["deleted"]]


def _body(message: Mapping[str, Any]) -> str:
    return message["fields"]["Body__c"] or ""


def _texts(html_body: str) -> list[str]:
    """The texts that were joined into one comment."""
    inner = re.sub(r"\A<div[^>]*>|</div>\Z", "", html_body)
    return [_said(html.unescape(re.sub(r"</?p>", "", one.replace("<br>", "\n")))) for one in inner.split("<hr>")]


def _said(text: str) -> str:
    """A text without what keeps Zendesk from reading placeholders in it."""
    return re.sub("(?<=[{}%])\u200b(?=[{}%])", "", text)


SALESFORCE, PLUGIN, ZENDESK = _Salesforce(), _WithPlugin(), _Zendesk()
SIDES = (PLUGIN, ZENDESK)
"""What the tests over processes run with; Salesforce without the plugin carries messages as comments."""
