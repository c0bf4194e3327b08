"""Looks whether an account is set up so that callbacks and answers work, and registers our URL with LINE.

https://developers.line.biz/en/reference/messaging-api/#webhook-settings
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.line import faults
from adapters.line.completing import token
from bridge.calling import Answered, Api, harmless
from bridge.errors import Paused, Rejected, Trouble
from bridge.examining import clock
from bridge.ports import Credentials, Finding, Level, Upkeep

ENDPOINT = "/v2/bot/channel/webhook/endpoint"
TEST = "/v2/bot/channel/webhook/test"

SOON = timedelta(days=7)  #: before a token ends
SCARCE = 10  #: when one in so many of a month's messages is left

ISSUE = (
    "Issue a channel access token in the LINE Developers Console and write it to the account in connections.yaml."
)
REACH = "See whether the receiver is running, and reachable from outside under this URL with a valid certificate."
WHY = {
    "COULD_NOT_CONNECT": REACH,
    "REQUEST_TIMEOUT": "LINE waits two seconds: see what keeps the receiver or its database.",
    "ERROR_STATUS_CODE": "If it was 403, compare channel_secret with Basic settings in LINE's Developers Console.",
}
"""What LINE says when it could not deliver a test -> what to do.

https://developers.line.biz/en/docs/messaging-api/check-webhook-error-statistics/
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One account that is looked after."""

    api: Api
    account: str
    upkeep: Upkeep
    mends: bool  #: writes what is wrong

    @property
    def credentials(self) -> Credentials:
        """The account's, as connections.yaml has them."""
        return self.upkeep.credentials.get(self.account, Credentials())

    def read(self, path: str, *, method: str = "GET", tells: Collection[int] = (), **given: object) -> Answered:
        """Ask LINE. tells: statuses that are answers, too. Raises RetryLater, Rejected, or Paused."""
        answer = self.api.read(method, path, token=token(self.credentials), **given)
        if answer.ok or answer.status in tells:
            return answer
        raise harmless(faults.refused(answer))

    def finds(self, level: Level, about: str, says: str, do: str = "", until: datetime | None = None) -> Finding:
        """Say something of the account."""
        return Finding(level=level, account=self.account, about=about, says=says, do=do, until=until)


def look_after(api: Api, accounts: Iterable[str], upkeep: Upkeep, *, mends: bool) -> list[Finding]:
    """Return what there is to say about each account. mends: and register our URL where another one stands."""
    found = _unaddressed(upkeep)
    for account in accounts:
        found += _of_account(Desk(api=api, account=account, upkeep=upkeep, mends=mends))
    return list(dict.fromkeys(found))  # the clock is the same for all


def _of_account(desk: Desk) -> list[Finding]:
    found: list[Finding] = []
    for check in CHECKS:
        try:
            found += check(desk)
        except Trouble as trouble:
            return [*found, _unasked(desk, trouble)]
        if found[0].level == "fault":  # another account's token: what it opens is none of ours
            return found
    return found


def _unasked(desk: Desk, trouble: Trouble) -> Finding:
    if desk.credentials.token is None:
        return desk.finds("fault", "token", str(trouble), ISSUE)
    match trouble:
        case Paused():
            return desk.finds("fault", "token", "LINE does not accept the channel access token.", ISSUE)
        case Rejected():
            do = "Look at the account's plan, and at who may use its Messaging API, in LINE's consoles."
            return desk.finds("fault", "scopes", str(trouble), do)
        case _:
            do = "Run it again in a few minutes."
            return desk.finds("warning", "platform", f"LINE could not be asked: {trouble}", do)


# --- the token, and the clock -----------------------------------------------------------------------------------


def _token(desk: Desk) -> list[Finding]:
    me = desk.read("/v2/bot/info")
    if me.at("userId") != desk.account:
        says = f"The token is that of another account, {me.at('userId')!r}."
        return [desk.finds("fault", "token", says, ISSUE)]
    ends = _end(desk)
    if ends is not None and ends - desk.upkeep.now < SOON:
        found = desk.finds("warning", "token", f"The token ends at {ends:%Y-%m-%d %H:%M} UTC.", ISSUE, ends)
    else:
        found = desk.finds("ok", "token", "The token is the account's.", until=ends)
    return [found, *clock("LINE", [me.clock], desk.upkeep.now)]


