"""Texts are made to fit, and what was written is known again."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge import fitting, written

# Without what no database stores, as the inbox hands it on.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)


@settings(max_examples=100, deadline=None)
@given(TEXT, st.integers(min_value=4, max_value=60))
def test_pieces_join_to_the_text_again_and_fit(text: str, room: int) -> None:
    pieces = fitting.split(text, room)

    assert "".join(pieces) == text
    assert all(len(piece.encode()) <= room for piece in pieces)


def test_a_text_is_cut_between_words() -> None:
    assert fitting.split("one two three", 9) == ["one two ", "three"]


def test_a_long_word_is_cut_between_characters() -> None:
    assert fitting.split("a " + "é" * 6, 9) == ["a ééé", "ééé"]


def test_what_is_too_long_is_cut_visibly() -> None:
    assert [fitting.shorten("abcd", n) for n in (4, 3)] == ["abcd", "ab…"]


def test_a_digest_is_blind_to_what_crms_do_to_white_space() -> None:
    assert written.digest("a\nb ") == written.digest("a\r\nb")
    assert written.digest("a b") != written.digest("ab")


@given(st.dictionaries(st.text("abc_", min_size=1, max_size=40), st.text(max_size=50), max_size=80))
def test_notes_stay_under_a_kilobyte_and_prefer_long_texts(fields: dict[str, str]) -> None:
    notes = written.notes_of(fields)

    kept = [len(fields[name.removeprefix("w:")]) for name in notes]
    left = [len(value) for name, value in fields.items() if f"w:{name}" not in notes]
    assert len(json.dumps(notes).encode()) <= 1000
    assert min(kept, default=99) >= max(left, default=0)


def test_only_what_was_remembered_and_is_unchanged_stands() -> None:
    notes = written.notes_of({"Subject": "Hello there"})

    assert [written.stands(notes, "Subject", text) for text in ("Hello  there\n", "Hello!", None)] == [
        True,
        False,
        False,
    ]
    assert not written.stands(notes, "Description", "Hello there")
