"""Fetches what came while nobody heard it, through the very same ingest as callbacks: twice is harmless."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bridge import flow
from bridge.errors import Paused, Rejected, RetryLater
from bridge.flow import Keeping
from bridge.message import Message
from bridge.ports import Channel, Credentials, Event, Skipped, Unreadable
from bridge.store import Store

SPAN = re.compile(r"([1-9][0-9]{0,3}) (minute|hour|day|week)s?")
ALLOWED = "a date or a time such as 2026-11-21 or 2026-11-21T18:30+01:00, or a span such as 2 days or 6 hours"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What was fetched for one account."""

    account: str
    seen: int  #: messages and what could not be read
    new: int
    skipped: int  #: what is no message
    stopped: str = ""  #: why it ended too early, a whole sentence; "" = everything was fetched
    again: bool = False  #: the same command may get further

    @property
    def here(self) -> int:
        """Those that had come already."""
        return self.seen - self.new


def moment(text: str, now: datetime) -> datetime:
    """The time that is meant, in UTC: 2026-11-21, 2026-11-21T18:30+01:00, 2 days, 6 hours.

    Raises ValueError, with what is allowed.
    """
    span = SPAN.fullmatch(text.strip())
    if span:
        return now - timedelta(**{f"{span[2]}s": int(span[1])})
    try:
        given = datetime.fromisoformat(text.strip())
        when = given.astimezone(UTC) if given.tzinfo else given.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is no time\n    -> allowed: {ALLOWED}") from None
    if when >= now:
        raise ValueError(f"{text!r} is not over yet\n    -> allowed: {ALLOWED}")
    return when


def backfill(
    channel: Channel,
    connection: str,
    account: str,
    credentials: Credentials,
    *,
    since: datetime,
    store: Store,
    keeping: Keeping,
) -> Fetched:
    """Fetch and store what came for an account since then, page by page; what was stored stays, whatever happens.

    What is no message is not counted in the books: it would be counted twice.
    """
    counts: Counter[str] = Counter()
    stopped, again = "", False
    try:
        for page in channel.backfill(account, credentials, since):
            events = _received(page, connection, keeping)
            counts["skipped"] += len(page) - len(events)
            counts["seen"] += sum(isinstance(e, Message | Unreadable) for e in events)
            counts["new"] += flow.keep(events, connection, datetime.now(UTC), store, keeping=keeping, fetched=True)
    except (RetryLater, Paused) as trouble:
        stopped, again = str(trouble), True
    except Rejected as refusal:
        stopped = str(refusal)
    return Fetched(
        account=account,
        seen=counts["seen"],
        new=counts["new"],
        skipped=counts["skipped"],
        stopped=stopped,
        again=again,
    )


def _received(page: Sequence[Event], connection: str, keeping: Keeping) -> list[Event]:
    """A page as if it had come in a callback just now, as it is stored, without what is no message."""
    now = datetime.now(UTC)
    return [
        keeping.protection.stored(replace(event, connection=connection, received_at=now))
        if isinstance(event, Message)
        else event
        for event in page
        if not isinstance(event, Skipped)
    ]
