"""The command `casebridge plan`, and its page in the docs, followed to the letter."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from shutil import copy

import pages
import pytest
import road
from click.testing import CliRunner, Result
from crms import SALESFORCE

from bridge.cli import main
from bridge.message import Account, Message, Person
from bridge.store import connect, inbox
from bridge.store.inbox import Arrival

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SAID = (
    ("1001", "ana", "No signal since eight o'clock"),
    ("1002", "ben", "Thank you!"),
    ("1003", "cem", "Free chips at our casino"),
    ("1004", "dan", "A giveaway for all"),
    ("1005", "eve", "Never mind"),
)


def messages() -> list[Message]:
    """What the page's customers wrote; the last one deletes it."""
    told = [
        Message(
            channel="x", connection="acme-meta", account=Account(id="2244000001"), id=number, kind="mention",
            author=Person(id=author), thread=number, text=text, received_at=NOON, public=True,
        )
        for number, author, text in SAID
    ]  # fmt: skip
    return [*told, replace(told[-1], change="deleted", text="")]


@pytest.fixture(scope="module")
def stored(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with these messages."""
    file = Path(copy(template, tmp_path_factory.mktemp("stored") / "bridge.db"))
    store = connect(f"sqlite:///{file}")
    for one in messages():
        with store.write() as c:
            inbox.ingest(c, Arrival(connection="acme-meta", received_at=NOON, messages=[one]))
    store.engine.dispose()
    return file


@pytest.fixture
def env(stored: Path, tmp_path: Path) -> Mapping[str, str]:
    """The environment of a folder with the page's first file, beside which the others are written."""
    file = road.connections(SALESFORCE).replace("[plain]", "[x-care]")
    env = road.configure(tmp_path, file=file, database_url=f"sqlite:///{copy(stored, tmp_path)}")
    for name, text in written().items():
        (tmp_path / "config" / name).write_text(text, encoding="utf-8")
    return env


def written() -> dict[str, str]:
    """The files of the page."""
    text, diff = (box.text for box in pages.boxes("plan.md") if box.file)
    return {"x-care.yaml": text, "new.yaml": pages.changed(text, diff)}


def run(env: Mapping[str, str], *arguments: str) -> Result:
    """Run the command in the folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(env["CASEBRIDGE_CONFIG"])
        return CliRunner().invoke(main, arguments, env=dict(env), catch_exceptions=False)


# --- the page -------------------------------------------------------------------------------------------------


def test_the_page_shows_what_the_command_prints(env: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(env["CASEBRIDGE_CONFIG"])
    monkeypatch.chdir(folder)
    copy("x-care.yaml", "new.yaml")

    told, shown = zip(*pages.follow("plan.md", folder, env), strict=True)

    assert told == shown
    assert len(told) == 2


# --- what is compared -----------------------------------------------------------------------------------------

NOTHING = "Nothing would change: 4 messages went through both."


def summary(done: Result) -> str:
    """The sentence that says how much would change."""
    assert done.exit_code == 0, done.output
    return next(line for line in done.output.splitlines() if " would change" in line)


def test_the_folder_is_compared_with_what_was_published(env: Mapping[str, str]) -> None:
    run(env, "publish")
    folder = Path(env["CASEBRIDGE_CONFIG"])

    before = run(env, "plan")
    copy(folder / "new.yaml", folder / "x-care.yaml")
    after = run(env, "plan")

    assert summary(before) == NOTHING
    assert summary(after) == (
        "2 of 4 messages would change: 1 priority, 1 dropped. Cases: 1 not opened, 1 changed."
    )


def test_a_revision_can_be_compared_with_the_one_at_work(env: Mapping[str, str]) -> None:
    folder = Path(env["CASEBRIDGE_CONFIG"])
    run(env, "publish")
    copy(folder / "new.yaml", folder / "x-care.yaml")
    run(env, "publish")

    assert summary(run(env, "plan", "--revision", "1")) == (
        "2 of 4 messages would change: 1 priority, 1 filed now. Cases: 1 new, 1 changed."
    )
    assert summary(run(env, "plan", "--revision", "2")) == NOTHING


def test_a_new_mapping_takes_only_what_is_left_unless_it_is_tried_before(env: Mapping[str, str]) -> None:
    sales = written()["x-care.yaml"].replace("mapping: x-care", "mapping: sales")
    (Path(env["CASEBRIDGE_CONFIG"]) / "sales.yaml").write_text(sales)

    assert summary(run(env, "plan", "sales.yaml")) == NOTHING
    assert summary(run(env, "plan", "sales.yaml", "--before", "x-care")) == (
        "3 of 4 messages would change: 3 taken by another mapping."
    )


def test_the_last_messages_alone_are_looked_at(env: Mapping[str, str]) -> None:
    found = json.loads(run(env, "plan", "new.yaml", "--last", "4", "--format", "json").output)

    assert [one["key"] for one in found["changed"]] == ["x:2244000001:1003:created"]
    assert (found["messages"], found["left_out"]) == (2, {"deleted": 1})


# --- exit codes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("file", "code"), [("new.yaml", 1), ("x-care.yaml", 0)])
def test_the_exit_code_tells_of_changes_where_it_is_asked_to(env: Mapping[str, str], file: str, code: int) -> None:
    assert run(env, "plan", file, "--exit-code").exit_code == code
    assert run(env, "plan", file).exit_code == 0


def test_a_file_with_faults_is_not_tried(env: Mapping[str, str]) -> None:
    broken = Path(env["CASEBRIDGE_CONFIG"]) / "broken.yaml"
    broken.write_text(written()["new.yaml"].replace("{priority}", "{piority}"))

    done = run(env, "plan", "broken.yaml")

    assert done.exit_code == 1
    assert done.output.startswith("broken.yaml:18:")
    assert "did you mean 'priority'?" in done.output


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (None, "next.yaml error: it cannot be read: No such file or directory [unreadable-file]\n"),
        (b"\xff", "next.yaml error: this is not UTF-8 text: byte 1 is none; save the file as UTF-8 [not-utf-8]\n"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(env: Mapping[str, str], data: bytes | None, told: str) -> None:
    if data is not None:
        (Path(env["CASEBRIDGE_CONFIG"]) / "next.yaml").write_bytes(data)

    done = run(env, "plan", "next.yaml")

    assert (done.exit_code, done.output) == (1, told)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("new.yaml", "--revision", "1"), "--revision stands in the place of files"),
        (("--before", "x-care"), "--before says where a new file is tried: name the file"),
        (("--revision", "7"), "no mappings were published yet: `casebridge publish`"),
    ],
)
def test_what_cannot_be_compared_is_said(env: Mapping[str, str], arguments: tuple[str, ...], told: str) -> None:
    done = run(env, "plan", *arguments)

    assert done.exit_code == 2
    assert told in done.output
