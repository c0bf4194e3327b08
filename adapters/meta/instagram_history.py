"""Reads what was missed under an Instagram account's posts, and of what was written to it.

Mentions, edits and what was unsent are not told again by Meta.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from adapters.meta.graph import objects, path, under
from adapters.meta.history import Gap
from adapters.meta.instagram_replies import Login, ourselves
from bridge.ports import Event
from bridge.reading import Json, moment, ornament

COMMENT = "id,text,timestamp,username,from"
COMMENTS = f"{COMMENT},replies{{{COMMENT}}}"
SAID = "id,created_time,from,to,message,attachments,story,is_unsupported"
TALKS = f"id,updated_time,messages.limit(20){{{SAID}}}"
"""Instagram tells no more than the ids of what was said before the last 20 messages of a conversation.

https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/conversations-api
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What happened on one account since then."""

    gap: Gap
    login: Login

    def read(self) -> Iterator[list[Event]]:
        """Yield comments and private messages, page by page of Instagram's.

        Raises RetryLater, Paused, or Rejected after everything that is not refused.
        """
        for section, told in (("changes", self._public()), ("messaging", self._said())):
            for items in self.gap.allowed(told):
                if items:
                    yield self.gap.events("instagram", section, items)
        self.gap.end()

    def _pages(self, where: str, **query: str) -> Iterator[list[Json]]:
        return self.gap.graph.pages(where, self.gap.token, host=self.login, **query)

    # --- in public ---

    def _public(self) -> Iterator[list[Json]]:
        for post in self._posts():
            yield from self.gap.allowed(self._comments(ornament(post, "id")))

    def _comments(self, post: str) -> Iterator[list[Json]]:
        """Yield the new comments of a post, and the new answers to them.

        https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-media/comments
        """
        for comments in self._pages(path(post, "comments"), fields=COMMENTS, limit="50"):
            yield [_comment(one, post, "") for one in self.gap.new(comments, "timestamp")]
            for one in comments:
                for answers in self.gap.allowed(self._answers(one)):
                    new = self.gap.new(answers, "timestamp")
                    yield [_comment(answer, post, ornament(one, "id")) for answer in new]

    def _posts(self) -> Iterator[Json]:
        """Yield the posts of late; Instagram lists the newest first."""
        account = "me" if self.login == "instagram" else self.gap.account
        for posts in self._pages(path(account, "media"), fields="id,timestamp", limit="50"):
            for post in posts:
                when = moment(post, "timestamp")
                if when is not None and when < self.gap.first_post:
                    return
                yield post

    def _answers(self, comment: Json) -> Iterator[list[Json]]:
        """Yield the answers to a comment: those that came along, or all of them where there are more."""
        if under(comment, "replies", "paging").get("next"):
            yield from self._pages(path(ornament(comment, "id"), "replies"), fields=COMMENT)
        else:
            yield objects(under(comment, "replies").get("data"))

    # --- in private ---

    def _said(self) -> Iterator[list[Json]]:
        """Yield what was said in the conversations that were open since then; Instagram lists the newest first."""
        gap = self.gap
        ours = ourselves(gap.graph, self.login, gap.account, gap.token)
        for talks in self._pages("/me/conversations", platform="instagram", fields=TALKS, limit="20"):
            new = gap.new(talks, "updated_time")
            for talk in new:
                told = objects(under(talk, "messages").get("data"))
                yield [_message(one, ours) for one in gap.new(told, "created_time")]
            if len(new) < len(talks):
                return


def _comment(comment: Json, post: str, parent: str) -> Json:
    sender = under(comment, "from") or {"username": comment.get("username")}
    told = {"id": comment.get("id"), "text": comment.get("text"), "timestamp": comment.get("timestamp")}
    value = {**told, "from": sender, "media": {"id": post}, "parent_id": parent or None}
    return {"field": "comments", "value": value}


def _message(said: Json, ours: frozenset[str]) -> Json:
    sender = under(said, "from")
    by_us = bool({ornament(sender, "id"), ornament(sender, "username")} & ours)
    recipient = next(iter(objects(under(said, "to").get("data"))), None)
    story = under(said, "story")
    answered, named = under(story, "reply_to"), under(story, "mention")
    files = [_file(one) for one in objects(under(said, "attachments").get("data"))]
    mention = [{"type": "story_mention", "payload": {"url": named.get("link")}}] if named else []
    message = {
        "mid": said.get("id"),
        "text": said.get("message"),
        "is_echo": by_us,
        "is_unsupported": said.get("is_unsupported") is True,
        "attachments": [*files, *mention],
        "reply_to": {"story": {"id": answered.get("id"), "url": answered.get("link")}} if answered else None,
    }
    return {
        "sender": sender,
        "recipient": recipient,
        "timestamp": said.get("created_time"),
        "message": message,
    }


def _file(one: Json) -> Json:
    for kind, where in (("image", "image_data"), ("video", "video_data")):
        if url := ornament(under(one, where), "url"):
            return {"type": kind, "payload": {"url": url}}
    return {"type": "file", "payload": {"url": one.get("file_url")}}
