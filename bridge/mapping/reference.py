"""Writes docs/mapping-reference.md from the form itself, its words and its tables. Pure.

To write the page anew: python -m bridge.mapping.reference > docs/mapping-reference.md
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bridge.mapping import conditions, filters, paths
from bridge.mapping.codes import CODES
from bridge.mapping.form import Form, NamedRecord, Rule, Translation
from bridge.mapping.hours import DAYS
from bridge.mapping.payload_form import PayloadForm

HEAD = """\
# The mapping reference

Every key, comparison, filter, word and error code of mappings, as this version has them. How it all works together
says [mapping.md](mapping.md). This page is written by a program: `python -m bridge.mapping.reference`.

What is not needed can be left out. A *map* is lines of `name: value`, a *list* is lines that begin with `- `; both
can also stand on one line, `{name: value}` and `[one, two]`."""

CONDITIONS = """\
They are written `word: {comparison: value}`, under `when`, `when_any`, `when_all` and `drop`, and of a payload map
under `skip`. Several words in one map must all hold. A comparison with a missing value is never true; only
`present: false` asks for one."""

WORDS = """\
Conditions name a word, texts show it as `{word}`. Beside these, each name under `decide` is a word below its line.

In a payload map every word is a path into one item of the JSON, as behind `raw.` here. `{.}` is the item itself.
Where there are `items`, a path behind `body.` leads into what stands around their list."""

FILTERS = f"""\
They stand behind a word and a `|`, at most 20 of them, and the left one comes first:
`{{text | one_line | shorten 80}}`. What is missing stays missing, but for `default`. No field gets more than
{filters.MOST:,} characters."""

AROUND = """\
Three keys of `connections.yaml`, on which mappings lean. Files are named by their path from its folder on."""

CODE = "A message of `casebridge check` ends its first line with one of these."

TITLES: Mapping[type[BaseModel], str] = {
    Form: "The file",
    Rule: "A rule of `decide`",
    Translation: "A translation",
    NamedRecord: "A record by its name",
    PayloadForm: "The payload map",
}
"""Model -> its heading, where that is not the path to it."""

PLAIN: Mapping[Any, str] = {
    str: "text",
    bool: "`true` or `false`",
    timedelta: "a time: `14 days`",
    Any: "anything",
    dict[str, Any]: "map of words",
}

SURROUNDINGS: Mapping[str, str] = {
    "lists.NAME": "A file of one entry a line, for `in_list`. Lines that begin with # are remarks.",
    "signals.NAME": "A YAML file of words and phrases, for `has_signal`: lists below the codes of languages, "
    "`en: [furious, worst service]`, and below `any` for all languages.",
    "hours.NAME": "A map of the keys below, for `inside_hours` and `outside_hours`.",
    "time_zone": "Where the clock hangs: `Europe/Berlin`. It is needed.",
    "`, `".join(DAYS): "`08:00-20:00`, `'08:00-12:00, 13:00-17:00'`, `22:00-06:00`, or `closed`. Several days at "
    "once: `mon-fri`, `sat-mon`, `'mon, wed'`. A day that is named nowhere is closed.",
    "holidays": "A file of days without hours, one a line: `2026-12-25`, or `12-25` for every year.",
}

Keys = Sequence[tuple[str, FieldInfo]]


def markdown() -> str:
    """Return the whole page."""
    titles = dict[type[BaseModel], str]()
    chapters = [HEAD, "## Mappings", *_forms(Form, "", titles)]
    chapters += ["## Comparisons", CONDITIONS, _comparisons()]
    chapters += ["## Words", WORDS, _words()]
    chapters += ["## Filters", FILTERS, _filters()]
    chapters += ["## Lists, hours and signals", AROUND]
    chapters += [_table(("Key", "What it holds"), _coded(SURROUNDINGS.items()))]
    chapters += ["## Payload maps", *_forms(PayloadForm, " of a payload map", titles)]
    chapters += ["## Error codes", CODE, _table(("Code", "What it means, and what to do"), _coded(CODES.items()))]
    return "\n\n".join(chapters) + "\n"


# --- the form ---------------------------------------------------------------------------------------------------


def _forms(root: type[BaseModel], of: str, titles: dict[type[BaseModel], str]) -> Iterator[str]:
    """Yield the heading and the keys of each map of a form that `titles` lacks, and add it there.

    of: what the headings end with.
    """
    new = dict[type[BaseModel], str]()
    for path, model in _models(root, ""):
        if model not in titles:
            new.setdefault(model, TITLES.get(model, f"`{path}`{of}"))
    titles.update(new)
    for model, title in new.items():
        told = (model.__doc__ or "").split("\n")[0]
        header = ("Key", "Holds", "Default", "What it is for")
        rows = (_row(name, field, titles) for name, field in _keys(model))
        yield f"### {title}\n\n{told}\n\n{_table(header, rows)}"


def _models(model: type[BaseModel], path: str) -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield a model and those below it, each with the keys that lead to it."""
    yield path, model
    for name, field in _keys(model):
        for below in _inside(field.annotation):
            yield from _models(below, f"{path}.{name}".removeprefix("."))


