"""Reads what X says of a text beside it: links, mentions, media. What is of no use there is left out. Pure.

https://docs.x.com/x-api/fundamentals/data-dictionary
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bridge.message import Attachment
from bridge.reading import Json, digits, ornament

SHORT = re.compile("https?://t\\.co/[0-9A-Za-z]+")
STATUS = re.compile("https?://(?:(?:www|mobile)\\.)?(?:twitter|x)\\.com/([0-9A-Za-z_]+)/status/([0-9]+)")
ESCAPED = {"&amp;": "&", "&lt;": "<", "&gt;": ">"}

MOST_LINKS = 100
"""Expanded in one text: a hostile one repeats a short link until it fills the memory."""

LONGEST_LINK = 2000

PICTURES = ("pic.x.com/", "pic.twitter.com/")

KINDS = {"photo": "image", "animated_gif": "video"}

NO_LANGUAGE = re.compile("und|zxx|mis|mul|art|q[a-t][a-z]")
"""What X writes where it knows none, as qme for a post of media only.

https://docs.x.com/x-api/posts/filtered-stream/integrate/build-a-rule
"""


def within(of: Json, name: str) -> Json:
    """Return the object under `name`; {} = absent or of no use."""
    value = of.get(name)
    return value if isinstance(value, dict) else {}


def each(of: Json, name: str) -> list[Json]:
    """Return the objects in the list under `name`; [] = absent or of no use."""
    value = of.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def number_of(one: Json) -> str:
    """Return the id of what only stands beside a post; "" = absent or of no use."""
    return ornament(one, "id_str") or number(one, "id")


def number(of: Json, name: str) -> str:
    """Return an id under `name` in an answer of X's; "" = absent or of no use."""
    return ornament(of, name) or digits(of, name)


def readable(text: str, urls: Iterable[Json], media: Sequence[str] = ()) -> str:
    """Return a text as X shows it: HTML escapes undone once, short links as what they lead to.

    urls: entities with `url` and `expanded_url`; media: the short links of attachments, which X hangs at the end.
    """
    ends = [one for one in media if SHORT.fullmatch(one)][:MOST_LINKS]
    for _ in ends:
        text = _shortened(text, ends)
    long = {ornament(one, "url"): ornament(one, "expanded_url") for one in urls}
    told = {short: link for short, link in long.items() if 0 < len(link) <= LONGEST_LINK}
    text = re.sub("&(?:amp|lt|gt);", lambda found: ESCAPED[found[0]], text)
    return SHORT.sub(lambda found: told.get(found[0], found[0]), text, count=MOST_LINKS)


def _shortened(text: str, ends: Sequence[str]) -> str:
    whole = text.rstrip()
    link = next((one for one in ends if whole.endswith(one)), "")
    return whole[: -len(link)].rstrip() if link else text


def of_media(urls: Iterable[Json]) -> list[str]:
    """Return the short links among these that stand for the post's own media."""
    return [
        ornament(one, "url")
        for one in urls
        if one.get("media_key") is not None or ornament(one, "display_url").startswith(PICTURES)
    ]


def quoted_handle(urls: Iterable[Json], number: str) -> str:
    """Return @handle, in lower case, of whom the link to a post names as its author; "" = no link names one."""
    found = (STATUS.match(ornament(one, "expanded_url")) for one in urls)
    handle = next((one[1].lower() for one in found if one and one[2] == number), "i")
    return "" if handle == "i" else f"@{handle}"  # x.com/i/status/… is a link for everybody's posts


def mentions(entities: Json) -> tuple[str, ...]:
    """Return who is mentioned, in order: ids, or @handle in lower case where X gives no id."""
    found = (_mentioned(one) for name in ("mentions", "user_mentions") for one in each(entities, name))
    return tuple(dict.fromkeys(one for one in found if one))


def _mentioned(one: Json) -> str:
    number = number_of(one)
    handle = ornament(one, "username") or ornament(one, "screen_name")
    return number or (f"@{handle.lower()}" if handle else "")


def attachment(media: Json) -> Attachment:
    """Return a picture or film; of a film the best file, else its first picture."""
    kind = ornament(media, "type") or "unknown"
    # In the legacy shape `url` is the short link in the text.
    picture = ornament(media, "media_url_https") or ornament(media, "url") or ornament(media, "preview_image_url")
    return Attachment(kind=KINDS.get(kind, kind), url=_film(media) or picture, name=ornament(media, "alt_text"))


def _film(media: Json) -> str:
    variants = each(media, "variants") or each(within(media, "video_info"), "variants")
    films = [one for one in variants if one.get("content_type") == "video/mp4"]
    return ornament(max(films, key=_bit_rate), "url") if films else ""


def _bit_rate(variant: Json) -> int:
    return int(digits(variant, "bit_rate") or digits(variant, "bitrate") or 0)


def language(of: Json) -> str:
    """Return the language that X heard in a text; "" = none, or no use."""
    found = ornament(of, "lang")
    return "" if NO_LANGUAGE.fullmatch(found) else found
