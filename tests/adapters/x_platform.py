"""X for the tests: its API over real HTTP, with what it holds of our app, two handles and a customer."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote

from pydantic import SecretStr
from stub import Call, Said, Stub, running
from x_calls import ACME, ACME_FR, ANA, SECRET, activity, message

from adapters.x import Settings, X
from bridge.message import Account, Message, Person
from bridge.ports import Credentials, Sending, Upkeep

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
URL = "https://hooks.example.com/in/acme-x"
KEY, BEARER = "api-key-of-acme", "bearer-of-acme"
OWN = {
    ACME.id: Credentials(token=SecretStr("token-of-acme"), secret=SecretStr("secret-of-acme")),
    ACME_FR.id: Credentials(token=SecretStr("token-of-acme-fr"), secret=SecretStr("secret-of-acme-fr")),
}
PRIVATE = frozenset({"post.mention.create", "dm.received", "dm.sent", "chat.received", "chat.sent"})

POST = Message(
    channel="x",
    connection="acme-x",
    account=Account(id=ACME.id, about={"handle": "@Acme"}),
    id="2080000000000000101",
    kind="mention",
    author=Person(id=ANA, name="Ana Brandt", handle="ana_b"),
    thread="2080000000000000101",
    text="@Acme where is my order?",
    sent_at=NOW - timedelta(minutes=20),
    received_at=NOW - timedelta(minutes=20),
    public=True,
)
DIRECT = Message(
    channel="x",
    connection="acme-x",
    account=Account(id=ACME.id),
    id="dm:1900000000000000003",
    kind="direct",
    author=Person(id=ANA),
    thread=ANA,
    text="help",
    received_at=NOW - timedelta(minutes=20),
    public=False,
)


def sending(to: Message, text: str = "We look into it", **other: Any) -> Sending:
    given: dict[str, Any] = {
        "private": not to.public,
        "mark": "mark-1",
        "credentials": OWN[ACME.id],
        "heard_at": to.received_at,
        "now": NOW,
    }
    return Sending(to=to, text=text, **(given | other))


def upkeep(**other: Any) -> Upkeep:
    given: dict[str, Any] = {"url": URL, "credentials": OWN, "now": NOW}
    return Upkeep(**(given | other))


def problem(status: int, kind: str = "about:blank", detail: str = "", **headers: str) -> Said:
    return Said(
        status=status,
        body={"title": "Forbidden", "type": kind, "detail": detail, "status": status},
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )


GONE = problem(404, "https://api.x.com/2/problems/resource-not-found")
Route = Callable[..., Said]


class Platform:
    """What X holds. `page` items stand on a page of a list."""

    def __init__(self) -> None:
        self.stub = Stub(self.answer)
        self.users = {
            ANA: {
                "id": ANA,
                "name": "Ana Brandt",
                "username": "ana_b",
                "verified": False,
                "verified_type": "none",
                "profile_image_url": "https://img.example.com/ana.jpg",
                "public_metrics": {"followers_count": 97},
            },
            ACME.id: {"id": ACME.id, "name": "Acme", "username": "Acme"},
            ACME_FR.id: {"id": ACME_FR.id, "name": "Acme France", "username": "Acme_FR"},
        }
        self.owners = {"token-of-acme": ACME.id, "token-of-acme-fr": ACME_FR.id}
        self.posts: list[dict[str, Any]] = []
        self.directs: list[dict[str, Any]] = []
        self.mentions: list[dict[str, Any]] = []
        self.media: dict[str, bytes] = {}
        self.hooks: list[dict[str, Any]] = []
        self.subscriptions: list[dict[str, Any]] = []
        self.refuses: set[str] = set()  #: events that nobody may subscribe to
        self.level = "read-write-directmessages"
        self.page = 100
        self.beside: dict[str, Any] = {"users": list(self.users.values())}  #: what comes with a list
        self.now = NOW
        self.numbers = iter(range(2090000000000000001, 2090000000000009999))

    # --- requests ---

    def answer(self, call: Call) -> Said:
        who = self._who(call)
        if who is None:
            return problem(401, detail="Unauthorized")
        for method, path, route in ROUTES:
            found = re.fullmatch(path, call.path)
            if found and method == call.method:
                said: Said = getattr(self, route)(call, who, *found.groups())
                return Said(
                    status=said.status, body=said.body, headers={"x-access-level": self.level, **said.headers}
                )
        return GONE

    def _who(self, call: Call) -> str | None:
        """Whose call it is: "" = the app's own; None = nobody's."""
        if call.token == BEARER:
            return ""
        header = call.headers.get("authorization", "")
        if not header.startswith("OAuth "):
            return None
        given = {name: unquote(value) for name, value in re.findall(r'(\w+)="([^"]*)"', header)}
        account = self.owners.get(given["oauth_token"], "")
        return account if account and is_signed(call, given, account) else None

    def _listed(self, call: Call, items: list[Any], **includes: Any) -> Said:
        begin = int(call.query.get("pagination_token", "0"))
        more = {"next_token": str(begin + self.page)} if begin + self.page < len(items) else {}
        body = {"data": items[begin : begin + self.page], "meta": {"result_count": len(items), **more}}
        return Said(body=body | ({"includes": includes} if includes else {}))

    # --- people and posts ---

    def me(self, call: Call, who: str) -> Said:
        return (
            Said(body={"data": self.users[who]}) if who else problem(403, f"{PROBLEMS}unsupported-authentication")
        )

    def user(self, call: Call, who: str, number: str) -> Said:
        found = self.users.get(number)
        return Said(body={"data": found} if found else {"errors": [{"title": "Not Found Error"}]})

    def written(self, call: Call, who: str, number: str) -> Said:
        mine = [one for one in self.posts if one["author_id"] == number and self._since(call, one)]
        return self._listed(call, mine[::-1])

    def mentioned(self, call: Call, who: str, number: str) -> Said:
        new = [one for one in self.mentions if self._since(call, one)]
        return self._listed(call, new[::-1], **self.beside)

    def _since(self, call: Call, one: dict[str, Any]) -> bool:
        return bool(one.get("created_at", "9") >= call.query.get("start_time", ""))

    def post(self, call: Call, who: str) -> Said:
        text, answered = call.json["text"], call.json["reply"]["in_reply_to_tweet_id"]
        if any((one["said"], one["author_id"]) == (text, who) for one in self.posts):
            return problem(403, detail="You are not allowed to create a Tweet with duplicate content.")
        number = str(next(self.numbers))
        links = re.findall(r"https?://\S+", text)
        shown = f"@ana_b {text}"
        for n, link in enumerate(links):
            shown = shown.replace(link, f"https://t.co/L{n}")
        urls = [{"url": f"https://t.co/L{n}", "expanded_url": link} for n, link in enumerate(links)]
        made = {
            "id": number,
            "text": shown,
            "said": text,
            "author_id": who,
            "created_at": stamp(self.now),
            "edit_history_tweet_ids": [number],
            "referenced_tweets": [{"type": "replied_to", "id": answered}],
            "entities": {"urls": urls},
        }
        self.posts.append(made)
        return Said(status=201, body={"data": {"id": number, "text": shown}})

    # --- direct messages ---

    def direct(self, call: Call, who: str, number: str) -> Said:
        made = {
            "id": str(next(self.numbers)),
            "event_type": "MessageCreate",
            "text": call.json["text"],
            "sender_id": who,
            "dm_conversation_id": f"{who}-{number}",
            "created_at": stamp(self.now),
        }
        self.directs.append(made)
        body = {"dm_conversation_id": made["dm_conversation_id"], "dm_event_id": made["id"]}
        return Said(status=201, body={"data": body})

    def conversation(self, call: Call, who: str, number: str) -> Said:
        here = [one for one in self.directs if number in one["dm_conversation_id"].split("-")]
        return self._listed(call, here[::-1])

    def events(self, call: Call, who: str) -> Said:
        return self._listed(call, self.directs[::-1], **self.beside)

    def medium(self, call: Call, who: str, name: str) -> Said:
        return Said(body=self.media[name]) if name in self.media else GONE

    def echo(self) -> Message:
        """What the webhook brings of the latest post or message of ours."""
        if self.posts:
            return message(activity("post.create", self.posts[-1]))
        made = self.directs[-1]
        item = {
            "type": "message_create",
            "id": made["id"],
            "created_timestamp": "1793000060123",
            "message_create": {
                "target": {"recipient_id": ANA},
                "sender_id": made["sender_id"],
                "message_data": {"text": made["text"]},
            },
        }
        return message(activity("dm.sent", {"direct_message_events": [item]}))

    # --- webhooks ---

    def webhooks(self, call: Call, who: str) -> Said:
        return Said(body={"data": self.hooks} if self.hooks else {"meta": {"result_count": 0}})

    def register(self, call: Call, who: str) -> Said:
        made = {"id": str(next(self.numbers)), "url": call.json["url"], "valid": True}
        self.hooks.append(made)
        return Said(body={"data": made})

    def validate(self, call: Call, who: str, number: str) -> Said:
        for one in self.hooks:
            if one["id"] == number:
                one["valid"] = True
        return Said(body={"data": {"attempted": True}})

    def subscribed(self, call: Call, who: str) -> Said:
        return self._listed(call, self.subscriptions)

    def subscribe(self, call: Call, who: str) -> Said:
        event, account = call.json["event_type"], call.json["filter"]["user_id"]
        if event in self.refuses or (event in PRIVATE and who != account):
            return problem(403, f"{PROBLEMS}unsupported-authentication")
        made = {"subscription_id": str(next(self.numbers)), **call.json}
        self.subscriptions.append(made)
        return Said(status=201, body={"data": {"subscription": made}})

    def move(self, call: Call, who: str, number: str) -> Said:
        for one in self.subscriptions:
            if one["subscription_id"] == number:
                one.update(call.json)
        return Said(body={"data": {}})


PROBLEMS = "https://api.x.com/2/problems/"
ROUTES = (
    ("GET", "/2/users/me", "me"),
    ("GET", "/2/users/([0-9]+)", "user"),
    ("GET", "/2/users/([0-9]+)/tweets", "written"),
    ("GET", "/2/users/([0-9]+)/mentions", "mentioned"),
    ("POST", "/2/tweets", "post"),
    ("GET", "/2/dm_events", "events"),
    ("GET", "/2/dm_conversations/media/(.+)", "medium"),
    ("GET", "/2/dm_conversations/with/([0-9]+)/dm_events", "conversation"),
    ("POST", "/2/dm_conversations/with/([0-9]+)/messages", "direct"),
    ("GET", "/2/webhooks", "webhooks"),
    ("POST", "/2/webhooks", "register"),
    ("PUT", "/2/webhooks/([0-9]+)", "validate"),
    ("GET", "/2/activity/subscriptions", "subscribed"),
    ("POST", "/2/activity/subscriptions", "subscribe"),
    ("PUT", "/2/activity/subscriptions/([0-9]+)", "move"),
)


def stamp(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%S}.000Z"


def is_signed(call: Call, given: dict[str, str], account: str) -> bool:
    """Whether a call is signed as RFC 5849 says, for the address at X that was meant."""
    own = OWN[account]
    assert own.secret is not None
    pairs = [*given.items(), *call.query.items()]
    named = sorted((quote(a, safe="~"), quote(b, safe="~")) for a, b in pairs if a != "oauth_signature")
    address = f"https://{call.host}{call.path}"
    words = (call.method, address, "&".join(f"{a}={b}" for a, b in named))
    key = f"{quote(SECRET, safe='~')}&{quote(own.secret.get_secret_value(), safe='~')}"
    digest = hmac.new(
        key.encode(), "&".join(quote(one, safe="~") for one in words).encode(), hashlib.sha1
    ).digest()
    return given["oauth_consumer_key"] == KEY and given["oauth_signature"] == base64.b64encode(digest).decode()


@contextmanager
def platform() -> Iterator[Platform]:
    """Run X, with its clock at NOW."""
    held = Platform()
    with running(held.answer) as stub:
        stub.clock = NOW.timestamp()
        held.stub = stub
        yield held


def channel(held: Platform, **settings: Any) -> X:
    given = {
        "consumer_secret": SECRET,
        "consumer_key": KEY,
        "bearer_token": BEARER,
        "url": held.stub.url,
        "timeout": 1,
    }
    known = {ACME.id: ACME, ACME_FR.id: ACME_FR}
    return X(Settings.model_validate(given | settings), known)


def asked(call: Call) -> tuple[str, str, Any]:
    return call.method, call.path, json.loads(call.body) if call.body else None
