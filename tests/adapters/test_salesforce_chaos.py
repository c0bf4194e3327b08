"""A small bridge that repeats what it must, against an org that fails at random: nothing lost, nothing twice."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from salesforce_org import filing, part, running

from adapters.salesforce import Salesforce
from bridge.errors import Paused, RetryLater, Unsure
from bridge.fetching import File
from bridge.message import Attachment
from bridge.ports import Filing, Outcome, Raise, Receipt

CASES, MESSAGES, BATCH = 16, 9, 3
LATEST_COMMIT = 1.5  #: seconds; the sandbox commits at most 0.2 s late
RAISES = {"Priority": Raise(value="High", order=("Low", "Medium", "High"))}


def files(n: int) -> tuple[Attachment, ...]:
    """The first message brings a picture."""
    return () if n else (Attachment(kind="image", url=f"https://pictures.example/{n}.png"),)


def fetch(url: str, **_: Any) -> File:
    return File(content=b"picture", type="image/png", name=url.rpartition("/")[2])


def settled(sent: Filing, outcome: Outcome, now: datetime) -> Filing:
    """The filing as the bridge keeps it: without the parts that are in."""
    unsure = isinstance(outcome, Unsure)
    if isinstance(outcome, Receipt):
        assert not outcome.dropped
        unsure = any(isinstance(trouble, Unsure) for trouble in outcome.failed.values())
        parts = tuple(p for p in sent.parts if p.key in outcome.failed)
        sent = replace(sent, known=outcome.known, parts=parts)
    if unsure:
        sent = replace(sent, unsure_since=sent.unsure_since or now, unsure_last=now)
    return sent


def flush(crm: Salesforce, filings: list[Filing]) -> list[Filing]:
    """Send once; what came of each."""
    outcomes: dict[int, Outcome] = {}
    try:
        for step in crm.file(filings, now=datetime.now(UTC)):
            outcomes |= dict(step)
    except (RetryLater, Paused):
        pass
    now = datetime.now(UTC)
    return [settled(one, outcomes[i], now) if i in outcomes else one for i, one in enumerate(filings)]


@pytest.mark.parametrize("seed", [1])
def test_nothing_is_lost_or_doubled_whatever_fails(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    keys = [f"k{n}" for n in range(CASES)]
    waiting = {key: [part(f"{key}-{n}", f"{n}", files=files(n)) for n in range(MESSAGES)] for key in keys}
    with running(tmp_path_factory.mktemp("chaos")) as org:
        anna = org.user("Anna Agent")
        org.order("chaos", seed=seed, rate=0.08, late_seconds=[0.05, 0.2])
        crm = org.crm(latest_commit=LATEST_COMMIT, fetch=fetch)
        frozen: dict[str, Filing] = {}
        known = {key: filing(key, waiting[key][0]).known for key in keys}
        end = time.monotonic() + 60
        while any(waiting.values()) or frozen:
            assert time.monotonic() < end, "it never came to rest"
            for key in keys:  # what waits is frozen in threes, and a frozen filing takes no more
                if key not in frozen and waiting[key]:
                    later = {"raises": RAISES, "assign": {"OwnerId": anna}} if known[key].case_id else {}
                    frozen[key] = filing(key, *waiting[key][:3], known=known[key], **later)
                    del waiting[key][:3]
            sent = list(frozen.values())
            after = [one for i in range(0, len(sent), BATCH) for one in flush(crm, sent[i : i + BATCH])]
            known |= {one.key: one.known for one in after}
            frozen = {one.key: one for one in after if one.parts}
        cases = org.cases()

    assert Counter(case["key"] for case in cases) == Counter(keys)
    for case in cases:
        texts = [case["fields"]["Description"], *(comment["body"].split("\n")[0] for comment in case["comments"])]
        assert sorted(texts) == [str(n) for n in range(MESSAGES)]
        assert sorted(file["name"] for file in case["files"]) == ["0.png"]
        assert (case["fields"]["Priority"], case["fields"]["OwnerId"]) == ("High", anna)
