"""What the database knows of messages, authors and cases, for a trial: it is only read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter
from sqlalchemy import make_url, select
from sqlalchemy.exc import DatabaseError

from bridge.errors import ConfigError
from bridge.mapping import Facts
from bridge.mapping_set import Files
from bridge.ports import Known, Named, PersonFound, PersonMatch
from bridge.steps import Item, Waiting
from bridge.store import Store, connect, hearing, items, people, records, revisions, schema, stories
from bridge.store.engine import moment
from bridge.store.tables import case_row
from bridge.trial.attempt import Given, Memory

_KNOWN = TypeAdapter(Known)


def opened(url: str) -> tuple[Remembered | None, str]:
    """The memory of a database that is there and at this version's revision; else None, and why it is not used."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").is_file():
        return None, "there is no database yet"  # connecting would make one
    try:
        store = connect(url)
        schema.check(store)
    except ConfigError as error:
        return None, error.faults[0]
    except DatabaseError:
        return None, "the database of DATABASE_URL cannot be used"
    return Remembered(store), ""


@dataclass(frozen=True, slots=True)
class Remembered(Memory):
    """The memory of a bridge that has been at work."""

    store: Store

    def person(self, crm: str, match: PersonMatch) -> PersonFound | None:
        """Who the author is, as the CRM said last; None = nobody has asked, or too long ago."""
        with self.store.read() as c:
            found = people.recall(c, crm, [match]).get(people.digest(match))
        return found if isinstance(found, PersonFound) else None

    def case(self, case_id: str) -> Waiting | None:
        """What is known of a case, without items; None = there is none, and none is on its way."""
        with self.store.read() as c:
            row = c.execute(select(case_row).where(case_row.c.id == case_id)).one_or_none()
            trusted = hearing.tells_of_cases(c, {row.target}) if row else set()
        known = _KNOWN.validate_json(row.known) if row else Known()
        if row is None or not (row.open or known.case_id):
            return None
        return Waiting(
            known=replace(known, status=row.status if row.target in trusted else ""),
            heard_at=moment(row.heard_at),
            facts=Facts(opened_at=moment(row.opened_at), first_reply_at=moment(row.replied_at)),
        )

    def ids(self, crm: str, wanted: Collection[Named]) -> Mapping[Named, str]:
        """The ids of records that mappings name, of those that are remembered."""
        with self.store.read() as c:
            found = records.recall(c, crm, wanted)
        return {named: one for named, one in found.items() if isinstance(one, str)}

    def stored(self, name: str) -> list[Given]:
        """Messages by the platform's id, the key or the address, with what came of each; [] = there is none."""
        with self.store.read() as c:
            told = [story.item for story in stories.stories(c, name) if story.message is not None]
            families = items.related(c, {one.points_at for one in told})
            recent = items.recent_messages(c, [one for family in families.values() for one in family])
        return [_given([one for one in family if one.readable], recent) for family in families.values()]

    def files(self, number: int) -> Files:
        """A published mapping set. Raises ConfigError when there is none of this number."""
        with self.store.read() as c:
            return revisions.files(c, number)


def _given(family: Sequence[Item], recent: Mapping[int, int]) -> Given:
    """A message as it was stored first, and its edits and deletions behind it."""
    first = next((one for one in family if one.change == "created"), family[0])
    return Given(
        message=first.message,
        called=f"stored as {first.key}",
        facts=Facts(recent_messages=recent.get(first.id)),
        notes=_notes(first),
        kept=True,
        filed=bool(first.crm_case),
        later=tuple(one for one in family if one.id > first.id),
    )


def _notes(one: Item) -> tuple[str, ...]:
    """What to know of a stored message."""
    told = (
        (one.deleted, "Its author deleted it, so that its words are gone here."),
        (one.state == "dropped", f"It was dropped: {one.reason}."),
        (one.state == "dead", f"It is dead: {one.reason}."),
        (bool(one.crm_case), f"It stands in case {one.crm_case} already; here it is tried as if it were new."),
    )
    return tuple(sentence for is_so, sentence in told if is_so)
