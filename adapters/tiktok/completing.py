"""Fetches what TikTok's callbacks leave out: who wrote, what a comment says, and whether it is our own.

https://business-api.tiktok.com/portal/docs?id=1738083939371009 and
https://business-api.tiktok.com/portal/docs?id=1832184425841170
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from adapters.tiktok import direct, europe, listed
from adapters.tiktok.service import Service, rows, token_of
from bridge.errors import Rejected, RetryLater
from bridge.message import Message, Person
from bridge.ports import Credentials, Lack
from bridge.reading import moment, ornament

MENTION_FIELDS = ("comment_text", "commenter_handle_name", "comment_create_time")

SETTLES = timedelta(minutes=2)  #: after a callback: by then TikTok lists what it told of
AGAIN = timedelta(seconds=20)

UNLISTED = "TikTok does not list it: it is under review, or was deleted meanwhile"
NO_PARTICIPANT = "TikTok does not say who takes part in this conversation"


def lacks(message: Message) -> tuple[Lack, ...]:
    """Return what TikTok can be asked for. Pure."""
    if message.author.is_self or message.change != "created":
        return ()
    if message.id.startswith(direct.EUROPE):
        return ("content",) if "conversation" not in message.notes else ()
    if "video" in message.notes:
        told = message.author.handle if message.kind == "comment" else message.text
        return () if told else ("content",)
    asked = "conversation" in message.notes and message.author.id and not message.author.name
    return ("author",) if asked else ()


def author(service: Service, message: Message, credentials: Credentials) -> Person:
    """Return whom a direct message is from. Raises RetryLater, Paused or Rejected."""
    query = {"business_id": message.account.id, "conversation_id": message.notes["conversation"]}
    answer = service.read("GET", "/business/message/content/list/", token=token_of(credentials), query=query)
    for one in rows(answer, "participants"):
        if one.get("id") == message.author.id:
            return listed.participant(one, message.author)
    raise Rejected(NO_PARTICIPANT)


def content(service: Service, message: Message, credentials: Credentials) -> Message:
    """Return a message with what it says. Raises RetryLater, Paused or Rejected.

    What TikTok does not list is never taken as deleted: it hides what it reviews, and tells of deletions. Its
    lists may come behind its callbacks.
    """
    found = _content(service, message, token_of(credentials))
    if found is not None:
        return found
    if datetime.now(UTC) - message.received_at < SETTLES:
        raise RetryLater(UNLISTED, after=AGAIN)
    raise Rejected(UNLISTED)


def _content(service: Service, message: Message, token: str) -> Message | None:
    if message.id.startswith(direct.EUROPE):
        return europe.content(service, message, token)
    return _mention(service, message, token) if message.kind == "mention" else _comment(service, message, token)


def _comment(service: Service, message: Message, token: str) -> Message | None:
    query = {"business_id": message.account.id, "video_id": message.notes["video"]}
    query["comment_ids"] = json.dumps([message.id])
    answer = service.read("GET", "/business/comment/list/", token=token, query=query)
    for one in rows(answer, "comments"):
        if str(one.get("comment_id")) == message.id:
            return listed.commented(message, one)
    return None


def _mention(service: Service, message: Message, token: str) -> Message | None:
    query = {"business_id": message.account.id, "comment_id": message.id, "item_id": message.notes["video"]}
    query["fields"] = json.dumps(MENTION_FIELDS)
    answer = service.read("GET", "/business/mention/comment/get/", token=token, query=query)
    told = answer.at("data", "comment")
    if not isinstance(told, dict) or not (text := ornament(told, "comment_text")):
        return None
    author = replace(message.author, handle=ornament(told, "commenter_handle_name") or message.author.handle)
    when = moment(told, "comment_create_time") or message.sent_at
    return replace(message, author=author, text=text, sent_at=when)
