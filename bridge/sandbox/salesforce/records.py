"""Create, change and delete one record: every check of the vendor first, then the write. Raises Refusal."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bridge.sandbox.file import next_number
from bridge.sandbox.salesforce import database, ids, refusals
from bridge.sandbox.salesforce.database import Record
from bridge.sandbox.salesforce.org import RUNNING_USER
from bridge.sandbox.salesforce.refusals import Refusal
from bridge.sandbox.salesforce.schema import CLOSED, NUMBERS, Field, SObject
from bridge.sandbox.salesforce.values import folded, stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What one request works with."""

    tx: sqlite3.Connection
    objects: Mapping[str, SObject]
    switches: Mapping[str, Any]
    now: str  #: as stored
    assign: bool = True  #: Sforce-Auto-Assign: the active assignment rule runs
    locked_row: int | None = None  #: this row of the request meets a lock


def create(work: Work, sobject: SObject, given: Mapping[str, Any]) -> str:
    """Insert a record; its id."""
    if not sobject.createable:
        text = f"entity type cannot be inserted: {sobject.label}"
        raise Refusal("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", text)
    if "id" in {name.lower() for name in given}:
        text = "cannot specify Id in an insert call"
        raise Refusal("INVALID_FIELD_FOR_INSERT_UPDATE", text, fields=["Id"])
    values = _checked(sobject, given, right="createable")
    for field in sobject.fields.values():
        if values.get(field.name) is None:
            values[field.name] = field.default
    if "OwnerId" in sobject.fields and values.get("OwnerId") is None:
        values["OwnerId"] = RUNNING_USER
    _require(sobject, values)
    _check_against_others(work, sobject, values, own_id="")
    stamps = {"CreatedDate": work.now, "CreatedById": RUNNING_USER}
    values |= stamps | _touched(work) | _derived(work, sobject, values, {})
    return database.insert(work.tx, sobject, values)


def update(work: Work, sobject: SObject, record_id: str, given: Mapping[str, Any]) -> str:
    """Change a record; its id."""
    record = existing(work, sobject, record_id)
    if not sobject.updateable:
        raise refusals.no_rights()
    changes = _checked(sobject, given, right="updateable")
    if sobject.name == "CaseComment" and "CommentBody" in changes and not work.switches["comment_edit"]:
        raise refusals.no_rights()
    values = {**record.values, **changes}
    for name in changes:
        if changes[name] is None and sobject.fields[name].type == "boolean":
            values[name] = False
    _require(sobject, values, only=changes)
    _check_against_others(work, sobject, changes, own_id=record.id)
    values |= _touched(work) | _derived(work, sobject, values, record.values)
    database.replace(work.tx, sobject, record.id, values)
    return record.id


def delete(work: Work, sobject: SObject, record_id: str) -> str:
    """Put a record into the recycle bin, a case with its comments; its id."""
    record = existing(work, sobject, record_id)
    if not sobject.deletable or sobject.name == "CaseComment":
        raise refusals.no_rights()
    if sobject.name == "Contact":
        _refuse_contact_with_cases(work, record)
    if sobject.name == "Case":
        for comment in database.look_up(work.tx, work.objects["CaseComment"], "ParentId", [record.id]):
            database.mark_deleted(work.tx, comment.id)
    database.replace(work.tx, sobject, record.id, {**record.values, **_touched(work)})
    database.mark_deleted(work.tx, record.id)
    return record.id


def existing(work: Work, sobject: SObject, record_id: str) -> Record:
    """The living record of an id in either form."""
    full = ids.canonical(record_id)
    if not full:
        raise Refusal("MALFORMED_ID", f"malformed id {record_id}")
    record = database.fetch(work.tx, full)
    if record is None or record.object != sobject.name:
        raise refusals.nothing_behind("")
    if record.deleted:
        raise refusals.deleted()
    return record


def object_of(objects: Mapping[str, SObject], record_id: str) -> SObject:
    """The object that an id's first three characters name."""
    full = ids.canonical(record_id)
    if not full:
        raise Refusal("MALFORMED_ID", f"malformed id {record_id}")
    for sobject in objects.values():
        if full.startswith(sobject.prefix):
            return sobject
    raise refusals.nothing_behind("")


def shown(record: Record, field: Field) -> Any:
    """A field's value as it is answered; None = empty."""
    value = record.get(field.name)
    if field.type == "boolean":
        return bool(value)
    return float(value) if value is not None and field.type in NUMBERS - {"int"} else value


def _checked(sobject: SObject, given: Mapping[str, Any], *, right: str) -> dict[str, Any]:
    named = list(_named(sobject, given))
    barred = [field.name for field, _ in named if not getattr(field, right)]
    if barred:
        raise refusals.not_writable(barred)
    return {field.name: stored(field, value) for field, value in named}


def _named(sobject: SObject, given: Mapping[str, Any]) -> Iterator[tuple[Field, Any]]:
    for name, value in given.items():
        field = sobject.find(name)
        if field is None:
            raise refusals.no_such_column(name, sobject.name)
        yield field, value


def _require(sobject: SObject, values: Mapping[str, Any], *, only: Mapping[str, Any] | None = None) -> None:
    names = sobject.fields if only is None else only
    missing = [name for name in names if sobject.fields[name].required and values.get(name) is None]
    if missing:
        raise refusals.required(missing)


def _check_against_others(work: Work, sobject: SObject, values: Mapping[str, Any], *, own_id: str) -> None:
    for name, value in values.items():
        field = sobject.fields[name]
        if value is None:
            continue
        if field.type == "reference":
            _check_reference(work, field, value)
        elif field.unique:
            holders = database.look_up(work.tx, sobject, name, [folded(field, value)])
            living = [holder.id for holder in holders if not holder.deleted and holder.id != own_id]
            if living:
                raise refusals.duplicate(name, living[0])


def _check_reference(work: Work, field: Field, value: str) -> None:
    allowed = [work.objects[name] for name in field.refers_to if name in work.objects]
    if not any(value.startswith(sobject.prefix) for sobject in allowed):
        raise refusals.bad_reference(field.label, field.name, value)
    record = database.fetch(work.tx, value)
    if record is None:
        raise refusals.nothing_behind(field.name)
    if record.deleted:
        raise refusals.deleted()


def _touched(work: Work) -> dict[str, Any]:
    return {"LastModifiedDate": work.now, "LastModifiedById": RUNNING_USER, "SystemModstamp": work.now}


def _derived(work: Work, sobject: SObject, values: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    if sobject.name == "Contact":
        return {"Name": " ".join(values[n] for n in ("FirstName", "LastName") if values.get(n))}
    if sobject.name != "Case":
        return {}
    closed = values.get("Status") in CLOSED
    derived = {"IsClosed": closed, "ClosedDate": (before.get("ClosedDate") or work.now) if closed else None}
    if not before:
        derived["CaseNumber"] = f"{next_number(work.tx, 'CaseNumber', first=1001):08}"
    if work.assign and work.switches["assignment_rule"]:
        derived["OwnerId"] = ids.canonical(work.switches["assignment_rule"])
    return derived


def _refuse_contact_with_cases(work: Work, contact: Record) -> None:
    cases = database.look_up(work.tx, work.objects["Case"], "ContactId", [contact.id])
    numbers = [str(case.get("CaseNumber")) for case in cases if not case.deleted]
    if numbers:
        text = (
            f"Your attempt to delete {contact.get('Name')} could not be completed because it is associated with "
            f"the following cases.: {', '.join(numbers)}"
        )
        raise Refusal("DELETE_FAILED", text)
