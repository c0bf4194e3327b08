"""Agents' replies: taken from a CRM once, sent in order, told back to the agents. What platforms say: echoes.py.

A talk is the queue row of one conversation. Lock order: case rows → talks, sorted → reply → piece.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, and_, false, func, select, update

from bridge import answering
from bridge.answering import NOBODY, UNREADABLE, Cut, Done, End, Open, Piece, Rest, Try, Verdict
from bridge.message import Message, clean, load
from bridge.ports import Delivery, Reply
from bridge.store import echoes, items, queues, rung
from bridge.store.engine import bytewise, moment, now, stamp, upsert
from bridge.store.items import OURS
from bridge.store.queues import Claim, milliseconds
from bridge.store.tables import OPEN, case_row, cursor, item, lane, piece, reply, talk

PUBLIC = '"public":true'  #: in a body; quotes inside of its texts are escaped
THEIRS = (item.c.change == "created") & item.c.body.not_like(f"%{OURS}%") & (item.c.body != "")
"""What customers wrote and is still there: a reply can answer it."""
BEST = (~item.c.deleted).desc(), item.c.id.desc()
"""The order of those: the latest first, but what its author has deleted cannot be answered any more."""


# --- from a CRM ---


def take(c: Connection, crm: str, replies: Sequence[Reply]) -> int:
    """Store what agents wrote, each reply once; how many are new.

    One that answers nobody we know has failed at once, and its agent is told; unless it may not be meant for us,
    or is what a message was filed as. The talks are locked first and in sorted order, so that it cannot deadlock
    with callbacks that bring news of several.
    """
    cases = rung.ours(c, crm, [one.case_id for one in replies if not one.meant])
    others = {(one.case_id, one.id) for one in replies if not one.meant and clean(one.case_id) not in cases}
    replies = [one for one in replies if one.meant or _is_reply(c, crm, one, cases)]
    told = (reply.c.crm == crm) & reply.c.crm_id.in_({clean(one.id) for one in replies})
    before = set(c.execute(select(reply.c.crm_id).where(told)).scalars())
    answered = [(one, _answered(c, crm, one)) for one in replies if clean(one.id) not in before]
    accounts = {to.lane: f"{to.connection}/{to.account}" for _, to in answered if to is not None}
    insert = upsert(c, talk)
    known = insert.on_conflict_do_update(index_elements=["id"], set_={"account": insert.excluded.account})
    if accounts:
        c.execute(known, [{"id": i, "account": accounts[i]} for i in sorted(accounts)])
    fresh = [to for one, to in answered if _insert(c, crm, one, to)]
    queues.enqueue(c, talk, Counter(to.lane for to in fresh if to is not None), wait=timedelta(0))
    _tell_again(c, told & reply.c.crm_id.in_({clean(one.id) for one in replies if one.meant}))
    rung.expect(c, crm, others)
    return len(fresh)


def _is_reply(c: Connection, crm: str, given: Reply, cases: Collection[str]) -> bool:
    """Whether it stands in one of our cases, and was not put there by us."""
    return clean(given.case_id) in cases and not rung.written_by_us(c, crm, given.case_id, given.id)


def _tell_again(c: Connection, waiting: ColumnElement[bool]) -> None:
    """Tell once more of replies that have ended, and of which the CRM still says that they wait.

    That news was lost, or the agent has set them back: they are never sent again.
    """
    ended = waiting & reply.c.state.not_in(OPEN) & reply.c.report_at.is_(None)
    rows = c.execute(select(reply.c.id).where(ended).order_by(reply.c.id).with_for_update()).scalars().all()
    c.execute(update(reply).where(reply.c.id.in_(rows)).values(report_at=now()))


def _answered(c: Connection, crm: str, given: Reply) -> Any:
    """The customer's message that a reply answers: the one it names, else the latest in its case. None = none.

    Where one is named the case makes no difference: agents merge cases, and then it has another.
    """
    asked = _named(c, given.answers) if given.answers else item.c.crm_case == clean(given.case_id)
    columns = select(item.c.id, item.c.lane, item.c.account, lane.c.connection).join(
        lane, lane.c.id == item.c.lane
    )
    return c.execute(columns.where(THEIRS, asked, items.filed_at(crm)).order_by(*BEST).limit(1)).one_or_none()


def _named(c: Connection, key: str) -> ColumnElement[bool]:
    """What is the message of this key, which may be that of an edit."""
    found = c.execute(
        select(item.c.channel, item.c.account, item.c.message_id).where(item.c.key == clean(key))
    ).one_or_none()
    if found is None:
        return false()
    same = (item.c.channel, found.channel), (item.c.account, found.account), (item.c.message_id, found.message_id)
    return and_(*(column == value for column, value in same))


def _insert(c: Connection, crm: str, given: Reply, to: Any) -> bool:
    """Insert a reply if it is new. to: what it answers; None = nothing, so it has failed."""
    values = {
        "crm": crm,
        "crm_id": clean(given.id),
        "crm_case": clean(given.case_id),
        "agent": clean(given.agent),
        "text": clean(given.text) if to is not None else "",
        "private": given.private,
        "taken_at": now(),
        "state": "ready" if to is not None else "failed",
        "reason": "" if to is not None else NOBODY,
        "report_at": None if to is not None else now(),
        "answers": None if to is None else to.id,
        "talk": None if to is None else to.lane,
    }
    insert = upsert(c, reply).values(**values).on_conflict_do_nothing(index_elements=["crm", "crm_id"])
    return c.execute(insert.returning(reply.c.id)).scalar() is not None


def position(c: Connection, crm: str, *, every: timedelta) -> str | None:
    """How far a CRM's replies have been read; None = it is not time to ask. Whoever gets it asks alone for now."""
    insert = upsert(c, cursor).values(crm=crm, value="", due_at=0)
    c.execute(insert.on_conflict_do_nothing(index_elements=["crm"]))
    mine = update(cursor).where(cursor.c.crm == crm, cursor.c.due_at <= now())
    found: str | None = c.execute(
        mine.values(due_at=now() + milliseconds(every)).returning(cursor.c.value)
    ).scalar()
    return found


