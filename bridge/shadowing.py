"""What mappings that only watch would have made of messages, beside what the others made of them. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bridge import decided
from bridge import mapping as language
from bridge.mapping import Facts
from bridge.mapping import Mapping as CaseMapping
from bridge.mapping.filters import as_text
from bridge.mapping.judging import Judged, judge
from bridge.mapping.paths import NOBODY
from bridge.message import Message
from bridge.ports import PersonFound
from bridge.steps import Item, Place, Settle, Verdict

FAILED = "failed"  #: in the place of a name: the shadow could not decide it at all
NO_MAPPING = Judged(why_not="no mapping takes it")

Mappings = Mapping[str, CaseMapping]
"""By name, in the order in which they are tried; those that only watch are among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A new message of a customer that is decided, and what was known when it was."""

    item: int
    message: Message
    person: PersonFound = NOBODY  #: as the mapping that took it found them
    facts: Facts


@dataclass(frozen=True, slots=True)
class Side:
    """What one of the two makes of it."""

    says: str  #: "" = nothing
    line: str = ""  #: file:line that decided it; "" = none did


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is decided otherwise."""

    name: str
    """taken, dropped, target, case key, comment, public, `case.<field>`, or a decided name."""
    live: Side
    shadow: Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A message as both see it."""

    differences: tuple[Difference, ...] = ()
    unasked: bool = False  #: the shadow would have asked otherwise who the author is; it was told of nobody


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What is kept of it: no word of the customer's."""

    mapping: str
    item: int
    differs: tuple[str, ...]  #: names; () = both decide alike
    unasked: bool = False


def seen(one: Item, verdict: Verdict, taken: Message | None, facts: Facts) -> Seen | None:
    """A message as shadows look at it; None = it is no new one of a customer's, or not decided by mappings.

    taken: as a mapping took it; None = none did.
    """
    if isinstance(verdict, Place) and taken is not None:
        person = decided.load(verdict.decision).person
        return Seen(item=one.id, message=taken, person=person, facts=facts)
    if not isinstance(verdict, Settle) or verdict.state != "dropped" or one.change != "created" or one.deleted:
        return None
    message = one.message
    return None if message.author.is_self else Seen(item=one.id, message=message, facts=facts)


def watched(
    mappings: Mappings, messages: Sequence[Seen], explain: Callable[[str, Exception], str]
) -> list[Watched]:
    """What every shadow makes of the messages of its connections, beside the live mappings.

    A shadow that fails has decided otherwise, and `explain` hears of it: the message goes its way all the same.
    """
    return [
        _watched(mappings, shadow, one, explain)
        for shadow in shadows(mappings)
        for one in messages
        if shadow.source is None or one.message.connection in shadow.source
    ]


def recalled(
    mappings: Mappings | None, shadow: str, one: Item, recent: int | None = None
) -> dict[str, Difference]:
    """What differs in a stored message, by name; less than before where its words were masked or are gone.

    mappings: those that were at work; None = they are not known any more. recent: how much its author had sent
    lately, of an item that has no decision.
    """
    watching = mappings.get(shadow) if mappings else None
    if mappings is None or watching is None or one.deleted:
        return {}
    what = decided.load(one.decision)
    facts = what.facts if one.case_id else Facts(recent_messages=recent, revision=one.revision or None)
    try:
        message = replace(one.message, change="created")
        told = compare(mappings, watching, Seen(item=one.id, message=message, person=what.person, facts=facts))
    except Exception:  # noqa: BLE001 - the log has told why, when it was watched
        return {}
    return {difference.name: difference for difference in told.differences}


def shadows(mappings: Mappings) -> list[CaseMapping]:
    """Those that only watch."""
    return [mapping for mapping in mappings.values() if mapping.shadow]


def _watched(
    mappings: Mappings, shadow: CaseMapping, one: Seen, explain: Callable[[str, Exception], str]
) -> Watched:
    try:
        told = compare(mappings, shadow, one)
    except Exception as error:  # noqa: BLE001 - what only watches must never touch what is at work
        explain(f"watching by the mapping {shadow.name}", error)
        return Watched(mapping=shadow.name, item=one.item, differs=(FAILED,))
    names = tuple(difference.name for difference in told.differences)
    return Watched(mapping=shadow.name, item=one.item, differs=names, unasked=told.unasked)


