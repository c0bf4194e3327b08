"""What `profile: regulated` forbids: raw payloads, public words, numbers in the clear. Pure.

A regulated mapping takes raw from its whole connections: messages are stored before anybody knows which mapping
will have them.
"""

from __future__ import annotations

import re
from collections import abc
from collections.abc import Iterator, Sequence

from bridge.mapping.compiled import Mapping
from bridge.mapping.document import Document, Fault, Node
from bridge.mapping.sections import below
from bridge.masks import Kind

MASKED: Sequence[Kind] = ("card_number", "iban")
"""What no financial transaction over a social network can do without."""

PLACEHOLDER = re.compile(r"""\{\{|\}\}|\{((?:"[^"]*"|'[^']*'|[^{}"'])*)\}""")
WORD = re.compile(r"""\"[^"]*"|'[^']*'|[^\s|"']+""")
RAW = "raw."

KEEPS_NONE = "a regulated mapping keeps no raw, so {word!r} cannot be read: use the words that every message has"
TAKEN_AWAY = (
    "{word!r} is not there: the regulated mapping {other!r} may take messages of the same connection, so they are "
    "stored without raw: use the words that every message has, or give each mapping a source of its own"
)
BORROWED = "; it is {} that borrows this"


def breaches(mapping: Mapping, document: Document, base: Document | None = None) -> list[Fault]:
    """What a regulated mapping must not do, by the files that it is made of; [] = nothing, or it is not regulated.

    base: the file that it is based on.
    """
    if not mapping.regulated:
        return []
    return [
        *_reading(document, base, KEEPS_NONE),
        *_public(mapping, document),
        *_unmasked(mapping, document, base),
    ]


def deprived(
    mappings: Sequence[Mapping], documents: abc.Callable[[str], tuple[Document, Document | None]]
) -> list[Fault]:
    """Where mappings that are not regulated read what a regulated one takes away from them.

    documents: by a mapping's name, the file and the one that it is based on.
    """
    return [
        fault
        for one in mappings
        if not one.regulated and (taker := _taker(one, mappings)) is not None
        for fault in _reading(*documents(one.name), TAKEN_AWAY, other=taker.name)
    ]


def _taker(mapping: Mapping, mappings: Sequence[Mapping]) -> Mapping | None:
    """The regulated mapping because of which this one's messages have no raw; one that only watches takes none."""
    takers = (one for one in mappings if one.regulated and not one.shadow)
    return next((one for one in takers if _share(one.source, mapping.source)), None)


def _share(one: Sequence[str] | None, other: Sequence[str] | None) -> bool:
    return one is None or other is None or bool({*one} & {*other})


# --- one file -------------------------------------------------------------------------------------------------


def _reading(document: Document, base: Document | None, reason: str, **told: str) -> Iterator[Fault]:
    """Every place where these files read raw."""
    for file, section in _sections(document, base):
        for node, word, nth in _words(section):
            said = reason.format(word=word, **told) + (BORROWED.format(document.file) if file is base else "")
            if nth is None:
                yield file.fault(node, "raw-not-kept", said, key=True)
            else:
                yield file.fault(node, "raw-not-kept", said, inside=word, nth=nth)


def _sections(document: Document, base: Document | None) -> Iterator[tuple[Document, Node]]:
    """What a mapping reads messages with: its own sections, and those that it borrows."""
    own = document.root.entries
    yield from ((document, own[name]) for name in ("accept", "decide", "contact", "case") if name in own)
    if base is not None:
        lent, kept = below(base.root, "accept"), below(document.root, "accept")
        yield from ((base, lent[name]) for name in ("when", "drop") if name in lent and name not in kept)
        yield from ((base, node) for name, node in base.root.entries.items() if name == "decide")


def _words(node: Node, *, table: bool = False) -> Iterator[tuple[Node, str, int | None]]:
    """Each raw.… that is read below a node: in the text of which node, and which of its places; None = its key.

    table: the keys are what customers' words are compared with.
    """
    for name, value in node.entries.items():
        if name.startswith(RAW) and not table:
            yield value, name, None
        yield from _words(value, table=name == "translate")
    for item in node.items:
        yield from _words(item)
    text = node.text or ""
    for found in PLACEHOLDER.finditer(text):
        for word in WORD.finditer(text, *found.span(1)) if found[1] else ():
            if word[0].startswith(RAW):
                yield node, word[0], text.count(word[0], 0, word.start())


def _public(mapping: Mapping, document: Document) -> Iterator[Fault]:
    if mapping.public:
        node = document.at(("case", "update", "comment", "public"))
        reason = "a regulated mapping shows nothing in public: write false, or remove this"
        yield document.fault(node, "nothing-public", reason)


def _unmasked(mapping: Mapping, document: Document, base: Document | None) -> Iterator[Fault]:
    missing = [f"{kind}: everywhere" for kind in MASKED if mapping.mask.get(kind) != "everywhere"]
    if not missing:
        return
    for keys, written in ((("protect", "mask"), "{}"), (("profile",), "protect: {{mask: {{{}}}}}")):
        file = next((one for one in (document, base) if one and keys[-1] in below(one.root, *keys[:-1])), None)
        if file is not None:
            line = written.format(", ".join(missing))
            reason = f"a regulated mapping masks card numbers and IBANs everywhere: write {line}"
            yield file.fault(file.at(keys), "not-masked", reason, key=True)
            return
