"""Lanes: items that no mapping has decided yet, and handing them over to their case rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from bridge import addresses
from bridge.budget import FREE, Rhythm
from bridge.message import clean
from bridge.ports import Crowd
from bridge.protecting import UNPROTECTED, Protection
from bridge.steps import Id, Item, Place, Settle, Verdict, Wait
from bridge.store import inbox, items, masking, queues
from bridge.store.engine import bytewise, now, upsert
from bridge.store.queues import Claim, Release
from bridge.store.tables import case_row, item, lane

SOON = timedelta(seconds=1)
LOAD = 2000  #: items of one batch of lanes; the rest comes with the next claim
NEWEST = 200  #: items among which a crowd is looked for


def waiting(c: Connection, claim: Claim) -> list[Item]:
    """The undecided items of claimed lanes in the ledger's order; of a lane claimed alone only the first."""
    undecided = item.c.lane.in_(claim.rows) & (item.c.state == "ready") & item.c.case_id.is_(None)
    found, seen = [], set()
    for row in items.read(c, items.query().where(undecided).order_by(item.c.id).limit(LOAD)):
        if claim.rows[row.lane] < queues.ALONE or row.lane not in seen:
            seen.add(row.lane)
            found.append(row)
    return found


def crowded(c: Connection, crowd: Crowd, connections: Collection[str] | None) -> bool:
    """Whether there is a crowd in these connections; None = in all. It looks at the latest items only."""
    newest = select(item.c.lane, item.c.ingested_at).order_by(item.c.id.desc()).limit(NEWEST).subquery()
    wrote = select(func.count(newest.c.lane.distinct())).where(
        newest.c.ingested_at > now() - queues.milliseconds(crowd.within)
    )
    if connections is not None:
        theirs = wrote.join(lane, lane.c.id == newest.c.lane)
        wrote = theirs.where(lane.c.connection.in_(sorted(connections)))
    return int(c.execute(wrote).scalar_one()) > crowd.most


def settle(
    c: Connection,
    claim: Claim,
    verdicts: Sequence[tuple[Item, Verdict]],
    *,
    gather: timedelta,
    rhythms: Mapping[str, Rhythm] | None = None,
    protection: Protection = UNPROTECTED,
    revision: int = 0,
) -> set[int]:
    """Hand items over to their case rows, end those that end here, and give the lanes back; which items those are.

    gather: how long a case waits for more. rhythms: of targets; the others are free. revision: of the mappings.
    A lane of which something was deleted meanwhile is given back as it was: what was decided from the text must
    not be written beside the blank message.
    """
    mine = queues.hold(c, lane, claim.rows, claim.token)
    stale = _blanked_since(c, [row for row, _ in verdicts])
    kept = [(row, verdict) for row, verdict in verdicts if row.lane in mine and row.lane not in stale]
    _place(c, [(row, v) for row, v in kept if isinstance(v, Place)], gather, rhythms or {}, revision)
    end(c, {row.id: v for row, v in kept if isinstance(v, Settle)}, protection, revision=revision)
    _told(c, {row.id: v.why for row, v in kept if isinstance(v, Wait) and v.why})
    gone = Counter(row.lane for row, v in kept if not isinstance(v, Wait))
    rest = {row.lane: v.after for row, v in kept if isinstance(v, Wait)}
    rest |= dict.fromkeys(_found_since(c, [row for row, v in kept if isinstance(v, Wait)]), SOON)
    queues.release(c, lane, {i: Release(settled=gone[i], after=rest.get(i)) for i in mine})
    return {row.id for row, v in kept if not isinstance(v, Wait)}


def _told(c: Connection, why: Mapping[int, str]) -> None:
    """Note what keeps items from being decided, until they are."""
    if why:
        c.execute(
            update(item).where(item.c.id == bindparam("b_id")).values(reason=bindparam("b_why")),
            [{"b_id": i, "b_why": clean(told)[:500]} for i, told in sorted(why.items())],
        )


