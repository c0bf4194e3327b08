"""A small bridge that repeats what it must, against an account that fails at random: each text once, in order."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from zendesk_account import filing, part, running, texts

from adapters.zendesk import Zendesk
from bridge.errors import Paused, RetryLater, Unsure
from bridge.ports import Filing, Outcome, Receipt

TICKETS, MESSAGES, BATCH = 16, 9, 4
LONG = 4  #: the first ticket's message of three comments
LATEST_COMMIT = 1.0  #: seconds; the sandbox commits at most 0.2 s late


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


def flush(crm: Zendesk, filings: list[Filing]) -> list[Filing]:
    """Send once; what came of each."""
    outcomes: dict[int, Outcome] = {}
    try:
        for step in crm.file(filings, now=datetime.now(UTC)):
            outcomes |= dict(step)
    except (RetryLater, Paused):
        pass
    now = datetime.now(UTC)
    return [settled(one, outcomes[i], now) if i in outcomes else one for i, one in enumerate(filings)]


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_lost_or_doubled_whatever_fails(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    keys = [f"k{n}" for n in range(TICKETS)]
    with running(tmp_path_factory.mktemp("chaos")) as account:
        account.order("switches", limits=False)
        ada = account.user("1:a")
        waiting = {
            key: [part(f"{key}-{n}", f"{n}", public=bool(n % 2), person=ada) for n in range(MESSAGES)]
            for key in keys
        }
        waiting[keys[0]][LONG] = part(f"{keys[0]}-{LONG}", "x" * 130_000, person=ada)
        account.order("chaos", seed=seed, rate=0.06, late_seconds=[0.05, 0.2])
        crm = account.crm(latest_commit=LATEST_COMMIT)
        frozen: dict[str, Filing] = {}
        known = {key: filing(key, waiting[key][0]).known for key in keys}
        end = time.monotonic() + 60
        while any(waiting.values()) or frozen:
            assert time.monotonic() < end, "it never came to rest"
            for key in keys:  # what waits is frozen in threes, and a frozen filing takes no more
                if key not in frozen and waiting[key]:
                    frozen[key] = filing(key, *waiting[key][:3], known=known[key])
                    del waiting[key][:3]
            sent = list(frozen.values())
            after = [one for i in range(0, len(sent), BATCH) for one in flush(crm, sent[i : i + BATCH])]
            known |= {one.key: one.known for one in after}
            frozen = {one.key: one for one in after if one.parts}
        tickets = account.tickets()

    assert Counter(ticket["external_id"] for ticket in tickets) == Counter(keys)
    for ticket in tickets:
        said = [text[:6] for comment in ticket["comments"] for text in texts(comment["html_body"])]
        short = [str(n) for n in range(MESSAGES)]
        long = [*short[:LONG], *(f"({n}/3) " for n in (1, 2, 3)), *short[LONG + 1 :]]
        assert said == (long if ticket["external_id"] == keys[0] else short)
