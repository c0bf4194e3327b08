"""Follows the tutorial of docs/mapping.md to the letter: writes its boxes into files and runs its commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner

from bridge.cli import main

PAGE = Path(__file__).parents[2] / "docs" / "mapping.md"
HOME = "/home/ana/acme"  #: what the page calls the folder
BOX = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ORDER = (
    "version", "mapping", "based_on", "source", "target",
    "accept", "decide", "contact", "case", "protect", "tests",
)  # fmt: skip
"""The sections of a mapping as the page says that they stand."""


@dataclass(frozen=True, slots=True)
class Box:
    """One box of the page. kind: yaml, text, diff, console or sh; file: "" for the last two."""

    kind: str
    file: str
    text: str


def boxes(page: str) -> list[Box]:
    """The boxes of the tutorial, in their order."""
    chapter = page[page.index("\n## A tutorial\n") : page.index("\n## What to know\n")]
    return [Box(*(part or "" for part in found.groups())) for found in BOX.finditer(chapter)]


def followed(page: str, folder: Path) -> Iterator[tuple[str, str]]:
    """Do what the boxes say, one after the other; yield what each console shows, and what it should show."""
    for box in boxes(page):
        path = folder / box.file
        if box.kind == "console":
            command, _, shown = box.text.partition("\n")
            yield run(command, folder), shown
        elif box.kind == "diff":
            path.write_text(changed(path.read_text(encoding="utf-8"), box.text), encoding="utf-8")
        elif box.file:
            path.parent.mkdir(exist_ok=True)
            before = path.read_text(encoding="utf-8") if path.exists() else ""
            path.write_text(with_sections(before, box.text) if box.kind == "yaml" else box.text, encoding="utf-8")


def run(command: str, folder: Path) -> str:
    """What a command prints, with the page's name for the folder."""
    program, *arguments = command.removeprefix("$ ").split()
    assert program == "casebridge"
    done = CliRunner().invoke(main, arguments, env={"CASEBRIDGE_CONFIG": str(folder)}, catch_exceptions=False)
    return done.output.replace(str(folder), HOME)


def changed(text: str, box: str) -> str:
    """A file with the lines of a + and - box taken out and put in, at the one place that the others show."""
    lines = box.splitlines(keepends=True)
    old, new = ("".join(line[1:] for line in lines if line[0] != sign) for sign in "+-")
    assert text.count(old) == 1, f"this stands {text.count(old)} times in the file:\n{old}"
    return text.replace(old, new)


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
