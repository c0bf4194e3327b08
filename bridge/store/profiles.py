"""Who authors are at their platforms, remembered so that a chatty customer costs one call a day."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from pydantic import TypeAdapter
from sqlalchemy import Connection, delete, select, tuple_

from bridge.message import Person
from bridge.store.engine import now, upsert
from bridge.store.queues import milliseconds
from bridge.store.tables import profile

FOUND_FOR = timedelta(hours=24)
REFUSED_FOR = timedelta(hours=1)

Author = tuple[str, str, str]  #: channel, our account, the author's id

_PERSON = TypeAdapter(Person)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a platform said about an author."""

    person: Person | None = None  #: None = it does not tell
    reason: str = ""  #: why not; a whole sentence


def recall(c: Connection, authors: Collection[Author]) -> dict[Author, Profile]:
    """Those that are still remembered."""
    key = tuple_(profile.c.channel, profile.c.account, profile.c.author)
    rows = c.execute(select(profile).where(key.in_(sorted(authors)), profile.c.until > now())).all()
    return {
        (row.channel, row.account, row.author): Profile(
            person=_PERSON.validate_json(row.found) if row.found else None, reason=row.reason
        )
        for row in rows
    }


def remember(c: Connection, author: Author, found: Profile) -> None:
    """Keep what the platform said: a day for a person, an hour for a refusal."""
    channel, account, number = author
    body = "" if found.person is None else _PERSON.dump_json(found.person).decode()
    until = now() + milliseconds(FOUND_FOR if found.person else REFUSED_FOR)
    insert = upsert(c, profile).values(channel=channel, account=account, author=number)
    insert = insert.values(found=body, reason=found.reason, until=until)
    values = {name: insert.excluded[name] for name in ("found", "reason", "until")}
    c.execute(insert.on_conflict_do_update(index_elements=["channel", "account", "author"], set_=values))


def tidy(c: Connection) -> None:
    """Forget those whose time is over."""
    key = (profile.c.channel, profile.c.account, profile.c.author)
    stale = select(*key).where(profile.c.until < now()).with_for_update(skip_locked=True)
    c.execute(delete(profile).where(tuple_(*key).in_(stale)))
