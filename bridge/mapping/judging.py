"""What one mapping makes of one message, were it the first of its case, and the lines that say so. Pure."""

from __future__ import annotations

from collections import abc
from dataclasses import dataclass, field

from bridge.mapping.compiled import Mapping
from bridge.mapping.decide import Dropped, accept, case_key, decide, person_key
from bridge.mapping.paths import NO_FACTS, NOBODY, Facts, Scope
from bridge.mapping.render import Comment, comment, create, names
from bridge.message import Message
from bridge.ports import PersonFound, Value

SILENT = Comment("", public=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What becomes of a message. Of what is not taken only why_not or dropped is known."""

    why_not: str = ""  #: why it is left to the next mapping: a clause; "" = it is not
    why_line: str = ""  #: file:line of what does not fit; "" = no line says so
    dropped: str = ""  #: file:line of the line that drops it; "" = none does
    key: str = ""  #: of its case, without target and object; the person's where one_per says so
    values: abc.Mapping[str, str] = field(default_factory=dict)  #: decided name -> text, "" = missing
    lines: abc.Mapping[str, str] = field(default_factory=dict)  #: decided name -> file:line of its rule
    fields: abc.Mapping[str, Value] = field(default_factory=dict)  #: of a new case; None = left out
    names: abc.Mapping[str, str] = field(default_factory=dict)  #: field -> name of the record that goes into it
    comment: Comment = SILENT  #: what it would be on a case that is there

    @property
    def taken(self) -> bool:
        """Whether it becomes a case, or a comment on one."""
        return not self.why_not and not self.dropped


def judge(mapping: Mapping, message: Message, person: PersonFound = NOBODY, facts: Facts = NO_FACTS) -> Judged:
    """Decide a created message of a customer by one mapping, and render it. It only looks: nothing is asked.

    person: who the author is in the CRM; PersonFound() = nobody, or nobody has asked. facts: what the inbox
    knows of the author and of the case. Fields that take a record's id are None in `fields`, and named in
    `names`. Whether the mapping is a shadow makes no difference.
    """
    took = accept(mapping, message, facts)
    if took is None:
        why, line = left(mapping, message, facts)
        return Judged(why_not=why, why_line=line)
    if isinstance(took, Dropped):
        return Judged(dropped=took.line)
    decision = decide(mapping, message, person, facts, taken=took)
    return Judged(
        key=person_key(mapping, person) or case_key(mapping, message),
        values=decision.values,
        lines=decision.lines,
        fields=create(mapping, message, decision, person),
        names=names(mapping, message, decision, person),
        comment=comment(mapping, message, decision, person, facts),
    )


def left(mapping: Mapping, message: Message, facts: Facts) -> tuple[str, str]:
    """Why `accept` leaves it to the next mapping, a clause: in its order, the first thing that does not fit.

    Beside it the file:line of that thing.
    """
    if mapping.source is not None and message.connection not in mapping.source:
        return f"it came through {message.connection}", mapping.source_line
    if mapping.kinds is not None and message.kind not in mapping.kinds:
        return f"its kind is {message.kind}", mapping.kinds_line
    scope = Scope(message, facts=facts)
    return "a condition does not hold", next(one.line for one in mapping.when if not one.condition(scope))
