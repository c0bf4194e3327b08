"""What an author deleted is blanked wherever it is, whatever its state, and whenever the deletion came."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import replace

from heart import (
    all_items,
    bridge,
    column,
    deleted,
    drain,
    edited,
    hear,
    hidden,
    row_of,
    said,
    states,
)
from logbook import Logbook

from bridge import frozen
from bridge.filing import file_some
from bridge.flow import decide_some
from bridge.message import DELETED_TEXT, Message, Person
from bridge.store import Store, inbox
from bridge.store.tables import filing, item


def without_text(message: Message) -> Message:
    """What is left of a message when its author has deleted it."""
    return dataclasses.replace(message, text=DELETED_TEXT, raw=b"", author=Person(id=message.author.id))


def test_a_deletion_blanks_a_waiting_message_and_its_edits(store: Store) -> None:
    one = said("one", url="https://social.example/one")
    hear(store, one, edited(one, "ONE"))

    hear(store, deleted(one))

    blank = dataclasses.replace(without_text(one), url="")
    written, changed, gone = all_items(store)
    assert written.message == blank
    assert changed.message == dataclasses.replace(blank, change="edited")
    assert [i.deleted for i in (written, changed, gone)] == [True, True, False]


def test_a_deletion_blanks_a_filed_message_and_what_was_decided_from_it(store: Store, crm: Logbook) -> None:
    one = said("one")
    hear(store, one)
    drain(bridge(store, crm))
    assert '"one"' in all_items(store)[0].decision

    hear(store, deleted(one))

    found = all_items(store)[0]
    assert (found.state, found.message, found.deleted) == ("filed", without_text(one), True)
    assert '"one"' not in found.decision


def test_a_deletion_blanks_a_dead_message(store: Store, crm: Logbook) -> None:
    one = said("REFUSE")
    hear(store, one)
    drain(bridge(store, crm))

    hear(store, deleted(one))

    assert states(store)["m-REFUSE:created"] == f"dead: {inbox.UNSAID}"
    assert all_items(store)[0].message == without_text(one)


def test_a_deletion_blanks_a_stored_filing_which_gets_a_new_op_and_stays_unsure(
    store: Store, crm: Logbook
) -> None:
    one, two = said("one"), said("two")
    hear(store, one, two)
    made = bridge(store, crm)
    crm.arm("lost")
    decide_some(made, "fb")
    file_some(made, "crm")
    before = column(store, filing, "op", "case_id"), column(store, filing, "unsure_since", "case_id")
    assert column(store, filing, "why", "case_id") != {row_of(): ""}

    hear(store, deleted(one))

    after = frozen.load(column(store, filing, "body", "case_id")[row_of()])
    assert column(store, filing, "why", "case_id") == {row_of(): ""}
    assert [part.text for part in after.filing.parts] == [DELETED_TEXT, "two"]
    assert dict(after.filing.create) == {"Subject": DELETED_TEXT, "Name": "", "Origin": "Web"}
    assert column(store, filing, "op", "case_id") != before[0]
    assert column(store, filing, "unsure_since", "case_id") == before[1] != {row_of(): None}


def test_deleting_what_is_filed_leaves_the_op_of_the_next_filing(store: Store, crm: Logbook) -> None:
    one = said("one")
    made = bridge(store, crm)
    hear(store, one)
    drain(made)
    hear(store, said("two"))
    crm.arm("lost")
    decide_some(made, "fb")
    file_some(made, "crm")
    before = column(store, filing, "op", "case_id")

    hear(store, deleted(one))

    assert column(store, filing, "op", "case_id") == before


def test_a_deletion_may_come_before_its_target(store: Store) -> None:
    one = said("one")
    hear(store, deleted(one))

    hear(store, one, edited(one, "ONE"))

    assert [i.message.text for i in all_items(store)] == [DELETED_TEXT] * 3
    assert [i.deleted for i in all_items(store)] == [False, True, True]


def test_a_deletion_may_come_with_its_target(store: Store) -> None:
    one = said("one")

    hear(store, one, deleted(one))

    assert [(i.message.text, i.raw, i.deleted) for i in all_items(store)] == [
        (DELETED_TEXT, b"", True),
        (DELETED_TEXT, b"", False),
    ]


def test_an_edit_that_is_redelivered_after_the_deletion_is_still_the_same(store: Store) -> None:
    one = said("one")
    hear(store, one, edited(one, "ONE"))
    hear(store, deleted(one))

    new = hear(store, one, edited(one, "ONE"))

    assert new == 0


def test_a_hidden_message_keeps_its_text(store: Store) -> None:
    one = said("one")
    hear(store, one)

    hear(store, hidden(one))

    assert all_items(store)[0].message == one


def test_a_deletion_that_was_committed_beside_its_target_is_found_later(store: Store, crm: Logbook) -> None:
    one = said("one")
    hear(store, one, deleted(said("other", id="m-one2")))
    with store.write() as c:  # as if neither transaction had seen the other
        c.execute(item.update().where(item.c.change == "deleted").values(message_id="m-one"))

    drain(bridge(store, crm))

    assert all_items(store)[0].message == without_text(one)
    assert states(store) == {
        "m-one:created": "dropped: deleted_by_author",
        "m-one:deleted": "dropped: deleted_by_author",
    }
    assert crm.cases() == {}


def test_a_deletion_blanks_what_hid_the_message_too(store: Store) -> None:
    one = said("one")
    hear(store, one, replace(hidden(one), text="one, said again", raw=b'{"message": "one"}'))

    hear(store, deleted(one))

    assert [(i.message.text, i.raw) for i in all_items(store)] == [(DELETED_TEXT, b"")] * 3


def test_what_a_deletion_itself_brought_along_is_not_kept(store: Store) -> None:
    hear(store, replace(deleted(said("one")), text="one", raw=b'{"message": "one"}', url="https://x.example/1"))

    (kept,) = all_items(store)

    assert (kept.message.text, kept.message.url, kept.raw) == (DELETED_TEXT, "", b"")


def test_what_was_decided_while_the_author_deleted_it_is_not_written(store: Store, crm: Logbook) -> None:
    one = said("secret", id="m-1")
    hear(store, one)

    decide_some(bridge(store, crm, at=once("lane.claimed", lambda: hear(store, deleted(one)))), "fb")
    drain(bridge(store, crm))

    assert states(store) == {
        "m-1:created": "dropped: deleted_by_author",
        "m-1:deleted": "dropped: deleted_by_author",
    }
    assert "secret" not in "".join(i.decision + i.body for i in all_items(store))


def once(point: str, act: Callable[[], object]) -> Callable[[str], None]:
    """Do something the first time a named point is passed."""
    left = [act]

    def at(passed: str) -> None:
        if passed == point and left:
            left.pop()()

    return at
