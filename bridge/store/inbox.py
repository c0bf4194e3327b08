"""What a callback leaves behind, in one transaction: items in their lanes, counters, blanked deletions."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Integer, bindparam, case, func, select, update

from bridge import addresses, frozen
from bridge.message import Message, dump, load, redacted
from bridge.ports import Delivered, Skipped, Undelivered, Unreadable
from bridge.steps import Id
from bridge.store import echoes, queues, shadows
from bridge.store.engine import after, bytewise, now, upsert
from bridge.store.tables import case_row, filing, item, lane, skipped

UNSAID = "its author deleted it since, and the reason, which may quote it, is not kept"


def identity(message: Message) -> Id:
    """What a later edit or deletion of this message will point at."""
    return message.channel, message.account.id, message.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Everything that one verified callback brought."""

    connection: str
    received_at: datetime
    messages: Sequence[Message] = ()
    unreadable: Sequence[Unreadable] = ()
    skipped: Sequence[Skipped] = ()
    delivered: Sequence[Delivered] = ()
    undelivered: Sequence[Undelivered] = ()
    seal: Callable[[bytes], bytes] | None = None  #: encrypts what nobody could read; None = it is not kept
    fetched: bool = False  #: by us; else the platform called


def ingest(c: Connection, arrival: Arrival) -> int:
    """Store a callback; the number of items that are new. A redelivery adds nothing.

    Lanes are locked first and in sorted order, so that two callbacks that share lanes cannot deadlock and
    whoever repeats a key waits for us there.
    """
    messages = in_order(arrival.messages)
    places = _placed(c, messages)
    rows = [
        _row(m, to, deleted=identity(m) in places.gone and m.change != "deleted")
        for m, to in zip(messages, places.lanes, strict=True)
    ] + [_dead(arrival, u) for u in arrival.unreadable]
    _lock_lanes(c, arrival.connection, {row["lane"] for row in rows} | places.targets | places.awake)
    fresh = _insert(c, rows, fetched=arrival.fetched)
    gone = [identity(m) for m in messages if m.change == "deleted" and m.key in fresh]
    _lock_cases(c, gone)
    for target in gone:
        blank(c, target)
    _wake(c, places.awake)
    _count_skipped(c, arrival)
    echoes.news(c, arrival.connection, [*arrival.delivered, *arrival.undelivered])
    return len(fresh)


def in_order(messages: Sequence[Message]) -> list[Message]:
    """One callback's messages in the platform's order, but none before the message that it points at."""
    created = {identity(m): i for i, m in reversed(list(enumerate(messages))) if m.change == "created"}

    def place(i: int) -> tuple[int, int]:
        """Behind which message it comes, and how many stand between the two."""
        last, depth, seen = i, 0, {i}
        while (j := created.get(_pointed_at(messages[i]), i)) not in seen:
            seen.add(j)
            last, depth, i = max(last, j), depth + 1, j
        return last, depth

    return [messages[i] for i in sorted(range(len(messages)), key=place)]


