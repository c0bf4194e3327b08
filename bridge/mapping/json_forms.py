"""JSON Schema (draft-07) of the forms of our files, in which an editor sees more types than we do. Pure.

We read every scalar as text; an editor takes `true`, `5000` and an empty value for something else. What a form
takes as text must not be wrong there. Some keywords count for one type only: `pattern` for text, `minimum` for
numbers. https://json-schema.org/draft-07/json-schema-validation
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast, get_args

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from bridge.mapping.form import CrmName, DecidedName, Duration, Filled

Schema = dict[str, Any]

NAME = "^[A-Za-z][A-Za-z0-9_]{0,79}$"
TIME = "^[0-9]{1,4} (minute|hour|day|week)s?$"
VARIABLE = "^env:[A-Za-z_][A-Za-z0-9_]*$"
WHOLE = r"^\s*[+-]?[0-9][0-9_]*(\.0*)?\s*$"
DECIMAL = r"^\s*[+-]?[0-9_.]+([eE][+-]?[0-9]+)?\s*$"
SPAN = r"^\s*[0-9]+(\.[0-9]+)?\s*(second|minute|hour|)s?\s*$"
ONE_TEXT = "One text is expected here."
REFERENCE: Schema = {"type": "string", "pattern": VARIABLE}


def either(word: str) -> str:
    """A regular expression for a word whose capitals make no difference, in every dialect."""
    return "".join(f"[{sign.upper()}{sign.lower()}]" if sign.isalpha() else sign for sign in word)


TRUTHS = ("true", "false", "yes", "no", "on", "off", "t", "f", "y", "n", "1", "0")
TRUTH: Schema = {
    "anyOf": [
        {"type": "boolean"},
        {
            "type": ["string", "integer"],
            "pattern": f"^({'|'.join(either(word) for word in TRUTHS)})$",
            "maximum": 1,
        },
    ]
}
"""https://docs.pydantic.dev/latest/api/standard_library_types/#booleans"""

EMPTY: Schema = {"not": {"type": ["number", "boolean", "object", "array"]}, "maxLength": 0}


def text(*, filled: bool = False) -> Schema:
    """One text. It names no type, or editors would offer true, false and null.

    filled: `""` is none; but `null` and `~`, which are text to us, are to an editor what an empty value is. How
    long a text must be is left to `check`: a variable's name may be shorter than its value.
    """
    made = {"if": {"type": ["object", "array"]}, "then": {"type": "string", "errorMessage": ONE_TEXT}}
    return {**made, "minLength": 1} if filled else made


def one_or_list(item: Schema) -> Schema:
    """One of them, or a list of at least one."""
    return {"anyOf": [item, {"type": "array", "items": item, "minItems": 1}]}


def schema_of(form: type[BaseModel], *, references: bool = False) -> tuple[Schema, dict[str, Schema]]:
    """Return the schema of a form, and the definitions that it refers to by their names.

    references: env:NAME may stand in the place of a value. A map of anything becomes "#/definitions/conditions".
    """
    generator = _WithReferences if references else _Generator
    made = form.model_json_schema(ref_template="#/definitions/{model}", schema_generator=generator)
    definitions = made.pop("$defs", {})
    return _finished(made), {name: _finished(one) for name, one in definitions.items()}


def _finished(made: Any) -> Any:
    """Without pydantic's titles, which say the name of the key again, and with secrets as texts."""
    if isinstance(made, list):
        return [_finished(one) for one in made]
    if not isinstance(made, dict):
        return made
    if made.get("type") == "object" and made.get("additionalProperties") == {}:
        return {"$ref": "#/definitions/conditions", **_told(made)}
    if made.get("format") == "password":
        return {**text(filled="minLength" in made), **_told(made)}
    return {key: _finished(one) for key, one in made.items() if not (key == "title" and isinstance(one, str))}


def _told(made: Schema) -> Schema:
    return {"description": made["description"]} if "description" in made else {}


