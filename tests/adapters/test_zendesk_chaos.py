"""A small bridge that repeats what it must, against an account that fails at random: each text once, in order."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from zendesk_account import Sandbox, filing, part, running, texts

from adapters.zendesk import Zendesk
from bridge.errors import Paused, RetryLater, Unsure
from bridge.fetching import File
from bridge.message import Attachment
from bridge.ports import Filing, Known, Outcome, Part, Raise, Receipt
from bridge.sandbox.zendesk.shapes import GROUP

TICKETS, MESSAGES, BATCH = 8, 8, 4
PICTURED, EDITED = 3, 2  #: the message with a file, and the one that is edited in the end
FILES = ["Files of this message:"]
CHANGES: Mapping[str, Any] = {
    "assign": {"group_id": str(GROUP + 1)},
    "raises": {"priority": Raise(value="high", order=("low", "high"))},
}
LONG = 4  #: the first ticket's message of three comments
LATEST_COMMIT = 0.5  #: seconds; the sandbox commits at most 0.2 s late


def settled(sent: Filing, outcome: Outcome, now: datetime) -> Filing:
    """The filing as the bridge keeps it: without the parts that are in, and under a new op after a receipt."""
    unsure = isinstance(outcome, Unsure)
    if isinstance(outcome, Receipt):
        assert not outcome.dropped
        assert not outcome.anew
        unsure = any(isinstance(trouble, Unsure) for trouble in outcome.failed.values())
        parts = tuple(p for p in sent.parts if p.key in outcome.failed)
        sent = replace(sent, known=outcome.known, parts=parts, op=f"{sent.op}+", same_op=False)
    if unsure:
        first = sent.unsure_since is None
        sent = replace(sent, unsure_since=sent.unsure_since or now, unsure_last=now, same_op=first or sent.same_op)
    return sent


def flush(crm: Zendesk, filings: list[Filing], refs: dict[str, str]) -> list[Filing]:
    """Send once; what came of each."""
    outcomes: dict[int, Outcome] = {}
    try:
        for step in crm.file(filings, now=datetime.now(UTC)):
            outcomes |= dict(step)
    except (RetryLater, Paused):
        pass
    now = datetime.now(UTC)
    for outcome in outcomes.values():
        refs |= outcome.refs if isinstance(outcome, Receipt) else {}
    return [settled(one, outcomes[i], now) if i in outcomes else one for i, one in enumerate(filings)]


def file_all(crm: Zendesk, waiting: dict[str, list[Part]], known: dict[str, Known]) -> dict[str, str]:
    """File everything, whatever it takes; part key -> refs."""
    frozen: dict[str, Filing] = {}
    refs: dict[str, str] = {}
    end = time.monotonic() + 60
    while any(waiting.values()) or frozen:
        assert time.monotonic() < end, "it never came to rest"
        for key, parts in waiting.items():  # what waits is frozen in threes, and a frozen filing takes no more
            if key not in frozen and parts:
                changes = CHANGES if known[key].case_id else {}
                frozen[key] = filing(key, *parts[:3], known=known[key], **changes)
                del parts[:3]
        sent = list(frozen.values())
        after = [one for i in range(0, len(sent), BATCH) for one in flush(crm, sent[i : i + BATCH], refs)]
        known |= {one.key: one.known for one in after}
        frozen = {one.key: one for one in after if one.parts}
    return refs


def fetch(url: str, *, patience: timedelta) -> File:
    """A host that never fails: the account does."""
    del patience
    return File(content=url.encode(), type="text/plain", name="picture.txt")


def messages(account: Sandbox, keys: list[str]) -> dict[str, list[Part]]:
    ada = account.user("1:a")
    waiting = {
        key: [part(f"{key}-{n}", f"{n}", public=bool(n % 2), person=ada) for n in range(MESSAGES)] for key in keys
    }
    waiting[keys[0]][LONG] = part(f"{keys[0]}-{LONG}", "x" * 130_000, person=ada)
    for parts in waiting.values():
        picture = Attachment(kind="image", url="https://example.org/picture")
        parts[PICTURED] = replace(parts[PICTURED], files=(picture,))
    return waiting


def edit(key: str, refs: Mapping[str, str], known: Known) -> Part:
    target = f"{key}-{EDITED}"
    return part(f"{target}:edited", "anew", act="edit", opens=False, ref=refs[target], case_id=known.case_id)


@pytest.mark.parametrize("seed", [1])
def test_nothing_is_lost_or_doubled_whatever_fails(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    keys = [f"k{n}" for n in range(TICKETS)]
    with running(tmp_path_factory.mktemp("chaos")) as account:
        account.order("switches", limits=False)
        waiting = messages(account, keys)
        known = {key: filing(key, waiting[key][0]).known for key in keys}
        account.order("chaos", seed=seed, rate=0.06, late_seconds=[0.05, 0.2])
        crm = account.crm(latest_commit=LATEST_COMMIT, fetch=fetch)

        refs = file_all(crm, waiting, known)
        file_all(crm, {key: [edit(key, refs, known[key])] for key in keys}, known)
        tickets = account.tickets()

    assert Counter(ticket["external_id"] for ticket in tickets) == Counter(keys)
    for ticket in tickets:
        comments = [texts(comment["html_body"]) for comment in ticket["comments"]]
        said = [text[:6] for comment in comments if comment != FILES for text in comment]
        short = [str(n) for n in range(MESSAGES)]
        short[EDITED] = "▇"
        long = [*short[:LONG], *(f"({n}/3) " for n in (1, 2, 3)), *short[LONG + 1 :]]
        assert said == [*(long if ticket["external_id"] == keys[0] else short), "Edited"]
        assert (comments.count(FILES), len(ticket["files"])) == (1, 1)
        assert [ticket["fields"][name] for name in ("group_id", "priority")] == [GROUP + 1, "high"]
