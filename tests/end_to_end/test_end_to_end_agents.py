"""An agent answers in Salesforce, which rings: over real processes, and the state of the case comes back too."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import road
from crms import PATIENCE, PLUGIN, Seen
from road import Road, direct, until
from stub import Call, Said, Stub, running

from bridge.sandbox.salesforce.org import ORGANIZATION

ANA = "24000000001"
META = "    accounts:\n"
SECRET = "quiet-harbour-at-noon-7"


def messenger(call: Call) -> Said:
    """What the Graph API answers here: a name, and an id for everything that is sent."""
    if call.method == "GET":
        return Said(body={"id": ANA, "name": "Ana Ruiz", "first_name": "Ana", "last_name": "Ruiz"})
    return Said(body={"recipient_id": ANA, "message_id": f"m_ours_{call.json['message']['text'].split()[0]}"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """A running bridge that the org rings, and its platform."""

    road: Road
    platform: Stub

    def write(self, case_id: str, text: str) -> None:
        """Fill in the plugin's reply box."""
        home = self.road.env[self.road.crm.url]
        page = f"{home}/sandbox/cases/{case_id}/messages"
        answer = self.road.http.post(page, data={"text": text}, timeout=PATIENCE)
        assert answer.ok, answer.text

    def page(self, case_id: str) -> str:
        """What the agent sees."""
        home = self.road.env[self.road.crm.url]
        return self.road.http.get(home + self.road.crm.page(case_id), timeout=PATIENCE).text

    def texts(self) -> list[Any]:
        """What customers got."""
        sent = self.platform.asked("POST")
        return [call.json["message"]["text"] for call in sent if call.path.endswith("/messages")]


@pytest.fixture(scope="module")
def agency(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agency]:
    crm, tmp_path = PLUGIN, tmp_path_factory.mktemp("agency")
    with running(messenger) as platform:
        keys = (
            f"outbound_secret: {SECRET}",
            f"organization_id: {ORGANIZATION}",
            "poll: 1 hour",
        )
        file = road.connections(crm, *keys).replace(META, f"    url: {platform.url}\n{META}", 1)
        file = file.replace('"10150001": {', '"10150001": {token: env:PAGE_TOKEN, ', 1)
        env = road.configure(tmp_path, crm=crm, file=file, PAGE_TOKEN="EAA-page-token-7f1c")
        with road.road(tmp_path, env, crm=crm) as made:
            made.order("outbound", url=f"{made.url}/in/salesforce/{SECRET}", twice=True)
            yield Agency(road=made, platform=platform)


def opened(agency: Agency, by: str) -> Seen:
    """The case of a customer who has just written."""
    question = direct(f"m_question_{by}", "Where is my parcel?", by=by)
    question["messaging"][0]["timestamp"] = int(time.time() * 1000)
    agency.road.deliver(question)
    return agency.road.cases()[-1]


def test_what_an_agent_writes_rings_and_reaches_the_customer_once(agency: Agency) -> None:
    until(lambda: agency.road.rows("select 1 from cursor where due_at > 0"), "the replies were read for this hour")
    case = opened(agency, ANA)

    agency.write(case.id, "Tomorrow, Ana.")
    until(lambda: "Sent" in agency.page(case.id), "the agent sees that it was sent")

    assert agency.texts() == ["Tomorrow, Ana."]
    assert agency.road.rows("select count(*) from reply") == [(1,)]
    assert SECRET not in agency.road.log


def test_a_case_that_an_agent_closes_is_known_to_be_closed(agency: Agency) -> None:
    case = opened(agency, "24000000002")
    agency.road.order("switches", integration_user_rings=True)

    agency.road.close(case)

    closed = "select known from case_row where status = 'closed'"
    (row,) = until(lambda: agency.road.rows(closed), "the case row knows it")
    assert case.id in row[0]
