"""docs/jobs.md is true: everything on it loads as it stands, and its examples come out as it says."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import jobs_page
import pytest
from jobs_page import LISTS, MAPPINGS, PAGE, SAID

from bridge import configuration
from bridge.errors import ConfigError
from bridge.mapping.document import parse

SHIPPED = Path(__file__).parents[2] / "mappings"
ORDER = parse(jobs_page.blocks("yaml order")[0], "order").root.entries["mappings"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a reader has who copied the whole page."""
    jobs_page.write(tmp_path)
    shutil.copytree(SHIPPED / "payloads", tmp_path / "payloads")
    (tmp_path / "connections.yaml").write_text(jobs_page.CONNECTIONS, encoding="utf-8")
    return tmp_path


def switched_on(folder: Path, *names: str) -> None:
    """Name these mappings in connections.yaml."""
    text = jobs_page.CONNECTIONS.replace("[queue-per-language]", f"[{', '.join(names)}]")
    (folder / "connections.yaml").write_text(text, encoding="utf-8")


def test_the_page_has_eight_jobs_and_every_block_is_known() -> None:
    headings = re.findall(r"^## (\d)\. ", PAGE, re.MULTILINE)

    infos = sorted({info.partition(" ")[2] for info in re.findall(r"^```(\w.*)", PAGE, re.MULTILINE)})
    assert headings == [str(n) for n in range(1, 9)]
    assert infos == ["", "connections", *sorted(LISTS), "order"]
    assert MAPPINGS.keys() == SAID.keys() | {"complaints"}  # its table stands below the Lead's mapping


@pytest.mark.parametrize("name", MAPPINGS)
def test_a_mapping_of_the_page_loads_with_its_connections_and_adapters(name: str, folder: Path) -> None:
    switched_on(folder, name)

    assert len(configuration.offline({"CASEBRIDGE_CONFIG": str(folder)}).mappings) == 1
    assert "tests" in parse(MAPPINGS[name], name).root.entries


def test_all_mappings_of_the_page_load_together(folder: Path) -> None:
    switched_on(folder, *MAPPINGS)

    assert len(configuration.offline({"CASEBRIDGE_CONFIG": str(folder)}).mappings) == len(MAPPINGS) == 10


@pytest.mark.parametrize("name", MAPPINGS)
def test_the_examples_of_a_mapping_are_run(name: str, folder: Path) -> None:
    switched_on(folder, name)
    wrong = re.sub(r"^    expect: \{[\w.]+: ", r"\g<0>not-", MAPPINGS[name], flags=re.MULTILINE)
    wrong = wrong.replace(': not-"', ': "not-').replace("dropped: not-false", "dropped: true")
    (folder / f"{name}.yaml").write_text(wrong, encoding="utf-8")

    with pytest.raises(ConfigError) as caught:
        configuration.offline({"CASEBRIDGE_CONFIG": str(folder)})

    examples = parse(wrong, name).root.entries["tests"].items
    assert [fault.count("[test-failed]") for fault in caught.value.faults] == [1] * len(examples)


def test_complaints_come_before_buying_signals() -> None:
    assert [node.text for node in ORDER.items] == ["complaints", "buying-signals"]


def test_what_cannot_be_done_is_said_of_every_job() -> None:
    jobs = re.split(r"^## \d\. ", PAGE, flags=re.MULTILINE)[1:]

    assert [job.count("What it cannot do: ") for job in jobs] == [1] * 8


def test_no_two_messages_of_the_page_are_alike() -> None:
    said = [words for job in SAID.values() for words in job]

    assert [(one, other) for one in said for other in said if one is not other and one in other] == []
