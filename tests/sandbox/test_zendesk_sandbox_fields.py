"""Ticket fields that admins and programs set up, what their values do to tags, and what becomes of wrong ones."""

from __future__ import annotations

from typing import Any

import pytest
import zendesk_process
from hypothesis import given, settings
from hypothesis import strategies as st
from zendesk_process import ZendeskProcess, details

from bridge.sandbox.zendesk import fields, shapes

OPTIONS = [{"name": "Sent", "value": "reply_sent"}, {"name": "Failed", "value": "reply_failed"}]
LIST = {"type": "tagger", "title": "Social reply", "custom_field_options": OPTIONS}


zendesk, new = zendesk_process.zendesk, zendesk_process.new


def field(zendesk: ZendeskProcess, **spec: Any) -> dict[str, Any]:
    answer = zendesk.call("POST", "ticket_fields", json={"ticket_field": spec})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()["ticket_field"]
    return found


def value(ticket: dict[str, Any], number: int) -> Any:
    return next(one["value"] for one in ticket["custom_fields"] if one["id"] == number)


def updated(zendesk: ZendeskProcess, number: int, **change: Any) -> dict[str, Any]:
    answer = zendesk.update(number, **change)
    assert answer.status_code == 200, answer.text
    ticket: dict[str, Any] = answer.json()["ticket"]
    return ticket


# --- set up


def test_a_field_is_made_shown_and_listed_behind_the_systems_own(zendesk: ZendeskProcess) -> None:
    made = field(zendesk, **LIST, description="what became of it")

    assert made["url"].endswith(f"/api/v2/ticket_fields/{made['id']}.json")
    assert [(one["name"], one["value"]) for one in made["custom_field_options"]] == [
        ("Sent", "reply_sent"), ("Failed", "reply_failed"),
    ]  # fmt: skip
    assert zendesk.read(f"ticket_fields/{made['id']}")["ticket_field"] == made
    listed = zendesk.read("ticket_fields")["ticket_fields"]
    assert listed[-1] == made
    assert [(one["type"], one["removable"]) for one in listed[:3]] == [
        ("subject", False), ("description", False), ("status", False),
    ]  # fmt: skip


def test_what_is_changed_of_a_field_replaces_all_its_options(zendesk: ZendeskProcess) -> None:
    number = field(zendesk, **LIST)["id"]

    answer = zendesk.call(
        "PUT",
        f"ticket_fields/{number}",
        json={
            "ticket_field": {"title": "Reply", "custom_field_options": [*OPTIONS, {"name": "U", "value": "u n"}]}
        },
    )

    changed = answer.json()["ticket_field"]
    assert (changed["title"], [one["value"] for one in changed["custom_field_options"]]) == (
        "Reply", ["reply_sent", "reply_failed", "u_n"],
    )  # fmt: skip
    assert zendesk.read(f"ticket_fields/{number}")["ticket_field"] == changed


@pytest.mark.parametrize(
    ("spec", "at"),
    [
        ({"type": "picklist", "title": "x"}, "type"),
        ({"type": "text"}, "title"),
        ({"type": "tagger", "title": "x"}, "custom_field_options"),
        ({**LIST, "custom_field_options": [*OPTIONS, OPTIONS[0]]}, "custom_field_options"),
        ({**LIST, "custom_field_options": ["x"]}, "custom_field_options"),
        ({"type": "regexp", "title": "x", "regexp_for_validation": "("}, "regexp_for_validation"),
    ],
)
def test_a_field_that_is_none_is_refused(zendesk: ZendeskProcess, spec: dict[str, Any], at: str) -> None:
    assert list(details(zendesk.call("POST", "ticket_fields", json={"ticket_field": spec}))) == [at]


def test_a_fields_type_stays_and_an_unknown_field_is_not_found(zendesk: ZendeskProcess) -> None:
    number = field(zendesk, **LIST)["id"]

    other_type = zendesk.call("PUT", f"ticket_fields/{number}", json={"ticket_field": {"type": "text"}})
    unknown = [zendesk.call(method, "ticket_fields/77", json={"ticket_field": {}}) for method in ("GET", "PUT")]

    assert list(details(other_type)) == ["type"]
    assert [one.status_code for one in unknown] == [404, 404]


