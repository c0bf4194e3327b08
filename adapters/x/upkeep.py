"""Checks what X holds of a connection, and sets up what is missing.

https://docs.x.com/x-api/webhooks/introduction
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from requests.auth import AuthBase

from adapters.x.entities import each, number_of, within
from adapters.x.findings import BEARER, REACH, RUN, SIGN_IN, URL, untold
from adapters.x.line import Line
from adapters.x.subscriptions import Hook, Subscriptions
from bridge.calling import Answered
from bridge.errors import Paused, Rejected, Trouble
from bridge.examining import clock
from bridge.ports import Credentials, Finding, Upkeep
from bridge.reading import Json, ornament

ENOUGH = "directmessages"  #: the end of read-write-directmessages


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeeper:
    """Looks after one connection at one time."""

    line: Line
    events: Sequence[str]
    upkeep: Upkeep

    def examine(self) -> list[Finding]:
        """Return what there is to say; nothing is changed."""
        found = [*self._tokens(), *self._callback(mend=False)]
        clocks = [one for one in found if one.about == "clock"]
        return [*(one for one in found if one.about != "clock"), *clocks[:1]]

    def subscribe(self) -> list[Finding]:
        """Register the URL where X does not know it, have a broken one checked, subscribe to what is missing."""
        return [one for one in self._callback(mend=True) if one.about != "clock"]

    # --- the handles' tokens ---

    def _tokens(self) -> Iterator[Finding]:
        for account, credentials in self.upkeep.credentials.items():
            yield from self._token(account, credentials)

    def _token(self, account: str, credentials: Credentials) -> Iterator[Finding]:
        try:
            auth = self.line.as_handle(credentials, account)
            answer = self.line.read("/2/users/me", auth, {"user.fields": "username"})
        except Trouble as trouble:
            yield untold("token", "Replies and direct messages cannot work", trouble, SIGN_IN, account=account)
            return
        yield from clock("X", [answer.clock], self.upkeep.now)
        user = within(answer.json, "data")
        if number_of(user) != account:
            says = f"The token is @{ornament(user, 'username')}'s, whose id is {number_of(user)!r}."
            yield Finding(level="fault", account=account, about="token", says=says, do=SIGN_IN)
            return
        says = "The token holds; it does not end by itself."
        yield Finding(level="ok", account=account, about="token", says=says)
        yield from _scopes(account, answer)

    # --- the webhook ---

    def _callback(self, *, mend: bool) -> Iterator[Finding]:
        if not self.upkeep.url:
            says = "Nobody knows by which URL X reaches this connection."
            yield Finding(level="fault", about="url", says=says, do=URL)
            return
        try:
            app = self.line.as_app()
            answer = self.line.read("/2/webhooks", app)
        except Trouble as trouble:
            about = "bearer_token" if isinstance(trouble, Paused | Rejected) else "callback"
            yield untold(about, "Nobody can see what X sends here", trouble, BEARER)
            return
        yield from clock("X", [answer.clock], self.upkeep.now)
        try:
            hook, finding = self._hook(each(answer.json, "data"), app, mend=mend)
        except Trouble as trouble:
            yield untold("callback", f"X does not take {self.upkeep.url} as a webhook", trouble, REACH)
            return
        yield finding
        if hook is not None:
            subscriptions = Subscriptions(line=self.line, app=app, hook=hook, events=self.events)
            yield from subscriptions.look(self.upkeep.credentials, mend=mend)

    def _hook(self, held: list[Json], app: AuthBase, *, mend: bool) -> tuple[Hook | None, Finding]:
        """Return our webhook at X, None = there is none, and what there is to say of it."""
        url = self.upkeep.url
        ours = next((one for one in held if ornament(one, "url").rstrip("/") == url.rstrip("/")), None)
        if ours is not None:
            return self._known(ours, held, app, mend=mend)
        if mend:
            made = self.line.write("POST", "/2/webhooks", app, {"url": url})
            hook = _hook(within(made.json, "data") or made.json, held)
            return hook, Finding(level="done", about="callback", says=f"X did not call {url}, and now it does.")
        others = sorted({_host(ornament(one, "url")) for one in held})
        instead = f"; what it calls is at {', '.join(others)}" if others else ""
        return None, Finding(level="fault", about="callback", says=f"X does not call {url}{instead}.", do=RUN)

    def _known(self, ours: Json, held: list[Json], app: AuthBase, *, mend: bool) -> tuple[Hook, Finding]:
        hook, url = _hook(ours, held), self.upkeep.url
        if ours.get("valid") is not False:
            return hook, Finding(level="ok", about="callback", says=f"X calls {url}.")
        says = f"X has stopped calling {url}, since its check of it failed"
        if not mend:
            return hook, Finding(level="fault", about="callback", says=f"{says}.", do=REACH)
        self.line.write("PUT", f"/2/webhooks/{quote(hook.id, safe='')}", app)
        return hook, Finding(level="done", about="callback", says=f"{says}; it has checked it again.")


def _hook(ours: Json, held: list[Json]) -> Hook:
    own = number_of(ours)
    return Hook(id=own, all=frozenset({own, *(number_of(one) for one in held)}))


def _host(url: str) -> str:
    """Return the host of an address, which is all that a finding may show: the rest may be somebody's secret."""
    try:
        return urlsplit(url).hostname or "an unknown host"
    except ValueError:
        return "an unknown host"


def _scopes(account: str, answer: Answered) -> Iterator[Finding]:
    """Yield a fault where X says that the token may not do everything."""
    may = answer.headers.get("x-access-level", "")
    if may and not may.endswith(ENOUGH):
        says = f"The token allows {may!r}, which is not enough for replies and direct messages."
        yield Finding(level="fault", account=account, about="scopes", says=says, do=SIGN_IN)
