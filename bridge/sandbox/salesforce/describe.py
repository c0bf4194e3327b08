"""What a describe says of an object and its fields. Pure.

Keys: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/dome_sobject_describe.htm
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bridge.sandbox.salesforce.database import Record
from bridge.sandbox.salesforce.records import DETAILS
from bridge.sandbox.salesforce.schema import NUMBERS, TEXTS, Field, SObject

MASTER = "012000000000000AAA"  #: the record type of records that have none
CHILDREN = {
    ("Case", "ContactId"): "Cases",
    ("Case", "ParentId"): "Cases",
    ("CaseComment", "ParentId"): "CaseComments",
    ("Task", "WhatId"): "Tasks",
    ("Task", "WhoId"): "Tasks",
    ("ContentVersion", "ContentDocumentId"): "ContentVersions",
}

SOAP = {
    "id": "tns:ID", "reference": "tns:ID", "boolean": "xsd:boolean", "int": "xsd:int", "date": "xsd:date",
    "datetime": "xsd:dateTime",
}  # fmt: skip


def summary(sobject: SObject, root: str) -> dict[str, Any]:
    """One object in the list of objects; `root` is the path of the API version."""
    urls = {
        "sobject": f"{root}/sobjects/{sobject.name}",
        "describe": f"{root}/sobjects/{sobject.name}/describe",
        "rowTemplate": f"{root}/sobjects/{sobject.name}/{{ID}}",
    }
    return {
        "name": sobject.name,
        "label": sobject.label,
        "labelPlural": f"{sobject.label}s",
        "keyPrefix": sobject.prefix,
        "custom": sobject.name.endswith("__c"),
        "customSetting": False,
        "createable": sobject.createable,
        "updateable": sobject.updateable,
        "deletable": sobject.deletable,
        "undeletable": sobject.deletable,
        "queryable": True,
        "retrieveable": True,
        "replicateable": True,
        "searchable": True,
        "layoutable": True,
        "triggerable": True,
        "mergeable": sobject.name in ("Case", "Contact", "Lead"),
        "deprecatedAndHidden": False,
        "urls": urls,
    }


def full(
    sobject: SObject, root: str, *, objects: Mapping[str, SObject], record_types: Sequence[Record]
) -> dict[str, Any]:
    """The describe of one object. record_types: those of any object."""
    own = [one for one in record_types if one.get("SobjectType") == sobject.name]
    return {
        **summary(sobject, root),
        "fields": [_field(sobject, field) for field in sobject.visible],
        "recordTypeInfos": [*(_record_type(sobject, one, root) for one in own), _master(sobject, root)],
        "childRelationships": list(_children(sobject, objects)),
    }


def picklists(sobject: SObject, record_type: str) -> dict[str, Any]:
    """What every picklist takes for one record type, or for none (the master's).

    https://developer.salesforce.com/docs/atlas.en-us.uiapi.meta/uiapi/ui_api_resources_picklist_values_collection.htm
    """
    found: dict[str, Any] = {}
    for field in sobject.visible:
        if field.type in ("picklist", "multipicklist"):
            offered = sobject.narrowed.get(record_type, {}).get(field.name, field.values)
            values: list[dict[str, Any]] = [
                {"attributes": None, "label": one, "validFor": [], "value": one} for one in field.values
            ]
            default = next((one for one in values if one["value"] == field.default), None)
            chosen = [one for one in values if one["value"] in offered]
            found[field.name] = {"controllerValues": {}, "defaultValue": default, "values": chosen}
    return {"picklistFieldValues": found}


def _record_type(sobject: SObject, record: Record, root: str) -> dict[str, Any]:
    return {
        "active": bool(record.get("IsActive")),
        "available": bool(record.get("IsActive")),
        "defaultRecordTypeMapping": False,
        "developerName": record.get("DeveloperName"),
        "master": False,
        "name": record.get("Name"),
        "recordTypeId": record.id,
        "urls": {"layout": f"{root}/sobjects/{sobject.name}/describe/layouts/{record.id}"},
    }


def _master(sobject: SObject, root: str) -> dict[str, Any]:
    return {
        "active": True,
        "available": True,
        "defaultRecordTypeMapping": True,
        "developerName": "Master",
        "master": True,
        "name": "Master",
        "recordTypeId": MASTER,
        "urls": {"layout": f"{root}/sobjects/{sobject.name}/describe/layouts/{MASTER}"},
    }


def _children(sobject: SObject, objects: Mapping[str, SObject]) -> Iterator[dict[str, Any]]:
    for child in objects.values():
        for field in child.visible:
            if sobject.name in field.refers_to:
                yield {
                    "cascadeDelete": DETAILS.get(sobject.name) == (child.name, field.name),
                    "childSObject": child.name,
                    "deprecatedAndHidden": False,
                    "field": field.name,
                    "junctionIdListNames": [],
                    "junctionReferenceTo": [],
                    "relationshipName": field.children or CHILDREN.get((child.name, field.name)),
                    "restrictedDelete": (child.name, field.name) == ("Case", "ContactId"),
                }


def _field(sobject: SObject, field: Field) -> dict[str, Any]:
    number = field.type in NUMBERS - {"int"}
    values = [
        {"active": True, "defaultValue": value == field.default, "label": value, "validFor": None, "value": value}
        for value in field.values
    ]
    return {
        "name": field.name,
        "label": field.label,
        "type": field.type,
        "length": field.length,
        "byteLength": field.max_bytes or field.length * (3 if field.type in TEXTS else 1),
        "precision": (field.precision or 18) if number else 0,
        "scale": (field.scale if field.precision else 2) if number else 0,
        "digits": 9 if field.type == "int" else 0,
        "nillable": not field.required and field.type not in ("boolean", "id") and field.name != "OwnerId",
        "createable": sobject.createable and field.createable,
        "updateable": sobject.updateable and field.updateable,
        "filterable": field.filterable,
        "sortable": field.filterable,
        "defaultedOnCreate": field.default is not None or not field.createable or field.name == "OwnerId",
        "calculated": False,
        "autoNumber": bool(field.auto_number) or field.name == "CaseNumber",
        "externalId": field.external_id,
        "unique": field.unique,
        "caseSensitive": field.case_sensitive,
        "idLookup": field.external_id or field.type == "id",
        "restrictedPicklist": field.restricted,
        "dependentPicklist": False,
        "controllerName": None,
        "picklistValues": values,
        "referenceTo": list(field.refers_to),
        "relationshipName": field.relationship or None,
        "soapType": SOAP.get(field.type, "xsd:double" if number else "xsd:string"),
        "htmlFormatted": False,
        "extraTypeInfo": None,
        "custom": field.custom,
    }
