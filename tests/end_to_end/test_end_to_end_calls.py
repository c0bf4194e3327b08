"""How many API calls filing takes, counted by the CRMs: the promises of docs/performance.md."""

from __future__ import annotations

import pytest

from bench.calls import CONVERSATIONS, MOST, STORM, single, storm
from bench.storm import setting, talks


@pytest.mark.parametrize("plugin", [True, False])
def test_a_thousand_waiting_messages_take_ten_calls_with_the_plugin_and_twenty_without(*, plugin: bool) -> None:
    counted = storm(plugin=plugin)

    assert (counted.messages, counted.cases, counted.texts) == (STORM, CONVERSATIONS, STORM)
    assert counted.calls <= MOST[plugin]


def test_an_idle_bridge_takes_one_call_for_a_known_case_and_two_for_a_new_author() -> None:
    fresh, known = single(plugin=True)

    assert (fresh.calls, known.calls) == (2, 1)


def test_what_waits_for_zendesk_together_takes_five_calls() -> None:
    with setting(bulk=True) as one:
        counted = one.run(talks(120, 40, 25))

    assert (counted.texts, counted.refused) == (120, 0)
    assert counted.by_kind == {
        "POST users/create_many": 1,
        "GET users/show_many": 1,
        "POST tickets/create_many": 1,
        "GET job_statuses/show_many": 1,
        "GET tickets/show_many": 1,
    }


def test_where_users_may_not_be_imported_each_new_one_takes_a_call_more() -> None:
    with setting(bulk=False) as one:
        counted = one.run(talks(36, 12, 12))

    assert (counted.texts, counted.refused) == (36, 0)
    assert counted.by_kind == {
        "POST users/create_many": 1,
        "POST users": 12,
        "POST tickets/create_many": 1,
        "GET job_statuses/show_many": 1,
        "GET tickets/show_many": 1,
    }


def test_an_idle_bridge_takes_one_call_for_a_known_ticket_and_two_for_a_new_author() -> None:
    with setting(bulk=False) as one:
        fresh = one.run(talks(1, 1, 1))
        known = one.run(talks(1, 1, 1, first=1))

    assert (fresh.by_kind, known.by_kind) == ({"POST users": 1, "POST tickets": 1}, {"PUT tickets/{id}": 1})
