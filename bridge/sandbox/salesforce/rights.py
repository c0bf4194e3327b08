"""What an admin does to fields that are there: hides, bars, deletes, narrows or overrules them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bridge.sandbox.salesforce.schema import Field, SObject, with_fields

ACCESS: Mapping[str, Mapping[str, Any]] = {
    "full": {},
    "read_only": {"createable": False, "updateable": False},
    "hidden": {"hidden": True, "createable": False, "updateable": False},
    "deleted": {},
}
KEYS = ("object", "field", "access", "overwrite")


def place(objects: Mapping[str, SObject], spec: Mapping[str, Any]) -> str:
    """The field that an order is about, Case.Subject. Raises ValueError, one sentence: the order is wrong."""
    for key in spec:
        if key not in KEYS:
            raise ValueError(f"{key!r} is no key of a field's rights; allowed are {', '.join(KEYS)}")
    if spec.get("access", "full") not in ACCESS:
        raise ValueError(f"access: {spec['access']!r} is none of {', '.join(ACCESS)}")
    field = _field(objects, spec)
    if spec.get("access") == "deleted" and not field.custom:
        raise ValueError(f"field: {field.name!r} is a standard field and cannot be deleted")
    return f"{spec['object']}.{field.name}"


def applied(objects: Mapping[str, SObject], spec: Mapping[str, Any]) -> dict[str, SObject]:
    """The org's objects after one order."""
    owner = objects[spec["object"]]
    field = owner.fields.get(spec["field"])
    if field is None:
        return dict(objects)
    if spec.get("access") == "deleted":
        kept = {name: one for name, one in owner.fields.items() if name != field.name}
        changed = replace(owner, fields=kept, lower={name.lower(): name for name in kept})
    else:
        overrules = (spec["overwrite"],) if "overwrite" in spec else ()
        made = replace(field, **ACCESS[spec.get("access", "full")], overwrite=overrules)
        changed = with_fields(owner, [made])
    return {**objects, owner.name: changed}


def narrowed(
    objects: Mapping[str, SObject], spec: Mapping[str, Any], record_types: Mapping[str, str]
) -> dict[str, SObject]:
    """The org's objects after a picklist was cut for one record type. record_types: developer name -> id.

    Raises ValueError, one sentence.
    """
    field, values = _field(objects, spec), spec.get("values")
    record_type = record_types.get(str(spec.get("record_type", "")))
    if record_type is None:
        raise ValueError(f"record_type: {spec.get('record_type')!r} is none of {', '.join(record_types)}")
    if not isinstance(values, list) or not set(map(str, values)) <= set(field.values):
        raise ValueError(f"values: {values!r} are not among {', '.join(field.values)}")
    owner = objects[spec["object"]]
    of_type = {**owner.narrowed.get(record_type, {}), field.name: tuple(values)}
    return {**objects, owner.name: replace(owner, narrowed={**owner.narrowed, record_type: of_type})}


def _field(objects: Mapping[str, SObject], spec: Mapping[str, Any]) -> Field:
    owner = objects.get(str(spec.get("object", "")))
    if owner is None:
        raise ValueError(f"object: {spec.get('object')!r} is none of {', '.join(objects)}")
    field = owner.fields.get(str(spec.get("field", "")))
    if field is None:
        raise ValueError(f"field: {spec.get('field')!r} is no field of {owner.name}")
    return field
