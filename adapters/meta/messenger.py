"""Reads one messaging item of Messenger: messages, edits, deletions, pressed buttons, and what is none. Pure.

Instagram's direct messages have the same shape.

https://developers.facebook.com/docs/messenger-platform/reference/webhook-events
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from adapters.meta.item import Page
from bridge.message import Attachment, Change, Kind, Message, Person, clean
from bridge.ports import Event, Skipped
from bridge.reading import (
    Json,
    Unfit,
    digits,
    event_name,
    flag,
    ident,
    moment,
    need,
    ornament,
    part,
    parts,
    words,
)

FIELDS = (
    "messages",
    "message_edits",
    "message_edit",
    "message_echoes",
    "message_reactions",
    "messaging_postbacks",
)
"""Fields of a change whose value is a messaging item: the App Dashboard's test button sends them so."""

UNSUPPORTED = {
    "messenger": "[a message that Messenger cannot deliver to apps]",
    "instagram": "[a message that Instagram cannot deliver to apps]",
}

AROUND = frozenset({"sender", "recipient", "timestamp", "prior_message", "is_self"})
"""What stands beside an event and is none."""

ADDRESSES = ("url", "story_media_url")
MEDIA_IDS = ("story_media_id", "ig_post_media_id", "reel_video_id")
"""Where a shared story's, post's or reel's id stands."""

SKIPPED: dict[str, Literal["receipt", "typing", "reaction", "system", "other_app"]] = {
    "read": "receipt",
    "delivery": "receipt",
    "typing": "typing",
    "optin": "system",
    "referral": "system",
    "payment": "system",
    "checkout_update": "system",
    "pre_checkout": "system",
    "account_linking": "system",
    "game_play": "system",
    "policy-enforcement": "system",
    "policy_enforcement": "system",
    "pass_thread_control": "other_app",
    "take_thread_control": "other_app",
    "request_thread_control": "other_app",
    "app_roles": "other_app",
}


def read(item: Json, raw: bytes, page: Page) -> list[Event]:
    """Return the events of one item, nearly always one, never none; raw: its bytes for the message.

    Raises Unfit when it cannot be read.
    """
    events: list[Event] = []
    for name, value in item.items():
        if value is None or name in AROUND:
            continue
        if name in READERS:
            events.append(READERS[name](item, raw, page))
        elif name in SKIPPED:
            events.append(Skipped(reason=SKIPPED[name], event=name))
        else:
            events.append(Skipped(reason="unknown_event", event=event_name(name)))
    return events or [Skipped(reason="unknown_event", event="messaging")]


def standby(_item: Json, _raw: bytes, _page: Page) -> list[Event]:
    """Return a skip: another app owns this conversation, and Meta only lets us watch.

    https://developers.facebook.com/docs/messenger-platform/handover-protocol
    """
    return [Skipped(reason="other_app", event="standby")]


def _message(item: Json, raw: bytes, page: Page) -> Event:
    message = part(item, "message")
    need(ident(message, "mid"), "mid")
    text, attachments = words(message, "text"), _attachments(message)
    if flag(message, "is_deleted"):
        return _direct(item, message, "deleted", text="", attachments=(), raw=raw, page=page)
    if flag(message, "is_unsupported"):
        text = text or UNSUPPORTED[page.channel]  # somebody wrote something: it must not vanish
    if not text and not attachments:
        return Skipped(reason="system", event="message")
    return _direct(item, message, "created", text=text, attachments=attachments, raw=raw, page=page)


def _edit(item: Json, raw: bytes, page: Page) -> Message:
    edit = part(item, "message_edit")
    return _direct(item, edit, "edited", text=words(edit, "text"), attachments=(), raw=raw, page=page)


