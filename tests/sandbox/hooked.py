"""What the tests of webhooks do again and again: subscribe, write as people do, see what was sent."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from webhook_receiver import Receiver
from zendesk_process import ZendeskProcess

TYPE = "zen:event-type:ticket."

# Fixtures of test files that name them: `receiver, zendesk, new = hooked.receiver, …`.


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    yield running
    running.close()


@pytest.fixture(scope="module")
def zendesk(tmp_path_factory: pytest.TempPathFactory, receiver: Receiver) -> Iterator[ZendeskProcess]:
    """An account whose webhooks call the receiver, and a login that may do everything."""
    process = ZendeskProcess(tmp_path_factory.mktemp("zendesk"), "--webhook-url", receiver.url)
    process.token = process.log_in(scope="read write").json()["access_token"]
    yield process
    process.close()


@pytest.fixture(autouse=True)
def new(request: pytest.FixtureRequest) -> None:
    """Begin each test that asks for the account with a new one, of which the receiver has heard nothing."""
    if "zendesk" in request.fixturenames:
        zendesk: ZendeskProcess = request.getfixturevalue("zendesk")
        zendesk.reset()
        zendesk.command("switches", limits=False)
        request.getfixturevalue("receiver").forget()


def subscribe(zendesk: ZendeskProcess, *names: str, **fields: Any) -> str:
    """A new webhook for these events; its id."""
    given = {
        "name": "Casebridge", "status": "active", "endpoint": "https://bridge.example/in/zendesk",
        "http_method": "POST", "request_format": "json", "subscriptions": [TYPE + name for name in names],
        **fields,
    }  # fmt: skip
    return str(zendesk.call("POST", "webhooks", json={"webhook": given}).json()["webhook"]["id"])


def comment(zendesk: ZendeskProcess, ticket: int, text: str = "Hi", **more: Any) -> None:
    answer = zendesk.command("comment", ticket=ticket, body=text, **more)
    assert answer.status_code == 200, answer.text


def log(zendesk: ZendeskProcess, hook: str) -> list[dict[str, Any]]:
    return list(zendesk.read(f"webhooks/{hook}/invocations")["invocations"])


def told(zendesk: ZendeskProcess) -> dict[str, Any]:
    return dict(zendesk.session.get(f"{zendesk.base}/sandbox/webhooks", timeout=20).json())


def settled(zendesk: ZendeskProcess, **wanted: int) -> dict[str, int]:
    """What became of the calls, once none waits and so many are counted."""
    for _ in range(400):
        now = told(zendesk)
        if not now["waiting"] and all(now["told"].get(name, 0) >= count for name, count in wanted.items()):
            return dict(now["told"])
        time.sleep(0.02)
    raise AssertionError(now)