def _inside(kind: Any) -> Iterator[type[BaseModel]]:
    """Yield the models that a type is made of."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for part in get_args(kind):
        yield from _inside(part)


def _keys(model: type[BaseModel]) -> Keys:
    return [(field.alias or name, field) for name, field in model.model_fields.items()]


def _row(name: str, field: FieldInfo, titles: Mapping[type[BaseModel], str]) -> tuple[str, str, str, str]:
    return f"`{name}`", _holds(field.annotation, titles), _default(field), field.description or ""


def _holds(kind: Any, titles: Mapping[type[BaseModel], str]) -> str:
    """Return in words what may be written."""
    if kind in PLAIN:
        return PLAIN[kind]
    if kind in titles:
        return f"[{titles[kind].replace('`', '').removeprefix('A ')}](#{_anchor(titles[kind])})"
    origin, of = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _holds(of[0], titles)
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in of)
    parts = [_holds(part, titles) for part in of if part not in (NoneType, ...)]
    if origin in (Union, UnionType):
        return " or ".join(parts)
    return f"list of {parts[0]}" if origin is tuple else f"map of {parts[-1]}"


def _anchor(title: str) -> str:
    """Return what a link to a heading says: https://docs.github.com/get-started/writing-on-github"""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    if isinstance(field.default, bool):
        return f"`{str(field.default).lower()}`"
    return f"`{field.default}`" if isinstance(field.default, str) and field.default else ""


# --- the tables -------------------------------------------------------------------------------------------------


def _comparisons() -> str:
    header = ("Comparison", "True when", "Of words that are", "Example", "True of")
    rows = []
    for name, (types, _) in conditions.COMPARISONS.items():
        told, example, value = conditions.TOLD[name]
        every = len(types) == len(conditions.CALLED)
        of = "of every type" if every else ", ".join(conditions.CALLED[kind] for kind in types)
        rows.append((f"`{name}`", told, of, f"`{example}`", f"`{value}`"))
    return _table(header, rows)


def _words() -> str:
    declared = {**paths.WORDS, **paths.INBOX, **paths.OPENED}
    rows = ((f"`{word}`", conditions.CALLED[kind], told) for word, (kind, told) in declared.items())
    return _table(("Word", "It is", "What it says"), rows)


def _filters() -> str:
    rows = (
        (f"`{name}`", told, *(f"`{one}`" if one != "null" else "(missing)" for one in (example, given, result)))
        for name, (told, example, given, result) in filters.TOLD.items()
    )
    return _table(("Filter", "Gives", "Example", "Of", "Comes to"), rows)


def _coded(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    return ((f"`{name}`", told) for name, told in pairs)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    rule = ["---"] * len(header)
    escaped = ([cell.replace("|", "\\|") for cell in row] for row in rows)
    return "\n".join(f"| {' | '.join(row)} |".replace("|  |", "| |") for row in (header, rule, *escaped))


if __name__ == "__main__":
    sys.stdout.write(markdown())
