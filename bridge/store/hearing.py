"""What CRMs tell without being asked: that agents have written, and which cases were closed or opened again."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from bridge.message import clean
from bridge.ports import CaseChange, Heard, Reply, Rung
from bridge.store import items, replies, rung
from bridge.store.engine import bytewise, moment, now, stamp, upsert
from bridge.store.tables import case_row, cursor, item, learned

CALL, CASES, US = "call", "cases", "us"
"""The names under which stands when a CRM called last, when it told of a case last, and Polled.us."""

SOON = 1000  #: milliseconds: what rings in that time is read at once, so that a storm is no storm of calls
TRUSTED = 24 * 3600 * 1000
"""Milliseconds for which a CRM that told of a case counts as one that tells of all."""


def hear(c: Connection, crm: str, heard: Heard) -> None:
    """Keep what a CRM told: replies are taken or read in a second, case rows learn whether their cases are closed.

    The same told again changes nothing.
    """
    if heard.cases:
        _change(c, crm, heard.cases)
    told = [*(one.case_id for one in heard.said), *(one.case_id for one in heard.rung)]
    cases = rung.ours(c, crm, told)
    us = c.execute(_learned(crm, US).with_only_columns(learned.c.value)).scalar()
    rings = [*_take(c, crm, heard.said, us), *(one for one in heard.rung if not one.by or clean(one.by) != us)]
    mine = [one for one in rings if clean(one.case_id) in cases]
    rung.ring(c, crm, mine)
    rung.expect(c, crm, {(one.case_id, one.reply) for one in rings if one not in mine})
    if heard.replies or mine:
        soon(c, crm)
    _remember(c, crm, {CALL: "", CASES: ""} if heard.cases else {CALL: ""})


def _take(c: Connection, crm: str, said: Sequence[Reply], us: str | None) -> list[Rung]:
    """Take what others wrote; return what is to be read again, since nobody knows yet who we are there."""
    if not said:
        return []
    replies.take(c, crm, [one for one in said if not one.by or us not in (None, clean(one.by))])
    doubted = [one for one in said if one.by and us is None]
    at = moment(c.execute(select(now())).scalar_one())
    assert at is not None
    return [Rung(case_id=one.case_id, at=at, reply=one.id) for one in doubted]


def know_us(c: Connection, crm: str, us: str) -> None:
    """Remember by what a CRM calls us. "" = it has no name for us."""
    if us and c.execute(_learned(crm, US).with_only_columns(learned.c.value)).scalar() != clean(us):
        _remember(c, crm, {US: clean(us)})


def _learned(crm: str, name: str) -> Any:
    return select(learned).where(learned.c.connection == crm, learned.c.name == name)


def soon(c: Connection, crm: str) -> None:
    """Have the replies read soon, even when somebody reads them just now: they may be newer than that."""
    insert = upsert(c, cursor).values(crm=crm, value="", due_at=now() + SOON)
    earlier = {"due_at": insert.excluded.due_at}
    later = cursor.c.due_at > insert.excluded.due_at
    c.execute(insert.on_conflict_do_update(index_elements=["crm"], set_=earlier, where=later))


def _change(c: Connection, crm: str, changes: Sequence[CaseChange]) -> None:
    """Note changes at the case rows whose case it is now; one older than what a row knows is passed over."""
    of = {clean(change.case_id): change for change in sorted(changes, key=lambda change: change.at)}
    rows = _rows(c, crm, of)
    for row, case_id in sorted(rows):
        when = stamp(of[case_id].at)
        current = case_row.c.known.contains(f'"case_id":{json.dumps(case_id)}', autoescape=True)
        newer = func.coalesce(case_row.c.status_at, when) <= when
        status = "closed" if of[case_id].closed else "open"
        c.execute(
            update(case_row).where(case_row.c.id == row, current, newer).values(status=status, status_at=when)
        )


def _rows(c: Connection, crm: str, cases: Collection[str]) -> set[tuple[str, str]]:
    """The case rows that have filed into these cases, locked: (row, the CRM's id of the case)."""
    filed = item.c.crm_case.in_(sorted(cases)) & items.filed_at(crm)
    pairs = c.execute(select(item.c.case_id, item.c.crm_case).where(filed).distinct())
    found = {(row.case_id, row.crm_case) for row in pairs}
    ids = select(case_row.c.id).where(case_row.c.id.in_(sorted({row for row, _ in found})))
    c.execute(ids.order_by(bytewise(case_row.c.id)).with_for_update(key_share=True))
    return found


def _remember(c: Connection, crm: str, told: Mapping[str, str]) -> None:
    insert = upsert(c, learned)
    for name, value in told.items():
        row = insert.values(connection=crm, name=name, value=value, at=now())
        anew = {"value": row.excluded.value, "at": row.excluded.at}
        c.execute(row.on_conflict_do_update(index_elements=["connection", "name"], set_=anew))


def last_call(c: Connection, crm: str) -> datetime | None:
    """When a CRM called us last; None = it never has."""
    return moment(c.execute(_learned(crm, CALL).with_only_columns(learned.c.at)).scalar())


def tells_of_cases(c: Connection, crms: Collection[str]) -> set[str]:
    """Which of these CRMs told of a case lately, so that what is known of their cases can be trusted."""
    told = learned.c.connection.in_(sorted(crms)) & (learned.c.name == CASES) & (learned.c.at > now() - TRUSTED)
    return set(c.execute(select(learned.c.connection).where(told)).scalars())
