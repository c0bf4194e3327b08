"""One case as our app in the CRM shows it: what customers and agents wrote there, and a reply to be sent again.

An agent can have a reply sent again that surely was not sent. We keep no texts, so the CRM is asked for it anew.
The row of the earlier attempt makes way: it is called id~1 from then on, the next one id~2.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Select, false, func, or_, select, union_all, update

from bridge import frozen
from bridge.message import Message, clean
from bridge.ports import Rung
from bridge.steps import Item
from bridge.store import hearing, items
from bridge.store import rung as bells
from bridge.store.engine import moment, now
from bridge.store.replies import BEST, THEIRS, heard_at
from bridge.store.tables import RETRIED, case_row, filing, item, piece, reply, rung

MOST = 100  #: of the latest messages, and of the latest replies


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One reply, without what it says."""

    id: str  #: Reply.id
    agent: str
    private: bool
    state: str  #: ready, sending, sent, failed, unsure
    reason: str
    url: str
    taken_at: datetime
    retry: bool  #: it can be sent again


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The customer's message that a reply would answer."""

    message: Message
    deleted: bool  #: by its author
    heard_at: datetime  #: when the customer wrote last in this conversation


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """One case."""

    case_id: str  #: the CRM's
    items: Sequence[Item]  #: oldest first, at most MOST
    more: bool  #: there are older ones
    replies: Sequence[Given]  #: newest last, at most MOST
    asked: Asked | None  #: None = there is nobody to answer
    now: datetime  #: the database's clock


def read(c: Connection, crm: str, crm_case: str) -> Thread | None:
    """Read a case by the CRM's id, with what waits to be filed there; None = nothing was ever filed there.

    Of a reply that was sent again only the latest attempt counts.
    """
    found = _items(c, crm, clean(crm_case))
    if not found:
        return None
    return Thread(
        case_id=crm_case,
        items=found[MOST - 1 :: -1],
        more=len(found) > MOST,
        replies=_replies(c, crm, clean(crm_case)),
        asked=_asked(c, crm, clean(crm_case)),
        now=_now(c),
    )


def _now(c: Connection) -> datetime:
    when = moment(c.execute(select(now())).scalar_one())
    assert when is not None
    return when


# --- what customers wrote ---


def _filed(crm: str, crm_case: str) -> ColumnElement[bool]:
    return (item.c.crm_case == crm_case) & items.filed_at(crm)


def _items(c: Connection, crm: str, crm_case: str) -> list[Item]:
    """The latest first, one more than are shown if there are more."""
    filed = _filed(crm, crm_case)
    rows = c.execute(select(item.c.case_id).where(filed).distinct()).scalars().all()
    if not rows:
        return []
    current = case_row.c.known.contains(f'"case_id":{json.dumps(crm_case)}', autoescape=True)
    here = c.execute(select(case_row.c.id).where(case_row.c.id.in_(rows), current)).scalars().all()
    bodies = c.execute(select(filing.c.body).where(filing.c.case_id.in_(here))).scalars()
    going = [part.key for body in bodies for part in frozen.load(body).filing.parts]
    waits = [item.c.case_id.in_(here) & (item.c.state == state) for state in ("ready", "dead")]
    each = (filed, item.c.key.in_(going), *waits)  # one by one, for each has an index of its own
    theirs = item.c.id.in_(union_all(*(select(item.c.id).where(one) for one in each))) & (item.c.body != "")
    return items.read(c, items.query().where(theirs).order_by(item.c.id.desc()).limit(MOST + 1))


def _asked(c: Connection, crm: str, crm_case: str) -> Asked | None:
    """Find it as `replies.take` does for a reply that names no message."""
    latest = items.query().where(_filed(crm, crm_case), THEIRS).order_by(*BEST).limit(1)
    for one in items.read(c, latest):
        try:
            to = one.message
            return Asked(message=to, deleted=one.deleted, heard_at=heard_at(c, one.lane, to))
        except ValueError:  # another version stored it
            return None
    return None


