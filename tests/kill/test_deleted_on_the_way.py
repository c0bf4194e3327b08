"""An author deletes a message while the worker that files it lies dead: its text stands nowhere in the end."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from crms import SIDES, Side
from kill_judge import GONE, Said
from kill_scenarios import BLANKING, FAULTS, FIRST, KEY, SCENARIOS, THREAD, Outcome, Scenario, run
from kill_world import World
from postgres import Databases

FIRST_REMOVED = Said(author="ana", thread=THREAD, id="c1", verb="remove")
SECOND_REMOVED = Said(author="ana", thread=THREAD, id="c2", verb="remove")

POINTS = ("work.frozen", "work.sent", "work.settled")


@pytest.mark.parametrize("crm", SIDES, ids=repr)
def test_a_comment_that_is_deleted_on_its_way_stands_nowhere(
    tmp_path: Path, database: str, databases: Databases, crm: Side
) -> None:
    scenario = replace(SCENARIOS["comment"], meanwhile=(SECOND_REMOVED,), story={KEY: ["<ana 1>", GONE]})

    runs = list(product(POINTS, FAULTS[database]))

    outcomes = run_all(tmp_path, databases, crm, scenario, runs)

    assert outcomes == {one: scenario.ends(crm) for one in runs}


@pytest.mark.parametrize("crm", SIDES, ids=repr)
def test_an_opening_text_that_is_deleted_on_its_way_stands_nowhere(
    tmp_path: Path, database: str, databases: Databases, crm: Side
) -> None:
    scenario = replace(
        SCENARIOS["create"], meanwhile=(FIRST_REMOVED,), story={KEY: [GONE, GONE]}, quiet={KEY: [GONE]}
    )

    runs = list(product(POINTS, FAULTS[database]))

    outcomes = run_all(tmp_path, databases, crm, scenario, runs)

    assert outcomes == {one: scenario.ends(crm) for one in runs}


@pytest.mark.parametrize("crm", SIDES, ids=repr)
def test_an_edited_opening_text_is_deleted_with_its_edits(tmp_path: Path, databases: Databases, crm: Side) -> None:
    edited = SCENARIOS["edit"].sent
    scenario = Scenario(before=(FIRST, edited), sent=FIRST_REMOVED, story={KEY: [GONE, GONE]}, calls=BLANKING)

    with databases() as url, World(tmp_path / "world", url, crm) as world:
        outcome = run(world, scenario)

    assert outcome == replace(scenario.ends(crm), killed=None)


def run_all(
    tmp_path: Path, databases: Databases, crm: Side, scenario: Scenario, runs: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], Outcome]:
    """Run a scenario with each point and fault, all at the same time: they mostly wait."""

    def outcome(point: str, fault: str) -> Outcome:
        with databases() as url, World(tmp_path / f"{point}-{fault}", url, crm) as world:
            return run(world, scenario, point=point, last=point != "work.frozen", fault=fault)

    with ThreadPoolExecutor(len(runs)) as pool:
        return dict(zip(runs, pool.map(outcome, *zip(*runs, strict=True)), strict=True))
