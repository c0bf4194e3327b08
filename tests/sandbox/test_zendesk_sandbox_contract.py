"""The sandbox against the vendor's own words: its OpenAPI description, and answers that it once gave."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import openapi_oracle
import pytest
import requests
from zendesk_process import ZendeskProcess

from bridge.sandbox.zendesk.account import AGENT

GOLDEN = Path(__file__).parents[2] / ".." / "shared" / "zendesk-oas" / "golden-interactions.json"
NEWER = frozenset(
    {"ticket.generated_timestamp", "job_status.job_type"}
)  #: keys that only accounts since 2024 have
NOT_CREATED = 9_223_372_036_854_775


class Watched(ZendeskProcess):
    """Every call is judged by the description as it is made; wrong requests are meant to be wrong."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.faults: list[str] = []
        self.seen: set[tuple[str, int]] = set()
        self.session.hooks["response"].append(self._judge)

    def _judge(self, answer: requests.Response, *_: Any, **__: Any) -> None:
        asked = answer.request
        method, url = str(asked.method), str(asked.url)
        if "/sandbox/" in url:
            return
        body = asked.body.encode() if isinstance(asked.body, str) else asked.body
        found = openapi_oracle.answer_faults(method, url, answer.status_code, answer.headers, answer.content)
        if answer.status_code < 400:
            found += openapi_oracle.request_faults(method, url, body, asked.headers)
        self.seen.add((f"{method} {openapi_oracle._kind(url)}", answer.status_code))
        self.faults += [f"{method} {url} {answer.status_code}: {fault}" for fault in found]


@pytest.fixture(scope="module")
def zendesk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    openapi_oracle.load()
    process = Watched(tmp_path_factory.mktemp("zendesk"))
    yield process
    process.close()


@pytest.fixture(autouse=True)
def _new(zendesk: Watched) -> None:
    zendesk.reset()
    zendesk.command("switches", limits=False)
    zendesk.faults.clear()
    zendesk.seen.clear()


def full(requester: int) -> dict[str, Any]:
    """A ticket with everything that we may ever send."""
    return {
        "subject": "DM from Ada",
        "external_id": "cb:1:k",
        "requester_id": requester,
        "comment": {"html_body": "<p>late &amp; wrong</p>", "public": True, "author_id": requester},
        "status": "open",
        "priority": "high",
        "type": "question",
        "tags": ["casebridge", "facebook"],
        "custom_fields": [{"id": 27642, "value": "https://example.org/1"}],
        "assignee_id": AGENT,
        "metadata": {"cb_key": "a1"},
    }


def test_every_answer_is_as_the_vendor_describes_it(zendesk: Watched) -> None:
    zendesk.command("fields", id=27642, title="Link", type="text")
    ada = zendesk.user(external_id="fb:1")
    ticket = zendesk.ticket(**full(ada["id"]))
    number = ticket["id"]

    zendesk.update(
        number, status="solved", tags=["b"], comment={"html_body": "x", "public": False}, metadata={"k": "v"}
    )
    zendesk.update(number, safe_update=True, updated_stamp="2020-01-01T00:00:00Z", subject="y")
    zendesk.call("GET", f"tickets/{number}")
    zendesk.call("GET", f"tickets/{number}.json?include=metric_sets")
    zendesk.call("GET", f"tickets/show_many.json?ids={number}&include=metric_sets")
    zendesk.call("GET", f"tickets?external_id={quote('cb:1:k')}")
    zendesk.call("GET", f"tickets.json?external_id={quote('cb:1:k')}&page[size]=1")
    zendesk.call("GET", f"tickets/{number}/audits?sort=-created_at&page[size]=1")
    zendesk.call("GET", f"tickets/{number}/comments?sort=-created_at&page[size]=1")
    comment = zendesk.read(f"tickets/{number}/comments")["comments"][0]
    marked = comment["html_body"].replace("late", "<redact>late</redact>")
    zendesk.call("PUT", f"comment_redactions/{comment['id']}", json={"ticket_id": number, "html_body": marked})
    zendesk.call("PUT", f"tickets/{number}/comments/{comment['id']}/make_private", json={})
    zendesk.call("PUT", f"users/{ada['id']}", json={"user": {"name": "Ada B", "suspended": True}})
    zendesk.call("POST", "users/create_or_update", json={"user": {"name": "Eve", "external_id": "fb:2"}})
    for path in (f"users/{ada['id']}", "users/me", "users/show_many?external_ids=fb:1,fb:2"):
        zendesk.call("GET", path)
    zendesk.update(number, status="closed")
    zendesk.ticket(comment={"html_body": "again", "public": True}, via_followup_source_id=number)
    zendesk.call("DELETE", f"tickets/{number}")

    assert zendesk.faults == []
    assert {status for _, status in zendesk.seen} == {200, 201, 204, 409}


