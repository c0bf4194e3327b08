"""Cuts a feed into its entries, so that each is read on its own. Pure.

Publishers write what a hub relays, so a feed is hostile text: document types are refused, and with them every
entity and all that is external; and feedparser, which reads the pieces, never gets what takes it too long.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.parsers import expat

from adapters.websub.decoding import mended
from bridge.reading import DEEPEST, Unfit

ROOTS = frozenset({"feed", "rss", "rdf"})
ENTRIES = frozenset({"entry", "item", "deleted-entry"})

WORDS = frozenset({"title", "summary", "description", "content", "encoded", "body", "tagline", "subtitle"})
"""Elements whose text may be of any length; what stands inside them is markup."""

PEOPLE = frozenset(
    {"author", "contributor", "creator", "email", "managingeditor", "name", "owner", "publisher", "webmaster"}
)
ADDRESSES = frozenset({"uri", "url"})
LONGEST_PERSON = 200
LONGEST_VALUE = 2_000
"""Characters of a person, and of any other element; one with more is left out.

feedparser looks for an address in a person's text, which takes it the square of its length.
"""

LISTED = frozenset({"category", "subject", "keywords", "tags"})
MOST_LISTED = 50
"""Of these in an entry; feedparser compares each with each. One with commas is a list by itself."""

MOST_ELEMENTS = 50_000
MOST_ENTRIES = 2_000
MOST_NAMESPACES = 64
LONGEST_TAG = 8_192
"""In the whole feed; the last is bytes, of each tag around entries. A blog has 50 entries, 1,000 elements, 10
namespaces."""

TAG = re.compile(rb"<(?:[^\"'>]|\"[^\"]*\"|'[^']*')*>")
NAME = re.compile(rb"(?<=<)[^\s/>]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """An entry as it stands in the feed."""

    name: str  #: of its element, without prefix: entry, item, deleted-entry
    attributes: Mapping[str, str]  #: without prefixes
    raw: bytes  #: its XML
    alone: bytes  #: a feed that holds nothing else, for feedparser


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed in pieces."""

    around: bytes  #: the feed without entries, for feedparser
    pieces: tuple[Piece, ...]
    fault: str = ""  #: why what follows the last piece could not be read; "" = there is nothing more
    rest: bytes = b""  #: what follows it, where there is a fault


@dataclass(slots=True, kw_only=True)
class _Element:
    name: str
    start: int
    attributes: Mapping[str, str]
    holds: bool  #: entries stand in it: the root, and RSS's channel
    characters: int = 0
    within: int = 0  #: characters in what it holds, but for addresses
    commas: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    element: _Element
    end: int
    depth: int  #: 1 = a child of the root, 2 = of its channel
    holes: tuple[tuple[int, int], ...]  #: what is left out, in order

    def filled(self, xml: bytes) -> bytes:
        """Return what stands there without the holes."""
        starts = (self.element.start, *(end for _, end in self.holes))
        ends = (*(start for start, _ in self.holes), self.end)
        return b"".join(xml[start:end] for start, end in zip(starts, ends, strict=True))


def cut(text: str) -> Feed:
    """Return the feed in pieces; a feed that is no XML from some place on has the pieces before it, and a fault.

    Raises Unfit where not even its beginning is a feed's.
    """
    cutter = _Cutter(text.encode())
    fault, malformed = cutter.run()
    if malformed:
        cutter = _Cutter(mended(text).encode())
        fault, _ = cutter.run()
    if not cutter.tags:
        raise Unfit(fault or "it is empty")
    return cutter.feed(fault)