def test_unknown_keys_of_a_field_are_told_of(zendesk: ZendeskProcess) -> None:
    answer = zendesk.call("POST", "ticket_fields", json={"ticket_field": {**LIST, "colour": "red"}})

    assert answer.status_code == 201
    assert '"ticket_field.colour"' in answer.headers["x-zendesk-api-warn"]


def test_a_form_tells_its_fields(zendesk: ZendeskProcess) -> None:
    own = field(zendesk, **LIST)["id"]
    zendesk.command("records", kind="ticket_forms", name="Short", ticket_field_ids=[own])
    zendesk.command("records", kind="ticket_forms", name="Bare")

    forms = {one["name"]: one["ticket_field_ids"] for one in zendesk.read("ticket_forms")["ticket_forms"]}

    system = list(fields.SYSTEM_IDS)
    assert forms == {
        "Default Ticket Form": [*system, own], "Social": system, "Short": [*system, own], "Bare": system,
    }  # fmt: skip


def test_each_category_has_its_status(zendesk: ZendeskProcess) -> None:
    found = zendesk.read("custom_statuses")["custom_statuses"]

    assert [one["status_category"] for one in found] == ["new", "open", "pending", "hold", "solved"]
    ticket = zendesk.ticket(status="hold")
    assert ticket["custom_status_id"] == found[3]["id"]


def test_an_admins_status_is_chosen_by_its_id_and_stays_within_its_category(zendesk: ZendeskProcess) -> None:
    for name, active in (("On the phone", True), ("Gone", False)):
        zendesk.command("records", kind="custom_statuses", name=name, category="pending", active=active)
    *_, phone, gone = zendesk.read("custom_statuses")["custom_statuses"]
    ticket = zendesk.ticket(custom_status_id=phone["id"])

    seen = [
        updated(zendesk, ticket["id"], **change)
        for change in (
            {"subject": "x"},
            {"status": "pending"},
            {"status": "open"},
            {"custom_status_id": phone["id"]},
        )
    ]

    chosen = [(one["status"], one["custom_status_id"]) for one in (ticket, *seen)]
    assert chosen[:3] == [("pending", phone["id"])] * 3
    assert chosen[3:] == [("open", shapes.STATUSES["open"]), ("pending", phone["id"])]
    refused = zendesk.update(ticket["id"], custom_status_id=gone["id"])
    assert details(refused) == {"custom_status_id": ["Custom status: is invalid"]}
    told = next(one for one in zendesk.read("ticket_fields")["ticket_fields"] if one["type"] == "custom_status")
    assert [(one["id"], one["active"]) for one in told["custom_statuses"][-2:]] == [
        (phone["id"], True), (gone["id"], False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "spec", [{"name": "x"}, {"name": " ", "category": "open"}, {"name": "x", "category": "closed"}]
)
def test_a_status_that_is_none_is_refused(zendesk: ZendeskProcess, spec: dict[str, Any]) -> None:
    assert zendesk.command("records", kind="custom_statuses", **spec).status_code == 400
    assert len(zendesk.read("custom_statuses")["custom_statuses"]) == 5


# --- of users


def test_a_users_fields_are_those_of_the_account_and_keep_what_is_not_written(zendesk: ZendeskProcess) -> None:
    zendesk.command("user_fields", key="tier", title="Tier", type="dropdown", options=["gold"])
    zendesk.command("user_fields", key="reach", title="Reach", type="integer")
    zendesk.command("user_fields", key="old", title="Old", type="text", active=False)
    ada = zendesk.user(user_fields={"tier": "gold", "old": "x", "nobodys": "x"})

    def written(**values: Any) -> Any:
        return zendesk.call("PUT", f"users/{ada['id']}", json={"user": {"user_fields": values}})

    assert ada["user_fields"] == {"tier": "gold", "reach": None}
    assert written(reach="7").json()["user"]["user_fields"] == {"tier": "gold", "reach": "7"}
    assert written(tier="silver").json()["user"]["user_fields"] == {"tier": None, "reach": "7"}
    assert details(written(reach="many")) == {"base": ["Reach: must be an integer"]}
    found = zendesk.read("user_fields")["user_fields"]
    assert [(one["key"], one["type"], one["active"], one["position"]) for one in found] == [
        ("tier", "dropdown", True, 0), ("reach", "integer", True, 1), ("old", "text", False, 2),
    ]  # fmt: skip
    assert [one["value"] for one in found[0]["custom_field_options"]] == ["gold"]


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"key": "a", "title": "A"},
        {"key": "A", "title": "A", "type": "text"},
        {"key": "a", "title": "A", "type": "tagger"},
        {"key": "a", "title": "A", "type": "text", "options": "x"},
        {"key": "a", "title": "A", "type": "text", "id": 1},
        {"key": "a", "title": "A", "type": "regexp", "regexp": "("},
    ],
)
def test_a_user_field_that_is_none_is_refused(zendesk: ZendeskProcess, spec: dict[str, Any]) -> None:
    assert zendesk.command("user_fields", **spec).status_code == 400
    assert zendesk.read("user_fields")["user_fields"] == []


