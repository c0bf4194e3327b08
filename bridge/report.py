"""What the commands print, as text. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bridge import decided
from bridge.backfilling import Fetched
from bridge.decided import Decided
from bridge.findings import one_line
from bridge.steps import Item
from bridge.store.health import Unsent
from bridge.store.ledger import Books, Story
from bridge.store.tables import SETTLED, WAITING

UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


def books(found: Books) -> str:
    """The ledger, and what does not add up in it."""
    lines = [f"received  {found.received:>8}", f"  waiting {found.waiting:>8}"]
    lines += [f"    {s:<7} {n:>7}" for s in WAITING if (n := found.states.get(s, 0))]
    lines += [f"  {s:<7} {found.states.get(s, 0):>8}" for s in SETTLED]
    if found.skipped:
        lines.append("skipped, because they are no messages:")
        lines += [f"  {n:>6}  {c}: {reason} ({event})" for (c, reason, event), n in found.skipped.items()]
    if found.replies:
        lines.append("agents' replies:")
        lines += [f"  {n:>6}  {state}" for state, n in sorted(found.replies.items())]
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
    if told.job:
        notes.append(f"in the CRM's job {told.job}, which will be asked what became of it")
    elif told.unsure:
        notes.append("an answer was lost, the CRM will be asked first")
    notes += [f"looked at again in {max(0.0, told.due_in):.0f} s"] if told.due_in is not None else []
    return f"waiting   {where}{': ' if notes else ''}{'; '.join(notes)}"


def fetched(connection: str, found: Fetched) -> str:
    """What was fetched for one account, and why it ended too early."""
    line = f"{connection} / {found.account}: {found.seen} seen, {found.new} new, {found.here} already here"
    line += f", {found.skipped} skipped"
    if not found.stopped:
        return line
    then = ". Run it again: what was stored stays." if found.again else "."
    return f"{line}\n    stopped: {one_line(found.stopped).removesuffix('.')}{then}"


def checked(mappings: int, warnings: int) -> str:
    """What `check` says in the end, where there is no fault."""
    told = f"{mappings} mapping{'s' if mappings != 1 else ''}: no faults"
    return f"{told}, {warnings} warning{'s' if warnings != 1 else ''}" if warnings else told


def replies(found: Sequence[Unsent]) -> str:
    """The replies that have not arrived, oldest first, with the reasons."""
    if not found:
        return "no reply waits, failed or is unsure"
    return "\n".join(
        f"{one.state:<7}  {one.crm} / {one.case}  reply {one.id}, {_age(one.age)} old"
        + (f"\n    {one_line(one.reason)}" if one.reason else "")
        for one in found
    )


def _age(span: timedelta) -> str:
    """About how long: 3 minutes, 2 hours, 5 days."""
    seconds = span.total_seconds()
    unit, n = next((u, int(seconds // s)) for u, s in UNITS if seconds >= s or s == 1)
    return f"{n} {unit}{'s' if n != 1 else ''}"


def unreadable(content: bytes) -> str:
    """What nobody could read, fit for a terminal: control characters and what is no UTF-8 are escaped."""
    text = content.decode(errors="backslashreplace")
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def dead(listed: Sequence[Item]) -> str:
    """The dead messages with their reasons."""
    if not listed:
        return "no message is dead"
    return "\n".join(f"{one.key}\n    {one.reason}" for one in listed)
