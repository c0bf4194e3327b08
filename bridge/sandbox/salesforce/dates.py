"""SOQL's words for days: TODAY, LAST_N_DAYS:7. Each stands for a span of days, in UTC. Pure.

https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_dateformats.htm
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta

Span = tuple[date, date]  #: first and last day
DAY = timedelta(days=1)


def span(literal: str, today: date) -> Span:
    """The days that a literal stands for. Raises ValueError: there is no such literal, or no such day."""
    word, _, number = literal.upper().partition(":")
    try:
        if number:
            return COUNTED[word](today, int(number))
        return SPANS[word](today)
    except (KeyError, OverflowError):
        raise ValueError(literal) from None


def _days(first: int, last: int) -> Callable[[date], Span]:
    return lambda today: (today + first * DAY, today + last * DAY)


def _week(shift: int) -> Callable[[date], Span]:
    def of(today: date) -> Span:
        sunday = today - today.isoweekday() % 7 * DAY + 7 * shift * DAY
        return sunday, sunday + 6 * DAY

    return of


def _month(shift: int) -> Callable[[date], Span]:
    def first(today: date, months: int) -> date:
        year, month = divmod(today.year * 12 + today.month - 1 + months, 12)
        return date(year, month + 1, 1)

    return lambda today: (first(today, shift), first(today, shift + 1) - DAY)


def _year(shift: int) -> Callable[[date], Span]:
    return lambda today: (date(today.year + shift, 1, 1), date(today.year + shift, 12, 31))


SPANS: Mapping[str, Callable[[date], Span]] = {
    "TODAY": _days(0, 0), "YESTERDAY": _days(-1, -1), "TOMORROW": _days(1, 1),
    "LAST_90_DAYS": _days(-90, 0), "NEXT_90_DAYS": _days(1, 90),
    "LAST_WEEK": _week(-1), "THIS_WEEK": _week(0), "NEXT_WEEK": _week(1),
    "LAST_MONTH": _month(-1), "THIS_MONTH": _month(0), "NEXT_MONTH": _month(1),
    "LAST_YEAR": _year(-1), "THIS_YEAR": _year(0), "NEXT_YEAR": _year(1),
}  # fmt: skip

COUNTED: Mapping[str, Callable[[date, int], Span]] = {
    "LAST_N_DAYS": lambda today, n: (today - n * DAY, today),
    "NEXT_N_DAYS": lambda today, n: (today + DAY, today + n * DAY),
    "N_DAYS_AGO": lambda today, n: (today - n * DAY, today - n * DAY),
}
