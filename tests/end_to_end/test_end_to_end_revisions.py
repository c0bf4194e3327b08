"""Mappings are changed while the bridge runs: over real processes, with a sandbox of the CRM behind them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from crms import SALESFORCE
from road import CASEBRIDGE, Road, answers, casebridge, comment, comments, configure, process, road, until

LOUD = SALESFORCE.mapping.replace('"{account.brand}"', '"{account.brand | upper}"')
BROKEN = SALESFORCE.mapping.replace("account.brand", "acount.brand")
MASKED = SALESFORCE.mapping + "protect: {mask: {email: everywhere}}\n"


@pytest.fixture
def going(tmp_path: Path) -> Iterator[Road]:
    """A bridge that runs."""
    with road(tmp_path, configure(tmp_path)) as running:
        yield running


def publish(running: Road, mapping: str) -> int:
    """Write the mapping and publish it; the command's exit code."""
    (running.folder / "config" / "plain.yaml").write_text(mapping)
    return casebridge(running.env, "publish")[0]


def wait_for(running: Road, number: int) -> None:
    """Wait until the worker works by a revision."""
    until(lambda: f"revision {number} of the mappings is at work now" in running.log, "the worker takes it up")


def test_processes_take_up_what_is_published_and_never_what_is_bad(going: Road) -> None:
    going.deliver(comments(comment("c1", "one", by="ana")))
    assert publish(going, LOUD) == 0
    wait_for(going, 2)
    going.deliver(comments(comment("c2", "two", by="bert")))

    assert publish(going, BROKEN) == 1
    going.deliver(comments(comment("c3", "three", by="carl")))
    assert casebridge(going.env, "rollback", "1")[0] == 0
    wait_for(going, 3)
    going.deliver(comments(comment("c4", "four", by="dora")))

    assert [case.subject for case in going.cases()] == ["Acme DE", "ACME DE", "ACME DE", "Acme DE"]
    assert going.rows("select revision from item order by id") == [(1,), (2,), (2,), (3,)]
    assert going.books().faults() == []


def test_the_receiver_masks_by_what_is_published(going: Road) -> None:
    assert publish(going, MASKED) == 0
    wait_for(going, 2)  # the receiver looks at least as often as it is called

    def masked() -> bool:
        """Whether the latest of ever more messages was stored without the address."""
        n = len(going.rows("select id from item"))
        going.deliver(comments(comment(f"c{n}", f"{n}: write to ana@example.com", by="ana")))
        ((body,),) = going.rows("select body from item order by id desc limit 1")
        return "write to" in body and "ana@example.com" not in body

    until(masked, "the receiver masks")


def test_a_bridge_that_is_started_with_bad_files_goes_on_with_the_good_ones(tmp_path: Path) -> None:
    env = configure(tmp_path)
    with road(tmp_path, env) as first:
        first.deliver(comments(comment("c1", "one", by="ana")))
        running = {**first.env}
        (tmp_path / "config" / "plain.yaml").write_text(BROKEN)

    log = tmp_path / "again.log"
    with process([*CASEBRIDGE, "run"], running, log), requests.Session() as http:
        until(lambda: answers(http, f"http://127.0.0.1:{env['PORT']}/readyz"), "the receiver answers")
        http.close()

    told = log.read_text()
    assert "the mappings here have faults, so revision 1 stays at work:" in told
    assert "unknown word 'acount.brand'" in told


def test_a_bridge_that_never_had_good_files_does_not_start(tmp_path: Path) -> None:
    env = configure(tmp_path, mapping=BROKEN)

    code, _, errors = casebridge(env, "run")

    assert code == 2
    assert "plain.yaml:16:16 error: unknown word 'acount.brand'" in errors
