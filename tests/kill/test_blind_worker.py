"""The harness itself: over a worker that resends blindly, the same judge must report duplicates."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from crms import PLUGIN, SALESFORCE, ZENDESK, Side
from kill_judge import Verdict
from kill_scenarios import SCENARIOS, run
from kill_world import World


@pytest.mark.parametrize(
    ("crm", "scenario", "point", "fault", "twice"),
    [
        (SALESFORCE, "comment", "", "lost_answer", "<ana 2>"),
        (SALESFORCE, "comment", "", "late_commit", "<ana 2>"),
        (SALESFORCE, "comment", "work.sent", "", "<ana 2>"),
        (SALESFORCE, "create", "", "lost_answer", "<ana 1>"),
        (SALESFORCE, "create", "work.sent", "", "<ana 1>"),
        (SALESFORCE, "episode", "work.sent", "", "<ana 2>"),
        (SALESFORCE, "edit", "work.sent", "", "<ana 1, edited>"),
        # A ticket's Idempotency-Key is no question: even a blind worker cannot open a second one with it.
        (ZENDESK, "comment", "", "lost_answer", "<ana 2>"),
        (ZENDESK, "comment", "work.sent", "", "<ana 2>"),
        (ZENDESK, "edit", "work.sent", "", "<ana 1, edited>"),
    ],
)
def test_a_worker_that_resends_blindly_is_found_out(
    tmp_path: Path, template: Path, crm: Side, scenario: str, point: str, fault: str, twice: str
) -> None:
    with World(tmp_path / "world", f"sqlite:///{shutil.copy(template, tmp_path)}", crm) as world:
        outcome = run(world, SCENARIOS[scenario], point=point, last=True, fault=fault, kind="blind")

    assert outcome.verdict == Verdict(twice=(twice,))


def test_even_a_blind_worker_doubles_no_message_that_has_a_key(tmp_path: Path, template: Path) -> None:
    with World(tmp_path / "world", f"sqlite:///{shutil.copy(template, tmp_path)}", PLUGIN) as world:
        outcome = run(world, SCENARIOS["comment"], fault="late_commit", kind="blind")

    assert outcome.verdict == Verdict()


@pytest.mark.parametrize(("crm", "twice"), [(SALESFORCE, ("<ana 2>",)), (ZENDESK, ())], ids=repr)
def test_a_worker_that_does_not_wait_for_late_commits_is_found_out(
    tmp_path: Path, template: Path, crm: Side, twice: tuple[str, ...]
) -> None:
    with World(tmp_path / "world", f"sqlite:///{shutil.copy(template, tmp_path)}", crm) as world:
        outcome = run(world, SCENARIOS["comment"], fault="late_commit", kind="hasty")

    # Zendesk itself refuses the late one: it was guarded with the ticket as it was before.
    assert outcome.verdict == Verdict(twice=twice)