def move(c: Connection, crm: str, value: str, *, every: timedelta) -> None:
    """Remember how far they have been read, and that they are read again after `every` at the latest."""
    c.execute(update(cursor).where(cursor.c.crm == crm).values(value=clean(value)))
    ask_again(c, crm, within=every)


def ask_again(c: Connection, crm: str, *, within: timedelta) -> None:
    """Have them read after that time at the latest; never later than it was to be, for somebody may have rung."""
    latest: Any = now() + milliseconds(within)
    later = update(cursor).where(cursor.c.crm == crm, cursor.c.due_at > latest)
    c.execute(later.values(due_at=latest))


def just_read(c: Connection) -> set[str]:
    """The CRMs whose replies it is not time to read: a plain read, so idle workers block nobody."""
    return set(c.execute(select(cursor.c.crm).where(cursor.c.due_at > now())).scalars())


# --- to a platform ---


def first_open(c: Connection, claim: Claim) -> dict[str, Open]:
    """The oldest reply of each claimed talk that is not at its end, by talk.

    One that answers what this version cannot read has failed: its talk is left out.
    """
    open_ = reply.c.talk.in_(claim.rows) & reply.c.state.in_(OPEN)
    oldest = select(func.min(reply.c.id)).where(open_).group_by(reply.c.talk)
    joined = select(reply, item.c.body, item.c.raw, item.c.deleted).join(item, item.c.id == reply.c.answers)
    found = {}
    for row in c.execute(joined.where(reply.c.id.in_(oldest))).all():
        pieces = _pieces(c, row.id)
        try:
            found[row.talk] = _read(c, row, pieces)
        except ValueError:
            end = answering.given_up(pieces, UNREADABLE)
            _end(c, row.id, end.state, end.reason)
    return found


