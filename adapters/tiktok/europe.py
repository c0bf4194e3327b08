"""Looks for the words of a customer in Europe: the callback says only when they wrote, but not who, what or where.

https://business-api.tiktok.com/portal/docs?id=1832184415059970
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from adapters.tiktok import direct, listed
from adapters.tiktok.origin import Origin
from adapters.tiktok.service import Service, rows
from bridge.message import Message
from bridge.reading import moment

MOST = 10  #: conversations that are read for one message


def content(service: Service, message: Message, token: str) -> Message | None:
    """Return the message with its author, words and conversation; None = TikTok does not list it.

    Raises RetryLater, Paused or Rejected.
    Only the very same time will do: another customer's words would be worse than none.
    """
    for conversation in _talked(service, message, token):
        query = {"business_id": message.account.id, "conversation_id": conversation}
        answer = service.read("GET", "/business/message/content/list/", token=token, query=query)
        people = {str(one.get("id")): one for one in rows(answer, "participants")}
        for one in rows(answer, "messages"):
            if f"{direct.EUROPE}{one.get('timestamp')}" == message.id:
                found = listed.direct(one, people, _origin(message))
                if isinstance(found, Message) and not found.author.is_self:
                    return _filled(message, found)
    return None


def _talked(service: Service, message: Message, token: str) -> Iterator[str]:
    """The conversations in which something was said since, the earliest first: there it is the sooner found."""
    found: list[tuple[datetime, str]] = []
    for kind in ("STRANGER", "SINGLE"):
        query = {"business_id": message.account.id, "conversation_type": kind, "limit": "100"}
        answer = service.read("GET", "/business/message/conversation/list/", token=token, query=query)
        for one in rows(answer, "conversations"):
            when, number = moment(one, "update_time"), one.get("conversation_id")
            if isinstance(number, str) and when and message.sent_at and when >= message.sent_at:
                found.append((when, number))
    return (number for _, number in sorted(found)[:MOST])


def _origin(message: Message) -> Origin:
    return Origin(
        event="im_receive_msg",
        account=message.account,
        ours=frozenset([message.account.id]),
        connection=message.connection,
        received_at=message.received_at,
        created="",
        created_at=message.sent_at,
        reactions=False,
    )


def _filled(message: Message, found: Message) -> Message:
    return replace(
        message,
        kind=found.kind,
        author=found.author,
        thread=found.thread,
        reply_to=found.reply_to,
        text=found.text,
        attachments=found.attachments,
        notes=found.notes,
    )
