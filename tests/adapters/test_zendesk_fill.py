"""Empty fields of users who are found are filled, and nothing else of them, against a real sandbox account."""

from __future__ import annotations

from typing import Any

import pytest
import zendesk_account
from zendesk_account import Sandbox, person

from adapters.zendesk import Zendesk
from bridge.ports import PersonFound, PersonMatch

process, account, crm = zendesk_account.process, zendesk_account.account, zendesk_account.crm


def filled(external_id: str, **fill: Any) -> PersonMatch:
    return person(external_id, fill=fill)


def user(account: Sandbox, user_id: str) -> dict[str, Any]:
    found: dict[str, Any] = account.api("GET", f"users/{user_id}")["user"]
    return found


def test_what_is_empty_is_filled_for_all_with_one_call(account: Sandbox, crm: Zendesk) -> None:
    account.order("user_fields", key="x_handle", title="Handle on X", type="text")
    ada, bob = account.user("1:a"), account.user("1:b", "Bob")
    account.api("PUT", f"users/{ada}", {"user": {"phone": "+491", "user_fields": {"x_handle": ""}}})
    before = account.data_calls()

    found = crm.find(
        [
            filled("1:a", phone="+492", alias="ada", user_field_x_handle="@ada", name="Not Ada"),
            filled("1:b", alias="bob"),
            filled("1:nobody", alias="nobody"),
        ]
    )

    assert found == [PersonFound(id=ada), PersonFound(id=bob), PersonFound()]
    there = user(account, ada)
    assert [there[name] for name in ("phone", "alias", "name")] == ["+491", "ada", "Ada"]
    assert there["user_fields"] == {"x_handle": "@ada"}
    assert user(account, bob)["alias"] == "bob"
    assert account.made_since(before) == {
        "GET users/show_many": 1,
        "PUT users/update_many": 1,
        "GET users/{id}": 2,
    }


def test_nothing_is_written_where_nothing_is_lacking(account: Sandbox, crm: Zendesk) -> None:
    account.user("1:a")
    once = [filled("1:a", alias="ada", details="", notes=None, organization_id="no id")]
    crm.find(once)
    before = account.data_calls()

    crm.find(once)

    assert account.made_since(before) == {"GET users/show_many": 1}


def test_two_authors_who_are_one_user_do_not_fill_against_each_other(account: Sandbox, crm: Zendesk) -> None:
    ada = account.user("1:a")

    crm.find([filled("1:a", alias="first"), filled("1:A", alias="second", phone="+491")])

    assert [user(account, ada)[name] for name in ("alias", "phone")] == ["first", "+491"]


@pytest.mark.parametrize(
    ("fault", "more"),
    [
        ("refused", {"status": 422}),
        ("refused", {"status": 403}),
        ("rate_limit", {}),
        ("lost_answer", {}),
        ("server_error", {}),
    ],
)
def test_a_write_that_fails_is_no_reason_to_fail_a_person(
    account: Sandbox, crm: Zendesk, caplog: pytest.LogCaptureFixture, fault: str, more: dict[str, Any]
) -> None:
    ada = account.user("1:a")
    account.fault(fault, path="update_many", method="PUT", **more)

    found = crm.find([filled("1:a", alias="a secret name")])

    assert found == [PersonFound(id=ada)]
    [told] = [record.getMessage() for record in caplog.records if record.name == "casebridge"]
    assert told.startswith("empty fields of users in Zendesk were not filled")
    assert "secret" not in told


def test_nothing_is_written_to_an_agents_profile(account: Sandbox, crm: Zendesk) -> None:
    agent = account.agent("Anna", "anna@acme.example")
    account.api("PUT", f"users/{agent}", {"user": {"external_id": "1:anna"}})

    found = crm.find([filled("1:anna", alias="@anna")])

    assert found == [PersonFound(id=agent)]
    assert user(account, agent)["alias"] is None


def test_a_user_who_is_made_is_not_filled_again(account: Sandbox, crm: Zendesk) -> None:
    before = account.data_calls()

    [found] = crm.find([person("1:new", create={"name": "New"}, fill={"alias": "new"})])

    assert isinstance(found, PersonFound)
    assert found.id
    assert account.made_since(before) == {"GET users/show_many": 1, "POST users": 1}


def test_no_write_begins_after_a_fifth_of_the_time(account: Sandbox) -> None:
    crm = account.crm(timeout=1)  # patience: 1.5 s
    ada = account.user("1:a")
    account.fault("slow", path="show_many", seconds=0.5)

    found = crm.find([filled("1:a", alias="ada")])

    assert found == [PersonFound(id=ada)]
    assert user(account, ada)["alias"] is None
