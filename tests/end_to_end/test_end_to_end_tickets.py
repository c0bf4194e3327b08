"""An agent comments in Zendesk, whose webhook calls: over real processes, set up by `casebridge subscribe`."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt
import pytest
import requests
import road
from crms import PATIENCE, ZENDESK, Seen
from road import Road, direct, until
from sqlalchemy import update
from stub import Call, Said, Stub, running

from bridge.store import connect
from bridge.store.tables import cursor

META = "    accounts:\n"
ANA, BEN, CEM, DANA, EVE, FAY = (f"2400000000{n}" for n in range(1, 7))
PUBLIC = "https://bridge.example.com"
SECRETS = ("ZENDESK_WEBHOOK_SECRET", "ZENDESK_WEBHOOK_SECRET_OLD", "ZENDESK_APP_SECRET")
KEYS = (
    "replies: comments",
    "webhook_secret: [env:ZENDESK_WEBHOOK_SECRET, env:ZENDESK_WEBHOOK_SECRET_OLD]",
    "app_secret: env:ZENDESK_APP_SECRET",
    'app_installation: "9001"',
    "poll: 1 hour",
)


@dataclass(slots=True)
class Messenger:
    """What the Graph API answers: a name, and an id for everything that is sent to who has not blocked us."""

    blocked: set[str] = field(default_factory=set)

    def __call__(self, call: Call) -> Said:
        if call.method == "GET":
            return Said(body={"id": ANA, "name": "Ana Ruiz", "first_name": "Ana", "last_name": "Ruiz"})
        to = call.json["recipient"]["id"]
        if to in self.blocked:
            return Said(status=400, body={"error": {"code": 551, "message": "blocked", "type": "OAuthException"}})
        return Said(body={"recipient_id": to, "message_id": f"m_ours_{call.json['message']['text'].split()[0]}"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """A running bridge that the account's webhook calls, and its platform."""

    road: Road
    platform: Stub
    messenger: Messenger

    def opened(self, by: str, number: str = "m_question") -> Seen:
        """The ticket of a customer who has just written."""
        question = direct(f"{number}_{by}", "Where is my parcel?", by=by)
        question["messaging"][0]["timestamp"] = int(time.time() * 1000)
        self.road.deliver(question)
        return self.road.cases()[-1]

    def comment(self, ticket: Seen | str, text: str, **more: Any) -> None:
        """Write as an agent does in a browser."""
        number = ticket if isinstance(ticket, str) else ticket.id
        self.road.order("comment", ticket=int(number), body=text, **more)

    def ticket(self, number: str) -> dict[str, Any]:
        """A ticket as it is."""
        [found] = [one for one in self.road.state()["tickets"] if str(one["id"]) == number]
        return dict(found)

    def tags(self, ticket: Seen) -> set[str]:
        """What a ticket shows of its latest reply."""
        return {tag for tag in self.ticket(ticket.id)["fields"]["tags"] if tag.startswith("casebridge_")}

    def ends(self, ticket: Seen, state: str) -> None:
        """Wait until the ticket shows that its latest reply has ended so."""
        until(lambda: self.tags(ticket) == {f"casebridge_{state}"}, f"the ticket shows {state}")

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """Do what an admin does."""
        return api(self.road.env[ZENDESK.url], self.road.env, method, path, body)

    def webhooks(self, **orders: Any) -> None:
        """Have the webhooks' calls come so: twice, in any order, not at all."""
        self.road.order("webhooks", url=self.road.url, **orders)

    def waiting(self) -> int:
        """How many calls of the webhooks were not made yet."""
        answer = requests.get(f"{self.road.env[ZENDESK.url]}/sandbox/webhooks", timeout=PATIENCE)
        return int(answer.json()["waiting"])

    def read(self) -> int:
        """How often the comments of tickets were read."""
        return int(self.road.state()["calls"].get("GET tickets/{id}/comments", 0))

    def app(self, method: str, ticket: Seen, path: str) -> requests.Response:
        """Ask as the app does beside a ticket."""
        now = int(time.time())
        claims = {"iss": "zaf", "sub": ticket.id, "aud": "casebridge", "inst": "9001", "iat": now, "exp": now + 60}
        token = jwt.encode(claims, self.road.env["ZENDESK_APP_SECRET"], algorithm="HS256")
        return requests.request(
            method,
            f"{self.road.url}/app/zendesk/cases/{ticket.id}/{path}",
            headers={"Authorization": f"Bearer {token}"},
            timeout=PATIENCE,
        )

    def texts(self) -> list[Any]:
        """What customers got."""
        sent = self.platform.asked("POST")
        return [call.json["message"]["text"] for call in sent if call.path.endswith("/messages")]


