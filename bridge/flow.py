"""READ FIRST: the whole journey of a message, from a platform's callback to a case in the CRM.

    receive       verify → parse → store, committed to disk → 200
    decide_some   claim lanes → accept → find the persons → decide → hand over to case rows
    file_some     claim case rows → render → freeze, committed → send → settle, answer by answer

SQL is the truth: whatever dies, wherever, the rows come back by themselves when the lease runs out. What was
frozen is repeated exactly; what may have been applied is asked for first.
"""

from __future__ import annotations

import logging
import random
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from uuid import uuid4

from bridge import accepting, composing, deciding, outcomes, placing, protecting
from bridge.deciding import Accepted, Follows, Sorted
from bridge.errors import Paused, RetryLater, Unsure
from bridge.mapping import Facts
from bridge.mapping import Mapping as CaseMapping
from bridge.message import Message
from bridge.outcomes import History
from bridge.persons import Asking
from bridge.placing import Fate
from bridge.ports import (
    Answer,
    Callback,
    Channel,
    Crm,
    Event,
    Filing,
    Outcome,
    Skipped,
    Unreadable,
)  # fmt: skip
from bridge.protecting import UNPROTECTED, Kinds, Protection
from bridge.steps import Id, Item, Place, Rendered, Settle, Settled, Verdict, Wait, Waiting
from bridge.store import Store, cases, inbox, items, lanes, queues
from bridge.store.inbox import Arrival
from bridge.store.queues import Claim
from bridge.store.tables import case_row, lane

log = logging.getLogger("casebridge")

ASK_AGAIN = timedelta(seconds=1)  #: after an answer was lost


