"""Real and spoiled callbacks of Meta, posted to the real receiver: each item ends by name and harms no other."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import meta_table
import payload_table
import pytest
import road
from crms import SALESFORCE, SIDES, ZENDESK, Side
from postgres import Databases
from road import OTHER_PAGE, Road, direct

FIXTURES = Path(__file__).parents[1] / "fixtures" / "meta"


# --- recorded payloads ----------------------------------------------------------------------------------------

TWICE = {"direct created": 1}
"""Two payloads are of one message: its id is stored once."""


@pytest.fixture(scope="module")
def payloads() -> list[Any]:
    folder = payload_table.folder()
    if folder is None:
        pytest.skip("no folder of real payloads: set CASEBRIDGE_PAYLOADS")
    return [json.loads((folder / name).read_bytes()) for name in meta_table.TABLE]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, payloads: list[Any]) -> Iterator[Road]:
    """The road for a connection to all accounts of the payloads, with the mapping that is delivered with us."""
    folder = tmp_path_factory.mktemp("recorded")
    accounts = sorted({page for document in payloads for page in meta_table.pages(document)})
    listed = "".join(f'      "{page}": {{about: {{brand: Acme}}}}\n' for page in accounts)
    ours = r"    accounts:\n(      .*\n)+"
    file = re.sub(ours, f"    accounts:\n{listed}", road.connections(SALESFORCE)).replace(
        "plain", "meta-to-salesforce"
    )
    env = road.configure(folder, file=file)
    mapping = (road.ROOT / "mappings" / "meta-to-salesforce.yaml").read_text(encoding="utf-8")
    (folder / "config" / "meta-to-salesforce.yaml").write_text(mapping, encoding="utf-8")
    with road.road(folder, env) as found:
        yield found


def stored(running: Road) -> dict[str, int]:
    """What the database holds of the callbacks, in the words of the table, and how often."""
    lines = [
        f"{message['kind']} {message['change']}{' ours' if message['author']['is_self'] else ''}"
        for message in (json.loads(body) for (body,) in running.rows("select body from item where body != ''"))
    ]
    skipped = running.rows("select reason, event, sum(n) from skipped group by reason, event")
    return road.count(lines) | {f"skipped {reason} {event}": n for reason, event, n in skipped}


def test_recorded_payloads_end_as_the_table_says_and_a_second_delivery_changes_nothing(
    recorded: Road, payloads: list[Any]
) -> None:
    bodies = [meta_table.as_meta_writes(document) for document in payloads]

    answers = [recorded.post(body) for body in bodies]
    recorded.settle()
    once, cases, books = stored(recorded), recorded.cases(), recorded.books()
    answers += [recorded.post(body) for body in bodies]
    recorded.settle()

    table = road.count([line for lines in meta_table.TABLE.values() for line in lines])
    assert set(answers) == {200}
    assert once == {line: n - TWICE.get(line, 0) for line, n in table.items()}
    assert (recorded.cases(), recorded.books().received) == (cases, books.received)
    assert recorded.books().states == books.states
    assert recorded.books().faults() == []
    assert recorded.books().skipped == {what: 2 * n for what, n in books.skipped.items()}
    assert not any(reason == "unknown_account" for _, reason, _ in books.skipped)
    assert "dead" not in books.states
    assert len(cases) > 5


# --- spoiled payloads -----------------------------------------------------------------------------------------

DROPPED = object()
EACH = 6  #: spoiled callbacks of each fixture
IDS = {"comment_id", "mid", "photo_id", "video_id", "event_id", "open_graph_story_id"}


@pytest.fixture(scope="module", params=SIDES, ids=repr)
def running(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Road]:
    crm: Side = request.param
    folder = tmp_path_factory.mktemp("spoiled")
    with (
        databases() as url,
        road.road(folder, road.configure(folder, crm=crm, database_url=url), crm=crm) as found,
    ):
        if crm is ZENDESK:
            found.order("switches", limits=False)  # so many tickets at once are more than an account takes
        yield found


def retyped(n: int) -> list[Any]:
    return [
        DROPPED,
        None,
        n,
        f"x{n}",
        "",
        [],
        {},
        True,
        n + 0.5,
        -n,
        10**30 + n,
        [n],
        {"id": {"n": n}},
        f"\x00{n}",
    ]


def places(value: Any) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value as the keys and indexes that lead there."""
    steps = list(value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ())
    for step, inner in steps:
        yield (step,)
        yield from ((step, *rest) for rest in places(inner))


def renumbered(value: Any, n: int) -> Any:
    """A copy in which every message has an id of its own."""
    if isinstance(value, list):
        return [renumbered(inner, n) for inner in value]
    if not isinstance(value, dict):
        return value
    return {k: f"{v}.{n}" if k in IDS else renumbered(v, n) for k, v in value.items()}


def spoiled(fixture: Any, n: int, chance: random.Random) -> tuple[list[Any], tuple[Any, ...]]:
    """The entries of a fixture with one value dropped or retyped, and where."""
    entries = copy.deepcopy(renumbered(fixture["entry"], n))
    place = chance.choice(list(places(entries)))
    value = chance.choice(retyped(n))
    holder = entries
    for step in place[:-1]:
        holder = holder[step]
    if value is DROPPED:
        del holder[place[-1]]
    else:
        holder[place[-1]] = value
    return entries, place


def test_a_spoiled_item_ends_by_name_and_its_neighbour_becomes_a_case(running: Road) -> None:
    chance = random.Random(20261121)
    fixtures = [json.loads(file.read_bytes()) for file in sorted(FIXTURES.glob("*.json"))] * EACH
    spoilt = [spoiled(fixture, n, chance) for n, fixture in enumerate(fixtures, 1)]
    neighbours = [
        direct(f"m_well_{n}", f"I am well {n}", by=f"24{n:05}", page=OTHER_PAGE) for n in range(len(spoilt))
    ]
    ends = "select (select count(*) from item) + (select coalesce(sum(n), 0) from skipped)"
    counts, answers = [0], []

    for (entries, _), neighbour in zip(spoilt, neighbours, strict=True):
        answers.append(running.post({"object": "page", "entry": [*entries, neighbour]}))
        counts.append(running.rows(ends)[0][0])
    running.settle()

    assert set(answers) == {200}
    silent = [
        where for (entries, where), (a, b) in zip(spoilt, pairwise(counts), strict=True) if b - a <= len(entries)
    ]
    # An item that was replaced as a whole, or that lost its id, can be the same as an earlier one.
    assert [where for where in silent if len(where) > 3 and where[-1] not in IDS | {"postback"}] == []
    assert {text for case in running.cases() for text in case.texts} >= {
        f"I am well {n}" for n in range(len(spoilt))
    }
    assert running.books().faults() == []
    assert set(running.books().states) <= {"filed", "dropped", "dead", "ready"}
    assert running.rows("select key from item where state = 'ready' and change = 'created'") == []
