"""Looks after subscriptions: whether hubs have confirmed them, for how long, and asks for those that are missing.

https://www.w3.org/TR/websub/#subscribing-and-unsubscribing
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from adapters.websub import feed
from adapters.websub.web import SECURE, Web
from bridge.calling import Answered
from bridge.examining import clock
from bridge.ports import Finding, Level, Upkeep
from bridge.visiting import Unfetchable

LEASE = "864000"
"""Seconds that are asked for, 10 days: Google's hub gives no more. https://pubsubhubbub.appspot.com"""

AHEAD = timedelta(hours=36)
"""A lease is asked for anew when a fifth of it is left, or so much, since it is looked at once a day; a short one
when half is left."""

SUBSCRIBE = "Run casebridge subscribe."
NO_HUB = "Ask who runs the feed for a hub, or write one that watches it as `hub` into connections.yaml."

UNADDRESSED = Finding(
    level="fault", about="url", says="Nobody knows where hubs reach Casebridge.", do="Set PUBLIC_URL."
)


class NoHub(Exception):
    """There is none to ask. finding: why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.says)
        self.finding = finding


class Upkeeper:
    """One look at the subscriptions of a connection."""

    def __init__(self, web: Web, *, hub: str, secret: str, path_secret: str) -> None:
        self.web, self.hub = web, hub
        self._secret, self._path_secret = secret, path_secret
        self._clocks: list[datetime | None] = []

    def examine(self, topics: Iterable[str], upkeep: Upkeep) -> list[Finding]:
        """Return what there is to say about each topic. Subscribes to nothing, and never raises."""
        found = [] if upkeep.url else [UNADDRESSED]
        for topic in topics:
            found += [lease(topic, upkeep), *self._findings(topic)]
        return [*found, *clock("the feed", self._clocks, upkeep.now)]

    def subscribe(self, topics: Iterable[str], upkeep: Upkeep) -> list[Finding]:
        """Return the same of topics that are in order, and subscribe to the others. Never raises."""
        if not upkeep.url:
            return [UNADDRESSED]
        return [self._mended(topic, lease(topic, upkeep), upkeep) for topic in topics]

    def _mended(self, topic: str, found: Finding, upkeep: Upkeep) -> Finding:
        if found.level == "ok":
            return found
        try:
            hub, _ = self._discover(topic)
        except NoHub as none:
            return none.finding
        form = {
            "hub.mode": "subscribe",
            "hub.topic": topic,
            "hub.callback": f"{upkeep.url}/{self._path_secret}",
            "hub.secret": self._secret,
            "hub.lease_seconds": LEASE,
            "hub.verify": "async",  # hubs from before 2018 want to be told
        }
        try:
            answer = self.web.post(hub, form)
        except Unfetchable as trouble:
            says = f"Whether the hub took the subscription is not known: {trouble}"
            return _finding("warning", topic, "hub", says, "Run casebridge subscribe again in a few minutes.")
        if not 200 <= answer.status < 300:
            says = f"The hub {_host(hub)} refused the subscription: it answered {answer.status}."
            return _finding(
                "fault", topic, "hub", says, "See that the account is just what the feed calls itself."
            )
        says = f"The hub {_host(hub)} was asked to send this feed. It calls to ask whether that is wanted."
        return Finding(level="done", account=topic, about="lease", says=says)

    # --- the hub ---

    def _findings(self, topic: str) -> list[Finding]:
        try:
            hub, own = self._discover(topic)
        except NoHub as none:
            return [none.finding]
        found = [Finding(level="ok", account=topic, about="hub", says=f"The hub is {_host(hub)}.")]
        if own not in ("", topic):
            says = f"The feed calls itself {own[:200]!r}, and a hub tells of it by that name only."
            found.append(_finding("warning", topic, "topic", says, f"Write that as the account. {SUBSCRIBE}"))
        return found

    def _discover(self, topic: str) -> tuple[str, str]:
        """The hub, and how the feed calls itself ("" = nobody has asked it). Raises NoHub.

        https://www.w3.org/TR/websub/#discovery
        """
        if self.hub:
            return self.hub, ""
        try:
            page = self.web.get(topic)
        except Unfetchable as trouble:
            again = "Run it again in a few minutes."
            raise NoHub(_finding("warning", topic, "hub", f"The feed was not read: {trouble}", again)) from None
        self._clocks.append(Answered(status=page.status, headers=page.headers).clock)
        if page.status != 200:
            says = f"The feed was not read: its server answered {page.status}."
            raise NoHub(_finding("fault", topic, "hub", says, "See that the account is the feed's address."))
        links = feed.links(page.content, page.headers, topic)
        secure = [one for one in links.hubs if one.startswith(SECURE)]
        if not secure:
            says = "The feed names no hub" + (" that is reached by https." if links.hubs else ".")
            raise NoHub(_finding("fault", topic, "hub", says, NO_HUB))
        return secure[0], links.own


def lease(topic: str, upkeep: Upkeep) -> Finding:
    """Return how a subscription stands, by what the hub told when it called; ok = nothing to do. Pure."""
    denied, told = upkeep.learned.get(f"denied:{topic}"), upkeep.learned.get(f"lease:{topic}")
    if denied is not None and denied.value:
        says = f"On {denied.at:%Y-%m-%d %H:%M} UTC the hub refused the subscription: {denied.value!r}."
        return _finding("fault", topic, "denied", says, f"Ask who runs the hub. {SUBSCRIBE}")
    if told is None:
        return _finding("fault", topic, "lease", "No hub has ever confirmed a subscription.", SUBSCRIBE)
    if not told.value:
        says = "The hub has confirmed the subscription, and did not say when it ends."
        return Finding(level="ok", account=topic, about="lease", says=says)
    ends = datetime.fromisoformat(told.value)
    day = f"{ends:%Y-%m-%d %H:%M} UTC"
    if ends <= upkeep.now:
        return _finding("fault", topic, "lease", f"The subscription ended on {day}.", SUBSCRIBE, until=ends)
    says = f"The subscription ends on {day}."
    whole = ends - told.at
    if ends - upkeep.now < min(max(whole / 5, AHEAD), whole / 2):
        return _finding("warning", topic, "lease", says, SUBSCRIBE, until=ends)
    return Finding(level="ok", account=topic, about="lease", says=says, until=ends)


def _finding(
    level: Level, topic: str, about: str, says: str, do: str, *, until: datetime | None = None
) -> Finding:
    return Finding(level=level, account=topic, about=about, says=says, do=do, until=until)


def _host(url: str) -> str:
    try:
        return repr(urlsplit(url).hostname or "")
    except ValueError:
        return "at an address that cannot be read"
