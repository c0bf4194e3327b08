"""The sandbox org as a real process, and filings to send there."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import forked
import requests
from pydantic import SecretStr

from adapters.salesforce import Salesforce, Settings
from adapters.salesforce.flush import Fetch
from bridge import fetching
from bridge.errors import RetryLater
from bridge.message import Account, Message, Person
from bridge.ports import Filing, Known, Outcome, Part, PersonFound, PersonMatch, Receipt, Reopen

KEY_FIELD = "Social_Conversation_Key__c"
NOW = datetime.now(UTC)


@dataclass(frozen=True)
class Sandbox:
    """Orders for the sandbox, and what stands in it."""

    url: str

    def crm(
        self,
        *,
        latest_commit: float = 600,
        timeout: float = 5,
        secret: str = "sandbox-secret",
        fetch: Fetch = fetching.fetch,
        **more: Any,
    ) -> Salesforce:
        settings = Settings(
            domain="acme.my",
            consumer_key=SecretStr("sandbox-key"),
            consumer_secret=SecretStr(secret),
            url=self.url,
            timeout=timeout,
            latest_commit=timedelta(seconds=latest_commit),
            **more,
        )
        return Salesforce(settings, fetch=fetch)

    def order(self, what: str, **orders: Any) -> None:
        answer = requests.post(f"{self.url}/sandbox/{what}", json=orders, timeout=10)
        assert answer.ok, answer.text

    def fault(self, name: str, **orders: Any) -> None:
        self.order("faults", fault=name, **orders)

    def state(self) -> dict[str, Any]:
        answer: dict[str, Any] = requests.get(f"{self.url}/sandbox/state", timeout=10).json()
        return answer

    def cases(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.state()["cases"]
        return found

    def bodies(self, case: int = 0) -> list[str]:
        """The comments of a case without their markers."""
        return [comment["body"].rsplit("\n", 1)[0] for comment in self.cases()[case]["comments"]]

    def data_calls(self) -> dict[str, int]:
        calls: dict[str, int] = self.state()["calls"]
        return {name: n for name, n in calls.items() if "oauth2" not in name}

    def rows_written(self, method: str) -> int:
        """How many collections were written so: POST, PATCH."""
        steps: dict[str, int] = self.state()["steps"]
        return steps.get(f"{method} composite/sobjects", 0)

    def api(self, method: str, path: str, body: dict[str, Any]) -> Any:
        """Do what an agent or another system does."""
        form = {"grant_type": "client_credentials", "client_id": "sandbox-key", "client_secret": "sandbox-secret"}
        token = requests.post(f"{self.url}/services/oauth2/token", data=form, timeout=10).json()["access_token"]
        answer = requests.request(
            method,
            f"{self.url}/services/data/v66.0/{path}",
            json=body,
            headers={"Authorization": f"Bearer {token}"},
            timeout=10,
        )
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def made(self, kind: str, **fields: Any) -> str:
        """The id of a new record."""
        answer: dict[str, str] = self.api("POST", f"sobjects/{kind}", fields)
        return answer["id"]

    def query(self, soql: str) -> list[dict[str, Any]]:
        answer: dict[str, list[dict[str, Any]]] = self.api("GET", f"query?q={quote_plus(soql)}", {})
        return answer["records"]

    def user(self, name: str) -> str:
        """The id of one of the users that every sandbox has."""
        return str(self.query(f"SELECT Id FROM User WHERE Name = '{name}'")[0]["Id"])

    def as_agent(self, kind: str, record_id: str, **fields: Any) -> None:
        """Change a record as another user than ours."""
        self.order("switches", acting_user=self.user("Anna Agent"))
        self.api("PATCH", f"sobjects/{kind}/{record_id}", fields)
        self.order("switches", acting_user="")

    def close_case(self, case_id: str) -> None:
        self.api("PATCH", f"sobjects/Case/{case_id}", {"Status": "Closed"})


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[Sandbox]:
    """Run a sandbox of its own."""
    with forked.sandbox("salesforce", folder / "org.db", *arguments) as process:
        yield Sandbox(process.address)


def part(key: str, text: str = "hello", **more: Any) -> Part:
    given: dict[str, Any] = {"act": "add", "public": False, "sent_at": None, "received_at": NOW, **more}
    return Part(key=key, text=text, **given)


def post(key: str, text: str = "hello", **more: Any) -> Part:
    """A part with the message that it tells of."""
    said = Message(
        channel="x",
        connection="acme-x",
        account=Account(id="1"),
        id=key,
        kind="mention",
        author=Person(id="u7", name="Ann"),
        received_at=NOW,
        public=True,
        text=text,
    )
    return part(key, text, said=said, **more)


def filing(key: str, *parts: Part, **more: Any) -> Filing:
    """A filing as the bridge makes it: the first part that may open a case stands in `create`."""
    given: dict[str, Any] = {
        "key_field": KEY_FIELD,
        "object": "Case",
        "create": {"Subject": f"case {key}", "Description": parts[0].text, "Origin": "Social"},
        "opener": next((p.key for p in parts if p.opens and p.act == "add" and not p.case_id), ""),
        "reopen": Reopen(),
        "too_long": "shorten",
        **more,
    }
    return Filing(key=key, parts=parts, **given)


def send(crm: Salesforce, *filings: Filing, now: datetime = NOW) -> list[Outcome]:
    """The outcomes in the order of the filings; each was yielded once."""
    pairs = [pair for step in crm.file(filings, now=now) for pair in step]
    assert sorted(index for index, _ in pairs) == list(range(len(filings)))
    return [outcome for _, outcome in sorted(pairs, key=lambda pair: pair[0])]


def cut_off(crm: Salesforce, *filings: Filing, now: datetime = NOW) -> Outcome:
    """The last outcome of an attempt during which an answer is lost."""
    pairs: list[tuple[int, Outcome]] = []
    try:
        for step in crm.file(filings, now=now):
            pairs += step
    except RetryLater:
        return pairs[-1][1]
    raise AssertionError(f"no answer was lost: {pairs}")


def knowing(org: Sandbox, **settings: Any) -> Salesforce:
    """A connection to which the org has described its objects already, which costs one call an hour."""
    crm = org.crm(**settings)
    kinds = ("Case", "Lead", "Task")
    crm.look([filing("nobody", part("nothing"), object=kind) for kind in kinds])
    return crm


def receipts(outcomes: Sequence[Outcome]) -> list[Receipt]:
    assert all(isinstance(outcome, Receipt) for outcome in outcomes), outcomes
    return [outcome for outcome in outcomes if isinstance(outcome, Receipt)]


def persons(crm: Salesforce, *people: PersonMatch) -> list[PersonFound]:
    found = crm.find(people)
    assert all(isinstance(person, PersonFound) for person in found), found
    return [person for person in found if isinstance(person, PersonFound)]


def opened(crm: Salesforce, key: str = "facebook:1:9") -> Known:
    """A case that is there, with one message; the org has told nothing of it since."""
    [receipt] = receipts(send(crm, filing(key, part(f"{key}:first", "the first"))))
    return replace(receipt.known, status="")


def wait_for(condition: Any) -> None:
    """Wait for what another process does in its own time; a fault of the test is found after 10 s."""
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)
