"""How long platforms take a text to be, and how a long one is cut."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.measuring import measure, split
from bridge.ports import Unit

FAMILY = "👨‍👩‍👧"  # five code points, one sign
UNITS: tuple[Unit, ...] = get_args(Unit)

LENGTHS: dict[str, dict[Unit, int]] = {
    "": dict.fromkeys(UNITS, 0),
    "hello": dict.fromkeys(UNITS, 5),
    "grüße": {**dict.fromkeys(UNITS, 5), "bytes": 7},
    "e\u0301": {"characters": 2, "utf16": 2, "bytes": 3, "graphemes": 1, "weighted": 2, "emoji_bytes": 2},
    "日本": {"characters": 2, "utf16": 2, "bytes": 6, "graphemes": 2, "weighted": 4, "emoji_bytes": 2},
    "😡": {"characters": 1, "utf16": 2, "bytes": 4, "graphemes": 1, "weighted": 2, "emoji_bytes": 4},
    FAMILY: {"characters": 5, "utf16": 8, "bytes": 18, "graphemes": 1, "weighted": 2, "emoji_bytes": 18},
    "🇩🇪": {"characters": 2, "utf16": 4, "bytes": 8, "graphemes": 1, "weighted": 2, "emoji_bytes": 8},
}


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("text", LENGTHS)
def test_a_text_is_as_long_as_its_platform_says(text: str, unit: Unit) -> None:
    assert measure(text, unit) == LENGTHS[text][unit]


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("https://example.com/a/very/long/way?with=a&query=to#it", 23),
        ("http://x.co", 23),
        ("see example.com", 4 + 23),
        ("see example.com, please", 4 + 23 + 8),
        ("ana@example.com", 15),
        ("1.5 or a.b", 10),
        ("two https://a.de https://b.fr", 4 + 23 + 1 + 23),
    ],
)
def test_a_link_weighs_23_on_x_however_long_it_is(text: str, weight: int) -> None:
    assert measure(text, "weighted") == weight


def test_a_text_that_fits_is_one_piece() -> None:
    assert split("one two", 7, "characters") == ["one two"]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("First part.\n\nSecond part", ["First part.", "Second part"]),
        ("First line\nsecond line", ["First line", "second line"]),
        ("One is here. Two is there.", ["One is here.", "Two is there."]),
        ("seven words and none longer than seven", ["seven words", "and none", "longer than", "seven"]),
        ("Donaudampfschifffahrtsgesellschaft", ["Donaudampfschi", "fffahrtsgesell", "schaft"]),
    ],
)
def test_a_long_text_is_cut_at_its_best_seam(text: str, pieces: list[str]) -> None:
    assert split(text, 14, "characters") == pieces


def test_no_sign_is_cut_in_two() -> None:
    assert split(FAMILY * 3, 40, "bytes") == [FAMILY * 2, FAMILY]


@pytest.mark.parametrize("text", ["", " ", "\n\n"])
def test_nothing_to_say_is_no_piece(text: str) -> None:
    assert split(text, 10, "characters") == []


SIGNS = [*"ab .\n!?é日😡", "\u200d", "\u0301", "\ufe0f", FAMILY, "https://a.de/"]
TEXTS = st.lists(st.sampled_from(SIGNS), max_size=80).map("".join)


@given(TEXTS, st.integers(4, 60), st.sampled_from(UNITS))
def test_every_piece_fits_and_nothing_but_space_is_lost(text: str, most: int, unit: Unit) -> None:
    most = max(most, 23 if unit == "weighted" else 4)

    pieces = split(text, most, unit)

    assert all(0 < measure(piece, unit) <= most for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())
