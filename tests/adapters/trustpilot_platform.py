"""Trustpilot's API for the tests, over real HTTP: one app, one business unit, its reviews and their answers."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from stub import Call, Said, Stub, running
from trustpilot_calls import ACME, SECRET

from adapters.trustpilot import Settings, Trustpilot
from bridge.message import Message
from bridge.ports import Credentials, Sending, Upkeep

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
CALLBACK = "https://hooks.example.com/in/acme-trustpilot"
KEY, API_SECRET = "api-key-of-acme", "api-secret-of-acme"
USER = "65e000000000000000000001"
BASIC = b64encode(f"{KEY}:{API_SECRET}".encode()).decode()
SIGN_IN = "/v1/oauth/oauth-business-users-for-applications/accesstoken"
SERVICE, PRODUCT = "65a000000000000000000001", "65c000000000000000000001"
MISSING = Said(status=404, body={"message": "Not found"})


def review(number: str = SERVICE, **changed: Any) -> dict[str, Any]:
    """A review of the company, as the private API has it."""
    return {
        "id": number,
        "language": "de",
        "title": "Zu spät",
        "text": "Drei Wochen!",
        "referenceId": "ORDER-4711",
        "referralEmail": "ana@customers.example",
        "stars": 1,
        "createdAt": "2026-11-21T11:40:00Z",
        "updatedAt": "2026-11-21T11:50:00Z",
        "businessUnit": {"id": ACME.id, "displayName": "Acme"},
        "consumer": {"id": "65b000000000000000000001", "displayName": "Ana R"},
        "companyReply": None,
    } | changed


def of_product(**changed: Any) -> dict[str, Any]:
    return {
        "id": PRODUCT,
        "language": "en",
        "content": "The handle came off.",
        "stars": 2,
        "createdAt": "2026-11-21T11:45:00Z",
        "businessUnitId": ACME.id,
        "consumer": {"id": "65b000000000000000000002", "name": "Bo L", "email": "bo@customers.example"},
        "conversationId": None,
    } | changed


@dataclass(slots=True)
class Platform:
    """What stands there. Tests change it before they look, or look at what was written."""

    secret: str = BASIC
    lives: object = "359999"
    tokens: list[str] = field(default_factory=list)  #: that live, the latest last
    units: list[str] = field(default_factory=lambda: [ACME.id])
    reviews: list[dict[str, Any]] = field(default_factory=lambda: [review()])
    products: list[dict[str, Any]] = field(default_factory=lambda: [of_product()])
    comments: list[dict[str, Any]] = field(default_factory=list)
    now: str = "2026-11-21T12:00:00Z"

    def answer(self, call: Call) -> Said:
        """Answer one call, as api.trustpilot.com would."""
        if call.host != "api.trustpilot.com":
            return MISSING
        if call.path == SIGN_IN:
            return self._sign_in(call)
        parts = call.path.split("/")[2:]
        if parts[0] == "business-units":
            known = parts[1] in self.units and call.headers.get("apikey") == KEY
            return Said(body={"id": parts[1]}) if known else MISSING
        if parts[0] != "private" or call.token not in self.tokens:
            return Said(status=401, body={"message": "Unauthorized"})
        return ROUTES[parts[1]](self, call, parts[2:])

    def _sign_in(self, call: Call) -> Said:
        wanted = f"Basic {self.secret}", {"grant_type": "client_credentials"}
        if (call.headers.get("authorization"), call.form) != wanted:
            return Said(status=401, body={"error": "invalid_client"})
        self.tokens.append(f"token-{len(self.tokens)}")
        return Said(body={"access_token": self.tokens[-1], "expires_in": self.lives})

    def _list(self, call: Call, path: list[str]) -> Said:
        first, most = int(call.query.get("page", "1")) - 1, int(call.query["perPage"])
        since = call.query.get("startDateTime", "")
        listed = [one for one in self.reviews if one["createdAt"] >= since]
        listed.sort(key=lambda one: str(one["createdAt"]))
        page = listed[first * most : (first + 1) * most]
        return Said(body={"reviews": page}) if path[0] in self.units else MISSING

    def _review(self, call: Call, path: list[str]) -> Said:
        found = next((one for one in self.reviews if one["id"] == path[0]), None)
        if found is None:
            return MISSING
        if path[1:] == ["reply"]:
            found["companyReply"] = {"text": call.json["message"], "createdAt": self.now}
            return Said(status=201 if call.json["authorBusinessUserId"] == USER else 400, body=b"")
        return Said(body=found)

    def _product(self, call: Call, path: list[str]) -> Said:
        found = next((one for one in self.products if one["id"] == path[0]), None)
        if found is None:
            return MISSING
        if path[1:] == ["create-conversation"]:
            found["conversationId"] = "65f0c1"
            return Said(body={"conversationId": "65f0c1"})
        return Said(body=found)

    def _conversation(self, call: Call, path: list[str]) -> Said:
        if call.method == "GET":
            return Said(body={"id": path[0], "comments": self.comments})
        author = {"id": call.headers.get("x-business-user-id"), "type": "businessUser"}
        self.comments.append(
            {
                "commentId": f"65f0d{len(self.comments)}",
                "createdAt": self.now,
                "author": author,
                "content": call.json["content"],
            }
        )
        return Said(status=201, body=self.comments[-1])


ROUTES = {
    "business-units": Platform._list,
    "reviews": Platform._review,
    "product-reviews": Platform._product,
    "conversations": Platform._conversation,
}


@contextmanager
def platform(*, keys: dict[str, Any] | None = None, **held: Any) -> Iterator[tuple[Platform, Stub, Trustpilot]]:
    """A running API, and an adapter that has patience with a busy machine. keys: of the connection."""
    one = Platform(**held)
    with running(one.answer) as stub:
        stub.clock = NOW.timestamp()
        usual = {"path_secret": SECRET, "url": stub.url, "timeout": "2.5", "api_key": KEY}
        usual |= {"api_secret": API_SECRET, "business_user": USER}
        yield one, stub, Trustpilot(Settings.model_validate(usual | (keys or {})), {ACME.id: ACME})


def sending(to: Message, text: str = "We are sorry", **given: Any) -> Sending:
    """A reply to a review, as the bridge hands it on."""
    usual: dict[str, Any] = {
        "private": False,
        "mark": "0123456789abcdef0123456789abcdef",
        "credentials": Credentials(),
        "heard_at": NOW,
        "now": NOW,
    }
    return Sending(to=to, text=text, **(usual | given))


def upkeep(**given: Any) -> Upkeep:
    """What doctor hands on."""
    usual: dict[str, Any] = {"url": CALLBACK, "credentials": {ACME.id: Credentials()}, "now": NOW}
    return Upkeep(**(usual | given))
