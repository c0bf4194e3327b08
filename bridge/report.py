"""What the commands print, as text. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from bridge.backfilling import Fetched
from bridge.printing import many, one_line, utc
from bridge.steps import Item
from bridge.store.health import Unsent
from bridge.store.ledger import Books
from bridge.store.revisions import Revision
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
    told = f"{many(mappings, 'mapping')}: no faults"
    return f"{told}, {many(warnings, 'warning')}" if warnings else told


def revisions(listed: Sequence[Revision], changes: Mapping[int, Mapping[str, tuple[int, int]]]) -> str:
    """The published mapping sets, the newest first; changes: by number, lines added to files and taken away."""
    if not listed:
        return "no mappings were published yet: `casebridge publish`"
    lines = []
    for one in listed:
        told = ", ".join(f"{file} +{more} -{less}" for file, (more, less) in changes[one.number].items())
        state = "at work" if one is listed[0] else ""
        line = f"{one.number:>4}  {utc(one.published_at)}  {state:<7}  {one.origin}"
        lines.append(f"{line}\n      {told or 'nothing changed'}")
    return "\n".join(lines)


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
    return many(n, unit)


def unreadable(content: bytes) -> str:
    """What nobody could read, fit for a terminal: control characters and what is no UTF-8 are escaped."""
    text = content.decode(errors="backslashreplace")
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def dead(listed: Sequence[Item]) -> str:
    """The dead messages with their reasons."""
    if not listed:
        return "no message is dead"
    return "\n".join(f"{one.key}\n    {one.reason}" for one in listed)
