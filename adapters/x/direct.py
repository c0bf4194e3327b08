"""Reads direct messages, and what arrives of encrypted ones. Pure.

https://docs.x.com/x-api/account-activity/introduction
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote

from adapters.x import entities
from adapters.x.entities import each, within
from adapters.x.handle import Handle
from bridge.message import Attachment, Message
from bridge.ports import Event, Skipped
from bridge.reading import Json, event_name, ident, moment, need, ornament, part, words

KEPT = re.compile(
    r"https://ton\.(?:twitter|x)\.com/(?:1\.1|i)/ton/data/dm/([0-9]+/[0-9]+/[\w.-]{1,50})(?::\w+)?", re.ASCII
)
"""Where pictures of direct messages are: nobody gets them without a handle's token."""

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
    shown = [attachment(media)] if media else []
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


def listed(event: Json, *, media: Mapping[str, Json], raw: bytes, handle: Handle) -> Event:
    """Return the message of an event in X's list of direct messages: the same one that its callback brings.

    media: what X sent along, by key. Raises Unfit when it cannot be read.
    https://docs.x.com/x-api/direct-messages/lookup/integrate
    """
    kind = words(event, "event_type")
    author = need(ident(event, "sender_id"), "sender_id")
    conversation = need(ident(event, "dm_conversation_id"), "dm_conversation_id")
    ends = conversation.split("-")  # of two people; a group has an id of its own
    ours = author == handle.account.id
    if kind != "MessageCreate" or (ours and (len(ends) != 2 or author not in ends)):
        return Skipped(reason="unknown_event", event=event_name("dm_events", kind))
    urls = each(within(event, "entities"), "urls")
    keys = within(event, "attachments").get("media_keys")
    shown = [attachment(media[key]) for key in keys if key in media] if isinstance(keys, list) else []
    text = entities.readable(words(event, "text"), urls, entities.of_media(urls) if shown else ())
    number = need(ident(event, "id"), "id")
    if not text and not shown:
        return Skipped(reason="system", event="direct message without content")
    other = ends[-1] if ends[0] == author else ends[0]
    customer = other if ours else author
    sent_at = moment(event, "created_at")
    return _message(number, author, customer, text, raw, handle, attachments=tuple(shown), sent_at=sent_at)


def attachment(media: Json) -> Attachment:
    """Return a picture or film, with an id where only a handle's token opens it."""
    found = entities.attachment(media)
    kept = KEPT.fullmatch(found.url)
    return replace(found, id=kept[1]) if kept else found


def named(number: str) -> str:
    """Return the id of a message: posts have numbers of their own, and the two may be the same."""
    return f"dm:{number}"


def address(account: str, customer: str) -> str:
    """Return where a person reads the conversation of the two."""
    ends = sorted((account, customer), key=lambda one: (len(one), one))  # as numbers
    return f"https://x.com/messages/{quote('-'.join(ends), safe='')}"


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
    found = _message(number, author, customer, ENCRYPTED, raw, handle, sent_at=sent_at)
    return replace(found, notes={"encrypted": "yes"})


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
    return Message(
        channel="x",
        connection=handle.connection,
        account=handle.account,
        id=named(number),
        kind="direct",
        author=handle.person(author, public=False),
        thread=customer,
        text=text,
        url=address(handle.account.id, customer),
        attachments=attachments,
        sent_at=sent_at,
        received_at=handle.received_at,
        public=False,
        raw=raw,
    )
