"""Reads docs/jobs.md: its mappings by name, what stands around them, and the messages of its tables."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = (Path(__file__).parents[1] / "docs" / "jobs.md").read_text(encoding="utf-8")


def blocks(info: str) -> list[str]:
    """Return the blocks behind ```info, in their order."""
    return re.findall(rf"^```{re.escape(info)}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def _said() -> dict[str, list[str]]:
    """Return the messages of the table below each mapping; a table below two is the last one's."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in PAGE.splitlines():
        if line.startswith("mapping: "):
            name = line.removeprefix("mapping: ")
        elif line.startswith("| ") and (words := re.match(r"\| [^|“]*“([^”]*)” \|", line)):
            found.setdefault(name, []).append(words[1])
    return found


MAPPINGS = {re.findall("^mapping: (.*)", text, re.MULTILINE)[0]: text for text in blocks("yaml")}
CONNECTIONS = blocks("yaml connections")[0]
LISTS = dict(re.findall(r"^```text (\S+)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE))
SAID = _said()


def write(folder: Path) -> None:
    """Write every mapping and list of the page into a folder."""
    for name, text in MAPPINGS.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    for path, text in LISTS.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
