"""Tickets: what is stored, what follows what, and every refusal in the vendor's words."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import zendesk_process
from zendesk_process import ZendeskProcess, details

from bridge.sandbox.zendesk.account import AGENT, BRIDGE_USER
from bridge.sandbox.zendesk.shapes import BRAND, FORM, GROUP

NOBODY = 6_199_999_999_999
HOUR = 3600
CLOSED = {
    "error": "RecordInvalid",
    "description": "Record validation errors",
    "details": {"status": [{"description": "Status: closed prevents ticket update"}]},
}
CONFLICT = {
    "error": "UpdateConflict",
    "description": "Safe Update prevented the update due to outdated ticket data. Please fetch the latest ticket "
    "data and try again.",
}


zendesk = zendesk_process.zendesk


@pytest.fixture(autouse=True)
def _new(zendesk: ZendeskProcess) -> None:
    zendesk.reset()


def closed(zendesk: ZendeskProcess, **fields: Any) -> int:
    return int(zendesk.ticket(status="closed", **fields)["id"])


def events(audit: dict[str, Any], kind: str) -> list[tuple[Any, ...]]:
    keys = ("field_name", "previous_value", "value") if kind == "Change" else ("field_name", "value")
    return [tuple(one[key] for key in keys) for one in audit["events"] if one["type"] == kind]


# --- create


def test_a_ticket_keeps_what_is_given(zendesk: ZendeskProcess) -> None:
    ada = zendesk.user()["id"]
    given = {
        "subject": "DM from Ada",
        "external_id": "cb:1",
        "requester_id": ada,
        "status": "open",
        "priority": "high",
        "type": "question",
        "tags": ["Casebridge", "casebridge", "x"],
        "group_id": GROUP,
        "brand_id": BRAND,
        "ticket_form_id": FORM,
        "assignee_id": AGENT,
    }

    ticket = zendesk.ticket(**given, comment={"html_body": "<p>Hi</p>", "public": True, "author_id": ada})

    wanted = given | {
        "tags": ["casebridge", "x"],
        "description": "Hi",
        "submitter_id": ada,
        "raw_subject": "DM from Ada",
    }
    assert {name: ticket[name] for name in wanted} == wanted
    assert zendesk.read(f"tickets/{ticket['id']}")["ticket"] == ticket


def test_what_is_not_given_is_null(zendesk: ZendeskProcess) -> None:
    ticket = zendesk.ticket()

    assert {name for name, value in ticket.items() if value is None} == {
        "external_id", "type", "subject", "raw_subject", "priority", "recipient", "assignee_id", "organization_id",
        "group_id", "forum_topic_id", "problem_id", "due_at", "satisfaction_rating",
    }  # fmt: skip
    assert (ticket["status"], ticket["requester_id"], ticket["submitter_id"]) == ("new", BRIDGE_USER, BRIDGE_USER)


def test_a_creation_answers_with_its_place_and_audit(zendesk: ZendeskProcess) -> None:
    given = {"subject": "s", "tags": ["a"], "comment": {"body": "b"}, "metadata": {"cb_key": "k"}}

    answer = zendesk.call("POST", "tickets", json={"ticket": given}, headers={"User-Agent": "tests"})

    ticket, audit = answer.json()["ticket"], answer.json()["audit"]
    assert answer.status_code == 201
    assert answer.headers["Location"] == ticket["url"] == f"{zendesk.base}/api/v2/tickets/{ticket['id']}.json"
    assert audit["metadata"]["custom"] == {"cb_key": "k"}
    assert audit["metadata"]["system"]["client"] == "tests"
    assert (audit["ticket_id"], audit["author_id"], audit["created_at"]) == (
        ticket["id"],
        BRIDGE_USER,
        ticket["created_at"],
    )
    assert ("subject", "s") in events(audit, "Create")
    assert ("tags", ["a"]) in events(audit, "Create")
    comment = audit["events"][0]
    assert (comment["type"], comment["audit_id"], comment["plain_body"]) == ("Comment", audit["id"], "b")
    assert all(len(str(one["id"])) == 13 for one in [audit, *audit["events"]])


def test_ticket_ids_grow_and_skip(zendesk: ZendeskProcess) -> None:
    assert [zendesk.ticket()["id"] for _ in range(8)] == [1, 2, 3, 5, 6, 7, 8, 10]


def test_an_external_id_may_be_had_twice(zendesk: ZendeskProcess) -> None:
    numbers = [zendesk.ticket(external_id="cb:1")["id"] for _ in range(2)]

    found = zendesk.read("tickets", external_id="cb:1")["tickets"]

    assert [one["id"] for one in found] == numbers


def test_the_submitter_is_the_author_of_the_first_comment(zendesk: ZendeskProcess) -> None:
    ada, eve = zendesk.user()["id"], zendesk.user()["id"]
    by_author = zendesk.ticket(submitter_id=eve, comment={"body": "x", "author_id": ada})
    by_submitter = zendesk.ticket(submitter_id=eve, comment={"body": "x"})

    comments = [one["comments"][0]["author_id"] for one in zendesk.state()["tickets"]]

    assert [by_author["submitter_id"], by_submitter["submitter_id"]] == comments == [ada, eve]


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ({"priority": "asap"}, {"priority": ["Priority: is not a valid value"]}),
        ({"status": "done"}, {"status": ["Status: is not a valid value"]}),
        ({"status": None}, {"status": ["Status: is not a valid value"]}),
        ({"type": "complaint"}, {"type": ["Type: is not a valid value"]}),
        ({"requester_id": NOBODY}, {"requester": ["Requester: is invalid"]}),
        ({"assignee_id": NOBODY}, {"assignee": ["Assignee: is invalid"]}),
        ({"group_id": 7}, {"group": ["Group: is invalid"]}),
        ({"brand_id": 7}, {"brand": ["Brand: is invalid"]}),
        ({"ticket_form_id": 7}, {"ticket_form": ["Ticket form: is invalid"]}),
        ({"organization_id": 7}, {"organization": ["Organization: is invalid"]}),
        ({"custom_status_id": 7}, {"custom_status_id": ["Custom status: is invalid"]}),
        ({"comment": {"body": "x", "author_id": NOBODY}}, {"author": ["Author: is invalid"]}),
        ({"comment": {}}, {"base": ["Description: cannot be blank"]}),
        ({"comment": {"html_body": " "}}, {"base": ["Description: cannot be blank"]}),
    ],
)
def test_a_wrong_value_is_refused(zendesk: ZendeskProcess, fields: dict[str, Any], refused: Any) -> None:
    answer = zendesk.call("POST", "tickets", json={"ticket": {"comment": {"body": "x"}, **fields}})

    assert details(answer) == refused
    assert zendesk.state()["tickets"] == []


def test_an_end_user_is_no_assignee(zendesk: ZendeskProcess) -> None:
    number, ada = zendesk.ticket()["id"], zendesk.user()["id"]

    assert details(zendesk.update(number, assignee_id=ada)) == {"assignee": ["Assignee: is invalid"]}


def test_nobody_suspended_requests_anything(zendesk: ZendeskProcess) -> None:
    ada = zendesk.user(name="Ada")["id"]
    zendesk.call("PUT", f"users/{ada}", json={"user": {"suspended": True}})

    answer = zendesk.call("POST", "tickets", json={"ticket": {"requester_id": ada, "comment": {"body": "x"}}})

    assert details(answer) == {"requester": ["Requester: Ada is suspended"]}


def test_unknown_keys_are_ignored_with_a_warning(zendesk: ZendeskProcess) -> None:
    number = zendesk.ticket()["id"]

    answer = zendesk.update(number, id=number, subject="s", comment={"body": "x", "html": "y"}, requester={})

    assert (answer.status_code, answer.json()["ticket"]["subject"]) == (200, "s")
    assert answer.headers["x-zendesk-api-warn"] == (
        '{:allowed_parameters=>{:controller=>"tickets", :action=>"update", '
        ':unpermitted_keys=>["ticket.id", "ticket.requester", "ticket.comment.html"], :invalid_values=>[]}}'
    )
    assert "x-zendesk-api-warn" not in zendesk.update(number, subject="t").headers


@pytest.mark.parametrize(
    "given",
    [
        {"a\nb": 1, "ä\x00": 2, "x" * 100_000: 3},
        {"metadata": {"deep": json.loads("[" * 900 + "]" * 900)}},
        {"comment": {"html_body": "<![if x]><![CDATA[ <!doctype <!-- <? </ <p"}},
        {"custom_fields": [{"id": "9" * 5000, "value": 1}, {"id": [], "value": 1}]},
        {"tags": "a b A"},
        {"fields": None, "metadata": None, "tags": None, "comment": None},
    ],
)
def test_hostile_bodies_break_nothing(zendesk: ZendeskProcess, given: dict[str, Any]) -> None:
    number = zendesk.ticket()["id"]

    assert zendesk.update(number, **given).status_code in (200, 400)


@pytest.mark.parametrize("name", ["requester_id", "assignee_id", "group_id", "via_followup_source_id"])
def test_a_number_too_big_for_an_id_is_refused(zendesk: ZendeskProcess, name: str) -> None:
    given = {"comment": {"body": "x"}, name: 10**30}

    assert zendesk.call("POST", "tickets", json={"ticket": given}).status_code == 400


# --- custom fields


FIELDS = [
    {"id": 11, "title": "Link", "type": "text"},
    {"id": 12, "title": "Reach", "type": "integer"},
    {"id": 13, "title": "Mood", "type": "tagger", "options": ["sad", "glad"]},
    {"id": 14, "title": "Urgent", "type": "checkbox"},
    {"id": 15, "title": "Day", "type": "date"},
    {"id": 16, "title": "Tones", "type": "multiselect", "options": ["a", "b"]},
    {"id": 17, "title": "Share", "type": "decimal"},
]


def test_custom_fields_take_what_is_theirs(zendesk: ZendeskProcess) -> None:
    for field in FIELDS:
        assert zendesk.command("fields", **field).status_code == 200
    given = {11: "x", 12: 7, 13: "furious", 14: True, 15: "2026-11-22", 16: ["a", "z"], 17: "1.5", 99: "nobody's"}

    ticket = zendesk.ticket(custom_fields=[{"id": number, "value": value} for number, value in given.items()])

    wanted = {11: "x", 12: "7", 13: None, 14: True, 15: "2026-11-22", 16: ["a"], 17: "1.5"}
    assert ticket["custom_fields"] == [{"id": number, "value": value} for number, value in wanted.items()]
    assert ticket["fields"] == ticket["custom_fields"]


@pytest.mark.parametrize(
    ("number", "value", "kind", "text"),
    [
        (12, "many", "FieldInteger", "Reach: must be an integer"),
        (12, 1.5, "FieldInteger", "Reach: must be an integer"),
        (14, "yes", "FieldCheckbox", "Urgent: must be true or false"),
        (15, "22.11.2026", "FieldDate", "Day: must be a date"),
        (17, True, "FieldDecimal", "Share: must be a decimal number"),
        (11, ["x"], "FieldText", "Link: is invalid"),
    ],
)
def test_a_custom_field_refuses_what_it_cannot_hold(
    zendesk: ZendeskProcess, number: int, value: Any, kind: str, text: str
) -> None:
    for field in FIELDS:
        zendesk.command("fields", **field)
    given = {"comment": {"body": "x"}, "custom_fields": [{"id": number, "value": value}]}

    answer = zendesk.call("POST", "tickets", json={"ticket": given})

    wrong = {"description": text, "ticket_field_id": number, "ticket_field_type": kind}
    assert (answer.status_code, answer.json()["details"]) == (422, {"base": [wrong]})


def test_an_update_leaves_other_custom_fields_alone(zendesk: ZendeskProcess) -> None:
    for field in FIELDS[:2]:
        zendesk.command("fields", **field)
    number = zendesk.ticket(custom_fields=[{"id": 11, "value": "x"}])["id"]

    answer = zendesk.update(number, custom_fields={"12": 7}).json()

    assert answer["ticket"]["custom_fields"] == [{"id": 11, "value": "x"}, {"id": 12, "value": "7"}]
    assert events(answer["audit"], "Change") == [("12", None, "7")]


# --- idempotency


KEYED = {"ticket": {"comment": {"body": "x"}, "subject": "s"}}


def keyed(zendesk: ZendeskProcess, key: str, body: Any = KEYED) -> Any:
    return zendesk.call("POST", "tickets.json", json=body, headers={"Idempotency-Key": key})


def test_the_same_key_gets_the_same_answer(zendesk: ZendeskProcess) -> None:
    first, second, third = keyed(zendesk, "k"), keyed(zendesk, "k"), keyed(zendesk, "other")

    assert [one.headers["x-idempotency-lookup"] for one in (first, second, third)] == ["miss", "hit", "miss"]
    assert (second.status_code, second.content) == (201, first.content)
    assert second.headers["Location"] == first.headers["Location"]
    assert [one["id"] for one in zendesk.state()["tickets"]] == [1, 2]


def test_a_repeat_shows_the_ticket_as_it_was(zendesk: ZendeskProcess) -> None:
    first = keyed(zendesk, "k")
    zendesk.update(first.json()["ticket"]["id"], subject="changed")

    assert keyed(zendesk, "k").content == first.content


def test_a_key_stands_for_its_parameters(zendesk: ZendeskProcess) -> None:
    keyed(zendesk, "k")

    answer = keyed(zendesk, "k", {"ticket": {"comment": {"body": "y"}}})

    text = "Request parameters don't match the given idempotency key"
    assert (answer.status_code, answer.json()) == (400, {"error": "IdempotentRequestError", "description": text})


def test_a_key_is_forgotten_after_two_hours(zendesk: ZendeskProcess) -> None:
    keyed(zendesk, "k")
    lookups = []

    for offset in (2 * HOUR - 5, 2 * HOUR + 5):
        zendesk.command("clock", offset_seconds=offset)
        lookups.append(keyed(zendesk, "k").headers["x-idempotency-lookup"])

    assert lookups == ["hit", "miss"]
    assert len(zendesk.state()["tickets"]) == 2


def test_a_refused_creation_leaves_its_key_free(zendesk: ZendeskProcess) -> None:
    refused = keyed(zendesk, "k", {"ticket": {"comment": {"body": "x"}, "priority": "asap"}})

    assert (refused.status_code, keyed(zendesk, "k").headers["x-idempotency-lookup"]) == (422, "miss")


def test_a_key_in_use_is_in_progress(zendesk: ZendeskProcess) -> None:
    zendesk.command("switches", idempotency_in_progress=True)

    answer = keyed(zendesk, "k")

    assert (answer.status_code, answer.json()["error"]) == (409, "IdempotentRequestInProgress")
    assert zendesk.ticket()["id"] == 1


def test_a_key_over_255_characters_is_refused(zendesk: ZendeskProcess) -> None:
    assert [keyed(zendesk, "k" * length).status_code for length in (255, 256)] == [201, 400]


def test_only_creations_look_at_the_key(zendesk: ZendeskProcess) -> None:
    number = zendesk.ticket()["id"]
    headers = {"Idempotency-Key": "k"}
    body = {"ticket": {"comment": {"body": "again"}}}

    answers = [zendesk.call("PUT", f"tickets/{number}", json=body, headers=headers) for _ in range(2)]

    assert [one.headers.get("x-idempotency-lookup") for one in answers] == [None, None]
    assert len(zendesk.state()["tickets"][0]["comments"]) == 3


# --- update


def test_an_update_answers_with_the_whole_ticket_and_its_audit(zendesk: ZendeskProcess) -> None:
    number = zendesk.ticket(subject="old", tags=["a"])["id"]
    comment = {"html_body": "<p>news</p>", "public": False, "author_id": AGENT}

    answer = zendesk.update(
        number, subject="new", status="pending", tags=["b"], comment=comment, metadata={"cb": "2"}
    )

    ticket, audit = answer.json()["ticket"], answer.json()["audit"]
    assert answer.status_code == 200
    assert (ticket["subject"], ticket["raw_subject"], ticket["status"], ticket["tags"]) == (
        "new",
        "new",
        "pending",
        ["b"],
    )
    assert audit["metadata"]["custom"] == {"cb": "2"}
    assert (audit["author_id"], audit["events"][0]["author_id"]) == (BRIDGE_USER, AGENT)
    assert events(audit, "Change") == [
        ("subject", "old", "new"),
        ("status", "new", "pending"),
        ("tags", ["a"], ["b"]),
    ]


def test_a_comment_without_public_is_like_the_one_before(zendesk: ZendeskProcess) -> None:
    number = zendesk.ticket(comment={"body": "x", "public": False})["id"]

    zendesk.update(number, comment={"body": "y"})

    assert [one["public"] for one in zendesk.state()["tickets"][0]["comments"]] == [False, False]
    assert zendesk.read(f"tickets/{number}")["ticket"]["is_public"] is False


def test_a_customers_comment_reopens_nothing(zendesk: ZendeskProcess) -> None:
    ada = zendesk.user()["id"]
    number = zendesk.ticket(requester_id=ada, status="solved")["id"]

    answer = zendesk.update(number, comment={"body": "still broken", "author_id": ada})

    assert answer.json()["ticket"]["status"] == "solved"


def test_solving_and_reopening_are_timed(zendesk: ZendeskProcess) -> None:
    number = zendesk.ticket()["id"]
    metrics = []

    for status in ("solved", "open", "solved"):
        zendesk.update(number, status=status)
        metrics.append(zendesk.read(f"tickets/{number}", include="metric_sets")["metric_sets"][0])

    assert [(one["solved_at"] is None, one["reopens"]) for one in metrics] == [(False, 0), (True, 1), (False, 1)]
    assert {one["ticket_id"] for one in metrics} == {number}


def test_an_agent_is_named_by_the_address(zendesk: ZendeskProcess) -> None:
    zendesk.user(email="customer@example.org")
    eve = zendesk.user(email="eve@example.org", role="agent")["id"]

    given = zendesk.ticket(assignee_email="EVE@example.org")
    refused = [zendesk.update(given["id"], assignee_email=f"{one}@example.org") for one in ("customer", "nobody")]

    assert given["assignee_id"] == eve
    assert [details(one) for one in refused] == [{"assignee": ["Assignee: is invalid"]}] * 2


def test_a_custom_status_is_a_status(zendesk: ZendeskProcess) -> None:
    number = zendesk.ticket()["id"]
    pending = zendesk.ticket(status="pending")["custom_status_id"]

    assert zendesk.update(number, custom_status_id=pending).json()["ticket"]["status"] == "pending"


@pytest.mark.parametrize("safe_update", [True, False])
def test_a_safe_update_needs_the_latest_stamp(zendesk: ZendeskProcess, safe_update: bool) -> None:
    ticket = zendesk.ticket()
    zendesk.command("clock", offset_seconds=5)
    latest = zendesk.update(ticket["id"], subject="a").json()["ticket"]["updated_at"]

    old = zendesk.update(ticket["id"], subject="b", safe_update=safe_update, updated_stamp=ticket["updated_at"])
    none = zendesk.update(ticket["id"], subject="c", safe_update=safe_update)
    good = zendesk.update(ticket["id"], subject="d", safe_update=safe_update, updated_stamp=latest)

    assert [(one.status_code, one.json()) for one in (old, none)] == [(409, CONFLICT)] * 2
    assert (good.status_code, good.json()["ticket"]["subject"]) == (200, "d")


def test_a_stamp_alone_forces_nothing(zendesk: ZendeskProcess) -> None:
    number = zendesk.ticket()["id"]

    assert zendesk.update(number, subject="a", updated_stamp="2020-01-01T00:00:00Z").status_code == 200


def test_times_are_whole_seconds(zendesk: ZendeskProcess) -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", zendesk.ticket()["updated_at"])


# --- closed, deleted, followed up


def test_a_closed_ticket_takes_nothing(zendesk: ZendeskProcess) -> None:
    number = closed(zendesk)

    answers = [zendesk.update(number, comment={"body": "x"}), zendesk.update(number, status="open")]

    assert [(one.status_code, one.json()) for one in answers] == [(422, CLOSED)] * 2


def test_only_a_solved_ticket_is_closed_by_hand(zendesk: ZendeskProcess) -> None:
    number = zendesk.ticket()["id"]

    too_soon = zendesk.update(number, status="closed")
    zendesk.update(number, status="solved")
    then = zendesk.update(number, status="closed")

    assert details(too_soon) == {"status": ["Status: is not a valid value"]}
    assert then.json()["ticket"]["status"] == "closed"


def test_solved_tickets_are_closed_after_96_hours(zendesk: ZendeskProcess) -> None:
    number = zendesk.ticket(status="solved")["id"]
    statuses = []

    for hours in (95, 97):
        zendesk.command("clock", offset_seconds=hours * HOUR)
        zendesk.token = ""
        statuses.append(zendesk.read(f"tickets/{number}")["ticket"]["status"])

    assert statuses == ["solved", "closed"]
    assert events(zendesk.read(f"tickets/{number}/audits")["audits"][-1], "Change") == [
        ("status", "solved", "closed")
    ]


def test_a_deleted_ticket_is_found_nowhere(zendesk: ZendeskProcess) -> None:
    number = zendesk.ticket(external_id="cb:1")["id"]

    deleted = zendesk.call("DELETE", f"tickets/{number}")
    again = zendesk.call("DELETE", f"tickets/{number}")

    lost = {"error": "RecordNotFound", "description": "Not found"}
    answers = [again, zendesk.update(number, subject="x"), *(
        zendesk.call("GET", f"tickets/{number}{rest}") for rest in ("", "/audits", "/comments")
    )]  # fmt: skip
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert [(one.status_code, one.json()) for one in answers] == [(404, lost)] * 5
    assert zendesk.read("tickets", external_id="cb:1")["tickets"] == []
    assert zendesk.read("tickets/show_many", ids=number)["tickets"] == []
    assert [one["deleted"] for one in zendesk.state()["tickets"]] == [True]


def test_a_follow_up_names_its_parent_and_inherits_the_tags(zendesk: ZendeskProcess) -> None:
    ada = zendesk.user()["id"]
    parent = closed(zendesk, subject="old", tags=["a", "b"])

    ticket = zendesk.ticket(via_followup_source_id=parent, requester_id=ada, submitter_id=ada)

    assert ticket["via"]["source"] == {
        "from": {"ticket_id": parent, "subject": "old", "channel": "api"},
        "to": {},
        "rel": "follow_up",
    }
    assert (ticket["tags"], ticket["requester_id"], ticket["submitter_id"]) == (["a", "b"], ada, BRIDGE_USER)
    assert zendesk.state()["tickets"][1]["comments"][0]["author_id"] == BRIDGE_USER
    assert zendesk.read(f"tickets/{parent}")["ticket"]["followup_ids"] == [ticket["id"]]


def test_a_follow_up_has_the_tags_and_the_author_it_is_given(zendesk: ZendeskProcess) -> None:
    ada = zendesk.user()["id"]
    parent = closed(zendesk, tags=["a"])
    comment = {"body": "x", "author_id": ada}

    tagged = zendesk.ticket(via_followup_source_id=parent, tags=["c"], comment=comment)
    bare = zendesk.ticket(via_followup_source_id=parent, tags=[])

    assert (tagged["tags"], bare["tags"]) == (["c"], [])
    assert zendesk.state()["tickets"][1]["comments"][0]["author_id"] == ada


@pytest.mark.parametrize("status", ["solved", "open"])
def test_only_closed_tickets_are_followed_up(zendesk: ZendeskProcess, status: str) -> None:
    parent = zendesk.ticket(status=status, tags=["a"])["id"]

    ticket = zendesk.ticket(via_followup_source_id=parent)

    assert (ticket["via"]["source"]["rel"], ticket["tags"]) == (None, [])
    assert zendesk.read(f"tickets/{parent}")["ticket"]["followup_ids"] == []


def test_judges_see_comments_in_order_with_their_metadata(zendesk: ZendeskProcess) -> None:
    number = zendesk.ticket(external_id="cb:1", metadata={"k": "1"})["id"]
    zendesk.update(number, comment={"html_body": "two", "public": False}, metadata={"k": "2"})

    (ticket,) = zendesk.state()["tickets"]

    shown = [(one["plain_body"], one["public"], one["metadata"]) for one in ticket["comments"]]
    assert shown == [("Hello", True, {"k": "1"}), ("two", False, {"k": "2"})]
    assert (ticket["id"], ticket["external_id"], ticket["deleted"], ticket["audits"]) == (number, "cb:1", False, 2)
    assert ticket["fields"]["status"] == "new"