def api(url: str, env: Mapping[str, str], method: str, path: str, body: Any = None) -> Any:
    """Call Zendesk as an admin; the answer's JSON, None = it is empty."""
    form = {
        "grant_type": "client_credentials",
        "client_id": env["ZENDESK_CLIENT_ID"],
        "client_secret": env["ZENDESK_CLIENT_SECRET"],
        "scope": "read write",
    }
    token = requests.post(f"{url}/oauth/tokens", json=form, timeout=PATIENCE).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.request(method, f"{url}/api/v2/{path}", json=body, headers=headers, timeout=PATIENCE)
    assert answer.ok, answer.text
    return answer.json() if answer.content else None


def subscribed(url: str, env: dict[str, str], secret: str) -> None:
    """Have `casebridge subscribe` make the webhook, and note the secret that an admin reveals then."""
    code, told, _ = road.casebridge(env, "subscribe", "zendesk")
    assert (code, "reveal its signing secret" in told) == (1, True)
    hook = hook_called(url, env, "Casebridge zendesk")
    env[secret] = api(url, env, "GET", f"webhooks/{hook}/signing_secret")["signing_secret"]["secret"]
    code, told, _ = road.casebridge(env, "subscribe", "zendesk")
    assert (code, env[secret] in told) == (0, False)


def hook_called(url: str, env: Mapping[str, str], name: str) -> str:
    [found] = [hook["id"] for hook in api(url, env, "GET", "webhooks")["webhooks"] if hook["name"] == name]
    return str(found)


def patch(url: str, env: Mapping[str, str], hook: str, **changes: str) -> None:
    api(url, env, "PATCH", f"webhooks/{hook}", {"webhook": changes})


def set_up(url: str, env: dict[str, str]) -> None:
    """One webhook for events, which calls, and one for a trigger, which is switched off."""
    subscribed(url, env, SECRETS[0])
    first, endpoint = hook_called(url, env, "Casebridge zendesk"), f"{PUBLIC}/in/zendesk"
    patch(url, env, first, name="events", endpoint=f"{PUBLIC}/elsewhere")
    switches = f"{url}/sandbox/switches"
    requests.post(switches, json={"ticket_events": False}, timeout=PATIENCE)
    subscribed(url, env, SECRETS[1])
    requests.post(switches, json={"ticket_events": True}, timeout=PATIENCE)
    patch(url, env, hook_called(url, env, "Casebridge zendesk"), name="trigger", status="inactive")
    patch(url, env, first, endpoint=endpoint)


@pytest.fixture(scope="module")
def agency(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agency]:
    tmp_path, messenger = tmp_path_factory.mktemp("tickets"), Messenger()
    with running(messenger) as platform:
        file = road.connections(ZENDESK, *KEYS).replace(META, f"    url: {platform.url}\n{META}", 1)
        file = file.replace('"10150001": {', '"10150001": {token: env:PAGE_TOKEN, ', 1)
        more = {
            "PAGE_TOKEN": "EAA-page-token-7f1c",
            "PUBLIC_URL": PUBLIC,
            **dict.fromkeys(SECRETS, "none yet, and so nobody may call or ask"),
        }
        env = road.configure(tmp_path, crm=ZENDESK, file=file, **more)
        with road.sandbox(tmp_path, ZENDESK, env) as url:
            assert road.casebridge(env, "migrate")[0] == 0
            set_up(url, known := {**env, ZENDESK.url: url})
        with road.road(tmp_path, {**known, ZENDESK.url: env[ZENDESK.url]}, crm=ZENDESK) as made:
            found = Agency(road=made, platform=platform, messenger=messenger)
            found.webhooks(twice=True, shuffle=True)
            until(lambda: made.rows("select 1 from learned where name = 'us'"), "it is known who we are")
            yield found


@pytest.fixture(autouse=True)
def quiet(agency: Agency) -> None:
    agency.platform.calls.clear()


def test_what_an_agent_comments_reaches_the_customer_once_and_the_ticket_says_so(agency: Agency) -> None:
    ticket = agency.opened(ANA)
    before = agency.road.state()["calls"]

    agency.comment(ticket, "Tomorrow, Ana.")
    agency.ends(ticket, "sent")

    assert agency.texts() == ["Tomorrow, Ana."]
    assert agency.road.rows("select count(*) from reply") == [(1,)]
    assert "was sent to the customer" in agency.ticket(ticket.id)["comments"][-1]["plain_body"]
    calls = agency.road.state()["calls"]
    spent = {name: n - before.get(name, 0) for name, n in calls.items() if n != before.get(name, 0)}
    assert spent == {"GET ticket_fields": 1, "GET tickets/show_many": 1, "PUT tickets/{id}": 1}
    assert not any(agency.road.env[name] in agency.road.log for name in SECRETS)


