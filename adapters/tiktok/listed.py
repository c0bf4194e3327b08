"""Reads what TikTok's lists say of messages: put into the shape of a callback, and read as one. Pure.

So the keys are the same, whichever way a message comes in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from adapters.tiktok import envelope
from adapters.tiktok.origin import Origin
from bridge.message import Attachment, Message, Person
from bridge.ports import Event
from bridge.reading import Json, moment, ornament

CONTENT = (
    *("from_user", "to_user", "conversation_id", "message_id", "timestamp", "message_tag", "text", "image"),
    *("video", "sticker", "emoji", "share_post", "template", "referenced_message_info"),
)
"""What a listed direct message has in common with the content of a callback."""

COMMENT = ("comment_id", "parent_comment_id", "unique_identifier", "text")


def direct(told: Json, people: Mapping[str, Json], origin: Origin) -> Event:
    """Return a direct message of a conversation. people: who takes part in it, by id."""
    content = {name: told[name] for name in CONTENT if name in told}
    content |= {"from": told.get("sender"), "to": told.get("recipient")}
    content["type"] = str(told.get("message_type", "")).lower()
    event = envelope.one(content, origin)
    if isinstance(event, Message) and not event.author.is_self and event.author.id in people:
        return replace(event, author=participant(people[event.author.id], event.author))
    return event


def comment(told: Json, video: str, origin: Origin) -> Event:
    """Return a comment of a video."""
    content = {name: told[name] for name in COMMENT if name in told}
    content |= {"video_id": video, "comment_action": "insert", "timestamp": told.get("create_time")}
    event = envelope.one(content, origin)
    return commented(event, told) if isinstance(event, Message) else event


def participant(told: Json, had: Person) -> Person:
    """Return a person with what a conversation says of them."""
    return replace(had, name=ornament(told, "display_name"), avatar=ornament(told, "profile_image"))


def commented(message: Message, told: Json) -> Message:
    """Return a comment with what TikTok's list says of it.

    Only the list says who owns the video: our comments may come under another id of ours.
    """
    picture = ornament(told, "image_url")
    author = replace(
        message.author,
        id=message.author.id or ornament(told, "unique_identifier"),
        name=ornament(told, "display_name"),
        handle=ornament(told, "username"),
        avatar=ornament(told, "profile_image"),
        is_self=message.author.is_self or told.get("owner") is True,
    )
    return replace(
        message,
        author=author,
        text=message.text or ornament(told, "text"),
        attachments=message.attachments or ((Attachment(kind="image", url=picture),) if picture else ()),
        sent_at=message.sent_at or moment(told, "create_time"),
    )
