"""docs/editor.md is followed to the letter, and its file opened in the language server."""

from __future__ import annotations

import os
import re
from pathlib import Path

import nodejs
import pages
import pytest
from click.testing import CliRunner
from language_server import HERE, Editor

from bridge.cli import main

ROOT = HERE.parents[1]
PAGE = (ROOT / "docs" / "editor.md").read_text(encoding="utf-8")
CONSOLE = re.compile(r"^ *```console\n *\$ casebridge (.*)\n((?: +wrote .*\n)+) *```$", re.MULTILINE)
FAULT = re.compile(r"^\| ([0-9]+) \| (.*) \|$", re.MULTILINE)
LINE = re.compile(r"`(# yaml-language-server: \S+)`")


def written(folder: Path) -> str:
    """Do what the console of the page says, and return what is printed."""
    command = CONSOLE.findall(PAGE)[0][0].split()
    done = CliRunner().invoke(main, command, env={"CASEBRIDGE_CONFIG": str(folder)}, catch_exceptions=False)
    return done.output.replace(str(folder), pages.HOME)


def test_the_console_shows_what_the_command_prints(tmp_path: Path) -> None:
    shown = [line.strip() for line in CONSOLE.findall(PAGE)[0][1].splitlines()]

    assert written(tmp_path).splitlines() == shown


def test_the_lines_of_the_page_are_those_of_the_shipped_files() -> None:
    shipped = {
        line
        for path in (ROOT / "mappings").rglob("*.yaml")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("# yaml-language-server")
    }

    assert shipped <= set(LINE.findall(PAGE))
    assert len(shipped) >= 3


def test_the_editor_says_of_the_file_what_the_page_tells(tmp_path: Path) -> None:
    if why := nodejs.missing(HERE):
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"no language server: {why}")
    written(tmp_path)
    files = {box.file: box.text for box in pages.boxes("editor.md") if box.file}

    with Editor(tmp_path) as editor:
        found = editor.faults(files)

    assert {name: sorted(faults) for name, faults in found.items()} == {
        "care.yaml": sorted((int(line), said) for line, said in FAULT.findall(PAGE))
    }
