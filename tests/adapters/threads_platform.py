"""Threads' API as far as Casebridge uses it, played over real HTTP: one account that publishes in two steps."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from stub import Call, Said, Stub
from threads_calls import ACME, ROOT

from adapters.meta import Meta, Settings

TOKEN = "token-of-acme"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
REPLY = "18100000000000062"
MENTION = "18100000000000065"
PICTURE = "18100000000000063"
URL = "https://hooks.example.com/in/acme-meta"
SCOPES = [
    "threads_basic",
    "threads_content_publish",
    "threads_read_replies",
    "threads_manage_replies",
    "threads_manage_mentions",
]


def meta(stub: Stub | None = None, **settings: object) -> Meta:
    """Our connection; what it calls is the stub."""
    given = {
        "app_secret": "app-secret-of-acme",
        "verify_token": "our-verify-token",
        "url": stub.url if stub else "",
        "timeout": "2.5",
        "products": {ACME.id: "threads"},
        **settings,
    }
    return Meta(Settings.model_validate(given), {ACME.id: ACME})


def error(code: int, subcode: int | None = None, *, status: int = 400, transient: bool = False) -> Said:
    """An error as the Graph API writes it."""
    told = {"message": "as Meta says", "type": "THApiException", "code": code, "fbtrace_id": "A1"}
    more = {"error_subcode": subcode} if subcode else {}
    return Said(status=status, body={"error": {**told, **more, "is_transient": transient}})


def at(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%S}+0000"


def debugged() -> dict[str, Any]:
    """What Threads says of a token that is a month old and has another."""
    return {
        "type": "USER",
        "is_valid": True,
        "issued_at": int((NOW - timedelta(days=30)).timestamp()),
        "expires_at": int((NOW + timedelta(days=30)).timestamp()),
        "scopes": SCOPES,
        "user_id": ACME.id,
    }


@dataclass
class Threads:
    """What stands there. An id that is given out counts up from 1810…0900."""

    token: str = TOKEN
    account: str = ACME.id  #: whose the token is
    posts: dict[str, Any] = field(default_factory=dict)  #: by id; what is a reply has `replied_to`
    mentioned: list[str] = field(default_factory=list)  #: ids of posts that name us
    prepared: dict[str, Any] = field(default_factory=dict)
    debugged: dict[str, Any] | None = field(default_factory=debugged)  #: None = it tells testers only
    used: int = 3
    given: int = 900
    now: datetime = NOW
    down: bool = False

    def answer(self, call: Call) -> Said:
        """What the platform says to one call."""
        if self.down:
            return Said(status=503)
        if self.token not in (call.token, call.query.get("access_token")):
            return error(190, 463, status=401)
        path = re.sub(r"\A/v1.0", "", call.path)
        for method, pattern, says in ROUTES:
            if method == call.method and (found := re.fullmatch(pattern, path)):
                return says(self, call, *found.groups())
        return error(100)

    def new(self) -> str:
        self.given += 1
        return f"18100000000000{self.given}"

    def _self(self, _: Call) -> Said:
        return Said(body={"id": self.account, "username": "acme"})

    def _prepare(self, call: Call) -> Said:
        if call.form["reply_to_id"] not in self.posts:
            return error(24, 4279009)
        number = self.new()
        self.prepared[number] = call.form
        return Said(body={"id": number})

    def _publish(self, call: Call) -> Said:
        form = self.prepared.pop(call.form["creation_id"], None)
        if form is None:
            return error(24, 4279009)
        number = self.new()
        self.posts[number] = {
            "id": number,
            "text": form["text"],
            "username": "acme",
            "timestamp": at(self.now),
            "permalink": f"https://www.threads.example/@acme/post/{number}",
            "media_type": "TEXT_POST",
            "replied_to": {"id": form["reply_to_id"]},
            "root_post": {"id": ROOT},
        }
        return Said(body={"id": number})

    def _mine(self, call: Call) -> Said:
        found = [one for one in self.posts.values() if one["username"] == "acme" and "replied_to" in one]
        return self._paged(call, found)

    def _threads(self, call: Call) -> Said:
        found = [one for one in self.posts.values() if one["username"] == "acme" and "replied_to" not in one]
        return self._paged(call, found)

    def _conversation(self, call: Call, root: str) -> Said:
        return self._paged(
            call, [one for one in self.posts.values() if one.get("root_post", {}).get("id") == root]
        )

    def _mentions(self, call: Call) -> Said:
        return self._paged(call, [self.posts[one] for one in self.mentioned])

    def _paged(self, call: Call, found: list[Any]) -> Said:
        """The latest first, two at a time; where to go on from is told, and no next page."""
        since = call.query.get("since")
        begin = datetime.fromtimestamp(int(since), UTC) if since else datetime.min.replace(tzinfo=UTC)
        fresh = [one for one in found if datetime.fromisoformat(one["timestamp"]) >= begin]
        latest = sorted(fresh, key=lambda one: one["timestamp"], reverse=True)
        first = int(call.query.get("after", "0"))
        shown = latest[first : first + 2]
        return Said(body={"data": shown, "paging": {"cursors": {"after": str(first + 2)}} if shown else {}})

    def _post(self, _: Call, number: str) -> Said:
        return Said(body=self.posts[number]) if number in self.posts else error(24)

    def _renewed(self, call: Call) -> Said:
        lasts = int(timedelta(days=60).total_seconds())
        anew = f"{call.query['access_token']}-anew"
        return Said(body={"access_token": anew, "token_type": "bearer", "expires_in": lasts})

    def _debug(self, _: Call) -> Said:
        return Said(body={"data": self.debugged}) if self.debugged else error(10, status=403)

    def _limit(self, _: Call) -> Said:
        quota = {"quota_total": 1000, "quota_duration": 86400}
        return Said(body={"data": [{"reply_quota_usage": self.used, "reply_config": quota}]})


Route = tuple[str, str, Callable[..., Said]]

ROUTES: tuple[Route, ...] = (
    ("GET", r"/me", Threads._self),
    ("POST", r"/me/threads", Threads._prepare),
    ("POST", r"/me/threads_publish", Threads._publish),
    ("GET", r"/me/replies", Threads._mine),
    ("GET", r"/me/threads", Threads._threads),
    ("GET", r"/me/mentions", Threads._mentions),
    ("GET", r"/(\d+)/conversation", Threads._conversation),
    ("GET", r"/refresh_access_token", Threads._renewed),
    ("GET", r"/debug_token", Threads._debug),
    ("GET", r"/me/threads_publishing_limit", Threads._limit),
    ("GET", r"/(\d+)", Threads._post),
)


def lively() -> Threads:
    """An account with one post, a customer's reply to it, and somebody's post that names it, of an hour ago."""
    hour_ago = at(NOW - timedelta(hours=1))
    reply = {
        "id": REPLY,
        "text": "Never arrived",
        "username": "ana.ruiz",
        "permalink": "https://www.threads.com/@ana.ruiz/post/Pp",
        "timestamp": hour_ago,
        "media_type": "TEXT_POST",
        "replied_to": {"id": ROOT},
        "root_post": {"id": ROOT},
        "is_verified": False,
        "profile_picture_url": "https://cdn.example.com/ana.jpg",
    }
    mention = {
        "id": MENTION,
        "text": "Look at this, @acme",
        "username": "bo.berg",
        "permalink": "https://www.threads.com/@bo.berg/post/Qq",
        "timestamp": hour_ago,
        "media_type": "TEXT_POST",
    }
    root = {"id": ROOT, "username": "acme", "timestamp": at(NOW - timedelta(days=2)), "has_replies": True}
    return Threads(posts={ROOT: root, REPLY: reply, MENTION: mention}, mentioned=[MENTION])
