"""kill -9 while a job of the CRM's carries many conversations: each text once, in one ticket, in order."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from crms import ZENDESK, Side
from kill_judge import Said, Stories, Verdict, judge, stories
from kill_world import LATE, World
from postgres import Databases

THREAD, OTHER = "10150001_900100", "10150001_900101"
AUTHORS = 7
SHORT = 10.0
"""Seconds that 100 changes take; so few take a fifth of it, and of new tickets half as much more."""
LONG = 40.0  #: the job is at work for longer than a lost answer is waited for
OPENING, ADDING = "tickets/create_many", "tickets/update_many"
CLEAN = Verdict()


@dataclass(frozen=True, slots=True)
class Run:
    """Where a worker is killed. nth: which time it passes there; fault: what becomes of the call for the job."""

    path: str
    point: str
    nth: int = 1
    fault: str = ""
    seconds: float = SHORT


RUNS = (
    Run(OPENING, "work.frozen"),
    Run(OPENING, "work.sent", seconds=LONG),  # it is at work, and nobody knows its name
    Run(OPENING, "work.sent", fault="late_commit"),
    Run(OPENING, "work.settled", fault="lost_answer"),
    Run(OPENING, "work.settled", fault="job_item_failed"),
    Run(OPENING, "work.sent", 2),  # it was asked for
    Run(ADDING, "work.sent", 2, seconds=LONG),  # the first answer is to the reading of the tickets
    Run(ADDING, "work.settled", 2, fault="job_item_failed"),
    Run(ADDING, "work.sent", 3),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a run ended. killed, ledger: exit codes."""

    story: Stories
    verdict: Verdict = CLEAN
    killed: int = -9
    ledger: int = 0
    jobs: bool = True  #: one was made


@pytest.mark.parametrize("crm", [ZENDESK], ids=repr)
def test_a_kill_over_a_job_loses_nothing_and_doubles_nothing(
    tmp_path: Path, databases: Databases, crm: Side
) -> None:
    def outcome(one: Run) -> Outcome:
        name = "-".join((one.path.partition("/")[2], one.point, str(one.nth), one.fault))
        with databases() as url, World(tmp_path / name, url, crm) as world:
            return run(world, one)

    with ThreadPoolExecutor(len(RUNS)) as pool:  # they mostly wait: for leases to end and for jobs
        outcomes = dict(zip(RUNS, pool.map(outcome, RUNS), strict=True))

    assert outcomes == {one: Outcome(story=story(one), jobs=one.point != "work.frozen") for one in RUNS}


def says(number: int, thread: str = THREAD) -> list[Said]:
    """What all of them say in one callback."""
    return [
        Said(author=f"a{n}", thread=thread, id=f"c{number}-{n}", text=f"<a{n} {number}>") for n in range(AUTHORS)
    ]


def second(one: Run) -> list[Said]:
    """What they say when the job is made, once they are known: where they spoke before, or elsewhere."""
    return says(2, OTHER if one.path == OPENING else THREAD)


def story(one: Run) -> Stories:
    """The texts of each case in the end."""
    found: Stories = {}
    for said in (*says(1), *second(one)):
        found.setdefault(said.case, []).append(said.text)
    return found


def run(world: World, one: Run) -> Outcome:
    """Let many conversations go on at the same moment, kill who files them, and wait for the end."""
    world.let_all_be_done()
    helper = world.start_worker()
    world.tell(*says(1))
    world.drain()
    helper.kill()
    world.order("switches", job_seconds=one.seconds)
    if one.fault:
        world.order("faults", fault=one.fault, path=one.path, seconds=LATE)
    before = world.called(one.path)
    killed = world.start_worker(one.point, one.nth)
    world.tell(*second(one))
    code = killed.ended()
    world.start_worker()
    world.drain()
    if one.fault == "late_commit":
        time.sleep(LATE)  # what was taken on is still carried out, and the judge must see it
    cases = world.cases()
    return Outcome(
        story=stories(cases),
        verdict=judge(cases, world.told),
        killed=code,
        ledger=world.command("ledger"),
        jobs=world.called(one.path) > before,
    )
