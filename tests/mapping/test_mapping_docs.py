"""docs/mappings.md is true: its mappings load, its tables are complete, its messages are the real ones."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from mapping_examples import CASE, HEAD, faults

from bridge.mapping import Mapping, read
from bridge.mapping.conditions import COMPARISONS
from bridge.mapping.filters import FILTERS
from bridge.mapping.form import Form
from bridge.mapping.paths import PATHS
from bridge.message import Kind

PAGE = (Path(__file__).parents[2] / "docs" / "mappings.md").read_text(encoding="utf-8")
WHOLE = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
FRAGMENTS = re.findall(r"```yaml fragment\n(.*?)```", PAGE, re.DOTALL)


def test_every_block_is_a_whole_mapping_a_fragment_or_a_message() -> None:
    assert len(re.findall(r"^```\w", PAGE, re.MULTILINE)) == len(WHOLE) + len(FRAGMENTS) == 7


@pytest.mark.parametrize("text", WHOLE)
def test_a_mapping_of_the_page_loads(text: str) -> None:
    assert isinstance(read(text, "shortest.yaml"), Mapping)


@pytest.mark.parametrize("text", FRAGMENTS, ids=lambda text: text.split(":")[0])
def test_a_fragment_of_the_page_loads(text: str) -> None:
    rest = "" if text.startswith("case:") else CASE

    assert isinstance(read(HEAD + text + rest, "care.yaml"), Mapping)


def test_every_section_has_its_chapter() -> None:
    chapters = re.findall(r"^## (\w+):", PAGE, re.MULTILINE)

    assert set(chapters) == Form.model_fields.keys() - {"version", "mapping", "source", "target"}


def test_every_word_filter_comparison_and_kind_is_explained() -> None:
    rows = "\n".join(line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `"))
    named = {name.split(" ")[0].strip(":") for name in re.findall(r"`([^`]+)`", rows)}

    missing = {*PATHS, *FILTERS, "default", *COMPARISONS} - named

    assert missing == set()
    assert [kind for kind in get_args(Kind) if not re.search(rf"\b{kind}\b", PAGE)] == []


def test_the_messages_of_the_page_are_the_real_ones() -> None:
    sections = [
        "accept: {drop: [{author.folowers: 3}]}",
        "accept: {drop: [{text: {contains: [fraud, hacked]}}]}",
        "accept: {when: {kind: post}}",
        "accept: {kind: post}",
        "decide: {topic: [{otherwise: {text}}]}",
        "decide: {topic: [{otherwise: General}], b: [{when: {topic: Genral}, use: x}, {otherwise: y}]}",
        "decide: {b: [{otherwise: '{topic}'}], topic: [{otherwise: x}]}",
        "decide: {topic: [{otherwise: x}, {otherwise: y}]}",
        "decide: {b: [{otherwise: '{person.X}'}]}\ncontact: {object: Contact, match: [{A: '{author.id}'}]}",
        "decide: {priority: [{otherwise: Low}]}\ntests: [{name: …, expect: {priority: High}}]",
    ]

    told = "\n".join(fault for section in sections for fault in faults(section + "\n"))

    listed = re.findall(r"^\| `([^`]+)` \|", PAGE[PAGE.index("## When something is wrong") :], re.MULTILINE)
    assert [message for message in listed if not re.search(pattern(message), told)] == []


def pattern(message: str) -> str:
    """A regular expression for a message in which … stands for anything, and lines and files may differ."""
    written = re.escape(message).replace("…", ".*")
    return re.sub(r"line\\ \d+|meta\\\.yaml:\d+", r"\\S+(?: \\d+)?", written)
