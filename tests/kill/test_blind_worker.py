"""The harness itself: over a worker that resends blindly, the same judge must report duplicates."""

from __future__ import annotations

from pathlib import Path

import pytest
from kill_judge import Verdict
from kill_scenarios import SCENARIOS, run
from kill_world import World


@pytest.mark.parametrize(
    ("scenario", "point", "fault", "twice"),
    [
        ("comment", "", "lost_answer", "<ana 2>"),
        ("comment", "", "late_commit", "<ana 2>"),
        ("comment", "work.sent", "", "<ana 2>"),
        ("create", "", "lost_answer", "<ana 1>"),
        ("create", "work.sent", "", "<ana 1>"),
        ("episode", "work.sent", "", "<ana 2>"),
        ("edit", "work.sent", "", "<ana 1, edited>"),
    ],
)
def test_a_worker_that_resends_blindly_is_found_out(
    tmp_path: Path, template: Path, scenario: str, point: str, fault: str, twice: str
) -> None:
    with World(tmp_path / "world", template) as world:
        outcome = run(world, SCENARIOS[scenario], point=point, last=True, fault=fault, kind="blind")

    assert outcome.verdict == Verdict(twice=(twice,))


def test_a_worker_that_does_not_wait_for_late_commits_is_found_out(tmp_path: Path, template: Path) -> None:
    with World(tmp_path / "world", template) as world:
        outcome = run(world, SCENARIOS["comment"], fault="late_commit", kind="hasty")

    assert outcome.verdict == Verdict(twice=("<ana 2>",))
