"""Reads one change of a Page: comments, posts, mentions, reviews, and what happens to them. Pure.

https://developers.facebook.com/docs/graph-api/webhooks/reference/page
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from urllib.parse import quote

from adapters.meta.item import Page
from bridge.message import Attachment, Change, Kind, Message, Person, clean
from bridge.ports import Event, Skipped
from bridge.reading import (
    Json,
    Unfit,
    digits,
    event_name,
    ident,
    moment,
    need,
    ornament,
    part,
    parts,
    words,
)

FIELDS = ("feed", "mention", "ratings")

CHANGES: dict[str, Change] = {
    "add": "created",
    "edit": "edited",
    "edited": "edited",
    "remove": "deleted",
    "delete": "deleted",
    "hide": "hidden",
    "unhide": "unhidden",
}

OURS = frozenset({"event", "milestone"})
"""Items that only the Page itself can publish on its feed; they come without an author."""

POSTS = OURS | {"post", "status", "photo", "video", "link", "share", "album", "note"}

POST_IDS = ("post_id", "photo_id", "video_id", "share_id", "link_id", "album_id", "note_id", "event_id")
"""Where a post's id stands, best first: old API versions leave post_id out."""

MEDIA = {"photo": "image", "video": "video"}

STARS = {"NEGATIVE": 1, "POSITIVE": 5}
"""Recommendations took the place of stars in 2018."""


def read(change: Json, raw: bytes, page: Page) -> list[Event]:
    """Return the one event in {field, value}, with `field` one of FIELDS; raw: its bytes for the message.

    Raises Unfit when it cannot be read.
    """
    value = part(change, "value")
    field, item, verb = words(change, "field"), words(value, "item"), words(value, "verb")
    name = event_name(field, need(item, "item"), need(verb, "verb"))
    if item in ("reaction", "like"):
        return [Skipped(reason="system" if field == "ratings" else "reaction", event=name)]
    readable = {"rating", "comment"} if field == "ratings" else POSTS | {"comment"}
    if verb not in CHANGES or item not in readable:
        return [Skipped(reason="unknown_event", event=name)]
    if item == "rating":
        return [_review(value, CHANGES[verb], raw, page)]
    told = _message(value, item, CHANGES[verb], mention=field == "mention", raw=raw, page=page)
    return [_of_review(told, value) if field == "ratings" else told]


def _message(value: Json, item: str, change: Change, *, mention: bool, raw: bytes, page: Page) -> Message:
    post = next((found for name in POST_IDS if (found := ident(value, name))), "")
    comment = need(ident(value, "comment_id"), "comment_id") if item == "comment" else ""
    number = comment or need(post, "post_id")
    kind: Kind = "mention" if mention else "comment" if comment else "post"
    return Message(
        channel="facebook",
        connection=page.connection,
        account=page.account,
        id=number,
        kind=kind,
        change=change,
        version=_version(value, change, page),
        author=_author(value, item, page),
        thread=post or number,
        reply_to=(ident(value, "parent_id") or post) if comment else "",
        text=words(value, "message"),
        url=_url(value, number),
        attachments=_attachments(value, item),
        sent_at=moment(value, "edited_time") or moment(value, "created_time"),
        received_at=page.received_at,
        public=True,
        raw=raw,
    )


def _review(value: Json, change: Change, raw: bytes, page: Page) -> Message:
    """Return a review of the Page; its story is the thread of the comments on it."""
    number = need(ident(value, "open_graph_story_id"), "open_graph_story_id")
    author, text, stars = ident(value, "reviewer_id"), words(value, "review_text"), _stars(value)
    return Message(
        channel="facebook",
        connection=page.connection,
        account=page.account,
        id=number,
        kind="review",
        change=change,
        version=_version(value, change, page) or _fingerprint(change, f"{stars} {text}"),
        author=Person(id=author, name=ornament(value, "reviewer_name"), is_self=author in page.ours),
        thread=number,
        text=text,
        rating=stars,
        url=_url(value, number),
        sent_at=moment(value, "edited_time") or moment(value, "created_time"),
        received_at=page.received_at,
        public=True,
        raw=raw,
    )


def _stars(value: Json) -> int | None:
    """Return 1 to 5; None = unknown."""
    stars = digits(value, "rating")
    return int(stars) if stars in ("1", "2", "3", "4", "5") else STARS.get(ornament(value, "recommendation_type"))


def _fingerprint(change: Change, said: str) -> str:
    """Tell two edits without a time apart, also where only the stars changed."""
    return hashlib.sha256(said.encode()).hexdigest()[:16] if change == "edited" else ""


def _of_review(comment: Message, value: Json) -> Message:
    """Return a comment on a review, in the review's thread: post_id is the reviewer's id, _ and the story's."""
    story = ident(value, "open_graph_story_id") or ident(value, "post_id").rpartition("_")[2]
    if not story:
        return comment
    above = story if comment.reply_to in ("", comment.thread) else comment.reply_to
    return replace(comment, thread=story, reply_to=above)


def _version(value: Json, change: Change, page: Page) -> str:
    if change == "edited":
        return digits(value, "edited_time")
    return page.time if change in ("hidden", "unhidden") else ""


def _author(value: Json, item: str, page: Page) -> Person:
    """Removals and most mentions name nobody; API versions before 2.11 wrote sender_id and sender_name."""
    sender = part(value, "from")
    number = ident(sender, "id") or ident(value, "sender_id")
    name = ornament(sender, "name") or ornament(value, "sender_name")
    if not number and item in OURS:
        number = page.account.id
    return Person(id=number, name=name, is_self=number in page.ours)


def _url(value: Json, number: str) -> str:
    post = value.get("post")
    link = ornament(value, "permalink_url") or (ornament(post, "permalink_url") if isinstance(post, dict) else "")
    return link or f"https://www.facebook.com/{quote(number, safe='')}"


def _attachments(value: Json, item: str) -> tuple[Attachment, ...]:
    """A photo's or video's own post has its file in `link`, every other item an address that its author shared."""
    found = [("image", words(value, "photo")), ("video", words(value, "video"))]
    for photo in parts(value, "photos"):
        if not isinstance(photo, str):
            raise Unfit("photos holds something that is not text")
        found.append(("image", clean(photo)))
    found.append((MEDIA.get(item, "link"), words(value, "link")))
    return tuple(dict.fromkeys(Attachment(kind=kind, url=url) for kind, url in found if url))
