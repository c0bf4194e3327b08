"""Files that a platform hands out by an id: how they are named to a CRM's adapter, and how it gets at them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import quote, unquote

from bridge import fetching
from bridge.fetching import File, Unfetchable
from bridge.message import Attachment, Message
from bridge.ports import Channel, Credentials

SCHEME = "casebridge-media:"
NO_FILES = frozenset({"link", "location", "story"})
"""Kinds of attachments that are addresses or places. A story may not be kept after it has ended."""


def to_copy(message: Message) -> tuple[Attachment, ...]:
    """The attachments of a message that are files; what only its platform hands out has an address of ours."""
    return tuple(
        replace(one, url=_address(message, one)) if one.id else one
        for one in message.attachments
        if one.kind not in NO_FILES and (one.id or (one.url and not one.url.startswith(SCHEME)))
    )


def _address(message: Message, one: Attachment) -> str:
    parts = (message.connection, message.account.id, one.id)
    return SCHEME + "/".join(quote(part, safe="") for part in parts)


@dataclass(frozen=True, slots=True)
class Media:
    """Fetches what `to_copy` named, from the platform or from the web."""

    channels: Mapping[str, Channel]  #: by connection
    credentials: Callable[[str, str], Credentials]  #: by connection and account

    def __call__(self, url: str, *, patience: timedelta) -> File:
        """The file. Raises Unfetchable, and nothing else, for whatever will not work."""
        if not url.startswith(SCHEME):
            return fetching.fetch(url, patience=patience)
        connection, account, media = (unquote(part) for part in url.removeprefix(SCHEME).split("/"))
        channel = self.channels.get(connection)
        if channel is None:
            raise Unfetchable(f"the file cannot be had: the connection {connection!r} is switched off")
        try:
            return channel.open(media, account, self.credentials(connection, account))
        except Unfetchable:
            raise
        except Exception as error:  # noqa: BLE001 - a file that fails must not keep the text
            raise Unfetchable(f"the file cannot be had: {type(error).__name__}") from None
