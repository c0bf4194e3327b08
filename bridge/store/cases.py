"""Case rows: decided items, the filing that is frozen for them, and what the CRM said.

Lock order everywhere: lanes → case rows → filing → item.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from pydantic import TypeAdapter
from sqlalchemy import (
    BigInteger,
    Connection,
    Integer,
    Select,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    select,
    update,
)

from bridge import frozen, protecting
from bridge.frozen import NOTE, Frozen
from bridge.mapping import Facts
from bridge.ports import Known
from bridge.protecting import NONE, UNPROTECTED, Protection
from bridge.steps import Item, Rendered, Settled, Waiting
from bridge.store import hearing, items, lanes, masking, people, queues, records
from bridge.store.engine import after, moment, now, stamp
from bridge.store.queues import Claim, Release
from bridge.store.tables import case_row, filing, item

PARTS = 50  #: messages in one filing; the rest waits for the next
LOAD = 5000  #: items of one batch of cases
JOBS = timedelta(seconds=5)  #: all jobs of a CRM are asked for at its multiples, with one question
NEWS = 600_000  #: milliseconds: a CRM's news of a case so young may be newer than its answer to a filing

_KNOWN = TypeAdapter(Known)


def load(c: Connection, claim: Claim) -> dict[str, Waiting]:
    """What the claimed rows have to do, by case row id."""
    rows = c.execute(select(case_row).where(case_row.c.id.in_(claim.rows))).all()
    trusted = hearing.tells_of_cases(c, {row.target for row in rows}) if rows else set()
    known = {row.id: _known(row, trusted) for row in rows}
    found = {
        row.id: Waiting(
            known=known[row.id],
            heard_at=moment(row.heard_at),
            facts=Facts(opened_at=moment(row.opened_at), first_reply_at=moment(row.replied_at)),
        )
        for row in rows
    }
    stored = select(filing, (now() - filing.c.failed_at).label("age")).where(filing.c.case_id.in_(claim.rows))
    found |= {i: _stored(row, read, known[i]) for i, (row, read) in _gathered(c, stored).items()}
    fresh = [case_id for case_id, w in found.items() if w.frozen is None]
    if fresh:
        ready = item.c.case_id.in_(fresh) & (item.c.state == "ready")
        batches: dict[str, list[Item]] = {}
        for one in items.read(c, items.query().where(ready).order_by(item.c.id).limit(LOAD)):
            assert one.case_id is not None
            batch = batches.setdefault(one.case_id, [])
            if len(batch) < (1 if claim.rows[one.case_id] >= queues.ALONE else PARTS):
                batch.append(one)
        found |= {i: replace(found[i], items=tuple(batch)) for i, batch in batches.items()}
    return found


def _gathered(c: Connection, stored: Select[Any]) -> dict[str, tuple[Any, Frozen]]:
    """Stored filings, by case row id. Those of which nothing was ever sent learn how many are due together now."""
    found = c.execute(stored.order_by(filing.c.case_id).with_for_update()).all()
    rows = {row.case_id: (row, frozen.load(row.body)) for row in found}
    many = sum(row.unsure_since is None and read.filing.together > 0 for row, read in rows.values())
    for case_id, (row, read) in rows.items():
        if row.unsure_since is None and 0 < read.filing.together < many:
            more = replace(read, filing=replace(read.filing, together=many))
            c.execute(update(filing).where(filing.c.case_id == case_id).values(body=frozen.dump(more)))
            rows[case_id] = (row, more)
    return rows


def _known(row: Any, trusted: Collection[str]) -> Known:
    """What is known of a case; its status only where the CRM would have told of a change."""
    return replace(_KNOWN.validate_json(row.known), status=row.status if row.target in trusted else "")


def _stored(row: Any, read: Frozen, known: Known) -> Waiting:
    whole = replace(
        read.filing,
        op=row.op,
        known=known,
        unsure_since=moment(row.unsure_since),
        unsure_last=moment(row.unsure_last),
        same_op=row.unsure_since is not None and row.unsure_since >= row.op_at,
        job=row.job,
    )
    return Waiting(
        known=known,
        frozen=replace(read, filing=whole),
        attempts=row.attempts,
        failing_for=timedelta(milliseconds=row.age or 0),
    )


def freeze(
    c: Connection, claim: Claim, rendered: Mapping[str, Rendered], *, protection: Protection = UNPROTECTED
) -> dict[str, Frozen]:
    """Store filings before they are sent, with a fresh op each; those that are stored now.

    A row that is no longer ours is left alone. One whose items changed meanwhile (deleted by their author)
    is given back, to be rendered again.
    """
    mine = queues.hold(c, case_row, rendered, claim.token)
    looked_at = [i.id for case_id in mine for i in rendered[case_id].items]
    same = set(
        c.execute(select(item.c.id).where(item.c.id.in_(looked_at), item.c.state == "ready")).scalars()
    ) - set(_deleted_since(c, [i for case_id in mine for i in rendered[case_id].items]))
    together = sum(r.frozen is not None for r in rendered.values())
    stored: dict[str, Frozen] = {}
    releases: dict[str, Release] = {}
    for case_id in sorted(mine):
        r = rendered[case_id]
        if not all(i.id in same for i in r.items):
            releases[case_id] = Release()
            continue
        lanes.end(c, r.ended, protection)
        _hear(c, case_id, r)
        if r.frozen is None:
            releases[case_id] = Release(settled=len(r.ended))
            continue
        if r.ended:
            c.execute(update(case_row).where(case_row.c.id == case_id).values(open=case_row.c.open - len(r.ended)))
        stored[case_id] = _insert(c, case_id, r, together)
    queues.release(c, case_row, releases)
    return stored


def _hear(c: Connection, case_id: str, r: Rendered) -> None:
    """Note when a customer was heard; a new episode forgets the case before it."""
    values: dict[str, Any] = {} if r.heard_at is None else {"heard_at": stamp(r.heard_at)}
    if r.known is not None:
        values |= {"known": _dump(r.known), "opened_at": None, "replied_at": None, "status": "", "status_at": None}
    if values:
        c.execute(update(case_row).where(case_row.c.id == case_id).values(**values))


def _deleted_since(c: Connection, looked_at: Sequence[Item]) -> Collection[int]:
    whole = [i.id for i in looked_at if not i.deleted]
    return c.execute(select(item.c.id).where(item.c.id.in_(whole), item.c.deleted)).scalars().all()


def _insert(c: Connection, case_id: str, r: Rendered, together: int) -> Frozen:
    assert r.frozen is not None
    ids = [i.id for i in r.items if i.id not in r.ended]
    since = min((i.unsure_since for i in r.items if i.unsure_since is not None), default=None)
    last = max((i.unsure_last for i in r.items if i.unsure_last is not None), default=None)
    whole = replace(
        r.frozen.filing,
        op=uuid4().hex,
        unsure_since=moment(since),
        unsure_last=moment(last),
        together=together,
    )
    stored = replace(r.frozen, filing=whole)
    c.execute(
        insert(filing).values(
            case_id=case_id,
            body=frozen.dump(stored),
            op=whole.op,
            op_at=now(),
            unsure_since=since,
            unsure_last=last,
        )
    )
    c.execute(update(item).where(item.c.id.in_(ids)).values(state="sending", frozen_at=now()))
    return stored


def settle(
    c: Connection,
    claim: Claim,
    settled: Mapping[str, Settled],
    *,
    renew: Collection[str] = (),
    lease: timedelta,
    rhythm: timedelta = timedelta(0),
    protection: Protection = UNPROTECTED,
) -> None:
    """Write what the CRM answered, free those cases and renew the others; mask what has settled.

    rhythm: as for `queues.enqueue`, of what has come meanwhile.
    """
    mine = queues.hold(c, case_row, [*settled, *renew], claim.token)
    ours = {case_id: s for case_id, s in settled.items() if case_id in mine}
    for case_id in sorted(ours):
        _write(c, case_id, ours[case_id], protection)
    _forget(c, ours)
    queues.release(
        c,
        case_row,
        {
            case_id: Release(
                settled=sum(map(frozen.is_item, [*s.filed, *s.dropped, *s.dead])),
                after=(s.after or timedelta(0)) if s.left else s.after,
                among=JOBS if s.job else timedelta(0),
                crashes=s.crashes,
            )
            for case_id, s in ours.items()
        },
        rhythm=rhythm,
    )
    queues.renew(c, case_row, mine.difference(settled), lease)


def _write(c: Connection, case_id: str, s: Settled, protection: Protection) -> None:
    """Write one filing's answer: the items, what is left of the filing, what is known of the case."""
    times = c.execute(
        select(filing.c.body, filing.c.op_at, filing.c.unsure_since, filing.c.unsure_last)
        .where(filing.c.case_id == case_id)
        .with_for_update()
    ).one_or_none()
    since, last = (times.unsure_since, times.unsure_last) if times else (None, None)
    _file(c, s)
    _end(c, "dropped", s.dropped, None, None)
    masked = masking.settled(c, item.c.key.in_(sorted([*s.filed, *s.dropped])), protection)
    _end(c, "dead", {key: why for key, why in s.dead.items() if key not in s.partly}, since, last)
    if s.partly and times:
        _end(c, "dead", {key: s.dead[key] for key in s.partly}, since or times.op_at, last or times.op_at)
    if s.ready:
        c.execute(
            update(item)
            .where(item.c.key.in_(sorted(s.ready)))
            .values(state="ready", unsure_since=since, unsure_last=last)
        )
    if s.known is not None:
        _know(c, case_id, s.known, s)
    if s.left and times:
        stored = frozen.load(times.body)
        _keep(c, case_id, s, protecting.opened(stored, masked.get(stored.filing.opener, NONE)))
    else:
        c.execute(delete(filing).where(filing.c.case_id == case_id))


