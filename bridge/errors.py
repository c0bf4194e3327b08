"""The tree of errors, and what the bridge does on each.

    BridgeError
    ├── ConfigError       settings, connections.yaml or a mapping is wrong: every fault at once, exit 2
    ├── Forged            verify: the request is not the platform's → 403 mostly, nothing is stored
    ├── Malformed         verify: a handshake that must not be answered → 400, nothing is stored
    ├── Unready           verify: nobody can tell just now → 503, the platform sends it again
    └── Trouble           a CRM did not take a filing, or a platform a reply
        ├── RetryLater    nothing was applied; send again after `after`
        ├── Unsure        it may have been applied; ask the CRM first, then send what is missing
        ├── Rejected      permanent; the message is dead, with the reason, and can be replayed
        └── Paused        the whole CRM connection must rest: bad login, daily limit, maintenance;
                          or one account at a platform, whose token is dead

A lost race (the lease went to another worker) is no error: the loser's results are thrown away.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta


class BridgeError(Exception):
    """Anything that the bridge itself raises."""


class ConfigError(BridgeError):
    """The configuration is wrong: everything that is to be mended, at once.

    found: each fault as it was found: a whole sentence, or a mapping.document.Fault, which knows its place.
    faults: what people read of each.
    """

    def __init__(self, faults: Sequence[object]) -> None:
        self.found = tuple(faults)
        self.faults = tuple(map(str, faults))
        super().__init__("\n".join(self.faults))


class Forged(BridgeError):
    """The signature, token or secret does not hold. The message says why, never with secret values.

    status: what the platform's protocol wants to be answered all the same, mostly 403.
    """

    def __init__(self, reason: str, *, status: int = 403) -> None:
        super().__init__(reason)
        self.status = status


class Malformed(BridgeError):
    """A handshake that no honest platform sends."""


class Unready(BridgeError):
    """Whether a request is the platform's cannot be told just now: keys to check it with could not be fetched."""


class Trouble(BridgeError):
    """A CRM did not take a filing, or a platform a reply. Raised by an adapter, or given as the outcome."""


class RetryLater(Trouble):
    """Nothing was applied.

    after: how long to wait. counts: it is this row's own fault (a lock, a conflict), so it spends one of
    its attempts; throttles and outages spend none. clears: nor was anything applied by an earlier attempt that was
    unsure, as the CRM's job of it has told since.
    """

    def __init__(self, reason: str, *, after: timedelta, counts: bool = False, clears: bool = False) -> None:
        super().__init__(reason)
        self.after, self.counts, self.clears = after, counts, clears


class Unsure(Trouble):
    """It may have been applied: a lost answer, a cut connection, or a job of the CRM's that is not at its end.

    after: when to ask. job: by what the CRM can be asked what became of it, handed back as Filing.job; "" = it has
    no name for it. It is handed back until it is known what became of it, though RetryLater may come in between.
    """

    def __init__(self, reason: str, *, after: timedelta, job: str = "") -> None:
        super().__init__(reason)
        self.after, self.job = after, job


class Rejected(Trouble):
    """The CRM refuses this for good.

    field: the CRM field at fault, "" = none in particular. partly: some of it is in all the same, so a replay
    must ask first.
    """

    def __init__(self, reason: str, *, field: str = "", partly: bool = False) -> None:
        super().__init__(reason)
        self.field, self.partly = field, partly


class Paused(Trouble):
    """Nothing was applied and nothing will be for a while. until: None = no end known."""

    def __init__(self, reason: str, *, until: datetime | None = None) -> None:
        super().__init__(reason)
        self.until = until
