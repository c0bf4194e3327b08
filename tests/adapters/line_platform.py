"""LINE's Messaging API for the tests, over real HTTP: one account, its webhook, its friends and its files."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from line_calls import ACME, ANA, BEN, GROUP, ROOM, SECRET
from pydantic import SecretStr
from stub import Call, Said, Stub, running

from adapters.line import Line, Settings
from bridge.message import Message
from bridge.ports import Credentials, Sending, Upkeep

TOKEN = "channel-access-token/of+acme="
CREDENTIALS = Credentials(token=SecretStr(TOKEN))
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MARK = "0123456789ab4def8123456789abcdef"
KEY = "01234567-89ab-4def-8123-456789abcdef"  #: the same, as LINE wants it
CALLBACK = "https://hooks.example.com/in/acme-line"
PICTURE = b"\xff\xd8\xff\xe0 a picture"
FACE = "https://profile.example.com/ana"
DELIVERED = {
    "success": True,
    "timestamp": "2026-11-21T12:00:00Z",
    "statusCode": 200,
    "reason": "OK",
    "detail": "200",
}


def refused(status: int, message: str, *details: str, **headers: str) -> Said:
    """An error as LINE says it."""
    body = {"message": message} | ({"details": [{"message": one} for one in details]} if details else {})
    return Said(status=status, body=body, headers={"x-line-request-id": "request-of-the-refused", **headers})


DEAD = refused(401, "Authentication failed due to the following reason: invalid token")


@dataclass(slots=True)
class Platform:
    """What stands there. Tests change it before they look, or look at what was written."""

    token: str = TOKEN
    account: str = ACME.id
    expires_in: int | None = None  #: None = a long-lived token
    endpoint: str = CALLBACK  #: "" = none is set
    active: bool = True
    test: dict[str, Any] = field(default_factory=lambda: dict(DELIVERED))
    quota: dict[str, Any] = field(default_factory=lambda: {"type": "limited", "value": 1000})
    used: int = 20
    friends: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {
            f"/v2/bot/profile/{ANA}": {"userId": ANA, "displayName": "Ana", "pictureUrl": FACE, "language": "de"},
            f"/v2/bot/group/{GROUP}/member/{BEN}": {"userId": BEN, "displayName": "Ben"},
            f"/v2/bot/room/{ROOM}/member/{BEN}": {"userId": BEN, "displayName": "Ben of the room"},
        }
    )
    files: dict[str, Said] = field(
        default_factory=lambda: {
            "610000000000000011": Said(body=PICTURE, headers={"Content-Type": "image/jpeg"}),
        }
    )
    sent: dict[str, dict[str, Any]] = field(default_factory=dict)  #: by retry key

    def answer(self, call: Call) -> Said:
        """Answer one call, as api.line.me and api-data.line.me would."""
        if call.token != self.token:
            return DEAD
        if call.host == "api-data.line.me":
            number = call.path.removeprefix("/v2/bot/message/").removesuffix("/content")
            return self.files.get(number, refused(404, "not found"))
        if call.host != "api.line.me":
            return Said(status=404)
        if call.path in self.friends:
            return Said(body=self.friends[call.path])
        known = CALLS.get((call.method, call.path))
        return refused(404, "Not found") if known is None else known(self, call)

    def push(self, call: Call) -> Said:
        """Send each key once. A text has at most 5000 UTF-16 units."""
        key, given = str(uuid.UUID(call.headers["x-line-retry-key"])), call.json
        (message,) = given["messages"]
        answered = {"sentMessages": [{"id": f"46{len(self.sent)}", "quoteToken": "q-of-ours"}]}
        if key in self.sent:
            number = list(self.sent).index(key)
            told = {"sentMessages": [{"id": f"46{number}", "quoteToken": "q-of-ours"}]}
            body = {"message": "The retry key is already accepted", **told}
            return Said(status=409, body=body, headers={"x-line-accepted-request-id": f"request-{number}"})
        if len(message["text"].encode("utf-16-le")) // 2 > 5000:
            return refused(400, "The request body has 1 error(s)", "Length must be between 0 and 5000")
        self.sent[key] = given
        return Said(body=answered, headers={"x-line-request-id": f"request-{len(self.sent) - 1}"})

    def verify(self, call: Call) -> Said:
        """Only tokens of version 2.1 have an end that is told."""
        if self.expires_in is None or call.query["access_token"] != self.token:
            return Said(status=400, body={"error": "invalid_request", "error_description": "invalid token"})
        return Said(body={"client_id": "1", "expires_in": self.expires_in, "scope": ""})

    def webhook(self, call: Call) -> Said:
        """The URL that is set; switching it on is for the console."""
        if call.method == "PUT":
            self.endpoint = call.json["endpoint"]
            return Said()
        if not self.endpoint:
            return refused(404, "Webhook endpoint not found")
        return Said(body={"endpoint": self.endpoint, "active": self.active})


CALLS: dict[tuple[str, str], Callable[[Platform, Call], Said]] = {
    ("POST", "/v2/bot/message/push"): Platform.push,
    ("GET", "/oauth2/v2.1/verify"): Platform.verify,
    ("GET", "/v2/bot/channel/webhook/endpoint"): Platform.webhook,
    ("PUT", "/v2/bot/channel/webhook/endpoint"): Platform.webhook,
    ("POST", "/v2/bot/channel/webhook/test"): lambda held, _: Said(body=held.test),
    ("GET", "/v2/bot/info"): lambda held, _: Said(body={"userId": held.account, "displayName": "Acme"}),
    ("GET", "/v2/bot/message/quota"): lambda held, _: Said(body=held.quota),
    ("GET", "/v2/bot/message/quota/consumption"): lambda held, _: Said(body={"totalUsage": held.used}),
}


@contextmanager
def platform(**held: Any) -> Iterator[tuple[Platform, Stub, Line]]:
    """A running Messaging API, and an adapter that has patience with a busy machine."""
    one = Platform(**held)
    with running(one.answer) as stub:
        given = {"channel_secret": SECRET, "url": stub.url, "timeout": "2.5"}
        yield one, stub, Line(Settings.model_validate(given), {ACME.id: ACME})


def sending(to: Message, text: str = "We are sorry", **given: Any) -> Sending:
    """A reply to a message, as the bridge hands it on."""
    usual: dict[str, Any] = {
        "private": True,
        "mark": MARK,
        "credentials": CREDENTIALS,
        "heard_at": to.sent_at or NOW,
        "now": NOW,
    }
    return Sending(to=to, text=text, **(usual | given))


def upkeep(**given: Any) -> Upkeep:
    """The connection as it should be."""
    usual: dict[str, Any] = {"url": CALLBACK, "credentials": {ACME.id: CREDENTIALS}, "now": NOW}
    return Upkeep(**(usual | given))
