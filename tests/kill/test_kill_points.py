"""kill -9 at every named point, whatever is on its way and whatever becomes of its call: nothing lost or twice."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from crms import SALESFORCE, SIDES, Side
from kill_scenarios import FAULTS, RECEIVER, SCENARIOS, UNSENT, Outcome, run
from kill_world import World
from postgres import Databases

UNSENT_SCENARIOS = ("create", "comment", "delete")
SENT_SCENARIOS = {"sqlite": tuple(SCENARIOS), "postgresql": UNSENT_SCENARIOS}
"""What a CRM does is tried on one database; what it leaves behind there is the same for the kinds of calls."""
COMMENTED = ("comment", "delete")
"""What becomes a comment where there is no plugin; the rest goes the same way as with it."""


@pytest.mark.parametrize("crm", SIDES, ids=repr)
@pytest.mark.parametrize("point", [*RECEIVER, *UNSENT])
def test_a_kill_before_anything_is_frozen_loses_nothing_and_doubles_nothing(
    tmp_path: Path, databases: Databases, crm: Side, point: str
) -> None:
    outcomes = run_all(tmp_path, databases, crm, list(product(UNSENT_SCENARIOS, [""])), point=point)

    assert outcomes == {(name, ""): SCENARIOS[name].ends(crm) for name in UNSENT_SCENARIOS}


@pytest.mark.parametrize("crm", SIDES, ids=repr)
@pytest.mark.parametrize(
    ("point", "last"),
    [("work.frozen", False), ("work.sent", False), ("work.sent", True), ("work.settled", True)],
)
def test_a_kill_while_it_is_sent_loses_nothing_and_doubles_nothing(
    tmp_path: Path, database: str, databases: Databases, crm: Side, point: str, last: bool
) -> None:
    runs = list(product(SENT_SCENARIOS[database], FAULTS[database]))

    outcomes = run_all(tmp_path, databases, crm, runs, point=point, last=last)

    assert outcomes == {(name, fault): SCENARIOS[name].ends(crm) for name, fault in runs}


@pytest.mark.parametrize("crm", [SALESFORCE], ids=repr)
def test_a_kill_while_a_comment_is_sent_loses_nothing_and_doubles_nothing(
    tmp_path: Path, database: str, databases: Databases, crm: Side
) -> None:
    runs = list(product(COMMENTED, FAULTS[database]))

    outcomes = run_all(tmp_path, databases, crm, runs, point="work.sent", last=True)

    assert outcomes == {(name, fault): SCENARIOS[name].ends(crm) for name, fault in runs}


def run_all(
    tmp_path: Path, databases: Databases, crm: Side, runs: Sequence[tuple[str, str]], **how: Any
) -> dict[tuple[str, str], Outcome]:
    """Run scenarios with their faults, each in a world of its own and all at the same time."""

    def outcome(name: str, fault: str) -> Outcome:
        with databases() as url, World(tmp_path / f"{name}-{fault}", url, crm) as world:
            return run(world, SCENARIOS[name], fault=fault, **how)

    with ThreadPoolExecutor(len(runs)) as pool:  # they mostly wait: for leases to end and for late commits
        return dict(zip(runs, pool.map(outcome, *zip(*runs, strict=True)), strict=True))
