"""TikTok's API for Business as far as Casebridge uses it, played over real HTTP: one app and one account.

It says 200 to everything; `code` in the body decides.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr
from stub import Call, Said, Stub, running
from tiktok_calls import ACME, ANA, BEN, SECRET, fixture, parse, tiktok

from adapters.tiktok import TikTok
from bridge.message import Message
from bridge.ports import Credentials

HOST = "business-api.tiktok.com"
ROOT = "/open_api/v1.3"
APP = "7600000000000000001"
TOKEN, REFRESH = "act.token-of-acme", "rft.token-of-acme"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
URL = "https://hooks.example.com/in/acme-tiktok"
TALK = "Cnv+AnaAndAcme=="
VIDEO = "7399999999999999999"
TYPES = ("DIRECT_MESSAGE", "COMMENT", "BRAND_MENTION")
SCOPES = (
    *("message.list.read", "message.list.send", "message.list.manage"),
    *("comment.list", "comment.list.manage", "video.list", "user.info.basic"),
)
JPEG = {"Content-Type": "image/jpeg"}
CREDENTIALS = Credentials(token=SecretStr(TOKEN), refresh=SecretStr(REFRESH))


def good(**data: Any) -> Said:
    return Said(body={"code": 0, "message": "OK", "request_id": "20261121", "data": data})


def bad(code: int | str) -> Said:
    return Said(body={"code": code, "message": "as TikTok says", "request_id": "20261121", "data": {}})


def millis(when: datetime) -> int:
    return int(when.timestamp() * 1000)


def commented(number: str, text: str, when: datetime, *, by: str = ANA, owner: bool = False, **more: Any) -> Any:
    """A comment as TikTok lists it."""
    names = {ANA: ("ana_b", "Ana Brandt"), BEN: ("ben.c", "Ben Carter"), ACME.id: ("acme", "Acme")}
    handle, name = names.get(by, ("acme", "Acme"))
    shown = {"username": handle, "display_name": name, "profile_image": f"https://media.example.com/{handle}.jpeg"}
    told = {"comment_id": number, "video_id": VIDEO, "create_time": str(int(when.timestamp())), "text": text}
    return {**told, **shown, "unique_identifier": by, "owner": owner, "status": "PUBLIC", "replies": 0, **more}


def said(number: str, text: str, when: datetime, *, by: str = ANA, **more: Any) -> Any:
    """A direct message as TikTok lists it."""
    mine = by == ACME.id
    ends = [{"role": "PERSONAL_ACCOUNT", "id": ANA}, {"role": "BUSINESS_ACCOUNT", "id": ACME.id}]
    names = ["ana_b", "acme"]
    told = {"message_id": number, "conversation_id": TALK, "timestamp": millis(when), "message_type": "TEXT"}
    return {
        **told,
        "text": {"body": text},
        "sender": names[mine],
        "recipient": names[not mine],
        "from_user": ends[mine],
        "to_user": ends[not mine],
        "message_tag": {"source": "API" if mine else "APP"},
        **more,
    }


@dataclass
class Platform:
    """What stands there. Numbers that are given out count up."""

    token: str = TOKEN
    refresh: str = REFRESH
    scope: str = ",".join(SCOPES)
    owner: str = ACME.id  #: of the token
    talks: dict[str, list[Any]] = field(default_factory=dict)  #: conversation -> messages, the latest first
    updated: dict[str, datetime] = field(default_factory=dict)  #: conversation -> when something was said there
    people: list[Any] = field(
        default_factory=lambda: [
            {"role": "BUSINESS_ACCOUNT", "id": ACME.id, "display_name": "Acme"},
            {
                "role": "PERSONAL_ACCOUNT",
                "id": ANA,
                "display_name": "Ana Brandt",
                "profile_image": "https://media.example.com/ana.jpeg?x-expires=1795592000",
            },
        ]
    )
    videos: list[str] = field(default_factory=lambda: [VIDEO])
    comments: list[Any] = field(default_factory=list)  #: those below another one have parent_comment_id
    mentions: dict[str, Any] = field(default_factory=dict)  #: comment -> what it says
    hooks: dict[str, Any] = field(default_factory=lambda: {one: {"callback_url": URL} for one in TYPES})
    place: str = "https://p16-sign.tiktokcdn.com/file"  #: of the one file that there is
    file: Said = field(default_factory=lambda: Said(body=b"\xff\xd8\xff\xe0picture", headers=JPEG))
    now: datetime = NOW
    given: int = 900

    def answer(self, call: Call) -> Said:
        """What TikTok says to one call."""
        if call.host != HOST:
            return self.file if call.headers.get("x-user") == self.token else Said(status=403, body=b"")
        method, says = ROUTES.get(call.path.removeprefix(ROOT), ("", None))
        if says is None or call.method != method:
            return Said(status=404, body=b"")
        asked = call.json if call.method == "POST" else dict(call.query)
        free = call.path.removeprefix(ROOT).startswith(("/tt_user/", "/business/webhook/"))
        if not free and call.headers.get("access-token") != self.token:
            return bad(40105)
        if not free and asked["business_id"] != ACME.id:
            return bad(40001)
        return says(self, asked)

    def new(self) -> str:
        self.given += 1
        return str(self.given)

    # --- what is read ---

    def _content(self, asked: Any) -> Said:
        if asked["conversation_id"] not in self.talks:
            return bad(40002)
        return good(messages=self.talks[asked["conversation_id"]][:20], participants=self.people)

    def _conversations(self, asked: Any) -> Said:
        single = asked["conversation_type"] == "SINGLE"
        shown = [
            {"conversation_id": one, "update_time": millis(when)}
            for one, when in self.updated.items()
            if any(message["from_user"]["id"] == ACME.id for message in self.talks[one]) == single
        ]
        return self._page(asked, "conversations", shown)

    def _comments(self, asked: Any) -> Said:
        here = [one for one in self.comments if one["video_id"] == asked["video_id"]]
        if "comment_ids" in asked:
            wanted = json.loads(asked["comment_ids"])
            return good(comments=[one for one in here if one["comment_id"] in wanted], has_more=False, cursor=0)
        top = [one for one in here if "parent_comment_id" not in one]
        full = [{**one, "reply_list": self._below(one["comment_id"])[:3]} for one in top]
        return self._page(asked, "comments", full)

    def _replies(self, asked: Any) -> Said:
        return self._page(asked, "comments", self._below(asked["comment_id"]))

    def _below(self, number: str) -> list[Any]:
        found = [one for one in self.comments if one.get("parent_comment_id") == number]
        return sorted(found, key=lambda one: str(one["create_time"]), reverse=True)

    def _videos(self, asked: Any) -> Said:
        return self._page(asked, "videos", [{"item_id": one} for one in self.videos])

    def _mention(self, asked: Any) -> Said:
        told = self.mentions.get(asked["comment_id"])
        return (
            bad(40002)
            if told is None
            else good(comment={name: told[name] for name in json.loads(asked["fields"])})
        )

    def _download(self, asked: Any) -> Said:
        wanted = (asked["conversation_id"], asked["message_id"], asked["media_id"], asked["media_type"])
        return good(download_url=self.place) if wanted == (TALK, "Msg+02==", "media-2", "IMAGE") else bad(40002)

    def _page(self, asked: Any, name: str, shown: list[Any]) -> Said:
        """Two at a time."""
        first = int(asked.get("cursor", "0"))
        return good(**{name: shown[first : first + 2]}, has_more=first + 2 < len(shown), cursor=first + 2)

    # --- what is written ---

    def _send(self, asked: Any) -> Said:
        number = f"Msg+{self.new()}=="
        if asked["recipient_type" if "recipient" in asked else "message_type"] == "CONVERSATION":
            if asked["recipient"] not in self.talks:
                return bad(40002)
            one = said(number, asked["text"]["body"], self.now, by=ACME.id)
            self.talks[asked["recipient"]].insert(0, one)
        return good(message={"message_id": number})

    def _comment(self, asked: Any) -> Said:
        found = [one for one in self.comments if one["comment_id"] == asked["comment_id"]]
        if not found:
            return bad(40002)
        number = f"7400000000000000{self.new()}"
        top = found[0].get("parent_comment_id", asked["comment_id"])
        made = commented(number, asked["text"], self.now, by=ACME.id, owner=True, parent_comment_id=top)
        self.comments.append(made)
        return good(**{name: made[name] for name in ("comment_id", "parent_comment_id", "video_id", "text")})

    # --- the app ---

    def _hook(self, asked: Any) -> Said:
        if (asked["app_id"], asked["secret"]) != (APP, SECRET):
            return bad(40101)
        return good(event_type=asked["event_type"], **self.hooks.get(asked["event_type"], {}))

    def _hooked(self, asked: Any) -> Said:
        self.hooks[asked["event_type"]] = {"callback_url": asked["callback_url"]}
        return good(event_type=asked["event_type"])

    def _info(self, asked: Any) -> Said:
        if asked["app_id"] != APP or asked["access_token"] != self.token:
            return bad(40105)
        return good(app_id=APP, creator_id=self.owner, scope=self.scope)

    def _renew(self, asked: Any) -> Said:
        known = {"client_id": APP, "client_secret": SECRET, "grant_type": "refresh_token"}
        if asked != {**known, "refresh_token": self.refresh}:
            return bad(40105)
        self.token, self.refresh = f"act.{self.new()}", f"rft.{self.new()}"
        lives = {"expires_in": 86_400, "refresh_token_expires_in": 31_536_000, "token_type": "Bearer"}
        tokens = {"access_token": self.token, "refresh_token": self.refresh}
        return good(open_id=self.owner, scope=self.scope, **tokens, **lives)


Says = Callable[[Platform, Any], Said]

ROUTES: dict[str, tuple[str, Says]] = {
    "/business/message/content/list/": ("GET", Platform._content),
    "/business/message/conversation/list/": ("GET", Platform._conversations),
    "/business/message/media/download/": ("POST", Platform._download),
    "/business/message/send/": ("POST", Platform._send),
    "/business/comment/list/": ("GET", Platform._comments),
    "/business/comment/reply/list/": ("GET", Platform._replies),
    "/business/comment/reply/create/": ("POST", Platform._comment),
    "/business/mention/comment/get/": ("GET", Platform._mention),
    "/business/video/list/": ("GET", Platform._videos),
    "/business/webhook/list/": ("GET", Platform._hook),
    "/business/webhook/update/": ("POST", Platform._hooked),
    "/tt_user/token_info/get/": ("POST", Platform._info),
    "/tt_user/oauth2/refresh_token/": ("POST", Platform._renew),
}


@dataclass(frozen=True, slots=True)
class World:
    """TikTok, running, and the adapter that calls it."""

    platform: Platform
    stub: Stub
    channel: TikTok


@contextmanager
def world(**settings: Any) -> Iterator[World]:
    """Run TikTok with its clock at NOW, and an adapter that waits a second for it."""
    platform = Platform()
    with running(platform.answer) as stub:
        stub.clock = NOW.timestamp()
        given = {"url": stub.url, "timeout": 1, "app_id": APP, **settings}
        yield World(platform, stub, tiktok(**given))


def heard(name: str, *, sent_at: datetime = NOW - timedelta(hours=1), **changed: Any) -> Message:
    """The message of a fixture, which was sent lately and is here for long."""
    (found,) = parse(fixture(name, **changed))
    assert isinstance(found, Message)
    return replace(found, sent_at=sent_at, received_at=LONG_AGO)
