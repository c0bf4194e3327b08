"""Webhooks, triggers and exports against the vendor's own description of its API."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openapi_oracle
import pytest
import requests
from webhook_receiver import Receiver
from zendesk_process import ZendeskProcess

HOOK = {
    "name": "Casebridge", "status": "active", "http_method": "POST", "request_format": "json",
    "subscriptions": ["zen:event-type:ticket.comment_added"],
}  # fmt: skip
TRIGGER = {
    "title": "Casebridge",
    "active": True,
    "conditions": {"all": [{"field": "update_type", "operator": "is", "value": "Change"}], "any": []},
}


class Watched(ZendeskProcess):
    """Every call is judged by the description as it is made."""

    def __init__(self, folder: Path, *options: str) -> None:
        super().__init__(folder, *options)
        self.faults: list[str] = []
        self.seen: set[str] = set()
        self.session.hooks["response"].append(self._judge)

    def _judge(self, answer: requests.Response, *_: Any, **__: Any) -> None:
        asked = answer.request
        method, url = str(asked.method), str(asked.url)
        if "/sandbox/" in url:
            return
        body = asked.body.encode() if isinstance(asked.body, str) else asked.body
        found = openapi_oracle.faults(
            method, url, body, asked.headers, answer.status_code, answer.headers, answer.content
        )
        self.seen.add(f"{method} {openapi_oracle._kind(url)}")
        self.faults += [f"{method} {url} {answer.status_code}: {fault}" for fault in found]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    yield running
    running.close()


@pytest.fixture
def zendesk(tmp_path: Path, receiver: Receiver) -> Iterator[Watched]:
    openapi_oracle.load()
    process = Watched(tmp_path, "--webhook-url", receiver.url)
    process.token = process.log_in(scope="read write").json()["access_token"]
    yield process
    process.close()


def test_requests_and_answers_are_as_the_vendor_describes_them(zendesk: Watched, receiver: Receiver) -> None:
    ticket = zendesk.ticket()["id"]
    hook = made(zendesk, endpoint="https://bridge.example/in/zendesk")
    other = made(zendesk, endpoint="https://bridge.example/", subscriptions=["conditional_ticket_events"])
    zendesk.command("comment", ticket=ticket, body="Hi")
    receiver.next()
    invocation = logged(zendesk, hook)
    action = {"field": "notification_webhook", "value": [other, "{}"]}
    trigger = zendesk.call("POST", "triggers", json={"trigger": {**TRIGGER, "actions": [action]}}).json()[
        "trigger"
    ]
    zendesk.command("clock", offset_seconds=61)
    zendesk.call("PATCH", f"webhooks/{hook}", json={"webhook": {"status": "inactive"}})
    zendesk.call("POST", f"webhooks/{hook}/signing_secret")
    zendesk.call("PUT", f"triggers/{trigger['id']}", json={"trigger": {**TRIGGER, "actions": [action]}})
    began = int(time.time()) - 60

    for path in (
        "webhooks", "webhooks?page[size]=1", f"webhooks/{hook}", f"webhooks/{hook}/signing_secret", "triggers",
        f"webhooks/{hook}/invocations/{invocation}/attempts", f"triggers/{trigger['id']}",
        f"incremental/ticket_events?start_time={began}&include=comment_events",
    ):  # fmt: skip
        zendesk.read(path)
    zendesk.command("clock", offset_seconds=3600)
    zendesk.read(f"incremental/ticket_events?start_time={began + 3000}")
    zendesk.call("DELETE", f"triggers/{trigger['id']}")
    zendesk.call("DELETE", f"webhooks/{hook}")

    assert not zendesk.faults, "\n".join(zendesk.faults)
    assert len(zendesk.seen) == 17


def made(zendesk: Watched, **fields: Any) -> str:
    return str(zendesk.call("POST", "webhooks", json={"webhook": {**HOOK, **fields}}).json()["webhook"]["id"])


def logged(zendesk: Watched, hook: str) -> str:
    """The id of the one call that was made, once it is in the log."""
    while True:
        [one] = zendesk.read(f"webhooks/{hook}/invocations")["invocations"]
        if one["status"] == "success":
            return str(one["id"])
        time.sleep(0.02)


def test_an_error_is_in_a_form_that_the_description_knows(zendesk: Watched) -> None:
    zendesk.faults.clear()

    refused = zendesk.call("GET", "webhooks/01HANAHAFTBVF1NA2AVFK4W763"), zendesk.call("GET", "triggers/5")

    assert [one.status_code for one in refused] == [404, 404]
    assert zendesk.faults == []
