"""Reads comments under our videos and photos, and what becomes of them. Pure.

https://business-api.tiktok.com/portal/docs?id=1759978319341570
"""

from __future__ import annotations

from adapters.tiktok.origin import Origin, noted
from bridge.message import Change, Message, Person
from bridge.ports import Event, Skipped
from bridge.reading import Json, compact, digits, event_name, ident, moment, need, ornament, part, words

ACTIONS: dict[str, Change] = {
    "insert": "created",
    "delete": "deleted",
    "set_to_hidden": "hidden",
    "set_to_friends_only": "hidden",
    "set_to_public": "unhidden",
}


def read(content: Json, origin: Origin) -> Event:
    """Return a comment, or that it was deleted, hidden or shown again. Raises Unfit when it cannot be read.

    Its thread is the comment at the top, whose number no other comment of TikTok's has. The text may be missing.
    """
    action = need(words(content, "comment_action"), "comment_action")
    if action not in ACTIONS:
        return Skipped(reason="unknown_event", event=event_name(origin.event, action))
    change = ACTIONS[action]
    number, video = need(ident_of(content, "comment_id"), "comment_id"), ident_of(content, "video_id")
    above = ident_of(content, "parent_comment_id")
    gone = change == "deleted"
    return Message(
        channel="tiktok",
        connection=origin.connection,
        account=origin.account,
        id=number,
        kind="comment",
        change=change,
        version=_version(content, change, origin),
        author=_author(content, origin),
        thread=above or number,
        reply_to=above or video,
        text="" if gone else words(content, "text"),
        url=origin.page_of(video),
        sent_at=moment(content, "timestamp") or origin.created_at,
        received_at=origin.received_at,
        public=True,
        notes=noted(video=video),
        raw=compact({name: value for name, value in content.items() if not (gone and name == "text")}),
    )


def high_intent(content: Json, origin: Origin) -> Event:
    """Return a comment that TikTok lets us answer with a direct message. Raises Unfit when it cannot be read.

    It is the message that comment.update brings too, so whichever comes first is kept. It stands at the top of
    its thread always, and TikTok does not say under which video.
    """
    number = need(ident_of(content, "comment_id"), "comment_id")
    sender = ident(content, "unique_identifier") or ident(part(content, "from_user"), "id")
    return Message(
        channel="tiktok",
        connection=origin.connection,
        account=origin.account,
        id=number,
        kind="comment",
        author=Person(id=sender, handle=ornament(content, "from"), is_self=sender in origin.ours),
        thread=number,
        text=words(content, "comment_text"),
        sent_at=moment(content, "timestamp") or origin.created_at,
        received_at=origin.received_at,
        public=True,
        raw=compact(content),
    )


def ident_of(content: Json, name: str) -> str:
    """Return the id of a comment or video; "" = none, which TikTok also writes as 0. Raises Unfit."""
    number = ident(content, name)
    return "" if number == "0" else number


def _version(content: Json, change: Change, origin: Origin) -> str:
    if change not in ("hidden", "unhidden"):
        return ""
    return need(digits(content, "timestamp") or origin.created, "timestamp")


def _author(content: Json, origin: Origin) -> Person:
    number = ident(content, "unique_identifier")
    return Person(id=number, is_self=number in origin.ours)
