"""How many API calls Salesforce is asked for waiting messages: `make bench`. Exits 1 where a promise is missed.

Everything is real: the store, the worker and the adapter, and a sandbox org in a process of its own, which counts.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import requests

from bench.running import Running, running
from bridge import flow
from bridge.message import Account, Message, Person
from bridge.worker import Worker

CONNECTIONS = """\
version: 1
connections:
  acme-x:
    adapter: x
    consumer_secret: env:X_SECRET
    accounts: {"1": {about: {queue: Social Queue}}}
  salesforce:
    adapter: salesforce
    domain: acme.my
    consumer_key: env:SF_KEY
    consumer_secret: env:SF_SECRET
    url: env:CRM_URL
mappings: [care]
"""
MAPPING = """\
version: 1
mapping: care
source: any
target: salesforce
contact:
  object: Contact
  match:
    - Social_Author_Key__c: "{channel}:{author.id}"
  none_found: {create: {LastName: "{author.name}", Social_Author_Key__c: "{channel}:{author.id}"}}
case:
  object: Case
  key_field: Social_Conversation_Key__c
  create:
    Subject: "{text | one_line | shorten 80}"
    Description: "{text}"
    Origin: Social
    ContactId: "{person.id}"
  update:
    comment: {text: "{author.name}: {text}"}
"""
AUTHOR_KEY = {
    "object": "Contact",
    "name": "Social_Author_Key__c",
    "type": "string",
    "length": 255,
    "unique": True,
    "externalId": True,
    "caseSensitive": True,
}
"""The one field that an org without the plugin must have for this mapping."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What it took to file what was waiting."""

    messages: int
    calls: int  #: to the API, reads included, logins not
    seconds: float  #: from the first look to the last receipt, gathering included
    cases: int  #: that stand in the org
    texts: int  #: messages or comments that stand there, and opening texts without the plugin


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One bridge over an empty ledger, and its org."""

    at: Running

    def file(self, messages: Sequence[Message]) -> Counted:
        """Store the messages and work until all are filed."""
        now = datetime.now(UTC)
        before = self._calls()
        flow.keep(messages, "acme-x", now, self.at.store)
        worker, began = Worker(self.at.bridge, ["acme-x"]), time.monotonic()
        while self.at.waits():
            if not worker.step():
                time.sleep(0.02)  # what a worker does between two looks, only shorter
        took = time.monotonic() - began
        state = self.at.state()
        texts = len(state["messages"]) or sum(1 + len(case["comments"]) for case in state["cases"])
        return Counted(
            messages=len(messages),
            calls=self._calls() - before,
            seconds=took,
            cases=len(state["cases"]),
            texts=texts,
        )

    def _calls(self) -> int:
        return sum(self.at.calls().values())

    def know(self, authors: Sequence[str]) -> None:
        """Make contacts of these authors, as somebody else has."""
        form = {"grant_type": "client_credentials", "client_id": "key", "client_secret": "secret"}
        token = requests.post(f"{self.at.crm}/services/oauth2/token", data=form, timeout=10).json()["access_token"]
        records = [
            {"attributes": {"type": "Contact"}, "LastName": author, "Social_Author_Key__c": f"x:{author}"}
            for author in authors
        ]
        for i in range(0, len(records), 200):
            answer = requests.post(
                f"{self.at.crm}/services/data/v66.0/composite/sobjects",
                json={"records": records[i : i + 200]},
                headers={"Authorization": f"Bearer {token}"},
                timeout=30,
            )
            answer.raise_for_status()


@contextmanager
def setting(*, plugin: bool) -> Iterator[Setting]:
    """Run an org, and make a bridge with its defaults over an empty database."""
    options = ["--consumer-key", "key", "--consumer-secret", "secret", *(["--plugin"] if plugin else [])]
    secrets = {"X_SECRET": "secret", "SF_KEY": "key", "SF_SECRET": "secret"}
    with running("salesforce", *options, connections=CONNECTIONS, mapping=MAPPING, secrets=secrets) as made:
        if not plugin:
            made.order("fields", AUTHOR_KEY)
        yield Setting(at=made)


def messages(count: int, conversations: int, *, first: int = 0) -> list[Message]:
    """Messages as they come when they have waited: conversation after conversation in turn, one author each.

    first: the number of the first message, so that two calls can go on with the same conversations.
    """
    now = datetime.now(UTC)
    return [
        Message(
            channel="x",
            connection="acme-x",
            account=Account(id="1"),
            id=f"m{n}",
            kind="mention",
            author=Person(id=f"u{n % conversations}", name=f"Customer {n % conversations}"),
            thread=f"t{n % conversations}",
            text=f"Message {n}: still no connection since this morning, and nobody answers the phone.",
            url=f"https://x.com/i/status/{n}",
            sent_at=now,
            received_at=now,
            public=True,
        )
        for n in range(first, first + count)
    ]


STORM, CONVERSATIONS, KNOWN = 1000, 300, 100
MOST = {True: 10, False: 20}  #: calls for the storm, with the plugin and without


def storm(*, plugin: bool) -> Counted:
    """1,000 messages of 300 conversations, from an empty ledger; the org has never heard of 200 of the authors."""
    with setting(plugin=plugin) as one:
        one.know([f"u{n}" for n in range(KNOWN)])
        return one.file(messages(STORM, CONVERSATIONS))


def single(*, plugin: bool) -> tuple[Counted, Counted]:
    """A new author's message and then the next on the known case, once the org's objects are known."""
    with setting(plugin=plugin) as one:
        one.file([_by("u-before", "t-before", 9000)])
        fresh = one.file([_by("u-new", "t-new", 5000)])
        return fresh, one.file([_by("u-new", "t-new", 5001)])


def _by(author: str, thread: str, number: int) -> Message:
    [message] = messages(1, 1, first=number)
    return Message(
        **{name: getattr(message, name) for name in message.__slots__}
        | {"author": Person(id=author, name="Ann"), "thread": thread}
    )


def waiting(count: int, conversations: int, *, plugin: bool) -> Counted:
    """So many messages that wait, all of new authors, once the org's objects are known."""
    with setting(plugin=plugin) as one:
        one.file([_by("u-before", "t-before", 9000)])
        return one.file([_by(f"u{n % conversations}", f"t{n % conversations}", n) for n in range(count)])


def main() -> int:
    """Print the table; 1 where a promise is missed."""
    print("| waiting | calls with the plugin | a message | calls without | a message | seconds with / without |")
    print("|---|---|---|---|---|---|")
    missed = False
    for count, conversations in ((1, 1), (10, 5), (100, 40)):
        pair = [waiting(count, conversations, plugin=plugin) for plugin in (True, False)]
        _line(f"{count} of {conversations} new authors", *pair)
    fresh, known = zip(single(plugin=True), single(plugin=False), strict=True)
    _line("1 on a known case", *known)
    missed |= any(one.calls > 2 for one in fresh) or known[0].calls > 1
    storms = [storm(plugin=plugin) for plugin in (True, False)]
    _line(f"{STORM} of {CONVERSATIONS} conversations, empty ledger", *storms)
    missed |= storms[0].calls > MOST[True] or storms[1].calls > MOST[False]
    return int(missed)


def _line(name: str, with_: Counted, without: Counted) -> None:
    calls = [f"{one.calls} | {one.calls / one.messages:.3g}" for one in (with_, without)]
    print(f"| {name} | {calls[0]} | {calls[1]} | {with_.seconds:.1f} / {without.seconds:.1f} |")


if __name__ == "__main__":
    sys.exit(main())
