"""Agents' replies on their road: read from a CRM, sent to the customer's platform, told back to the agents.

What may have been sent is never sent again blindly: it is written down before it goes out, and looked for after.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from uuid import uuid4

from sqlalchemy import Connection

from bridge import answering
from bridge.answering import Cut, End, Look, Open, Piece, Rest, Try, Verdict
from bridge.deciding import Explain
from bridge.errors import Paused, Rejected, RetryLater, Unsure
from bridge.ports import Channel, Credentials, Desk, Sending, Sent
from bridge.store import Store, echoes, hearing, pauses, queues, replies, rung
from bridge.store.queues import Claim
from bridge.store.tables import talk

log = logging.getLogger("casebridge")

AT_ONCE = 10  #: conversations of one account in one batch
TAKEN = 50  #: replies in one transaction, so that nobody waits long for it
SOONEST = timedelta(seconds=1)  #: after a desk could not be read
RESTS = timedelta(minutes=1)  #: of a CRM that cannot be told, at least
CRASHED = (
    "The worker that sent this reply died five times over it, so it was given up. Look at the conversation on the "
    "platform before you write it again."
)


def _nothing(_: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """The parts that carry replies."""

    store: Store
    channels: Mapping[str, Channel] = field(default_factory=dict)  #: by connection
    credentials: Callable[[str, str], Credentials] = lambda _connection, _account: Credentials()
    desks: Mapping[str, Desk] = field(default_factory=dict)  #: by CRM connection
    lease: timedelta
    explain: Explain
    alarm: Callable[[str, str], None]  #: connection/account, what is wrong with it
    told: Callable[[Exception], str] = str  #: what the log may tell of an error of a CRM's or a platform's
    at: Callable[[str], None] = _nothing  #: called at named points, so that tests can kill there


# --- from the agents ---


def poll_some(road: Road, crm: str) -> bool:
    """Read what agents have written since last time; False = nothing new, or it is not time."""
    desk = road.desks[crm]
    with road.store.write() as c:
        cursor = replies.position(c, crm, every=desk.every)
        rings = rung.waiting(c, crm) if cursor is not None else []
    if cursor is None:
        return False
    try:
        polled = desk.poll(cursor, rings)
    except (RetryLater, Paused) as trouble:
        log.warning("the replies of %s cannot be read: %s", crm, road.told(trouble))
        if isinstance(trouble, RetryLater):
            with road.store.write() as c:
                replies.ask_again(c, crm, within=max(trouble.after, SOONEST))
        return False
    *early, last = [polled.replies[n : n + TAKEN] for n in range(0, len(polled.replies) or 1, TAKEN)]
    fresh = 0
    for some in early:
        with road.store.write() as c:
            fresh += replies.take(c, crm, some)
    with road.store.write() as c:
        fresh += replies.take(c, crm, last)
        rung.taken(c, crm, rings)
        rung.forget(c, crm)
        replies.move(c, crm, polled.cursor, every=desk.every)  # never before all are taken
        hearing.know_us(c, crm, polled.us)
        if rung.waiting(c, crm, most=1):
            hearing.soon(c, crm)
    return bool(fresh)


def report_some(road: Road, crm: str) -> bool:
    """Tell the agents of one CRM what became of their replies; False = there is nothing to tell."""
    with road.store.write() as c:
        deliveries = replies.untold(c, crm, lease=road.lease)
    if not deliveries:
        return False
    try:
        waits = road.desks[crm].report(list(deliveries.values()))
    except (RetryLater, Paused) as trouble:
        why = road.told(trouble)
        log.warning("the agents of %s cannot be told what became of their replies: %s", crm, why)
        with road.store.write() as c:
            replies.again(c, deliveries, after=_rest(road, trouble))
        return False
    later = {number: waits[one.reply] for number, one in deliveries.items() if one.reply in waits}
    for why in sorted({road.told(wait) for wait in later.values()}):
        log.warning("some agents of %s cannot be told what became of their replies: %s", crm, why)
    with road.store.write() as c:
        replies.told(c, {number: one for number, one in deliveries.items() if number not in later})
        for number, wait in sorted(later.items()):
            replies.again(c, [number], after=max(wait.after, SOONEST))
    return len(later) < len(deliveries)


def _rest(road: Road, trouble: RetryLater | Paused) -> timedelta:
    if isinstance(trouble, RetryLater):
        return trouble.after
    return RESTS if trouble.until is None else max(RESTS, trouble.until - road.store.now())


# --- to the customers ---


def send_some(road: Road, account: str, *, suspects_first: bool = False) -> bool:
    """Do one step for replies that are due on one account (connection/account); False = none was."""
    connection, _, number = account.partition("/")
    until = time.monotonic() + road.lease.total_seconds() * queues.BEGINS
    with road.store.write() as c:
        claim = queues.claim(
            c,
            talk,
            account,
            token=uuid4().hex,
            lease=road.lease,
            suspects_first=suspects_first,
            most=AT_ONCE,
        )
        open_ = replies.first_open(c, claim) if claim.rows else {}
    if not claim.rows:
        return False
    road.at("talk.claimed")
    one = Account(
        road=road,
        name=account,
        channel=road.channels[connection],
        credentials=road.credentials(connection, number),
        claim=claim,
    )
    for name in claim.rows:
        if time.monotonic() > until or one.rests or not _advance(one, name, open_.get(name)):
            one.give_back(name)
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account of ours, and the conversations there that this worker holds."""

    road: Road
    name: str  #: connection/account
    channel: Channel
    credentials: Credentials
    claim: Claim

    @property
    def rests(self) -> bool:
        """Whether its token was found dead, so that nothing can be sent."""
        with self.road.store.read() as c:
            return pauses.paused(c, self.name)

    def is_another(self, reply: Open, piece: Piece, found: Sent) -> bool:
        """Whether what was found is known as another text: agents write "ok" twice."""
        with self.road.store.read() as c:
            return echoes.is_another(c, self.name, found.id, of=reply.id, n=piece.n)

    def settle(self, name: str, reply: Open, verdict: Verdict) -> None:
        """Write what became of a reply, and give its conversation back."""
        with self.road.store.write() as c:
            replies.settle(c, self.claim, name, reply, verdict)
        self.road.at("talk.settled")

    def give_back(self, name: str) -> None:
        """Give a conversation back as it is; one that is somebody else's by now is left alone."""
        with self.road.store.write() as c:
            if queues.hold(c, talk, [name], self.claim.token):
                replies.release(c, name)

    def sending(self, reply: Open, piece: Piece) -> Sending:
        """One piece, as the adapter gets it."""
        return Sending(
            to=reply.to,
            text=piece.text,
            private=reply.private or not reply.to.public,
            mark=piece.mark,
            first=piece.n == 1,
            credentials=self.credentials,
            heard_at=reply.heard_at,
            now=self.road.store.now(),
            tried_at=piece.tried_at or (piece.tried_last if piece.state == "sending" else None),
        )


