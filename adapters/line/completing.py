"""Fetches what LINE's callbacks leave out: who the author is, and the bytes of pictures, films, sounds and files.

https://developers.line.biz/en/reference/messaging-api/#profile,
https://developers.line.biz/en/reference/messaging-api/#get-content
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import quote

from adapters.line import faults
from bridge.calling import Api, Unanswered, harmless
from bridge.errors import Rejected
from bridge.fetching import MEDIA, File, Unfetchable
from bridge.fetching import harmless as named
from bridge.message import Message, Person
from bridge.ports import Credentials, Lack
from bridge.reading import ornament

HOME, FILES = "https://api.line.me", "https://api-data.line.me"

UNARMED = "connections.yaml holds no token for this account: issue a channel access token and write it there."
NOT_TOLD = "LINE did not hand the file out: {why}"

NAME: tuple[Lack, ...] = ("author",)
PREPARING = 202

PROFILES = {"group": "/v2/bot/group/{chat}/member/{user}", "room": "/v2/bot/room/{chat}/member/{user}"}
"""Where a group's members are asked for, friends of the account or not."""
PROFILE = "/v2/bot/profile/{user}"


def token(credentials: Credentials) -> str:
    """Return the channel access token. Raises Rejected without one."""
    if credentials.token is None:
        raise Rejected(UNARMED)
    return credentials.token.get_secret_value()


def lacks(message: Message) -> Collection[Lack]:
    """Return what LINE left out: the name behind an id, always."""
    nameless = bool(message.author.id) and not message.author.name
    return NAME if nameless and message.change != "deleted" and not message.completed else ()


def author(api: Api, message: Message, credentials: Credentials) -> Person:
    """Return the author's name and picture. Raises what Channel.author does."""
    path = PROFILES.get(message.notes.get("source", ""), PROFILE)
    chat, user = (quote(one, safe="") for one in (message.notes.get("to", ""), message.author.id))
    answer = api.read("GET", path.format(chat=chat, user=user), token=token(credentials))
    if not answer.ok:
        raise harmless(faults.refused(answer))
    return Person(
        id=message.author.id,
        name=ornament(answer.json, "displayName"),
        avatar=ornament(answer.json, "pictureUrl"),
    )


def open_file(api: Api, media: str, credentials: Credentials) -> File:
    """Return what came with a message, by the message's id. Raises Unfetchable."""
    try:
        answer = api.call("GET", f"/v2/bot/message/{quote(media, safe='')}/content", token=token(credentials))
    except Rejected as refusal:
        raise Unfetchable(NOT_TOLD.format(why=refusal)) from None
    except Unanswered as lost:
        raise Unfetchable(NOT_TOLD.format(why=lost)) from None
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if answer.status == PREPARING:
        why = "it is still being prepared"
    elif not answer.ok:
        why = str(faults.refused(answer))
    elif kind not in MEDIA:
        why = f"{kind[:80]!r} is none of the types that are copied"
    elif not answer.body:
        why = "it is empty"
    else:
        return File(content=answer.body, type=kind, name=named(media, kind))
    raise Unfetchable(NOT_TOLD.format(why=why))
