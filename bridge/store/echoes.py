"""What platforms say of agents' replies besides their answers: echoes, and news that they arrived or never did.

Lock order: talks, sorted → reply → piece; whoever holds case rows has locked those first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import Connection, and_, delete, func, or_, select, update

from bridge import answering
from bridge.message import Message, clean
from bridge.ports import Delivered, Undelivered
from bridge.store.engine import bytewise, now, upsert
from bridge.store.queues import milliseconds
from bridge.store.tables import OPEN, piece, reply, talk, undone

ECHOED = timedelta(minutes=10)  #: so long an echo waits for a reply that is on its way
KEPT = timedelta(days=1)  #: how long an echo or a report may come after, or before, what it speaks of

Echo = Literal["ours", "wait"]


def stands(c: Connection, reply_id: int, n: int, sent_id: str, url: str) -> None:
    """A piece stands on the platform; with the last one its reply is at its end, whatever was thought of it."""
    unsent = (piece.c.reply == reply_id) & (piece.c.n == n) & (piece.c.state != "sent")
    sent = {"state": "sent", "text": "", "sent_id": clean(sent_id), "url": clean(url)}
    if not c.execute(update(piece).where(unsent).values(**sent)).rowcount:
        return
    rows = c.execute(select(piece).where(piece.c.reply == reply_id).order_by(piece.c.n)).all()
    if any(row.state != "sent" for row in rows):
        return
    values = {"state": "sent", "reason": "", "url": rows[0].url, "text": "", "report_at": now()}
    c.execute(update(reply).where(reply.c.id == reply_id, reply.c.state != "sent").values(values))
    account = select(talk.c.account).join(reply, reply.c.talk == talk.c.id).where(reply.c.id == reply_id)
    theirs = undone.c.connection + "/" + undone.c.account == account.scalar_subquery()
    named = or_(*((undone.c.sent_id == row.sent_id) | (undone.c.mark == row.mark) for row in rows))
    gone = c.execute(select(undone.c.reason).where(theirs, named).order_by(undone.c.at).limit(1)).scalar()
    if gone is not None:
        _undo(c, reply_id, gone)


def match(c: Connection, given: Mapping[int, tuple[Message, str, timedelta]]) -> dict[int, Echo]:
    """Which of our own side's messages are replies that we sent, and which may turn out to be.

    given: item -> the message, its lane, and how long ago it came. What is not in the answer is none of ours.
    """
    found: dict[int, Echo] = {}
    named = {number: _named(c, message, lane) for number, (message, lane, _) in given.items()}
    _lock(c, {row.talk for row in named.values() if row is not None})
    for number, (message, lane, age) in given.items():
        row = _named(c, message, lane) if named[number] is not None else None
        if row is not None:
            stands(c, row.reply, row.n, message.id, message.url)
            _recount(c, row.talk)
            found[number] = "ours"
        elif age < ECHOED and _going(c, message, lane):
            found[number] = "wait"
    return found


def _lock(c: Connection, talks: Collection[str]) -> None:
    """Lock talks in sorted order, as everybody does who comes to several of them."""
    if not talks:
        return
    here = select(talk.c.id).where(talk.c.id.in_(sorted(talks))).order_by(bytewise(talk.c.id))
    c.execute(here.with_for_update(key_share=True))


def _named(c: Connection, message: Message, lane: str) -> Any:
    """The piece that this is: by the platform's id, by our mark, or by its text where that may be on its way.

    Of several with the same text it is the one that was tried last. None = it is none of ours.
    """
    known = piece.c.sent_id == message.id
    if message.mark:
        known |= piece.c.mark == message.mark
    same = piece.c.digest == answering.digest(message.text)
    late = piece.c.state.in_(["sending", "doubt"]) & (piece.c.tried_last > now() - milliseconds(KEPT))
    joined = select(piece.c.reply, piece.c.n, reply.c.talk).join_from(piece, reply).join(talk)
    joined = joined.order_by(piece.c.tried_last.desc(), piece.c.reply, piece.c.n).limit(1)
    row = c.execute(joined.where(known, _of_account(message))).one_or_none()
    return row if row is not None else c.execute(joined.where(same, late, _beside(message, lane))).one_or_none()


def _of_account(message: Message) -> Any:
    """Whether a reply is of the message's account: two connections or products of a platform may share it."""
    return talk.c.account.endswith(f"/{message.account.id}", autoescape=True)


