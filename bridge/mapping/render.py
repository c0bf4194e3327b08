"""What goes to the CRM: the fields of a new case, the comment of a later message, what reopens. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.mapping.compiled import Mapping
from bridge.mapping.decide import Decision
from bridge.mapping.paths import Scope
from bridge.mapping.placeholders import Template
from bridge.message import Message, redacted
from bridge.ports import PersonFound, Value

NO_TEXT = "[without text]"  #: a sticker, for one: CRMs refuse an empty comment


@dataclass(frozen=True, slots=True)
class Comment:
    """A later message as a comment on its case."""

    text: str
    public: bool


def create(mapping: Mapping, message: Message, decision: Decision, person: PersonFound) -> dict[str, Value]:
    """The fields of a new case. None = leave the field out: its only placeholder is missing."""
    scope = Scope(message, person, decision.values)
    return {field: found.value(scope) for field, found in mapping.create.items()}


def blanked(mapping: Mapping, message: Message, decision: Decision, person: PersonFound) -> dict[str, Value]:
    """The fields of the case anew after its author deleted the message: only those that showed something of it.

    These are the fields with its text, url, attachments or raw, or with its author (but the id), directly or
    through a decided name. "" empties a field.
    """
    bare = redacted(message)
    scope = Scope(bare, person, _decided_anew(mapping, bare, decision, person))
    values = {field: found.value(scope) for field, found in mapping.create.items() if _shows_author(found)}
    return {field: "" if value is None else value for field, value in values.items()}


def comment(mapping: Mapping, message: Message, decision: Decision, person: PersonFound) -> Comment:
    """The comment for a message that joins a case; never blank."""
    text = mapping.comment.text(Scope(message, person, decision.values))
    return Comment(text if text.strip() else NO_TEXT, mapping.public)


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
    scope = Scope(bare, person, values)
    for name, rules in mapping.decided.items():
        rule = next((rule for rule in rules if rule.line == decision.lines.get(name)), None)
        values[name] = rule.gives.text(scope) if rule else ""
    return values
