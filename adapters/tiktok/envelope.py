"""Takes a callback of TikTok apart and has its event read. Pure.

A callback holds one event, and its `content` is JSON written as text inside the JSON. Only reactions come several
at a time.
https://business-api.tiktok.com/portal/docs?id=1759978319341570
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from adapters.tiktok import comments, direct, mentions
from adapters.tiktok.origin import Origin
from bridge.message import Account
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
    words,
)

SKIPPED: dict[str, Literal["receipt", "system"]] = {
    "im_mark_read_msg": "receipt",
    "im_referral_msg": "system",
    "im_auto_message_config_update": "system",
    "im_auto_message_audit_update": "system",
    "authorization": "system",
    "post": "system",
    "video": "system",
    "tiktok": "system",
}
"""Events that are no messages, by name or by its first word. im_referral_msg: somebody came through an ad."""

READERS: dict[str, Callable[[Json, Origin], Event]] = {
    "im_receive_msg": direct.read,
    "im_send_msg": direct.read,
    "im_receive_msg_eu": direct.stripped,
    "im_receive_high_intent_comment": comments.high_intent,
    "comment.update": comments.read,
    "brand.mention.event": mentions.read,
    "brand_mention.video": mentions.read,
    "brand_mention.comment": mentions.read,
}
"""The three last ones are one event, as TikTok's pages of 2026 write it and as others' code does."""


def read(callback: Callback, accounts: Mapping[str, Account], *, reactions: bool) -> list[Event]:
    """Return what a body comes to: one event, but as many as it holds reactions. Never raises, never [].

    accounts: open id -> account; what is for another one is skipped by name. A body that is not a JSON object
    with `event` is one Unreadable.
    """
    try:
        return _events(as_object(document(callback.body)), callback, accounts, reactions=reactions)
    except (ValueError, RecursionError) as fault:  # RecursionError: nested past what JSON can read or write
        return [Unreadable(item=callback.body, error=f"the body cannot be read: {fault}")]


def _events(found: Json, callback: Callback, accounts: Mapping[str, Account], *, reactions: bool) -> list[Event]:
    name = need(words(found, "event"), "event")
    reason = SKIPPED.get(name) or SKIPPED.get(name.partition(".")[0])
    if reason:
        return [Skipped(reason=reason, event=event_name(name))]
    if name not in READERS:
        return [Skipped(reason="unknown_event", event=event_name(name))]
    number = need(ident(found, "user_openid"), "user_openid")
    if number not in accounts:
        return [Skipped(reason="unknown_account", event=event_name(number))]
    origin = Origin(
        event=name,
        account=accounts[number],
        ours=frozenset(accounts),
        connection=callback.connection,
        received_at=callback.received_at,
        created=digits(found, "create_time"),
        created_at=moment(found, "create_time"),
        reactions=reactions,
    )
    return [one(item, origin) for item in _items(_content(found))]


def _content(found: Json) -> Json:
    """Return what happened, out of its text; an object is taken as it is. Raises Unfit.

    Comment ids in it are numbers above 2^53, of which Python keeps every digit.
    """
    held = found.get("content")
    if isinstance(held, dict):
        return held
    try:
        return as_object(document(need(words(found, "content"), "content").encode()))
    except (ValueError, RecursionError) as fault:
        raise Unfit(f"content: {fault}") from None


def _items(content: Json) -> list[Json]:
    """Return the content, once for each of the reactions that came together."""
    reactions = content.get("reaction")
    if isinstance(reactions, list) and ornament(content, "type").lower() == "reaction":
        return [{**content, "reaction": [one]} for one in reactions] or [content]
    return [content]


def one(item: Json, origin: Origin) -> Event:
    """Return what an event's content comes to. Never raises."""
    try:
        return READERS[origin.event](fit(item), origin)
    except ValueError as fault:
        return Unreadable(item=compact(item), error=f"{origin.event}: {fault}")
