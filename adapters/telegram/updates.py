"""Takes an update of Telegram apart and has what is in it read. Pure.

An update has a number and one thing beside it, named by what happened.
https://core.telegram.org/bots/api#update
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from adapters.telegram import messages
from adapters.telegram.chat import Bot, chat, joined, person
from bridge.message import Message
from bridge.ports import Event, Skipped, Unreadable
from bridge.reading import (
    Json,
    as_object,
    compact,
    digits,
    document,
    event_name,
    fit,
    ident,
    moment,
    need,
    ornament,
    part,
    parts,
    words,
)

Reader = Callable[[Json, bytes, str, Bot], Event]

MESSAGES = (
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "business_message",
    "edited_business_message",
    messages.GUEST,
)

DELETED = "deleted_business_messages"
PRESSED = "callback_query"
REACTED = "message_reaction"

WANTED = (*MESSAGES, DELETED, PRESSED)
"""Updates that bring messages; where the connection wants reactions, REACTED does, too."""

SYSTEM = frozenset({
    "business_connection", "chat_boost", "chat_join_request", "chat_member", "chosen_inline_result",
    "inline_query", "managed_bot", "my_chat_member", "poll", "poll_answer", "pre_checkout_query",
    "purchased_paid_media", "removed_chat_boost", "shipping_query", "stopped_message_generation", "subscription",
})  # fmt: skip
"""Updates that are no messages."""

NAMELESS = {"paid": "\N{WHITE MEDIUM STAR}", "custom_emoji": "[an emoji of Telegram's own]"}
"""Kinds of reactions without an emoji that can be written."""


def read(body: bytes, bot: Bot) -> list[Event]:
    """Return what an update holds, nearly always one thing, never none. Never raises.

    A body that is not a JSON object is one Unreadable.
    """
    try:
        found = as_object(document(body))
        update = digits(found, "update_id")
        names = [name for name, value in found.items() if value is not None and name != "update_id"]
        events = [event for name in names for event in _item(name, found[name], update, bot)]
        return events or [Skipped(reason="unknown_event", event="update")]
    except (ValueError, RecursionError) as fault:  # RecursionError: nested past what JSON can read or write
        return [Unreadable(item=body, error=f"the body cannot be read: {fault}")]


def _item(name: str, held: object, update: str, bot: Bot) -> list[Event]:
    if name in SYSTEM:
        return [Skipped(reason="system", event=name)]
    if name not in READERS:
        return [Skipped(reason="unknown_event", event=event_name(name))]
    return [_read(name, item, update, bot) for item in _apart(name, held)]


def _apart(name: str, held: object) -> list[object]:
    """Return what happened item by item: of deleted messages Telegram tells several at once."""
    if name != DELETED or not isinstance(held, dict):
        return [held]
    numbers = held.get("message_ids")
    return [{**held, "message_ids": [one]} for one in numbers] if isinstance(numbers, list) and numbers else [held]


def _read(name: str, item: object, update: str, bot: Bot) -> Event:
    raw = compact(item)
    try:
        return READERS[name](fit(item), raw, update, bot)
    except ValueError as fault:
        return Unreadable(item=raw, error=f"{name}: {fault}")


def _message(message: Json, raw: bytes, update: str, bot: Bot, *, name: str) -> Event:
    return messages.read(name, message, raw, update, bot)


def _deleted(item: Json, raw: bytes, _update: str, bot: Bot) -> Event:
    """Return the deletion of one message, which may be any side's: Telegram names nobody.

    https://core.telegram.org/bots/api#businessmessagesdeleted
    """
    where, numbers = chat(item), parts(item, "message_ids")
    number = ident({"message_ids": numbers[0]}, "message_ids") if numbers else ""
    return Message(
        channel="telegram",
        connection=bot.connection,
        account=bot.account,
        id=where.message_id(need(number, "message_ids")),
        kind="direct",
        change="deleted",
        thread=where.thread,
        received_at=bot.received_at,
        public=False,
        raw=raw,
    )


def _pressed(query: Json, raw: bytes, _update: str, bot: Bot) -> Event:
    """Return a pressed button. One under an inline message names no chat: it is between its presser and the bot.

    https://core.telegram.org/bots/api#callbackquery
    """
    presser, message = part(query, "from"), part(query, "message")
    where = chat(message or {"chat": {"id": presser.get("id"), "type": "private"}})
    number, chosen = ident(message, "message_id"), words(query, "data")
    text = _label(message, chosen) or chosen or words(query, "game_short_name")
    if not text:
        return Skipped(reason="system", event=PRESSED)
    return Message(
        channel="telegram",
        connection=bot.connection,
        account=bot.account,
        id=joined("callback", need(ident(query, "id"), "id")),
        kind="postback",
        author=person(presser, where, bot),
        thread=where.thread,
        reply_to=where.message_id(number) if number else "",
        text=text,
        language=ornament(presser, "language_code"),
        url=where.url(number) if number else "",
        received_at=bot.received_at,
        public=not where.customer,
        notes=where.notes,
        raw=raw,
    )


def _label(message: Json, chosen: str) -> str:
    """Return what stands on the button that sends this; "" = unknown: an old message comes without its buttons."""
    markup = message.get("reply_markup")
    rows = markup.get("inline_keyboard") if isinstance(markup, dict) else None
    found = [row for row in rows if isinstance(row, list)] if isinstance(rows, list) else []
    buttons = [one for row in found for one in row if isinstance(one, dict)]
    return next((ornament(one, "text") for one in buttons if chosen and one.get("callback_data") == chosen), "")


def _reacted(item: Json, raw: bytes, update: str, bot: Bot) -> Event:
    """Return a reaction as a message where the connection wants those; one taken back is none.

    https://core.telegram.org/bots/api#messagereactionupdated
    """
    before = parts(item, "old_reaction")
    added = [as_object(one) for one in parts(item, "new_reaction") if one not in before]
    text = " ".join(filter(None, (words(one, "emoji") or NAMELESS.get(words(one, "type"), "") for one in added)))
    if not bot.reactions or not text:
        return Skipped(reason="reaction", event=REACTED)
    where = chat(item)
    author = person(part(item, "actor_chat") or part(item, "user"), where, bot)
    number = need(ident(item, "message_id"), "message_id")
    told = need(update or digits(item, "date"), "date")
    return Message(
        channel="telegram",
        connection=bot.connection,
        account=bot.account,
        id=joined(where.message_id(number), "reaction", author.id, told),
        kind="reaction",
        author=author,
        thread=where.thread,
        reply_to=where.message_id(number),
        text=text,
        url=where.url(number),
        sent_at=moment(item, "date"),
        received_at=bot.received_at,
        public=not where.customer,
        notes=where.notes,
        raw=raw,
    )


def _counted(_item: Json, _raw: bytes, _update: str, _bot: Bot) -> Event:
    """Return a skip: of anonymous reactions only their number is told."""
    return Skipped(reason="reaction", event="message_reaction_count")


READERS: dict[str, Reader] = {
    **{name: partial(_message, name=name) for name in MESSAGES},
    PRESSED: _pressed,
    DELETED: _deleted,
    REACTED: _reacted,
    "message_reaction_count": _counted,
}
