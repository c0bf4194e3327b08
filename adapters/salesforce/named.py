"""Records that a mapping calls by name: what to ask for, and what the answer means. Pure.

Queues are groups of type Queue, a user counts while active, and each object has record types of its own.
https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_group.htm
https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_recordtype.htm
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.salesforce import soql
from adapters.salesforce.rows import folded
from bridge.errors import Rejected
from bridge.ports import Identified, Named


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One sort of record that has names."""

    object: str
    word: str
    names: tuple[str, ...]  #: the fields that a name may stand in; the first that fits decides
    holds: tuple[str, str | bool]  #: a field and its value: what else must be true of it
    of_object: str = ""  #: the field that says to which object it belongs


QUEUE = Kind(object="Group", word="queue", names=("Name", "DeveloperName"), holds=("Type", "Queue"))
USER = Kind(object="User", word="user", names=("Username", "Name", "Email"), holds=("IsActive", True))
RECORD_TYPE = Kind(
    object="RecordType",
    word="record type",
    names=("Name", "DeveloperName"),
    holds=("IsActive", True),
    of_object="SobjectType",
)

KINDS: Mapping[str, tuple[Kind, ...]] = {"ownerid": (QUEUE, USER), "recordtypeid": (RECORD_TYPE,)}
"""Field in lower case -> what can stand in it; the first kind that has the name decides."""

COUNTS = ("no", "one", "two", "three")


def queries(records: Sequence[Named]) -> list[str]:
    """Write one query for each kind of record, as long as the names fit into a URL."""
    wanted: dict[Kind, list[str]] = {}
    for record in records:
        for kind in _kinds(record):
            wanted.setdefault(kind, []).append(record.name.strip())
    written = []
    for kind, names in wanted.items():
        fields = ["Id", *kind.names, kind.holds[0], *filter(None, [kind.of_object])]
        matches = [{field: name} for field in kind.names for name in names]
        written += soql.queries(fields, kind.object, matches)
    return written


def identified(record: Named, rows: Iterable[Mapping[str, Any]]) -> Identified:
    """Tell the id of one record from all rows that were read."""
    found = [(soql.object_of(row), folded(row)) for row in rows]
    kinds = _kinds(record)
    for kind in kinds:
        own = [row for of, row in found if of == kind.object and _suits(kind, record, row)]
        for name in kind.names:
            hits = sorted(
                {str(row["id"]) for row in own if _plain(row.get(name.casefold())) == _plain(record.name)}
            )
            if len(hits) == 1:
                return hits[0]
            if hits:
                count = COUNTS[len(hits)] if len(hits) < len(COUNTS) else str(len(hits))
                why = f"{count} {kind.word}s are called {record.name!r}: {', '.join(hits)}"
                return Rejected(why, field=record.field)
    words = " or ".join(kind.word for kind in kinds) or f"record for {record.field}"
    return Rejected(f"there is no {words} called {record.name!r}", field=record.field)


def _kinds(record: Named) -> tuple[Kind, ...]:
    kinds = KINDS.get(record.field.casefold(), ())
    # A task belongs to a person; only some orgs give tasks to queues.
    return kinds[::-1] if record.object.casefold() == "task" else kinds


def _suits(kind: Kind, record: Named, row: Mapping[str, Any]) -> bool:
    name, value = kind.holds
    mine = not kind.of_object or _plain(row.get(kind.of_object.casefold())) == _plain(record.object)
    return mine and row.get(name.casefold()) == value and bool(row.get("id"))


def _plain(value: object) -> str:
    return str(value or "").strip().casefold()
