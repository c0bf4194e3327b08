"""What was masked in a message, counted by place. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.masks import MASKS, Where
from bridge.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Masked:
    """What is masked in one place of the message."""

    where: Where
    kind: str
    place: str
    times: int


def masked_between(before: Message, after: Message, where: Where) -> tuple[Masked, ...]:
    """What was masked from one to the other, by what now stands there."""
    old, new = _places(before), _places(after)
    return tuple(
        Masked(where=where, kind=kind, place=place, times=times)
        for place, text in new.items()
        for kind, mask in MASKS.items()
        if (times := text.count(mask) - old[place].count(mask)) > 0
    )


def _places(message: Message) -> dict[str, str]:
    """The parts of a message that masks look into, as text."""
    author = message.author
    return {
        "text": message.text,
        "url": message.url,
        "author": "\n".join((author.name, author.avatar, author.phone, author.email)),
        "attachments": "\n".join(f"{one.name}\n{one.url}" for one in message.attachments),
        "raw": message.raw.decode(errors="replace"),
    }
