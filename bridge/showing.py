"""What our app in a CRM is told of a case: JSON, version 1. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bridge.errors import Rejected
from bridge.message import Message, Person
from bridge.ports import Way
from bridge.steps import Item
from bridge.store.threads import Given, Thread

Json = dict[str, Any]

LINKS = ("https://", "http://")  #: what else stands where a link should be is left out: it may be a script


def thread(found: Thread, way: Way | Rejected | None) -> Json:
    """A case as the app shows it. way: how its customer can be answered; None = nobody can tell.

    A message that another version of Casebridge stored, and that this one cannot read, is left out.
    """
    read = [(one, message) for one in found.items if (message := one.readable) is not None]
    return {
        "version": 1,
        "case": found.case_id,
        "channel": read[-1][1].channel if read else "",
        "messages": [_message(one, message) for one, message in read],
        "more": found.more,
        "replies": [_reply(one) for one in found.replies],
        "window": _window(way),
        "now": _time(found.now),
    }


def _message(one: Item, message: Message) -> Json:
    return {
        "key": one.key,
        "kind": message.kind,
        "public": message.public,
        "change": message.change,
        "text": message.text,
        "sent_at": _time(message.sent_at),
        "url": _link(message.url),
        "state": one.state,
        "reason": one.reason,
        "author": _author(message.author),
        "ours": message.author.is_self,
        "attachments": [{"type": file.kind, "url": _link(file.url)} for file in message.attachments],
    }


def _author(person: Person) -> Json:
    return {
        "name": person.name,
        "handle": person.handle,
        "url": "",
        "avatar": _link(person.avatar),
        "followers": person.followers,
        "verified": bool(person.verified),
    }


def _reply(one: Given) -> Json:
    return {
        "id": one.id,
        "agent": one.agent,
        "text": "",
        "private": one.private,
        "state": one.state,
        "reason": one.reason,
        "url": _link(one.url),
        "taken_at": _time(one.taken_at),
        "retry": one.retry,
    }


def _window(way: Way | Rejected | None) -> Json | None:
    match way:
        case None:
            return None
        case Rejected():
            return {"until": None, "most": 0, "unit": "", "says": str(way)}
        case Way():
            most = 0 if way.split else way.most  # a longer one goes out as several messages
            return {"until": _time(way.until), "most": most, "unit": way.unit, "says": ""}


def _time(when: datetime | None) -> str | None:
    return None if when is None else when.astimezone(UTC).isoformat(timespec="seconds")


def _link(url: str) -> str:
    return url if url.lower().startswith(LINKS) else ""
