"""The subscriptions by which X sends events of our accounts to our webhook.

https://docs.x.com/x-api/activity/quickstart
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from requests.auth import AuthBase

from adapters.x.entities import each, number, within
from adapters.x.findings import BEARER, OWNER, RUN, untold
from adapters.x.line import Line
from bridge.errors import Paused, Rejected, Trouble
from bridge.ports import Credentials, Finding
from bridge.reading import Json, ornament

PATH = "/2/activity/subscriptions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """Our webhook at X."""

    id: str
    all: frozenset[str]  #: the ids of all webhooks of the app


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriptions:
    """What one app is subscribed to."""

    line: Line
    app: AuthBase
    hook: Hook
    events: Sequence[str]

    def look(self, credentials: Mapping[str, Credentials], *, mend: bool) -> Iterator[Finding]:
        """Yield what there is to say of each account; mend: write what is missing. credentials: by account."""
        try:
            pages = list(self.line.pages(PATH, self.app, {"max_results": "1000"}))
        except Trouble as trouble:
            yield untold("subscription", "X does not tell of its subscriptions", trouble, BEARER)
            return
        held = [one for page in pages for one in each(page.json, "data")]
        for account, own in credentials.items():
            missing = [event for event in self.events if not self._is_heard(held, account, event)]
            if not missing:
                says = "X sends all events that are wanted of this account."
                yield Finding(level="ok", account=account, about="subscription", says=says)
            elif mend:
                yield from self._mend(account, own, missing, held)
            else:
                says = f"X does not send {', '.join(missing)} of this account."
                yield Finding(level="fault", account=account, about="subscription", says=says, do=RUN)

    def _mend(self, account: str, own: Credentials, missing: list[str], held: list[Json]) -> Iterator[Finding]:
        done = list[str]()
        for event in missing:
            try:
                self._subscribe(account, own, event, held)
            except Trouble as trouble:
                what = f"X does not let the app subscribe to {event}"
                yield untold("subscription", what, trouble, OWNER, account=account)
            else:
                done.append(event)
        if done:
            says = f"X sends {', '.join(done)} of this account now."
            yield Finding(level="done", account=account, about="subscription", says=says)

    def _subscribe(self, account: str, own: Credentials, event: str, held: list[Json]) -> None:
        """Write one subscription. Private events want the handle's own token: X refuses the app's."""
        adrift = next((one for one in _of(held, account, event) if self._is_adrift(one)), None)
        if adrift is not None:
            path = f"{PATH}/{quote(number(adrift, 'subscription_id'), safe='')}"
            self.line.write("PUT", path, self.app, {"webhook_id": self.hook.id})
            return
        wanted = {"event_type": event, "filter": {"user_id": account}, "webhook_id": self.hook.id}
        try:
            self.line.write("POST", PATH, self.app, wanted)
        except (Paused, Rejected):
            self.line.write("POST", PATH, self.line.as_handle(own, account), wanted)

    def _is_heard(self, held: list[Json], account: str, event: str) -> bool:
        return any(number(one, "webhook_id") == self.hook.id for one in _of(held, account, event))

    def _is_adrift(self, one: Json) -> bool:
        """Whether it leads to no webhook; what leads to another one may be somebody else's."""
        return number(one, "webhook_id") not in self.hook.all


def _of(held: Iterable[Json], account: str, event: str) -> Iterator[Json]:
    return (
        one
        for one in held
        if ornament(one, "event_type") == event and number(within(one, "filter"), "user_id") == account
    )
