"""What the commands print, as text. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bridge import decided
from bridge.decided import Decided
from bridge.steps import Item
from bridge.store.ledger import Books, Story
from bridge.store.tables import SETTLED, WAITING


def books(found: Books) -> str:
    """The ledger, and what does not add up in it."""
    lines = [f"received  {found.received:>8}", f"  waiting {found.waiting:>8}"]
    lines += [f"    {s:<7} {n:>7}" for s in WAITING if (n := found.states.get(s, 0))]
    lines += [f"  {s:<7} {found.states.get(s, 0):>8}" for s in SETTLED]
    if found.skipped:
        lines.append("skipped, because they are no messages:")
        lines += [f"  {n:>6}  {c}: {reason} ({event})" for (c, reason, event), n in found.skipped.items()]
    lines += [f"paused: {crm}: {why}" for crm, why in found.paused.items()]
    lines += [f"FAULT: {fault}" for fault in found.faults()]
    return "\n".join(lines)


def story(told: Story) -> str:
    """The story of one message, in the order in which it happened."""
    one = told.item
    lines = [one.key, f"  received  {told.received_at}, number {one.id} in the ledger, lane {one.lane}"]
    if one.deleted:
        lines.append("  deleted   by its author: the text is blank here")
    if one.mapping:
        lines.append(f"  taken by  mapping {one.mapping}, for {one.case_id}")
        what = decided.load(one.decision)
        lines += [
            f"  decided   {name} = {what.values.get(name, '(blank)')} (line {line})"
            for name, line in what.lines.items()
        ]
        lines += [f"  missing   {line}" for line in _left_out(what)]
    lines.append(f"  {_now(told)}")
    if told.link:
        lines.append(f"  case      {one.crm_case} {told.link}")
    lines += [f"  warning   {warning}" for warning in told.warnings]
    return "\n".join(lines)


def _left_out(what: Decided) -> list[str]:
    """What the case lacks because nobody, or several, bear a name or match the author."""
    several = what.person.several
    return [*what.unnamed, *([f"{len(several)} records match this author: none is linked"] if several else [])]


def _now(told: Story) -> str:
    one = told.item
    if one.state in SETTLED:
        why = f": {one.reason}" if one.reason else ""
        return f"{one.state:<9} {told.settled_at or told.received_at}{why}"
    where = "undecided" if one.case_id is None else one.state
    notes = [f"{told.attempts} failed attempts"] if told.attempts else []
    notes += ["an answer was lost, the CRM will be asked first"] if told.unsure else []
    notes += [f"looked at again in {max(0.0, told.due_in):.0f} s"] if told.due_in is not None else []
    return f"waiting   {where}{': ' if notes else ''}{'; '.join(notes)}"


def unreadable(content: bytes) -> str:
    """What nobody could read, fit for a terminal: control characters and what is no UTF-8 are escaped."""
    text = content.decode(errors="backslashreplace")
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def dead(listed: Sequence[Item]) -> str:
    """The dead messages with their reasons."""
    if not listed:
        return "no message is dead"
    return "\n".join(f"{one.key}\n    {one.reason}" for one in listed)
