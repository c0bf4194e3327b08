"""What Zendesk tells of its jobs, read: no call is made here."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.zendesk import jobs
from adapters.zendesk.jobs import AtWork, Done, Failed, Lost, Ref

NEW = Ref(job="V3-a", index=1, episode=2)
CHANGED = Ref(job="V3-a", ticket="35")


def told(*results: Any, status: str = "completed") -> dict[str, Any]:
    return {"V3-a": {"id": "V3-a", "status": status, "results": list(results)}}


@given(
    st.builds(
        Ref,
        job=st.from_regex(r"[A-Za-z0-9_-]{1,80}", fullmatch=True),
        index=st.integers(0, 99),
        episode=st.integers(1, 999_999),
    )
    | st.builds(
        Ref,
        job=st.from_regex(r"[A-Za-z0-9_-]{1,80}", fullmatch=True),
        ticket=st.integers(1, 10**18).map(str),
    )
)
def test_a_place_in_a_job_is_read_as_it_was_written(ref: Ref) -> None:
    assert jobs.ref_of(str(ref)) == ref


@given(st.text())
def test_whatever_else_is_stored_is_no_place_in_a_job(text: str) -> None:
    found = jobs.ref_of(text)

    assert found is None or str(found) == text


@pytest.mark.parametrize("status", ["queued", "working"])
def test_a_job_at_work_has_decided_nothing(status: str) -> None:
    assert jobs.became(told(status=status), NEW) == AtWork()


def test_a_new_ticket_is_known_by_its_place_and_a_changed_one_by_its_id() -> None:
    made = told({"index": 0, "id": 3561, "account_id": 1}, {"index": 1, "id": 3593, "account_id": 1})
    changed = told(
        {"action": "update", "status": "Updated", "success": True, "id": 36},
        {"action": "update", "status": "Updated", "success": True, "id": 35},
    )

    assert jobs.became(made, NEW) == Done("3593")
    assert jobs.became(changed, CHANGED) == Done("35")


@pytest.mark.parametrize(
    ("result", "ref", "why"),
    [
        (
            {"index": 1, "error": "TicketCreateFailed", "details": "Requester: Ada is suspended"},
            NEW,
            "TicketCreateFailed",
        ),
        ({"index": 0, "error": "TicketUpdateFailed", "id": 35, "details": "x"}, CHANGED, "TicketUpdateFailed"),
        ({"id": 35, "success": False, "status": "Failed"}, CHANGED, "refused"),
        ({"index": 1, "error": "Ada <ada@acme.example> is suspended"}, NEW, "refused"),
        ({"index": 1, "error": {"title": "no"}}, NEW, "refused"),
    ],
)
def test_an_item_that_failed_names_no_customer(result: dict[str, Any], ref: Ref, why: str) -> None:
    assert jobs.became(told(result), ref) == Failed(why)


@pytest.mark.parametrize(
    ("jobs_told", "ref"),
    [
        ({}, NEW),
        (told(status="failed"), NEW),
        (told(status="Completed"), NEW),
        (told(), NEW),
        (told({"index": 0, "id": 1}), NEW),
        (told({"index": True, "id": 1}), NEW),
        (told({"index": 1, "id": "1"}), NEW),
        (told({"index": 1, "id": True}), NEW),
        (told({"index": 1, "id": 1}, {"index": 1, "id": 2}), NEW),
        (told({"id": 36, "success": True}), CHANGED),
        (told("nonsense", 5, None), CHANGED),
        ({"V3-a": {"status": "completed", "results": None}}, CHANGED),
    ],
)
def test_what_a_job_does_not_say_is_not_guessed(jobs_told: dict[str, Any], ref: Ref) -> None:
    assert jobs.became(jobs_told, ref) == Lost()


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.none() | st.booleans()))
def test_whatever_a_result_holds_it_is_read(result: dict[str, Any]) -> None:
    assert isinstance(jobs.became(told(result), NEW), Done | Failed | Lost)


def test_many_tickets_take_longer() -> None:
    assert jobs.takes(100, new=True) > jobs.takes(1, new=True) > jobs.AGAIN
    assert jobs.takes(100, new=False) < jobs.takes(100, new=True)
