"""Telegram's Bot API for the tests, over real HTTP: one bot, its chats, its webhook and its files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from pydantic import SecretStr
from stub import Call, Said, Stub, running
from telegram_calls import ACME, GROUP, SECRET

from adapters.telegram import Settings, Telegram
from bridge.message import Message
from bridge.ports import Credentials, Sending, Upkeep

TOKEN = f"{ACME.id}:AAE-of_acme"
CREDENTIALS = Credentials(token=SecretStr(TOKEN))
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
CALLBACK = "https://hooks.example.com/in/acme-telegram"
PICTURE = b"\xff\xd8\xff\xe0 a picture"
OUR_UPDATES = [
    "business_message", "callback_query", "channel_post", "deleted_business_messages", "edited_business_message",
    "edited_channel_post", "edited_message", "guest_message", "message", "message_reaction",
]  # fmt: skip


def refused(number: int, description: str, status: int = 0, **parameters: object) -> Said:
    """An error as Telegram says it."""
    body = {"ok": False, "error_code": number, "description": description}
    return Said(status=status or number, body=body | ({"parameters": parameters} if parameters else {}))


DEAD = refused(401, "Unauthorized")


@dataclass(slots=True)
class Platform:
    """What stands there. Tests change it before they look, or look at what was written."""

    token: str = TOKEN
    bot: dict[str, Any] = field(default_factory=lambda: {"id": int(ACME.id), "is_bot": True, "first_name": "Acme"})
    webhook: dict[str, Any] = field(
        default_factory=lambda: {
            "url": CALLBACK,
            "has_custom_certificate": False,
            "pending_update_count": 0,
            "allowed_updates": OUR_UPDATES,
        }
    )
    secret: str = SECRET
    moved: dict[int, int] = field(default_factory=dict)  #: group -> the supergroup that it became
    handles: dict[int, str] = field(default_factory=lambda: {int(GROUP): "acme_talk"})
    files: dict[str, tuple[str, bytes]] = field(
        default_factory=lambda: {"AgAC-big": ("photos/file_1.jpg", PICTURE)}
    )  #: file_id -> path, content
    sent: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, call: Call) -> Said:
        """Answer one call, as api.telegram.org would."""
        start, _, name = unquote(call.path).partition(f"/bot{self.token}/")
        if call.host != "api.telegram.org" or start not in ("", "/file") or not name:
            return DEAD
        if start == "/file":
            return next((Said(body=held) for path, held in self.files.values() if path == name), Said(status=404))
        return METHODS[name](self, call.json if call.body else dict(call.query))


def _me(held: Platform, _given: dict[str, Any]) -> Said:
    return Said(body={"ok": True, "result": held.bot})


def _info(held: Platform, _given: dict[str, Any]) -> Said:
    return Said(body={"ok": True, "result": held.webhook})


def _set(held: Platform, given: dict[str, Any]) -> Said:
    held.webhook = {
        "url": given["url"],
        "has_custom_certificate": False,
        "pending_update_count": 0,
        "allowed_updates": given.get("allowed_updates", held.webhook.get("allowed_updates")),
    }
    held.secret = given["secret_token"]
    return Said(body={"ok": True, "result": True})


def _send(held: Platform, given: dict[str, Any]) -> Said:
    """What Telegram does with a text: ids are whole numbers, and a text has at most 4096 characters."""
    chat, text = given["chat_id"], given["text"]
    if chat in held.moved:
        return refused(
            400,
            "Bad Request: group chat was upgraded to a supergroup chat",
            migrate_to_chat_id=held.moved[chat],
        )
    if len(text.encode("utf-16-le")) // 2 > 4096:
        return refused(400, "Bad Request: message is too long")
    named = {"username": held.handles[chat]} if chat in held.handles else {}
    result = {
        "message_id": 900 + len(held.sent),
        "date": 1793000200,
        "chat": {"id": chat, "type": "private" if chat > 0 else "supergroup", **named},
        "text": text,
    }
    held.sent.append(given)
    return Said(body={"ok": True, "result": result})


def _file(held: Platform, given: dict[str, Any]) -> Said:
    if given["file_id"] not in held.files:
        return refused(400, "Bad Request: invalid file_id")
    path, content = held.files[given["file_id"]]
    return Said(body={"ok": True, "result": {"file_path": path, "file_size": len(content)}})


METHODS = {
    "getMe": _me,
    "getWebhookInfo": _info,
    "setWebhook": _set,
    "sendMessage": _send,
    "getFile": _file,
}


@contextmanager
def platform(**held: Any) -> Iterator[tuple[Platform, Stub, Telegram]]:
    """A running Bot API, and an adapter that has patience with a busy machine."""
    one = Platform(**held)
    with running(one.answer) as stub:
        given = {"secret_token": SECRET, "reactions": "true", "url": stub.url, "timeout": "2.5"}
        yield one, stub, Telegram(Settings.model_validate(given), {ACME.id: ACME})


def sending(to: Message, text: str = "We are sorry", **given: Any) -> Sending:
    """A reply to a message, as the bridge hands it on."""
    usual: dict[str, Any] = {
        "private": not to.public,
        "mark": "0123456789abcdef0123456789abcdef",
        "credentials": CREDENTIALS,
        "heard_at": to.sent_at or NOW,
        "now": NOW,
    }
    return Sending(to=to, text=text, **(usual | given))


def upkeep(**given: Any) -> Upkeep:
    """The connection as it should be."""
    usual: dict[str, Any] = {"url": CALLBACK, "credentials": {ACME.id: CREDENTIALS}, "now": NOW}
    return Upkeep(**(usual | given))


def echo(given: dict[str, Any], number: int) -> dict[str, Any]:
    """The update with which a business account's own message comes back."""
    return {
        "update_id": 700900,
        "business_message": {
            "message_id": number,
            "from": {"id": 810000777, "is_bot": False, "first_name": "Kim"},
            "sender_business_bot": {"id": int(ACME.id), "is_bot": True, "first_name": "Acme"},
            "chat": {"id": given["chat_id"], "type": "private", "first_name": "Ana"},
            "business_connection_id": given["business_connection_id"],
            "date": 1793000200,
            "text": given["text"],
        },
    }
