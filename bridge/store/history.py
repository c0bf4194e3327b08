"""The last messages as they stand in the inbox, and what those lean on, to be gone through once more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from bridge.steps import Id, Item
from bridge.store import items
from bridge.store.engine import moment, stamp
from bridge.store.tables import item

PointedAt = Callable[[Item], Id | None]
"""What message decides where an item goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One item, and when it came."""

    item: Item
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The last items, each part in the ledger's order."""

    last: Sequence[Entry]
    before: Sequence[Entry] = ()  #: older ones that the last ones point at: an edit's message, what we answered


def last(c: Connection, most: int, pointed_at: PointedAt) -> History:
    """The last items of the inbox, at most so many, with the families of the messages that they point at."""
    newest = select(item.c.id).order_by(item.c.id.desc()).limit(most)
    found = {one.id: one for one in items.read(c, items.query().where(item.c.id.in_(newest)).order_by(item.c.id))}
    before: dict[int, Item] = {}
    older, asked = found, set[Id]()
    while missing := {target for one in older.values() if (target := pointed_at(one))} - asked:
        families = items.related(c, missing)
        older = {one.id: one for family in families.values() for one in family if one.id not in found}
        before |= older
        asked |= missing
    return History(last=_entries(c, found), before=_entries(c, before))


def _entries(c: Connection, found: Mapping[int, Item]) -> list[Entry]:
    times = c.execute(select(item.c.id, item.c.ingested_at).where(item.c.id.in_(found)).order_by(item.c.id))
    return [Entry(item=found[number], at=moment(at)) for number, at in times]


def written_before(c: Connection, entries: Sequence[Entry]) -> list[tuple[str, int]]:
    """Lane and time of what the authors of these wrote before, as far back as `items.recent_messages` counts."""
    lanes: dict[str, list[Entry]] = {}
    for one in entries:
        lanes.setdefault(one.item.lane, []).append(one)
    found = list[tuple[str, int]]()
    for name, theirs in sorted(lanes.items()):
        customers = (item.c.change == "created") & item.c.body.not_like(f"%{items.OURS}%")
        others = (item.c.id < theirs[-1].item.id) & item.c.id.not_in([one.item.id for one in theirs])
        since = item.c.ingested_at >= stamp(theirs[0].at - items.RECENT)
        rows = c.execute(select(item.c.ingested_at).where(item.c.lane == name, customers, others, since))
        found += [(name, at) for at in rows.scalars()]
    return found
