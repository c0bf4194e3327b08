"""Fetches what X's callbacks leave out: who wrote a post, and the pictures of direct messages."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import quote

from adapters.x.handle import described
from adapters.x.line import Line
from bridge.errors import Rejected, Trouble
from bridge.fetching import MEDIA, File, Unfetchable, harmless
from bridge.message import Message, Person
from bridge.ports import Credentials, Lack

USER = {"user.fields": "name,profile_image_url,public_metrics,username,verified,verified_type"}
AUTHOR: tuple[Lack, ...] = ("author",)
MEDIUM = re.compile(r"[0-9]{1,19}/[0-9]{1,19}/[\w.-]{1,50}", re.ASCII)


def lacks(message: Message) -> Collection[Lack]:
    """Return ("author",) where X told no more than the customer's id; it often sends no user beside a reply."""
    author = message.author
    unknown = bool(author.id) and not author.is_self and not (author.name or author.handle)
    return AUTHOR if unknown and message.change in ("created", "edited") else ()


def author(line: Line, message: Message, credentials: Credentials) -> Person:
    """Return who has the author's id. Raises RetryLater, Paused, or Rejected: gone, suspended, or no token.

    https://docs.x.com/x-api/users/get-user-by-id
    """
    auth = line.as_anybody(credentials, message.account.id)
    answer = line.read(f"/2/users/{quote(message.author.id, safe='')}", auth, USER)
    user = answer.at("data")
    if not isinstance(user, dict):  # X says 200 also of those whom it does not show
        raise Rejected("X shows no such user: the account is deleted or suspended.")
    return described(message.author.id, user)


def file(line: Line, medium: str, account: str, credentials: Credentials) -> File:
    """Return the picture of a direct message; medium: its Attachment.id. Raises Unfetchable.

    https://docs.x.com/x-api/direct-messages/download-dm-media
    """
    name = medium.rpartition("/")[2]
    ending = name.rpartition(".")[2].lower()
    kind = next((kind for kind, endings in MEDIA.items() if ending in endings), "")
    if not MEDIUM.fullmatch(medium) or not kind or name.startswith("."):
        raise Unfetchable(f"{medium[:80]!r} is no picture of a direct message of X's")
    try:
        answer = line.read(f"/2/dm_conversations/media/{medium}", line.as_handle(credentials, account))
    except Trouble as trouble:
        raise Unfetchable(f"{name!r} was not fetched: {trouble}") from None
    if not answer.body:
        raise Unfetchable(f"{name!r} was not fetched: it is empty")
    return File(content=answer.body, type=kind, name=harmless(name, kind))
