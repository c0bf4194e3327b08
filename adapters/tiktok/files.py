"""Fetches pictures and films of direct messages. They want our token, so only TikTok's own hosts are asked.

https://business-api.tiktok.com/portal/docs?id=1832184455450626
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from adapters.tiktok import media
from adapters.tiktok.service import Service, token_of
from bridge.calling import Answered, Unanswered
from bridge.errors import Trouble
from bridge.fetching import MEDIA, File, Unfetchable, harmless
from bridge.ports import Credentials

OWN: Sequence[str] = (
    *("tiktok.com", "tiktokcdn.com", "tiktokcdn-eu.com", "tiktokcdn-us.com", "tiktokv.com", "tiktokv.eu"),
    *("tiktokv.us", "byteoversea.com", "ibyteimg.com", "ibytedtos.com", "muscdn.com"),
)
"""The domains that TikTok and its company serve media from: nobody else may see a token."""

NAME = re.compile(r"[a-z0-9.-]+")
"""A host that everybody reads alike: what follows a backslash is a path to those who make the call."""


def fetch(service: Service, account: str, id_: str, credentials: Credentials) -> File:
    """Return the file behind Attachment.id. Raises Unfetchable."""
    wanted = media.read(id_)
    if wanted is None:
        raise Unfetchable(f"{id_[:80]!r} is no picture or film that TikTok hands out")
    try:
        token = token_of(credentials)
        asked = {
            "business_id": account,
            "conversation_id": wanted.conversation,
            "message_id": wanted.message,
            "media_id": wanted.number,
            "media_type": media.TYPES[wanted.kind],
        }
        told = service.read("POST", "/business/message/media/download/", token=token, json=asked)
        place = told.at("data", "download_url")
        return _file(service.api.call("GET", _own(place), headers={"x-user": token}), wanted)
    except (Trouble, Unanswered) as trouble:
        raise Unfetchable(f"the {wanted.kind} was not fetched from TikTok: {trouble}") from None


def _own(place: object) -> str:
    """The address, if it leads to TikTok. Raises Unfetchable, which does not show it: it may be secret."""
    try:
        parts = urlsplit(place if isinstance(place, str) else "")
        plain = parts.scheme == "https" and "@" not in parts.netloc and parts.port in (None, 443)
    except ValueError:
        raise Unfetchable("TikTok's address of the file cannot be read") from None
    host = parts.hostname or ""
    named = plain and NAME.fullmatch(host)
    if not named or not any(host == own or host.endswith(f".{own}") for own in OWN):
        raise Unfetchable(f"TikTok's file stands at {host!r}, which is no host of TikTok's")
    return parts.geturl()


def _file(answer: Answered, wanted: media.Media) -> File:
    if answer.status != 200 or not answer.body:
        raise Unfetchable(f"TikTok answered {answer.status} instead of the {wanted.kind}")
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in MEDIA:
        raise Unfetchable(f"{kind[:80]!r} is none of the types that are copied")
    return File(content=answer.body, type=kind, name=harmless(wanted.number, kind))