def test_every_answer_about_jobs_fields_and_searches_is_as_the_vendor_describes_it(zendesk: Watched) -> None:
    zendesk.command("switches", job_seconds=0.0, bulk_users=True, search_seconds=0.0)
    comment = {"html_body": "<p>x</p>", "public": True}
    number, other = zendesk.ticket()["id"], zendesk.ticket()["id"]
    ada = zendesk.user(external_id="x:1", email="ada@example.org")["id"]
    update = {"tickets": [{"id": number, "comment": comment, "additional_tags": ["a"]}, {"id": 77}]}
    option = {"type": "tagger", "title": "Reply", "custom_field_options": [{"name": "Sent", "value": "sent"}]}
    users = {"users": [{"name": "Ada", "external_id": "x:1"}, {"name": "Bob"}]}

    zendesk.call("POST", "tickets/create_many", json={"tickets": [{"comment": comment}, {"comment": {}}]})
    zendesk.call("PUT", "tickets/update_many", json=update)
    zendesk.call("PUT", f"tickets/update_many?ids={number}", json={"ticket": {"remove_tags": ["a"]}})
    zendesk.call("POST", "users/create_many", json=users)
    zendesk.call("POST", "users/create_or_update_many", json=users)
    zendesk.call("POST", f"tickets/{number}/merge", json={"ids": [other]})
    zendesk.command("faults", fault="job_failed")
    last = zendesk.call("PUT", "users/update_many", json={"users": [{"id": ada, "alias": "a"}]}).json()[
        "job_status"
    ]
    zendesk.read("job_statuses")
    zendesk.read(f"job_statuses/{last['id']}")
    zendesk.read("job_statuses/show_many", ids=last["id"])
    field = zendesk.call("POST", "ticket_fields", json={"ticket_field": option}).json()["ticket_field"]
    zendesk.call("PUT", f"ticket_fields/{field['id']}", json={"ticket_field": {"title": "Replies"}})
    for path in (f"ticket_fields/{field['id']}", "ticket_fields", "custom_statuses", "ticket_forms"):
        zendesk.read(path)
    zendesk.command("user_fields", key="tier", title="Tier", type="dropdown", options=["gold"])
    zendesk.command("records", kind="custom_statuses", name="On the phone", category="pending")
    zendesk.read("user_fields")
    for method in ("POST", "PUT", "DELETE"):
        zendesk.call(method, f"tickets/{number}/tags", json={"tags": ["x"]})
    zendesk.read(f"tickets/{number}/tags")
    zendesk.call("POST", f"users/{ada}/identities", json={"identity": {"type": "twitter", "value": "ada"}})
    zendesk.read(f"users/{ada}/identities")
    zendesk.read(f"tickets/{number}/comments", include="users")
    for path in ("search", "search/count", "users/search"):
        zendesk.read(path, query="ada")

    # what no client of ours sends is in no list of agreed keys
    assert [fault for fault in zendesk.faults if "nobody agreed on" not in fault] == []
    assert {status for _, status in zendesk.seen} == {200, 201}
    assert len(zendesk.seen) == 28


