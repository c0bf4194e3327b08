"""Reads an item of Instagram: direct messages, comments, mentions. Pure.

Apps with Instagram's own login and with Facebook's get the same items in different places: comments as changes or
flat on the entry, parts of a conversation as messaging items or as changes.
https://developers.facebook.com/docs/instagram-platform/webhooks/examples
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from adapters.meta import feed, messenger
from adapters.meta.item import Page
from bridge.message import Attachment, Change, Kind, Message, Person
from bridge.ports import Event, Skipped
from bridge.reading import (
    Json,
    digits,
    event_name,
    flag,
    ident,
    moment,
    need,
    ornament,
    part,
    words,
)

WORDLESS = "[a comment without words: open Instagram to see it]"

COMMENTS = ("comments", "live_comments")

DIRECT = {
    "messages": "message",
    "message_echoes": "message",
    "message_edit": "message_edit",
    "message_edits": "message_edit",
    "message_reactions": "reaction",
    "messaging_postbacks": "postback",
    "messaging_seen": "read",
    "messaging_optins": "optin",
    "messaging_referral": "referral",
}
"""Fields of a change whose value is a messaging item, or only the event in it -> the event's name."""

SKIPPED: dict[str, Literal["system", "other_app"]] = {
    "story_insights": "system",
    "messaging_handover": "other_app",
    "standby": "other_app",
}

CHANGES: dict[str, Change] = {"": "created", **feed.CHANGES, "removed": "deleted"}
"""Meta documents no verb: whoever comments creates. What comes with one is what it says."""

STORIES = frozenset({"story", "story_mention", "ig_story"})
"""Stories must not be kept longer than their day, so they are linked and never copied."""


def change(item: Json, raw: bytes, page: Page) -> list[Event]:
    """Return the events in {field, value}; raw: its bytes for the message. Raises Unfit when it cannot be read."""
    field, value = need(words(item, "field"), "field"), part(item, "value")
    if field in COMMENTS:
        return [_comment(value, field, raw, page)]
    if field == "mentions":
        return [_mention(value, raw, page)]
    if field in DIRECT:
        return direct(_messaging(value, DIRECT[field]), raw, page)
    if field in SKIPPED:
        return [Skipped(reason=SKIPPED[field], event=field)]
    return [Skipped(reason="unknown_event", event=event_name(field))]


def direct(item: Json, raw: bytes, page: Page) -> list[Event]:
    """Return the events of one messaging item, as `messenger.read`; replies to stories and mentions in them too.

    https://developers.facebook.com/docs/instagram-platform/self-messaging
    """
    message = part(item, "message")
    if flag(item, "is_self") or flag(message, "is_self"):
        return [Skipped(reason="system", event="is_self")]
    story = part(part(message, "reply_to"), "story")
    return [_with_story(event, story) for event in messenger.read(item, raw, page)]


def _messaging(value: Json, name: str) -> Json:
    """Return a change's value as a messaging item: some have the event itself there, and its author in `from`."""
    if value.get("mid") is None:
        return value
    sender, recipient = value.get("from"), value.get("to")
    return {
        "sender": value.get("sender") if sender is None else sender,
        "recipient": value.get("recipient") if recipient is None else recipient,
        "timestamp": value.get("timestamp"),
        name: value,
    }


def _with_story(event: Event, story: Json) -> Event:
    """Return a message as the reply to a story that it is, or as the mention in one."""
    if not isinstance(event, Message) or event.change != "created" or event.kind != "direct":
        return event
    address = words(story, "url")
    shown = (*event.attachments, Attachment(kind="story", url=address)) if address else event.attachments
    mention: Kind = "story_mention" if any(one.kind == "story_mention" for one in shown) else "direct"
    return replace(
        event,
        kind="story_reply" if story else mention,
        reply_to=event.reply_to or ident(story, "id"),
        attachments=tuple(_linked(one) for one in shown),
    )


def _linked(one: Attachment) -> Attachment:
    return replace(one, kind="link", name=one.name or "story", id="") if one.kind in STORIES else one


def _comment(value: Json, field: str, raw: bytes, page: Page) -> Event:
    verb = words(value, "verb")
    if verb not in CHANGES:
        return Skipped(reason="unknown_event", event=event_name(field, verb))
    number = need(ident(value, "id") or ident(value, "comment_id"), "id")
    media, what = ident(part(value, "media"), "id"), CHANGES[verb]
    sender = part(value, "from")
    author, handle = ident(sender, "id"), ornament(sender, "username")
    return Message(
        channel="instagram",
        connection=page.connection,
        account=page.account,
        id=number,
        kind="comment",
        change=what,
        version=_version(value, what, page),
        author=Person(id=author, handle=handle, is_self=author in page.ours or handle.lower() in page.handles),
        thread=media or number,
        reply_to=ident(value, "parent_id") or media,
        text=words(value, "text") or (WORDLESS if what == "created" else ""),
        sent_at=moment(value, "timestamp") or moment(value, "created_time") or page.at,
        received_at=page.received_at,
        public=True,
        notes={"live": "yes"} if field == "live_comments" or _is_live(value) else {},
        raw=raw,
    )


def _is_live(value: Json) -> bool:
    """Whether a comment stands under a broadcast, which takes no comments of apps."""
    return ornament(part(value, "media"), "media_product_type") == "LIVE"


def _version(value: Json, what: Change, page: Page) -> str:
    if what == "edited":
        return digits(value, "edited_time")
    return page.time if what in ("hidden", "unhidden") else ""


def _mention(value: Json, raw: bytes, page: Page) -> Message:
    """Return a mention in somebody else's comment or caption: Meta tells where it stands, not what it says.

    https://developers.facebook.com/docs/instagram-platform/mentions
    """
    media = need(ident(value, "media_id"), "media_id")
    return Message(
        channel="instagram",
        connection=page.connection,
        account=page.account,
        id=ident(value, "comment_id") or media,
        kind="mention",
        thread=media,
        sent_at=page.at,
        received_at=page.received_at,
        public=True,
        raw=raw,
    )
