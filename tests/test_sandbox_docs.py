"""docs/sandbox.md is true: every option, command, switch and fault of the sandbox Salesforce, and no other."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bridge.sandbox.salesforce.__main__ import arguments
from bridge.sandbox.salesforce.delivery import Delivery
from bridge.sandbox.salesforce.faults import MENU
from bridge.sandbox.salesforce.login import App
from bridge.sandbox.salesforce.org import ORGANIZATION, SWITCHES, Org
from bridge.sandbox.salesforce.server import create_app

PAGE = (Path(__file__).parents[1] / "docs" / "sandbox.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"/sandbox/(\w+)(?:.* -d '(.*)')?$", PAGE, re.MULTILINE)
LOCAL = "http://127.0.0.1"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    org = Org(tmp_path_factory.mktemp("org") / "org.db", plugin=True)
    yield create_app(Delivery(org, App(key="key", secret="secret", certificate=None, user="")))
    org.database.close()


@pytest.fixture
def client(sandbox: Flask) -> FlaskClient:
    return sandbox.test_client()


def names(heading: str) -> list[str]:
    """What stands in code in the first column of the table that begins so."""
    rows = PAGE.partition(f"| {heading} |")[2].partition("\n\n")[0].splitlines()[2:]
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row.split("|")[1])]


def test_every_option_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        arguments(["--help"])

    options = set(re.findall(r"^  (--[\w-]+)", capsys.readouterr().out, re.MULTILINE))
    assert set(names("Option")) == options


def test_every_command_is_listed(sandbox: Flask) -> None:
    assert set(names("Command")) == set(commands(sandbox))


def commands(sandbox: Flask) -> Iterator[str]:
    """The paths under /sandbox."""
    for path in (rule.rule for rule in sandbox.url_map.iter_rules() if rule.rule.startswith("/sandbox/")):
        several = re.fullmatch(r"/sandbox/<any\((.*)\):name>", path)
        if several:
            yield from several[1].split(", ")
        else:
            yield path.removeprefix("/sandbox/").replace("<case_id>", "<id>")


def test_every_switch_is_listed_with_what_it_is_at_first() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", PAGE, re.MULTILINE)

    assert {name: json.loads(value) for name, value in rows} == SWITCHES


def test_every_fault_is_listed() -> None:
    assert names("Fault") == list(MENU.known)


def test_the_organization_is_the_one_that_outbound_messages_name() -> None:
    assert f"`{ORGANIZATION}`" in PAGE


@pytest.mark.parametrize(("path", "body"), COMMANDS)
def test_each_command_of_the_example_is_carried_out(client: FlaskClient, path: str, body: str) -> None:
    if body:
        answer = client.post(f"/sandbox/{path}", json=json.loads(body), base_url=LOCAL)
    else:
        answer = client.get(f"/sandbox/{path}", base_url=LOCAL)

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("path", "body"), re.findall(r"^\| `(chaos|fields|rights|picklists|clock)` \| `({[^`]+})`", PAGE, re.MULTILINE)
)
def test_each_body_in_the_table_of_commands_is_taken(client: FlaskClient, path: str, body: str) -> None:
    answer = client.post(f"/sandbox/{path}", json=json.loads(body), base_url=LOCAL)

    assert (answer.status_code, answer.json) == (200, {"ok": True})
