"""What editors know our files by: it is as the program writes it, and never calls wrong what `check` takes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import editor_view
import pytest
from broken_files import AROUND, BROKEN, ENV, MODELS
from click.testing import CliRunner
from editor_view import ROOT, SCHEMAS, VALIDATORS, good, wrong
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator  # type: ignore[import-untyped]
from test_mapping_spoilt import CONNECTIONS, MAPPINGS, spoilt

import bridge.connections
from bridge.cli import main
from bridge.cli.schema import KINDS, texts
from bridge.errors import ConfigError
from bridge.mapping import load, read
from bridge.mapping.conditions import COMPARISONS
from bridge.mapping.document import Fault, Node, parse, plain
from bridge.mapping.json_connections import ACCOUNTS, FILE, SHARED
from bridge.mapping.json_schema import LISTED, OPERANDS

GOOD = list(good())
HEAD = "version: 1\nmapping: care\nsource: any\ntarget: crm\n"
CASE = "case: {object: Case, key_field: Key__c, create: {Subject: '{text}'}}\n"
PAYLOAD = "version: 1\npayload: tool\nchannel: tool\nmessage: {id: '{id}', kind: mention}\n"

# --- the files --------------------------------------------------------------------------------------------------


def test_the_shipped_schemas_are_what_the_program_writes() -> None:
    shipped = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "mappings" / "schemas").iterdir()}

    written = {f"{kind}.schema.json": text for kind, text in texts().items()}
    assert shipped == written, "write them anew: casebridge schema --write"


@pytest.mark.parametrize("kind", KINDS)
def test_they_are_draft_07_and_all_that_they_refer_to_is_there(kind: str) -> None:
    schema = SCHEMAS[kind]

    VALIDATORS[kind].check_schema(schema)

    referred = {one["$ref"] for one in below(schema) if "$ref" in one}
    assert referred == {f"#/definitions/{name}" for name in schema.get("definitions", {})}


@pytest.mark.parametrize("kind", ["mapping", "payload"])
def test_every_key_tells_what_it_is_for(kind: str) -> None:
    definitions = SCHEMAS[kind]["definitions"]
    keys = [
        (name, {**definitions.get(one.get("$ref", "").rpartition("/")[2], {}), **one})
        for schema in below(SCHEMAS[kind])
        if isinstance(schema.get("properties"), dict)
        for name, one in schema["properties"].items()
    ]

    untold = {name for name, one in keys if not one.get("description")}
    assert untold <= {"card_number", "iban", "phone", "email"}


def test_every_comparison_and_every_key_of_connections_is_known() -> None:
    account = ACCOUNTS["additionalProperties"]["properties"]

    assert list(OPERANDS) == list(COMPARISONS)
    assert set(FILE["properties"]) == set(bridge.connections._File.model_fields)
    assert set(SHARED) == set(bridge.connections._Entry.model_fields)
    assert set(account) == set(bridge.connections._Account.model_fields)


def below(schema: Any) -> Iterator[dict[str, Any]]:
    """The schema and every one inside it."""
    if isinstance(schema, dict):
        yield schema
    for one in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from below(one)


# --- what check takes -------------------------------------------------------------------------------------------


def test_no_good_file_is_called_wrong() -> None:
    found = {name: wrong(kind, text) for name, kind, text in GOOD}

    assert {name: said for name, said in found.items() if said} == {}
    assert {kind for _, kind, _ in GOOD} >= {"mapping", "connections", "payload"}
    assert len(GOOD) > 40


@pytest.mark.parametrize(
    "section",
    [
        "accept: {when: {rating: 3, public: TRUE, kind: Review, language: no}}",
        "accept: {when: {text: {has_any: 5000}, raw.a.b: {between: [1, '2.5']}, sent_at: {present: true}}}",
        "accept: {when: {author.verified: 'False', person.Tier__c: gold, why.p: {starts_with: [a]}}}",
        "accept: {when: {own_name: {matches: '[0-9]+'}, account.queue: {in_list: vip}}}",
        "decide: {on: [{when: {kind: {one_of: comment}}, use: 1.50}, {otherwise: null}]}",
        "shadow: no",
        "profile: ''",
        "profile:",
        "based_on: 7",
        "protect: {mask: {phone: our_copies}, too_long: refuse}",
        "contact: {object: Contact, match: [{Email: '{author.email}'}], none_found: leave_blank}",
        "tests: [{name: 1, message: {rating: 5, attachments: [{kind: image}]}, expect: {dropped: false}}]",
    ],
)
def test_what_editors_take_for_numbers_truths_and_nothing_is_text_to_us(section: str) -> None:
    assert wrong("mapping", f"{HEAD}{CASE}{section}\n") == []


def test_a_variable_may_stand_in_the_place_of_any_value() -> None:
    keys = "app_secret: env:A, verify_token: env:A, reactions: env:A, app_id: env:A, timeout: env:A"
    more = "instagram_comment_limit: env:A, instagram_login: env:A, products: {'1': env:A}, enabled: env:A"

    websub = "{adapter: websub, secret: env:A, path_secret: env:A}"
    text = f"version: '1'\nconnections:\n  m: {{adapter: meta, {keys}, {more}}}\n  w: {websub}\nmappings: [care]\n"
    assert wrong("connections", text) == []
    assert wrong("connections", text.replace("timeout: env:A", "timeout: a while"))


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_spoilt_mappings_that_are_taken_are_not_called_wrong(tmp_path: Path, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(MAPPINGS))
    for other in MAPPINGS:
        (tmp_path / other.name).write_bytes(other.read_bytes())
    text = data.draw(spoilt(path.read_bytes()))
    (tmp_path / path.name).write_bytes(text)

    if not faults(tmp_path, path.stem):
        assert wrong("mapping", text.decode()) == []


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_spoilt_connections_that_are_taken_are_not_called_wrong(tmp_path: Path, data: st.DataObject) -> None:
    text = data.draw(spoilt(data.draw(st.sampled_from(CONNECTIONS)).read_bytes()))
    (tmp_path / "connections.yaml").write_bytes(text)
    (tmp_path / "vip.txt").write_bytes(b"@zoe\n")

    try:
        bridge.connections.load(tmp_path, data.draw(st.sampled_from([ENV, None])), MODELS.get, adapters=MODELS)
    except ConfigError:
        return
    assert wrong("connections", text.decode()) == []


WORD_NAMES = [*LISTED, "account.queue", "raw.tags.0", "person.Tier__c", "why.p", "p", "author.nme", "raw..a"]
OPERAND_TEXTS = [
    "5", "'5'", "+5", "-1.5", "1e3", "0x10", "5,0", "true", "True", "'FALSE'", "no", "''", "", "~", "null", "vip",
    "day_desk", "review", "Review", "deleted", "2026-11-20", "08:00",
    "[a, b]", "[1, 5]", "['1', 2.5]", "[]", "[[a]]", "{is: a}",
]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    word=st.sampled_from(WORD_NAMES),
    comparison=st.sampled_from(["", *COMPARISONS, "has_some"]),
    operand=st.sampled_from(OPERAND_TEXTS),
)
def test_conditions_are_wrong_to_an_editor_only_if_they_are_to_check(
    word: str, comparison: str, operand: str
) -> None:
    condition = f"{{{comparison}: {operand}}}" if comparison else operand
    contact = "contact: {object: Contact, match: [{Email: '{author.email}'}], fetch: [Tier__c]}\n"
    decided = f"decide:\n  p: [{{otherwise: a}}]\n  q:\n    - when: {{{word}: {condition}}}\n      use: b\n"
    text = f"{HEAD}{decided}    - otherwise: c\n{contact}{CASE}"

    try:
        read(text, "care.yaml", around=AROUND)
        codes = set()
    except ConfigError as error:
        codes = {fault.code for fault in error.found if isinstance(fault, Fault)}

    if not codes:
        assert wrong("mapping", text) == []
    if codes & {"unknown-comparison", "wrong-comparison"}:
        assert wrong("mapping", text)


def faults(folder: Path, name: str) -> list[object]:
    """What `check` finds in a mapping."""
    try:
        load(folder, [name], around=AROUND)
    except ConfigError as error:
        return list(error.found)
    return []


# --- what is wrong ----------------------------------------------------------------------------------------------

SEEN = {
    "missing-key", "missing-value", "never-true", "not-a-condition", "not-a-crm-name", "not-a-decided-name",
    "not-a-duration", "not-a-list", "not-a-map", "not-a-number", "not-a-text", "not-a-whole-number",
    "not-an-attachment", "not-one-comparison", "not-one-name", "not-one-value", "not-possible",
    "not-true-or-false", "not-two-numbers", "unknown-comparison", "unknown-key", "unknown-kind", "unknown-mask",
    "unknown-property", "wrong-comparison",
}  # fmt: skip
"""The codes of `check` whose broken files an editor calls wrong too."""


@pytest.mark.parametrize("code", sorted(SEEN))
def test_an_editor_calls_wrong_what_it_can_see(code: str) -> None:
    assert wrong("mapping", (BROKEN / f"{code}.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "code", ["listed-twice", "no-such-adapter", "not-a-connection-name", "not-a-day", "not-an-about-name"]
)
def test_so_it_does_in_connections(code: str) -> None:
    assert wrong("connections", (BROKEN / "connections" / f"{code}.yaml").read_text(encoding="utf-8"))


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_misspelled_key_that_check_does_not_know_is_none_to_an_editor(
    tmp_path: Path, data: st.DataObject
) -> None:
    path = data.draw(st.sampled_from(MAPPINGS))
    for other in MAPPINGS:
        (tmp_path / other.name).write_bytes(other.read_bytes())
    source = path.read_text(encoding="utf-8")
    line, column = data.draw(st.sampled_from(list(keys(parse(source, path.name).root))))
    lines = source.split("\n")
    lines[line - 1] = f"{lines[line - 1][: column - 1]}z{lines[line - 1][column - 1 :]}"
    (tmp_path / path.name).write_text("\n".join(lines), encoding="utf-8")

    codes = {fault.code for fault in faults(tmp_path, path.stem) if isinstance(fault, Fault)}

    if "unknown-key" in codes or "unknown-comparison" in codes:
        assert wrong("mapping", "\n".join(lines))


def keys(node: Node) -> Iterator[tuple[int, int]]:
    """Where the keys of a file stand, those without quotes: line and column."""
    for one in (*node.entries.values(), *node.items):
        if one.key_at:
            yield one.key_at
        yield from keys(one)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("payload", PAYLOAD + "skip: [{body.type: {iz: ping}}]\n"),
        ("payload", PAYLOAD.replace("kind: mention", "kind: [mention]")),
        ("payload", PAYLOAD.replace("id: '{id}', ", "")),
        ("signals", "en: furious\n"),
        ("signals", "english: [furious]\n"),
        (
            "connections",
            "version: 1\nconnections: {s: {adapter: webhook, verify: {scheme: hmack}}}\nmappings: [a]\n",
        ),
    ],
)
def test_other_files_are_called_wrong_too(kind: str, text: str) -> None:
    assert wrong(kind, text)


def test_each_adapter_has_its_own_keys() -> None:
    text = "version: 1\nconnections:\n  s: {adapter: salesforce, domain: a.my, consumer_key: x}\nmappings: [a]\n"

    assert wrong("connections", text) == []
    assert "('domain' was unexpected)" in str(wrong("connections", text.replace("salesforce", "x")))


# --- the command ------------------------------------------------------------------------------------------------


def run(*arguments: str, env: Mapping[str, str] | None = None) -> tuple[int, str]:
    """What a command exits with, and what it prints."""
    done = CliRunner().invoke(main, ["schema", *arguments], env=env, catch_exceptions=False)
    return done.exit_code, done.output


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_prints_one(kind: str) -> None:
    code, printed = run(kind)

    assert (code, json.loads(printed)) == (0, editor_view.SCHEMAS[kind])


def test_the_command_writes_all_beside_the_files(tmp_path: Path) -> None:
    code, printed = run("--write", env={"CASEBRIDGE_CONFIG": str(tmp_path)})

    assert (code, printed.split()[1::2]) == (0, [str(tmp_path / "schemas" / f"{k}.schema.json") for k in KINDS])
    assert {path.name: path.read_text("utf-8") for path in (tmp_path / "schemas").iterdir()} == {
        f"{kind}.schema.json": text for kind, text in texts().items()
    }


def test_again_and_into_another_folder_is_harmless(tmp_path: Path) -> None:
    first, again = run("--write", str(tmp_path)), run("--write", str(tmp_path))

    assert first == again
    assert first[0] == 0


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    code, printed = run("--write", str(tmp_path / "no"))

    assert (code, printed) == (2, f"{tmp_path / 'no' / 'schemas'} cannot be written: No such file or directory\n")


def test_what_a_crm_said_is_offered_and_refuses_nothing() -> None:
    code, printed = run("mapping", "--crm", str(BROKEN / "online" / "schema.json"))
    judge = Draft7Validator(json.loads(printed))

    offered = json.loads(printed)["allOf"][0]["then"]["properties"]["case"]["properties"]["create"]["properties"]
    assert offered["Brand__c"] == {"description": "Brand__c: string, at most 80 characters, needed."}
    assert code == 0
    assert judge.is_valid(plain(parse(HEAD + CASE.replace("Subject", "Origin"), "care.yaml").root))


def test_a_file_that_no_check_saved_is_refused(tmp_path: Path) -> None:
    (tmp_path / "crm.json").write_text("{}", encoding="utf-8")

    code, printed = run("mapping", "--crm", str(tmp_path / "crm.json"))

    assert (code, "save it anew: casebridge check --online --save FILE" in printed) == (2, True)


@pytest.mark.parametrize("arguments", [(), ("mapping", "--write")])
def test_one_thing_is_asked_for_at_a_time(arguments: tuple[str, ...]) -> None:
    code, printed = run(*arguments)

    assert (code, "Error: name one of mapping, connections, payload, signals" in printed) == (2, True)
