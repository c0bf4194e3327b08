"""Reads direct messages, and what arrives of encrypted ones. Pure.

https://docs.x.com/x-api/account-activity/introduction
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote

from adapters.x import entities
from adapters.x.entities import each, within
from adapters.x.handle import Handle
from bridge.message import Attachment, Message
from bridge.ports import Event, Skipped
from bridge.reading import Json, event_name, ident, moment, need, ornament, part, words

ENCRYPTED = "[an encrypted X chat message: open X to read it]"


def read(item: Json, raw: bytes, handle: Handle) -> Event:
    """Return the one event in an item of direct_message_events; raw: its bytes for the message.

    Raises Unfit when it cannot be read.
    """
    kind = words(item, "type")
    if kind != "message_create":
        return Skipped(reason="unknown_event", event=event_name("direct_message_events", need(kind, "type")))
    created = part(item, "message_create")
    data = part(created, "message_data")
    media = within(within(data, "attachment"), "media")
    shown = [entities.attachment(media)] if media else []
    text = entities.readable(
        words(data, "text"), each(within(data, "entities"), "urls"), [ornament(media, "url")] if media else ()
    )
    author = need(ident(created, "sender_id"), "sender_id")
    recipient = ident(part(created, "target"), "recipient_id")
    customer = need(recipient, "recipient_id") if author == handle.account.id else author
    number = need(ident(item, "id"), "id")
    if not text and not shown:
        return Skipped(reason="system", event="direct message without content")
    sent_at = moment(item, "created_timestamp")
    return _message(number, author, customer, text, raw, handle, attachments=tuple(shown), sent_at=sent_at)


def chat(item: Json, raw: bytes, handle: Handle) -> Event:
    """Return an encrypted message, of which X tells all but the words: it must not vanish.

    Raises Unfit when it cannot be read. https://docs.x.com/xchat/introduction
    """
    author = need(ident(item, "sender_id"), "sender_id")
    number = need(ident(item, "id"), "id")
    customer = author
    if author == handle.account.id:
        conversation = need(ident(item, "conversation_id"), "conversation_id")
        customer = next((one for one in conversation.split(":") if one not in ("", author)), conversation)
    sent_at = moment(item, "created_at_msec")
    return _message(number, author, customer, ENCRYPTED, raw, handle, sent_at=sent_at)


def _message(
    number: str,
    author: str,
    customer: str,
    text: str,
    raw: bytes,
    handle: Handle,
    *,
    attachments: tuple[Attachment, ...] = (),
    sent_at: datetime | None,
) -> Message:
    ends = sorted((handle.account.id, customer), key=lambda one: (len(one), one))  # as numbers
    return Message(
        channel="x",
        connection=handle.connection,
        account=handle.account,
        id=f"dm:{number}",  # posts have numbers of their own, and the two may be the same
        kind="direct",
        author=handle.person(author, public=False),
        thread=customer,
        text=text,
        url=f"https://x.com/messages/{quote('-'.join(ends), safe='')}",
        attachments=attachments,
        sent_at=sent_at,
        received_at=handle.received_at,
        public=False,
        raw=raw,
    )