def _forget(c: Connection, settled: Mapping[str, Settled]) -> None:
    """Look up anew what was named where the CRM refused something: a person or a record that is gone, perhaps."""
    doubtful = {key for s in settled.values() for key in (*s.dead, *(s.filed if s.left_out else ()))}
    if doubtful:
        people.forget(c, items.read(c, items.query().where(item.c.key.in_(sorted(doubtful)))))
    records.forget(c, {i.partition("/")[0] for i, s in settled.items() if s.dead or s.left_out})


def _dump(known: Known) -> str:
    """A Known as JSON, without the status, which has its own column."""
    return _KNOWN.dump_json(known, exclude={"status"}).decode()


def _know(c: Connection, case_id: str, known: Known, s: Settled) -> None:
    values: dict[str, Any] = {"known": _dump(known), "status": known.status}
    if s.opened:
        values |= {"opened_at": now(), "replied_at": None, "status_at": None}
    elif known.status:  # which of the two came first nobody knows
        disputed = (case_row.c.status_at > now() - NEWS) & (case_row.c.status != known.status)
        values["status"] = case((disputed, ""), else_=known.status)
    if s.replied_at is not None:
        replied: Any = literal(stamp(s.replied_at), BigInteger)
        values["replied_at"] = replied if s.opened else func.coalesce(case_row.c.replied_at, replied)
    c.execute(update(case_row).where(case_row.c.id == case_id).values(**values))


