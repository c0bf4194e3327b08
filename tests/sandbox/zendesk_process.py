"""A sandbox Zendesk for the tests: a real process, spoken to over real HTTP."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import forked
import pytest
import requests

API = "/api/v2"
SCOPE = "read tickets:write users:write"


class ZendeskProcess:
    """One sandbox over one file; it can be killed and started again."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.file, self.options = folder / "zendesk.db", options
        self.session = requests.Session()
        self.session.trust_env = False
        self.token = ""
        self.start()

    def start(self) -> None:
        self.process = forked.Sandbox("zendesk", self.file, *self.options)
        self.line, self.base = self.process.line, self.process.address

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(forked.PATIENCE)

    def close(self) -> None:
        if self.process.poll() is None:
            self.stop()
        self.session.close()

    # --- as a client

    def log_in(self, **given: Any) -> requests.Response:
        right = {
            "grant_type": "client_credentials",
            "client_id": "sandbox-client",
            "client_secret": "sandbox-secret",
            "scope": SCOPE,
            "expires_in": 172_800,
        }
        body = {name: value for name, value in (right | given).items() if value is not None}
        return self.session.post(f"{self.base}/oauth/tokens", json=body, timeout=20)

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        if not self.token:
            self.token = self.log_in().json()["access_token"]
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        path = path if path.startswith("/") else f"{API}/{path}"
        return self.session.request(method, self.base + path, headers=headers, timeout=20, **more)

    def ticket(self, **fields: Any) -> dict[str, Any]:
        """A new ticket, as the answer shows it."""
        given = {"comment": {"html_body": "<p>Hello</p>", "public": True}, **fields}
        answer = self.call("POST", "tickets", json={"ticket": given})
        assert answer.status_code == 201, answer.text
        return dict(answer.json()["ticket"])

    def update(self, number: int, **fields: Any) -> requests.Response:
        return self.call("PUT", f"tickets/{number}", json={"ticket": fields})

    def user(self, **fields: Any) -> dict[str, Any]:
        """A new user, as the answer shows them."""
        answer = self.call("POST", "users", json={"user": {"name": "Ada", **fields}})
        assert answer.status_code == 201, answer.text
        return dict(answer.json()["user"])

    def read(self, path: str, **query: Any) -> dict[str, Any]:
        answer = self.call("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    # --- as a judge

    def command(self, what: str, /, **spec: Any) -> requests.Response:
        return self.session.post(f"{self.base}/sandbox/{what}", json=spec, timeout=20)

    def state(self) -> dict[str, Any]:
        return dict(self.session.get(f"{self.base}/sandbox/state", timeout=20).json())

    def reset(self) -> None:
        assert self.command("reset").status_code == 200


def details(answer: requests.Response) -> Mapping[str, list[str]]:
    """The sentences of a 422, for each field at fault."""
    assert answer.status_code == 422, answer.text
    found = answer.json()["details"].items()
    return {field: [one["description"] for one in errors] for field, errors in found}


@pytest.fixture(scope="module")
def zendesk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZendeskProcess]:
    """The sandbox of one test file, which names it: `zendesk, new = zendesk_process.zendesk, …`."""
    process = ZendeskProcess(tmp_path_factory.mktemp("zendesk"))
    yield process
    process.close()


@pytest.fixture(autouse=True)
def new(request: pytest.FixtureRequest) -> None:
    """Begin each test that asks for the sandbox with a new account, whose limits are off."""
    if "zendesk" in request.fixturenames:
        process: ZendeskProcess = request.getfixturevalue("zendesk")
        process.reset()
        process.command("switches", limits=False)
