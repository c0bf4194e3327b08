"""Opening hours: how they are read, which times are inside, and that no change of clocks makes nonsense."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mapping_examples import CASE, HEAD, faults, said

from bridge.mapping import Dropped, accept, read
from bridge.mapping.document import Document, parse
from bridge.mapping.hours import Holidays, Hours, Span, holidays, hours
from bridge.mapping.surroundings import Surroundings
from bridge.message import Message

BERLIN = ZoneInfo("Europe/Berlin")
HOLIDAYS = Holidays(dates=frozenset({date(2026, 4, 6)}), yearly=frozenset({(12, 25), (2, 29)}))


def document(text: str) -> Document:
    return parse(text, "connections.yaml", secret=True)


def opened(text: str, closed: Holidays = HOLIDAYS) -> Hours:
    """The hours that these lines make."""
    found, wrong = hours(document(text).root, document(text), closed)
    assert found is not None, [str(fault) for fault in wrong]
    return found


def at(wall: str, zone: str = "Europe/Berlin", *, fold: int = 0) -> datetime:
    """A time on the wall there, as UTC."""
    return datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


# --- which times are inside --------------------------------------------------------------------------------------


DESK = opened("{time_zone: Europe/Berlin, mon-fri: '08:00-12:00, 13:00-20:00', sat: 09:00-14:00, sun: closed}")
NIGHT = opened("{time_zone: Europe/Berlin, thu-sat: 22:00-06:00, sun: 20:00-24:00}")
WALLS = [
    (DESK, "2026-11-23T08:00", True),  # a Monday
    (DESK, "2026-11-23T07:59:59", False),
    (DESK, "2026-11-23T12:00", False),
    (DESK, "2026-11-23T12:59:59.999999", False),
    (DESK, "2026-11-23T19:59:59.999999", True),
    (DESK, "2026-11-23T20:00", False),
    (DESK, "2026-11-28T13:00", True),  # Saturday
    (DESK, "2026-11-28T15:00", False),
    (DESK, "2026-11-29T10:00", False),  # Sunday
    (DESK, "2026-04-06T10:00", False),  # a holiday of that year
    (DESK, "2027-04-06T10:00", True),
    (DESK, "2026-12-25T10:00", False),  # one of every year
    (DESK, "2028-02-29T10:00", False),
    (DESK, "2027-03-01T10:00", True),
    (NIGHT, "2026-11-26T21:59", False),  # Thursday
    (NIGHT, "2026-11-26T23:00", True),
    (NIGHT, "2026-11-27T05:59", True),
    (NIGHT, "2026-11-27T06:00", False),
    (NIGHT, "2026-11-26T05:00", False),  # Wednesday has no night
    (NIGHT, "2026-11-29T05:00", True),  # Saturday's night
    (NIGHT, "2026-11-29T23:59", True),
    (NIGHT, "2026-11-30T00:00", False),
    (NIGHT, "2026-12-25T23:00", False),  # Friday, a holiday: its night does not begin
    (NIGHT, "2026-12-25T05:00", True),  # but Thursday's ends as ever
    (NIGHT, "2026-12-26T05:00", False),
]


@pytest.mark.parametrize(("desk", "wall", "expected"), WALLS)
def test_a_time_is_inside_from_the_first_minute_to_before_the_last(desk: Hours, wall: str, expected: bool) -> None:
    assert desk.inside(at(wall)) is expected


ANY_ORDER = [
    ("13:00-20:00, 08:00-12:00", (Span(480, 720), Span(780, 1200))),
    ("22:00-06:00, 07:00-08:00", (Span(420, 480), Span(1320, 1800))),
    ("20:00-24:00, 00:00-02:00", (Span(0, 120), Span(1200, 1440))),
    ("22:00-06:00, 05:00-08:00", (Span(300, 480), Span(1320, 1800))),
]


@pytest.mark.parametrize(("times", "spans"), ANY_ORDER)
def test_a_days_times_stand_in_any_order_and_what_is_after_midnight_is_on_the_next_day(
    times: str, spans: tuple[Span, ...]
) -> None:
    assert opened(f"{{time_zone: Europe/Berlin, mon: '{times}'}}").days[0] == spans


CLOCKS = [
    ("02:00-03:00", "2026-10-25T02:30", 0, True),  # clocks are put back: it comes twice
    ("02:00-03:00", "2026-10-25T02:30", 1, True),
    ("03:00-04:00", "2026-10-25T02:59", 1, False),
    ("02:00-03:00", "2026-03-29T01:59", 0, False),  # put forward: 02:00 to 03:00 does not come
    ("02:00-03:00", "2026-03-29T03:00", 0, False),
    ("02:30-04:00", "2026-03-29T03:00", 0, True),
    ("22:00-06:00", "2026-03-29T05:30", 0, True),
    ("22:00-06:00", "2026-10-25T05:59", 0, True),
    ("22:00-06:00", "2026-10-25T06:00", 0, False),
]


@pytest.mark.parametrize(("span", "wall", "fold", "expected"), CLOCKS)
def test_when_clocks_change_the_time_on_the_wall_counts(span: str, wall: str, fold: int, expected: bool) -> None:
    desk = opened(f"{{time_zone: Europe/Berlin, mon-sun: '{span}'}}")

    assert desk.inside(at(wall, fold=fold)) is expected


@pytest.mark.parametrize("when", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_beyond_the_calendar_nobody_knows(when: datetime) -> None:
    east, west = (
        opened(f"{{time_zone: {zone}, mon-sun: 00:00-24:00}}") for zone in ("Asia/Tokyo", "America/Lima")
    )

    assert None in (east.inside(when), west.inside(when))


ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca", "UTC"]
MINUTE = timedelta(minutes=1)
SPANS = st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda pair: pair[0] != pair[1])


def naive(spans: dict[int, tuple[int, int]], closed: Holidays, wall: datetime) -> bool:
    """Walk each span of the two days in question minute by minute, on a wall without zones."""
    for back in (0, 1):
        midnight = datetime.combine(wall.date() - timedelta(days=back), datetime.min.time())
        begin, end = spans.get(midnight.weekday(), (0, 0))
        if midnight.date() in closed or begin == end:
            continue
        minute = midnight + begin * MINUTE
        while True:
            if minute == wall.replace(second=0, microsecond=0):
                return True
            minute += MINUTE
            if minute.hour * 60 + minute.minute == end % 1440:
                break
    return False


@settings(max_examples=100, deadline=None)
@given(
    spans=st.dictionaries(st.integers(0, 6), SPANS, min_size=1),
    zone=st.sampled_from(ZONES),
    when=st.integers(0, 1_050_000).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + minutes * MINUTE),
)
@example(spans={6: (150, 180)}, zone="Europe/Berlin", when=datetime(2026, 10, 25, 1, 45, tzinfo=UTC))
@example(spans={5: (1380, 120)}, zone="America/New_York", when=datetime(2026, 3, 8, 7, 30, tzinfo=UTC))
def test_it_agrees_with_walking_minute_by_minute(
    spans: dict[int, tuple[int, int]], zone: str, when: datetime
) -> None:
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    told = {day: f"{b // 60:02}:{b % 60:02}-{e // 60:02}:{e % 60:02}" for day, (b, e) in spans.items()}
    lines = "".join(f"{days[day]}: {span}\n" for day, span in told.items())

    found = opened(f"time_zone: {zone}\n{lines}").inside(when)

    assert found is naive(spans, HOLIDAYS, when.astimezone(ZoneInfo(zone)).replace(tzinfo=None))


# --- as comparisons ----------------------------------------------------------------------------------------------


def dropped(condition: str, message: Message) -> bool:
    around = Surroundings(hours={"care_desk": DESK})
    made = read(f"{HEAD}accept:\n  drop:\n    - {condition}\n{CASE}", "care.yaml", around=around)
    return accept(made, message) == Dropped("care.yaml:7")


@pytest.mark.parametrize("word", ["sent_at", "received_at"])
@pytest.mark.parametrize(("wall", "inside"), [("2026-11-23T09:00", True), ("2026-11-23T21:00", False)])
def test_outside_is_the_opposite_of_inside(word: str, wall: str, inside: bool) -> None:
    message = {"sent_at": said(sent_at=at(wall)), "received_at": said(received_at=at(wall))}[word]

    answers = [dropped(f"{word}: {{{name}: care_desk}}", message) for name in ("inside_hours", "outside_hours")]

    assert answers == [inside, not inside]


@pytest.mark.parametrize("when", [None, datetime.max.replace(tzinfo=UTC)])
@pytest.mark.parametrize("comparison", ["inside_hours", "outside_hours"])
def test_a_time_that_nobody_knows_is_neither(when: datetime | None, comparison: str) -> None:
    assert not dropped(f"sent_at: {{{comparison}: care_desk}}", said(sent_at=when))


WRONG = {
    "sent_at: {outside_hours: care}": "7:32 error: connections.yaml has no hours 'care' [no-such-hours]",
    "sent_at: {inside_hours: [a]}":
        "7:31 error: 'inside_hours' needs one name that connections.yaml explains [not-one-name]",
    "text: {inside_hours: care}":
        "7:14 error: 'inside_hours' can never be true for 'text', which is text [wrong-comparison]",
}  # fmt: skip


@pytest.mark.parametrize("condition", WRONG)
def test_a_wrong_comparison_is_refused_at_its_place(condition: str) -> None:
    (told,) = faults(f"accept:\n  drop:\n    - {condition}\n")

    assert told.split("\n")[0] == f"care.yaml:{WRONG[condition]}"


# --- how they are read -------------------------------------------------------------------------------------------


def test_the_whole_form_becomes_spans_of_minutes() -> None:
    found = opened(
        "time_zone: Europe/Berlin\n"
        "Mon-Wed: 08:00-20:00\n"
        "thu, sun: 08:00 - 12:00, 13:30-24:00\n"
        "fri: 22:00-06:00\n"
        "sat: closed\n"
        "holidays: lists/holidays.txt\n"
    )

    day = (Span(480, 1200),)
    split = (Span(480, 720), Span(810, 1440))
    assert found == Hours(BERLIN, (day, day, day, split, (Span(1320, 1800),), (), split), HOLIDAYS)


def test_a_range_may_run_over_the_week_s_end() -> None:
    found = opened("{time_zone: UTC, sat-mon: 10:00-12:00}")

    assert [bool(spans) for spans in found.days] == [True, False, False, False, False, True, True]


def test_days_that_are_not_named_are_closed() -> None:
    assert opened("{time_zone: UTC, wed: 10:00-12:00}").days == ((), (), (Span(600, 720),), (), (), (), ())


ALLOWED = "time_zone, mon, tue, wed, thu, fri, sat, sun, mon-fri, holidays"
BROKEN = {
    "{mon: 08:00-20:00}":
        "1:1 error: 'time_zone' is missing [missing-key]",
    "{time_zone: Europe/Berlim, mon: 08:00-20:00}":
        "1:13 error: unknown time zone 'Europe/Berlim' [unknown-time-zone]\n    -> did you mean 'Europe/Berlin'?",
    "{time_zone: Europe, mon: 08:00-20:00}":
        "1:13 error: unknown time zone 'Europe' [unknown-time-zone]",
    "{time_zone: UTC}":
        "1:1 error: no day has hours here: mon-fri: 08:00-20:00 [no-days]",
    "{time_zone: UTC, mo: 08:00-20:00, mon: closed}":
        f"1:18 error: 'mo' is no day [not-a-day]\n    -> allowed: {ALLOWED}",
    "{time_zone: UTC, timezone: UTC, mon: closed}":
        f"1:18 error: 'timezone' is no day [not-a-day]\n    -> allowed: {ALLOWED}\n"
        "    -> did you mean 'time_zone'?",
    "{time_zone: UTC, mon-wed-fri: closed, mon: closed}":
        f"1:18 error: 'mon-wed-fri' is no day [not-a-day]\n    -> allowed: {ALLOWED}",
    "{time_zone: UTC, mon-fri: closed, fri: 08:00-20:00}":
        "1:35 error: 'fri' has its hours on line 1 already [day-twice]",
    "{time_zone: UTC, 'mon, mon': closed}":
        "1:18 error: 'mon' has its hours on line 1 already [day-twice]",
    "{time_zone: UTC, mon: 8-20}":
        "1:23 error: '8-20' is no time of opening: write 08:00-20:00, or closed [not-hours]",
    "{time_zone: UTC, mon: 24:00-08:00}":
        "1:23 error: '24:00-08:00' is no time of opening: write 08:00-20:00, or closed [not-hours]",
    "{time_zone: UTC, mon: 08:00-24:01}":
        "1:23 error: '08:00-24:01' is no time of opening: write 08:00-20:00, or closed [not-hours]",
    "{time_zone: UTC, mon: 08:00-20:60}":
        "1:23 error: '08:00-20:60' is no time of opening: write 08:00-20:00, or closed [not-hours]",
    "{time_zone: UTC, mon: ''}":
        "1:23 error: '' is no time of opening: write 08:00-20:00, or closed [not-hours]",
    "{time_zone: UTC, mon: 08:00-08:00}":
        "1:23 error: '08:00-08:00' ends when it begins: the whole day is 00:00-24:00, and no hours are closed "
        "[empty-hours]",
    "{time_zone: UTC, mon: '08:00-12:00, 11:59-20:00'}":
        "1:23 error: '11:59-20:00' begins before '08:00-12:00' ends [overlapping-hours]",
    "{time_zone: UTC, mon: '11:59-20:00, 08:00-12:00'}":
        "1:23 error: '11:59-20:00' begins before '08:00-12:00' ends [overlapping-hours]",
    "{time_zone: UTC, mon: '20:00-02:00, 23:00-24:00'}":
        "1:23 error: '23:00-24:00' begins before '20:00-02:00' ends [overlapping-hours]",
    "{time_zone: UTC, mon: '08:00-12:00, 08:00-12:00'}":
        "1:23 error: '08:00-12:00' begins before '08:00-12:00' ends [overlapping-hours]",
}  # fmt: skip


@pytest.mark.parametrize("text", BROKEN)
def test_what_is_wrong_is_told_at_its_place(text: str) -> None:
    found, wrong = hours(document(text).root, document(text), HOLIDAYS)

    assert (found, [str(fault) for fault in wrong]) == (None, [f"connections.yaml:{BROKEN[text]}"])


SIGNS = st.text(st.sampled_from("0123456789:-, monfrisdacle٣²\u2212"), max_size=16)
KEYS = SIGNS.filter(bool) | st.sampled_from(["mon", "sat-mon", "time_zone", "holidays"])


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(KEYS, SIGNS, max_size=4))
def test_any_text_gives_hours_or_faults(entries: dict[str, str]) -> None:
    lines = "".join(f"'{key}': '{value}'\n" for key, value in entries.items())

    found, wrong = hours(document(lines or "{}").root, document(lines or "{}"), HOLIDAYS)

    assert (found is None) == bool(wrong)


# --- holidays ----------------------------------------------------------------------------------------------------


def test_holidays_are_dates_and_days_of_every_year_with_remarks() -> None:
    lines = [(1, "2026-04-06 Easter Monday"), (2, "12-25"), (5, "02-29\tleap"), (6, "2026-04-06")]

    assert holidays(lines, "h.txt") == (HOLIDAYS, [])


@pytest.mark.parametrize(
    "text", ["25.12.", "2026-13-01", "02-30", "2027-02-29", "0000-01-01", "12-25x", "1-1", "٢٠٢٦-٠١-٠١", "Easter"]
)
def test_a_line_that_is_no_day_is_told_with_its_number(text: str) -> None:
    found, wrong = holidays([(3, "12-25"), (7, text)], "lists/holidays.txt")

    reason = f"{text!r} is no day: write 2026-12-25, or 12-25 for every year [not-a-holiday]"
    assert [str(fault) for fault in wrong] == [f"lists/holidays.txt:7:1 error: {reason}"]
    assert found == Holidays(yearly=frozenset({(12, 25)}))


def test_a_wrong_file_is_not_told_line_by_line() -> None:
    _, wrong = holidays([(number, "x") for number in range(1, 100_001)], "h.txt")

    assert [fault.line for fault in wrong] == list(range(1, 11))
