"""How many API calls Zendesk takes in a storm and in a calm: `make bench`. Exits 1 where a promise is missed.

Everything is real: the store, the worker and the adapter, and a sandbox account in a process of its own, with the
limits of a plan of 400 calls a minute and jobs that take their time. Its clock is the wall's: this takes minutes.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bench.calls import messages
from bench.running import Running, running
from bridge import flow
from bridge.message import Message, Person
from bridge.worker import Worker

CONNECTIONS = """\
version: 1
connections:
  acme-x:
    adapter: x
    consumer_secret: env:X_SECRET
    accounts: {"1": {about: {queue: Social Queue}}}
  zendesk:
    adapter: zendesk
    subdomain: acme
    client_id: env:ZENDESK_ID
    client_secret: env:ZENDESK_SECRET
    url: env:CRM_URL
mappings: [care]
"""
MAPPING = """\
version: 1
mapping: care
source: any
target: zendesk
contact:
  object: user
  match:
    - external_id: "{channel}:{author.id}"
  none_found: {create: {external_id: "{channel}:{author.id}", name: "{author.name}"}}
case:
  object: ticket
  key_field: external_id
  create:
    subject: "{text | one_line | shorten 80}"
    description: "{text}"
    requester_id: "{person.id}"
    tags: social
  update:
    comment: {text: "{text}", public: true}
"""
STORM, CONVERSATIONS, AUTHORS, SECONDS = 1000, 300, 200, 60.0
PATIENCE = 120.0  #: seconds from the first message until all are filed
MOST = {True: 50, False: 260}  #: calls for the storm, where users may be imported in bulk and where not
CALM, TALKS = 300, 50  #: messages, one a second, in conversations that are known


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What it took to file what came."""

    messages: int
    calls: int  #: to the API, reads and questions for jobs included, logins not
    by_kind: Counter[str]
    refused: int  #: of them for a limit
    seconds: float  #: from the first message to the last receipt
    tickets: int  #: that stand in the account
    texts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One bridge over an empty ledger, and its account."""

    at: Running

    def run(self, coming: Sequence[Message], seconds: float = 0.0) -> Counted:
        """Let the messages come, evenly over so many seconds or all at once, and work until all are filed."""
        before, refused = self._calls(), self._refused()
        worker, began = Worker(self.at.bridge, ["acme-x"]), time.monotonic()
        if not seconds:
            self._keep(coming)
        sender = threading.Thread(target=self._send, args=(coming if seconds else (), seconds), daemon=True)
        sender.start()
        while sender.is_alive() or self.at.waits():
            if not worker.step():
                time.sleep(0.05)  # what a worker does between two looks, only shorter
        took = time.monotonic() - began
        by_kind = self._calls() - before
        return Counted(
            messages=len(coming),
            calls=by_kind.total(),
            by_kind=by_kind,
            refused=self._refused() - refused,
            seconds=took,
            tickets=len(self.at.state()["tickets"]),
            texts=self._texts(),
        )

    def _send(self, coming: Sequence[Message], seconds: float) -> None:
        began = time.monotonic()
        for n, message in enumerate(coming):
            time.sleep(max(0.0, began + n * seconds / len(coming) - time.monotonic()))
            self._keep([message])

    def _keep(self, some: Sequence[Message]) -> None:
        now = datetime.now(UTC)
        flow.keep([replace(one, sent_at=now, received_at=now) for one in some], "acme-x", now, self.at.store)

    def _calls(self) -> Counter[str]:
        return Counter(self.at.calls())

    def _refused(self) -> int:
        return int(self.at.state()["refused"].get("429", 0))

    def _texts(self) -> int:
        comments = (comment for ticket in self.at.state()["tickets"] for comment in ticket["comments"])
        return sum(comment["html_body"].count("<hr") + 1 for comment in comments)


@contextmanager
def setting(*, bulk: bool) -> Iterator[Setting]:
    """Run an account, and make a bridge with its defaults over an empty database. bulk: users may be imported."""
    secrets = {"X_SECRET": "secret", "ZENDESK_ID": "id", "ZENDESK_SECRET": "secret"}
    options = ("--client-id", "id", "--client-secret", "secret")
    with running("zendesk", *options, connections=CONNECTIONS, mapping=MAPPING, secrets=secrets) as made:
        made.order("switches", {"plan": "growth", "bulk_users": bulk})
        yield Setting(at=made)


def talks(count: int, conversations: int, authors: int, *, first: int = 0) -> list[Message]:
    """Messages of so many conversations in turn; some authors have two."""
    given = messages(count, conversations, first=first)
    return [replace(m, author=_author(int(m.thread.removeprefix("t")) % authors)) for m in given]


def _author(number: int) -> Person:
    return Person(id=f"u{number}", name=f"Customer {number}")


def storm(*, bulk: bool, seconds: float = SECONDS) -> Counted:
    """1,000 messages of 300 new conversations by 200 new authors, from an empty ledger."""
    with setting(bulk=bulk) as one:
        return one.run(talks(STORM, CONVERSATIONS, AUTHORS), seconds)


def calm() -> Counted:
    """One message a second for five minutes, in 50 conversations that are known."""
    with setting(bulk=False) as one:
        one.run(talks(TALKS, TALKS, TALKS), TALKS / 2)
        time.sleep(61)  # the limits' windows begin anew
        return one.run(talks(CALM, TALKS, TALKS, first=TALKS), float(CALM))


def main() -> int:
    """Print the table; 1 where a promise is missed."""
    print("| what comes | messages | calls | a message | refused by a limit | all filed after |")
    print("|---|---|---|---|---|---|")
    missed = False
    for name, bulk, seconds in (
        ("a storm of 60 s, users in bulk", True, SECONDS),
        ("a storm of 60 s, users one by one", False, SECONDS),
        ("the same at once, users in bulk", True, 0.0),
    ):
        one = storm(bulk=bulk, seconds=seconds)
        _line(name, one)
        missed |= one.calls > MOST[bulk] or one.seconds > PATIENCE or one.refused > 0
        missed |= (one.tickets, one.texts) != (CONVERSATIONS, STORM)
    quiet = calm()
    _line("1 a second for 5 minutes, 50 conversations", quiet)
    missed |= quiet.calls > CALM or quiet.refused > 0 or quiet.texts != CALM + TALKS
    return int(missed)


def _line(name: str, one: Counted) -> None:
    per = f"{one.calls / one.messages:.3g}"
    print(f"| {name} | {one.messages} | {one.calls} | {per} | {one.refused} | {one.seconds:.0f} s |", flush=True)
    for kind, n in one.by_kind.most_common():
        print(f"    {n:5} {kind}", file=sys.stderr)


if __name__ == "__main__":
    RUNS: dict[str, Callable[[], Counted]] = {
        "storm": lambda: storm(bulk=True),
        "one-by-one": lambda: storm(bulk=False),
        "at-once": lambda: storm(bulk=True, seconds=0.0),
        "calm": calm,
    }
    for named in sys.argv[1:]:
        _line(named, RUNS[named]())
    sys.exit(0 if sys.argv[1:] else main())