def _pieces(c: Connection, reply_id: int) -> tuple[Piece, ...]:
    return tuple(
        Piece(
            n=one.n,
            mark=one.mark,
            text=one.text,
            state=one.state,
            tried_at=moment(one.tried_at),
            tried_last=moment(one.tried_last),
        )
        for one in c.execute(select(piece).where(piece.c.reply == reply_id).order_by(piece.c.n))
    )


def _read(c: Connection, row: Any, pieces: tuple[Piece, ...]) -> Open:
    to, taken = load(row.body, row.raw), moment(row.taken_at)
    assert taken is not None
    return Open(
        id=row.id,
        text=row.text,
        private=row.private,
        taken_at=taken,
        attempts=row.attempts,
        to=to,
        deleted=row.deleted,
        heard_at=heard_at(c, row.talk, to),
        pieces=pieces,
    )


def heard_at(c: Connection, lane: str, to: Message) -> datetime:
    """When the customer wrote last, by the platform's clock where it told. Raises ValueError as `load` does.

    A comment opens no window for private messages: what is public and what is not are two conversations.
    """
    alike = (item.c.lane == lane) & item.c.body.like(f'%"public":{str(to.public).lower()}%')
    body = c.execute(select(item.c.body).where(THEIRS, alike).order_by(item.c.id.desc()).limit(1)).scalar()
    if body is None:
        return to.received_at
    latest = load(body, b"")
    return latest.sent_at or latest.received_at


def cut(c: Connection, claim: Claim, name: str, one: Open, what: Cut) -> bool:
    """Store the texts of a reply, once; False = the talk is somebody else's now."""
    if name not in queues.hold(c, talk, [name], claim.token):
        return False
    rows = [
        {"reply": one.id, "n": n, "mark": uuid4().hex, "text": text, "digest": answering.digest(text)}
        for n, text in enumerate(what.texts, start=1)
    ]
    insert = upsert(c, piece).values(state="ready").on_conflict_do_nothing(index_elements=["reply", "n"])
    c.execute(insert, rows)
    return True


def trying(c: Connection, claim: Claim, name: str, one: Open, what: Try) -> bool:
    """Write down that a piece is being sent, before it is; False = it must not be.

    Then the talk is somebody else's, or an echo or a report has ended the reply or the piece meanwhile. Whoever
    finds it written down later does not know whether it was sent.
    """
    if name not in queues.hold(c, talk, [name], claim.token):
        return False
    first = stamp(what.piece.tried_at) if what.piece.tried_at else None
    open_ = select(1).where(reply.c.id == one.id, reply.c.state.in_(OPEN)).exists()
    unsent = (piece.c.reply == one.id) & (piece.c.n == what.piece.n) & (piece.c.state != "sent")
    mine = update(piece).where(unsent, open_).values(state="sending", tried_at=first, tried_last=now())
    if not c.execute(mine).rowcount:
        return False
    c.execute(update(reply).where(reply.c.id == one.id).values(state="sending"))
    return True


def settle(c: Connection, claim: Claim, name: str, one: Open, verdict: Verdict) -> None:
    """Write what became of it and give the talk back.

    An echo may have come first: what is sent stays sent, and a reply does not end over a piece that is.
    """
    if name not in queues.hold(c, talk, [name], claim.token):
        return
    match verdict:
        case Done():
            echoes.stands(c, one.id, verdict.piece.n, verdict.sent.id, verdict.sent.url)
        case Rest():
            _rest(c, one, verdict)
        case End() if _pieces_sent(c, one.id) == sum(told.state == "sent" for told in one.pieces):
            _end(c, one.id, verdict.state, verdict.reason)
    release(c, name, after=verdict.after if isinstance(verdict, Rest) else None)


def _pieces_sent(c: Connection, reply_id: int) -> int:
    sent = select(func.count()).select_from(piece).where(piece.c.reply == reply_id, piece.c.state == "sent")
    return int(c.execute(sent).scalar_one())


