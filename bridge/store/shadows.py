"""What mappings that only watch would have decided otherwise: which items, and how many. No word of theirs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select, tuple_

from bridge.shadowing import Watched
from bridge.steps import Item
from bridge.store import items
from bridge.store.engine import moment, now, upsert
from bridge.store.queues import milliseconds
from bridge.store.tables import item, revision, shadow, shadowed

KEPT = 1000  #: items of each mapping, the latest ones
KEPT_FOR = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What one shadow has watched while the mapping set that is at work was."""

    mapping: str
    revision: int
    since: datetime | None  #: when that was published; None = it never was
    same: int
    differs: int
    unasked: int  #: of both: nobody was asked who the author is, as the shadow would have asked otherwise
    names: Mapping[str, int]  #: in what the latest of them differ: name -> messages
    earlier: tuple[int, int]  #: messages that it watched before, and how many of them differed


@dataclass(frozen=True, slots=True, kw_only=True)
class Differing:
    """An item that a shadow would have decided otherwise."""

    item: Item
    received_at: datetime
    revision: int  #: that was at work when it was watched
    differs: tuple[str, ...]  #: names
    recent: int | None  #: how much its author had sent lately; None = it stands in its decision, or nobody knows


def note(c: Connection, watched: Sequence[Watched], revision: int) -> None:
    """Count what was watched, and keep which items differ: beside their verdicts, whose lanes are held.

    An item that was replayed is counted anew; of what it differed in before nothing stays.
    """
    for name in sorted({one.mapping for one in watched}):  # two workers meet at the counters in one order
        mine = [one for one in watched if one.mapping == name]
        differing = [one for one in mine if one.differs]
        before = shadow.c.item.in_([one.item for one in mine])
        c.execute(delete(shadow).where(shadow.c.mapping == name, before))
        if differing:
            rows = [{"item": one.item, "differs": ",".join(one.differs)} for one in differing]
            c.execute(insert(shadow).values(mapping=name, revision=revision), rows)
        _count(c, name, revision, mine)


def _count(c: Connection, name: str, number: int, watched: Sequence[Watched]) -> None:
    adding = upsert(c, shadowed).values(
        mapping=name,
        revision=number,
        same=sum(not one.differs for one in watched),
        differs=sum(bool(one.differs) for one in watched),
        unasked=sum(one.unasked for one in watched),
    )
    sums = {n: shadowed.c[n] + adding.excluded[n] for n in ("same", "differs", "unasked")}
    c.execute(adding.on_conflict_do_update(index_elements=["mapping", "revision"], set_=sums))


def forget(c: Connection, ids: Sequence[int]) -> None:
    """Forget what differed in these items, since their author deleted them."""
    c.execute(delete(shadow).where(shadow.c.item.in_(ids)))


def standing(c: Connection, mapping: str, number: int) -> Standing:
    """What a shadow has watched since a revision is at work, and before."""
    since = c.execute(select(revision.c.published_at).where(revision.c.number == number)).scalar()
    rows = c.execute(select(shadowed).where(shadowed.c.mapping == mapping)).all()
    current = next((row for row in rows if row.revision == number), None)
    before = [row for row in rows if row.revision != number]
    told = select(shadow.c.differs).where(shadow.c.mapping == mapping, shadow.c.revision == number)
    names = Counter(name for differs in c.execute(told).scalars() for name in differs.split(","))
    return Standing(
        mapping=mapping,
        revision=number,
        since=moment(since),
        same=current.same if current else 0,
        differs=current.differs if current else 0,
        unasked=current.unasked if current else 0,
        names=dict(sorted(names.items(), key=lambda one: (-one[1], one[0]))),
        earlier=(sum(row.same + row.differs for row in before), sum(row.differs for row in before)),
    )


def latest(c: Connection, mapping: str, most: int) -> list[Differing]:
    """The latest items that it would have decided otherwise, the newest first."""
    wanted = select(shadow, item.c.ingested_at).join(item, item.c.id == shadow.c.item)
    mine = wanted.where(shadow.c.mapping == mapping).order_by(shadow.c.item.desc()).limit(most)
    rows = c.execute(mine).all()
    ids = [row.item for row in rows]
    found = {one.id: one for one in items.read(c, items.query().where(item.c.id.in_(ids)))}
    return [
        Differing(
            item=found[row.item],
            received_at=moment(row.ingested_at),
            revision=row.revision,
            differs=tuple(row.differs.split(",")),
            recent=None if found[row.item].case_id else items.recent_messages(c, [found[row.item]]).get(row.item),
        )
        for row in rows
    ]


def tidy(c: Connection, most: int = KEPT) -> None:
    """Forget what is old, and of each mapping all but the latest items."""
    key = (shadow.c.mapping, shadow.c.item)
    place = func.row_number().over(partition_by=shadow.c.mapping, order_by=shadow.c.item.desc())
    ranked = select(*key, place.label("place")).subquery()
    many = select(ranked.c.mapping, ranked.c.item).where(ranked.c.place > most)
    old = select(item.c.id).where(item.c.ingested_at < now() - milliseconds(KEPT_FOR))
    gone = tuple_(*key).in_(many) | shadow.c.item.in_(old)
    stale = select(*key).where(gone).with_for_update(skip_locked=True)
    c.execute(delete(shadow).where(tuple_(*key).in_(stale)))
