"""docs/mapping.md is true: its tutorial does what it says, its mappings load, its tables are complete."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from mapping_examples import CASE, HEAD
from reading import keys
from tutorial import boxes, followed

from adapters.zendesk import Zendesk
from bridge.mapping import Mapping, read
from bridge.mapping.form import Form, OnePer
from bridge.masks import MASKS
from bridge.message import Kind

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "mapping.md").read_text(encoding="utf-8")
KNOWLEDGE = TEXT[TEXT.index("\n## What to know\n") :]
FRAGMENTS = re.findall(r"^```yaml fragment\n(.*?)^```", KNOWLEDGE, re.DOTALL | re.MULTILINE)
BORROWERS = re.findall(r"^```yaml based_on meta-to-salesforce\n(.*?)^```", KNOWLEDGE, re.DOTALL | re.MULTILINE)


# --- the tutorial -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[str, str]]]:
    """The folder at the tutorial's end, and what each console of it shows and should show."""
    folder = tmp_path_factory.mktemp("acme")
    return folder, list(followed(folder))


def test_who_follows_the_tutorial_to_the_letter_sees_what_it_shows(
    walk: tuple[Path, list[tuple[str, str]]],
) -> None:
    _, seen = walk

    assert [got for got, _ in seen] == [shown for _, shown in seen]
    assert seen[-1][1] == "casebridge check\n2 mappings: no faults\n"


def test_a_third_of_what_the_tutorial_shows_are_messages() -> None:
    consoles = [box.text for box in boxes() if box.kind == "console"]

    wrong = [text for text in consoles if " error: " in text]

    assert len(wrong) >= len(consoles) / 3


def test_the_tutorial_comes_to_every_key_of_the_form(walk: tuple[Path, list[tuple[str, str]]]) -> None:
    folder, _ = walk

    used = {key for name in ("care", "care-france") for key in keys((folder / f"{name}.yaml").read_text("utf-8"))}

    assert Form.model_fields.keys() - used == set()


def test_before_a_box_stands_the_file_that_it_belongs_to() -> None:
    before = re.findall(r"^(.*)\n\n```(?:yaml|diff|text) (\S+)$", TEXT[: TEXT.index(KNOWLEDGE)], re.MULTILINE)

    assert len(before) == len([box for box in boxes() if box.file])
    assert [(named, file) for named, file in before if named != f"`{file}`"] == []


# --- what to know -----------------------------------------------------------------------------------------------


def test_every_block_is_a_fragment_or_a_borrower() -> None:
    assert (len(FRAGMENTS), len(BORROWERS)) == (5, 1)
    assert len(re.findall(r"^```\w", KNOWLEDGE, re.MULTILINE)) == 6


@pytest.mark.parametrize("text", FRAGMENTS, ids=lambda text: text.split(":")[0])
def test_a_fragment_of_the_page_loads(text: str) -> None:
    rest = "" if "case:\n" in text else CASE

    assert isinstance(read(HEAD + text + rest, "care.yaml"), Mapping)


def test_a_mapping_that_is_based_on_a_shipped_one_loads() -> None:
    base = (ROOT / "mappings" / "meta-to-salesforce.yaml").read_text(encoding="utf-8")

    assert [read(text, "to-zendesk.yaml", base).object for text in BORROWERS] == ["ticket"]


def rows(title: str) -> list[str]:
    """The first cells of the table whose header begins like this."""
    table = KNOWLEDGE[KNOWLEDGE.index(f"| {title} |") :].partition("\n\n")[0]
    return [line.split(" | ")[0] for line in table.splitlines()[2:]]


def names(title: str) -> list[str]:
    return [name for row in rows(title) for name in re.findall(r"`(\w+)`", row)]


def test_every_field_of_a_ticket_is_listed() -> None:
    (ticket,) = Zendesk.objects

    assert sorted(names("Fields of a ticket")) == sorted(ticket.fields)


def test_every_way_to_share_a_case_and_every_mask_is_listed() -> None:
    assert sorted(names("`one_per`")) == sorted(get_args(OnePer))
    assert sorted(names("Kind")) == sorted(MASKS)


def test_every_kind_of_message_is_named() -> None:
    assert [kind for kind in get_args(Kind) if not re.search(rf"\b{kind}\b", KNOWLEDGE)] == []
