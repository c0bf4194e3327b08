"""Mapping sets as they were published: numbered, never changed, the newest one at work."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select
from sqlalchemy import text as sql

from bridge.errors import ConfigError
from bridge.store.engine import moment, now, upsert
from bridge.store.tables import revision, text

FILES = "files"  #: the origin of a set that was published from its files


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One published set, without its texts."""

    number: int
    published_at: datetime
    origin: str  #: files, or what brought it back: rollback to 3
    digest: str


def publish(c: Connection, files: Mapping[str, str], *, digest: str, origin: str = FILES) -> int:
    """Make a set the newest one; its number. It is the publisher's turn."""
    digests = {name: hashlib.sha256(whole.encode()).hexdigest() for name, whole in files.items()}
    rows = [{"digest": digests[name], "text": whole} for name, whole in sorted(files.items())]
    c.execute(upsert(c, text).on_conflict_do_nothing(index_elements=["digest"]), rows)
    number = active(c) + 1
    c.execute(
        insert(revision).values(
            number=number, digest=digest, origin=origin, files=json.dumps(digests), published_at=now()
        )
    )
    return number


def take_turns(c: Connection) -> None:
    """Wait until nobody else publishes; on SQLite who writes is alone anyway."""
    if c.dialect.name == "postgresql":
        c.execute(sql("select pg_advisory_xact_lock(723020)"))


def active(c: Connection) -> int:
    """The number of the newest revision; 0 = none was ever published."""
    return c.execute(select(func.max(revision.c.number))).scalar() or 0


def listed(c: Connection) -> Sequence[Revision]:
    """All of them, the newest first."""
    return [
        Revision(number=r.number, published_at=at, origin=r.origin, digest=r.digest)
        for r in c.execute(select(revision).order_by(revision.c.number.desc())).all()
        if (at := moment(r.published_at)) is not None
    ]


def files(c: Connection, number: int) -> dict[str, str]:
    """The texts of a revision's files, by their names. Raises ConfigError when there is none of this number."""
    named = c.execute(select(revision.c.files).where(revision.c.number == number)).scalar()
    if named is None:
        newest = active(c)
        known = f"there is no revision {number}: they go from 1 to {newest}"
        raise ConfigError([known if newest else "no mappings were published yet: `casebridge publish`"])
    digests: dict[str, str] = json.loads(named)
    rows = c.execute(select(text).where(text.c.digest.in_(sorted(set(digests.values()))))).all()
    texts = {row.digest: row.text for row in rows}
    return {name: texts[digest] for name, digest in digests.items()}
