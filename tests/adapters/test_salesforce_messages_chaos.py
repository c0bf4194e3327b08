"""A small bridge against an org with the plugin that fails at random, while agents close, merge and delete cases:
every message stands once, as its author left it, in a case of its conversation.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Literal

import pytest
import requests
from salesforce_org import Sandbox, filing, part, running, wait_for

from adapters.salesforce import Salesforce
from bridge.errors import Paused, Rejected, RetryLater, Unsure
from bridge.message import DELETED_TEXT, Account, Message, Person
from bridge.ports import Filing, Known, Outcome, Part, Raise, Receipt, Reopen

CONVERSATIONS, EVENTS, BATCH, FROZEN = 24, 10, 8, 3
RATE = 0.06  #: of each of seven faults, at every call
FAULTS = (
    "expired_token",
    "row_lock",
    "concurrent_limit",
    "lost_answer",
    "late_commit",
    "refused_before",
    "server_error",
)
LATE = [0.05, 0.3]  #: seconds
LATEST_COMMIT = 0.5
BACK = -30 * 86_400  #: seconds; what was closed then is not reopened
REOPEN = Reopen(within=timedelta(days=14), set={"Status": "Reopened"})
RAISES = {"Priority": Raise(value="High", order=("Low", "Medium", "High"))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What an author does: write a message, or edit or delete an earlier one."""

    key: str
    target: str  #: key of the message
    act: Literal["add", "edit", "delete"]
    text: str


@dataclass(slots=True, kw_only=True)
class Talk:
    """One conversation as the bridge keeps it."""

    key: str
    events: list[Event]
    known: Known = field(default_factory=Known)
    frozen: Filing | None = None
    sent: list[Event] = field(default_factory=list)  #: those that are frozen
    refs: dict[str, str] = field(default_factory=dict)  #: message -> what the CRM has of it
    homes: dict[str, str] = field(default_factory=dict)  #: message -> its case, as the receipt said
    notes: dict[str, Mapping[str, str]] = field(default_factory=dict)  #: message that opened a case -> its notes
    unsure_since: datetime | None = None


def life(key: str, chance: random.Random) -> list[Event]:
    """What the author of one conversation does."""
    events = [Event(key=f"{key}-0", target=f"{key}-0", act="add", text=f"{key}-0")]
    there = [f"{key}-0"]
    for n in range(1, EVENTS):
        drawn, name = chance.random(), f"{key}-{n}"
        if drawn < 0.6 or not there:
            there.append(name)
            events.append(Event(key=name, target=name, act="add", text=name))
        elif drawn < 0.85:
            events.append(Event(key=name, target=chance.choice(there), act="edit", text=f"{name}, edited"))
        else:
            target = there.pop(chance.randrange(len(there)))
            events.append(Event(key=name, target=target, act="delete", text=DELETED_TEXT))
    return events


def expected(events: Sequence[Event]) -> dict[str, str]:
    """Message -> what it says in the end."""
    return {one.target: one.text for one in events}


# --- the small bridge -----------------------------------------------------------------------------------------


def freeze(talk: Talk) -> None:
    """Take up what can be sent: a change waits until its message, and what changed it before, is in."""
    for event in talk.events[:FROZEN]:
        if event.act != "add" and (event.target not in talk.refs or event.target in {e.target for e in talk.sent}):
            break
        talk.sent.append(event)
    if talk.sent:
        del talk.events[: len(talk.sent)]
        parts = [rendered(talk, event) for event in talk.sent]
        opener = next((event.text for event in talk.sent if event.act == "add"), "")
        talk.frozen = filing(
            talk.key,
            *parts,
            create={"Subject": f"case {talk.key}", "Description": opener} if opener else {},
            known=talk.known,
            reopen=REOPEN,
            raises=RAISES if talk.known.case_id else {},
            unsure_since=talk.unsure_since,
            unsure_last=talk.unsure_since,
        )


