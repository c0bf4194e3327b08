"""A mapping's JSON Schema with the fields that a CRM has, by what `check --online --save` wrote. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from bridge.mapping.described import Described
from bridge.mapping.json_forms import Schema, either
from bridge.ports import FieldFacts, ObjectFacts

PLACES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "case": (("create",), ("if_closed", "set")),
    "contact": (("none_found", "create"), ("fill_if_empty",)),
}
"""A section with an object -> the keys that lead to fields of that object."""


def with_fields(schema: Schema, crms: Mapping[str, Described]) -> Schema:
    """Return a mapping's schema that offers fields and their values, but refuses none: `check` knows better.

    crms: by the names of connections.
    """
    found = [
        _offered(target, section, one)
        for target, told in crms.items()
        for one in told.objects.values()
        if one is not None
        for section in PLACES
    ]
    return {**schema, "allOf": found}


def _offered(target: str, section: str, one: ObjectFacts) -> Schema:
    """Where a section of a mapping for this target is about this object, its fields."""
    named = {"properties": {"object": {"pattern": f"^{either(one.name)}$"}}, "required": ["object"]}
    condition = {"properties": {"target": {"const": target}, section: named}, "required": ["target", section]}
    fields = {fact.name: _field(fact) for fact in one.fields.values() if fact.active and fact.createable}
    places: Schema = {}
    for path in PLACES[section]:
        made: Schema = {"properties": fields}
        for key in reversed(path[1:]):
            made = {"properties": {key: made}}
        places[path[0]] = made
    return {"if": condition, "then": {"properties": {section: {"properties": places}}}}


def _field(fact: FieldFacts) -> Schema:
    length = f", at most {fact.length} characters" if fact.length else ""
    needed = ", needed" if fact.required else ""
    told = {"description": f"{fact.label or fact.name}: {fact.type}{length}{needed}."}
    return {**told, "anyOf": [{"enum": list(fact.values)}, {}]} if fact.values else told
