"""Takes a callback of LINE apart into its events and reads each on its own. Pure.

https://developers.line.biz/en/reference/messaging-api/#webhook-event-objects
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from adapters.line import content
from adapters.line.content import NOTHING, Content
from bridge.message import Account, Change, Kind, Message, Person
from bridge.ports import Callback, Event, Skipped, Unreadable
from bridge.reading import (
    Json,
    Unfit,
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

SKIPPED: dict[str, Literal["receipt", "system", "other_app"]] = {
    "accountLink": "system",
    "activated": "other_app",
    "beacon": "system",
    "botResumed": "system",
    "botSuspended": "system",
    "deactivated": "other_app",
    "delivery": "receipt",
    "follow": "system",
    "join": "system",
    "leave": "system",
    "memberJoined": "system",
    "memberLeft": "system",
    "membership": "system",
    "module": "system",
    "things": "system",
    "unfollow": "system",
    "videoPlayComplete": "receipt",
}

CHAT = {"user": "userId", "group": "groupId", "room": "roomId"}
"""source.type -> what names the conversation. A room is what LINE called chats of several before they were groups.

https://developers.line.biz/en/docs/messaging-api/group-chats/
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """Where an event came in: what its message takes from the callback around it."""

    account: Account
    connection: str
    received_at: datetime


Reader = Callable[[Json, bytes, Bot], Event]


def read(callback: Callback, accounts: Mapping[str, Account]) -> list[Event]:
    """Return every event of the body in LINE's order; [] = it has none, as when LINE tries the URL. Never raises.

    accounts: the bot's user id -> account; an event for another bot is skipped by name. A body that is not a JSON
    object with `destination` and `events` is one Unreadable.
    """
    try:
        found = as_object(document(callback.body))
        if found.get("events") is None:
            raise Unfit("events is missing")
        items = parts(found, "events")
        if not items:
            return []
        number = need(ident(found, "destination"), "destination")
        if number not in accounts:
            return [Skipped(reason="unknown_account", event=event_name(number)) for _ in items]
        bot = Bot(account=accounts[number], connection=callback.connection, received_at=callback.received_at)
        return [_event(item, bot) for item in items]
    except (ValueError, RecursionError) as fault:  # RecursionError: nested past what JSON can read or write
        return [Unreadable(item=callback.body, error=f"the body cannot be read: {fault}")]


def _event(item: object, bot: Bot) -> Event:
    raw = compact(item)
    try:
        event = fit(item)
        name = need(words(event, "type"), "type")
        if words(event, "mode") == "standby":  # another module owns the chat, and LINE only lets us watch
            return Skipped(reason="other_app", event=event_name("standby", name))
        if name in READERS:
            return READERS[name](event, raw, bot)
        return Skipped(reason=SKIPPED.get(name, "unknown_event"), event=event_name(name))
    except ValueError as fault:
        return Unreadable(item=raw, error=f"event: {fault}")


def _said(event: Json, raw: bytes, bot: Bot) -> Message:
    said = part(event, "message")
    return _message(event, ident(said, "id"), raw, bot, said=content.read(said))


def _edited(event: Json, raw: bytes, bot: Bot) -> Message:
    """Return an edit; its time tells it from others of the same message, which come in any order."""
    said = part(event, "message")
    return _message(event, ident(said, "id"), raw, bot, change="edited", said=content.read(said))


def _unsent(event: Json, raw: bytes, bot: Bot) -> Message:
    return _message(event, ident(part(event, "unsend"), "messageId"), raw, bot, change="deleted")


def _pressed(event: Json, raw: bytes, bot: Bot) -> Event:
    """Return a pressed button. Before LINE numbered its events, who pressed it and when stand for an id."""
    text = words(part(event, "postback"), "data")
    if not text:
        return Skipped(reason="system", event="postback")
    number = ident(event, "webhookEventId")
    if not number:
        who = ident(part(event, "source"), "userId")
        number = f"postback:{who or _chat(event)}:{need(digits(event, 'timestamp'), 'timestamp')}"
    return _message(event, number, raw, bot, kind="postback", said=Content(text=text))


READERS: dict[str, Reader] = {
    "message": _said,
    "messageEdited": _edited,
    "postback": _pressed,
    "unsend": _unsent,
}


def _message(
    event: Json,
    number: str,
    raw: bytes,
    bot: Bot,
    *,
    kind: Kind = "direct",
    change: Change = "created",
    said: Content = NOTHING,
) -> Message:
    return Message(
        channel="line",
        connection=bot.connection,
        account=bot.account,
        id=need(number, "the message's id"),
        kind=kind,
        change=change,
        version=digits(event, "timestamp") if change == "edited" else "",
        author=Person(id=ident(part(event, "source"), "userId")),
        thread=_chat(event),
        reply_to=ident(part(event, "message"), "quotedMessageId"),
        text=said.text,
        attachments=said.attachments,
        sent_at=moment(event, "timestamp"),
        received_at=bot.received_at,
        public=False,
        notes=_notes(event),
        raw=raw,
    )


def _notes(event: Json) -> Mapping[str, str]:
    """Return where an answer goes, what kind of chat that is, and what quotes the message in the answer."""
    kind = words(part(event, "source"), "type")
    found = {"to": _chat(event), "source": kind, "quote": ornament(part(event, "message"), "quoteToken")}
    return {name: value for name, value in found.items() if value}


def _chat(event: Json) -> str:
    """Return the id of the group or room, or of the user in a chat with us alone."""
    source = part(event, "source")
    kind = need(words(source, "type"), "source.type")
    if kind not in CHAT:
        raise Unfit(f"source.type is none of {', '.join(CHAT)}")
    return need(ident(source, CHAT[kind]), f"source.{CHAT[kind]}")
