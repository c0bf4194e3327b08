"""Our app in an agent's Zendesk: what it asks a receiver, and with what token."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import jwt
from flask.testing import FlaskClient
from wall import Desk

from adapters.zendesk import Settings, Zendesk
from bridge.ports import Crm
from bridge.web import Receiver, create_app

SECRET = "a-quiet-harbour-in-november-4711"
INSTALLATION = "9001"


def zendesk() -> Zendesk:
    """The account whose app may ask."""
    given = {"subdomain": "acme", "client_id": "bridge", "client_secret": "s"}
    return Zendesk(Settings.model_validate(given | {"app_secret": SECRET, "app_installation": INSTALLATION}))


def token(case_id: str, **claims: Any) -> str:
    """What Zendesk's proxy signs for one ticket."""
    now = int(time.time())
    made = {"iss": "zaf", "sub": case_id, "aud": "casebridge", "inst": INSTALLATION, "iat": now, "exp": now + 120}
    return jwt.encode(made | claims, SECRET, algorithm="HS256")


def client(road: Desk, *, off: bool = False, **crms: Crm | None) -> FlaskClient:
    """A receiver of this bridge. off: its channel is; crms: others than the one that cases are filed in."""
    channels = {name: None if off else channel for name, channel in road.made.channels.items()}
    receiver = Receiver(store=road.store, channels=channels, crms={"crm": zendesk(), **crms})
    return create_app(receiver).test_client()


@dataclass(frozen=True, slots=True)
class App:
    """The app at one ticket."""

    to: FlaskClient
    case: str

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {token(self.case)}"}

    def thread(self) -> dict[str, Any]:
        """Read the ticket's thread."""
        said = self.to.get(f"/app/crm/cases/{self.case}/thread", headers=self._headers())
        assert said.status_code == 200, said.text
        found: dict[str, Any] = said.get_json()
        return found

    def retry(self, reply: str) -> tuple[int, str]:
        """Have a reply sent again; the status and what an agent is told."""
        said = self.to.post(f"/app/crm/cases/{self.case}/replies/{reply}/retry", headers=self._headers())
        return said.status_code, said.get_json().get("error", "")

    def replies(self) -> dict[str, tuple[str, bool]]:
        """State of each reply, and whether it can be sent again."""
        return {one["id"]: (one["state"], one["retry"]) for one in self.thread()["replies"]}


def app(road: Desk, *, off: bool = False) -> App:
    """The app at Ana's case."""
    return App(client(road, off=off), road.case)
