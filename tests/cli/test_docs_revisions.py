"""docs/revisions.md is followed to the letter."""

from __future__ import annotations

from pathlib import Path

import pages
import pytest


def test_the_page_shows_what_the_commands_print(tmp_path: Path, template: Path) -> None:
    database = tmp_path / "bridge.db"
    database.write_bytes(template.read_bytes())
    env = {"CASEBRIDGE_CONFIG": str(tmp_path), "DATABASE_URL": f"sqlite:///{database}"}

    told, shown = zip(*pages.follow("revisions.md", tmp_path, env), strict=True)

    assert told == shown
    assert len(told) == 8


def test_a_box_that_fits_nowhere_is_no_change() -> None:
    with pytest.raises(AssertionError, match="this stands 0 times in the file"):
        pages.changed("one\n", "-two\n+three\n")
