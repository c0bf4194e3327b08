"""What stands in the way of filing in Zendesk is found, with calls that change nothing, against a real sandbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import zendesk_account
from zendesk_account import Sandbox

from bridge.ports import Finding

process = zendesk_account.process


@pytest.fixture
def account(process: Sandbox) -> Sandbox:
    process.reset()
    return process


def short(found: list[Finding]) -> list[tuple[str, str]]:
    return [(one.level, one.about) for one in found]


def test_an_account_without_faults_has_none_and_nothing_is_written(account: Sandbox) -> None:
    found = account.crm().examine({"ticket": "external_id"}, datetime.now(UTC))

    assert short(found) == [("ok", "login"), ("ok", "limits"), ("ok", "clock")]
    assert (account.tickets(), sum(account.data_calls().values())) == ([], 1)


def test_a_refused_login_is_a_fault_without_the_secret(account: Sandbox) -> None:
    found = account.crm(secret="wrong-secret").examine({}, datetime.now(UTC))

    assert short(found) == [("fault", "login")]
    assert "wrong-secret" not in found[0].says


@pytest.mark.parametrize(
    ("fault", "level"),
    [("forbidden", "fault"), ("rate_limit", "warning"), ("server_error", "warning"), ("maintenance", "warning")],
)
def test_an_api_that_does_not_answer_is_found(account: Sandbox, fault: str, level: str) -> None:
    account.fault(fault, times=9)

    found = account.crm().examine({}, datetime.now(UTC))

    assert [one.level for one in found] == [level]


def test_an_account_that_cannot_be_reached_is_a_warning() -> None:
    found = Sandbox("http://127.0.0.1:9").crm().examine({}, datetime.now(UTC))

    assert short(found) == [("warning", "reach")]


def test_a_clock_that_is_wrong_is_a_warning(account: Sandbox) -> None:
    found = account.crm().examine({}, datetime.now(UTC) - timedelta(minutes=3))

    assert short(found) == [("ok", "login"), ("ok", "limits"), ("warning", "clock")]
