"""One item of a callback: where it came in, and how it is read without its neighbours feeling it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from bridge.message import Account
from bridge.ports import Event, Unreadable
from bridge.reading import Json, compact, fit


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Where an item came in, a Page or an Instagram account: what its message takes from the entry around it."""

    account: Account
    connection: str
    received_at: datetime
    time: str  #: entry.time as digits; "" = unknown
    at: datetime | None  #: entry.time; None = unknown
    ours: frozenset[str]  #: the ids of all our accounts that call here: each may answer on another's posts
    handles: frozenset[str]  #: what `handles` gives for them
    channel: str  #: whose private conversations these are: messenger or instagram
    reactions: bool  #: reactions become messages


def handles(accounts: Iterable[Account]) -> frozenset[str]:
    """Return the accounts' names as `about: {handle: …}` tells them: without @, in lower case."""
    told = (account.about.get("handle", "").removeprefix("@").lower() for account in accounts)
    return frozenset(name for name in told if name)


def read(section: str, item: object, reader: Callable[[Json, bytes], list[Event]]) -> list[Event]:
    """Return what `reader` makes of an item and its bytes, or one Unreadable if the item is not fit to be read."""
    raw = compact(item)
    try:
        return reader(fit(item), raw)
    except ValueError as fault:
        return [Unreadable(item=raw, error=f"{section} item: {fault}")]