def _pointed_at(message: Message) -> Id:
    if message.change == "created" and message.author.is_self and message.kind != "direct":
        return message.channel, message.account.id, message.reply_to
    return identity(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Places:
    lanes: Sequence[str]  #: of each message
    gone: set[Id]  #: messages that their authors have deleted
    targets: set[str]  #: where those stand that are deleted now
    awake: set[str]  #: where orphans wait that are none any more


def _placed(c: Connection, messages: Sequence[Message]) -> _Places:
    """Look up what the messages point at, and say where they go."""
    ids = {m.id for m in messages} | {m.reply_to for m in messages if m.author.is_self and m.reply_to}
    found = [((r.channel, r.account, r.message_id), r) for r in (_known(c, ids) if ids else ())]
    lanes = {i: r.lane for i, r in found if r.change == "created"}
    orphans = {i: r.lane for i, r in found if r.lane == orphaned(i) and r.state == "ready" and r.case_id is None}
    for m in messages:  # neighbours in the same callback: customers first, then what points at them
        if m.change == "created" and not m.author.is_self:
            lanes.setdefault(identity(m), lane_of(m, lanes.get))
    for m in messages:
        if m.change == "created":
            lanes.setdefault(identity(m), lane_of(m, lanes.get))
    pointed = {**lanes, **orphans}  # an edit does not overtake those that still wait for their message
    deleted = {identity(m) for m in messages if m.change == "deleted"}
    created = {identity(m) for m in messages if m.change == "created"}
    return _Places(
        lanes=[lane_of(m, lanes.get if m.change == "created" else pointed.get) for m in messages],
        gone=deleted | {i for i, r in found if r.change == "deleted"},
        targets={lanes[i] for i in deleted if i in lanes},
        awake={orphans[i] for i in created if i in orphans},
    )


def orphaned(target: Id) -> str:
    """The lane in which edits and deletions wait for a message that is not here, beside everybody."""
    channel, account, message_id = target
    return f"{channel}:{account}:?{message_id}"


def lane_of(message: Message, lane_at: Callable[[Id], str | None]) -> str:
    """The lane of one message; `lane_at` gives the lane of a message that is here already.

    A customer's message: channel, account and the customer's side. Our own public reply: its parent's. An
    edit, deletion or hiding: its target's; an orphan waits in a lane of its own, beside everybody. Author
    unknown: the message's id.
    """
    account = f"{message.channel}:{message.account.id}"
    if message.change != "created":
        return lane_at(identity(message)) or orphaned(identity(message))
    parent = (message.channel, message.account.id, message.reply_to)
    if message.author.is_self and not message.side and message.reply_to:
        return lane_at(parent) or f"{account}:~{message.id}"
    return f"{account}:{message.side}" if message.side else f"{account}:~{message.id}"


def blank(c: Connection, target: Id) -> None:
    """Blank what an author deleted, wherever it is: the text, the raw payload, a stored filing.

    The target's lane is locked, or its items are settled. A stored filing with the text gets a new op: what its
    old Idempotency-Key stands for must never be sent again. If somebody is sending it just now, the old op may be
    applied, so the CRM is asked for it unless the answer comes. What is dead but may be in the CRM goes on its
    road again, to be found and redacted.
    """
    channel, account, message_id = target
    mine = (
        (item.c.message_id == message_id)
        & (item.c.channel == channel)
        & (item.c.account == account)
        & (item.c.change != "deleted")
        & ~item.c.deleted
    )
    cases = c.execute(select(item.c.case_id).where(mine, item.c.case_id.isnot(None))).scalars().all()
    held = select(case_row.c.id, case_row.c.owner).where(case_row.c.id.in_(cases))
    held = held.order_by(bytewise(case_row.c.id)).with_for_update(key_share=True)
    sending = {row.id for row in c.execute(held).all() if row.owner is not None}
    rows = c.execute(select(item).where(mine)).all()
    keys = {row.key for row in rows if row.change in ("created", "edited")}  # a hiding says nothing of the text
    for stored in c.execute(select(filing).where(filing.c.case_id.in_(cases)).with_for_update()).all():
        whole = frozen.load(stored.body)
        values: dict[str, Any] = {"body": frozen.dump(frozen.blank(whole, keys)), "why": ""}
        if any(part.key in keys for part in whole.filing.parts):  # else its op stands for other texts only
            values |= _new_op(stored, sending=stored.case_id in sending)
        c.execute(update(filing).where(filing.c.case_id == stored.case_id).values(values))
    for row in rows:
        empty = dump(redacted(load(row.body, b"")))
        # A rule, or a name that nobody bears, may have taken up the text.
        decision = json.dumps({**json.loads(row.decision), "values": {}, "unnamed": []})
        c.execute(
            update(item)
            .where(item.c.id == row.id)
            .values(
                body=empty,
                raw=b"",
                decision=decision,
                deleted=True,
                url_digest="",
                reason={"dead": UNSAID, "ready": ""}.get(row.state, row.reason),
                warnings="",
            )
        )
    shadows.forget(c, [row.id for row in rows])
    _revive(c, [row for row in rows if row.state == "dead" and row.unsure_since is not None])


def _new_op(stored: Any, *, sending: bool) -> dict[str, Any]:
    values = {"op": uuid4().hex, "op_at": after(filing.c.op_at)}
    if sending:
        values |= {"unsure_since": stored.unsure_since or stored.op_at, "unsure_last": now()}
    return values


def _lock_cases(c: Connection, targets: Collection[Id]) -> None:
    """Lock the case rows of several messages in sorted order, before `blank` comes to them one by one."""
    if len(targets) > 1:
        theirs = item.c.message_id.in_(sorted(message_id for *_, message_id in targets))
        rows = case_row.c.id.in_(select(item.c.case_id).where(theirs))
        c.execute(
            select(case_row.c.id).where(rows).order_by(bytewise(case_row.c.id)).with_for_update(key_share=True)
        )


def _revive(c: Connection, rows: Sequence[Any]) -> None:
    """Put dead items that may be in the CRM on their road again, to be found there: their case row is locked.

    They keep their case and mapping: decided anew, without their words, they would go elsewhere.
    """
    for row in rows:
        c.execute(
            update(item).where(item.c.id == row.id).values(state="ready", reason="", settled_at=None, masked=False)
        )
        if row.case_id is None:
            _count_in(c, {row.lane: 0}, {row.lane: 1})
        else:
            queues.enqueue(c, case_row, {row.case_id: 1}, wait=timedelta(0))


def _known(c: Connection, ids: Collection[str]) -> Sequence[Any]:
    columns = (
        item.c.channel,
        item.c.account,
        item.c.message_id,
        item.c.change,
        item.c.lane,
        item.c.state,
        item.c.case_id,
    )
    return c.execute(select(*columns).where(item.c.message_id.in_(sorted(ids)))).all()


def _row(message: Message, to: str, *, deleted: bool) -> dict[str, Any]:
    """The row of one message, blank if its author deleted it; its key is still that of what was written.

    A deletion keeps no words either: some platforms send what they delete along.
    """
    kept = redacted(message) if deleted or message.change == "deleted" else message
    return {
        "key": message.key,
        "lane": to,
        "channel": message.channel,
        "account": message.account.id,
        "message_id": message.id,
        "change": message.change,
        "state": "ready",
        "body": dump(kept),
        "raw": kept.raw,
        "deleted": deleted,
        "url_digest": addresses.digest(kept.url),
        "sealed": None,
        "reason": "",
    }


def _dead(arrival: Arrival, unreadable: Unreadable) -> dict[str, Any]:
    """An item that nobody could read: its hash, its length and the reason; sealed, where there is a key."""
    digest = hashlib.sha256(unreadable.item).hexdigest()
    return {
        "key": f"unreadable:{arrival.connection}:{digest}",
        "lane": f"{arrival.connection}:unreadable",
        "channel": "",
        "account": "",
        "message_id": digest,
        "change": "created",
        "state": "dead",
        "body": "",
        "raw": b"",
        "deleted": False,
        "url_digest": "",
        "sealed": None if arrival.seal is None else arrival.seal(unreadable.item),
        "reason": f"unreadable ({len(unreadable.item)} bytes): {unreadable.error}"[:500],
    }


def _lock_lanes(c: Connection, connection: str, lanes: Collection[str]) -> None:
    """Lock the lanes, creating those that are new: an upsert that changes nothing."""
    if lanes:
        insert = upsert(c, lane)
        c.execute(
            insert.on_conflict_do_update(index_elements=["id"], set_={"connection": insert.excluded.connection}),
            [{"id": i, "connection": connection} for i in sorted(lanes)],
        )


def _insert(c: Connection, rows: Sequence[Mapping[str, Any]], *, fetched: bool) -> set[str]:
    """Insert the items that are new and count them into their lanes; their keys."""
    if not rows:
        return set()
    insert = upsert(c, item)
    fresh = c.execute(
        insert.values(ingested_at=now(), fetched=fetched)
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(item.c.key, item.c.lane, item.c.state),
        rows,
    ).all()
    received = Counter(row.lane for row in fresh)
    waiting = Counter(row.lane for row in fresh if row.state == "ready")
    if received:
        _count_in(c, received, waiting)
    return {row.key for row in fresh}


def _count_in(c: Connection, received: Mapping[str, int], waiting: Mapping[str, int]) -> None:
    n = bindparam("b_n", type_=Integer)
    c.execute(
        update(lane)
        .where(lane.c.id == bindparam("b_id"))
        .values(
            received=lane.c.received + bindparam("b_received", type_=Integer),
            open=lane.c.open + n,
            due_at=case((n > 0, func.coalesce(lane.c.due_at, now())), else_=lane.c.due_at),
        ),
        [{"b_id": i, "b_received": received[i], "b_n": waiting.get(i, 0)} for i in sorted(received)],
    )


def _wake(c: Connection, lanes: Collection[str]) -> None:
    """Look at once again at orphans whose message is here now; a lease is not broken."""
    if lanes:
        resting = lane.c.id.in_(sorted(lanes)) & lane.c.owner.is_(None) & (lane.c.open > 0)
        c.execute(update(lane).where(resting).values(due_at=now()))


def _count_skipped(c: Connection, arrival: Arrival) -> None:
    counts = Counter((s.reason, s.event) for s in arrival.skipped)
    if counts:
        insert = upsert(c, skipped)
        day = arrival.received_at.strftime("%Y-%m-%d")
        c.execute(
            insert.on_conflict_do_update(
                index_elements=["connection", "day", "reason", "event"],
                set_={"n": skipped.c.n + insert.excluded.n},
            ),
            [
                {"connection": arrival.connection, "day": day, "reason": reason, "event": event, "n": n}
                for (reason, event), n in sorted(counts.items())
            ],
        )
