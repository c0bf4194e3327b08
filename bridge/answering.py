"""What to do next about an agent's reply, and what a platform's answer makes of it. Pure."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from bridge import measuring, retry
from bridge.errors import Rejected, RetryLater, Unsure
from bridge.message import Message
from bridge.ports import Doubt, Sent, Unit, Way

SETTLES = timedelta(seconds=30)  #: after a lost answer: what was sent shows by then, and what does not was not
ECHOES = timedelta(minutes=2)  #: after a lost answer: an echo or a status would have come by then
HORIZON = retry.HORIZON

NOBODY = "There is nobody to answer: Casebridge has filed no message of a customer in this case."
UNREADABLE = (
    "The message that it answers was stored by another version of Casebridge, and this one cannot read it."
)
DELETED = "The customer has deleted the message: there is nothing left to answer."
EMPTY = "The reply holds no text."
LOST = (
    "The platform's answer was lost, so nobody knows whether the customer has this reply. It is not sent again by "
    "itself: look at the conversation on the platform, and write it again if it is not there."
)
ANOTHER = "only another reply with the same words stands there."
CLOSED = "The platform takes replies until {until:%Y-%m-%d %H:%M} UTC only, and that is over."

UNITS: dict[Unit, str] = {
    "characters": "characters",
    "utf16": "characters (an emoji counts as two)",
    "bytes": "bytes (a letter with an accent counts as two, an emoji as four)",
    "graphemes": "characters",
    "weighted": "characters as X counts them (an emoji as two, a link as 23)",
    "emoji_bytes": "characters (an emoji counts as four or more)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One text of a reply, as the platform gets it."""

    n: int
    mark: str
    text: str
    state: Literal["ready", "sending", "doubt", "sent"]
    tried_at: datetime | None = None  #: the first attempt whose answer is not known; None = there is none
    tried_last: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A reply that is not at its end."""

    id: int
    text: str
    private: bool
    taken_at: datetime
    attempts: int  #: that were its own fault, or whose answers were lost
    to: Message  #: what it answers
    deleted: bool  #: its author has deleted that
    heard_at: datetime  #: when the customer wrote last in the conversation
    pieces: tuple[Piece, ...] = ()  #: () = not cut yet

    @property
    def next(self) -> Piece | None:
        """The first piece that is not known as sent."""
        return next((one for one in self.pieces if one.state != "sent"), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Store these texts, and go on."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """Send this piece."""

    piece: Piece


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Ask the platform whether this piece stands there."""

    piece: Piece


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """Look at it again later. piece: what is to be written of it; None = nothing has changed."""

    after: timedelta
    piece: Piece | None = None
    counts: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """This piece stands on the platform."""

    piece: Piece
    sent: Sent


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Nothing more is done about the reply."""

    state: Literal["failed", "unsure"]
    reason: str


Step = Cut | Try | Look | Rest | End
Verdict = Rest | Done | End


def plan(one: Open, way: Way | Rejected, doubt: Doubt, now: datetime) -> Step:
    """What to do next. doubt: what the channel says of the piece that may have been sent."""
    piece = one.next
    if piece is not None and piece.state in ("sending", "doubt"):
        return _doubted(one, piece, doubt, now)
    if (refused := _refused(one, way, now)) is not None:
        return refused
    assert isinstance(way, Way)
    if piece is not None:
        return Try(piece=piece)
    length = measuring.measure(one.text.strip(), way.unit)
    if length > way.most and not way.split:
        return End(
            state="failed",
            reason=f"The reply has {length} {UNITS[way.unit]}, and the platform takes {way.most}: shorten it.",
        )
    texts = tuple(measuring.split(one.text, way.most, way.unit))
    return Cut(texts=texts) if texts else End(state="failed", reason=EMPTY)


def _refused(one: Open, way: Way | Rejected, now: datetime) -> End | None:
    if one.deleted:
        return _end(one.pieces, "failed", DELETED)
    if isinstance(way, Rejected):
        return _end(one.pieces, "failed", str(way))
    if way.until is not None and now > way.until:
        return _end(one.pieces, "failed", CLOSED.format(until=way.until))
    return None


def _doubted(one: Open, piece: Piece, doubt: Doubt, now: datetime) -> Step:
    """What to do about a text that may have been sent."""
    piece = replace(piece, state="doubt", tried_at=piece.tried_at or piece.tried_last)
    since = now - (piece.tried_last or now)
    if doubt == "repeat":
        return Try(piece=piece)
    wait = SETTLES if doubt == "look" else ECHOES
    if since < wait:
        return Rest(after=wait - since, piece=piece)
    return Look(piece=piece) if doubt == "look" else _end(one.pieces, "unsure", LOST)


def tried(one: Open, piece: Piece, outcome: Sent | RetryLater | Unsure | Rejected, now: datetime) -> Verdict:
    """What an attempt to send a piece came to. `piece` is as `plan` gave it: still in doubt, or not."""
    match outcome:
        case Sent():
            return Done(piece=piece, sent=outcome)
        case Unsure():
            if one.attempts + 1 >= retry.ATTEMPTS:
                return _end(one.pieces, "unsure", f"{LOST} It was tried {retry.ATTEMPTS} times: {outcome}")
            began = piece.tried_at or piece.tried_last or now
            doubted = replace(piece, state="doubt", tried_at=began, tried_last=now)
            return Rest(after=outcome.after, piece=doubted, counts=True)
        case Rejected():
            if piece.tried_at is None:
                return _end(one.pieces, "failed", str(outcome))
            return _end(one.pieces, "unsure", f"{LOST} Sent once more, the platform said: {outcome}")
        case RetryLater():
            return _later(one, piece, outcome, now)


def _later(one: Open, piece: Piece, outcome: RetryLater, now: datetime) -> Verdict:
    if now - one.taken_at > HORIZON:
        return _end(
            one.pieces, "failed" if piece.tried_at is None else "unsure", f"Given up after 72 hours: {outcome}"
        )
    attempts = one.attempts + outcome.counts
    after = max(outcome.after, retry.backoff(attempts, jitter=0)) if outcome.counts else outcome.after
    state: Literal["ready", "doubt"] = "ready" if piece.tried_at is None else "doubt"
    return Rest(after=after, piece=replace(piece, state=state), counts=outcome.counts)


def looked(one: Open, piece: Piece, found: Sent | RetryLater | Rejected | None, now: datetime) -> Verdict:
    """What a look at the platform came to. What is not there half a minute after it was sent never was."""
    match found:
        case Sent():
            return Done(piece=piece, sent=found)
        case None:
            anew = replace(piece, state="ready", tried_at=None, tried_last=None)
            return Rest(after=timedelta(0), piece=anew)
        case Rejected():
            return _end(one.pieces, "unsure", f"{LOST} Asked for it, the platform said: {found}")
        case RetryLater() if now - one.taken_at > HORIZON:
            return _end(one.pieces, "unsure", f"{LOST} It could not be asked for in 72 hours: {found}")
        case RetryLater():
            return Rest(after=found.after, piece=piece)


def given_up(pieces: Sequence[Piece], reason: str) -> End:
    """What ends a reply with which nothing can be done: a text of it may be on its way."""
    if any(one.state in ("sending", "doubt") for one in pieces):
        return _end(pieces, "unsure", f"{LOST} {reason}")
    return _end(pieces, "failed", reason)


def _end(pieces: Sequence[Piece], state: Literal["failed", "unsure"], reason: str) -> End:
    sent = sum(piece.state == "sent" for piece in pieces)
    if sent:
        reason = f"The first {sent} of its {len(pieces)} parts were sent. Then: {reason}"
    return End(state=state, reason=reason)


def digest(text: str) -> str:
    """What tells whether an echo is a text of ours, however the platform sets its spaces."""
    plain = re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip()
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()
