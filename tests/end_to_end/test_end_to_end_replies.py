"""An agent writes on a sandbox's page, and the customer reads it in Messenger: over real processes, and back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import road
from crms import PATIENCE, SALESFORCE, ZENDESK, Side
from road import PAGE, Road, direct, until
from stub import Call, Said, Stub, running

ANA = "24000000001"
META = "    accounts:\n"
TOKEN = "EAA-page-token-7f1c"


def messenger(call: Call) -> Said:
    """What the Graph API answers here: a name, and an id for everything that is sent."""
    if call.method == "GET":
        return Said(body={"id": ANA, "name": "Ana Ruiz", "first_name": "Ana", "last_name": "Ruiz"})
    return Said(body={"recipient_id": ANA, "message_id": f"m_ours_{call.json['message']['text'].split()[0]}"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A running bridge, its platform, and an agent before the case's page."""

    road: Road
    platform: Stub

    def write(self, case_id: str, text: str) -> None:
        """Fill in the reply box and press the button."""
        home = self.road.env[self.road.crm.url]
        answer = self.road.http.post(
            f"{home}/sandbox/cases/{case_id}/replies", data={"text": text}, timeout=PATIENCE
        )
        assert answer.ok, answer.text

    def page(self, case_id: str) -> str:
        """What the agent sees."""
        home = self.road.env[self.road.crm.url]
        return self.road.http.get(home + self.road.crm.page(case_id), timeout=PATIENCE).text

    def texts(self) -> list[Any]:
        """What customers got."""
        sent = self.platform.asked("POST")
        return [call.json["message"]["text"] for call in sent if call.path.endswith("/messages")]


@pytest.fixture(params=[SALESFORCE, ZENDESK], ids=repr)
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    crm: Side = request.param
    with running(messenger) as platform:
        given = road.connections(crm).replace(META, f"    url: {platform.url}\n{META}", 1)
        given = given.replace('"10150001": {', '"10150001": {token: env:PAGE_TOKEN, ', 1)
        env = road.configure(tmp_path, crm=crm, file=given, PAGE_TOKEN=TOKEN)
        with road.road(tmp_path, env, crm=crm) as made:
            yield Desk(road=made, platform=platform)


def echo(mid: str, words: str) -> dict[str, Any]:
    item = {
        "sender": {"id": PAGE},
        "recipient": {"id": ANA},
        "timestamp": 1793000009123,
        "message": {"mid": mid, "text": words, "is_echo": True, "app_id": 1517776481860111},
    }
    return {"id": PAGE, "time": 1793000009, "messaging": [item]}


def test_a_reply_from_the_page_reaches_the_customer_and_its_echo_adds_nothing(desk: Desk) -> None:
    now = int(time.time() * 1000)
    question = direct("m_question", "Where is my parcel?", by=ANA)
    question["messaging"][0]["timestamp"] = now
    desk.road.deliver(question)
    (case,) = desk.road.cases()

    desk.write(case.id, "Tomorrow, Ana.")
    until(lambda: "<h3>sent</h3>" in desk.page(case.id), "the page says that it was sent")
    desk.road.deliver(echo("m_ours_Tomorrow,", "Tomorrow, Ana."))

    assert desk.texts() == ["Tomorrow, Ana."]
    assert {call.token for call in desk.platform.calls} == {TOKEN}
    (after,) = desk.road.cases()
    assert after.texts == case.texts
    assert case.name == "Ana Ruiz"
    (echoed,) = desk.road.rows("select state, reason from item where message_id = 'm_ours_Tomorrow,'")
    assert echoed == ("dropped", "our_reply")
    assert TOKEN not in desk.road.log


def test_a_reply_after_the_window_is_refused_on_the_page(desk: Desk) -> None:
    desk.road.deliver(direct("m_old", "Hello?", by=ANA))  # written weeks ago, by Messenger's clock
    (case,) = desk.road.cases()

    desk.write(case.id, "Too late")

    until(lambda: "<h3>failed</h3>" in desk.page(case.id), "the page says that it failed")
    assert desk.texts() == []