def test_every_refusal_is_as_the_vendor_describes_it(zendesk: Watched) -> None:
    number = zendesk.ticket()["id"]
    read_only = zendesk.log_in(scope="tickets:read").json()["access_token"]
    refused = {"headers": {"Authorization": f"Bearer {read_only}"}}

    zendesk.log_in(client_secret="x")
    zendesk.log_in(grant_type="password")
    zendesk.call("GET", "users/me", headers={"Authorization": "Bearer x"})
    zendesk.call("GET", "users/me", headers={"Authorization": ""})
    zendesk.update(number, status="nope")
    zendesk.call("POST", "tickets", json={"ticket": {"subject": "x"}})
    zendesk.call("POST", "tickets", data="{", headers={"Content-Type": "application/json"})
    zendesk.call("POST", "users", json={"user": {}})
    zendesk.call("GET", f"tickets/{NOT_CREATED}")
    zendesk.call("GET", "tickets/show_many?ids=" + ",".join(map(str, range(101))))
    zendesk.call("GET", "tickets?page[size]=101")
    zendesk.call("POST", "tickets", json={"ticket": {}}, **refused)
    zendesk.call("GET", f"tickets/{number}/audits", **refused)
    for fault in ("rate_limit", "server_error", "conflict"):
        zendesk.command("faults", fault=fault)
        zendesk.update(number, subject="x")

    assert zendesk.faults == []
    assert {status for _, status in zendesk.seen} == {201, 400, 401, 403, 404, 409, 422, 429, 503}


@pytest.mark.parametrize(
    ("operation", "body", "wrong"),
    [
        ("POST tickets", {"ticket": {"subject": "x"}}, "comment"),
        ("POST tickets", {"ticket": {"comment": {"html_body": "x"}, "priority": "asap"}}, "asap"),
        ("POST tickets", {"ticket": {"comment": {"html_body": "x"}, "tags": "a,b"}}, "a,b"),
        ("POST tickets", {"ticket": {"comment": {"htmlbody": "x"}}}, "ticket.comment.htmlbody"),
        ("POST tickets", {"ticket": {"comment": {"html_body": "x"}, "custom_fields": [{"key": 1}]}}, "fields.key"),
        ("PUT tickets/1", {"ticket": {"additional_tags": ["x"]}}, "ticket.additional_tags"),
        ("POST users", {"user": {"name": "x", "externalid": "x"}}, "user.externalid"),
        ("PUT comment_redactions/1", {"ticket_id": 1, "text": "x"}, "text"),
        ("GET nowhere", None, "nowhere"),
        ("GET tickets?externalid=1", None, "externalid: a query parameter"),
        ("GET users/show_many?external_ids=1&include=x", None, "include: a query parameter"),
    ],
)
def test_the_oracle_sees_a_wrong_request(operation: str, body: Any, wrong: str) -> None:
    openapi_oracle.load()
    method, path = operation.split()
    sent = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": "Bearer x", "Content-Type": "application/json"}

    found = openapi_oracle.request_faults(method, f"http://127.0.0.1/api/v2/{path}", sent, headers)

    assert len(found) == 1
    assert wrong in found[0]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("api/v2/tickets", b'{"ticket": {"comment": {"html_body": "x"}}}'),
        ("api/v2/comment_redactions/1", b'{"ticket_id": 1, "html_body": "x"}'),
        ("oauth/tokens", b'{"grant_type": "client_credentials", "client_id": "c", "client_secret": "s"}'),
    ],
)
def test_the_oracle_sees_a_body_that_is_not_called_json(path: str, body: bytes) -> None:
    openapi_oracle.load()
    method = "PUT" if "redactions" in path else "POST"

    faults = {
        kind: openapi_oracle.request_faults(
            method, f"http://127.0.0.1/{path}", body, {"Authorization": "Bearer x", "Content-Type": kind}
        )
        for kind in ("application/json", "text/plain")
    }

    assert (len(faults["application/json"]), len(faults["text/plain"])) == (0, 1)


