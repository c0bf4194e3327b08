"""Conditions of a mapping, `{author.followers: {at_least: 5000}}`: compiled once at load. Pure.

A comparison with a missing value is never true; only `present: false` asks for one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard, get_args

from bridge.mapping.document import Node, near
from bridge.mapping.filters import as_text
from bridge.mapping.paths import Found, Names, Path, Scope, Type
from bridge.mapping.placeholders import Check
from bridge.mapping.words import folded, found
from bridge.message import Change, Kind

Condition = Callable[[Scope], bool]
Test = Callable[[Found], bool]

NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?")
NOT_YET = frozenset({"in_list", "inside_hours", "outside_hours", "matches"})
CLOSED: Mapping[str, frozenset[str]] = {"kind": frozenset(get_args(Kind)), "change": frozenset(get_args(Change))}
"""The words whose values are a closed list."""


def never(_: Scope) -> bool:
    """The condition that a faulty one is compiled to; the fault keeps the mapping from being used."""
    return False


def all_of(node: Node, names: Names, check: Check) -> Condition:
    """Compile a map of word -> comparison: every line of it must hold. Faults go to `check`."""
    if not node.entries:
        check.refuse(node, "a condition is a map: {text: {has_any: [fraud, hacked]}}")
        return never
    parts = [_one(word, value, names, check) for word, value in node.entries.items()]
    return parts[0] if len(parts) == 1 else lambda scope: all(part(scope) for part in parts)


def each_of(node: Node, names: Names, check: Check) -> list[Condition]:
    """Compile a list of conditions, for when_any and when_all."""
    if not node.items:
        check.refuse(node, "a list of conditions is expected here, each beginning with '-'")
    return [all_of(item, names, check) for item in node.items]


def _one(word: str, node: Node, names: Names, check: Check) -> Condition:
    path = names.resolve(word)
    if not isinstance(path, Path):
        reason = f"condition on {path.reason}"
        check.refuse(node, reason, key=True, allowed=path.allowed, suggestion=path.suggestion)
        return never
    if node.text is not None:
        return _comparison(_Place(path, "is", node, names, check))
    if len(node.entries) != 1:
        check.refuse(node, "one comparison is expected here: {is: …}, or several conditions under when_all")
        return never
    name, operand = next(iter(node.entries.items()))
    return _comparison(_Place(path, name, operand, names, check))


@dataclass(frozen=True, slots=True)
class _Place:
    """One comparison as it stands in the file."""

    path: Path
    comparison: str
    node: Node
    names: Names
    check: Check

    def refuse(self, reason: str, *, node: Node | None = None, allowed: str = "", suggestion: str = "") -> None:
        self.check.refuse(node or self.node, reason, allowed=allowed, suggestion=suggestion)

    def values(self) -> list[Node]:
        """The operand as a list of texts; [] = a fault."""
        nodes = list(self.node.items) if self.node.text is None else [self.node]
        if not nodes or not all(node.text for node in nodes):
            self.refuse(f"{self.comparison!r} needs a value or a list of values: [one, two]")
            return []
        return nodes


def _comparison(place: _Place) -> Condition:
    name, kind = place.comparison, place.path.type
    if name in NOT_YET:
        place.check.refuse(place.node, f"{name!r} is not yet supported", key=True)
        return never
    if name not in COMPARISONS:
        known = list(COMPARISONS)
        place.check.refuse(
            place.node,
            f"unknown comparison {name!r}",
            key=True,
            allowed=", ".join(known),
            suggestion=near(name, known),
        )
        return never
    kinds, build = COMPARISONS[name]
    if kind not in kinds:
        possible = ", ".join(other for other, (others, _) in COMPARISONS.items() if kind in others)
        reason = f"{name!r} can never be true for {place.path.name!r}, which is {CALLED[kind]}"
        place.check.refuse(place.node, reason, key=True, allowed=possible)
        return never
    return build(place)


def _reading(place: _Place, test: Test) -> Condition:
    """A condition that reads the word; missing is never true."""
    read = place.path.read
    return lambda scope: (value := read(scope)) is not None and test(value)


def _is(place: _Place) -> Condition:
    return _reading(place, _equal(place, _single(place)))


def _is_not(place: _Place) -> Condition:
    equal = _equal(place, _single(place))
    return _reading(place, lambda value: not equal(value))


def _one_of(place: _Place) -> Condition:
    tests = [_equal(place, node) for node in place.values()]
    return _reading(place, lambda value: any(test(value) for test in tests))


def _single(place: _Place) -> Node | None:
    if place.node.text:
        return place.node
    place.refuse(f"{place.comparison!r} needs one value; write one_of for a list of them")
    return None


def _equal(place: _Place, node: Node | None) -> Test:
    """Whether a value is what the node says, by the type of the word."""
    if node is None or not node.text:
        return lambda _: False
    wanted = node.text.casefold()
    if place.path.type == "number":
        exact = _number(place, node)
        return lambda value: value == exact
    if place.path.type == "truth" and wanted not in ("true", "false"):
        place.refuse(f"{place.path.name!r} is true or false, not {node.text!r}", node=node)
    _possible(place, node)
    if place.path.name == "language":
        wanted = wanted.replace("_", "-")
        return lambda value: f"{as_text(value).casefold().replace('_', '-')}-".startswith(f"{wanted}-")
    if place.path.type == "any" and NUMBER.fullmatch(wanted):
        exact = float(wanted)
        return lambda value: value == exact if _is_number(value) else as_text(value).casefold() == wanted
    return lambda value: as_text(value).casefold() == wanted


def _possible(place: _Place, node: Node) -> None:
    """Refuse a value that the word can never have."""
    name, text = place.path.name, node.text or ""
    decided = place.names.decided.get(name)
    values = CLOSED.get(name, decided.values if decided else None)
    if values is None or text.casefold() in {value.casefold() for value in values}:
        return
    by = "but no rule above gives that value" if decided else "which it never is"
    place.refuse(
        f"{name!r} is compared with {text!r}, {by}",
        node=node,
        allowed=", ".join(sorted(values)),
        suggestion=near(text, sorted(values)),
    )


def _has(place: _Place) -> Condition:
    nodes, path = place.values(), place.path
    keywords = [folded(node.text or "") for node in nodes]
    wanted = any if place.comparison == "has_any" else all
    for node, keyword in zip(nodes, keywords, strict=True):
        if not keyword:
            place.refuse(f"the keyword {node.text!r} has nothing to look for", node=node)

    def has(scope: Scope) -> bool:
        if (text := scope.folded.get(path.name)) is None:
            value = path.read(scope)
            text = folded(" ".join(value) if _is_texts(value) else as_text(value))
            scope.folded[path.name] = text
        return bool(text) and wanted(found(keyword, text) for keyword in keywords)

    return has


def _starts_with(place: _Place) -> Condition:
    starts = tuple((node.text or "").casefold() for node in place.values())
    return _reading(place, lambda value: as_text(value).casefold().startswith(starts))


def _at_least(place: _Place) -> Condition:
    least = _number(place, place.node)
    return _reading(place, lambda value: _is_number(value) and value >= least)


def _below(place: _Place) -> Condition:
    limit = _number(place, place.node)
    return _reading(place, lambda value: _is_number(value) and value < limit)


def _between(place: _Place) -> Condition:
    if len(place.node.items) != 2:
        place.refuse("'between' needs two numbers, both included: [1000, 5000]")
        return never
    low, high = (_number(place, node) for node in place.node.items)
    if low > high:
        place.refuse(f"'between' is never true here: {low:g} is more than {high:g}")
    return _reading(place, lambda value: _is_number(value) and low <= value <= high)


def _present(place: _Place) -> Condition:
    read = place.path.read
    if place.node.text not in ("true", "false"):
        place.refuse("'present' is true or false")
    if place.node.text == "true":
        return lambda scope: read(scope) is not None
    return lambda scope: read(scope) is None


def _number(place: _Place, node: Node) -> float:
    if node.text is None or not NUMBER.fullmatch(node.text):
        shown = repr(node.text) if node.text is not None else "this"
        place.refuse(f"{place.comparison!r} needs a plain number such as 5000, not {shown}", node=node)
        return 0.0
    return float(node.text)


def _is_number(value: Found) -> TypeGuard[int | float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_texts(value: Found) -> TypeGuard[tuple[str, ...]]:
    return isinstance(value, tuple) and isinstance(value[0], str)


WRITTEN: tuple[Type, ...] = ("text", "any")
COUNTED: tuple[Type, ...] = ("number", "any")
SINGLE: tuple[Type, ...] = ("text", "number", "truth", "any")
COMPARISONS: Mapping[str, tuple[Sequence[Type], Callable[[_Place], Condition]]] = {
    "is": (SINGLE, _is),
    "is_not": (SINGLE, _is_not),
    "one_of": (SINGLE, _one_of),
    "has_any": (WRITTEN, _has),
    "has_all": (WRITTEN, _has),
    "starts_with": (WRITTEN, _starts_with),
    "at_least": (COUNTED, _at_least),
    "below": (COUNTED, _below),
    "between": (COUNTED, _between),
    "present": (get_args(Type), _present),
}
"""Name -> the types of words it can compare, and what compiles it."""

CALLED: Mapping[Type, str] = {
    "text": "text",
    "number": "a number",
    "truth": "true or false",
    "time": "a time",
    "attachments": "a list of attachments",
    "any": "of any type",
}
