"""What was missed on an account, read from Meta's lists and told as its callbacks would have.

What has an id keeps it, so that whatever came by callback too is the same message.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from adapters.meta import envelope
from adapters.meta.graph import Graph
from bridge.errors import Rejected
from bridge.message import Account
from bridge.ports import Callback, Event
from bridge.reading import Json, compact, moment

OLDEST_POST = timedelta(days=30)  #: before the gap: what stands under older posts is rare, and each costs a call

Some = TypeVar("Some")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """What is to be read, of which account, and what of it Meta has refused."""

    graph: Graph
    accounts: Mapping[str, Account]
    account: str
    token: str = field(repr=False)
    since: datetime
    refusals: list[Rejected] = field(default_factory=list)

    @property
    def first_post(self) -> datetime:
        """From when on posts are looked under."""
        return self.since - OLDEST_POST

    def holds(self, node: Json, time: str) -> bool:
        """Whether something happened since then; what has no time may have. time: the name of the field."""
        when = moment(node, time)
        return when is None or when >= self.since

    def new(self, nodes: Sequence[Json], time: str) -> list[Json]:
        """Return what happened since then."""
        return [one for one in nodes if self.holds(one, time)]

    def allowed(self, told: Iterator[Some]) -> Iterator[Some]:
        """Yield what there is until Meta refuses it: the token may allow the rest, or a post may be gone."""
        try:
            yield from told
        except Rejected as refusal:
            self.refusals.append(refusal)

    def events(self, product: str, section: str, items: Sequence[Json]) -> list[Event]:
        """Return what a callback with these items says. product: its `object`. section: changes or messaging."""
        callback = Callback(
            connection="backfill",
            method="POST",
            url="",
            query={},
            headers={},
            body=compact({"object": product, "entry": [{"id": self.account, section: items}]}),
            received_at=self.since,
        )
        return envelope.read(callback, self.accounts)

    def end(self) -> None:
        """Raise the first refusal, if there was one, after all that is allowed has been told."""
        if self.refusals:
            raise self.refusals[0]
