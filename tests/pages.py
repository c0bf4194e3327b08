"""Follows a page of docs/ to the letter: writes its boxes into files, runs its commands, tells what they print.

A box is ```yaml FILE or ```text FILE (the file is written), ```diff FILE (its lines are taken out and put in) or
```console: a line `$ casebridge …`, and below it what the command prints, up to the next such line.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner

from bridge.cli import main

DOCS = Path(__file__).parents[1] / "docs"
HOME = "/home/ana/acme"  #: what the pages call the folder
BOX = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|\+00:00| UTC)?")


@dataclass(frozen=True, slots=True)
class Box:
    """One box of a page. file: "" for a console's and for what is only shown."""

    kind: str
    file: str
    text: str


def boxes(page: str) -> list[Box]:
    """The boxes of a page, in their order."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return [Box(*(part or "" for part in found.groups())) for found in BOX.finditer(text)]


def follow(page: str, folder: Path, env: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Do what the boxes say, one after the other; yield each command with what it prints, and as the page has it.

    Times are shown as TIME, and the folder by its name on the pages.
    """
    for box in boxes(page):
        yield from done(box, folder, env)


def done(box: Box, folder: Path, env: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Do what one box says, as `follow` does."""
    path = folder / box.file
    if box.kind == "console":
        for command, shown in COMMAND.findall(box.text):
            told = run(command, env).replace(str(folder), HOME)
            yield f"{command}\n{TIME.sub('TIME', told)}", f"{command}\n{TIME.sub('TIME', shown)}"
    elif box.kind == "diff":
        path.write_text(changed(path.read_text(encoding="utf-8"), box.text), encoding="utf-8")
    elif box.file:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(box.text, encoding="utf-8")


def run(command: str, env: Mapping[str, str]) -> str:
    """What a command prints on both of its streams."""
    program, *arguments = shlex.split(command)
    assert program == "casebridge", command
    return CliRunner().invoke(main, arguments, env=env, catch_exceptions=False).output


def changed(text: str, box: str) -> str:
    """A file with the lines of a + and - box taken out and put in, at the one place that the others show."""
    lines = box.splitlines(keepends=True)
    old, new = ("".join(line[1:] for line in lines if line[0] != sign) for sign in "+-")
    assert text.count(old) == 1, f"this stands {text.count(old)} times in the file:\n{old}"
    return text.replace(old, new)
