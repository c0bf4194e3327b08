"""What webhooks send: which event, in which form, signed; and the page on which people set it off."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from typing import Any

import hooked
import pytest
from hooked import TYPE, comment, log, settled, subscribe
from webhook_receiver import Heard, Receiver
from zendesk_process import ZendeskProcess

from bridge.sandbox.zendesk.account import AGENT, BRIDGE_USER
from bridge.sandbox.zendesk.outbox import Webhook
from bridge.sandbox.zendesk.sender import signed

receiver, zendesk, new = hooked.receiver, hooked.zendesk, hooked.new


def signature(secret: str, heard: Heard) -> str:
    at = heard.headers["x-zendesk-webhook-signature-timestamp"].encode()
    return base64.b64encode(hmac.new(secret.encode(), at + heard.body, hashlib.sha256).digest()).decode()


# --- the form -------------------------------------------------------------------------------------------------


def test_an_agents_comment_is_told_in_the_vendors_form(zendesk: ZendeskProcess, receiver: Receiver) -> None:
    ada = zendesk.user(name="Ada", external_id="x:1")["id"]
    ticket = zendesk.ticket(requester_id=ada, external_id="cb:1", tags=["casebridge"], priority="high")
    subscribe(zendesk, "comment_added")

    comment(zendesk, ticket["id"], 'Hi <Ada> & "you"')

    body = receiver.next().json
    at, own, written = body.pop("time"), body.pop("id"), zendesk.state()["tickets"][0]["comments"][1]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", at)
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", own)
    assert body == {
        "account_id": 24_680_135,
        "detail": {
            "actor_id": str(AGENT),
            "assignee_id": "",
            "brand_id": str(ticket["brand_id"]),
            "created_at": ticket["created_at"],
            "custom_status": str(ticket["custom_status_id"]),
            "description": "Hello",
            "external_id": "cb:1",
            "form_id": str(ticket["ticket_form_id"]),
            "group_id": "0",
            "id": str(ticket["id"]),
            "is_public": True,
            "organization_id": "0",
            "priority": "HIGH",
            "requester_id": str(ada),
            "status": "NEW",
            "subject": "",
            "submitter_id": str(BRIDGE_USER),
            "tags": ["casebridge"],
            "type": "",
            "updated_at": written["created_at"],
            "via": {"channel": "web_service"},
        },
        "event": {
            "comment": {
                "author": {"id": str(AGENT), "is_staff": True, "name": "Sandbox Agent"},
                "body": 'Hi <Ada> & "you"',
                "id": str(written["id"]),
                "is_public": True,
            }
        },
        "subject": f"zen:ticket:{ticket['id']}",
        "type": "zen:event-type:ticket.comment_added",
        "zendesk_event_version": "2022-11-06",
    }


def test_a_body_is_printed_with_three_spaces_and_signed_as_it_is(
    zendesk: ZendeskProcess, receiver: Receiver
) -> None:
    ticket, hook = zendesk.ticket()["id"], subscribe(zendesk, "comment_added")
    secret = zendesk.read(f"webhooks/{hook}/signing_secret")["signing_secret"]["secret"]

    comment(zendesk, ticket, "Grüße 🙂")

    heard = receiver.next()
    assert heard.body.decode() == json.dumps(heard.json, indent=3, ensure_ascii=False)
    assert heard.headers["x-zendesk-webhook-signature"] == signature(secret, heard)
    assert heard.headers["x-zendesk-account-id"] == "24680135"
    assert heard.headers["x-zendesk-webhook-id"] == hook
    assert heard.headers["x-zendesk-webhook-invocation-id"] == log(zendesk, hook)[0]["id"]
    assert heard.headers["user-agent"] == "Zendesk Webhook"
    assert heard.headers["content-type"] == "application/json; charset=utf-8"


def test_a_signature_is_made_as_the_vendor_makes_it() -> None:
    hook = Webhook(id="01", body={}, secret="dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==")
    body = (
        b'{"account_id":12345,"detail":{"id":"35436","external_id":"sb:x:dm:42","tags":["social_bridge"]},"event":'
        b'{"comment":{"id":"987","body":"Hi Ada","is_public":true,"author":{"id":"7","is_staff":true,'
        b'"name":"Agent"}}},"id":"8b6a7b1c-2f3d-4e5f-8a9b-0c1d2e3f4a5b","subject":"zen:ticket:35436","time":'
        b'"2026-11-21T19:59:59.123456789Z","type":"zen:event-type:ticket.comment_added","zendesk_event_version":'
        b'"2022-11-06"}'
    )

    headers = signed(hook, body, 1_795_291_200.0)

    assert headers["X-Zendesk-Webhook-Signature-Timestamp"] == "2026-11-21T20:00:00Z"
    assert headers["X-Zendesk-Webhook-Signature"] == "GUMeuZo1bAegV5jiClR3v5ftb8q56k8wQWEV4BIAfX4="


@pytest.mark.parametrize(
    ("kind", "data", "name", "value"),
    [
        ("basic_auth", {"username": "u", "password": "p"}, "authorization", "Basic dTpw"),
        ("bearer_token", {"token": "hush"}, "authorization", "Bearer hush"),
        ("api_key", {"name": "X-Key", "value": "hush"}, "x-key", "hush"),
    ],
)
def test_a_webhook_logs_in_as_it_was_told(
    zendesk: ZendeskProcess, receiver: Receiver, kind: str, data: dict[str, str], name: str, value: str
) -> None:
    ticket = zendesk.ticket()["id"]
    login = {"type": kind, "data": data, "add_position": "header"}
    hook = subscribe(zendesk, "comment_added", authentication=login, custom_headers={"X-Tenant": "acme"})

    comment(zendesk, ticket)

    heard = receiver.next()
    settled(zendesk, success=1)
    [attempt] = zendesk.read(f"webhooks/{hook}/invocations/{log(zendesk, hook)[0]['id']}/attempts")["attempts"]
    assert (heard.headers[name], heard.headers["x-tenant"]) == (value, "acme")
    assert value not in json.dumps(attempt["request"]["headers"])


# --- which events ---------------------------------------------------------------------------------------------


def test_every_comment_is_told_of_whoever_writes_it(zendesk: ZendeskProcess, receiver: Receiver) -> None:
    ada = zendesk.user()["id"]
    ticket = zendesk.ticket(requester_id=ada)["id"]
    subscribe(zendesk, "comment_added")

    comment(zendesk, ticket, "a", public=False)
    comment(zendesk, ticket, "b", author=ada)
    zendesk.update(ticket, comment={"html_body": "<p>c</p>", "public": True, "author_id": ada})
    zendesk.update(ticket, comment={"html_body": "<p>d</p>", "public": False})

    heard = [receiver.next().json for _ in range(4)]
    comments = [one["event"]["comment"] for one in heard]
    assert [(one["body"], one["is_public"], one["author"]["is_staff"]) for one in comments] == [
        ("a", False, True),
        ("b", True, False),
        ("c", True, False),
        ("d", False, True),
    ]
    assert [one["detail"]["actor_id"] for one in heard] == [str(n) for n in (AGENT, ada, BRIDGE_USER, BRIDGE_USER)]


def test_a_new_ticket_is_told_of_with_its_first_comment(zendesk: ZendeskProcess, receiver: Receiver) -> None:
    subscribe(zendesk, "created", "comment_added")

    zendesk.ticket()

    assert [receiver.next().json["type"] for _ in range(2)] == [f"{TYPE}created", f"{TYPE}comment_added"]


def test_a_changed_status_is_told_of_in_capitals(zendesk: ZendeskProcess, receiver: Receiver) -> None:
    ticket = zendesk.ticket(status="open")["id"]
    subscribe(zendesk, "status_changed")

    comment(zendesk, ticket, status="solved")
    zendesk.update(ticket, priority="high")
    zendesk.command("clock", offset_seconds=97 * 3600)

    heard = [receiver.next().json for _ in range(2)]
    assert [one["event"] for one in heard] == [
        {"current": "SOLVED", "previous": "OPEN"},
        {"current": "CLOSED", "previous": "SOLVED"},
    ]
    assert heard[1]["detail"]["actor_id"] == "-1"


def test_a_merged_and_a_deleted_ticket_are_told_of(zendesk: ZendeskProcess, receiver: Receiver) -> None:
    loser, target = zendesk.ticket()["id"], zendesk.ticket()["id"]
    zendesk.command("switches", job_seconds=0.0)
    subscribe(zendesk, "merged", "soft_deleted")

    zendesk.call("POST", f"tickets/{target}/merge", json={"ids": [loser]})
    merged = receiver.next().json
    zendesk.call("DELETE", f"tickets/{target}")
    deleted = receiver.next().json

    assert (merged["subject"], merged["event"]) == (f"zen:ticket:{loser}", {"target_ticket_id": str(target)})
    assert (deleted["subject"], deleted["event"]) == (f"zen:ticket:{target}", {})
    assert deleted["detail"]["status"] == "DELETED"


def test_a_file_is_told_of_by_itself(zendesk: ZendeskProcess, receiver: Receiver) -> None:
    ticket = zendesk.ticket()["id"]
    answer = zendesk.call("POST", "uploads?filename=a.png", data=b"png", headers={"Content-Type": "image/png"})
    subscribe(zendesk, "attachment_linked_to_comment")

    comment(zendesk, ticket, uploads=[answer.json()["upload"]["token"]])

    attachment = receiver.next().json["event"]["comment"]["attachment"]
    assert (attachment["filename"], attachment["content_type"]) == ("a.png", "image/png")
    assert attachment["is_public"] is True


def test_only_active_webhooks_hear_and_only_what_they_asked_for(
    zendesk: ZendeskProcess, receiver: Receiver
) -> None:
    ticket = zendesk.ticket()["id"]
    subscribe(zendesk, "comment_added", status="inactive")
    subscribe(zendesk, "status_changed")
    subscribe(zendesk, "soft_deleted")

    comment(zendesk, ticket)
    zendesk.call("DELETE", f"tickets/{ticket}")

    assert receiver.next().json["type"] == f"{TYPE}soft_deleted"
    assert receiver.calls.empty()


def test_a_customer_who_writes_opens_a_solved_ticket(zendesk: ZendeskProcess) -> None:
    ada = zendesk.user()["id"]
    ticket = zendesk.ticket(requester_id=ada, status="solved")["id"]

    comment(zendesk, ticket, author=ada)

    assert zendesk.read(f"tickets/{ticket}")["ticket"]["status"] == "open"


@pytest.mark.parametrize(
    "spec",
    [
        {"ticket": 999, "body": "x"},
        {"ticket": "1", "body": "x"},
        {"ticket": 1, "body": "x", "author": 5},
        {"ticket": 1, "body": "x", "author": "boss"},
        {"ticket": 1, "body": "x", "public": "yes"},
        {"ticket": 1, "body": "x", "status": "new-ish"},
        {"ticket": 1, "text": "x"},
    ],
)
def test_a_wrong_comment_is_refused_with_a_reason(zendesk: ZendeskProcess, spec: dict[str, Any]) -> None:
    zendesk.ticket()

    answer = zendesk.command("comment", **spec)

    assert answer.status_code == 400
    assert answer.json()["error"]
    assert len(zendesk.state()["tickets"][0]["comments"]) == 1


# --- the page -------------------------------------------------------------------------------------------------


def test_the_box_on_the_page_writes_a_real_comment(zendesk: ZendeskProcess, receiver: Receiver) -> None:
    ticket = zendesk.ticket(status="open")["id"]
    page, form = f"{zendesk.base}/agent/tickets/{ticket}", {"text": "From the page", "status": "pending"}
    before = zendesk.session.get(page, timeout=20).text
    subscribe(zendesk, "comment_added")

    answer = zendesk.session.post(
        f"{zendesk.base}/sandbox/tickets/{ticket}/comments",
        data={**form, "back": f"/agent/tickets/{ticket}"},
        timeout=20,
    )

    assert (answer.status_code, answer.url) == (200, page)
    heard = receiver.next().json
    assert heard["event"]["comment"]["author"]["name"] == "Sandbox Agent"
    assert (heard["event"]["comment"]["is_public"], heard["detail"]["status"]) == (True, "PENDING")
    box = f"/sandbox/cases/{ticket}/replies"
    assert (box in before, box in answer.text) == (True, False)


def test_another_site_cannot_write_a_comment(zendesk: ZendeskProcess) -> None:
    ticket = zendesk.ticket()["id"]

    answer = zendesk.session.post(
        f"{zendesk.base}/sandbox/tickets/{ticket}/comments",
        data={"text": "x"},
        headers={"Origin": "https://evil.example"},
        timeout=20,
    )

    assert answer.status_code == 403
