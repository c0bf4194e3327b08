"""A payload map is checked like a mapping: every fault at once, at its line and column, with a near spelling."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from payload_examples import HEAD, MESSAGE, faults, payload

from bridge.errors import ConfigError
from bridge.mapping import Payload, load_payloads
from bridge.mapping.payload_compile import read_payload

SHIPPED = Path(__file__).parents[2] / "mappings"


@pytest.mark.parametrize(
    ("lines", "message", "told"),
    [
        ("itmes: list\n", MESSAGE, "4:1 error: unknown key 'itmes' [unknown-key]"),
        ("items: a..b\n", MESSAGE, "4:8 error: a path is written as in data.mentions; . is the body itself"),
        ("event: [a]\n", MESSAGE, "4:8 error: one text is expected here, not a list or a map [not-a-text]"),
        ("skip: [draft]\n", MESSAGE, "4:8 error: a map (key: value) is expected here [not-a-map]"),
        ("skip:\n  - draft: {si: true}\n", MESSAGE, "5:13 error: unknown comparison 'si' [unknown-comparison]"),
        ("skip:\n  - a..b: true\n", MESSAGE, "5:5 error: condition on 'a..b' has an empty part"),
        ("", MESSAGE.replace("direct", "dm"), "6:9 error: 'kind' can never be 'dm' [not-possible]"),
        ("", MESSAGE.replace("direct", '"{k}"'), "6:9 error: 'kind' can never be '{k}' [not-possible]"),
        ("", MESSAGE.replace("direct", "comments"), "    -> did you mean 'comment'?"),
        (
            "",
            MESSAGE.replace("direct", '{from: "{k}", translate: {a: dierct}, otherwise: "{k}"}'),
            "6:38 error: 'kind' can never be 'dierct' [not-possible]",
        ),
        (
            "",
            MESSAGE.replace("direct", '{form: "{k}", translate: {a: direct}}'),
            "6:10 error: unknown key 'form' [unknown-key]",
        ),
        ("", MESSAGE.replace("direct", "{named: Care}"), "6:10 error: unknown key 'named' [unknown-key]"),
        ("", MESSAGE.replace("direct", "{from: x, translate: {a: direct}}"), "[nothing-to-translate]"),
        ("", MESSAGE + '  author.nmae: "{n}"\n', "    -> did you mean 'author.name'?"),
        ("", MESSAGE + '  thread: "{t | shrten 5}"\n', "    -> did you mean 'shorten'?"),
        ("", MESSAGE + "  thread: {t}\n", "[missing-quotes]"),
        ("", MESSAGE + "  attachments: {kind: image}\n", "8:3 error: 'each' is missing [missing-key]"),
        ("", MESSAGE + '  attachments: {each: files, url: "{u"}\n', "[open-brace]"),
        ("", MESSAGE.replace('  text: "{text}"\n', ""), "4:1 error: a message needs text, rating or attachments"),
        ("", MESSAGE.replace('  id: "{id}"\n', ""), "4:1 error: 'id' is missing [missing-key]"),
        ("", "", "'message' is missing [missing-key]"),
    ],
)
def test_a_fault_is_told_at_its_place(lines: str, message: str, told: str) -> None:
    assert told in "\n".join(faults(lines, message=message))


def test_a_channel_is_checked_at_load() -> None:
    (fault,) = faults(head=HEAD.replace("channel: tool", "channel: Our Tool"))

    told = "3:10 error: 'Our Tool' cannot name a channel: write at most 40 of a-z, 0-9, - and _ [not-a-channel]"
    assert fault == f"{told}\n    channel: Our Tool\n             ^"


def test_all_faults_come_at_once_in_the_order_of_their_lines() -> None:
    found = faults("items: a..b\nskip: [{x: {si: 1}}]\n", message=MESSAGE + '  rating: "{r | nmber}"\n  txt: a\n')

    assert [fault.partition(" error")[0] for fault in found] == ["4:8", "5:13", "10:17", "11:3"]


def test_the_map_is_called_like_its_file() -> None:
    (fault,) = faults(head=HEAD.replace("payload: tool", "payload: tol"))

    told = "2:10 error: the file is called 'payloads/tool.yaml': name it alike [other-name]"
    assert fault == f"{told}\n    payload: tol\n             ^"


# --- its tests ------------------------------------------------------------------------------------------------


def test_the_tests_of_a_map_are_run() -> None:
    tests = "tests: [{name: a, body: {id: 7, text: Hi}, expect: {id: '7', text: Hi, sent_at: ''}}]\n"

    assert isinstance(payload(tests), Payload)


@pytest.mark.parametrize(
    ("test", "told"),
    [
        ("{id: 1, text: Hi}, expect: {text: Ho}", "test 'a': expected text 'Ho', got 'Hi' [test-failed]"),
        ("{id: 1, text: Hi}, expect: {skipped: x}", "expected skipped 'x', got '' [test-failed]"),
        (
            "{text: Hi}, expect: {text: Hi}",
            "expected text 'Hi', got '', it was unreadable: item: id is missing [test-failed]",
        ),
        ("{id: 1.5, text: Hi}, expect: {id: '1.5'}", "it was unreadable: item: id is not text or a whole number"),
        ("{id: '1.5', text: Hi}, expect: {id: '1.4'}", "expected id '1.4', got '1.5'"),
        ("{id: 1, text: Hi}, expect: {txt: Hi}", "nothing gives 'txt' [never-given]"),
        ("{id: 1, text: Hi}, expect: [{id: '1'}, {id: '2'}]", "1 items came out, 2 are expected"),
        ("{id: 1, text: Hi}, expect: Hi", "[not-a-map]"),
        ("{id: 1, text: Hi}", "'expect' is missing [missing-key]"),
    ],
)
def test_a_test_that_comes_out_otherwise_is_told(test: str, told: str) -> None:
    (fault,) = faults(f"tests: [{{name: a, body: {test}}}]\n")

    assert told in fault


# --- files ----------------------------------------------------------------------------------------------------


def test_faults_of_all_files_come_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "payloads"
    folder.mkdir()
    (folder / "mobile-app.yaml").write_text((SHIPPED / "payloads" / "mobile-app.yaml").read_text())
    (folder / "tool.yaml").write_text(HEAD)

    with pytest.raises(ConfigError) as caught:
        load_payloads(tmp_path, ["tool", "mobile-ap", "../x"])

    name = "'../x' is no name for a payload map: use letters, digits, '-' and '_' [not-a-mapping-name]"
    assert [fault.replace(f"{folder}/", "") for fault in caught.value.faults] == [
        "payloads/tool.yaml:1:1 error: 'message' is missing [missing-key]\n    version: 1\n    ^",
        "mobile-ap.yaml error: there is no such payload map; did you mean 'mobile-app'? [no-such-mapping]",
        f"../x.yaml error: {name}",
    ]
    assert list(load_payloads(tmp_path, ["mobile-app"])) == ["mobile-app"]


LINES = (SHIPPED / "payloads" / "mobile-app.yaml").read_text(encoding="utf-8").splitlines(keepends=True)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(LINES) - 1), st.text(max_size=8), st.integers(0, 60), st.booleans())
def test_a_spoiled_file_gives_faults_and_never_a_traceback(line: int, text: str, at: int, cut: bool) -> None:
    spoiled = LINES[line][:at] + text + ("" if cut else LINES[line][at:])

    with suppress(ConfigError):
        read_payload("".join([*LINES[:line], spoiled, *LINES[line + 1 :]]), "payloads/mobile-app.yaml")
