"""Rules, drop lines and whole mappings that no message ever reaches, as far as that is certain. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import get_args

from bridge.mapping.document import Document, Fault, Node
from bridge.mapping.implied import All, Atom, all_of, clash, covering, excludes, implies, ways
from bridge.mapping.online import Written
from bridge.mapping.sections import below
from bridge.message import Kind

KINDS: tuple[str, ...] = get_args(Kind)
MANY = 10**15  #: more than any number that can be written in a condition
ALWAYS = (
    Atom("kind", "one_of", KINDS),
    Atom("public", "one_of", ("true", "false")),
    Atom("author.is_self", "one_of", ("true", "false")),
)
"""What holds of every message."""
RANGES = {"rating": (1, 5), "author.followers": (0, MANY), "author.recent_messages": (0, MANY)}
"""Counts -> the least and the most that they can be."""


def of_file(document: Document) -> Iterator[Fault]:
    """Say which conditions of one file can never come to anything."""
    for rules in below(document.root, "decide").values():
        yield from _covered(rules.items, "covered-rule", document)
    yield from _covered(_drops(document), "covered-drop", document)
    for _, found in conditions(document):
        yield from _contradictory(found, document)
        yield from _out_of_range(found, document)


def conditions(document: Document) -> Iterator[tuple[Node, All]]:
    """Every condition of a file, each way to fulfil it by itself, and the rule or line that it belongs to."""
    for rules in below(document.root, "decide").values():
        for rule in rules.items:
            yield from ((rule, way) for way in ways(rule))
    yield from ((line, all_of(line)) for line in _drops(document))
    if when := below(document.root, "accept").get("when"):
        yield when, all_of(when)


def _drops(document: Document) -> Sequence[Node]:
    accept = below(document.root, "accept")
    return accept["drop"].items if "drop" in accept else ()


COVERED = {
    "covered-rule": "this rule can never be used: {} all that it fits",
    "covered-drop": "this line never drops anything: {} all that it fits",
}


def _covered(nodes: Sequence[Node], code: str, document: Document) -> Iterator[Fault]:
    earlier, lines = list[All](), list[int]()
    for node in nodes:
        own = ways(node) or ((all_of(node),) if code == "covered-drop" else ())
        found = [covering((*way, *ALWAYS), earlier) for way in own]
        if found and all(found):
            by = sorted({lines[place] for places in found for place in places})
            told = f"line {by[0]} takes" if len(by) == 1 else f"lines {' and '.join(map(str, by))} together take"
            yield document.warning(node, code, COVERED[code].format(told))
        earlier += own
        lines += [node.line] * len(own)


def _contradictory(found: All, document: Document) -> Iterator[Fault]:
    for at, atom in enumerate(found):
        if (pair := clash((atom,), found[:at])) and atom.node:
            reason = f"this is never true: '{atom}' and '{pair[1]}' exclude each other"
            yield document.warning(atom.node, "never-both", reason, key=True)


def _out_of_range(found: All, document: Document) -> Iterator[Fault]:
    for atom in found:
        if atom.node is None or atom.word not in RANGES or atom.comparison == "present":
            continue
        least, most = RANGES[atom.word]
        if excludes(atom, Atom(atom.word, "between", (str(least), str(most)))):
            told = f"{least} or more" if most == MANY else f"from {least} to {most}"
            yield document.warning(
                atom.node, "out-of-range", f"this is never true: {atom.word!r} is {told}", key=True
            )


# --- what a mapping takes -------------------------------------------------------------------------------------


def taken(written: Written, sources: Collection[str]) -> dict[str, All]:
    """What holds of every customer's message that a mapping takes: the key that says so -> comparisons."""
    mapping = written.mapping
    found: dict[str, All] = {"source": (Atom("connection", "one_of", tuple(mapping.source or sources)),)}
    if mapping.kinds is not None:
        found["accept.kinds"] = (Atom("kind", "one_of", mapping.kinds),)
    if when := _when(written):
        found["accept.when"] = all_of(when)
    return found


def _when(written: Written) -> Node | None:
    """The condition of accept, which may be its base's."""
    files = (written.document, written.base)
    return next((found for file in files if file and (found := below(file.root, "accept").get("when"))), None)


ACCEPTED = Atom("change", "is", ("created",))  #: what accept is asked about; all else follows its message
DECIDED = Atom("change", "one_of", ("created", "edited"))
OWN, THEIRS = (Atom("author.is_self", "is", (truth,)) for truth in ("true", "false"))
FOLLOWING = (
    "this is never true: accept is asked about new messages only, and decide about edits too; what becomes of "
    "edits and deletions stands under case as on_edit and on_delete"
)
EDITED = frozenset(("attachments", "change", "rating", "text"))
"""Words that an edit says anew: it follows its case, and is decided, whether accept would take it or not."""


