"""The rules of `decide`: names from top to bottom, and for each the first rule that matches. Pure."""

from __future__ import annotations

import dataclasses
from collections import Counter, abc
from collections.abc import Sequence
from dataclasses import dataclass

from bridge.mapping.conditions import Condition, all_of, each_of
from bridge.mapping.document import Node, plain
from bridge.mapping.fields import translation
from bridge.mapping.paths import OPEN, PATHS, Decided, Names
from bridge.mapping.placeholders import Check, Template, template

WHENS = ("when", "when_any", "when_all")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of decide. condition None: otherwise."""

    condition: Condition | None
    gives: Template
    line: str  #: file:line, and its column where one line holds several rules


def decided(section: Node | None, names: Names, check: Check) -> tuple[abc.Mapping[str, tuple[Rule, ...]], Names]:
    """The rules of each name, in the order of the file, and the words that may stand below the section."""
    entries = section.entries if section else {}
    found: dict[str, tuple[Rule, ...]] = {}
    below = {name: (node.key_at or (0,))[0] for name, node in entries.items()}
    for name, node in entries.items():
        if name in PATHS or name in OPEN:
            reason = f"{name!r} is already a word of the form: choose another name"
            check.refuse(node, "reserved-name", reason, key=True)
        names = dataclasses.replace(names, below=below)
        rules = found[name] = _rules(name, node, names, check)
        below = {later: line for later, line in below.items() if later != name}
        names = dataclasses.replace(names, below=below, decided={**names.decided, name: _gives(rules)})
    return found, names


def _gives(rules: Sequence[Rule]) -> Decided:
    constants = [rule.gives.constant for rule in rules]
    values = frozenset(constant for constant in constants if constant is not None)
    uses = frozenset[str]().union(*(rule.gives.uses for rule in rules))
    lines = {value: rule.line for value, rule in zip(constants, rules, strict=True) if value is not None}
    return Decided(values if len(values) == len(set(constants)) else None, uses, lines)


def _rules(name: str, node: Node, names: Names, check: Check) -> tuple[Rule, ...]:
    if node.entries:
        return _translated(name, node, names, check)
    last, seen = None, list[tuple[object, int]]()
    for item in node.items:
        if last is not None:
            reason = f"this rule can never be used: {name!r} already has an 'otherwise' on line {last.line}"
            check.refuse(item, "after-otherwise", reason)
        conditions = {key: plain(value) for key, value in item.entries.items() if key in WHENS}
        for earlier, line in seen:
            if conditions and earlier == conditions:
                reason = f"this rule can never be used: line {line} has the same condition"
                check.refuse(item, "same-condition", reason)
        seen.append((conditions, item.line))
        last = item if "otherwise" in item.entries else last
    if node.items and last is None:
        check.refuse(node, "missing-otherwise", f"{name!r} needs a last line: - otherwise: …", key=True)
    places = _places(node.items, check)
    return tuple(_rule(item, line, names, check) for item, line in zip(node.items, places, strict=True))


def _places(rules: Sequence[Node], check: Check) -> list[str]:
    """Where each rule stands, no two alike: by its line alone the rule that matched is found again later."""
    lines = [check.document.where(rule) for rule in rules]
    columns = [(rule.key_at or (rule.line, rule.column))[1] for rule in rules]
    held = Counter(lines)
    return [f"{line}:{column}" if held[line] > 1 else line for line, column in zip(lines, columns, strict=True)]


def _rule(node: Node, line: str, names: Names, check: Check) -> Rule:
    entries = node.entries
    if "otherwise" in entries:
        if len(entries) > 1:
            reason = "'otherwise' stands alone: it has no condition and no 'use'"
            check.refuse(node, "otherwise-not-alone", reason)
        return Rule(None, template(entries["otherwise"], names, check), line)
    whens = [key for key in WHENS if key in entries]
    if len(whens) != 1 or "use" not in entries:
        reason = "a rule is one of when, when_any or when_all, with a 'use'; or it is 'otherwise'"
        check.refuse(node, "not-a-rule", reason)
    conditions = [_when(key, entries[key], names, check) for key in whens]
    gives = template(entries["use"], names, check) if "use" in entries else Template(())
    return Rule(conditions[0] if conditions else None, gives, line)


def _when(key: str, node: Node, names: Names, check: Check) -> Condition:
    if key == "when":
        return all_of(node, names, check)
    parts = each_of(node, names, check)
    if key == "when_any":
        return lambda scope: any(part(scope) for part in parts)
    return lambda scope: all(part(scope) for part in parts)


def _translated(name: str, node: Node, names: Names, check: Check) -> tuple[Rule, ...]:
    """A translation as rules, one for each row of its table."""
    found = translation(node, names, check)
    if found.otherwise is None:
        check.refuse(node, "missing-otherwise", f"{name!r} needs a last line: otherwise: …", key=True)
        return ()

    def rule(key: str | None, result: Node, line: str) -> Rule:
        gives = template(result, names, check)
        gives = dataclasses.replace(gives, uses=gives.uses | found.uses)
        return Rule(None if key is None else lambda scope: found.row(scope) == key, gives, line)

    rows = [*found.results.items(), (None, found.otherwise)]
    places = _places([result for _, result in rows], check)
    return tuple(rule(key, result, line) for (key, result), line in zip(rows, places, strict=True))
