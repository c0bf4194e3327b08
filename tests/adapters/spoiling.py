"""Spoils a callback: any one value of it dropped, or replaced by one of another type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Place = tuple[str | int, ...]
"""The keys and indexes that lead to a value."""

DROPPED = object()
MARK = "what-nobody-may-log"


def deep() -> Any:
    value: Any = "x"
    for _ in range(200):
        value = [value]
    return value


RETYPED = [None, 1, MARK, "", [], {}, True, 1.5, -1, 10**30, [None], {"id": {}}, "\x00", "\ud800", deep()]


def places(value: Any) -> list[Place]:
    """Return every place in a JSON value, outermost first."""
    return list(_places(value))


def _places(value: Any) -> Iterator[Place]:
    steps = list(value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ())
    for step, inner in steps:
        yield (step,)
        yield from ((step, *rest) for rest in _places(inner))


def spoiled(whole: Any, place: Place, value: Any) -> Any:
    """Return the whole with this value at the place; what stands elsewhere is shared, not copied."""
    step, *rest = place
    mutant: Any = {**whole} if isinstance(whole, dict) else [*whole]
    if rest:
        mutant[step] = spoiled(whole[step], tuple(rest), value)
    elif value is DROPPED:
        del mutant[step]
    else:
        mutant[step] = value
    return mutant


def mutants(whole: Any, where: list[Place], most: int) -> Iterator[tuple[Place, Any, Any]]:
    """Yield place, value and the whole with it: every place dropped and retyped, but about `most` in all.

    Of a document with many places each gets some of RETYPED only: the next ones at the next place, the same ones
    in every run.
    """
    each = min(len(RETYPED), max(1, most // max(1, len(where)) - 1))
    for i, place in enumerate(where):
        chosen = [RETYPED[(i * each + k) % len(RETYPED)] for k in range(each)]
        for value in (DROPPED, *chosen):
            yield place, value, spoiled(whole, place, value)
