"""Trouble at every kind of call that filing makes: one ticket for each conversation, each text once, in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

import pytest
from zendesk_account import Sandbox, filing, part, running, texts
from zendesk_bridge import file_all

from bridge.ports import Part

TICKETS = [f"k{n}" for n in range(7)]
TEXTS = [str(n) for n in range(6)]
JOBS, SINGLE = len(TICKETS), 3  #: filings at once
CALLS: Mapping[str, tuple[str, str, int, str]] = {
    "hand over new tickets": ("POST", "tickets/create_many", JOBS, ""),
    "hand over changes": ("PUT", "tickets/update_many", JOBS, ""),
    "ask for known jobs": ("GET", "job_statuses/show_many", JOBS, ""),
    "ask for all jobs": ("GET", "v2/job_statuses", JOBS, "tickets/create_many"),
    "read tickets": ("GET", "tickets/show_many", JOBS, ""),
    "search tickets": ("GET", "v2/tickets.json", JOBS, "tickets/create_many"),
    "look for changes": ("GET", "audits", JOBS, "tickets/update_many"),
    "create one": ("POST", "v2/tickets.json", SINGLE, ""),
    "change one": ("PUT", "v2/tickets/", SINGLE, ""),
}
"""What is called: how, where, with how many filings at once, and where an answer must be lost before it is."""
FAULTS = ("rate_limit", "server_error", "applied_server_error", "lost_answer", "refused_before")


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("every_call")) as sandbox:
        yield sandbox


@pytest.mark.parametrize(("what", "fault"), [*product(CALLS, FAULTS)])
def test_trouble_at_a_call_loses_nothing_and_doubles_nothing(account: Sandbox, what: str, fault: str) -> None:
    method, path, batch, lost = CALLS[what]
    account.reset()
    crm = account.crm(latest_commit=0)
    if lost:
        account.fault("lost_answer", path=lost)
    account.fault(fault, method=method, path=path, seconds=1, after=1 if batch == SINGLE else 0)

    file_all(crm, said(), {key: filing(key, part("x")).known for key in TICKETS}, batch=batch)

    tickets = account.tickets()
    stands = {t["external_id"]: [text for c in t["comments"] for text in texts(c["html_body"])] for t in tickets}
    assert (len(tickets), stands) == (len(TICKETS), dict.fromkeys(TICKETS, TEXTS))
    assert account.faults() == []


def said() -> dict[str, list[Part]]:
    """What is said in each conversation."""
    return {key: [part(f"{key}-{text}", text) for text in TEXTS] for key in TICKETS}
