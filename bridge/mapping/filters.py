"""The filters of placeholders, `{text | one_line | shorten 80}`: each a function of a value. Pure.

None = missing goes in and comes out. No filter takes more than linear time.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from bridge.mapping.document import near
from bridge.mapping.paths import Found
from bridge.message import Attachment

MOST = 200_000  #: characters that one placeholder or field may have; the rest is cut
LONGEST_BETWEEN = 100  #: characters that `join` may put between two entries

Filter = Callable[[Found], Found]


class BadArgument(Exception):
    """A filter cannot work with what stands behind it.

    code: one of CODES. word: the one at fault, "" = none in particular.
    """

    def __init__(self, code: str, reason: str, *, word: str = "", suggestion: str = "") -> None:
        super().__init__(reason)
        self.code, self.word, self.suggestion = code, word, suggestion


def as_text(value: Found) -> str:
    """How a value reads inside other text; missing is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        moment = _in_zone(value, UTC)
        return moment.replace(tzinfo=None).isoformat(timespec="seconds") + "Z" if moment else ""
    if isinstance(value, tuple):
        return "\n".join(_texts(value))
    return str(value)[:MOST]


def _texts(values: tuple[Attachment, ...] | tuple[str, ...]) -> list[str]:
    """The addresses of attachments, or the texts of a list."""
    return [text for value in values if (text := value.url if isinstance(value, Attachment) else value)]


def _in_zone(value: Found, zone: tzinfo) -> datetime | None:
    """A time, or ISO text of one, on that zone's clock; None = no time. A text without a zone is UTC."""
    try:
        when = value if isinstance(value, datetime) else datetime.fromisoformat(as_text(value))
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(zone)
    except (ValueError, OverflowError):  # not a time; year 1 or 9999 moved over the edge
        return None


def shortened(text: str, most: int) -> str:
    """At most that many characters, with a final "…" when cut, never cut inside what reads as one sign."""
    if len(text) <= most:
        return text
    cut = most - 1
    while cut > 0 and _joined(text, cut):
        cut -= 1
    return text[: cut or most - 1].rstrip() + "…"


def _joined(text: str, at: int) -> bool:
    """The characters before and after this place read as one sign."""
    before, after = text[at - 1], text[at]
    if "\u200d" in (before, after) or (before, after) == ("\r", "\n"):
        return True
    if unicodedata.category(after)[0] == "M" or "\U0001f3fb" <= after <= "\U0001f3ff":
        return True
    flags = 0  # two of them are one flag: only a place after an odd number of them is inside one
    while flags < at and "\U0001f1e6" <= text[at - 1 - flags] <= "\U0001f1ff":
        flags += 1
    return flags % 2 == 1 and "\U0001f1e6" <= after <= "\U0001f1ff"


LONG_ENTITY = re.compile(r"&#[0-9]{100,};?")  #: no sign has such a number, and Python refuses to read it
NUMBER = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?")
LINK = re.compile(r"https?://[^\s<>\"\x00-\x20\x7f]+", re.IGNORECASE)
TAG = re.compile(r"<[^<>]*>")
LINE_TAG = re.compile(r"<(?:br|/p|/div|/li)\b[^<>]*>", re.IGNORECASE)


