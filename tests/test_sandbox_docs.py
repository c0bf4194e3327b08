"""docs/sandbox.md is true: every option, command, switch and fault of the sandbox Salesforce, and no other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sandbox_page
from flask import Flask
from flask.testing import FlaskClient

from bridge.sandbox.salesforce.__main__ import arguments
from bridge.sandbox.salesforce.delivery import Delivery
from bridge.sandbox.salesforce.faults import MENU
from bridge.sandbox.salesforce.login import App
from bridge.sandbox.salesforce.org import ORGANIZATION, SWITCHES, Org
from bridge.sandbox.salesforce.server import create_app

PAGE = sandbox_page.SALESFORCE


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    org = Org(tmp_path_factory.mktemp("org") / "org.db", plugin=True)
    yield create_app(Delivery(org, App(key="key", secret="secret", certificate=None, user="")))
    org.database.close()


@pytest.fixture
def client(sandbox: Flask) -> FlaskClient:
    return sandbox.test_client()


def test_every_option_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert set(PAGE.names("Option")) == sandbox_page.options(arguments, capsys)


def test_every_command_is_listed(sandbox: Flask) -> None:
    assert set(PAGE.names("Command")) == set(sandbox_page.commands(sandbox))


def test_every_switch_is_listed_with_what_it_is_at_first() -> None:
    assert PAGE.switches() == SWITCHES


def test_every_fault_is_listed() -> None:
    assert PAGE.names("Fault") == list(MENU.known)


def test_the_organization_is_the_one_that_outbound_messages_name() -> None:
    assert f"`{ORGANIZATION}`" in PAGE.text


@pytest.mark.parametrize(("path", "body"), PAGE.commands)
def test_each_command_of_the_example_is_carried_out(client: FlaskClient, path: str, body: str) -> None:
    answer = sandbox_page.order(client, path, body)

    assert answer.status_code == 200


@pytest.mark.parametrize(("path", "body"), PAGE.bodies("chaos", "fields", "rights", "picklists", "clock"))
def test_each_body_in_the_table_of_commands_is_taken(client: FlaskClient, path: str, body: str) -> None:
    answer = sandbox_page.order(client, path, body)

    assert (answer.status_code, answer.json) == (200, {"ok": True})
