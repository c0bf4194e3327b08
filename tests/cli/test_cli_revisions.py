"""publish, revisions, diff and rollback: whole outputs, exit codes, and what the database holds afterwards."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import road
from click.testing import CliRunner
from crms import SALESFORCE

from bridge.cli import main

SUBJECT = '    Subject: "{account.brand}"\n'
LOUD = '    Subject: "{account.brand | upper}"\n'
BROKEN = '    Subject: "{acount.brand}"\n'
WHEN = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC")


@dataclass(frozen=True, slots=True)
class Desk:
    """An admin's folder and database."""

    env: Mapping[str, str]
    mapping: Path

    def run(self, *arguments: str) -> tuple[int, str]:
        """The exit code of a command and what it prints; a time is shown as TIME."""
        done = CliRunner().invoke(main, arguments, env=self.env, catch_exceptions=False)
        return done.exit_code, WHEN.sub("TIME", done.output)

    def write(self, subject: str) -> None:
        """Give the cases another subject."""
        self.mapping.write_text(SALESFORCE.mapping.replace(SUBJECT, subject))


@pytest.fixture
def desk(tmp_path: Path, template: Path) -> Desk:
    """Without any secret, beside an empty database."""
    road.configure(tmp_path)
    (tmp_path / "bridge.db").write_bytes(template.read_bytes())
    env = {**road.bare(tmp_path), "CASEBRIDGE_CONFIG": str(tmp_path / "config")}
    return Desk(env, tmp_path / "config" / "plain.yaml")


def test_files_are_published_once_and_again_when_they_change(desk: Desk) -> None:
    told = [desk.run("publish"), desk.run("publish")]
    desk.write(LOUD)
    told.append(desk.run("publish"))

    assert told == [
        (0, "revision 1 is at work now\n"),
        (0, "revision 1 stays at work\n"),
        (0, "revision 2 is at work now\n"),
    ]


def test_bad_files_are_named_and_nothing_is_published(desk: Desk) -> None:
    desk.write(BROKEN)
    first = desk.run("publish")
    desk.write(SUBJECT)
    desk.run("publish")
    desk.write(BROKEN)

    second = desk.run("publish")

    assert first[0] == second[0] == 1
    assert "plain.yaml:16:16 error: unknown word 'acount.brand'" in first[1]
    assert first[1].endswith("\nnothing was published\n")
    assert second[1].endswith("\nnothing was published; revision 1 stays at work\n")
    assert desk.run("revisions")[1].startswith("   1  TIME  at work  files\n")


def test_faults_of_settings_and_files_are_named_together(desk: Desk) -> None:
    desk.write(BROKEN)

    code, told = Desk({**desk.env, "POLL": "soon"}, desk.mapping).run("publish")

    assert code == 2
    assert "POLL='soon' cannot be used" in told
    assert "plain.yaml:16:16 error: unknown word 'acount.brand'" in told


def test_revisions_are_listed_with_what_changed(desk: Desk) -> None:
    empty = desk.run("revisions")
    for subject in (SUBJECT, LOUD):
        desk.write(subject)
        desk.run("publish")
    desk.run("rollback", "1")

    lines = len(SALESFORCE.mapping.splitlines())
    assert empty == (0, "no mappings were published yet: `casebridge publish`\n")
    assert desk.run("revisions") == (
        0,
        (
            "   3  TIME  at work  rollback to 1\n"
            "      plain.yaml +1 -1\n"
            "   2  TIME           files\n"
            "      plain.yaml +1 -1\n"
            "   1  TIME           files\n"
            f"      connections.yaml +3 -0, plain.yaml +{lines} -0\n"
        ),
    )


def test_diff_shows_what_a_revision_changed_and_what_publishing_would_change(desk: Desk) -> None:
    for subject in (SUBJECT, LOUD):
        desk.write(subject)
        desk.run("publish")

    published, alike = desk.run("diff", "1", "2"), desk.run("diff")
    desk.write(SUBJECT)
    here = desk.run("diff")

    assert published == desk.run("diff", "1")
    assert published[1].splitlines()[:2] == ["--- revision 1/plain.yaml", "+++ revision 2/plain.yaml"]
    changed = [line for line in published[1].splitlines()[2:] if line[0] in "+-"]
    assert changed == [f"-{SUBJECT.rstrip()}", f"+{LOUD.rstrip()}"]
    assert alike == (0, "revision 2 and the folder are alike\n")
    assert here[1].splitlines()[:2] == ["--- revision 2/plain.yaml", "+++ the folder/plain.yaml"]


@pytest.mark.parametrize("command", [("diff", "7"), ("diff", "1", "7"), ("rollback", "7")])
def test_a_number_that_is_not_there_is_told(desk: Desk, command: tuple[str, ...]) -> None:
    desk.run("publish")

    assert desk.run(*command) == (2, "there is no revision 7: they go from 1 to 1\n")


def test_a_rollback_is_a_new_revision_and_outlives_the_next_release(desk: Desk) -> None:
    for subject in (SUBJECT, LOUD):
        desk.write(subject)
        desk.run("publish")

    told = [desk.run("rollback", "1"), desk.run("rollback", "1"), desk.run("publish", "--if-changed")]

    assert told == [
        (0, "revision 3 is at work now, with the files of revision 1\n"),
        (0, "revision 3 is these files, and at work already\n"),
        (0, "revision 3 stays at work\n"),
    ]
    assert desk.run("publish") == (0, "revision 4 is at work now\n")


def test_a_rollback_to_what_does_not_fit_any_more_changes_nothing(desk: Desk) -> None:
    desk.run("publish")
    config = desk.mapping.with_name("connections.yaml")
    desk.write(LOUD.replace("account.brand", "account.id"))
    desk.run("publish")
    config.write_text(config.read_text().replace("salesforce:\n", "org:\n", 1))

    code, told = desk.run("rollback", "1")

    assert code == 1
    assert "there is no connection 'salesforce' of that kind in connections.yaml" in told
    assert told.endswith("\nrevision 1 does not fit connections.yaml any more: nothing was changed\n")


def test_a_database_that_was_not_migrated_is_told(desk: Desk, tmp_path: Path) -> None:
    empty = Desk({**desk.env, "DATABASE_URL": f"sqlite:///{tmp_path / 'new.db'}"}, desk.mapping)

    code, told = empty.run("publish")

    assert (code, told.rpartition(": ")[2]) == (2, "run `casebridge migrate`\n")


def test_a_folder_without_connections_cannot_be_published(desk: Desk) -> None:
    desk.mapping.with_name("connections.yaml").unlink()

    code, told = desk.run("publish")

    assert (code, told.endswith("\nnothing was published\n")) == (2, True)