def _nothing(_: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """The parts that a worker needs."""

    store: Store
    mappings: Mapping[str, CaseMapping]  #: by name, in the order in which they are tried
    crms: Mapping[str, Crm]  #: by connection name
    gather: timedelta
    lease: timedelta
    protection: Protection = UNPROTECTED
    at: Callable[[str], None] = field(default=_nothing)  #: called at named points, so that tests can kill there


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """How callbacks are kept."""

    protection: Protection = UNPROTECTED
    seal: Callable[[bytes], bytes] | None = None  #: encrypts what nobody could read; None = it is not kept


AS_IT_COMES = Keeping()


# --- a platform calls us ---


def receive(
    callback: Callback,
    channel: Channel,
    store: Store,
    at: Callable[[str], None] = _nothing,
    *,
    keeping: Keeping = AS_IT_COMES,
) -> Answer:
    """Store a callback and answer it; a handshake is answered without storing.

    What is to be masked everywhere is masked before anything is stored.

    Raises Forged and Malformed from verify. If the store cannot commit its error goes on to the web edge,
    which answers 503: never 200.
    """
    handshake = channel.verify(callback)
    if handshake is not None:
        return handshake
    events = _events(callback, channel, keeping.protection.before_storing(callback.connection))
    arrival = Arrival(
        connection=callback.connection,
        received_at=callback.received_at,
        messages=[e for e in events if isinstance(e, Message)],
        unreadable=[e for e in events if isinstance(e, Unreadable)],
        skipped=[e for e in events if isinstance(e, Skipped)],
        seal=keeping.seal,
    )
    with store.write() as c:
        inbox.ingest(c, arrival)
        at("ingest.before_commit")
    at("ingest.after_commit")
    return channel.accepted()


def _events(callback: Callback, channel: Channel, kinds: Kinds) -> list[Event]:
    try:
        events = channel.parse(callback)
        return [protecting.received(e, kinds) if isinstance(e, Message) else e for e in events]
    except Exception as error:  # noqa: BLE001 - nothing that was signed may be lost to a bug of ours
        return [Unreadable(item=callback.body, error=explain("parsing", error))]


def explain(doing: str, error: Exception) -> str:
    """Log an unexpected error without its message, which may quote a customer; the reason that is stored."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s failed: %s\n%s", doing, type(error).__name__, frames)
    return f"{doing} failed: {type(error).__name__} (the log has the place)"


# --- lanes: which case does it belong to? ---


def decide_some(bridge: Bridge, connection: str, *, suspects_first: bool = False) -> bool:
    """Decide a batch of due lanes of one connection; False = none was due."""
    until = time.monotonic() + bridge.lease.total_seconds()
    with bridge.store.write() as c:
        claim = queues.claim(
            c, lane, connection, token=uuid4().hex, lease=bridge.lease, suspects_first=suspects_first
        )
        waiting = lanes.waiting(c, claim) if claim.rows else []
        families = items.related(c, {p for one in waiting if (p := deciding.pointed_at(one))})
        latest = items.latest_cases(c, sorted({one.lane for one in waiting if deciding.is_direct_echo(one)}))
        counts = any(mapping.counts for mapping in bridge.mappings.values())
        recent = items.recent_messages(c, waiting) if counts else {}
    if not claim.rows:
        return False
    bridge.at("lane.claimed")
    facts = {one.id: Facts(recent_messages=recent.get(one.id)) for one in waiting}
    found = {one.id: _sort(bridge, one, claim, families.get(one.points_at, ()), facts[one.id]) for one in waiting}
    asking = Asking(
        store=bridge.store, crms=bridge.crms, until=until, pause=partial(_pause, bridge), explain=explain
    )
    placed = accepting.place(asking, {i: s for i, s in found.items() if isinstance(s, Accepted)})
    verdicts = _verdicts(bridge, waiting, found, placed, families, latest)
    with bridge.store.write() as c:
        lanes.settle(c, claim, verdicts, gather=bridge.gather, protection=bridge.protection)
    bridge.at("lane.placed")
    return True


def _sort(bridge: Bridge, one: Item, claim: Claim, family: Sequence[Item], facts: Facts) -> Sorted | Wait:
    if claim.rows[one.lane] >= queues.DEADLY:
        return Settle(state="dead", reason=f"poison: {claim.rows[one.lane]} workers died on it")
    if deciding.unblanked(one, family):
        with bridge.store.write() as c:
            lanes.blank(c, one.points_at)
        return Wait(after=timedelta(0))  # and look at what it is now
    return deciding.sort(one, family, bridge.mappings, explain, facts)


def _verdicts(
    bridge: Bridge,
    waiting: Sequence[Item],
    found: Mapping[int, Sorted | Wait],
    placed: Mapping[int, Verdict],
    families: Mapping[Id, Sequence[Item]],
    latest: Mapping[str, Item],
) -> list[tuple[Item, Verdict]]:
    """One verdict an item, in order; what stands behind a waiting one in its lane waits with it."""
    fates = {i: Fate.of(one) for i, f in families.items() if (one := placing.original(f)) is not None}
    last = {name: Fate.of(one) for name, one in latest.items()}
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
                verdict = deciding.follow(one, what.message, fate, bridge.mappings, explain)
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


def _pause(bridge: Bridge, crm: str, trouble: Paused) -> None:
    log.error("the CRM connection %s rests: %s", crm, trouble)
    with bridge.store.write() as c:
        cases.pause(c, crm, until=trouble.until, reason=str(trouble))


# --- case rows: file them ---


def file_some(bridge: Bridge, crm: str, *, suspects_first: bool = False) -> bool:
    """File a batch of due cases of one CRM; False = none was due."""
    token = uuid4().hex
    started = time.monotonic()
    with bridge.store.write() as c:
        claim = queues.claim(c, case_row, crm, token=token, lease=bridge.lease, suspects_first=suspects_first)
        probing = not claim.rows
        if probing:
            claim = queues.probe(c, crm, token=token, lease=bridge.lease)
        waiting = cases.load(c, claim)
        changes = {i.points_at for w in waiting.values() for i in w.items if i.change != "created"}
        families = items.related(c, changes)
    if not claim.rows:
        return False
    bridge.at("work.claimed")
    batch = Batch(bridge=bridge, crm=crm, claim=claim, until=started + bridge.lease.total_seconds())
    repeated = _repeated(batch, {i: w for i, w in waiting.items() if w.frozen})
    fresh = _freeze(batch, {i: w for i, w in waiting.items() if not w.frozen}, families)
    bridge.at("work.frozen")
    _send(batch, {**repeated, **fresh}, probing=probing)
    return True


@dataclass(slots=True, kw_only=True)
class Batch:
    """Case rows leased to this worker until `until` on its own monotonic clock."""

    bridge: Bridge
    crm: str
    claim: Claim
    until: float

    def outlives(self, span: timedelta) -> bool:
        """Whether the lease lasts longer than a call may take: else another worker sends the same."""
        return time.monotonic() + span.total_seconds() < self.until

    def settle(self, settled: Mapping[str, Settled], renew: Sequence[str] = ()) -> None:
        """Write answers in one transaction; free their rows and renew the others."""
        started = time.monotonic()
        with self.bridge.store.write() as c:
            bridge = self.bridge
            cases.settle(c, self.claim, settled, renew=renew, lease=bridge.lease, protection=bridge.protection)
        self.until = started + self.bridge.lease.total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A frozen filing on its way, and how it has fared."""

    filing: Filing
    history: History = field(default_factory=History)


def _repeated(batch: Batch, stored: Mapping[str, Waiting]) -> dict[str, Outgoing]:
    """Stored filings, to be sent again exactly; one that has killed its workers is cut or given up."""
    outgoing: dict[str, Outgoing] = {}
    for case_id, waiting in stored.items():
        assert waiting.frozen is not None
        filing, level = waiting.frozen.filing, batch.claim.rows[case_id]
        history = History(attempts=waiting.attempts, failing_for=waiting.failing_for)
        if level >= queues.DEADLY:
            batch.settle({case_id: outcomes.poisoned((p.key for p in filing.parts), level)})
        elif level >= queues.ALONE and len(filing.parts) > 1:
            left = _cut(batch, case_id, filing, level)
            if left is not None:
                outgoing[case_id] = Outgoing(filing=left, history=history)
        else:
            outgoing[case_id] = Outgoing(filing=filing, history=history)
    return outgoing


def _cut(batch: Batch, case_id: str, filing: Filing, level: int) -> Filing | None:
    """Ask what the CRM has of a filing that killed its workers and leave only that, or else the first part."""
    try:
        there = batch.bridge.crms[batch.crm].look([filing])[0]
    except (RetryLater, Paused) as trouble:
        if isinstance(trouble, Paused):
            _pause(batch.bridge, batch.crm, trouble)
        left = frozenset(part.key for part in filing.parts)
        batch.settle({case_id: Settled(left=left, after=ASK_AGAIN, crashes=level)})
        return None
    with batch.bridge.store.write() as c:
        cut = cases.cut(c, batch.claim, case_id, there)
    return None if cut is None else cut.filing


def _freeze(
    batch: Batch, waiting: Mapping[str, Waiting], families: Mapping[Id, Sequence[Item]]
) -> dict[str, Outgoing]:
    """Render what waits and store it before anything is sent."""
    if not waiting:
        return {}
    rendered: dict[str, Rendered] = {}
    for case_id, one in waiting.items():
        if batch.claim.rows[case_id] >= queues.DEADLY:
            why = Settle(state="dead", reason=f"poison: {batch.claim.rows[case_id]} workers died on it")
            rendered[case_id] = Rendered(items=one.items, frozen=None, ended={i.id: why for i in one.items})
        else:
            rendered[case_id] = composing.compose(case_id, one, families, batch.bridge.mappings, explain)
    with batch.bridge.store.write() as c:
        stored = cases.freeze(c, batch.claim, rendered, protection=batch.bridge.protection)
    return {
        case_id: Outgoing(filing=replace(frozen.filing, known=rendered[case_id].known or waiting[case_id].known))
        for case_id, frozen in stored.items()
    }


def _send(batch: Batch, outgoing: Mapping[str, Outgoing], *, probing: bool) -> None:
    """Send filings and settle them answer by answer."""
    open_ = dict(outgoing)
    order = list(outgoing)
    for answer in _answers(batch, [o.filing for o in outgoing.values()]):
        if isinstance(answer, Paused):
            _pause(batch.bridge, batch.crm, answer)
        elif isinstance(answer, list) and answer and probing:
            with batch.bridge.store.write() as c:
                cases.resume(c, batch.crm)
        batch.bridge.at("work.sent")
        if isinstance(answer, list):
            ended: dict[str, Outcome] = {order[i]: outcome for i, outcome in answer}
        else:  # the batch broke off: the rest shares its fate
            ended = dict.fromkeys(open_, _rest(answer))
        settled = {
            case_id: outcomes.settled(o.filing, outcome, o.history, jitter=random.random())  # noqa: S311
            for case_id, outcome in ended.items()
            if (o := open_.pop(case_id, None)) is not None
        }
        batch.settle(settled, renew=list(open_))
        batch.bridge.at("work.settled")


def _rest(trouble: Exception) -> RetryLater | Unsure:
    if isinstance(trouble, RetryLater):
        return trouble
    if isinstance(trouble, Paused):
        return RetryLater(str(trouble), after=timedelta(0))  # its rows are not claimed while it rests
    return Unsure(explain("filing", trouble), after=ASK_AGAIN)


def _answers(batch: Batch, filings: Sequence[Filing]) -> Iterator[list[tuple[int, Outcome]] | Exception]:
    """The CRM's answers, and at the end the error that broke the batch off, if one did.

    Before each call the lease must outlive it. If it does not, nothing more is sent: the lease runs out and
    the rows go to whoever is less slow.
    """
    if not filings:
        return
    crm = batch.bridge.crms[batch.crm]
    answers = crm.file(filings, now=batch.bridge.store.now())
    open_ = len(filings)
    while batch.outlives(crm.patience):
        try:
            answer = next(answers, None)
        except Exception as error:  # noqa: BLE001 - what the CRM did is unknown now, and must be asked for
            yield error
            return
        if answer is None:
            break
        open_ -= len(answer)
        yield answer
    else:
        log.warning(
            "a lease on %s was too short for another call; %d filings wait for it to end", batch.crm, open_
        )
        return
    if open_:
        yield RuntimeError(f"the adapter said nothing about {open_} filings")