def _beside(message: Message, lane: str) -> Any:
    """Whether a reply's echo may be this message. A private one to a public message opens a conversation."""
    return or_(reply.c.talk == lane, and_(reply.c.private, _of_account(message)))


def _going(c: Connection, message: Message, lane: str) -> bool:
    """Whether a reply of this conversation is being sent, or may have been."""
    on_its_way = reply.c.state.in_(OPEN) & piece.c.state.in_(["sending", "doubt"])
    joined = select(1).select_from(reply).join(piece, piece.c.reply == reply.c.id).join(talk)
    return c.execute(joined.where(on_its_way, _beside(message, lane)).limit(1)).scalar() is not None


def _recount(c: Connection, name: str) -> None:
    """Count the open replies of a talk that is locked, without breaking a lease."""
    open_ = c.execute(
        select(func.count()).select_from(reply).where(reply.c.talk == name, reply.c.state.in_(OPEN))
    ).scalar_one()
    c.execute(update(talk).where(talk.c.id == name).values(open=open_))
    if not open_:
        c.execute(update(talk).where(talk.c.id == name, talk.c.owner.is_(None)).values(due_at=None))


def news(c: Connection, connection: str, told: Collection[Delivered | Undelivered]) -> None:
    """Settle replies by what the platform says of them: it has them, or never delivered what it had taken.

    That settles those whose answers were lost. The second may come before the answer to what we sent, or to
    another piece of the same reply, so it is kept for a while.
    """
    rows = [_ours(c, connection, one) for one in told]
    _lock(c, {row.talk for row in rows if row is not None})
    for one in told:
        if isinstance(one, Undelivered):
            values = {"mark": one.reply, "reason": one.reason, "at": now()}
            insert = upsert(c, undone).values(connection=connection, account=one.account, sent_id=one.id, **values)
            c.execute(insert.on_conflict_do_nothing())
        row = _ours(c, connection, one)
        if row is None:
            continue
        if isinstance(one, Undelivered) or row.state in ("sending", "doubt"):
            stands(c, row.reply, row.n, one.id, "")
        if isinstance(one, Undelivered):
            _undo(c, row.reply, one.reason)
        _recount(c, row.talk)


def is_another(c: Connection, account: str, sent_id: str, *, of: int, n: int) -> bool:
    """Whether the platform's id is that of another text than this one. account: connection/account."""
    others = (piece.c.sent_id == sent_id) & ~((piece.c.reply == of) & (piece.c.n == n))
    joined = select(1).select_from(piece).join(reply).join(talk)
    return c.execute(joined.where(others, talk.c.account == account).limit(1)).scalar() is not None


def _ours(c: Connection, connection: str, one: Delivered | Undelivered) -> Any:
    """The piece that the platform talks of; None = none that we know."""
    account = reply.c.talk.in_(select(talk.c.id).where(talk.c.account == f"{connection}/{one.account}"))
    known = piece.c.sent_id == one.id
    if one.reply:
        known |= piece.c.mark == one.reply
    joined = select(piece.c.reply, piece.c.n, piece.c.state, reply.c.talk).join(reply)
    return c.execute(joined.where(account, known).limit(1)).one_or_none()


def _undo(c: Connection, reply_id: int, reason: str) -> None:
    failed = {"state": "failed", "reason": reason, "text": "", "report_at": now()}
    c.execute(update(reply).where(reply.c.id == reply_id, reply.c.state != "failed").values(failed))
    c.execute(update(piece).where(piece.c.reply == reply_id).values(text=""))


def tidy(c: Connection) -> None:
    """Forget what was reported of replies long ago."""
    c.execute(delete(undone).where(undone.c.at < now() - milliseconds(KEPT)))
