"""`casebridge check` for people, for programs and for GitHub; docs/check.md says what it does, to the letter."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pages
import pytest
from click.testing import CliRunner, Result

from bridge import checked
from bridge.cli import main
from bridge.mapping.document import Fault

PAGE = (pages.DOCS / "check.md").read_text(encoding="utf-8")


def check(folder: Path, *options: str) -> Result:
    env = {"CASEBRIDGE_CONFIG": str(folder)}
    return CliRunner().invoke(main, ["check", *options], env=env, catch_exceptions=False)


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[str, str]]]:
    """The folder at the page's end, and what each console of it shows and should show."""
    folder = tmp_path_factory.mktemp("acme")
    return folder, list(pages.follow("check.md", folder, {"CASEBRIDGE_CONFIG": str(folder)}))


def first_of_page(folder: Path) -> Path:
    """The first folder of the page: it has warnings alone."""
    for box in pages.boxes("check.md")[:2]:
        (folder / box.file).write_text(box.text, encoding="utf-8")
    return folder


def test_who_follows_the_page_sees_what_it_shows(walk: tuple[Path, list[tuple[str, str]]]) -> None:
    shown = walk[1]

    assert [told for told, _ in shown] == [should for _, should in shown]
    assert len(shown) == 3


def test_the_page_has_every_code_that_only_warns() -> None:
    told = set(re.findall(r"`([a-z-]+)`", PAGE.partition("## What it warns of")[2]))

    broken = Path(__file__).parents[1] / "mapping" / "broken" / "warnings"
    assert {file.stem for file in broken.glob("*.yaml")} - told == set()


@pytest.mark.parametrize("shape", ["text", "json", "github"])
def test_warnings_are_faults_only_where_it_is_strict(shape: str, tmp_path: Path) -> None:
    folder = first_of_page(tmp_path)

    lenient, strict = check(folder, "--format", shape), check(folder, "--strict", "--format", shape)

    assert (lenient.exit_code, strict.exit_code) == (0, 1)
    assert lenient.output == strict.output
    assert "5up3r" not in lenient.output


def test_programs_get_one_object_and_nothing_else(
    walk: tuple[Path, list[tuple[str, str]]], tmp_path: Path
) -> None:
    good, none = check(first_of_page(tmp_path), "--format", "json"), check(tmp_path / "x", "--format", "json")

    assert (good.stderr, none.stderr, none.exit_code) == ("", "", 2)
    told = json.loads(good.stdout)
    assert (told["version"], told["mappings"], len(told["faults"])) == (1, 1, 7)
    assert {fault["level"] for fault in told["faults"]} == {"warning"}
    assert [(fault["file"], fault["line"], fault["level"]) for fault in json.loads(none.stdout)["faults"]] == [
        (str(tmp_path / "x" / "connections.yaml"), 0, "error")
    ]


def test_secrets_are_looked_for_in_lists_and_payload_maps_too(tmp_path: Path) -> None:
    folder = first_of_page(tmp_path)
    connections = (folder / "connections.yaml").read_text(encoding="utf-8")
    (folder / "connections.yaml").write_text(f"{connections}lists: {{vip: vip.txt}}\n", encoding="utf-8")
    (folder / "vip.txt").write_text(f"anna\napi_key={'a1' * 20}\n", encoding="utf-8")
    (folder / "payloads").mkdir()
    (folder / "payloads" / "old.yaml").mkdir()
    (folder / "payloads" / "shop.yaml").write_text(f"# token: {'b2' * 20}\n", encoding="utf-8")

    told = json.loads(check(folder, "--format", "json").stdout)["faults"]

    found = [(fault["file"], fault["line"]) for fault in told if fault["code"] == "secret-in-file"]
    assert found == [("connections.yaml", 5), ("payloads/shop.yaml", 1), ("vip.txt", 2)]


def test_half_of_a_pair_of_settings_is_told_without_their_variables(tmp_path: Path) -> None:
    folder = first_of_page(tmp_path)
    path = folder / "connections.yaml"
    reviews = (
        "  reviews: {adapter: trustpilot, path_secret: env:REVIEWS_PATH, api_key: env:KEY, accounts: {a: {}}}\n"
    )
    path.write_text(path.read_text(encoding="utf-8").replace("mappings:", f"{reviews}mappings:"), encoding="utf-8")

    found = check(folder)

    assert found.exit_code == 1
    assert "api_key and api_secret go together: give both or neither" in found.output


def test_github_finds_the_files_from_the_top_of_the_repository(
    walk: tuple[Path, list[tuple[str, str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(walk[0].parent)

    found = check(Path(walk[0].name), "--format", "github")

    assert (found.exit_code, found.stderr) == (1, "")
    assert found.stdout == (
        f"::error file={walk[0].name}/care.yaml,line=28,col=24,title=test-failed::test 'whoever has many readers "
        "is urgent': expected priority 'Hihg', got 'High', decided by care.yaml:11\n"
    )


def test_a_file_that_is_not_there_is_named_once_by_its_whole_path(tmp_path: Path) -> None:
    found = check(tmp_path / "none", "--format", "github")

    assert found.exit_code == 2
    assert found.stdout.startswith(
        f"::error file={os.path.relpath(tmp_path)}/none/connections.yaml,title=no-such-file::"
    )


def test_what_github_would_read_otherwise_is_escaped() -> None:
    fault = Fault("a,b:c.yaml", 3, 1, "unknown-key", "100%\r\nof 'it'::", allowed="a, b", suggestion="c")

    told = checked.as_github(["no: place, 5%\n-> see"], str) + checked.as_github([fault], lambda file: f"x/{file}")

    assert told == [
        "::error title=casebridge check::no: place, 5%25%0A-> see",
        (
            "::error file=x/a%2Cb%3Ac.yaml,line=3,col=1,title=unknown-key::100%25%0D%0Aof 'it'::%0Aallowed: a, b"
            "%0Adid you mean 'c'?"
        ),
    ]


WARNING = Fault("a.yaml", 3, 1, "no-tests", "none", level="warning")
ERROR = Fault("a.yaml", 3, 1, "unknown-key", "wrong")
LOST = Fault("a.yaml", 0, 0, "no-such-file", "gone")


@pytest.mark.parametrize(
    ("found", "strict", "code"),
    [
        ([], True, 0),
        ([WARNING], False, 0),
        ([WARNING], True, 1),
        ([WARNING, ERROR], False, 1),
        ([LOST], False, 2),
        (["a setting"], True, 2),
        ([LOST, ERROR], False, 1),
    ],
)
def test_the_exit_code_says_whether_it_could_look(found: list[checked.Found], strict: bool, code: int) -> None:
    assert checked.code(found, strict=strict) == code
