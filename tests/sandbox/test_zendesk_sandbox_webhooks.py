"""Webhooks as admins make them through the API: in the vendor's keys, fixed in their kind, secrets unseen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import zendesk_process
from webhook_receiver import Receiver
from zendesk_process import ZendeskProcess

ULID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
EXACT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z")
EVENTS = ["zen:event-type:ticket.comment_added", "zen:event-type:ticket.status_changed"]
HOOK = {
    "name": "Casebridge", "status": "active", "endpoint": "https://bridge.example/in/zendesk",
    "http_method": "POST", "request_format": "json", "subscriptions": EVENTS,
}  # fmt: skip
BEARER = {"type": "bearer_token", "data": {"token": "hush"}, "add_position": "header"}


@pytest.fixture(scope="module")
def zendesk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZendeskProcess]:
    process = ZendeskProcess(tmp_path_factory.mktemp("zendesk"))
    process.token = process.log_in(scope="read write").json()["access_token"]
    yield process
    process.close()


new = zendesk_process.new


def post(zendesk: ZendeskProcess, **fields: Any) -> requests.Response:
    given = {name: value for name, value in {**HOOK, **fields}.items() if value is not None}
    return zendesk.call("POST", "webhooks", json={"webhook": given})


def made(zendesk: ZendeskProcess, **fields: Any) -> dict[str, Any]:
    answer = post(zendesk, **fields)
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["webhook"])


def shown(zendesk: ZendeskProcess, own: str) -> dict[str, Any]:
    return dict(zendesk.read(f"webhooks/{own}")["webhook"])


def test_a_webhook_is_made_in_the_vendors_keys(zendesk: ZendeskProcess) -> None:
    hook = made(zendesk, authentication=BEARER, custom_headers={"X-Tenant": "acme"})

    assert list(hook) == [
        "id", "name", "status", "subscriptions", "created_at", "created_by", "endpoint", "http_method",
        "request_format", "authentication", "custom_headers",
    ]  # fmt: skip
    assert ULID.fullmatch(hook["id"])
    assert EXACT.fullmatch(hook["created_at"])
    assert {name: hook[name] for name in HOOK} == HOOK
    assert shown(zendesk, hook["id"]) == hook


@pytest.mark.parametrize(
    ("kind", "data", "seen"),
    [
        ("basic_auth", {"username": "u", "password": "hush"}, {"username": "u"}),
        ("bearer_token", {"token": "hush"}, {}),
        ("api_key", {"name": "X-Key", "value": "hush"}, {"name": "X-Key"}),
    ],
)
def test_what_a_webhook_logs_in_with_is_never_shown(
    zendesk: ZendeskProcess, kind: str, data: dict[str, str], seen: dict[str, str]
) -> None:
    hook = made(zendesk, authentication={"type": kind, "data": data, "add_position": "header"})

    assert hook["authentication"] == {"type": kind, "data": seen, "add_position": "header"}


def test_webhooks_are_listed_by_cursor(zendesk: ZendeskProcess) -> None:
    own = [made(zendesk, name=name)["id"] for name in ("a", "b", "c")]

    first = zendesk.read("webhooks", **{"page[size]": 2})
    second = zendesk.read("webhooks", **{"page[size]": 2, "page[after]": first["meta"]["after_cursor"]})

    assert [one["id"] for one in (*first["webhooks"], *second["webhooks"])] == own
    assert (first["meta"]["has_more"], second["meta"]["has_more"]) == (True, False)
    assert [one["name"] for one in zendesk.read("webhooks", **{"filter[name_contains]": "b"})["webhooks"]] == ["b"]


def test_put_takes_the_place_of_all_but_the_subscriptions(zendesk: ZendeskProcess) -> None:
    hook = made(zendesk, description="old", custom_headers={"X-A": "1"})
    given = {name: value for name, value in HOOK.items() if name != "subscriptions"} | {"status": "inactive"}

    answer = zendesk.call("PUT", f"webhooks/{hook['id']}", json={"webhook": given})

    now = shown(zendesk, hook["id"])
    assert (answer.status_code, answer.content) == (204, b"")
    assert (now["status"], now["subscriptions"]) == ("inactive", EVENTS)
    assert {"description", "custom_headers"}.isdisjoint(now)
    assert EXACT.fullmatch(now["updated_at"])


def test_patch_changes_what_is_named(zendesk: ZendeskProcess) -> None:
    hook = made(zendesk, description="kept", authentication=BEARER)

    answer = zendesk.call("PATCH", f"webhooks/{hook['id']}", json={"webhook": {"name": "other"}})

    now = shown(zendesk, hook["id"])
    assert answer.status_code == 204
    assert {**now, "updated_at": "", "updated_by": ""} == {
        **hook,
        "name": "other",
        "updated_at": "",
        "updated_by": "",
    }


@pytest.mark.parametrize(
    ("first", "then"), [(EVENTS, ["conditional_ticket_events"]), (["conditional_ticket_events"], EVENTS)]
)
def test_the_kind_of_a_webhook_is_fixed(zendesk: ZendeskProcess, first: list[str], then: list[str]) -> None:
    hook = made(zendesk, subscriptions=first)

    answer = zendesk.call("PATCH", f"webhooks/{hook['id']}", json={"webhook": {"subscriptions": then}})

    assert answer.status_code == 400
    assert shown(zendesk, hook["id"]) == hook


@pytest.mark.parametrize(
    "fields",
    [
        {"name": None},
        {"name": " "},
        {"endpoint": "bridge.example"},
        {"endpoint": "ftp://bridge.example"},
        {"endpoint": "http://[::1"},
        {"http_method": "get"},
        {"http_method": "PUT"},
        {"request_format": "xml"},
        {"status": "on"},
        {"subscriptions": "all"},
        {"subscriptions": [7]},
        {"subscriptions": ["zen:event-type:ticket.nothing"]},
        {"subscriptions": [*EVENTS, "conditional_ticket_events"]},
        {"custom_headers": ["X-A"]},
        {"custom_headers": {"X-A": 1}},
        {"custom_headers": {f"X-{n}": "1" for n in range(6)}},
        {"authentication": "Basic"},
        {"authentication": {"type": "oauth", "data": {}}},
        {"authentication": {"type": "bearer_token", "data": {}, "add_position": "header"}},
        {"authentication": BEARER | {"add_position": "body"}},
    ],
)
def test_a_wrong_webhook_is_refused_with_a_reason(zendesk: ZendeskProcess, fields: dict[str, Any]) -> None:
    answer = post(zendesk, **fields)

    [error] = answer.json()["errors"]
    assert (answer.status_code, list(error)) == (400, ["code", "title", "detail"])
    assert error["detail"]
    assert zendesk.read("webhooks")["webhooks"] == []


def test_an_account_without_ticket_events_has_triggers_webhooks_only(zendesk: ZendeskProcess) -> None:
    zendesk.command("switches", ticket_events=False)

    answers = [post(zendesk, subscriptions=one) for one in (EVENTS, ["conditional_ticket_events"])]

    assert [one.status_code for one in answers] == [400, 201]


def test_a_trial_account_has_ten_webhooks(zendesk: ZendeskProcess) -> None:
    zendesk.command("switches", plan="trial")

    statuses = [post(zendesk).status_code for _ in range(11)]

    assert statuses == [*[201] * 10, 403]


def test_the_secret_is_shown_and_can_be_reset(zendesk: ZendeskProcess) -> None:
    path = f"webhooks/{made(zendesk)['id']}/signing_secret"
    first = zendesk.read(path)

    reset = zendesk.call("POST", path)

    assert first["signing_secret"]["algorithm"] == "SHA256"
    assert reset.status_code == 201
    assert zendesk.read(path) == reset.json() != first


def test_a_webhook_can_be_cloned(zendesk: ZendeskProcess) -> None:
    hook = made(zendesk, authentication=BEARER)

    answer = zendesk.call("POST", f"webhooks?clone_webhook_id={hook['id']}")

    clone = answer.json()["webhook"]
    assert answer.status_code == 201
    assert (clone["name"], clone["authentication"]) == ("Casebridge (copy)", hook["authentication"])
    assert clone["id"] != hook["id"]


def test_a_deleted_webhook_is_gone(zendesk: ZendeskProcess) -> None:
    path = f"webhooks/{made(zendesk)['id']}"

    answer = zendesk.call("DELETE", path)

    gone = [zendesk.call("GET", one) for one in (path, f"{path}/signing_secret", f"{path}/invocations")]
    gone += [zendesk.call(method, path, json={"webhook": HOOK}) for method in ("PUT", "PATCH", "DELETE")]
    assert (answer.status_code, {one.status_code for one in gone}) == (204, {404})


# --- a test call


def test_a_webhook_can_be_tried_at_once(zendesk: ZendeskProcess) -> None:
    receiver = Receiver()
    hook = made(zendesk, endpoint=f"{receiver.url}/in/zendesk")
    request = {"payload": '{"ping": 1}'}

    answer = zendesk.call("POST", f"webhooks/test?webhook_id={hook['id']}", json={"request": request})

    heard = receiver.next()
    receiver.close()
    assert (answer.status_code, answer.json()["response"]["status"]) == (200, 200)
    assert answer.json()["response"]["payload"] == "ok"
    assert (heard.path, heard.json) == ("/in/zendesk", {"ping": 1})
    assert heard.headers["x-zendesk-webhook-id"] == hook["id"]


def test_a_test_of_what_is_not_saved_needs_an_endpoint(zendesk: ZendeskProcess) -> None:
    assert zendesk.call("POST", "webhooks/test", json={"request": {}}).status_code == 400
    assert zendesk.call("POST", "webhooks/test?webhook_id=x", json={"request": {}}).status_code == 404
