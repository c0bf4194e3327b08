"""Merging records as SOAP merge() does, and taking records out of the recycle bin again.

https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_merge.htm
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from bridge.sandbox.salesforce import database, ids
from bridge.sandbox.salesforce.database import Record
from bridge.sandbox.salesforce.org import Org
from bridge.sandbox.salesforce.records import DETAILS
from bridge.sandbox.salesforce.schema import SObject
from bridge.sandbox.salesforce.values import folded, shown_time

MERGED = ("Case", "Contact", "Lead")
MOST_LOSERS = 2


def merge(org: Org, spec: Mapping[str, Any]) -> None:
    """Merge {"master": id, "losers": [ids]}: what hung on a loser hangs on the master, and the loser is deleted.

    Raises ValueError, one sentence.
    """
    losers = spec.get("losers")
    if set(spec) != {"master", "losers"} or not isinstance(losers, list) or not 1 <= len(losers) <= MOST_LOSERS:
        raise ValueError(f'send {{"master": an id, "losers": [up to {MOST_LOSERS} ids]}}')
    with org.database.write() as tx:
        master, *others = [_living(tx, one) for one in (spec["master"], *losers)]
        if {one.object for one in others} != {master.object} or master.object not in MERGED:
            raise ValueError(f"only records of one of {', '.join(MERGED)} can be merged with each other")
        if len({master.id, *(one.id for one in others)}) <= len(others):
            raise ValueError("a record cannot be merged with itself")
        now = shown_time(org.now())
        for loser in others:
            for sobject in org.objects.values():
                _repoint(tx, sobject, loser, master, now)
            values = {**loser.values, "MasterRecordId": master.id, "LastModifiedDate": now, "SystemModstamp": now}
            database.replace(tx, org.objects[loser.object], loser.id, values)
            database.mark_deleted(tx, loser.id)


def undelete(org: Org, spec: Mapping[str, Any]) -> None:
    """Bring {"ids": [ids]} back from the recycle bin, with the details that went with them.

    What a merge has moved stays with the master. Raises ValueError, one sentence.
    """
    wanted = spec.get("ids")
    if set(spec) != {"ids"} or not isinstance(wanted, list) or not wanted:
        raise ValueError('send {"ids": [ids of deleted records]}')
    with org.database.write() as tx:
        for one in wanted:
            record = database.fetch(tx, known_id(one))
            if record is None or not record.deleted:
                raise ValueError(f"{one!r} is no deleted record")
            _bring_back(tx, org, record)


def known_id(value: Any) -> str:
    """The 18-character form of an id in a command. Raises ValueError."""
    full = ids.canonical(value) if isinstance(value, str) else ""
    if not full:
        raise ValueError(f"{value!r} is no id of a record")
    return full


def _living(tx: sqlite3.Connection, value: Any) -> Record:
    record = database.fetch(tx, known_id(value))
    if record is None or record.deleted:
        raise ValueError(f"{value!r} is no living record")
    return record


def _repoint(tx: sqlite3.Connection, sobject: SObject, loser: Record, master: Record, now: str) -> None:
    for field in sobject.fields.values():
        if loser.object not in field.refers_to or field.name == "MasterRecordId":
            continue
        for child in database.look_up(tx, sobject, field.name, [loser.id]):
            values = {**child.values, field.name: master.id, "LastModifiedDate": now, "SystemModstamp": now}
            database.replace(tx, sobject, child.id, values)


def _bring_back(tx: sqlite3.Connection, org: Org, record: Record) -> None:
    sobject = org.objects[record.object]
    for field in sobject.fields.values():
        value = record.get(field.name)
        if field.unique and value is not None:
            holders = database.look_up(tx, sobject, field.name, [folded(field, value)])
            if any(not holder.deleted for holder in holders):
                raise ValueError(f"{field.name}: another record has the value of {record.id!r} now")
    values = {**record.values, "SystemModstamp": shown_time(org.now())}
    values.pop("MasterRecordId", None)
    database.replace(tx, sobject, record.id, values)
    database.mark_deleted(tx, record.id, deleted=False)
    if record.object in DETAILS:
        detail, parent = DETAILS[record.object]
        for one in database.look_up(tx, org.objects[detail], parent, [record.id]):
            database.mark_deleted(tx, one.id, deleted=False)
