"""The sandbox Zendesk as a real process, filings to send there, and a judge of every request that we sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import forked
import openapi_oracle
import pytest
import requests
from pydantic import SecretStr
from requests.adapters import HTTPAdapter

from adapters.zendesk import Settings, Zendesk
from adapters.zendesk.copying import Fetch
from bridge import fetching
from bridge.errors import Paused, RetryLater
from bridge.ports import Filing, Known, Outcome, Part, PersonMatch, Receipt, Reopen

NOW = datetime.now(UTC).replace(microsecond=0)
LATER = NOW + timedelta(minutes=3)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Sandbox:
    """Orders for the sandbox, and what stands in it."""

    url: str
    tokens: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)  #: that the account's clock was put ahead; [] = none

    def crm(
        self,
        *,
        latest_commit: float = 120,
        timeout: float = 5,
        secret: str = "sandbox-secret",
        fetch: Fetch = fetching.fetch,
    ) -> Zendesk:
        settings = Settings(
            subdomain="acme",
            client_id="sandbox-client",
            client_secret=SecretStr(secret),
            url=self.url,
            timeout=timeout,
            latest_commit=timedelta(seconds=latest_commit),
        )
        return Zendesk(settings, fetch=fetch)

    def order(self, what: str, **orders: Any) -> None:
        if what == "clock":
            self.seconds[:] = [orders["offset_seconds"]]
        answer = requests.post(f"{self.url}/sandbox/{what}", json=orders, timeout=10)
        assert answer.ok, answer.text

    def reset(self) -> None:
        self.order("reset")
        self.order("switches", limits=False, job_seconds=0.0)
        self.tokens.clear()
        self.seconds.clear()

    def fault(self, name: str, **orders: Any) -> None:
        self.order("faults", fault=name, **orders)

    def state(self) -> dict[str, Any]:
        answer: dict[str, Any] = requests.get(f"{self.url}/sandbox/state", timeout=10).json()
        return answer

    def late(self) -> int:
        """How many writes are still to be committed."""
        return int(requests.get(f"{self.url}/sandbox/faults", timeout=10).json()["late"])

    def faults(self) -> list[dict[str, Any]]:
        """The commanded faults that have not met their call."""
        found: list[dict[str, Any]] = requests.get(f"{self.url}/sandbox/faults", timeout=10).json()["waiting"]
        return found

    def tickets(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.state()["tickets"]
        return found

    def comments(self, ticket: int = 0) -> list[list[str]]:
        """The texts of a ticket, comment by comment."""
        return [texts(comment["html_body"]) for comment in self.tickets()[ticket]["comments"]]

    def data_calls(self) -> dict[str, int]:
        calls: dict[str, int] = self.state()["calls"]
        return {name: n for name, n in calls.items() if "oauth" not in name}

    def made_since(self, before: Mapping[str, int]) -> dict[str, int]:
        """The calls since `data_calls` said this."""
        return {name: n - before.get(name, 0) for name, n in self.data_calls().items() if n != before.get(name, 0)}

    def logins(self) -> int:
        calls: dict[str, int] = self.state()["calls"]
        return sum(n for name, n in calls.items() if "oauth" in name)

    def api(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Do what an agent or another system does."""
        if not self.tokens:
            form = {
                "grant_type": "client_credentials",
                "client_id": "sandbox-client",
                "client_secret": "sandbox-secret",
                "scope": "read tickets:write users:write",
            }
            self.tokens.append(
                requests.post(f"{self.url}/oauth/tokens", json=form, timeout=10).json()["access_token"]
            )
        answer = requests.request(
            method,
            f"{self.url}/api/v2/{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.tokens[0]}"},
            timeout=10,
        )
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def change(self, ticket_id: str, **fields: Any) -> None:
        """Change a ticket as an agent does: not within the second of what was done there before."""
        self.order("clock", offset_seconds=sum(self.seconds) + 1)
        self.api("PUT", f"tickets/{ticket_id}", {"ticket": fields})

    def close(self, ticket_id: str) -> None:
        self.change(ticket_id, status="solved")
        self.change(ticket_id, status="closed")

    def agent(self, name: str, email: str) -> str:
        """Make an agent."""
        made = self.api("POST", "users", {"user": {"name": name, "email": email, "role": "agent"}})
        return str(made["user"]["id"])

    def user(self, external_id: str, name: str = "Ada") -> str:
        """Make a customer."""
        made = self.api("POST", "users", {"user": {"name": name, "external_id": external_id}})
        return str(made["user"]["id"])