def never_taken(written: Written, sources: Collection[str]) -> Iterator[Fault]:
    """Say which conditions ask for what the mapping takes no message of.

    Our own words and edits follow a case without being asked, so lines about our own words are left alone.
    """
    document, holds = written.document, taken(written, sources)
    for node, way in conditions(document):
        for key, atoms in _known(node, way, document, holds).items():
            if (pair := clash(way, atoms)) and pair[0].node:
                told = f"no customer's new message fits '{pair[0]}'"
                reason = FOLLOWING if pair[0].word == "change" else f"{told}: {key} takes only '{pair[1]}'"
                yield document.warning(pair[0].node, "never-taken", reason, key=True)


def _known(node: Node, way: All, document: Document, holds: Mapping[str, All]) -> Mapping[str, All]:
    """What holds of all that a condition is asked about: the key that says so -> comparisons."""
    if node is below(document.root, "accept").get("when"):
        return {"accept": (ACCEPTED, THEIRS)}
    known = {} if OWN in way else holds
    if any(node is line for line in _drops(document)):
        return {**known, "drop": (ACCEPTED,)}
    steady = {key: tuple(one for one in atoms if one.word not in EDITED) for key, atoms in known.items()}
    return {**steady, "decide": (DECIDED,)}


def dropped(written: Written, sources: Collection[str]) -> Iterator[Fault]:
    """Say where drop leaves nothing: of the whole mapping, or of what one way of a rule fits."""
    document, holds = written.document, taken(written, sources)
    lent = written.base if written.base and "drop" not in below(document.root, "accept") else document
    lines = _drops(lent)
    every = (*ALWAYS, *(atom for atoms in holds.values() for atom in atoms))
    if found := covering(every, [all_of(line) for line in lines]):
        by = " and ".join(lent.where(lines[place]) for place in found)
        reason = f"this mapping never makes a case: all that it takes is dropped by {by}"
        yield document.warning(document.root.entries["mapping"], "drops-everything", reason)
        return
    steady = [line for line in lines if EDITED.isdisjoint(line.entries)]
    for node, way in conditions(document):
        decides = any(node in rules.items for rules in below(document.root, "decide").values())
        if decides and (found := covering(way, [all_of(line) for line in steady])):
            by = " and ".join(lent.where(steady[place]) for place in found)
            reason = f"no message gets as far as this rule: all that it fits is dropped by {by}"
            yield document.warning(node, "never-taken", reason)


# --- several mappings -----------------------------------------------------------------------------------------

Pair = tuple[str, str]
"""A connection and a kind of message."""


def unreached(mappings: Sequence[Written], sources: Collection[str]) -> Iterator[Fault]:
    """Say which mappings get nothing, or not what they list, because of those above them; in their order."""
    live = [one for one in mappings if not one.mapping.shadow]
    for place, one in enumerate(live):
        pairs = [(c, k) for c in one.mapping.source or sources for k in one.mapping.kinds or KINDS]
        gone = {pair: by for pair in pairs if (by := _taker(one, pair, live[:place]))}
        yield from _gone(one, pairs, gone, [other.mapping.name for other in live]) if pairs else ()


def _taker(one: Written, pair: Pair, earlier: Sequence[Written]) -> str:
    """The mapping that takes all messages of a connection and kind before this one; "" = none does."""
    connection, kind = pair
    when = _when(one)
    here: All = (Atom("connection", "is", (connection,)), Atom("kind", "is", (kind,)))
    here += all_of(when) if when else ()
    for other in earlier:
        mapping, theirs = other.mapping, _when(other)
        sources, kinds = mapping.source or (connection,), mapping.kinds or (kind,)
        if connection in sources and kind in kinds and (theirs is None or implies(here, all_of(theirs))):
            return mapping.name
    return ""


def _gone(one: Written, pairs: Sequence[Pair], gone: Mapping[Pair, str], order: Sequence[str]) -> Iterator[Fault]:
    root, document = one.document.root, one.document
    if len(gone) == len(pairs):
        reason = f"this mapping never gets a message: {_above(gone, pairs, order)} that it would"
        yield document.warning(root.entries["mapping"], "never-reached", reason)
        return
    for node, part in ((root.entries.get("source"), 0), (below(root, "accept").get("kinds"), 1)):
        for item in node.items if node else ():
            own = [pair for pair in pairs if pair[part] == item.text]
            if own and all(pair in gone for pair in own):
                reason = f"this mapping never gets {item.text!r}: {_above(gone, own, order)} of it"
                yield document.warning(item, "never-reached", reason)


def _above(gone: Mapping[Pair, str], pairs: Sequence[Pair], order: Sequence[str]) -> str:
    by = {gone[pair] for pair in pairs}
    told = [name for name in order if name in by]
    return (
        f"{' and '.join(map(repr, told))} above it in connections.yaml {'take' if len(told) > 1 else 'takes'} all"
    )