class _Cutter:
    """Walks through the XML once and notes where things begin and end."""

    def __init__(self, xml: bytes) -> None:
        self.xml = xml
        self.open: list[_Element] = []
        self.tags: list[bytes] = []  #: the start tags of the root, and of RSS's channel
        self.spans: list[_Span] = []  #: the children of these two
        self.holes: list[tuple[int, int]] = []
        self.wordy = 0  #: how deep the element of words stands that we are in; 0 = in none
        self.elements = self.entries = self.namespaces = self.listed = 0
        self.parser = expat.ParserCreate("utf-8", " ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartNamespaceDeclHandler = self._namespace
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def run(self) -> tuple[str, bool]:
        """Return what is wrong, "" = nothing, and whether it is the XML itself."""
        try:
            self.parser.Parse(self.xml, True)  # noqa: FBT003 - at once: in chunks a long tag is read again and again
        except Unfit as fault:
            return str(fault), False
        except expat.ExpatError as fault:
            return f"it is no XML: {fault}", True
        return "", False

    def feed(self, fault: str) -> Feed:
        """Return what was found."""
        around = [span for span in self.spans if span.element.name not in ENTRIES]
        entries = [span for span in self.spans if span.element.name in ENTRIES]
        done = max((span.end for span in self.spans), default=0)
        return Feed(
            around=self._alone(len(self.tags), *(span.filled(self.xml) for span in around)),
            pieces=tuple(
                Piece(
                    name=span.element.name,
                    attributes=span.element.attributes,
                    raw=self.xml[span.element.start : span.end],
                    alone=self._alone(span.depth, span.filled(self.xml)),
                )
                for span in entries
            ),
            fault=fault,
            rest=self.xml[done:] if fault else b"",
        )

    def _alone(self, depth: int, *held: bytes) -> bytes:
        tags = self.tags[:depth]
        return b"".join([*tags, *held, *(b"</" + _name(tag) + b">" for tag in reversed(tags))])

    def _doctype(self, *_: object) -> None:
        raise Unfit("it has a document type, which no feed needs")

    def _namespace(self, *_: object) -> None:
        self.namespaces += 1
        if self.namespaces > MOST_NAMESPACES:
            raise Unfit(f"it has more than {MOST_NAMESPACES} namespaces")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        if self.elements > MOST_ELEMENTS:
            raise Unfit(f"it has more than {MOST_ELEMENTS} elements")
        if len(self.open) >= DEEPEST:
            raise Unfit(f"it is nested deeper than {DEEPEST} levels")
        element = _Element(
            name=_local(name),
            start=self.parser.CurrentByteIndex,
            attributes={_local(key): value for key, value in attributes.items()},
            holds=self._holds(_local(name)),
        )
        self.open.append(element)
        if element.holds:
            self.tags.append(self._tag(element))
        elif element.name in WORDS and not self.wordy:
            self.wordy = len(self.open)

    def _holds(self, name: str) -> bool:
        """Whether the element that begins is the root or RSS's channel. Raises Unfit for another root."""
        if self.open:
            return name == "channel" and len(self.tags) == 1 and [one.name for one in self.open] == ["rss"]
        if name not in ROOTS:
            raise Unfit("it is no feed: its root is neither feed, rss nor RDF")
        return True

    def _text(self, text: str) -> None:
        self.open[-1].characters += len(text)
        self.open[-1].commas += text.count(",")

    def _end(self, _: str) -> None:
        element = self.open.pop()
        if element.holds:
            return
        around = self.open[-1]
        too_much = self._is_too_much(element)
        if self.wordy == len(self.open) + 1:
            self.wordy = 0
        if around.holds:
            if not too_much:
                self._found(element)
            self.holes, self.listed = [], 0
        elif too_much:
            while self.holes and self.holes[-1][0] > element.start:
                self.holes.pop()
            self.holes.append((element.start, self._after(element)))
        elif element.name not in ADDRESSES:
            around.within += element.characters + element.within

    def _found(self, element: _Element) -> None:
        self.entries += element.name in ENTRIES
        if self.entries > MOST_ENTRIES:
            raise Unfit(f"it has more than {MOST_ENTRIES} entries")
        end, depth = self._after(element), len(self.open)
        self.spans.append(_Span(element=element, end=end, depth=depth, holes=tuple(self.holes)))

    def _is_too_much(self, element: _Element) -> bool:
        if element.name in ENTRIES:
            return False
        if element.name in LISTED:
            self.listed += 1 + element.commas
            return self.listed > MOST_LISTED
        if element.name in PEOPLE:
            return element.characters + element.within > LONGEST_PERSON
        return not self.wordy and element.characters > LONGEST_VALUE

    def _after(self, element: _Element) -> int:
        """Where the element ends that expat is at the end tag of, or behind if it is empty: <a/>."""
        here = self.parser.CurrentByteIndex
        begun = TAG.match(self.xml, element.start)
        empty = begun is not None and begun.end() == here and begun[0].endswith(b"/>")
        return here if empty else self.xml.index(b">", here) + 1

    def _tag(self, element: _Element) -> bytes:
        """The start tag. feedparser looks for a letter at its beginning, at length where there is none."""
        found = TAG.match(self.xml, element.start)
        if found is None or not found[0][1:2].isalpha() or len(found[0]) > LONGEST_TAG:
            raise Unfit(f"it is no feed: its first tag is over {LONGEST_TAG} bytes, or begins with no letter")
        return found[0].removesuffix(b"/>").removesuffix(b">") + b">"


def _local(name: str) -> str:
    return name.rpartition(" ")[2].lower()


def _name(tag: bytes) -> bytes:
    found = NAME.match(tag)
    return found[0] if found else b""
