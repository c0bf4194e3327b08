"""The clock: what is to be done now and then, whether anybody calls or not. Any number of clocks may run."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from bridge import parts, upkeep
from bridge.alarms import Alarms
from bridge.findings import name_of
from bridge.ports import Finding
from bridge.store import chores, tokens
from bridge.tokens import RENEWAL
from bridge.upkeep import EXAMINE, ITSELF, UNTOLD, Care

log = logging.getLogger("casebridge")

LEASE = timedelta(minutes=10)  #: for a chore; after an error it is done again after as long
DAILY = timedelta(days=1)
HOURLY = timedelta(hours=1)
POLL = timedelta(seconds=2)
LOOK = 240.0  #: seconds for a connection, since some have very many topics; twice as much is less than a lease
GRACE = 20.0  #: seconds: more than a call to a platform takes, and less than hosts give
LEASES = "lease"  #: what findings about subscriptions that end are about

Chore = Callable[[], timedelta]
"""Does something, and says how long it takes until it is to be done again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """What looks after the connections by itself."""

    care: Care
    alarms: Alarms
    settles: timedelta = HOURLY  #: so long an admin has to set up what is new, before it is looked at

    @property
    def chores(self) -> Mapping[str, Chore]:
        """All that is done now and then, by name."""
        examined = {f"{EXAMINE} {name}": partial(self._examine, name) for name in self.care.connections}
        renewed = {
            f"renew {name}/{account}": partial(self._renew, name, account)
            for name in self.care.channels
            for account in self.care.accounts.get(name, ())
            if self.care.tokens.renews(name, account)
        }
        return {
            **renewed,
            **examined,
            EXAMINE: self._examine_itself,
            "remind": self._remind,
        }

    def step(self, stop: threading.Event) -> None:
        """Do what is due, one chore after the other. An error ends its own chore only."""
        every = self.chores
        self._plan(every)
        with self.care.store.read() as c:
            due = chores.due(c, every)
        for name in due:
            if stop.is_set():
                return
            self._attempt(name, every[name])
        self.alarms.post()

    def _plan(self, names: Iterable[str]) -> None:
        with self.care.store.read() as c:
            new = set(names) - chores.known(c)
        if new:
            looks = {name: self.settles if name.startswith(EXAMINE) else timedelta(0) for name in new}
            with self.care.store.write() as c:
                chores.plan(c, looks)

    def _attempt(self, name: str, chore: Chore) -> None:
        try:
            with self.care.store.write() as c:
                taken = chores.take(c, name, lease=LEASE)
            if taken is None:
                return
            after = chore()
            with self.care.store.write() as c:
                chores.finish(c, name, taken, after=after)
        except Exception as error:  # noqa: BLE001 - one chore must not keep the others from being done
            parts.explain(f"the chore {name!r}", error)

    def _examine(self, connection: str) -> timedelta:
        """Look at a connection, and renew what ends of its subscriptions; alarms follow from what is found."""
        found = upkeep.examine(self.care, [connection], limit=LOOK)[connection]
        channel = self.care.channels.get(connection)
        ends = channel is not None and channel.subscribes and any(_ends(one) for one in found)
        if ends:
            log.info("%s: subscriptions end, and are asked for anew", connection)
            told = upkeep.subscribe(self.care, [connection], limit=LOOK)[connection]
            mended = {one.account for one in told if _of_lease(one) and not _ends(one)}
            found = [*(one for one in found if not (_ends(one) and one.account in mended)), *told]
        untold = next((one for one in found if one.about in UNTOLD), None)
        if untold is not None:  # so nothing else has turned out to be over
            self.alarms.settle(connection, found, only=name_of(connection, untold))
            return HOURLY
        self.alarms.settle(connection, found)
        return HOURLY if ends else _next_look(found, self.care.clock())  # the platform confirms them later

    def _examine_itself(self) -> timedelta:
        self.alarms.settle(ITSELF, upkeep.examine_itself(self.care))
        return HOURLY

    def _renew(self, connection: str, account: str) -> timedelta:
        """Renew a token that ends. The alarm follows at once: the day's examination could come too late."""
        after = self.care.tokens.renew_due(connection, account)
        found = self.care.tokens.findings(connection, [account])
        self.alarms.settle(connection, found, only=f"{connection}/{account}: {RENEWAL}")
        return after

    def _remind(self) -> timedelta:
        self.alarms.retire([ITSELF, *self.care.connections])
        self.alarms.remind()
        with self.care.store.write() as c:
            tokens.tidy(c)
        return HOURLY


def _of_lease(finding: Finding) -> bool:
    return finding.about.startswith(LEASES)


def _ends(finding: Finding) -> bool:
    """Whether a subscription has ended, or is about to."""
    return _of_lease(finding) and finding.level in ("warning", "fault")


def _next_look(found: Sequence[Finding], now: datetime) -> timedelta:
    """A day; less where a subscription ends earlier than in two."""
    left = [one.until - now for one in found if _of_lease(one) and one.until is not None]
    return max(HOURLY, min([DAILY, *(span / 2 for span in left)]))


def run(clock: Clock, stop: threading.Event, *, poll: timedelta = POLL) -> None:
    """Look each `poll` whether something is due, until `stop` is set; then end what has begun, if it ends soon.

    A token that is just being renewed is stored first; a connection that is looked at is left alone.
    """
    loop = threading.Thread(target=_loop, args=(clock, stop, poll.total_seconds()), daemon=True)
    loop.start()
    stop.wait()
    loop.join(GRACE)


def _loop(clock: Clock, stop: threading.Event, poll: float) -> None:
    while not stop.is_set():
        try:
            clock.step(stop)
        except Exception as error:  # noqa: BLE001 - one bad round must not stop the clock
            parts.explain("the clock's round", error)
        stop.wait(poll)
