"""A masked number is nowhere, over real processes: not in the database's files, the logs or the CRM."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
import road
from crms import SIDES, Side
from postgres import Databases
from road import PAGE, Road, comment, comments, direct, until

from bridge.store.tables import metadata

MASK = "protect:\n  mask: {card_number: everywhere, iban: everywhere, phone: our_copies, email: our_copies}\n"

CARD, IBAN = "4716 0448 3250 1584", "DE89 3704 0044 0532 0130 00"
PHONE, EMAIL = "+49 30 901820", "ana.canary@example.com"
CARD_CLOSE, CARD_WIDE = CARD.replace(" ", ""), CARD.replace(" ", "\u00a0")
SECRET = f"card {CARD}, {CARD_CLOSE} or {CARD_WIDE}, account {IBAN.lower()} / {IBAN}"
MASKED = "card [card number], [card number] or [card number], account [IBAN] / [IBAN]"
OURS = f"call {PHONE} or write to {EMAIL}"


@pytest.fixture(scope="module", params=SIDES, ids=repr)
def crm(request: pytest.FixtureRequest) -> Side:
    side: Side = request.param
    return side


@pytest.fixture(scope="module")
def running(crm: Side, databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Road]:
    folder = tmp_path_factory.mktemp("masks")
    with databases() as url:
        mapping = crm.mapping + MASK
        env = road.configure(folder, crm=crm, mapping=mapping, database_url=url, LOG_LEVEL="debug")
        with road.road(folder, env, crm=crm) as found:
            yield found


def of_the_database(running: Road) -> dict[str, bytes]:
    """Every row of every table, and of SQLite the bytes of its files."""
    url = running.env["DATABASE_URL"]
    rows = {table: _bytes(running.rows(f"select * from {table}")) for table in metadata.tables}
    return {**rows, **(files(Path(url.removeprefix("sqlite:///"))) if url.startswith("sqlite") else {})}


def _bytes(rows: Sequence[Sequence[object]]) -> bytes:
    return b"\n".join(one if isinstance(one, bytes) else str(one).encode() for row in rows for one in row)


def files(path: Path) -> dict[str, bytes]:
    """The bytes of a file and of those beside it whose names begin alike."""
    return {file.name: file.read_bytes() for file in path.parent.glob(f"{path.name}*")}


def standing_in(found: Mapping[str, bytes], *numbers: str) -> set[tuple[str, str]]:
    """(number, where it stands), however its groups are written: apart, together, escaped as JSON does."""
    return {
        (number, name)
        for number in numbers
        for between in (" ", "", "-", "\u00a0", "\\u00a0", "\\xa0")
        for written in (number.replace(" ", between), number.replace(" ", between).lower())
        for name, content in found.items()
        if written.encode() in content
    }


def test_a_masked_number_is_nowhere(running: Road) -> None:
    first = comment("80_1", f"Please refund. {SECRET}; {OURS}", by="80", name=f"Ana {CARD}")
    linked = comment("80_2", SECRET, by="80") | {"link": f"https://shop.example/?card={CARD.replace(' ', '-')}"}
    gone = comment("80_3", SECRET, by="80")
    dropped = comment("80_4", f"giveaway {SECRET} {OURS}", by="81")
    edit = first | {"verb": "edited", "edited_time": 1793000100, "message": f"{SECRET} {OURS}"}

    running.deliver(comments(first, linked, gone, dropped), direct("m_80", f"{SECRET} {OURS}", by="83"))
    running.deliver(comments(edit, gone | {"verb": "remove"}))

    states = road.count([state for (state,) in running.rows("select state from item")])
    until(lambda: not standing_in(of_the_database(running), PHONE, EMAIL), "SQLite's log is wiped")
    ours = {**of_the_database(running), **files(running.folder / "run.log")}
    theirs = {**files(running.folder / "org.db"), **files(running.folder / "sandbox.log")}
    case = running.case(f"facebook:{PAGE}:{road.POST}:80")
    assert states == {"filed": 6, "dropped": 1}
    assert standing_in({**ours, **theirs}, CARD, IBAN) == set()
    assert standing_in(ours, PHONE, EMAIL) == set()
    assert {number for number, _ in standing_in(theirs, PHONE, EMAIL)} == {PHONE, EMAIL}
    assert (case.name, case.texts[0]) == ("Ana [card number]", f"Please refund. {MASKED}; {OURS}")
