"""An edit that says nothing new makes no noise."""

from __future__ import annotations

from dataclasses import replace

import pytest
from heart import CARE, all_items, bridge, drain, edited, hear, said, states
from logbook import Logbook

from bridge.message import Attachment
from bridge.store import Store

ONE = said("one", id="m-1")
KEYS = {"comment": "on_edit: comment", "replace": "on_edit: replace"}


def mapped(on_edit: str) -> str:
    return CARE.replace("  object: Case\n", f"  object: Case\n  {KEYS[on_edit]}\n")


@pytest.mark.parametrize("on_edit", KEYS)
def test_an_edit_that_changes_nothing_is_dropped_with_that_reason(
    store: Store, crm: Logbook, on_edit: str
) -> None:
    made = bridge(store, crm, mapped(on_edit))
    hear(store, ONE, edited(ONE, "one", version="7"))

    drain(made)

    assert (crm.texts(), states(store)["m-1:edited"]) == (["one"], "dropped: unchanged")


def test_an_edit_that_only_adds_a_picture_is_told(store: Store, crm: Logbook) -> None:
    made = bridge(store, crm, mapped("comment"))
    picture = Attachment(kind="image", url="https://cdn.example/p.jpg")
    hear(store, ONE, edited(ONE, "one", attachments=(picture,)))

    drain(made)

    assert states(store)["m-1:edited"] == "filed"


def test_a_review_that_only_changes_its_stars_is_told(store: Store, crm: Logbook) -> None:
    made = bridge(store, crm, mapped("comment"))
    hear(store, replace(ONE, rating=1), edited(replace(ONE, rating=5), "one", version="2"))

    drain(made)

    assert states(store)["m-1:edited"] == "filed"


@pytest.mark.parametrize("on_edit", KEYS)
def test_an_older_edit_that_comes_late_is_dropped(store: Store, crm: Logbook, on_edit: str) -> None:
    made = bridge(store, crm, mapped(on_edit))
    hear(store, ONE)
    for text, version in (("third", "30"), ("second", "4")):
        drain(made)
        hear(store, edited(ONE, text, version=version))

    drain(made)

    assert "second" not in " ".join(crm.texts())
    assert [one.reason for one in all_items(store)] == ["", "", "overtaken"]


def test_going_back_to_an_earlier_text_is_an_edit(store: Store, crm: Logbook) -> None:
    made = bridge(store, crm, mapped("replace"))
    hear(store, ONE)
    for text, version in (("two", "1"), ("one", "2")):
        drain(made)
        hear(store, edited(ONE, text, version=version))

    drain(made)

    assert crm.texts() == ["one"]
    assert set(states(store).values()) == {"filed"}
