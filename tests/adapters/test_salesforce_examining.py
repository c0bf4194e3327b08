"""What stands in the way of filing in Salesforce is found, by calls that change nothing, against a sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from salesforce_org import KEY_FIELD, Sandbox, running

from adapters.salesforce import plugin
from bridge.ports import Finding

KEYS = {"Case": KEY_FIELD}


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("salesforce"), "--plugin") as sandbox:
        yield sandbox


@pytest.fixture
def org(process: Sandbox) -> Sandbox:
    process.order("reset")
    return process


def bad(found: list[Finding]) -> list[tuple[str, str]]:
    return [(one.level, one.about) for one in found if one.level != "ok"]


def test_the_plugin_as_it_is_shipped_lacks_nothing(org: Sandbox) -> None:
    found = org.crm().examine(KEYS, datetime.now(UTC))

    assert [one.says for one in found if one.about in ("messages", "plugin")] == [
        "Messages are filed as the plugin's records, and agents' replies are heard."
    ]


def test_an_org_without_faults_has_none_and_nothing_is_written(org: Sandbox) -> None:
    found = org.crm().examine({"Case": KEY_FIELD.lower()}, datetime.now(UTC))

    assert [(one.level, one.about) for one in found] == [
        ("ok", "login"),
        ("ok", "limits"),
        ("ok", f"key Case.{KEY_FIELD.lower()}"),
        ("ok", "messages"),
        ("ok", "clock"),
    ]
    assert org.data_calls() == {"GET limits": 1, "POST composite": 1}


def test_a_refused_login_is_a_fault_without_the_secret(org: Sandbox) -> None:
    found = org.crm(secret="wrong-secret").examine(KEYS, datetime.now(UTC))

    assert bad(found) == [("fault", "login")]
    assert "wrong-secret" not in found[0].says


@pytest.mark.parametrize(("fault", "level"), [("server_error", "warning"), ("daily_limit", "fault")])
def test_an_api_that_does_not_answer_is_found(org: Sandbox, fault: str, level: str) -> None:
    org.fault(fault, times=9)

    found = org.crm().examine(KEYS, datetime.now(UTC))

    assert [one.level for one in found if one.level != "ok"] == [level]


def test_an_org_that_cannot_be_reached_is_a_warning() -> None:
    found = Sandbox("http://127.0.0.1:9").crm().examine(KEYS, datetime.now(UTC))

    assert bad(found) == [("warning", "reach")]


@pytest.mark.parametrize(
    ("keys", "about", "says"),
    [
        (
            {"Case": "Other__c"},
            "key Case.Other__c",
            "Case has no field Other__c, or the app's user may not see it.",
        ),
        ({"Complaint__c": "Key__c"}, "object Complaint__c", "Complaint__c cannot be used: "),
        ({"Case": "CaseNumber"}, "key Case.CaseNumber", "Case.CaseNumber cannot be written."),
        (
            {"Case": "SuppliedName"},
            "key Case.SuppliedName",
            "Case.SuppliedName is not External ID, Unique, case-sensitive, so ",
        ),
    ],
)
def test_an_object_or_a_key_that_cannot_be_used_is_a_fault(
    org: Sandbox, keys: dict[str, str], about: str, says: str
) -> None:
    found = org.crm().examine(keys, datetime.now(UTC))

    assert bad(found) == [("fault", about)]
    assert next(one.says for one in found if one.about == about).startswith(says)


def test_a_key_that_is_too_short_is_a_fault(org: Sandbox) -> None:
    key = {"type": "string", "externalId": True, "unique": True, "caseSensitive": True}
    org.order("fields", object="Case", name="Short__c", length=80, **key)

    found = org.crm().examine({"Case": "Short__c"}, datetime.now(UTC))

    assert [one.says for one in found if one.level == "fault"] == [
        "Case.Short__c holds 80 characters, and a key may have 205."
    ]


def test_few_calls_that_are_left_are_a_warning(org: Sandbox) -> None:
    org.order("switches", daily_limit=1)

    found = org.crm().examine({}, datetime.now(UTC))

    assert bad(found) == [("warning", "limits")]
    org.order("switches", daily_limit=5_000_000)


def test_a_clock_that_is_wrong_is_a_warning(org: Sandbox) -> None:
    found = org.crm().examine({}, datetime.now(UTC) + timedelta(minutes=3))

    assert bad(found) == [("warning", "clock")]


@pytest.mark.parametrize("field", plugin.ANSWERED)
def test_a_field_without_which_no_reply_works_is_a_fault(org: Sandbox, field: str) -> None:
    org.order("rights", object="Social_Message__c", field=field, access="hidden")

    found = org.crm().examine(KEYS, datetime.now(UTC))

    org.order("rights", object="Social_Message__c", field=field, access="full")
    assert bad(found) == [("fault", "replies")]
    assert [one.says for one in found if one.about in ("messages", "replies")] == [
        "Messages are filed as the plugin's records.",
        f"Agents' replies do not work as they should: {field} is missing, or the app's user may not see it.",
    ]
