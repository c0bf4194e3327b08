"""`casebridge try`: docs/try.md does what it says, and every way to give a message ends as it should."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pages
import pytest
import road
from click.testing import CliRunner, Result
from crms import SALESFORCE
from road import comment, comments

from bridge import mapping_set
from bridge.cli import main
from bridge.message import Account, Message, Person
from bridge.store import connect, inbox, revisions
from bridge.store.inbox import Arrival

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOSTILE = "{contact.Id} {{7*7}} ' OR Name LIKE '% \u202e\x07\x1b[2Jend"


def ran(env: Mapping[str, str], *arguments: str, given: str = "") -> Result:
    return CliRunner().invoke(main, ["try", *arguments], env=dict(env), input=given, catch_exceptions=False)


# --- the page ---------------------------------------------------------------------------------------------------


def test_who_follows_the_page_to_the_letter_sees_what_it_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    env = {"CASEBRIDGE_CONFIG": ".", "DATABASE_URL": "sqlite:///none.db", "DETECT_LANGUAGE": "off"}

    told, shown = zip(*pages.follow("try.md", tmp_path, env), strict=True)

    assert told == shown
    assert len(told) == 5


# --- what can be given ------------------------------------------------------------------------------------------


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """A folder with the mapping plain, without secrets and without a database."""
    road.configure(tmp_path)
    return road.bare(tmp_path) | {"DETECT_LANGUAGE": "off"}


def file(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def test_words_on_standard_input_are_tried(env: Mapping[str, str], tmp_path: Path) -> None:
    done = ran(env, "-", "plain", given="text: Hello\nauthor.name: Ana\n")

    assert done.exit_code == 0
    assert "comment by Ana on facebook, through acme-meta: standard input" in done.stdout
    assert not (tmp_path / "bridge.db").exists()


def test_hostile_words_come_out_on_one_line_and_literally(env: Mapping[str, str], tmp_path: Path) -> None:
    body = json.dumps({"object": "page", "entry": [comments(comment("1_1", HOSTILE, by="61"))]})

    told = ran(env, name := file(tmp_path, "b.json", body))
    data = json.loads(ran(env, name, "--format", "json").stdout)

    assert "  Description = {contact.Id} {{7*7}} ' OR Name LIKE '% [2Jend\n" in told.stdout
    assert all(line.isprintable() for line in told.stdout.split("\n"))
    assert data[0]["filings"]["if it opens a case"]["create"]["Description"] == HOSTILE


def test_json_tells_of_everything_in_a_body(env: Mapping[str, str], tmp_path: Path) -> None:
    entry = comments(comment("1_1", "A giveaway", by="61"), comment("1_2", "", by="62") | {"item": "like"})
    body = json.dumps({"object": "page", "entry": [entry]})

    done = ran(env, file(tmp_path, "b.txt", body), "--format", "json", "--connection", "acme-meta")

    dropped, skipped = json.loads(done.stdout)
    assert (done.exit_code, dropped["accept"][0]["line"]) == (0, "plain.yaml:7")
    assert skipped["aside"].endswith("b.txt, 2 of 2: skipped, for it is no message: reaction (feed:like:add).")


def test_a_body_needs_its_connection_where_there_are_several(tmp_path: Path) -> None:
    two = road.connections(SALESFORCE).replace("  salesforce:\n", f"{OTHER}  salesforce:\n", 1)
    road.configure(tmp_path, file=two)
    name = file(tmp_path, "b.json", "{}")

    unsaid = ran(road.bare(tmp_path), name)
    wrong = ran(road.bare(tmp_path), name, "--connection", "acme-y")
    right = ran(road.bare(tmp_path), name, "--connection", "acme-x")

    fault = "say through which connection it came: --connection acme-meta or acme-x\n"
    assert [(one.exit_code, one.stderr) for one in (unsaid, wrong)] == [(1, fault), (1, fault)]
    assert right.exit_code == 0


OTHER = '  acme-x: {adapter: x, consumer_secret: env:X_SECRET, accounts: {"2244000001": {}}}\n'


# --- with a database --------------------------------------------------------------------------------------------


@pytest.fixture
def kept(env: dict[str, str], template: Path, tmp_path: Path) -> dict[str, str]:
    """The same with a database that has one message and one published revision."""
    shutil.copy(template, tmp_path / "bridge.db")
    one = Message(
        channel="facebook", connection="acme-meta", account=Account(id="10150001"), id="1_1", kind="comment",
        author=Person(id="61", name="Ana"), text="Good morning", received_at=NOON, public=True,
        url="https://www.facebook.com/acme/posts/1_1",
    )  # fmt: skip
    files = mapping_set.gather(tmp_path / "config")
    files = {**files, "plain.yaml": files["plain.yaml"].replace("[giveaway]", "[morning]")}
    store = connect(env["DATABASE_URL"])
    with store.write() as c:
        inbox.ingest(c, Arrival(connection="acme-meta", received_at=NOON, messages=[one]))
        revisions.publish(c, files, digest=mapping_set.digest(files))
    store.engine.dispose()
    return env


@pytest.mark.parametrize("name", ["1_1", "facebook:10150001:1_1:created", "https://facebook.com/acme/posts/1_1"])
def test_a_stored_message_is_tried(kept: Mapping[str, str], name: str) -> None:
    done = ran(kept, name)

    assert (done.exit_code, done.stderr) == (0, "")
    assert "comment by Ana on facebook, through acme-meta: stored as facebook:10150001:1_1:created" in done.stdout
    assert "  Description = Good morning\n" in done.stdout


def test_a_revision_is_tried_as_it_was_published(kept: Mapping[str, str]) -> None:
    published, missing = (ran(kept, "1_1", "--revision", number) for number in "19")
    folder = ran(kept, "1_1")

    assert published.stderr == ""
    assert "plain drops it, for good\n      plain.yaml:7 text: {has_any: [morning]}\n" in published.stdout
    assert "plain takes it" in folder.stdout
    assert (missing.exit_code, missing.stderr.partition(":")[0]) == (1, "there is no revision 9")


# --- what is not there, or wrong --------------------------------------------------------------------------------


def test_a_message_that_is_not_there_says_what_to_do(kept: Mapping[str, str]) -> None:
    done = ran(kept, "1_9")

    way = "    -> give its id, key or address, or a file: casebridge try message.yaml\n"
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", f"no message '1_9' is stored here\n{way}")


def test_a_revision_needs_a_database(env: Mapping[str, str]) -> None:
    done = ran(env, "-", "--revision", "1", given="text: Hello")

    assert (done.exit_code, done.stderr) == (1, "nothing can be looked up: there is no database yet\n")


def test_a_faulty_mapping_is_told_as_check_tells_it(env: Mapping[str, str], tmp_path: Path) -> None:
    plain = tmp_path / "config" / "plain.yaml"
    plain.write_text(plain.read_text("utf-8").replace("{author.name}", "{author.nme}"), encoding="utf-8")
    check = CliRunner().invoke(main, ["check"], env=dict(env))

    done = ran(env, "-", given="text: Hello")

    assert (done.exit_code, done.stdout, done.stderr) == (1, "", check.stderr)


def test_a_person_that_cannot_be_read_is_a_wrong_command(env: Mapping[str, str]) -> None:
    done = ran(env, "-", "--person", "0031", given="text: Hello")

    assert done.exit_code == 2
    assert "--person is written id=003…,FIELD=value, and '0031' is not" in done.stderr
