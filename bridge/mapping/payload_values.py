"""From the texts of a payload map to a message's properties: ids and words are strict, ornaments not. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bridge.fitting import size
from bridge.mapping.filters import number
from bridge.mapping.item import Item
from bridge.mapping.placeholders import Template
from bridge.message import Attachment
from bridge.reading import LONGEST_ID, Unfit, at, moment

Convert = Callable[[str, Template, Item], Any]
"""Property, what fills it, the item -> its value. Raises Unfit where a guess would lose or mix up something."""

TRUTHS = {"true": True, "1": True, "false": False, "0": False}


def ident(name: str, filled: Template, item: Item) -> str:
    """Return an id; "" = a part of it is missing: half an id could be another's.

    Raises Unfit for truth values, fractions, lists and objects, and for what is too long to be an id.
    """
    found = [piece if isinstance(piece, str) else piece(item) for piece in filled.pieces]
    if item.unread or any(isinstance(value, bool | float | tuple) for value in found):
        raise Unfit(f"{name} is not text or a whole number")
    whole = "".join(map(str, found)) if None not in found else ""
    if size(whole) > LONGEST_ID:
        raise Unfit(f"{name} is {size(whole)} bytes long, an id has at most {LONGEST_ID}")
    return whole


def words(name: str, filled: Template, item: Item) -> str:
    """Return text; "" = missing. Raises Unfit for objects: what was written may stand in them."""
    text = filled.text(item)
    if item.unread:
        raise Unfit(f"{name}: {item.unread[0]} is neither text nor a list of texts")
    return text


def ornament(_: str, filled: Template, item: Item) -> str:
    """Return text; "" = missing or of no use."""
    return filled.text(item)


def flag(name: str, filled: Template, item: Item) -> bool | None:
    """Return true or false; None = missing. Raises Unfit for anything else."""
    text = words(name, filled, item).strip().casefold()
    if text and text not in TRUTHS:
        raise Unfit(f"{name} is not true or false")
    return TRUTHS.get(text)


def _hint(_: str, filled: Template, item: Item) -> bool | None:
    return TRUTHS.get(filled.text(item).strip().casefold())


def _count(_: str, filled: Template, item: Item) -> int | None:
    found = number(filled.text(item))
    whole = isinstance(found, int | float) and found == int(found) and found >= 0
    return int(found) if whole and isinstance(found, int | float) else None


def _rating(name: str, filled: Template, item: Item) -> int | None:
    stars = _count(name, filled, item)
    return stars if stars in range(1, 6) else None


def _time(_: str, filled: Template, item: Item) -> Any:
    return moment({"": filled.text(item).strip()}, "")


OWN: Mapping[str, Convert] = {
    "thread": ident,
    "reply_to": ident,
    "version": ident,
    "text": words,
    "language": ornament,
    "rating": _rating,
    "url": ornament,
    "sent_at": _time,
}
"""Properties of the message itself -> how they are read; those with rules of their own are read in payload.py."""

AUTHOR: Mapping[str, Convert] = {
    "author.id": ident,
    "author.name": ornament,
    "author.handle": ornament,
    "author.followers": _count,
    "author.verified": _hint,
    "author.avatar": ornament,
    "author.phone": ornament,
    "author.email": ornament,
    "author.is_self": lambda name, filled, item: bool(flag(name, filled, item)),
}


def read(name: str, convert: Convert, filled: Template, item: Item) -> Any:
    """Return one property. Raises Unfit."""
    item.unread.clear()  # what an earlier property could not show is not this one's fault
    return convert(name, filled, item)


@dataclass(frozen=True, slots=True)
class Attachments:
    """Where the list is, and what fills each entry's properties."""

    each: str
    fields: Mapping[str, Template]

    def read(self, item: Item) -> tuple[Attachment, ...]:
        """Return the files of an item, but for entries without address and name. Raises Unfit for no list."""
        entries = at(item.item, self.each)
        if entries is None:
            return ()
        if not isinstance(entries, list):
            raise Unfit(f"attachments: {self.each} is not a list")
        return tuple(found for entry in entries if (found := self._one(Item(entry, item.body))))

    def _one(self, entry: Item) -> Attachment | None:
        values = {name: filled.text(entry) for name, filled in self.fields.items()}
        if not values.get("url") and not values.get("name"):
            return None
        return Attachment(**{**values, "kind": values.get("kind") or "file"})
