"""docs/regulated.md is true: who follows it to the letter sees what it shows, and its table is complete."""

from __future__ import annotations

import re
from pathlib import Path

import pages

from bridge.mapping import regulated

TEXT = (pages.DOCS / "regulated.md").read_text(encoding="utf-8")


def test_who_follows_the_page_to_the_letter_sees_what_it_shows(tmp_path: Path) -> None:
    told, shown = zip(*pages.follow("regulated.md", tmp_path, {"CASEBRIDGE_CONFIG": str(tmp_path)}), strict=True)

    assert told == shown
    assert len(told) == 3


def test_every_code_of_the_profile_is_in_its_table() -> None:
    given = re.findall(r'fault\([^"]*"([a-z-]+)"', Path(regulated.__file__).read_text(encoding="utf-8"))

    assert sorted(set(given)) == sorted(re.findall(r"^\| `([a-z-]+)` \|", TEXT, re.MULTILINE))
