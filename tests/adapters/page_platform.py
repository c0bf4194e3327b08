"""A Page's half of the Graph API for the tests, over real HTTP: its comments, conversations, token and app."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from meta_calls import OTHER_PAGE, PAGE, SECRET, fixture, parse
from pydantic import SecretStr
from stub import Call, Said, Stub, running

from adapters.meta import Meta, Settings
from bridge.message import Message
from bridge.ports import Credentials, Sending

TOKEN = "EAAG-page-token"
APP = "880000000000001"
OTHER_APP = "880000000000777"
CALLBACK = "https://hooks.example.com/in/acme-meta"
CREDENTIALS = Credentials(token=SecretStr(TOKEN))
SCOPES = (
    *("pages_messaging", "pages_manage_metadata", "pages_manage_engagement", "pages_read_engagement"),
    "pages_read_user_content",
)
FIELDS = (
    *("feed", "mention", "ratings", "messages", "message_edits", "message_echoes", "messaging_postbacks"),
)  # fmt: skip
MADE_AT = "2026-11-21T12:00:00+0000"
AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
OURS = {"id": PAGE.id, "name": "Acme"}


def refused(code: int, status: int = 400, headers: Mapping[str, str] | None = None, **more: object) -> Said:
    """An error as the Graph API says it."""
    error = {"message": f"(#{code}) no", "type": "OAuthException", "code": code, "fbtrace_id": "A1"}
    return Said(status=status, body={"error": error | more}, headers=headers or {})


DEAD = refused(190, 401, error_subcode=463)
UNKNOWN = refused(100, 400, error_subcode=33)


@dataclass(slots=True)
class Facebook:
    """What stands there. Tests change it before they look, or look at what was written."""

    tokens: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {
            TOKEN: {"app_id": APP, "type": "PAGE", "profile_id": PAGE.id, "is_valid": True, "expires_at": 0}
            | {"data_access_expires_at": 0, "scopes": list(SCOPES)}
        }
    )
    nodes: dict[str, dict[str, Any]] = field(default_factory=dict)  #: persons, comments and posts, by id
    feed: list[dict[str, Any]] = field(default_factory=list)  #: the newest first, as all lists
    comments: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  #: by what they stand under
    said: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  #: by the customer's id
    updated: dict[str, str] = field(default_factory=dict)  #: conversations' times, by the customer's id
    answered: set[str] = field(default_factory=set)  #: comments that had their private message
    installed: dict[str, list[str]] = field(default_factory=lambda: {OTHER_APP: ["feed"], APP: list(FIELDS)})
    subscriptions: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {
            "user": {
                "object": "user",
                "callback_url": "https://elsewhere.example.com/",
                "active": True,
                "fields": [],
            },
            "page": {
                "object": "page",
                "callback_url": CALLBACK,
                "active": True,
                "fields": [{"name": one, "version": "v25.0"} for one in FIELDS],
            },
        }
    )
    sent: list[dict[str, Any]] = field(default_factory=list)  #: private messages, as they were asked for
    largest_page: int = 2

    def answer(self, call: Call) -> Said:
        assert call.host == "graph.facebook.com", call.host
        path = call.path.removeprefix("/v25.0/")
        if path == "":
            return refused(100)
        if call.token == f"{APP}|{SECRET}":
            return self._of_the_app(call, path)
        if call.token not in self.tokens or not self.tokens[call.token]["is_valid"]:
            return DEAD
        for pattern, answer in ROUTES:
            if found := re.fullmatch(pattern, f"{call.method} {path}"):
                return answer(self, call, *found.groups())
        raise AssertionError(f"{call.method} {path}")

    def _of_the_app(self, call: Call, path: str) -> Said:
        """What only the app's own token opens."""
        if path == "debug_token":
            return self._debugged(call)
        assert path == f"{APP}/subscriptions", path
        if call.method == "GET":
            return Said(body={"data": list(self.subscriptions.values())})
        given = call.form
        assert given["verify_token"] == "our-verify-token"
        self.subscriptions[given["object"]] = {
            "object": given["object"],
            "callback_url": given["callback_url"],
            "active": True,
            "fields": [{"name": one, "version": "v25.0"} for one in given["fields"].split(",")],
        }
        return Said(body={"success": True})

    def _debugged(self, call: Call) -> Said:
        dead = {"is_valid": False, "scopes": [], "error": {"code": 190, "message": "The session is over."}}
        return Said(body={"data": self.tokens.get(call.query["input_token"], dead)})

    def _node(self, call: Call, id_: str) -> Said:
        node = self.nodes.get(id_)
        return UNKNOWN if node is None else Said(body=node)

    def _comments(self, call: Call, id_: str) -> Said:
        if call.method == "GET":
            assert call.query["order"] == "reverse_chronological"
            return self._listed(call, self.comments.get(id_, []))
        if len(call.json["message"]) > 8000:
            return refused(100)
        standing = self.comments.setdefault(id_, [])
        number = f"{id_.partition('_')[0]}_77000{len(standing) + 1}"
        comment = {"id": number, "message": call.json["message"], "created_time": MADE_AT, "from": OURS}
        standing.insert(0, comment)
        return Said(body={"id": number})

    def _message(self, call: Call, page: str) -> Said:
        given = call.json
        if page != PAGE.id or len(given["message"]["text"]) > 2000:
            return refused(100)
        recipient = given["recipient"]
        number = recipient.get("comment_id") or recipient.get("post_id")
        if number in self.answered:
            return refused(10900)
        if number:
            self.answered.add(number)
        self.sent.append(given)
        customer = recipient.get("id") or "24000000001"
        mid = f"m_Sent{len(self.sent)}"
        said = {"id": mid, "message": given["message"]["text"], "created_time": MADE_AT, "from": OURS}
        self.said.setdefault(customer, []).insert(0, said)
        return Said(body={"recipient_id": customer, "message_id": mid})

    def _conversations(self, call: Call, page: str) -> Said:
        if customer := call.query.get("user_id"):
            said = self.said.get(customer)
            return Said(body={"data": [{"id": f"t_{customer}", "messages": {"data": said}}] if said else []})
        threads = [{"id": f"t_{one}", "updated_time": self.updated[one]} for one in self.updated]
        return self._listed(call, threads)

    def _messages_of(self, call: Call, customer: str) -> Said:
        return self._listed(call, self.said[customer])

    def _feed(self, call: Call, page: str) -> Said:
        first = datetime.fromtimestamp(int(call.query["since"]), UTC)
        recent = [one for one in self.feed if datetime.fromisoformat(one["created_time"]) >= first]
        return self._listed(call, recent)

    def _apps(self, call: Call, page: str) -> Said:
        if call.method == "GET":
            told = [{"id": one, "name": "An app", "subscribed_fields": has} for one, has in self.installed.items()]
            return Said(body={"data": told})
        app = self.tokens[call.token]["app_id"]
        self.installed[app] = call.form["subscribed_fields"].split(",")
        return Said(body={"success": True})

    def _listed(self, call: Call, whole: Sequence[Mapping[str, Any]]) -> Said:
        """One page of a list, and where the next one is; Meta writes the caller's token into that address."""
        start = int(call.query.get("after", "0"))
        end = start + self.largest_page
        body: dict[str, Any] = {"data": list(whole[start:end])}
        if end < len(whole):
            kept = "&".join(f"{name}={value}" for name, value in call.query.items() if name != "after")
            address = f"https://graph.facebook.com{call.path}?access_token={call.token}&{kept}&after={end}"
            body["paging"] = {"cursors": {"after": str(end)}, "next": address}
        return Said(body=body)