def _end(c: Connection, reply_id: int, state: str, reason: str) -> None:
    """End a reply that is open; none of its text is kept."""
    waiting = update(reply).where(reply.c.id == reply_id, reply.c.state.in_(OPEN))
    c.execute(waiting.values(state=state, reason=clean(reason), text="", report_at=now()))
    c.execute(update(piece).where(piece.c.reply == reply_id).values(text=""))


def _rest(c: Connection, one: Open, verdict: Rest) -> None:
    if verdict.counts:
        c.execute(update(reply).where(reply.c.id == one.id).values(attempts=reply.c.attempts + 1))
    if verdict.piece is None:
        return
    told = verdict.piece
    unsent = (piece.c.reply == one.id) & (piece.c.n == told.n) & (piece.c.state != "sent")
    c.execute(
        update(piece)
        .where(unsent)
        .values(
            state=told.state,
            tried_at=stamp(told.tried_at) if told.tried_at else None,
            tried_last=stamp(told.tried_last) if told.tried_last else None,
        )
    )


def release(c: Connection, name: str, *, after: timedelta | None = None) -> None:
    """Give back a talk that is held. after: how long it rests if replies wait; None = not at all."""
    open_ = c.execute(
        select(func.count()).select_from(reply).where(reply.c.talk == name, reply.c.state.in_(OPEN))
    ).scalar_one()
    due = None if not open_ else now() + milliseconds(after or timedelta(0))
    c.execute(update(talk).where(talk.c.id == name).values(open=open_, owner=None, crashes=0, due_at=due))


# --- back to the agents ---


def untold(c: Connection, crm: str, *, lease: timedelta) -> dict[int, Delivery]:
    """What a CRM is to be told, by the reply's number; whoever gets it tells it alone for so long."""
    due = (reply.c.crm == crm) & (reply.c.report_at <= now())
    rows = c.execute(select(reply).where(due).order_by(reply.c.id).limit(100).with_for_update(skip_locked=True))
    found = {
        row.id: Delivery(reply=row.crm_id, case_id=row.crm_case, state=row.state, says=row.reason, url=row.url)
        for row in rows.all()
    }
    later = now() + milliseconds(lease)
    c.execute(update(reply).where(reply.c.id.in_(found)).values(report_at=later))
    return found


def told(c: Connection, deliveries: Mapping[int, Delivery]) -> None:
    """The CRM knows; what has changed since is told once more."""
    _note_answers(c, [number for number, one in deliveries.items() if one.state == "sent"])
    for number, one in sorted(deliveries.items()):
        same = (reply.c.id == number) & (reply.c.state == one.state) & (reply.c.reason == one.says)
        c.execute(update(reply).where(same).values(report_at=None))


def _note_answers(c: Connection, sent: Sequence[int]) -> None:
    """Note at their case rows when we first answered in public: an echo that is a reply of ours is not filed."""
    public = ~reply.c.private & item.c.body.like(f"%{PUBLIC}%")
    columns = select(item.c.case_id, reply.c.crm_case, func.min(piece.c.tried_last).label("at"))
    joined = columns.join_from(reply, item, item.c.id == reply.c.answers).join(piece, piece.c.reply == reply.c.id)
    found = joined.where(reply.c.id.in_(sent), public).group_by(item.c.case_id, reply.c.crm_case)
    for row in c.execute(found.order_by(bytewise(item.c.case_id))).all():
        current = case_row.c.known.contains(f'"case_id":{json.dumps(row.crm_case)}', autoescape=True)
        first = update(case_row).where(case_row.c.id == row.case_id, case_row.c.replied_at.is_(None), current)
        c.execute(first.values(replied_at=row.at))


def again(c: Connection, deliveries: Collection[int], *, after: timedelta) -> None:
    """The CRM could not be told."""
    later = now() + milliseconds(after)
    c.execute(update(reply).where(reply.c.id.in_(sorted(deliveries))).values(report_at=later))


def untold_crms(c: Connection) -> set[str]:
    """The CRMs that are to be told something: a plain read."""
    return set(c.execute(select(reply.c.crm).where(reply.c.report_at <= now()).distinct()).scalars())
