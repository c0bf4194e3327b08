"""Cases in which a CRM says that agents have written: kept until they have been read.

An agent can be quicker than we are: the case is there, and its receipt is not yet. So while anything is being
filed cases of others are kept too, and read only once they turn out to be ours.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, delete, or_, select, tuple_

from bridge.message import clean
from bridge.ports import Rung
from bridge.store import items
from bridge.store.engine import moment, now, stamp, upsert
from bridge.store.tables import filing, item, reply, rung

AT_ONCE = 20  #: cases that are handed out together: each costs a call


def ring(c: Connection, crm: str, cases: Collection[Rung]) -> None:
    """Keep these. One that rings again counts from its earliest time, and never from the very same.

    So whoever is reading it just now finds that it is not done with.
    """
    insert: Any = upsert(c, rung)
    new, was = insert.excluded.at, rung.c.at
    earlier = case((new < was, new), else_=was - 1)
    keep = insert.on_conflict_do_update(index_elements=["crm", "crm_case", "reply"], set_={"at": earlier})
    rows = {(clean(one.case_id), clean(one.reply)): stamp(one.at) for one in cases}
    for (case_id, reply_id), at in sorted(rows.items()):
        c.execute(keep, {"crm": crm, "crm_case": case_id, "reply": reply_id, "at": at})


def expect(c: Connection, crm: str, others: Collection[tuple[str, str]]) -> None:
    """Keep cases of others with what was said there, for one that is just being filed may be among them."""
    if others and c.execute(select(_in_flight(crm).exists())).scalar():
        at = moment(c.execute(select(now())).scalar_one())
        assert at is not None
        ring(c, crm, [Rung(case_id=case_id, at=at, reply=reply_id) for case_id, reply_id in others])


def forget(c: Connection, crm: str) -> None:
    """Forget the cases of others that did not turn out to be ours."""
    earlier = _in_flight(crm).where(filing.c.op_at <= rung.c.at).exists()
    c.execute(delete(rung).where(rung.c.crm == crm, ~_ours(crm), ~earlier))


def _in_flight(crm: str) -> Any:
    return select(1).where(filing.c.case_id.startswith(f"{crm}/", autoescape=True))


def _ours(crm: str) -> ColumnElement[bool]:
    """Whether something was filed into what rang, or was answered there before agents merged it."""
    filed = (item.c.crm_case == rung.c.crm_case) & items.filed_at(crm)
    answered = (reply.c.crm_case == rung.c.crm_case) & (reply.c.crm == crm)
    return or_(select(1).where(filed).exists(), select(1).where(answered).exists())


def waiting(c: Connection, crm: str, *, most: int = AT_ONCE) -> list[Rung]:
    """Return what waits to be read, the oldest first."""
    mine = select(rung).where(rung.c.crm == crm, _ours(crm))
    rows = c.execute(mine.order_by(rung.c.at, rung.c.crm_case).limit(most))
    return [
        Rung(case_id=row.crm_case, at=at, reply=row.reply) for row in rows if (at := moment(row.at)) is not None
    ]


def taken(c: Connection, crm: str, cases: Collection[Rung]) -> None:
    """Forget those that have been read and have not rung again since."""
    same = tuple_(rung.c.crm_case, rung.c.reply, rung.c.at)
    done = sorted((one.case_id, one.reply, stamp(one.at)) for one in cases)
    if done:
        c.execute(delete(rung).where(rung.c.crm == crm, same.in_(done)))


def ours(c: Connection, crm: str, cases: Collection[str]) -> set[str]:
    """Return those of a CRM's cases that something was filed into."""
    inside = item.c.crm_case.in_(sorted({clean(one) for one in cases}))
    return set(c.execute(select(item.c.crm_case).where(inside, items.filed_at(crm)).distinct()).scalars())


def written_by_us(c: Connection, crm: str, case_id: str, comment: str) -> bool:
    """Return whether a comment in a case is one that a message was filed as."""
    mine = (item.c.crm_case == clean(case_id)) & item.c.crm_ref.contains(clean(comment), autoescape=True)
    refs: Sequence[str] = c.execute(select(item.c.crm_ref).where(mine, items.filed_at(crm))).scalars().all()
    return any(clean(comment) == one.partition(":")[0] for ref in refs for one in ref.split(","))
