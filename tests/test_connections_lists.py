"""lists and hours of connections.yaml: which files may be read, how, and what is told of what is wrong in them."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from bridge.connections import load
from bridge.errors import ConfigError
from bridge.mapping.hours import Holidays, Hours, Span
from bridge.mapping.surroundings import NOTHING_AROUND, Surroundings

HEAD = "version: 1\nconnections: {acme: {adapter: shop}}\nmappings: [care]\n"  #: what is added begins on line 4


class Shop(BaseModel):
    """An adapter without settings."""


def around(folder: Path, text: str) -> Surroundings:
    (folder / "connections.yaml").write_text(HEAD + text, encoding="utf-8")
    return load(folder, {}, {"shop": Shop}.get).around


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        around(folder, text)
    return list(caught.value.faults)


def written(folder: Path, content: bytes, name: str = "lists/vip.txt") -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)


# --- what is read ----


def test_without_lists_and_hours_there_is_nothing_around(tmp_path: Path) -> None:
    assert around(tmp_path, "") == NOTHING_AROUND


def test_the_whole_form_is_read(tmp_path: Path) -> None:
    written(tmp_path, b"@Anna\nbob\n", "lists/vip.txt")
    written(tmp_path, b"# nobody yet\n", "staff.txt")
    written(tmp_path, b"2026-04-06 Easter Monday\n12-25\n", "lists/holidays.txt")

    found = around(
        tmp_path,
        "lists: {vip: lists/vip.txt, employees: staff.txt}\n"
        "hours:\n"
        "  care_desk:\n"
        "    time_zone: Europe/Berlin\n"
        "    mon-fri: 08:00-20:00\n"
        "    sat: 09:00-14:00\n"
        "    holidays: lists/holidays.txt\n",
    )

    week = (Span(480, 1200),)
    closed = Holidays(frozenset({date(2026, 4, 6)}), frozenset({(12, 25)}))
    assert found == Surroundings(
        lists={"vip": frozenset({"anna", "bob"}), "employees": frozenset()},
        hours={"care_desk": Hours(ZoneInfo("Europe/Berlin"), (week,) * 5 + ((Span(540, 840),), ()), closed)},
    )


LINES = {
    b"\xef\xbb\xbfanna\r\nbob\r\n": {"anna", "bob"},
    b"  anna\t\n\n   \n# remark\n   # remark too\nbob#1": {"anna", "bob#1"},
    b"anna\rbob\r\rcarl\r\ndora\n": {"anna", "bob", "carl", "dora"},
    "anna\u2028bob\n\x0bcarl\x85\n".encode(): {"anna\u2028bob", "carl"},
    "\u200banna\u2060\n\u202a@bob\u202c\n@\ufeffcarl\n\u200b\n".encode(): {"anna", "bob", "carl"},
    "Zoe\u0308".encode(): {"zoë"},
    b"Anna\n@ANNA\nanna": {"anna"},
    "Zoë Berg\n5001\nстрана".encode(): {"zoë berg", "5001", "страна"},
    b"": set(),
}


@pytest.mark.parametrize("content", LINES)
def test_a_list_is_one_entry_a_line(tmp_path: Path, content: bytes) -> None:
    written(tmp_path, content)

    assert around(tmp_path, "lists: {vip: lists/vip.txt}") == Surroundings(
        lists={"vip": frozenset(LINES[content])}
    )


def test_a_link_inside_the_folder_is_followed(tmp_path: Path) -> None:
    """Kubernetes mounts every file of a configuration as such a link."""
    written(tmp_path, b"anna", "..data/vip.txt")
    (tmp_path / "vip.txt").symlink_to("..data/vip.txt")

    assert around(tmp_path, "lists: {vip: vip.txt}") == Surroundings(lists={"vip": frozenset({"anna"})})


# --- which files may be read ----


OUTSIDE = [
    "../vip.txt",
    "lists/../../vip.txt",
    "lists/../lists/vip.txt",
    "/etc/hostname",
    "out.txt",
    "out/vip.txt",
    "round.txt",
]


@pytest.mark.parametrize("file", OUTSIDE)
def test_no_list_is_read_from_outside_the_folder(tmp_path: Path, file: str) -> None:
    folder, outside = tmp_path / "config", tmp_path / "outside"
    folder.mkdir()
    written(tmp_path, b"secret", "vip.txt")
    written(tmp_path, b"secret", "outside/vip.txt")
    (folder / "out.txt").symlink_to(tmp_path / "vip.txt")
    (folder / "out").symlink_to(outside)
    (folder / "round.txt").symlink_to(folder / "round.txt")

    (told,) = faults(folder, f"lists: {{vip: {file}}}")

    reason = f"{file!r} is not inside the folder of connections.yaml: write its path from there, lists/vip.txt"
    assert told == f"connections.yaml:4:14 error: {reason} [list-outside]"


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    told = faults(tmp_path, "lists: {vip: vip.txt}\nhours: {h: {time_zone: UTC, mon: closed, holidays: h.txt}}")

    assert told == [
        "connections.yaml:4:14 error: the folder of connections.yaml has no 'vip.txt' [no-such-list-file]",
        "connections.yaml:5:52 error: the folder of connections.yaml has no 'h.txt' [no-such-list-file]",
    ]


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")

    told = faults(tmp_path, f"lists: {{a: folder, b: pipe, c: {'x' * 300}}}")

    assert told == [
        "connections.yaml:4:12 error: 'folder' cannot be read: it is no file [unreadable-file]",
        "connections.yaml:4:23 error: 'pipe' cannot be read: it is no file [unreadable-file]",
        f"connections.yaml:4:32 error: '{'x' * 300}' cannot be read: File name too long [unreadable-file]",
    ]


# --- what is wrong in them ----


@pytest.mark.parametrize("line", ["bob, carl", "bob,", "bob;", "bob # the boss", "bob\t#1", "Bob;Vance;9"])
def test_a_line_of_several_entries_or_with_a_remark_is_told(tmp_path: Path, line: str) -> None:
    written(tmp_path, f"anna\r{line}\r".encode())

    told = faults(tmp_path, "lists: {vip: lists/vip.txt}")

    reason = f"{line!r} is several entries or has a remark behind it: each has a line of its own"
    assert told == [f"lists/vip.txt:2:1 error: {reason} [several-entries]"]


def test_a_list_that_is_a_table_is_not_told_of_line_by_line(tmp_path: Path) -> None:
    written(tmp_path, b"anna,5001,Berlin\n" * 1000)

    assert len(faults(tmp_path, "lists: {vip: lists/vip.txt}")) == 10


def test_what_is_no_utf_8_is_told_with_its_line_and_column(tmp_path: Path) -> None:
    written(tmp_path, b"anna\nZo\xeb\n")

    told = faults(tmp_path, "lists: {vip: lists/vip.txt}")

    assert told == ["lists/vip.txt:2:3 error: this is not UTF-8 text; save the file as UTF-8 [not-utf-8]"]


def test_a_list_with_a_character_that_no_database_keeps_is_no_text(tmp_path: Path) -> None:
    written(tmp_path, "anna\nbob\n".encode("utf-16-le"))

    told = faults(tmp_path, "lists: {vip: lists/vip.txt}")

    assert told == ["lists/vip.txt:1:2 error: this is not UTF-8 text; save the file as UTF-8 [not-utf-8]"]


def test_the_place_is_right_behind_a_mark_of_order_and_old_line_ends(tmp_path: Path) -> None:
    written(tmp_path, b"\xef\xbb\xbfanna\rbob\r\nZo\xeb\n")

    told = faults(tmp_path, "lists: {vip: lists/vip.txt}")

    assert told == ["lists/vip.txt:3:3 error: this is not UTF-8 text; save the file as UTF-8 [not-utf-8]"]


def test_a_list_has_at_most_100_000_entries(tmp_path: Path) -> None:
    written(tmp_path, b"# remark\n" + b"a\n" * 100_000)
    assert around(tmp_path, "lists: {vip: lists/vip.txt}").lists == {"vip": frozenset("a")}

    written(tmp_path, b"# remark\n" + b"a\n" * 100_001)
    told = faults(tmp_path, "lists: {vip: lists/vip.txt}")

    assert told == ["lists/vip.txt:100002:1 error: a list has at most 100,000 entries [list-too-long]"]


def test_a_list_has_at_most_5_mb(tmp_path: Path) -> None:
    written(tmp_path, b"a" * 5_000_001)

    told = faults(tmp_path, "lists: {vip: lists/vip.txt}")

    assert told == ["connections.yaml:4:14 error: 'lists/vip.txt' is larger than 5 MB [list-too-long]"]


def test_everything_wrong_is_told_at_once_file_by_file(tmp_path: Path) -> None:
    written(tmp_path, b"12-25\n31.12.\n", "h.txt")

    told = faults(
        tmp_path,
        "hours:\n  desk: {time_zone: Europe/Berlim, mon: 8-20, holidays: h.txt}\n  night: {}\n"
        "lists: {vip: [a]}\nlist: {}",
    )

    assert [one.split("\n")[0] for one in told] == [
        "connections.yaml:5:21 error: unknown time zone 'Europe/Berlim' [unknown-time-zone]",
        "connections.yaml:5:41 error: '8-20' is no time of opening: write 08:00-20:00, or closed [not-hours]",
        "connections.yaml:6:10 error: this is empty: fill it in or remove it [empty]",
        "connections.yaml:7:14 error: one text is expected here, not a list or a map [not-a-text]",
        "connections.yaml:8:1 error: unknown key 'list' [unknown-key]",
        "h.txt:2:1 error: '31.12.' is no day: write 2026-12-25, or 12-25 for every year [not-a-holiday]",
    ]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=60) | st.text(max_size=40).map(lambda text: text.encode(errors="replace")))
def test_any_bytes_are_a_list_or_faults(tmp_path: Path, content: bytes) -> None:
    written(tmp_path, content)
    text = "lists: {vip: lists/vip.txt}\nhours: {h: {time_zone: UTC, mon: closed, holidays: lists/vip.txt}}"

    try:
        found = around(tmp_path, text)
    except ConfigError as error:
        assert all(fault.startswith("lists/vip.txt:") for fault in error.faults)  # noqa: PT017
    else:
        assert "" not in found.lists["vip"]
