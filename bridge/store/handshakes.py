"""What platforms told when they checked a callback's URL, and when that was."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, select

from bridge.ports import Told
from bridge.store.engine import moment, now, upsert
from bridge.store.tables import learned

LAST = "handshake"
"""The name under which the time of the last handshake stands."""


def remember(c: Connection, connection: str, told: Mapping[str, str]) -> None:
    """Keep what a handshake told, in place of what an earlier one did."""
    insert = upsert(c, learned)
    for name, value in sorted({LAST: "", **told}.items()):
        row = insert.values(connection=connection, name=name, value=value, at=now())
        values = {"value": row.excluded.value, "at": row.excluded.at}
        c.execute(row.on_conflict_do_update(index_elements=["connection", "name"], set_=values))


def recall(c: Connection, connection: str) -> dict[str, Told]:
    """What is known of a connection, by name; {} = it was never called for a handshake."""
    rows = c.execute(select(learned).where(learned.c.connection == connection)).all()
    found = {}
    for row in rows:
        at = moment(row.at)
        assert at is not None
        found[row.name] = Told(value=row.value, at=at)
    return found
