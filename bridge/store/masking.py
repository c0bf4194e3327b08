"""Masks our copies of what has settled, in the transaction that settles it, and of what has long been dead.

It also removes the raw payloads of connections that are regulated since.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, select, tuple_, update

from bridge import addresses, masks, protecting
from bridge.message import dump, load
from bridge.protecting import Kinds, Protection
from bridge.store import echoes, profiles, shadows
from bridge.store.engine import now, upsert
from bridge.store.queues import milliseconds
from bridge.store.tables import emptied, item, person, record

DEAD_FOR = timedelta(days=30)
SEALED_FOR = timedelta(hours=72)
AT_ONCE = 25  #: of the dead, so that the transaction stays short
EMPTIED = 200  #: of those that may have a raw payload to remove


def settled(c: Connection, which: ColumnElement[bool], protection: Protection) -> Mapping[str, Kinds]:
    """Mask everything that these items hold of a customer's words; what was masked, by the items' keys."""
    if not protection.masks:
        return {}
    rows = c.execute(select(item).where(which).order_by(item.c.id).with_for_update(key_share=True)).all()
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
        url_digest = addresses.digest(message.url)
    except ValueError:  # an older version stored what this one cannot read
        body, raw, decision = masks.mask(row.body, kinds), b"", masks.mask(row.decision, kinds)
        url_digest = ""
    return {
        "body": body,
        "raw": raw,
        "decision": decision,
        "url_digest": url_digest,
        "reason": masks.mask(row.reason, kinds),
        "warnings": masks.mask(row.warnings, kinds),
    }


def tidy(c: Connection, protection: Protection) -> bool:
    """Mask what has been dead for a month, forget what is not to be kept any more; whether there may be more."""
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
    shadows.tidy(c)
    return bool(ids) or _empty(c, protection)


def _empty(c: Connection, protection: Protection) -> bool:
    """Remove raw payloads that came before they were not to be kept, some at a time; whether there may be more.

    The last minute is looked at later: some of it may not be committed yet.
    """
    rawless = protection.rawless
    sources = json.dumps(rawless if rawless is None else sorted(rawless))
    c.execute(delete(emptied).where(emptied.c.sources != sources))
    if rawless == frozenset():
        return False
    upto = c.execute(select(emptied.c.upto)).scalar() or 0
    fresh = item.c.ingested_at > now() - milliseconds(timedelta(minutes=1))
    some = select(item.c.id, item.c.lane, item.c.body).where(item.c.id > upto, ~fresh).limit(EMPTIED)
    rows = c.execute(some.order_by(item.c.id).with_for_update(key_share=True)).all()
    if rows:
        gone = item.c.id.in_([row.id for row in rows if not _keeps_raw(row, protection)])
        full = (func.length(item.c.raw) > 0) | item.c.sealed.isnot(None)
        c.execute(update(item).where(gone, full).values(raw=b"", sealed=None))
        insert = upsert(c, emptied).values(sources=sources, upto=rows[-1].id)
        c.execute(insert.on_conflict_do_update(index_elements=["sources"], set_={"upto": insert.excluded.upto}))
    return len(rows) == EMPTIED


def _keeps_raw(row: Any, protection: Protection) -> bool:
    """Whether a row's raw payload may be kept; of what cannot be read the lane says where it came from."""
    connection = _connection(row) if row.body else row.lane.partition(":")[0]
    return connection != "" and protection.keeps_raw(connection)
