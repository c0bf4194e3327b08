"""CRM connections and accounts that rest, and until when."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, case, delete, literal, select

from bridge.message import clean
from bridge.store.engine import now, upsert
from bridge.store.tables import target


def pause(c: Connection, crm: str, *, until: datetime | None, reason: str) -> None:
    """Let a CRM rest until then, a minute at least; no end known: for 5 minutes, in which `queues.probe` tries."""
    soonest: Any = now() + 60_000
    told = literal(0 if until is None else round(until.timestamp() * 1000), BigInteger)
    end: Any = now() + 300_000 if until is None else case((told > soonest, told), else_=soonest)
    attempt = soonest if until is None else end
    statement = upsert(c, target).values(id=crm, paused_until=end, probe_at=attempt, reason=clean(reason)[:500])
    fresh = statement.excluded
    c.execute(
        statement.on_conflict_do_update(
            index_elements=["id"],
            set_={"paused_until": fresh.paused_until, "probe_at": fresh.probe_at, "reason": fresh.reason},
        )
    )


def resume(c: Connection, crm: str) -> None:
    """End a pause: an attempt was answered."""
    c.execute(delete(target).where(target.c.id == crm))


def paused(c: Connection, crm: str) -> bool:
    """Whether the CRM connection rests."""
    rests = select(1).where(target.c.id == crm, target.c.paused_until > now())
    return c.execute(rests).scalar() is not None
