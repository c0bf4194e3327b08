"""Whether one condition implies another, or excludes it: what can never be used is found so. Pure.

It works on conditions as they are written. What it says is certain; where it cannot tell, it says nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from bridge.mapping.conditions import NUMBER
from bridge.mapping.document import Node
from bridge.mapping.paths import PATHS, Type
from bridge.mapping.words import folded

LISTED = 5  #: values of a comparison, in a message
MOST_WORDS = 12  #: of a keyword that is looked through for shorter ones
MOST_CASES = 50  #: alternatives of one comparison that are followed one by one
MOST_EARLIER = 200  #: conditions that are looked at for each alternative


@dataclass(frozen=True, slots=True)
class Atom:
    """One comparison: `author.followers: {at_least: 5000}`. values: what is behind it. node: where it stands."""

    word: str
    comparison: str
    values: tuple[str, ...]
    node: Node | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        listed = ", ".join([*self.values[:LISTED], "…"] if len(self.values) > LISTED else self.values)
        values = f"[{listed}]" if len(self.values) > 1 else listed
        return f"{self.word}: {values if self.comparison == 'is' else f'{{{self.comparison}: {values}}}'}"

    @property
    def type(self) -> Type:
        """Of its word."""
        if self.word in PATHS:
            return PATHS[self.word].type
        beginning, _, rest = self.word.partition(".")
        if beginning == "case":
            return "time"
        return "any" if beginning == "raw" or (beginning == "person" and rest != "id") else "text"


All = tuple[Atom, ...]
"""Comparisons that hold together."""


def all_of(node: Node) -> All:
    """The comparisons of a condition that was found good."""
    return tuple(_atom(word, value) for word, value in node.entries.items())


def ways(rule: Node) -> tuple[All, ...]:
    """The ways to fulfil a rule of decide: one for each line of when_any, else a single one; () = otherwise."""
    entries = rule.entries
    if "when_any" in entries:
        return tuple(all_of(line) for line in entries["when_any"].items)
    if "when_all" in entries:
        return (tuple(atom for line in entries["when_all"].items for atom in all_of(line)),)
    return (all_of(entries["when"]),) if "when" in entries else ()


def _atom(word: str, node: Node) -> Atom:
    if node.text is not None:
        return Atom(word, "is", (node.text,), node)
    comparison, operand = next(iter(node.entries.items()))
    nodes = operand.items or (operand,)
    return Atom(word, comparison, tuple(one.text or "" for one in nodes), node)


# --- a condition and others ----------------------------------------------------------------------------------


def implies(later: All, earlier: All) -> bool:
    """Whether every message that fulfils `later` fulfils `earlier` too."""
    return all(any(_implies(given, wanted) for given in later) for wanted in earlier)


def covering(later: All, earlier: Sequence[All]) -> list[int]:
    """The places of earlier conditions that together take all that fulfils `later`; [] = they do not."""
    if whole := [place for place, other in enumerate(earlier) if implies(later, other)]:
        return whole[:1]
    for at, atom in enumerate(later if len(earlier) <= MOST_EARLIER else ()):
        if atom.comparison not in ALTERNATIVE or not 1 < len(atom.values) <= MOST_CASES:
            continue
        cases = [(*later[:at], replace(atom, values=(value,)), *later[at + 1 :]) for value in atom.values]
        found = [next((i for i, other in enumerate(earlier) if implies(case, other)), None) for case in cases]
        if None not in found:
            return sorted({place for place in found if place is not None})
    return []


def clash(atoms: All, others: All) -> tuple[Atom, Atom] | None:
    """A comparison of the one and one of the others that exclude each other; None = none that is certain."""
    return next(((one, other) for one in atoms for other in others if excludes(one, other)), None)


# --- two comparisons ------------------------------------------------------------------------------------------

ALTERNATIVE = frozenset(("is", "one_of", "has_any", "starts_with", "matches", "has_signal"))
"""Comparisons of which one value is enough."""
EQUAL = frozenset(("is", "one_of"))  #: of them, those that name the whole value
KEYWORDS = frozenset(("has_any", "has_all"))
COUNTS = frozenset(("at_least", "below", "between"))
OTHERS = frozenset(("is_not", "in_list", "inside_hours", "outside_hours"))
NEEDS_VALUE = ALTERNATIVE | KEYWORDS | COUNTS | OTHERS
"""Comparisons that are never true where the word is missing."""


def _implies(given: Atom, wanted: Atom) -> bool:
    """Whether a value that fulfils one comparison fulfils the other."""
    if given.word != wanted.word:
        return False
    if _shape(given) == _shape(wanted):
        return True
    if wanted.comparison == "present":
        return wanted.values == ("true",) and given.comparison in NEEDS_VALUE
    return any(rule(given, wanted) for rule in RULES)


def _shape(atom: Atom) -> tuple[str, Collection[str]]:
    """Comparison and values, of which neither order nor number count where one or all are enough."""
    free = atom.comparison in ALTERNATIVE | KEYWORDS
    return atom.comparison, frozenset(atom.values) if free else atom.values


def _equal(given: Atom, wanted: Atom) -> bool:
    """A value out of a list is one out of a longer list."""
    if given.comparison not in EQUAL or wanted.comparison not in EQUAL:
        return False
    return all(any(_same(one, other, given) for other in wanted.values) for one in given.values)


def _unequal(given: Atom, wanted: Atom) -> bool:
    """What is one thing is not another; what is not German is not Austrian German."""
    if wanted.comparison != "is_not":
        return False
    if given.comparison == "is_not":
        return _same(wanted.values[0], given.values[0], given)
    return given.comparison in EQUAL and all(_differ(one, wanted.values[0], given) for one in given.values)


def _worded(given: Atom, wanted: Atom) -> bool:
    """A text that has `charged twice` has `charged`."""
    if given.comparison not in KEYWORDS or wanted.comparison not in KEYWORDS:
        return False
    held = [_phrases(keyword) for keyword in given.values]
    if given.comparison == "has_all":
        held = [frozenset[str]().union(*held)]  # else one of them is there, and nobody knows which
    looked = {_compared(keyword) for keyword in wanted.values}
    if wanted.comparison == "has_all":
        return all(looked <= phrases for phrases in held)
    return not any(looked.isdisjoint(phrases) for phrases in held)


_compared = lru_cache(maxsize=20_000)(folded)


@lru_cache(maxsize=20_000)
def _phrases(keyword: str) -> frozenset[str]:
    """All runs of whole words in a keyword as it is compared: where it is found, these are."""
    words = _compared(keyword).split()
    if len(words) > MOST_WORDS:
        return frozenset([" ".join(words)])
    return frozenset(" ".join(words[i:j]) for i in range(len(words)) for j in range(i + 1, len(words) + 1))


def _begins(given: Atom, wanted: Atom) -> bool:
    """What begins with `urgent:` begins with `urg`."""
    if given.comparison != "starts_with" or wanted.comparison != "starts_with":
        return False
    starts = tuple(start.casefold() for start in wanted.values)
    return all(start.casefold().startswith(starts) for start in given.values)


def _counted(given: Atom, wanted: Atom) -> bool:
    """What is at least 5000 is at least 1000."""
    spans = _spans(given)
    if wanted.comparison not in COUNTS or not spans:
        return False
    [(low, high)] = _spans(wanted)
    return all(low <= lowest and highest <= high for lowest, highest in spans)


def _among(given: Atom, wanted: Atom) -> bool:
    """One pattern or signal that is found is one out of more."""
    alike = given.comparison == wanted.comparison and given.comparison in ("matches", "has_signal")
    return alike and set(given.values) <= set(wanted.values)


RULES: Sequence[Callable[[Atom, Atom], bool]] = (_equal, _unequal, _worded, _begins, _counted, _among)


def excludes(one: Atom, other: Atom) -> bool:
    """Whether no value fulfils both comparisons."""
    if one.word != other.word:
        return False
    return _apart(one, other) or _apart(other, one)


def _apart(one: Atom, other: Atom) -> bool:
    if one.comparison == "present" and one.values == ("false",):
        return other.comparison in NEEDS_VALUE or (other.comparison == "present" and other.values == ("true",))
    if one.comparison in EQUAL and other.comparison in EQUAL:
        return all(_differ(value, against, one) for value in one.values for against in other.values)
    if one.comparison in EQUAL and other.comparison == "is_not":
        return all(_same(value, other.values[0], one) for value in one.values)
    if one.comparison == "inside_hours" and other.comparison == "outside_hours":
        return one.values == other.values
    if one.comparison == other.comparison == "starts_with":
        starts = [value.casefold() for value in other.values]
        return not any(a.startswith(b) or b.startswith(a) for a in map(str.casefold, one.values) for b in starts)
    spans, others = _spans(one), _spans(other)
    return bool(spans and others) and all(a[1] < b[0] or b[1] < a[0] for a in spans for b in others)


# --- values ---------------------------------------------------------------------------------------------------


def _spans(atom: Atom) -> list[tuple[float, float]]:
    """From where to where a number must lie, both included, to fulfil a comparison; [] = nobody can tell."""
    if atom.comparison not in COUNTS and not (atom.comparison in EQUAL and atom.type == "number"):
        return []
    numbers = [float(value) for value in atom.values]
    if atom.comparison == "at_least":
        return [(numbers[0], math.inf)]
    if atom.comparison == "below":
        return [(-math.inf, math.nextafter(numbers[0], -math.inf))]
    return [(numbers[0], numbers[1])] if atom.comparison == "between" else [(one, one) for one in numbers]


def _same(value: str, wanted: str, atom: Atom) -> bool:
    """Whether everything that is the one value is the wanted one too."""
    if atom.type == "number":
        return float(value) == float(wanted)
    if atom.word == "language":
        return f"{_tag(value)}-".startswith(f"{_tag(wanted)}-")
    return value.casefold() == wanted.casefold()


def _differ(value: str, other: str, atom: Atom) -> bool:
    """Whether nothing is both values."""
    if atom.type == "any" and (NUMBER.fullmatch(value) or NUMBER.fullmatch(other)):
        return False
    return not _same(value, other, atom) and not _same(other, value, atom)


def _tag(language: str) -> str:
    return language.casefold().replace("_", "-")
