"""READ FIRST: the whole journey of a message, from a platform's callback to a case in the CRM.

    receive       verify → parse → store, committed to disk → 200
    decide_some   claim lanes → accept → find the persons → decide → hand over to case rows
    file_some     claim case rows → render → freeze, committed → send → settle, answer by answer (filing.py)
    hear          a CRM calls: agents have written, a case was closed → stored, committed → its answer

An agent's reply travels back the same road: replying.py.

SQL is the truth: whatever dies, wherever, the rows come back by themselves when the lease runs out. What was
frozen is repeated exactly; what may have been applied is asked for first.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import uuid4

from sqlalchemy import Connection

from bridge import accepting, completing, deciding, gathering, placing, shadowing
from bridge.completing import Fetching
from bridge.deciding import Accepted, Follows, Sorted
from bridge.detecting import Detect, heard
from bridge.mapping import Facts
from bridge.message import Message
from bridge.parts import Bridge, explain, metered, pause
from bridge.persons import Asking
from bridge.placing import Fate
from bridge.ports import (
    Answer,
    Callback,
    Channel,
    Crm,
    Delivered,
    Event,
    Skipped,
    Undelivered,
    Unreadable,
)  # fmt: skip
from bridge.protecting import UNPROTECTED, Protection
from bridge.shadowing import Watched
from bridge.steps import Id, Item, Place, Settle, Verdict, Wait
from bridge.store import Store, echoes, handshakes, hearing, inbox, items, lanes, queues, shadows
from bridge.store.inbox import Arrival
from bridge.store.queues import Claim
from bridge.store.tables import lane

log = logging.getLogger("casebridge")

ECHO_WAITS = Wait(after=timedelta(seconds=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """How callbacks are kept."""

    protection: Protection = UNPROTECTED
    seal: Callable[[bytes], bytes] | None = None  #: encrypts what nobody could read; None = it is not kept
    language: Detect | None = None  #: tells the language of what platforms say none of; None = it stays unknown


AS_IT_COMES = Keeping()


# --- a platform calls us ---


def receive(
    callback: Callback,
    channel: Channel,
    store: Store,
    at: Callable[[str], None] = lambda _: None,
    *,
    keeping: Keeping = AS_IT_COMES,
) -> Answer:
    """Store a callback and answer it; of a handshake only what it told is kept, and when it was.

    What is to be masked everywhere is masked before anything is stored, and what is not to be kept is left out.

    Raises Forged and Malformed from verify. If the store cannot commit its error goes on to the web edge,
    which answers 503: never 200.
    """
    handshake = channel.verify(callback)
    if handshake is not None:
        with store.write() as c:
            handshakes.remember(c, callback.connection, handshake.learned)
        return handshake
    events = _events(callback, channel, keeping.protection)
    keep(events, callback.connection, callback.received_at, store, at, keeping=keeping)
    return channel.accepted()


def hear(callback: Callback, crm: Crm, store: Store, at: Callable[[str], None] = lambda _: None) -> Answer:
    """Store what a CRM tells without being asked, and answer it: a worker then reads the replies.

    Raises Forged and Malformed. If the store cannot commit its error goes on, and the CRM calls again.
    """
    heard = crm.hear(callback)
    with store.write() as c:
        hearing.hear(c, callback.connection, heard)
        at("hear.before_commit")
    at("hear.after_commit")
    return heard.answer


def keep(
    events: Sequence[Event],
    connection: str,
    received_at: datetime,
    store: Store,
    at: Callable[[str], None] = lambda _: None,
    *,
    keeping: Keeping = AS_IT_COMES,
    fetched: bool = False,
) -> int:
    """Store what a platform told, committed to disk; the number of items that are new.

    Messages must be as the protection stores them already. fetched: we asked for it; else the platform called.
    """
    arrival = Arrival(
        connection=connection,
        received_at=received_at,
        messages=[heard(e, keeping.language) for e in events if isinstance(e, Message)],
        unreadable=[e for e in events if isinstance(e, Unreadable)],
        skipped=[e for e in events if isinstance(e, Skipped)],
        delivered=[e for e in events if isinstance(e, Delivered)],
        undelivered=[e for e in events if isinstance(e, Undelivered)],
        seal=keeping.seal if keeping.protection.keeps_raw(connection) else None,
        fetched=fetched,
    )
    with store.write() as c:
        new = inbox.ingest(c, arrival)
        at("ingest.before_commit")
    at("ingest.after_commit")
    return new


def _events(callback: Callback, channel: Channel, protection: Protection) -> list[Event]:
    try:
        events = channel.parse(callback)
        return [protection.stored(e) if isinstance(e, Message) else e for e in events]
    except Exception as error:  # noqa: BLE001 - nothing that was signed may be lost to a bug of ours
        return [Unreadable(item=callback.body, error=explain("parsing", error))]


# --- lanes: which case does it belong to? ---


def decide_some(bridge: Bridge, connection: str, *, suspects_first: bool = False) -> bool:
    """Decide a batch of due lanes of one connection; False = none was due."""
    until = time.monotonic() + bridge.lease.total_seconds()
    with bridge.store.write() as c:
        claim = queues.claim(
            c, lane, connection, token=uuid4().hex, lease=bridge.lease, suspects_first=suspects_first
        )
        waiting = lanes.waiting(c, claim) if claim.rows else []
        near = _near(c, bridge, waiting)
        rhythms = gathering.rhythms(c, bridge) if waiting else {}
    if not claim.rows:
        return False
    bridge.at("lane.claimed")
    ready, early = _prepared(bridge, connection, waiting, claim)
    if any(now is not before for now, before in zip(ready, waiting, strict=True)):
        with bridge.store.read() as c:  # what was fetched may show that our own side wrote it
            near = _near(c, bridge, ready)
    found = {one.id: early.get(one.id) or _sort(bridge, one, claim, near) for one in ready}
    asking = Asking(
        store=bridge.store,
        crms=bridge.crms,
        until=until,
        pause=partial(pause, bridge),
        metered=partial(metered, bridge),
        explain=explain,
        rhythms=rhythms,
    )
    placed = accepting.place(asking, {i: s for i, s in found.items() if isinstance(s, Accepted)})
    verdicts = _verdicts(bridge, ready, found, placed, near)
    watched = _watched(bridge, verdicts, found, near)
    with bridge.store.write() as c:
        settled = lanes.settle(
            c,
            claim,
            verdicts,
            gather=bridge.gather,
            rhythms=rhythms,
            protection=bridge.protection,
            revision=bridge.revision,
        )
        shadows.note(c, [one for one in watched if one.item in settled], bridge.revision)
    bridge.at("lane.placed")
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """What the store has beside the items of a batch."""

    families: Mapping[Id, Sequence[Item]]  #: of the messages that they point at
    latest: Mapping[str, Item]  #: by lane: where our own side's words belong
    recent: Mapping[int, int]  #: by item: how often its author has written lately


def _near(c: Connection, bridge: Bridge, waiting: Sequence[Item]) -> Near:
    counts = any(mapping.counts for mapping in bridge.mappings.values())
    return Near(
        families=items.related(c, {p for one in waiting if (p := deciding.pointed_at(one))}),
        latest=items.latest_cases(c, sorted({one.lane for one in waiting if deciding.is_direct_echo(one)})),
        recent=items.recent_messages(c, waiting) if counts else {},
    )


def _prepared(
    bridge: Bridge, connection: str, waiting: Sequence[Item], claim: Claim
) -> tuple[Sequence[Item], Mapping[int, Settle | Wait]]:
    """The items with what their callbacks lacked, and those that cannot be decided yet or need not be."""
    early: dict[int, Settle | Wait] = {}
    if connection in bridge.channels:
        fetching = Fetching(
            store=bridge.store,
            channel=bridge.channels[connection],
            credentials=partial(bridge.credentials, connection),
            protection=bridge.protection,
            explain=explain,
            alarm=lambda account, says: bridge.alarm(f"{connection}/{account}", says),
            language=bridge.language,
        )
        done = completing.complete(fetching, waiting, claim, bridge.lease)
        waiting = [one if not isinstance(now := done.get(one.id), Item) else now for one in waiting]
        early = {i: one for i, one in done.items() if not isinstance(one, Item)}
        bridge.at("lane.completed")
    ours = {one.id: (m, one.lane, one.age) for one in waiting if (m := deciding.own_words(one)) is not None}
    if ours:
        with bridge.store.write() as c:
            found = echoes.match(c, ours)
        early |= {i: placing.OUR_REPLY if what == "ours" else ECHO_WAITS for i, what in found.items()}
    return waiting, early


def _sort(bridge: Bridge, one: Item, claim: Claim, near: Near) -> Sorted | Wait:
    family = near.families.get(one.points_at, ())
    if claim.rows[one.lane] >= queues.DEADLY:
        return Settle(state="dead", reason=f"poison: {claim.rows[one.lane]} workers died on it")
    if deciding.unblanked(one, family):
        with bridge.store.write() as c:
            lanes.blank(c, one.points_at)
        return Wait(after=timedelta(0))  # and look at what it is now
    return deciding.sort(one, family, bridge.mappings, explain, _facts(bridge, one, near))


def _facts(bridge: Bridge, one: Item, near: Near) -> Facts:
    return Facts(recent_messages=near.recent.get(one.id), revision=bridge.revision or None)


def _verdicts(
    bridge: Bridge,
    waiting: Sequence[Item],
    found: Mapping[int, Sorted | Wait],
    placed: Mapping[int, Verdict],
    near: Near,
) -> list[tuple[Item, Verdict]]:
    """One verdict an item, in order; what stands behind a waiting one in its lane waits with it."""
    fates = {i: Fate.of(one) for i, f in near.families.items() if (one := placing.original(f)) is not None}
    last = {name: Fate.of(one) for name, one in near.latest.items()}
    verdicts: list[tuple[Item, Verdict]] = []
    held: set[str] = set()
    for one in waiting:
        if one.lane in held:
            continue
        what = found[one.id]
        match what:
            case Accepted():
                verdict = placed[one.id]
            case Follows():
                other = last.get(one.lane) if deciding.is_direct_echo(one) else None
                target = deciding.pointed_at(one)
                fate = fates.get(target) if target else other
                verdict = deciding.follow(
                    one, what.message, fate, bridge.mappings, explain, revision=bridge.revision or None
                )
            case _:
                verdict = what
        verdicts.append((one, verdict))
        if one.change == "created" or isinstance(what, Accepted):
            fates[one.points_at] = Fate.after(one, verdict)
        if isinstance(verdict, Place):
            last[one.lane] = Fate.after(one, verdict)
        if isinstance(verdict, Wait):
            held.add(one.lane)
    return verdicts


def _watched(
    bridge: Bridge,
    verdicts: Sequence[tuple[Item, Verdict]],
    found: Mapping[int, Sorted | Wait],
    near: Near,
) -> Sequence[Watched]:
    """What the mappings that only watch would have made of these; [] where there are none."""
    if not shadowing.shadows(bridge.mappings):
        return []
    taken = {i: what.message for i, what in found.items() if isinstance(what, Accepted)}
    seen = (
        shadowing.seen(one, verdict, taken.get(one.id), _facts(bridge, one, near)) for one, verdict in verdicts
    )
    return shadowing.watched(bridge.mappings, [one for one in seen if one is not None], explain)
