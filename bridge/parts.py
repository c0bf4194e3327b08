"""The parts that a worker needs, and what every step does when something unexpected happens."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from bridge import budget
from bridge.detecting import Detect
from bridge.errors import Paused
from bridge.mapping import Mapping as CaseMapping
from bridge.ports import Channel, Credentials, Crm, Desk
from bridge.protecting import UNPROTECTED, Protection
from bridge.replying import Road
from bridge.store import Store, meters, pauses

log = logging.getLogger("casebridge")


def _nothing(_: str) -> None: ...


def _none(_connection: str, _account: str) -> Credentials:
    return Credentials()


def _no_revision(_: int) -> Mapping[str, CaseMapping] | None:
    return None


def _log_alarm(name: str, says: str) -> None:
    log.error("%s: %s", name, says)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """The parts that a worker needs."""

    store: Store
    mappings: Mapping[str, CaseMapping]  #: by name, in the order in which they are tried
    revision: int = 0  #: of these mappings; 0 = they were never published
    earlier: Callable[[int], Mapping[str, CaseMapping] | None] = _no_revision  #: those of another one; None = gone
    crms: Mapping[str, Crm]  #: by connection name
    gather: timedelta
    lease: timedelta
    protection: Protection = UNPROTECTED
    channels: Mapping[str, Channel] = field(default_factory=dict)  #: by connection name
    credentials: Callable[[str, str], Credentials] = _none  #: by connection and account
    language: Detect | None = None  #: tells the language of what was fetched; None = it stays as the platform said
    desks: Mapping[str, Desk] = field(default_factory=dict)  #: where agents reply, by CRM connection
    alarm: Callable[[str, str], None] = _log_alarm  #: connection/account, what is wrong with it
    at: Callable[[str], None] = field(default=_nothing)  #: called at named points, so that tests can kill there

    @property
    def road(self) -> Road:
        """The same parts, for replies."""
        return Road(
            store=self.store,
            channels=self.channels,
            credentials=self.credentials,
            desks=self.desks,
            lease=self.lease,
            explain=explain,
            alarm=self.alarm,
            told=self.protection.told,
            at=self.at,
        )


def explain(doing: str, error: Exception) -> str:
    """Log an unexpected error without its message, which may quote a customer; the reason that is stored."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s failed: %s\n%s", doing, type(error).__name__, frames)
    return f"{doing} failed: {type(error).__name__} (the log has the place)"


def pause(bridge: Bridge, crm: str, trouble: Paused) -> None:
    log.error("the CRM connection %s rests: %s", crm, bridge.protection.told(trouble))
    with bridge.store.write() as c:
        pauses.pause(c, crm, until=trouble.until, reason=str(trouble))


@contextmanager
def metered(bridge: Bridge, crm: str) -> Iterator[None]:
    """Call a CRM; afterwards all workers know how much of its API is used, and it rests where that is enough."""
    told = bridge.crms[crm].usage
    try:
        yield
    finally:
        usage = bridge.crms[crm].usage
        if usage is not None and usage is not told:  # the same number again is news too: CRMs count late
            with bridge.store.write() as c:
                meters.keep(c, crm, usage)
            if says := budget.spent(usage, bridge.crms[crm].pause_at):
                pause(bridge, crm, Paused(says, until=bridge.store.now() + budget.REST))
