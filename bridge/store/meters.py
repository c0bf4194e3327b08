"""How much of its API each CRM has let us use, as it said last: one number for all workers."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, select

from bridge.ports import Usage
from bridge.store.engine import now, upsert
from bridge.store.queues import milliseconds
from bridge.store.tables import meter

WINDOW = timedelta(hours=24)  #: what was used before it is no longer counted


def keep(c: Connection, crm: str, usage: Usage) -> None:
    """Note what the CRM said just now."""
    insert = upsert(c, meter).values(crm=crm, used=usage.used, most=usage.most, at=now())
    values = {name: insert.excluded[name] for name in ("used", "most", "at")}
    c.execute(insert.on_conflict_do_update(index_elements=["crm"], set_=values))


def fresh(c: Connection) -> dict[str, Usage]:
    """What the CRMs said within the last 24 hours, by connection; the others are not in it."""
    told = select(meter).where(meter.c.at > now() - milliseconds(WINDOW)).order_by(meter.c.crm)
    return {row.crm: Usage(used=row.used, most=row.most) for row in c.execute(told)}
