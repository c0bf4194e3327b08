"""Files that customers sent on WhatsApp: a message holds their ids, and only the number's token opens them.

https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
"""

from __future__ import annotations

import re

from adapters.meta.graph import Graph, path
from bridge.calling import MOST, Answered
from bridge.errors import Trouble
from bridge.fetching import MEDIA, File, Unfetchable, harmless

PLACE = re.compile(r"https://(?:[a-z0-9-]+\.)+(?:fbsbx\.com|whatsapp\.net)/[!-~]*\Z")
"""Where WhatsApp keeps files: the token goes there and nowhere else."""


def read(graph: Graph, media: str, account: str, token: str) -> File:
    """Return a file of at most MOST bytes by its id; its address holds for five minutes. Raises Unfetchable."""
    try:
        told = graph.get(path(media), token, phone_number_id=account)
        answer = graph.media(_address(told), token)
    except Trouble as trouble:
        raise Unfetchable(f"WhatsApp does not hand out the file {media!r}: {trouble}") from None
    return _file(media, answer)


def _address(told: Answered) -> str:
    """Return where a file is. Raises Unfetchable where that is none of WhatsApp's places, or it is too large."""
    size, url = told.at("file_size"), told.at("url")
    if isinstance(size, int) and size > MOST:
        raise Unfetchable(f"the file has {size} bytes: of WhatsApp's files at most {MOST} bytes are copied")
    if not isinstance(url, str) or not PLACE.match(url):
        raise Unfetchable("WhatsApp names no address of its own for the file, and the token goes nowhere else")
    return url


def _file(media: str, answer: Answered) -> File:
    if answer.status != 200:
        raise Unfetchable(f"WhatsApp answered {answer.status} to the file {media!r}")
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in MEDIA:
        raise Unfetchable(f"{kind[:80]!r} is none of the types that are copied")
    if not answer.body:
        raise Unfetchable(f"the file {media!r} is empty")
    return File(content=answer.body, type=kind, name=harmless(media, kind))