def test_the_oracle_sees_a_wrong_answer() -> None:
    openapi_oracle.load()
    url, headers = "http://127.0.0.1/api/v2/tickets/1", {"Content-Type": "application/json"}

    found = openapi_oracle.faults(
        "GET", url, None, {"Authorization": "Bearer x"}, 200, headers, b'{"ticket": {"id": "1"}}'
    )

    assert len(found) == 1
    assert "'1' is not of type 'integer'" in found[0]


# --- what the vendor once answered


def test_the_answers_have_the_shape_of_recorded_ones(zendesk: Watched) -> None:
    recorded = golden()
    zendesk.command("switches", bulk_users=True, job_seconds=0.0)
    ticket = zendesk.ticket(subject="test")
    user = zendesk.user(name="testUser")
    calls = {
        "POST tickets": zendesk.call(
            "POST", "tickets", json={"ticket": {"subject": "a", "comment": {"body": "b"}}}
        ),
        "PUT tickets/{id}": zendesk.update(ticket["id"], subject="other"),
        "GET tickets": zendesk.call("GET", "tickets.json?page[size]=100"),
        "GET tickets/show_many": zendesk.call("GET", f"tickets/show_many.json?ids={ticket['id']}"),
        "POST users": zendesk.call("POST", "users.json", json={"user": {"name": "testUser"}}),
        "PUT users/{id}": zendesk.call("PUT", f"users/{user['id']}.json", json={"user": {"name": "other"}}),
        "POST tickets/create_many": zendesk.call("POST", "tickets/create_many.json", json={"tickets": [{}]}),
        "PUT tickets/update_many": zendesk.call("PUT", "tickets/update_many.json", json={"tickets": [{"id": 1}]}),
        "POST users/create_many": zendesk.call("POST", "users/create_many.json", json={"users": [{"name": "x"}]}),
    }
    job = calls["POST users/create_many"].json()["job_status"]["id"]
    calls["GET job_statuses/{id}"] = zendesk.call("GET", f"job_statuses/{job}.json")
    many: dict[str, list[Any]] = {name: [{}] * 101 for name in ("tickets", "users")}
    refused = {
        "POST tickets/create_many": zendesk.call("POST", "tickets/create_many.json", json=many),
        "POST users/create_many": zendesk.call("POST", "users/create_many.json", json=many),
    }
    lost = {
        "PUT tickets/{id}": zendesk.update(NOT_CREATED, subject="x"),
        "DELETE tickets/{id}": zendesk.call("DELETE", f"tickets/{NOT_CREATED}.json"),
        "PUT users/{id}": zendesk.call("PUT", f"users/{NOT_CREATED}.json", json={"user": {"name": "x"}}),
    }

    for operation, answer in calls.items():
        shapes = recorded[operation, answer.status_code]
        assert any(agrees(shape, answer.json()) for shape in shapes), (operation, answer.text, shapes[0])
    for operation, answer in refused.items():
        assert (answer.status_code, answer.json()) == (400, recorded[operation, 400][0])
    for operation, answer in lost.items():
        shapes = recorded[operation, 404]
        assert (answer.status_code, answer.json()) == (404, shapes[0])


