"""What Meta's channels and products do beyond receiving, each in modules of its own, and what most do not do."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Protocol

from bridge.errors import Rejected
from bridge.fetching import File, Unfetchable
from bridge.message import Message, Person
from bridge.ports import Credentials, Doubt, Event, Finding, Lack, Renewed, Sending, Sent, Upkeep, Way


class Surface(Protocol):
    """Completes and answers the messages of one channel, as bridge.ports.Channel says of each method."""

    def lacks(self, message: Message) -> Collection[Lack]:  # noqa: ARG002 - most callbacks lack nothing
        return ()

    def author(self, message: Message, credentials: Credentials) -> Person:  # noqa: ARG002
        raise Rejected("Meta tells who wrote in its callbacks, or not at all")

    def content(self, message: Message, credentials: Credentials) -> Message | None:  # noqa: ARG002
        raise Rejected("Meta tells what was written in its callbacks, or not at all")

    def way(self, to: Message, *, private: bool, heard_at: datetime) -> Way | Rejected: ...

    def doubt(self, sending: Sending) -> Doubt: ...

    def send(self, sending: Sending) -> Sent: ...

    def look(self, sending: Sending) -> Sent | None: ...


class Product(Protocol):
    """Looks after the accounts of one product; fetches their files, and what was missed for them."""

    topic: str
    """The `object` that the app subscribes to for it; "" = Meta has no API for that."""

    fields: Collection[str]
    """What the app needs to be subscribed to there."""

    renews: bool = False
    """Whether its accounts' tokens end after 60 days, and Meta renews them."""

    def examine(self, account: str, upkeep: Upkeep, *, mend: bool) -> list[Finding]:
        """Look at one account, its token and what it lets the app hear; never raises.

        mend: write what is missing or wrong, and nothing else.
        """

    def open(self, media: str, account: str, credentials: Credentials) -> File:  # noqa: ARG002
        raise Unfetchable("Meta hands out no files of this product by their ids")

    def renew(self, account: str, credentials: Credentials, now: datetime) -> Renewed | None:  # noqa: ARG002
        return None

    def backfill(self, account: str, credentials: Credentials, since: datetime) -> Iterator[list[Event]]: ...
