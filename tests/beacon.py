"""A platform with everything to be looked after: a token that ends, a subscription, a history; and its adapter."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from heart import said
from pydantic import SecretStr
from stub import Call, Said

from bridge.alarms import Alarms
from bridge.calling import Api
from bridge.clock import Clock
from bridge.errors import Rejected, RetryLater
from bridge.ports import (
    Answer,
    Callback,
    Channel,
    Credentials,
    Crm,
    Event,
    Finding,
    Renewed,
    Skipped,
    Unreadable,
    Upkeep,
)
from bridge.sealed import Seal
from bridge.store import Store
from bridge.tokens import Tokens
from bridge.upkeep import Care

ACCOUNT = "page-1"
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
KEY = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
CONFIGURED = Credentials(token=SecretStr("t0"), refresh=SecretStr("r0"))


@dataclass(slots=True)
class Platform:
    """What stands at the platform. Each renewal does away with the tokens before it."""

    serial: int = 0  #: of the tokens that are good now
    lives: float = 3600.0  #: seconds, of a token
    hooked: bool = True
    history: list[list[dict[str, str]]] = field(default_factory=list)  #: pages
    breaks: int = -1  #: the page that cannot be read just now
    lease: str = ""  #: when its subscription ends

    def answer(self, call: Call) -> Said:
        """As the stub wants it."""
        if call.path == "/renew":
            return self._renew(call)
        if call.token != f"t{self.serial}":
            return Said(status=401)
        if call.path == "/hook":
            if call.method == "POST":
                self.hooked, self.lease = True, ""
            return Said(body={"hooked": self.hooked, "lease": self.lease})
        n = int(call.query.get("page", "0"))
        if call.path == "/history" and n == self.breaks:
            return Said(status=503)
        return Said(body={"items": self.history[n], "more": n + 1 < len(self.history)})

    def _renew(self, call: Call) -> Said:
        if call.json != {"refresh": f"r{self.serial}"}:
            return Said(status=400)
        self.serial += 1
        return Said(body={"token": f"t{self.serial}", "refresh": f"r{self.serial}", "lives": self.lives})


class Beacon(Channel):
    """Its adapter."""

    handshakes: ClassVar[bool] = True
    subscribes: ClassVar[bool] = True
    backfills: ClassVar[bool] = True

    def __init__(self, url: str) -> None:
        self.api = Api(url, patience=timedelta(seconds=3))

    def verify(self, callback: Callback) -> Answer | None:
        """Take every callback: nothing is verified in these tests."""
        return None

    def parse(self, callback: Callback) -> list[Event]:
        """Read what `history` holds."""
        return [read(one) for one in json.loads(callback.body)]

    def sign(self, body: bytes) -> Mapping[str, str]:
        """Sign nothing."""
        return {}

    def examine(self, upkeep: Upkeep) -> list[Finding]:
        """Look at the subscription of each account."""
        return [one for a in upkeep.credentials for one in self._look(a, upkeep, mend=False)]

    def subscribe(self, upkeep: Upkeep) -> list[Finding]:
        """Mend it where it is missing."""
        return [one for a in upkeep.credentials for one in self._look(a, upkeep, mend=True)]

    def _look(self, account: str, upkeep: Upkeep, *, mend: bool) -> list[Finding]:
        token = held(upkeep.credentials[account])
        answer = self.api.call("GET", "/hook", token=token)
        if answer.status == 401:
            return [Finding(level="fault", account=account, about="token", says="It is dead.", do="Get one.")]
        ends = answer.at("lease")
        if ends and not mend:
            until = datetime.fromisoformat(ends)
            level: Any = "ok" if until - upkeep.now > timedelta(days=1) else "warning"
            return [Finding(level=level, account=account, about="lease", says="It ends.", do="Do.", until=until)]
        if answer.at("hooked") and not ends:
            return [Finding(level="ok", account=account, about="lease", says="Everything comes.")]
        if not mend:
            return [Finding(level="fault", account=account, about="hook", says="Nothing comes.", do="Subscribe.")]
        self.api.call("POST", "/hook", token=token)
        return [Finding(level="done", account=account, about="lease", says=f"It calls {upkeep.url!r} now.")]

    def renews(self, account: str, credentials: Credentials) -> bool:
        """Renew what has a refresh token."""
        return credentials.refresh is not None

    def renew(self, account: str, credentials: Credentials, now: datetime) -> Renewed | None:
        """Trade the refresh token for new ones."""
        assert credentials.refresh is not None
        answer = self.api.call("POST", "/renew", json={"refresh": credentials.refresh.get_secret_value()})
        if answer.status == 503:
            raise RetryLater("the platform is away", after=timedelta(minutes=5))
        if not answer.ok:
            raise Rejected("The refresh token is not known.")
        new = Credentials(token=SecretStr(answer.at("token")), refresh=SecretStr(answer.at("refresh")))
        return Renewed(credentials=new, until=now + timedelta(seconds=answer.at("lives")))

    def backfill(self, account: str, credentials: Credentials, since: datetime) -> Iterator[list[Event]]:
        """Read the history page by page."""
        page, more = 0, True
        while more:
            answer = self.api.read("GET", "/history", token=held(credentials), query={"page": str(page)})
            yield [read(one) for one in answer.at("items")]
            page, more = page + 1, answer.at("more")


class Plain(Beacon):
    """One that can nothing of this."""

    handshakes = subscribes = backfills = False
    renews, renew = Channel.renews, Channel.renew
    examine = Channel.examine


def read(one: Mapping[str, str]) -> Event:
    """An item of the history: a message, what is none, or what nobody can read."""
    if "text" in one:
        return said(one["text"], connection="?", id=one.get("id", f"m-{one['text']}"))
    return Skipped(reason="receipt", event=one["event"]) if "event" in one else Unreadable(item=b"?", error="odd")


def held(credentials: Credentials) -> str:
    """The token."""
    return credentials.token.get_secret_value() if credentials.token else ""


def care(
    store: Store,
    channels: Mapping[str, Channel],
    *,
    crms: Mapping[str, Crm] | None = None,
    accounts: Collection[str] = (ACCOUNT,),
    configured: Credentials = CONFIGURED,
    keys: Sequence[str] = (KEY,),
    public_url: str = "https://hooks.example.com",
    now: datetime | None = None,
    **more: Any,
) -> Care:
    """What looks after these connections; now: a clock that stands, None = the machine's."""
    return Care(
        store=store,
        channels=channels,
        crms=crms or {},
        accounts={name: list(accounts) for name in channels},
        tokens=Tokens(
            store=store,
            configured={name: dict.fromkeys(accounts, configured) for name in channels},
            channels=channels,
            seal=Seal(keys) if keys else None,
            **more,
        ),
        public_url=public_url,
        clock=lambda: now or datetime.now(UTC),
    )


def clock(care: Care, *, url: str = "") -> Clock:
    """A clock for them; url: what alarms are posted to."""
    return Clock(care=care, alarms=Alarms(care.store, url), settles=timedelta(0))
