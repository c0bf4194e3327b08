"""What a mapping makes of a message: whether it takes it, whose it is, what is decided, on which case. Pure."""

from __future__ import annotations

import hashlib
import re
from collections import abc
from dataclasses import dataclass

from bridge.mapping.compiled import Mapping
from bridge.mapping.paths import Scope
from bridge.message import Message
from bridge.ports import PersonFound, PersonMatch

UNSAFE = re.compile(rb"[^A-Za-z0-9_]")


@dataclass(frozen=True, slots=True)
class Accepted:
    """The mapping takes the message."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """The mapping drops the message, for good."""

    line: str  #: file:line of the rule


@dataclass(frozen=True, slots=True)
class Decision:
    """What decide gave. values: name -> text, "" = missing. lines: name -> file:line of the rule that matched."""

    values: abc.Mapping[str, str]
    lines: abc.Mapping[str, str]


def accept(mapping: Mapping, message: Message) -> Accepted | Dropped | None:
    """Whether the mapping takes a created message. None: its source or its kinds leave it to the next mapping."""
    if mapping.source is not None and message.connection not in mapping.source:
        return None
    if mapping.kinds is not None and message.kind not in mapping.kinds:
        return None
    scope = Scope(message)
    line = next((drop.line for drop in mapping.drops if drop.condition(scope)), "")
    return Dropped(line) if line else Accepted()


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
    made = mapping.contact.create
    texts = {field: found.text(scope) for field, found in made.items()}
    again = any(rule.items() <= texts.items() for rule in rules)
    return PersonMatch(
        author=f"{message.channel}:{message.author.id}",
        object=mapping.contact.object,
        rules=tuple(rules),
        fetch=mapping.contact.fetch,
        create={f: value for f, found in made.items() if again and (value := found.value(scope)) is not None},
    )


def decide(mapping: Mapping, message: Message, person: PersonFound) -> Decision:
    """The value of every decided name: its first rule that matches gives it. person: PersonFound() = none."""
    values: dict[str, str] = {}
    lines: dict[str, str] = {}
    scope = Scope(message, person, values)
    for name, rules in mapping.decided.items():
        for rule in rules:
            if rule.condition is None or rule.condition(scope):
                values[name], lines[name] = rule.gives.text(scope), rule.line
                break
    return Decision(values, lines)


def case_key(mapping: Mapping, message: Message) -> str:
    """The key of the message's case, without the episode's suffix: channel:account:thread:author, by one_per.

    Only [A-Za-z0-9:_~-], at most 200 characters, and two messages share it only if all its pieces are the
    same. The author is the customer's side, so our own messages in a conversation belong to its case; the
    message's id stands for an author or thread that is unknown.
    """
    thread, author = message.thread or message.id, message.side or message.id
    pieces = {
        "author_and_thread": (thread, author),
        "thread": (thread,),
        "author": (author,),
        "message": (message.id,),
    }[mapping.one_per]
    account = f"{_escaped(message.channel)}:{_escaped(message.account.id)}"
    key = ":".join((account, *map(_escaped, pieces)))
    return key if len(key) <= 200 else f"{account}:{hashlib.sha256(key.encode()).hexdigest()}"


def _escaped(piece: str) -> str:
    """The piece in [A-Za-z0-9_-], another piece never giving the same: - is doubled, other bytes are -xx."""
    data = piece.encode(errors="surrogatepass")
    return UNSAFE.sub(lambda found: b"--" if found[0] == b"-" else b"-%02x" % found[0][0], data).decode()
