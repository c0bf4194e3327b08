"""A platform and a CRM's reply box for the tests of replies: real small ones, in memory, that break as told."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from heart import CARE, NOON, PAGE, all_items, bridge, drain, hear, said
from logbook import Logbook
from sqlalchemy import select, update

from bridge import replying
from bridge.errors import Rejected, RetryLater, Trouble, Unsure
from bridge.message import Message, Person
from bridge.parts import Bridge
from bridge.ports import (
    Answer,
    Callback,
    Channel,
    Delivery,
    Doubt,
    Event,
    Polled,
    Reply,
    Rung,
    Sending,
    Sent,
    Way,
)
from bridge.replying import Road
from bridge.store import Store
from bridge.store.engine import now
from bridge.store.tables import piece, reply, talk, target

ACCOUNT = f"fb/{PAGE}"
ANY_LENGTH = Way(most=10_000, unit="characters", split=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One text of ours that stands on the wall."""

    id: str
    text: str
    mark: str
    to: str


@dataclass(slots=True)
class Wall(Channel):
    """A platform. `plan` says what happens to the next sends: "lost" = it stands, but nobody hears of it."""

    doubts: Doubt = "look"
    ways: Way | Rejected = ANY_LENGTH
    plan: deque[str | Trouble | BaseException] = field(default_factory=deque)
    looks: deque[Trouble] = field(default_factory=deque)
    posts: list[Post] = field(default_factory=list)
    sends: list[Sending] = field(default_factory=list)

    def verify(self, callback: Callback) -> Answer | None:
        """Take nothing: these tests store messages themselves."""
        raise NotImplementedError

    def parse(self, callback: Callback) -> list[Event]:
        """Take nothing, as above."""
        raise NotImplementedError

    def sign(self, body: bytes) -> Mapping[str, str]:
        """Take nothing, as above."""
        raise NotImplementedError

    def way(self, to: Message, *, private: bool, heard_at: datetime) -> Way | Rejected:
        """As the test set it."""
        return self.ways

    def doubt(self, sending: Sending) -> Doubt:
        """As the test set it."""
        return self.doubts

    def send(self, sending: Sending) -> Sent:
        """Put the text up, unless the plan says otherwise. The same mark stands once where marks are known."""
        self.sends.append(sending)
        planned = self.plan.popleft() if self.plan else ""
        if isinstance(planned, BaseException):
            raise planned
        standing = next((p for p in self.posts if p.mark == sending.mark), None)
        if standing is None or self.doubts != "repeat":
            standing = Post(id=f"p{len(self.posts) + 1}", text=sending.text, mark=sending.mark, to=sending.to.id)
            self.posts.append(standing)
        if planned == "lost":
            raise Unsure("the answer was lost", after=timedelta(seconds=30))
        if planned == "broken":
            raise ZeroDivisionError
        return Sent(id=standing.id, url=f"https://wall.example/{standing.id}")

    def look(self, sending: Sending) -> Sent | None:
        """Say whether the text stands there."""
        if self.looks:
            raise self.looks.popleft()
        found = next((p for p in self.posts if p.text == sending.text), None)
        return None if found is None else Sent(id=found.id, url=f"https://wall.example/{found.id}")

    @property
    def texts(self) -> list[str]:
        """What stands there."""
        return [post.text for post in self.posts]


@dataclass(slots=True)
class Inkwell:
    """A CRM's reply box: what agents wrote, and what they were told."""

    every: timedelta = timedelta(0)
    written: list[Reply] = field(default_factory=list)
    told: list[Delivery] = field(default_factory=list)
    troubles: deque[Trouble] = field(default_factory=deque)
    untold: dict[str, RetryLater] = field(default_factory=dict)  #: by Reply.id, once
    us: str = ""
    rung: list[Rung] = field(default_factory=list)  #: what it was asked to read
    always: list[Reply] = field(default_factory=list)  #: given whatever became of them
    meanwhile: Callable[[], None] = lambda: None  #: happens while it is read

    def poll(self, cursor: str, rung: Sequence[Rung] = ()) -> Polled:
        """Give all that have not ended, every time: whoever reads them must know them again."""
        if self.troubles:
            raise self.troubles.popleft()
        self.rung += rung
        self.meanwhile()
        waiting = [one for one in self.written if one.id not in self.last]
        return Polled(replies=[*waiting, *self.always], cursor=str(int(cursor or 0) + 1), us=self.us)

    def report(self, deliveries: Sequence[Delivery]) -> Mapping[str, RetryLater]:
        """Note what agents are told."""
        if self.troubles:
            raise self.troubles.popleft()
        self.told += [one for one in deliveries if one.reply not in self.untold]
        return {one.reply: self.untold.pop(one.reply) for one in deliveries if one.reply in self.untold}

    @property
    def last(self) -> dict[str, tuple[str, str]]:
        """What agents see beside each reply: state and sentence."""
        return {one.reply: (one.state, one.says) for one in self.told}


