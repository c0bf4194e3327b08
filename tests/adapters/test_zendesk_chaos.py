"""A small bridge that repeats what it must, against an account that fails at random: each text once, in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from zendesk_account import Sandbox, filing, part, running, texts
from zendesk_bridge import file_all

from adapters.zendesk.plan import MOST_SINGLE
from bridge.fetching import File
from bridge.message import Attachment
from bridge.ports import Known, Part, Raise
from bridge.sandbox.zendesk.shapes import GROUP

TICKETS, MESSAGES = 8, 8
PICTURED, EDITED = 3, 2  #: the message with a file, and the one that is edited in the end
FILES = ["Files of this message:"]
CHANGES: Mapping[str, Any] = {
    "assign": {"group_id": str(GROUP + 1)},
    "raises": {"priority": Raise(value="high", order=("low", "high"))},
}
LONG = 4  #: the first ticket's message of three comments
LATEST_COMMIT = 0.5  #: seconds; the sandbox commits at most 0.2 s late
HARMS: Sequence[Mapping[str, Any]] = (
    {"fault": "job_item_failed", "after": 0, "index": 1, "items": 3},
    {"fault": "job_failed", "after": 2},
    {"fault": "job_lost", "after": 3},
    {"fault": "job_dropped", "after": 4},
)
"""What befalls the jobs that are made: with eight tickets there are about six."""


def fetch(url: str, *, patience: timedelta) -> File:
    """A host that never fails: the account does."""
    del patience
    return File(content=url.encode(), type="text/plain", name="picture.txt")


def messages(account: Sandbox, keys: list[str], *, alike: int) -> dict[str, list[Part]]:
    """What is said in each conversation; alike: so many in a row are public, or not, and fit into one comment."""
    ada = account.user("1:a")
    waiting = {
        key: [part(f"{key}-{n}", f"{n}", public=bool(n // alike % 2), person=ada) for n in range(MESSAGES)]
        for key in keys
    }
    waiting[keys[0]][LONG] = part(f"{keys[0]}-{LONG}", "x" * 130_000, person=ada)
    for parts in waiting.values():
        picture = Attachment(kind="image", url="https://example.org/picture")
        parts[PICTURED] = replace(parts[PICTURED], files=(picture,))
    return waiting


def edit(key: str, refs: Mapping[str, str], known: Known) -> Part:
    target = f"{key}-{EDITED}"
    return part(f"{target}:edited", "anew", act="edit", opens=False, ref=refs[target], case_id=known.case_id)


@pytest.mark.parametrize(("seed", "batch", "alike"), [(1, 4, 1), (2, TICKETS, 3)], ids=["one by one", "in jobs"])
def test_nothing_is_lost_or_doubled_whatever_fails(
    seed: int, batch: int, alike: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    keys = [f"k{n}" for n in range(TICKETS)]
    with running(tmp_path_factory.mktemp("chaos")) as account:
        account.order("switches", limits=False, job_seconds=0.5)
        waiting = messages(account, keys, alike=alike)
        known = {key: filing(key, waiting[key][0]).known for key in keys}
        account.order("chaos", seed=seed, rate=0.06, late_seconds=[0.05, 0.2])
        for harm in HARMS:
            account.order("faults", **harm)
        crm = account.crm(latest_commit=LATEST_COMMIT, fetch=fetch)

        refs = file_all(crm, waiting, known, batch=batch, changes=CHANGES)
        file_all(crm, {key: [edit(key, refs, known[key])] for key in keys}, known, batch=batch, changes=CHANGES)
        tickets = account.tickets()
        jobs = sum(n for name, n in account.data_calls().items() if name.endswith(("create_many", "update_many")))

    assert Counter(ticket["external_id"] for ticket in tickets) == Counter(keys)
    assert bool(jobs) == (batch > MOST_SINGLE)
    for ticket in tickets:
        comments = [texts(comment["html_body"]) for comment in ticket["comments"]]
        said = [text[:6] for comment in comments if comment != FILES for text in comment]
        short = [str(n) for n in range(MESSAGES)]
        short[EDITED] = "▇"
        long = [*short[:LONG], *(f"({n}/3) " for n in (1, 2, 3)), *short[LONG + 1 :]]
        assert said == [*(long if ticket["external_id"] == keys[0] else short), "Edited"]
        assert (comments.count(FILES), len(ticket["files"])) == (1, 1)
        assert [ticket["fields"][name] for name in ("group_id", "priority")] == [GROUP + 1, "high"]
