"""Checks that TikTok calls us and takes our answers, and sets up what it sends.

https://business-api.tiktok.com/portal/docs?id=1759977800177665 (webhooks) and
https://business-api.tiktok.com/portal/docs?id=1765927978092545 (tokens)
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from adapters.tiktok.faults import ANEW
from adapters.tiktok.service import NO_TOKEN, Service, good
from adapters.tiktok.settings import KINDS, Kind
from bridge.calling import Answered
from bridge.errors import Paused, RetryLater, Trouble
from bridge.examining import clock
from bridge.ports import Credentials, Finding, Level, Upkeep

LIVES = timedelta(hours=24)  #: a token, at most

NO_URL = Finding(
    level="fault",
    about="url",
    says="Casebridge does not know under which address TikTok reaches it.",
    do="Set PUBLIC_URL.",
)
NO_APP = Finding(
    level="warning",
    about="app",
    says="connections.yaml holds no app_id, so TikTok cannot be asked about webhooks and tokens.",
    do="Write the app's id, from its page in TikTok's developer portal, as app_id.",
)
WEBHOOK = "/business/webhook/list/"


class Upkeeper:
    """One look at TikTok, and what was found."""

    def __init__(self, service: Service, *, app_id: str, secret: str, receives: Sequence[Kind]) -> None:
        self.service, self.app_id, self.receives = service, app_id, receives
        self._app = {"app_id": app_id, "secret": secret}
        self._clocks: list[datetime | None] = []

    def examine(self, upkeep: Upkeep) -> list[Finding]:
        """Return all findings. Changes nothing and never raises."""
        found = [] if upkeep.url else [NO_URL]
        if self.app_id:
            found += [self._webhook(kind, upkeep.url)[0] for kind in self.receives]
        else:
            found.append(NO_APP)
        for account, credentials in upkeep.credentials.items():
            found += self._account(account, credentials, upkeep.now)
        return [*found, *clock("TikTok", self._clocks, upkeep.now)]

    def subscribe(self, upkeep: Upkeep) -> list[Finding]:
        """Return what was found and done. Writes what is missing or wrong only, and never raises."""
        if not upkeep.url or not self.app_id:
            return [one for one, wrong in ((NO_URL, not upkeep.url), (NO_APP, not self.app_id)) if wrong]
        found = [(kind, *self._webhook(kind, upkeep.url)) for kind in self.receives]
        return [self._write(kind, upkeep.url) if mends else one for kind, one, mends in found]

    # --- webhooks: one for each kind of event, for all accounts of the app ---

    def _webhook(self, kind: Kind, url: str) -> tuple[Finding, bool]:
        """Whether TikTok sends one kind of event here, and whether a write would mend it.

        Any address will do where ours is not known.
        """
        about = f"subscription {kind}"
        try:
            answer = self._ask("GET", WEBHOOK, query={**self._app, "event_type": KINDS[kind].event_type})
        except Trouble as trouble:
            return _unasked(trouble, about=about, what=f"where it sends {kind}"), False
        given = answer.at("data", "callback_url")
        if not isinstance(given, str) or not given:
            return _missing(about, f"TikTok does not send {kind} anywhere."), True
        if url and given != url:
            return _missing(f"callback {kind}", f"TikTok sends {kind} to {_host(given)}, and not to {url}."), True
        if answer.at("data", "item_list"):
            return _missing(f"posts {kind}", f"TikTok sends {kind} of single posts only."), True
        return Finding(level="ok", about=about, says=f"TikTok sends {kind} here."), False

    def _write(self, kind: Kind, url: str) -> Finding:
        about = f"subscription {kind}"
        body = {**self._app, "event_type": KINDS[kind].event_type, "callback_url": url}
        try:
            self.service.write("/business/webhook/update/", json=body)
        except Trouble as trouble:
            return Finding(
                level="fault",
                about=about,
                says=f"TikTok was told to send {kind} here, and answered: {trouble}",
                do="Look whether the app has this permission in TikTok's developer portal, and try again.",
            )
        return Finding(level="done", about=about, says=f"TikTok sends {kind} here now.")

    # --- accounts ---

    def _account(self, account: str, credentials: Credentials, now: datetime) -> list[Finding]:
        if credentials.token is None:
            return [_of(account, "token", NO_TOKEN, ANEW)]
        if not self.app_id:
            return [_ending(account, now)]
        asked = {"app_id": self.app_id, "access_token": credentials.token.get_secret_value()}
        try:
            answer = self._ask("POST", "/tt_user/token_info/get/", json=asked)
        except Trouble as trouble:
            return [_unasked(trouble, about="token", what="about the token", account=account)]
        if answer.at("data", "creator_id") not in (None, account):
            return [_of(account, "token", "The token is another account's.", ANEW)]
        token = _ending(account, now) if credentials.refresh is None else _good_token(account)
        return [token, self._scopes(account, answer.at("data", "scope"))]

    def _scopes(self, account: str, given: Any) -> Finding:
        wanted = [scope for kind in self.receives for scope in KINDS[kind].scopes]
        if not isinstance(given, str):
            says = "TikTok does not say what the token may do."
            return Finding(level="warning", account=account, about="scopes", says=says, do="Try again later.")
        missing = [scope for scope in wanted if scope not in given.replace(" ", ",").split(",")]
        if missing:
            says = f"The token lacks {', '.join(missing)}."
            return _of(account, "scopes", says, f"Ask for these permissions in the developer portal; then {ANEW}")
        return Finding(level="ok", account=account, about="scopes", says="The token may do all that is needed.")

    # --- calls ---

    def _ask(self, method: str, path: str, **given: Any) -> Answered:
        answer = self.service.answer(method, path, **given)
        self._clocks.append(answer.clock)
        return good(answer)


def _missing(about: str, says: str) -> Finding:
    return Finding(level="fault", about=about, says=says, do="Run `casebridge subscribe`.")


def _of(account: str, about: str, says: str, do: str) -> Finding:
    return Finding(level="fault", account=account, about=about, says=says, do=do[:1].upper() + do[1:])


def _good_token(account: str) -> Finding:
    return Finding(level="ok", account=account, about="token", says="TikTok accepts the token.")


def _ending(account: str, now: datetime) -> Finding:
    """A token ends after a day; TikTok does not tell when that is."""
    return Finding(
        level="warning",
        account=account,
        about="token",
        says="The token ends within 24 hours, and nothing renews it.",
        do="Write app_id, and the account's refresh_token, into connections.yaml.",
        until=now + LIVES,
    )


def _unasked(trouble: Trouble, *, about: str, what: str, account: str = "") -> Finding:
    """What was found where TikTok did not answer as it should: broken, or only not to be told now."""
    level: Level = "warning" if isinstance(trouble, RetryLater) else "fault"
    do = "Try again later."
    if level == "fault":
        do = "Renew the account's tokens." if isinstance(trouble, Paused) else "Do what TikTok's answer says."
    says = f"TikTok was asked {what}, and answered: {trouble}"
    return Finding(level=level, account=account, about=about, says=says, do=do)


def _host(url: str) -> str:
    """The address as a finding may show it: its path may hold somebody else's secret."""
    try:
        return repr(urlsplit(url).hostname or "")
    except ValueError:
        return "an address that cannot be read"