@dataclass(slots=True, kw_only=True)
class Desk:
    """A bridge with a case in it, the platform, the reply box and the alarms that were raised."""

    made: Bridge
    wall: Wall
    ink: Inkwell
    alarms: list[tuple[str, str]]
    case: str  #: the CRM's id of Ana's case

    @property
    def store(self) -> Store:
        """The bridge's."""
        return self.made.store

    @property
    def road(self) -> Road:
        """The bridge's, for replies."""
        return self.made.road

    def write(self, text: str, **more: Any) -> Reply:
        """Have an agent write a reply in Ana's case."""
        one = Reply(id=f"r{len(self.ink.written) + 1}", case_id=more.pop("case_id", self.case), text=text, **more)
        self.ink.written.append(one)
        return one

    def answer(self, text: str, **more: Any) -> None:
        """Have an agent write a reply, and carry it to its end."""
        self.write(text, **more)
        settle(self.made)


def desk(store: Store, crm: Logbook, *messages: Message, **parts: Any) -> Desk:
    """A bridge in which these messages are filed, Ana's first one if none is given."""
    wall, ink, alarms = parts.pop("wall", None) or Wall(), Inkwell(), list[tuple[str, str]]()
    made = bridge(
        store,
        crm,
        parts.pop("mapping", CARE),
        channels={"fb": wall},
        desks={"crm": ink},
        alarm=lambda name, says: alarms.append((name, says)),
        **parts,
    )
    hear(store, *(messages or (said("Help"),)))
    drain(made)
    case = next(one.crm_case for one in all_items(store) if one.crm_case)
    return Desk(made=made, wall=wall, ink=ink, alarms=alarms, case=case)


def rounds(road: Road) -> Sequence[Callable[[], bool]]:
    """What is due of replies just now."""
    with road.store.read() as c:
        return replying.rounds(c, road)


def settle(made: Bridge, *, most: int = 60) -> None:
    """Carry replies until nothing moves any more: back-offs, leases and pauses pass at once."""
    for _ in range(most):
        did = [step() for step in rounds(made.road)]
        if not any(did) and not pass_time(made.store):
            return
    raise AssertionError("the replies do not come to rest")


def pass_time(store: Store, span: timedelta = timedelta(hours=1)) -> bool:
    """Let every back-off, lease and pause run out, and attempts grow old; False = nothing waits for that."""
    back = round(span.total_seconds() * 1000)
    with store.write() as c:
        c.execute(update(target).values(paused_until=now()))
        c.execute(update(piece).values(tried_at=piece.c.tried_at - back, tried_last=piece.c.tried_last - back))
        c.execute(update(reply).where(reply.c.report_at.isnot(None)).values(report_at=now()))
        waiting = update(talk).where(talk.c.due_at.isnot(None))
        return bool(c.execute(waiting.values(due_at=now())).rowcount)


def states(store: Store) -> dict[str, tuple[str, str]]:
    """State and reason of every reply, by the CRM's id."""
    with store.read() as c:
        rows = c.execute(select(reply.c.crm_id, reply.c.state, reply.c.reason).order_by(reply.c.id)).all()
    return {row.crm_id: (row.state, row.reason) for row in rows}


def echo(post: Post, *, mark: str = "", **changes: Any) -> Message:
    """What the platform calls back about a text of ours, in answer to Ana's first message."""
    ours = said(post.text, id=post.id, reply_to="m-Help", author=Person(id=PAGE, is_self=True), received_at=NOON)
    return replace(ours, mark=mark, **changes)


def throttled() -> RetryLater:
    """What a platform says that wants to be left alone."""
    return RetryLater("too many calls", after=timedelta(minutes=1))
