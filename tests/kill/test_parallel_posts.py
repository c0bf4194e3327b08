"""Many callbacks at the same moment and four workers: one case for one author, ten for ten."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from crms import SIDES, Side
from kill_judge import Said, Verdict, judge, stories
from kill_world import World
from postgres import Databases
from sqlalchemy import select

from bridge.store.tables import item

THREAD = "10150001_900100"


@pytest.mark.parametrize("crm", SIDES, ids=repr)
def test_ten_posts_of_one_author_at_once_become_one_case_in_the_ledgers_order(
    tmp_path: Path, databases: Databases, crm: Side
) -> None:
    said = [
        Said(author="ana", thread=THREAD, id=f"c{n}", text=f"<{n}>", under="900100_42" if n % 2 else "")
        for n in range(10)
    ]

    with databases() as url, World(tmp_path / "world", url, crm) as world:
        all_at_once(world, said)
        found, exit_code = stories(world.cases()), world.command("ledger")
        with world.store.read() as c:
            ledger = c.execute(select(item.c.message_id).order_by(item.c.id)).scalars().all()

    assert sorted(ledger) == [one.id for one in said]
    assert found == {said[0].case: [f"<{name.removeprefix('c')}>" for name in ledger]}
    assert exit_code == 0


@pytest.mark.parametrize("crm", SIDES, ids=repr)
def test_ten_authors_in_one_thread_at_once_become_ten_cases(
    tmp_path: Path, databases: Databases, crm: Side
) -> None:
    said = [Said(author=f"a{n}", thread=THREAD, id=f"c{n}", text=f"<{n}>") for n in range(10)]

    with databases() as url, World(tmp_path / "world", url, crm) as world:
        all_at_once(world, said)
        cases, exit_code = world.cases(), world.command("ledger")

    assert stories(cases) == {one.case: [one.text] for one in said}
    assert judge(cases, said) == Verdict()
    assert exit_code == 0


def all_at_once(world: World, said: list[Said]) -> None:
    for _ in range(4):
        world.start_worker()
    with ThreadPoolExecutor(len(said)) as pool:
        list(pool.map(world.tell, said))
    world.drain()
