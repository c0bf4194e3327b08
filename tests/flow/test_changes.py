"""Edits, deletions and hidings: they follow their target, and what was deleted is nowhere left."""

from __future__ import annotations

from datetime import timedelta

import pytest
from heart import (
    age,
    bridge,
    case_of,
    deleted,
    drain,
    edited,
    hear,
    hidden,
    said,
    states,
)
from logbook import Logbook

from bridge.filing import file_some
from bridge.flow import decide_some
from bridge.message import DELETED_TEXT
from bridge.store import Store

DAY = timedelta(hours=24)


def test_an_edit_is_a_comment_on_its_targets_case(store: Store, crm: Logbook) -> None:
    one, made = said("one"), bridge(store, crm)
    hear(store, one)
    drain(made)

    hear(store, edited(one, "ONE"))
    drain(made)

    assert crm.texts(case_of()) == ["one", "Edited by its author:\nONE"]
    assert crm.seen()[-1].parts[0].case_id == "c1"


def test_two_edits_to_different_texts_are_both_filed(store: Store, crm: Logbook) -> None:
    one = said("one")
    hear(store, one, edited(one, "two"), edited(one, "three"), edited(one, "two"))

    drain(bridge(store, crm))

    assert crm.texts() == ["one", "Edited by its author:\ntwo", "Edited by its author:\nthree"]


def test_what_is_deleted_before_it_was_sent_never_reaches_the_crm(store: Store, crm: Logbook) -> None:
    one = said("one")
    hear(store, one, deleted(one))

    drain(bridge(store, crm))

    assert set(states(store).values()) == {"dropped: deleted_by_author"}
    assert (crm.seen(), crm.cases()) == ([], {})


def test_what_is_deleted_between_deciding_and_sending_never_reaches_the_crm(store: Store, crm: Logbook) -> None:
    one, made = said("one"), bridge(store, crm)
    hear(store, one, said("two"))
    decide_some(made, "fb")

    hear(store, deleted(one))
    drain(made)

    assert crm.texts() == ["two"]
    assert crm.cases()[case_of()]["Subject"] == "two"
    assert states(store)["m-one:deleted"] == "dropped: deleted_by_author"


def test_deleting_an_opening_text_rewrites_the_case(store: Store, crm: Logbook) -> None:
    one, made = said("one"), bridge(store, crm)
    hear(store, one, said("two"))
    drain(made)

    hear(store, deleted(one))
    drain(made)

    [part] = crm.seen()[-1].parts
    assert (part.act, part.ref, part.case_id) == ("delete", "c1", "c1")
    assert dict(part.row) == {"Subject": DELETED_TEXT, "Name": ""}
    assert crm.cases() == {case_of(): {"Subject": DELETED_TEXT, "Name": "", "Origin": "Web"}}
    assert crm.texts() == ["[redacted]", "two"]


def test_deleting_a_comment_redacts_it_and_its_edits(store: Store, crm: Logbook) -> None:
    two, made = said("two"), bridge(store, crm)
    hear(store, said("one"), two, edited(two, "TWO"))
    drain(made)

    hear(store, deleted(two))
    drain(made)

    [part] = crm.seen()[-1].parts
    assert (part.act, part.ref, dict(part.row)) == ("delete", "p2,p3", {})
    assert crm.texts() == ["one", "[redacted]", "[redacted]"]
    assert states(store)["m-two:deleted"] == "filed"


def test_a_deletion_waits_for_its_frozen_target(store: Store, crm: Logbook) -> None:
    one, made = said("one"), bridge(store, crm)
    hear(store, one)
    crm.arm("lost")
    decide_some(made, "fb")
    file_some(made, "crm")

    hear(store, deleted(one))
    drain(made)

    assert [[part.act for part in sent.parts] for sent in crm.seen()] == [["add"], ["add"], ["delete"]]
    assert crm.texts() == ["[redacted]"]
    assert crm.seen()[1].parts[0].text == DELETED_TEXT


def test_hiding_is_noted_and_redacts_nothing(store: Store, crm: Logbook) -> None:
    one = said("one")
    hear(store, one, hidden(one))

    drain(bridge(store, crm))

    assert crm.texts() == ["one", "Hidden on the platform 2026-11-21 12:00 UTC."]


@pytest.mark.parametrize("change", ["edited", "deleted", "hidden"])
def test_what_changes_a_dropped_message_is_dropped(store: Store, crm: Logbook, change: str) -> None:
    one = said("giveaway")
    changes = {"edited": edited(one, "ONE"), "deleted": deleted(one), "hidden": hidden(one)}
    made = bridge(store, crm)
    hear(store, one)
    drain(made)

    hear(store, changes[change])
    drain(made)

    assert states(store) == {
        "m-giveaway:created": "dropped: care.yaml:8",
        f"m-giveaway:{change}": "dropped: target_dropped",
    }


# --- what comes before its target ---


def test_an_orphan_waits_for_its_target_and_is_filed_behind_it(store: Store, crm: Logbook) -> None:
    one, made = said("one"), bridge(store, crm)
    hear(store, edited(one, "ONE"), hidden(one))
    drain(made)
    waiting = states(store)

    hear(store, one)
    drain(made)

    assert waiting == {"m-one:edited": "ready", "m-one:hidden": "ready"}
    assert crm.texts() == ["one", "Edited by its author:\nONE", "Hidden on the platform 2026-11-21 12:00 UTC."]


def test_a_deletion_before_its_target_lets_neither_through(store: Store, crm: Logbook) -> None:
    one, made = said("one"), bridge(store, crm)
    hear(store, deleted(one))
    drain(made)

    hear(store, one)
    drain(made)

    assert set(states(store).values()) == {"dropped: deleted_by_author"}
    assert crm.seen() == []


def test_an_orphan_stands_in_nobodys_way(store: Store, crm: Logbook) -> None:
    hear(store, edited(said("never came"), "x"), said("one"))

    drain(bridge(store, crm))

    assert crm.texts() == ["one"]


def test_after_a_day_an_edit_is_filed_as_if_it_had_been_written_so(store: Store, crm: Logbook) -> None:
    made = bridge(store, crm)
    hear(store, edited(said("one"), "ONE"))
    drain(made)

    age(store, DAY)
    drain(made)

    assert crm.texts(case_of()) == ["ONE"]
    assert crm.cases()[case_of()]["Subject"] == "ONE"


@pytest.mark.parametrize("change", ["deleted", "hidden"])
def test_after_a_day_any_other_orphan_is_dropped(store: Store, crm: Logbook, change: str) -> None:
    one, made = said("one"), bridge(store, crm)
    hear(store, deleted(one) if change == "deleted" else hidden(one))
    drain(made)

    age(store, DAY)
    drain(made)

    assert states(store) == {f"m-one:{change}": "dropped: target_unknown"}


def test_an_edit_that_was_filed_in_its_targets_stead_can_be_hidden_edited_and_deleted(
    store: Store, crm: Logbook
) -> None:
    one, made = said("one"), bridge(store, crm)
    hear(store, edited(one, "ONE"))
    age(store, DAY)
    drain(made)

    hear(store, hidden(one), edited(one, "One!"))
    drain(made)
    before = crm.texts()
    hear(store, deleted(one))
    drain(made)

    assert before == ["ONE", "Hidden on the platform 2026-11-21 12:00 UTC.", "One!"]
    assert crm.texts() == ["[redacted]", before[1], "[redacted]"]
    assert set(states(store).values()) == {"filed"}
