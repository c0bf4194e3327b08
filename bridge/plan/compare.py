"""What would change: two rehearsals of the same messages, compared message by message and case by case. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bridge.plan.paper import Case, Comment
from bridge.plan.rehearsal import Ending, Program, Rehearsal
from bridge.ports import Value

Kind = Literal["end", "mapping", "case", "decided"]
"""end: whether it is filed at all. mapping: which one has it. case: into which it goes. decided: a name."""

AGAIN = " again"  #: behind how a message ends in counts: it ends so on both sides, for different reasons
KINDS: Sequence[Kind] = ("decided", "end", "mapping", "case")
DROPPED_BY = re.compile(r"(?P<line>.+?:\d+)(?:: (?P<why>.+))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One side of a difference."""

    value: str  #: "" = missing
    line: str = ""  #: file:line that says so; "" = none does


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that mappings make otherwise of a message."""

    kind: Kind
    name: str = ""  #: of what is decided
    before: Said | None  #: None = nothing is decided under that name
    after: Said | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedMessage:
    """A message that would fare otherwise."""

    key: str
    number: int  #: in the ledger
    text: str
    differs: tuple[Difference, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedCase:
    """A case that would look otherwise. before, after None: it would not be opened."""

    name: str  #: crm/object/key
    before: Case | None
    after: Case | None

    @property
    def fields(self) -> Mapping[str, tuple[Value, Value]]:
        """The fields that differ: name -> before and after, None = empty."""
        was, now = (one.fields if one else {} for one in (self.before, self.after))
        names = dict.fromkeys([*was, *now])
        return {name: (was.get(name), now.get(name)) for name in names if was.get(name) != now.get(name)}

    @property
    def comments(self) -> tuple[Sequence[Comment], Sequence[Comment]]:
        """The comments of which the other side has none alike."""
        was, now = (one.comments if one else () for one in (self.before, self.after))
        return [*(Counter(was) - Counter(now)).elements()], [*(Counter(now) - Counter(was)).elements()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that would change."""

    messages: int  #: that were gone through
    changed: tuple[ChangedMessage, ...]
    cases: tuple[ChangedCase, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)  #: unreadable, deleted, our_reply -> how many
    waiting: int = 0  #: messages that wait for another one, which is not here
    strangers: int = 0  #: authors of whom nobody knows here who they are in the CRM

    @property
    def changes(self) -> bool:
        """Whether anything does."""
        return bool(self.changed or self.cases)

    @property
    def counts(self) -> Mapping[tuple[Kind, str], int]:
        """How many messages fare otherwise, by what is otherwise: a decided name, how they end now, or ""."""
        found = Counter((one.kind, _counted(one)) for message in self.changed for one in message.differs)
        return {what: found[what] for what in sorted(found, key=lambda what: KINDS.index(what[0]))}


def compare(told: Program, before: Rehearsal, after: Rehearsal) -> Plan:
    """What is otherwise in the second rehearsal."""
    changed = []
    for one in told.last:
        was, now = (side.endings.get(one.item.id) for side in (before, after))
        if was and now and (differs := tuple(_differences(was, now))):
            text = one.item.message.text
            changed.append(ChangedMessage(key=one.item.key, number=one.item.id, text=text, differs=differs))
    names = dict.fromkeys([*before.cases, *after.cases])
    pairs = [ChangedCase(name=name, before=before.cases.get(name), after=after.cases.get(name)) for name in names]
    return Plan(
        messages=len(told.last),
        changed=tuple(changed),
        cases=tuple(pair for pair in pairs if pair.before != pair.after),
        left_out=told.left_out,
        waiting=sum(end.state == "waits" for end in after.endings.values()),
        strangers=len(before.strangers | after.strangers),
    )


def _differences(was: Ending, now: Ending) -> Iterator[Difference]:
    ends = _ended(was), _ended(now)
    if ends[0].value != ends[1].value:  # by which line makes no difference
        yield Difference(kind="end", before=ends[0], after=ends[1])
    if not (was.state == now.state == "filed"):
        return
    if was.mapping != now.mapping:
        yield Difference(kind="mapping", before=Said(value=was.mapping), after=Said(value=now.mapping))
    if was.case != now.case:
        yield Difference(kind="case", before=Said(value=was.case), after=Said(value=now.case))
    for name in dict.fromkeys([*was.values, *now.values]):
        if was.values.get(name) != now.values.get(name):
            yield Difference(kind="decided", name=name, before=_decided(was, name), after=_decided(now, name))


def _ended(one: Ending) -> Said:
    """How it ends, and the line that says so."""
    by_line = DROPPED_BY.fullmatch(one.reason) if one.state == "dropped" else None
    why = by_line["why"] if by_line else one.reason
    return Said(value=f"{one.state}: {why}" if why else one.state, line=by_line["line"] if by_line else "")


def _decided(one: Ending, name: str) -> Said | None:
    return Said(value=one.values[name], line=one.lines.get(name, "")) if name in one.values else None


def _counted(one: Difference) -> str:
    if one.kind == "end" and one.before is not None and one.after is not None:
        was, now = (side.value.partition(":")[0] for side in (one.before, one.after))
        return f"{now}{AGAIN}" if now == was else now
    return one.name
