"""Reads what was missed in a Threads account's threads, and of what names it elsewhere.

Deletions are not told again.
"""

from __future__ import annotations

from collections.abc import Iterator

from adapters.meta.graph import path
from adapters.meta.history import Gap
from bridge.ports import Event
from bridge.reading import Json, ornament

POST = "id,timestamp,username,has_replies"
TOLD = (
    "id,text,username,permalink,timestamp,media_type,media_url,gif_url,thumbnail_url,alt_text,"
    "children{id,media_type,media_url,thumbnail_url,alt_text},replied_to,root_post,is_verified,profile_picture_url"
)


def read(gap: Gap) -> Iterator[list[Event]]:
    """Yield replies, then mentions, page by page of Threads'.

    Raises RetryLater, Paused, or Rejected after everything that is not refused.
    """
    for field, told in (("replies", _replies(gap)), ("mentions", _latest(gap, "/me/mentions"))):
        for posts in gap.allowed(told):
            yield gap.events("threads", "changes", [{"field": field, "value": one} for one in posts])
    gap.end()


def _replies(gap: Gap) -> Iterator[list[Json]]:
    """Yield the new replies below each post, at any depth."""
    for post in _posts(gap):
        # lists tell no more of the first post than its id, callbacks whose it is
        root = {"id": post.get("id"), "owner_id": gap.account, "username": post.get("username")}
        below = _latest(gap, path(ornament(post, "id"), "conversation"), reverse="true")
        for replies in gap.allowed(below):
            yield [{**one, "root_post": root} for one in replies]


def _posts(gap: Gap) -> Iterator[Json]:
    """Yield the account's posts of late that have replies.

    https://developers.facebook.com/docs/threads/reference/user
    """
    first = str(int(gap.first_post.timestamp()))
    for posts in gap.graph.pages("/me/threads", gap.token, host="threads", fields=POST, since=first, limit="100"):
        yield from (one for one in posts if one.get("has_replies") is not False)


def _latest(gap: Gap, where: str, **query: str) -> Iterator[list[Json]]:
    """Yield the new ones of a list that begins with the latest.

    https://developers.facebook.com/docs/threads/retrieve-and-manage-replies/replies-and-conversations,
    https://developers.facebook.com/docs/threads/threads-mentions
    """
    for page in gap.graph.pages(where, gap.token, host="threads", fields=TOLD, **query):
        new = gap.new(page, "timestamp")
        if new:
            yield new
        if len(new) < len(page):
            return
