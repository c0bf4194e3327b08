"""What credentials of accounts were renewed to. One process at a time renews those of an account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from bridge.store.engine import moment, now, stamp, upsert
from bridge.store.queues import milliseconds
from bridge.store.tables import token

KEPT = timedelta(days=400)  #: longer than any platform's refresh token lives


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Which credentials are meant: an account's, as they stand in connections.yaml."""

    connection: str
    account: str
    digest: str  #: of the credentials there: what comes from others is never mixed up with it


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is kept of them."""

    sealed: bytes  #: b"" = they were not renewed yet
    until: datetime | None  #: when they end; None = they do not, or nobody knows
    renewed_at: datetime | None
    reason: str  #: why they could not be renewed; "" = they could, or need not be
    put_off_at: datetime | None  #: since when the platform renews them not yet; None = it does, or never will


def recall(c: Connection, origin: Origin) -> Kept | None:
    """What is kept; None = nothing. A plain read."""
    row = c.execute(select(token).where(_of(origin))).one_or_none()
    return None if row is None else _read(row)


def take(c: Connection, origin: Origin, *, lease: timedelta) -> Kept | None:
    """Take credentials to renew them; None = somebody else has, or it is not time.

    Whoever gets them has them alone for so long.
    """
    insert = upsert(c, token).values(**_key(origin), sealed=b"", reason="", due_at=0)
    c.execute(insert.on_conflict_do_nothing(index_elements=["connection", "account", "origin"]))
    mine = update(token).where(_of(origin), token.c.due_at <= now())
    row = c.execute(mine.values(due_at=now() + milliseconds(lease)).returning(*token.c)).one_or_none()
    return None if row is None else _read(row)


def keep(
    c: Connection, origin: Origin, before: Kept, sealed: bytes, *, until: datetime | None, again: timedelta
) -> bool:
    """Put renewed credentials in the place of those that were taken; False = others stand there by now."""
    ends = None if until is None else stamp(until)
    renewed = {"sealed": sealed, "until": ends, "renewed_at": now(), "reason": "", "put_off_at": None}
    return _write(c, origin, before, **renewed, due_at=now() + milliseconds(again))


def put_back(
    c: Connection, origin: Origin, before: Kept, *, sealed: bytes | None = None, reason: str = "", again: timedelta
) -> None:
    """Leave them as they are, but perhaps encrypted anew.

    reason: why they could not be renewed; "" = they need not be.
    """
    values = {"sealed": before.sealed if sealed is None else sealed, "reason": reason[:500], "put_off_at": None}
    _write(c, origin, before, **values, due_at=now() + milliseconds(again))


def put_off(c: Connection, origin: Origin, before: Kept, *, reason: str, again: timedelta) -> None:
    """Leave them as they are, since the platform does not renew them now; what it refused for good stays so."""
    late = {"reason": reason[:500], "put_off_at": func.coalesce(token.c.put_off_at, now())}
    refused = before.reason and before.put_off_at is None
    _write(c, origin, before, **({} if refused else late), due_at=now() + milliseconds(again))


def _write(c: Connection, origin: Origin, before: Kept, **values: Any) -> bool:
    mine = update(token).where(_of(origin), token.c.sealed == before.sealed)
    return bool(c.execute(mine.values(**values)).rowcount)


def tidy(c: Connection) -> None:
    """Forget what came from credentials that were taken out of connections.yaml long ago."""
    c.execute(delete(token).where(token.c.due_at < now() - milliseconds(KEPT)))


def _key(origin: Origin) -> dict[str, str]:
    return {"connection": origin.connection, "account": origin.account, "origin": origin.digest}


def _of(origin: Origin) -> Any:
    own = (token.c.connection == origin.connection) & (token.c.account == origin.account)
    return own & (token.c.origin == origin.digest)


def _read(row: Any) -> Kept:
    return Kept(
        sealed=bytes(row.sealed),
        until=moment(row.until),
        renewed_at=moment(row.renewed_at),
        reason=row.reason,
        put_off_at=moment(row.put_off_at),
    )
