"""How long a text can get that a mapping makes, and what to write where its field is shorter. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter

from bridge.mapping.document import Document, Node
from bridge.mapping.fields import truth_of
from bridge.mapping.given import Words, results
from bridge.mapping.placeholders import Placeholder, Word, scan

SHORT = 1000  #: characters; a field that holds more is made for what people write

AT_MOST: Mapping[str, int] = {
    "channel": 40,
    "connection": 63,
    "kind": 13,
    "change": 8,
    "language": 35,  # https://www.rfc-editor.org/rfc/rfc5646#section-4.4.1
    "account.id": 64,
    "author.id": 64,
    "author.name": 80,
    "author.handle": 64,
    "author.phone": 40,
    "author.email": 80,
    "rating": 20,
    "author.followers": 20,
    "author.recent_messages": 20,
    "revision": 20,
    "public": 5,
    "author.verified": 5,
    "author.is_self": 5,
    "sent_at": 20,
    "received_at": 20,
    "text": -1,
    "attachments": -1,
}
"""Word -> how many characters it has at most, but for oddities; -1 = there is no such number."""
OTHER = 100  #: of ids, addresses, what is read from `raw`, from records and from `about`: seldom more

FILTERED: Mapping[str, int] = {"number": 20, "date": 10, "local_time": 16}
"""Filter -> the most characters that come out of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Excess:
    """A placeholder that can make a text longer than its field."""

    node: Node
    document: Document
    written: str  #: {text}
    instead: str  #: {text | one_line | shorten 232}; "" = the text around it fills the field


def excesses(node: Node, document: Document, words: Words, most: int) -> Iterator[Excess]:
    """Say which placeholder to shorten, in each text that can be longer than `most`."""
    if node.entries:
        for result in results(node):
            yield from excesses(result, document, words, most)
        return
    sizes = [(_size(piece, words), piece) for piece in scan(node.text or "")]
    filled = [(size, piece) for size, piece in sizes if isinstance(piece, Placeholder)]
    if not filled or sum(size for size, _ in sizes) <= most:
        return
    largest, longest = max(filled, key=itemgetter(0))
    room = most - sum(size for size, _ in sizes if size < math.inf)
    endless = [size for size, _ in filled].count(math.inf)
    room = room // endless if endless else room + largest
    source = (node.text or "")[longest.begin : longest.end]
    yield Excess(node=node, document=document, written=source, instead=_shortened(longest, source, int(room)))


def _size(piece: str | Placeholder, words: Words) -> float:
    """The most characters of a piece of a text; inf = any number."""
    if isinstance(piece, str):
        return len(piece)
    path, *filters = piece.parts()
    size = _of_word(path[0].text, words)
    for name, *arguments in filters:
        size = _filtered(size, name.text, arguments, words)
    return size


def _of_word(word: str, words: Words) -> float:
    if word in words.rules:
        rules, document = words.rules[word]
        others = Words({name: found for name, found in words.rules.items() if name != word})
        return max((_of_text(one, document, others) for one in results(rules)), default=0)
    size = AT_MOST.get(word, OTHER)
    return math.inf if size < 0 else size


def _of_text(node: Node, document: Document, words: Words) -> float:
    if truth_of(node, document) is not None:
        return len("false")
    return sum(_size(piece, words) for piece in scan(node.text or ""))


def _filtered(size: float, name: str, arguments: list[Word], words: Words) -> float:
    if name == "shorten":
        return min(size, int(arguments[0].text))
    if name == "default":
        instead = arguments[0]
        return max(size, len(instead.text) if instead.quoted else _of_word(instead.text, words))
    return FILTERED.get(name, size)


def _shortened(found: Placeholder, source: str, room: int) -> str:
    """The placeholder cut to the room that there is; "" = there is none."""
    if room < 1:
        return ""
    parts = found.parts()
    last = parts[-1][0]
    inside = source[1 : last.at - found.begin] if last.text == "shorten" else source[1:-1]
    kept = inside.strip().removesuffix("|").strip()
    lines = parts[0][0].text == "text" and all(part[0].text != "one_line" for part in parts[1:])
    return f"{{{kept}{' | one_line' if lines else ''} | shorten {room}}}"
