"""The worker: claim and file, over and over, until it is told to stop. Any number of them may run."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from bridge import filing, flow, parts, protecting, replying
from bridge.parts import Bridge
from bridge.revising import Edition
from bridge.store import buckets, masking, queues
from bridge.store.tables import case_row, lane, talk

log = logging.getLogger("casebridge")

TIDIED_EVERY = 3600.0  #: seconds
WIPED_EVERY = 5.0  #: seconds, so that a busy bridge does not wait for its disk at every message


class Worker:
    """One claim-and-file loop. `step` is one round over all connections; it takes what is due."""

    def __init__(
        self,
        bridge: Bridge,
        connections: Sequence[str],
        current: Callable[[float], Edition | None] = lambda _: None,
    ) -> None:
        """current: the newest mapping set, at a time of a monotonic clock; None = there is no other."""
        self.bridge, self.current = bridge, current
        self.connections = tuple(connections)
        self.turn = 0
        self.tidied_at = self.wiped_at = -math.inf  # on the monotonic clock
        self.wrote = False  #: since the last wipe

    def step(self) -> bool:
        """Do one batch for each connection and each CRM that has something due; False = nothing was."""
        self.turn += 1
        with self.bridge.store.read() as c:
            lanes_due = queues.anything_due(c, lane, self.connections)
            cases_due = queues.anything_due(c, case_row, tuple(self.bridge.crms))
            replies_due = replying.rounds(c, self.bridge.road)
        did = False
        if lanes_due:
            did |= self._round(flow.decide_some, self.connections)
        if cases_due:
            did |= self._round(filing.file_some, tuple(self.bridge.crms))
        for step in replies_due:
            did |= step()
        self.wrote |= did
        return did

    def renew(self, now: float) -> None:
        """Work by the newest mapping set from now on. now: seconds on a monotonic clock."""
        newest = self.current(now)
        if newest is not None and newest.number != self.bridge.revision:
            log.info("revision %d of the mappings is at work now", newest.number)
            self.bridge = replace(
                self.bridge,
                mappings=newest.mappings,
                revision=newest.number,
                protection=protecting.protection(newest.mappings.values()),
            )

    def tidy(self, now: float) -> None:
        """Do what is due of the housework: mask and forget what is old, and wipe what was overwritten.

        now: seconds on a monotonic clock.
        """
        if now >= self.tidied_at + TIDIED_EVERY:
            before, self.tidied_at = self.tidied_at, now  # if it fails, it waits for its next turn
            with self.bridge.store.write() as c:
                more = masking.tidy(c, self.bridge.protection)
                buckets.tidy(c)
            self.tidied_at = before if more else now
            self.wrote = True
        if self.wrote and now >= self.wiped_at + WIPED_EVERY:
            self.wrote = not self.bridge.store.wipe()
            self.wiped_at = now

    def _round(self, work: Callable[..., bool], names: Sequence[str]) -> bool:
        """One batch for each, beginning with another one each time, so that none comes last for ever."""
        start = self.turn % max(1, len(names))
        suspects_first = self.turn % 2 == 1
        did = [work(self.bridge, name, suspects_first=suspects_first) for name in (*names[start:], *names[:start])]
        return any(did)


def strangers(worker: Worker) -> list[str]:
    """Sentences about what waits for a connection that is not configured or is switched off; [] = nothing."""
    with worker.bridge.store.read() as c:
        sources = {account.partition("/")[0] for account in queues.groups_waiting(c, talk)}
        found = (
            ("messages", queues.groups_waiting(c, lane) - set(worker.connections), "decided"),
            ("messages", queues.groups_waiting(c, case_row) - set(worker.bridge.crms), "filed"),
            ("replies", sources - set(worker.bridge.channels), "sent"),
        )
    return [
        f"{what} of {name!r} wait to be {done}, but no such connection is switched on in connections.yaml"
        for what, names, done in found
        for name in sorted(names)
    ]


def remarks(worker: Worker) -> list[str]:
    """Sentences of the CRMs' adapters about how they are configured; [] = nothing."""
    return [f"{name}: {says}" for name, crm in sorted(worker.bridge.crms.items()) for says in crm.remarks]


def run(worker: Worker, stop: threading.Event, *, poll: timedelta) -> None:
    """Step until `stop` is set; look again each `poll` when nothing is due.

    An error ends the round and no more: what was claimed comes back when its lease runs out.
    """
    for warning in [*strangers(worker), *remarks(worker)]:
        log.warning(warning)
    while not stop.is_set():
        try:
            worker.renew(time.monotonic())
            did = worker.step()
            worker.tidy(time.monotonic())
            if not did:
                stop.wait(poll.total_seconds())
        except Exception as error:  # noqa: BLE001 - one bad round must not stop the bridge
            parts.explain("working", error)
            stop.wait(1)