def _file(c: Connection, s: Settled) -> None:
    if not s.filed:
        return
    assert s.known is not None
    c.execute(
        update(item)
        .where(item.c.key == bindparam("b_key"))
        .values(
            state="filed",
            crm_case=bindparam("b_case"),
            crm_ref=bindparam("b_ref"),
            crm_notes=bindparam("b_notes"),
            link=s.link,
            warnings="\n".join(s.warnings),
            reason="",
            unsure_since=None,
            unsure_last=None,
            settled_at=now(),
        ),
        [_filed(key, ref, s.cases.get(key, s.known.case_id), s) for key, ref in sorted(s.filed.items())],
    )


def _filed(key: str, ref: str, crm_case: str, s: Settled) -> dict[str, str]:
    assert s.known is not None
    opened = crm_case == s.known.case_id and crm_case in ref.split(",")
    notes = s.notes.get(key, s.known.notes if opened else None)
    return {
        "b_key": key,
        "b_ref": ref,
        "b_case": crm_case,
        "b_notes": json.dumps(dict(notes)) if notes is not None else "",
    }


def _end(c: Connection, state: str, why: Mapping[str, str], since: int | None, last: int | None) -> None:
    if why:
        c.execute(
            update(item)
            .where(item.c.key == bindparam("b_key"))
            .values(
                state=state,
                reason=bindparam("b_reason"),
                settled_at=now(),
                unsure_since=since,
                unsure_last=last,
            ),
            [{"b_key": key, "b_reason": reason} for key, reason in sorted(why.items())],
        )


