"""JSON Schema (draft-07) of mappings, payload maps and signals, for editors: keys, values and words. Pure.

It is made of the same forms and tables as docs/mapping-reference.md. It never calls wrong what `casebridge check`
takes; what only the whole file can tell, it leaves to `check`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import get_args

from bridge.mapping.conditions import CLOSED, COMPARISONS, NUMBER, TOLD
from bridge.mapping.filters import TOLD as FILTERS
from bridge.mapping.form import Form
from bridge.mapping.json_forms import NAME, Schema, either, one_or_list, schema_of, text
from bridge.mapping.paths import INBOX, OPENED, WORDS, Type
from bridge.mapping.payload_form import PayloadForm
from bridge.message import Change, Kind

DRAFT = "http://json-schema.org/draft-07/schema#"

Told = tuple[Type, str]
"""The type of a word, and what it says."""

LISTED: Mapping[str, Told] = {
    **WORDS,
    **INBOX,
    **{word: told for word, told in OPENED.items() if word == "person.id" or word.startswith("case.")},
}
"""The words that every mapping may read."""

DECIDED = f"^(?!({'|'.join(word for word in LISTED if '.' not in word)})$){NAME[1:]}"
ABOUT = r"^account\.(?!id$)[A-Za-z][A-Za-z0-9_]*$"
PERSON = r"^person\.(?!id$).+$"
OPEN: Mapping[str, Told] = {
    ABOUT: OPENED["account.NAME"],
    PERSON: OPENED["person.FIELD"],
    r"^raw\.[^.]+(\.[^.]+)*$": OPENED["raw.PATH"],
    r"^why\.[A-Za-z][A-Za-z0-9_]*$": OPENED["why.NAME"],
    DECIDED: ("text", "A name that `decide` gives above this line."),
}
"""The words that a file makes up: their pattern -> what they are."""

FIELD = (
    "Text with words in braces: `{author.name}`, `{text | one_line | shorten 80}`. Or a translation, or "
    f"`{{named: …}}`. Filters: {', '.join(FILTERS)}."
)


def mapping() -> Schema:
    """Return the schema of a mapping file."""
    made, definitions = schema_of(Form)
    made["required"].remove("source")
    made |= {"if": {"not": {"required": ["based_on"]}}, "then": {"required": ["source"]}}
    test, contact = definitions["Test"]["properties"], definitions["Contact"]["properties"]
    test["message"] = _with(test["message"], _message())
    contact["none_found"] = {
        "description": contact["none_found"]["description"],
        "anyOf": [{"enum": ["leave_blank"]}, {"$ref": "#/definitions/NoneFound"}],
    }
    for section, key in (("Case", "create"), ("NoneFound", "create"), ("Contact", "fill_if_empty")):
        definitions[section]["properties"][key]["additionalProperties"]["description"] = FIELD
    kinds: tuple[Type, ...] = get_args(Type)
    definitions |= {_called("", kind): _behind("", kind) for kind in kinds}
    definitions |= {_called(word, "text"): _behind(word, "text") for word in CLOSED}
    return whole(made, definitions | {"conditions": _conditions()})


def payload() -> Schema:
    """Return the schema of a payload map. Its words are paths into a tool's JSON, so none is listed."""
    made, definitions = schema_of(PayloadForm)
    message, test = definitions["MessageForm"]["properties"], definitions["PayloadTest"]["properties"]
    for key, values in (("kind", get_args(Kind)), ("change", get_args(Change))):
        message[key]["anyOf"].insert(0, {"enum": list(values)})
    test["expect"] = _with(test["expect"], {"not": {"type": ["string", "number", "boolean", "null"]}})
    conditions = {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": {"$ref": f"#/definitions/{_called('', 'any')}"},
    }
    return whole(made, definitions | {"conditions": conditions, _called("", "any"): _behind("", "any")})


def signals() -> Schema:
    """Return the schema of a file of signal words: lists by language."""
    return {
        "$schema": DRAFT,
        "description": "Words and phrases by language, for has_signal.",
        "type": "object",
        "minProperties": 1,
        "properties": {"any": {"description": "They count in all languages.", **PHRASES}},
        "propertyNames": {"pattern": LANGUAGE},
        "additionalProperties": {"description": "They count in this language.", **PHRASES},
    }


LANGUAGE = r"^\s*[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})*\s*$"
PHRASES: Schema = {"type": "array", "minItems": 1, "items": text(filled=True)}


def written(schema: Schema) -> str:
    """Return the text of a schema's file."""
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def whole(made: Schema, definitions: Mapping[str, Schema]) -> Schema:
    """Put a schema and its definitions together."""
    return {"$schema": DRAFT, **made, "definitions": dict(sorted(definitions.items()))}


