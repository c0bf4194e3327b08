"""Fetches files that came with messages, for mappings that copy them.

https://core.telegram.org/bots/api#getfile
"""

from __future__ import annotations

from adapters.telegram import faults, methods
from bridge.calling import Answered, Api, Unanswered
from bridge.errors import Rejected
from bridge.fetching import MEDIA, File, Unfetchable, harmless
from bridge.message import clean
from bridge.ports import Credentials

KINDS = {ending: kind for kind, endings in reversed(list(MEDIA.items())) for ending in endings}
"""The ending of a file's name -> what it is: Telegram calls most of them application/octet-stream."""

NOT_TOLD = "Telegram did not hand the file out: {why}"


def open_file(api: Api, media: str, credentials: Credentials) -> File:
    """Return a file by its id. Raises Unfetchable.

    Both calls go to Telegram's own host, since the file's address holds the token.
    """
    try:
        found = _get(api, methods.method("getFile", credentials), file_id=media)
        path = found.at("result", "file_path")
        if not isinstance(path, str) or not path:
            raise Unfetchable(NOT_TOLD.format(why=faults.refused(found)))
        answer = _get(api, methods.file(clean(path), credentials))
    except Rejected as refusal:
        raise Unfetchable(NOT_TOLD.format(why=refusal)) from None
    if not answer.ok or not answer.body:
        raise Unfetchable(NOT_TOLD.format(why=f"it answered {answer.status}" if answer.body else "it is empty"))
    name = path.rpartition("/")[2]
    kind = KINDS.get(name.rpartition(".")[2].lower())
    if kind is None:
        raise Unfetchable(NOT_TOLD.format(why=f"{name[-80:]!r} is none of the types that are copied"))
    return File(content=answer.body, type=kind, name=harmless(name, kind))


def _get(api: Api, path: str, **query: str) -> Answered:
    try:
        return api.call("GET", path, query=query)
    except Unanswered as lost:
        raise Unfetchable(NOT_TOLD.format(why=lost)) from None
