"""Items as the flow sees them, and what they point at."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from bridge.steps import Id, Item
from bridge.store.engine import now
from bridge.store.tables import item


def query() -> Select[Any]:
    """The statement that `read` runs; narrow it with where and order_by."""
    return select(item, (now() - item.c.ingested_at).label("age"))


def read(c: Connection, statement: Select[Any]) -> list[Item]:
    """Run a statement made from `query`."""
    return [
        Item(
            id=r.id,
            key=r.key,
            lane=r.lane,
            points_at=(r.channel, r.account, r.message_id),
            change=r.change,
            state=r.state,
            deleted=r.deleted,
            age=timedelta(milliseconds=r.age),
            mapping=r.mapping,
            decision=r.decision,
            case_id=r.case_id,
            reason=r.reason,
            crm_case=r.crm_case,
            crm_ref=r.crm_ref,
            crm_notes=r.crm_notes,
            unsure_since=r.unsure_since,
            unsure_last=r.unsure_last,
            body=r.body,
            raw=r.raw,
            revision=r.revision,
        )
        for r in c.execute(statement).all()
    ]


def filed_at(crm: str) -> ColumnElement[bool]:
    """Return whether an item stands in a case of this CRM's. The index of `crm_case` has those items alone."""
    return item.c.case_id.startswith(f"{crm}/", autoescape=True) & (item.c.crm_case != "")


def related(c: Connection, ids: Collection[Id]) -> dict[Id, list[Item]]:
    """All items of these messages, in the ledger's order: the creation, its edits, its deletion."""
    found: dict[Id, list[Item]] = {}
    if ids:
        wanted = item.c.message_id.in_(sorted({i[2] for i in ids}))
        for row in read(c, query().where(wanted).order_by(item.c.id)):
            if row.points_at in ids:
                found.setdefault(row.points_at, []).append(row)
    return found


RECENT = timedelta(days=30)
OURS = '"is_self":true'  #: in a body; quotes inside of its texts are escaped


def recent_messages(c: Connection, waiting: Sequence[Item]) -> dict[int, int]:
    """How many messages their authors have sent within 30 days, by item: its own and those before it."""
    asked = [one for one in waiting if one.change == "created" and OURS not in one.body]
    if not asked:
        return {}
    first: dict[str, int] = {}
    for one in asked:
        first.setdefault(one.lane, one.id)
    since = c.execute(select(now())).scalar_one() - round(RECENT.total_seconds() * 1000)
    earlier = or_(*(and_(item.c.lane == lane, item.c.id < i) for lane, i in sorted(first.items())))
    counted = (
        select(item.c.lane, func.count().label("n"))
        .where(
            earlier,
            item.c.ingested_at >= since,
            item.c.change == "created",
            item.c.body.not_like(f"%{OURS}%"),
        )
        .group_by(item.c.lane)
    )
    before = {row.lane: int(row.n) for row in c.execute(counted)}
    found = {}
    for one in asked:
        before[one.lane] = found[one.id] = before.get(one.lane, 0) + 1
    return found


def latest_cases(c: Connection, lanes: Sequence[str]) -> dict[str, Item]:
    """The latest item of each lane that has a case row: where our own side's words belong."""
    placed = item.c.case_id.isnot(None) & (item.c.state != "dropped")
    newest = select(item.c.id).where(placed).order_by(item.c.id.desc())
    ids = [
        found
        for one in lanes
        if (found := c.execute(newest.where(item.c.lane == one).limit(1)).scalar()) is not None
    ]
    return {row.lane: row for row in read(c, query().where(item.c.id.in_(ids)))} if ids else {}
