"""JSON Schema (draft-07) of connections.yaml, for editors: its keys, and those of each adapter. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel

from bridge.mapping.hours import DAYS
from bridge.mapping.json_forms import REFERENCE, Schema, either, schema_of, text
from bridge.mapping.json_schema import whole

ACCOUNT: Mapping[str, str] = {
    "token": "Opens the account at its platform: to answer customers, and to fetch what callbacks leave out.",
    "token_secret": "Its second half, where the platform gives one: X.",
    "refresh_token": "Renews the token, where the platform gives one: TikTok, Google.",
}
ON_OFF = "|".join(either(word) for word in ("true", "false", "yes", "no", "on", "off"))
DAY = rf"\s*({'|'.join(either(day) for day in DAYS)})\s*"
SEVERAL = f"{DAY}(-{DAY})?"
OPEN_AT = "`08:00-20:00`, `08:00-12:00, 13:00-17:00`, `22:00-06:00`, or `closed`."


def _filled(told: str) -> Schema:
    return {"description": told, **text(filled=True)}


def _named(told: str, one: Schema) -> Schema:
    """A map of names that the file makes up."""
    return {"description": told, "type": "object", "additionalProperties": one}


HOURS: Schema = {
    "type": "object",
    "properties": {
        "time_zone": _filled("Where the clock hangs: `Europe/Berlin`."),
        **{day: _filled(OPEN_AT) for day in (*DAYS, "mon-fri")},
        "holidays": _filled("A file of days without hours, one a line: `2026-12-25`."),
    },
    "patternProperties": {f"^{SEVERAL}(,{SEVERAL})*$": _filled(OPEN_AT)},
    "required": ["time_zone"],
    "additionalProperties": False,
}

ACCOUNTS: Schema = {
    "type": "object",
    "additionalProperties": {
        "type": "object",
        "properties": {
            **{key: _filled(told) for key, told in ACCOUNT.items()},
            "about": {
                "description": "Texts of your own, which mappings read as {account.NAME}.",
                "type": "object",
                "propertyNames": {"pattern": "^[A-Za-z][A-Za-z0-9_]*$"},
                "additionalProperties": text(),
            },
        },
        "additionalProperties": False,
    },
}

SHARED: Mapping[str, Schema] = {
    "adapter": {"description": "Which platform or CRM this is."},
    "enabled": {
        "description": "false: platforms are answered 503, and cases wait.",
        "anyOf": [{"type": "boolean"}, {"type": "string", "pattern": f"^({ON_OFF})$"}, REFERENCE],
    },
    "accounts": {
        "description": "Account id -> its own keys; {} where it has none. What comes for any other is skipped.",
        "$ref": "#/definitions/accounts",
    },
}
"""The keys that every connection may have; all others are its adapter's."""

FILE: Schema = {
    "type": "object",
    "properties": {
        "version": {"description": "1", "enum": [1, "1"]},
        "connections": {
            "description": "Name -> connection. Platforms call https://<your host>/in/<name>.",
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"pattern": "^[a-z0-9][a-z0-9-]{0,62}$"},
            "additionalProperties": {"$ref": "#/definitions/connection"},
        },
        "mappings": {
            "description": "The mappings, without .yaml; the first that accepts a message has it.",
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": text(filled=True),
        },
        "lists": _named("Name -> file of one entry a line, for in_list.", text(filled=True)),
        "signals": _named(
            "Name -> YAML file of words and phrases by language, for has_signal.", text(filled=True)
        ),
        "hours": _named("Name -> opening hours, for inside_hours and outside_hours.", HOURS),
    },
    "required": ["version", "connections", "mappings"],
    "additionalProperties": False,
}


def connections(adapters: Mapping[str, type[BaseModel]]) -> Schema:
    """Return the schema of connections.yaml. adapters: name -> the model of its keys."""
    definitions: dict[str, Schema] = {"accounts": ACCOUNTS}
    for name, model in adapters.items():
        keys, inside = schema_of(model, references=True)
        definitions |= inside
        own = {key: _switched(one, inside) for key, one in keys["properties"].items()}
        definitions[name] = {**keys, "properties": {**SHARED, **own}}
    definitions.pop("Unknown", None)  # stands for a scheme that there is not
    definitions["connection"] = {
        "type": "object",
        "properties": {**SHARED, "adapter": {**SHARED["adapter"], "enum": list(adapters)}},
        "required": ["adapter"],
        "allOf": [_chosen("adapter", name, f"#/definitions/{name}") for name in adapters],
    }
    return whole(FILE, definitions)


def _switched(made: Schema, definitions: Mapping[str, Schema]) -> Schema:
    """A map of several kinds, each known by its `scheme`, so that editors look at the one that is meant."""
    references = [one["$ref"] for one in made.get("anyOf", ()) if "$ref" in one]
    schemes = {ref: definitions[ref.rpartition("/")[2]]["properties"]["scheme"] for ref in references}
    named = {one["enum"][0]: ref for ref, one in schemes.items() if "enum" in one}
    if not named:
        return made
    return {
        "description": made["description"],
        "type": "object",
        "properties": {"scheme": {"enum": list(named)}},
        "required": ["scheme"],
        "allOf": [_chosen("scheme", name, ref) for name, ref in named.items()],
    }


def _chosen(key: str, value: str, reference: str) -> Schema:
    return {"if": {"properties": {key: {"const": value}}, "required": [key]}, "then": {"$ref": reference}}
