"""Triggers: made through the API in the vendor's words, fired by what meets their conditions, telling ids only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import hooked
import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from webhook_receiver import Receiver
from zendesk_process import ZendeskProcess

from bridge.sandbox.zendesk import conditions, shapes
from bridge.sandbox.zendesk.conditions import Change
from bridge.sandbox.zendesk.rows import Ticket

TOLD = (
    '{"v":1,"ticket_id":"{{ticket.id}}","external_id":"{{ticket.external_id}}",'
    '"updated_at":"{{ticket.updated_at_with_timestamp}}"}'
)
REPLIES = {
    "all": [
        {"field": "update_type", "operator": "is", "value": "Change"},
        {"field": "current_tags", "operator": "includes", "value": "casebridge"},
        {"field": "comment_is_public", "operator": "is", "value": "true"},
        {"field": "role", "operator": "is", "value": "agent"},
    ],
    "any": [],
}


receiver, zendesk = hooked.receiver, hooked.zendesk


@pytest.fixture
def hook(zendesk: ZendeskProcess, receiver: Receiver) -> str:
    """The id of a webhook that triggers call, in a new account."""
    zendesk.reset()
    receiver.forget()
    zendesk.command("switches", limits=False)
    return connected(zendesk)


def connected(zendesk: ZendeskProcess, **fields: Any) -> str:
    body = {
        "name": "Casebridge", "status": "active", "endpoint": "https://bridge.example/in/zendesk",
        "http_method": "POST", "request_format": "json", "subscriptions": ["conditional_ticket_events"], **fields,
    }  # fmt: skip
    return str(zendesk.call("POST", "webhooks", json={"webhook": body}).json()["webhook"]["id"])


def post(zendesk: ZendeskProcess, hook: str, **fields: Any) -> requests.Response:
    trigger = {
        "title": "Casebridge: an agent's reply", "active": True, "conditions": REPLIES,
        "actions": [{"field": "notification_webhook", "value": [hook, TOLD]}], **fields,
    }  # fmt: skip
    return zendesk.call("POST", "triggers", json={"trigger": trigger})


def made(zendesk: ZendeskProcess, hook: str, **fields: Any) -> dict[str, Any]:
    answer = post(zendesk, hook, **fields)
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["trigger"])


def comment(zendesk: ZendeskProcess, ticket: int, **more: Any) -> None:
    answer = zendesk.command("comment", ticket=ticket, body="Hi", **more)
    assert answer.status_code == 200, answer.text


# --- as admins make them


def test_a_trigger_is_made_and_shown_in_the_vendors_keys(zendesk: ZendeskProcess, hook: str) -> None:
    trigger = made(zendesk, hook)

    shown = zendesk.read(f"triggers/{trigger['id']}")["trigger"]
    assert shown == trigger
    assert {name: shown.pop(name) for name in ("url", "id", "created_at", "updated_at")}
    assert shown == {
        "title": "Casebridge: an agent's reply",
        "active": True,
        "default": False,
        "actions": [{"field": "notification_webhook", "value": [hook, TOLD]}],
        "conditions": REPLIES,
        "description": "",
        "position": 1,
        "raw_title": "Casebridge: an agent's reply",
        "category_id": "10001",
    }


def test_triggers_are_listed(zendesk: ZendeskProcess, hook: str) -> None:
    own = [made(zendesk, hook, active=active)["id"] for active in (True, False)]

    listed, active = zendesk.read("triggers"), zendesk.read("triggers", active="true", **{"page[size]": 5})

    assert ([one["id"] for one in listed["triggers"]], listed["count"]) == (own, 2)
    assert ([one["id"] for one in active["triggers"]], active["meta"]["has_more"]) == (own[:1], False)


def test_a_put_takes_the_place_of_all_conditions(zendesk: ZendeskProcess, hook: str) -> None:
    trigger = made(zendesk, hook)
    less = {"any": [{"field": "status", "operator": "is", "value": "solved"}]}

    answer = zendesk.call(
        "PUT", f"triggers/{trigger['id']}", json={"trigger": {"conditions": less, "active": False, "colour": 1}}
    )

    changed = answer.json()["trigger"]
    assert answer.status_code == 200
    assert {**changed, "updated_at": ""} == {
        **trigger, "conditions": {"all": [], **less}, "active": False, "updated_at": "",
    }  # fmt: skip
    assert '"trigger.colour"' in answer.headers["x-zendesk-api-warn"]


def test_a_deleted_trigger_is_gone(zendesk: ZendeskProcess, hook: str) -> None:
    path = f"triggers/{made(zendesk, hook)['id']}"

    answer = zendesk.call("DELETE", path)

    gone = [
        zendesk.call("GET", path),
        zendesk.call("DELETE", path),
        zendesk.call("PUT", path, json={"trigger": {}}),
    ]
    assert (answer.status_code, [one.status_code for one in gone]) == (204, [404] * 3)


@pytest.mark.parametrize(
    "fields",
    [
        {"title": " "},
        {"conditions": None},
        {"conditions": []},
        {"conditions": {"all": [], "any": []}},
        {"conditions": {"all": {}}},
        {"conditions": {"all": ["status"]}},
        {"conditions": {"all": [{"field": "weather", "operator": "is", "value": "fair"}]}},
        {"conditions": {"all": [{"field": "status", "operator": "resembles", "value": "open"}]}},
        {"conditions": {"all": [{"field": "status", "operator": "is", "value": "done"}]}},
        {"conditions": {"all": [{"field": "update_type", "operator": "is", "value": "create"}]}},
        {"actions": []},
        {"actions": ["x"]},
        {"actions": [{"field": "status", "value": "open"}]},
        {"actions": [{"field": "notification_webhook", "value": "x"}]},
        {"actions": [{"field": "notification_webhook", "value": ["01ABC", "x"]}]},
        {"actions": [{"field": "notification_webhook", "value": ["01ABC", {}]}]},
    ],
)
def test_a_wrong_trigger_is_refused_with_a_reason(
    zendesk: ZendeskProcess, hook: str, fields: dict[str, Any]
) -> None:
    answer = post(zendesk, hook, **fields)

    assert (answer.status_code, answer.json()["error"]) == (422, "RecordInvalid")
    assert zendesk.read("triggers")["triggers"] == []


def test_a_webhook_of_events_is_no_triggers(zendesk: ZendeskProcess, hook: str) -> None:
    other = connected(zendesk, subscriptions=["zen:event-type:ticket.comment_added"])

    assert post(zendesk, other).status_code == 422


# --- when they fire


def test_an_agents_public_comment_rings_with_ids_only(
    zendesk: ZendeskProcess, receiver: Receiver, hook: str
) -> None:
    made(zendesk, hook)
    ticket = zendesk.ticket(tags=["casebridge"], external_id="cb:1")["id"]

    comment(zendesk, ticket)

    heard = receiver.next()
    now = zendesk.read(f"tickets/{ticket}")["ticket"]
    assert heard.json == {
        "v": 1, "ticket_id": str(ticket), "external_id": "cb:1", "updated_at": now["updated_at"],
    }  # fmt: skip
    assert heard.headers["x-zendesk-webhook-id"] == hook
    assert "x-zendesk-webhook-signature" in heard.headers
    assert receiver.calls.empty()


def test_nothing_else_rings(zendesk: ZendeskProcess, receiver: Receiver, hook: str) -> None:
    trigger = made(zendesk, hook)["id"]
    ada = zendesk.user()["id"]
    other = zendesk.ticket(tags=["facebook"])["id"]
    ticket = zendesk.ticket(tags=["casebridge"], requester_id=ada)["id"]

    comment(zendesk, other)
    comment(zendesk, ticket, public=False)
    comment(zendesk, ticket, author=ada)
    zendesk.update(ticket, priority="high")
    zendesk.call("PUT", f"triggers/{trigger}", json={"trigger": {"active": False}})
    comment(zendesk, ticket)
    zendesk.call("PUT", f"triggers/{trigger}", json={"trigger": {"active": True}})
    comment(zendesk, ticket)

    assert receiver.next().json["ticket_id"] == str(ticket)
    assert receiver.calls.empty()


def test_what_the_bridge_writes_for_a_customer_rings_too(
    zendesk: ZendeskProcess, receiver: Receiver, hook: str
) -> None:
    made(zendesk, hook)
    ada = zendesk.user()["id"]
    ticket = zendesk.ticket(tags=["casebridge"], requester_id=ada)["id"]

    zendesk.update(ticket, comment={"html_body": "<p>x</p>", "public": True, "author_id": ada})

    assert receiver.next().json["ticket_id"] == str(ticket)


def test_quotes_in_an_external_id_break_the_json_as_they_do_there(
    zendesk: ZendeskProcess, receiver: Receiver, hook: str
) -> None:
    made(zendesk, hook)
    ticket = zendesk.ticket(tags=["casebridge"], external_id='a"b')["id"]

    comment(zendesk, ticket)

    assert b'"external_id":"a"b"' in receiver.next().body


# --- the words of conditions


def change(before: Mapping[str, Any] | None = None, **more: Any) -> Change:
    fields = shapes.new_ticket("2026-11-21T20:00:00Z") | {
        "status": "pending", "priority": "high", "assignee_id": 7, "tags": ["casebridge", "x"],
    }  # fmt: skip
    ticket = Ticket(id=5, fields=fields, notes={})
    return Change(ticket=ticket, created=False, before=before or {}, updater=7, **more)


@pytest.mark.parametrize(
    ("field", "operator", "value", "met"),
    [
        ("status", "is", "pending", True),
        ("status", "is", "open", False),
        ("status", "is_not", "open", True),
        ("status", "less_than", "solved", True),
        ("status", "less_than", "pending", False),
        ("status", "greater_than", "open", True),
        ("status", "value_previous", "open", True),
        ("status", "value_previous", "new", False),
        ("status", "not_value_previous", "new", True),
        ("status", "value", "pending", True),
        ("status", "changed", "pending", True),
        ("priority", "changed", "high", False),
        ("priority", "value", "high", False),
        ("priority", "not_changed", "high", True),
        ("priority", "less_than", "urgent", True),
        ("assignee_id", "is", "7", True),
        ("assignee_id", "is", "current_user", True),
        ("assignee_id", "is", "", False),
        ("group_id", "is", "", True),
        ("type", "is_not", "problem", True),
        ("current_tags", "includes", "y casebridge", True),
        ("current_tags", "includes", "case", False),
        ("current_tags", "not_includes", "y", True),
        ("update_type", "is", "Change", True),
        ("update_type", "is", "Create", False),
    ],
)
def test_a_condition_means_what_the_vendor_says(field: str, operator: str, value: str, met: bool) -> None:
    condition = {"field": field, "operator": operator, "value": value}

    assert conditions.fault(condition) == ""
    assert conditions.holds({"all": [condition]}, change({"status": "open"})) is met


@pytest.mark.parametrize(
    ("public", "value", "met"),
    [
        (True, "true", True),
        (False, "true", False),
        (None, "true", False),
        (False, "false", True),
        (True, "not_relevant", True),
        (False, "not_relevant", True),
        (None, "not_relevant", False),
    ],
)
def test_a_comment_is_public_or_any_or_none(public: bool | None, value: str, met: bool) -> None:
    condition = {"field": "comment_is_public", "operator": "is", "value": value}

    assert conditions.holds({"all": [condition]}, change(public=public)) is met


@pytest.mark.parametrize(
    ("role", "agent", "end_user"), [("agent", True, False), ("end_user", False, True), ("system", False, False)]
)
def test_who_changes_a_ticket_counts(role: str, agent: bool, end_user: bool) -> None:
    found = [
        conditions.holds({"all": [{"field": "role", "operator": "is", "value": value}]}, change(role=role))
        for value in ("agent", "end_user")
    ]

    assert found == [agent, end_user]


def test_any_needs_one_and_all_needs_every() -> None:
    yes, no = ({"field": "status", "operator": "is", "value": value} for value in ("pending", "open"))

    met = [
        conditions.holds({"all": every, "any": some}, change())
        for every, some in (([yes], []), ([yes, no], []), ([], [no, yes]), ([], [no]), ([yes], [no]))
    ]

    assert met == [True, False, True, False, False]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
CONDITION = st.fixed_dictionaries(
    {
        "field": st.sampled_from([*conditions.FIELDS]) | JSON,
        "operator": st.sampled_from([*conditions.RANKED, "includes"]) | JSON,
        "value": st.sampled_from(["open", "high", "true", "agent", "7"]) | JSON,
    }
)


@settings(max_examples=60)
@given(condition=CONDITION | JSON)
def test_a_condition_is_refused_or_can_be_asked(condition: Any) -> None:
    if conditions.fault(condition) == "":
        assert conditions.holds({"all": [condition]}, change({"status": "open"})) in (True, False)


@given(text=st.text())
def test_text_without_placeholders_stays(text: str) -> None:
    assert conditions.filled(text.replace("{{", "{"), change()) == text.replace("{{", "{")
