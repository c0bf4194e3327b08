"""Files under tokens, groups, brands, forms, lists of users, and many users changed at once."""

from __future__ import annotations

import hashlib
from typing import Any

import openapi_oracle
import pytest
import requests
import zendesk_process
from zendesk_process import ZendeskProcess, details

from bridge.sandbox.zendesk.account import AGENT, BRIDGE_USER
from bridge.sandbox.zendesk.shapes import BRAND, FORM, GROUP

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


zendesk, new = zendesk_process.zendesk, zendesk_process.new


def upload(zendesk: ZendeskProcess, name: str = "cat.png", content: bytes = PICTURE, **query: str) -> Any:
    return zendesk.call(
        "POST",
        "uploads",
        params={"filename": name, **query},
        data=content,
        headers={"Content-Type": "image/png"},
    )


def token(zendesk: ZendeskProcess) -> str:
    return str(upload(zendesk).json()["upload"]["token"])


def attach(zendesk: ZendeskProcess, number: int, given: str) -> requests.Response:
    return zendesk.update(number, comment={"html_body": "files", "public": False, "uploads": [given]})


def faults(answer: requests.Response) -> list[str]:
    """What the vendor's description has against an answer and its request."""
    asked = answer.request
    body = asked.body.encode() if isinstance(asked.body, str) else asked.body
    assert isinstance(body, bytes | None)
    url = str(asked.url)
    return openapi_oracle.faults(
        str(asked.method), url, body, asked.headers, answer.status_code, answer.headers, answer.content
    )


# --- files


def test_files_under_one_token_come_with_one_comment(zendesk: ZendeskProcess) -> None:
    number = zendesk.ticket()["id"]
    first = upload(zendesk).json()["upload"]

    second = upload(zendesk, "dog.png", b"dog", token=first["token"])
    answer = attach(zendesk, number, first["token"])

    shown = second.json()["upload"]
    assert (second.status_code, second.headers["Content-Type"]) == (201, "text/plain; charset=utf-8")
    assert shown["token"] == first["token"]
    assert shown["attachments"] == [first["attachment"], shown["attachment"]]
    [comment] = [event for event in answer.json()["audit"]["events"] if event["type"] == "Comment"]
    assert comment["attachments"] == shown["attachments"]
    assert zendesk.read(f"tickets/{number}/comments")["comments"][1]["attachments"] == shown["attachments"]
    assert zendesk.state()["tickets"][0]["files"] == [
        {
            "comment": comment["id"],
            "name": name,
            "type": "image/png",
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        for name, content in (("cat.png", PICTURE), ("dog.png", b"dog"))
    ]
    assert [faults(one) for one in (second, answer)] == [[], []]


def test_a_token_is_good_for_one_comment_within_an_hour(zendesk: ZendeskProcess) -> None:
    number = zendesk.ticket()["id"]
    used, old = token(zendesk), token(zendesk)
    attach(zendesk, number, used)

    twice = attach(zendesk, number, used)
    zendesk.command("clock", offset_seconds=3601)
    late = attach(zendesk, number, old)

    assert [details(one) for one in (twice, late)] == [{"base": ["Attachment: upload token is invalid"]}] * 2
    assert len(zendesk.state()["tickets"][0]["comments"]) == 2


def test_a_refused_comment_leaves_its_token_good(zendesk: ZendeskProcess) -> None:
    number = zendesk.ticket()["id"]
    given = token(zendesk)

    refused = zendesk.update(number, status="nope", comment={"body": "x", "uploads": [given]})

    assert refused.status_code == 422
    assert attach(zendesk, number, given).status_code == 200


@pytest.mark.parametrize(("name", "content", "status"), [("", PICTURE, 400), ("cat.png", b"", 422)])
def test_a_file_has_a_name_and_content(zendesk: ZendeskProcess, name: str, content: bytes, status: int) -> None:
    assert upload(zendesk, name, content).status_code == status


def test_a_redacted_file_is_empty(zendesk: ZendeskProcess) -> None:
    number = zendesk.ticket()["id"]
    given = upload(zendesk).json()["upload"]
    answer = attach(zendesk, number, given["token"]).json()
    [comment] = [event["id"] for event in answer["audit"]["events"] if event["type"] == "Comment"]
    path = f"tickets/{number}/comments/{comment}/attachments/{given['attachment']['id']}/redact"

    redacted = zendesk.call("PUT", path, json={})
    elsewhere = zendesk.call("PUT", path.replace(str(given["attachment"]["id"]), "1"), json={})
    zendesk.command("switches", redaction=False)
    refused = zendesk.call("PUT", path, json={})

    assert redacted.json() == {"attachment": given["attachment"]}
    assert (elsewhere.status_code, refused.status_code) == (404, 403)
    [file] = zendesk.state()["tickets"][0]["files"]
    assert (file["name"], file["sha256"]) == ("redacted.txt", hashlib.sha256(b"").hexdigest())
    assert faults(redacted) == []


def test_files_survive_kill_9(zendesk: ZendeskProcess) -> None:
    number = zendesk.ticket()["id"]
    attach(zendesk, number, token(zendesk))
    given = token(zendesk)
    before = zendesk.state()["tickets"][0]["files"]

    zendesk.stop(9)
    zendesk.start()

    assert zendesk.state()["tickets"][0]["files"] == before
    assert attach(zendesk, number, given).status_code == 200


def test_the_page_names_the_files_harmlessly(zendesk: ZendeskProcess) -> None:
    number = zendesk.ticket()["id"]
    given = upload(zendesk, "<b>.png").json()["upload"]["token"]
    attach(zendesk, number, given)

    html = zendesk.session.get(f"{zendesk.base}/agent/tickets/{number}", timeout=20).text

    assert "File: &lt;b&gt;.png (image/png, 264 bytes)" in html


# --- groups, brands, forms


@pytest.mark.parametrize(
    ("kind", "field", "number", "names"),
    [
        ("groups", "group_id", GROUP, ["Support", "Social Care", "Billing"]),
        ("brands", "brand_id", BRAND, ["Acme", "Acme Outlet"]),
        ("ticket_forms", "ticket_form_id", FORM, ["Default Ticket Form", "Social"]),
    ],
)
def test_what_tickets_are_given_to_is_listed(
    zendesk: ZendeskProcess, kind: str, field: str, number: int, names: list[str]
) -> None:
    answer = zendesk.call("GET", kind)
    ticket = zendesk.ticket(**{field: number + 1})

    assert [(one["id"], one["name"]) for one in answer.json()[kind]] == [
        (number + n, name) for n, name in enumerate(names)
    ]
    assert ticket[field] == number + 1
    refused = zendesk.update(ticket["id"], **{field: 7})
    assert list(details(refused)) == [field.removesuffix("_id")]
    assert faults(answer) == []


def test_admins_add_records_and_a_reset_takes_them_away(zendesk: ZendeskProcess) -> None:
    assert zendesk.command("records", kind="groups", name="Night Desk").status_code == 200

    added = zendesk.read("groups")["groups"][-1]
    number = zendesk.ticket(group_id=added["id"])["group_id"]
    zendesk.reset()

    assert (added["name"], number) == ("Night Desk", added["id"])
    assert len(zendesk.read("groups")["groups"]) == 3


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"kind": "queues", "name": "x"},
        {"kind": "groups", "name": " "},
        {"kind": [], "name": "x"},
        {"name": "x"},
        {"kind": "groups", "name": "x", "ticket_field_ids": [1]},
        {"kind": "ticket_forms", "name": "x", "ticket_field_ids": ["1"]},
    ],
)
def test_a_record_that_is_none_is_refused(zendesk: ZendeskProcess, spec: dict[str, Any]) -> None:
    answer = zendesk.command("records", **spec)

    assert (answer.status_code, answer.json()) == (
        400,
        {
            "error": "send a kind out of groups, brands, ticket_forms, custom_statuses, a name and, of a form, "
            "ticket_field_ids"
        },
    )


