"""Create, change and delete one record: every check of the vendor first, then the write. Raises Refusal."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bridge.sandbox.file import next_number
from bridge.sandbox.salesforce import database, ids, refusals
from bridge.sandbox.salesforce.database import Record
from bridge.sandbox.salesforce.org import RUNNING_USER
from bridge.sandbox.salesforce.refusals import Refusal
from bridge.sandbox.salesforce.schema import CLOSED, CONVERTED, NUMBERS, Field, SObject
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
    if sobject.name == "Contact":
        _refuse_duplicates(work, values)
    stamps = {"CreatedDate": work.now, "CreatedById": _user(work)}
    values |= stamps | _touched(work) | _derived(work, sobject, values, {})
    return database.insert(work.tx, sobject, values)


def update(work: Work, sobject: SObject, record_id: str, given: Mapping[str, Any]) -> str:
    """Change a record; its id."""
    record = existing(work, sobject, record_id)
    if not sobject.updateable:
        raise refusals.no_rights()
    if record.get("IsConverted"):
        raise Refusal("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
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
    """Put a record into the recycle bin, a case with its comments, a document with its versions; its id."""
    record = existing(work, sobject, record_id)
    if not sobject.deletable or sobject.name == "CaseComment":
        raise refusals.no_rights()
    if sobject.name == "Contact":
        _refuse_contact_with_cases(work, record)
    if sobject.name == "ContentDocument" and record.get("OwnerId") != _user(work):
        raise refusals.no_rights()
    if sobject.name in DETAILS:
        detail, parent = DETAILS[sobject.name]
        for one in database.look_up(work.tx, work.objects[detail], parent, [record.id]):
            database.mark_deleted(work.tx, one.id)
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
    if field.type == "base64":
        return f"/services/data/v66.0/sobjects/{record.object}/{record.id}/{field.name}"
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
            _check_reference(work, sobject, field, value)
        elif field.unique:
            holders = database.look_up(work.tx, sobject, name, [folded(field, value)])
            living = [holder.id for holder in holders if not holder.deleted and holder.id != own_id]
            if living:
                raise refusals.duplicate(name, living[0])


def _check_reference(work: Work, sobject: SObject, field: Field, value: str) -> None:
    allowed = [work.objects[name] for name in field.refers_to if name in work.objects]
    if not any(value.startswith(sobject.prefix) for sobject in allowed):
        raise refusals.bad_reference(field.label, field.name, value)
    record = database.fetch(work.tx, value)
    if record is None:
        raise refusals.nothing_behind(field.name)
    if record.deleted:
        raise refusals.deleted()
    if record.object == "RecordType" and record.get("SobjectType") != sobject.name:
        text = f"Record Type ID: this ID value isn't valid for the user: {value}"
        raise Refusal("INVALID_CROSS_REFERENCE_KEY", text, fields=[field.name])
    if field.name == "OwnerId" and record.object == "User" and not record.get("IsActive"):
        text = f"operation performed with inactive user [{value}] as owner of {sobject.name.lower()}"
        raise Refusal("INACTIVE_OWNER_OR_USER", text)


def _refuse_duplicates(work: Work, values: Mapping[str, Any]) -> None:
    """The org's duplicate rule: a second contact of one e-mail address is not saved."""
    email = str(values.get("Email") or "").lower()
    contacts = database.scan(work.tx, work.objects["Contact"]) if email and work.switches["duplicate_rule"] else ()
    if any(str(one.get("Email") or "").lower() == email and not one.deleted for one in contacts):
        raise Refusal("DUPLICATES_DETECTED", "Use one of these records?")


def _touched(work: Work) -> dict[str, Any]:
    return {"LastModifiedDate": work.now, "LastModifiedById": _user(work), "SystemModstamp": work.now}


def _user(work: Work) -> str:
    return ids.canonical(work.switches["acting_user"]) or RUNNING_USER


def _derived(work: Work, sobject: SObject, values: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    derive = DERIVED.get(sobject.name)
    return derive(work, values, before) if derive else {}


def _of_person(_work: Work, values: Mapping[str, Any], _before: Mapping[str, Any]) -> dict[str, Any]:
    return {"Name": " ".join(values[n] for n in ("FirstName", "LastName") if values.get(n))}


def _of_lead(work: Work, values: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    return _of_person(work, values, before) | {"IsConverted": values.get("Status") in CONVERTED}


def _of_file(work: Work, values: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    name = str(values["PathOnClient"])
    _, dot, ending = name.rpartition(".")
    size = len(base64.b64decode(str(values["VersionData"])))
    title = values.get("Title") or before.get("Title") or name
    derived = {"Title": title, "FileExtension": ending if dot else None, "ContentSize": size}
    if not before:
        stamps = {"CreatedDate": work.now, "CreatedById": _user(work)} | _touched(work)
        document = {"Title": title, "OwnerId": _user(work), **stamps}
        derived["ContentDocumentId"] = database.insert(work.tx, work.objects["ContentDocument"], document)
    return derived


def _of_case(work: Work, values: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    closed = values.get("Status") in CLOSED
    derived = {"IsClosed": closed, "ClosedDate": (before.get("ClosedDate") or work.now) if closed else None}
    if not before:
        derived["CaseNumber"] = f"{next_number(work.tx, 'CaseNumber', first=1001):08}"
    if work.assign and work.switches["assignment_rule"]:
        derived["OwnerId"] = ids.canonical(work.switches["assignment_rule"])
    return derived


DETAILS = {"Case": ("CaseComment", "ParentId"), "ContentDocument": ("ContentVersion", "ContentDocumentId")}
"""What goes with a record that is deleted, and the field that names the record. A case's files stay.

https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_contentdocument.htm
"""

DERIVED = {"Contact": _of_person, "Lead": _of_lead, "Case": _of_case, "ContentVersion": _of_file}


def _refuse_contact_with_cases(work: Work, contact: Record) -> None:
    cases = database.look_up(work.tx, work.objects["Case"], "ContactId", [contact.id])
    numbers = [str(case.get("CaseNumber")) for case in cases if not case.deleted]
    if numbers:
        text = (
            f"Your attempt to delete {contact.get('Name')} could not be completed because it is associated with "
            f"the following cases.: {', '.join(numbers)}"
        )
        raise Refusal("DELETE_FAILED", text)
