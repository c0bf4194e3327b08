"""What stands in pages and mappings: keys, placeholders and filters that are used, and links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from bridge.mapping.document import Node, parse

ROOT = Path(__file__).parents[2]


def keys(text: str) -> set[str]:
    """Every key of a YAML file, at whatever depth."""
    return set(_keys(parse(text, "any.yaml").root))


def _keys(node: Node) -> Iterator[str]:
    yield from node.entries
    for below in (*node.entries.values(), *node.items):
        yield from _keys(below)


def placeholders(texts: list[str]) -> tuple[set[str], set[str]]:
    """The words and the filters in the braces of these texts."""
    inside = [found for text in texts for found in re.findall(r"{([\w.]+(?: *\|[^{}]*)?)}", text)]
    parts = [[part.strip() for part in one.split("|")] for one in inside]
    filters = {part.split()[0] for one in parts for part in one[1:]}
    behind = {part.split()[1] for one in parts for part in one[1:] if part.startswith("default ")}
    return {one[0] for one in parts} | behind, filters
