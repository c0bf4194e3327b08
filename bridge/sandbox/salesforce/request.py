"""One understood request to the data API: what its path names, and the transaction in which it reads or writes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from bridge.sandbox.salesforce import records, refusals
from bridge.sandbox.salesforce.database import Record
from bridge.sandbox.salesforce.faults import Fault
from bridge.sandbox.salesforce.org import Org
from bridge.sandbox.salesforce.records import Work
from bridge.sandbox.salesforce.refusals import Refusal
from bridge.sandbox.salesforce.schema import Field, SObject
from bridge.sandbox.salesforce.values import shown_time
from bridge.sandbox.salesforce.wire import read
from bridge.sandbox.wire import Answer, Call

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A call whose path is understood."""

    org: Org
    call: Call
    root: str  #: /services/data/v66.0
    names: tuple[str, ...]  #: what the path's pattern caught
    struck: Fault | None = None  #: what one of its rows meets
    tx: sqlite3.Connection | None = None  #: of the all-or-none composite that it is a step of

    def sobject(self) -> SObject:
        """The object that the path names. Raises Refusal."""
        found = self.org.object(self.names[0])
        if found is None:
            raise refusals.not_found()
        return found

    def key(self) -> Field:
        """The external id field that the path names. Raises Refusal."""
        field = self.sobject().find(self.names[1])
        if field is None or not field.external_id:
            raise refusals.no_external_id_field(self.names[1])
        return field

    def row(self, sobject: SObject) -> dict[str, Any]:
        """The fields in the body. Raises Refusal."""
        row = read(self.call)
        if not isinstance(row, dict):
            raise refusals.cannot_deserialize(sobject.name, "START_ARRAY" if isinstance(row, list) else "VALUE")
        return {name: value for name, value in row.items() if name != "attributes"}

    def held_by(self, tx: sqlite3.Connection) -> list[Record]:
        """The living records that have the key in the path, one or several. Raises Refusal: none."""
        field = self.key()
        holders = records.by_key(tx, self.sobject(), field, records.from_url(field, self.names[2]))
        if not holders:
            raise refusals.not_found()
        return holders

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """What is written now: within an all-or-none composite what its earlier steps wrote too."""
        if self.tx is not None:
            yield self.tx
        else:
            with self.org.database.read() as tx:
                yield tx

    def write(self, act: Callable[[Work], T]) -> T:
        """Do it in one transaction, which is committed when this returns, or with the composite around."""
        if self.tx is None:
            with self.org.database.write() as tx:
                return act(self._work(tx))
        self.tx.execute("savepoint step")
        try:
            return act(self._work(self.tx))
        except Refusal:
            self.tx.execute("rollback to step")
            raise
        finally:
            self.tx.execute("release step")

    def _work(self, tx: sqlite3.Connection) -> Work:
        return Work(
            tx=tx,
            objects=self.org.objects,
            switches={**self.org.switches, "acting_user": self.org.user(self.call.headers)},
            now=shown_time(self.org.now()),
            assign=_assigns(self.call),
            struck=self.struck,
            whole=self.tx is not None,
            automation=self.org.automation(self.call.headers),
        )


def several(request: Request, holders: Sequence[Record]) -> Answer:
    """Where the records are among which a key does not choose: nothing was read or written."""
    return Answer(status=300, body=[f"{request.root}/sobjects/{one.object}/{one.id}" for one in holders])


def _assigns(call: Call) -> bool:
    given = call.headers.get("sforce-auto-assign", "TRUE").upper()
    if given not in ("TRUE", "FALSE"):
        raise Refusal("INVALID_HEADER", f"Invalid value for header Sforce-Auto-Assign: {given}")
    return given == "TRUE"
