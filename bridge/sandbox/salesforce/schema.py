"""The objects and fields of the org, as a table, and the fields that an admin adds. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

NUMBERS = frozenset({"int", "double", "currency", "percent"})
TEXTS = frozenset({"string", "textarea", "picklist", "multipicklist", "email", "phone", "url"})
KINDS = NUMBERS | TEXTS | {"id", "reference", "boolean", "date", "datetime", "base64"}
CUSTOM = re.compile(r"[A-Za-z](?!\w*__\w*__c)\w*__c", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One column of an object, with what a describe says of it."""

    name: str
    label: str
    type: str
    length: int = 0  #: characters, 0 = no limit of its own
    max_bytes: int = 0  #: bytes of the UTF-8 form; 0 = only characters count
    createable: bool = True
    updateable: bool = True
    required: bool = False
    unique: bool = False
    external_id: bool = False
    case_sensitive: bool = False
    values: tuple[str, ...] = ()  #: of a picklist
    restricted: bool = False
    default: Any = None
    refers_to: tuple[str, ...] = ()  #: objects that a reference may name
    filterable: bool = True
    precision: int = 0  #: digits of a number in all; 0 = the vendor's default
    scale: int = 0  #: of those, behind the point
    auto_number: str = ""  #: how the org numbers it, SM-{00000000}; "" = it does not
    children: str = ""  #: of a reference: what its records are called from the other side, Social_Messages
    hidden: bool = False  #: the user in whose name we are called may not see it
    overwrite: tuple[Any, ...] = ()  #: what the org's automation puts in the place of whatever is written

    @property
    def relationship(self) -> str:
        """The name of a reference as the way to its record: Case__r, Contact."""
        if self.type != "reference":
            return ""
        return f"{self.name[:-1]}r" if self.custom else self.name.removesuffix("Id")

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    @property
    def indexed(self) -> bool:
        """Looked up without reading every record."""
        return self.unique or self.external_id or self.type == "reference"


@dataclass(frozen=True, slots=True, kw_only=True)
class SObject:
    """One object of the org."""

    name: str
    label: str
    prefix: str  #: the first three characters of its ids
    fields: Mapping[str, Field]  #: by canonical name
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    lower: Mapping[str, str] = field(default_factory=dict)  #: lower-case name -> canonical name
    narrowed: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    #: id of a record type -> picklist -> what it takes there

    def find(self, name: str) -> Field | None:
        """The field of that name in any case; None = there is none."""
        canonical = self.lower.get(name.lower())
        found = None if canonical is None else self.fields[canonical]
        return None if found is None or found.hidden else found

    @property
    def visible(self) -> tuple[Field, ...]:
        """The fields that the user may see."""
        return tuple(field for field in self.fields.values() if not field.hidden)

    def related(self, name: str) -> Field | None:
        """The reference of that relationship name in any case; None = there is none."""
        return next((f for f in self.visible if f.relationship and f.relationship.lower() == name.lower()), None)


def _object(name: str, label: str, prefix: str, *fields: Field, **rights: Any) -> SObject:
    table = {f.name: f for f in (*SYSTEM, *fields)}
    return SObject(
        name=name, label=label, prefix=prefix, fields=table, lower={n.lower(): n for n in table}, **rights
    )


def _read_only(name: str, label: str, kind: str, **more: Any) -> Field:
    return Field(name=name, label=label, type=kind, createable=False, updateable=False, **more)


