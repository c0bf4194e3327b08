"""How many API calls filing takes, counted by the org: the promises of docs/performance.md."""

from __future__ import annotations

import pytest

from bench.calls import CONVERSATIONS, MOST, STORM, single, storm


@pytest.mark.parametrize("plugin", [True, False])
def test_a_thousand_waiting_messages_take_ten_calls_with_the_plugin_and_twenty_without(*, plugin: bool) -> None:
    counted = storm(plugin=plugin)

    assert (counted.messages, counted.cases, counted.texts) == (STORM, CONVERSATIONS, STORM)
    assert counted.calls <= MOST[plugin]


def test_an_idle_bridge_takes_one_call_for_a_known_case_and_two_for_a_new_author() -> None:
    fresh, known = single(plugin=True)

    assert (fresh.calls, known.calls) == (2, 1)