def test_lists_come_in_pages(zendesk: ZendeskProcess) -> None:
    first = zendesk.read("groups", **{"page[size]": "2"})
    rest = zendesk.read("groups", **{"page[size]": "2", "page[after]": first["meta"]["after_cursor"]})

    assert [len(page["groups"]) for page in (first, rest)] == [2, 1]
    assert (first["meta"]["has_more"], rest["meta"]["has_more"]) == (True, False)


def test_only_some_plans_have_forms(zendesk: ZendeskProcess) -> None:
    zendesk.command("switches", ticket_forms=False)

    assert zendesk.call("GET", "ticket_forms").status_code == 403


# --- users


def test_staff_is_listed_alone_or_with_all(zendesk: ZendeskProcess) -> None:
    ada = zendesk.user()["id"]

    staff = zendesk.call("GET", "users", params=[("role[]", "agent"), ("role[]", "admin")])

    assert [user["id"] for user in staff.json()["users"]] == [BRIDGE_USER, AGENT]
    assert [user["id"] for user in zendesk.read("users")["users"]] == [BRIDGE_USER, AGENT, ada]
    assert faults(staff) == []


def test_many_users_are_changed_with_a_job(zendesk: ZendeskProcess) -> None:
    zendesk.command("switches", job_seconds=0.0)
    ada, bob = (zendesk.user(external_id=name)["id"] for name in ("a", "b"))
    changes = [{"id": ada, "alias": "ada"}, {"id": 7, "alias": "x"}, {"id": bob, "external_id": "A"}]

    answer = zendesk.call("PUT", "users/update_many", json={"users": changes})

    job = answer.json()["job_status"]
    assert (answer.status_code, job["total"], job["status"], job["results"]) == (200, 3, "queued", None)
    users = {user["id"]: user for user in zendesk.state()["users"]}
    assert (users[ada]["alias"], users[bob]["external_id"]) == ("ada", "b")
    assert faults(answer) == []


@pytest.mark.parametrize(("users", "status"), [([{}] * 101, 400), (["x"], 400), ("x", 400)])
def test_many_users_are_at_most_a_hundred(zendesk: ZendeskProcess, users: Any, status: int) -> None:
    assert zendesk.call("PUT", "users/update_many", json={"users": users}).status_code == status
