"""No text and no mapping makes a filter run away: what goes in is cut, what comes out is bounded."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mapping_examples import MESSAGE, faults, filled, said

from bridge.mapping.filters import FILTERS, LONGEST_BETWEEN, MOST, Filter, shortened
from bridge.mapping.paths import Found
from bridge.mapping.placeholders import MOST_FILTERS

BUILT: dict[str, Filter] = {
    **{name: FILTERS[name]([]) for name in ("one_line", "upper", "lower", "number", "date", "link", "plain")},
    "shorten": FILTERS["shorten"](["80"]),
    "first": FILTERS["first"](["12", "words"]),
    "join": FILTERS["join"]([", "]),
    "local_time": FILTERS["local_time"](["Europe/Berlin"]),
}
HOSTILE = {
    "marks": "\u0301\u0327" * (MOST // 2),
    "a letter and marks": "a" + "\u0301" * (MOST - 1),
    "brackets": "<" * MOST,
    "open tags": "<a " * (MOST // 3),
    "open line tags": "<br " * (MOST // 4),
    "half tags": "<br<br" * (MOST // 6),
    "flags": "🇩" * MOST,
    "joiners": "\u200d" * MOST,
    "line ends": "\r\n" * (MOST // 2),
    "spaces": " " * MOST,
    "an address": "https://" + "a/" * (MOST // 2 - 4),
    "half addresses": "http" * (MOST // 4),
    "digits": "9" * MOST,
    "signs": "+-" * (MOST // 2),
    "a number of a sign": "&#" + "1" * (MOST - 2),
    "a hexadecimal number": "&#x" + "f" * (MOST - 3),
    "ampersands": "&" * MOST,
    "names of signs": "&amp;lt" * (MOST // 7),
    "long capitals": "ΐ" * MOST,
}


def lines(do: Callable[[], Any]) -> int:
    """How many lines of Python something takes: a measure that no busy machine changes."""
    count = 0

    def trace(_frame: Any, event: str, _argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        do()
    finally:
        sys.settrace(before)
    return count


def test_every_filter_is_tried() -> None:
    assert BUILT.keys() == FILTERS.keys()


@pytest.mark.timeout(20)  # anything that looks back at each character takes minutes
@pytest.mark.parametrize("name", BUILT)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_filter_takes_a_hostile_text_in_its_stride(name: str, text: str) -> None:
    found = BUILT[name](text)

    assert not isinstance(found, str) or len(found) <= 3 * MOST


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("most", [1, 80, 50_000])
def test_shortening_looks_at_each_character_a_few_times_at_most(text: str, most: int) -> None:
    assert len(shortened(text, most)) <= most
    assert lines(lambda: shortened(text, most)) <= 12 * most + 100


@pytest.mark.parametrize("name", BUILT)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_a_placeholder_gives_is_cut(name: str, text: str) -> None:
    arguments = {"shorten": " 999999", "first": " 999999 words", "join": " ', '", "local_time": " UTC"}

    found = filled(f"{{text | {name}{arguments.get(name, '')}}}", said(text))

    assert not isinstance(found, str) or len(found) <= MOST


def test_many_long_placeholders_are_cut_on_the_way() -> None:
    message = said("x" * 150_000)

    assert filled("{text}-" * 1000, message) == ("x" * 150_000 + "-" + "x" * 150_000)[:MOST]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("&#65;", "A"),
        ("&#" + "0" * 90 + "65;", "A"),
        ("a&#" + "1" * 5000 + ";b", "a\ufffdb"),
        ("&#x" + "f" * 5000 + ";", "\ufffd"),
    ],
)
def test_signs_with_absurd_numbers_are_no_signs(text: str, expected: str) -> None:
    assert filled("{text | plain}", said(text)) == expected


SIGNS = st.sampled_from(
    ["<", "br>", "&#", "&#x", "9" * 60, ";", "&amp", "\u0301", "\u200d", "🇩🇪", "\r\n", " ", "É"]
)
VALUES = st.lists(SIGNS, max_size=40).map("".join)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(sorted(BUILT)),
    VALUES | st.integers() | st.booleans() | st.lists(VALUES, min_size=1).map(tuple),
)
def test_no_value_makes_a_filter_fail(name: str, value: Found) -> None:
    found = BUILT[name](value)

    assert found is None or isinstance(found, (str, int, float, tuple))


# --- what a mapping cannot ask for ----


def in_a_field(template: str) -> str:
    """The first line of the one fault of a field with this template."""
    case = f"case:\n  object: Case\n  key_field: Key__c\n  create:\n    Subject: '{template}'\n"
    (told,) = faults("", case=case)
    return told.split("\n")[0]


@pytest.mark.parametrize("name", ["upper", "default text", "default 'x'".replace("'", '"')])
def test_filters_are_piled_up_only_so_high(name: str) -> None:
    many = f" | {name}" * MOST_FILTERS

    assert isinstance(filled(f"{{text{many}}}", MESSAGE), str)
    assert in_a_field(f"{{text{many} | lower}}").endswith(
        "error: a placeholder has at most 20 filters [too-many-filters]"
    )


def test_what_stands_between_entries_is_short() -> None:
    between = "-" * LONGEST_BETWEEN

    assert filled(f'{{raw.tags | join "{between}"}}') == f"a{between}b"
    assert in_a_field(f'{{raw.tags | join "{between}-"}}').endswith(
        "error: 'join' puts at most 100 characters between two entries [separator-too-long]"
    )
