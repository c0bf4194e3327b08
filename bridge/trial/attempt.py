"""What the mappings make of one message, section by section, by the code that is at work: nothing is sent. Pure.

What a database knows of the author and of the case comes from whoever asks for the trial.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from bridge import composing, deciding, protecting
from bridge import decided as stored
from bridge import mapping as language
from bridge import message as messages
from bridge.batches import Versions
from bridge.deciding import Accepted, Placed
from bridge.detecting import Detect, heard
from bridge.mapping import NO_FACTS, Facts
from bridge.mapping import Mapping as CaseMapping
from bridge.mapping.judging import left
from bridge.mapping.paths import Scope
from bridge.mapping.targets import Targets
from bridge.message import Message
from bridge.ports import Filing, Known, Named, PersonFound, PersonMatch
from bridge.steps import Item, Settle, Waiting
from bridge.trial.masks import Masked, masked_between

CASE = "the case"
"""Stands for the CRM's id of a case that nobody knows."""


class Memory:
    """What is known beside the message: here nothing, for there is no database."""

    def person(self, crm: str, match: PersonMatch) -> PersonFound | None:  # noqa: ARG002
        """Who the author is, as the CRM said last; None = nobody has asked, or too long ago."""
        return None

    def case(self, case_id: str) -> Waiting | None:  # noqa: ARG002
        """What is known of a case, without items; None = there is none, and none is on its way."""
        return None

    def ids(self, crm: str, wanted: Collection[Named]) -> Mapping[Named, str]:  # noqa: ARG002
        """The ids of records that mappings name, of those that are remembered."""
        return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A message to be tried."""

    message: Message
    called: str  #: where it comes from
    person: PersonFound | None = None  #: who the author is taken to be; None = nobody said
    facts: Facts = NO_FACTS
    notes: tuple[str, ...] = ()  #: whole sentences: what to know of it
    kept: bool = False  #: it comes from the database: its language was looked at before it was stored
    filed: bool = False  #: it stands in the CRM already, so that what is known of its case says nothing
    later: tuple[Item, ...] = ()  #: what came of the same message afterwards: edits, deletions


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What one mapping's accept said."""

    mapping: str
    outcome: Literal["takes", "leaves", "drops"]
    why: str = ""  #: a clause; "" = it takes it
    line: str = ""  #: file:line; "" = no line says so


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A decided name."""

    name: str
    value: str  #: "" = missing
    line: str  #: file:line of the rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """How the customer's record would be looked up."""

    object: str
    lines: tuple[Mapping[str, str | None], ...]  #: of match: field -> value, None = it is missing
    match: PersonMatch | None  #: what the CRM would be asked; None = nobody is looked up
    person: PersonFound | None  #: who it is, as far as anybody knows; None = the CRM would have to be asked
    said: bool  #: whoever asks for the trial said so


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """The case, and what would be sent for it."""

    case_id: str  #: target/object/key
    missing: tuple[str, ...]  #: fields that are left out: what goes into them is missing
    names: Mapping[str, str]  #: field -> the name of a record whose id goes in
    ids: Mapping[str, str]  #: field -> its id, where it is remembered
    known: Known | None  #: the case that this message goes to; None = nobody knows of one
    filings: Mapping[str, Filing]  #: when -> what is sent then
    comments: bool = True  #: False: such a case takes no comments, only its fields are written


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Everything that is told of one message."""

    given: Given
    message: Message  #: as it is decided: masked
    mapping: CaseMapping | None = None  #: the one that has it, also where it drops it
    tried: tuple[Tried, ...] = ()
    follows: str = ""  #: why no mapping is asked: a whole sentence
    failed: str = ""  #: why the mapping cannot decide or render it
    names: tuple[Name, ...] = ()
    contact: Contact | None = None
    filed: Filed | None = None
    masked: tuple[Masked, ...] = ()
    later: tuple[str, ...] = ()  #: what becomes of its edits and deletions: whole sentences


def supposed(given: Given, person: PersonFound | None, revision: int | None = None) -> Given:
    """The message as if this person had written it and this revision were at work; None = as it is."""
    known = given if person is None else replace(given, person=person)
    return known if revision is None else replace(known, facts=replace(known.facts, revision=revision))


def attempt(
    given: Given,
    mappings: Sequence[CaseMapping],
    memory: Memory,
    targets: Targets,
    detect: Detect | None = None,
) -> Trial:
    """Try a message with these mappings, in their order.

    targets: the CRMs that they lead to. detect: tells the language where the platform does not.
    """
    protection = protecting.protection(mappings)
    safe = protection.stored(given.message)
    message = safe if given.kept else heard(safe, detect)
    bare = Trial(given=given, message=message)
    if follows := _follows(message):
        return replace(bare, follows=follows, later=_changes(message, mappings))
    tried, found = _tried(mappings, message, given.facts)
    masked = masked_between(given.message, message, "everywhere")
    if found is not None:
        ours = protection.in_our_copies(found.name, message.connection)
        masked += masked_between(message, protecting.settled(message, ours), "our_copies")
    bare = replace(bare, tried=tried, mapping=found, masked=masked)
    if found is None or tried[-1].outcome == "drops":
        return bare
    shape = next(shape for shape in targets[found.target].objects if shape.object == found.object)
    return _decided(bare, found, memory, comments=shape.comments)


def _follows(message: Message) -> str:
    """Why a message goes where another one went; "" = it does not."""
    if message.change != "created":
        return f"This tells that message {message.id!r} was {message.change}: it goes where that message went."
    if message.author.is_self:
        return "Our own side wrote this. It never opens a case: it is added to the case of what it answers."
    return ""


def _changes(message: Message, mappings: Sequence[CaseMapping]) -> tuple[str, ...]:
    """What each mapping that can have the message itself does with such a change."""
    key = {"edited": "on_edit", "deleted": "on_delete"}.get(message.change)
    if key is None:
        return ()
    able = (one for one in mappings if not one.shadow and (one.source is None or message.connection in one.source))
    return tuple(f"If {one.name} has that message: {key} is {getattr(one, key)}." for one in able)


# --- accept ---------------------------------------------------------------------------------------------------


def _tried(
    mappings: Sequence[CaseMapping], message: Message, facts: Facts
) -> tuple[tuple[Tried, ...], CaseMapping | None]:
    """What each mapping says until one has the message, and that one."""
    tried: list[Tried] = []
    for one in mappings:
        tried.append(_said(one, message, facts))
        if tried[-1].outcome != "leaves":
            return tuple(tried), one
    return tuple(tried), None


def _said(one: CaseMapping, message: Message, facts: Facts) -> Tried:
    if one.shadow:
        return Tried(mapping=one.name, outcome="leaves", why="it only watches: shadow")
    took = language.accept(one, message, facts)
    if isinstance(took, language.Dropped):
        return Tried(mapping=one.name, outcome="drops", line=took.line)
    if took is not None:
        return Tried(mapping=one.name, outcome="takes")
    why, line = left(one, message, facts)
    return Tried(mapping=one.name, outcome="leaves", why=why, line=line)


# --- decide, contact, case ------------------------------------------------------------------------------------


def _decided(bare: Trial, found: CaseMapping, memory: Memory, *, comments: bool) -> Trial:
    given, message = bare.given, bare.message
    match = language.person_match(found, message)
    person = given.person
    if person is None and match is not None:
        person = memory.person(found.target, match)
    accepted = Accepted(message=message, mapping=found, match=match, facts=given.facts)
    placed = _placed(accepted, person or PersonFound(), memory)
    told = replace(bare, contact=_contact(found, message, match, person, said=given.person is not None))
    if isinstance(placed, Settle):
        return replace(told, failed=placed.reason)
    rules = placed.what.lines
    names = tuple(Name(name=n, value=placed.what.values.get(n, ""), line=line) for n, line in rules.items())
    ids = memory.ids(found.target, placed.named.values())
    by_field = {f: ids[one] for f, one in placed.named.items() if one in ids}
    one = _item(message, found, placed.case_id, stored.dump(replace(placed.what, ids=by_field)))
    known = None if given.filed else memory.case(one.case_id or "")
    told = replace(told, names=names, later=_later(one, given.later, found))
    filed, failed = _filed(one, found, placed, by_field, known)
    return replace(told, filed=filed and replace(filed, comments=comments), failed=failed)


def _placed(accepted: Accepted, person: PersonFound, memory: Memory) -> Placed | Settle:
    """Decide it. An author's own case, opened before anybody knew who they are, is kept until a silence."""
    own = deciding.case_ids(accepted, person)[1]
    there = memory.case(own) if own else None
    silence, heard = accepted.mapping.silence, there.heard_at if there else None
    late = bool(silence and heard and accepted.message.received_at - heard > silence)
    return deciding.place(accepted, person, _explain, own=there is not None and not late)


