"""Answers on TikTok: a direct message in a conversation, or a comment below a comment.

https://business-api.tiktok.com/portal/docs?id=1832184403754242 and
https://business-api.tiktok.com/portal/docs?id=1738083939371009
"""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta

from adapters.tiktok.service import Service, rows, token_of
from bridge import looking
from bridge.calling import SOON, Answered
from bridge.errors import Rejected, Unsure
from bridge.message import Message
from bridge.ports import Doubt, Sending, Sent, Way
from bridge.reading import Json, moment

LONGEST_DIRECT = 6000  #: characters, spaces and emoji too
WINDOW = timedelta(hours=48)  #: for direct messages, after the customer's last one or after the comment

SHOWN = 20  #: the latest messages of a conversation, all that TikTok lists
PAGES = 10  #: of answers to a comment
PER_PAGE = 30

NO_CONVERSATION = (
    "TikTok lets nobody answer this message through an app, as of customers in the EEA, Switzerland and the UK: "
    "answer in the TikTok app."
)
NO_VIDEO = "TikTok has not said under which video this comment stands: answer in the TikTok app."
OTHERS_VIDEO = "TikTok lets apps answer comments only, not videos of others that mention you: answer in TikTok."
NO_DIRECT = (
    "TikTok does not let this account answer a comment by direct message: answer the comment in public. Where "
    "TikTok allows it, an administrator sets comment_to_dm in connections.yaml."
)
NOT_BELOW = "TikTok lets one direct message answer a comment at the top only, not one below another comment."
TOO_MANY = "there are more of our own words than TikTok lists"


def way(
    to: Message, *, private: bool, heard_at: datetime, longest_comment: int, comment_to_dm: bool
) -> Way | Rejected:
    """Return how a message can be answered. Pure."""
    if not to.public:
        if "conversation" not in to.notes:
            return Rejected(NO_CONVERSATION)
        return Way(most=LONGEST_DIRECT, unit="characters", split=True, until=heard_at + WINDOW)
    if private:
        return _instead(to) if comment_to_dm else Rejected(NO_DIRECT)
    if to.kind == "mention" and not to.reply_to:
        return Rejected(OTHERS_VIDEO)
    if "video" not in to.notes:
        return Rejected(NO_VIDEO)
    return Way(most=longest_comment, unit="characters", split=False)


def _instead(to: Message) -> Way | Rejected:
    """How a comment can be answered by a direct message, once: TikTok tells no conversation for a second one."""
    if to.kind != "comment" or to.thread != to.id:
        return Rejected(NOT_BELOW)
    return Way(most=LONGEST_DIRECT, unit="characters", split=False, until=(to.sent_at or to.received_at) + WINDOW)


def doubt(sending: Sending) -> Doubt:
    """Return whether TikTok lists what we sent: in conversations, and below comments on our videos. Pure."""
    to = sending.to
    listed = "conversation" in to.notes or (to.kind == "comment" and not sending.private)
    return "look" if listed else "ask"


def send(service: Service, sending: Sending) -> Sent:
    """Send one text. Raises RetryLater, Unsure, Rejected or Paused."""
    to, token = sending.to, token_of(sending.credentials)
    if to.public and not sending.private:
        body: dict[str, object] = {"business_id": to.account.id, "video_id": to.notes["video"]}
        body |= {"comment_id": to.id, "text": sending.text}
        answer = service.write("/business/comment/reply/create/", token=token, json=body)
        return Sent(id=_id(answer, "data", "comment_id"), url=to.url)
    answer = service.write("/business/message/send/", token=token, json=_direct(sending))
    return Sent(id=_id(answer, "data", "message", "message_id"))


def look(service: Service, sending: Sending) -> Sent | None:
    """Return what was sent and stands there. Raises RetryLater, Paused or Rejected."""
    began = time.monotonic()
    find = _below if sending.to.public else _in_conversation
    return find(service, sending, began)


def _direct(sending: Sending) -> Mapping[str, object]:
    to = sending.to
    body: dict[str, object] = {"business_id": to.account.id}
    if to.public:
        reply = {"reply_type": "COMMENT_REPLY", "comment_reply": {"comment_id": to.id}}
        body["direct_reply"] = reply
    else:
        body |= {"recipient_type": "CONVERSATION", "recipient": to.notes["conversation"]}
        if sending.first and "quote" in to.notes:
            body["referenced_message_info"] = {"referenced_message_id": to.notes["quote"]}
    return {**body, "message_type": "TEXT", "text": {"body": sending.text}}


def _id(answer: Answered, *path: str) -> str:
    found = answer.at(*path)
    if isinstance(found, str | int) and found:
        return str(found)
    raise Unsure("TikTok does not say under which id it has taken the text", after=SOON)


def _in_conversation(service: Service, sending: Sending, began: float) -> Sent | None:
    to = sending.to
    query = {"business_id": to.account.id, "conversation_id": to.notes["conversation"]}
    token = token_of(sending.credentials)
    answer = service.read("GET", "/business/message/content/list/", token=token, query=query)
    shown, since = rows(answer, "messages"), looking.earliest(sending, answer, began)
    for one in shown:
        ours = _part(one, "from_user").get("id") == to.account.id
        late = looking.is_late(moment(one, "timestamp"), since)
        if ours and late and _same(_part(one, "text").get("body"), sending.text):
            return Sent(id=str(one.get("message_id")))
    if len(shown) >= SHOWN and all(looking.is_late(moment(one, "timestamp"), since) for one in shown):
        raise Rejected(TOO_MANY)
    return None


def _below(service: Service, sending: Sending, began: float) -> Sent | None:
    to, token = sending.to, token_of(sending.credentials)
    query = {"business_id": to.account.id, "video_id": to.notes["video"], "comment_id": to.thread}
    query |= {"sort_field": "create_time", "sort_order": "desc", "max_count": str(PER_PAGE)}
    for _ in range(PAGES):
        answer = service.read("GET", "/business/comment/reply/list/", token=token, query=query)
        since = looking.earliest(sending, answer, began)
        for one in rows(answer, "comments"):
            ours = one.get("owner") is True or one.get("unique_identifier") == to.account.id
            late = looking.is_late(moment(one, "create_time"), since)
            if ours and late and _same(one.get("text"), sending.text):
                return Sent(id=str(one.get("comment_id")), url=to.url)
        if answer.at("data", "has_more") is not True:
            return None
        query = {**query, "cursor": str(answer.at("data", "cursor"))}
    raise Rejected(TOO_MANY)


def _part(of: Json, name: str) -> Json:
    found = of.get(name)
    return found if isinstance(found, dict) else {}


def _same(told: object, sent: str) -> bool:
    return isinstance(told, str) and _plain(told) == _plain(sent)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())