def _advance(one: Account, name: str, reply: Open | None) -> bool:
    """Do the next step of a conversation's oldest reply; False = nothing of it is written."""
    if reply is None:
        return False
    if one.claim.rows[name] >= queues.DEADLY:
        one.settle(name, reply, End(state="unsure", reason=CRASHED))
        return True
    try:
        step = _plan(one, reply)
    except Exception as error:  # noqa: BLE001 - an error here ends its own reply only
        step = answering.given_up(reply.pieces, one.road.explain("answering", error))
    match step:
        case Cut():
            with one.road.store.write() as c:
                replies.cut(c, one.claim, name, reply, step)
            return False  # it is due at once, with its pieces
        case Try():
            return _try(one, name, reply, step)
        case Look():
            return _look(one, name, reply, step.piece)
        case Rest() | End():
            one.settle(name, reply, step)
            return True


def _plan(one: Account, reply: Open) -> answering.Step:
    private = reply.private and reply.to.public
    way = one.channel.way(reply.to, private=private, heard_at=reply.heard_at)
    doubt = one.channel.doubt(one.sending(reply, reply.next)) if reply.next else "ask"
    return answering.plan(reply, way, doubt, one.road.store.now())


def _try(one: Account, name: str, reply: Open, step: Try) -> bool:
    with one.road.store.write() as c:
        mine = replies.trying(c, one.claim, name, reply, step)
    if not mine:
        return False
    one.road.at("talk.trying")
    now = one.road.store.now()
    outcome: Sent | RetryLater | Unsure | Rejected
    try:
        outcome = one.channel.send(one.sending(reply, step.piece))
    except (RetryLater, Unsure, Rejected) as trouble:
        outcome = trouble
    except Paused as trouble:
        _pause(one, trouble)
        outcome = RetryLater(str(trouble), after=timedelta(0))  # nothing is claimed while the account rests
    except Exception as error:  # noqa: BLE001 - it may have been sent before it broke
        outcome = Unsure(one.road.explain("sending a reply", error), after=answering.SETTLES)
    one.road.at("talk.sent")
    one.settle(name, reply, answering.tried(reply, replace(step.piece, tried_last=now), outcome, now))
    return True


def _look(one: Account, name: str, reply: Open, piece: Piece) -> bool:
    found: Sent | RetryLater | Rejected | None
    try:
        found = one.channel.look(one.sending(reply, piece))
    except (RetryLater, Rejected) as trouble:
        found = trouble
    except Paused as trouble:
        _pause(one, trouble)
        found = RetryLater(str(trouble), after=timedelta(0))
    except Exception as error:  # noqa: BLE001 - nobody can tell, then
        found = Rejected(one.road.explain("looking for a reply", error))
    if isinstance(found, Sent) and one.is_another(reply, piece, found):
        found = Rejected(answering.ANOTHER)
    one.settle(name, reply, answering.looked(reply, piece, found, one.road.store.now()))
    return True


def _pause(one: Account, trouble: Paused) -> None:
    log.error("replies of %s rest: %s", one.name, one.road.told(trouble))
    with one.road.store.write() as c:
        pauses.pause(c, one.name, until=trouble.until, reason=str(trouble))
    one.road.alarm(one.name, str(trouble))


def rounds(c: Connection, road: Road) -> Sequence[Callable[[], bool]]:
    """What a worker does in turn: one step for every account that has something due, and for every desk.

    c: a snapshot in which the worker also looks for the rest of its work.
    """
    accounts = sorted(queues.groups_due(c, talk))
    told = replies.untold_crms(c) if road.desks else set()
    read = replies.just_read(c) if road.desks else set()
    known = [account for account in accounts if account.partition("/")[0] in road.channels]
    steps: list[Callable[[], bool]] = [partial(send_some, road, account) for account in known]
    steps += [partial(poll_some, road, crm) for crm in road.desks if crm not in read]
    steps += [partial(report_some, road, crm) for crm in road.desks if crm in told]
    return steps
