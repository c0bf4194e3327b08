"""The records that mappings name, remembered so that a name costs one look-up a day.

A name may be made of a customer's words, so it is kept as a digest only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from datetime import timedelta

from sqlalchemy import Connection, delete, select

from bridge.errors import Rejected
from bridge.ports import Named
from bridge.store.engine import bytewise, now, upsert
from bridge.store.queues import milliseconds
from bridge.store.tables import record

FOUND_FOR = timedelta(hours=24)
NOT_FOUND_FOR = timedelta(minutes=10)  #: somebody may be making that queue just now
THE_NAME = "\x1f"  #: stands for the name in a reason


def recall(c: Connection, crm: str, wanted: Collection[Named]) -> dict[Named, str | Rejected]:
    """What is still remembered of these names: an id, or why there is none."""
    digests = {_digest(one): one for one in wanted}
    rows = c.execute(
        select(record).where(record.c.crm == crm, record.c.named.in_(sorted(digests)), record.c.until > now())
    ).all()
    return {digests[r.named]: r.found or _refused(r.reason, digests[r.named]) for r in rows}


def was_missing(c: Connection, crm: str, one: Named) -> bool:
    """Whether the CRM had no such record when it was asked last, however long ago."""
    known = (record.c.crm == crm) & (record.c.named == _digest(one))
    return c.execute(select(record.c.found).where(known)).scalar() == ""


def remember(c: Connection, crm: str, found: Mapping[Named, str | Rejected]) -> None:
    """Keep what the CRM said: a day for a record that was found, ten minutes otherwise."""
    for digest, one, answer in sorted(((_digest(o), o.name, a) for o, a in found.items()), key=lambda row: row[0]):
        there = isinstance(answer, str)
        statement = upsert(c, record).values(
            crm=crm,
            named=digest,
            found=answer if there else "",
            reason="" if there else str(answer).replace(repr(one), THE_NAME)[:500],
            until=now() + milliseconds(FOUND_FOR if there else NOT_FOUND_FOR),
        )
        fresh = statement.excluded
        c.execute(
            statement.on_conflict_do_update(
                index_elements=["crm", "named"],
                set_={"found": fresh.found, "reason": fresh.reason, "until": fresh.until},
            )
        )


def forget(c: Connection, crms: Collection[str]) -> None:
    """Ask these CRMs anew: a message was refused, and a record that it named may be the one that is gone."""
    if crms:
        theirs = record.c.crm.in_(sorted(crms))
        ordered = select(record.c.named).where(theirs).order_by(record.c.crm, bytewise(record.c.named))
        c.execute(ordered.with_for_update())
        c.execute(delete(record).where(theirs))


def _refused(reason: str, one: Named) -> Rejected:
    return Rejected(reason.replace(THE_NAME, repr(one.name)), field=one.field)


def _digest(one: Named) -> str:
    return hashlib.sha256(json.dumps([one.object, one.field, one.name]).encode()).hexdigest()