def compare(mappings: Mappings, shadow: CaseMapping, one: Seen) -> Compared:
    """A message as the live mappings and as a shadow see it, what differs in the order of a mapping file.

    No CRM is asked for a shadow: it is told of the person that was found where it would have asked the same.
    Compared are the decided names that both have, the fields of the case where both make the same kind of record,
    and the comment that it would be on a case that is there. The lines themselves, which a text may name by
    `why.…`, are no difference.
    """
    live, was = _live(mappings, one)
    match = language.person_match(shadow, one.message)
    asked = match is None or (live is not None and _asks_alike(live, shadow, one.message))
    now = judge(shadow, one.message, one.person if asked else NOBODY, one.facts)
    unasked = now.taken and not asked
    if live is None or not (was.taken and now.taken):
        return Compared(differences=_fates(live, was, now), unasked=unasked)
    return Compared(differences=tuple(_differences(live, was, shadow, now)), unasked=unasked)


def _live(mappings: Mappings, one: Seen) -> tuple[CaseMapping | None, Judged]:
    """The mapping that took or dropped it, and what it makes of it; None = they all leave it."""
    for mapping in mappings.values():
        if not mapping.shadow:
            found = judge(mapping, one.message, one.person, one.facts)
            if not found.why_not:
                return mapping, found
    return None, NO_MAPPING


def _asks_alike(live: CaseMapping, shadow: CaseMapping, message: Message) -> bool:
    """Whether what the live mapping was told of the author is all that the shadow would have asked."""
    one, other = language.person_match(live, message), language.person_match(shadow, message)
    if one is None or other is None or live.target != shadow.target:
        return False
    return (one.object, one.rules) == (other.object, other.rules) and set(other.fetch) <= set(one.fetch)


def _fates(live: CaseMapping | None, was: Judged, now: Judged) -> tuple[Difference, ...]:
    """Where not both take it: () = they part with it alike."""
    if (was.taken, bool(was.dropped)) == (now.taken, bool(now.dropped)):
        return ()
    name = "dropped" if was.dropped or now.dropped else "taken"
    return (Difference(name=name, live=_fate(was, live.name if live else ""), shadow=_fate(now)),)


def _fate(found: Judged, by: str = "") -> Side:
    if found.dropped:
        return Side("dropped", found.dropped)
    if found.why_not:
        return Side(f"left, as {found.why_not}", found.why_line)
    return Side(f"taken by {by}" if by else "taken")


def _differences(live: CaseMapping, was: Judged, shadow: CaseMapping, now: Judged) -> Iterator[Difference]:
    """What is otherwise in a message that both take."""
    for name, one, other in _pairs(live, was, shadow, now):
        if one.says != other.says and _without(one.says, was.lines) != _without(other.says, now.lines):
            yield Difference(name=name, live=one, shadow=other)


def _pairs(live: CaseMapping, was: Judged, shadow: CaseMapping, now: Judged) -> Iterator[tuple[str, Side, Side]]:
    yield "target", _target(live), _target(shadow)
    for name in now.values:
        if name in was.values:
            yield name, Side(was.values[name], was.lines[name]), Side(now.values[name], now.lines[name])
    yield "case key", Side(was.key), Side(now.key)
    if live.object == shadow.object:
        before, after = {**was.fields, **was.names}, {**now.fields, **now.names}
        for name in {**after, **before}:
            yield f"case.{name}", Side(as_text(before.get(name))), Side(as_text(after.get(name)))
    yield "comment", Side(was.comment.text), Side(now.comment.text)
    yield "public", Side(as_text(was.comment.public)), Side(as_text(now.comment.public))


def _target(mapping: CaseMapping) -> Side:
    return Side(f"{mapping.target}/{mapping.object}", mapping.line)


def _without(text: str, lines: Mapping[str, str]) -> str:
    """The text without the names of the lines that decided, which no two files have in common."""
    named = "|".join(re.escape(line) for line in sorted(set(lines.values()), key=len, reverse=True))
    return re.sub(named, "", text) if named else text
