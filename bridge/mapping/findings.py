"""What pydantic finds wrong with a document, as faults that know where they stand. Pure."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError

from bridge.mapping.codes import CODES
from bridge.mapping.document import Document, Fault, Node, near
from bridge.mapping.paths import PATHS


def faults_of(error: ValidationError, document: Document, model: type[BaseModel]) -> list[Fault]:
    """What pydantic found wrong with `plain(document.root)`, as faults with positions.

    model: the class that was validated; it names the allowed keys. The type of a PydanticCustomError
    is one of CODES; it may carry `allowed` and `suggestion` in its context.
    """
    return [_fault_of(dict(found), document, model) for found in error.errors(include_url=False)]


FOUND: Mapping[str, tuple[str, str]] = {
    "model_type": ("not-a-map", "a map (key: value) is expected here"),
    "dict_type": ("not-a-map", "a map (key: value) is expected here"),
    "list_type": ("not-a-list", "a list is expected here: - one, or [one, two]"),
    "tuple_type": ("not-a-list", "a list is expected here: - one, or [one, two]"),
    "string_type": ("not-a-text", "one text is expected here, not a list or a map"),
    "bool_type": ("not-true-or-false", "write true or false"),
    "bool_parsing": ("not-true-or-false", "write true or false"),
    "int_type": ("not-a-whole-number", "write a whole number"),
    "int_parsing": ("not-a-whole-number", "write a whole number"),
}
"""What pydantic finds -> its code and our sentence. What stands neither here nor in CODES is an adapter's own.

https://docs.pydantic.dev/latest/errors/validation_errors/
"""
EXPECTED = frozenset({"model_type", "dict_type", "list_type", "tuple_type", "string_type"})
"""Those that hold whatever the text is: something else than this kind of node is expected."""
TOP = "at the top"  #: where a key stands that is in no section
SPEAKING = {*EXPECTED, "value_error"}  #: their sentences need no value behind them


def _fault_of(found: Mapping[str, Any], document: Document, model: type[BaseModel]) -> Fault:
    loc, context = found["loc"], found.get("ctx", {})
    node, kind, value = document.at(loc), found["type"], found["input"]
    if kind == "extra_forbidden":
        return _unknown_key(str(loc[-1]), node, document, model, loc[:-1])
    if kind == "missing":
        return document.fault(node, "missing-key", f"{loc[-1]!r} is missing", key=True)
    if kind == "literal_error":
        choices = str(context["expected"]).replace("'", "").replace(" or ", ", ")
        shown = "this value" if document.secret else repr(value)
        suggestion = "" if document.secret else near(str(value), choices.split(", "))
        told = f"{shown} is not possible here"
        return document.fault(node, "not-possible", told, allowed=choices, suggestion=suggestion)
    told = str(found["msg"]).removeprefix("Value error, ")
    code, reason = FOUND.get(kind, (kind if kind in CODES else "wrong-setting", told))
    if isinstance(value, str) and kind not in SPEAKING and not document.secret and repr(value) not in reason:
        reason = f"{reason}: {value!r}"
    allowed, suggestion = str(context.get("allowed", "")), str(context.get("suggestion", ""))
    of_key = loc[-1:] == ("[key]",)  # so pydantic marks what is wrong with a key, not with its value
    return document.fault(node, code, reason, key=of_key, allowed=allowed, suggestion=suggestion)


def _unknown_key(
    key: str, node: Node, document: Document, model: type[BaseModel], where: Sequence[str | int]
) -> Fault:
    here = _model_at(model, where)
    known = _keys(here) if here else []
    if "translate" in known and key in ("when", "when_any", "when_all"):
        reason = f"each rule begins with a dash: - {key}: …"
        return document.fault(node, "misplaced-key", reason, key=True)
    close = near(key, known)
    if not close and "when" in known and key in PATHS:
        reason = f"{key!r} is part of a condition: indent it below when"
        return document.fault(node, "misplaced-key", reason, key=True)
    above = ".".join(str(part) for part in where)
    homes = [home for home in _homes(key, model) if home == TOP or not above.startswith(home)]
    if homes and len(homes) <= 2 and not close:
        reason = f"{key!r} belongs {' or '.join(home if home == TOP else f'under {home}' for home in homes)}"
        return document.fault(node, "misplaced-key", reason, key=True)
    reason = f"unknown key {key!r}"
    return document.fault(node, "unknown-key", reason, key=True, allowed=", ".join(known), suggestion=close)


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _homes(key: str, model: type[BaseModel], above: str = "") -> list[str]:
    """The sections of a form that have a key: case.update, or TOP."""
    found = [above or TOP] if key in _keys(model) else []
    for name, field in model.model_fields.items():
        for inner in dict.fromkeys(_models(field.annotation)):
            found += _homes(key, inner, ".".join(filter(None, (above, field.alias or name))))
    return list(dict.fromkeys(found))


def _models(annotation: Any) -> list[type[BaseModel]]:
    """The models in a type, also those of a list's items and a map's values."""
    found = list[type[BaseModel]]()
    for kind in kinds(annotation):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found.append(kind)
        else:
            found += [model for inner in get_args(kind) for model in _models(inner)]
    return found


def _model_at(model: type[BaseModel], loc: Sequence[str | int]) -> type[BaseModel] | None:
    annotation: Any = model
    for part in loc:
        steps = (found for kind in kinds(annotation) if (found := step(kind, part)))
        annotation = _tagged(annotation, part) or next(steps, None)
    models = [kind for kind in kinds(annotation) if isinstance(kind, type) and issubclass(kind, BaseModel)]
    return models[0] if models else None


def _tagged(annotation: Any, part: str | int) -> Any:
    """The alternative of a union that bears this tag, which pydantic makes a step of its own; None = none does."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return next((kind for kind in get_args(annotation) if Tag(str(part)) in get_args(kind)[1:]), None)


def kinds(annotation: Any) -> list[Any]:
    """The alternatives of a type: X | None gives [X, None]."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return kinds(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return [kind for arg in get_args(annotation) for kind in kinds(arg)]
    return [annotation]


def step(kind: Any, part: str | int) -> Any:
    """The type one step down a path: of a model's field, a map's value, a list's item; None = no such step."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        fields = kind.model_fields.items()
        return next((field.annotation for name, field in fields if part in (name, field.alias)), None)
    arguments = get_args(kind)
    return arguments[1 if isinstance(part, str) and len(arguments) > 1 else 0] if arguments else None
