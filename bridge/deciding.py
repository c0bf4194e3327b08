"""From undecided items to verdicts: what a batch of lanes needs to know, and what follows from it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bridge import decided, placing
from bridge import mapping as language
from bridge.decided import Decided
from bridge.mapping import Mapping as CaseMapping
from bridge.message import Message
from bridge.placing import Fate
from bridge.ports import PersonFound, PersonMatch
from bridge.steps import Id, Item, Place, Settle, Verdict, Wait

NO_MAPPING = Settle(state="dropped", reason="no_mapping")

Explain = Callable[[str, Exception], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A customer's message that a mapping took; `match` says how to find its author, None = not at all."""

    message: Message
    mapping: CaseMapping
    match: PersonMatch | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Follows:
    """An item that follows another one: an edit, a deletion, a hiding, our own words."""

    message: Message


Sorted = Accepted | Follows | Settle


def pointed_at(one: Item) -> Id | None:
    """The message that decides where this item goes; None = it goes its own way."""
    if one.change != "created":
        return one.points_at
    message = _readable(one)
    if message is None or not message.author.is_self or message.kind == "direct" or not message.reply_to:
        return None
    return (message.channel, message.account.id, message.reply_to)


def is_direct_echo(one: Item) -> bool:
    """Whether our own side wrote this in a private conversation: it follows the conversation's latest case."""
    message = _readable(one)
    return message is not None and one.change == "created" and message.author.is_self and message.kind == "direct"


def unblanked(one: Item, family: Sequence[Item]) -> bool:
    """Whether this is a deletion that came before its target could be found, whose text is still here."""
    return one.change == "deleted" and any(not other.deleted for other in family if other.change != "deleted")


def sort(one: Item, family: Sequence[Item], mappings: Mapping[str, CaseMapping], explain: Explain) -> Sorted:
    """What kind of item it is: taken by a mapping, following another one, or at its end."""
    if one.deleted and one.unsure_since is None:
        return placing.DELETED
    try:
        message = one.message
        late = one.change == "edited" and one.age >= placing.ORPHANED
        if late and not any(other.change == "created" for other in family):
            return _accept(replace(message, change="created"), mappings)
        if one.change != "created" or message.author.is_self:
            return Follows(message=message)
        return _accept(message, mappings)
    except Exception as error:  # noqa: BLE001 - an error here settles its own message only
        return Settle(state="dead", reason=explain("deciding", error))


def _accept(message: Message, mappings: Mapping[str, CaseMapping]) -> Accepted | Settle:
    for mapping in mappings.values():
        took = language.accept(mapping, message)
        if isinstance(took, language.Dropped):
            return Settle(state="dropped", reason=took.line)
        if took is not None:
            return Accepted(message=message, mapping=mapping, match=language.person_match(mapping, message))
    return NO_MAPPING


def place(accepted: Accepted, person: PersonFound, explain: Explain) -> Place | Settle:
    """Decide a message whose author is known as far as the CRM knows them."""
    mapping, message = accepted.mapping, accepted.message
    try:
        decision = language.decide(mapping, message, person)
        key = language.case_key(mapping, message)
    except Exception as error:  # noqa: BLE001 - an error here settles its own message only
        return Settle(state="dead", reason=explain("deciding", error))
    what = Decided(values=decision.values, lines=decision.lines, person=person)
    return Place(
        case_id=f"{mapping.target}/{mapping.object}/{key}",
        target=mapping.target,
        mapping=mapping.name,
        decision=decided.dump(what),
    )


def follow(
    one: Item, message: Message, other: Fate | None, mappings: Mapping[str, CaseMapping], explain: Explain
) -> Verdict:
    """The verdict on an item that follows another one."""
    if one.change == "created":
        verdict: Verdict | None = placing.echo(one, other, is_post=message.kind == "post")
    else:
        verdict = placing.follow(one, other)
    if not isinstance(verdict, Place):
        return verdict or Wait(after=placing.SOON)
    try:
        mapping = placing.mapping_of(verdict.mapping, verdict.case_id, mappings)
        return _decided(one, message, verdict, mapping)
    except Exception as error:  # noqa: BLE001 - an error here settles its own message only
        return Settle(state="dead", reason=explain("deciding", error))


def _decided(one: Item, message: Message, place: Place, mapping: CaseMapping | None) -> Place | Settle:
    """What follows another message is decided by its own words, for the same person and case."""
    what = Decided(person=decided.load(place.decision).person)
    if mapping is not None:
        place = replace(place, mapping=mapping.name)
    if mapping is not None and one.change in ("created", "edited"):
        took = language.accept(mapping, message) if one.change == "created" else None
        if isinstance(took, language.Dropped):
            return Settle(state="dropped", reason=took.line)
        decision = language.decide(mapping, message, what.person)
        what = replace(what, values=decision.values, lines=decision.lines)
    return replace(place, decision=decided.dump(what))


def _readable(one: Item) -> Message | None:
    try:
        return one.message
    except ValueError:
        return None
