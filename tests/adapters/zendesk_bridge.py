"""A small bridge that keeps filings as the real one does, and repeats what it must."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from zendesk_account import filing

from adapters.zendesk import Zendesk
from bridge.errors import Paused, RetryLater, Unsure
from bridge.ports import Filing, Known, Outcome, Part, Receipt

NONE: Mapping[str, Any] = {}


def settled(sent: Filing, outcome: Outcome, now: datetime) -> Filing:
    """The filing as the bridge keeps it: without the parts that are in, and under a new op after a receipt."""
    if isinstance(outcome, RetryLater) and outcome.clears:
        anew: dict[str, Any] = {"unsure_since": None, "unsure_last": None, "same_op": False, "job": ""}
        return replace(sent, op=f"{sent.op}+", together=1, **anew)
    unsure = isinstance(outcome, Unsure)
    if isinstance(outcome, Receipt):
        assert not outcome.dropped
        assert not outcome.anew
        unsure = any(isinstance(trouble, Unsure) for trouble in outcome.failed.values())
        parts = tuple(p for p in sent.parts if p.key in outcome.failed)
        sent = replace(sent, known=outcome.known, parts=parts, op=f"{sent.op}+", same_op=False, job="")
    if unsure:
        first = sent.unsure_since is None
        sent = replace(sent, unsure_since=sent.unsure_since or now, unsure_last=now, same_op=first or sent.same_op)
        sent = replace(sent, job=outcome.job if isinstance(outcome, Unsure) else "")
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


def file_all(
    crm: Zendesk,
    waiting: dict[str, list[Part]],
    known: dict[str, Known],
    *,
    batch: int,
    changes: Mapping[str, Any] = NONE,
) -> dict[str, str]:
    """File everything, so many filings at once, whatever it takes; part key -> refs.

    changes: what later messages change of a ticket.
    """
    frozen: dict[str, Filing] = {}
    refs: dict[str, str] = {}
    end = time.monotonic() + 60
    while any(waiting.values()) or frozen:
        assert time.monotonic() < end, "it never came to rest"
        for key, parts in waiting.items():  # what waits is frozen in threes, and a frozen filing takes no more
            if key not in frozen and parts:
                more = changes if known[key].case_id else NONE
                frozen[key] = filing(key, *parts[:3], known=known[key], together=batch, **more)
                del parts[:3]
        sent = list(frozen.values())
        after = [one for i in range(0, len(sent), batch) for one in flush(crm, sent[i : i + batch], refs)]
        known |= {one.key: one.known for one in after}
        frozen = {one.key: one for one in after if one.parts}
    return refs