ROUTES: tuple[tuple[str, Callable[..., Said]], ...] = (
    (r"GET debug_token", Facebook._debugged),
    (r"(?:GET|POST) ([\d_]+)/comments", Facebook._comments),
    (r"POST (\d+)/messages", Facebook._message),
    (r"GET (\d+)/conversations", Facebook._conversations),
    (r"GET t_(\d+)/messages", Facebook._messages_of),
    (r"GET (\d+)/feed", Facebook._feed),
    (r"(?:GET|POST) (\d+)/subscribed_apps", Facebook._apps),
    (r"GET ([\d_]+)", Facebook._node),
)


@contextmanager
def platform() -> Iterator[tuple[Facebook, Stub]]:
    """Run the platform until the end of the block."""
    there = Facebook()
    with running(there.answer) as stub:
        yield there, stub


def adapter(stub: Stub, **changed: object) -> Meta:
    """The adapter of an app that has both Pages, before this platform."""
    settings = {
        "app_id": APP,
        "app_secret": SECRET,
        "verify_token": "our-verify-token",
        "url": stub.url,
        "timeout": 2.5,
    }
    known = {one.id: one for one in (PAGE, OTHER_PAGE)}
    return Meta(Settings.model_validate(settings | changed), known)


def received(name: str) -> Message:
    """The message of a fixture."""
    (found,) = parse(fixture(name))
    assert isinstance(found, Message)
    return found


COMMENT, POST, REVIEW, MENTION = (received(one) for one in ("comment_add", "visitor_post", "rating", "mention"))
DIRECT, PRESSED = received("text"), received("postback")


def answer(to: Message, text: str = "We are on it.", **changed: Any) -> Sending:
    """An agent's answer at the time when the platform writes down what it gets."""
    sending = Sending(
        to=to, text=text, private=not to.public, mark="mark-1", credentials=CREDENTIALS, heard_at=AT, now=AT
    )
    return replace(sending, **changed)
