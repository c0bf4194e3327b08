"""What a mapping decided about one message, as it is stored beside it until it is rendered. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import TypeAdapter

from bridge.mapping import NO_FACTS, Decision, Facts
from bridge.ports import PersonFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """The decided names, the lines that decided them, who the author is in the CRM, and what names stand for."""

    values: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[str, str] = field(default_factory=dict)
    person: PersonFound = field(default_factory=PersonFound)
    ids: Mapping[str, str] = field(default_factory=dict)  #: field -> id of the record that the mapping names
    unnamed: tuple[str, ...] = ()  #: sentences: what is left out, since nothing bears that name or was made
    facts: Facts = NO_FACTS

    @property
    def decision(self) -> Decision:
        """The form in which the mapping renders it."""
        return Decision(values=self.values, lines=self.lines, ids=self.ids, facts=self.facts)


_JSON = TypeAdapter(Decided)


def dump(decided: Decided) -> str:
    """What was decided, as JSON."""
    return _JSON.dump_json(decided).decode()


def load(text: str) -> Decided:
    """What `dump` wrote; {} is nothing decided."""
    return _JSON.validate_json(text)
