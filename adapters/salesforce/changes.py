"""What later messages do to a case that is there: raise its fields, give it to another owner. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping

from adapters.salesforce.planned import Case, Change, Plan
from bridge import written
from bridge.ports import Filing, Part, Value


def carry_over(plan: Plan, filing: Filing) -> None:
    """Plan what the messages that come to a case which is there bring with them, once, for all of them.

    The parts that no comment can carry are filed with it, where there is something to write.
    """
    case = plan.case
    if case is None or not case.id:
        return  # when it is opened, `silence` follows
    coming = [c.part.key for c in plan.comments if c.parent == case.id and _bears(c.part)]
    mute = [part.key for part in plan.mute if _bears(part)]
    if not plan.created and (coming or mute):
        change = Change(bearers=coming)
        _raise(change, filing, case)
        _assign(plan, change, filing, case)
        _merge(plan, change, case, mute)
    elif not plan.created and any(_bears(p) and plan.cases.get(p.key) == case.id for p in filing.parts):
        # They are in, so what they brought was written before them; an agent may have moved the case since.
        plan.assigned |= filing.assign
    silence(plan, filing)


def silence(plan: Plan, filing: Filing) -> None:
    """Drop the parts that neither a comment nor a change carries; the receipt names the mapping's line."""
    carried = {key for change in plan.changes.values() for key in change.refs}
    for part in plan.mute:
        if part.key not in carried:
            plan.dropped[part.key] = f"{filing.line}: a {filing.object} takes no comments"


def _bears(part: Part) -> bool:
    return part.opens and part.act == "add" and not part.case_id


def _raise(change: Change, filing: Filing, case: Case) -> None:
    for name, raised in filing.raises.items():
        if raised.over(case.values.get(name.casefold())):
            change.carried[name] = raised.value


def _assign(plan: Plan, change: Change, filing: Filing, case: Case) -> None:
    """Give the case away where the mapping's answer has changed: else what an agent has chosen since stands."""
    for name, value in filing.assign.items():
        if value is None or written.stands(_notes(filing, case), name, value):
            continue
        if same_id(case.values.get(name.casefold()), value):
            plan.assigned[name] = value
        else:
            change.carried[name] = change.assigned[name] = value


def _notes(filing: Filing, case: Case) -> Mapping[str, str]:
    return filing.known.notes if case.id == filing.known.case_id else {}


def _merge(plan: Plan, new: Change, case: Case, mute: list[str]) -> None:
    """Put it into the write that the case gets anyway."""
    if not new.carried:
        return
    change = plan.changes.setdefault(case.id, Change())
    change.assigned = new.assigned
    if mute:
        change.fields |= new.carried
        change.parts += mute
        # No words of theirs stand there, so nothing is to be rewritten when they are edited or deleted.
        change.refs |= dict.fromkeys(mute, "")
    else:
        change.carried, change.bearers = new.carried, new.bearers


def same_id(current: object, value: Value) -> bool:
    """Whether a field holds this value: ids come in 15 and in 18 characters."""
    one, other = str(current or ""), str(value)
    if {len(one), len(other)} == {15, 18}:
        one, other = one[:15], other[:15]
    return one == other


def noted(notes: Mapping[str, str], values: Mapping[str, Value]) -> dict[str, str]:
    """Return a case's notes with these values, the latest first; for lack of room the shortest are forgotten."""
    kept = {f"w:{name}": written.digest(value) for name, value in values.items()}
    kept |= {name: digest for name, digest in notes.items() if name not in kept}
    while len(json.dumps(kept).encode()) > written.NOTES_ROOM:
        kept.popitem()
    return kept
