"""Masks our copies of what has settled, in the transaction that settles it, and of what has long been dead."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, select, tuple_, update

from bridge import masks, protecting
from bridge.message import dump, load
from bridge.protecting import Kinds, Protection
from bridge.store import echoes, profiles
from bridge.store.engine import now
from bridge.store.queues import milliseconds
from bridge.store.tables import item, person, record

DEAD_FOR = timedelta(days=30)
SEALED_FOR = timedelta(hours=72)
AT_ONCE = 25  #: of the dead, so that the transaction stays short


def settled(c: Connection, which: ColumnElement[bool], protection: Protection) -> Mapping[str, Kinds]:
    """Mask everything that these items hold of a customer's words; what was masked, by the items' keys."""
    if not protection.masks:
        return {}
    rows = c.execute(select(item).where(which).order_by(item.c.id).with_for_update()).all()
    kinds = {row.key: protection.in_our_copies(row.mapping, _connection(row)) for row in rows}
    for row in rows:  # one after the other: PostgreSQL ends a transaction that says nothing for long
        masked = _masked(row, kinds[row.key]) if kinds[row.key] else {}
        c.execute(update(item).where(item.c.id == row.id).values(masked=True, **masked))
    return kinds


def _connection(row: Any) -> str:
    """Whose masks count for an item that no mapping has; what cannot be read came through all of them."""
    try:
        return load(row.body, b"").connection
    except ValueError:
        return ""


def _masked(row: Any, kinds: Kinds) -> dict[str, Any]:
    try:
        message = protecting.settled(load(row.body, row.raw), kinds)
        body, raw, decision = dump(message), message.raw, protecting.decision(row.decision, kinds)
    except ValueError:  # an older version stored what this one cannot read
        body, raw, decision = masks.mask(row.body, kinds), b"", masks.mask(row.decision, kinds)
    return {
        "body": body,
        "raw": raw,
        "decision": decision,
        "reason": masks.mask(row.reason, kinds),
        "warnings": masks.mask(row.warnings, kinds),
    }


def tidy(c: Connection, protection: Protection) -> bool:
    """Mask what has been dead for a month and forget what was kept for a time; whether there may be more."""
    long_ago = func.coalesce(item.c.settled_at, item.c.ingested_at) < now() - milliseconds(DEAD_FOR)
    dead = select(item.c.id).where(item.c.state == "dead", ~item.c.masked, item.c.body != "", long_ago)
    ids = c.execute(dead.order_by(item.c.id).limit(AT_ONCE)).scalars().all() if protection.masks else []
    if ids:
        settled(c, item.c.id.in_(ids) & (item.c.state == "dead"), protection)
    old = item.c.sealed.isnot(None) & (item.c.ingested_at < now() - milliseconds(SEALED_FOR))
    c.execute(update(item).where(item.c.state == "dead", old).values(sealed=None))
    key = (person.c.crm, person.c.rules, person.c.author)
    stale = select(*key).where(person.c.until < now()).with_for_update(skip_locked=True)
    c.execute(delete(person).where(tuple_(*key).in_(stale)))
    name = (record.c.crm, record.c.named)
    stale = select(*name).where(record.c.until < now()).with_for_update(skip_locked=True)
    c.execute(delete(record).where(tuple_(*name).in_(stale)))
    profiles.tidy(c)
    echoes.tidy(c)
    return len(ids) == AT_ONCE
