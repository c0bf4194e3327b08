"""What the tests of the heart start from: messages, mappings, a bridge, and time that passes at will."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from logbook import Logbook
from sqlalchemy import ColumnElement, Table, exists, func, select, update

from bridge.mapping import read
from bridge.mapping.targets import fitted
from bridge.message import Account, Message, Person
from bridge.parts import Bridge
from bridge.ports import Callback, Crm
from bridge.steps import Item
from bridge.store import Store, inbox, items, ledger
from bridge.store.engine import now
from bridge.store.inbox import Arrival
from bridge.store.ledger import Books
from bridge.store.tables import case_row, filing, item, lane, target
from bridge.worker import Worker

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LEASE = timedelta(seconds=30)
PAGE = "page-1"
CARE = """\
version: 1
mapping: care
source: any
target: crm
accept:
  kinds: [comment, direct]
  drop:
    - text: {has_any: [giveaway]}
decide:
  heard: [{otherwise: "{text}"}]
case:
  object: Case
  key_field: Key__c
  create: {Subject: "{text}", Name: "{author.name}", Origin: Web}
  update: {comment: {text: "{text}", public: true}}
"""
WITH_CONTACT = CARE.replace(
    "case:\n", 'contact: {object: Contact, match: [{Page_Id__c: "{author.id}"}]}\ncase:\n', 1
)


# --- messages ---


def said(text: str, *, by: str = "ana", thread: str = "post-1", **changes: Any) -> Message:
    """A customer's comment; its id is its text unless another is given."""
    return dataclasses.replace(
        Message(
            channel="facebook",
            connection="fb",
            account=Account(id=PAGE),
            id=changes.pop("id", f"m-{text}"),
            kind="comment",
            author=Person(id=by, name=by.title()),
            thread=thread,
            text=text,
            received_at=NOON,
            public=True,
            raw=text.encode(),
        ),
        **changes,
    )


def ours(text: str, *, to: str = "", **changes: Any) -> Message:
    """A public comment by our own page, in answer to the message with the id `to`."""
    return said(text, reply_to=to, author=Person(id=PAGE, is_self=True), **changes)


def edited(message: Message, text: str, **changes: Any) -> Message:
    """The message after its author gave it another text."""
    return dataclasses.replace(message, change="edited", text=text, raw=text.encode(), **changes)


def deleted(message: Message) -> Message:
    """The deletion of a message, as Facebook tells of it: no author, no text."""
    return dataclasses.replace(message, change="deleted", text="", raw=b"{}", author=Person())


def hidden(message: Message, *, version: str = "1") -> Message:
    """The hiding of a message by our page."""
    return dataclasses.replace(message, change="hidden", version=version, text="", raw=b"{}", author=Person())


def case_of(by: str = "ana", thread: str = "post-1") -> str:
    """The key of the case of `said` messages, as the CRM gets it."""
    return ":".join(piece.replace("-", "--") for piece in ("facebook", PAGE, thread, by))


def row_of(by: str = "ana", thread: str = "post-1") -> str:
    """The id of the case row of `said` messages."""
    return f"crm/Case/{case_of(by, thread)}"


# --- the bridge ---


def hear(store: Store, *messages: Message, received_at: datetime = NOON) -> int:
    """Store messages as one callback; how many were new."""
    with store.write() as c:
        return inbox.ingest(c, Arrival(connection="fb", received_at=received_at, messages=messages))


def posted(body: bytes) -> Callback:
    """What a platform posts to the connection fb, at noon."""
    return Callback(
        connection="fb",
        method="POST",
        url="https://bridge.example/in/fb",
        query={},
        headers={},
        body=body,
        received_at=NOON,
    )


def bridge(store: Store, crm: Crm | None, *mappings: str, **parts: Any) -> Bridge:
    """A bridge with these mappings (the CARE one if none is given) and one CRM; None = it is switched off."""
    made = [fitted(read(text, "care.yaml"), Logbook) for text in mappings or (CARE,)]
    defaults: dict[str, Any] = {"gather": timedelta(0), "lease": LEASE}
    return Bridge(
        store=store,
        mappings={one.name: one for one in made},
        crms={"crm": crm} if crm is not None else {},
        **{**defaults, **parts},
    )


def worker(made: Bridge) -> Worker:
    """A worker of the bridge."""
    return Worker(made, ["fb"])


class Killed(BaseException):
    """A worker dies here, as by kill -9: no `except Exception` sees it."""


