"""Google for the tests, over real HTTP: its sign-in, the reviews of two locations, and where it publishes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from google_calls import CAFE, ROBOT, SHOP, certificates
from pydantic import SecretStr
from stub import Call, Said, Stub, running

from adapters.google import Google, Settings
from bridge.message import Message
from bridge.ports import Credentials, Sending, Upkeep

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
CALLBACK = "https://hooks.example.com/in/acme-google"
OWNER = "accounts/900100200"
REVIEW = f"{SHOP.id}/reviews/AbC-1"
TOPIC = "projects/acme-care/topics/reviews"
SCOPE = "https://www.googleapis.com/auth/business.manage"
REFRESH = "refresh-of-acme"
CLIENT = {"client_id": "acme-1.apps.example", "client_secret": "client-secret-of-acme"}
CREDENTIALS = Credentials(refresh=SecretStr(REFRESH))
HOSTS = {
    "oauth2.googleapis.com": "/token",
    "mybusiness.googleapis.com": "/v4/",
    "mybusinessnotifications.googleapis.com": "/v1/",
}


def refused(status: int, name: str, *reasons: str) -> Said:
    """An error as Google's APIs say it."""
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": one} for one in reasons]
    told = {"code": status, "message": "as Google says", "status": name}
    return Said(status=status, body={"error": told | ({"details": details} if details else {})})


GONE = refused(404, "NOT_FOUND")


def review(number: str, **changed: Any) -> dict[str, Any]:
    return {
        "name": f"{SHOP.id}/reviews/{number}",
        "reviewId": number,
        "reviewer": {"displayName": "Ana R", "profilePhotoUrl": "https://pictures.example/ana.jpg"},
        "starRating": "TWO",
        "comment": "The kettle leaks",
        "createTime": "2026-11-21T11:57:00.123456789Z",
        "updateTime": "2026-11-21T11:57:00.123456789Z",
    } | changed


@dataclass(slots=True)
class Platform:
    """What stands there. Tests change it before they look, or look at what was written."""

    refresh: str = REFRESH
    granted: dict[str, Any] = field(
        default_factory=lambda: {"expires_in": 3599, "scope": f"{SCOPE} openid", "token_type": "Bearer"}
    )
    tokens: list[str] = field(default_factory=list)  #: that live, the latest last
    reviews: list[dict[str, Any]] = field(default_factory=lambda: [review("AbC-1")])  #: of SHOP, the latest first
    setting: dict[str, Any] = field(
        default_factory=lambda: {
            "name": f"{OWNER}/notificationSetting",
            "pubsubTopic": TOPIC,
            "notificationTypes": ["NEW_REVIEW", "UPDATED_REVIEW", "NEW_QUESTION"],
        }
    )
    replies: dict[str, str] = field(default_factory=dict)
    per_page: int = 50

    def answer(self, call: Call) -> Said:
        """Answer one call, as Google would."""
        if not call.path.startswith(HOSTS[call.host]):
            return Said(status=404, body=b"<html>")
        if call.path == "/token":
            return self._sign_in(call.form)
        if call.token not in self.tokens:
            return refused(401, "UNAUTHENTICATED")
        name = call.path.removeprefix(HOSTS[call.host])
        if name == self.setting["name"]:
            return self._settings(call)
        return self._reply(call, name) if name.endswith("/reply") else self._read(call, name)

    def _sign_in(self, form: dict[str, str]) -> Said:
        asked = {"grant_type": "refresh_token", "refresh_token": self.refresh, **CLIENT}
        if form != asked:
            return Said(
                status=400, body={"error": "invalid_grant", "error_description": "Token has been revoked."}
            )
        self.tokens.append(f"ya29-{len(self.tokens)}")
        return Said(body=self.granted | {"access_token": self.tokens[-1]})

    def _settings(self, call: Call) -> Said:
        if call.method == "PATCH":
            self.setting |= {name: call.json[name] for name in call.query["updateMask"].split(",")}
        return Said(body=self.setting)

    def _read(self, call: Call, name: str) -> Said:
        if name in (f"{SHOP.id}/reviews", f"{CAFE.id}/reviews"):
            listed = self.reviews if name.startswith(SHOP.id) else []
            first, most = int(call.query.get("pageToken", 0)), min(int(call.query["pageSize"]), self.per_page)
            page = {"reviews": listed[first : first + most]} if listed else {}
            more = {"nextPageToken": str(first + most)} if listed[first + most :] else {}
            return Said(body=page | more)
        return next((Said(body=one) for one in self.reviews if one["name"] == name), GONE)

    def _reply(self, call: Call, name: str) -> Said:
        reviewed, text = name.removesuffix("/reply"), call.json["comment"]
        if all(one["name"] != reviewed for one in self.reviews):
            return GONE
        if len(text.encode()) > 4096:
            return refused(400, "INVALID_ARGUMENT")
        self.replies[reviewed] = text
        return Said(body={"comment": text, "updateTime": "2026-11-21T12:00:00Z", "reviewReplyState": "PENDING"})


@contextmanager
def platform(*, keys: dict[str, Any] | None = None, **held: Any) -> Iterator[tuple[Platform, Stub, Google]]:
    """A running Google, and an adapter that has patience with a busy machine. keys: of the connection."""
    one = Platform(**held)
    with running(one.answer) as stub:
        stub.clock = NOW.timestamp()
        usual = {"service_account": ROBOT, "url": stub.url, "timeout": "2.5", "topic": TOPIC, **CLIENT}
        settings = Settings.model_validate(usual | (keys or {}))
        yield one, stub, Google(settings, {SHOP.id: SHOP, CAFE.id: CAFE}, certificates=certificates)


def sending(to: Message, text: str = "We are sorry", **given: Any) -> Sending:
    """A reply to a review, as the bridge hands it on."""
    usual: dict[str, Any] = {
        "private": False,
        "mark": "0123456789abcdef0123456789abcdef",
        "credentials": CREDENTIALS,
        "heard_at": NOW,
        "now": NOW,
    }
    return Sending(to=to, text=text, **(usual | given))


def upkeep(**given: Any) -> Upkeep:
    """What doctor hands on."""
    both = {SHOP.id: CREDENTIALS, CAFE.id: CREDENTIALS}
    usual: dict[str, Any] = {"url": CALLBACK, "credentials": both, "now": NOW}
    return Upkeep(**(usual | given))
