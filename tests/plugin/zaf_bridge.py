"""A Casebridge as the app sees it: it checks each token, and answers for each ticket what a test wants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import stub
import zaf_host
from stub import Call, Said

SECRET = "a-secret-of-the-app-for-tests-only-0123456789"
NOW = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
ADA = {
    "name": "Ada Winter",
    "handle": "ada.w",
    "url": "",
    "avatar": "https://example.org/ada.jpg",
    "followers": 48_200,
    "verified": True,
}


def ago(**span: float) -> str:
    """A moment before NOW."""
    return (NOW - timedelta(**span)).isoformat()


def message(key: str, text: str, **keys: Any) -> dict[str, Any]:
    """A filed public comment of Ada's, an hour old."""
    return {
        "key": key,
        "kind": "comment",
        "public": True,
        "change": "created",
        "text": text,
        "sent_at": ago(hours=1),
        "url": "",
        "state": "filed",
        "reason": "",
        "author": ADA,
        "ours": False,
        "attachments": [],
        **keys,
    }


def reply(name: str, state: str, **keys: Any) -> dict[str, Any]:
    """A public reply of Grace's, half an hour old."""
    return {
        "id": name,
        "agent": "Grace Moor",
        "text": "",
        "private": False,
        "state": state,
        "reason": "",
        "url": "",
        "taken_at": ago(minutes=30),
        "retry": False,
        **keys,
    }


def thread(**keys: Any) -> dict[str, Any]:
    """A thread on X that can be answered at any time, with 280 characters."""
    return {
        "version": 1,
        "case": "1",
        "channel": "x",
        "messages": [],
        "more": False,
        "replies": [],
        "window": {"until": None, "most": 280, "unit": "weighted", "says": ""},
        "now": NOW.isoformat(),
        **keys,
    }


Answer = Callable[[Call], Said]


@dataclass(slots=True)
class Bridge:
    """What it says, and what it was told."""

    tickets: Mapping[str, Answer]
    claims: list[Mapping[str, Any]] = field(default_factory=list)

    def answer(self, call: Call) -> Said:
        """As the stub wants it. A wrong token is the app's fault or the proxy's, and ends the test."""
        claims = jwt.decode(call.token, SECRET, ["HS256"], audience="casebridge")
        self.claims.append(claims)
        return self.tickets[claims["sub"]](call)

    def show(self, scenario: str, folder: Path) -> Any:
        """Run the scenario with an app that asks this bridge, and return what it told."""
        with stub.running(self.answer) as server:
            settings = {"bridge_url": f"{server.url}/", "bridge_connection": "acme zd", "bridge_secret": SECRET}
            return zaf_host.installed(**settings).show(scenario, folder / "profile")


def always(said: dict[str, Any] | Said) -> Answer:
    """The same whenever it is asked."""
    answer = said if isinstance(said, Said) else Said(body=said)
    return lambda _: answer


def refused(status: int, body: object) -> Answer:
    """An error, whoever asks."""
    return always(Said(status=status, body=body))
