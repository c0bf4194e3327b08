"""Reads a message, an edit or a post, in whichever chat it stands. Pure.

https://core.telegram.org/bots/api#message
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from adapters.telegram import content
from adapters.telegram.chat import Bot, Chat, chat, person
from bridge.message import Kind, Message, Person
from bridge.ports import Event, Skipped
from bridge.reading import Json, digits, event_name, flag, ident, moment, need, ornament, part, words

UNSUPPORTED = "[a message that Telegram cannot deliver to bots]"

POSTS = frozenset({"channel_post", "edited_channel_post"})
GUEST = "guest_message"


def read(name: str, message: Json, raw: bytes, update: str, bot: Bot) -> Event:
    """Return what a message comes to. name: of the update; update: its number, "" = unknown.

    raw: its bytes for the message. Raises Unfit when it cannot be read.
    """
    text, attachments, happened = content.text(message), content.attachments(message), content.service(message)
    if happened and not text and not attachments:
        return Skipped(reason="system", event=event_name(name, happened))
    edited = name.startswith("edited_")
    if edited and message.get("location") is not None:
        return Skipped(reason="system", event=event_name(name, "location"))  # it moves, every few seconds
    where, pressed = _where(name, message), words(part(message, "web_app_data"), "data")
    author, number = _author(name, message, where, bot), _number(message)
    return Message(
        channel="telegram",
        connection=bot.connection,
        account=bot.account,
        id=where.message_id(number),
        kind="postback" if pressed else _kind(name, where),
        change="edited" if edited else "created",
        version=_version(message, update) if edited else "",
        author=author,
        thread=where.message_id(number) if name in POSTS else where.thread,
        reply_to=_answered(message, where),
        text=text or pressed or ("" if attachments else UNSUPPORTED),  # somebody wrote: it must not vanish
        language=ornament(part(message, "from"), "language_code"),
        url=where.url(number),
        attachments=attachments,
        sent_at=moment(message, "edit_date") or moment(message, "date"),
        received_at=bot.received_at,
        public=not where.customer,
        notes=_notes(name, message, where, number),
        raw=raw,
    )


def _version(message: Json, update: str) -> str:
    """Return a number that grows with each edit: its time, and within a second the update's number.

    That number alone does not grow: after a week of silence Telegram begins anew, anywhere.
    https://core.telegram.org/bots/api#update
    """
    time = digits(message, "edit_date") or digits(message, "date")
    return f"{time}{update.zfill(12)}" if time else f"update-{update}"


def _notes(name: str, message: Json, where: Chat, number: str) -> Mapping[str, str]:
    """Return where an answer goes. A guest's chat takes none; what only the bot saw is answered privately."""
    if name == GUEST:
        return {}
    return {"chat": where.customer} if ident(message, "ephemeral_message_id") else where.answered_at(number)


def _kind(name: str, where: Chat) -> Kind:
    if name in POSTS:
        return "post"
    if name == GUEST:
        return "mention"
    return "direct" if where.customer else "comment"


def _where(name: str, message: Json) -> Chat:
    """Return the chat. What only the bot can see in a group is a private word of its author's.

    A guest's chat is not the bot's: its numbers are apart from those of the bot's own chats.
    """
    found = chat(message)
    if name == GUEST:
        return replace(found, scope="guest", handle="", customer="", watched=False)
    if ident(message, "ephemeral_message_id"):
        return replace(found, customer=ident(part(message, "from"), "id"), handle="")
    return found


def _number(message: Json) -> str:
    """Return the message's number in its chat. What only the bot can see, and a guest's, is numbered apart."""
    ephemeral = ident(message, "ephemeral_message_id")
    if ephemeral:
        return f"{need(ident(part(message, 'from'), 'id'), 'from.id')}-{ephemeral}"
    number = ident(message, "guest_query_id") or ident(message, "message_id")
    return need("" if number == "0" else number, "message_id")


def _author(name: str, message: Json, where: Chat, bot: Bot) -> Person:
    """Return who wrote. Who speaks as a group or channel is that chat: `from` is then made up by Telegram.

    The posts of a channel that has our bot are ours, as are their copies in the group where they are discussed.
    """
    speaker = part(message, "sender_chat") or part(message, "chat" if name in POSTS else "from")
    found = person(speaker, where, bot)
    ours = name in POSTS or flag(message, "is_automatic_forward")
    return replace(found, is_self=True) if ours else found


def _answered(message: Json, where: Chat) -> str:
    """Return the id of the message that this one answers; in a topic everything answers its beginning."""
    answered = part(message, "reply_to_message")
    number = ident(answered, "message_id")
    return where.message_id(number) if number and answered.get("forum_topic_created") is None else ""
