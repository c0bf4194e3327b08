"""Opening hours: {time_zone: Europe/Berlin, mon-fri: 08:00-20:00}, and which times are inside them. Pure.

All times of day are those on the wall in the zone: where clocks are put back, 02:30 comes twice and is inside
twice; where they are put forward it does not come at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from bridge.mapping.document import Document, Fault, Node, near
from bridge.mapping.filters import BadArgument, time_zone

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WHOLE_DAY = 24 * 60
MOST_FAULTS = 10  #: of one file: a wrong file is wrong in every line

SPAN = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])\s*-\s*([01][0-9]|2[0-4]):([0-5][0-9])")
HOLIDAY = re.compile(r"(?:([0-9]{4})-)?([0-9]{2})-([0-9]{2})(?:\s.*)?")
LEAP = 2000  #: a year that has every day


@dataclass(frozen=True, slots=True)
class Span:
    """From one minute of a day to before another; the end is over 24 * 60 where it is on the day after."""

    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Holidays:
    """Days without opening hours."""

    dates: frozenset[date] = frozenset()
    yearly: frozenset[tuple[int, int]] = frozenset()  #: month, day

    def __contains__(self, day: date) -> bool:
        return day in self.dates or (day.month, day.day) in self.yearly


@dataclass(frozen=True, slots=True)
class Hours:
    """When somebody is there."""

    zone: ZoneInfo
    days: tuple[tuple[Span, ...], ...]  #: Monday first; a span over midnight belongs to the day it begins on
    holidays: Holidays = Holidays()

    def inside(self, when: datetime) -> bool | None:
        """Whether somebody is there at this time; None = the time is beyond the calendar's first or last day."""
        try:
            local = when.astimezone(self.zone)
            before = local.date() - timedelta(days=1)
        except OverflowError:
            return None
        minute = local.hour * 60 + local.minute
        return self._open(local.date(), minute) or self._open(before, minute + WHOLE_DAY)

    def _open(self, day: date, minute: int) -> bool:
        """Whether the spans that begin on a day hold a minute, counted from its midnight."""
        spans = self.days[day.weekday()]
        return day not in self.holidays and any(span.begin <= minute < span.end for span in spans)


def holidays(lines: Sequence[tuple[int, str]], file: str) -> tuple[Holidays, list[Fault]]:
    """Read the lines of a file of holidays: 2026-12-25, or 12-25 for every year; text behind it is a remark.

    lines: their numbers and texts. It stops at the 10th fault.
    """
    dates, yearly, faults = set[date](), set[tuple[int, int]](), list[Fault]()
    for number, text in lines:
        if len(faults) == MOST_FAULTS:
            break
        found = HOLIDAY.fullmatch(text)
        try:
            year, month, day = found.groups() if found else ("", "", "")
            when = date(int(year or LEAP), int(month), int(day))
        except ValueError:
            reason = f"{text[:40]!r} is no day: write 2026-12-25, or 12-25 for every year"
            faults.append(Fault(file, number, 1, "not-a-holiday", reason))
            continue
        if year:
            dates.add(when)
        else:
            yearly.add((when.month, when.day))
    return Holidays(frozenset(dates), frozenset(yearly)), faults


def hours(node: Node, document: Document, closed: Holidays) -> tuple[Hours | None, list[Fault]]:
    """Compile one map of opening hours; None = it has faults. closed: what its `holidays` names.

    A value that is no text is the form's fault, not said here.

    Its keys are time_zone, holidays, and days: mon, mon-fri, sat-mon or "mon, wed". A day's value is `closed` or
    times: 08:00-20:00, "08:00-12:00, 13:00-17:00", 22:00-06:00 until the day after, 24:00 as an end.
    """
    reader = _Reader(document)
    zone = reader.zone(node)
    days: dict[int, tuple[Span, ...]] = {}
    given: dict[int, int] = {}
    for key, value in node.entries.items():
        if key in ("time_zone", "holidays"):
            continue
        named = list(reader.days(key, value))
        spans = reader.spans(value) if named else ()
        for day in named:
            if day in days:
                reason = f"{DAYS[day]!r} has its hours on line {given[day]} already"
                reader.refuse(value, "day-twice", reason, key=True)
            days[day], given[day] = spans, value.line
    if not days:
        reader.refuse(node, "no-days", "no day has hours here: mon-fri: 08:00-20:00", key=True)
    if zone is None or reader.faults:
        return None, reader.faults
    return Hours(zone, tuple(days.get(day, ()) for day in range(7)), closed), []


class _Reader:
    """Reads the parts of one map, and keeps what is wrong with them."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.faults: list[Fault] = []

    def zone(self, node: Node) -> ZoneInfo | None:
        given = node.entries.get("time_zone")
        if given is None:
            self.refuse(node, "missing-key", "'time_zone' is missing", key=True)
        if given is None or given.text is None:
            return None
        try:
            return time_zone(given.text)
        except BadArgument as error:
            self.refuse(given, error.code, str(error), suggestion=error.suggestion)
            return None

    def days(self, key: str, value: Node) -> Iterator[int]:
        """The days that a key names, 0 for Monday."""
        for part in key.lower().split(","):
            names = [name.strip() for name in part.split("-")]
            unknown = [name for name in names if name not in DAYS]
            if unknown or len(names) > 2:
                allowed = ", ".join(("time_zone", *DAYS, "mon-fri", "holidays"))
                close = near(key, ("time_zone", "holidays"))
                self.refuse(value, "not-a-day", f"{key!r} is no day", key=True, allowed=allowed, suggestion=close)
                return
            first, last = DAYS.index(names[0]), DAYS.index(names[-1])
            for day in range(first, last + 1 if first <= last else last + 8):
                yield day % 7

    def spans(self, node: Node) -> tuple[Span, ...]:
        """The times of a day's value, the earliest first; what is after midnight is on the next day's clock."""
        if node.text in (None, "closed"):
            return ()
        texts = [text.strip() for text in (node.text or "").split(",")]
        told = [(span, text) for text in texts if (span := self.span(text, node))]
        told.sort(key=lambda one: one[0].begin)
        for (before, first), (span, text) in pairwise(told):
            if span.begin < before.end:
                self.refuse(node, "overlapping-hours", f"{text!r} begins before {first!r} ends")
        return tuple(span for span, _ in told)

    def span(self, text: str, node: Node) -> Span | None:
        found = SPAN.fullmatch(text)
        begin, end = _minutes(found[1], found[2]) if found else 0, _minutes(found[3], found[4]) if found else 0
        if found is None or end > WHOLE_DAY:
            self.refuse(node, "not-hours", f"{text!r} is no time of opening: write 08:00-20:00, or closed")
            return None
        if begin == end:
            reason = f"{text!r} ends when it begins: the whole day is 00:00-24:00, and no hours are closed"
            self.refuse(node, "empty-hours", reason)
            return None
        return Span(begin, end if begin < end else end + WHOLE_DAY)

    def refuse(
        self, node: Node, code: str, reason: str, *, key: bool = False, allowed: str = "", suggestion: str = ""
    ) -> None:
        self.faults.append(
            self.document.fault(node, code, reason, key=key, allowed=allowed, suggestion=suggestion)
        )


def _minutes(hour: str, minute: str) -> int:
    return int(hour) * 60 + int(minute)
