"""Who an author is in a CRM, remembered so that a chatty customer costs one look-up a day."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from pydantic import TypeAdapter
from sqlalchemy import Connection, delete, select

from bridge.ports import Pending, PersonFound, PersonMatch
from bridge.steps import Item
from bridge.store.engine import bytewise, now, upsert
from bridge.store.queues import milliseconds
from bridge.store.tables import person

FOUND_FOR = timedelta(hours=24)
NOT_FOUND_FOR = timedelta(minutes=10)  #: none or several: somebody may be mending that just now

Kept = PersonFound | Pending
_MATCH = TypeAdapter(PersonMatch)
_KEPT: TypeAdapter[Kept] = TypeAdapter(Kept)


def recall(c: Connection, crm: str, matches: Sequence[PersonMatch]) -> dict[str, Kept | None]:
    """Those that were ever asked for, by `digest` of their match; None = it is too long ago.

    Of a Pending `after` is what is left of it; 0 = it is to be asked for again.
    """
    wanted = {digest(m): m.author for m in matches}
    rows = c.execute(
        select(person.c.rules, person.c.author, person.c.found, (person.c.until - now()).label("left")).where(
            person.c.crm == crm, person.c.rules.in_(sorted(wanted))
        )
    ).all()
    return {row.rules: _still(row.found, row.left) for row in rows if wanted[row.rules] == row.author}


def _still(found: str, left: int) -> Kept | None:
    """What was kept, so many milliseconds before its end."""
    kept = _KEPT.validate_json(found)
    if isinstance(kept, Pending):
        return replace(kept, after=timedelta(milliseconds=max(left, 0)))
    return kept if left > 0 else None


def last_known(c: Connection, crm: str, match: PersonMatch) -> PersonFound | None:
    """Who the CRM said this is when it was asked last, however long ago; None = nothing of that is kept."""
    known = (person.c.crm == crm) & (person.c.rules == digest(match)) & (person.c.author == match.author)
    found = c.execute(select(person.c.found).where(known)).scalar()
    kept = None if found is None else _KEPT.validate_json(found)
    return kept if isinstance(kept, PersonFound) else None


def remember(c: Connection, crm: str, found: Mapping[str, tuple[PersonMatch, Kept]]) -> None:
    """Keep what the CRM said: a day for a person that was found, ten minutes otherwise; a job until its time."""
    for rules, (match, who) in sorted(found.items()):
        statement = upsert(c, person).values(
            crm=crm,
            rules=rules,
            author=match.author,
            found=_KEPT.dump_json(who).decode(),
            until=now() + milliseconds(_lasts(who)),
        )
        c.execute(
            statement.on_conflict_do_update(
                index_elements=["crm", "rules", "author"],
                set_={"found": statement.excluded.found, "until": statement.excluded.until},
            )
        )


def _lasts(who: Kept) -> timedelta:
    if isinstance(who, Pending):
        return who.after
    return FOUND_FOR if who.id else NOT_FOUND_FOR


def forget(c: Connection, written: Collection[Item]) -> None:
    """Look the authors of these items up again next time."""
    authors = set()
    for one in written:
        with suppress(ValueError):  # an older version stored what this one cannot read
            authors.add(f"{one.points_at[0]}:{one.message.author.id}")
    theirs = person.c.author.in_(sorted(authors))
    ordered = select(person.c.author).where(theirs).order_by(person.c.crm, bytewise(person.c.rules))
    c.execute(ordered.with_for_update())
    c.execute(delete(person).where(theirs))


def digest(match: PersonMatch) -> str:
    """What tells two matches apart: object, rules with their values, fetched fields, author.

    Not what a new record would hold: an author who changes their name is still the same person. Nor the job that
    makes it.
    """
    return hashlib.sha256(_MATCH.dump_json(match, exclude={"create", "new", "job"})).hexdigest()