def _postback(item: Json, raw: bytes, page: Page) -> Event:
    """Return a pressed button. Where it has no mid, who pressed it and when stand for one."""
    pressed = part(item, "postback")
    text = words(pressed, "title") or words(pressed, "payload")
    if not text:
        return Skipped(reason="system", event="postback")
    mid = ident(pressed, "mid")
    if not mid:
        sender = need(ident(part(item, "sender"), "id"), "sender.id")
        mid = f"postback:{sender}:{need(digits(item, 'timestamp'), 'timestamp')}"
    told = {"mid": mid}
    return _direct(item, told, "created", kind="postback", text=text, attachments=(), raw=raw, page=page)


def _reaction(item: Json, raw: bytes, page: Page) -> Event:
    """Return a reaction where they are wanted. It has no mid: about what, by whom and when stand for one."""
    reaction = part(item, "reaction") if page.reactions else {}
    text = words(reaction, "emoji") or words(reaction, "reaction")
    if words(reaction, "action") != "react" or not text:
        return Skipped(reason="reaction", event="reaction")
    mid = need(ident(reaction, "mid"), "mid")
    sender = need(ident(part(item, "sender"), "id"), "sender.id")
    when = digits(item, "timestamp") or text
    told = {"mid": f"reaction:{mid}:{sender}:{when}", "reply_to": {"mid": mid}}
    return _direct(item, told, "created", kind="reaction", text=text, attachments=(), raw=raw, page=page)


READERS: dict[str, Callable[[Json, bytes, Page], Event]] = {
    "message": _message,
    "message_edit": _edit,
    "postback": _postback,
    "reaction": _reaction,
}


def _direct(
    item: Json,
    message: Json,
    change: Change,
    *,
    kind: Kind = "direct",
    text: str,
    attachments: tuple[Attachment, ...],
    raw: bytes,
    page: Page,
) -> Message:
    sender = part(item, "sender")
    author = need(ident(sender, "id"), "sender.id")
    ours = flag(message, "is_echo") or author == page.account.id
    customer = need(ident(part(item, "recipient"), "id"), "recipient.id") if ours else author
    return Message(
        channel=page.channel,
        connection=page.connection,
        account=page.account,
        id=need(ident(message, "mid"), "mid"),
        kind=kind,
        change=change,
        version=digits(message, "num_edit"),
        author=Person(id=author, handle=ornament(sender, "username"), is_self=ours),
        thread=customer,
        reply_to=ident(part(message, "reply_to"), "mid"),
        text=text,
        attachments=attachments,
        sent_at=moment(item, "timestamp"),
        received_at=page.received_at,
        public=False,
        mark=ornament(message, "metadata") if ours else "",
        raw=raw,
    )


def _attachments(message: Json) -> tuple[Attachment, ...]:
    found = []
    for one in parts(message, "attachments"):
        if not isinstance(one, dict):
            raise Unfit("attachments holds something that is not an object")
        found.append(_attachment(one))
    return tuple(found)


def _attachment(one: Json) -> Attachment:
    inner = one.get("payload")
    payload: Json = inner if isinstance(inner, dict) else {}  # a fallback's payload is null or an opaque text
    kind = words(one, "type") or "unknown"
    if kind == "location":
        return Attachment(kind=kind, name=_place(part(payload, "coordinates")))
    if payload.get("sticker_id") is not None:
        kind = "sticker"
    url = next((found for name in ADDRESSES if (found := words(payload, name))), "") or words(one, "url")
    number = next((found for name in MEDIA_IDS if (found := ident(payload, name))), "")
    return Attachment(
        kind=kind,
        url=url,
        id="" if url else number,
        name=ornament(one, "title") or ornament(payload, "title") or _products(payload),
    )


def _place(coordinates: Json) -> str:
    lat, long = coordinates.get("lat"), coordinates.get("long")
    if isinstance(lat, int | float) and isinstance(long, int | float):
        return f"{lat},{long}"
    raise Unfit("a location's coordinates are not two numbers")


def _products(payload: Json) -> str:
    product = payload.get("product")
    elements = product.get("elements") if isinstance(product, dict) else None
    shown = elements if isinstance(elements, list) else []
    titles = [one.get("title") for one in shown if isinstance(one, dict)]
    return clean(", ".join(title for title in titles if isinstance(title, str)))
