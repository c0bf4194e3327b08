"""From case rows to the CRM: claim, render, freeze, send, settle. The second half of the journey in flow.py.

What was frozen is repeated exactly; what may have been applied is asked for first.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from uuid import uuid4

from bridge import composing, gathering, outcomes
from bridge.batches import Versions
from bridge.budget import FREE
from bridge.errors import Paused, Rejected, RetryLater, Unsure
from bridge.message import Message
from bridge.outcomes import History
from bridge.parts import Bridge, explain, metered, pause
from bridge.ports import Answerable, Filing, Outcome
from bridge.steps import Id, Item, Rendered, Settle, Settled, Waiting
from bridge.store import cases, items, pauses, queues
from bridge.store.queues import Claim
from bridge.store.tables import case_row

log = logging.getLogger("casebridge")

ASK_AGAIN = timedelta(seconds=1)  #: after an answer was lost


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
        rhythm = gathering.rhythms(c, bridge).get(crm, FREE) if claim.rows else FREE
    if not claim.rows:
        return False
    bridge.at("work.claimed")
    until = started + bridge.lease.total_seconds()
    batch = Batch(bridge=bridge, crm=crm, claim=claim, until=until, rhythm=rhythm.span)
    repeated = _repeated(batch, {i: w for i, w in waiting.items() if w.frozen})
    fresh = _freeze(batch, {i: w for i, w in waiting.items() if not w.frozen}, families)
    bridge.at("work.frozen")
    with metered(bridge, crm):
        _send(batch, {**repeated, **fresh}, probing=probing)
    return True


@dataclass(slots=True, kw_only=True)
class Batch:
    """Case rows leased to this worker until `until` on its own monotonic clock."""

    bridge: Bridge
    crm: str
    claim: Claim
    until: float
    rhythm: timedelta = timedelta(0)  #: at whose turns go what came meanwhile; 0 = it goes at once

    def outlives(self, span: timedelta) -> bool:
        """Whether the lease lasts longer than a call may take: else another worker sends the same."""
        return time.monotonic() + span.total_seconds() < self.until

    def settle(self, settled: Mapping[str, Settled], renew: Sequence[str] = ()) -> None:
        """Write answers in one transaction; free their rows and renew the others."""
        started = time.monotonic()
        with self.bridge.store.write() as c:
            bridge = self.bridge
            cases.settle(
                c,
                self.claim,
                settled,
                renew=renew,
                lease=bridge.lease,
                rhythm=self.rhythm,
                protection=bridge.protection,
            )
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
            pause(batch.bridge, batch.crm, trouble)
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
    theirs = [*families.values(), *(one.items for one in waiting.values())]
    versions = _versions(batch.bridge, {i.revision for some in theirs for i in some})
    for case_id, one in waiting.items():
        if batch.claim.rows[case_id] >= queues.DEADLY:
            why = Settle(state="dead", reason=f"poison: {batch.claim.rows[case_id]} workers died on it")
            rendered[case_id] = Rendered(items=one.items, frozen=None, ended={i.id: why for i in one.items})
        else:
            rendered[case_id] = composing.compose(
                case_id, one, families, versions, explain, partial(answerable, batch.bridge)
            )
    with batch.bridge.store.write() as c:
        stored = cases.freeze(c, batch.claim, rendered, protection=batch.bridge.protection)
    return {
        case_id: Outgoing(filing=replace(frozen.filing, known=rendered[case_id].known or waiting[case_id].known))
        for case_id, frozen in stored.items()
    }


def _versions(bridge: Bridge, numbers: Collection[int]) -> Versions:
    """The mappings that decided items, by these revisions; one that is gone is the bridge's own now."""
    found = {n: bridge.earlier(n) for n in sorted(numbers) if n != bridge.revision}
    return Versions(bridge.mappings, {n: then for n, then in found.items() if then is not None})


def answerable(bridge: Bridge, message: Message) -> Answerable | None:
    """How a customer's message can be answered, as its platform says; None = it is switched off."""
    channel = bridge.channels.get(message.connection)
    if channel is None:
        return None
    way = channel.way(message, private=False, heard_at=message.sent_at or message.received_at)
    if isinstance(way, Rejected):
        return Answerable(says=str(way))
    return Answerable(until=way.until, most=0 if way.split else way.most)


def _send(batch: Batch, outgoing: Mapping[str, Outgoing], *, probing: bool) -> None:
    """Send filings and settle them answer by answer."""
    open_ = dict(outgoing)
    order = list(outgoing)
    for answer in _answers(batch, [o.filing for o in outgoing.values()]):
        if isinstance(answer, Paused):
            pause(batch.bridge, batch.crm, answer)
        elif isinstance(answer, list) and answer and probing:
            with batch.bridge.store.write() as c:
                pauses.resume(c, batch.crm)
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