SYSTEM = (
    _read_only("Id", "Record ID", "id", length=18),
    _read_only("IsDeleted", "Deleted", "boolean"),
    _read_only("CreatedDate", "Created Date", "datetime"),
    _read_only("CreatedById", "Created By ID", "reference", length=18, refers_to=("User",)),
    _read_only("LastModifiedDate", "Last Modified Date", "datetime"),
    _read_only("LastModifiedById", "Last Modified By ID", "reference", length=18, refers_to=("User",)),
    _read_only("SystemModstamp", "System Modstamp", "datetime"),
)
CONVERTED = frozenset({"Closed - Converted"})  #: the sandbox's short cut: setting it is the conversion
RECORD_TYPE_ID = Field(
    name="RecordTypeId", label="Record Type ID", type="reference", length=18, refers_to=("RecordType",)
)
MERGED_INTO = {
    name: _read_only("MasterRecordId", "Master Record ID", "reference", length=18, refers_to=(name,))
    for name in ("Case", "Contact", "Lead")
}
TO_ANYONE = Field(name="OwnerId", label="Owner ID", type="reference", length=18, refers_to=("Group", "User"))
KEY = Field(
    name="Social_Conversation_Key__c",
    label="Social Conversation Key",
    type="string",
    length=255,
    unique=True,
    external_id=True,
    case_sensitive=True,
)

CASE = _object(
    "Case", "Case", "500",
    MERGED_INTO["Case"],
    _read_only("CaseNumber", "Case Number", "string", length=30),
    Field(name="ContactId", label="Contact ID", type="reference", length=18, refers_to=("Contact",)),
    Field(name="ParentId", label="Parent Case ID", type="reference", length=18, refers_to=("Case",)),
    Field(name="SuppliedName", label="Name", type="string", length=80),
    Field(name="SuppliedEmail", label="Email Address", type="email", length=80),
    Field(name="SuppliedPhone", label="Phone", type="string", length=40),
    Field(name="Type", label="Case Type", type="picklist", length=255,
          values=("Mechanical", "Electrical", "Electronic", "Structural", "Other")),
    Field(name="Status", label="Status", type="picklist", length=255, restricted=True, default="New",
          values=("New", "Working", "Escalated", "Reopened", "Closed")),
    Field(name="Reason", label="Case Reason", type="picklist", length=255,
          values=("Installation", "Performance", "Breakdown", "Feedback", "Other")),
    Field(name="Origin", label="Case Origin", type="picklist", length=255, restricted=True,
          values=("Phone", "Email", "Web", "Social")),
    Field(name="Subject", label="Subject", type="string", length=255),
    Field(name="Priority", label="Priority", type="picklist", length=255, restricted=True, default="Medium",
          values=("High", "Medium", "Low")),
    Field(name="Description", label="Description", type="textarea", length=32000, filterable=False),
    _read_only("IsClosed", "Closed", "boolean"),
    _read_only("ClosedDate", "Closed Date", "datetime"),
    TO_ANYONE,
    RECORD_TYPE_ID,
    KEY,
)  # fmt: skip

LEAD = _object(
    "Lead", "Lead", "00Q",
    MERGED_INTO["Lead"],
    Field(name="LastName", label="Last Name", type="string", length=80, required=True),
    Field(name="FirstName", label="First Name", type="string", length=40),
    _read_only("Name", "Full Name", "string", length=121),
    Field(name="Company", label="Company", type="string", length=255, required=True),
    Field(name="Title", label="Title", type="string", length=128),
    Field(name="Email", label="Email", type="email", length=80),
    Field(name="Phone", label="Phone", type="phone", length=40),
    Field(name="LeadSource", label="Lead Source", type="picklist", length=255,
          values=("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Social", "Other")),
    Field(name="Status", label="Status", type="picklist", length=255, default="Open - Not Contacted",
          values=("Open - Not Contacted", "Working - Contacted", "Closed - Converted", "Closed - Not Converted")),
    Field(name="Rating", label="Rating", type="picklist", length=255, restricted=True,
          values=("Hot", "Warm", "Cold")),
    Field(name="Description", label="Description", type="textarea", length=32000, filterable=False),
    _read_only("IsConverted", "Converted", "boolean"),
    TO_ANYONE,
    RECORD_TYPE_ID,
    KEY,
)  # fmt: skip

