"""What a trial reads of a database: stored messages, what is remembered, and not a byte is written."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from heart import CARE, PAGE, WITH_CONTACT, all_items, bridge, deleted, drain, edited, hear, hidden, row_of, said
from logbook import Logbook

from bridge import mapping_set
from bridge.errors import ConfigError
from bridge.filing import file_some
from bridge.flow import decide_some
from bridge.mapping import Facts, person_match, read
from bridge.mapping.targets import fitted
from bridge.message import Account
from bridge.ports import Known, Named, PersonFound
from bridge.steps import Waiting
from bridge.store import Store, connect, revisions
from bridge.trial.attempt import FIRST, Given, attempt
from bridge.trial.memory import Remembered, opened


@pytest.fixture
def file(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(template, tmp_path / "kept.db"))


@pytest.fixture
def kept(file: Path) -> Iterator[Store]:
    found = connect(f"sqlite:///{file}")
    yield found
    found.engine.dispose()


def memory(file: Path) -> Remembered:
    found, why = opened(f"sqlite:///{file}")
    assert (found is not None, why) == (True, "")
    assert found is not None
    return found


# --- which database ---------------------------------------------------------------------------------------------


def test_no_database_is_made_where_there_is_none(tmp_path: Path) -> None:
    assert opened(f"sqlite:///{tmp_path / 'none.db'}") == (None, "there is no database yet")
    assert list(tmp_path.iterdir()) == []


def test_a_database_of_another_version_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()

    found, why = opened(f"sqlite:///{tmp_path / 'empty.db'}")

    assert found is None
    assert why.startswith("the database is at revision none, this version needs")


def test_a_database_that_nobody_serves_is_said() -> None:
    found = opened("postgresql://nobody@127.0.0.1:9/none?connect_timeout=1")

    assert found == (None, "the database of DATABASE_URL cannot be used")


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("remember the milk\n" * 100)

    assert opened(f"sqlite:///{tmp_path / 'notes.db'}") == (None, "the database of DATABASE_URL cannot be used")


# --- messages ---------------------------------------------------------------------------------------------------


def test_a_message_is_found_by_its_id_its_key_and_its_address(kept: Store, crm: Logbook, file: Path) -> None:
    one = replace(said("Words", id="55_1"), url="https://www.facebook.com/acme/posts/55_1?utm_source=mail")
    hear(kept, one, said("Others", id="55_2"))
    drain(bridge(kept, crm))
    names = ["55_1", f"facebook:{PAGE}:55_1:created", "https://facebook.com/acme/posts/55_1"]

    found = [memory(file).stored(name) for name in names]

    (case,) = {one.crm_case for one in all_items(kept) if one.points_at[2] == "55_1"}
    assert found[0] == [
        Given(
            message=one,
            called=f"stored as facebook:{PAGE}:55_1:created",
            facts=Facts(recent_messages=1),
            notes=(f"It stands in case {case} already; here it is tried as if it were new.",),
            kept=True,
            filed=True,
        )
    ]
    assert found[1:] == [found[0], found[0]]
    assert memory(file).stored("55_3") == []


def test_edits_and_deletions_come_behind_their_message(kept: Store, crm: Logbook, file: Path) -> None:
    one = said("Words", id="1")
    hear(kept, one)
    drain(bridge(kept, crm))
    hear(kept, edited(one, "Better"), hidden(one))

    (found,) = memory(file).stored("1")

    assert found.message.text == "Words"
    assert [(event.change, event.message.text) for event in found.later] == [("edited", "Better"), ("hidden", "")]


def test_an_edit_that_this_version_cannot_read_keeps_nobody_from_its_message(kept: Store, file: Path) -> None:
    hear(kept, said("help"), edited(said("help"), "help!", version="1"))
    with kept.write() as c:
        c.exec_driver_sql("update item set body = '{}' where change = 'edited'")

    [found] = memory(file).stored("m-help")

    assert (found.message.text, found.later) == ("help", ())


@pytest.mark.parametrize(
    ("words", "gone", "note"),
    [
        ("A giveaway", False, "It was dropped: care.yaml:8."),
        ("Words", True, "Its author deleted it, so that its words are gone here."),
        ("REFUSE", False, "It is dead: "),
    ],
)
def test_what_became_of_it_is_noted(
    kept: Store, crm: Logbook, file: Path, words: str, gone: bool, note: str
) -> None:
    hear(kept, one := said(words, id="1"))
    if gone:
        hear(kept, deleted(one))
    drain(bridge(kept, crm))

    (found,) = memory(file).stored("1")

    assert [told for told in found.notes if told.startswith(note)] == [found.notes[0]]


# --- what is known ----------------------------------------------------------------------------------------------


def test_who_was_looked_up_is_remembered(kept: Store, crm: Logbook, file: Path) -> None:
    crm.knows("facebook:ana", "0031")
    hear(kept, said("Words"))
    drain(bridge(kept, crm, WITH_CONTACT))
    mapping = fitted(read(WITH_CONTACT, "care.yaml"), Logbook)

    match, other = (person_match(mapping, said("Words", by=by)) for by in ("ana", "bo"))

    assert match is not None
    assert other is not None
    assert memory(file).person("crm", match) == PersonFound(id="0031")
    assert memory(file).person("crm", other) is None


def test_a_case_is_known_once_something_leads_to_it(kept: Store, crm: Logbook, file: Path) -> None:
    before = memory(file).case(row_of())
    hear(kept, said("Words"))
    decide_some(made := bridge(kept, crm), "fb")

    placed = memory(file).case(row_of())
    file_some(made, "crm")
    filed = memory(file).case(row_of())

    assert (before, placed) == (None, Waiting(known=Known()))
    assert filed is not None
    assert (filed.known.case_id, filed.known.status) == (all_items(kept)[0].crm_case, "")
    assert filed.heard_at == said("Words").received_at
    assert filed.facts.opened_at is not None


def test_the_ids_of_names_are_remembered(kept: Store, crm: Logbook, file: Path) -> None:
    named = CARE.replace("Origin: Web", 'OwnerId: {named: "{account.queue}"}')
    crm.name("Desk", "00G1")
    hear(kept, replace(said("Words"), account=Account(id=PAGE, about={"queue": "Desk"})))
    drain(bridge(kept, crm, named))
    wanted = [Named(object="Case", field="OwnerId", name=name) for name in ("Desk", "None")]

    found = memory(file).ids("crm", wanted)

    assert found == {wanted[0]: "00G1"}


def test_the_files_of_a_revision_are_read(kept: Store, file: Path) -> None:
    files = {"connections.yaml": "version: 1\nmappings: [care]\n", "care.yaml": CARE}
    with kept.write() as c:
        revisions.publish(c, files, digest=mapping_set.digest(files))

    assert memory(file).files(1) == files
    with pytest.raises(ConfigError, match="there is no revision 2"):
        memory(file).files(2)


def test_a_trial_writes_nothing(kept: Store, crm: Logbook, file: Path) -> None:
    hear(kept, one := said("Words", id="1"), edited(one, "Better"))
    drain(bridge(kept, crm, WITH_CONTACT))
    hear(kept, said("More", id="2"))
    before, mapping = dumped(file), fitted(read(WITH_CONTACT, "care.yaml"), Logbook)

    found = memory(file)
    trials = [attempt(given, [mapping], found, {"crm": Logbook}) for n in "12" for given in found.stored(n)]

    assert [list(one.filed.filings) for one in trials if one.filed] == [
        [FIRST, "if its case is there"],
        ["if its case is there"],
    ]
    assert dumped(file) == before


def dumped(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as c:
        return list(c.iterdump())