def rendered(talk: Talk, event: Event) -> Part:
    now = datetime.now(UTC)
    message = Message(
        channel="x",
        connection="acme-x",
        account=Account(id="1"),
        id=event.target,
        kind="mention",
        change="created" if event.act == "add" else "edited",
        author=Person(id=talk.key),
        received_at=now,
        public=True,
        text=event.text,
    )
    if event.act == "add":
        return part(event.key, event.text, said=message, received_at=now)
    return part(
        event.key,
        event.text,
        said=message,
        received_at=now,
        act=event.act,
        opens=False,
        case_id=talk.homes[event.target],
        ref=talk.refs[event.target],
        row={"Description": event.text} if event.target in talk.notes else {},
        notes=talk.notes.get(event.target, {}),
    )


def flush(crm: Salesforce, talks: Sequence[Talk]) -> None:
    """Send what is frozen once, and keep what came of it."""
    outcomes: dict[int, Outcome] = {}
    with suppress(RetryLater, Paused):
        for step in crm.file([one.frozen for one in talks if one.frozen], now=datetime.now(UTC)):
            outcomes |= dict(step)
    for n, talk in enumerate(talks):
        if n in outcomes:
            settle(talk, outcomes[n])


def settle(talk: Talk, outcome: Outcome) -> None:
    assert talk.frozen
    now = datetime.now(UTC)
    unsure, left = isinstance(outcome, Unsure), talk.frozen.parts
    if isinstance(outcome, Receipt):
        assert not outcome.dropped
        assert not any(isinstance(why, Rejected) for why in outcome.failed.values()), outcome
        unsure = any(isinstance(why, Unsure) for why in outcome.failed.values())
        left = tuple(one for one in left if one.key in outcome.failed)
        talk.known = replace(outcome.known, status="")
        for event in talk.sent:
            if event.key not in {*outcome.failed, *outcome.anew}:
                keep(talk, event, outcome)
        talk.events = [*(one for one in talk.sent if one.key in outcome.anew), *talk.events]
    else:
        assert not isinstance(outcome, Rejected), outcome
    if unsure:
        talk.unsure_since = talk.unsure_since or now
    talk.sent = [one for one in talk.sent if one.key in {part.key for part in left}]
    last = now if unsure else talk.frozen.unsure_last
    again = replace(talk.frozen, parts=left, known=talk.known, unsure_since=talk.unsure_since, unsure_last=last)
    talk.frozen = again if left else None
    if not left and not (isinstance(outcome, Receipt) and outcome.anew):
        talk.unsure_since = None


def keep(talk: Talk, event: Event, receipt: Receipt) -> None:
    """Remember where a message is in, for what its author does to it later."""
    home = receipt.cases.get(event.key, receipt.known.case_id)
    talk.refs[event.target], talk.homes[event.target] = receipt.refs[event.key], home
    if event.key in receipt.notes:
        talk.notes[event.target] = receipt.notes[event.key]
    elif event.act == "add" and home in receipt.refs[event.key].split(","):
        talk.notes[event.target] = receipt.known.notes


