"""How texts of strangers, times, numbers and changes are printed for people. Pure."""

from __future__ import annotations

from datetime import datetime

WIDTH = 100  #: characters of each side of a change
BEFORE = 20  #: of them before the first character that differs


def one_line(text: str) -> str:
    """The text on one line, without what a terminal would obey: strangers chose some of its words."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def utc(when: datetime) -> str:
    """How people read a time of the database's: 2026-11-21 12:00:00 UTC."""
    return f"{when:%Y-%m-%d %H:%M:%S} UTC"


def excerpt(text: str, longest: int) -> str:
    """The beginning of the text on one line, of so many characters at most; … = there is more."""
    line = one_line(text[: 10 * longest])
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def change(before: str, after: str, lines: tuple[str, str] = ("", "")) -> str:
    """What was -> what is, each cut so that one sees where they differ, with the file:line that says so."""
    was, now = one_line(before), one_line(after)
    alike = next((i for i, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), min(len(was), len(now)))
    start = max(0, alike - BEFORE) if max(len(was), len(now)) > WIDTH else 0
    return " -> ".join(_side(text[start:], line, start) for text, line in zip((was, now), lines, strict=True))


def _side(text: str, line: str, start: int) -> str:
    shown = f"{'…' if start else ''}{text[:WIDTH]}{'…' if len(text) > WIDTH else ''}" or "(nothing)"
    return f"{shown} ({line})" if line else shown


def many(n: int, name: str) -> str:
    """So many of something: 1 priority, 2 priorities, 3 queues."""
    if n == 1:
        return f"1 {name}"
    if name[-1:] == "y" and name[-2:-1] not in "aeiou":
        return f"{n} {name[:-1]}ies"
    return f"{n} {name}{'es' if name.endswith(('s', 'x', 'ch', 'sh')) else 's'}"
