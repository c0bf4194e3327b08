"""One call whose path is understood, with the account that it is for, and what its handler works with."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bridge.sandbox.wire import Call
from bridge.sandbox.zendesk import refusals, shapes
from bridge.sandbox.zendesk.account import BRIDGE_USER, Account
from bridge.sandbox.zendesk.comments import Work
from bridge.sandbox.zendesk.jobs import NO_HARM, Harm

PREFIX = "/api/v2/"
ID = re.compile(r"(?<=/)(\d+|V3-[0-9a-f]+|[0-9A-Z]{26})(?=/|$)")  #: of a record, a job, a webhook
MOST = 100  #: records that one call names


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A call whose path is understood."""

    account: Account
    call: Call
    root: str  #: https://acme.zendesk.com/api/v2
    names: tuple[str, ...]  #: the ids in the path
    harm: Harm = NO_HARM  #: what is to befall the job that the call makes

    @property
    def numbers(self) -> tuple[int, ...]:
        """The ids in the path, where they are numbers."""
        return tuple(map(int, self.names))

    @contextmanager
    def writing(self) -> Iterator[Work]:
        """What is done in the block is committed at its end, or not done at all."""
        with self.account.database.write() as tx:
            yield self._work(tx)

    @contextmanager
    def reading(self) -> Iterator[Work]:
        with self.account.database.read() as tx:
            yield self._work(tx)

    def listed(self, name: str) -> list[str]:
        """The values of a query parameter, between commas. Raises Refusal: more than 100."""
        found = [one for one in self.call.query.get(name, "").split(",") if one]
        if len(found) > MOST:
            raise refusals.too_many_values()
        return found

    def included(self) -> list[str]:
        """What is to be answered beside what was asked for (`include`)."""
        return self.call.query.get("include", "").split(",")

    def _work(self, tx: sqlite3.Connection) -> Work:
        now = shapes.shown_time(self.account.now())
        client = self.call.headers.get("user-agent", "")
        return Work(tx=tx, fields=self.account.fields, now=now, actor=BRIDGE_USER, client=client)


def kind(call: Call) -> str:
    """The path with its ids left out: tickets/{id}/comments."""
    return ID.sub("{id}", rest(call))


def rest(call: Call) -> str:
    """The path behind /api/v2/, without .json: tickets/1/comments."""
    return call.path.removeprefix(PREFIX).removesuffix(".json").strip("/")


def root(call: Call) -> str:
    """Where the API is, as the caller names it."""
    host = call.headers.get("host", "")
    return f"{'https' if host.endswith('.zendesk.com') else 'http'}://{host}{PREFIX.rstrip('/')}"


def numbers_of(texts: list[str]) -> list[int]:
    """Those of the texts that can be ids, each once."""
    return [int(one) for one in dict.fromkeys(texts) if one.isdecimal() and len(one) < 19]