# --- values and tags


def test_a_field_that_is_switched_off_keeps_nothing_and_is_not_shown(zendesk: ZendeskProcess) -> None:
    zendesk.command("fields", id=7, title="Off", type="text", active=False)

    ticket = zendesk.ticket(custom_fields=[{"id": 7, "value": "x"}])

    assert ticket["custom_fields"] == ticket["fields"] == []
    zendesk.command("fields", id=7, title="On", type="text")
    assert value(zendesk.read(f"tickets/{ticket['id']}")["ticket"], 7) is None


@pytest.mark.parametrize(
    ("kind", "good", "wrong"),
    [
        ("integer", ["12", 12, "-3", "+012"], ["12.5", "1e3", "", "٣"]),
        ("decimal", ["12.50", 0.5, "1,5", ".5", "-1"], ["5.", "1e3", "1.2.3"]),
        ("date", ["2024-02-29"], ["2026-02-29", "2026-1-1", "20260101", "2026-02-01T00:00:00Z"]),
        ("regexp", ["A-7"], ["B-7"]),
        ("checkbox", [True, False], ["true", 1]),
    ],
)
def test_each_type_takes_what_is_like_it(
    zendesk: ZendeskProcess, kind: str, good: list[Any], wrong: list[Any]
) -> None:
    more = {"regexp": r"\AA-\d+\z"} if kind == "regexp" else {}
    zendesk.command("fields", id=7, title="Own", type=kind, **more)
    number = zendesk.ticket()["id"]

    answers = [zendesk.update(number, custom_fields=[{"id": 7, "value": one}]) for one in (*good, *wrong)]

    refused = [one for one, answer in zip((*good, *wrong), answers, strict=True) if answer.status_code == 422]
    assert refused == [one for one in wrong if one != ""]


def test_choosing_another_value_takes_the_old_ones_tag_away(zendesk: ZendeskProcess) -> None:
    number = field(zendesk, **LIST)["id"]
    ticket = zendesk.ticket(tags=["own"], custom_fields=[{"id": number, "value": "reply_sent"}])

    chosen = updated(zendesk, ticket["id"], custom_fields=[{"id": number, "value": "reply_failed"}])
    emptied = updated(zendesk, ticket["id"], custom_fields=[{"id": number, "value": None}])

    assert [(one["tags"], value(one, number)) for one in (ticket, chosen, emptied)] == [
        (["own", "reply_sent"], "reply_sent"), (["own", "reply_failed"], "reply_failed"), (["own"], None),
    ]  # fmt: skip


def test_tags_that_are_set_choose_and_empty(zendesk: ZendeskProcess) -> None:
    number = field(zendesk, **LIST)["id"]
    ticket = zendesk.ticket(custom_fields=[{"id": number, "value": "reply_sent"}])["id"]

    emptied = updated(zendesk, ticket, tags=["own"])
    chosen = updated(zendesk, ticket, tags=["own", "reply_failed"])

    assert (value(emptied, number), value(chosen, number)) == (None, "reply_failed")