def number(value: Found) -> Found:
    """Text as int or float; missing if it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return value
    text = as_text(value).strip()
    if not (found := NUMBER.fullmatch(text)):
        return None
    return float(text) if found.group(1) else int(text)


def link(value: Found) -> Found:
    """An http or https address as it is; missing if it is anything else."""
    text = as_text(value).strip()
    return text if LINK.fullmatch(text) else None


def without_tags(value: Found) -> Found:
    """Text without HTML tags, its entities written out once: `&amp;lt;` becomes `&lt;`."""
    text = TAG.sub("", LINE_TAG.sub("\n", as_text(value)))
    return html.unescape(LONG_ENTITY.sub("\ufffd", text)).strip()


def day(value: Found) -> Found:
    """The day of a time in UTC: 2026-11-23; missing if it is no time."""
    moment = _in_zone(value, UTC)
    return moment.date().isoformat() if moment else None


def _shorten(arguments: Sequence[str]) -> Filter:
    most = _count("shorten", arguments)
    return lambda value: shortened(as_text(value), most)


def _first(arguments: Sequence[str]) -> Filter:
    if len(arguments) != 2 or arguments[1] not in ("words", "word"):
        raise BadArgument("first-needs-words", "'first' needs a number and 'words': first 12 words")
    most = _count("first", arguments[:1])
    return lambda value: " ".join(as_text(value).split(maxsplit=most)[:most])


def _join(arguments: Sequence[str]) -> Filter:
    if len(arguments) != 1:
        raise BadArgument("join-needs-text", "'join' needs what stands between, in quotes: join \", \"")
    if len(arguments[0]) > LONGEST_BETWEEN:
        reason = f"'join' puts at most {LONGEST_BETWEEN} characters between two entries"
        raise BadArgument("separator-too-long", reason, word=arguments[0])
    return lambda value: arguments[0].join(_texts(value)) if isinstance(value, tuple) else value


def _local_time(arguments: Sequence[str]) -> Filter:
    if len(arguments) != 1:
        raise BadArgument("local-time-needs-zone", "'local_time' needs a time zone: local_time Europe/Berlin")
    zone = time_zone(arguments[0])

    def local(value: Found) -> Found:
        moment = _in_zone(value, zone)
        return moment.replace(tzinfo=None).isoformat(" ", "minutes") if moment else None

    return local


def time_zone(name: str) -> ZoneInfo:
    """The zone of that name in the IANA database, Europe/Berlin. Raises BadArgument."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of zones, such as Europe
        close = near(name, sorted(available_timezones()))
        reason = f"unknown time zone {name!r}"
        raise BadArgument("unknown-time-zone", reason, word=name, suggestion=close) from None


def _count(name: str, arguments: Sequence[str]) -> int:
    if len(arguments) != 1 or not re.fullmatch("[1-9][0-9]{0,5}", arguments[0]):
        word = arguments[0] if arguments else ""
        reason = f"{name!r} needs a number from 1 to 999999: {name} 80"
        raise BadArgument("filter-needs-number", reason, word=word)
    return int(arguments[0])


def _without_argument(name: str, apply: Filter) -> Callable[[Sequence[str]], Filter]:
    def build(arguments: Sequence[str]) -> Filter:
        if arguments:
            raise BadArgument("filter-takes-nothing", f"{name!r} takes nothing behind it", word=arguments[0])
        return apply

    return build


SIMPLE: Mapping[str, Filter] = {
    "one_line": lambda value: " ".join(as_text(value).split()),
    "upper": lambda value: as_text(value).upper(),
    "lower": lambda value: as_text(value).lower(),
    "number": number,
    "date": day,
    "link": link,
    "plain": without_tags,
}
FILTERS: Mapping[str, Callable[[Sequence[str]], Filter]] = {
    **{name: _without_argument(name, apply) for name, apply in SIMPLE.items()},
    "shorten": _shorten,
    "first": _first,
    "join": _join,
    "local_time": _local_time,
}
"""Name -> what builds the filter from the words behind it; raises BadArgument. placeholders.py has `default`."""

TOLD: Mapping[str, tuple[str, str, str, str]] = {
    "one_line": ("The text on one line, with single spaces.",
                 "{text | one_line}", r'"No signal\n  since 8am"', '"No signal since 8am"'),
    "shorten": ("At most so many characters, the last one … where something was cut.",
                "{text | shorten 10}", '"No signal since 8am"', '"No signal…"'),
    "first": ("The first so many words.",
              "{text | first 2 words}", '"No signal since 8am"', '"No signal"'),
    "upper": ("Capitals.", "{text | upper}", '"de"', '"DE"'),
    "lower": ("Small letters.", "{text | lower}", '"High"', '"high"'),
    "plain": ("The text without HTML tags, `&amp;` as &.",
              "{text | plain}", '"<p>Lost &amp; found</p>"', '"Lost & found"'),
    "default": ("Another word, or a text in quotes, where the value is missing.",
                "{author.name | default 'Somebody'}", "null", '"Somebody"'),
    "number": ("A number, where the text is one; else it is missing.",
               "{text | number}", '"12"', "12"),
    "date": ("The day of a time, in UTC.", "{sent_at | date}", '"2026-11-23T23:30:00Z"', '"2026-11-23"'),
    "local_time": ("A time on the clock of a time zone.",
                   "{sent_at | local_time Europe/Berlin}", '"2026-11-23T23:30:00Z"', '"2026-11-24 00:30"'),
    "join": ("A list as one text, with this between its entries.",
             "{raw.tags | join ', '}", '["late", "rude"]', '"late, rude"'),
    "link": ("An http or https address; anything else is missing.",
             "{url | link}", '"https://acme.example/7"', '"https://acme.example/7"'),
}  # fmt: skip
"""Name -> what it gives, an example, and in JSON what goes in there and comes out; null = missing."""
