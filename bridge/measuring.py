"""How long a text is to a platform, and where a long one is cut. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import regex

from bridge.ports import Unit

GRAPHEME = regex.compile(r"\X")
EMOJI = regex.compile(r"\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Regional_Indicator}|[\u200d\u20e3\ufe0f]")

LINK = regex.compile(
    r"(?:https?://|(?<![\w@.-])(?=[\w-]+\.[\w.-]*\w))(?:[\p{L}\p{N}-]+\.)+\p{L}{2,}(?::\d+)?(?:[/?#][^\s<>\"]*)?",
    regex.IGNORECASE,
)
LINK_WEIGHT = 23

LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
"""What weighs 1 on X; everything else weighs 2.

https://github.com/twitter/twitter-text/blob/master/config/v3.json
"""


def measure(text: str, unit: Unit) -> int:
    """Return the length of a text as a platform counts it."""
    return MEASURES[unit](text)


def split(text: str, most: int, unit: Unit) -> list[str]:
    """Return the text in pieces of at most `most`, cut between paragraphs, else lines, sentences, words.

    A grapheme is cut only where it alone is too long. [] = there is nothing to say.
    """
    pieces = []
    rest = text.strip()
    while measure(rest, unit) > most:
        head = _longest(rest, most, unit)
        at = _seam(rest, head)
        pieces.append(rest[:at].rstrip())
        rest = rest[at:].lstrip()
    return [*pieces, rest] if rest else pieces


def _longest(text: str, most: int, unit: Unit) -> int:
    """Return how many characters from the beginning fit, at least one: a whole number of graphemes if one fits."""
    ends: list[int] = [found.end() for found in GRAPHEME.finditer(text[: most + 1])]
    low, high = 0, len(ends)
    while low < high:
        middle = (low + high + 1) // 2
        if measure(text[: ends[middle - 1]], unit) <= most:
            low = middle
        else:
            high = middle - 1
    if low:
        return ends[low - 1]
    return next((n for n in range(most, 1, -1) if measure(text[:n], unit) <= most), 1)


SEAMS: Sequence[str] = ("\n\n", "\n", ". ", "! ", "? ", " ")


def _seam(text: str, most: int) -> int:
    """Return where to cut within the first `most` characters: the best seam behind the middle, else any word's."""
    for seam in SEAMS:
        at = text.rfind(seam, most // 2, most + 1)
        if at > 0:
            return at + len(seam.rstrip())
    at = text.rfind(" ", 0, most + 1)
    return at if at > 0 else most


def _weighted(text: str) -> int:
    """Return X's weight: a link 23, an emoji 2 however it is made up, Latin and its like 1, the rest 2.

    https://docs.x.com/fundamentals/counting-characters
    """
    rest, links = LINK.subn("", text)
    weight: int = links * LINK_WEIGHT + sum(_weight(cluster) for cluster in GRAPHEME.findall(rest))
    return weight


def _weight(cluster: str) -> int:
    if len(cluster) > 1 and EMOJI.search(cluster):
        return 2
    return sum(1 if any(low <= ord(char) <= high for low, high in LIGHT) else 2 for char in cluster)


def _emoji_bytes(text: str) -> int:
    """Return Threads' count: an emoji is as long as its bytes, everything else one.

    https://developers.facebook.com/docs/threads/overview#limitations
    """
    return sum(
        len(cluster.encode()) if EMOJI.search(cluster) and not cluster.isascii() else len(cluster)
        for cluster in GRAPHEME.findall(text)
    )


MEASURES: Mapping[Unit, Callable[[str], int]] = {
    "characters": len,
    "utf16": lambda text: len(text.encode("utf-16-le")) // 2,
    "bytes": lambda text: len(text.encode()),
    "graphemes": lambda text: sum(1 for _ in GRAPHEME.finditer(text)),
    "weighted": _weighted,
    "emoji_bytes": _emoji_bytes,
}
