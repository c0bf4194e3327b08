"""What goes to the CRM: the fields of a new case, the comment of a later message, what reopens. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bridge.mapping.compiled import Mapping
from bridge.mapping.decide import Decision
from bridge.mapping.paths import NO_FACTS, Facts, Scope
from bridge.mapping.placeholders import Template
from bridge.message import Message, redacted
from bridge.ports import PersonFound, Raise, Value

NO_TEXT = "[without text]"  #: a sticker, for one: CRMs refuse an empty comment


@dataclass(frozen=True, slots=True)
class Comment:
    """A later message as a comment on its case."""

    text: str
    public: bool


def names(mapping: Mapping, message: Message, decision: Decision, person: PersonFound) -> dict[str, str]:
    """The records that the case's fields name: field -> name, without those whose placeholders are missing."""
    scope = _scope(message, decision, person)
    found = {field: template.complete(scope) for field, template in mapping.named.items()}
    return {field: name.strip() for field, name in found.items() if name and name.strip()}


def private(mapping: Mapping) -> frozenset[str]:
    """The fields whose records are named by what the author wrote, or by who that is."""
    return frozenset(field for field, template in mapping.named.items() if _shows_author(template))


def create(mapping: Mapping, message: Message, decision: Decision, person: PersonFound) -> dict[str, Value]:
    """The fields of a new case. None = leave the field out: its only placeholder is missing."""
    scope = _scope(message, decision, person)
    given = {field: found.value(scope) for field, found in mapping.create.items()}
    return given | {field: decision.ids.get(field) for field in mapping.named}


def raised(mapping: Mapping, message: Message, decision: Decision, person: PersonFound) -> dict[str, Raise]:
    """What a later message raises a case to: field -> value and order."""
    scope = _scope(message, decision, person)
    given = {field: mapping.create[field].text(scope) for field in mapping.raises}
    return {f: Raise(value=value, order=mapping.raises[f]) for f, value in given.items() if value}


def assigned(mapping: Mapping, message: Message, decision: Decision, person: PersonFound) -> dict[str, Value]:
    """Whose a case becomes by a later message: the owner fields, as they would be for a new one. {} = nobody's."""
    if not mapping.owner:
        return {}
    given = create(mapping, message, decision, person)
    return {field: given[field] for field in sorted(mapping.owner) if given.get(field)}


def rewritten(mapping: Mapping, message: Message, decision: Decision, person: PersonFound) -> dict[str, Value]:
    """The fields of the case anew after its author edited the message: those that show what they wrote."""
    scope = _scope(message, decision, person)
    shown = {field: found.value(scope) for field, found in mapping.create.items() if _shows_author(found)}
    return {field: "" if value is None else value for field, value in shown.items()}


def blanked(mapping: Mapping, message: Message, decision: Decision, person: PersonFound) -> dict[str, Value]:
    """The fields of the case anew after its author deleted the message: only those that showed something of it.

    These are the fields with its text, url, attachments or raw, or with its author (but the id), directly or
    through a decided name. "" empties a field.
    """
    bare = redacted(message)
    scope = _scope(bare, replace(decision, values=_decided_anew(mapping, bare, decision, person)), person)
    values = {field: found.value(scope) for field, found in mapping.create.items() if _shows_author(found)}
    return {field: "" if value is None else value for field, value in values.items()}


def comment(
    mapping: Mapping, message: Message, decision: Decision, person: PersonFound, facts: Facts = NO_FACTS
) -> Comment:
    """The comment for a message that joins a case; never blank. facts: what is known of the case by now."""
    known = replace(decision.facts, opened_at=facts.opened_at, first_reply_at=facts.first_reply_at)
    text = mapping.comment.text(_scope(message, replace(decision, facts=known), person))
    return Comment(text if text.strip() else NO_TEXT, mapping.public)


def _scope(message: Message, decision: Decision, person: PersonFound) -> Scope:
    return Scope(message, person, decided=decision.values, lines=decision.lines, facts=decision.facts)


def _shows_author(template: Template) -> bool:
    """It shows what the author wrote or who that is, and must not outlive the message."""
    gone = {"text", "url", "attachments", "raw"}
    return any(use in gone or (use.startswith("author.") and use != "author.id") for use in template.uses)


def _decided_anew(mapping: Mapping, bare: Message, decision: Decision, person: PersonFound) -> dict[str, str]:
    """The decided values over the bare message: the rules that matched stay, their texts are filled in anew.

    Only `lines` of the decision is read: the values were blanked with the message. A rule that is no longer in
    the mapping gives "".
    """
    values: dict[str, str] = {}
    scope = Scope(bare, person, decided=values, lines=decision.lines, facts=decision.facts)
    for name, rules in mapping.decided.items():
        rule = next((rule for rule in rules if rule.line == decision.lines.get(name)), None)
        values[name] = rule.gives.text(scope) if rule else ""
    return values