class _Generator(GenerateJsonSchema):
    """What pydantic writes, with scalars as an editor sees those that we take."""

    references = False

    def _value(self, made: Schema) -> Schema:
        """A value, or a variable in its place where there may be any."""
        if not self.references:
            return made
        if "pattern" in made:
            return {**made, "pattern": f"{made['pattern']}|{VARIABLE}"}
        return {"anyOf": [made, REFERENCE]}

    def str_schema(self, schema: core_schema.StringSchema) -> Schema:
        made = text(filled=bool(schema.get("min_length")))
        pattern = schema.get("pattern")
        return self._value({**made, "pattern": pattern}) if isinstance(pattern, str) else made

    def bool_schema(self, schema: core_schema.BoolSchema) -> Schema:  # noqa: ARG002
        return self._value(TRUTH)

    def int_schema(self, schema: core_schema.IntSchema) -> Schema:
        return self._value({**super().int_schema(schema), "type": ["integer", "string"], "pattern": WHOLE})

    def float_schema(self, schema: core_schema.FloatSchema) -> Schema:
        return self._value({**super().float_schema(schema), "type": ["number", "string"], "pattern": DECIMAL})

    def timedelta_schema(self, schema: core_schema.TimedeltaSchema) -> Schema:  # noqa: ARG002
        return self._value({"type": ["string", "number"], "pattern": SPAN})

    def literal_schema(self, schema: core_schema.LiteralSchema) -> Schema:
        """The values; a single one names code, which no variable does."""
        values = schema["expected"]
        if values == ["1"]:
            return {"enum": [1, "1"]}
        if "" in values:
            return {"anyOf": [{"enum": [one for one in values if one]}, EMPTY]}
        return self._value({"enum": values}) if len(values) > 1 else {"enum": values}

    def nullable_schema(self, schema: core_schema.NullableSchema) -> Schema:
        """Nothing in YAML is null to us: a key is left out."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> Schema:
        made, default = self.generate_inner(schema["schema"]), schema.get("default")
        return {**made, "default": default} if default and isinstance(default, bool | int | float | str) else made

    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> Schema:
        return {"anyOf": [self.generate_inner(one) for one in schema["choices"].values()]}

    def dict_schema(self, schema: core_schema.DictSchema) -> Schema:
        keys, values = self.generate_inner(schema["keys_schema"]), self.generate_inner(schema["values_schema"])
        if "enum" in keys:  # as properties they are offered
            return {
                "type": "object",
                "properties": dict.fromkeys(keys["enum"], values),
                "additionalProperties": False,
            }
        names = {"propertyNames": {"pattern": keys["pattern"]}} if "pattern" in keys else {}
        return {"type": "object", "additionalProperties": values, **names}

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> Schema:
        """What stands in the file; of a list that is made of one text too, either."""
        function = cast("Any", schema["function"]["function"])
        if function in WRITTEN:
            return self._value(WRITTEN[function])
        made = self.generate_inner(schema["schema"])
        return {"anyOf": [made["items"], made]} if made.get("type") == "array" else made

    def function_after_schema(self, schema: core_schema.AfterValidatorFunctionSchema) -> Schema:
        made = self.generate_inner(schema["schema"])
        function = cast("Any", schema["function"]["function"])
        if function in WRITTEN:
            return WRITTEN[function]
        if function is not Filled.func:
            return made
        least = {"array": "minItems", "object": "minProperties"}.get(made.get("type", ""))
        return {**made, least: 1} if least else {**made, **text(filled=True)}


class _WithReferences(_Generator):
    references = True


def _function(annotated: Any) -> Any:
    """The function that reads values of an annotated type."""
    return get_args(annotated)[1].func


WRITTEN: Mapping[Any, Schema] = {
    _function(CrmName): {**text(filled=True), "pattern": NAME},
    _function(DecidedName): {**text(filled=True), "pattern": NAME},
    _function(Duration): {"type": "string", "pattern": TIME},
}
"""What reads a text -> what that text looks like."""
