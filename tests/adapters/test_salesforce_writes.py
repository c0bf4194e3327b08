"""Every call of a flush, its answer lost or its work done late: it ends as if nothing had happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests
from salesforce_org import NOW, Sandbox, filing, opened, part, post, receipts, running, send, wait_for

from adapters.salesforce import Salesforce
from bridge.errors import RetryLater, Unsure
from bridge.message import DELETED_TEXT
from bridge.ports import Filing, Known, Outcome, Raise, Receipt, Reopen

DAY = 86_400
AT_ONCE, LATEST_COMMIT = timedelta(minutes=1), timedelta(minutes=10)
FAULTS: Mapping[str, Mapping[str, Any]] = {"lost_answer": {}, "late_commit": {"seconds": 0.1}}
ROUNDS = 8


@pytest.fixture(scope="module", params=["plugin", "comments"])
def process(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    options = ["--plugin"] if request.param == "plugin" else []
    with running(tmp_path_factory.mktemp(request.param), *options) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def crm(process: Sandbox) -> Salesforce:
    return process.crm(latest_commit=LATEST_COMMIT.total_seconds())


@pytest.fixture
def org(process: Sandbox) -> Sandbox:
    process.order("reset")
    return process


# --- what is sent ---------------------------------------------------------------------------------------------


def closed(org: Sandbox, crm: Salesforce, *, days: int) -> Known:
    """A case that was closed so long ago."""
    org.order("clock", offset_seconds=-days * DAY)
    known = opened(crm, "k")
    org.close_case(known.case_id)
    org.order("clock", offset_seconds=0)
    return known


def new_case(_org: Sandbox, _crm: Salesforce) -> Filing:
    return filing("k", post("m2", "two"), post("m3", "three"))


def known_case(_org: Sandbox, crm: Salesforce) -> Filing:
    return filing("k", post("m2", "two"), post("m3", "three"), known=opened(crm, "k"))


def open_case(_org: Sandbox, crm: Salesforce) -> Filing:
    """One that the org has told to be open."""
    return filing("k", post("m2", "two"), known=replace(opened(crm, "k"), status="open"))


def note(_org: Sandbox, crm: Salesforce) -> Filing:
    return filing("k", part("n2", "Hidden.", opens=False), known=opened(crm, "k"))


def reopened_case(org: Sandbox, crm: Salesforce) -> Filing:
    reopen = Reopen(within=timedelta(days=14), set={"Status": "Reopened"})
    return filing("k", post("m2", "two"), known=closed(org, crm, days=3), reopen=reopen)


def next_case(org: Sandbox, crm: Salesforce) -> Filing:
    """What was sent ahead is moved to it."""
    return filing("k", post("m2", "two"), post("m3", "three"), known=closed(org, crm, days=60))


def raised_and_assigned_case(org: Sandbox, crm: Salesforce) -> Filing:
    raises = {"Priority": Raise(value="High", order=("Low", "Medium", "High"))}
    given = {"OwnerId": org.user("Anna Agent")}
    return filing("k", post("m2", "two"), known=opened(crm, "k"), raises=raises, assign=given)


def someone_elses_case(org: Sandbox, crm: Salesforce) -> Filing:
    """It has our key, and was there before the message was."""
    org.order("clock", offset_seconds=-DAY)
    opened(crm, "k")
    org.order("clock", offset_seconds=0)
    return filing("k", post("m2", "two"), post("m3", "three"))


def edits(_org: Sandbox, crm: Salesforce) -> Filing:
    [there] = receipts(send(crm, filing("k", post("m1", "old"), post("m2", "older"))))
    row, notes = {"Description": "new"}, there.known.notes
    first = post("m1e", "new", act="edit", opens=False, ref=there.refs["m1"], row=row, notes=notes)
    second = post("m2e", "newer", act="edit", opens=False, ref=there.refs["m2"])
    return filing("k", first, second, known=there.known, create={})


def deletions(_org: Sandbox, crm: Salesforce) -> Filing:
    [there] = receipts(send(crm, filing("k", post("m1", "old"), post("m2", "older"))))
    row, notes = {"Description": DELETED_TEXT}, there.known.notes
    first = part("m1d", "", act="delete", opens=False, ref=there.refs["m1"], row=row, notes=notes)
    second = part("m2d", "", act="delete", opens=False, ref=there.refs["m2"], case_id=there.known.case_id)
    return filing("k", first, second, known=there.known, create={})


WAYS: Mapping[str, Callable[[Sandbox, Salesforce], Filing]] = {
    way.__name__: way
    for way in (
        new_case,
        known_case,
        open_case,
        note,
        reopened_case,
        next_case,
        raised_and_assigned_case,
        someone_elses_case,
        edits,
        deletions,
    )
}


# --- what becomes of it ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class End:
    """How a filing ended that was repeated as the bridge repeats it."""

    refs: frozenset[str]  #: the parts that are filed
    waited: timedelta
    standing: Any


def repeated(org: Sandbox, crm: Salesforce, sent: Filing) -> End:
    """Send until nothing is left, on a clock that only waits when it is told to."""
    now, refs = NOW, set[str]()
    for _ in range(ROUNDS):
        outcome = attempted(crm, sent, now)
        after, unsure = _troubles(outcome)
        if isinstance(outcome, Receipt):
            assert (outcome.dropped, outcome.anew) == ({}, frozenset())
            refs |= outcome.refs.keys()
            sent = replace(
                sent, known=outcome.known, parts=tuple(p for p in sent.parts if p.key in outcome.failed)
            )
        if not sent.parts or after >= LATEST_COMMIT - AT_ONCE:
            wait_for(lambda: not requests.get(f"{org.url}/sandbox/faults", timeout=10).json()["late"])
        if not sent.parts:
            return End(refs=frozenset(refs), waited=now - NOW, standing=standing(org))
        if unsure:
            sent = replace(sent, unsure_since=sent.unsure_since or now, unsure_last=now)
        now += after
    raise AssertionError(f"it never came to an end: {outcome!r}")


def attempted(crm: Salesforce, sent: Filing, now: datetime) -> Outcome:
    """The outcome of one attempt."""
    outcome: Outcome | None = None
    try:
        for step in crm.file([sent], now=now):
            outcome = next((told for _, told in step), outcome)
    except RetryLater as error:
        return outcome or error
    assert outcome
    return outcome


def _troubles(outcome: Outcome) -> tuple[timedelta, bool]:
    """How long to wait, and whether anything may have been applied."""
    found = list(outcome.failed.values()) if isinstance(outcome, Receipt) else [outcome]
    waits = [trouble for trouble in found if isinstance(trouble, (RetryLater, Unsure))]
    assert len(waits) == len(found), found
    return max((t.after for t in waits), default=timedelta(0)), any(isinstance(t, Unsure) for t in waits)


def standing(org: Sandbox) -> Any:
    """All cases with what is said in them, and all messages, without the ids."""
    state = org.state()
    keys = {case["Id"]: case["key"] for case in state["cases"]}
    names = ("Subject", "Description", "Status", "Priority", "OwnerId")
    cases = [
        (
            case["key"],
            [case["fields"][name] for name in names],
            sorted(comment["body"].rsplit("\n", 1)[0] for comment in case["comments"]),
        )
        for case in state["cases"]
    ]
    shown = ("External_Id__c", "Body__c", "Status__c", "Conversation_Key__c")
    messages = [
        (*(one["fields"][name] for name in shown), keys[one["fields"]["Case__c"]]) for one in state["messages"]
    ]
    return cases, sorted(messages)


def calls(org: Sandbox) -> int:
    return org.data_calls().get("POST composite", 0)


@pytest.mark.parametrize("way", WAYS)
def test_no_call_that_fails_loses_or_doubles_anything(org: Sandbox, crm: Salesforce, way: str) -> None:
    sent = WAYS[way](org, crm)
    before = calls(org)
    untroubled = repeated(org, crm, sent)
    most = calls(org) - before

    for fault, more in FAULTS.items():
        for n in range(most):
            org.order("reset")
            sent = WAYS[way](org, crm)
            org.fault(fault, path="composite", after=n, **more)
            troubled = repeated(org, crm, sent)
            assert replace(troubled, waited=timedelta(0)) == untroubled, (fault, n)
            # A message has a key of its own, and a text that is blanked twice is blank: only a comment has to
            # wait, and an edit, which may be followed by the next.
            patient = not org.state()["messages"] or way == "edits"
            assert troubled.waited <= (LATEST_COMMIT if patient else AT_ONCE), (fault, n)