def test_several_values_and_checked_boxes_are_tags_too(zendesk: ZendeskProcess) -> None:
    many = field(zendesk, type="multiselect", title="Topics", custom_field_options=OPTIONS)["id"]
    box = field(zendesk, type="checkbox", title="VIP", tag="vip")["id"]
    ticket = zendesk.ticket(
        custom_fields=[{"id": many, "value": ["reply_sent", "reply_failed"]}, {"id": box, "value": True}]
    )

    fewer = updated(zendesk, ticket["id"], custom_fields=[{"id": many, "value": ["reply_failed"]}])
    unchecked = updated(zendesk, ticket["id"], custom_fields=[{"id": box, "value": False}])

    assert [one["tags"] for one in (ticket, fewer, unchecked)] == [
        ["reply_sent", "reply_failed", "vip"], ["reply_failed", "vip"], ["reply_failed"],
    ]  # fmt: skip


def test_an_unknown_value_of_a_list_is_swallowed_and_a_wrong_number_refused(zendesk: ZendeskProcess) -> None:
    listed = field(zendesk, **LIST)["id"]
    many = field(zendesk, type="multiselect", title="Topics", custom_field_options=OPTIONS)["id"]
    number = field(zendesk, type="integer", title="Order")["id"]
    pattern = field(zendesk, type="regexp", title="Code", regexp_for_validation=r"\A[A-Z]{2}\d+\Z")["id"]
    ticket = zendesk.ticket(custom_fields=[{"id": pattern, "value": "AB1"}])

    swallowed = updated(
        zendesk, ticket["id"], custom_fields=[{"id": listed, "value": "nope"}, {"id": many, "value": ["nope"]}]
    )
    refused = [
        details(zendesk.update(ticket["id"], custom_fields=[{"id": one, "value": wrong}]))
        for one, wrong in ((number, "many"), (pattern, "ab1"))
    ]

    assert (value(swallowed, listed), value(swallowed, many), swallowed["tags"]) == (None, [], [])
    assert refused == [{"base": ["Order: must be an integer"]}, {"base": ["Code: is invalid"]}]
    assert value(swallowed, pattern) == "AB1"


SPEC = {"id": 1, "type": "tagger", "title": "x", "options": ["a", "b"]}
TAGS = st.lists(st.sampled_from(["a", "b", "own"]), unique=True)


@given(TAGS, st.sampled_from(["a", "b", None]), st.booleans(), st.sampled_from(["a", "b", None]), TAGS)
@settings(max_examples=100)
def test_a_list_has_the_tag_of_its_value_and_of_no_other(
    tags: list[str], old: str | None, tagged: bool, new: str | None, given_tags: list[str]
) -> None:
    begun = [tag for tag in tags if tag not in SPEC["options"]] + ([old] if old else [])  # type: ignore[operator]
    change = {"custom_fields": {"1": new}} | ({"tags": given_tags} if tagged else {})

    after, custom = fields.settled({1: SPEC}, {"tags": begun, "custom_fields": {"1": old}}, change)

    assert custom == {"1": new}
    assert new is None or new in after
    assert old in (None, new) or old not in after


# --- tags by themselves


def test_tags_are_read_set_added_and_removed(zendesk: ZendeskProcess) -> None:
    number = zendesk.ticket(tags=["a"])["id"]

    def tags(method: str, *given: str) -> tuple[int, list[str]]:
        answer = zendesk.call(method, f"tickets/{number}/tags", json={"tags": given} if given else None)
        return answer.status_code, answer.json()["tags"]

    assert tags("POST", "b", "C d") == (201, ["b", "c", "d"])
    assert tags("PUT", "b", "e") == (200, ["b", "c", "d", "e"])
    assert tags("DELETE", "c", "d") == (200, ["b", "e"])
    assert tags("GET") == (200, ["b", "e"])


def test_tags_can_be_added_safely(zendesk: ZendeskProcess) -> None:
    ticket = zendesk.ticket()
    old = {"tags": ["x"], "safe_update": "true", "updated_stamp": "2020-01-01T00:00:00Z"}

    refused = zendesk.call("PUT", f"tickets/{ticket['id']}/tags", json=old)
    allowed = zendesk.call(
        "PUT", f"tickets/{ticket['id']}/tags", json=old | {"updated_stamp": ticket["updated_at"]}
    )

    assert (refused.status_code, refused.json()["error"]) == (409, "UpdateConflict")
    assert allowed.json() == {"tags": ["x"]}