def dying(*points: str, times: int = 1) -> Callable[[str], None]:
    """An `at` hook that kills the worker when it comes to one of these points, so many times."""
    left = [times]

    def at(point: str) -> None:
        if point in points and left[0]:
            left[0] -= 1
            raise Killed(point)

    return at


def drain(made: Bridge, *, rounds: int = 300) -> None:
    """Work until nothing waits for anything but the sun to move: back-offs, leases and pauses pass at once.

    A worker that dies is followed by the next.
    """
    one = worker(made)
    for _ in range(rounds):
        try:
            rest = not one.step() and not pass_time(made.store)
        except Killed:
            one, rest = worker(made), False
            pass_time(made.store)
        if rest:
            return
    raise AssertionError(f"still not at rest after {rounds} rounds: {ledger_of(made.store)}")


def pass_time(store: Store) -> bool:
    """Let every back-off, lease and pause run out; False = nothing waits for one.

    A lane that waits for a message which has not come does not count: see `age`.
    """
    orphans = select(item.c.lane).where(item.c.state == "ready", item.c.case_id.is_(None), _orphaned())
    with store.write() as c:
        c.execute(update(target).values(paused_until=now()))
        for queue in (lane, case_row):
            c.execute(update(queue).where(queue.c.due_at.isnot(None)).values(due_at=now()))
        deciding = select(lane.c.id).where(lane.c.due_at.isnot(None), lane.c.id.not_in(orphans))
        filing_ = select(case_row.c.id).where(case_row.c.due_at.isnot(None))
        return c.execute(deciding.union_all(filing_)).first() is not None


def _orphaned() -> ColumnElement[bool]:
    other = item.alias()
    came = (other.c.message_id == item.c.message_id) & (other.c.account == item.c.account)
    return (item.c.change != "created") & ~exists().where(came, other.c.change == "created")


def age(store: Store, span: timedelta) -> None:
    """Make everything that has come so much older, and look at it again."""
    back = round(span.total_seconds() * 1000)
    with store.write() as c:
        c.execute(update(item).values(ingested_at=item.c.ingested_at - back))
        c.execute(update(filing).values(failed_at=filing.c.failed_at - back))
        for queue in (lane, case_row):
            c.execute(update(queue).where(queue.c.due_at.isnot(None)).values(due_at=now()))


def expire(store: Store, queue: Table) -> None:
    """End every lease of a queue, as if its owners had been silent for too long."""
    with store.write() as c:
        c.execute(update(queue).where(queue.c.owner.isnot(None)).values(due_at=now()))


# --- what is in the books ---


def ledger_of(store: Store) -> Books:
    """The books as they stand."""
    with store.read() as c:
        return ledger.read(c)


def all_items(store: Store) -> list[Item]:
    """Every item, in the ledger's order."""
    with store.read() as c:
        return items.read(c, items.query().order_by(item.c.id))


def states(store: Store) -> dict[str, str]:
    """Message id:change -> state, with the reason of what was dropped or is dead."""
    return {
        f"{one.points_at[2]}:{one.change}": one.state if not one.reason else f"{one.state}: {one.reason}"
        for one in all_items(store)
    }


def column(store: Store, table: Table, name: str, ids: str = "id") -> dict[str, Any]:
    """One column of a table, by its id."""
    with store.read() as c:
        return {row[0]: row[1] for row in c.execute(select(table.c[ids], table.c[name]).order_by(table.c[ids]))}


def count(store: Store, table: Table) -> int:
    """How many rows a table has."""
    with store.read() as c:
        return int(c.execute(select(func.count()).select_from(table)).scalar_one())


def due_in(store: Store, queue: Table) -> dict[str, float | None]:
    """Seconds until each row of a queue is due; None = idle."""
    with store.read() as c:
        rows: Sequence[Any] = c.execute(select(queue.c.id, queue.c.due_at - now())).all()
    return {row[0]: None if row[1] is None else row[1] / 1000 for row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The clock and the counters of one queue row."""

    owner: str | None
    open: int
    crashes: int


def clocks(store: Store, queue: Table) -> dict[str, Clock]:
    """The counters of each row of a queue."""
    with store.read() as c:
        rows = c.execute(select(queue.c.id, queue.c.owner, queue.c.open, queue.c.crashes)).all()
    return {row.id: Clock(owner=row.owner, open=row.open, crashes=row.crashes) for row in rows}
