"""Conditions of a mapping, `{author.followers: {at_least: 5000}}`: compiled once at load. Pure.

A comparison with a missing value is never true; only `present: false` asks for one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeGuard, TypeVar, get_args

from bridge.mapping.document import Node, near
from bridge.mapping.filters import as_text
from bridge.mapping.paths import Found, Names, Path, Scope, Type
from bridge.mapping.patterns import BadPattern, Search, search
from bridge.mapping.placeholders import Check
from bridge.mapping.surroundings import entry
from bridge.mapping.words import folded, found, pieces, unfit
from bridge.message import Change, Kind

Condition = Callable[[Scope], bool]
Test = Callable[[Found], bool]
Thing = TypeVar("Thing")

NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?")
CLOSED: Mapping[str, frozenset[str]] = {"kind": frozenset(get_args(Kind)), "change": frozenset(get_args(Change))}
"""The words whose values are a closed list."""


def never(_: Scope) -> bool:
    """The condition that a faulty one is compiled to; the fault keeps the mapping from being used."""
    return False


def all_of(node: Node, names: Names, check: Check) -> Condition:
    """Compile a map of word -> comparison: every line of it must hold. Faults go to `check`."""
    parts = lines_of(node, names, check)
    return parts[0] if len(parts) == 1 else lambda scope: all(part(scope) for part in parts)


def lines_of(node: Node, names: Names, check: Check) -> list[Condition]:
    """Compile a map of word -> comparison, each line by itself, in their order. [] = a fault."""
    if not node.entries:
        check.refuse(node, "not-a-condition", "a condition is a map: {text: {has_any: [fraud, hacked]}}")
    return [_one(word, value, names, check) for word, value in node.entries.items()]


def each_of(node: Node, names: Names, check: Check) -> list[Condition]:
    """Compile a list of conditions, for when_any and when_all."""
    if not node.items:
        check.refuse(node, "no-conditions", "a list of conditions is expected here, each beginning with '-'")
    return [all_of(item, names, check) for item in node.items]


def _one(word: str, node: Node, names: Names, check: Check) -> Condition:
    path = names.resolve(word)
    if not isinstance(path, Path):
        reason = f"condition on {path.reason}"
        check.refuse(node, path.code, reason, key=True, allowed=path.allowed, suggestion=path.suggestion)
        return never
    if node.text is not None:
        return _comparison(_Place(path, "is", node, names, check))
    if len(node.entries) != 1:
        reason = "one comparison is expected here: {is: …}, or several conditions under when_all"
        check.refuse(node, "not-one-comparison", reason)
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

    def refuse(
        self, code: str, reason: str, *, node: Node | None = None, allowed: str = "", suggestion: str = ""
    ) -> None:
        self.check.refuse(node or self.node, code, reason, allowed=allowed, suggestion=suggestion)

    def values(self) -> list[Node]:
        """The operand as a list of texts; [] = a fault."""
        nodes = list(self.node.items) if self.node.text is None else [self.node]
        if not nodes or not all(node.text for node in nodes):
            self.refuse("missing-value", f"{self.comparison!r} needs a value or a list of values: [one, two]")
            return []
        return nodes


def _comparison(place: _Place) -> Condition:
    name, kind = place.comparison, place.path.type
    if name not in COMPARISONS:
        known = list(COMPARISONS)
        place.check.refuse(
            place.node,
            "unknown-comparison",
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
        place.check.refuse(place.node, "wrong-comparison", reason, key=True, allowed=possible)
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
    place.refuse("not-one-value", f"{place.comparison!r} needs one value; write one_of for a list of them")
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
        reason = f"{place.path.name!r} is true or false, not {node.text!r}"
        place.refuse("not-true-or-false", reason, node=node)
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
    by, close = "which it never is", near(text, sorted(values))
    if decided:
        other = f"\n    -> {decided.lines[close]} gives {close!r}: which of the two is misspelt?" if close else ""
        by = f"but no rule above gives that value{other}"
    place.refuse(
        "never-decided" if decided else "never-true",
        f"{name!r} is compared with {text!r}, {by}",
        node=node,
        allowed=", ".join(sorted(values)),
        suggestion=close,
    )


def _has(place: _Place) -> Condition:
    nodes, path = place.values(), place.path
    keywords = [folded(node.text or "") for node in nodes]
    wanted = any if place.comparison == "has_any" else all
    for node, keyword in zip(nodes, keywords, strict=True):
        if wrong := unfit(node.text or "", keyword):
            place.refuse(*wrong, node=node)

    def has(scope: Scope) -> bool:
        text = _folded(path, scope)
        return bool(text) and wanted(found(keyword, text) for keyword in keywords)

    return has


def _has_signal(place: _Place) -> Condition:
    known, path = place.check.around.signals, place.path
    named = [_named(place, node, known, "no-such-signal", "signal") for node in place.values()]
    signals = [signal for signal in named if signal is not None]

    def has(scope: Scope) -> bool:
        text = _folded(path, scope)
        if (of_text := scope.pieces.get(path.name)) is None:
            of_text = scope.pieces[path.name] = pieces(text)
        return any(signal.fires(text, of_text, scope.message.language) for signal in signals)

    return has


def _folded(path: Path, scope: Scope) -> str:
    """What a word says, ready for word search; "" = it is missing."""
    if (text := scope.folded.get(path.name)) is None:
        value = path.read(scope)
        text = folded(" ".join(value) if _is_texts(value) else as_text(value))
        scope.folded[path.name] = text
    return text


def _starts_with(place: _Place) -> Condition:
    starts = tuple((node.text or "").casefold() for node in place.values())
    return _reading(place, lambda value: as_text(value).casefold().startswith(starts))


def _matches(place: _Place) -> Condition:
    searches = [_search(place, node) for node in place.values()]
    return _reading(place, lambda value: any(search(as_text(value)) for search in searches))


def _search(place: _Place, node: Node) -> Search:
    try:
        return search(node.text or "")
    except BadPattern as error:
        place.refuse(error.code, str(error), node=node, allowed=error.allowed)
        return lambda _: False


def _in_list(place: _Place) -> Condition:
    entries = _named(place, place.node, place.check.around.lists, "no-such-list", "list")
    if entries is None:
        return never

    def listed(value: Found) -> bool:
        return any(entry(as_text(one)) in entries for one in (value if _is_texts(value) else (value,)))

    return _reading(place, listed)


def _hours(place: _Place) -> Condition:
    wanted = place.comparison == "inside_hours"
    hours = _named(place, place.node, place.check.around.hours, "no-such-hours", "hours")
    if hours is None:
        return never
    return _reading(place, lambda value: isinstance(value, datetime) and hours.inside(value) is wanted)


def _named(place: _Place, node: Node, known: Mapping[str, Thing], code: str, what: str) -> Thing | None:
    """What connections.yaml has under the name that a node of the operand is; None = a fault."""
    name = node.text
    if not name:
        place.refuse("not-one-name", f"{place.comparison!r} needs one name that connections.yaml explains")
    elif name not in known:
        reason, close = f"connections.yaml has no {what} {name!r}", near(name, list(known))
        place.refuse(code, reason, node=node, allowed=", ".join(known), suggestion=close)
    return known.get(name or "")


def _at_least(place: _Place) -> Condition:
    least = _number(place, place.node)
    return _reading(place, lambda value: _is_number(value) and value >= least)


def _below(place: _Place) -> Condition:
    limit = _number(place, place.node)
    return _reading(place, lambda value: _is_number(value) and value < limit)


def _between(place: _Place) -> Condition:
    if len(place.node.items) != 2:
        place.refuse("not-two-numbers", "'between' needs two numbers, both included: [1000, 5000]")
        return never
    low, high = (_number(place, node) for node in place.node.items)
    if low > high:
        place.refuse("backward-range", f"'between' is never true here: {low:g} is more than {high:g}")
    return _reading(place, lambda value: _is_number(value) and low <= value <= high)


def _present(place: _Place) -> Condition:
    read = place.path.read
    if place.node.text not in ("true", "false"):
        place.refuse("not-true-or-false", "'present' is true or false")
    if place.node.text == "true":
        return lambda scope: read(scope) is not None
    return lambda scope: read(scope) is None


def _number(place: _Place, node: Node) -> float:
    if node.text is None or not NUMBER.fullmatch(node.text):
        shown = repr(node.text) if node.text is not None else "this"
        reason = f"{place.comparison!r} needs a plain number such as 5000, not {shown}"
        place.refuse("not-a-number", reason, node=node)
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
    "has_signal": (WRITTEN, _has_signal),
    "starts_with": (WRITTEN, _starts_with),
    "at_least": (COUNTED, _at_least),
    "below": (COUNTED, _below),
    "between": (COUNTED, _between),
    "present": (get_args(Type), _present),
    "in_list": (("text", "number", "any"), _in_list),
    "inside_hours": (("time",), _hours),
    "outside_hours": (("time",), _hours),
    "matches": (WRITTEN, _matches),
}
"""Name -> the types of words it can compare, and what compiles it."""

TOLD: Mapping[str, tuple[str, str, str]] = {
    "is": ("It is this. Capitals make no difference; the language de is de-AT too. Short: `kind: review`.",
           "kind: {is: review}", "review"),
    "is_not": ("It is there, and it is not this.", "channel: {is_not: x}", "facebook"),
    "one_of": ("It is one of these.", "language: {one_of: [de, fr]}", "de-AT"),
    "has_any": ("It contains one of these words or phrases. Whole words; capitals and accents make no difference.",
                "text: {has_any: [bill, charged twice]}", "My BILL is wrong"),
    "has_all": ("It contains all of these words or phrases.",
                "text: {has_all: [order, late]}", "Late again, my order"),
    "has_signal": ("It contains a word or phrase of this signal, or of one of these, in the message's language.",
                   "text: {has_signal: [angry, urgent]}", "This is a DISGRACE"),
    "starts_with": ("It begins with one of these; capitals make no difference.",
                    "text: {starts_with: urgent}", "Urgent: no signal"),
    "at_least": ("It is this number or more.", "author.followers: {at_least: 5000}", "5000"),
    "below": ("It is less than this number.", "rating: {below: 3}", "2"),
    "between": ("It is one of the two numbers, or between them.", "rating: {between: [1, 2]}", "2"),
    "present": ("`true`: it is there. `false`: it is missing.", "language: {present: true}", "de"),
    "in_list": ("It is an entry of this list in connections.yaml. Capitals and a leading @ make no difference.",
                "author.handle: {in_list: vip}", "ANNA"),
    "inside_hours": ("It is a time within these hours of connections.yaml.",
                     "sent_at: {inside_hours: care_desk}", "2026-11-23T10:00:00Z"),
    "outside_hours": ("It is a time, and not within these hours.",
                      "sent_at: {outside_hours: care_desk}", "2026-11-22T10:00:00Z"),
    "matches": ("One of these patterns is found in it. Capitals make no difference.",
                "text: {matches: 'order #?[0-9]{5}'}", "Where is order #55120?"),
}  # fmt: skip
"""Name -> when it is true, an example, and a value of which that is true."""

CALLED: Mapping[Type, str] = {
    "text": "text",
    "number": "a number",
    "truth": "true or false",
    "time": "a time",
    "attachments": "a list of attachments",
    "any": "of any type",
}
