"""Reads who mentions us in a video's caption or in a comment. Pure.

They come two to three hours late: https://business-api.tiktok.com/portal/docs?id=1810521709205505
"""

from __future__ import annotations

from adapters.tiktok.comments import ident_of
from adapters.tiktok.origin import Origin, noted
from bridge.message import Change, Message, Person
from bridge.ports import Event, Skipped
from bridge.reading import Json, compact, event_name, ident, moment, need, ornament, words

CHANGES: dict[str, Change] = {"": "created", "CREATE": "created", "EDIT": "edited"}


def read(content: Json, origin: Origin) -> Event:
    """Return a video whose caption mentions us, or a comment that does. Raises Unfit when it cannot be read.

    Of a comment TikTok tells no text, only where it stands.
    """
    happened = words(content, "type_of_event").upper()
    comment = _is_comment(content, origin)
    change = CHANGES.get(happened)
    if change is None or (comment and change == "edited"):  # nobody can edit a comment: its video was edited
        return Skipped(reason="system", event=event_name(origin.event, happened))
    video = ident_of(content, "video_id") or ident_of(content, "item_id")
    number = need(ident_of(content, "comment_id"), "comment_id") if comment else need(video, "video_id")
    author = ident(content, "unique_identifier")
    filmed = None if comment or change == "edited" else moment(content, "video_create_time")
    return Message(
        channel="tiktok",
        connection=origin.connection,
        account=origin.account,
        id=number,
        kind="mention",
        change=change,
        version=origin.created if change == "edited" else "",
        author=Person(id=author, is_self=author in origin.ours),
        thread=number,
        reply_to=video if comment else "",
        text="" if comment else words(content, "video_caption"),
        url=ornament(content, "share_url"),
        sent_at=filmed or origin.created_at,
        received_at=origin.received_at,
        public=True,
        notes=noted(video=video) if comment else {},
        raw=compact(content),
    )


def _is_comment(content: Json, origin: Origin) -> bool:
    """TikTok names it VIDEO_MENTION and VIDEO MENTION, or COMMENT."""
    return origin.event == "brand_mention.comment" or words(content, "mention_type").upper() == "COMMENT"