def _contact(
    found: CaseMapping, message: Message, match: PersonMatch | None, person: PersonFound | None, *, said: bool
) -> Contact | None:
    if found.contact is None:
        return None
    scope = Scope(message)
    lines = tuple(
        {field: text.complete(scope) or None for field, text in rule.items()} for rule in found.contact.rules
    )
    return Contact(object=found.contact.object, lines=lines, match=match, person=person, said=said)


def _filed(
    one: Item, found: CaseMapping, placed: Placed, ids: Mapping[str, str], known: Waiting | None
) -> tuple[Filed | None, str]:
    """The case and its filings; or why it cannot be rendered."""
    assert one.case_id is not None
    filings: dict[str, Filing] = {}
    for waiting in _possible(found, known):
        filing, why = _filing(one, found, waiting)
        if filing is None:
            return None, why
        filings[LATER if filing.known.case_id else FIRST] = filing
    names = {field: named.name for field, named in placed.named.items()}
    create = next(iter(filings.values())).create
    return Filed(
        case_id=one.case_id,
        missing=tuple(field for field, value in create.items() if value is None and field not in names),
        names=names,
        ids=ids,
        known=known.known if known and known.known.case_id else None,
        filings=filings,
    ), ""


FIRST, LATER = "if it opens a case", "if its case is there"