def test_what_could_not_be_sent_opens_the_ticket_and_the_app_has_it_sent_again(agency: Agency) -> None:
    agency.messenger.blocked.add(BEN)
    ticket = agency.opened(BEN)

    agency.comment(ticket, "Tomorrow, Ben.", status="solved")
    agency.ends(ticket, "failed")

    [seen] = [one for one in agency.road.cases() if one.id == ticket.id]
    assert (seen.status, "NOT sent to the customer" in seen.texts[-1]) == ("open", True)

    agency.messenger.blocked.clear()
    agency.platform.calls.clear()
    [failed] = agency.app("GET", ticket, "thread").json()["replies"]
    asked = agency.app("POST", ticket, f"replies/{failed['id']}/retry")
    agency.ends(ticket, "sent")

    assert (failed["state"], failed["retry"], asked.status_code, agency.texts()) == (
        "failed",
        True,
        200,
        ["Tomorrow, Ben."],
    )
    assert road.casebridge(dict(agency.road.env), "replies") == (0, "no reply waits, failed or is unsure\n", "")


def test_where_there_are_no_events_a_trigger_rings(agency: Agency) -> None:
    ticket, hooks = (
        agency.opened(CEM),
        {one["name"]: one["id"] for one in agency.api("GET", "webhooks")["webhooks"]},
    )
    try:
        for name, status in (("events", "inactive"), ("trigger", "active")):
            agency.api("PATCH", f"webhooks/{hooks[name]}", {"webhook": {"status": status}})
        agency.opened(CEM, "m_more")  # our own comment rings, too
        until(lambda: not agency.waiting(), "that was told")
        ours, before = agency.road.rows("select count(*) from rung"), agency.read()

        agency.comment(ticket, "Tomorrow, Cem.")
        agency.comment(ticket, "Or the day after.")
        until(lambda: len(agency.texts()) == 2, "both are sent")
        agency.ends(ticket, "sent")
    finally:
        for name, status in (("events", "active"), ("trigger", "inactive")):
            agency.api("PATCH", f"webhooks/{hooks[name]}", {"webhook": {"status": status}})

    assert (ours, agency.texts()) == ([(0,)], ["Tomorrow, Cem.", "Or the day after."])
    assert agency.read() - before <= 2


def test_what_no_webhook_told_of_is_found_in_the_export(agency: Agency) -> None:
    ticket = agency.opened(DANA)
    agency.webhooks(drop=1)
    agency.road.order("clock", offset_seconds=-600)
    agency.comment(ticket, "Tomorrow, Dana.")
    agency.road.order("clock", offset_seconds=0)
    agency.webhooks(twice=True, shuffle=True)

    ago = int(time.time()) - 3700
    store = connect(agency.road.env["DATABASE_URL"])
    with store.write() as c:
        c.execute(update(cursor).values(value=f"{ago}:{ago}", due_at=0))
    store.engine.dispose()
    agency.ends(ticket, "sent")

    assert agency.texts() == ["Tomorrow, Dana."]


def test_a_customer_who_is_an_agent_and_tickets_of_others_are_never_answered_by_themselves(agency: Agency) -> None:
    ticket = agency.opened(EVE)
    eve = agency.ticket(ticket.id)["fields"]["requester_id"]
    agency.api("PUT", f"users/{eve}", {"user": {"role": "agent"}})
    other = agency.api("POST", "tickets", {"ticket": {"subject": "Printer", "comment": {"body": "It smokes."}}})

    agency.opened(EVE, "m_more")
    agency.comment(ticket, "Written in Zendesk, not in Messenger.", author=eve)
    agency.comment(str(other["ticket"]["id"]), "Switch it off.")
    agency.comment(ticket, "A note", public=False)
    agency.comment(ticket, "Tomorrow, Eve.")
    agency.ends(ticket, "sent")

    assert agency.texts() == ["Tomorrow, Eve."]
    assert agency.road.rows("select count(*) from rung") == [(0,)]


def test_a_call_that_nobody_signed_is_refused(agency: Agency) -> None:
    body = json.dumps({"v": 1, "ticket_id": "1"})

    answer = requests.post(f"{agency.road.url}/in/zendesk", data=body, timeout=PATIENCE)

    assert answer.status_code == 403
