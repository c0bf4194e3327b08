"""Every fault has a code of its own: each is explained, met by a broken file here, and told in these very words.

A broken file begins with the message that it gets, as a remark; so its own lines stand where the message says.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from broken_files import AROUND, BROKEN, FILES, KINDS, SOUND, TARGETS, Read, of_connections, of_folder, of_mapping

from bridge.errors import ConfigError
from bridge.mapping import load
from bridge.mapping.codes import CODES
from bridge.mapping.document import Fault

BRIDGE = Path(__file__).parents[2] / "bridge"
READERS = [*sorted((BRIDGE / "mapping").glob("*.py")), BRIDGE / "connections.py", BRIDGE / "around.py"]
"""The modules that read what admins write."""


def told(read: Read, path: Path, folder: Path) -> str:
    """The faults of a broken file, without the folders before its name."""
    with pytest.raises(ConfigError) as caught:
        read(path, folder)
    return str(caught.value).replace(f"{path.parent}/", "")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_broken_file_gets_exactly_its_message(path: Path, tmp_path: Path) -> None:
    remarks = re.match("(?:#.*\n)+", path.read_text(encoding="utf-8"))

    message = told(KINDS[str(path.parent.relative_to(BROKEN))], path, tmp_path)

    assert remarks is not None
    assert message == re.sub("^# ?", "", remarks[0], flags=re.MULTILINE).rstrip("\n")


MADE: Mapping[str, tuple[bytes, str]] = {
    "empty-file": (b"# only a remark", "empty-file.yaml:1:1 error: the file is empty\n    # only a remark\n    ^"),
    "not-utf-8": (
        b"mapping: caf\xe9",
        "not-utf-8.yaml error: this is not UTF-8 text: byte 13 is none; save the file as UTF-8"),
    "too-large": (
        b"#" * 200_001, f"too-large.yaml:1:1 error: the file is larger than 200 kB\n    {'#' * 110}\n    ^"),
    "too-many-values": (
        b"- a\n" * 20_001,
        "too-many-values.yaml:20000:3 error: the file holds more than 20000 values\n    - a\n      ^"),
    "unprintable-character": (
        b"mapping: \x07",
        ("unprintable-character.yaml:1:10 error: the file contains the unprintable character '\\x07'\n"
         "    mapping: \ufffd\n             ^")),
}  # fmt: skip
"""Code -> what cannot well be written into a file of ours, and its message without the code."""


@pytest.mark.parametrize("code", MADE)
def test_a_file_that_is_made_gets_exactly_its_message(code: str, tmp_path: Path) -> None:
    content, expected = MADE[code]
    (tmp_path / f"{code}.yaml").write_bytes(content)

    assert told(of_mapping, tmp_path / f"{code}.yaml", tmp_path) == with_code(expected, code)


def long_list(folder: Path) -> None:
    """A connections.yaml that names a list of 100,001 entries."""
    (folder / "vip.txt").write_text("".join(f"{number}\n" for number in range(100_001)), encoding="utf-8")
    (folder / "connections.yaml").write_bytes((BROKEN / "connections" / "sound.yaml").read_bytes())


FOLDERS: Mapping[str, tuple[Callable[[Path], None], str]] = {
    "list-too-long": (long_list, "vip.txt:100001:1 error: a list has at most 100,000 entries"),
    "no-such-file": (
        lambda _: None,
        ("connections.yaml error: there is no such file; "
         "CASEBRIDGE_CONFIG names the folder that holds connections.yaml")),
    "unreadable-file": (
        lambda folder: (folder / "connections.yaml").mkdir(),
        "connections.yaml error: it cannot be read: Is a directory"),
}  # fmt: skip
"""Code -> what a folder of configuration is filled with, and its message without the code."""


@pytest.mark.parametrize("code", FOLDERS)
def test_a_folder_that_is_made_gets_exactly_its_message(code: str, tmp_path: Path) -> None:
    fill, expected = FOLDERS[code]
    fill(tmp_path)

    assert told(of_folder, tmp_path / "connections.yaml", tmp_path) == with_code(expected, code)


def with_code(message: str, code: str) -> str:
    """The message with the code at the end of its first line."""
    first, *rest = message.split("\n")
    return "\n".join([f"{first} [{code}]", *rest])


def test_every_code_has_a_broken_file_and_every_broken_file_its_code() -> None:
    of_files = {path.stem: path.read_text(encoding="utf-8").split("\n")[0] for path in FILES}

    assert [code for code, line in of_files.items() if not line.endswith(f" [{code}]")] == []
    assert sorted([*of_files, *MADE, *FOLDERS]) == sorted(CODES)


def test_a_sound_file_has_no_fault(tmp_path: Path) -> None:
    of_connections(BROKEN / "connections" / "sound.yaml", tmp_path)

    assert [made.name for made in load(BROKEN, SOUND, sources=["acme"], targets=TARGETS, around=AROUND)] == list(
        SOUND
    )


def test_codes_are_slugs_in_order_and_explained_in_sentences() -> None:
    assert list(CODES) == sorted(CODES)
    assert [code for code in CODES if not re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", code)] == []
    assert [told for told in CODES.values() if not re.fullmatch(r"[A-Z`].*\.", told)] == []


def test_a_fault_without_an_explained_code_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="a fault has no code 'made-up': explain it in CODES"):
        Fault("m.yaml", 1, 1, "made-up", "wrong")


# --- the source -------------------------------------------------------------------------------------------------


SAYS = {
    "refuse",
    "fault",
    "warning",
    "Fault",
    "Unknown",
    "BadArgument",
    "BadPattern",
    "PydanticCustomError",
    "_TooBig",
    "_NoText",
}
"""What is given a code, before its sentence."""


def walked() -> Iterator[ast.AST]:
    for path in READERS:
        yield from ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def codes_given() -> set[str]:
    """The literal codes that calls are given: texts without a space, for a sentence has one."""
    calls = [node for node in walked() if isinstance(node, ast.Call)]
    named = {call: getattr(call.func, "attr", getattr(call.func, "id", "")) for call in calls}
    texts = (
        part.value
        for call in calls
        if named[call] in SAYS
        for argument in call.args
        for part in ([argument.body, argument.orelse] if isinstance(argument, ast.IfExp) else [argument])
        if isinstance(part, ast.Constant)
    )
    return {text for text in texts if isinstance(text, str) and text and " " not in text}


def test_every_code_in_the_source_is_explained() -> None:
    assert codes_given() - CODES.keys() == set()


def test_every_explained_code_stands_in_the_source() -> None:
    elsewhere = [path for path in READERS if path.name != "codes.py"]
    source = "\n".join(path.read_text(encoding="utf-8") for path in elsewhere)

    assert [code for code in CODES if f'"{code}"' not in source] == []


def test_no_error_is_caught_blindly() -> None:
    handlers = [node for node in walked() if isinstance(node, ast.ExceptHandler)]

    caught = [ast.unparse(handler.type) if handler.type else "" for handler in handlers]

    assert len(caught) > 10
    assert [names for names in caught if not names or re.search(r"\b(Base)?Exception\b", names)] == []
