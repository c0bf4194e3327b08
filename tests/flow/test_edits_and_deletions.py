"""on_edit and on_delete: every value of both, on opening texts and on comments."""

from __future__ import annotations

import pytest
from heart import CARE, bridge, case_of, deleted, drain, dying, edited, hear, ledger_of, ours, said, states
from logbook import Logbook

from bridge.message import Attachment, Message
from bridge.store import Store


def mapped(line: str) -> str:
    return CARE.replace("  object: Case\n", f"  object: Case\n  {line}\n")


def filed(store: Store, crm: Logbook, line: str, *after: Message) -> None:
    """File one, two, and then what came after, one by one."""
    made = bridge(store, crm, mapped(line))
    for message in (said("one"), said("two"), *after):
        hear(store, message)
        drain(made)


@pytest.mark.parametrize("text", ["one", "two"])
def test_an_edit_adds_a_comment(store: Store, crm: Logbook, text: str) -> None:
    filed(store, crm, "on_edit: comment", edited(said(text), "new words"))

    assert crm.texts() == ["one", "two", "Edited by its author:\nnew words"]


@pytest.mark.parametrize(("text", "texts"), [("one", ["new words", "two"]), ("two", ["one", "new words"])])
def test_an_edit_replaces_the_text(store: Store, crm: Logbook, text: str, texts: list[str]) -> None:
    filed(store, crm, "on_edit: replace", edited(said(text), "new words"))

    assert crm.texts() == texts
    assert crm.cases()[case_of()]["Subject"] == texts[0]


def test_an_edit_that_comes_at_once_replaces_the_text_too(store: Store, crm: Logbook) -> None:
    one = said("one")
    hear(store, one, edited(one, "new", version="1"), said("two"), edited(one, "newer", version="2"))

    drain(bridge(store, crm, mapped("on_edit: replace")))

    assert crm.texts() == ["newer", "two"]
    assert set(states(store).values()) == {"filed"}


def test_the_second_edit_replaces_the_first(store: Store, crm: Logbook) -> None:
    first, second = edited(said("one"), "new", version="1"), edited(said("one"), "newer", version="2")

    filed(store, crm, "on_edit: replace", first, second)

    assert crm.texts() == ["newer", "two"]
    assert crm.cases()[case_of()]["Subject"] == "newer"


def test_what_was_replaced_is_redacted_with_its_message(store: Store, crm: Logbook) -> None:
    filed(store, crm, "on_edit: replace", edited(said("one"), "secret"), deleted(said("one")))

    assert "secret" not in str(crm.cases()) + str(crm.texts())
    assert set(states(store).values()) == {"filed"}


def test_a_decided_value_of_the_new_text_stands_in_the_rewritten_case(store: Store, crm: Logbook) -> None:
    text = mapped("on_edit: replace").replace("Subject:", 'Heard__c: "{heard}", Subject:')
    made = bridge(store, crm, text)
    hear(store, said("one"))
    drain(made)

    hear(store, edited(said("one"), "new"))
    drain(made)

    assert crm.cases()[case_of()]["Heard__c"] == "new"


def test_an_edit_that_is_ignored_is_dropped_by_its_line(store: Store, crm: Logbook) -> None:
    filed(store, crm, "on_edit: ignore", edited(said("one"), "new words"))

    assert crm.texts() == ["one", "two"]
    assert states(store)["m-one:edited"] == "dropped: care.yaml:13"


@pytest.mark.parametrize("text", ["one", "two"])
def test_a_deletion_redacts(store: Store, crm: Logbook, text: str) -> None:
    filed(store, crm, "on_delete: redact", deleted(said(text)))

    assert text not in crm.texts()
    assert "[redacted]" in crm.texts()


@pytest.mark.parametrize("text", ["one", "two"])
def test_a_deletion_that_is_only_noted_leaves_the_words(store: Store, crm: Logbook, text: str) -> None:
    filed(store, crm, "on_delete: note", deleted(said(text)))

    assert crm.texts() == ["one", "two", "Deleted by its author 2026-11-21 12:00 UTC."]
    assert set(states(store).values()) == {"filed"}


NEEDS_HELP = CARE.replace("  drop:\n", "  when: {text: {has_any: [help]}}\n  drop:\n")


def test_what_was_deleted_and_may_have_been_sent_is_redacted_whatever_its_mapping_takes(
    store: Store, crm: Logbook
) -> None:
    """Without its words no condition would take it any more."""
    one = said("help me", id="m1")
    hear(store, one)
    drain(bridge(store, crm, NEEDS_HELP, at=dying("work.sent", times=100)))
    assert crm.texts() == ["help me"]

    hear(store, deleted(one))
    drain(bridge(store, crm, NEEDS_HELP))

    assert crm.texts() == ["[redacted]"]
    assert states(store) == {"m1:created": "filed", "m1:deleted": "filed"}
    assert ledger_of(store).faults() == []


OURS_DROPPED = CARE.replace("  drop:\n", "  when: {language: de}\n  drop:\n    - author.is_self: true\n")


def test_our_own_words_are_dropped_by_their_line_though_the_condition_is_not_for_them(
    store: Store, crm: Logbook
) -> None:
    made = bridge(store, crm, OURS_DROPPED)
    one = said("hallo", language="de")
    hear(store, one)
    drain(made)

    hear(store, ours("sorry", to=one.id))
    drain(made)

    assert crm.texts() == ["hallo"]
    assert states(store)["m-sorry:created"] == "dropped: care.yaml:9"


PICTURE = Attachment(kind="image", url="https://cdn.example/1.jpg")
OTHER = Attachment(kind="image", url="https://cdn.example/2.jpg")


def test_an_edit_copies_only_what_is_new(store: Store, crm: Logbook) -> None:
    three = said("three", attachments=(PICTURE,))

    filed(store, crm, "attachments: copy", three, edited(three, "new", attachments=(PICTURE, OTHER)))

    (again,) = [urls for key, urls in crm.files().items() if ":edited:" in key]
    assert again == [OTHER.url]
