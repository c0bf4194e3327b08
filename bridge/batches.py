"""How many of a case's waiting items go into one filing: some must be in the CRM before others follow. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bridge.mapping import Mapping as CaseMapping
from bridge.message import Message
from bridge.placing import leads_to, mapping_of
from bridge.steps import Id, Item, Waiting

Families = Mapping[Id, Sequence[Item]]  #: all items of a message: what an edit or deletion points at


@dataclass(frozen=True, slots=True)
class Versions:
    """The mappings as they are, and as they were when items were decided that are filed only now."""

    now: Mapping[str, CaseMapping]  #: by name
    then: Mapping[int, Mapping[str, CaseMapping]] = field(default_factory=dict)  #: by revision

    def of(self, one: Item) -> Mapping[str, CaseMapping]:
        """Those that decided it: what they decided fits no others."""
        return self.then.get(one.revision, self.now)


def mapping_for(one: Item, versions: Versions) -> CaseMapping | None:
    """The mapping that renders an item; None = it is gone, or leads elsewhere now."""
    case_id, mappings = one.case_id or "", versions.of(one)
    if one.change != "created" or one.unsure_since is not None:  # it must be found where it was sent
        return mapping_of(one.mapping, case_id, mappings)
    mapping = mappings.get(one.mapping)
    return mapping if mapping and leads_to(mapping, case_id) else None


def first(waiting: Waiting, families: Families, versions: Versions) -> tuple[Sequence[Item], bool]:
    """The items that go first, and whether a new case begins with them, after a silence of their customer."""
    items = _until_replaced(_until_deletion(waiting.items), versions)
    heard = waiting.heard_at if waiting.known.case_id else None
    for i, one in enumerate(items):
        if _is_silence(one, heard, families, versions):
            if i:  # what stands before it, our own words too, belongs to the case before it
                return items[:i], False
            return items[: 1 + _until_silence(items, families, versions)], True
        heard = latest(heard, heard_in(one, families))
    return items, False


def heard_in(one: Item, families: Families) -> datetime | None:
    """When a customer said something new in this item; None = it is no such item."""
    message = _said_by_customer(one, families.get(one.points_at, ()))
    return message.received_at if message else None


def latest(one: datetime | None, other: datetime | None) -> datetime | None:
    """The later of two times; a replayed message is older than what came since."""
    return max((when for when in (one, other) if when is not None), default=None)


def _until_silence(items: Sequence[Item], families: Families, versions: Versions) -> int:
    """How many items stand between the first one and the next silence."""
    heard = heard_in(items[0], families)
    for i, one in enumerate(items[1:]):
        if _is_silence(one, heard, families, versions):
            return i
        heard = latest(heard, heard_in(one, families))
    return len(items) - 1


def _is_silence(one: Item, heard: datetime | None, families: Families, versions: Versions) -> bool:
    """Whether a customer's message comes so long after the one before that it begins a new case.

    It is counted between their messages: what waited here for long was no silence of theirs.
    """
    mapping, when = mapping_for(one, versions), heard_in(one, families)
    silence: timedelta | None = mapping.silence if mapping else None
    return bool(silence and heard and when and when - heard > silence)


def _said_by_customer(one: Item, family: Sequence[Item]) -> Message | None:
    """The message, if it is new words of a customer that can be read: an edit only where no message ever came."""
    orphan = one.change == "edited" and not any(other.change == "created" for other in family)
    if (one.change != "created" and not orphan) or (one.deleted and one.unsure_since is None):
        return None
    try:
        message = one.message
    except ValueError:
        return None
    return None if message.author.is_self else message


def _until_deletion(items: Sequence[Item]) -> Sequence[Item]:
    """The items before a deletion of one of them that may be in the CRM: that one must be found there first."""
    unsure: set[Id] = set()
    for i, one in enumerate(items):
        if one.change == "deleted" and one.points_at in unsure:
            return items[:i]
        if one.deleted and one.unsure_since is not None:
            unsure.add(one.points_at)
    return items


def _until_replaced(items: Sequence[Item], versions: Versions) -> Sequence[Item]:
    """The items before an edit that replaces one of them, which must stand in the CRM first."""
    new: set[Id] = set()
    for i, one in enumerate(items):
        mapping = mapping_for(one, versions)
        if one.change == "edited" and one.points_at in new and mapping and mapping.on_edit == "replace":
            return items[:i]
        new.add(one.points_at)
    return items
