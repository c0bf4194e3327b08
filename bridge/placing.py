"""Where an undecided item goes when no mapping has to be asked: what follows another message. Pure.

Edits, deletions and hidings follow their target; our own side's words follow the conversation they stand in
and never open a case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bridge.mapping import Mapping as CaseMapping
from bridge.steps import Item, Place, Settle, Verdict, Wait

ORPHANED = timedelta(hours=24)
SOON = timedelta(seconds=1)

DELETED = Settle(state="dropped", reason="deleted_by_author")
ECHO = Settle(state="dropped", reason="echo")
OWN_POST = Settle(state="dropped", reason="own_post")
OUR_REPLY = Settle(state="dropped", reason="our_reply")  #: an agent wrote it in the CRM: it stands there already


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What has become of a message that another one points at."""

    lane: str
    state: str
    reason: str = ""
    case_id: str | None = None
    mapping: str = ""
    decision: str = "{}"

    @classmethod
    def of(cls, one: Item) -> Fate:
        """As the store has it."""
        return cls(
            lane=one.lane,
            state=one.state,
            reason=one.reason,
            case_id=one.case_id,
            mapping=one.mapping,
            decision=one.decision,
        )

    @classmethod
    def after(cls, one: Item, verdict: Verdict) -> Fate:
        """As it will be once this verdict is written."""
        match verdict:
            case Place():
                return cls(
                    lane=one.lane,
                    state="ready",
                    case_id=verdict.case_id,
                    mapping=verdict.mapping,
                    decision=verdict.decision,
                )
            case Settle():
                return cls(lane=one.lane, state=verdict.state, reason=verdict.reason)
            case Wait():
                return cls(lane=one.lane, state="ready")


def original(family: Sequence[Item]) -> Item | None:
    """What an edit or deletion of a message changes; None = it never came.

    That is its creation; else the first edit that was filed in its stead, a day after nothing came.
    """
    created = next((one for one in family if one.change == "created"), None)
    return created or next((one for one in family if one.change == "edited" and one.case_id), None)


def mapping_of(name: str, case_id: str, mappings: Mapping[str, CaseMapping]) -> CaseMapping | None:
    """The mapping of what follows an older message: its target's, or any for the same kind of case.

    A mapping that was renamed since, leads to another CRM or only watches now must not keep a deletion from its
    target. None = there is none like it.
    """
    alike = {other: m for other, m in mappings.items() if leads_to(m, case_id)}
    live = {other: m for other, m in alike.items() if not m.shadow}
    return next(iter([m for some in (live, alike) for m in (some.get(name), *some.values()) if m]), None)


def leads_to(mapping: CaseMapping, case_id: str) -> bool:
    """Whether the mapping makes cases of this kind, in this CRM, or would if it did not only watch."""
    return case_id.startswith(f"{mapping.target}/{mapping.object}/")


def follow(one: Item, target: Fate | None) -> Verdict | None:
    """The verdict on an edit, deletion or hiding; None = an edit whose target never came, file it as created."""
    if target is None:
        return _orphan(one)
    if target.state == "dropped":
        both = one.change == "deleted" and target.reason == DELETED.reason
        return DELETED if both else Settle(state="dropped", reason="target_dropped")
    if target.case_id is None and target.state == "dead":
        if one.change == "deleted":
            return DELETED
        return Settle(state="dead", reason="the message that this one changes is dead: replay that one first")
    if target.case_id is None or (target.state == "ready" and target.lane != one.lane):
        return Wait(after=SOON)  # not decided yet, or not frozen: an orphan must not overtake it
    return _beside(target)


def echo(one: Item, parent: Fate | None, *, is_post: bool) -> Verdict:
    """The verdict on our own side's words: onto the case of what they answer, or dropped."""
    if parent is None:
        return OWN_POST if is_post else ECHO
    if parent.state == "dropped":
        return ECHO
    if parent.case_id is None:
        return Wait(after=SOON) if parent.state == "ready" and parent.lane != one.lane else ECHO
    return _beside(parent)


def _beside(other: Fate) -> Place:
    assert other.case_id is not None
    return Place(
        case_id=other.case_id,
        target=other.case_id.partition("/")[0],
        mapping=other.mapping,
        decision=other.decision,
    )


def _orphan(one: Item) -> Verdict | None:
    """Wait for the target: look again 30 s, 2 min and 10 min after it came, then hourly, for a day."""
    if one.age >= ORPHANED:
        if one.change == "edited":
            return None
        return Settle(state="dropped", reason="target_unknown")
    for moment in (timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10)):
        if one.age < moment:
            return Wait(after=moment - one.age)
    return Wait(after=timedelta(hours=1))