# --- what agents answered ---


def _replies(c: Connection, crm: str, crm_case: str) -> list[Given]:
    mine = (reply.c.crm == crm) & (reply.c.crm_case == crm_case)
    rows = c.execute(_attempts().where(mine).order_by(reply.c.id.desc()).limit(MOST)).all()
    latest: dict[str, Any] = {}
    for row in rows:
        latest.setdefault(_name(row), row)
    pieces = _pieces(c, [row.id for row in latest.values()])
    awaited = _awaited(c, crm, crm_case)
    return [_given(row, pieces.get(row.id, []), awaited) for row in reversed(latest.values())]


def _attempts() -> Select[Any]:
    return select(reply, func.coalesce(reply.c.report_at > now(), false()).label("being_told"))


def _given(row: Any, pieces: Sequence[Any], awaited: Collection[str]) -> Given:
    taken, anew = moment(row.taken_at), _made_way(row) and _name(row) in awaited
    assert taken is not None
    return Given(
        id=_name(row),
        agent=row.agent,
        private=row.private,
        state="ready" if anew else row.state,
        reason="" if anew else row.reason,
        url=row.url,
        taken_at=taken,
        retry=not anew and _unsent(row, pieces),
    )


def _name(row: Any) -> str:
    name: str = row.crm_id.partition(RETRIED)[0]
    return name


def _made_way(row: Any) -> bool:
    return RETRIED in row.crm_id


def _pieces(c: Connection, numbers: Sequence[int]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in c.execute(select(piece).where(piece.c.reply.in_(numbers))):
        found.setdefault(row.reply, []).append(row)
    return found


def _awaited(c: Connection, crm: str, crm_case: str) -> set[str]:
    """The replies that are to be read anew."""
    mine = (rung.c.crm == crm) & (rung.c.crm_case == crm_case) & (rung.c.reply != "")
    return set(c.execute(select(rung.c.reply).where(mine)).scalars())


def _unsent(row: Any, pieces: Sequence[Any]) -> bool:
    """Whether a reply failed of which the customer surely has nothing, and nobody tells the agents of it just now.

    That news could overtake the next. Where the only piece of one that failed was sent, the platform has said that
    it never arrived.
    """
    nothing = all(one.state in ("ready", "sending") and one.tried_at is None for one in pieces)
    undone = [one.state for one in pieces] == ["sent"]
    return row.state == "failed" and (nothing or undone) and not row.being_told


# --- send it again ---


def retry(c: Connection, crm: str, crm_case: str, name: str) -> Literal["asked", "refused", "unknown"]:
    """Have the CRM asked anew for a reply that failed, so that it is sent again.

    refused: it has not failed, some of it may have been sent, or it is asked for already. unknown: there is no
    such reply in this case. If the CRM does not know of the failure yet it need not: whoever asks has seen it.
    """
    case_id, name = clean(crm_case), clean(name)
    attempts = or_(reply.c.crm_id == name, reply.c.crm_id.startswith(name + RETRIED, autoescape=True))
    mine = (reply.c.crm == crm) & (reply.c.crm_case == case_id) & attempts
    rows = c.execute(_attempts().where(mine).order_by(reply.c.id).with_for_update()).all()
    if not rows or _name(rows[-1]) != name:
        return "unknown"
    last = rows[-1]
    awaited = _awaited(c, crm, case_id)
    if not _given(last, _pieces(c, [last.id]).get(last.id, []), awaited).retry:
        return "refused"
    if not _made_way(last):
        gone = {"crm_id": f"{name}{RETRIED}{len(rows)}", "report_at": None}
        c.execute(update(reply).where(reply.c.id == last.id).values(gone))
        refused = (piece.c.reply == last.id) & (piece.c.state == "sending")
        c.execute(update(piece).where(refused).values(state="ready"))  # the echo of the same words is not its own
    bells.ring(c, crm, [Rung(case_id=case_id, at=_now(c), reply=name)])
    hearing.soon(c, crm)
    return "asked"
