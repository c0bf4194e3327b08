"""Looks whether a bot is set up so that updates and answers work, and sets its webhook.

https://core.telegram.org/bots/api#getwebhookinfo
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from adapters.telegram import faults, methods
from bridge.calling import Answered, Api, harmless
from bridge.errors import RetryLater, Trouble
from bridge.examining import clock
from bridge.ports import Credentials, Finding, Upkeep
from bridge.reading import digits, moment, ornament

PORTS = frozenset({443, 80, 88, 8443})
NOT_BY_ITSELF = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
"""What Telegram sends only to bots that ask for it by name. https://core.telegram.org/bots/api#setwebhook"""

KEPT = timedelta(hours=24)  #: how long Telegram holds what it could not deliver

BOTFATHER = "Copy the bot's token from @BotFather to its account in connections.yaml."
SUBSCRIBE = "Run casebridge subscribe."


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """The bot of one connection, and what it should be sent."""

    id: str
    wanted: Collection[str]  #: updates
    secret: str  #: what Telegram shall send with each


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """What Telegram says of the bot's webhook."""

    url: str
    named: Collection[str]  #: the updates that it is to bring; () = nobody has said, so nearly all come
    missing: Collection[str]  #: updates that are wanted and do not come
    waiting: str  #: how many updates could not be delivered yet, in digits
    failed_at: datetime | None  #: when a delivery failed last, if that still matters
    reason: str
    certified: bool  #: with a certificate of its own, which setWebhook would have to be given again

    @property
    def misses_secret(self) -> bool:
        """Whether we turned updates away: they carried another secret token than the connection's."""
        return self.failed_at is not None and "403" in self.reason


def examine(api: Api, bot: Bot, upkeep: Upkeep) -> list[Finding]:
    """Return what there is to say about the bot; two calls, which change nothing."""
    try:
        me, webhook = _ask(api, bot, upkeep)
    except Trouble as trouble:
        return [*_unaddressed(upkeep), _unasked(bot, trouble)]
    return [_token(me, bot), *clock("Telegram", [me.clock], upkeep.now), *_hooked(webhook, bot, upkeep)]


def subscribe(api: Api, bot: Bot, upkeep: Upkeep) -> list[Finding]:
    """Return the same, and set the webhook if it leads elsewhere, leaves updates out or has another secret."""
    try:
        me, webhook = _ask(api, bot, upkeep)
    except Trouble as trouble:
        return [*_unaddressed(upkeep), _unasked(bot, trouble)]
    checked = [_token(me, bot), *clock("Telegram", [me.clock], upkeep.now)]
    wrong = webhook.url != upkeep.url or webhook.missing or webhook.misses_secret
    if _unaddressed(upkeep) or checked[0].level == "fault" or not wrong:
        return [*checked, *_hooked(webhook, bot, upkeep)]
    return [*checked, _set(api, bot, upkeep, webhook)]


def _set(api: Api, bot: Bot, upkeep: Upkeep, webhook: Webhook) -> Finding:
    """Set the webhook. What it brought besides stays: the bot may serve other purposes, too."""
    if webhook.certified:
        return Finding(
            level="fault",
            account=bot.id,
            about="callback",
            says="The bot's webhook has a certificate of its own, which would be lost if it were set anew here.",
            do="Call setWebhook with the certificate yourself, as the page about Telegram shows.",
        )
    body: dict[str, object] = {"url": upkeep.url, "secret_token": bot.secret}
    if webhook.missing:  # left out, what is set there stays
        body["allowed_updates"] = sorted({*webhook.named, *bot.wanted})
    try:
        answer = api.write("POST", methods.method("setWebhook", _credentials(bot, upkeep)), json=body)
        if not answer.ok:
            raise faults.refused(answer)
    except Trouble as trouble:
        return Finding(
            level="fault",
            account=bot.id,
            about="callback",
            says=f"The bot's webhook could not be set: {trouble}",
            do="Mend that, then run casebridge subscribe again.",
        )
    return Finding(
        level="done", account=bot.id, about="callback", says=f"The bot's webhook was set to {upkeep.url!r}."
    )


# --- what Telegram says ---


def _ask(api: Api, bot: Bot, upkeep: Upkeep) -> tuple[Answered, Webhook]:
    me = _read(api, "getMe", _credentials(bot, upkeep))
    return me, _webhook(_read(api, "getWebhookInfo", _credentials(bot, upkeep)), bot, upkeep.now)


