"""Many at once: several workers and parallel callbacks, and still one case with each text once and in order."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import road
from crms import SIDES, Side
from postgres import Databases
from road import PAGE, Road, comment, comments

TEN = range(10)


@pytest.fixture(scope="module", params=SIDES, ids=repr)
def running(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Road]:
    crm: Side = request.param
    folder = tmp_path_factory.mktemp("parallel")
    with databases() as url:
        env = road.configure(folder, crm=crm, database_url=url)
        with road.road(folder, env, crm=crm, workers=4) as found:
            yield found


def at_once(running: Road, values: Sequence[Any]) -> None:
    """Post one callback for each comment, all at the same time, and wait until everything has settled."""
    with ThreadPoolExecutor(len(values)) as pool:
        bodies = [{"object": "page", "entry": [comments(value)]} for value in values]
        answers = list(pool.map(running.post, bodies))
    running.settle()
    assert set(answers) == {200}


def test_ten_comments_of_one_author_become_one_case_with_each_text_once_in_order(running: Road) -> None:
    post = f"{PAGE}_50"
    running.deliver(comments(comment("50_0", "I am somebody else", by="59", post=post)))

    at_once(
        running,
        [comment(f"51_{n}", f"Word {n}", by="51", post=post, under="50_0" if n % 2 else "") for n in TEN],
    )

    ledger = running.rows("select body from item where message_id like '51_%' order by id")
    case = running.case(f"facebook:{PAGE}:{post}:51")
    assert list(case.texts) == [json.loads(body)["text"] for (body,) in ledger]
    assert sorted(case.texts) == [f"Word {n}" for n in TEN]
    assert running.case(f"facebook:{PAGE}:{post}:59").texts == ("I am somebody else",)
    assert len([found for found in running.cases() if f":{post}:" in found.key]) == 2


def test_ten_authors_in_one_thread_become_ten_cases(running: Road) -> None:
    post = f"{PAGE}_60"

    at_once(running, [comment(f"60_{n}", f"Word {n}", by=f"60{n}", post=post) for n in TEN])

    found = {case.key: case.texts for case in running.cases() if f":{post}:" in case.key}
    assert found == {f"facebook:{PAGE}:{post}:60{n}": (f"Word {n}",) for n in TEN}


def test_one_message_that_comes_ten_times_at_once_is_one_text_in_one_case(running: Road) -> None:
    post = f"{PAGE}_70"

    at_once(running, [comment("70_1", "Once", by="70", post=post) for _ in TEN])

    assert [case.texts for case in running.cases() if f":{post}:" in case.key] == [("Once",)]
    assert running.books().faults() == []
