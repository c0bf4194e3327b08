"""Fetches what came while TikTok could not reach us: comments of our videos, and direct messages.

https://business-api.tiktok.com/portal/docs?id=1738083939371009 and
https://business-api.tiktok.com/portal/docs?id=1832184415059970
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from adapters.tiktok import listed
from adapters.tiktok.origin import Origin
from adapters.tiktok.service import Service, rows
from adapters.tiktok.settings import Kind
from bridge.message import Account
from bridge.ports import Event
from bridge.reading import Json, moment

CONNECTION = "backfill"
"""The connection of these messages until whoever asked for them writes down their own."""

VIDEOS = 5  #: pages of them, the latest first
PER_VIDEOS = 20
COMMENTS = 17  #: pages of a video's: behind 500 comments TikTok keeps no order
PER_COMMENTS = 30
REPLIES = 10  #: pages of a comment's


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """What was missed of one account."""

    service: Service
    token: str
    account: Account
    ours: frozenset[str]
    since: datetime

    def events(self, receives: Sequence[Kind]) -> Iterator[list[Event]]:
        """Yield what came since, page by page. Raises RetryLater, Paused or Rejected."""
        if "comments" in receives:
            for video in self._videos():
                yield from self._comments(video)
        if "direct" in receives:
            for conversation in self._conversations():
                yield self._messages(conversation)

    # --- comments ---

    def _videos(self) -> Iterator[str]:
        """The numbers of the latest videos: an old one may have new comments."""
        query = {"fields": json.dumps(["item_id", "create_time"]), "max_count": str(PER_VIDEOS)}
        for page in self._pages("/business/video/list/", "videos", query, most=VIDEOS):
            yield from (str(one["item_id"]) for one in page if one.get("item_id"))

    def _comments(self, video: str) -> Iterator[list[Event]]:
        query = {"video_id": video, "include_replies": "true", **_latest(PER_COMMENTS)}
        for page in self._pages("/business/comment/list/", "comments", query, most=COMMENTS):
            found = [one for comment in page for one in [comment, *self._replies(video, comment)]]
            origin = self._origin("comment.update")
            yield [listed.comment(one, video, origin) for one in found if self._is_missed(one, "create_time")]

    def _replies(self, video: str, comment: Json) -> Sequence[Json]:
        """All answers to a comment: a list shows three of them."""
        given = comment.get("reply_list")
        shown = [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
        count = comment.get("replies")
        if not isinstance(count, int) or count <= len(shown):
            return shown
        query = {"video_id": video, "comment_id": str(comment.get("comment_id")), **_latest(PER_COMMENTS)}
        pages = self._pages("/business/comment/reply/list/", "comments", query, most=REPLIES)
        return [one for page in pages for one in page]

    # --- direct messages ---

    def _conversations(self) -> Iterator[str]:
        """The numbers of those in which something was said; of STRANGER ones nobody answered yet."""
        for kind in ("SINGLE", "STRANGER"):
            query = {"conversation_type": kind, "limit": "100"}
            for page in self._pages("/business/message/conversation/list/", "conversations", query, most=10):
                missed = (one for one in page if self._is_missed(one, "update_time"))
                yield from (str(one["conversation_id"]) for one in missed if one.get("conversation_id"))

    def _messages(self, conversation: str) -> list[Event]:
        """The latest messages of a conversation, 20 at most, the oldest first."""
        query = {"business_id": self.account.id, "conversation_id": conversation}
        answer = self.service.read("GET", "/business/message/content/list/", token=self.token, query=query)
        people = {str(one.get("id")): one for one in rows(answer, "participants")}
        missed = [one for one in rows(answer, "messages") if self._is_missed(one, "timestamp")]
        origin = self._origin("im_receive_msg")
        return [
            listed.direct(one, people, origin) for one in sorted(missed, key=lambda one: str(one.get("timestamp")))
        ]

    # --- both ---

    def _pages(self, path: str, name: str, query: Mapping[str, str], *, most: int) -> Iterator[list[Json]]:
        asked = {"business_id": self.account.id, **query}
        for _ in range(most):
            answer = self.service.read("GET", path, token=self.token, query=asked)
            yield rows(answer, name)
            if answer.at("data", "has_more") is not True:
                return
            asked = {**asked, "cursor": str(answer.at("data", "cursor"))}

    def _is_missed(self, one: Json, name: str) -> bool:
        when = moment(one, name)
        return when is None or when >= self.since

    def _origin(self, event: str) -> Origin:
        return Origin(
            event=event,
            account=self.account,
            ours=self.ours,
            connection=CONNECTION,
            received_at=datetime.now(UTC),
            created="",
            created_at=None,
            reactions=False,
        )


def _latest(most: int) -> Mapping[str, str]:
    return {"sort_field": "create_time", "sort_order": "desc", "max_count": str(most)}