def _keep(c: Connection, case_id: str, s: Settled, stored: Frozen) -> None:
    """Rewrite the stored filing to what is left.

    It is taken from what is stored, not from what was sent: a deletion may have blanked it meanwhile.
    What may be in already keeps its words to the letter. Only a receipt ends an op, or word that nothing of it was
    applied. Else `unsure_since` goes only with the filing: a throttle after a timeout says nothing of the first
    attempt, nor of a job.
    """
    unsure = bindparam("b_unsure", value=s.unsure, type_=Integer)
    left, ended = frozen.keep(stored, s.left, filed=() if s.unsure else s.filed), s.receipt or s.clears
    if s.clears:
        left = replace(left, filing=replace(left.filing, together=0))
        c.execute(update(filing).where(filing.c.case_id == case_id).values(unsure_since=None, unsure_last=None))
    c.execute(
        update(filing)
        .where(filing.c.case_id == case_id)
        .values(
            body=frozen.dump(left),
            op=uuid4().hex if ended else filing.c.op,
            op_at=after(filing.c.op_at) if ended else filing.c.op_at,
            job=s.job if s.unsure else "" if ended else filing.c.job,
            why=s.why,
            unsure_since=case(
                (unsure == 1, func.coalesce(filing.c.unsure_since, filing.c.op_at)), else_=filing.c.unsure_since
            ),
            unsure_last=case((unsure == 1, now()), else_=filing.c.unsure_last),
            attempts=filing.c.attempts + int(s.counts),
            failed_at=func.coalesce(filing.c.failed_at, now()) if s.counts else filing.c.failed_at,
        )
    )
    unsure_still = select(filing.c.unsure_since).where(filing.c.case_id == case_id)
    state = "sending" if c.execute(unsure_still).scalar() is None else "unknown"
    c.execute(update(item).where(item.c.key.in_(sorted(s.left)), item.c.state != state).values(state=state))


def cut(c: Connection, claim: Claim, case_id: str, there: Collection[str]) -> Frozen | None:
    """Cut a filing that killed its owners, after the CRM was asked: what it has stays stored under its op, to be
    told as after any lost answer; if it has nothing the first part stays, under a new op. The rest is ready again.

    there: the keys of what it has. None: the row is no longer ours.
    """
    if not queues.hold(c, case_row, [case_id], claim.token):
        return None
    here = filing.c.case_id == case_id
    row = c.execute(select(filing).where(here).with_for_update()).one()
    stored = frozen.load(row.body)
    keys = [part.key for part in stored.filing.parts]
    first = {keys[0], keys[0] + NOTE}
    kept = [key for key in keys if key in (there or first)]
    thawed = [key for key in keys if key not in kept and frozen.is_item(key)]
    if thawed:
        again = {"unsure_since": row.unsure_since, "unsure_last": row.unsure_last}
        c.execute(update(item).where(item.c.key.in_(thawed)).values(state="ready", **again))
    op = {} if there else {"op": uuid4().hex, "op_at": after(filing.c.op_at)}
    c.execute(update(filing).where(here).values(body=frozen.dump(frozen.keep(stored, kept)), job="", **op))
    known = c.execute(select(case_row.c.known).where(case_row.c.id == case_id)).scalar_one()
    left = c.execute(select(filing, (now() - filing.c.failed_at).label("age")).where(here)).one()
    return _stored(left, frozen.load(left.body), _KNOWN.validate_json(known)).frozen


def going(c: Connection, ids: Collection[str]) -> dict[str, datetime | None]:
    """Which of these case rows have a case, or something on its way to one -> when a customer was heard there.

    None: nobody knows yet, for something waits there.
    """
    rows = c.execute(select(case_row).where(case_row.c.id.in_(sorted(ids)))).all()
    return {
        row.id: None if row.open else moment(row.heard_at)
        for row in rows
        if row.open or _KNOWN.validate_json(row.known).case_id
    }
