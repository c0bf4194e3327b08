"""Feeds and a hub for the tests, over real HTTP. The hub asks the adapter whether it wants a topic, as hubs do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from stub import Call, Said, Stub, running
from websub_calls import ATOM, PATH, RECEIVED, SECRET, TALK, VIDEOS, websub

from adapters.websub import Settings, WebSub
from bridge.message import Account
from bridge.ports import Callback, Told, Upkeep

NOW = RECEIVED
CALLBACK = "https://hooks.example.com/in/acme-feeds"
HUB = "https://hub.example/"
TOPICS = (TALK.id, VIDEOS.id)


def entry(number: str, published: str, *more: str) -> str:
    told = [f"<id>tag:{number}</id><title>{number}</title><published>{published}</published>", *more]
    return f"<entry>{''.join(told)}</entry>"


def feed(topic: str, *entries: str, hub: str = HUB, links: bool = True) -> Said:
    """A feed that names its hub and itself."""
    told = f'<link rel="hub" href="{hub}"/><link rel="self" href="{topic}"/>' if links else ""
    body = f"<feed {ATOM}>{told}{''.join(entries)}</feed>".encode()
    return Said(body=body, headers={"Content-Type": "application/atom+xml; charset=utf-8"})


@dataclass(slots=True)
class Platform:
    """What stands there, and what the hub came to know. Tests change it before they look."""

    feeds: dict[str, Said] = field(default_factory=lambda: {one: feed(one) for one in TOPICS})
    lease: int = 864_000  #: seconds that the hub grants
    denies: str = ""  #: why it does not
    status: int = 202
    asked: list[Mapping[str, str]] = field(default_factory=list)
    learned: dict[str, Told] = field(default_factory=dict)  #: what the bridge would keep of its calls
    adapter: WebSub | None = None

    def answer(self, call: Call) -> Said:
        """Answer one call: the hub's to a form, else the feed's of that host and path."""
        if call.method == "POST":
            return self._subscribed(call.form)
        query = "&".join(f"{name}={value}" for name, value in call.query.items())
        url = f"https://{call.host}{call.path}{f'?{query}' if query else ''}"
        return self.feeds.get(url, Said(status=404, body=b"gone"))

    def _subscribed(self, form: Mapping[str, str]) -> Said:
        self.asked.append(form)
        if self.status == 202:
            self._verify(form)
        return Said(status=self.status, body=b"")

    def _verify(self, form: Mapping[str, str]) -> None:
        url, _, secret = form["hub.callback"].rpartition("/")
        query = {"hub.mode": form["hub.mode"], "hub.topic": form["hub.topic"], "hub.challenge": "17017"}
        query |= {"hub.lease_seconds": str(self.lease)} if self.lease else {}
        if self.denies:
            query = {"hub.mode": "denied", "hub.topic": form["hub.topic"], "hub.reason": self.denies}
        call = Callback(
            connection="acme-feeds",
            method="GET",
            url=url,
            query=query,
            headers={},
            body=b"",
            received_at=NOW,
            secret=secret,
        )
        assert self.adapter is not None
        answer = self.adapter.verify(call)
        assert answer is not None
        self.learned |= {name: Told(value=value, at=NOW) for name, value in answer.learned.items()}


@contextmanager
def platform(*accounts: Account, hub: str = "", **held: Any) -> Iterator[tuple[Platform, Stub, WebSub]]:
    """Running feeds and their hub, and an adapter that has patience with a busy machine."""
    one = Platform(**held)
    with running(one.answer) as stub:
        given = {
            "secret": (SECRET, "the-old-one"),
            "path_secret": PATH,
            "url": stub.url,
            "timeout": "2.5",
            "hub": hub,
        }
        known = {account.id: account for account in accounts or (TALK, VIDEOS)}
        one.adapter = WebSub(Settings.model_validate(given), known)
        yield one, stub, one.adapter


def upkeep(held: Platform | None = None, **given: Any) -> Upkeep:
    """What doctor hands on: with what the hub told, and nobody's credentials."""
    usual: dict[str, Any] = {
        "url": CALLBACK,
        "credentials": {},
        "learned": held.learned if held else {},
        "now": NOW,
    }
    return Upkeep(**(usual | given))


def leased(topic: str, *, left: timedelta, whole: timedelta = timedelta(days=10)) -> dict[str, Told]:
    """What the bridge keeps of a subscription that has so much time left."""
    ends = NOW + left
    return {
        f"lease:{topic}": Told(value=ends.isoformat(), at=ends - whole),
        f"denied:{topic}": Told(value="", at=ends - whole),
    }


def bare() -> WebSub:
    """An adapter that has no stand-in: it reaches for the internet itself."""
    return websub(TALK)
