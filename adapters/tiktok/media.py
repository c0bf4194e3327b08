"""What it takes to ask TikTok for a picture or film in a direct message, in one word. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

TYPES: Mapping[str, str] = {"image": "IMAGE", "video": "VIDEO"}
"""What can be asked for, and how TikTok calls it then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A file, and the message that it came with: TikTok wants to know all of it."""

    kind: str  #: image, video
    conversation: str
    message: str
    number: str

    @property
    def id(self) -> str:
        """Attachment.id; "" = TikTok gave the file no id."""
        if not self.number:
            return ""
        parts = (self.kind, self.conversation, self.message, self.number)
        return "/".join(quote(part, safe="") for part in parts)


def read(id_: str) -> Media | None:
    """Return what Attachment.id stands for; None = nothing that TikTok could be asked for."""
    parts = [unquote(part) for part in id_.split("/")]
    if len(parts) != 4 or parts[0] not in TYPES or not all(parts):
        return None
    kind, conversation, message, number = parts
    return Media(kind=kind, conversation=conversation, message=message, number=number)
