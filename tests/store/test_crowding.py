"""When there is a crowd: by the conversations that wrote lately, in the connections that matter."""

from __future__ import annotations

from datetime import timedelta

import pytest
from heart import age, hear, said

from bridge.ports import Crowd
from bridge.store import Store, lanes

CROWD = Crowd(most=4, within=timedelta(seconds=60), span=timedelta(seconds=25), enough=60)


def crowded(store: Store, *connections: str) -> bool:
    with store.read() as c:
        return lanes.crowded(c, CROWD, connections or None)


@pytest.mark.parametrize(("authors", "found"), [(0, False), (4, False), (5, True), (6, True)])
def test_it_takes_more_conversations_than_most(store: Store, authors: int, found: bool) -> None:
    hear(store, *(said(f"{n}/{text}", by=f"a{n}") for n in range(authors) for text in "xyz"))

    assert crowded(store) == found


def test_what_was_written_long_before_is_no_crowd(store: Store) -> None:
    hear(store, *(said(f"{n}", by=f"a{n}") for n in range(9)))
    age(store, timedelta(minutes=2))
    hear(store, said("one"))

    assert not crowded(store)


def test_only_the_connections_that_are_named_count(store: Store) -> None:
    hear(store, *(said(f"{n}", by=f"a{n}") for n in range(9)))

    assert [crowded(store, "fb"), crowded(store, "other", "fb"), crowded(store, "other")] == [True, True, False]