TASK = _object(
    "Task", "Task", "00T",
    Field(name="Subject", label="Subject", type="string", length=255),
    Field(name="Description", label="Description", type="textarea", length=32000, filterable=False),
    Field(name="Status", label="Status", type="picklist", length=255, default="Not Started",
          values=("Not Started", "In Progress", "Completed", "Waiting on someone else", "Deferred")),
    Field(name="Priority", label="Priority", type="picklist", length=255, restricted=True, default="Normal",
          values=("High", "Normal", "Low")),
    Field(name="ActivityDate", label="Due Date Only", type="date"),
    Field(name="WhoId", label="Name ID", type="reference", length=18, refers_to=("Contact", "Lead")),
    Field(name="WhatId", label="Related To ID", type="reference", length=18, refers_to=("Case",)),
    TO_ANYONE,
    RECORD_TYPE_ID,
    # Custom fields of activities cannot be unique.
    replace(KEY, unique=False, external_id=False, case_sensitive=False),
)  # fmt: skip

COMMENT = _object(
    "CaseComment", "Case Comment", "00a",
    Field(name="ParentId", label="Parent ID", type="reference", length=18, refers_to=("Case",), required=True,
          updateable=False),
    Field(name="IsPublished", label="Published", type="boolean", default=False),
    Field(name="CommentBody", label="Body", type="textarea", length=4000, max_bytes=4000, filterable=False),
)  # fmt: skip

CONTACT = _object(
    "Contact", "Contact", "003",
    MERGED_INTO["Contact"],
    Field(name="LastName", label="Last Name", type="string", length=80, required=True),
    Field(name="FirstName", label="First Name", type="string", length=40),
    _read_only("Name", "Full Name", "string", length=121),
    Field(name="Email", label="Email", type="email", length=80),
    Field(name="Phone", label="Business Phone", type="phone", length=40),
    Field(name="MobilePhone", label="Mobile Phone", type="phone", length=40),
    Field(name="Description", label="Contact Description", type="textarea", length=32000, filterable=False),
    Field(name="OwnerId", label="Owner ID", type="reference", length=18, refers_to=("User",)),
)  # fmt: skip

USER = _object(
    "User", "User", "005",
    Field(name="Username", label="Username", type="string", length=80, required=True),
    Field(name="Name", label="Full Name", type="string", length=121),
    Field(name="Email", label="Email", type="email", length=128),
    Field(name="IsActive", label="Active", type="boolean", default=True),
    createable=False, updateable=False, deletable=False,
)  # fmt: skip

GROUP = _object(
    "Group", "Group", "00G",
    Field(name="Name", label="Name", type="string", length=40, required=True),
    Field(name="DeveloperName", label="Developer Name", type="string", length=80),
    Field(name="Type", label="Type", type="picklist", length=40, restricted=True, values=("Regular", "Queue"),
          default="Regular", updateable=False),
)  # fmt: skip

RECORD_TYPE = _object(
    "RecordType", "Record Type", "012",
    Field(name="Name", label="Name", type="string", length=80, required=True),
    Field(name="DeveloperName", label="Record Type Name", type="string", length=80, required=True),
    Field(name="SobjectType", label="SObject Type Name", type="picklist", length=40, required=True,
          restricted=True, values=("Case", "Lead", "Task"), updateable=False),
    Field(name="IsActive", label="Active", type="boolean", default=True),
    deletable=False,
)  # fmt: skip

DOCUMENT = _object(
    "ContentDocument", "Content Document", "069",
    Field(name="Title", label="Title", type="string", length=255),
    _read_only("OwnerId", "Owner ID", "reference", length=18, refers_to=("User",)),
    createable=False,
)  # fmt: skip

