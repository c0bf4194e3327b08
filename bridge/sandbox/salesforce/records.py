"""Create, change and delete one record: every check of the vendor first, then the write. Raises Refusal."""

from __future__ import annotations

import base64
import re
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bridge.sandbox.file import next_number
from bridge.sandbox.salesforce import database, duplicates, ids, refusals
from bridge.sandbox.salesforce.automation import Automation
from bridge.sandbox.salesforce.database import Record
from bridge.sandbox.salesforce.faults import Fault
from bridge.sandbox.salesforce.org import RUNNING_USER
from bridge.sandbox.salesforce.refusals import Refusal
from bridge.sandbox.salesforce.schema import CONVERTED, NUMBERS, Field, SObject
from bridge.sandbox.salesforce.values import folded, stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What one request works with."""

    tx: sqlite3.Connection
    objects: Mapping[str, SObject]
    switches: Mapping[str, Any]
    now: str  #: as stored
    automation: Automation
    assign: bool = True  #: Sforce-Auto-Assign: the active assignment rule runs
    struck: Fault | None = None  #: one row of the request meets this
    whole: bool = False  #: allOrNone of the composite around, which goes over that of a collection


def create(work: Work, sobject: SObject, given: Mapping[str, Any]) -> str:
    """Insert a record; its id."""
    if not sobject.createable:
        text = f"entity type cannot be inserted: {sobject.label}"
        raise Refusal("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", text)
    if "id" in {name.lower() for name in given}:
        text = "cannot specify Id in an insert call"
        raise Refusal("INVALID_FIELD_FOR_INSERT_UPDATE", text, fields=["Id"])
    values = _checked(work, sobject, given, right="createable")
    for field in sobject.fields.values():
        if values.get(field.name) is None:
            values[field.name] = field.default
        if field.auto_number:
            values[field.name] = _numbered(work, sobject, field)
    if "OwnerId" in sobject.fields and values.get("OwnerId") is None:
        values["OwnerId"] = RUNNING_USER
    _require(sobject, values)
    _check_against_others(work, sobject, values, own_id="", record_type=values.get("RecordTypeId"))
    work.automation.begin(sobject.name, "", values)
    work.automation.check(sobject.name, values, creating=True)
    if sobject.name == "Contact" and work.switches["duplicate_rule"] and not work.automation.may_duplicate:
        duplicates.check(work.tx, sobject, values, may_save=bool(work.switches["duplicate_warns"]))
    stamps = {"CreatedDate": work.now, "CreatedById": _user(work)}
    values |= stamps | _touched(work) | _derived(work, sobject, values, {})
    record_id = database.insert(work.tx, sobject, values)
    work.automation.changed(work.tx, sobject.name, record_id, before={}, after=values)
    return record_id


def update(work: Work, sobject: SObject, record_id: str, given: Mapping[str, Any]) -> str:
    """Change a record; its id."""
    record = existing(work, sobject, record_id)
    if not sobject.updateable:
        raise refusals.no_rights()
    if record.get("IsConverted"):
        raise Refusal("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
    changes = _checked(work, sobject, given, right="updateable")
    if sobject.name == "CaseComment" and "CommentBody" in changes and not work.switches["comment_edit"]:
        raise refusals.no_rights()
    values = {**record.values, **changes}
    for name in changes:
        if changes[name] is None and sobject.fields[name].type == "boolean":
            values[name] = False
    _require(sobject, values, only=changes)
    _check_against_others(work, sobject, changes, own_id=record.id, record_type=values.get("RecordTypeId"))
    work.automation.begin(sobject.name, record.id, values)
    work.automation.check(sobject.name, values, creating=False)
    values |= _touched(work) | _derived(work, sobject, values, record.values)
    database.replace(work.tx, sobject, record.id, values)
    work.automation.changed(work.tx, sobject.name, record.id, before=record.values, after=values)
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
    work.automation.begin(sobject.name, record.id, record.values)
    if sobject.name in DETAILS:
        detail, parent = DETAILS[sobject.name]
        for one in database.look_up(work.tx, work.objects[detail], parent, [record.id]):
            database.mark_deleted(work.tx, one.id)
    _let_go(work, record)
    database.replace(work.tx, sobject, record.id, {**record.values, **_touched(work)})
    database.mark_deleted(work.tx, record.id)
    return record.id


def _let_go(work: Work, record: Record) -> None:
    """Empty the custom lookups that name a record which is deleted: their deleteConstraint is SetNull."""
    for sobject in work.objects.values():
        for field in sobject.fields.values():
            if field.custom and record.object in field.refers_to:
                for one in database.look_up(work.tx, sobject, field.name, [record.id]):
                    database.replace(work.tx, sobject, one.id, {**one.values, field.name: None})


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


def by_key(tx: sqlite3.Connection, sobject: SObject, field: Field, value: Any) -> list[Record]:
    """The living records whose external id is this value. Raises Refusal: no such field takes it."""
    key = stored(field, value)
    if key is None:
        return []
    found = database.look_up(tx, sobject, field.name, [folded(field, key)])
    return [record for record in found if not record.deleted]


def from_url(field: Field, text: str) -> Any:
    """The value that a path names; a number where the field is one."""
    if field.type not in NUMBERS:
        return text
    try:
        return float(text)
    except ValueError:
        raise refusals.not_found() from None


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


def _checked(work: Work, sobject: SObject, given: Mapping[str, Any], *, right: str) -> dict[str, Any]:
    named = list(_named(work, sobject, given))
    barred = [field.name for field, _ in named if not getattr(field, right)]
    if barred:
        raise refusals.not_writable(barred)
    checked = {field.name: stored(field, value) for field, value in named}
    return checked | {field.name: field.overwrite[0] for field, _ in named if field.overwrite}


def _numbered(work: Work, sobject: SObject, field: Field) -> str:
    number = next_number(work.tx, f"{sobject.name}.{field.name}")
    return re.sub(r"\{(0+)\}", lambda match: str(number).zfill(len(match[1])), field.auto_number)


def _named(work: Work, sobject: SObject, given: Mapping[str, Any]) -> Iterator[tuple[Field, Any]]:
    for name, value in given.items():
        field = sobject.find(name)
        if field is not None:
            yield field, value
            continue
        reference = sobject.related(name)
        if reference is None:
            raise refusals.no_such_column(name, sobject.name)
        yield reference, None if value is None else _parent(work, reference, value)


def _parent(work: Work, reference: Field, given: Any) -> str:
    """The id of the record that a row names by its key: "Case__r": {"Social_Conversation_Key__c": "x:1"}.

    https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/using_resources_working_with_records.htm
    """
    if not isinstance(given, dict):
        raise refusals.cannot_deserialize(reference.relationship, "VALUE")
    keys = {name: value for name, value in given.items() if name != "attributes"}
    meant = (given.get("attributes") or {}).get("type", reference.refers_to[0])
    parent = next((one for one in work.objects.values() if one.name.lower() == str(meant).lower()), None)
    if parent is None or parent.name not in reference.refers_to:
        raise refusals.no_such_object(str(meant))
    if len(keys) != 1:
        text = f"The {reference.relationship} relationship must be given by exactly one field"
        raise Refusal("INVALID_FIELD", text)
    [(name, value)] = keys.items()
    field = parent.find(name)
    if field is None:
        raise refusals.no_such_column(name, parent.name)
    if not field.external_id:
        raise refusals.not_a_key(field.name, parent.name)
    holders = by_key(work.tx, parent, field, value)
    if not holders:
        raise refusals.no_parent(str(value), field.name, parent.name)
    if len(holders) > 1:
        raise refusals.several_by_key(field.label, [holder.id for holder in holders])
    return holders[0].id


def _require(sobject: SObject, values: Mapping[str, Any], *, only: Mapping[str, Any] | None = None) -> None:
    names = sobject.fields if only is None else only
    missing = [name for name in names if sobject.fields[name].required and values.get(name) is None]
    if missing:
        raise refusals.required(missing)


def _check_against_others(
    work: Work, sobject: SObject, values: Mapping[str, Any], *, own_id: str, record_type: str | None
) -> None:
    for name, value in values.items():
        field = sobject.fields[name]
        if value is None:
            continue
        if field.type == "reference":
            _check_reference(work, sobject, field, value)
        elif field.restricted:
            _check_choice(sobject, field, record_type, value)
        elif field.unique:
            holders = database.look_up(work.tx, sobject, name, [folded(field, value)])
            living = [holder.id for holder in holders if not holder.deleted and holder.id != own_id]
            if living:
                raise refusals.duplicate(name, living[0])


def _check_choice(sobject: SObject, field: Field, record_type: str | None, value: str) -> None:
    """Refuse what the record's type does not offer in a picklist."""
    offered = sobject.narrowed.get(record_type or "", {}).get(field.name, field.values)
    if value not in offered and field.type == "picklist":
        raise refusals.bad_choice(field.label, field.name, value)


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
    closed = values.get("Status") in work.switches["closed_statuses"]
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