def _credentials(bot: Bot, upkeep: Upkeep) -> Credentials:
    return upkeep.credentials.get(bot.id, Credentials())


def _read(api: Api, name: str, credentials: Credentials) -> Answered:
    answer = api.read("GET", methods.method(name, credentials))
    if not answer.ok:
        raise harmless(faults.refused(answer))
    return answer


def _webhook(answer: Answered, bot: Bot, now: datetime) -> Webhook:
    told = answer.at("result")
    found = told if isinstance(told, dict) else {}
    listed, failed_at = found.get("allowed_updates"), moment(found, "last_error_date")
    named = [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
    missing = set(bot.wanted) - set(named) if named else set(bot.wanted) & NOT_BY_ITSELF
    return Webhook(
        url=ornament(found, "url"),
        named=named,
        missing=missing,
        waiting=digits(found, "pending_update_count") or "0",
        failed_at=failed_at if failed_at and now - failed_at < KEPT else None,
        reason=ornament(found, "last_error_message")[:200],
        certified=found.get("has_custom_certificate") is True,
    )


# --- findings ---


def _unasked(bot: Bot, trouble: Trouble) -> Finding:
    if isinstance(trouble, RetryLater):
        return Finding(
            level="warning",
            account=bot.id,
            about="platform",
            says=f"Telegram could not be asked: {trouble}",
            do="Run it again in a few minutes.",
        )
    return Finding(level="fault", account=bot.id, about="token", says=str(trouble), do=BOTFATHER)


def _unaddressed(upkeep: Upkeep) -> list[Finding]:
    """Return what is wrong with our own address."""
    if not upkeep.url:
        says, do = "Nobody knows where Telegram reaches Casebridge.", "Set PUBLIC_URL."
    elif not _reachable(upkeep.url):
        says = f"Telegram calls https addresses on the ports 443, 80, 88 and 8443 only, and not {upkeep.url!r}."
        do = "Set PUBLIC_URL to such an address."
    else:
        return []
    return [Finding(level="fault", about="callback", says=says, do=do)]


def _reachable(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" and (parts.port or 443) in PORTS


def _token(me: Answered, bot: Bot) -> Finding:
    number = me.at("result", "id")
    if str(number) != bot.id:
        return Finding(
            level="fault",
            account=bot.id,
            about="token",
            says=f"The token is that of another bot, {number!r}.",
            do=BOTFATHER,
        )
    return Finding(level="ok", account=bot.id, about="token", says="The token is the bot's, and has no end.")


def _hooked(webhook: Webhook, bot: Bot, upkeep: Upkeep) -> list[Finding]:
    callback = _unaddressed(upkeep) or [_callback(webhook, bot, upkeep)]
    if callback[0].level == "fault":
        return callback
    return [*callback, _subscription(webhook, bot), *_deliveries(webhook, bot)]


def _callback(webhook: Webhook, bot: Bot, upkeep: Upkeep) -> Finding:
    if not webhook.url:
        says = "Telegram has no webhook for the bot, so no update comes."
    elif webhook.url != upkeep.url:
        host = webhook.url.partition("://")[2].partition("/")[0].rpartition("@")[2]
        says = f"The bot's webhook leads to another address, on the host {host!r}: no update comes here."
    else:
        says = f"The bot's webhook leads to {upkeep.url!r}."
        return Finding(level="ok", account=bot.id, about="callback", says=says)
    return Finding(level="fault", account=bot.id, about="callback", says=says, do=SUBSCRIBE)


def _subscription(webhook: Webhook, bot: Bot) -> Finding:
    if webhook.missing:
        return Finding(
            level="fault",
            account=bot.id,
            about="subscription",
            says=f"The bot's webhook leaves out {', '.join(sorted(webhook.missing))}.",
            do=SUBSCRIBE,
        )
    return Finding(level="ok", account=bot.id, about="subscription", says="All updates with messages come.")


def _deliveries(webhook: Webhook, bot: Bot) -> list[Finding]:
    if webhook.failed_at is None:
        return []
    return [
        Finding(
            level="warning" if webhook.waiting == "0" else "fault",
            account=bot.id,
            about="deliveries",
            says=f"At {webhook.failed_at:%Y-%m-%d %H:%M} UTC Telegram could not deliver an update: "
            f"{webhook.reason!r}. {webhook.waiting} wait, for at most 24 hours.",
            do="Telegram sends another secret token than the connection's first one. " + SUBSCRIBE
            if webhook.misses_secret
            else "See whether the receiver is running, and reachable from outside under its URL.",
        )
    ]
