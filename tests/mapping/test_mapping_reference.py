"""docs/mapping-reference.md is what the language says of itself: all of it, and nothing else; and all is used."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from broken_files import BROKEN
from mapping_examples import CASE, HEAD, MESSAGE, filled
from pydantic import BaseModel
from reading import ROOT, keys, placeholders

from bridge.mapping import read, reference
from bridge.mapping.codes import CODES
from bridge.mapping.conditions import COMPARISONS, TOLD
from bridge.mapping.filters import FILTERS
from bridge.mapping.filters import TOLD as FILTERS_TOLD
from bridge.mapping.form import Form
from bridge.mapping.hours import DAYS, Hours, Span
from bridge.mapping.paths import CASE_TIMES, OPEN, OPENED, PATHS
from bridge.mapping.payload_form import PayloadForm
from bridge.mapping.signals import Signal, indexed
from bridge.mapping.surroundings import Surroundings
from bridge.message import Message

FILE = ROOT / "docs" / "mapping-reference.md"
TEXT = reference.markdown()
ANEW = "python -m bridge.mapping.reference > docs/mapping-reference.md"


def test_the_page_is_what_the_program_writes() -> None:
    assert FILE.read_text(encoding="utf-8") == TEXT, f"write it anew: {ANEW}"


def test_the_command_on_the_page_writes_it() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bridge.mapping.reference"], cwd=ROOT, capture_output=True, check=True
    )

    assert done.stdout.decode() == TEXT


# --- all of it, and nothing else --------------------------------------------------------------------------------


def chapter(title: str) -> str:
    """The text of a chapter."""
    return TEXT[TEXT.index(f"\n## {title}\n") :].partition("\n## ")[2].partition("\n## ")[0]


def first_cells(text: str) -> list[str]:
    """What stands in the first column of its tables, without the heads."""
    return [name for row in re.findall(r"^\| (`.*?`) \|", text, re.MULTILINE) for name in row[1:-1].split("`, `")]


def keys_of(model: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[str]:
    """Every key of a form and of the forms in it."""
    seen.add(model)
    for name, field in model.model_fields.items():
        yield field.alias or name
        for below in models(field.annotation):
            if below not in seen:
                yield from keys_of(below, seen)


def models(kind: Any) -> Iterator[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for part in getattr(kind, "__args__", ()):
        yield from models(part)


def test_every_key_of_both_forms_has_its_row() -> None:
    seen: set[type[BaseModel]] = set()

    expected = [sorted(keys_of(root, seen)) for root in (Form, PayloadForm)]

    assert [sorted(first_cells(chapter(title))) for title in ("Mappings", "Payload maps")] == expected


def test_every_key_says_what_it_is_for() -> None:
    rows = re.findall(r"^\| `.*\|$", chapter("Mappings") + chapter("Payload maps"), re.MULTILINE)

    assert len(rows) > 80
    assert [row for row in rows if row.endswith("| |")] == []


def test_every_comparison_filter_and_word_has_its_row() -> None:
    assert first_cells(chapter("Comparisons")) == list(COMPARISONS)
    assert sorted(first_cells(chapter("Filters"))) == sorted([*FILTERS, "default"])
    assert first_cells(chapter("Words")) == [*PATHS, *OPENED]
    assert {word.partition(".")[0] for word in OPENED} == OPEN.keys()
    assert {word for word in OPENED if word.startswith("case.")} == {f"case.{name}" for name in CASE_TIMES}


def test_every_code_has_its_row() -> None:
    assert first_cells(chapter("Error codes")) == list(CODES)


def test_the_keys_of_hours_have_their_rows() -> None:
    known = ["lists.NAME", "signals.NAME", "hours.NAME", "time_zone", *DAYS, "holidays"]

    assert first_cells(chapter("Lists, hours and signals")) == known


# --- the examples -----------------------------------------------------------------------------------------------

WEEKDAY = (Span(8 * 60, 20 * 60),)
AROUND = Surroundings(
    lists={"vip": frozenset({"anna"})},
    hours={"care_desk": Hours(ZoneInfo("Europe/Berlin"), (*[WEEKDAY] * 5, (), ()))},
    signals={"angry": Signal({"en": indexed(["a disgrace"])}), "urgent": Signal({})},
)


@pytest.mark.parametrize("name", TOLD)
def test_the_example_of_a_comparison_is_true_of_its_value(name: str) -> None:
    _, example, value = TOLD[name]
    word = example.partition(":")[0]

    rules = f"decide:\n  hit:\n    - when: {{{example}}}\n      use: yes\n    - otherwise: no\n"
    proof = f'tests:\n  - {{name: it is true, message: {{{word}: "{value}"}}, expect: {{hit: yes}}}}\n'

    assert f"{name}:" in example
    assert read(HEAD + rules + CASE + proof, "care.yaml", around=AROUND).name == "care"


@pytest.mark.parametrize("name", FILTERS_TOLD)
def test_the_example_of_a_filter_comes_to_what_is_shown(name: str) -> None:
    _, example, before, after = FILTERS_TOLD[name]

    assert f"| {name}" in example
    assert filled(example, holding(example, json.loads(before))) == json.loads(after)


def holding(example: str, value: Any) -> Message:
    """The message with this value for the word of the example."""
    changes: dict[str, dict[str, Any]] = {
        "author.name": {"author": replace(MESSAGE.author, name=value or "")},
        "raw.tags": {"raw": json.dumps({"tags": value}).encode()},
        "text": {"text": value},
        "url": {"url": value},
    }
    word = re.findall(r"{([\w.]+)", example)[0]
    return replace(MESSAGE, **changes.get(word) or {"sent_at": datetime.fromisoformat(value)})


# --- all of it is used ------------------------------------------------------------------------------------------


def loaded() -> list[str]:
    """The files and examples that tests load: of the pages, the shipped ones, the whole form, and those above."""
    pages = [
        (ROOT / "docs" / page).read_text(encoding="utf-8")
        for page in ("mapping.md", "jobs.md", "channels/webhook.md")
    ]
    boxes = [
        text for page in pages for text in re.findall(r"^```yaml.*?\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    ]
    files = [*sorted((ROOT / "mappings").rglob("*.yaml")), BROKEN / "sound.yaml"]
    examples = [f"- {{{example}}}" for _, example, _ in TOLD.values()]
    return [*boxes, *(file.read_text(encoding="utf-8") for file in files), *examples]


def test_every_key_comparison_filter_and_word_is_used_in_a_file_that_is_loaded() -> None:
    texts = loaded()

    used = {key for text in texts for key in keys(text)}
    words, filters = placeholders([*texts, *(example for _, example, _, _ in FILTERS_TOLD.values())])

    seen: set[type[BaseModel]] = set()
    named = {*keys_of(Form, seen), *keys_of(PayloadForm, seen), *COMPARISONS}
    assert sorted(named - used) == []
    assert sorted({*FILTERS, "default"} - filters) == []
    assert sorted(PATHS.keys() - words - used) == []
    assert sorted(OPEN.keys() - {word.partition(".")[0] for word in words | used}) == []