def _end(desk: Desk) -> datetime | None:
    """Return when the token ends; None = it is none of version 2.1, and LINE names no end.

    https://developers.line.biz/en/reference/messaging-api/#verify-channel-access-token-v2-1
    """
    answer = desk.read(
        "/oauth2/v2.1/verify", tells=(400, 401, 404), query={"access_token": token(desk.credentials)}
    )
    left = answer.at("expires_in")
    return desk.upkeep.now + timedelta(seconds=left) if isinstance(left, int) and 0 <= left < 10**9 else None


# --- the callback -----------------------------------------------------------------------------------------------


def _unaddressed(upkeep: Upkeep) -> list[Finding]:
    if upkeep.url.startswith("https://"):
        return []
    says = f"LINE calls https addresses only, and not {upkeep.url!r}." if upkeep.url else ""
    return [
        Finding(
            level="fault",
            about="callback",
            says=says or "Nobody knows where LINE reaches Casebridge.",
            do="Set PUBLIC_URL to its https address.",
        )
    ]


def _callback(desk: Desk) -> list[Finding]:
    if _unaddressed(desk.upkeep):
        return []
    answer = desk.read(ENDPOINT, tells=(404,))
    there = answer.at("endpoint") or ""
    if there != desk.upkeep.url:
        callback = _register(desk) if desk.mends else _elsewhere(desk, str(there))
        return [callback, *([] if answer.at("active") or not there else [_inactive(desk)])]
    if not answer.at("active"):
        return [_inactive(desk)]
    on = "Use webhook is on; whether Webhook redelivery is, LINE does not tell."
    return [_tested(desk), desk.finds("ok", "subscription", on)]


def _elsewhere(desk: Desk, there: str) -> Finding:
    host = there.partition("://")[2].partition("/")[0].rpartition("@")[2]
    says = f"The account's webhook leads to another address, on the host {host!r}: nothing comes here."
    if not there:
        says = "LINE has no webhook URL for the account, so nothing comes."
    return desk.finds("fault", "callback", says, "Run casebridge subscribe.")


def _inactive(desk: Desk) -> Finding:
    do = "Switch Use webhook on, under Messaging API in the LINE Developers Console: LINE has no API for it."
    return desk.finds("fault", "subscription", "Use webhook is off, so nothing comes.", do)


def _register(desk: Desk) -> Finding:
    try:
        answer = desk.api.write("PUT", ENDPOINT, token=token(desk.credentials), json={"endpoint": desk.upkeep.url})
        if not answer.ok:
            raise faults.refused(answer)
    except Trouble as trouble:
        says = f"The account's webhook URL could not be set: {trouble}"
        return desk.finds("fault", "callback", says, "Mend that, then run casebridge subscribe again.")
    return desk.finds("done", "callback", f"The account's webhook URL was set to {desk.upkeep.url!r}.")


def _tested(desk: Desk) -> Finding:
    """Let LINE call us without an event, which changes nothing: it shows that our secret is the channel's."""
    url = desk.upkeep.url
    if desk.mends:
        return desk.finds("ok", "callback", f"The account's webhook URL is {url!r}.")
    answer = desk.read(TEST, method="POST", tells=(400, 404), json={"endpoint": url})
    if answer.at("success") is True:
        return desk.finds("ok", "callback", f"LINE reaches {url!r}, and its signature holds.")
    reason, detail = (
        str(answer.at("reason") or answer.status),
        str(answer.at("detail") or answer.at("message") or ""),
    )
    says = f"LINE could not deliver a test to {url!r}: {reason[:80]!r}, {detail[:200]!r}."
    return desk.finds("fault", "callback", says, WHY.get(reason, REACH))


# --- the messages that are left ---------------------------------------------------------------------------------


def _quota(desk: Desk) -> list[Finding]:
    """https://developers.line.biz/en/reference/messaging-api/#get-quota"""
    most = desk.read("/v2/bot/message/quota").at("value")
    if not isinstance(most, int):
        return [desk.finds("ok", "quota", "The account's plan does not limit its messages.")]
    used = desk.read("/v2/bot/message/quota/consumption").at("totalUsage")
    if not isinstance(used, int) or (most - used) * SCARCE > most:
        return [desk.finds("ok", "quota", f"The account may send {most} messages this month.")]
    says = f"Of {most} messages that the account may send this month, {used} are sent; replies count."
    return [
        desk.finds("fault" if used >= most else "warning", "quota", says, "Book more messages, or a larger plan.")
    ]


CHECKS: tuple[Callable[[Desk], list[Finding]], ...] = (_token, _callback, _quota)
