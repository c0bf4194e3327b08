"""Instagram's API as far as Casebridge uses it, played over real HTTP: one account, with either login."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from instagram_calls import ACME, ANA
from stub import Call, Said, Stub

from adapters.meta import Meta, Settings

TOKEN = "token-of-acme"
APP = "5500000000000001"
SCOPES = ["instagram_basic", "instagram_manage_messages", "instagram_manage_comments", "pages_manage_metadata"]
SCOPES += ["pages_show_list"]
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
COMMENT = "18000000000000051"
NESTED = "18000000000000053"
MEDIA = "17890000000000041"
MENTION = "18000000000000056"
CAPTION = "17890000000000045"
PERMALINK = "https://www.instagram.example/p/41/"
URL = "https://hooks.example.com/in/acme-meta"
HEARD = ["comments", "live_comments", "messages", "message_edit", "messaging_postbacks"]


def meta(stub: Stub | None = None, **settings: object) -> Meta:
    """Our connection; what it calls is the stub."""
    given = {
        "app_secret": "app-secret-of-acme",
        "verify_token": "our-verify-token",
        "url": stub.url if stub else "",
        "timeout": "2.5",
        "products": {ACME.id: "instagram"},
        **settings,
    }
    return Meta(Settings.model_validate(given), {ACME.id: ACME})


def asked(stub: Stub) -> list[tuple[str, str, str, dict[str, str]]]:
    """The calls that were made: method, host, path and query."""
    return [(call.method, call.host, call.path, dict(call.query)) for call in stub.calls]


def error(code: int, subcode: int | None = None, *, status: int = 400, transient: bool = False) -> Said:
    """An error as the Graph API writes it."""
    told = {"message": "as Meta says", "type": "OAuthException", "code": code, "fbtrace_id": "A1"}
    more = {"error_subcode": subcode} if subcode else {}
    return Said(status=status, body={"error": {**told, **more, "is_transient": transient}})


def at(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%S}+0000"


def person(number: str, name: str) -> dict[str, str]:
    return {"id": number, "username": name}


US = person(ACME.id, "acme")
CUSTOMER = person(ANA, "ana.ruiz")


@dataclass
class Instagram:
    """What stands there. An id that is given out counts up from 1800…0900, a mid from aWdfZ900."""

    token: str = TOKEN
    people: dict[str, Any] = field(default_factory=dict)  #: who wrote in private, by id
    comments: dict[str, Any] = field(default_factory=dict)  #: id -> comment; `under` = the comment it answers
    talks: dict[str, list[Any]] = field(default_factory=dict)  #: customer -> messages, the latest first
    mentions: dict[str, Any] = field(default_factory=dict)
    media: list[Any] = field(default_factory=list)
    heard: list[str] = field(default_factory=lambda: list(HEARD))  #: fields; [] = the app is not subscribed
    given: int = 900
    now: datetime = NOW
    account: str = ACME.id  #: whose the token is
    denied: set[str] = field(default_factory=set)  #: paths that the token may not call
    down: bool = False
    shown: int = 50  #: answers that come along with a comment
    callback: Any = field(
        default_factory=lambda: {
            "object": "instagram",
            "callback_url": URL,
            "active": True,
            "fields": [{"name": one, "version": "v25.0"} for one in HEARD],
        }
    )
    debugged: dict[str, Any] = field(
        default_factory=lambda: {"app_id": APP, "is_valid": True, "expires_at": 0, "scopes": SCOPES}
    )

    def answer(self, call: Call) -> Said:
        """What the platform says to one call."""
        path = re.sub(r"\A/v[0-9.]+", "", call.path)
        if self.down:
            return Said(status=503)
        if self.token not in (call.token, call.query.get("access_token")) and not call.token.startswith(f"{APP}|"):
            return error(190, status=401)
        if path in self.denied:
            return error(10, status=403)
        for method, pattern, says in ROUTES:
            if method == call.method and (found := re.fullmatch(pattern, path)):
                return says(self, call, *found.groups())
        return error(100)

    def new(self) -> str:
        self.given += 1
        return str(self.given)

    def _profile(self, _: Call, number: str) -> Said:
        told = self.people.get(number) or self.comments.get(number)
        return (
            Said(body={name: value for name, value in told.items() if name != "under"}) if told else error(100, 33)
        )

    def _self(self, call: Call, _: str = "") -> Said:
        asked = call.query.get("fields", "")
        for name in ("mentioned_comment.comment_id", "mentioned_media.media_id"):
            if found := re.match(rf"{name}\((\d+)\)", asked):
                told = self.mentions.get(found[1])
                return Said(body={name.partition(".")[0]: told, "id": ACME.id}) if told else error(100, 33)
        return Said(body={"id": "7700000001", "user_id": self.account, "username": "acme"})

    def _say(self, call: Call) -> Said:
        to, text = call.json["recipient"], call.json["message"]["text"]
        customer = to["id"] if "id" in to else self.comments[to["comment_id"]]["from"]["id"]
        number = f"aWdfZ{self.new()}"
        said = {"id": number, "created_time": at(self.now), "from": US, "message": text}
        self.talks.setdefault(customer, []).insert(0, said)
        return Said(body={"recipient_id": customer, "message_id": number})

    def _comment(self, call: Call, under: str) -> Said:
        number = f"1800000000000{self.new()}"
        made = {
            "id": number,
            "text": call.form["message"],
            "timestamp": at(self.now),
            "from": US,
            "username": "acme",
        }
        self.comments[number] = {**made, "under": under, "media": {"id": MEDIA, "permalink": PERMALINK}}
        return Said(body={"id": number})

    def _mention(self, call: Call, _: str) -> Said:
        return self._comment(call, call.form.get("comment_id", ""))

    def _replies(self, call: Call, under: str) -> Said:
        return self._paged(call, [one for one in self.comments.values() if one.get("under") == under])

    def _comments(self, call: Call, media: str) -> Said:
        found = [one for one in self.comments.values() if one["media"]["id"] == media and not one.get("under")]
        return self._paged(call, [{**one, "replies": self._below(one["id"])} for one in found])

    def _below(self, comment: str) -> Any:
        told = [one for one in self.comments.values() if one.get("under") == comment]
        more = {"next": "https://graph.instagram.com/more"} if len(told) > self.shown else {}
        return {"data": told[: self.shown], "paging": more}

    def _media(self, call: Call, _: str) -> Said:
        return self._paged(call, self.media)

    def _talks(self, call: Call, _: str = "") -> Said:
        asked = call.query.get("user_id")
        found = [
            {
                "id": f"t_{customer}",
                "updated_time": said[0]["created_time"],
                "messages": {"data": said[:20]},
            }
            for customer, said in self.talks.items()
            if asked in (None, customer)
        ]
        return self._paged(call, found)

    def _paged(self, call: Call, found: list[Any]) -> Said:
        """Two at a time, with the address of the next page, token and all, as Meta writes it."""
        first = int(call.query.get("after", "0"))
        rest = first + 2 < len(found)
        onward = f"https://{call.host}{call.path}?access_token={self.token}&after={first + 2}"
        query = "".join(f"&{name}={value}" for name, value in call.query.items() if name != "after")
        return Said(body={"data": found[first : first + 2], "paging": {"next": onward + query} if rest else {}})

    def _renewed(self, call: Call) -> Said:
        lasts = int(timedelta(days=60).total_seconds())
        anew = f"{call.query['access_token']}-anew"
        return Said(body={"access_token": anew, "token_type": "bearer", "expires_in": lasts})

    def _debug(self, _: Call) -> Said:
        return Said(body={"data": self.debugged})

    def _callbacks(self, _: Call, __: str) -> Said:
        return Said(body={"data": [self.callback] if self.callback else []})

    def _call_back(self, call: Call, _: str) -> Said:
        given = call.form
        fields = given["fields"].split(",")
        self.callback = {**given, "active": True, "fields": fields}
        return Said(body={"success": True})

    def _subscribed(self, _: Call, __: str) -> Said:
        apps = [{"id": "5500000000000001", "subscribed_fields": self.heard}] if self.heard else []
        return Said(body={"data": apps})

    def _subscribe(self, call: Call, _: str) -> Said:
        self.heard = call.form["subscribed_fields"].split(",")
        return Said(body={"success": True})


Route = tuple[str, str, Callable[..., Said]]

ROUTES: tuple[Route, ...] = (
    ("GET", r"/me", Instagram._self),
    ("GET", rf"/({ACME.id})", Instagram._self),
    ("POST", r"/me/messages", Instagram._say),
    ("POST", r"/(\d+|me)/mentions", Instagram._mention),
    ("GET", r"/me/conversations", Instagram._talks),
    ("GET", r"/(me)/subscribed_apps", Instagram._subscribed),
    ("POST", r"/(me)/subscribed_apps", Instagram._subscribe),
    ("GET", r"/refresh_access_token", Instagram._renewed),
    ("GET", r"/debug_token", Instagram._debug),
    ("GET", rf"/({APP})/subscriptions", Instagram._callbacks),
    ("POST", rf"/({APP})/subscriptions", Instagram._call_back),
    ("GET", r"/(me|\d+)/media", Instagram._media),
    ("POST", r"/(\d+)/replies", Instagram._comment),
    ("GET", r"/(\d+)/replies", Instagram._replies),
    ("GET", r"/(\d+)/comments", Instagram._comments),
    ("GET", r"/(\d+)", Instagram._profile),
)


def lively() -> Instagram:
    """An account with two comments by a customer and a conversation, all of an hour ago."""
    hour_ago = at(NOW - timedelta(hours=1))
    media = {"id": MEDIA, "permalink": PERMALINK}
    said = {"timestamp": hour_ago, "from": CUSTOMER, "username": "ana.ruiz", "media": media}
    return Instagram(
        people={
            ANA: {
                "id": ANA,
                "name": "Ana Ruiz",
                "username": "ana.ruiz",
                "profile_pic": "https://cdn.example.com/ana.jpg",
                "follower_count": 12,
                "is_verified_user": False,
            }
        },
        comments={
            COMMENT: {"id": COMMENT, "text": "Where is my order?", **said},
            NESTED: {"id": NESTED, "text": "Hello?", "under": COMMENT, **said},
        },
        talks={
            ANA: [{"id": "aWdfZA1", "created_time": hour_ago, "from": CUSTOMER, "message": "Is this in stock?"}]
        },
        mentions={
            MENTION: {
                "id": MENTION,
                "text": "ask acme",
                "timestamp": hour_ago,
                "username": "bo.berg",
                "media": media,
            },
            CAPTION: {
                "id": CAPTION,
                "caption": "My new acme grinder",
                "timestamp": hour_ago,
                "username": "bo.berg",
                "permalink": PERMALINK,
            },
        },
        media=[{"id": MEDIA, "timestamp": hour_ago}],
    )
