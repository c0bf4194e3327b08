"""Reads what was missed on a Page and in its conversations.

Edits, deletions, mentions elsewhere and reviews are not told again by Meta.
"""

from __future__ import annotations

from collections.abc import Iterator

from adapters.meta.graph import objects, path, under
from adapters.meta.history import Gap
from bridge.ports import Event
from bridge.reading import Json, ornament

POST_FIELDS = "id,message,from,created_time,updated_time,permalink_url,full_picture"
COMMENT_FIELDS = "id,message,from,created_time,parent{id},attachment"
SAID_FIELDS = "id,message,from,to,created_time,sticker,attachments{mime_type,name,image_data,video_data,file_url}"


def read(gap: Gap) -> Iterator[list[Event]]:
    """Yield posts, comments and private messages since then, page by page of Meta's.

    Raises RetryLater, Paused, or Rejected after everything that is not refused.
    """
    for section, told in (("changes", _public(gap)), ("messaging", _private(gap))):
        for items in gap.allowed(told):
            if items:
                yield gap.events("page", section, items)
    gap.end()


# --- in public ---


def _public(gap: Gap) -> Iterator[list[Json]]:
    """Yield the posts, and after each page of them the comments on those that something happened to.

    https://developers.facebook.com/docs/graph-api/reference/page/feed
    """
    first = str(int(gap.first_post.timestamp()))
    where = path(gap.account, "feed")
    for posts in gap.graph.pages(where, gap.token, fields=POST_FIELDS, since=first, limit="50"):
        yield [_post(post) for post in gap.new(posts, "created_time")]
        for post in gap.new(posts, "updated_time"):
            yield from gap.allowed(_comments(gap, post))


def _comments(gap: Gap, post: Json) -> Iterator[list[Json]]:
    """Yield the comments on a post and the answers to them, the newest first.

    https://developers.facebook.com/docs/graph-api/reference/object/comments
    """
    pages = gap.graph.pages(
        path(ornament(post, "id"), "comments"),
        gap.token,
        fields=COMMENT_FIELDS,
        filter="stream",
        order="reverse_chronological",
        limit="100",
    )
    for comments in pages:
        new = gap.new(comments, "created_time")
        yield [_comment(one, post) for one in new]
        if len(new) < len(comments):
            return


def _post(post: Json) -> Json:
    told = {
        "item": "status",
        "verb": "add",
        "post_id": post.get("id"),
        "from": post.get("from"),
        "message": post.get("message"),
        "photo": post.get("full_picture"),
        "created_time": post.get("created_time"),
        "permalink_url": post.get("permalink_url"),
    }
    return {"field": "feed", "value": told}


def _comment(comment: Json, post: Json) -> Json:
    parent = under(comment, "parent")
    told = {
        "item": "comment",
        "verb": "add",
        "comment_id": comment.get("id"),
        "post_id": post.get("id"),
        "parent_id": parent.get("id") or post.get("id"),
        "from": comment.get("from"),
        "message": comment.get("message"),
        "photo": under(comment, "attachment", "media", "image").get("src"),
        "created_time": comment.get("created_time"),
        "post": {"permalink_url": post.get("permalink_url")},
    }
    return {"field": "feed", "value": told}


# --- in private ---


def _private(gap: Gap) -> Iterator[list[Json]]:
    """Yield what was said in the conversations that were open since then; Meta lists the newest first.

    https://developers.facebook.com/docs/messenger-platform/conversations
    """
    where = path(gap.account, "conversations")
    listed = gap.graph.pages(where, gap.token, fields="id,updated_time", platform="messenger", limit="50")
    for threads in listed:
        new = gap.new(threads, "updated_time")
        for thread in new:
            yield from gap.allowed(_said(gap, thread))
        if len(new) < len(threads):
            return


def _said(gap: Gap, thread: Json) -> Iterator[list[Json]]:
    """Yield what was said in a conversation, the latest first; of what is too old Meta tells ids only."""
    where = path(ornament(thread, "id"), "messages")
    for messages in gap.graph.pages(where, gap.token, fields=SAID_FIELDS, limit="50"):
        new = gap.new([one for one in messages if len(one) > 1], "created_time")
        yield [_message(one, gap.account) for one in new]
        if len(new) < len(messages):
            return


def _message(said: Json, page: str) -> Json:
    author = under(said, "from")
    message = {
        "mid": said.get("id"),
        "text": said.get("message"),
        "is_echo": author.get("id") == page,
        "attachments": [*_files(said), *_sticker(said)],
    }
    recipient = next(iter(objects(under(said, "to").get("data"))), None)
    return {
        "sender": author,
        "recipient": recipient,
        "timestamp": said.get("created_time"),
        "message": message,
    }


def _files(said: Json) -> list[Json]:
    return [_file(one) for one in objects(under(said, "attachments").get("data"))]


def _file(one: Json) -> Json:
    kind = ornament(one, "mime_type").partition("/")[0]
    addresses = (under(one, "image_data").get("url"), under(one, "video_data").get("url"), one.get("file_url"))
    url = next((address for address in addresses if address), None)
    return {
        "type": kind if kind in ("image", "video", "audio") else "file",
        "title": one.get("name"),
        "payload": {"url": url},
    }


def _sticker(said: Json) -> list[Json]:
    return [{"type": "sticker", "payload": {"url": said["sticker"]}}] if said.get("sticker") else []
