"""Times however platforms write them, paths into JSON, and what two readers could understand differently."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.reading import EARLIEST, LATEST, Unfit, at, compact, document, fit, moment

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "after"),
    [
        (1795262400, timedelta()),
        (1795262400.25, timedelta(milliseconds=250)),
        (1795262400250.0, timedelta(milliseconds=250)),
        ("1795262400.000001", timedelta(microseconds=1)),
        ("1795262400250.5", timedelta(microseconds=250_500)),
        ("1795262400000001", timedelta(microseconds=1)),
        ("1795262400000001999", timedelta(microseconds=1)),
        ("2026-11-21T12:00:00Z", timedelta()),
        ("2026-11-21 12:00:00", timedelta()),
        ("2026-11-21 12:00:00 UTC", timedelta()),
        ("2026-11-21 12:00:00.5 GMT", timedelta(milliseconds=500)),
        ("2026-11-21 13:00:00 +0100", timedelta()),
        ("2026-11-21 07:00:00 -05:00", timedelta()),
        ("2026-11-21T12:00:00.123456789Z", timedelta(microseconds=123_456)),
        ("Sat Nov 21 12:00:00 +0000 2026", timedelta()),
        ("Sat, 21 Nov 2026 12:00:00 GMT", timedelta()),
        ("Sat, 21 Nov 2026 13:00:00 +0100", timedelta()),
        ("21 Nov 2026 12:00:00 +0000", timedelta()),
    ],
)
def test_a_time_is_read_however_it_is_written(written: object, after: timedelta) -> None:
    assert moment({"at": written}, "at") == NOON + after


@pytest.mark.parametrize(
    "written",
    [
        None, True, [], {}, "", "soon", "1.5", "-1795262400", "1e9", "1795262400.", ".5", " 1795262400", "12:00",
        1e300, 5e-324, "Sat, 21 Nov 2026", "Sat, 31 Nov 2026 12:00:00 GMT", "21 Nov 2026 12:00:00", "UTC", " UTC",
        "\ud800", "1" * 5000, "2026-11-21 12:00:00 UTC UTC", "Sat, " + " " * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_time_is_unknown(written: object) -> None:
    assert moment({"at": written}, "at") is None


@given(
    st.integers() | st.floats() | st.text(max_size=40) | st.from_regex(r"[0-9]{1,22}\.[0-9]{0,22}", fullmatch=True)
)
def test_a_time_never_raises_and_has_a_zone(written: object) -> None:
    found = moment({"at": written}, "at")

    assert found is None or EARLIEST <= found <= LATEST


def test_a_path_leads_through_objects_and_lists() -> None:
    value = {"a": [{"b": 1}, {"b": 2}]}

    assert [at(value, path) for path in ("a.1.b", "a.2.b", "a.b", "a.0", ".", "a.-1", "c")] == [
        2, None, None, {"b": 1}, value, None, None,
    ]  # fmt: skip


FLAWS = {
    b"NaN": "NaN is not JSON",
    b"-Infinity": "-Infinity is not JSON",
    b"1e999": "a number is too large",
    b"9" * 4301: "a number is too large",
    b'{"a":1,"a":2}': "an object has one key twice",
}


@pytest.mark.parametrize("text", FLAWS)
def test_only_the_item_that_holds_a_flaw_is_unfit_and_nothing_of_it_is_lost(text: bytes) -> None:
    body = document(b'[{"x":[' + text + b']},{"x":[1]}]')

    assert isinstance(body, list)
    assert fit(body[1]) == {"x": [1]}
    for item in (body[0], body[0]["x"][0]):
        with pytest.raises(Unfit, match=f"^{FLAWS[text]}$"):
            fit(item)
    kept = [["a", 1], ["a", 2]] if text.startswith(b"{") else text.decode()
    assert json.loads(compact(body[0])) == {"x": [kept]}


@pytest.mark.parametrize("text", FLAWS)
def test_a_body_that_is_a_flaw_itself_is_unfit(text: bytes) -> None:
    with pytest.raises(Unfit, match=f"^{FLAWS[text]}$"):
        document(text)


def test_a_flaw_in_a_flaw_is_kept_too() -> None:
    body = document(b'{"i":{"a":NaN,"a":{"b":1,"b":2}}}')

    assert compact(body) == b'{"i":[["a","NaN"],["a",[["b",1],["b",2]]]]}'
