"""Reads the content of a LINE message: its words, and what came with them. Pure.

https://developers.line.biz/en/reference/messaging-api/#message-event
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bridge.message import Attachment, clean
from bridge.reading import Json, Unfit, digits, ident, need, ornament, part, words

UNKNOWN = "[a LINE message of a kind that apps cannot read]"

STICKER = "https://stickershop.line-scdn.net/stickershop/v1/sticker/{id}/android/sticker.png"
"""Where LINE's shop shows a sticker: known from how others use it, documented nowhere. An ornament."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a message says."""

    text: str = ""
    attachments: tuple[Attachment, ...] = ()


NOTHING = Content()


def read(message: Json) -> Content:
    """Return what a message says. One of a kind that LINE invents later says so: it must not vanish.

    LINE's own emoji stay in the text as LINE spells them: a name in brackets, or $.
    Raises Unfit when it cannot be read.
    """
    return KINDS.get(need(words(message, "type"), "message.type"), _unknown)(message)


def _text(message: Json) -> Content:
    return Content(text=need(words(message, "text"), "text"))


def _medium(message: Json) -> Content:
    """Return a picture, film, sound or file; LINE gives an id, which only its API turns into the bytes."""
    url = words(part(message, "contentProvider"), "originalContentUrl")
    number = "" if url else ident(message, "id")
    medium = Attachment(kind=words(message, "type"), url=url, name=ornament(message, "fileName"), id=number)
    return Content(attachments=(medium,))


def _place(message: Json) -> Content:
    """Return a place in words too: it has no address on the web that a case could link to."""
    latitude, longitude = message.get("latitude"), message.get("longitude")
    if not {type(latitude), type(longitude)} <= {int, float}:
        raise Unfit("a location's latitude and longitude are not two numbers")
    where = f"{latitude},{longitude}"
    lines = [ornament(message, "title"), ornament(message, "address"), where]
    return Content(
        text="\n".join(line for line in lines if line),
        attachments=(Attachment(kind="location", name=where),),
    )


def _sticker(message: Json) -> Content:
    """Return a sticker, with the words that its sender put on it and the keywords that LINE knows it by."""
    number, keywords = digits(message, "stickerId"), message.get("keywords")
    told = [one for one in keywords if isinstance(one, str)] if isinstance(keywords, list) else []
    url = STICKER.format(id=number) if number else ""
    sticker = Attachment(kind="sticker", url=url, name=clean(", ".join(told)))
    return Content(text=words(message, "text"), attachments=(sticker,))


def _unknown(message: Json) -> Content:
    return Content(text=words(message, "text") or UNKNOWN)


KINDS: dict[str, Callable[[Json], Content]] = {
    "audio": _medium,
    "file": _medium,
    "image": _medium,
    "location": _place,
    "sticker": _sticker,
    "text": _text,
    "video": _medium,
}
