"""kill -9 at every named point, whatever is on its way and whatever becomes of its call: nothing lost or twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

import pytest
from kill_scenarios import ANSWERED, FAULTS, RECEIVER, SCENARIOS, WORKER, Outcome, run
from kill_world import World


@pytest.mark.parametrize(
    ("point", "last"),
    [*((point, False) for point in (*RECEIVER, *WORKER)), *((point, True) for point in ANSWERED)],
)
def test_a_kill_loses_nothing_and_doubles_nothing(tmp_path: Path, template: Path, point: str, last: bool) -> None:
    runs = list(product(SCENARIOS, FAULTS))

    def outcome(name: str, fault: str) -> Outcome:
        with World(tmp_path / f"{name}-{fault}", template) as world:
            return run(world, SCENARIOS[name], point=point, last=last, fault=fault)

    with ThreadPoolExecutor(len(runs)) as pool:  # they mostly wait: for leases to end and for late commits
        outcomes = dict(zip(runs, pool.map(outcome, *zip(*runs, strict=True)), strict=True))

    assert outcomes == {one: Outcome(story=SCENARIOS[one[0]].story) for one in runs}