def texts(html_body: str) -> list[str]:
    """The texts of one comment, without Zendesk's wrapping."""
    inner = html_body.partition(">")[2].rpartition("</div>")[0] if html_body.startswith("<div") else html_body
    return inner.replace("<hr/>", "<hr>").split("<hr>")


@contextmanager
def running(folder: Path) -> Iterator[Sandbox]:
    """Run a sandbox of its own."""
    with forked.sandbox("zendesk", folder / "z.db") as process:
        yield Sandbox(process.address)


# Fixtures of test files that name them: `process, account, crm = zendesk_account.process, …`.


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The sandbox of one test file."""
    with running(tmp_path_factory.mktemp("zendesk")) as sandbox:
        yield sandbox


@pytest.fixture
def account(process: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A new account, whose every request is judged."""
    process.reset()
    with judged(monkeypatch):
        yield process


@pytest.fixture
def crm(account: Sandbox) -> Zendesk:
    return account.crm()


@contextmanager
def judged(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """See that every request of ours is one that Zendesk describes, with keys that we agreed on."""
    heard: list[requests.PreparedRequest] = []
    send = HTTPAdapter.send

    def listening(self: HTTPAdapter, request: requests.PreparedRequest, *given: Any, **more: Any) -> Any:
        if request.headers.get("User-Agent") == "casebridge":
            heard.append(request.copy())
        return send(self, request, *given, **more)

    monkeypatch.setattr(HTTPAdapter, "send", listening)
    yield
    # Without the description the test has held, and says that nobody judged its requests; under CI it fails.
    assert {fault for request in heard for fault in _faults(request)} == set()


def _faults(request: requests.PreparedRequest) -> list[str]:
    body = request.body.encode() if isinstance(request.body, str) else request.body
    assert isinstance(body, bytes | None)
    return openapi_oracle.request_faults(str(request.method), str(request.url), body, dict(request.headers))


def part(key: str, text: str = "hello", **more: Any) -> Part:
    given: dict[str, Any] = {"act": "add", "public": False, "sent_at": None, "received_at": NOW, **more}
    return Part(key=key, text=text, **given)


def filing(key: str, *parts: Part, **more: Any) -> Filing:
    """A filing as the bridge makes it: the first part that may open a case stands in `create`."""
    opener = next((p for p in parts if p.opens and p.act == "add" and not p.case_id), None)
    given: dict[str, Any] = {
        "key_field": "external_id",
        "object": "ticket",
        "create": {"subject": f"ticket {key}", "description": opener.text, "tags": "social"} if opener else {},
        "opener": opener.key if opener else "",
        "reopen": Reopen(),
        "too_long": "shorten",
        "op": f"op-{key}-" + "-".join(p.key for p in parts),
        **more,
    }
    return Filing(key=key, parts=parts, **given)


def again(key: str, *parts: Part, **more: Any) -> Filing:
    """The same filing after an attempt that got no answer, and with the same op."""
    given: dict[str, Any] = {"unsure_since": NOW, "unsure_last": NOW, "same_op": True, **more}
    return filing(key, *parts, **given)


def send(crm: Zendesk, *filings: Filing, now: datetime = NOW) -> list[Outcome]:
    """The outcomes in the order of the filings; each was yielded once."""
    pairs = [pair for step in crm.file(filings, now=now) for pair in step]
    assert sorted(index for index, _ in pairs) == list(range(len(filings)))
    return [outcome for _, outcome in sorted(pairs, key=lambda pair: pair[0])]


def stopped(crm: Zendesk, *filings: Filing, now: datetime = NOW) -> tuple[dict[int, Outcome], Exception | None]:
    """What was yielded, and what it raised in the end."""
    outcomes: dict[int, Outcome] = {}
    try:
        for step in crm.file(filings, now=now):
            outcomes |= dict(step)
    except (RetryLater, Paused) as error:
        return outcomes, error
    return outcomes, None


def receipts(outcomes: Sequence[Outcome]) -> list[Receipt]:
    assert all(isinstance(outcome, Receipt) for outcome in outcomes), outcomes
    return [outcome for outcome in outcomes if isinstance(outcome, Receipt)]


def written(known: Known) -> Known:
    """What is known of a ticket without how it was left."""
    return replace(known, notes={name: value for name, value in known.notes.items() if name.startswith("w:")})


def opened(crm: Zendesk, key: str = "facebook:1:9") -> Known:
    """A ticket that is there, with one message."""
    [receipt] = receipts(send(crm, filing(key, part(f"{key}:first", "the first"))))
    return receipt.known


def person(external_id: str, **more: Any) -> PersonMatch:
    given: dict[str, Any] = {"object": "user", "rules": ({"external_id": external_id},), **more}
    return PersonMatch(author=f"facebook:{external_id}", **given)