def _possible(found: CaseMapping, known: Waiting | None) -> Sequence[Waiting]:
    """The cases that may be: the one that is known, or else a new one and one that is there by then."""
    new = known or Waiting(known=Known())
    if new.known.case_id or found.one_per == "message":
        return [new]
    return [new, replace(new, known=replace(new.known, case_id=CASE))]


def _filing(one: Item, found: CaseMapping, waiting: Waiting) -> tuple[Filing | None, str]:
    """What would be sent for this item alone; None, and why not."""
    assert one.case_id is not None
    versions = Versions({found.name: found})
    rendered = composing.compose(one.case_id, replace(waiting, items=(one,)), {}, versions, _explain)
    if rendered.frozen is None:
        return None, "; ".join(ended.reason for ended in rendered.ended.values())
    return replace(rendered.frozen.filing, known=rendered.known or waiting.known), ""


def _explain(doing: str, error: Exception) -> str:
    """Without the error's words, as in the log: they may quote a customer."""
    return f"{doing} failed: {type(error).__name__}"


def _item(message: Message, found: CaseMapping, case_id: str, decision: str) -> Item:
    """The message as it would stand in the inbox, decided."""
    return Item(
        id=1, key=message.key, lane="", points_at=(message.channel, message.account.id, message.id),
        change="created", state="ready", deleted=False, age=timedelta(0), mapping=found.name, decision=decision,
        case_id=case_id, reason="", crm_case="", crm_ref="", crm_notes="", unsure_since=None, unsure_last=None,
        body=messages.dump(message), raw=message.raw,
    )  # fmt: skip


# --- what comes later ------------------------------------------------------------------------------------------


def _later(one: Item, later: Sequence[Item], found: CaseMapping) -> tuple[str, ...]:
    """What becomes of edits and deletions, once the message itself has opened a case."""
    filed = replace(one, state="filed", crm_case=CASE, crm_ref=CASE)
    family, told = [filed], list[str]()
    for number, event in enumerate(later, start=2):
        now = replace(
            event, id=number, state="ready", deleted=False, mapping=one.mapping, case_id=one.case_id,
            decision=_anew(event, one, found),
        )  # fmt: skip
        known = Waiting(known=Known(case_id=CASE), items=(now,))
        versions = Versions({found.name: found})
        rendered = composing.compose(one.case_id or "", known, {now.points_at: [*family, now]}, versions, _explain)
        became = _became(rendered.frozen.filing if rendered.frozen else None, rendered.ended)
        told.append(f"It was {event.change} later: {became}")
        if event.change == "edited":
            family.append(replace(now, state="filed", crm_case=CASE, crm_ref=CASE))
    return tuple(told)


def _anew(event: Item, one: Item, found: CaseMapping) -> str:
    """What is decided by the words of an edit, for the same person and case."""
    before = stored.load(one.decision)
    if event.change != "edited":
        return one.decision
    decision = language.decide(found, event.message, before.person, before.facts)
    return stored.dump(replace(before, values=decision.values, lines=decision.lines))


def _became(filing: Filing | None, ended: Mapping[int, Settle]) -> str:
    if filing is None:
        return f"nothing is done ({'; '.join(one.reason for one in ended.values())})."
    part = filing.parts[0]
    if part.act == "delete":
        return "its words are taken out of the CRM."
    if part.act == "edit":
        return f"the new words take the place of the old ones: {part.text}"
    return f"a comment is added: {part.text}"
