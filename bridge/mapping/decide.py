"""What a mapping makes of a message: whether it takes it, whose it is, what is decided, on which case. Pure."""

from __future__ import annotations

import hashlib
import re
from collections import abc
from dataclasses import dataclass, field

from bridge.mapping.compiled import Mapping
from bridge.mapping.paths import NO_FACTS, Facts, Scope
from bridge.message import Message
from bridge.ports import PersonFound, PersonMatch

UNSAFE = re.compile(rb"[^A-Za-z0-9_]")


@dataclass(frozen=True, slots=True)
class Accepted:
    """The mapping takes the message."""

    folded: dict[str, str] = field(default_factory=dict, compare=False)  #: what `decide` need not fold again


@dataclass(frozen=True, slots=True)
class Dropped:
    """The mapping drops the message, for good."""

    line: str  #: file:line of the rule


@dataclass(frozen=True, slots=True)
class Decision:
    """What decide gave, and what the fields of the case need besides."""

    values: abc.Mapping[str, str]  #: name -> text, "" = missing
    lines: abc.Mapping[str, str]  #: name -> file:line of the rule that matched
    ids: abc.Mapping[str, str] = field(default_factory=dict)  #: field -> id of the record that its name stands for
    facts: Facts = NO_FACTS


def accept(mapping: Mapping, message: Message, facts: Facts = NO_FACTS) -> Accepted | Dropped | None:
    """Whether the mapping takes a created message. None: its source, kinds or when leave it to the next."""
    if mapping.source is not None and message.connection not in mapping.source:
        return None
    if mapping.kinds is not None and message.kind not in mapping.kinds:
        return None
    scope = Scope(message, facts=facts)
    for line in mapping.when:
        if not line.condition(scope):
            return None
    return _dropped(mapping, scope) or Accepted(scope.folded)


def dropped(mapping: Mapping, message: Message, facts: Facts = NO_FACTS) -> Dropped | None:
    """Whether a line of accept.drop fits a message that follows another one into its case; None = none does."""
    return _dropped(mapping, Scope(message, facts=facts))


def _dropped(mapping: Mapping, scope: Scope) -> Dropped | None:
    return next((Dropped(drop.line) for drop in mapping.drops if drop.condition(scope)), None)


def person_match(mapping: Mapping, message: Message) -> PersonMatch | None:
    """How to find the author's record in the CRM.

    A line with a missing value is left out: half a value must match nobody. A record is only to be made when a
    line that is left would find it again. None: no contact section, the author is unknown or ourselves, or no
    line is left.
    """
    if mapping.contact is None or not message.author.id or message.author.is_self:
        return None
    scope = Scope(message)
    rules = []
    for rule in mapping.contact.rules:
        values = {field: text for field, found in rule.items() if (text := found.complete(scope))}
        if len(values) == len(rule):
            rules.append(values)
    if not rules:
        return None
    made, fill = mapping.contact.create, mapping.contact.fill
    texts = {field: found.text(scope) for field, found in made.items()}
    again = any(rule.items() <= texts.items() for rule in rules)
    return PersonMatch(
        author=f"{message.channel}:{message.author.id}",
        object=mapping.contact.object,
        rules=tuple(rules),
        fetch=mapping.contact.fetch,
        create={f: value for f, found in made.items() if again and (value := found.value(scope)) is not None},
        fill={f: value for f, found in fill.items() if (value := found.value(scope)) not in (None, "")},
    )


def decide(
    mapping: Mapping,
    message: Message,
    person: PersonFound,
    facts: Facts = NO_FACTS,
    *,
    taken: Accepted | None = None,
) -> Decision:
    """The value of every decided name: its first rule that matches gives it.

    person: PersonFound() = none. taken: what `accept` said of the same message, to save its work.
    """
    values: dict[str, str] = {}
    lines: dict[str, str] = {}
    scope = Scope(message, person, decided=values, lines=lines, facts=facts)
    scope.folded = dict(taken.folded) if taken else {}
    for name, rules in mapping.decided.items():
        for rule in rules:
            if rule.condition is None or rule.condition(scope):
                values[name], lines[name] = rule.gives.text(scope), rule.line
                break
    return Decision(values, lines, facts=facts)


def case_key(mapping: Mapping, message: Message) -> str:
    """The key of the message's case, without the episode's suffix: channel:account:thread:author, by one_per.

    Only [A-Za-z0-9:_~-], at most 200 characters, and two messages share it only if all its pieces are the
    same. The author is the customer's side, so our own messages in a conversation belong to its case; the
    message's id stands for an author or thread that is unknown. With one_per: person it is the author's, who may
    be nobody in the CRM; see person_key.
    """
    thread, author = message.thread or message.id, message.side or message.id
    pieces = {
        "author_and_thread": (thread, author),
        "thread": (thread,),
        "author": (author,),
        "person": (author,),
        "message": (message.id,),
    }[mapping.one_per]
    account = f"{_escaped(message.channel)}:{_escaped(message.account.id)}"
    key = ":".join((account, *map(_escaped, pieces)))
    return key if len(key) <= 200 else f"{account[:135]}:{hashlib.sha256(key.encode()).hexdigest()}"


def person_key(mapping: Mapping, person: PersonFound) -> str:
    """The key of the one case of a customer on all channels; "" = there is none such."""
    return f"person:{_escaped(person.id)}" if mapping.one_per == "person" and person.id else ""


def _escaped(piece: str) -> str:
    """The piece in [A-Za-z0-9_-], another piece never giving the same: - is doubled, other bytes are -xx."""
    data = piece.encode(errors="surrogatepass")
    return UNSAFE.sub(lambda found: b"--" if found[0] == b"-" else b"-%02x" % found[0][0], data).decode()