def test_what_is_set_up_and_uploaded_has_the_shape_of_recorded_answers(zendesk: Watched) -> None:
    recorded = golden()
    zendesk.token = zendesk.log_in(scope="read write").json()["access_token"]
    upload = zendesk.call(
        "POST", "uploads.json?filename=README.md", data=b"x", headers={"Content-Type": "text/plain"}
    )
    file = upload.json()["upload"]
    ticket = zendesk.ticket(comment={"body": "b", "uploads": [file["token"]]})["id"]
    comment = zendesk.read(f"tickets/{ticket}/comments")["comments"][0]["id"]
    redact = f"tickets/{ticket}/comments/{comment}/attachments/{file['attachment']['id']}/redact.json"
    login = {"type": "basic_auth", "data": {"username": "u", "password": "p"}, "add_position": "header"}
    hook = {
        "name": "Example", "description": "Described", "status": "active", "endpoint": "https://example.com",
        "http_method": "GET", "request_format": "json", "subscriptions": ["conditional_ticket_events"],
        "authentication": login,
    }  # fmt: skip
    made = zendesk.call("POST", "webhooks", json={"webhook": hook})
    trigger = {
        "title": "t",
        "actions": [{"field": "notification_webhook", "value": [made.json()["webhook"]["id"], "{}"]}],
        "conditions": {"all": [{"field": "update_type", "operator": "is", "value": "Create"}]},
    }
    triggered = zendesk.call("POST", "triggers.json", json={"trigger": trigger}).json()["trigger"]
    calls = {
        "POST uploads": upload,
        "PUT tickets/{id}/comments/{id}/attachments/{id}/redact": zendesk.call("PUT", redact, json={}),
        "POST webhooks": made,
        "PUT triggers/{id}": zendesk.call("PUT", f"triggers/{NOT_CREATED}.json", json={"trigger": trigger}),
        "DELETE triggers/{id}": zendesk.call("DELETE", f"triggers/{NOT_CREATED}.json"),
        "PUT ticket_fields/{id}": zendesk.call(
            "PUT", f"ticket_fields/{NOT_CREATED}.json", json={"ticket_field": {}}
        ),
    }
    clone = zendesk.call("POST", f"webhooks?clone_webhook_id={made.json()['webhook']['id']}")

    for operation, answer in calls.items():
        shapes = recorded[operation, answer.status_code]
        assert any(agrees(shape, answer.json()) for shape in shapes), (operation, answer.text, shapes[0])
    assert set(triggered) == set(recorded["POST triggers", 201][0]["trigger"])
    assert clone.json()["webhook"]["name"] == "Example (copy)"


def test_the_headers_are_those_of_recorded_answers(zendesk: Watched) -> None:
    wanted = {
        "x-rate-limit", "x-rate-limit-remaining", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset",
        "x-request-id", "x-runtime", "x-zendesk-api-version", "location", "content-type",
        "zendesk-ratelimit-ticket-request-create-by-user-and-ip",
    }  # fmt: skip

    answer = zendesk.call("POST", "tickets", json={"ticket": {"comment": {"body": "b"}}})

    assert wanted - {name.lower() for name in answer.headers} == set()
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"


def golden() -> dict[tuple[str, int], list[Any]]:
    """Recorded bodies by operation and status."""
    if not GOLDEN.exists():
        reason = "the recorded interactions of Zendesk are missing"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    found: dict[tuple[str, int], list[Any]] = {}
    for one in json.loads(GOLDEN.read_text(encoding="utf-8")):
        request, response = one["request"], one["response"]
        operation = f"{request['method']} {openapi_oracle._kind(request['path'])}"
        found.setdefault((operation, response["status"]), []).append(response["body"])
    return found


def agrees(recorded: Any, given: Any, place: str = "") -> bool:
    """Same keys and same kinds of values, null anywhere, lists by their first elements."""
    if isinstance(recorded, dict) and isinstance(given, dict):
        if place.endswith(("user_fields", "custom", "from", "to", "system")):
            return True
        mine = {key for key in given if f"{place}.{key}".lstrip(".") not in NEWER or key in recorded}
        return mine == set(recorded) and all(
            agrees(recorded[key], given[key], f"{place}.{key}".lstrip(".")) for key in mine
        )
    if isinstance(recorded, list) and isinstance(given, list):
        first = [one for one in recorded if not isinstance(one, str)]
        if not first or not given or place.endswith("attachments"):
            return True
        return agrees(first[0], given[0], place.removesuffix("s"))
    return recorded is None or given is None or isinstance(given, type(recorded))