def _found_since(c: Connection, waited: Sequence[Item]) -> set[str]:
    """Lanes of orphans whose message has come while they were looked at: ingest could not wake a leased lane."""
    orphans = {row.points_at: row.lane for row in waited if row.change != "created"}
    found = items.related(c, orphans.keys()) if orphans else {}
    return {orphans[i] for i, family in found.items() if any(one.change == "created" for one in family)}


def _blanked_since(c: Connection, read: Sequence[Item]) -> set[str]:
    whole = [row.id for row in read if not row.deleted]
    return set(c.execute(select(item.c.lane).where(item.c.id.in_(whole), item.c.deleted)).scalars())


def blank(c: Connection, target: Id) -> None:
    """Blank a message whose deletion was here before it could be found."""
    rows = items.related(c, {target}).get(target, [])
    lanes = sorted({row.lane for row in rows})
    c.execute(
        select(lane.c.id).where(lane.c.id.in_(lanes)).order_by(bytewise(lane.c.id)).with_for_update(key_share=True)
    )
    inbox.blank(c, target)


def end(
    c: Connection,
    verdicts: Mapping[int, Settle],
    protection: Protection = UNPROTECTED,
    *,
    revision: int | None = None,
) -> None:
    """Write the end of items that are held by their queue row; those that are dropped are masked.

    revision: of the mappings that decided it; None = that stands there already.
    """
    decided = {} if revision is None else {"revision": revision}
    if verdicts:
        c.execute(
            update(item)
            .where(item.c.id == bindparam("b_id"))
            .values(state=bindparam("b_state"), reason=bindparam("b_reason"), settled_at=now(), **decided),
            [{"b_id": i, "b_state": v.state, "b_reason": v.reason} for i, v in sorted(verdicts.items())],
        )
        dropped = sorted(i for i, v in verdicts.items() if v.state == "dropped")
        masking.settled(c, item.c.id.in_(dropped), protection)


def _place(
    c: Connection,
    placed: Sequence[tuple[Item, Place]],
    gather: timedelta,
    rhythms: Mapping[str, Rhythm],
    revision: int,
) -> None:
    if not placed:
        return
    targets = {v.case_id: v.target for _, v in placed}
    insert: Any = upsert(c, case_row)
    c.execute(
        insert.on_conflict_do_update(index_elements=["id"], set_={"target": insert.excluded.target}),
        [{"id": i, "target": targets[i]} for i in sorted(targets)],
    )
    c.execute(
        update(item)
        .where(item.c.id == bindparam("b_id"))
        .values(
            case_id=bindparam("b_case"),
            mapping=bindparam("b_mapping"),
            decision=bindparam("b_decision"),
            revision=revision,
            placed_at=now(),
            reason="",
        ),
        [
            {"b_id": row.id, "b_case": v.case_id, "b_mapping": v.mapping, "b_decision": v.decision}
            for row, v in placed
        ],
    )
    for target in sorted(set(targets.values())):
        counts = Counter(v.case_id for _, v in placed if v.target == target)
        rhythm = rhythms.get(target, FREE)
        held = rhythm.holds(len(counts)) and rhythm.holds(len(counts) + queues.due(c, case_row, target))
        queues.enqueue(c, case_row, counts, wait=gather, rhythm=rhythm.span if held else timedelta(0))


def complete(c: Connection, claim: Claim, done: Sequence[Item]) -> set[int]:
    """Store messages that hold now what their callbacks lacked; which ones could be stored."""
    mine = queues.hold(c, lane, {one.lane for one in done}, claim.token) if done else set()
    kept = set()
    for one in done:
        if one.lane in mine:
            whole = update(item).where(item.c.id == one.id, ~item.c.deleted)
            told = {"body": one.body, "raw": one.raw, "url_digest": addresses.digest(one.message.url)}
            if c.execute(whole.values(told)).rowcount:
                kept.add(one.id)
    return kept