def _with(described: Schema, made: Schema) -> Schema:
    return {"description": described["description"], **made}


# --- conditions -------------------------------------------------------------------------------------------------


def _conditions() -> Schema:
    """A map of words and their comparisons. A word without a dot that is none of ours may be a decided name."""
    return {
        "type": "object",
        "minProperties": 1,
        "properties": {word: _refers(word, *told) for word, told in LISTED.items()},
        "patternProperties": {pattern: _refers("", *told) for pattern, told in OPEN.items()},
        "additionalProperties": False,
    }


def _refers(word: str, kind: Type, told: str) -> Schema:
    return {"description": told, "$ref": f"#/definitions/{_called(word, kind)}"}


def _called(word: str, kind: Type) -> str:
    """The name of the definition of what stands behind a word."""
    return f"behind_{word if word in CLOSED else kind}"


def _behind(word: str, kind: Type) -> Schema:
    """One comparison; where the word can be compared with `is`, a value alone too."""
    names = [name for name, (kinds, _) in COMPARISONS.items() if kind in kinds]
    value = _value(word, kind)
    comparison = {
        "type": "object",
        "minProperties": 1,
        "properties": {name: _operand(name, value) for name in names},
        "additionalProperties": False,
        "allOf": [{"maxProperties": 1}],  # beside the properties it would keep editors from offering any
    }
    if "is" not in names:
        return comparison
    offered = {"anyOf": [*value["anyOf"], {}]} if "anyOf" in value else {}  # editors offer none of `else`
    return {"if": {"type": "object"}, "then": comparison, "else": value, **offered}


def _operand(name: str, value: Schema) -> Schema:
    told, example, _ = TOLD[name]
    return {"description": f"{told} `{example}`", **OPERANDS[name](value)}


def _value(word: str, kind: Type) -> Schema:
    """A value that a word can be."""
    if word in CLOSED:
        values = sorted(CLOSED[word])
        small = {"type": "string", "pattern": f"^({'|'.join(either(one) for one in values)})$"}
        return {"anyOf": [{"enum": values}, small]}
    return {"number": EXACT, "truth": TRUE_OR_FALSE}.get(kind, text(filled=True))


EXACT: Schema = {"type": ["number", "string"], "pattern": f"^({NUMBER.pattern})$"}
TRUE_OR_FALSE: Schema = {
    "anyOf": [{"type": "boolean"}, {"type": "string", "pattern": f"^({either('true')}|{either('false')})$"}]
}


ONE_NAME = text(filled=True)
PIECES = one_or_list(text(filled=True))

OPERANDS: Mapping[str, Callable[[Schema], Schema]] = {
    "is": lambda value: value,
    "is_not": lambda value: value,
    "one_of": one_or_list,
    "has_any": lambda _: PIECES,
    "has_all": lambda _: PIECES,
    "has_signal": lambda _: PIECES,
    "starts_with": lambda _: PIECES,
    "at_least": lambda _: EXACT,
    "below": lambda _: EXACT,
    "between": lambda _: {"type": "array", "items": EXACT, "minItems": 2, "maxItems": 2},
    "present": lambda _: TRUE_OR_FALSE,
    "in_list": lambda _: ONE_NAME,
    "inside_hours": lambda _: ONE_NAME,
    "outside_hours": lambda _: ONE_NAME,
    "matches": lambda _: PIECES,
}
"""A comparison -> what stands behind it, of a word that has such values."""


# --- tests ------------------------------------------------------------------------------------------------------


def _message() -> Schema:
    """The message of an example: words and their values."""
    values: Mapping[Type, Schema] = {"number": EXACT, "truth": TRUE_OR_FALSE, "attachments": ATTACHMENTS}
    closed = {word: {"enum": list(get_args(kind))} for word, kind in (("kind", Kind), ("change", Change))}
    return {
        "type": "object",
        "properties": {
            **{
                word: {"description": told, **closed.get(word, values.get(kind, text()))}
                for word, (kind, told) in LISTED.items()
            },
            "raw": {"description": "The platform's own message, as text: JSON.", **text()},
        },
        "patternProperties": {pattern: {"description": OPEN[pattern][1], **text()} for pattern in (ABOUT, PERSON)},
        "additionalProperties": False,
    }


ATTACHMENTS: Schema = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "properties": {
            "kind": {"description": "image, video, audio, file …", **text()},
            "url": {"description": "Where it can be fetched.", **text()},
            "name": {"description": "What the file is called.", **text()},
        },
        "required": ["kind"],
        "additionalProperties": False,
    },
}
