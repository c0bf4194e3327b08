"""What a describe says of an object and its fields. Pure.

Keys: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/dome_sobject_describe.htm
"""

from __future__ import annotations

from typing import Any

from bridge.sandbox.salesforce.schema import NUMBERS, TEXTS, Field, SObject

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
        "keyPrefix": sobject.prefix,
        "custom": sobject.name.endswith("__c"),
        "createable": sobject.createable,
        "updateable": sobject.updateable,
        "deletable": sobject.deletable,
        "queryable": True,
        "retrieveable": True,
        "urls": urls,
    }


def full(sobject: SObject, root: str) -> dict[str, Any]:
    """The describe of one object."""
    fields = [_field(sobject, field) for field in sobject.fields.values()]
    return {**summary(sobject, root), "fields": fields, "recordTypeInfos": [], "childRelationships": []}


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
        "precision": 18 if number else 0,
        "scale": 2 if number else 0,
        "digits": 9 if field.type == "int" else 0,
        "nillable": not field.required and field.type not in ("boolean", "id") and field.name != "OwnerId",
        "createable": sobject.createable and field.createable,
        "updateable": sobject.updateable and field.updateable,
        "filterable": field.filterable,
        "sortable": field.filterable,
        "defaultedOnCreate": field.default is not None or not field.createable or field.name == "OwnerId",
        "calculated": False,
        "autoNumber": field.name == "CaseNumber",
        "externalId": field.external_id,
        "unique": field.unique,
        "caseSensitive": field.case_sensitive,
        "idLookup": field.external_id or field.type == "id",
        "restrictedPicklist": field.restricted,
        "dependentPicklist": False,
        "controllerName": None,
        "picklistValues": values,
        "referenceTo": list(field.refers_to),
        "relationshipName": field.name.removesuffix("Id") if field.type == "reference" else None,
        "soapType": SOAP.get(field.type, "xsd:double" if number else "xsd:string"),
        "htmlFormatted": False,
        "extraTypeInfo": None,
        "custom": field.custom,
    }
