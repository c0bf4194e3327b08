"""docs/sandbox.md is true of the sandbox Zendesk: every option, command, switch and fault, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import sandbox_page
from flask import Flask
from flask.testing import FlaskClient

from bridge.sandbox.zendesk.__main__ import arguments
from bridge.sandbox.zendesk.account import SWITCHES, Account
from bridge.sandbox.zendesk.delivery import Delivery
from bridge.sandbox.zendesk.faults import MENU
from bridge.sandbox.zendesk.limits import ACCOUNT
from bridge.sandbox.zendesk.login import Client
from bridge.sandbox.zendesk.server import create_app

PAGE = sandbox_page.ZENDESK


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    account = Account(tmp_path_factory.mktemp("account") / "account.db")
    yield create_app(Delivery(account, Client(id="id", secret="secret", email="a@b.example", api_token="token")))
    account.database.close()


@pytest.fixture
def client(sandbox: Flask) -> FlaskClient:
    return sandbox.test_client()


def test_every_option_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert set(PAGE.names("Option")) == sandbox_page.options(arguments, capsys)


def test_every_command_is_listed(sandbox: Flask) -> None:
    assert set(PAGE.names("Command")) == set(sandbox_page.commands(sandbox))


def test_every_switch_is_listed_with_what_it_is_at_first() -> None:
    plans = PAGE.text.partition("Decides the limits:")[2].partition("|")[0]

    assert PAGE.switches() == SWITCHES
    assert set(re.findall(r"`(\w+)`", plans)) == set(ACCOUNT)


def test_every_fault_is_listed() -> None:
    assert PAGE.names("Fault") == list(MENU.known)


@pytest.mark.parametrize(("path", "body"), PAGE.commands)
def test_each_command_of_the_example_is_carried_out(client: FlaskClient, path: str, body: str) -> None:
    answer = sandbox_page.order(client, path, body)

    assert answer.status_code == 200


@pytest.mark.parametrize(("path", "body"), PAGE.bodies("chaos", "fields", "records", "clock"))
def test_each_body_in_the_table_of_commands_is_taken(client: FlaskClient, path: str, body: str) -> None:
    answer = sandbox_page.order(client, path, body)

    assert (answer.status_code, answer.json) == (200, {"ok": True})
