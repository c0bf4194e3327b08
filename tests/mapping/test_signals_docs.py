"""docs/signals.md is true: who follows it to the letter sees what it shows."""

from __future__ import annotations

from pathlib import Path

import pages
import pytest

from bridge import detecting
from bridge.mapping.document import MOST_BYTES, MOST_NODES

PLAIN = " ".join((pages.DOCS / "signals.md").read_text(encoding="utf-8").split())


def test_who_follows_the_page_to_the_letter_sees_what_it_shows(tmp_path: Path) -> None:
    told, shown = zip(*pages.follow("signals.md", tmp_path, {"CASEBRIDGE_CONFIG": str(tmp_path)}), strict=True)

    assert told == shown
    assert len(told) == 4


@pytest.mark.parametrize(
    "said",
    [
        f"at most {MOST_NODES:,} words and phrases and {MOST_BYTES // 1000} kB",
        {6: "below six letters"}[detecting.LEAST_LETTERS],
        {3: "(two signs of Chinese, Japanese or Korean)"}[detecting.WORTH],
        f"below {detecting.SHORT} where the library is less than {detecting.SHORT_SCORE:.0%} certain",
        f"else {detecting.LEAST_SCORE:.0%}",
    ],
)
def test_the_limits_on_the_page_are_those_of_the_program(said: str) -> None:
    assert said in PLAIN
