"""What `casebridge check` found, as text, as JSON, and as annotations of GitHub's. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence

from bridge.mapping.document import Fault

Found = str | Fault
"""A whole sentence, or a fault that knows its place."""

ESCAPED = (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"))
"""What GitHub would read otherwise -> how it is written, in this order.

https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts
"""
OF_PROPERTIES = ((":", "%3A"), (",", "%2C"))


def each(found: Iterable[object]) -> list[Found]:
    """What was found, each once, in its order."""
    return list(dict.fromkeys(one if isinstance(one, Fault) else str(one) for one in found))


def warned(found: Iterable[Found]) -> int:
    """How many of them are warnings."""
    return sum(isinstance(one, Fault) and one.level == "warning" for one in found)


def code(found: Sequence[Found], *, strict: bool) -> int:
    """The exit code: 0 no faults, 1 faults in a file, or warnings where it is strict, 2 it could not look."""
    errors = [one for one in found if isinstance(one, str) or one.level == "error"]
    if any(isinstance(one, Fault) and one.line for one in errors):
        return 1
    return 2 if errors else int(strict and bool(found))


def as_json(found: Iterable[Found], mappings: int) -> str:
    """One object, for programs. What has no place has no file, and line 0. mappings: how many are good."""
    faults = [_plain(one) for one in found]
    return json.dumps({"version": 1, "faults": faults, "mappings": mappings}, indent=1, ensure_ascii=False)


NOWHERE: dict[str, str | int] = {
    "file": "", "line": 0, "column": 0, "level": "error",
    "code": "", "reason": "", "allowed": "", "suggestion": "",
}  # fmt: skip
"""What a sentence without a place says of itself."""


def _plain(one: Found) -> dict[str, str | int]:
    return NOWHERE | ({"reason": one} if isinstance(one, str) else {key: getattr(one, key) for key in NOWHERE})


def as_github(found: Iterable[Found], placed: Callable[[str], str]) -> list[str]:
    """Workflow commands that GitHub shows beside the lines of a pull request.

    placed: a fault's file -> its path from the top of the repository.
    https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
    """
    return [_annotation(one, placed) for one in found]


def _annotation(one: Found, placed: Callable[[str], str]) -> str:
    if isinstance(one, str):
        return f"::error title=casebridge check::{_escaped(one)}"
    place: dict[str, object] = {"file": placed(one.file)}
    if one.line:
        place |= {"line": one.line, "col": one.column}
    place["title"] = one.code
    properties = ",".join(f"{name}={_escaped(str(value), OF_PROPERTIES)}" for name, value in place.items())
    return f"::{one.level} {properties}::{_escaped(_sentence(one))}"


def _sentence(one: Fault) -> str:
    told = [one.reason]
    told += [f"allowed: {one.allowed}"] if one.allowed else []
    told += [f"did you mean {one.suggestion!r}?"] if one.suggestion else []
    return "\n".join(told)


def _escaped(text: str, more: Sequence[tuple[str, str]] = ()) -> str:
    for sign, written in (*ESCAPED, *more):
        text = text.replace(sign, written)
    return text