FILE = _object(
    "ContentVersion", "Content Version", "068",
    Field(name="Title", label="Title", type="string", length=255),
    Field(name="PathOnClient", label="Path On Client", type="string", length=500, required=True, updateable=False),
    Field(name="Description", label="Description", type="textarea", length=1000),
    Field(name="VersionData", label="Version Data", type="base64", required=True, filterable=False),
    Field(name="FirstPublishLocationId", label="First Publish Location ID", type="reference", length=18,
          refers_to=("Case", "Lead", "Task", "Contact"), updateable=False),
    _read_only("ContentDocumentId", "ContentDocument ID", "reference", length=18, refers_to=("ContentDocument",)),
    _read_only("FileExtension", "File Extension", "string", length=40),
    _read_only("ContentSize", "Size", "int"),
    deletable=False,
)  # fmt: skip

STANDARD: Mapping[str, SObject] = {
    o.name: o for o in (CASE, LEAD, TASK, COMMENT, CONTACT, USER, GROUP, RECORD_TYPE, DOCUMENT, FILE)
}


def with_field(objects: Mapping[str, SObject], spec: Mapping[str, Any]) -> dict[str, SObject]:
    """The org's objects with one custom field more (or changed), as /sandbox/fields describes it.

    A standard picklist may be given again with other `values` and `restricted`. Raises ValueError, one sentence.
    """
    owner = objects.get(str(spec.get("object", "")))
    if owner is None:
        raise ValueError(f"object: {spec.get('object')!r} is none of {', '.join(objects)}")
    unknown = sorted(set(spec) - set(SPEC))
    if unknown:
        raise ValueError(f"{unknown[0]!r} is no key of a field; allowed are {', '.join(SPEC)}")
    name = str(spec.get("name", ""))
    known = owner.fields.get(name)
    if known is not None and not known.custom:
        if known.type != "picklist" or set(spec) - {"object", "name", "values", "restricted"}:
            raise ValueError(f"name: {name!r} is a standard field; only a picklist's values can be changed")
        made = replace(known, **_settings(spec))
    else:
        made = _custom(name, spec)
    return {**objects, owner.name: with_fields(owner, [made])}


def with_fields(sobject: SObject, fields: Sequence[Field]) -> SObject:
    """The object with these fields added, or changed where it has them."""
    table = {**sobject.fields, **{field.name: field for field in fields}}
    return replace(sobject, fields=table, lower={name.lower(): name for name in table})


def custom_object(name: str, label: str, prefix: str, fields: Sequence[Field]) -> SObject:
    """An object that an admin or a plugin adds."""
    return _object(name, label, prefix, *fields, TO_ANYONE)


SPEC: Mapping[str, tuple[type, str]] = {
    "object": (str, ""), "name": (str, ""), "label": (str, "label"), "type": (str, "type"),
    "length": (int, "length"), "unique": (bool, "unique"), "externalId": (bool, "external_id"),
    "caseSensitive": (bool, "case_sensitive"), "required": (bool, "required"), "values": (list, "values"),
    "restricted": (bool, "restricted"), "referenceTo": (list, "refers_to"), "default": (object, "default"),
}  # fmt: skip


def _custom(name: str, spec: Mapping[str, Any]) -> Field:
    if not CUSTOM.fullmatch(name):
        raise ValueError(f"name: {name!r} is no name of a custom field, such as X_User_Id__c")
    settings = {"type": "string", "label": name.removesuffix("__c").replace("_", " "), **_settings(spec)}
    if settings["type"] not in KINDS - {"id", "base64"}:
        raise ValueError(f"type: {settings['type']!r} is none of {', '.join(sorted(KINDS - {'id', 'base64'}))}")
    if settings["type"] in TEXTS:
        settings.setdefault("length", 255)
    if settings["type"] == "textarea" and settings["length"] > 255:
        settings["filterable"] = False
    return Field(name=name, **settings)


def _settings(spec: Mapping[str, Any]) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for key, value in spec.items():
        kind, target = SPEC[key]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise ValueError(f"{key}: {value!r} is no {kind.__name__}")
        if target:
            settings[target] = tuple(value) if isinstance(value, list) else value
    return settings
