"""Where an update came in: our bot, the chat it happened in, and who speaks there. Pure.

https://core.telegram.org/bots/api#chat
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from bridge.message import Account, Person
from bridge.reading import Json, flag, ident, need, ornament, part, words


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """The bot that was called, as its connection says."""

    account: Account
    connection: str
    received_at: datetime
    team: frozenset[str]  #: ids of people and channels that speak for us in groups
    reactions: bool  #: whether they are messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """A chat: with one customer, or one that others read, too."""

    id: str
    scope: str  #: the business connection: the account behind it numbers the messages of its chats anew
    handle: str  #: of a public group or channel; "" = it has none
    topic: str  #: of a group with topics; "" = none
    customer: str  #: whose private conversation with us it is; "" = others read it, too
    watched: bool  #: a business account or a channel's inbox, where colleagues of ours write as well
    notes: Mapping[str, str]  #: where an answer goes: chat, and topic, inbox or business within it

    @property
    def thread(self) -> str:
        """What conversation its messages belong to: the customer's, or the group's or topic's."""
        return self.customer or (f"{self.id}:{self.topic}" if self.topic else self.id)

    def message_id(self, number: str) -> str:
        """Return a message's id among all chats of the bot: chat:number, or connection:chat:number."""
        return joined(self.scope, self.id, number)

    def url(self, number: str) -> str:
        """Return where a person reads a message of a public group or channel; "" = nowhere."""
        return link(self.handle, number)

    def answered_at(self, number: str) -> Mapping[str, str]:
        """Return where an answer to a message of this chat goes, and its number, which the answer names."""
        return {**self.notes, "message": number} if self.notes else {}


def link(handle: str, number: str) -> str:
    """Return the address of a message in a public group or channel; "" = it has no handle."""
    return f"https://t.me/{quote(handle, safe='')}/{quote(number, safe='')}" if handle else ""


def joined(*ids: str) -> str:
    """Return one id made of several. Raises Unfit when that is too long to be one."""
    return ident({"id": ":".join(filter(None, ids))}, "id")


def chat(holder: Json) -> Chat:
    """Return the chat of a message, or of what happened in it. Raises Unfit without an id."""
    found, scope = part(holder, "chat"), ident(holder, "business_connection_id")
    number, kind = need(ident(found, "id"), "chat.id"), words(found, "type")
    private = bool(scope) or (kind == "private" if kind else not number.startswith("-"))
    inbox = flag(found, "is_direct_messages")
    direct = part(holder, "direct_messages_topic") if inbox else {}
    customer = ident(part(direct, "user"), "id")
    topic = ident(holder, "message_thread_id") if flag(holder, "is_topic_message") and not scope else ""
    notes = {"chat": number, "topic": topic, "inbox": ident(direct, "topic_id"), "business": scope}
    return Chat(
        id=number,
        scope=scope,
        handle="" if private or inbox else ornament(found, "username"),
        topic="" if private else topic,
        customer=need(customer, "direct_messages_topic.user.id") if inbox else number if private else "",
        watched=bool(scope) or inbox,
        notes={name: value for name, value in notes.items() if value},
    )


def person(speaker: Json, where: Chat, bot: Bot) -> Person:
    """Return who wrote: a user, or a chat that somebody speaks for. Raises Unfit without an id.

    Colleagues answer in a business account and in a channel's inbox, where everybody but the customer is one. In
    groups our side is the bot, the team, and whoever speaks as the group itself: its anonymous administrators.
    """
    number = need(ident(speaker, "id"), "from.id")
    if where.watched:
        ours = number != where.customer
    else:
        as_group = number == where.id and speaker.get("type") is not None  # no user has a type
        ours = number == bot.account.id or (not where.customer and (as_group or number in bot.team))
    names = (ornament(speaker, "first_name"), ornament(speaker, "last_name"))
    return Person(
        id=number,
        name=" ".join(filter(None, names)) or ornament(speaker, "title"),
        handle=ornament(speaker, "username"),
        is_self=ours,
    )
