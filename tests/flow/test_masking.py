"""What is masked stays masked wherever a message goes: before it is stored, or when it has settled."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from heart import (
    CARE,
    all_items,
    bridge,
    case_of,
    column,
    deleted,
    drain,
    dying,
    edited,
    hear,
    ledger_of,
    ours,
    posted,
    row_of,
    said,
    states,
    worker,
)
from logbook import Logbook
from sqlalchemy import update

from bridge import frozen, protecting
from bridge.filing import file_some
from bridge.flow import Keeping, decide_some, receive
from bridge.mapping import read
from bridge.message import DELETED_TEXT, Message
from bridge.parts import Bridge
from bridge.ports import Answer, Callback, Channel, Event, Unreadable
from bridge.store import Store, connect, ledger, masking, schema
from bridge.store.tables import case_row, filing, item

CARD, APART = "4716044832501584", "4716 0448 3250 1584"
EVERYWHERE = f"{CARE}protect: {{mask: {{card_number: everywhere, email: our_copies}}}}\n"
COPIES = f"{CARE}protect: {{mask: {{card_number: our_copies, email: our_copies}}}}\n"


class Quoting(Channel):
    """A platform that sends texts; one that begins with ! cannot be read."""

    def verify(self, callback: Callback) -> Answer | None:
        return None

    def parse(self, callback: Callback) -> list[Event]:
        return [
            Unreadable(item=text.encode(), error="no text") if text.startswith("!") else self._said(text)
            for text in json.loads(callback.body)
        ]

    def _said(self, text: str) -> Message:
        return said(text, id=f"m-{len(text)}", raw=json.dumps({"text": text}).encode())

    def sign(self, body: bytes) -> Mapping[str, str]:
        return {}


def called(store: Store, *texts: str, mapping: str = EVERYWHERE, keeping: Keeping | None = None) -> None:
    """A callback with these texts is received."""
    usual = Keeping(protection=protecting.protection([read(mapping, "care.yaml")]))
    receive(posted(json.dumps(texts).encode()), Quoting(), store, keeping=keeping or usual)


def masks(store: Store, crm: Logbook | None, mapping: str = COPIES) -> Bridge:
    """A bridge with this mapping and its masks."""
    return bridge(store, crm, mapping, protection=protecting.protection([read(mapping, "care.yaml")]))


def kept(store: Store) -> str:
    """Everything that the tables hold of items and filings, as text."""
    with store.read() as c:
        rows = [*c.execute(item.select()).all(), *c.execute(filing.select()).all()]
    return "\n".join(str(tuple(row)) for row in rows)


# --- everywhere -----------------------------------------------------------------------------------------------


def test_what_is_masked_everywhere_is_masked_before_it_is_stored(store: Store) -> None:
    called(store, f"my card {APART} and ana@x.example")

    (one,) = all_items(store)
    assert one.message.text == "my card [card number] and ana@x.example"
    assert one.raw == b'{"text":"my card [card number] and ana@x.example"}'


def test_what_is_masked_everywhere_never_reaches_the_crm(store: Store, crm: Logbook) -> None:
    called(store, f"my card {CARD}", f"again: {APART}")

    drain(masks(store, crm, EVERYWHERE))

    assert crm.texts() == ["my card [card number]", "again: [card number]"]
    assert crm.cases()[case_of()]["Subject"] == "my card [card number]"
    assert ledger_of(store).faults() == []


def test_a_redelivery_of_something_masked_is_harmless(store: Store) -> None:
    for _ in range(2):
        called(store, f"my card {CARD}")

    assert states(store) == {"m-24:created": "ready"}


# --- our copies -----------------------------------------------------------------------------------------------


def test_the_crm_has_what_is_masked_in_our_copies(store: Store, crm: Logbook) -> None:
    hear(store, said(f"my card {CARD}", raw=json.dumps({"text": CARD}).encode(), id="m-1"))
    before = kept(store)

    drain(masks(store, crm))

    assert crm.texts() == [f"my card {CARD}"]
    assert (CARD in before, CARD in kept(store)) == (True, False)
    (one,) = all_items(store)
    assert (one.message.text, one.raw) == ("my card [card number]", b'{"text":"[card number]"}')
    assert json.loads(one.decision)["values"] == {"heard": "my card [card number]"}


@pytest.mark.parametrize(
    "message",
    [
        said(f"a giveaway {CARD}", id="m-1"),  # a line of the mapping
        said(f"my card {CARD}", id="m-1", kind="review"),  # no mapping
        ours(f"your card {CARD}", id="m-1"),  # an echo
    ],
    ids=["line", "no_mapping", "echo"],
)
def test_what_is_dropped_is_masked(store: Store, crm: Logbook, message: Message) -> None:
    hear(store, message)

    drain(masks(store, crm))

    assert states(store)["m-1:created"].startswith("dropped: ")
    assert CARD not in kept(store)


def test_a_dead_message_keeps_its_text_until_it_is_filed(store: Store, crm: Logbook) -> None:
    text = f"REFUSE {CARD}"
    hear(store, said(text, id="m-1"))
    made = masks(store, crm)
    drain(made)
    before = all_items(store)[0].message.text
    with store.write() as c:
        ledger.replay(c, all_items(store))

    drain(masks(store, Logbook(Path(crm.file_at).with_name("kinder.db")), COPIES.replace("{text}", "{id}")))

    assert (before, states(store)) == (text, {"m-1:created": "filed"})
    assert CARD not in kept(store)


def test_the_case_that_an_opening_text_would_have_made_is_masked_when_a_rest_is_left(
    store: Store, crm: Logbook
) -> None:
    hear(store, said(f"first {CARD}", id="m-1"), said(f"second {APART}", id="m-2"))
    made = masks(store, crm)
    crm.arm("partial", size=1)
    decide_some(made, "fb")
    file_some(made, "crm")

    stored = frozen.load(column(store, filing, "body", "case_id")[row_of()])

    assert states(store) == {"m-1:created": "filed", "m-2:created": "sending"}
    assert [part.text for part in stored.filing.parts] == [f"second {APART}"]
    assert stored.filing.create["Subject"] == "first [card number]"
    drain(made)
    assert crm.texts() == [f"first {CARD}", f"second {APART}"]
    assert APART not in kept(store)


def test_what_the_crm_has_of_a_filing_that_killed_its_workers_is_masked(store: Store, crm: Logbook) -> None:
    hear(store, said(f"first {CARD}", id="m-1"), said(f"second {APART}", id="m-2"))

    drain(replace(masks(store, crm), at=dying("work.sent", times=4)))

    assert crm.texts() == [f"first {CARD}", f"second {APART}"]
    assert crm.looked()
    assert set(states(store).values()) == {"filed"}
    assert [number for number in (CARD, APART) if number in kept(store)] == []


def test_an_edit_and_a_deletion_still_find_what_was_masked(store: Store, crm: Logbook) -> None:
    one = said(f"my card {CARD}", id="m-1")
    made = masks(store, crm)
    hear(store, one)
    drain(made)

    hear(store, edited(one, f"my other card {CARD}"))
    drain(made)
    hear(store, deleted(one))
    drain(made)

    assert crm.texts() == ["[redacted]", "[redacted]"]
    assert crm.cases()[case_of()] == {"Subject": DELETED_TEXT, "Name": "", "Origin": "Web"}
    assert set(states(store).values()) == {"filed"}


def test_an_edit_that_is_dropped_when_it_is_rendered_is_masked(store: Store, crm: Logbook) -> None:
    one = said("my card", id="m-1")
    made = masks(store, crm)
    hear(store, one, edited(one, f"my card {CARD}"))
    decide_some(made, "fb")
    with store.write() as c:  # as if the CRM had dropped what was edited
        c.execute(update(item).where(item.c.change == "created").values(state="dropped", reason="if_closed"))
        c.execute(update(case_row).values(open=1))

    drain(made)

    assert states(store) == {"m-1:created": "dropped: if_closed", "m-1:edited": "dropped: target_dropped"}
    assert CARD not in kept(store)


def test_a_redelivery_of_an_edit_that_was_masked_is_harmless(store: Store, crm: Logbook) -> None:
    one = said("my card", id="m-1")
    made = masks(store, crm)
    hear(store, one, edited(one, f"my card {CARD}"))
    drain(made)

    new = hear(store, one, edited(one, f"my card {CARD}"))

    assert (new, len(crm.texts())) == (0, 2)


def test_a_mapping_that_masks_nothing_changes_nothing(store: Store, crm: Logbook) -> None:
    one = said(f"my card {CARD}", id="m-1")
    hear(store, one)

    drain(bridge(store, crm))

    assert all_items(store)[0].message == one


# --- housework ------------------------------------------------------------------------------------------------


def old(store: Store, span: timedelta) -> None:
    """Make everything that has come or settled so much older."""
    back = round(span.total_seconds() * 1000)
    with store.write() as c:
        c.execute(update(item).values(ingested_at=item.c.ingested_at - back, settled_at=item.c.settled_at - back))


def dead(store: Store, crm: Logbook) -> Bridge:
    """A bridge on which a message with a card number has died."""
    hear(store, said(f"REFUSE {CARD}", id="m-1"))
    made = masks(store, crm)
    drain(made)
    return made


@pytest.mark.parametrize(("days", "text"), [(29, f"REFUSE {CARD}"), (31, "REFUSE [card number]")])
def test_what_has_been_dead_for_a_month_is_masked(store: Store, crm: Logbook, days: int, text: str) -> None:
    made = dead(store, crm)
    old(store, timedelta(days=days))

    worker(made).tidy(0)

    assert all_items(store)[0].message.text == text
    assert list(states(store).values()) == ["dead: Subject: the text is not allowed"]


def test_the_housework_is_done_once_an_hour(store: Store, crm: Logbook) -> None:
    made = dead(store, crm)
    one = worker(made)
    texts = []
    one.tidy(0)
    old(store, timedelta(days=31))

    for now in (3599, 3600):
        one.tidy(now)
        texts.append(all_items(store)[0].message.text)

    assert texts == [f"REFUSE {CARD}", "REFUSE [card number]"]


def test_many_that_are_long_dead_are_masked_in_several_goes(store: Store, crm: Logbook) -> None:
    hear(store, *(said(f"one of many {CARD}", id=f"m-{n}") for n in range(masking.AT_ONCE + 1)))
    with store.write() as c:
        c.execute(update(item).values(state="dead"))
    old(store, timedelta(days=31))
    one = worker(masks(store, crm))
    left = []

    for _ in range(2):
        one.tidy(0)
        left.append(sum(CARD in i.body for i in all_items(store)))

    assert left == [1, 0]


def test_what_an_older_version_stored_and_nobody_can_read_is_masked_too(store: Store, crm: Logbook) -> None:
    made = dead(store, crm)
    with store.write() as c:
        c.execute(update(item).values(body=f'{{"was": "{CARD}"}}', raw=CARD.encode()))
    old(store, timedelta(days=31))

    worker(made).tidy(0)

    assert [(one.body, one.raw) for one in all_items(store)] == [('{"was": "[card number]"}', b"")]


# --- the bytes of the file ------------------------------------------------------------------------------------


def test_a_masked_number_is_in_no_byte_of_the_database_file(tmp_path: Path, crm: Logbook) -> None:
    store = connect(f"sqlite:///{tmp_path}/bytes.db")
    schema.migrate(store)
    made = masks(store, crm)
    one = worker(made)
    written = [
        replace(said(f"{'x' * (n * 37 % 900)} {CARD}", id=f"m-{n}", by=f"b{n % 7}"), raw=b"") for n in range(60)
    ]
    for start in range(0, 60, 20):
        hear(store, *written[start : start + 20])
        store.wipe()  # what is still to be sent is in the file itself
        drain(made)
    before = found(tmp_path)
    one.wrote = True

    one.tidy(0)

    after = found(tmp_path)
    store.engine.dispose()
    assert (before > 0, after, found(tmp_path)) == (True, 0, 0)
    assert ledger_of(store).states == {"filed": 60}


def test_what_an_author_deleted_is_in_no_byte_of_the_file_either(tmp_path: Path, crm: Logbook) -> None:
    store = connect(f"sqlite:///{tmp_path}/bytes.db")
    schema.migrate(store)
    made = bridge(store, crm)
    one = worker(made)
    written = said(f"my card {CARD}", id="m-1")
    hear(store, written)
    drain(made)
    store.wipe()

    hear(store, deleted(written))
    while one.step():
        pass
    one.tidy(0)

    store.engine.dispose()
    assert found(tmp_path) == 0


def found(folder: Path) -> int:
    """How often the number stands in the database's files."""
    return sum(file.read_bytes().count(CARD.encode()) for file in folder.glob("bytes.db*"))


def test_the_log_beside_the_file_is_wiped_later_if_somebody_is_reading(tmp_path: Path, crm: Logbook) -> None:
    store = connect(f"sqlite:///{tmp_path}/bytes.db")
    schema.migrate(store)
    hear(store, said(CARD, id="m-1"))
    one = worker(masks(store, crm))
    with closing(sqlite3.connect(tmp_path / "bytes.db", isolation_level=None)) as reader:
        reader.execute("begin")
        reader.execute("select count(*) from item").fetchone()
        while one.step():
            pass
        one.tidy(0)
        before = found(tmp_path)

    one.tidy(5)

    assert (before > 0, found(tmp_path)) == (True, 0)
    store.engine.dispose()
