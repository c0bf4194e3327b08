"""Mapping files are read, checked against the connections, and their examples are run."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mapping_examples import CASE, HEAD, MESSAGE, NOBODY, faults, mapping

import bridge.mapping
from adapters.salesforce import Salesforce
from bridge.errors import ConfigError
from bridge.mapping import Mapping, accept, create, decide, load, read

HINT = (
    "text that begins with @ or %, or has {placeholders}, ': ' or '#' in it, is written in \"quotes\"; lines that "
    "belong together begin in the same column"
)
SHIPPED = Path(__file__).parents[2] / "mappings"

DECIDE = """accept:
  kinds: [comment, direct]
  drop:
    - text: {has_any: [giveaway]}
decide:
  priority:
    - when: {author.followers: {at_least: 5000}, person.Tier__c: Gold}
      use: High
    - when: {attachments: {present: true}, public: false}
      use: Medium
    - otherwise: Low
contact: {object: Contact, match: [{X__c: "{author.id}"}], fetch: [Tier__c]}
"""


def files(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def failing(example: str) -> list[str]:
    """The faults of a mapping with this one example, which stands on line 18."""
    return [fault.split("\n")[0] for fault in faults(f"{DECIDE}tests:\n  - {{name: n, {example}}}\n")]


def test_mappings_come_in_the_order_of_the_names(tmp_path: Path) -> None:
    files(tmp_path, care=HEAD + CASE, sales=(HEAD + CASE).replace("care", "sales"))

    made = load(tmp_path, ["sales", "care"], sources=["a"], targets={"crm": Salesforce})

    assert [one.name for one in made] == ["sales", "care"]


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    files(tmp_path, a=HEAD + CASE + "x: y\n", b="version: [", c=(HEAD + CASE).replace("any", "[acme-mta]"))

    with pytest.raises(ConfigError) as caught:
        load(tmp_path, ["a", "b", "c", "d"], sources=["acme-meta"], targets={"crm2": Salesforce})

    assert [fault.split("\n")[0].replace(str(tmp_path), "") for fault in caught.value.faults] == [
        "a.yaml:9:1 error: unknown key 'x' [unknown-key]",
        f"b.yaml:1:11 error: this is not valid YAML: did not find expected node content; {HINT} [invalid-yaml]",
        "c.yaml:2:10 error: the file is called 'c.yaml': name it alike [other-name]",
        ("c.yaml:3:10 error: there is no connection 'acme-mta' of that kind in connections.yaml "
         "[no-such-connection]"),
        "c.yaml:4:9 error: there is no connection 'crm' of that kind in connections.yaml [no-such-connection]",
        "/d.yaml error: there is no such mapping; the folder holds: a, b, c [no-such-mapping]",
    ]  # fmt: skip
    assert "did you mean 'acme-meta'?" in caught.value.faults[3]


def test_connections_are_not_checked_when_none_are_given(tmp_path: Path) -> None:
    assert len(load(files(tmp_path, care=HEAD + CASE), ["care"])) == 1


@pytest.mark.parametrize("name", ["../care", "/etc/passwd", "", ".", "a\x00b"])
def test_a_name_never_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    files(tmp_path, care=HEAD + CASE)

    with pytest.raises(ConfigError, match="is no name for a mapping"):
        load(tmp_path / "sub", [name])


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "care.yaml").write_bytes(b"mapping: \xff")

    with pytest.raises(ConfigError, match="this is not UTF-8 text: byte 10 is none; save the file as UTF-8"):
        load(tmp_path, ["care"])


PASSING = [
    "message: {text: hello}, expect: {priority: Low, case.Subject: hello, comment: hello, dropped: false}",
    "message: {author.followers: 5000, person.id: '003', person.Tier__c: Gold}, expect: {priority: High}",
    "message: {kind: direct, attachments: [{kind: image}]}, expect: {priority: Medium}",
    "message: {kind: direct, public: true, attachments: [{kind: image}]}, expect: {priority: Low}",
    "message: {text: Giveaway}, expect: {dropped: true}",
    "message: {account.id: '7', account.queue: x, sent_at: '2026-01-01', raw: '{}'}, expect: {priority: Low}",
    "expect: {case.Subject: ''}",
]


@pytest.mark.parametrize("example", PASSING)
def test_an_example_that_comes_out_is_fine(example: str) -> None:
    assert isinstance(mapping(f"{DECIDE}tests:\n  - {{name: n, {example}}}\n"), Mapping)


FAILING = {
    "message: {author.followers: 10}, expect: {priority: High}": (
        "test 'n': expected priority 'High', got 'Low', decided by care.yaml:15 [test-failed]"),
    "message: {text: x}, expect: {case.Subject: y}": "test 'n': expected case.Subject 'y', got 'x' [test-failed]",
    "message: {text: giveaway}, expect: {priority: Low}": (
        "test 'n': priority is expected, but the message is dropped by care.yaml:8 [test-dropped]"),
    "message: {text: giveaway}, expect: {dropped: false}": (
        "test 'n': expected dropped 'false', got 'true', dropped by care.yaml:8 [test-failed]"),
    "message: {kind: post}, expect: {dropped: true}": (
        "test 'n': expected dropped 'true', got 'false', not taken: its kind is post (care.yaml:6) "
        "[test-failed]"),
    "message: {}, expect: {dropped: true}": "test 'n': expected dropped 'true', got 'false' [test-failed]",
    "expect: {dropped: maybe}": "'dropped' is true or false [not-true-or-false]",
    "expect: {prority: Low}": "nothing gives 'prority' [never-given]",
    "message: {txt: x}, expect: {priority: Low}": "a message has no 'txt' [unknown-property]",
    "message: {kind: coment}, expect: {priority: Low}": "unknown kind 'coment' [unknown-kind]",
    "message: {rating: x}, expect: {priority: Low}": (
        "'rating' cannot be 'x': write a whole number [not-a-whole-number]"),
    "message: {public: yes}, expect: {priority: Low}": (
        "'public' cannot be 'yes': write true or false [not-true-or-false]"),
    "message: {sent_at: noon}, expect: {priority: Low}": (
        "'sent_at' cannot be 'noon': write a time such as 2026-11-23T10:00:00Z [not-a-time]"),
    "message: {text: [a]}, expect: {priority: Low}": "one text is expected here, not a list or a map [not-a-text]",
    "message: {attachments: image}, expect: {priority: Low}": (
        "a list of attachments is expected here: [{kind: image, url: https://…}] [not-a-list]"),
    "message: {attachments: [{url: x}]}, expect: {priority: Low}": (
        "an attachment is {kind: image, url: https://…, name: …} [not-an-attachment]"),
    "message: {id: ''}, expect: {priority: Low}": "a message needs id [half-message]",
}  # fmt: skip


@pytest.mark.parametrize("example", FAILING)
def test_an_example_that_does_not_come_out_is_a_fault(example: str) -> None:
    assert [fault.split(" error: ")[1] for fault in failing(example)] == [FAILING[example]]


def test_a_failing_example_is_told_at_its_line() -> None:
    (told,) = faults(f"{DECIDE}tests:\n  - name: big\n    message: {{text: hi}}\n    expect: {{priority: High}}\n")

    assert told == (
        "care.yaml:20:24 error: test 'big': expected priority 'High', got 'Low', decided by care.yaml:15 "
        "[test-failed]\n"
        "    expect: {priority: High}\n"
        "                       ^"
    )


def test_the_shipped_mapping_is_valid_and_its_examples_come_out() -> None:
    (made,) = load(SHIPPED, ["meta-to-salesforce"], sources=["meta"], targets={"salesforce": Salesforce})

    fields = create(made, MESSAGE, decide(made, MESSAGE, NOBODY), NOBODY)

    assert accept(made, MESSAGE) is not None
    assert fields == {
        "Subject": "Zoë Berg on Facebook: Hello, my bill is wrong",
        "Description": "Hello, my bill is wrong\nhttps://social.example/post-1?comment=77\n",
        "Status": "New",
        "Origin": "Web",
        "Priority": "Low",
        "SuppliedName": "Zoë Berg",
    }


def test_everything_public_is_exported() -> None:
    assert all(hasattr(bridge.mapping, name) for name in bridge.mapping.__all__)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_no_change_to_the_shipped_mapping_raises_anything_but_config_errors(data: st.DataObject) -> None:
    text = (SHIPPED / "meta-to-salesforce.yaml").read_text(encoding="utf-8")
    begin = data.draw(st.integers(0, len(text)))
    instead = data.draw(st.text(max_size=3) | st.sampled_from([": ", "- ", "{", "}", "\n  ", "*", '"']))

    with suppress(ConfigError):
        assert isinstance(read(text[:begin] + instead + text[begin + 5 :], "meta-to-salesforce.yaml"), Mapping)
