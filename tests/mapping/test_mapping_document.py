"""YAML becomes text with positions, and what is wrong with it is said in the file's own words."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Literal

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from bridge.errors import ConfigError
from bridge.mapping.document import DEEPEST, MEND, Document, Fault, near, parse, plain
from bridge.mapping.findings import faults_of


def refused(text: str, *, secret: bool = False) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        parse(text, "m.yaml", secret=secret)
    return caught.value.faults


def first_line(fault: str) -> str:
    return fault.split("\n", 1)[0]


@pytest.mark.parametrize(
    "written",
    ["NO", "17:00", "0123", "005E10", "1_000", "~", "null", "2026-01-01", "yes", "=", "0x1F", "-", ".inf"],
)
def test_every_scalar_is_text(written: str) -> None:
    assert plain(parse(f"a: {written}" if written != "-" else "a: '-'", "m.yaml").root) == {"a": written}


def test_lists_and_maps_become_plain_values() -> None:
    document = parse("a:\n  - b\n  - {c: 'd e', f: [g]}\nh:\n", "m.yaml")

    assert plain(document.root) == {"a": ["b", {"c": "d e", "f": ["g"]}], "h": ""}


def test_nodes_know_where_they_stand() -> None:
    document = parse("a:\n  - b\n  - c: 'd'\n", "m.yaml")

    node = document.at(("a", 1, "c"))

    assert (node.line, node.column, node.key_at) == (3, 8, (3, 5))
    assert document.where(node) == "m.yaml:3"


def test_a_path_that_leads_nowhere_stops_at_the_last_node() -> None:
    document = parse("a: {b: c}", "m.yaml")

    assert document.at(("a", "x", 7)) is document.at(("a",))


def test_a_byte_order_mark_does_not_shift_positions() -> None:
    assert parse("\ufeffa: b", "m.yaml").at(("a",)).column == 4


def test_windows_line_ends_do_not_shift_positions() -> None:
    document = parse("a: b\r\nc: d\r\n", "m.yaml")

    assert str(document.fault(document.at(("c",)), "not-a-map", "wrong")) == (
        "m.yaml:2:4 error: wrong [not-a-map]\n    c: d\n       ^"
    )


REFUSED = {
    "a: 1\nb: 2\na: 3": "m.yaml:3:1 error: 'a' stands here twice: first on line 1 [duplicate-key]",
    "a: &x 1": "m.yaml:1:4 error: a YAML anchor '&x' cannot be used: remove it [yaml-anchor]",
    "a: *x": "m.yaml:1:4 error: a YAML alias '*x' cannot be used: write the value out [yaml-alias]",
    "a: !!int 3": "m.yaml:1:4 error: a YAML tag 'tag:yaml.org,2002:int' cannot be used: remove it [yaml-tag]",
    "a: !!python/name:os.exec x": "m.yaml:1:4 error: a YAML tag 'tag:yaml.org,2002:python/name:os.exec' "
    "cannot be used: remove it [yaml-tag]",
    "<<: {a: b}": "m.yaml:1:1 error: a YAML merge key '<<' cannot be used: write the keys out [yaml-merge-key]",
    "a: 1\n---\nb: 2": "m.yaml:2:1 error: a file holds one document: remove this '---' [second-document]",
    "a: {person.id}": (
        'm.yaml:1:5 error: braces without quotes are a YAML map: write {person.id} in "quotes" [missing-quotes]'
    ),
    "{a: b}: c": (
        'm.yaml:1:1 error: braces without quotes are a YAML map: write {{a: b}} in "quotes" [missing-quotes]'
    ),
    "a: {b: c}: d": "m.yaml:1:10 error: this is not valid YAML: mapping values are not allowed in this context; "
    "text that begins with @ or %, or has {placeholders}, ': ' or '#' in it, is written in \"quotes\"; "
    "lines that belong together begin in the same column [invalid-yaml]",
    "a: [b, #c]\nd: e": "m.yaml:2:5 error: this is not valid YAML: did not find expected ',' or ']', in what "
    f"begins on line 1; {MEND} [invalid-yaml]",
    "a:\n\tb: c": "m.yaml:2:1 error: this is not valid YAML: found character that cannot start any token; this is "
    "a tab: indent with spaces [invalid-yaml]",
    "a: {b: c, d}": "m.yaml:1:11 error: this stands alone behind a comma: several values are written in "
    '[brackets], and text in "quotes" [missing-quotes]',
    "'': b": "m.yaml:1:1 error: a key is missing before ':' [empty-key]",
    "": "m.yaml:1:1 error: the file is empty [empty-file]",
    "# only a remark": "m.yaml:1:1 error: the file is empty [empty-file]",
    "a: \x07": "m.yaml:1:4 error: the file contains the unprintable character '\\x07' [unprintable-character]",
    'a: "\\0"': "m.yaml:1:4 error: no database stores NUL or half a character (\\0, \\ud800): remove it "
    "[unstorable-character]",
    "[" * 40: f"m.yaml:1:{DEEPEST + 1} error: lists and maps are nested deeper than {DEEPEST} levels [too-deep]",
    "[" * 100_000: f"m.yaml:1:{DEEPEST + 1} error: lists and maps are nested deeper than {DEEPEST} levels "
    "[too-deep]",
    "a" * 200_001: "m.yaml:1:1 error: the file is larger than 200 kB [too-large]",
}


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:20])
def test_what_surprises_in_yaml_is_refused(text: str) -> None:
    assert first_line(refused(text)[0]) == REFUSED[text]


def test_a_file_with_too_many_values_is_refused() -> None:
    faults = refused("- a\n" * 20_001)

    assert [first_line(fault) for fault in faults] == [
        "m.yaml:20000:3 error: the file holds more than 20000 values [too-many-values]"
    ]


def test_half_a_character_in_the_file_is_refused() -> None:
    assert "unprintable character '\\ud800'" in refused("a: \ud800")[0]


def test_all_faults_are_reported_at_once_in_the_order_of_lines() -> None:
    faults = refused("a: &x 1\nb: {text}\na: 2\nc: [")

    assert [fault.split(" error: ")[0] for fault in faults] == [
        "m.yaml:1:4",
        "m.yaml:2:5",
        "m.yaml:3:1",
        "m.yaml:4:5",
    ]


def test_a_fault_shows_its_line_what_is_allowed_and_one_near_spelling() -> None:
    shown = "    - text: {one: two}"
    fault = Fault("meta.yaml", 23, 14, "unknown-word", "unknown thing 'one'", shown, "ones, twos", "ones")

    assert str(fault) == (
        "meta.yaml:23:14 error: unknown thing 'one' [unknown-word]\n"
        "    - text: {one: two}\n"
        "             ^\n"
        "    -> allowed: ones, twos\n"
        "    -> did you mean 'ones'?"
    )


def test_a_fault_of_a_file_as_a_whole_has_no_place_and_its_code_ends_the_first_line() -> None:
    fault = Fault("/etc/care.yaml", 0, 0, "unreadable-file", "it cannot be read\n    -> look at its rights")

    assert str(fault) == "/etc/care.yaml error: it cannot be read [unreadable-file]\n    -> look at its rights"


def test_a_fault_far_along_a_line_shows_its_surroundings() -> None:
    line = "a: " + "x" * 500 + "WRONG" + "y" * 500

    lines = str(Fault("m.yaml", 1, 504, "not-a-map", "wrong", line)).split("\n")

    assert max(map(len, lines)) < 120
    assert lines[1][lines[2].index("^") :].startswith("WRONG")


def test_a_fault_points_into_a_string() -> None:
    document = parse('a: "x {one} {one}"\nb: |\n  first\n  {two} there\n', "m.yaml")

    places = [
        document.fault(document.at(("a",)), "not-a-map", "wrong", inside="one", nth=1),
        document.fault(document.at(("b",)), "not-a-map", "wrong", inside="two"),
        document.fault(document.at(("a",)), "not-a-map", "wrong", inside="not there"),
    ]

    assert [(place.line, place.column) for place in places] == [(1, 14), (4, 4), (1, 4)]


def test_a_file_of_secrets_is_never_shown() -> None:
    texts = [f"token: {text}" for text in ("hunter2\ntoken: hunter2", "{hunter2}", "hunter2: x", "&hunter2 ")]
    texts += [
        f"token: {text}" for text in ("*hunter2", "!hunter2 x", "!!hunter2 x", "'hunter2", "%hunter2", "@hunter2")
    ]

    told = "\n".join(fault for text in texts for fault in refused(text, secret=True))

    assert "hunter2" not in told


def test_a_near_spelling_must_be_close() -> None:
    words = ["has_any", "one_of", "General"]

    assert [near(word, words) for word in ("hasany", "Genral", "one of", "contains", "")] == [
        "has_any", "General", "one_of", "", "",
    ]  # fmt: skip


class Leaf(BaseModel):
    model_config = ConfigDict(extra="forbid")
    colour: Literal["red", "green"] = "red"
    size: int = 0

    @field_validator("size")
    @classmethod
    def even(cls, size: int) -> int:
        if size % 2:
            raise ValueError("a size is even")
        return size


class Tree(BaseModel):
    model_config = ConfigDict(extra="forbid")
    leaves: dict[str, Leaf]
    more: list[Leaf] | None = None
    name: str


def shape_faults(text: str, *, secret: bool = False) -> list[str]:
    document = parse(text, "t.yaml", secret=secret)
    with pytest.raises(ValidationError) as caught:
        Tree.model_validate(plain(document.root))
    return [str(fault) for fault in faults_of(caught.value, document, Tree)]


def test_what_pydantic_finds_is_told_with_positions() -> None:
    told = shape_faults(
        "leaves:\n"
        "  leaves: {color: red}\n"
        "  b: {colour: gren}\n"
        "  c: {size: many}\n"
        "  d: {size: '3'}\n"
        "  e: text\n"
        "more: 7\n"
    )

    assert [first_line(fault) for fault in told] == [
        "t.yaml:2:12 error: unknown key 'color' [unknown-key]",
        "t.yaml:3:15 error: 'gren' is not possible here [not-possible]",
        "t.yaml:4:13 error: write a whole number: 'many' [not-a-whole-number]",
        "t.yaml:5:13 error: a size is even [wrong-setting]",
        "t.yaml:6:6 error: a map (key: value) is expected here [not-a-map]",
        "t.yaml:7:7 error: a list is expected here: - one, or [one, two] [not-a-list]",
        "t.yaml:1:1 error: 'name' is missing [missing-key]",
    ]
    assert told[0].endswith("-> allowed: colour, size\n    -> did you mean 'colour'?")
    assert told[1].endswith("-> allowed: red, green\n    -> did you mean 'green'?")


def test_unknown_keys_in_a_list_of_maps_know_their_neighbours() -> None:
    told = shape_faults("name: x\nleaves: {}\nmore: [{}, {sise: 2}]\n")

    assert told == [
        "\n".join(
            [
                "t.yaml:3:13 error: unknown key 'sise' [unknown-key]",
                "    more: [{}, {sise: 2}]",
                "                ^",
                "    -> allowed: colour, size",
                "    -> did you mean 'size'?",
            ]
        )
    ]


def test_values_of_a_file_of_secrets_are_never_shown() -> None:
    told = shape_faults("name: x\nleaves: {a: {size: hunter2, colour: hunter2}}", secret=True)

    assert len(told) == 2
    assert "hunter2" not in "\n".join(told)


YAMLISH = st.text(st.sampled_from("ab:{}[]\"'|>-#&*!%@`?,\\ \n\t~<=.0é\u2028😀"), max_size=60)


@settings(max_examples=100, deadline=None)
@given(YAMLISH | st.text(max_size=60))
def test_no_text_raises_anything_but_config_errors(text: str) -> None:
    with suppress(ConfigError):
        assert isinstance(parse(text, "m.yaml"), Document)


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abcdefgh é", min_size=1, max_size=5).filter(str.strip), inner, max_size=3)
    ),
    max_leaves=10,
)


@settings(max_examples=100, deadline=None)
@given(VALUES)
def test_plain_values_survive_writing_and_reading(value: Any) -> None:
    written = yaml.safe_dump(value, default_style='"', allow_unicode=True, width=1000)
    written = written.replace('!!str "', '"')

    assert plain(parse(written, "m.yaml").root) == value