# --- the agents -----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Agents:
    """They work in cases in which they read something, while the org is well."""

    org: Sandbox
    chance: random.Random
    merged: dict[str, str] = field(default_factory=dict)  #: a case -> the one that was kept
    gone: set[str] = field(default_factory=set)  #: messages whose case they deleted

    def work(self) -> None:
        """Do something to one or two cases."""
        state = self.org.state()
        read = {message["fields"]["Case__c"] for message in state["messages"]}
        cases = [case["Id"] for case in state["cases"] if case["Id"] in read and not case["deleted"]]
        if len(cases) > 1:
            one, other = self.chance.sample(cases, 2)
            self.chance.choice([self.close, self.close_long_ago, self.open_again, self.merge, self.delete])(
                one, other
            )

    def close(self, case: str, _: str) -> None:
        self.org.close_case(case)

    def close_long_ago(self, case: str, _: str) -> None:
        self.org.order("clock", offset_seconds=BACK)
        self.org.close_case(case)
        self.org.order("clock", offset_seconds=0)

    def open_again(self, case: str, _: str) -> None:
        self.org.api("PATCH", f"sobjects/Case/{case}", {"Status": "Working"})

    def merge(self, case: str, other: str) -> None:
        self.let_all_be_done()
        self.org.order("merge", master=other, losers=[case])
        self.merged[case] = other

    def delete(self, case: str, _: str) -> None:
        self.let_all_be_done()
        self.org.api("DELETE", f"sobjects/Case/{case}", {})
        homeless = [one["fields"] for one in self.org.state()["messages"] if not one["fields"]["Case__c"]]
        self.gone |= {one["External_Id__c"] for one in homeless}

    def let_all_be_done(self) -> None:
        """Wait for late commits: what one of them opens while it lies in the recycle bin would be there twice."""
        wait_for(lambda: not requests.get(f"{self.org.url}/sandbox/faults", timeout=10).json()["late"])

    def kept(self, case: str) -> str:
        """The case that a case has become."""
        while case in self.merged:
            case = self.merged[case]
        return case


# --- the claim ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [2, 5])
def test_every_message_stands_once_in_a_case_of_its_conversation(
    seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    chance = random.Random(seed)
    talks = [Talk(key=f"k{n}", events=life(f"k{n}", chance)) for n in range(CONVERSATIONS)]
    texts = {message: text for talk in talks for message, text in expected(talk.events).items()}
    with running(tmp_path_factory.mktemp("chaos"), "--plugin") as org:
        agents = Agents(org, chance)
        injected = drive(org, talks, agents)
        state = org.state()

    rows = [message["fields"] for message in state["messages"]]
    there = {case["Id"]: case for case in state["cases"] if not case["deleted"]}
    keys = {case["Id"]: case["key"] for case in state["cases"]}
    homes: dict[str, set[str]] = {}
    for case, key in keys.items():
        homes.setdefault(key.partition("~")[0], set()).add(agents.kept(case))
    assert sorted(row["External_Id__c"] for row in rows) == sorted(texts)
    assert {row["External_Id__c"]: row["Body__c"] for row in rows} == texts
    assert [row for row in rows if row["Case__c"] not in there and row["External_Id__c"] not in agents.gone] == []
    assert [
        r for r in rows if r["Case__c"] and r["Case__c"] not in homes[r["External_Id__c"].partition("-")[0]]
    ] == []
    assert max(Counter(key for case, key in keys.items() if case in there or case in agents.merged).values()) == 1
    assert [case["key"] for case in there.values() if case["Id"] not in {row["Case__c"] for row in rows}] == []
    assert {case["fields"]["Description"] for case in there.values()} <= set(texts.values())
    assert [case["key"] for case in state["cases"] if case["comments"]] == []
    assert set(injected) == set(FAULTS)


def drive(org: Sandbox, talks: Sequence[Talk], agents: Agents) -> Counter[str]:
    """Work until nothing is left to be done; how often each fault came."""
    crm = org.crm(latest_commit=LATEST_COMMIT, messages="plugin")
    injected: Counter[str] = Counter()
    end = time.monotonic() + 60
    for turn in count():
        assert time.monotonic() < end, "it never came to rest"
        org.order("chaos", seed=turn, rate=RATE, late_seconds=LATE)
        for talk in talks:
            if talk.frozen is None:
                freeze(talk)
        waiting = [talk for talk in talks if talk.frozen]
        if not waiting:
            break
        for i in range(0, len(waiting), BATCH):
            flush(crm, waiting[i : i + BATCH])
        injected += Counter(requests.get(f"{org.url}/sandbox/chaos", timeout=10).json()["injected"])
        org.order("chaos", rate=0)
        agents.work()
    agents.let_all_be_done()
    return injected
