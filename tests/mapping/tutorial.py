"""Follows the tutorial of docs/mapping.md to the letter: writes its boxes into files and runs its commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile
from pathlib import Path

import pages
from pages import Box

ORDER = (
    "version", "mapping", "based_on", "source", "target", "profile", "shadow",
    "accept", "decide", "contact", "case", "protect", "tests",
)  # fmt: skip
"""The sections of a mapping as the page says that they stand."""


def boxes() -> list[Box]:
    """The boxes of the tutorial, in their order."""
    return list(takewhile(lambda box: box.file != "fragment", pages.boxes("mapping.md")))


def followed(folder: Path) -> Iterator[tuple[str, str]]:
    """Do what the boxes say; yield each command with what it prints, and as the page has it."""
    for box in boxes():
        path, whole = folder / box.file, box
        if box.kind == "yaml":
            before = path.read_text(encoding="utf-8") if path.is_file() else ""
            whole = replace(box, text=with_sections(before, box.text))
        yield from pages.done(whole, folder, {"CASEBRIDGE_CONFIG": str(folder)})


def with_sections(text: str, box: str) -> str:
    """A file with new sections in their places; examples come below those that are there."""
    found = sections(text)
    for name, section in sections(box).items():
        assert name == "tests" or name not in found, f"{name} is there already"
        found[name] = found[name] + section.partition("\n")[2] if name in found else section
    if "mapping" not in found:
        return "".join(found.values())
    together = ""
    for name in sorted(found, key=ORDER.index):
        together += f"\n{found[name]}" if found[name].count("\n") > 1 else found[name]
    return together


def sections(text: str) -> dict[str, str]:
    """Name -> its lines, without empty ones at the end."""
    parts = re.findall(r"^(\w+):(.*\n(?:(?:[ #].*)?\n)*)", text, re.MULTILINE)
    return {name: f"{name}:{rest.rstrip()}\n" for name, rest in parts}
