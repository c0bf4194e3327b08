"""The story of one message: everything that is kept of what happened to it, found by its id, key or address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from bridge import addresses
from bridge.errors import ConfigError
from bridge.message import Message, clean
from bridge.steps import Item
from bridge.store import health, items, revisions
from bridge.store.engine import moment, now
from bridge.store.tables import WAITING, case_row, filing, item, lane, piece, reply, skipped

MOST = 20  #: messages of one address: all comments on a film share the film's
LATELY = timedelta(days=7)
NEWEST = 2000  #: items among which the latest of each connection is looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An agent's reply to a message, without what it says."""

    id: str
    taken_at: datetime
    private: bool
    state: str
    tried_at: datetime | None  #: the latest attempt to send it
    reason: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What is known of one item, for `casebridge explain`. A time that is None: not yet, or not at all."""

    item: Item
    connection: str
    fetched: bool  #: by us; else the platform called
    masked: bool
    stored_at: datetime  #: committed to disk
    placed_at: datetime | None = None
    frozen_at: datetime | None = None  #: then it was sent for the first time
    settled_at: datetime | None = None
    link: str = ""
    warnings: tuple[str, ...] = ()
    attempts: int = 0  #: counted failures of its stored filing
    job: str = ""  #: of the CRM, which it was handed to with others; "" = none
    why: str = ""  #: what kept it from the CRM at the latest attempt; "" = nothing, or there was none
    unsure: bool = False  #: an attempt's answer was lost and the CRM has not been asked yet
    due_in: float | None = None  #: seconds until its queue row is looked at again; None = idle
    behind: bool = False  #: an earlier message of its customer, or of its case, must go first
    rests: str = ""  #: why its CRM rests, of an undecided item any; "" = none does, or it need not be asked
    replies: tuple[Answered, ...] = ()  #: oldest first
    answered_at: datetime | None = None  #: our first public answer on its case

    @property
    def message(self) -> Message | None:
        """The message itself; None = it cannot be read."""
        return self.item.readable


def stories(c: Connection, name: str) -> list[Story]:
    """The items of a message, by the platform's message id, the whole key or its address; [] = never seen.

    An address may be that of several messages: the latest of them.
    """
    named = clean(name).strip()
    found = _read(c, (item.c.message_id == named) | (item.c.key == named)) or _addressed(c, named)
    rests = health.paused(c) if found else {}
    return [_story(c, one, rests) for one in found]


def _read(c: Connection, which: ColumnElement[bool]) -> list[Item]:
    return items.read(c, items.query().where(which).order_by(item.c.id))


def _addressed(c: Connection, url: str) -> list[Item]:
    """The messages of an address, with their edits and deletions."""
    digest, ids = addresses.digest(url), addresses.ids(url)
    same = (item.c.url_digest == digest) & (item.c.url_digest != "")  # as the index says it
    found = _identities(c, same) if digest else set()
    theirs = item.c.message_id.in_(ids) & item.c.channel.not_in(sorted(addresses.strangers(url)))
    found = found or (_identities(c, theirs) if ids else set())
    if not found:
        return []
    family = _read(c, item.c.message_id.in_(sorted(one[2] for one in found)))
    return [one for one in family if one.points_at in found]


def _identities(c: Connection, which: ColumnElement[bool]) -> set[tuple[str, str, str]]:
    columns = select(item.c.channel, item.c.account, item.c.message_id)
    rows = c.execute(columns.where(which).order_by(item.c.id.desc()).limit(MOST))
    return {(row.channel, row.account, row.message_id) for row in rows}


def _story(c: Connection, one: Item, rests: Mapping[str, str]) -> Story:
    row = c.execute(select(item, lane.c.connection).join(lane).where(item.c.id == one.id)).one()
    waiting, going = one.state in WAITING, one.state in ("sending", "unknown")
    sent = _filing(c, one)
    case = c.execute(select(case_row.c.replied_at).where(case_row.c.id == one.case_id)).one_or_none()
    return Story(
        item=one,
        connection=row.connection,
        fetched=row.fetched,
        masked=row.masked,
        stored_at=moment(row.ingested_at),
        placed_at=moment(row.placed_at),
        frozen_at=moment(row.frozen_at),
        settled_at=moment(row.settled_at),
        link=row.link,
        warnings=tuple(row.warnings.splitlines()),
        attempts=sent.attempts if sent and going else 0,
        job=sent.job if sent and going else "",
        why=sent.why if sent and going else one.reason if waiting else "",
        unsure=bool(going and sent and sent.unsure_since),
        due_in=_due_in(c, one) if waiting else None,
        behind=waiting and not going and (_is_behind(c, one) if one.case_id is None else sent is not None),
        rests=_rests(one, rests) if waiting else "",
        replies=_replies(c, one.id),
        answered_at=moment(case.replied_at) if case else None,
    )


def _filing(c: Connection, one: Item) -> Any:
    columns = select(filing.c.attempts, filing.c.unsure_since, filing.c.job, filing.c.why)
    return c.execute(columns.where(filing.c.case_id == one.case_id)).one_or_none()


def _is_behind(c: Connection, one: Item) -> bool:
    """Whether something stands before it in its lane, undecided too."""
    undecided = (item.c.lane == one.lane) & (item.c.state == "ready") & item.c.case_id.is_(None)
    return c.execute(select(1).where(undecided, item.c.id < one.id).limit(1)).scalar() is not None


def _rests(one: Item, resting: Mapping[str, str]) -> str:
    """Why its CRM rests; where no case is chosen yet any CRM may be asked who the author is."""
    if one.case_id is not None:
        return resting.get(one.case_id.partition("/")[0], "")
    return "; ".join(f"{crm}: {why}" for crm, why in resting.items())


def _due_in(c: Connection, one: Item) -> float | None:
    queue, queue_id = (case_row, one.case_id) if one.case_id else (lane, one.lane)
    due = c.execute(select(queue.c.due_at - now()).where(queue.c.id == queue_id)).scalar()
    return due / 1000 if due is not None else None


def _replies(c: Connection, number: int) -> tuple[Answered, ...]:
    """What agents answered to an item. Of one that was asked for anew each attempt stands for itself."""
    tried = select(func.max(piece.c.tried_last)).where(piece.c.reply == reply.c.id).scalar_subquery()
    rows = c.execute(select(reply, tried.label("tried")).where(reply.c.answers == number).order_by(reply.c.id))
    return tuple(
        Answered(
            id=row.crm_id,
            taken_at=moment(row.taken_at),
            private=row.private,
            state=row.state,
            tried_at=moment(row.tried),
            reason=row.reason,
            url=row.url,
        )
        for row in rows
    )


def sets(c: Connection, told: Sequence[Story]) -> dict[int, Mapping[str, str]]:
    """The texts of the mapping sets that decided them, by revision and file; without those that are not kept."""
    found: dict[int, Mapping[str, str]] = {}
    for number in {one.item.revision for one in told}:
        with suppress(ConfigError):
            found[number] = revisions.files(c, number)
    return found


# --- why there is none ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What came in the place of a message that never did."""

    latest: Mapping[tuple[str, str], datetime] = field(default_factory=dict)  #: by connection, account
    whole: bool = True  #: those are all that ever brought something; else some of the latest only
    skipped: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    """How often something was no message within 7 days: by connection, reason, event."""
    paused: Mapping[str, str] = field(default_factory=dict)  #: CRM connection -> why it rests


def around(c: Connection) -> Around:
    """What came lately, told by the latest items: a walk over all of them takes too long."""
    at = moment(c.execute(select(now())).scalar_one())
    last = c.execute(select(func.max(item.c.id))).scalar() or 0
    key = (lane.c.connection, item.c.account)
    newest = select(*key, func.max(item.c.ingested_at).label("at")).join(lane, lane.c.id == item.c.lane)
    rows = c.execute(newest.where(item.c.id > last - NEWEST).group_by(*key).order_by(*key))
    return Around(
        latest={(row.connection, row.account): moment(row.at) for row in rows},
        whole=last <= NEWEST,
        skipped=_skipped(c, f"{at - LATELY:%Y-%m-%d}"),
        paused=health.paused(c),
    )


def _skipped(c: Connection, since: str) -> dict[tuple[str, str, str], int]:
    key = (skipped.c.connection, skipped.c.reason, skipped.c.event)
    rows = c.execute(
        select(*key, func.sum(skipped.c.n).label("n")).where(skipped.c.day >= since).group_by(*key).order_by(*key)
    )
    return {(row.connection, row.reason, row.event): row.n for row in rows.all()}
