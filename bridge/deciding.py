"""From undecided items to verdicts: what a batch of lanes needs to know, and what follows from it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bridge import decided, placing
from bridge import mapping as language
from bridge.decided import Decided
from bridge.errors import Rejected
from bridge.mapping import NO_FACTS, Facts
from bridge.mapping import Mapping as CaseMapping
from bridge.message import Message
from bridge.placing import Fate
from bridge.ports import Named, PersonFound, PersonMatch
from bridge.steps import Id, Item, Place, Settle, Verdict, Wait

NO_MAPPING = Settle(state="dropped", reason="no_mapping")

Explain = Callable[[str, Exception], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A customer's message that a mapping took; `match` says how to find its author, None = not at all."""

    message: Message
    mapping: CaseMapping
    match: PersonMatch | None
    facts: Facts = NO_FACTS
    took: language.Accepted | None = None  #: what `accept` said, to save `decide` its work
    age: timedelta = timedelta(0)  #: since it was stored, by the database's clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A message that is decided, but for the ids of the records that its case names."""

    mapping: CaseMapping
    case_id: str
    what: Decided
    named: Mapping[str, Named]  #: field -> the record
    private: frozenset[str]  #: fields whose names show what the author wrote, or who that is


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


def own_words(one: Item) -> Message | None:
    """What our own side wrote, which may be the echo of an agent's reply; None = it is something else."""
    message = _readable(one)
    ours = message is not None and one.change == "created" and message.author.is_self
    return message if ours else None


def unblanked(one: Item, family: Sequence[Item]) -> bool:
    """Whether this is a deletion that came before its target could be found, whose text is still here."""
    return one.change == "deleted" and any(not other.deleted for other in family if other.change != "deleted")


def sort(
    one: Item,
    family: Sequence[Item],
    mappings: Mapping[str, CaseMapping],
    explain: Explain,
    facts: Facts = NO_FACTS,
) -> Sorted:
    """What kind of item it is: taken by a mapping, following another one, or at its end."""
    if one.deleted and one.unsure_since is None:
        return placing.DELETED
    try:
        message = one.message
        late = one.change == "edited" and one.age >= placing.ORPHANED
        if late and not any(other.change == "created" for other in family):
            return _accept(replace(message, change="created"), mappings, facts, one.age)
        if one.change != "created" or message.author.is_self:
            return Follows(message=message)
        return _accept(message, mappings, facts, one.age)
    except Exception as error:  # noqa: BLE001 - an error here settles its own message only
        return Settle(state="dead", reason=explain("deciding", error))


def _accept(
    message: Message, mappings: Mapping[str, CaseMapping], facts: Facts, age: timedelta
) -> Accepted | Settle:
    for mapping in mappings.values():
        if mapping.shadow:
            continue
        took = language.accept(mapping, message, facts)
        if isinstance(took, language.Dropped):
            return Settle(state="dropped", reason=took.line)
        if took is not None:
            match = language.person_match(mapping, message)
            return Accepted(message=message, mapping=mapping, match=match, facts=facts, took=took, age=age)
    return NO_MAPPING


def case_ids(accepted: Accepted, person: PersonFound) -> tuple[str, str]:
    """The case of a message, and the one that goes before it while it is open: its author's own.

    "" = none does. That is so when one_per is person, and who the author is was not known at first.
    """
    mapping, message = accepted.mapping, accepted.message
    here = f"{mapping.target}/{mapping.object}/"
    own = here + language.case_key(mapping, message)
    persons = language.person_key(mapping, person)
    return (here + persons, own) if persons else (own, "")


def place(accepted: Accepted, person: PersonFound, explain: Explain, *, own: bool = False) -> Placed | Settle:
    """Decide a message whose author is known as far as the CRM knows them. own: onto the author's own case."""
    mapping, message = accepted.mapping, accepted.message
    try:
        decision = language.decide(mapping, message, person, accepted.facts, taken=accepted.took)
        case_id, before = case_ids(accepted, person)
        names = language.names(mapping, message, decision, person)
    except Exception as error:  # noqa: BLE001 - an error here settles its own message only
        return Settle(state="dead", reason=explain("deciding", error))
    return Placed(
        mapping=mapping,
        case_id=before if own else case_id,
        what=Decided(
            values=decision.values,
            lines=decision.lines,
            person=person,
            unnamed=(person.says,) if person.says else (),
            facts=accepted.facts,
        ),
        named={f: Named(object=mapping.object, field=f, name=name) for f, name in names.items()},
        private=language.private(mapping),
    )


def named(placed: Placed, answers: Mapping[tuple[str, Named], str | Rejected | Wait]) -> Place | Wait:
    """The place, with the ids of the records that the case names; what nobody bears is left out and told."""
    found = {field: answers[placed.mapping.target, one] for field, one in placed.named.items()}
    waits = [answer for answer in found.values() if isinstance(answer, Wait)]
    if waits:
        return max(waits, key=lambda wait: wait.after)
    refused = {field: answer for field, answer in found.items() if isinstance(answer, Rejected)}
    what = replace(
        placed.what,
        ids={field: answer for field, answer in found.items() if isinstance(answer, str)},
        unnamed=(
            *placed.what.unnamed,
            *(f"{f} was left out: {_why(placed, f, answer)}" for f, answer in refused.items()),
        ),
    )
    return Place(
        case_id=placed.case_id,
        target=placed.mapping.target,
        mapping=placed.mapping.name,
        decision=decided.dump(what),
    )


def _why(placed: Placed, field: str, refused: Rejected) -> str:
    """Why a name has no id, as the case tells it: there the author's words could not be redacted."""
    return "nothing bears the name that the mapping gives" if field in placed.private else str(refused)


def follow(
    one: Item,
    message: Message,
    other: Fate | None,
    mappings: Mapping[str, CaseMapping],
    explain: Explain,
    *,
    revision: int | None = None,
) -> Verdict:
    """The verdict on an item that follows another one. revision: of the mappings."""
    if one.change == "created":
        verdict: Verdict | None = placing.echo(one, other, is_post=message.kind == "post")
    else:
        verdict = placing.follow(one, other)
    if not isinstance(verdict, Place):
        return verdict or Wait(after=placing.SOON)
    try:
        mapping = placing.mapping_of(verdict.mapping, verdict.case_id, mappings)
        return _decided(one, message, verdict, mapping, revision)
    except Exception as error:  # noqa: BLE001 - an error here settles its own message only
        return Settle(state="dead", reason=explain("deciding", error))


def _decided(
    one: Item, message: Message, place: Place, mapping: CaseMapping | None, revision: int | None
) -> Place | Settle:
    """What follows another message is decided by its own words, for the same person and case."""
    before = decided.load(place.decision)
    what = replace(before, values={}, lines={}, facts=replace(before.facts, revision=revision))
    if mapping is not None:
        place = replace(place, mapping=mapping.name)
    if mapping is not None and one.change in ("created", "edited"):
        drop = language.dropped(mapping, message, what.facts) if one.change == "created" else None
        if drop is not None:
            return Settle(state="dropped", reason=drop.line)
        decision = language.decide(mapping, message, what.person, what.facts)
        what = replace(what, values=decision.values, lines=decision.lines)
    return replace(place, decision=decided.dump(what))


def _readable(one: Item) -> Message | None:
    try:
        return one.message
    except ValueError:
        return None
