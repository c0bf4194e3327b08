"""docs/mappings.md is true: its mappings load, its tables are complete, its messages are the real ones."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from mapping_examples import CASE, HEAD, faults

from adapters.zendesk import Zendesk
from bridge.errors import ConfigError
from bridge.mapping import Mapping, load, read
from bridge.mapping.conditions import COMPARISONS
from bridge.mapping.document import parse
from bridge.mapping.filters import FILTERS
from bridge.mapping.form import Form
from bridge.mapping.paths import PATHS
from bridge.message import Kind

SHIPPED = Path(__file__).parents[2] / "mappings"
PAGE = (Path(__file__).parents[2] / "docs" / "mappings.md").read_text(encoding="utf-8")
WHOLE = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
BORROWERS = re.findall(r"```yaml based_on meta-to-salesforce\n(.*?)```", PAGE, re.DOTALL)
FRAGMENTS = re.findall(r"```yaml fragment\n(.*?)```", PAGE, re.DOTALL)


def test_every_block_is_a_whole_mapping_a_fragment_or_a_message() -> None:
    assert (len(WHOLE), len(FRAGMENTS), len(BORROWERS)) == (2, 7, 1)
    assert len(re.findall(r"^```\w", PAGE, re.MULTILINE)) == 10


def test_a_mapping_of_the_page_loads() -> None:
    shortest, order = WHOLE

    assert isinstance(read(shortest, "shortest.yaml"), Mapping)
    names = [node.text or "" for node in parse(order, "connections.yaml").root.entries["mappings"].items]
    assert [made.name for made in load(SHIPPED, names)] == ["meta-to-zendesk", "meta-to-salesforce"]


def test_a_mapping_that_is_based_on_a_shipped_one_loads() -> None:
    base = (SHIPPED / "meta-to-salesforce.yaml").read_text(encoding="utf-8")

    assert [read(text, "to-zendesk.yaml", base).object for text in BORROWERS] == ["ticket"]


def test_every_field_of_a_ticket_is_listed() -> None:
    table = PAGE[PAGE.index("| Fields of a ticket") : PAGE.index("`public` under `update.comment`")]

    rows = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == Zendesk.case.fields


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


def test_the_messages_of_the_page_are_the_real_ones(tmp_path: Path) -> None:
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

    told = "\n".join(
        [*(fault for section in sections for fault in faults(section + "\n")), *of_two_files(tmp_path)]
    )

    listed = re.findall(r"^\| `([^`]+)` \|", PAGE[PAGE.index("## When something is wrong") :], re.MULTILINE)
    assert [message for message in listed if not re.search(pattern(message), told)] == []


def of_two_files(folder: Path) -> tuple[str, ...]:
    """The faults of a mapping that is based on another one, and of its fields."""
    base = "decide: {topic: [{otherwise: '{person.X}'}]}\n"
    contact = "contact: {object: user, match: [{external_id: '{author.id}'}], fetch: [X]}\n"
    (folder / "care.yaml").write_text(HEAD + base + contact + CASE, encoding="utf-8")
    head = HEAD.replace("mapping: care", "mapping: desk\nbased_on: care")
    case = "case: {object: ticket, create: {prioritty: x}}\n"
    found: list[str] = []
    for sections in (contact.replace("[X]", "[]"), contact + base, contact):
        (folder / "desk.yaml").write_text(head + sections + case, encoding="utf-8")
        with pytest.raises(ConfigError) as caught:
            load(folder, ["desk"], targets={"crm": Zendesk})
        found += caught.value.faults
    return tuple(found)


def pattern(message: str) -> str:
    """A regular expression for a message in which … stands for anything, and lines and files may differ."""
    written = re.escape(message).replace("…", ".*")
    return re.sub(r"line\\ \d+|(?:meta|care)\\\.yaml:\d+", r"\\S+(?: \\d+)?", written)
