"""The webhook that `subscribe` makes calls with what `hear` reads: a real sandbox, by its events or a trigger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from pydantic import SecretStr
from road import until
from stub import Call, Said, Stub
from stub import running as listening
from zendesk_account import Sandbox, filing, part, receipts, running, send

from adapters.zendesk import Settings, Zendesk, events
from bridge.ports import Callback, Heard, Reply, Rung

URL = "https://bridge.example.com/in/acme-zendesk"


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("zendesk")) as sandbox:
        yield sandbox


@pytest.fixture
def bridge() -> Iterator[Stub]:
    with listening(lambda _: Said(body=b"")) as found:
        yield found


def ready(account: Sandbox, bridge: Stub, *, by_trigger: bool) -> tuple[Zendesk, str]:
    """An account that is set up, and calls this; with a ticket of ours in it."""
    account.reset()
    account.order("switches", ticket_events=not by_trigger)
    given = {
        "subdomain": "acme",
        "client_id": "sandbox-client",
        "client_secret": SecretStr("sandbox-secret"),
        "url": account.url,
        "replies": "comments",
    }
    crm = Zendesk(Settings.model_validate(given))
    crm.subscribe(URL)
    account.order("webhooks", url=bridge.url)
    person = account.user("facebook:9")
    create = {"subject": "Help", "description": "Help", "requester_id": person, "tags": "casebridge"}
    first = part("facebook:1:9:first", "Help", public=True, person=person)
    [receipt] = receipts(send(crm, filing("facebook:1:9", first, create=create)))
    return crm, receipt.known.case_id


def read(account: Sandbox, call: Call) -> Heard:
    callback = Callback(
        connection="acme-zendesk",
        method=call.method,
        url=URL,
        query=call.query,
        headers=call.headers,
        body=call.body,
        received_at=datetime.now(UTC),
    )
    return events.hear(callback, ["an older one", secret(account)])


def secret(account: Sandbox) -> str:
    """What an admin reveals in Admin Center."""
    form = {"grant_type": "client_credentials", "client_id": "sandbox-client", "client_secret": "sandbox-secret"}
    login = requests.post(f"{account.url}/oauth/tokens", json={**form, "scope": "read"}, timeout=10).json()

    def shown(path: str) -> Any:
        headers = {"Authorization": f"Bearer {login['access_token']}"}
        return requests.get(f"{account.url}/api/v2/{path}", headers=headers, timeout=10).json()

    [hook] = shown("webhooks")["webhooks"]
    found: str = shown(f"webhooks/{hook['id']}/signing_secret")["signing_secret"]["secret"]
    return found


def told(account: Sandbox, bridge: Stub) -> list[Heard]:
    """What the calls so far tell, but for those of no use."""
    heard = [read(account, call) for call in bridge.asked("POST")]
    return [one for one in heard if one.said or one.rung or one.cases]


def test_an_event_tells_what_an_agent_said_and_whose_token_wrote_what(account: Sandbox, bridge: Stub) -> None:
    crm, ticket = ready(account, bridge, by_trigger=False)

    account.change(ticket, comment={"html_body": "<p>as our own side wrote</p>", "public": True})
    account.order("comment", ticket=int(ticket), body="Hi Ada", status="solved")
    until(lambda: len(told(account, bridge)) >= 3, "all is told")

    said = {one.by: one for heard in told(account, bridge) for one in heard.said}
    ours = crm.poll("").us
    [anna] = said.keys() - {ours}
    agent = said[anna]
    assert agent == Reply(id=agent.id, case_id=ticket, text="Hi Ada", agent="Sandbox Agent", meant=False, by=anna)
    assert {change.closed for heard in told(account, bridge) for change in heard.cases} == {True}


def test_a_trigger_rings_for_an_agents_public_comment(account: Sandbox, bridge: Stub) -> None:
    crm, ticket = ready(account, bridge, by_trigger=True)

    account.order("comment", ticket=int(ticket), body="a note", public=False)
    account.order("comment", ticket=int(ticket), body="Hi Ada")
    [heard] = until(lambda: told(account, bridge), "it rings")

    [rung] = heard.rung
    assert (rung.case_id, abs(rung.at - datetime.now(UTC)) < timedelta(minutes=5)) == (ticket, True)
    assert [one.text for one in crm.poll("", [Rung(case_id=ticket, at=rung.at)]).replies] == ["Hi Ada"]
